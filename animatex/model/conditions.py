"""Encoders that turn pictures and reference latents into features at latent size.

Letters: B batch, C channels, F frames, H W pixels, h w latent cells (H/8, W/8).
"""

import torch.nn.functional as F
from einops import rearrange
from torch import Tensor, nn

from animatex.model.attention import attend


class FrameMixer(nn.Module):
    """One small transformer layer over the frames at each cell.

    The feed-forward takes its input as it is: the released layer normalises only before attention.
    """

    HEADS = 2

    def __init__(self, channels: int) -> None:
        super().__init__()
        inner = self.HEADS * channels
        self.norm = nn.LayerNorm(channels)
        self.to_qkv = nn.Linear(channels, 3 * inner, bias=False)
        self.to_out = nn.Linear(inner, channels)
        self.expand = nn.Linear(channels, 4 * channels)
        self.contract = nn.Linear(4 * channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        """Mix x [B, C, F, h, w] over F."""
        height, width = x.shape[-2:]
        lines = rearrange(x, "b c f h w -> (b h w) f c")
        q, k, v = self.to_qkv(self.norm(lines)).chunk(3, dim=-1)
        lines = lines + self.to_out(attend(q, k, v, self.HEADS))
        lines = lines + self.contract(F.gelu(self.expand(lines)))
        return rearrange(lines, "(b h w) f c -> b c f h w", h=height, w=width)


class PictureEncoder(nn.Module):
    """Pictures to features eight times smaller, each frame alone, then mixed over frames.

    The released encoders pool to a fixed 384 x 256 before the strided convolutions; halving is the same
    operation at their 768 x 512 and makes other sizes possible.

    Args:
        hidden: Channels inside.
        out_channels: Channels of the features.
    """

    def __init__(self, hidden: int, out_channels: int) -> None:
        super().__init__()
        self.conv_1 = nn.Conv2d(3, hidden, 3, padding=1)
        self.conv_2 = nn.Conv2d(hidden, hidden, 3, stride=2, padding=1)
        self.conv_3 = nn.Conv2d(hidden, out_channels, 3, stride=2, padding=1)
        self.mixer = FrameMixer(out_channels)

    def forward(self, pictures: Tensor) -> Tensor:
        """Encode pictures [B, 3, F, H, W] in 0..1 to [B, out_channels, F, H/8, W/8]."""
        frames = pictures.shape[2]
        x = rearrange(pictures, "b c f h w -> (b f) c h w")
        x = F.avg_pool2d(F.silu(self.conv_1(x)), 2)
        x = self.conv_3(F.silu(self.conv_2(x)))
        return self.mixer(rearrange(x, "(b f) c h w -> b c f h w", f=frames))


class LatentEncoder(nn.Module):
    """The reference's latents to features of the same size.

    Args:
        in_channels: Channels of the latents.
        hidden: Channels inside.
        out_channels: Channels of the features.
    """

    def __init__(self, in_channels: int, hidden: int, out_channels: int) -> None:
        super().__init__()
        self.conv_1 = nn.Conv2d(in_channels, hidden, 3, padding=1)
        self.conv_2 = nn.Conv2d(hidden, hidden, 3, padding=1)
        self.conv_3 = nn.Conv2d(hidden, out_channels, 3, padding=1)
        self.mixer = FrameMixer(out_channels)

    def forward(self, latents: Tensor) -> Tensor:
        """Encode latents [B, in_channels, h, w] to [B, out_channels, 1, h, w]."""
        x = self.conv_3(F.silu(self.conv_2(F.silu(self.conv_1(latents)))))
        return self.mixer(x[:, :, None])
