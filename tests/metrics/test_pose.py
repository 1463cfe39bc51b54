from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from animatex.metrics.pose import PoseAccuracy, pose_accuracy

ALL = np.ones(18, bool)
FIGURE = np.random.default_rng(5).uniform(10, 90, (18, 2))


@given(st.lists(st.booleans(), min_size=18, max_size=18))
def test_a_pose_agrees_with_itself_as_far_as_it_is_seen(seen: list[bool]):
    mask = np.array(seen)
    found = pose_accuracy(FIGURE, mask, FIGURE, mask)
    assert found == (PoseAccuracy(0, 0, (1, 1)) if mask.any() else PoseAccuracy(None, None, None))


@given(st.floats(0, 50), st.floats(-50, 50))
def test_the_distance_is_per_coordinate(dx: float, dy: float):
    moved = FIGURE + [dx, dy]
    assert pose_accuracy(moved, ALL, FIGURE, ALL).akd == pytest.approx((dx + abs(dy)) / 2, abs=1e-9)


def test_what_is_not_found_is_missing_and_wrong():
    half = np.arange(18) < 9
    assert pose_accuracy(FIGURE, half, FIGURE, ALL) == PoseAccuracy(0, 0.5, (0.5, 0.5))


def test_a_figure_that_is_not_found_at_all_has_no_distance():
    assert pose_accuracy(FIGURE, ~ALL, FIGURE, ALL) == PoseAccuracy(None, 1, (0, 0))


def test_points_that_the_target_does_not_show_are_no_fault():
    half = np.arange(18) < 9
    assert pose_accuracy(FIGURE, ALL, FIGURE, half) == PoseAccuracy(0, 0, (1, 1))


def test_correct_means_within_a_part_of_the_body():
    side = np.ptp(FIGURE, axis=0).max()
    moved = FIGURE + [0.15 * side, 0]
    assert pose_accuracy(moved, ALL, FIGURE, ALL).pck == (0, 1)
