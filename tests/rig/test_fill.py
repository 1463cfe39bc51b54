"""Filling and enlarging: nothing known changes, nothing is invented."""

from __future__ import annotations

import cv2
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from animatex.rig.fill import guided_upsample, push_pull

sides = st.integers(1, 70)
seeds = st.integers(0, 10**6)


def picture(seed: int, height: int, width: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(30, 220, (height, width, 3), np.uint8)


def some_known(seed: int, height: int, width: int, share: float) -> np.ndarray:
    """0 or 1 for each pixel; at least one pixel is known."""
    rng = np.random.default_rng(seed + 1)
    known = (rng.random((height, width)) < share).astype(np.float32)
    known[rng.integers(height), rng.integers(width)] = 1
    return known


@given(seed=seeds, height=sides, width=sides, share=st.sampled_from([0.0, 0.02, 0.3, 0.9]))
def test_what_is_known_stays_and_nothing_leaves_the_range_of_known_colours(
    seed: int, height: int, width: int, share: float
) -> None:
    image, known = picture(seed, height, width), some_known(seed, height, width, share)
    filled = push_pull(image, known)
    assert filled.dtype == np.uint8 and filled.shape == image.shape
    there = known == 1
    assert np.array_equal(filled[there], image[there])
    for channel in range(3):
        low, high = image[there][:, channel].min(), image[there][:, channel].max()
        assert low <= filled[..., channel].min() and filled[..., channel].max() <= high


@given(seed=seeds, height=sides, width=sides)
def test_half_known_pixels_are_mixed_with_their_surroundings(seed: int, height: int, width: int) -> None:
    image = picture(seed, height, width)
    known = np.random.default_rng(seed).uniform(0.05, 1, (height, width)).astype(np.float32)
    filled = push_pull(image, known)
    assert image.min() - 1 <= filled.min() and filled.max() <= image.max() + 1


@given(seed=seeds, height=sides, width=sides)
def test_a_flat_picture_is_filled_flat(seed: int, height: int, width: int) -> None:
    image = np.full((height, width, 3), (200, 100, 7), np.uint8)
    known = some_known(seed, height, width, 0.1)
    image[known == 0] = 33
    assert (push_pull(image, known) == (200, 100, 7)).all()


def test_where_all_is_known_nothing_changes_and_where_nothing_is_it_is_black() -> None:
    image = picture(1, 20, 31)
    assert np.array_equal(push_pull(image, np.ones((20, 31))), image)
    assert not push_pull(image, np.zeros((20, 31))).any()


def test_a_hole_in_a_gradient_is_filled_with_the_gradient() -> None:
    ramp = np.repeat(np.linspace(40, 200, 96)[None, :, None], 64, 0).repeat(3, 2)
    known = np.ones((64, 96), np.float32)
    known[20:44, 36:60] = 0
    filled = push_pull(np.rint(ramp).astype(np.uint8), known)
    assert np.abs(filled - ramp)[20:44, 36:60].max() < 16


@settings(max_examples=25)
@given(value=st.floats(-3, 3), seed=seeds, height=st.integers(8, 40), width=st.integers(8, 40))
def test_a_constant_stays_a_constant(value: float, seed: int, height: int, width: int) -> None:
    guide = picture(seed, 3 * height, 2 * width)
    coarse = np.full((height, width), value, np.float32)
    fine = guided_upsample(coarse, guide, radius=3, eps=1e-3)
    assert fine.shape == guide.shape[:2]
    assert np.abs(fine - value).max() < 1e-3


@settings(max_examples=25)
@given(gain=st.floats(-2, 2), offset=st.floats(-2, 2), seed=seeds)
def test_values_may_be_scaled_before_or_after(gain: float, offset: float, seed: int) -> None:
    guide = picture(seed, 60, 48)
    coarse = np.random.default_rng(seed).random((20, 16)).astype(np.float32)
    direct = guided_upsample(gain * coarse + np.float32(offset), guide, radius=2, eps=1e-2)
    later = gain * guided_upsample(coarse, guide, radius=2, eps=1e-2) + offset
    assert np.abs(direct - later).max() < 1e-3


def test_an_edge_that_was_blurred_is_where_the_picture_has_it() -> None:
    shape = np.zeros((96, 96), np.float32)
    cv2.circle(shape, (48, 50), 30, 1, -1)
    guide = np.where(shape[..., None] > 0, (210, 80, 60), (40, 120, 90)).astype(np.uint8)
    coarse = cv2.resize(cv2.GaussianBlur(shape, (0, 0), 6), (24, 24), interpolation=cv2.INTER_AREA)
    plain = cv2.resize(coarse, (96, 96), interpolation=cv2.INTER_LINEAR)
    guided = guided_upsample(coarse, guide, radius=4, eps=1e-4)
    plainly_wrong, wrong = (((each > 0.5) != (shape > 0.5)).mean() for each in (plain, guided))
    assert plainly_wrong > 0.01 and wrong < 0.001
    assert np.abs(np.diff(guided)).max() > 0.5 > 5 * np.abs(np.diff(plain)).max()
