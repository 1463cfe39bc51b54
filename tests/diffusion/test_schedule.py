from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from animatex.config.model import ScheduleConfig
from animatex.diffusion.schedule import alphas_cumprod, betas


def schedule(steps: int = 1000, *, zero: bool = True) -> ScheduleConfig:
    return ScheduleConfig(train_steps=steps, beta_start=0.00085, beta_end=0.012, zero_terminal_snr=zero)


@given(steps=st.integers(2, 1000), zero=st.booleans())
def test_signal_falls_from_nearly_all_to_less(steps: int, zero: bool) -> None:
    alphas = alphas_cumprod(schedule(steps, zero=zero))
    assert alphas.shape == (steps,)
    assert alphas.dtype == torch.float64
    assert (alphas[1:] < alphas[:-1]).all()
    assert float(alphas[0]) == pytest.approx(1 - 0.00085, abs=1e-12)
    assert (float(alphas[-1]) == 0) == zero


def test_without_rescaling_it_is_stable_diffusions_schedule() -> None:
    recovered = betas(alphas_cumprod(schedule(zero=False)))
    expected = torch.linspace(0.00085**0.5, 0.012**0.5, 1000, dtype=torch.float64) ** 2
    torch.testing.assert_close(recovered, expected, rtol=1e-9, atol=0)


def test_the_last_step_of_a_rescaled_schedule_is_all_noise() -> None:
    assert float(betas(alphas_cumprod(schedule()))[-1]) == 1
