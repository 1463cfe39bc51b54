"""What happens over frames: attention along each cell's time line, and temporal convolutions.

Letters: B batch, C channels, F slots (frames and the reference's), h w latent cells, L = B h w time lines.
"""

from einops import rearrange
from torch import Tensor, nn

from animatex.model.attention import ENTRANCE_EPS, NORM_GROUPS, TransformerBlock


class TemporalTransformer(nn.Module):
    """Attention over the slots at each cell, blind to position and to other cells.

    Args:
        channels: Channels C.
        heads: Number of heads.
        head_dim: Width of one head.
    """

    def __init__(self, channels: int, heads: int, head_dim: int) -> None:
        super().__init__()
        inner = heads * head_dim
        self.norm = nn.GroupNorm(NORM_GROUPS, channels, eps=ENTRANCE_EPS)
        self.proj_in = nn.Linear(channels, inner)
        self.block = TransformerBlock(inner, heads, head_dim)
        self.proj_out = nn.Linear(inner, channels)

    def initialise(self) -> None:
        """Zero `proj_out`: training starts from independent frames."""
        nn.init.zeros_(self.proj_out.weight)
        nn.init.zeros_(self.proj_out.bias)

    def forward(self, x: Tensor) -> Tensor:
        """Transform x [B, C, F, h, w]."""
        height, width = x.shape[-2:]
        lines = self.proj_in(rearrange(self.norm(x), "b c f h w -> (b h w) f c"))
        lines = self.proj_out(self.block(lines))
        return x + rearrange(lines, "(b h w) f c -> b c f h w", h=height, w=width)


class TemporalConvLayer(nn.Module):
    """Norm over time and space, SiLU, convolution over three neighbouring slots."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(NORM_GROUPS, channels)
        self.conv = nn.Conv2d(channels, channels, (3, 1), padding=(1, 0))

    def forward(self, x: Tensor) -> Tensor:
        """Transform x [B, C, F, cells]; cells are laid in a row because 2-D kernels are the fast ones."""
        return self.conv(nn.functional.silu(self.norm(x)))


class TemporalConv(nn.Module):
    """Four temporal convolutions, added to their input."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(TemporalConvLayer(channels) for _ in range(4))

    def initialise(self) -> None:
        """Zero the last convolution: training starts from independent frames."""
        last = self.layers[-1].conv
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)

    def forward(self, x: Tensor) -> Tensor:
        """Transform x [B, C, F, h, w]."""
        row = rearrange(x, "b c f h w -> b c f (h w)")
        for layer in self.layers:
            row = layer(row)
        return x + rearrange(row, "b c f (h w) -> b c f h w", h=x.shape[-2])
