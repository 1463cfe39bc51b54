"""Faces that look about: what moves, and what it leaves behind."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from animatex.codec.motion.compose import compose
from animatex.codec.motion.face import (
    face_between,
    facial_features,
    has_face,
    slide_between,
    turned_away,
    without_features,
)
from animatex.codec.motion.joints import Joints
from animatex.codec.motion.layers import PuppetLayers, cut_layers
from animatex.codec.motion.placement import IDENTITY, Feature, Placement
from animatex.pose import skeleton as sk
from animatex.pose.skeleton import HEAD_PART, PARTS
from animatex.rig.rig import Rig
from tests.pose.figures import figure

SKIN, EYE, BACKGROUND = (220, 180, 150), (20, 30, 60), (0, 120, 0)
EYES = {sk.RIGHT_EYE: (40, 50), sk.LEFT_EYE: (60, 50)}
KNOWN = {**EYES, sk.NOSE: (50, 68), sk.RIGHT_EAR: (20, 50), sk.LEFT_EAR: (80, 50), sk.NECK: (50, 95)}
FACE = Joints(
    np.array([KNOWN.get(joint, (50, 95)) for joint in range(18)], np.float64),
    np.isin(np.arange(18), list(KNOWN)),
)


def disc(centre: tuple[float, float], radius: float) -> np.ndarray:
    """Pixels of a picture of 100 x 100 within a circle."""
    rows, columns = np.mgrid[:100, :100]
    return np.hypot(columns - centre[0], rows - centre[1]) <= radius


def picture() -> tuple[np.ndarray, np.ndarray]:
    """A round head of one colour with two dark eyes, and where it is."""
    head = disc((50, 50), 38)
    image = np.where(head[..., None], SKIN, BACKGROUND).astype(np.uint8)
    for eye in EYES.values():
        image[disc(eye, 3)] = EYE
    return image, head


IMAGE, HEAD = picture()
FEATURES = facial_features(IMAGE, HEAD, FACE)


def puppet() -> PuppetLayers:
    """The same, cut out."""
    parts = np.zeros((len(PARTS), 100, 100), np.float32)
    parts[HEAD_PART], parts[0] = HEAD, ~HEAD
    plate = np.full_like(IMAGE, BACKGROUND)
    return cut_layers(Rig(IMAGE, parts, figure(frames=1), plate), FACE, FEATURES)


PUPPET = puppet()


def looking(x: float, y: float) -> Placement:
    """A head that stays, with eyes and nose moved."""
    frame = replace(FACE, places=FACE.places.copy())
    frame.places[[*EYES, sk.NOSE]] += x, y
    maps = np.repeat(IDENTITY[None], len(PARTS), 0)
    return Placement(maps, face=face_between(FACE, frame, IDENTITY, (HEAD_PART,), FEATURES))


def test_who_looks_straight_ahead_is_as_in_the_picture() -> None:
    plain = compose(PUPPET, Placement(np.repeat(IDENTITY[None], len(PARTS), 0)))
    face = compose(PUPPET, looking(0, 0))
    assert np.abs(face.picture.astype(int) - plain.picture).max() <= 1
    assert np.array_equal(face.shares, plain.shares)


@given(x=st.integers(-9, 9), y=st.integers(-7, 7))
def test_eyes_are_where_they_look_and_nowhere_else(x: int, y: int) -> None:
    picture = compose(PUPPET, looking(x, y)).picture
    gone = np.zeros((100, 100), bool)
    for eye in EYES.values():
        assert np.abs(picture[eye[1] + y, eye[0] + x].astype(int) - EYE).max() <= 4
        gone |= disc((eye[0] + x, eye[1] + y), 6)
    if np.hypot(x, y) >= 8:
        # Half an eye's spot is the way after which the skin is bare where it was.
        skin = disc((50, 50), 30) & ~gone
        assert np.abs(picture[skin].astype(int) - SKIN).max() <= 6


def test_the_outline_of_the_head_does_not_move_with_its_face() -> None:
    assert np.array_equal(compose(PUPPET, looking(12, -4)).shares, compose(PUPPET, looking(0, 0)).shares)


@given(x=st.floats(-200, 200), y=st.floats(-200, 200))
def test_no_feature_leaves_its_head(x: float, y: float) -> None:
    face = looking(x, y).face
    assert face is not None
    for feature in face.features:
        assert np.linalg.norm(feature.shift) <= 0.2 * 60 + 1e-9


def test_a_mouth_goes_along_with_its_nose() -> None:
    *_, nose, mouth = FEATURES
    assert mouth.centre[1] > nose.centre[1]
    face = looking(5, 2).face
    assert face is not None
    assert np.array_equal(face.features[-1].shift, face.features[-2].shift)


def test_without_ears_eyes_or_nose_there_is_no_face() -> None:
    for joint in (*EYES, sk.NOSE, sk.RIGHT_EAR, sk.LEFT_EAR):
        blind = Joints(FACE.places, FACE.seen & (np.arange(18) != joint))
        assert facial_features(IMAGE, HEAD, blind) == ()
        assert face_between(FACE, blind, IDENTITY, (HEAD_PART,), FEATURES) is None
        assert face_between(blind, FACE, IDENTITY, (HEAD_PART,), FEATURES) is None


def test_a_feature_is_as_large_as_it_must_be_to_end_on_skin() -> None:
    right, left, *_ = FEATURES
    assert right.radius == left.radius == 0.2 * 60
    image = IMAGE.copy()
    # An eyebrow that reaches 12 pixels from the eye's centre.
    image[disc((35, 45), 5)] = EYE
    large, same, *_ = facial_features(image, HEAD, FACE)
    assert large.radius == 1.25 * 12
    assert same.radius == 12


def test_a_face_that_melts_into_its_skin_does_not_come_off() -> None:
    noise = np.random.default_rng(0).choice(np.array([0, 255], np.uint8), (100, 100))
    assert facial_features(np.repeat(noise[..., None], 3, 2), HEAD, FACE) == ()


def test_what_is_not_on_the_head_is_no_skin() -> None:
    assert facial_features(IMAGE, np.zeros_like(HEAD), FACE) == ()
    beside = Joints(FACE.places + (200, 0), FACE.seen)
    assert facial_features(IMAGE, HEAD, beside) == ()


@pytest.mark.parametrize("apart", [1e4, 1e9, 1e30])
def test_joints_that_lie_anywhere_take_no_memory(apart: float) -> None:
    places = FACE.places.copy()
    places[sk.LEFT_EAR] += apart
    assert facial_features(IMAGE, HEAD, Joints(places, FACE.seen)) == ()


def test_what_does_not_come_off_slides_and_the_other_way_round() -> None:
    frame = replace(FACE, places=FACE.places.copy())
    frame.places[[*EYES, sk.NOSE]] += 5, 0
    slide = slide_between(FACE, frame, IDENTITY, (HEAD_PART,))
    assert slide is not None
    assert np.allclose(slide.shift, (5, 0))
    assert face_between(FACE, frame, IDENTITY, (HEAD_PART,), ()) is None


def test_who_turns_around_has_no_face() -> None:
    places = FACE.places.copy()
    places[[sk.RIGHT_EAR, sk.LEFT_EAR]] = places[[sk.LEFT_EAR, sk.RIGHT_EAR]]
    behind = Joints(places, FACE.seen)
    assert turned_away(FACE, behind) and not turned_away(FACE, FACE)
    assert face_between(FACE, behind, IDENTITY, (HEAD_PART,), FEATURES) is None
    assert slide_between(FACE, behind, IDENTITY, (HEAD_PART,)) is None


def test_ears_upon_each_other_have_no_face_between_them() -> None:
    places = FACE.places.copy()
    places[sk.LEFT_EAR] = places[sk.RIGHT_EAR] + 1
    assert not has_face(Joints(places, FACE.seen)) and has_face(FACE)


def test_where_no_skin_is_seen_nothing_is_filled() -> None:
    colour = np.random.default_rng(0).integers(0, 256, (20, 20, 3), dtype=np.uint8)
    features = (Feature(np.array([10.0, 10]), 6.0, np.zeros(2)),)
    assert np.array_equal(without_features(colour, np.zeros((20, 20), bool), features), colour)
