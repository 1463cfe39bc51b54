"""Multistep solvers that need fewer evaluations: DPM-Solver++ and UniPC, from diffusers.

Letters: B batch, C latent channels, F frames, h w latent cells.
"""

from __future__ import annotations

from typing import Literal, Protocol, cast

import torch
from torch import Tensor

from animatex.config.model import ScheduleConfig
from animatex.diffusion.ddim import Denoiser
from animatex.errors import require
from animatex.progress import Progress, silent


class _Scheduler(Protocol):
    """What is used of diffusers' schedulers."""

    timesteps: Tensor
    sigmas: Tensor

    def set_timesteps(self, num_inference_steps: int, device: torch.device) -> None: ...

    def step(
        self, model_output: Tensor, timestep: Tensor, sample: Tensor, return_dict: bool
    ) -> tuple[Tensor]: ...


def multistep_sample(
    denoise: Denoiser,
    noise: Tensor,
    steps: int,
    schedule: ScheduleConfig,
    solver: Literal["dpm", "unipc"],
    progress: Progress = silent,
) -> Tensor:
    """Walk from noise to latents with a second-order solver.

    Args:
        denoise: Predicts velocities.
        noise: [B, C, F, h, w], the start.
        steps: Evaluations, spaced trailing: the first is at the last diffusion step.
        schedule: Betas.
        solver: dpm: DPM-Solver++ (Lu et al. 2022); unipc: UniPC (Zhao et al. 2023).
        progress: Told of each evaluation.

    Returns:
        [B, C, F, h, w], clean latents.

    Raises:
        MissingPackage: diffusers is not installed.
    """
    scheduler = _scheduler(solver, schedule)
    scheduler.set_timesteps(steps, device=noise.device)
    # By rounding diffusers counts some numbers of steps, such as 61, one too far: to a timestep of -1.
    scheduler.timesteps = scheduler.timesteps[:steps]
    scheduler.sigmas = torch.cat([scheduler.sigmas[:steps], scheduler.sigmas[-1:]])
    progress.start("sampling", steps)
    x = noise
    for t in scheduler.timesteps:
        v = denoise(x, torch.full((len(x),), int(t), device=x.device))
        x = scheduler.step(v, t, x, return_dict=False)[0].to(noise.dtype)
        progress.advance()
    progress.done()
    return x


def _scheduler(solver: Literal["dpm", "unipc"], schedule: ScheduleConfig) -> _Scheduler:
    diffusers = require("diffusers", for_=f"the solver '{solver}'")
    name = {"dpm": "DPMSolverMultistepScheduler", "unipc": "UniPCMultistepScheduler"}[solver]
    made = getattr(diffusers, name)(
        num_train_timesteps=schedule.train_steps,
        beta_start=schedule.beta_start,
        beta_end=schedule.beta_end,
        beta_schedule="scaled_linear",
        prediction_type="v_prediction",
        timestep_spacing="trailing",
        rescale_betas_zero_snr=schedule.zero_terminal_snr,
    )
    return cast(_Scheduler, made)
