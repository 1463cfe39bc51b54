"""The paper's temporal module: a bidirectional selective scan over frames.

Letters: B batch, C channels, F slots, h w latent cells, L = B h w time lines, D inner width, n state size,
r rank of the step sizes.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from einops import rearrange
from torch import Tensor, nn

from animatex.config.model import TemporalMamba as TemporalMambaConfig
from animatex.model.attention import ENTRANCE_EPS, NORM_GROUPS
from animatex.model.scan import ScanFn

STEP_MIN, STEP_MAX = 0.001, 0.1
"""Range of the step sizes a fresh scan starts with (Gu & Dao 2023, section 3.6)."""


class DirectedScan(nn.Module):
    """A short causal convolution and a selective scan along it, in one direction; parameters as in Mamba-1.

    Args:
        width: Inner width D.
        rank: Rank r of the step sizes.
        state_dim: State size n.
        conv_width: Slots that the convolution sees.
        scan: The operator.
    """

    def __init__(self, width: int, rank: int, state_dim: int, conv_width: int, scan: ScanFn) -> None:
        super().__init__()
        self.rank = rank
        self.scan = scan
        self.conv = nn.Conv1d(width, width, conv_width, groups=width, padding=conv_width - 1)
        self.to_selection = nn.Linear(width, rank + 2 * state_dim, bias=False)
        self.to_step = nn.Linear(rank, width)
        self.decay_log = nn.Parameter(torch.empty(width, state_dim))
        self.passing = nn.Parameter(torch.empty(width))

    def initialise(self) -> None:
        """Start from decays 1..n and from step sizes spread between `STEP_MIN` and `STEP_MAX`."""
        width, state_dim = self.decay_log.shape
        with torch.no_grad():
            self.decay_log.copy_(torch.arange(1, state_dim + 1).log().expand(width, -1))
            self.passing.fill_(1.0)
            self.to_step.weight.uniform_(-(self.rank**-0.5), self.rank**-0.5)
            step = torch.empty_like(self.to_step.bias).uniform_(math.log(STEP_MIN), math.log(STEP_MAX)).exp()
            # The inverse of softplus, which the scan applies.
            self.to_step.bias.copy_(step + torch.log(-torch.expm1(-step)))

    def forward(self, x: Tensor, gate: Tensor) -> Tensor:
        """Scan x [L, D, F], gated by `gate` [L, D, F]."""
        x = F.silu(self.conv(x)[..., : x.shape[-1]])
        selection = self.to_selection(rearrange(x, "l d f -> l f d"))
        step, into, out_of = selection.split(
            [self.rank, *[(selection.shape[-1] - self.rank) // 2] * 2], dim=-1
        )
        delta = rearrange(F.linear(step, self.to_step.weight), "l f d -> l d f")
        into, out_of = (rearrange(t, "l f n -> l n f").contiguous() for t in (into, out_of))
        decay = -self.decay_log.float().exp()
        return self.scan(
            x.contiguous(),
            delta.contiguous(),
            decay,
            into,
            out_of,
            self.passing.float(),
            gate.contiguous(),
            self.to_step.bias.float(),
        )


class TemporalMamba(nn.Module):
    """Scans each cell's time line forwards and backwards; blind to other cells, but for the norm.

    Both directions share the projections in and out, as in Vision Mamba (Zhu et al. 2024); everything that
    selects is each direction's own.

    Args:
        channels: Channels C.
        config: State size, inner width relative to C, and length of the convolution.
        scan: The operator; all implementations share these parameters.
    """

    def __init__(self, channels: int, config: TemporalMambaConfig, scan: ScanFn) -> None:
        super().__init__()
        width = config.expand * channels
        rank = math.ceil(channels / 16)
        self.norm = nn.GroupNorm(NORM_GROUPS, channels, eps=ENTRANCE_EPS)
        self.proj_in = nn.Linear(channels, 2 * width, bias=False)
        self.forwards = DirectedScan(width, rank, config.state_dim, config.conv_width, scan)
        self.backwards = DirectedScan(width, rank, config.state_dim, config.conv_width, scan)
        self.proj_out = nn.Linear(width, channels, bias=False)

    def initialise(self) -> None:
        """Zero `proj_out`: training starts from independent frames."""
        nn.init.zeros_(self.proj_out.weight)

    def forward(self, x: Tensor) -> Tensor:
        """Transform x [B, C, F, h, w]."""
        height, width = x.shape[-2:]
        lines = self.proj_in(rearrange(self.norm(x), "b c f h w -> (b h w) f c"))
        lines, gate = rearrange(lines, "l f d -> l d f").chunk(2, dim=1)
        scanned = self.forwards(lines, gate) + self.backwards(lines.flip(-1), gate.flip(-1)).flip(-1)
        out = self.proj_out(rearrange(scanned, "l d f -> l f d"))
        return x + rearrange(out, "(b h w) f c -> b c f h w", h=height, w=width)
