from __future__ import annotations

import numpy as np
import pytest

from animatex.pose import proportions as pp
from animatex.pose.proportions import LIMBS, compare_limbs, extent, first_lengths, full_lengths, limb_lengths
from tests.pose.figures import DANCER, SHORT_LEGS, Body, figure


def test_lengths_are_those_of_the_figure():
    lengths = dict(zip([limb.name for limb in LIMBS], limb_lengths(figure())[0], strict=True))
    assert lengths["torso"] == pytest.approx(DANCER.torso)
    assert lengths["shoulders"] == pytest.approx(2 * DANCER.shoulder)
    assert lengths["hips"] == pytest.approx(2 * DANCER.hip)
    assert lengths["face"] == pytest.approx(2 * DANCER.ear)
    for side in ("right", "left"):
        for part in ("upper_arm", "forearm", "thigh", "calf", "foot"):
            assert lengths[f"{side}_{part}"] == pytest.approx(getattr(DANCER, part), rel=1e-4)


def test_a_limb_with_an_unseen_end_is_unknown():
    lengths = limb_lengths(figure().hidden(np.arange(134) == 4))
    assert np.isnan(lengths[0, pp.RIGHT_FOREARM])
    assert np.isfinite(np.delete(lengths[0], pp.RIGHT_FOREARM)).all()


def test_both_sides_are_as_long_as_the_longer_one():
    poses = figure()
    keypoints = poses.keypoints.copy()
    keypoints[0, 4] = keypoints[0, 3] + (keypoints[0, 4] - keypoints[0, 3]) * 0.5
    lengths = full_lengths(poses.moved(keypoints))
    assert lengths[pp.RIGHT_FOREARM] == lengths[pp.LEFT_FOREARM] == pytest.approx(DANCER.forearm, rel=1e-4)


def test_the_first_frame_that_shows_a_limb_counts():
    poses = figure(frames=3)
    keypoints = poses.keypoints.copy()
    keypoints[2, 0] = keypoints[2, 1] - [0, 10]
    hidden = np.zeros((3, 134), bool)
    hidden[0, 0] = True
    assert first_lengths(poses.moved(keypoints).hidden(hidden))[pp.NECK_NOSE] == pytest.approx(DANCER.neck)


def test_overall_scale_is_the_trunks_where_limbs_disagree():
    small = Body(torso=85, shoulder=24, forearm=300)
    scales = compare_limbs(full_lengths(figure()), full_lengths(figure(small)), 1.0)
    assert 0.5 <= scales.overall <= 1.0
    assert scales.limbs[pp.RIGHT_FOREARM] <= 4 * scales.overall


def test_unknown_limbs_take_their_neighbours_scale():
    own, reference = full_lengths(figure()), full_lengths(figure(SHORT_LEGS))
    reference[[pp.RIGHT_CALF, pp.LEFT_CALF, pp.HIPS, pp.FACE_WIDTH]] = np.nan
    scales = compare_limbs(own, reference, 1.0)
    assert scales.limbs[pp.RIGHT_CALF] == pytest.approx(SHORT_LEGS.thigh / DANCER.thigh)
    assert scales.limbs[pp.HIPS] == pytest.approx(SHORT_LEGS.shoulder / DANCER.shoulder)
    assert scales.limbs[pp.FACE_WIDTH] == pytest.approx(SHORT_LEGS.ear / DANCER.ear)


def test_limbs_nobody_knows_take_the_overall_scale():
    own, reference = full_lengths(figure()), full_lengths(figure(Body(torso=340, shoulder=96)))
    reference[pp.RIGHT_UPPER_ARM : pp.LEFT_CALF + 1] = np.nan
    scales = compare_limbs(own, reference, 1.0)
    assert scales.limbs[pp.RIGHT_THIGH] == scales.limbs[pp.LEFT_FOREARM] == scales.overall


def test_legs_nobody_knows_take_the_arms_scale():
    own, reference = full_lengths(figure()), full_lengths(figure(SHORT_LEGS))
    reference[pp.RIGHT_THIGH : pp.LEFT_FOOT_LENGTH + 1] = np.nan
    scales = compare_limbs(own, reference, 1.0)
    assert scales.limbs[pp.LEFT_THIGH] == scales.limbs[pp.LEFT_UPPER_ARM] != scales.overall
    assert scales.limbs[pp.RIGHT_CALF] == scales.limbs[pp.RIGHT_FOREARM]


def test_an_unknown_foot_is_at_most_half_a_calf():
    own, reference = full_lengths(figure(Body(foot=110))), full_lengths(figure())
    reference[[pp.RIGHT_FOOT_LENGTH, pp.LEFT_FOOT_LENGTH]] = np.nan
    scales = compare_limbs(own, reference, 1.0)
    assert 110 * scales.limbs[pp.LEFT_FOOT_LENGTH] == pytest.approx(DANCER.calf / 2)


def test_without_common_limbs_the_fallback_counts():
    nothing = np.full(len(LIMBS), np.nan)
    scales = compare_limbs(nothing, nothing, 2.5)
    assert scales.overall == 2.5
    assert (scales.limbs == 2.5).all()


def test_the_head_gives_the_scale_where_only_it_is_known():
    own, reference = (np.where(np.arange(len(LIMBS)) == pp.EYE_WIDTH, v, np.nan) for v in (10.0, 30.0))
    assert compare_limbs(own, reference, 1.0).overall == 3


@pytest.mark.parametrize("shown", [[], [4], [3, 4, 20]])
def test_extent_is_the_most_complete_body(shown: list[int]):
    poses = figure(frames=3, swing=0.3)
    lost = np.zeros((3, 134), bool)
    lost[0] = ~np.isin(np.arange(134), shown)
    left, top, right, bottom = extent(poses.hidden(lost))
    assert (left < 256 < right) and (top < 200 < bottom)
    assert (left, top, right, bottom) == extent(poses.select([1]))
    assert extent(poses.hidden(np.ones(134, bool))) is None
