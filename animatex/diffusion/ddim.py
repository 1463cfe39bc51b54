"""The released sampler: deterministic DDIM on velocity predictions.

Letters: B batch, C latent channels, F frames, h w latent cells. A denoiser maps (x_t [B, C, F, h, w], t [B])
to the velocity of the same shape.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from animatex.diffusion.steps import CLEAN, TimestepPair
from animatex.progress import Progress, silent

Denoiser = Callable[[Tensor, Tensor], Tensor]


def ddim_step(x_t: Tensor, v: Tensor, alpha_t: Tensor, alpha_prev: Tensor) -> Tensor:
    """Take one deterministic step (Song et al. 2021, eq. 12) for a velocity (Salimans & Ho 2022).

    The noise is taken from `v` and `x_t` instead of by a division, so no signal at all is no special case.

    Notation: alpha_t is the paper's alpha-bar at t; x0 the predicted clean latents; eps the predicted noise.

    Args:
        x_t: Noisy latents.
        v: Their predicted velocity.
        alpha_t: Scalar, schedule at the step of `x_t`.
        alpha_prev: Scalar, schedule at the step to go to; 1 is clean.

    Returns:
        Latents at that step.
    """
    x0 = alpha_t.sqrt() * x_t - (1 - alpha_t).sqrt() * v
    eps = alpha_t.sqrt() * v + (1 - alpha_t).sqrt() * x_t
    return alpha_prev.sqrt() * x0 + (1 - alpha_prev).sqrt() * eps


def ddim_sample(
    denoise: Denoiser,
    noise: Tensor,
    steps: Sequence[TimestepPair],
    schedule: Tensor,
    progress: Progress = silent,
) -> Tensor:
    """Walk from noise to latents.

    Args:
        denoise: Predicts velocities.
        noise: [B, C, F, h, w], the start; its dtype and device are those of the result.
        steps: What to visit, noisiest first.
        schedule: float64 [T], as from `alphas_cumprod`.
        progress: Told of each evaluation.

    Returns:
        [B, C, F, h, w], clean latents.
    """
    progress.start("sampling", len(steps))
    x = noise
    for t, t_prev in steps:
        v = denoise(x, torch.full((len(x),), t, device=x.device))
        x = ddim_step(x, v, alpha_at(schedule, t, x), alpha_at(schedule, t_prev, x))
        progress.advance()
    progress.done()
    return x


def alpha_at(schedule: Tensor, t: int, like: Tensor) -> Tensor:
    """Look the schedule up as a scalar of `like`'s dtype and device; 1 behind the last step."""
    alpha = torch.ones((), dtype=schedule.dtype) if t == CLEAN else schedule[t]
    return alpha.to(like.device, like.dtype)
