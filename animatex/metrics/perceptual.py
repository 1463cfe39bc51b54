"""LPIPS: distance of two pictures in the layers of a network that was trained to classify."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

Trunk = Literal["vgg", "alex"]
InputRange = Literal["disco", "signed"]
"""disco: pictures in 0..1, as DisCo passes them by mistake. signed: in -1..1, as the metric is defined."""

VGG_SIDE = 16
"""Pixels of the shorter side of the smallest picture that is left with something after VGG-16's poolings."""

_SHIFT, _SCALE = (-0.030, -0.088, -0.188), (0.458, 0.448, 0.450)
_EPSILON = 1e-10


@dataclass(frozen=True, slots=True)
class Layer:
    """A convolution with its ReLU.

    Attributes:
        index: Its number among torchvision's `features`.
        out: Channels.
        kernel: Side in pixels.
        stride: Step in pixels.
        padding: Zeros on each side.
        pooled: Side of the maximum pooling before it, 0 for none.
        tapped: Whether its result is compared.
    """

    index: int
    out: int
    kernel: int = 3
    stride: int = 1
    padding: int = 1
    pooled: int = 0
    tapped: bool = False


_VGG = (
    *(Layer(0, 64), Layer(2, 64, tapped=True)),
    *(Layer(5, 128, pooled=2), Layer(7, 128, tapped=True)),
    *(Layer(10, 256, pooled=2), Layer(12, 256), Layer(14, 256, tapped=True)),
    *(Layer(17, 512, pooled=2), Layer(19, 512), Layer(21, 512, tapped=True)),
    *(Layer(24, 512, pooled=2), Layer(26, 512), Layer(28, 512, tapped=True)),
)
_ALEX = (
    Layer(0, 64, 11, 4, 2, tapped=True),
    Layer(3, 192, 5, 1, 2, pooled=3, tapped=True),
    Layer(6, 384, pooled=3, tapped=True),
    Layer(8, 256, tapped=True),
    Layer(10, 256, tapped=True),
)


class Features(nn.Module):
    """VGG-16 or AlexNet up to its last ReLU, with torchvision's names."""

    def __init__(self, trunk: Trunk) -> None:
        super().__init__()
        self.layers = _VGG if trunk == "vgg" else _ALEX
        self.features = nn.ModuleDict()
        channels = 3
        for layer in self.layers:
            convolution = nn.Conv2d(channels, layer.out, layer.kernel, layer.stride, layer.padding)
            self.features[str(layer.index)] = convolution
            channels = layer.out

    @property
    def widths(self) -> tuple[int, ...]:
        """Channels of each result."""
        return tuple(layer.out for layer in self.layers if layer.tapped)

    def forward(self, pictures: Tensor) -> list[Tensor]:
        """Map [N, 3, H, W] to five results [N, C, H', W'], from fine to coarse."""
        x, results = pictures, []
        for layer in self.layers:
            if layer.pooled:
                x = functional.max_pool2d(x, layer.pooled, 2)
            x = functional.relu(self.features[str(layer.index)](x))
            if layer.tapped:
                results.append(x)
        return results


class Heads(nn.Module):
    """How much each channel counts: what LPIPS was trained for, with the published file's names."""

    def __init__(self, widths: tuple[int, ...]) -> None:
        super().__init__()
        for number, width in enumerate(widths):
            # In the file the dropout of training comes first.
            head = nn.Sequential(nn.Identity(), nn.Conv2d(width, 1, 1, bias=False))
            self.add_module(f"lin{number}", nn.ModuleDict({"model": head}))

    def weights(self) -> list[Tensor]:
        """Give each result's weights: [C]."""
        return [parameter.flatten() for parameter in self.parameters()]


class Lpips(nn.Module):
    """The metric, version 0.1.

    Source: Zhang et al. 2018; richzhang/PerceptualSimilarity, lpips/lpips.py.
    """

    def __init__(self, trunk: Trunk) -> None:
        super().__init__()
        self.trunk = Features(trunk)
        self.heads = Heads(self.trunk.widths)

    def forward(self, pictures: Tensor) -> Tensor:
        """Compare two pictures: [2, 3, H, W] to the contribution of each of five layers, [5]."""
        shift, scale = (pictures.new_tensor(values)[:, None, None] for values in (_SHIFT, _SCALE))
        terms = []
        layers = self.trunk((pictures - shift) / scale)
        for layer, weights in zip(layers, self.heads.weights(), strict=True):
            directions = layer / (layer.square().sum(dim=1, keepdim=True).sqrt() + _EPSILON)
            difference = (directions[0] - directions[1]).square()
            terms.append((difference * weights[:, None, None]).sum(dim=0).mean())
        return torch.stack(terms)


@torch.inference_mode()
def lpips(generated: np.ndarray, target: np.ndarray, network: Lpips, inputs: InputRange) -> float:
    """Compute LPIPS of one frame at its full size.

    Args:
        generated: uint8 [H, W, 3], of at least `VGG_SIDE` pixels on each side.
        target: uint8 [H, W, 3].
        network: With weights; its parameters decide the device.
        inputs: What range the network is shown. With "disco" values are lower than LPIPS really is; the
            published tables have those.
    """
    device = next(network.parameters()).device
    pictures = torch.from_numpy(np.stack([generated, target])).to(device).permute(0, 3, 1, 2).float() / 255
    return float(network(pictures if inputs == "disco" else pictures * 2 - 1).sum())
