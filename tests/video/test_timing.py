from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from animatex.video.timing import Timing, time_frames

THOUSANDTHS = Fraction(1, 1000)
RATES = st.sampled_from([7.5, 12.0, 24000 / 1001, 30.0, 60.0])


@given(fps=RATES, start=st.integers(-500, 10**6), data=st.data())
def test_a_constant_rate_keeps_every_frame_and_what_the_file_claims(
    fps: float, start: int, data: st.DataObject
) -> None:
    jitter = st.integers(-int(400 / fps), int(400 / fps))
    offsets = data.draw(st.lists(jitter, min_size=1, max_size=40))
    times = [start + round(1000 * place / fps) + offset for place, offset in enumerate([0, *offsets])]
    stored = [*times[:1], *times[:0:-1]] if len(times) < 9 else times
    assert time_frames(stored, start, THOUSANDTHS, fps) == Timing(fps, len(times), start / 1000, None)


@given(fps=RATES, claimed=st.sampled_from([0.0, 3.0, 90_000.0]), count=st.integers(20, 400))
def test_a_wrong_claim_gives_way_to_the_rate_of_the_frames(fps: float, claimed: float, count: int) -> None:
    times = [round(90_000 * place / fps) for place in range(count)]
    timing = time_frames(times, 0, Fraction(1, 90_000), claimed)
    assert (timing.num_frames, timing.stored) == (count, None)
    assert timing.fps == pytest.approx(fps, rel=1e-4)


@given(gaps=st.lists(st.integers(1, 900), min_size=1, max_size=60), fps=RATES)
def test_each_frame_is_the_one_on_the_screen_then(gaps: list[int], fps: float) -> None:
    times = np.cumsum([50, *gaps])
    timing = time_frames(times.tolist(), 50, THOUSANDTHS, fps)
    assert (timing.num_frames, timing.start_seconds) == (len(times), 0.05)
    stored = np.arange(len(times)) if timing.stored is None else np.array(timing.stored)
    latest = 50 + 1000 * (np.arange(len(times)) + 0.5) / timing.fps
    assert (times[stored] <= latest + 1e-6).all()
    assert (np.append(times, np.inf)[stored + 1] >= latest - 1e-6).all()


@pytest.mark.parametrize(
    "times",
    [[None] * 40, [*range(39), None], [7] * 40, [*range(20), *range(0, 20)], [-(2**63), *range(39)]],
    ids=["none", "not all", "equal", "a clock set back", "no time"],
)
def test_where_times_say_nothing_the_claim_holds(times: list[int | None]) -> None:
    assert time_frames(times, None, THOUSANDTHS, 25.0) == Timing(25.0, 40, 0.0, None)
