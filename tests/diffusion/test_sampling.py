"""Samplers against a denoiser that knows the answer."""

from __future__ import annotations

from typing import Literal

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from animatex.config.model import ScheduleConfig
from animatex.config.run import SamplerConfig
from animatex.diffusion.ddim import Denoiser, alpha_at, ddim_sample, ddim_step
from animatex.diffusion.sample import sample_latents
from animatex.diffusion.schedule import alphas_cumprod
from animatex.diffusion.steps import CLEAN, timestep_pairs, trailing_timesteps

SCHEDULE = ScheduleConfig(train_steps=1000, beta_start=0.00085, beta_end=0.012, zero_terminal_snr=True)
SHAPE = (1, 2, 3, 4, 4)


def sampler(
    solver: Literal["ddim", "dpm", "unipc"], steps: int, spacing: Literal["uniform", "trailing"] = "trailing"
) -> SamplerConfig:
    return SamplerConfig(
        solver=solver,
        steps=steps,
        spacing=spacing,
        guidance_scale=1.0,
        offset_noise=0.0,
        batch_guidance=False,
    )


def knows(x0: Tensor) -> Denoiser:
    """A denoiser whose every prediction implies the clean latents `x0`."""
    alphas = alphas_cumprod(SCHEDULE)

    def denoise(x_t: Tensor, t: Tensor) -> Tensor:
        alpha = alphas[int(t[0])].to(x_t.dtype)
        eps = (x_t - alpha.sqrt() * x0) / (1 - alpha).sqrt()
        return alpha.sqrt() * eps - (1 - alpha).sqrt() * x0

    return denoise


class Counting:
    """A progress that remembers what it was told."""

    def __init__(self) -> None:
        self.total: int | None = None
        self.seen = 0
        self.ended = False

    def start(self, stage: str, total: int | None = None) -> None:
        self.total = total

    def advance(self, n: int = 1) -> None:
        self.seen += n

    def done(self) -> None:
        self.ended = True


@given(t=st.integers(1, 999), further=st.integers(1, 999))
def test_a_true_velocity_leads_along_the_same_noise(t: int, further: int) -> None:
    t_prev = max(t - further, CLEAN)
    generator = torch.Generator().manual_seed(t)
    x0, eps = (torch.randn(SHAPE, generator=generator, dtype=torch.float64) for _ in range(2))
    alphas = alphas_cumprod(SCHEDULE)
    alpha, alpha_prev = alpha_at(alphas, t, x0), alpha_at(alphas, t_prev, x0)
    x_t = alpha.sqrt() * x0 + (1 - alpha).sqrt() * eps
    v = alpha.sqrt() * eps - (1 - alpha).sqrt() * x0
    expected = alpha_prev.sqrt() * x0 + (1 - alpha_prev).sqrt() * eps
    torch.testing.assert_close(ddim_step(x_t, v, alpha, alpha_prev), expected, rtol=0, atol=1e-12)


def test_behind_the_last_step_there_is_no_noise() -> None:
    assert float(alpha_at(alphas_cumprod(SCHEDULE), CLEAN, torch.zeros(1))) == 1


@pytest.mark.parametrize("solver", ["ddim", "dpm", "unipc"])
@pytest.mark.parametrize("steps", [1, 2, 5, 20])
def test_a_denoiser_that_knows_the_answer_gets_there(
    solver: Literal["ddim", "dpm", "unipc"], steps: int
) -> None:
    generator = torch.Generator().manual_seed(0)
    x0, noise = (torch.randn(SHAPE, generator=generator) for _ in range(2))
    made = sample_latents(knows(x0), noise, sampler(solver, steps), SCHEDULE)
    torch.testing.assert_close(made, x0, rtol=1e-3, atol=2e-3)


def test_released_spacing_stops_one_step_short_of_clean() -> None:
    generator = torch.Generator().manual_seed(0)
    x0, noise = (torch.randn(SHAPE, generator=generator, dtype=torch.float64) for _ in range(2))
    made = sample_latents(knows(x0), noise, sampler("ddim", 30, "uniform"), SCHEDULE)
    first = alphas_cumprod(SCHEDULE)[0]
    left = (made - first.sqrt() * x0) / (1 - first).sqrt()
    assert float(left.std()) == pytest.approx(1, abs=0.2)


@pytest.mark.parametrize("solver", ["dpm", "unipc"])
def test_solvers_agree_in_a_single_step(solver: Literal["dpm", "unipc"]) -> None:
    noise = torch.randn(SHAPE, generator=torch.Generator().manual_seed(3))

    def denoise(x_t: Tensor, t: Tensor) -> Tensor:
        return torch.sin(x_t)

    expected = sample_latents(denoise, noise, sampler("ddim", 1), SCHEDULE)
    torch.testing.assert_close(
        sample_latents(denoise, noise, sampler(solver, 1), SCHEDULE), expected, rtol=1e-3, atol=1e-3
    )


@pytest.mark.parametrize("solver", ["ddim", "dpm", "unipc"])
def test_every_evaluation_is_reported(solver: Literal["ddim", "dpm", "unipc"]) -> None:
    progress = Counting()
    calls = []

    def denoise(x_t: Tensor, t: Tensor) -> Tensor:
        calls.append(int(t[0]))
        return torch.zeros_like(x_t)

    sample_latents(denoise, torch.randn(SHAPE), sampler(solver, 4), SCHEDULE, progress)
    assert calls == [999, 749, 499, 249]
    assert (progress.total, progress.seen, progress.ended) == (4, 4, True)


@pytest.mark.parametrize("solver", ["dpm", "unipc"])
@pytest.mark.parametrize("steps", [60, 61, 103])
def test_solvers_visit_the_trailing_steps_and_no_other(solver: Literal["dpm", "unipc"], steps: int) -> None:
    calls = []
    x0, noise = (torch.randn(SHAPE, generator=torch.Generator().manual_seed(seed)) for seed in (0, 1))
    right = knows(x0)

    def denoise(x_t: Tensor, t: Tensor) -> Tensor:
        calls.append(int(t[0]))
        return right(x_t, t)

    made = sample_latents(denoise, noise, sampler(solver, steps), SCHEDULE)
    assert calls == trailing_timesteps(steps, 1000)
    torch.testing.assert_close(made, x0, rtol=1e-3, atol=2e-3)


def test_steps_are_told_per_item() -> None:
    shapes = []

    def denoise(x_t: Tensor, t: Tensor) -> Tensor:
        shapes.append(tuple(t.shape))
        return torch.zeros_like(x_t)

    config = sampler("ddim", 2)
    pairs = timestep_pairs(config, 1000)
    ddim_sample(denoise, torch.randn(3, *SHAPE[1:]), pairs, alphas_cumprod(SCHEDULE))
    assert shapes == [(3,), (3,)]
