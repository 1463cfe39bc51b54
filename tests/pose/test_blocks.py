"""What a character whose head and body are one block makes of a performer's motion."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from animatex.pose import skeleton as sk
from animatex.pose.retarget import retarget
from animatex.pose.sequence import PoseSequence
from tests.pose.figures import Body, figure, mirrored, random_poses, retargeting

CARTON = Body(torso=150, shoulder=90, hip=60, neck=50, ear=60, upper_arm=60, forearm=55, thigh=40, calf=38)
BLOCK = [*sk.HEAD, sk.NECK, sk.RIGHT_SHOULDER, sk.LEFT_SHOULDER, sk.RIGHT_HIP, sk.LEFT_HIP]
LOOKS = [sk.NOSE, sk.RIGHT_EYE, sk.LEFT_EYE]
FIRM = [joint for joint in BLOCK if joint not in LOOKS]


def on_a_block(poses: PoseSequence, to: PoseSequence, strength: float = 1.0) -> PoseSequence:
    return retarget(poses, to, retargeting(strength=strength), neckless=True)


def turned(poses: PoseSequence, points: list[int], about: int, angles: np.ndarray) -> PoseSequence:
    """The same with some points turned clockwise about another one, an angle in radians for each frame."""
    keypoints = poses.keypoints.astype(np.float64)
    cosine, sine = np.cos(angles), np.sin(angles)
    matrix = np.stack([np.stack([cosine, sine], 1), np.stack([-sine, cosine], 1)], 1)
    centre = keypoints[:, [about]]
    keypoints[:, points] = (keypoints[:, points] - centre) @ matrix + centre
    return poses.moved(keypoints.astype(np.float32))


def leaning(angles: np.ndarray) -> PoseSequence:
    """A dancer who leans on the right hip with all that is above."""
    clip = figure(frames=len(angles))
    legs = [9, 10, 12, 13, *sk.RIGHT_FOOT, *sk.LEFT_FOOT]
    above = [point for point in range(134) if point not in legs]
    return turned(clip, above, sk.RIGHT_HIP, angles)


def distances(poses: PoseSequence, joints: list[int]) -> np.ndarray:
    """Between each two joints: [F, J, J]."""
    places = poses.keypoints[:, joints].astype(np.float64)
    return np.linalg.norm(places[:, :, None] - places[:, None], axis=3)


def lean(poses: PoseSequence) -> np.ndarray:
    up = poses.keypoints[:, sk.NECK] - poses.keypoints[:, [sk.RIGHT_HIP, sk.LEFT_HIP]].mean(1)
    return np.arctan2(up[:, 0], -up[:, 1])


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_a_block_keeps_its_shape_whatever_the_performer_does(seed: int) -> None:
    performer = random_poses(np.random.default_rng(seed), unseen=0.0)
    held = on_a_block(performer, figure(CARTON))
    np.testing.assert_allclose(
        distances(held, FIRM), np.repeat(distances(figure(CARTON), FIRM), len(held), 0), atol=0.05
    )


def test_without_a_block_the_same_performer_bends_the_body() -> None:
    performer = random_poses(np.random.default_rng(1), unseen=0.0)
    free = retarget(performer, figure(CARTON), retargeting())
    assert np.abs(distances(free, FIRM) - distances(figure(CARTON), FIRM)).max() > 20


def test_an_upright_block_onto_itself_is_itself() -> None:
    block = figure(CARTON)
    np.testing.assert_allclose(on_a_block(block, block).keypoints, block.keypoints, atol=0.02)


def test_it_leans_three_quarters_as_far_and_is_upside_down_with_the_performer() -> None:
    angles = np.radians([0, 10, 20, 90, 179, 181])
    held = lean(on_a_block(leaning(angles), figure(CARTON)))
    assert held[:3] == pytest.approx(0.75 * angles[:3], abs=0.01)
    assert 0.75 * angles[3] < held[3] < angles[3]
    # No jump where an angle's sign changes.
    assert abs(held[4]) == pytest.approx(np.pi, abs=0.03)
    assert abs(held[5]) == pytest.approx(np.pi, abs=0.03)


def test_it_stands_on_its_feet_and_not_on_its_head_where_it_leans_in_the_picture() -> None:
    tilted = turned(figure(CARTON), BLOCK, sk.RIGHT_HIP, np.radians([15]))
    held = on_a_block(figure(frames=2), tilted)
    assert lean(held) == pytest.approx(0, abs=0.01)
    np.testing.assert_allclose(distances(held, FIRM)[0], distances(tilted, FIRM)[0], atol=0.05)


def test_a_head_that_nods_and_tilts_moves_nothing_and_one_that_looks_aside_the_face_a_little() -> None:
    frames = 9
    head = [*sk.HEAD, *range(sk.FACE.start, sk.FACE.stop)]
    tilting = turned(figure(frames=frames), head, sk.NECK, np.linspace(-0.4, 0.4, frames))
    still = on_a_block(tilting, figure(CARTON)).keypoints
    assert np.ptp(still[:, BLOCK], axis=0).max() < 1.5

    clip = figure(frames=frames)
    keypoints = clip.keypoints.copy()
    aside = np.linspace(-8, 8, frames)
    keypoints[:, [*LOOKS, *range(sk.FACE.start, sk.FACE.stop)], 0] += aside[:, None]
    looking = on_a_block(clip.moved(keypoints), figure(CARTON)).keypoints
    free = retarget(clip.moved(keypoints), figure(CARTON), retargeting()).keypoints
    assert np.ptp(looking[:, FIRM], axis=0).max() < 0.05
    held_look, look = (
        np.ptp(points[:, sk.NOSE, 0] - points[:, [sk.RIGHT_EAR, sk.LEFT_EAR], 0].mean(1))
        for points in (looking, free)
    )
    assert held_look == pytest.approx(0.3 * look, rel=0.02)
    face = looking[:, sk.FACE] - looking[:, [sk.NOSE]]
    np.testing.assert_allclose(face, face[[0] * frames], atol=0.05)


def test_arms_and_legs_move_as_they_do_on_any_body() -> None:
    performer = figure(frames=12, swing=0.5)
    held, free = (
        retarget(performer, figure(CARTON), retargeting(), neckless=neckless) for neckless in (True, False)
    )
    for limb in (sk.RIGHT_ARM, sk.LEFT_ARM, sk.RIGHT_LEG, sk.LEFT_LEG):
        one, other = (np.diff(clip.keypoints[:, limb], axis=1) for clip in (held, free))
        np.testing.assert_allclose(one, other, atol=0.02)
    np.testing.assert_array_equal(held.scores, free.scores)


def test_without_hips_it_leans_on_its_neck_and_without_a_neck_it_is_left_alone() -> None:
    performer = leaning(np.radians([0, 20]))
    block = figure(CARTON)
    lost = np.zeros(block.scores.shape, bool)
    lost[:, [sk.RIGHT_HIP, sk.LEFT_HIP]] = True
    upper = on_a_block(performer, block.hidden(lost))
    joints = [sk.RIGHT_EAR, sk.LEFT_EAR, sk.NECK, sk.RIGHT_SHOULDER, sk.LEFT_SHOULDER]
    np.testing.assert_allclose(distances(upper, joints), np.repeat(distances(block, joints), 2, 0), atol=0.05)
    line = upper.keypoints[:, sk.LEFT_SHOULDER] - upper.keypoints[:, sk.RIGHT_SHOULDER]
    assert np.arctan2(line[:, 1], line[:, 0]) == pytest.approx(np.radians([0, 15]), abs=0.01)

    lost[:, sk.NECK] = True
    config = retargeting()
    np.testing.assert_array_equal(
        on_a_block(performer, block.hidden(lost)).keypoints,
        retarget(performer, block.hidden(lost), config).keypoints,
    )


def test_a_performer_seen_from_the_chest_up_leaves_the_block_upright() -> None:
    performer = leaning(np.radians([20, 20]))
    lost = np.zeros(performer.scores.shape, bool)
    lost[:, 8:14] = True
    assert lean(on_a_block(performer.hidden(lost), figure(CARTON))) == pytest.approx(0, abs=0.01)


def test_strength_goes_from_the_performers_body_to_the_block() -> None:
    performer = leaning(np.radians([0, 20, -20]))
    places = [on_a_block(performer, figure(CARTON), strength).keypoints for strength in (0.0, 1.0)]
    free = retarget(performer, figure(CARTON), retargeting(strength=0.0)).keypoints
    np.testing.assert_allclose(places[0], free, atol=0.01)
    assert np.abs(places[1] - free)[:, BLOCK].max() > 5


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_mirrored_performers_make_mirrored_blocks(seed: int) -> None:
    performer = random_poses(np.random.default_rng(seed), unseen=0.2)
    one = mirrored(on_a_block(performer, figure(CARTON)))
    other = on_a_block(mirrored(performer), mirrored(figure(CARTON)))
    seen = one.scores > 0
    np.testing.assert_allclose(one.keypoints[seen], other.keypoints[seen], atol=0.05)
