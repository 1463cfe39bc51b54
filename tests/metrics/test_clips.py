from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from animatex.metrics.clips import clip_starts, whole_segments


@given(st.integers(0, 60), st.integers(0, 99))
def test_a_video_without_gaps_has_a_clip_at_every_frame_that_is_followed_by_fifteen(frames: int, first: int):
    assert len(clip_starts(range(first, first + frames))) == max(0, frames - 15)


@given(st.sets(st.integers(0, 60)))
def test_clips_never_cross_a_gap(numbers: set[int]):
    ordered = sorted(numbers)
    for start in clip_starts(ordered, 4):
        clip = ordered[start : start + 4]
        assert clip == list(range(clip[0], clip[0] + 4))


@given(st.integers(1, 60))
def test_segments_hold_every_frame_and_the_last_one_again(frames: int):
    segments = whole_segments(frames)
    flat = [i for segment in segments for i in segment]
    assert {len(segment) for segment in segments} == {16}
    assert flat[:frames] == list(range(frames))
    assert set(flat[frames:]) <= {frames - 1}
    assert len(flat) - frames < 16
