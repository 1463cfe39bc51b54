from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from animatex.video.frames import FrameSequence, FrameStream, Size


def frames(count: int = 4) -> np.ndarray:
    return np.arange(count, dtype=np.uint8)[:, None, None, None] * np.ones((1, 6, 8, 3), np.uint8)


def test_a_clip_knows_its_length_size_and_duration():
    clip = FrameSequence(frames(), 8.0)
    assert (len(clip), clip.num_frames, clip.size, clip.seconds) == (4, 4, Size(6, 8), 0.5)


def test_selected_frames_come_in_the_order_asked_for():
    clip = FrameSequence(frames(), 8.0).select([3, 1, 1])
    assert clip.frames[:, 0, 0, 0].tolist() == [3, 1, 1]
    assert clip.fps == 8.0


def test_a_size_is_height_and_width_and_is_written_as_people_do():
    assert Size(768, 512) == (768, 512)
    assert str(Size(768, 512)) == "512x768"


@given(height=st.integers(1, 5000), width=st.integers(1, 5000), side=st.integers(1, 5000))
def test_a_size_is_reduced_in_proportion_and_never_enlarged(height: int, width: int, side: int):
    size = Size(height, width)
    within = size.within(side)
    assert size.within(None) == size and (within == size) == (max(size) <= side)
    assert max(within) == min(max(size), side) and min(within) >= 1
    assert abs(within.height * width - within.width * height) <= max(size)


def test_a_stream_has_what_its_clip_has():
    clip = FrameSequence(frames(), 8.0)
    stream = FrameStream(iter(clip.frames), len(clip), clip.size, clip.fps)
    assert stream.seconds == clip.seconds
    assert np.array_equal(stream.collect().frames, clip.frames)
    with pytest.raises(ValueError, match="shorter"):
        FrameStream(iter(clip.frames), 5, clip.size, clip.fps).collect()


@pytest.mark.parametrize(
    ("array", "what"),
    [
        (frames().astype(np.float32), "float32 [4, 6, 8, 3]"),
        (frames()[..., :2], "uint8 [4, 6, 8, 2]"),
        (frames()[0], "uint8 [6, 8, 3]"),
        (frames()[:0], "uint8 [0, 6, 8, 3]"),
    ],
)
def test_other_arrays_are_refused(array: np.ndarray, what: str):
    with pytest.raises(ValueError, match=re.escape(f"frames are {what}; needs uint8 [F, H, W, 3]")):
        FrameSequence(array, 8.0)


@pytest.mark.parametrize("fps", [0.0, -1.0, float("nan"), float("inf")])
def test_a_rate_is_a_positive_number(fps: float):
    with pytest.raises(ValueError, match="fps is .*; needs a positive number"):
        FrameSequence(frames(), fps)
