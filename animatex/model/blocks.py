"""Residual blocks, resampling, and the stage that a level repeats.

Letters: B batch, C channels, F slots (frames and the reference's), N = B F, h w latent cells, D widths.
"""

from dataclasses import dataclass

import torch.nn.functional as F
from einops import rearrange
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from animatex.model.attention import NORM_GROUPS, SpatialTransformer
from animatex.model.temporal import TemporalConv


@dataclass(frozen=True, slots=True, eq=False)
class StageInputs:
    """What every stage is told besides its feature map.

    Attributes:
        time: [B, D_time] embedding of the diffusion step.
        context: [B, S, D] tokens of the empty prompt and the reference.
        motion: [N, S, D] tokens of the Pose Indicator; None where the network has none.
        num_slots: F.
    """

    time: Tensor
    context: Tensor
    motion: Tensor | None
    num_slots: int


@dataclass(frozen=True, slots=True, eq=False)
class AttentionModules:
    """The modules of an attending stage.

    Attributes:
        spatial: Attends to the clip's context tokens.
        pose: Attends to the slot's motion tokens; None in a network without a Pose Indicator.
        temporal: Maps [B, C, F, h, w] to the same.
        alpha: Weight of what `pose` adds.
        parallel: Whether `spatial` and `pose` see the same instead of one the other's result.
    """

    spatial: SpatialTransformer
    pose: SpatialTransformer | None
    temporal: nn.Module
    alpha: float = 1.0
    parallel: bool = False


def over_frames(module: nn.Module, x_nchw: Tensor, num_slots: int) -> Tensor:
    """Run a module that wants [B, C, F, h, w] on [B F, C, h, w]."""
    x_bcfhw = rearrange(x_nchw, "(b f) c h w -> b c f h w", f=num_slots)
    return rearrange(module(x_bcfhw), "b c f h w -> (b f) c h w")


class ResBlock(nn.Module):
    """Two convolutions with the step between them, a shortcut, and a temporal convolution block.

    Args:
        in_channels: Channels coming in.
        out_channels: Channels going out.
        time_dim: Width of the step's embedding.
    """

    def __init__(self, in_channels: int, out_channels: int, time_dim: int) -> None:
        super().__init__()
        self.norm_1 = nn.GroupNorm(NORM_GROUPS, in_channels)
        self.conv_1 = nn.Conv2d(in_channels, out_channels, 3, padding=1)
        self.time = nn.Linear(time_dim, out_channels)
        self.norm_2 = nn.GroupNorm(NORM_GROUPS, out_channels)
        self.conv_2 = nn.Conv2d(out_channels, out_channels, 3, padding=1)
        same = in_channels == out_channels
        self.shortcut = nn.Identity() if same else nn.Conv2d(in_channels, out_channels, 1)
        self.temporal_conv = TemporalConv(out_channels)

    def initialise(self) -> None:
        """Zero `conv_2`, so that a fresh block is its shortcut."""
        nn.init.zeros_(self.conv_2.weight)
        nn.init.zeros_(self.conv_2.bias)

    def forward(self, x: Tensor, inputs: StageInputs) -> Tensor:
        """Transform x [N, in_channels, h, w] to [N, out_channels, h, w]."""
        step = self.time(F.silu(inputs.time)).repeat_interleave(inputs.num_slots, dim=0)
        y = self.conv_1(F.silu(self.norm_1(x))) + step[:, :, None, None]
        y = self.shortcut(x) + self.conv_2(F.silu(self.norm_2(y)))
        return over_frames(self.temporal_conv, y, inputs.num_slots)


class Downsample(nn.Module):
    """Half the height and width, by a strided convolution."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, stride=2, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """Turn x [N, C, h, w] into [N, C, ceil(h/2), ceil(w/2)]."""
        return self.conv(x)


class Upsample(nn.Module):
    """Twice the height and width, by repetition and a convolution."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """Turn x [N, C, h, w] into [N, C, 2h, 2w]."""
        return self.conv(F.interpolate(x, scale_factor=2.0, mode="nearest"))


class Stage(nn.Module):
    """A residual block and, where the level attends, spatial, motion and temporal modules behind it.

    Args:
        resnet: The residual block.
        attention: The modules, called in this order; None on levels without attention.
        checkpointing: Recompute activations in the backward pass instead of keeping them.
    """

    def __init__(
        self, resnet: ResBlock, attention: AttentionModules | None, checkpointing: bool = False
    ) -> None:
        super().__init__()
        self.resnet = resnet
        self.attends = attention is not None
        self.checkpointing = checkpointing
        if attention is not None:
            self.spatial = attention.spatial
            self.pose = attention.pose
            self.temporal = attention.temporal
            self.alpha = attention.alpha
            self.parallel = attention.parallel

    def forward(self, x: Tensor, inputs: StageInputs) -> Tensor:
        """Transform x [N, C, h, w]."""
        if self.checkpointing and self.training:
            result: Tensor = checkpoint(self._run, x, inputs, use_reentrant=False)
            return result
        return self._run(x, inputs)

    def _run(self, x: Tensor, inputs: StageInputs) -> Tensor:
        x = self.resnet(x, inputs)
        if not self.attends:
            return x
        # What is not needed again is let go of: at full size it is a hundred megabytes.
        before = x if self.parallel else None
        x = self.spatial(x, inputs.context)
        if self.pose is not None and inputs.motion is not None:
            moved = self.pose.change(x if before is None else before, inputs.motion)
            x = x.add(moved, alpha=self.alpha)
        return over_frames(self.temporal, x, inputs.num_slots)
