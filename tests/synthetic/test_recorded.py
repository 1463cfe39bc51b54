"""Recorded dances: what was read off a performer's key points is what the performer did."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from animatex.pose.sequence import PoseSequence
from animatex.pose.skeleton import BODY, HEAD, LEFT_HIP, NUM_KEYPOINTS, RIGHT_HIP
from animatex.synthetic.clips import clip
from animatex.synthetic.humans import driver_body
from animatex.synthetic.motion import Motion, sample_dance
from animatex.synthetic.recorded import motion_of
from animatex.synthetic.rigging import solve
from animatex.video.frames import Size

SIZE, FRAMES = Size(96, 64), 24
BODY_OF_ONE = driver_body(np.random.default_rng(5))


def performed(motion: Motion) -> PoseSequence:
    """A body's joints as a pose estimator would give them."""
    joints = solve(BODY_OF_ONE, motion).joints
    points, scores = (
        np.zeros((len(joints), NUM_KEYPOINTS, 2), np.float32),
        np.zeros((len(joints), NUM_KEYPOINTS)),
    )
    points[:, BODY], scores[:, BODY] = joints * 300 + (200, 500), 1
    return PoseSequence(points, scores.astype(np.float32), Size(640, 400), 12.0)


def limbs(motion: Motion) -> np.ndarray:
    """Joints of trunk and limbs relative to the hips."""
    joints = solve(BODY_OF_ONE, motion).joints
    middle = joints[:, [RIGHT_HIP, LEFT_HIP]].mean(1, keepdims=True)
    return np.delete(joints - middle, HEAD, axis=1)


def test_a_dance_that_was_read_off_key_points_is_about_the_same_dance() -> None:
    errors, moves = [], []
    for seed in range(12):
        dance = sample_dance(np.random.default_rng(seed), FRAMES, 12.0)
        true, read = limbs(dance), limbs(motion_of(performed(dance)))
        errors.append(np.linalg.norm(read - true, axis=2).mean())
        moves.append(np.linalg.norm(true - true.mean(0), axis=2).mean())
    assert np.mean(errors) < 0.5 * np.mean(moves)


def test_size_and_place_of_the_performer_do_not_matter() -> None:
    poses = performed(sample_dance(np.random.default_rng(1), FRAMES, 12.0))
    moved = replace(poses, keypoints=poses.keypoints * 0.5 + np.float32(30))
    assert np.allclose(motion_of(moved).values, motion_of(poses).values, atol=1e-3)


def test_unseen_frames_are_bridged() -> None:
    poses = performed(sample_dance(np.random.default_rng(2), FRAMES, 12.0))
    scores, points = poses.scores.copy(), poses.keypoints.copy()
    scores[10], points[10] = 0, -1e3
    gap = motion_of(replace(poses, scores=scores, keypoints=points))
    assert np.isfinite(gap.values).all()
    assert np.abs(gap.values[10] - motion_of(poses).values[10]).max() < 1.5


def test_every_character_performs_a_recorded_dance() -> None:
    poses = performed(sample_dance(np.random.default_rng(3), FRAMES, 12.0))
    for seed in range(700, 704):
        made, own = clip(seed, SIZE, 4, motion=poses), clip(seed, SIZE, 4)
        assert made.caption == own.caption and np.isfinite(made.poses.keypoints).all()
        assert not np.array_equal(made.driver_poses.keypoints, own.driver_poses.keypoints)


def test_a_recording_that_cannot_be_used_is_refused() -> None:
    poses = performed(sample_dance(np.random.default_rng(4), 3, 12.0))
    with pytest.raises(ValueError, match="has 3 frames; 4 are needed"):
        clip(1, SIZE, 4, motion=poses)
    with pytest.raises(ValueError, match="never show all of them"):
        motion_of(replace(poses, scores=np.zeros_like(poses.scores)))
