"""Limbs that disappear and appear."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from animatex.epi.parts import add, draw_drop, drop, missing_limbs
from animatex.epi.pool import synthetic_pool
from animatex.pose.proportions import RIGHT_CALF, RIGHT_THIGH, TORSO, full_lengths
from animatex.pose.sequence import PoseSequence
from animatex.pose.skeleton import (
    LEFT_ANKLE,
    LEFT_ARM,
    LEFT_ELBOW,
    LEFT_FOOT,
    LEFT_HAND,
    LEFT_HIP,
    LEFT_KNEE,
    LEFT_SHOULDER,
    LEFT_WRIST,
    NECK,
    RIGHT_ANKLE,
    RIGHT_ELBOW,
    RIGHT_FOOT,
    RIGHT_HAND,
    RIGHT_HIP,
    RIGHT_KNEE,
    RIGHT_SHOULDER,
    RIGHT_WRIST,
)
from tests.epi.conftest import CANVAS, dancer

_HANGS_ON = (
    (RIGHT_ELBOW, (RIGHT_WRIST,)),
    (LEFT_ELBOW, (LEFT_WRIST,)),
    (RIGHT_WRIST, range(RIGHT_HAND.start, RIGHT_HAND.stop)),
    (LEFT_WRIST, range(LEFT_HAND.start, LEFT_HAND.stop)),
    (RIGHT_KNEE, (RIGHT_ANKLE,)),
    (LEFT_KNEE, (LEFT_ANKLE,)),
    (RIGHT_ANKLE, RIGHT_FOOT),
    (LEFT_ANKLE, LEFT_FOOT),
)


def without(poses: PoseSequence, *points: int) -> PoseSequence:
    where = np.zeros(134, bool)
    where[list(points)] = True
    return poses.hidden(where)


@given(st.integers(0, 10_000))
def test_what_hangs_on_a_dropped_part_goes_with_it_and_the_trunk_stays(seed: int) -> None:
    gone = set(draw_drop(np.random.default_rng(seed)).points)
    assert gone
    for holder, children in _HANGS_ON:
        assert holder not in gone or gone.issuperset(children)
    assert not gone & {0, NECK, RIGHT_SHOULDER, LEFT_SHOULDER, RIGHT_HIP, LEFT_HIP}


def test_every_part_is_dropped_some_time() -> None:
    rng = np.random.default_rng(0)
    drawn = [draw_drop(rng).points for _ in range(1500)]
    assert {LEFT_ELBOW, RIGHT_KNEE, LEFT_FOOT[0], RIGHT_HAND.start, 14, 24} <= set().union(*drawn)
    assert sum(len(points) == 21 for points in drawn) / 1500 == pytest.approx(0.25 * 2 / 3, abs=0.03)


def test_a_dropped_part_is_hidden_in_every_frame_and_nothing_else(poses: PoseSequence) -> None:
    dropped = drop(poses, (3, 4))
    assert (dropped.scores[:, [3, 4]] == 0).all()
    others = [i for i in range(134) if i not in (3, 4)]
    assert np.array_equal(dropped.scores[:, others], poses.scores[:, others])
    assert np.array_equal(dropped.keypoints, poses.keypoints)


def test_missing_limbs_are_those_never_seen_whose_root_is(poses: PoseSequence) -> None:
    assert missing_limbs(poses) == ()
    assert missing_limbs(without(poses, RIGHT_ELBOW, RIGHT_WRIST, LEFT_KNEE, LEFT_ANKLE)) == (0, 3)
    assert missing_limbs(without(poses, RIGHT_ELBOW)) == ()
    assert missing_limbs(without(poses, LEFT_HIP, LEFT_KNEE, LEFT_ANKLE)) == ()


def test_a_missing_arm_is_the_mirror_image_of_the_other(poses: PoseSequence) -> None:
    straight = poses.keypoints.copy()
    straight[:, NECK] = (256, 200)
    straight[:, [RIGHT_HIP, LEFT_HIP]] = ((236, 400), (276, 400))
    straight[:, RIGHT_SHOULDER], straight[:, LEFT_SHOULDER] = (216, 204), (296, 204)
    whole = poses.moved(straight)
    added = add(without(whole, RIGHT_ELBOW, RIGHT_WRIST), [0], whole.select([0]))
    for right, left in (
        (RIGHT_ELBOW, LEFT_ELBOW),
        (RIGHT_WRIST, LEFT_WRIST),
        (RIGHT_HAND.start, LEFT_HAND.start),
    ):
        mirrored = whole.keypoints[:, left] * (-1, 1) + (512, 0)
        assert np.allclose(added.keypoints[:, right], mirrored, atol=1e-3)
        assert (added.scores[:, right] == 1).all()
    assert np.array_equal(added.keypoints[:, list(LEFT_ARM)], whole.keypoints[:, list(LEFT_ARM)])


@given(st.integers(0, 10_000))
def test_a_mirrored_limb_is_as_long_as_its_model_however_the_body_leans(seed: int) -> None:
    poses = dancer(np.random.default_rng(seed))
    added = add(without(poses, LEFT_KNEE, LEFT_ANKLE), [3], poses.select([0]))

    def thigh(hip: int, knee: int) -> np.ndarray:
        return np.linalg.norm(added.keypoints[:, knee] - added.keypoints[:, hip], axis=1)

    assert np.allclose(thigh(LEFT_HIP, LEFT_KNEE), thigh(RIGHT_HIP, RIGHT_KNEE), rtol=1e-3)


def test_where_both_legs_are_missing_they_hang_as_long_as_the_anchors(poses: PoseSequence) -> None:
    anchor = synthetic_pool(3, CANVAS, count=1).anchors[0]
    legless = without(poses, RIGHT_KNEE, RIGHT_ANKLE, LEFT_KNEE, LEFT_ANKLE, *RIGHT_FOOT, *LEFT_FOOT)
    added = add(legless, [2, 3], anchor)
    theirs, ours = full_lengths(anchor), full_lengths(added)
    for limb in (RIGHT_THIGH, RIGHT_CALF):
        assert ours[limb] / ours[TORSO] == pytest.approx(theirs[limb] / theirs[TORSO], rel=1e-3)
    hips = added.keypoints[:, [RIGHT_HIP, LEFT_HIP]].mean(axis=1) - added.keypoints[:, NECK]
    leg = added.keypoints[:, RIGHT_ANKLE] - added.keypoints[:, RIGHT_HIP]
    assert np.allclose(np.arctan2(*hips.T), np.arctan2(*leg.T), atol=1e-3)


def test_arms_hang_outwards_and_follow_their_shoulder(poses: PoseSequence) -> None:
    armless = without(poses, RIGHT_ELBOW, RIGHT_WRIST, LEFT_ELBOW, LEFT_WRIST)
    sometimes = armless.scores.copy()
    sometimes[2, RIGHT_SHOULDER] = 0
    armless = PoseSequence(armless.keypoints, sometimes, armless.canvas, armless.fps)
    added = add(armless, [0, 1], poses.select([0]))
    down = added.keypoints[:, [RIGHT_HIP, LEFT_HIP]].mean(axis=1) - added.keypoints[:, NECK]
    for shoulder, elbow, sign in ((RIGHT_SHOULDER, RIGHT_ELBOW, 1), (LEFT_SHOULDER, LEFT_ELBOW, -1)):
        arm = added.keypoints[:, elbow] - added.keypoints[:, shoulder]
        angle = np.arctan2(down[:, 0] * arm[:, 1] - down[:, 1] * arm[:, 0], (down * arm).sum(axis=1))
        seen = added.scores[:, shoulder] > 0
        assert np.allclose(angle[seen], sign * math.radians(15), atol=1e-2)
        assert np.array_equal(added.scores[:, elbow] > 0, seen)


def test_lengths_nobody_knows_are_those_of_people(poses: PoseSequence) -> None:
    bust = without(poses, *range(2, 134)).scores
    bust[:, [RIGHT_SHOULDER, LEFT_SHOULDER]] = 1
    shoulders = PoseSequence(poses.keypoints, bust, poses.canvas, poses.fps)
    added = add(shoulders, [0], shoulders.select([0]))
    arm = added.keypoints[0, RIGHT_ELBOW] - added.keypoints[0, RIGHT_SHOULDER]
    assert np.linalg.norm(arm) == pytest.approx(0.58 * 0.3 * poses.canvas.height, rel=1e-3)
