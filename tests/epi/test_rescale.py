"""Other proportions, the same motion."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from animatex.epi.rescale import (
    Placement,
    draw_factors,
    draw_placement,
    is_inside,
    place,
    place_inside,
    rescale,
)
from animatex.pose.proportions import (
    EYE_WIDTH,
    FACE_WIDTH,
    HIPS,
    LEFT_CALF,
    LEFT_THIGH,
    LEFT_UPPER_ARM,
    LIMBS,
    NECK_NOSE,
    RIGHT_CALF,
    RIGHT_THIGH,
    RIGHT_UPPER_ARM,
    SHOULDERS,
    TORSO,
    limb_lengths,
)
from animatex.pose.sequence import PoseSequence
from animatex.pose.skeleton import FACE, NECK, NOSE, RIGHT_HAND, RIGHT_WRIST
from tests.epi.conftest import dancer

seeds = st.integers(0, 10_000)
HALF = {"bs": 0.5, "nf": 0.5, "al": 0.5}
# The shoulders' two halves bend at the neck, and the eyes follow the face.
MEASURED = [i for i in range(len(LIMBS)) if i not in (SHOULDERS, EYE_WIDTH)]


def ones(**changes: float) -> np.ndarray:
    factors = np.ones(len(LIMBS))
    for name, value in changes.items():
        factors[[limb.name for limb in LIMBS].index(name)] = value
    return factors


def with_gaps(poses: PoseSequence, rng: np.random.Generator) -> PoseSequence:
    return poses.hidden(rng.random(poses.scores.shape) < 0.15)


@given(seeds)
def test_factors_of_one_change_no_bit(seed: int) -> None:
    rng = np.random.default_rng(seed)
    poses = with_gaps(dancer(rng), rng)
    same = rescale(poses, ones())
    assert np.array_equal(same.keypoints, poses.keypoints)
    assert np.array_equal(same.scores, poses.scores)


@given(seeds)
def test_every_limb_is_longer_by_its_factor_in_every_frame(seed: int) -> None:
    rng = np.random.default_rng(seed)
    poses, factors = dancer(rng), draw_factors(rng, **HALF)
    before, after = limb_lengths(poses), limb_lengths(rescale(poses, factors))
    assert np.allclose(after[:, MEASURED], before[:, MEASURED] * factors[MEASURED], rtol=1e-3, atol=1e-2)


@given(seeds, st.floats(0.3, 3))
def test_limbs_that_are_left_alone_keep_their_vectors(seed: int, factor: float) -> None:
    poses = dancer(np.random.default_rng(seed))
    moved = rescale(poses, ones(torso=factor))
    for limb in LIMBS[HIPS:]:
        if max(limb.start, limb.end) < 134 and limb.name != "neck":
            before = poses.keypoints[:, limb.end] - poses.keypoints[:, limb.start]
            after = moved.keypoints[:, limb.end] - moved.keypoints[:, limb.start]
            assert np.allclose(before, after, atol=1e-3)
    assert np.array_equal(moved.keypoints[:, NECK], poses.keypoints[:, NECK])


def test_a_hand_goes_where_its_wrist_goes(poses: PoseSequence) -> None:
    moved = rescale(poses, ones(right_upper_arm=1.4))
    shift = moved.keypoints - poses.keypoints
    assert np.abs(shift[:, RIGHT_WRIST]).max() > 1
    assert np.allclose(shift[:, RIGHT_HAND], shift[:, [RIGHT_WRIST]], atol=1e-3)


def test_a_face_grows_about_the_nose(poses: PoseSequence) -> None:
    moved = rescale(poses, ones(face=2.0))
    before = poses.keypoints[:, FACE] - poses.keypoints[:, [NOSE]]
    after = moved.keypoints[:, FACE] - moved.keypoints[:, [NOSE]]
    assert np.allclose(after, 2 * before, atol=1e-3)


@given(seeds, st.floats(-300, 300), st.floats(-300, 300))
def test_it_does_not_matter_where_somebody_stands(seed: int, dx: float, dy: float) -> None:
    rng = np.random.default_rng(seed)
    poses, shift = with_gaps(dancer(rng), rng), np.array([dx, dy])
    factors = draw_factors(rng, **HALF)
    here = rescale(poses, factors).keypoints + shift
    there = rescale(poses.moved(poses.keypoints + shift), factors).keypoints
    seen = poses.scores > 0
    assert np.allclose(here[seen], there[seen], atol=0.05)


def test_factors_stay_in_their_ranges_and_all_of_them_occur() -> None:
    rng = np.random.default_rng(0)
    drawn = np.stack([draw_factors(rng, **HALF) for _ in range(2000)])
    ranges = {
        TORSO: (0.6, 1.5),
        SHOULDERS: (0.5, 1.7),
        HIPS: (0.5, 1.7),
        NECK_NOSE: (0.4, 1.8),
        FACE_WIDTH: (0.5, 2.8),
        RIGHT_UPPER_ARM: (0.35 * 0.85, 1.6 * 1.18),
        RIGHT_CALF: (0.3 * 0.85, 1.5 * 1.18),
    }
    for limb, (low, high) in ranges.items():
        assert low <= drawn[:, limb].min() < 0.75 * (low + high) / 2
        assert (low + high) / 2 < drawn[:, limb].max() <= high
        assert 0.35 < (drawn[:, limb] == 1).mean() < 0.6
    assert (drawn != 1).any(axis=1).all()


def test_sides_are_mostly_alike() -> None:
    rng = np.random.default_rng(0)
    drawn = np.stack([draw_factors(rng, bs=1, nf=1, al=1) for _ in range(1000)])
    assert (drawn[:, RIGHT_THIGH] == drawn[:, LEFT_THIGH]).mean() == pytest.approx(0.9, abs=0.04)
    uneven = np.log(drawn[:, RIGHT_UPPER_ARM] / drawn[:, LEFT_UPPER_ARM])
    assert 0 < np.abs(uneven).max() < np.log(1.4)
    assert np.array_equal(
        drawn[:, RIGHT_CALF] != drawn[:, LEFT_CALF], drawn[:, RIGHT_THIGH] != drawn[:, LEFT_THIGH]
    )


GROUPS = {
    "bs": (TORSO, SHOULDERS, HIPS),
    "nf": (NECK_NOSE, FACE_WIDTH),
    "al": tuple(range(RIGHT_UPPER_ARM, len(LIMBS))),
}


@given(seeds, st.sampled_from(sorted(GROUPS)), st.floats(0.05, 1))
def test_a_group_that_is_alone_changes_its_limbs_and_no_others(seed: int, group: str, often: float) -> None:
    factors = draw_factors(np.random.default_rng(seed), **(dict.fromkeys(GROUPS, 0.0) | {group: often}))
    changed = set(np.flatnonzero(factors != 1).tolist())
    assert changed
    assert changed <= set(GROUPS[group])


@given(seeds, st.sampled_from(sorted(GROUPS)))
def test_a_group_that_is_off_leaves_its_limbs_alone(seed: int, group: str) -> None:
    factors = draw_factors(np.random.default_rng(seed), **(dict.fromkeys(GROUPS, 1.0) | {group: 0.0}))
    assert (factors[list(GROUPS[group])] == 1).all()
    assert (factors != 1).any()


def test_without_probability_nothing_changes() -> None:
    rng = np.random.default_rng(0)
    assert all((draw_factors(rng, bs=0, nf=0, al=0) == 1).all() for _ in range(50))


@given(seeds)
def test_hidden_stays_hidden(seed: int) -> None:
    rng = np.random.default_rng(seed)
    poses = with_gaps(dancer(rng), rng)
    moved = place(rescale(poses, draw_factors(rng, **HALF)), draw_placement(rng))
    assert np.array_equal(moved.scores, poses.scores)
    assert np.isfinite(moved.keypoints).all()


def test_placing_scales_about_the_first_neck_and_shifts(poses: PoseSequence) -> None:
    placed = place(poses, Placement(scale=(2.0, 0.5), shift=(0.25, -0.125)))
    assert np.allclose(placed.keypoints[0, NECK], poses.keypoints[0, NECK] + (128, -96), atol=1e-3)
    before = poses.keypoints[:, RIGHT_WRIST] - poses.keypoints[0, NECK]
    after = placed.keypoints[:, RIGHT_WRIST] - placed.keypoints[0, NECK]
    assert np.allclose(after, before * (2.0, 0.5), atol=1e-2)


@given(seeds, st.floats(0.1, 6), st.floats(-1500, 1500))
def test_whoever_is_placed_is_in_the_picture(seed: int, size: float, aside: float) -> None:
    rng = np.random.default_rng(seed)
    poses = dancer(rng, num_frames=2)
    astray = poses.moved(poses.keypoints * size + aside)
    assert is_inside(place_inside(astray, rng))


def test_nobody_is_always_inside(poses: PoseSequence) -> None:
    assert is_inside(poses.hidden(np.ones(134, bool)))


def test_forearms_hang_on_who_is_seen_when_the_elbow_is_not(poses: PoseSequence) -> None:
    elbow = np.zeros(134, bool)
    elbow[3] = True
    moved = rescale(poses.hidden(elbow), ones(right_upper_arm=2.0, right_forearm=2.0))
    before = poses.keypoints[:, RIGHT_WRIST] - poses.keypoints[:, 2]
    after = moved.keypoints[:, RIGHT_WRIST] - moved.keypoints[:, 2]
    assert (np.linalg.norm(after, axis=1) > 1.2 * np.linalg.norm(before, axis=1)).all()
