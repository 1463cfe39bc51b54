"""Pieces of a character find the part they belong to."""

from __future__ import annotations

import cv2
import numpy as np

from animatex.pose.skeleton import PARTS
from animatex.rig.pieces import without_strays
from animatex.video.frames import Size
from tests.rig.puppets import one_hot, puppet

TORSO, THIGH = PARTS.index("torso"), PARTS.index("left_thigh")


def cleaned(labels: np.ndarray, second: int) -> np.ndarray:
    """What becomes of labels, uint8 [H, W], where the network's second guess is always the same part."""
    parts = 0.8 * one_hot(labels)[1:]
    parts[second - 1] += 0.1
    joints = puppet(Size(*labels.shape)).pose.keypoints[0, :18]
    return without_strays(parts, (labels > 0).astype(np.float32), joints).argmax(0) + 1


def test_a_thigh_beside_the_torso_and_away_from_its_bone_is_a_side_of_the_skirt() -> None:
    drawn = puppet(Size(192, 128))
    row, column = np.argwhere(drawn.labels == TORSO).mean(0).astype(int)
    edge = np.flatnonzero(drawn.labels[row] == TORSO)[-1]
    skirt = drawn.labels.copy()
    # The legs are hidden, but for the calves.
    skirt[np.isin(skirt, [THIGH, PARTS.index("right_thigh")])] = TORSO
    side = np.s_[row : row + 9, edge - 2 : edge + 6]
    skirt[side] = THIGH
    found = cleaned(skirt, TORSO)
    assert (found[side] == TORSO).all()
    assert np.array_equal(found[skirt == PARTS.index("left_calf")], skirt[skirt == PARTS.index("left_calf")])


def test_a_thigh_that_goes_on_as_a_calf_stays_one_however_far_from_its_bone() -> None:
    drawn = puppet(Size(192, 128))
    shift = np.float32([[1, 0, 9], [0, 1, 0]])
    legs = np.where(drawn.labels >= PARTS.index("right_thigh"), drawn.labels, 0)
    aside = cv2.warpAffine(legs, shift, legs.shape[::-1], flags=cv2.INTER_NEAREST)
    labels = np.where(aside > 0, aside, np.where(legs > 0, 0, drawn.labels)).astype(np.uint8)
    assert np.array_equal(cleaned(labels, TORSO)[labels == THIGH], labels[labels == THIGH])
