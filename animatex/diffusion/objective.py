"""What the network learns: the velocity of noised latents (Salimans & Ho 2022).

Letters: B batch, C latent channels, F frames, h w latent cells, T diffusion steps. alpha is the schedule
at t.
"""

from __future__ import annotations

from torch import Tensor

from animatex.diffusion.ddim import Denoiser


def add_noise(x0: Tensor, noise: Tensor, t: Tensor, schedule: Tensor) -> Tensor:
    """Noise clean latents: sqrt(alpha) x0 + sqrt(1 - alpha) noise.

    Args:
        x0: [B, C, F, h, w], clean latents.
        noise: The same shape.
        t: int [B], diffusion steps.
        schedule: float64 [T], as from `alphas_cumprod`.
    """
    signal, spread = _roots(t, schedule, x0)
    return signal * x0 + spread * noise


def velocity(x0: Tensor, noise: Tensor, t: Tensor, schedule: Tensor) -> Tensor:
    """Compute what to predict: sqrt(alpha) noise - sqrt(1 - alpha) x0; arguments as `add_noise`."""
    signal, spread = _roots(t, schedule, x0)
    return signal * noise - spread * x0


def clean_latents(x_t: Tensor, v: Tensor, t: Tensor, schedule: Tensor) -> Tensor:
    """Recover the clean latents that a velocity implies; arguments as `add_noise`."""
    signal, spread = _roots(t, schedule, x_t)
    return signal * x_t - spread * v


def velocity_loss(denoise: Denoiser, x0: Tensor, noise: Tensor, t: Tensor, schedule: Tensor) -> Tensor:
    """Measure a denoiser on one batch.

    Args:
        denoise: Predicts velocities from (x_t, t).
        x0: [B, C, F, h, w], clean latents.
        noise: The same shape.
        t: int [B], diffusion steps.
        schedule: float64 [T].

    Returns:
        float32 [B], mean squared error of each item's velocity.
    """
    target = velocity(x0, noise, t, schedule)
    predicted = denoise(add_noise(x0, noise, t, schedule), t)
    return (predicted.float() - target.float()).square().flatten(1).mean(dim=1)


def _roots(t: Tensor, schedule: Tensor, like: Tensor) -> tuple[Tensor, Tensor]:
    alpha = schedule[t.to(schedule.device)][:, None, None, None, None]
    # Rounded before they are moved: Apple's GPU has no float64.
    signal, spread = alpha.sqrt().to(like.dtype), (1 - alpha).sqrt().to(like.dtype)
    return signal.to(like.device), spread.to(like.device)
