"""A coarse mask gets the picture's own edge."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from animatex.rig.matte import refine_mask

HEIGHT, WIDTH = 160, 120


def disc(x: int = 60, y: int = 80, radius: int = 40) -> np.ndarray:
    """A round character: float32 [H, W], 0 or 1."""
    return cv2.circle(np.zeros((HEIGHT, WIDTH), np.float32), (x, y), radius, 1.0, -1)


def picture(shape: np.ndarray) -> np.ndarray:
    """A red character on a green, slightly noisy ground."""
    colours = np.where(shape[..., None] > 0, (200, 60, 50), (60, 150, 70))
    noise = np.random.default_rng(2).integers(-8, 9, (*shape.shape, 3))
    return (colours + noise).clip(0, 255).astype(np.uint8)


def wrong(mask: np.ndarray, shape: np.ndarray) -> float:
    """Share of pixels on the wrong side, relative to the character."""
    return float(((mask > 0.5) != (shape > 0.5)).sum() / shape.sum())


@pytest.mark.parametrize("radius", [37, 43])
def test_an_edge_moves_to_where_the_colours_change(radius: int) -> None:
    shape = disc()
    coarse = cv2.GaussianBlur(disc(radius=radius), (0, 0), 3)
    refined = refine_mask(coarse, picture(shape))
    assert refined.shape == shape.shape and refined.dtype == np.float32
    assert wrong(coarse, shape) > 0.1
    assert wrong(refined, shape) < 0.03


def test_far_from_its_edge_the_network_is_believed() -> None:
    # Another thing of the character's colour, and a hole in its middle of the ground's.
    shape = disc()
    painted = shape.copy()
    painted[5:15, 5:25], painted[75:85, 55:65] = 1, 0
    refined = refine_mask(cv2.GaussianBlur(shape, (0, 0), 2), picture(painted))
    assert refined[3:18, 3:28].max() < 0.5
    assert refined[72:88, 52:68].min() > 0.5


def test_where_the_network_is_not_sure_colour_decides_however_far_from_the_edge() -> None:
    shape = np.maximum(disc(60, 100, 40), disc(60, 45, 25))
    # The network has half missed the head.
    mask = np.where((disc(60, 45, 25) > 0) & (disc(60, 100, 40) == 0), np.float32(0.4), shape)
    assert wrong(mask, shape) > 0.15
    assert wrong(refine_mask(mask, picture(shape)), shape) < 0.03


def test_what_the_network_half_missed_does_not_teach_the_background_its_colour() -> None:
    # Two ears of a colour of their own: one is seen, of the other only so much that it may be there.
    left, right = disc(40, 40, 18), disc(80, 40, 18)
    shape = np.maximum.reduce([disc(60, 100, 40), left, right])
    image = picture(shape)
    image[np.maximum(left, right) * (1 - disc(60, 100, 40)) > 0] = (240, 160, 190)
    mask = np.where((right > 0) & (disc(60, 100, 40) == 0), np.float32(0.2), shape)
    assert wrong(refine_mask(mask, image), shape) < 0.03


def test_specks_are_dropped_and_large_pieces_stay() -> None:
    speck, piece = disc(12, 12, 5), disc(60, 145, 13)
    body = disc(60, 70, 40)
    together = np.maximum.reduce([speck, piece, body])
    refined = refine_mask(together, picture(together))
    assert refined[speck > 0].max() == 0
    assert refined[cv2.erode(piece, np.ones((7, 7))) > 0].min() > 0.5
    assert wrong(refined, np.maximum(piece, body)) < 0.03


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_nothing_and_everything_have_no_edge(value: float) -> None:
    mask = np.full((HEIGHT, WIDTH), value, np.float32)
    assert np.allclose(refine_mask(mask, picture(disc())), value, atol=1e-3)


def test_the_same_picture_gives_the_same_mask() -> None:
    coarse, image = cv2.GaussianBlur(disc(radius=42), (0, 0), 3), picture(disc())
    first = refine_mask(coarse, image)
    cv2.setRNGSeed(99)
    assert np.array_equal(refine_mask(coarse, image), first)


@settings(max_examples=30)
@given(seed=st.integers(0, 10**6), height=st.integers(8, 90), width=st.integers(8, 90))
def test_any_mask_of_any_picture_gives_a_mask(seed: int, height: int, width: int) -> None:
    rng = np.random.default_rng(seed)
    image = rng.integers(0, 256, (height, width, 3), np.uint8)
    mask = cv2.GaussianBlur(rng.random((height, width), np.float32), (0, 0), float(rng.uniform(0.5, 8)))
    stretched = np.clip((mask - 0.5) * 6 + 0.5, 0, 1)
    refined = refine_mask(stretched, image)
    assert refined.shape == (height, width)
    assert 0 <= refined.min() and refined.max() <= 1
