"""3D ResNet-50 trained on Kinetics-400, whose features FID-VID compares."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from animatex.metrics.resize import resize_clip
from animatex.video.frames import Size

SIDE = 112
FEATURES = 2048

MEAN = (114.7748, 107.7354, 99.4750)
"""Of ActivityNet's frames, RGB, 0..255."""

_STAGES = ((64, 3), (128, 4), (256, 6), (512, 3))
_EXPANSION = 4


class Bottleneck(nn.Module):
    """Three convolutions beside a shortcut."""

    def __init__(self, channels: int, width: int, stride: int) -> None:
        super().__init__()
        out = width * _EXPANSION
        self.conv1 = nn.Conv3d(channels, width, 1, bias=False)
        self.bn1 = nn.BatchNorm3d(width)
        self.conv2 = nn.Conv3d(width, width, 3, stride, 1, bias=False)
        self.bn2 = nn.BatchNorm3d(width)
        self.conv3 = nn.Conv3d(width, out, 1, bias=False)
        self.bn3 = nn.BatchNorm3d(out)
        self.downsample: nn.Module = nn.Identity()
        if stride != 1 or channels != out:
            shortcut = nn.Conv3d(channels, out, 1, stride, bias=False)
            self.downsample = nn.Sequential(shortcut, nn.BatchNorm3d(out))

    def forward(self, x: Tensor) -> Tensor:
        """Map [N, channels, T, H, W] to [N, 4 width, T', H', W']."""
        y = functional.relu(self.bn1(self.conv1(x)))
        y = functional.relu(self.bn2(self.conv2(y)))
        return functional.relu(self.bn3(self.conv3(y)) + self.downsample(x))


class ResNet3d(nn.Module):
    """The network up to its last pooling.

    Source: Hara et al. 2018, shortcut type B; DisCo, tool/metrics/resnet3d.py.
    """

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv3d(3, 64, 7, (1, 2, 2), 3, bias=False)
        self.bn1 = nn.BatchNorm3d(64)
        channels = 64
        for number, (width, blocks) in enumerate(_STAGES, start=1):
            stage = []
            for block in range(blocks):
                stage.append(Bottleneck(channels, width, 2 if block == 0 and number > 1 else 1))
                channels = width * _EXPANSION
            self.add_module(f"layer{number}", nn.Sequential(*stage))

    def forward(self, clips: Tensor) -> Tensor:
        """Map [N, 3, 16, 112, 112], colours with `MEAN` taken off, to [N, 2048]."""
        x = functional.relu(self.bn1(self.conv1(clips)))
        x = functional.max_pool3d(x, 3, 2, 1)
        for number in range(1, len(_STAGES) + 1):
            x = self.get_submodule(f"layer{number}")(x)
        return x.mean(dim=(2, 3, 4))


def resnet_clip(frames: np.ndarray, side: int = SIDE) -> Tensor:
    """Make a video what the network expects: squeezed to a square, the mean colour taken off.

    Args:
        frames: uint8 [T, H, W, 3].
        side: Of the square.

    Returns:
        float32 [3, T, side, side], about -115 to 155.
    """
    small = resize_clip(frames, Size(side, side)) - np.array(MEAN, np.float32)
    return torch.from_numpy(small).permute(3, 0, 1, 2)
