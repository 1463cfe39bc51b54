from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from animatex.pose.sequence import PoseSequence
from animatex.video.frames import Size
from tests.pose.figures import figure, random_poses

sizes = st.builds(Size, st.integers(1, 4000), st.integers(1, 4000))


@given(canvas=sizes)
def test_another_canvas_and_back_is_the_same_pose(canvas: Size):
    poses = figure(frames=2)
    there = poses.on_canvas(canvas)
    assert there.canvas == canvas
    np.testing.assert_allclose(there.on_canvas(poses.canvas).keypoints, poses.keypoints, rtol=1e-5)


@given(canvas=sizes)
def test_fractions_do_not_depend_on_the_canvas(canvas: Size):
    poses = figure(frames=2)
    np.testing.assert_allclose(poses.on_canvas(canvas).normalised(), poses.normalised(), rtol=1e-5)


def test_unseen_points_are_never_visible():
    poses = figure().hidden(np.arange(134) == 7)
    assert not poses.visible(0.0)[0, 7]
    assert poses.visible(0.0).sum() == 133


def test_selected_frames_come_in_the_order_asked_for():
    poses = random_poses(np.random.default_rng(1), frames=4)
    assert np.array_equal(poses.select([2, 0, 2]).scores, poses.scores[[2, 0, 2]])


@given(seed=st.integers(0, 2**32 - 1))
def test_the_most_complete_frame_is_the_first_with_most_joints(seed: int):
    rng = np.random.default_rng(seed)
    poses = random_poses(rng, frames=5, unseen=rng.random())
    joints = [int((frame[:18] > 0).sum()) for frame in poses.scores]
    assert poses.most_complete() == joints.index(max(joints))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"keypoints": np.zeros((1, 133, 2), np.float32)},
            r"keypoints are float32 \[1, 133, 2\]; needs float32 \[F, 134, 2\]",
        ),
        ({"keypoints": np.zeros((1, 134, 2))}, "keypoints are float64"),
        ({"keypoints": np.zeros((0, 134, 2), np.float32)}, "at least one frame"),
        ({"scores": np.zeros((2, 134), np.float32)}, "keypoints have 1 frames and scores 2"),
        ({"scores": np.full((1, 134), 1.5, np.float32)}, "score of frame 0, nose is 1.5; needs 0 to 1"),
        ({"scores": np.full((1, 134), np.nan, np.float32)}, "score of frame 0, nose is nan"),
        ({"canvas": Size(0, 5)}, "canvas is"),
        ({"fps": 0.0}, "fps is 0.0; needs a positive number"),
        ({"fps": float("nan")}, "fps is nan"),
    ],
)
def test_what_is_wrong_is_said_with_its_value(change: dict, message: str):
    fields = {
        "keypoints": np.zeros((1, 134, 2), np.float32),
        "scores": np.ones((1, 134), np.float32),
        "canvas": Size(8, 8),
        "fps": 24.0,
    }
    with pytest.raises(ValueError, match=message):
        PoseSequence(**{**fields, **change})


def test_a_seen_point_has_a_place():
    keypoints = np.zeros((2, 134, 2), np.float32)
    keypoints[1, 4, 0] = np.nan
    scores = np.ones((2, 134), np.float32)
    with pytest.raises(ValueError, match="frame 1, right_wrist is at .* with a score above 0"):
        PoseSequence(keypoints, scores, Size(8, 8), 24.0)
    scores[1, 4] = 0
    PoseSequence(keypoints, scores, Size(8, 8), 24.0)
