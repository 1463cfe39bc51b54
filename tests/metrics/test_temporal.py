from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from animatex.metrics.temporal import dtssd, flicker

VIDEOS = arrays(np.uint8, (4, 6, 5, 3))


@given(VIDEOS)
def test_a_video_changes_as_itself_does(video: np.ndarray):
    assert dtssd(video, video) == [0, 0, 0]


@given(arrays(np.uint8, (6, 5, 3)), st.integers(2, 5))
def test_a_frozen_video_does_not_flicker(frame: np.ndarray, frames: int):
    assert flicker([frame] * frames) == [1.0] * (frames - 1)


@given(VIDEOS)
def test_played_backwards_a_video_flickers_as_much(video: np.ndarray):
    assert flicker(video[::-1]) == flicker(video)[::-1]


def test_a_constant_offset_is_no_change_over_time():
    video = np.arange(3, dtype=np.uint8)[:, None, None, None] + np.full((3, 6, 5, 3), 10, np.uint8)
    assert dtssd(video + 20, video) == pytest.approx([0, 0], abs=1e-6)


def test_black_and_white_in_turns_flicker_fully():
    frames = [np.full((4, 4, 3), level, np.uint8) for level in (0, 255, 0)]
    assert flicker(frames) == [0, 0]


def test_videos_of_different_lengths_are_refused():
    with pytest.raises(ValueError, match="zip"):
        dtssd(np.zeros((3, 4, 4, 3), np.uint8), np.zeros((4, 4, 4, 3), np.uint8))
