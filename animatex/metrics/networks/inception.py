"""Inception-v3 as FID uses it: TensorFlow's version of December 2015 as pytorch-fid translates it.

It differs from torchvision's in its pooling: averages leave padding out, and the last block takes maxima.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

SIDE = 299
FEATURES = 2048

Kernel = int | tuple[int, int]
Pool = Literal["none", "average", "maximum", "halve"]


class ConvUnit(nn.Module):
    """Convolution, normalisation, ReLU; keeps the size where it does not stride."""

    def __init__(self, channels: int, out: int, kernel: Kernel, stride: int, padding: Kernel) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, out, kernel, stride, padding, bias=False)
        self.bn = nn.BatchNorm2d(out, eps=0.001)

    def forward(self, x: Tensor) -> Tensor:
        """Map [N, channels, H, W] to [N, out, H', W']."""
        return functional.relu(self.bn(self.conv(x)), inplace=True)


@dataclass(frozen=True, slots=True)
class Step:
    """One convolution of a branch.

    Attributes:
        name: Of its tensors in the weights file.
        out: Channels.
        kernel: Side, or height and width.
        halves: Whether it takes every second pixel, without padding.
    """

    name: str
    out: int
    kernel: Kernel = 1
    halves: bool = False

    def unit(self, channels: int) -> ConvUnit:
        """Build it for so many channels."""
        sides = self.kernel if isinstance(self.kernel, tuple) else (self.kernel, self.kernel)
        padding = (0, 0) if self.halves else (sides[0] // 2, sides[1] // 2)
        return ConvUnit(channels, self.out, sides, 2 if self.halves else 1, padding)


@dataclass(frozen=True, slots=True)
class Branch:
    """A way through a block: pooling, convolutions in a row, and at the end perhaps some side by side."""

    steps: tuple[Step, ...]
    pool: Pool = "none"
    fork: tuple[Step, ...] = ()


class Block(nn.Module):
    """Branches beside each other, joined along channels."""

    def __init__(self, channels: int, branches: Sequence[Branch]) -> None:
        super().__init__()
        self.branches = tuple(branches)
        self.out = 0
        for branch in self.branches:
            width = channels
            for step in branch.steps:
                self.add_module(step.name, step.unit(width))
                width = step.out
            for step in branch.fork:
                self.add_module(step.name, step.unit(width))
            self.out += sum(step.out for step in branch.fork) or width

    def forward(self, x: Tensor) -> Tensor:
        """Map [N, channels, H, W] to [N, out, H', W']."""
        return torch.cat([y for branch in self.branches for y in self._walk(branch, x)], dim=1)

    def _walk(self, branch: Branch, x: Tensor) -> Iterator[Tensor]:
        x = _pooled(x, branch.pool)
        for step in branch.steps:
            x = self.get_submodule(step.name)(x)
        if not branch.fork:
            yield x
        for step in branch.fork:
            yield self.get_submodule(step.name)(x)


class FidInception(nn.Module):
    """Inception-v3 up to its last pooling.

    Source: pytorch-fid, src/pytorch_fid/inception.py; Szegedy et al. 2015.
    """

    def __init__(self) -> None:
        super().__init__()
        self.Conv2d_1a_3x3 = ConvUnit(3, 32, 3, 2, 0)
        self.Conv2d_2a_3x3 = ConvUnit(32, 32, 3, 1, 0)
        self.Conv2d_2b_3x3 = ConvUnit(32, 64, 3, 1, 1)
        self.Conv2d_3b_1x1 = ConvUnit(64, 80, 1, 1, 0)
        self.Conv2d_4a_3x3 = ConvUnit(80, 192, 3, 1, 0)
        width = 192
        for name, branches in _BLOCKS:
            block = Block(width, branches)
            self.add_module(name, block)
            width = block.out

    def forward(self, pictures: Tensor) -> Tensor:
        """Compute "pool3": [N, 3, 299, 299] in -1..1 to [N, 2048]."""
        return list(self.stages(pictures))[-1]

    def stages(self, pictures: Tensor) -> Iterator[Tensor]:
        """Give the pooled features after four stages: [N, 64], [N, 192], [N, 768], [N, 2048]."""
        x = self.Conv2d_2b_3x3(self.Conv2d_2a_3x3(self.Conv2d_1a_3x3(pictures)))
        x = functional.max_pool2d(x, 3, 2)
        yield x.mean(dim=(2, 3))
        x = functional.max_pool2d(self.Conv2d_4a_3x3(self.Conv2d_3b_1x1(x)), 3, 2)
        yield x.mean(dim=(2, 3))
        for name, _ in _BLOCKS:
            x = self.get_submodule(name)(x)
            if name in ("Mixed_6e", "Mixed_7c"):
                yield x.mean(dim=(2, 3))


def inception_pictures(frames: np.ndarray) -> Tensor:
    """Make frames what the network expects: bilinear to 299x299 without antialiasing, -1..1.

    Args:
        frames: uint8 [N, H, W, 3].

    Returns:
        float32 [N, 3, 299, 299].
    """
    pixels = torch.from_numpy(np.ascontiguousarray(frames)).permute(0, 3, 1, 2).float() / 255
    return functional.interpolate(pixels, (SIDE, SIDE), mode="bilinear", align_corners=False) * 2 - 1


def _pooled(x: Tensor, pool: Pool) -> Tensor:
    if pool == "average":
        return functional.avg_pool2d(x, 3, 1, 1, count_include_pad=False)
    if pool == "maximum":
        return functional.max_pool2d(x, 3, 1, 1)
    return functional.max_pool2d(x, 3, 2) if pool == "halve" else x


_WIDE, _TALL = (1, 7), (7, 1)


def _small_kernels(pooled: int) -> tuple[Branch, ...]:
    return (
        Branch((Step("branch1x1", 64),)),
        Branch((Step("branch5x5_1", 48), Step("branch5x5_2", 64, 5))),
        Branch(
            (Step("branch3x3dbl_1", 64), Step("branch3x3dbl_2", 96, 3), Step("branch3x3dbl_3", 96, 3)),
        ),
        Branch((Step("branch_pool", pooled),), pool="average"),
    )


def _long_kernels(inner: int) -> tuple[Branch, ...]:
    return (
        Branch((Step("branch1x1", 192),)),
        Branch(
            (
                Step("branch7x7_1", inner),
                Step("branch7x7_2", inner, _WIDE),
                Step("branch7x7_3", 192, _TALL),
            )
        ),
        Branch(
            (
                Step("branch7x7dbl_1", inner),
                Step("branch7x7dbl_2", inner, _TALL),
                Step("branch7x7dbl_3", inner, _WIDE),
                Step("branch7x7dbl_4", inner, _TALL),
                Step("branch7x7dbl_5", 192, _WIDE),
            )
        ),
        Branch((Step("branch_pool", 192),), pool="average"),
    )


def _forked_kernels(pool: Pool) -> tuple[Branch, ...]:
    return (
        Branch((Step("branch1x1", 320),)),
        Branch(
            (Step("branch3x3_1", 384),),
            fork=(Step("branch3x3_2a", 384, (1, 3)), Step("branch3x3_2b", 384, (3, 1))),
        ),
        Branch(
            (Step("branch3x3dbl_1", 448), Step("branch3x3dbl_2", 384, 3)),
            fork=(Step("branch3x3dbl_3a", 384, (1, 3)), Step("branch3x3dbl_3b", 384, (3, 1))),
        ),
        Branch((Step("branch_pool", 192),), pool=pool),
    )


_HALVING_EARLY = (
    Branch((Step("branch3x3", 384, 3, halves=True),)),
    Branch(
        (
            Step("branch3x3dbl_1", 64),
            Step("branch3x3dbl_2", 96, 3),
            Step("branch3x3dbl_3", 96, 3, halves=True),
        )
    ),
    Branch((), pool="halve"),
)
_HALVING_LATE = (
    Branch((Step("branch3x3_1", 192), Step("branch3x3_2", 320, 3, halves=True))),
    Branch(
        (
            Step("branch7x7x3_1", 192),
            Step("branch7x7x3_2", 192, _WIDE),
            Step("branch7x7x3_3", 192, _TALL),
            Step("branch7x7x3_4", 192, 3, halves=True),
        )
    ),
    Branch((), pool="halve"),
)
_BLOCKS = (
    ("Mixed_5b", _small_kernels(32)),
    ("Mixed_5c", _small_kernels(64)),
    ("Mixed_5d", _small_kernels(64)),
    ("Mixed_6a", _HALVING_EARLY),
    ("Mixed_6b", _long_kernels(128)),
    ("Mixed_6c", _long_kernels(160)),
    ("Mixed_6d", _long_kernels(160)),
    ("Mixed_6e", _long_kernels(192)),
    ("Mixed_7a", _HALVING_LATE),
    ("Mixed_7b", _forked_kernels("average")),
    ("Mixed_7c", _forked_kernels("maximum")),
)
