"""Maps, bends and slides, there and back, and the features of faces."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from animatex.codec.motion.placement import (
    IDENTITY,
    Bend,
    Face,
    Feature,
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


def placement(
    affine: np.ndarray, *bends: Bend, slide: Slide | None = None, face: Face | None = None
) -> Placement:
    return Placement(np.repeat(affine[None], len(PARTS), 0), bends, slide, face)


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
    assert rigid.bend_of(HEAD_PART) is None and rigid.bend_of(TORSO_PART) is not None
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
    slid = placement(IDENTITY, slide=slide)
    outside = GRID[np.linalg.norm(GRID - centre, axis=2) > 30]
    assert np.array_equal(slid.to_frame(HEAD_PART, outside), outside)
    assert np.array_equal(slid.to_frame(TORSO_PART, GRID), GRID)
    assert np.linalg.norm(slid.to_frame(HEAD_PART, centre) - centre - shift) <= 0.2 * np.hypot(x, y) + 1e-9
    there = slid.to_frame(HEAD_PART, GRID)
    assert np.allclose(slid.to_reference(HEAD_PART, there), GRID, atol=0.2)


def face(*features: tuple[tuple[float, float], float, tuple[float, float]]) -> Face:
    """Centres, radii and shifts of features on a head."""
    return Face(
        (HEAD_PART,), tuple(Feature(np.array(c), r, np.array(shift, np.float64)) for c, r, shift in features)
    )


@given(x=st.floats(-40, 40), y=st.floats(-40, 40))
def test_a_feature_moves_as_a_whole_and_takes_nothing_else_along(x: float, y: float) -> None:
    centre = np.array([50.0, 60.0])
    looking = placement(IDENTITY, face=face(((50, 60), 20, (x, y))))
    distance = np.linalg.norm(GRID - centre, axis=2)
    core, outside = GRID[distance < 0.3 * 20], GRID[distance > 20]
    assert len(core) > 1
    assert np.allclose(looking.to_frame(HEAD_PART, core), core + (x, y))
    assert np.array_equal(looking.to_frame(HEAD_PART, outside), outside)
    assert np.array_equal(looking.to_frame(TORSO_PART, GRID), GRID)


@given(x=st.floats(-40, 40), y=st.floats(-40, 40))
def test_a_feature_arrives_where_it_has_moved_to_and_bares_where_it_was(x: float, y: float) -> None:
    shift, share = face(((50, 60), 20, (x, y))).arrived(GRID + (x, y))
    was = np.linalg.norm(GRID - (50.0, 60.0), axis=2)
    assert np.allclose(share[was < 6], 1) and not share[was > 20].any()
    assert np.allclose(shift[share > 1e-6], (x, y), atol=1e-3)
    bared = face(((50, 60), 20, (x, y))).bared(GRID)
    assert not bared[was > 20].any()
    assert np.allclose(bared[was < 6], min(1, np.hypot(x, y) / 10))


def test_between_two_features_the_nearer_one_counts_for_more() -> None:
    both = face(((40, 50), 20, (4, 0)), ((64, 50), 20, (-8, 0)))
    along = both.after(np.stack([np.arange(30.0, 75), np.full(45, 50.0)], 1))[:, 0] - np.arange(30.0, 75)
    assert along[10] == 4 and along[34] == -8
    assert (np.diff(along[10:35]) <= 1e-9).all()


@given(angle=angles, shift=shifts, scale=st.sampled_from([0.25, 0.5, 2.0]))
def test_the_parts_of_a_scaled_picture_move_scaled_places_alike(
    angle: float, shift: tuple[float, float], scale: float
) -> None:
    affine = moved(turn(angle), shift)
    small = apply(scaled_map(affine, scale), scaled_places(GRID, scale))
    assert np.allclose(small, scaled_places(apply(affine, GRID), scale))
    bend = Bend(TORSO_PART, moved(turn(angle + 0.2), shift), np.array([50.0, 60]), np.array([52.0, 75]))
    slide = Slide((HEAD_PART,), np.array([40.0, 30.0]), 20.0, np.array([4.0, -2.0]))
    for whole in (
        placement(affine, bend, slide=slide),
        placement(affine, bend, face=face(((40, 30), 20, (4, -2)), ((60, 35), 9, (3, 1)))),
    ):
        for part in (TORSO_PART, HEAD_PART):
            alike = whole.scaled(scale).to_frame(part, scaled_places(GRID, scale))
            assert np.allclose(alike, scaled_places(whole.to_frame(part, GRID), scale), atol=1e-6)
