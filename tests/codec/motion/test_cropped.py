"""Limbs that the picture's edge cuts off, whose other end only the dance knows."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from animatex.codec.motion.cropped import with_cropped_ends, without_cut_ends
from animatex.codec.motion.joints import Joints
from animatex.pose.sequence import PoseSequence
from animatex.pose.skeleton import (
    BODY,
    LIMB_PARTS,
    NUM_KEYPOINTS,
    PARTS,
    RIGHT_ANKLE,
    RIGHT_ELBOW,
    RIGHT_KNEE,
)
from animatex.video.frames import Size

SIZE = Size(160, 120)
CALF = next(limb for limb in LIMB_PARTS if limb.end == RIGHT_ANKLE)
KNEE = np.array([60.0, 110.0])


def known(places: dict[int, np.ndarray]) -> Joints:
    """Joints of which only these are seen."""
    points, seen = np.zeros((18, 2)), np.zeros(18, bool)
    for joint, place in places.items():
        points[joint], seen[joint] = place, True
    return Joints(points, seen)


def leg(angle: float, length: float) -> tuple[np.ndarray, np.ndarray]:
    """Labels that show a calf as far as the picture does, and where it ends."""
    ankle = KNEE + length * np.array([np.sin(angle), np.cos(angle)])
    labels = np.zeros(SIZE, np.uint8)
    start, end = (tuple(int(v) for v in np.rint(place)) for place in (KNEE, ankle))
    cv2.line(labels, start, end, CALF.part, 9)
    return labels, ankle


def dancing(lengths: list[float]) -> list[Joints]:
    return [known({RIGHT_KNEE: KNEE, RIGHT_ANKLE: KNEE + [length, 0]}) for length in lengths]


@settings(max_examples=30, deadline=None)
@given(angle=st.floats(-0.5, 0.5), length=st.floats(60, 90))
def test_a_cut_off_limb_ends_where_it_goes(angle: float, length: float) -> None:
    labels, ankle = leg(angle, length)
    found = with_cropped_ends(known({RIGHT_KNEE: KNEE}), labels, dancing([length] * 4))
    assert found.seen[RIGHT_ANKLE]
    assert np.linalg.norm(found.places[RIGHT_ANKLE] - ankle) < 0.1 * length


def test_its_length_is_that_of_frames_in_which_it_is_not_foreshortened() -> None:
    labels, _ = leg(0.0, 80)
    found = with_cropped_ends(known({RIGHT_KNEE: KNEE}), labels, dancing([20, 40, 80, 80, 80]))
    assert found.places[RIGHT_ANKLE] == pytest.approx(KNEE + [0, 80], abs=1)


@settings(max_examples=30, deadline=None)
@given(angle=st.floats(-0.5, 0.5), length=st.floats(60, 90))
def test_an_ankle_at_the_rim_says_where_a_calf_goes_but_not_how_far(angle: float, length: float) -> None:
    labels, ankle = leg(angle, length)
    at_rim = KNEE + (ankle - KNEE) * (SIZE.height - 2 - KNEE[1]) / (ankle - KNEE)[1]
    found = with_cropped_ends(known({RIGHT_KNEE: KNEE, RIGHT_ANKLE: at_rim}), labels, dancing([length] * 4))
    assert found.places[RIGHT_ANKLE] == pytest.approx(ankle, abs=1e-6)


@given(y=st.integers(0, 170))
def test_only_an_ankle_at_the_rim_is_hidden_from_measuring(y: float) -> None:
    labels, _ = leg(0.0, 80)
    points, scores = np.zeros((1, NUM_KEYPOINTS, 2), np.float32), np.ones((1, NUM_KEYPOINTS), np.float32)
    points[0, BODY] = SIZE.width / 2, SIZE.height / 2
    points[0, RIGHT_ANKLE] = 60, y
    pose = PoseSequence(points, scores, SIZE, 8.0)
    seen = without_cut_ends(pose, labels).scores[0] > 0
    assert seen[RIGHT_ANKLE] == (4 <= y <= 156 or y >= 160)
    assert np.delete(seen, RIGHT_ANKLE).all()
    whole = without_cut_ends(pose, np.where(np.arange(SIZE.height)[:, None] < 155, labels, 0))
    assert (whole.scores == 1).all()


def test_what_is_seen_or_cannot_be_known_stays_as_it_is() -> None:
    labels, ankle = leg(0.3, 80)
    frames = dancing([80, 80])
    seen = known({RIGHT_KNEE: KNEE, RIGHT_ANKLE: ankle + 5})
    kneeless = known({RIGHT_ELBOW: KNEE})
    short = known({RIGHT_KNEE: KNEE})
    for reference, parts, clip in (
        (seen, labels, frames),
        (kneeless, labels, frames),
        (short, np.zeros_like(labels), frames),
        (short, labels, [known({RIGHT_KNEE: KNEE})]),
        (short, labels, []),
        # Fifty pixels are less than half of this limb.
        (short, labels, dancing([130])),
        # Its end would be in the picture, and is not seen there.
        (short, labels, dancing([40])),
        # It does not even reach the edge.
        (short, np.where(np.arange(160)[:, None] < 155, labels, 0), dancing([80])),
    ):
        found = with_cropped_ends(reference, parts, clip)
        assert np.array_equal(found.places, reference.places)
        assert np.array_equal(found.seen, reference.seen)


def test_the_reference_itself_is_left_alone() -> None:
    labels, _ = leg(0.0, 80)
    reference = known({RIGHT_KNEE: KNEE})
    with_cropped_ends(reference, labels, dancing([80]))
    assert not reference.seen[RIGHT_ANKLE]
    assert PARTS[CALF.part] == "right_calf"
