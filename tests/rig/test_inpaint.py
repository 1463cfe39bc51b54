"""Painting holes: nothing else changes, nothing new is invented, and patterns go on."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from animatex.rig.fill import push_pull
from animatex.rig.inpaint import inpaint


def hole_in(height: int, width: int) -> np.ndarray:
    hole = np.zeros((height, width), bool)
    hole[height // 4 : 3 * height // 4, width // 3 : 2 * width // 3] = True
    return hole


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 99), height=st.integers(8, 70), width=st.integers(8, 70))
def test_only_the_hole_is_painted_and_always_the_same(seed: int, height: int, width: int) -> None:
    random = np.random.default_rng(seed)
    image = random.integers(0, 256, (height, width, 3), np.uint8)
    hole = random.random((height, width)) < random.choice([0.0, 0.02, 0.5, 1.0])
    painted = inpaint(image, hole)
    assert np.array_equal(painted[~hole], image[~hole])
    image[hole] = 0
    assert np.array_equal(inpaint(image, hole), painted)


def test_stripes_go_on_through_a_hole_where_smoothness_would_lose_them() -> None:
    height, width = 96, 72
    stripes = np.where((np.arange(height) // 6 % 2)[:, None, None] == 0, (220, 60, 40), (30, 90, 200))
    image = np.broadcast_to(stripes, (height, width, 3)).astype(np.uint8)
    hole = hole_in(height, width)
    apart = [
        np.abs(x.astype(int) - image)[hole].mean()
        for x in (inpaint(image, hole), push_pull(image, 1.0 - hole))
    ]
    assert apart[0] < 0.5 * apart[1]


@pytest.mark.parametrize("size", [(300, 200), (96, 400)])
def test_a_flat_wall_stays_flat(size: tuple[int, int]) -> None:
    image = np.full((*size, 3), (90, 120, 30), np.uint8)
    hole = hole_in(*size)
    assert np.array_equal(inpaint(np.where(hole[..., None], 0, image).astype(np.uint8), hole), image)


def test_where_the_picture_has_no_whole_patch_the_hole_is_filled_smoothly() -> None:
    image = np.random.default_rng(0).integers(0, 256, (48, 32, 3), np.uint8)
    hole = np.ones((48, 32), bool)
    hole[0] = False
    assert np.array_equal(inpaint(image, hole), push_pull(image, 1.0 - hole))


def test_a_strip_with_a_hole_across_it_is_filled_without_a_warning() -> None:
    image = np.random.default_rng(2).integers(0, 256, (24, 1100, 3), np.uint8)
    hole = np.zeros((24, 1100), bool)
    hole[:, 20:1080] = True
    with np.errstate(invalid="raise", divide="raise"):
        painted = inpaint(image, hole)
    assert np.array_equal(painted[~hole], image[~hole])


def test_what_belongs_to_something_else_is_not_copied_however_alike_it_is() -> None:
    height, width = 96, 72
    hole, foreign = hole_in(height, width), np.zeros((height, width), bool)
    foreign[:, :20] = True
    # Green all over; red around the hole, and in the whole of what is foreign.
    image = np.full((height, width, 3), (20, 200, 20), np.uint8)
    red = foreign | (cv2.dilate(hole.astype(np.uint8), np.ones((5, 5))) > 0)
    image[red] = (200, 20, 20)
    painted = inpaint(image, hole, foreign)
    assert np.array_equal(painted[~foreign & ~hole], image[~foreign & ~hole])
    assert painted[hole][:, 1].mean() > 150
    assert inpaint(image, hole)[hole][:, 1].mean() < 50
