"""Maps, bends and slides, there and back."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from animatex.codec.motion.placement import (
    IDENTITY,
    Bend,
    Placement,
    Slide,
    apply,
    around,
    inverse,
    scaled_map,
    scaled_places,
)
from animatex.pose.skeleton import HEAD_PART, PARTS, TORSO_PART

angles = st.floats(-np.pi, np.pi)
shifts = st.tuples(st.floats(-80, 80), st.floats(-80, 80))
GRID = np.stack(np.meshgrid(np.arange(0.0, 100, 7), np.arange(0.0, 140, 7)), 2)


def turn(angle: float) -> np.ndarray:
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


def moved(linear: np.ndarray, shift: tuple[float, float]) -> np.ndarray:
    return np.concatenate([linear, np.array(shift)[:, None]], 1)


def placement(affine: np.ndarray, *bends: Bend, face: Slide | None = None) -> Placement:
    return Placement(np.repeat(affine[None], len(PARTS), 0), bends, face)


@given(angle=angles, scale=st.floats(0.2, 3), shift=shifts, x=st.floats(-9, 9), y=st.floats(-9, 9))
def test_the_inverse_undoes_a_map(
    angle: float, scale: float, shift: tuple[float, float], x: float, y: float
) -> None:
    affine = moved(scale * turn(angle), shift)
    there = apply(affine, np.array([x, y]))
    assert np.allclose(apply(inverse(affine), there), (x, y), atol=1e-8)


@given(angle=angles, shift=shifts)
def test_a_part_that_neither_bends_nor_slides_goes_by_its_map(
    angle: float, shift: tuple[float, float]
) -> None:
    affine = moved(turn(angle), shift)
    rigid = placement(affine, Bend(TORSO_PART, IDENTITY, np.zeros(2), np.ones(2)))
    assert rigid.is_affine(HEAD_PART) and not rigid.is_affine(TORSO_PART)
    assert np.allclose(rigid.to_frame(HEAD_PART, GRID), apply(affine, GRID))
    assert np.allclose(rigid.to_reference(HEAD_PART, apply(affine, GRID)), GRID, atol=1e-8)


@given(angle=st.floats(-0.6, 0.6), shift=shifts)
def test_a_bend_leaves_one_end_to_the_part_and_moves_the_other(
    angle: float, shift: tuple[float, float]
) -> None:
    affine, joint = moved(turn(0.3), shift), np.array([50.0, 70.0])
    beyond = around(turn(0.3 + angle), joint, apply(affine, joint))
    bent = placement(affine, Bend(TORSO_PART, beyond, joint - (0, 5), joint + (0, 5)))
    near, far = GRID[GRID[..., 1] < 65], GRID[GRID[..., 1] > 75]
    assert np.allclose(bent.to_frame(TORSO_PART, near), apply(affine, near))
    assert np.allclose(bent.to_frame(TORSO_PART, far), apply(beyond, far))
    assert np.allclose(bent.to_frame(TORSO_PART, joint), apply(affine, joint))
    # Backwards too, away from the joint, where a bend crowds what it holds.
    side = np.abs(GRID[..., 0] - 50) < 20
    for points in (GRID[side & (GRID[..., 1] < 40)], GRID[side & (GRID[..., 1] > 110)]):
        back = bent.to_reference(TORSO_PART, bent.to_frame(TORSO_PART, points))
        assert np.allclose(back, points, atol=1e-6)


@given(x=st.floats(-5, 5), y=st.floats(-5, 5))
def test_a_slide_carries_its_middle_and_nothing_outside_and_comes_back(x: float, y: float) -> None:
    centre, shift = np.array([50.0, 60.0]), np.array([x, y])
    slide = Slide((HEAD_PART,), centre, 25.0, shift)
    slid = placement(IDENTITY, face=slide)
    outside = GRID[np.linalg.norm(GRID - centre, axis=2) > 30]
    assert np.array_equal(slid.to_frame(HEAD_PART, outside), outside)
    assert np.array_equal(slid.to_frame(TORSO_PART, GRID), GRID)
    assert np.linalg.norm(slid.to_frame(HEAD_PART, centre) - centre - shift) <= 0.2 * np.hypot(x, y) + 1e-9
    there = slid.to_frame(HEAD_PART, GRID)
    assert np.allclose(slid.to_reference(HEAD_PART, there), GRID, atol=0.2)


@given(angle=angles, shift=shifts, scale=st.sampled_from([0.25, 0.5, 2.0]))
def test_the_parts_of_a_scaled_picture_move_scaled_places_alike(
    angle: float, shift: tuple[float, float], scale: float
) -> None:
    affine = moved(turn(angle), shift)
    small = apply(scaled_map(affine, scale), scaled_places(GRID, scale))
    assert np.allclose(small, scaled_places(apply(affine, GRID), scale))
    bend = Bend(TORSO_PART, moved(turn(angle + 0.2), shift), np.array([50.0, 60]), np.array([52.0, 75]))
    whole = placement(
        affine, bend, face=Slide((HEAD_PART,), np.array([40.0, 30.0]), 20.0, np.array([4.0, -2.0]))
    )
    for part in (TORSO_PART, HEAD_PART):
        alike = whole.scaled(scale).to_frame(part, scaled_places(GRID, scale))
        assert np.allclose(alike, scaled_places(whole.to_frame(part, GRID), scale), atol=1e-6)
