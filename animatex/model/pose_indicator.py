"""Implicit Pose Indicator: what the driving video says about motion, as a few tokens per slot.

Letters: B batch, F slots (the reference's first), K key points, S tokens per slot, D token width.
"""

from typing import Literal

import torch
import torch.nn.functional as F
from einops import rearrange
from torch import Tensor, nn

from animatex.model.attention import attend
from animatex.model.embeddings import position_sinusoids

KEYPOINTS = 18
"""Body joints the indicator sees, in OpenPose's order."""


class TokenHead(nn.Module):
    """One vector to several tokens: linear, SiLU, linear, cut.

    Args:
        in_dim: Width of the vector.
        out_dim: Width of a token.
        tokens: Number of tokens.
    """

    def __init__(self, in_dim: int, out_dim: int, tokens: int) -> None:
        super().__init__()
        self.tokens = tokens
        self.linear_1 = nn.Linear(in_dim, out_dim)
        self.linear_2 = nn.Linear(out_dim, tokens * out_dim)

    def forward(self, x: Tensor) -> Tensor:
        """Turn x [..., in_dim] into [..., tokens, out_dim]."""
        x = self.linear_2(F.silu(self.linear_1(x)))
        return rearrange(x, "... (s d) -> ... s d", s=self.tokens)


class EncoderLayer(nn.Module):
    """Self-attention and ReLU feed-forward, each added and then normalised (Vaswani et al. 2017)."""

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.to_qkv = nn.Linear(dim, 3 * dim)
        self.to_out = nn.Linear(dim, dim)
        self.norm_1 = nn.LayerNorm(dim)
        self.linear_1 = nn.Linear(dim, dim)
        self.linear_2 = nn.Linear(dim, dim)
        self.norm_2 = nn.LayerNorm(dim)

    def forward(self, x: Tensor) -> Tensor:
        """Transform x [B, F, D] over F."""
        q, k, v = self.to_qkv(x).chunk(3, dim=-1)
        x = self.norm_1(x + self.to_out(attend(q, k, v, self.heads)))
        return self.norm_2(x + self.linear_2(F.relu(self.linear_1(x))))


class KeypointEncoder(nn.Module):
    """Key points over time to query tokens.

    Batch items are independent, as they are in the released module for one item; for several, that one
    mixes frames of different items.

    Args:
        hidden: Width between the two linear layers that lift coordinates to `dim`.
        dim: Token width D.
        layers: Transformer layers over time.
        heads: Their heads.
        tokens: Query tokens S per slot.
    """

    def __init__(self, hidden: int, dim: int, layers: int, heads: int, tokens: int) -> None:
        super().__init__()
        self.lift_1 = nn.Linear(2 * KEYPOINTS, hidden)
        self.lift_2 = nn.Linear(hidden, dim)
        self.layers = nn.ModuleList(EncoderLayer(dim, heads) for _ in range(layers))
        self.to_tokens = TokenHead(dim, dim, tokens)

    def forward(self, keypoints: Tensor) -> Tensor:
        """Encode keypoints [B, F, 2, K] (0..1, -1 unseen) to query tokens [B, F, S, D]."""
        x = self.lift_2(self.lift_1(rearrange(keypoints, "b f xy k -> b f (xy k)")))
        x = x + position_sinusoids(x.shape[1], x.shape[2], x.device).to(x.dtype)
        for layer in self.layers:
            x = layer(x)
        return self.to_tokens(x)


