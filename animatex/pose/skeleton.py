"""The 134 key points: what each is called, what it hangs on, and which is its mirror image.

The order is OpenPose's eighteen body joints, six foot points, 68 face points and twice 21 hand points. "Left"
and "right" are the character's own: its right hand is on the picture's left when it faces us.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

NUM_KEYPOINTS = 134

BODY, FEET, FACE = slice(0, 18), slice(18, 24), slice(24, 92)
LEFT_HAND, RIGHT_HAND = slice(92, 113), slice(113, 134)

NOSE, NECK = 0, 1
RIGHT_SHOULDER, RIGHT_ELBOW, RIGHT_WRIST = 2, 3, 4
LEFT_SHOULDER, LEFT_ELBOW, LEFT_WRIST = 5, 6, 7
RIGHT_HIP, RIGHT_KNEE, RIGHT_ANKLE = 8, 9, 10
LEFT_HIP, LEFT_KNEE, LEFT_ANKLE = 11, 12, 13
RIGHT_EYE, LEFT_EYE, RIGHT_EAR, LEFT_EAR = 14, 15, 16, 17
LEFT_BIG_TOE, LEFT_SMALL_TOE, LEFT_HEEL = 18, 19, 20
RIGHT_BIG_TOE, RIGHT_SMALL_TOE, RIGHT_HEEL = 21, 22, 23

HEAD = (NOSE, RIGHT_EYE, LEFT_EYE, RIGHT_EAR, LEFT_EAR)
RIGHT_ARM = (RIGHT_SHOULDER, RIGHT_ELBOW, RIGHT_WRIST)
LEFT_ARM = (LEFT_SHOULDER, LEFT_ELBOW, LEFT_WRIST)
RIGHT_LEG = (RIGHT_HIP, RIGHT_KNEE, RIGHT_ANKLE)
LEFT_LEG = (LEFT_HIP, LEFT_KNEE, LEFT_ANKLE)
RIGHT_FOOT = (RIGHT_BIG_TOE, RIGHT_SMALL_TOE, RIGHT_HEEL)
LEFT_FOOT = (LEFT_BIG_TOE, LEFT_SMALL_TOE, LEFT_HEEL)

PARTS = (
    "background",
    "torso",
    "head",
    "right_upper_arm",
    "right_forearm",
    "left_upper_arm",
    "left_forearm",
    "right_thigh",
    "right_calf",
    "left_thigh",
    "left_calf",
)
"""Labels of a character's picture, 0..10. Hands belong to forearms, feet to calves, hats to the head,
tails to the torso."""


TORSO_PART, HEAD_PART = PARTS.index("torso"), PARTS.index("head")


class LimbPart(NamedTuple):
    """A rigid part between two joints."""

    part: int
    parent: int
    start: int
    end: int


LIMB_PARTS: tuple[LimbPart, ...] = (
    LimbPart(PARTS.index("right_upper_arm"), TORSO_PART, RIGHT_SHOULDER, RIGHT_ELBOW),
    LimbPart(PARTS.index("right_forearm"), PARTS.index("right_upper_arm"), RIGHT_ELBOW, RIGHT_WRIST),
    LimbPart(PARTS.index("left_upper_arm"), TORSO_PART, LEFT_SHOULDER, LEFT_ELBOW),
    LimbPart(PARTS.index("left_forearm"), PARTS.index("left_upper_arm"), LEFT_ELBOW, LEFT_WRIST),
    LimbPart(PARTS.index("right_thigh"), TORSO_PART, RIGHT_HIP, RIGHT_KNEE),
    LimbPart(PARTS.index("right_calf"), PARTS.index("right_thigh"), RIGHT_KNEE, RIGHT_ANKLE),
    LimbPart(PARTS.index("left_thigh"), TORSO_PART, LEFT_HIP, LEFT_KNEE),
    LimbPart(PARTS.index("left_calf"), PARTS.index("left_thigh"), LEFT_KNEE, LEFT_ANKLE),
)
"""Parents before their children."""


class Bone(NamedTuple):
    """Two joints that a rigid limb connects; `child` hangs on `parent`."""

    parent: int
    child: int


BONES: tuple[Bone, ...] = (
    Bone(NECK, RIGHT_SHOULDER),
    Bone(NECK, LEFT_SHOULDER),
    Bone(RIGHT_SHOULDER, RIGHT_ELBOW),
    Bone(RIGHT_ELBOW, RIGHT_WRIST),
    Bone(LEFT_SHOULDER, LEFT_ELBOW),
    Bone(LEFT_ELBOW, LEFT_WRIST),
    Bone(NECK, RIGHT_HIP),
    Bone(RIGHT_HIP, RIGHT_KNEE),
    Bone(RIGHT_KNEE, RIGHT_ANKLE),
    Bone(NECK, LEFT_HIP),
    Bone(LEFT_HIP, LEFT_KNEE),
    Bone(LEFT_KNEE, LEFT_ANKLE),
    Bone(NECK, NOSE),
    Bone(NOSE, RIGHT_EYE),
    Bone(RIGHT_EYE, RIGHT_EAR),
    Bone(NOSE, LEFT_EYE),
    Bone(LEFT_EYE, LEFT_EAR),
)
"""The eighteen body joints as a tree that hangs on the neck, parents first, in drawing order."""

FINGERS: tuple[tuple[int, int, int, int, int], ...] = (
    (0, 1, 2, 3, 4),
    (0, 5, 6, 7, 8),
    (0, 9, 10, 11, 12),
    (0, 13, 14, 15, 16),
    (0, 17, 18, 19, 20),
)
"""Points of one hand (0 is its wrist) from root to tip: thumb, index, middle, ring and little finger."""

HAND_BONES: tuple[Bone, ...] = tuple(
    Bone(a, b) for finger in FINGERS for a, b in zip(finger, finger[1:], strict=False)
)
"""The twenty segments of one hand, numbered within the hand."""

_BODY_NAMES = (
    *(
        "nose",
        "neck",
        "right_shoulder",
        "right_elbow",
        "right_wrist",
        "left_shoulder",
        "left_elbow",
        "left_wrist",
    ),
    *("right_hip", "right_knee", "right_ankle", "left_hip", "left_knee", "left_ankle"),
    *("right_eye", "left_eye", "right_ear", "left_ear"),
    *("left_big_toe", "left_small_toe", "left_heel", "right_big_toe", "right_small_toe", "right_heel"),
)
_HAND_NAMES = (
    "wrist",
    *(f"{finger}_{i}" for finger in ("thumb", "index", "middle", "ring", "little") for i in range(4)),
)

KEYPOINT_NAMES: tuple[str, ...] = (
    *_BODY_NAMES,
    *(f"face_{i}" for i in range(68)),
    *(f"left_hand_{name}" for name in _HAND_NAMES),
    *(f"right_hand_{name}" for name in _HAND_NAMES),
)
"""What the 134 key points are called, in their order."""

# The 68 face points run from the character's right to its left along jaw, brows and lips.
_FACE_RUNS = (range(17), range(17, 27), range(31, 36))
_FACE_PAIRS = (
    *((run[i], run[-1 - i]) for run in _FACE_RUNS for i in range(len(run) // 2)),
    *((36, 45), (37, 44), (38, 43), (39, 42), (40, 47), (41, 46)),
    *((48, 54), (49, 53), (50, 52), (59, 55), (58, 56), (60, 64), (61, 63), (67, 65)),
)

MIRROR_PAIRS: tuple[tuple[int, int], ...] = (
    *zip(RIGHT_ARM + RIGHT_LEG, LEFT_ARM + LEFT_LEG, strict=True),
    (RIGHT_EYE, LEFT_EYE),
    (RIGHT_EAR, LEFT_EAR),
    *zip(RIGHT_FOOT, LEFT_FOOT, strict=True),
    *((FACE.start + a, FACE.start + b) for a, b in _FACE_PAIRS),
    *((RIGHT_HAND.start + i, LEFT_HAND.start + i) for i in range(21)),
)
"""Pairs of a right key point and its left counterpart."""


def _mirror_order() -> tuple[int, ...]:
    order = list(range(NUM_KEYPOINTS))
    for right, left in MIRROR_PAIRS:
        order[right], order[left] = left, right
    return tuple(order)


MIRROR: tuple[int, ...] = _mirror_order()
"""For each key point the index of its mirror image; points on the middle line map to themselves."""

_BODY_FROM_WHOLEBODY = (0, 0, 6, 8, 10, 5, 7, 9, 12, 14, 16, 11, 13, 15, 2, 1, 4, 3)
_NECK_THRESHOLD = 0.3


def from_wholebody(keypoints: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Reorder the 133 points of COCO-WholeBody to ours and add the neck, halfway between the shoulders.

    Args:
        keypoints: float [..., 133, 2].
        scores: float [..., 133]. The neck counts as seen, with score 1, where both shoulders exceed 0.3.

    Returns:
        float [..., 134, 2] and float [..., 134], in the types of the arguments.
    """
    order = [*_BODY_FROM_WHOLEBODY, *range(17, 133)]
    ours, our_scores = keypoints[..., order, :].copy(), scores[..., order].copy()
    ours[..., NECK, :] = keypoints[..., [5, 6], :].mean(axis=-2)
    our_scores[..., NECK] = (scores[..., [5, 6]] > _NECK_THRESHOLD).all(axis=-1)
    return ours, our_scores
