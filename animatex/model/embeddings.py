"""Sinusoids for diffusion steps and for frame positions.

Letters: B batch, D width, L positions.
"""

import math

import torch
from torch import Tensor


def step_sinusoids(steps: Tensor, width: int) -> Tensor:
    """Embed diffusion steps: all cosines, then all sines (Ho et al. 2020, as released).

    Args:
        steps: [B], diffusion steps, usually 0..999; may be fractional.
        width: Even width D of the result.

    Returns:
        float32 [B, D] in [-1, 1].
    """
    half = width // 2
    exponent = torch.arange(half, dtype=torch.float32, device=steps.device) / half
    angles = steps.float()[:, None] * torch.exp(-math.log(10_000.0) * exponent)
    return torch.cat([angles.cos(), angles.sin()], dim=-1)


def position_sinusoids(length: int, width: int, device: torch.device | None = None) -> Tensor:
    """Table of frame positions: sines on even channels, cosines on odd (Vaswani et al. 2017).

    Args:
        length: Number of positions L; position 0 is the reference's slot.
        width: Width D.
        device: Where the table goes.

    Returns:
        float32 [L, D] in [-1, 1].
    """
    # Made on the CPU: Apple's GPU has no float64.
    channel = torch.arange(width, dtype=torch.float64)
    position = torch.arange(length, dtype=torch.float64)
    angles = position[:, None] / torch.pow(10_000.0, 2 * (channel // 2) / width)
    even = torch.arange(width) % 2 == 0
    return torch.where(even, angles.sin(), angles.cos()).float().to(device)
