"""Measured poses, corrected by a network."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from animatex.pose import skeleton as sk
from animatex.pose.proportions import ARMS, LEGS, torso_length
from animatex.pose.retarget import retarget
from animatex.pose.sequence import PoseSequence
from animatex.retargeting.learned import faces_us, put_on
from animatex.retargeting.network import RetargetNetwork
from tests.pose.figures import SHORT_LEGS, figure, mirrored, random_poses, retargeting
from tests.retargeting.networks import network, saying

PERFORMER = figure(frames=5, swing=0.7)
CHARACTER = figure(SHORT_LEGS)


def shifted(network: RetargetNetwork | None, method: str = "learned", **changes: object) -> np.ndarray:
    """How far a network moves the points, float [F, 134, 2], pixels."""
    config = retargeting(method, **changes)  # type: ignore[arg-type]
    away: np.ndarray = put_on(PERFORMER, CHARACTER, config, network).keypoints - measured().keypoints
    return away


def measured() -> PoseSequence:
    return retarget(PERFORMER, CHARACTER, retargeting())


def one(joint: int, x: float, y: float) -> torch.Tensor:
    shifts = torch.zeros(18, 2)
    shifts[joint] = torch.tensor([x, y])
    return shifts


@pytest.mark.parametrize("method", ["none", "similarity", "bones", "combined", "wan"])
def test_other_methods_do_not_ask(method: str) -> None:
    there = put_on(PERFORMER, CHARACTER, retargeting(method), network())
    assert np.array_equal(there.keypoints, retarget(PERFORMER, CHARACTER, retargeting(method)).keypoints)


def test_without_a_network_it_is_the_measured_part() -> None:
    assert not shifted(None).any()


def test_a_shift_is_in_torso_lengths_of_the_character() -> None:
    # To the right in the picture, to the left in its mirror image: they have to agree.
    torso = torso_length(measured())
    down = shifted(saying(one(sk.NECK, 0, 0.25)))
    assert np.allclose(down[:, sk.NECK], (0, 0.25 * torso), atol=0.01)
    assert not np.delete(down, sk.NECK, axis=1).any()
    aside = shifted(saying(one(sk.NECK, 0.25, 0)))
    assert not aside.any()


def test_left_and_right_are_one_answer() -> None:
    down = shifted(saying(one(sk.RIGHT_WRIST, 0, 0.2)))
    assert (
        np.allclose(down[:, sk.RIGHT_WRIST], down[:, sk.LEFT_WRIST]) and down[:, sk.LEFT_WRIST, 1].min() > 5
    )


@pytest.mark.parametrize(
    ("joint", "points"),
    [
        (sk.NOSE, range(sk.FACE.start, sk.FACE.stop)),
        (sk.RIGHT_WRIST, range(sk.RIGHT_HAND.start, sk.RIGHT_HAND.stop)),
        (sk.LEFT_WRIST, range(sk.LEFT_HAND.start, sk.LEFT_HAND.stop)),
        (sk.RIGHT_ANKLE, sk.RIGHT_FOOT),
        (sk.LEFT_ANKLE, sk.LEFT_FOOT),
    ],
)
def test_face_hands_and_feet_go_along(joint: int, points: range | tuple[int, ...]) -> None:
    away = shifted(saying(one(joint, 0, 0.3)))
    assert np.allclose(away[:, list(points)], away[:, [joint]]) and away[:, joint, 1].min() > 5


def test_nothing_moves_farther_than_half_a_torso() -> None:
    torso = torso_length(measured())
    far = shifted(saying(one(sk.NECK, 0, 7)))
    assert np.allclose(np.linalg.norm(far[:, sk.NECK], axis=1), torso / 2, rtol=1e-3)


def test_strength_is_how_much_of_the_corrections() -> None:
    # With the performer's own proportions the measured part is another, and nothing of the network is left.
    none = put_on(PERFORMER, CHARACTER, retargeting("learned", strength=0.0), network())
    assert np.array_equal(none.keypoints, retarget(PERFORMER, CHARACTER, retargeting(strength=0.0)).keypoints)


def test_a_body_that_hangs_on_its_neck_keeps_it() -> None:
    config = retargeting("learned", anchor="neck")
    there = put_on(PERFORMER, CHARACTER, config, network())
    hanging = retarget(PERFORMER, CHARACTER, retargeting(anchor="neck"))
    assert np.allclose(there.keypoints[:, sk.NECK], hanging.keypoints[:, sk.NECK], atol=1e-3)
    assert not np.allclose(there.keypoints[:, sk.NOSE], hanging.keypoints[:, sk.NOSE], atol=1)


def test_mirrored_poses_are_put_on_mirrored() -> None:
    config, learned = retargeting("learned"), network()
    there = put_on(PERFORMER, CHARACTER, config, learned)
    other = put_on(mirrored(PERFORMER), mirrored(CHARACTER), config, learned)
    assert np.allclose(mirrored(other).keypoints, there.keypoints, atol=0.3)


def test_with_nobody_in_the_picture_there_is_nothing_to_correct() -> None:
    nobody = CHARACTER.hidden(np.ones(134, bool))
    there = put_on(PERFORMER, nobody, retargeting("learned"), network())
    assert np.array_equal(there.keypoints, retarget(PERFORMER, nobody, retargeting()).keypoints)


@pytest.mark.parametrize("limbs", [ARMS, LEGS])
def test_who_shows_only_limbs_that_the_character_lacks_shows_nothing(
    limbs: tuple[tuple[int, ...], ...],
) -> None:
    lacking = np.isin(np.arange(134), np.concatenate(limbs))
    performer, character = PERFORMER.hidden(~lacking), CHARACTER.hidden(lacking)
    there = put_on(performer, character, retargeting("learned", missing_parts="hide"), network())
    assert not there.scores.any()


def from_behind(poses: PoseSequence, frames: slice) -> PoseSequence:
    """Left and right exchanged in some frames, where the joints are."""
    turned = replace(poses, keypoints=poses.keypoints.copy(), scores=poses.scores.copy())
    turned.keypoints[frames] = poses.keypoints[frames][:, list(sk.MIRROR)]
    return turned


def test_who_turns_round_is_seen_to() -> None:
    assert faces_us(PERFORMER).all()
    assert faces_us(from_behind(PERFORMER, slice(1, 3))).tolist() == [True, False, False, True, True]
    # Upside down is not from behind; and what is not seen is no reason to think so.
    assert faces_us(PERFORMER.moved(-PERFORMER.keypoints)).all()
    turned = from_behind(PERFORMER, slice(None))
    turned.scores[:, sk.LEFT_SHOULDER] = 0
    assert faces_us(turned).all()


def test_while_somebody_shows_their_back_shifts_go_on_from_before_to_after() -> None:
    turning = from_behind(PERFORMER, slice(2, 3))
    there = put_on(turning, CHARACTER, retargeting("learned"), network())
    away = there.keypoints - retarget(turning, CHARACTER, retargeting()).keypoints
    assert np.allclose(away[2], (away[1] + away[3]) / 2, atol=1e-3) and np.abs(away[1]).max() > 1


def test_who_never_turns_to_us_is_measured_only() -> None:
    turned = from_behind(PERFORMER, slice(None))
    there = put_on(turned, CHARACTER, retargeting("learned"), network())
    assert np.array_equal(there.keypoints, retarget(turned, CHARACTER, retargeting()).keypoints)


@given(st.integers(0, 2**32 - 1))
def test_any_poses_are_corrected_to_finite_ones(seed: int) -> None:
    rng = np.random.default_rng(seed)
    performer, character = random_poses(rng), random_poses(rng, frames=1)
    there = put_on(performer, character, retargeting("learned"), network(), neckless=bool(rng.random() < 0.5))
    assert there.canvas == character.canvas and there.fps == performer.fps and len(there) == len(performer)
    assert np.isfinite(there.keypoints[there.scores > 0]).all()
