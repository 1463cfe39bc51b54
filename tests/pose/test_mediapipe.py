from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from animatex.pose import skeleton as sk
from animatex.pose.extract import detected_frames, estimate_poses
from animatex.pose.mediapipe import MediaPipe, believable

INSIDE = np.full((134, 2), 0.5)


def test_points_outside_the_picture_are_not_seen():
    places = INSIDE.copy()
    places[sk.LEFT_WRIST], places[sk.RIGHT_WRIST] = (1.03, 0.5), (0.5, 1.01)
    scores = believable(places, np.ones(134))
    assert scores[sk.LEFT_WRIST] == 0
    assert scores[sk.RIGHT_WRIST] == 1


def test_unsure_points_of_a_leg_that_leaves_the_picture_are_invented():
    places, visibility = INSIDE.copy(), np.ones(134)
    visibility[[sk.RIGHT_KNEE, sk.LEFT_KNEE]] = 0.45
    places[sk.RIGHT_ANKLE] = (0.5, 1.2)
    scores = believable(places, visibility)
    assert scores[[sk.RIGHT_KNEE, sk.RIGHT_ANKLE, *sk.RIGHT_FOOT]].tolist() == [0] * 5
    assert scores[sk.LEFT_KNEE] == 0.45
    assert (scores[[sk.LEFT_ANKLE, *sk.LEFT_FOOT]] == 1).all()


@given(seed=st.integers(0, 2**32 - 1))
def test_a_score_is_kept_or_taken_away(seed: int):
    rng = np.random.default_rng(seed)
    visibility = rng.random(134)
    scores = believable(rng.uniform(-0.3, 1.3, (134, 2)), visibility)
    assert ((scores == 0) | (scores == visibility)).all()
    for knee, ankle, foot in ((9, 10, sk.RIGHT_FOOT), (12, 13, sk.LEFT_FOOT)):
        assert scores[knee] > 0 or scores[ankle] == 0
        assert scores[ankle] >= 0.3 or (scores[list(foot)] == 0).all()


def test_nobody_is_found_in_an_empty_picture(capfd: pytest.CaptureFixture[str]):
    found = MediaPipe(still=True)(np.full((120, 90, 3), 127, np.uint8))
    assert len(found) == 0
    assert capfd.readouterr().err == ""


@pytest.mark.shared
@pytest.mark.parametrize("name", ["dance_1.mp4", "dance_3.mp4"])
def test_somebody_is_found_in_every_frame_of_real_dances(name: str, shared: Path):
    from animatex.video.reader import iterate_frames, probe

    video = shared / "samples" / name
    fps = probe(video).fps
    poses = estimate_poses(iterate_frames(video), fps, MediaPipe(still=False))
    assert detected_frames(poses).all()
    sure = poses.visible(0.3)
    assert sure[:, sk.NECK].mean() > 0.95
    assert sure[:, [sk.RIGHT_HIP, sk.LEFT_HIP]].mean() > 0.95
