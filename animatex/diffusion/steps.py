"""Which diffusion steps a sampler visits, as an explicit list."""

from __future__ import annotations

from typing import NamedTuple

from animatex.config.run import SamplerConfig

CLEAN = -1
"""The step behind the last: no noise at all."""


class TimestepPair(NamedTuple):
    """One evaluation: from step `t` to the less noisy `t_prev`; -1 is clean."""

    t: int
    t_prev: int


def timestep_pairs(config: SamplerConfig, train_steps: int) -> list[TimestepPair]:
    """List the steps that will run, noisiest first.

    uniform is the released rule: a stride of `train_steps // steps`, counted up from 1. It may run more than
    `steps` times (30 steps are 31, from 991, because a stride of 33 fits 31 times), never starts at the last
    step, and ends at step 0, which is not quite clean. trailing runs exactly `steps` times, starts at the
    last step and ends clean.

    Args:
        config: Number of steps and their spacing.
        train_steps: Length of the schedule.
    """
    if config.spacing == "uniform":
        stride = train_steps // config.steps
        upwards = range(0, train_steps, stride)
        steps = [min(1 + t, train_steps - 1) for t in reversed(upwards)]
        return [TimestepPair(t, max(t - stride, 0)) for t in steps]
    steps = trailing_timesteps(config.steps, train_steps)
    return [TimestepPair(t, t_prev) for t, t_prev in zip(steps, [*steps[1:], CLEAN], strict=True)]


def trailing_timesteps(count: int, train_steps: int) -> list[int]:
    """Space `count` timesteps evenly, the last one of `train_steps` first (Lin et al. 2024, section 3.3)."""
    return [round(train_steps * (count - n) / count) - 1 for n in range(count)]
