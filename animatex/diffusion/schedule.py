"""The noise schedule: how much of the clean latents is left at each diffusion step.

Letters: T diffusion steps, 1,000 as published. Everything is float64 on the CPU.
"""

from __future__ import annotations

import torch
from torch import Tensor

from animatex.config.model import ScheduleConfig


def alphas_cumprod(config: ScheduleConfig) -> Tensor:
    """Compute the share of signal in the variance at each step.

    Scaled-linear betas (Rombach et al. 2022); with `zero_terminal_snr`, the square roots are shifted and
    scaled so that the first step keeps its value and the last one has no signal (Lin et al. 2024, alg. 1).

    Args:
        config: Betas and number of steps.

    Returns:
        float64 [T], falling, in [0, 1]; alpha-bar of Ho et al. 2020.
    """
    roots = torch.linspace(
        config.beta_start**0.5, config.beta_end**0.5, config.train_steps, dtype=torch.float64
    )
    signal = torch.cumprod(1 - roots**2, dim=0).sqrt()
    if config.zero_terminal_snr:
        first, last = signal[0].clone(), signal[-1].clone()
        signal = (signal - last) * (first / (first - last))
    return signal**2


def betas(schedule: Tensor) -> Tensor:
    """Recover the variance that each step adds.

    Args:
        schedule: float64 [T], as from `alphas_cumprod`.

    Returns:
        float64 [T] in [0, 1].
    """
    before = torch.cat([torch.ones(1, dtype=schedule.dtype), schedule[:-1]])
    return 1 - schedule / before
