"""Context windows: clips longer than the network sees at once, denoised window by window within each step.

Letters: B batch, C latent channels, F frames, h w latent cells.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor

from animatex.config.run import ContextConfig
from animatex.diffusion.ddim import Denoiser


def context_windows(num_frames: int, config: ContextConfig) -> list[range]:
    """Cover a clip with windows of equal size.

    Args:
        num_frames: Frames of the clip, at least 1.
        config: Size and overlap; the last window is moved back to end with the clip.

    Returns:
        Ranges of frames, in order; one shorter range if the clip fits into a window.
    """
    if num_frames <= config.size:
        return [range(num_frames)]
    last = num_frames - config.size
    starts = [*range(0, last, config.size - config.overlap), last]
    return [range(start, start + config.size) for start in starts]


def windowed(parts: Sequence[tuple[range, Denoiser]], blend: Literal["uniform", "triangular"]) -> Denoiser:
    """Make one denoiser of a whole clip from those of its windows; overlapping predictions are averaged.

    Args:
        parts: Windows and their denoisers; together they cover every frame.
        blend: uniform: plain mean, as released; triangular: a frame weighs more the further it is from its
            window's ends.
    """
    if len(parts) == 1:
        return parts[0][1]

    def denoise(x_t: Tensor, t: Tensor) -> Tensor:
        total = torch.zeros_like(x_t)
        weights = torch.zeros(x_t.shape[2], 1, 1, device=x_t.device, dtype=x_t.dtype)
        for frames, part in parts:
            span = slice(frames.start, frames.stop)
            weight = _weights(len(frames), blend).to(x_t)[:, None, None]
            total[:, :, span] += weight * part(x_t[:, :, span], t)
            weights[span] += weight
        return total / weights

    return denoise


def _weights(size: int, blend: Literal["uniform", "triangular"]) -> Tensor:
    if blend == "uniform":
        return torch.ones(size)
    rising = torch.arange(1, size + 1)
    return torch.minimum(rising, rising.flip(0)).float()
