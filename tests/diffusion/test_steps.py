from __future__ import annotations

from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from animatex.config.loader import load_config
from animatex.config.presets import preset_path
from animatex.config.run import AnimateConfig, SamplerConfig
from animatex.diffusion.steps import CLEAN, timestep_pairs
from animatex.errors import ConfigError

COUNTS = st.integers(1, 1000)


def sampler(steps: int, spacing: Literal["uniform", "trailing"]) -> SamplerConfig:
    return SamplerConfig(
        solver="ddim",
        steps=steps,
        spacing=spacing,
        guidance_scale=1.0,
        offset_noise=0.0,
        batch_guidance=False,
    )


@pytest.mark.parametrize("solver", ["dpm", "unipc"])
def test_few_step_solvers_know_one_spacing_only(solver: Literal["dpm", "unipc"]) -> None:
    good = sampler(4, "trailing").model_dump() | {"solver": solver}
    assert SamplerConfig(**good).solver == solver
    with pytest.raises(ValueError, match=f"spacing is 'uniform'; solver '{solver}' needs 'trailing'"):
        SamplerConfig(**(good | {"spacing": "uniform"}))


def test_thirty_released_steps_are_thirty_one_from_991_to_1() -> None:
    pairs = timestep_pairs(sampler(30, "uniform"), 1000)
    assert len(pairs) == 31
    assert pairs[0] == (991, 958)
    assert pairs[-1] == (1, 0)


@given(steps=COUNTS)
def test_steps_go_down_and_stay_on_the_schedule(steps: int) -> None:
    for spacing in ("uniform", "trailing"):
        pairs = timestep_pairs(sampler(steps, spacing), 1000)
        assert all(0 <= pair.t <= 999 and pair.t_prev >= CLEAN for pair in pairs)
        # Above 500 steps the released rule visits the last step twice.
        assert all(earlier.t > later.t for earlier, later in zip(pairs[1:], pairs[2:], strict=False))


@given(steps=COUNTS)
def test_trailing_runs_exactly_as_often_as_asked_and_ends_clean(steps: int) -> None:
    pairs = timestep_pairs(sampler(steps, "trailing"), 1000)
    assert len(pairs) == steps
    assert pairs[0].t == 999
    assert pairs[-1].t_prev == CLEAN
    assert all(earlier.t_prev == later.t for earlier, later in zip(pairs, pairs[1:], strict=False))


@given(steps=COUNTS)
def test_uniform_strides_are_equal_down_to_zero(steps: int) -> None:
    pairs = timestep_pairs(sampler(steps, "uniform"), 1000)
    assert all(pair.t_prev == max(pair.t - 1000 // steps, 0) for pair in pairs)
    assert len(pairs) >= steps


def refusal(*overrides: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load_config(AnimateConfig, preset_path("tiny"), overrides)
    return caught.value.message


@given(
    train_steps=st.integers(2, 20), steps=st.integers(1, 25), spacing=st.sampled_from(["uniform", "trailing"])
)
def test_samplers_that_a_preset_may_have_stay_on_its_schedule(
    train_steps: int, steps: int, spacing: str
) -> None:
    settings = (f"schedule.train_steps={train_steps}", f"sampler.steps={steps}", f"sampler.spacing={spacing}")
    if steps > train_steps:
        assert f"sampler.steps is {steps}; schedule.train_steps is {train_steps}" in refusal(*settings)
        return
    config = load_config(AnimateConfig, preset_path("tiny"), settings)
    pairs = timestep_pairs(config.sampler, train_steps)
    assert all(0 <= pair.t < train_steps and pair.t > pair.t_prev for pair in pairs)


@pytest.mark.parametrize(
    "settings",
    [
        ("schedule.train_steps=1", "sampler.steps=1"),
        ("schedule.beta_start=0", "schedule.beta_end=0"),
    ],
)
def test_a_schedule_that_loses_no_signal_has_none_to_rescale(settings: tuple[str, ...]) -> None:
    assert "schedule: zero_terminal_snr is true; it needs betas above 0" in refusal(*settings)