class PerceiverLayer(nn.Module):
    """Query tokens look at features and at themselves; then a feed-forward; both added."""

    def __init__(self, dim: int, heads: int, head_dim: int) -> None:
        super().__init__()
        inner = heads * head_dim
        self.heads = heads
        self.norm_features = nn.LayerNorm(dim)
        self.norm_queries = nn.LayerNorm(dim)
        self.to_q = nn.Linear(dim, inner, bias=False)
        self.to_kv = nn.Linear(dim, 2 * inner, bias=False)
        self.to_out = nn.Linear(inner, dim, bias=False)
        self.norm = nn.LayerNorm(dim)
        self.expand = nn.Linear(dim, 4 * dim, bias=False)
        self.contract = nn.Linear(4 * dim, dim, bias=False)

    def forward(self, queries: Tensor, features: Tensor) -> Tensor:
        """Update queries [N, S, D] from features [N, M, D]."""
        asking = self.norm_queries(queries)
        k, v = self.to_kv(torch.cat([self.norm_features(features), asking], dim=1)).chunk(2, dim=-1)
        queries = queries + self.to_out(attend(self.to_q(asking), k, v, self.heads))
        return queries + self.contract(F.gelu(self.expand(self.norm(queries))))


class MotionResampler(nn.Module):
    """Query tokens gather motion from the other tokens of their slot.

    Args:
        feature_dim: Width of the CLIP features.
        dim: Token width D.
        depth: Perceiver layers.
        heads: Heads of each.
        head_dim: Width of one head.
        learned: Learned tokens that are added to those that ask; 0: none.
        asks: Who asks: the key points' tokens, as released, or the features.
    """

    def __init__(
        self,
        feature_dim: int,
        dim: int,
        depth: int,
        heads: int,
        head_dim: int,
        learned: int,
        asks: Literal["keypoints", "features"] = "keypoints",
    ) -> None:
        super().__init__()
        self.asks = asks
        self.learned_queries = nn.Parameter(torch.empty(1, learned, dim)) if learned else None
        # A parameter without memory gets its values from a file; drawing them there would import PyTorch's
        # compiler first, which takes longer than reading them.
        if self.learned_queries is not None and not self.learned_queries.is_meta:
            nn.init.normal_(self.learned_queries, std=dim**-0.5)
        self.proj_in = nn.Linear(feature_dim, dim)
        self.layers = nn.ModuleList(PerceiverLayer(dim, heads, head_dim) for _ in range(depth))
        self.proj_out = nn.Linear(dim, dim)
        self.norm_out = nn.LayerNorm(dim)

    def forward(self, pose: Tensor | None, features: Tensor) -> Tensor:
        """Resample for N slots.

        Args:
            pose: [N, S, D], tokens of the key points; None: the learned tokens ask alone.
            features: [N, M, feature_dim].

        Returns:
            [N, S, D]; [N, M, D] where the features ask without learned tokens.
        """
        features = self.proj_in(features)
        queries, answers = (pose, features) if self.asks == "keypoints" else (features, pose)
        if self.learned_queries is not None:
            learned = self.learned_queries
            queries = learned.expand(len(features), -1, -1) if queries is None else queries + learned
        for layer in self.layers:
            queries = layer(queries, answers)
        return self.norm_out(self.proj_out(queries))


class PoseIndicator(nn.Module):
    """Key points ask, CLIP features of the driving frames answer; or as the resampler has it.

    Args:
        keypoints: The key points' encoder; None: learned tokens ask alone.
        resampler: Brings both together.
    """

    def __init__(self, keypoints: KeypointEncoder | None, resampler: MotionResampler) -> None:
        super().__init__()
        self.keypoints = keypoints
        self.resampler = resampler

    def forward(self, keypoints: Tensor, driving_embeds: Tensor) -> Tensor:
        """Make motion tokens.

        Args:
            keypoints: [B, F, 2, K], x row and y row; 0..1, -1 unseen; slot 0 is the reference.
            driving_embeds: [B, F, feature_dim], CLIP features of the same slots.

        Returns:
            [B * F, S, D].
        """
        features = rearrange(driving_embeds, "b f d -> (b f) 1 d")
        if self.keypoints is None:
            return self.resampler(None, features)
        return self.resampler(rearrange(self.keypoints(keypoints), "b f s d -> (b f) s d"), features)
