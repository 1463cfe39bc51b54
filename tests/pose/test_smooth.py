from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from animatex.config.run import SmoothConfig
from animatex.pose import skeleton as sk
from animatex.pose.proportions import torso_length
from animatex.pose.smooth import fill_gaps, jitter, one_euro, smooth_poses
from animatex.video.frames import Size
from tests.pose.figures import DANCER, figure, random_poses

seeds = st.integers(0, 2**32 - 1)


def without(poses, frames, points):
    lost = np.zeros(poses.scores.shape, bool)
    lost[np.ix_(frames, points)] = True
    return poses.hidden(lost)


@settings(max_examples=30, deadline=None)
@given(seed=seeds, gap=st.integers(0, 6))
def test_seen_points_stay_where_they_are(seed: int, gap: int):
    poses = random_poses(np.random.default_rng(seed), frames=9)
    filled = fill_gaps(poses, gap)
    seen = poses.scores > 0
    np.testing.assert_array_equal(filled.keypoints[seen], poses.keypoints[seen])
    np.testing.assert_array_equal(filled.scores[seen], poses.scores[seen])


@settings(max_examples=30, deadline=None)
@given(seed=seeds)
def test_smoothing_any_poses_is_finite_and_hides_nothing(seed: int):
    poses = random_poses(np.random.default_rng(seed), frames=9)
    smooth = smooth_poses(poses, SmoothConfig(method="one_euro", min_cutoff=2.0, beta=5.0, max_gap=2))
    assert np.isfinite(smooth.keypoints[smooth.scores > 0]).all()
    assert (smooth.scores[poses.scores > 0] > 0).all()


def test_a_point_that_hangs_on_nothing_is_bridged_in_a_straight_line():
    poses = figure(frames=6, swing=0.3)
    keypoints = poses.keypoints.copy()
    keypoints[:, sk.NECK] = np.arange(6)[:, None] * [3.0, -2.0]
    filled = fill_gaps(without(poses.moved(keypoints), [2, 3], [sk.NECK]), 2)
    np.testing.assert_allclose(filled.keypoints[:, sk.NECK], keypoints[:, sk.NECK], atol=1e-4)
    assert (filled.scores[:, sk.NECK] == 1).all()


def test_a_limb_keeps_its_length_and_its_body_over_a_gap():
    poses = figure(frames=9)
    keypoints = poses.keypoints.copy()
    angles = np.linspace(0, 2.4, 9)
    keypoints += np.arange(9)[:, None, None] ** 2 * [1.0, 0.0]
    elbow = keypoints[:, sk.LEFT_ELBOW]
    keypoints[:, sk.LEFT_WRIST] = elbow + 70 * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    turning = poses.moved(keypoints)
    filled = fill_gaps(without(turning, range(1, 8), [sk.LEFT_WRIST]), 7)
    np.testing.assert_allclose(
        filled.keypoints[:, sk.LEFT_WRIST], turning.keypoints[:, sk.LEFT_WRIST], atol=0.01
    )


def test_a_long_gap_and_the_clips_ends_stay_empty():
    poses = without(figure(frames=8), [0, 2, 3, 4, 7], [sk.NOSE])
    filled = fill_gaps(poses, 2)
    np.testing.assert_array_equal(filled.scores[:, sk.NOSE], poses.scores[:, sk.NOSE])


def test_a_bridged_hand_stays_on_its_wrist():
    poses = figure(frames=12, swing=0.6)
    hand = list(range(sk.RIGHT_HAND.start, sk.RIGHT_HAND.stop))
    filled = fill_gaps(without(poses, [2, 3, 4], hand), 5)
    apart = filled.keypoints[:, sk.RIGHT_HAND.start] - filled.keypoints[:, sk.RIGHT_WRIST]
    np.testing.assert_allclose(apart, 0, atol=1e-3)


def test_a_still_figure_stays_still():
    poses = figure(frames=10)
    np.testing.assert_allclose(one_euro(poses, 1.0, 0.0).keypoints, poses.keypoints, atol=1e-3)


def test_trembling_is_reduced_and_motion_does_not_lag():
    truth = figure(frames=48, swing=0.3, fps=24.0)
    noise = np.random.default_rng(0).normal(0, 3, truth.keypoints.shape)
    shaken = truth.moved(truth.keypoints + noise)
    smooth = one_euro(shaken, 2.0, 5.0)
    assert jitter(smooth) < 0.6 * jitter(shaken)
    wrist = smooth.keypoints[:, sk.LEFT_WRIST, 0]
    errors = {
        lag: np.abs(np.roll(truth.keypoints[:, sk.LEFT_WRIST, 0], lag)[4:-4] - wrist[4:-4]).mean()
        for lag in (-1, 0, 1)
    }
    assert min(errors, key=errors.get) == 0


def test_smoothing_depends_on_seconds_not_on_frames():
    rng = np.random.default_rng(3)
    noise = rng.normal(0, 3, (30, 134, 2))
    slow = figure(frames=30, fps=12.0)
    fast = figure(frames=30, fps=48.0)
    left = [jitter(one_euro(p.moved(p.keypoints + noise), 2.0, 0.0)) / p.fps**2 for p in (slow, fast)]
    assert left[1] < left[0]


def test_a_point_that_appears_starts_afresh():
    poses = without(figure(frames=6), [0, 1, 2], [sk.NOSE])
    keypoints = poses.keypoints.copy()
    keypoints[:3, sk.NOSE] = 1e4
    smooth = one_euro(poses.moved(keypoints), 1.0, 0.0)
    np.testing.assert_allclose(smooth.keypoints[3:, sk.NOSE], keypoints[3:, sk.NOSE], atol=1e-3)


def test_no_smoothing_and_no_gaps_change_nothing():
    poses = random_poses(np.random.default_rng(5))
    same = smooth_poses(poses, SmoothConfig(method="none", min_cutoff=1.0, beta=0.0, max_gap=0))
    np.testing.assert_array_equal(same.keypoints, poses.keypoints)


def test_torso_is_measured_from_neck_to_hips():
    assert torso_length(figure(frames=3)) == pytest.approx(DANCER.torso)
    assert torso_length(figure().hidden(np.ones(134, bool))) == 768 / 4


def test_jitter_of_nobody_is_zero():
    assert jitter(figure(frames=4).hidden(np.ones(134, bool))) == 0


@pytest.mark.parametrize("fps", [12.0, 30.0])
def test_jitter_is_in_torso_lengths_a_second_squared(fps: float):
    still = figure(frames=9, fps=fps)
    shaken = still.moved(still.keypoints + np.array([1.0, -1.0] * 4 + [1.0])[:, None, None] * [3.0, 0.0])
    # From +3 to -3 to +3 pixels: a second difference of 12.
    assert jitter(shaken) == pytest.approx(12 * fps**2 / DANCER.torso, rel=1e-4)
    assert jitter(shaken.on_canvas(Size(2 * 768, 2 * 512))) == pytest.approx(jitter(shaken), rel=1e-4)
    assert jitter(still) == pytest.approx(0, abs=0.1)
