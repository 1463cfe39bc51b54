"""Poses to maps: what moves moves alike, what is unknown goes along."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from animatex.codec.motion.bones import (
    BACK_TO_FRONT,
    place_parts,
)
from animatex.codec.motion.joints import Joints
from animatex.codec.motion.placement import IDENTITY, Feature, apply
from animatex.pose import skeleton as sk
from animatex.pose.skeleton import HEAD_PART, LIMB_PARTS, PARTS, TORSO_PART
from tests.rig.puppets import SIZE, dancing, standing

STILL = standing(SIZE).keypoints[0, :18].astype(np.float64)
WHOLE = np.ones(18, bool)
REFERENCE = Joints(STILL, WHOLE)
DANCE = dancing(SIZE, 8).keypoints[:, :18].astype(np.float64)
CALVES = [PARTS.index("right_calf"), PARTS.index("left_calf")]

angles = st.floats(-np.pi, np.pi)
shifts = st.tuples(st.floats(-80, 80), st.floats(-80, 80))


def part_maps(reference: Joints, frame: Joints, neckless: bool = False) -> np.ndarray:
    return place_parts(reference, frame, neckless).maps


def hiding(pose: Joints, *joints: int) -> Joints:
    seen = pose.seen.copy()
    seen[list(joints)] = False
    # Whatever the place of an unseen joint says, it must not matter.
    places = np.where(seen[:, None], pose.places, 1e4)
    return Joints(places, seen)


def turn(angle: float) -> np.ndarray:
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


def moved(linear: np.ndarray, shift: tuple[float, float]) -> tuple[Joints, np.ndarray]:
    """The reference sent through a map, and the map."""
    affine = np.concatenate([linear, np.array(shift)[:, None]], 1)
    return Joints(apply(affine, STILL), WHOLE), affine


@pytest.mark.parametrize("neckless", [False, True])
def test_equal_poses_move_nothing(neckless: bool) -> None:
    assert np.allclose(part_maps(REFERENCE, REFERENCE, neckless), IDENTITY)


@pytest.mark.parametrize(
    "unseen", [(), (sk.NECK,), (sk.RIGHT_HIP, sk.LEFT_HIP), (*sk.HEAD,), tuple(range(18))]
)
def test_equal_poses_move_nothing_however_little_is_seen(unseen: tuple[int, ...]) -> None:
    pose = hiding(REFERENCE, *unseen)
    assert np.allclose(part_maps(pose, pose), IDENTITY)


@given(shift=shifts)
def test_a_pose_that_is_moved_moves_all_parts(shift: tuple[float, float]) -> None:
    frame, affine = moved(np.eye(2), shift)
    assert np.allclose(part_maps(REFERENCE, frame)[1:], affine)


@given(angle=st.floats(-0.69, 0.69), shift=shifts)
def test_a_pose_that_is_turned_turns_all_parts(angle: float, shift: tuple[float, float]) -> None:
    frame, affine = moved(turn(angle), shift)
    assert np.allclose(part_maps(REFERENCE, frame)[1:], affine, atol=1e-6)


@given(angle=angles)
def test_a_cartwheel_turns_the_body_but_the_head_no_further_than_heads_do(angle: float) -> None:
    frame, affine = moved(turn(angle), (10, 20))
    maps = part_maps(REFERENCE, frame)
    others = [part for part in range(1, len(PARTS)) if part != HEAD_PART]
    assert np.allclose(maps[others], affine, atol=1e-6)
    roll = np.arctan2(maps[HEAD_PART][1, 0], maps[HEAD_PART][0, 0])
    assert abs(roll) <= np.deg2rad(40) + 1e-9
    assert np.allclose(part_maps(REFERENCE, frame, neckless=True)[HEAD_PART], affine, atol=1e-6)


@given(scale=st.floats(0.6, 1.7), shift=shifts)
def test_a_pose_that_is_scaled_scales_body_and_limbs(scale: float, shift: tuple[float, float]) -> None:
    frame, affine = moved(scale * np.eye(2), shift)
    maps = part_maps(REFERENCE, frame)
    assert np.allclose(maps[TORSO_PART], affine)
    for limb in LIMB_PARTS:
        ends = STILL[[limb.start, limb.end]]
        assert np.allclose(apply(maps[limb.part], ends), apply(affine, ends))
        # A limb that gets longer gets a little thinner, as one that turns away from us does.
        across = np.linalg.det(maps[limb.part][:, :2]) / scale
        assert across == pytest.approx(scale**-0.3)
    # Nor does a head: it may leave its neck a little.
    off = apply(maps[HEAD_PART], STILL[sk.NECK]) - apply(affine, STILL[sk.NECK])
    ears = STILL[[sk.RIGHT_EAR, sk.LEFT_EAR]].mean(0)
    assert np.linalg.norm(off) <= 0.36 * np.linalg.norm(ears - STILL[sk.NECK])


@pytest.mark.parametrize("frame", range(8))
def test_limbs_end_where_the_pose_has_their_joints(frame: int) -> None:
    maps = part_maps(REFERENCE, Joints(DANCE[frame], WHOLE))
    for limb in LIMB_PARTS:
        for joint in (limb.start, limb.end):
            assert np.allclose(apply(maps[limb.part], STILL[joint]), DANCE[frame, joint], atol=1e-6)


@given(ratio=st.floats(0.05, 5))
def test_limbs_of_impossible_length_are_limited_and_stay_attached(ratio: float) -> None:
    places = STILL.copy()
    places[sk.RIGHT_ELBOW] = places[2] + ratio * (places[3] - places[2])
    places[sk.RIGHT_WRIST] = places[3] + (STILL[4] - STILL[3])
    maps = part_maps(REFERENCE, Joints(places, WHOLE))
    upper, fore = PARTS.index("right_upper_arm"), PARTS.index("right_forearm")
    length = np.linalg.norm(apply(maps[upper], STILL[3]) - apply(maps[upper], STILL[2]))
    assert length == pytest.approx(np.linalg.norm(STILL[3] - STILL[2]) * np.clip(ratio, 0.35, 1.8))
    assert np.allclose(apply(maps[upper], STILL[3]), apply(maps[fore], STILL[3]))


@pytest.mark.parametrize("limb", LIMB_PARTS, ids=lambda limb: PARTS[limb.part])
@pytest.mark.parametrize("where", ["reference", "frame"])
def test_a_limb_that_one_pose_does_not_know_goes_with_what_it_hangs_on(limb, where: str) -> None:
    for joint in (limb.start, limb.end):
        reference, frame = REFERENCE, Joints(DANCE[2], WHOLE)
        if where == "reference":
            reference = hiding(reference, joint)
        else:
            frame = hiding(frame, joint)
        maps = part_maps(reference, frame)
        assert np.array_equal(maps[limb.part], maps[limb.parent])


@pytest.mark.parametrize("unseen", [(sk.NECK,), (sk.NECK, sk.LEFT_SHOULDER), (sk.NECK, sk.RIGHT_SHOULDER)])
@given(angle=st.floats(-0.69, 0.69), shift=shifts)
def test_without_a_neck_the_body_goes_where_shoulders_and_hips_go(
    unseen: tuple[int, ...], angle: float, shift: tuple[float, float]
) -> None:
    frame, affine = moved(turn(angle), shift)
    assert np.allclose(part_maps(REFERENCE, hiding(frame, *unseen))[1:], affine, atol=1e-6)
    body = part_maps(hiding(REFERENCE, *unseen), frame)[TORSO_PART]
    assert np.allclose(body, affine, atol=1e-6)


@given(shift=shifts)
def test_a_nose_alone_moves_everything(shift: tuple[float, float]) -> None:
    frame, affine = moved(np.eye(2), shift)
    alone = hiding(frame, *(joint for joint in range(18) if joint != sk.NOSE))
    assert np.allclose(part_maps(REFERENCE, alone)[1:], affine)


@pytest.mark.parametrize("neckless", [False, True])
@given(scale=st.floats(0.3, 3), frame=st.integers(0, 7))
def test_a_larger_character_is_the_same_in_every_way(neckless: bool, scale: float, frame: int) -> None:
    there = place_parts(REFERENCE, Joints(DANCE[frame], WHOLE), neckless)
    larger = place_parts(REFERENCE, Joints(scale * DANCE[frame], WHOLE), neckless, scale)
    for part in range(len(PARTS)):
        assert np.allclose(larger.to_frame(part, STILL), scale * there.to_frame(part, STILL), atol=1e-4)


def test_where_no_joint_is_known_nothing_moves() -> None:
    maps = part_maps(REFERENCE, hiding(REFERENCE, *range(18)))
    assert np.array_equal(maps, np.repeat(IDENTITY[None], len(PARTS), 0))


def test_half_a_body_follows_its_shoulders() -> None:
    angle = 0.4
    frame, affine = moved(turn(angle), (5, 7))
    legs = (*sk.RIGHT_LEG, *sk.LEFT_LEG)
    maps = part_maps(hiding(REFERENCE, *legs), hiding(frame, *legs))
    assert np.allclose(maps[TORSO_PART], affine, atol=1e-6)
    assert all(np.array_equal(maps[calf], maps[TORSO_PART]) for calf in CALVES)


@given(squeeze=st.floats(-1.5, 1.5))
def test_half_a_body_that_turns_gets_narrower_and_stays_upright(squeeze: float) -> None:
    middle = STILL[sk.NECK, 0]
    places = STILL.copy()
    places[:, 0] = middle + squeeze * (places[:, 0] - middle)
    legs = (*sk.RIGHT_LEG, *sk.LEFT_LEG)
    linear = part_maps(hiding(REFERENCE, *legs), Joints(places, WHOLE))[TORSO_PART][:, :2]
    assert np.allclose(linear, np.diag([np.clip(abs(squeeze), 0.55, 1.15), 1]), atol=1e-6)


@given(st.lists(st.integers(0, 17), max_size=18), st.floats(0, 1e4), st.floats(0, 1e4))
def test_key_points_that_fall_together_leave_a_picture_that_can_be_painted(
    fallen: list[int], x: float, y: float
) -> None:
    places = STILL.copy()
    places[fallen] = x, y
    for reference, frame in ((REFERENCE, Joints(places, WHOLE)), (Joints(places, WHOLE), REFERENCE)):
        placed = place_parts(reference, frame)
        for part in range(1, len(PARTS)):
            assert np.isfinite(placed.to_reference(part, STILL)).all()


@given(squeeze=st.floats(-1.5, 1.5))
def test_a_turned_torso_gets_narrower_but_never_a_line(squeeze: float) -> None:
    middle = STILL[sk.NECK, 0]
    places = STILL.copy()
    places[:, 0] = middle + squeeze * (places[:, 0] - middle)
    linear = part_maps(REFERENCE, Joints(places, WHOLE))[TORSO_PART][:, :2]
    assert linear[1, 1] == pytest.approx(1, abs=0.02)
    assert 0.49 <= linear[0, 0] <= 1.16


def test_every_part_but_the_background_has_a_depth_and_parents_come_first() -> None:
    assert sorted(BACK_TO_FRONT) == list(range(1, len(PARTS)))
    known = {TORSO_PART}
    for limb in LIMB_PARTS:
        assert limb.parent in known
        known.add(limb.part)


def looking(x: float, y: float) -> Joints:
    """The reference with its eyes and nose moved over its head."""
    places = STILL.copy()
    places[LOOKS] += x, y
    return Joints(places, WHOLE)


LOOKS = [sk.NOSE, sk.RIGHT_EYE, sk.LEFT_EYE]
EAR_TO_EAR = float(np.linalg.norm(STILL[sk.LEFT_EAR] - STILL[sk.RIGHT_EAR]))


@given(x=st.floats(-0.5, 0.5), y=st.floats(-0.5, 0.5))
def test_a_face_that_looks_aside_slides_over_a_head_that_stays(x: float, y: float) -> None:
    shift = EAR_TO_EAR * np.array([x, y])
    placed = place_parts(REFERENCE, looking(*shift))
    length = np.linalg.norm(shift)
    # Ears stay where they are; only a tilt, which a face at one side resembles, may move them.
    ears = placed.to_frame(HEAD_PART, STILL[[sk.RIGHT_EAR, sk.LEFT_EAR]])
    assert np.linalg.norm(ears - STILL[[sk.RIGHT_EAR, sk.LEFT_EAR]], axis=1).max() < 0.5 * length + 1e-9
    if placed.slide is not None:
        assert np.linalg.norm(placed.slide.shift) <= 0.12 * EAR_TO_EAR + 1e-9
    if placed.slide is not None and length < 0.1 * EAR_TO_EAR:
        eyes = placed.to_frame(HEAD_PART, STILL[LOOKS])
        assert np.linalg.norm(eyes.mean(0) - STILL[LOOKS].mean(0) - shift) < 0.5 * length


@given(x=st.floats(-0.5, 0.5), y=st.floats(-0.5, 0.5), scale=st.sampled_from([0.7, 1.0, 1.5]))
def test_features_that_come_off_move_as_far_as_they_look(x: float, y: float, scale: float) -> None:
    shift = EAR_TO_EAR * np.array([x, y])
    features = tuple(Feature(STILL[joint], 0.1 * EAR_TO_EAR, np.zeros(2)) for joint in [*LOOKS, sk.NOSE])
    frame = looking(*shift)
    placed = place_parts(REFERENCE, Joints(scale * frame.places, WHOLE), False, scale, features)
    assert placed.slide is None and placed.face is not None
    longest = max(float(np.linalg.norm(feature.shift)) for feature in placed.face.features)
    assert longest <= 0.2 * EAR_TO_EAR + 1e-9
    if longest < 0.19 * EAR_TO_EAR:
        core = [feature.share(STILL[LOOKS]).max() for feature in placed.face.features]
        assert core == [1, 1, 1, 1]
        drawn = placed.to_frame(HEAD_PART, STILL[LOOKS])
        assert np.linalg.norm(drawn.mean(0) - scale * frame.places[LOOKS].mean(0)) < 0.1 * scale * EAR_TO_EAR


@pytest.mark.parametrize("joint", [sk.NOSE, sk.RIGHT_EYE, sk.LEFT_EAR])
def test_a_face_that_is_not_all_seen_stays(joint: int) -> None:
    assert place_parts(hiding(REFERENCE, joint), looking(3, 0)).slide is None


@given(tilt=st.floats(-0.5, 0.5))
def test_hips_tilt_on_their_own_and_chests_do_not(tilt: float) -> None:
    hips = [sk.RIGHT_HIP, sk.LEFT_HIP]
    middle = STILL[hips].mean(0)
    places = STILL.copy()
    places[hips] = (STILL[hips] - middle) @ turn(tilt).T + middle
    placed = place_parts(REFERENCE, Joints(places, WHOLE))
    chest, skirt = STILL[sk.NECK], middle + (0, 0.3 * np.linalg.norm(middle - STILL[sk.NECK]))
    assert np.allclose(placed.to_frame(TORSO_PART, chest), chest)
    below = placed.to_frame(TORSO_PART, skirt) - middle
    angle = np.arctan2(-below[0], below[1])
    assert angle == pytest.approx(tilt, abs=0.02)


def test_who_has_no_legs_does_not_bend_at_the_waist() -> None:
    legs = (sk.RIGHT_KNEE, sk.LEFT_KNEE, sk.RIGHT_ANKLE, sk.LEFT_ANKLE)
    placed = place_parts(hiding(REFERENCE, *legs), Joints(DANCE[3], WHOLE))
    assert placed.bend_of(TORSO_PART) is None


@given(share=st.floats(0.4, 1.7))
def test_a_hand_keeps_its_size_when_its_forearm_points_at_the_viewer(share: float) -> None:
    elbow, wrist, forearm = STILL[sk.RIGHT_ELBOW], STILL[sk.RIGHT_WRIST], PARTS.index("right_forearm")
    places = STILL.copy()
    places[sk.RIGHT_WRIST] = elbow + share * (wrist - elbow)
    placed = place_parts(REFERENCE, Joints(places, WHOLE))
    hand = wrist + np.array([[0.2], [0.5]]) * (wrist - elbow)
    shown = placed.to_frame(forearm, hand)
    assert np.linalg.norm(shown[1] - shown[0]) == pytest.approx(np.linalg.norm(hand[1] - hand[0]))
    assert np.allclose(placed.to_frame(forearm, wrist), places[sk.RIGHT_WRIST], atol=1e-6)


@given(angle=st.floats(-0.5, 0.5))
def test_feet_stay_more_level_than_their_calves(angle: float) -> None:
    knee, ankle, calf = STILL[sk.RIGHT_KNEE], STILL[sk.RIGHT_ANKLE], PARTS.index("right_calf")
    places = STILL.copy()
    places[sk.RIGHT_ANKLE] = knee + turn(angle) @ (ankle - knee)
    placed = place_parts(REFERENCE, Joints(places, WHOLE))
    sole = ankle + 0.2 * (ankle - knee) + np.array([[-5.0, 0], [5.0, 0]])
    toe = np.subtract(*placed.to_frame(calf, sole)[::-1])
    assert np.arctan2(toe[1], toe[0]) == pytest.approx(0.35 * angle, abs=1e-6)


def test_who_turns_around_stays_upright_and_level() -> None:
    middle = STILL[sk.NECK, 0]
    behind = STILL.copy()
    behind[:, 0] = 2 * middle - behind[:, 0]
    placed = place_parts(REFERENCE, Joints(behind, WHOLE))
    assert placed.slide is None
    assert np.allclose(placed.maps[HEAD_PART][:, :2], np.eye(2), atol=1e-6)
    waist = placed.bend_of(TORSO_PART)
    assert waist is not None and np.allclose(waist.beyond[:, :2], np.eye(2), atol=1e-6)


def test_the_face_of_a_block_slides_over_all_of_it_and_opens_no_seam() -> None:
    placed = place_parts(REFERENCE, looking(0.1 * EAR_TO_EAR, -0.1 * EAR_TO_EAR), neckless=True)
    assert placed.slide is not None
    around_the_face = placed.slide.centre + EAR_TO_EAR * np.array([[0, 0], [0.2, 0.3], [-0.3, 0.4]])
    head, torso = (placed.to_frame(part, around_the_face) for part in (HEAD_PART, TORSO_PART))
    assert np.array_equal(head, torso)
    assert place_parts(REFERENCE, looking(3, 0)).slide_on(TORSO_PART) is None


@given(
    angle=st.floats(-0.5, 0.5),
    stretch=st.floats(0.9, 1.1),
    shift=st.tuples(st.floats(-20, 20), st.floats(-20, 20)),
)
def test_a_block_that_turns_and_stretches_as_a_whole_is_followed_exactly(
    angle: float, stretch: float, shift: tuple[float, float]
) -> None:
    cos, sin = np.cos(angle), np.sin(angle)
    affine = np.array([[stretch * cos, -stretch * sin, shift[0]], [stretch * sin, stretch * cos, shift[1]]])
    placed = place_parts(REFERENCE, Joints(apply(affine, STILL), WHOLE), neckless=True)
    assert np.allclose(placed.maps[[TORSO_PART, HEAD_PART]], affine, atol=1e-4)


@given(x=st.floats(-1, 1), y=st.floats(-1, 1))
def test_a_block_comes_nearer_to_ears_that_its_spine_misses_a_little(x: float, y: float) -> None:
    places, ears = STILL.copy(), [sk.RIGHT_EAR, sk.LEFT_EAR]
    missed = 0.05 * EAR_TO_EAR * np.array([x, y])
    places[ears] += missed
    followed = place_parts(REFERENCE, Joints(places, WHOLE), neckless=True).maps[HEAD_PART]
    left = np.linalg.norm(apply(followed, STILL[ears]) - places[ears], axis=1)
    assert (left <= 0.6 * np.linalg.norm(missed) + 1e-9).all()


def test_a_block_does_not_nod_with_a_performers_head_nor_stay_when_it_moves() -> None:
    places = STILL.copy()
    places[list(sk.HEAD)] += (0.5 * EAR_TO_EAR, 0)
    nodded = place_parts(REFERENCE, Joints(places, WHOLE), neckless=True).maps[TORSO_PART]
    assert np.abs(nodded[:, :2] - np.eye(2)).max() < 0.15
    earless = hiding(REFERENCE, sk.RIGHT_EAR, sk.LEFT_EAR)
    assert np.allclose(place_parts(earless, Joints(places, WHOLE), neckless=True).maps[TORSO_PART], IDENTITY)
