"""Noise, always drawn on the CPU, so that a seed means the same numbers on every device.

Letters: B batch, C latent channels, F frames, h w latent cells.
"""

from __future__ import annotations

import torch
from torch import Tensor


def initial_noise(
    shape: tuple[int, int, int, int, int], offset_noise: float, generator: torch.Generator
) -> Tensor:
    """Draw noise for a whole clip, for sampling and for training alike.

    Args:
        shape: [B, C, F, h, w].
        offset_noise: Strength of one further value per frame and channel, which lets the network shift a
            whole picture's level; 0.1 as released.
        generator: On the CPU.

    Returns:
        float32 [B, C, F, h, w] on the CPU.
    """
    noise = torch.randn(shape, generator=generator)
    if offset_noise > 0:
        noise = noise + offset_noise * torch.randn(*shape[:3], 1, 1, generator=generator)
    return noise
