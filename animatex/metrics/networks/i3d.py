"""I3D trained on Kinetics-400, whose logits FVD compares.

Copies of it differ in two things. The normalisation's epsilon is 1e-3 here, as in the original TensorFlow
graph (VideoGPT's family: 1e-5). The last pooling spans two steps of time, as there (DisCo: one), unless
`disco` says otherwise; for clips of 16 frames that makes no difference.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from animatex.metrics.resize import resize_clip
from animatex.video.frames import Size

SIDE = 224
FEATURES = 400

_EPSILON = 1e-3
_LAST_SIDE = 7
_MIXED = (
    ("Mixed_3b", (64, 96, 128, 16, 32, 32)),
    ("Mixed_3c", (128, 128, 192, 32, 96, 64)),
    ("MaxPool3d_4a_3x3", None),
    ("Mixed_4b", (192, 96, 208, 16, 48, 64)),
    ("Mixed_4c", (160, 112, 224, 24, 64, 64)),
    ("Mixed_4d", (128, 128, 256, 24, 64, 64)),
    ("Mixed_4e", (112, 144, 288, 32, 64, 64)),
    ("Mixed_4f", (256, 160, 320, 32, 128, 128)),
    ("MaxPool3d_5a_2x2", None),
    ("Mixed_5b", (256, 160, 320, 32, 128, 128)),
    ("Mixed_5c", (384, 192, 384, 48, 128, 128)),
)
_POOLS = {"MaxPool3d_4a_3x3": 3, "MaxPool3d_5a_2x2": 2}


class Unit3d(nn.Module):
    """Convolution as TensorFlow pads it, normalisation, ReLU."""

    def __init__(self, channels: int, out: int, kernel: int, stride: int = 1) -> None:
        super().__init__()
        self.conv3d = nn.Conv3d(channels, out, kernel, stride, bias=False)
        self.bn = nn.BatchNorm3d(out, eps=_EPSILON)

    def forward(self, x: Tensor) -> Tensor:
        """Map [N, channels, T, H, W] to [N, out, T', H', W']."""
        padded = _same_padding(x, self.conv3d.kernel_size, self.conv3d.stride)
        return functional.relu(self.bn(self.conv3d(padded)), inplace=True)


class Mixed(nn.Module):
    """Four branches beside each other, joined along channels."""

    def __init__(self, channels: int, widths: Sequence[int]) -> None:
        super().__init__()
        single, inner_a, outer_a, inner_b, outer_b, pooled = widths
        self.b0 = Unit3d(channels, single, 1)
        self.b1a = Unit3d(channels, inner_a, 1)
        self.b1b = Unit3d(inner_a, outer_a, 3)
        self.b2a = Unit3d(channels, inner_b, 1)
        self.b2b = Unit3d(inner_b, outer_b, 3)
        self.b3b = Unit3d(channels, pooled, 1)
        self.out = single + outer_a + outer_b + pooled

    def forward(self, x: Tensor) -> Tensor:
        """Map [N, channels, T, H, W] to [N, out, T, H, W]."""
        pooled = _max_pool(x, (3, 3, 3), (1, 1, 1))
        branches = (self.b0(x), self.b1b(self.b1a(x)), self.b2b(self.b2a(x)), self.b3b(pooled))
        return torch.cat(branches, dim=1)


class Logits(nn.Module):
    """A convolution of size 1 under the name that the weights file has for it."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv3d = nn.Conv3d(channels, FEATURES, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Map [N, channels, T, H, W] to [N, 400, T, H, W]."""
        result: Tensor = self.conv3d(x)
        return result


class I3d(nn.Module):
    """The network up to its logits, averaged over time.

    Args:
        disco: Pool over single steps of time at the end, as DisCo's copy does.

    Source: Carreira and Zisserman 2017; tfhub deepmind/i3d-kinetics-400/1.
    """

    def __init__(self, *, disco: bool = False) -> None:
        super().__init__()
        self.last_pool = (1 if disco else 2, _LAST_SIDE, _LAST_SIDE)
        self.Conv3d_1a_7x7 = Unit3d(3, 64, 7, 2)
        self.Conv3d_2b_1x1 = Unit3d(64, 64, 1)
        self.Conv3d_2c_3x3 = Unit3d(64, 192, 3)
        channels = 192
        for name, widths in _MIXED:
            if widths is not None:
                block = Mixed(channels, widths)
                self.add_module(name, block)
                channels = block.out
        self.logits = Logits(channels)

    def forward(self, clips: Tensor) -> Tensor:
        """Map [N, 3, T, 224, 224] in -1..1, T at least 9, to [N, 400]."""
        x = _max_pool(self.Conv3d_1a_7x7(clips), (1, 3, 3), (1, 2, 2))
        x = _max_pool(self.Conv3d_2c_3x3(self.Conv3d_2b_1x1(x)), (1, 3, 3), (1, 2, 2))
        for name, widths in _MIXED:
            if widths is None:
                x = _max_pool(x, (_POOLS[name],) * 3, (2, 2, 2))
            else:
                x = self.get_submodule(name)(x)
        x = functional.avg_pool3d(x, self.last_pool, 1)
        logits: Tensor = self.logits(x)
        return logits.mean(dim=(2, 3, 4))


def i3d_clip(frames: np.ndarray, side: int = SIDE) -> Tensor:
    """Make a video what the network expects: squeezed to a square, -1..1 with what overshoots.

    Args:
        frames: uint8 [T, H, W, 3].
        side: Of the square.

    Returns:
        float32 [3, T, side, side].
    """
    small = resize_clip(frames, Size(side, side)) / np.float32(127.5) - 1
    return torch.from_numpy(small).permute(3, 0, 1, 2)


def _same_padding(x: Tensor, kernel: Sequence[int], stride: Sequence[int]) -> Tensor:
    """Pad with zeros so that the result has as many elements as there are strides, the odd one behind."""
    padding: list[int] = []
    for length, size, step in reversed(list(zip(x.shape[2:], kernel, stride, strict=True))):
        needed = max(size - (step if length % step == 0 else length % step), 0)
        padding += [needed // 2, needed - needed // 2]
    return functional.pad(x, padding)


def _max_pool(x: Tensor, kernel: tuple[int, int, int], stride: tuple[int, int, int]) -> Tensor:
    # Zeros never win: what is pooled has passed a ReLU.
    return functional.max_pool3d(_same_padding(x, kernel, stride), kernel, stride)
