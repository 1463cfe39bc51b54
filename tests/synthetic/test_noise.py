import cv2
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from animatex.synthetic.noise import child, draw, grain, value_noise
from animatex.video.frames import Size

SIDES = st.integers(1, 90)


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    height=SIDES,
    width=SIDES,
    cells=st.floats(0.5, 60),
    stretch=st.floats(0.1, 10),
)
def test_noise_has_the_asked_for_size_and_about_the_range_0_to_1(seed, height, width, cells, stretch):
    field = value_noise(np.random.default_rng(seed), Size(height, width), cells, stretch=stretch, octaves=3)
    assert field.shape == (height, width) and field.dtype == np.float32
    assert field.min() > -0.6 and field.max() < 1.6


def test_noise_is_the_same_picture_at_any_resolution():
    small = value_noise(np.random.default_rng(1), Size(60, 40), 6)
    large = value_noise(np.random.default_rng(1), Size(240, 160), 6)
    shrunk = cv2.resize(large, (40, 60), interpolation=cv2.INTER_AREA)
    assert np.corrcoef(small.ravel(), shrunk.ravel())[0, 1] > 0.99


def test_noise_and_grain_take_as_much_from_the_generator_whatever_the_size():
    after = []
    for size in (Size(8, 8), Size(200, 100)):
        rng = np.random.default_rng(3)
        value_noise(rng, size, 5, octaves=4)
        grain(rng, size)
        child(rng)
        after.append(rng.random())
    assert after[0] == after[1]


def test_things_are_drawn_by_their_shares():
    rng = np.random.default_rng(0)
    drawn = [draw(rng, (("rare", 1.0), ("often", 3.0))) for _ in range(2000)]
    assert 0.2 < drawn.count("rare") / 2000 < 0.3
