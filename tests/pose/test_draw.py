from __future__ import annotations

import tracemalloc
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from animatex.pose import skeleton as sk
from animatex.pose.draw import RELEASED, draw_poses, overlay_poses, stream_drawings, stream_overlay
from animatex.pose.sequence import PoseSequence
from animatex.pose.skeleton import from_wholebody
from animatex.video.frames import FrameSequence, Size
from tests.pose.figures import figure, random_poses

RECORDED = np.load(Path(__file__).parent / "data" / "drawings.npz")
CASES = sorted({name.split("__")[0] for name in RECORDED.files})
# From 4.13 on OpenCV draws lines that leave the picture differently; only hands are drawn with lines.
NEWER_LINES = tuple(int(part) for part in cv2.__version__.split(".")[:2]) >= (4, 13)


def as_poses(keypoints: np.ndarray, scores: np.ndarray, size: tuple[int, int]) -> PoseSequence:
    ours, our_scores = from_wholebody(keypoints, scores)
    return PoseSequence(ours[None].astype(np.float32), our_scores[None].astype(np.float32), Size(*size), 1.0)


def recorded(case: str) -> PoseSequence:
    keypoints, scores, size = (RECORDED[f"{case}__{field}"] for field in ("keypoints", "scores", "size"))
    return as_poses(keypoints, scores, (int(size[0]), int(size[1])))


@pytest.mark.parametrize("case", CASES)
def test_drawings_equal_the_released_ones_to_the_pixel(case: str):
    np.testing.assert_array_equal(draw_poses(recorded(case))[0], RECORDED[f"{case}__picture"])


def test_the_face_is_drawn_on_request():
    picture = draw_poses(recorded("hc01_stand"), replace(RELEASED, face=True))[0]
    np.testing.assert_array_equal(picture, RECORDED["hc01_stand__with_face"])


@pytest.mark.shared
def test_all_recorded_drawings_are_equal(shared: Path):
    files = sorted((shared / "pose" / "draw").glob("*.npz"))
    assert len(files) > 20
    for file in files:
        with np.load(file) as case:
            poses = as_poses(
                case["keypoints133"], case["scores133"], (int(case["height"]), int(case["width"]))
            )
            if NEWER_LINES and poses.visible(0.3)[0, sk.LEFT_HAND.start :].any():
                continue
            ours = draw_poses(poses)[0]
            np.testing.assert_array_equal(ours[..., ::-1], case["canvas_noface_bgr"], err_msg=file.name)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_any_pose_can_be_drawn(seed: int):
    poses = random_poses(np.random.default_rng(seed), frames=2)
    pictures = draw_poses(poses)
    assert pictures.shape == (2, *poses.canvas, 3)
    assert pictures.dtype == np.uint8


def test_points_far_outside_change_nothing_but_themselves():
    poses = figure()
    keypoints = poses.keypoints.copy()
    keypoints[0, sk.RIGHT_WRIST] = 1e30
    assert draw_poses(poses.moved(keypoints)).any()


def test_nobody_is_black():
    poses = figure(frames=2)
    assert not draw_poses(poses.hidden(np.ones(134, bool))).any()


@given(point=st.sampled_from([*range(18), 18, 21]))
def test_hiding_a_joint_adds_no_paint(point: int):
    poses = figure()
    before = draw_poses(poses)[0].any(axis=-1)
    after = draw_poses(poses.hidden(np.arange(134) == point))[0].any(axis=-1)
    assert not (after & ~before).any()


def test_frames_are_drawn_independently():
    poses = figure(frames=3, swing=0.4)
    np.testing.assert_array_equal(draw_poses(poses)[1], draw_poses(poses.select([1]))[0])


def test_colours_are_as_the_network_reads_them():
    picture = draw_poses(figure())[0]
    right, left = (figure().keypoints[0, [sk.NECK, shoulder]].mean(axis=0).astype(int) for shoulder in (2, 5))
    assert picture[right[1], right[0]].tolist() == [0, 0, 153]
    assert picture[left[1], left[0]].tolist() == [0, 51, 153]


def test_overlay_keeps_the_frames_size_and_takes_one_picture_for_all():
    poses = figure(frames=3, swing=0.3)
    frame = FrameSequence(np.full((1, 384, 256, 3), 200, np.uint8), 1.0)
    overlay = overlay_poses(frame, poses)
    assert overlay.frames.shape == (3, 384, 256, 3)
    assert overlay.fps == poses.fps
    assert overlay.frames[0, 0, 0].tolist() == [100, 100, 100]
    assert (overlay.frames[0] != overlay.frames[2]).any()


@given(dim=st.floats(0, 1), seed=st.integers(0, 2**32 - 1))
def test_pictures_under_skeletons_are_dimmed(dim: float, seed: int):
    pictures = np.random.default_rng(seed).integers(0, 256, (2, 24, 16, 3), dtype=np.uint8)
    nobody = figure(frames=2, canvas=Size(24, 16)).hidden(np.ones(134, bool))
    overlay = overlay_poses(FrameSequence(pictures, 1.0), nobody, dim).frames
    np.testing.assert_array_equal(overlay, (pictures * np.float32(dim)).astype(np.uint8))


def test_pictures_that_are_painted_one_by_one_are_not_held():
    poses, size = figure(frames=30, swing=0.3, canvas=Size(600, 400)), 600 * 400 * 3
    still = FrameSequence(np.full((1, 600, 400, 3), 200, np.uint8), 1.0)
    for stream in (stream_drawings(poses), stream_overlay(still, poses)):
        tracemalloc.start()
        assert sum(picture.shape == (600, 400, 3) for picture in stream.frames) == 30
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < 6 * size


def test_overlay_needs_a_frame_for_each_pose():
    with pytest.raises(ValueError, match="2 frames for 3 poses"):
        overlay_poses(FrameSequence(np.zeros((2, 8, 8, 3), np.uint8), 1.0), figure(frames=3))
