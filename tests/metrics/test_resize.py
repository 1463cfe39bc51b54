from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from animatex.metrics.resize import resize_clip, resize_float
from animatex.video.frames import Size


@given(st.integers(0, 255), st.integers(1, 20), st.integers(1, 20))
def test_a_flat_picture_stays_flat(level: int, height: int, width: int):
    resized = resize_float(np.full((9, 12, 3), level, np.uint8), Size(height, width))
    assert resized.shape == (height, width, 3) and resized.dtype == np.float32
    np.testing.assert_allclose(resized, level, atol=1e-3)


def test_what_overshoots_at_an_edge_stays():
    edge = np.zeros((16, 16, 3), np.uint8)
    edge[:, 8:] = 255
    resized = resize_float(edge, Size(16, 24))
    assert resized.min() < -1 and resized.max() > 256


def test_a_clip_is_resized_frame_by_frame(rng: np.random.Generator):
    clip = rng.integers(0, 256, (3, 8, 6, 3), dtype=np.uint8)
    np.testing.assert_array_equal(resize_clip(clip, Size(5, 5))[2], resize_float(clip[2], Size(5, 5)))
