"""CLIP's image tower for looking: a vision transformer whose parameters are called as open_clip's are.

open_clip's own module does the same, but importing it takes longer than a short animation; it trains
both towers (`encoders.clip.build_clip`), and the tests compare the two.

Letters: N pictures, S side of a picture, L tokens (patches and one more), W width, D embedding width.
"""

from __future__ import annotations

from collections import OrderedDict

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from animatex.config.model import ClipConfig, ClipVisionConfig


class QuickGELU(nn.Module):
    """The approximation of GELU that OpenAI's CLIP was trained with."""

    def forward(self, x: Tensor) -> Tensor:
        """X times the sigmoid of 1.702 x."""
        return x * torch.sigmoid(1.702 * x)


class Attention(nn.Module):
    """Self-attention, [N, L, W] → the same; queries, keys and values share one matrix, in this order."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.in_proj_weight = nn.Parameter(torch.empty(3 * width, width))
        self.in_proj_bias = nn.Parameter(torch.zeros(3 * width))
        self.out_proj = nn.Linear(width, width)
        nn.init.xavier_uniform_(self.in_proj_weight)

    def forward(self, x: Tensor) -> Tensor:
        """Let every token look at every other."""
        projected = F.linear(x, self.in_proj_weight, self.in_proj_bias)
        q, k, v = (
            part.unflatten(2, (self.heads, -1)).transpose(1, 2) for part in projected.chunk(3, 2)
        )  # [N, heads, L, W / heads]
        mixed: Tensor = self.out_proj(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2))
        return mixed


class Block(nn.Module):
    """Attention, then a feed-forward layer, each beside a shortcut; [N, L, W] → the same."""

    def __init__(self, config: ClipVisionConfig, *, quick_gelu: bool) -> None:
        super().__init__()
        width, hidden = config.width, int(config.width * config.mlp_ratio)
        self.ln_1 = nn.LayerNorm(width)
        self.attn = Attention(width, width // config.head_width)
        self.ln_2 = nn.LayerNorm(width)
        self.mlp = nn.Sequential(
            OrderedDict(
                c_fc=nn.Linear(width, hidden),
                gelu=QuickGELU() if quick_gelu else nn.GELU(),
                c_proj=nn.Linear(hidden, width),
            )
        )

    def forward(self, x: Tensor) -> Tensor:
        """Add what each of the two finds."""
        x = x + self.attn(self.ln_1(x))
        x = x + self.mlp(self.ln_2(x))
        return x


class VisionTower(nn.Module):
    """Pictures to embeddings (Radford et al., "Learning Transferable Visual Models", 2021, Sec. 2.4).

    Args:
        config: Sizes; the text tower's are not used.
    """

    def __init__(self, config: ClipConfig) -> None:
        super().__init__()
        vision = config.vision
        patches = (vision.image_size // vision.patch_size) ** 2
        self.conv1 = nn.Conv2d(3, vision.width, vision.patch_size, stride=vision.patch_size, bias=False)
        self.class_embedding = nn.Parameter(torch.empty(vision.width))
        self.positional_embedding = nn.Parameter(torch.empty(patches + 1, vision.width))
        self.ln_pre = nn.LayerNorm(vision.width)
        self.transformer = nn.Module()
        self.transformer.resblocks = nn.ModuleList(
            Block(vision, quick_gelu=config.quick_gelu) for _ in range(vision.layers)
        )
        self.ln_post = nn.LayerNorm(vision.width)
        self.proj = nn.Parameter(torch.empty(vision.width, config.embed_dim))
        for parameter in (self.class_embedding, self.positional_embedding, self.proj):
            nn.init.uniform_(parameter, -(vision.width**-0.5), vision.width**-0.5)

    def forward(self, pictures: Tensor) -> Tensor:
        """Embed pictures.

        Args:
            pictures: float [N, 3, S, S], normalised by CLIP's mean and deviation.

        Returns:
            [N, D], projected, not normalised to unit length.
        """
        patches = self.conv1(pictures).flatten(2).transpose(1, 2)
        first = self.class_embedding.expand(len(patches), 1, -1)
        x = self.ln_pre(torch.cat([first, patches], 1) + self.positional_embedding)
        for block in self.transformer.resblocks:
            x = block(x)
        embedding: Tensor = self.ln_post(x[:, 0]) @ self.proj
        return embedding
