"""Cutting a rig into layers, and laying them over the plate again."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from animatex.codec.motion.bones import BACK_TO_FRONT, place_parts
from animatex.codec.motion.compose import Composition, compose, recompose
from animatex.codec.motion.joints import Joints
from animatex.codec.motion.layers import PuppetLayers, cut_layers
from animatex.codec.motion.placement import IDENTITY, Placement
from animatex.pose.skeleton import (
    HEAD_PART,
    LEFT_ANKLE,
    LEFT_EAR,
    LEFT_KNEE,
    NECK,
    PARTS,
    RIGHT_ANKLE,
    RIGHT_EAR,
    RIGHT_ELBOW,
    RIGHT_KNEE,
    RIGHT_SHOULDER,
    RIGHT_WRIST,
    TORSO_PART,
)
from animatex.rig.rig import Rig
from animatex.video.frames import Size
from tests.rig.puppets import dancing, one_hot, puppet

SIZE = Size(192, 160)
DRAWN = puppet(SIZE)
ARMS = [PARTS.index(f"{side}_{half}") for side in ("right", "left") for half in ("upper_arm", "forearm")]
STILL = Placement(np.repeat(IDENTITY[None], len(PARTS), 0))


def joints(keypoints: np.ndarray, seen: np.ndarray | None = None) -> Joints:
    return Joints(keypoints[:18].astype(np.float64), np.ones(18, bool) if seen is None else seen)


REFERENCE = joints(DRAWN.pose.keypoints[0])


def cut(rig: Rig = DRAWN.rig) -> PuppetLayers:
    return cut_layers(rig, REFERENCE)


def dance(frame: int) -> Placement:
    return place_parts(REFERENCE, joints(dancing(SIZE, 8).keypoints[frame]))


def moved_by(x: float, y: float, *parts: int) -> Placement:
    """Those parts shifted, or all."""
    maps = STILL.maps.copy()
    maps[list(parts or range(1, len(PARTS))), :, 2] = x, y
    return Placement(maps)


def check(made: Composition) -> None:
    assert made.picture.shape == (*SIZE, 3) and made.picture.dtype == np.uint8
    assert made.shares.min() >= -1e-5 and made.shares.max() <= 1 + 1e-5
    assert np.allclose(made.shares.sum(0), 1, atol=1e-4)


def solid(part: int) -> np.ndarray:
    """Pixels of a part that are not near its edge."""
    return cv2.erode((DRAWN.labels == part).astype(np.uint8), np.ones((5, 5))).astype(bool)


def test_there_is_a_layer_for_each_part_back_to_front() -> None:
    puppet_layers = cut()
    assert [layer.part for layer in puppet_layers.layers] == list(BACK_TO_FRONT)
    for layer in puppet_layers.layers:
        assert layer.colour.dtype == layer.alpha.dtype == np.uint8
        assert layer.colour.shape[:2] == layer.alpha.shape
        assert 0 <= layer.left and layer.left + layer.alpha.shape[1] <= SIZE.width
        assert 0 <= layer.top and layer.top + layer.alpha.shape[0] <= SIZE.height


def test_moving_nothing_gives_the_reference_where_parts_are_solid() -> None:
    made = compose(cut(), STILL)
    check(made)
    for part in range(len(PARTS)):
        where = solid(part)
        assert where.sum() > 20
        if part > 0:
            assert np.abs(made.picture[where].astype(int) - DRAWN.image[where]).max() <= 2
            assert (made.shares[part][where] > 0.95).all()
        else:
            assert (made.picture[where] == DRAWN.plate[where]).all(1).mean() > 0.97


@pytest.mark.parametrize("frame", range(8))
def test_every_part_is_seen_once_in_every_pose(frame: int) -> None:
    made = compose(cut(), dance(frame))
    check(made)
    owner = made.shares.argmax(0)
    for part in range(1, len(PARTS)):
        area, before = (owner == part).sum(), (DRAWN.labels == part).sum()
        assert area > 0.3 * before
        assert area < 1.6 * before


@given(x=st.integers(-400, 400), y=st.integers(-400, 400))
def test_whatever_leaves_the_picture_uncovers_the_plate(x: int, y: int) -> None:
    shift = moved_by(x, y)
    made = compose(cut(), shift)
    check(made)
    moved = np.zeros(SIZE, np.uint8)
    at = np.float64([[1, 0, x], [0, 1, y]])
    cv2.warpAffine(cv2.dilate((DRAWN.labels > 0).astype(np.uint8), np.ones((9, 9))), at, SIZE[::-1], moved)
    assert np.array_equal(made.picture[moved == 0], DRAWN.plate[moved == 0])


def test_what_a_part_hid_is_continued_from_the_part_behind() -> None:
    labels = DRAWN.labels.copy()
    torso = np.argwhere(labels == TORSO_PART)
    top, left = torso.min(0) + (18, 0)
    labels[top : top + 10, left : left + 30][labels[top : top + 10, left : left + 30] == TORSO_PART] = 4
    image = np.where((labels == 4)[..., None], 0, DRAWN.image).astype(np.uint8)
    layers = cut(replace(DRAWN.rig, image=image, parts=one_hot(labels)))
    away = moved_by(500, 0, 4)
    hidden = (labels == 4) & solid(TORSO_PART)
    assert hidden.sum() > 50
    made = compose(layers, away)
    assert (made.shares[TORSO_PART][hidden] > 0.9).mean() > 0.8
    torso_colour = DRAWN.image[DRAWN.labels == TORSO_PART].mean(0)
    assert np.abs(made.picture[hidden & (made.shares[TORSO_PART] > 0.9)] - torso_colour).max() < 30


def test_parts_that_are_too_small_are_not_there() -> None:
    labels = DRAWN.labels.copy()
    speck = np.argwhere(labels == 4)[0]
    labels[labels == 4] = 0
    labels[tuple(speck)] = 4
    wristless = joints(DRAWN.pose.keypoints[0], np.arange(18) != RIGHT_WRIST)
    layers = cut_layers(replace(DRAWN.rig, parts=one_hot(labels)), wristless)
    assert 4 not in [layer.part for layer in layers.layers]


def test_an_arm_that_the_picture_hides_is_the_mirror_image_of_the_other() -> None:
    arms = [PARTS.index(f"{side}_{bone}") for side in ("right", "left") for bone in ("upper_arm", "forearm")]
    labels = DRAWN.labels.copy()
    labels[np.isin(labels, arms[:2])] = 0
    image = np.where(np.isin(DRAWN.labels, arms[2:])[..., None], (200, 40, 40), DRAWN.image).astype(np.uint8)
    layers = cut(replace(DRAWN.rig, image=image, parts=one_hot(labels)))
    assert [layer.part for layer in layers.layers if layer.guessed] == arms[:2]
    still, raised = compose(layers, STILL), compose(layers, moved_by(0, -40, *arms[:2]))
    before, after = ((made.shares[arms[:2]].sum(0) > 0.9) for made in (still, raised))
    seen = np.isin(DRAWN.labels, arms[:2])
    assert (before & seen).sum() > 0.5 * seen.sum()
    assert np.abs(still.picture[before & seen].astype(int) - (200, 40, 40)).max() <= 2
    # Where the picture hides it, it is behind the trunk, and comes forward as it moves away.
    trunk = DRAWN.labels == TORSO_PART
    assert still.shares[TORSO_PART][trunk & solid(TORSO_PART)].min() > 0.95
    assert after.sum() > 0.8 * before.sum()


def test_a_limb_of_which_nothing_is_known_is_not_made_up() -> None:
    arm = PARTS.index("right_forearm")
    labels = np.where(DRAWN.labels == arm, 0, DRAWN.labels)
    rig = replace(DRAWN.rig, parts=one_hot(labels))
    seen_from_its_end = DRAWN.pose.keypoints[0].copy()
    seen_from_its_end[RIGHT_WRIST] = (
        0.7 * seen_from_its_end[RIGHT_ELBOW] + 0.3 * seen_from_its_end[RIGHT_WRIST]
    )
    for known in (joints(DRAWN.pose.keypoints[0], np.arange(18) != RIGHT_ELBOW), joints(seen_from_its_end)):
        assert arm not in [layer.part for layer in cut_layers(rig, known).layers]


def test_a_trunk_goes_on_under_an_arm_as_its_other_side_shows() -> None:
    spine = DRAWN.pose.keypoints[0, NECK, 0]
    rows, columns = np.nonzero(DRAWN.labels == TORSO_PART)
    arm, labels = PARTS.index("right_forearm"), DRAWN.labels.copy()
    hidden = (DRAWN.labels == TORSO_PART) & (np.arange(SIZE.width) < spine - 2)
    assert len(rows) > 2 * hidden.sum() * 0.8
    labels[hidden] = arm
    image = np.where(hidden[..., None], 0, DRAWN.image).astype(np.uint8)
    made = compose(cut(replace(DRAWN.rig, image=image, parts=one_hot(labels))), moved_by(500, 0, arm))
    inside = hidden & solid(TORSO_PART)
    assert (made.shares[TORSO_PART][inside] > 0.9).mean() > 0.95
    assert np.abs(made.picture[inside].astype(int) - DRAWN.image[rows, columns].mean(0)).mean() < 12


def test_a_head_that_leaves_its_neck_bares_more_neck() -> None:
    labels = DRAWN.labels.copy()
    x, y = np.rint(REFERENCE.places[NECK]).astype(int)
    chin = labels[y - 12 : y + 8, x - 5 : x + 6]
    chin[chin == 0] = HEAD_PART
    made = compose(cut(replace(DRAWN.rig, parts=one_hot(labels))), moved_by(500, 0, HEAD_PART))
    bared = (labels == HEAD_PART) & (made.shares[TORSO_PART] > 0.5)
    rows, columns = np.nonzero(bared)
    ears = REFERENCE.places[[RIGHT_EAR, LEFT_EAR]]
    assert bared[y - 10, x]
    # It does not reach the ears, and is no wider than where head and body met.
    assert rows.min() > ears[:, 1].max()
    assert np.ptp(columns) < 0.6 * np.ptp(ears[:, 0])


def test_a_shoulder_that_an_arm_leaves_has_the_sleeves_colour() -> None:
    made = compose(cut(), moved_by(500, 0, *ARMS))
    x, y = np.rint(REFERENCE.places[RIGHT_SHOULDER]).astype(int)
    sleeve = DRAWN.image[solid(PARTS.index("right_upper_arm"))].mean(0)
    beside = (slice(y, y + 3), slice(x - 2, x + 1))
    assert (DRAWN.labels[beside] == PARTS.index("right_upper_arm")).any()
    own = DRAWN.labels[beside] == PARTS.index("right_upper_arm")
    assert np.abs(made.picture[beside][own] - sleeve).max() < 40


def test_a_leg_under_a_skirt_goes_on_up_to_its_hip() -> None:
    torso, thigh, calf = (PARTS.index(name) for name in ("torso", "right_thigh", "right_calf"))
    labels = DRAWN.labels.copy()
    labels[labels == thigh] = torso
    skirt = replace(DRAWN.rig, parts=one_hot(labels))
    legs = {layer.part: layer for layer in cut(skirt).layers}
    top = DRAWN.pose.keypoints[0, [8, 9], 1]
    assert abs(legs[thigh].top - top[0]) < 12
    rows, columns = np.nonzero(legs[thigh].alpha > 250)
    assert np.ptp(rows) > 0.8 * (top[1] - top[0])
    colour = DRAWN.image[solid(calf)].mean(0)
    assert np.abs(legs[thigh].colour[rows, columns].mean(0) - colour).max() < 30

    unknown = joints(DRAWN.pose.keypoints[0], np.arange(18) != 8)
    assert thigh not in [layer.part for layer in cut_layers(skirt, unknown).layers]


def test_without_a_character_there_is_only_the_plate() -> None:
    layers = cut(replace(DRAWN.rig, parts=one_hot(np.zeros_like(DRAWN.labels))))
    assert layers.layers == ()
    made = compose(layers, dance(2))
    assert np.array_equal(made.picture, DRAWN.plate)
    assert (made.shares[0] == 1).all()


def cropped(height: int, seen: bool) -> tuple[PuppetLayers, Size]:
    """The puppet cut off at its shins, whose ankles are known or not."""
    rig, size = DRAWN.rig, Size(height, SIZE.width)
    rig = replace(
        rig, image=rig.image[:height], parts=rig.parts[:, :height], plate=rig.plate[:height], pose=rig.pose
    )
    known = np.ones(18, bool)
    known[[RIGHT_ANKLE, LEFT_ANKLE]] = seen
    return cut_layers(rig, joints(DRAWN.pose.keypoints[0], known)), size


def test_what_the_picture_cuts_off_goes_on_when_the_character_moves_up() -> None:
    layers, size = cropped(160, seen=False)
    up = moved_by(0, -20)
    shares = compose(layers, up).shares
    calves = [PARTS.index("right_calf"), PARTS.index("left_calf")]
    assert shares[calves, size.height - 25].sum() > 3
    assert shares[calves, size.height - 1].sum() == pytest.approx(shares[calves, size.height - 25].sum())


@pytest.mark.parametrize(
    "calf, knee, ankle", [("right_calf", RIGHT_KNEE, RIGHT_ANKLE), ("left_calf", LEFT_KNEE, LEFT_ANKLE)]
)
def test_a_limb_that_is_known_to_end_beyond_the_picture_goes_on_to_its_foot(
    calf: str, knee: int, ankle: int
) -> None:
    known, unknown = (
        next(layer for layer in cropped(160, seen=seen)[0].layers if PARTS[layer.part] == calf)
        for seen in (True, False)
    )
    lowest, farthest = (
        layer.top + np.flatnonzero((layer.alpha > 0).any(1))[-1] for layer in (known, unknown)
    )
    end = REFERENCE.places[ankle, 1]
    assert end < lowest < end + 0.25 * (end - REFERENCE.places[knee, 1])
    # One of which nobody knows where it ends goes on as far as it may have to.
    assert farthest > lowest + 5


def test_a_limb_whose_end_is_in_the_picture_ends_there() -> None:
    layers, size = cropped(180, seen=True)
    for layer in layers.layers:
        assert layer.top + layer.alpha.shape[0] <= size.height


@pytest.mark.parametrize("frame", [0, 2, 5])
def test_painting_decided_parts_paints_what_composing_does(frame: int) -> None:
    layers, placement = cut(), dance(frame)
    made = compose(layers, placement)
    again = recompose(layers, placement, made.shares, np.zeros((2, *SIZE), np.float32))
    assert np.abs(again.astype(int) - made.picture).mean() < 0.5
    assert (np.abs(again.astype(int) - made.picture) <= 6).mean() > 0.99


def test_a_pixel_that_drifts_shows_the_surface_beside_it() -> None:
    layers = cut()
    shares = one_hot(DRAWN.labels)
    drift = np.zeros((2, *SIZE), np.float32)
    drift[0] = 3
    drifted = recompose(layers, STILL, shares, drift)
    where = solid(TORSO_PART) & np.roll(solid(TORSO_PART), -3, 1)
    rows, columns = np.nonzero(where)
    assert np.abs(drifted[rows, columns].astype(int) - DRAWN.image[rows, columns + 3]).max() <= 2


def test_a_pixel_given_to_a_part_that_is_not_there_shows_the_plate() -> None:
    labels = DRAWN.labels.copy()
    labels[labels == HEAD_PART] = 0
    layers = cut(replace(DRAWN.rig, parts=one_hot(labels)))
    picture = recompose(layers, STILL, one_hot(DRAWN.labels), np.zeros((2, *SIZE), np.float32))
    where = DRAWN.labels == HEAD_PART
    assert np.array_equal(picture[where], DRAWN.plate[where])
