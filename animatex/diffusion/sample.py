"""One call for every sampler."""

from __future__ import annotations

from torch import Tensor

from animatex.config.model import ScheduleConfig
from animatex.config.run import SamplerConfig
from animatex.diffusion.ddim import Denoiser, ddim_sample
from animatex.diffusion.fewstep import multistep_sample
from animatex.diffusion.schedule import alphas_cumprod
from animatex.diffusion.steps import timestep_pairs
from animatex.progress import Progress, silent


def sample_latents(
    denoise: Denoiser,
    noise: Tensor,
    sampler: SamplerConfig,
    schedule: ScheduleConfig,
    progress: Progress = silent,
) -> Tensor:
    """Walk from noise to latents with the solver that the configuration names.

    Args:
        denoise: Predicts velocities, guidance and windows included.
        noise: [B, C, F, h, w], the start.
        sampler: Solver, number and spacing of the steps.
        schedule: Betas.
        progress: Told of each evaluation.

    Returns:
        [B, C, F, h, w], clean latents.
    """
    if sampler.solver == "ddim":
        steps = timestep_pairs(sampler, schedule.train_steps)
        return ddim_sample(denoise, noise, steps, alphas_cumprod(schedule), progress)
    return multistep_sample(denoise, noise, sampler.steps, schedule, sampler.solver, progress)
