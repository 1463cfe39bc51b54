"""What one side of a body hides, told by the other side."""

from __future__ import annotations

import cv2
import numpy as np

from animatex.codec.motion.joints import Joints
from animatex.codec.motion.placement import around
from animatex.pose.skeleton import (
    HEAD_PART,
    LEFT_EAR,
    LEFT_HIP,
    LEFT_SHOULDER,
    LIMB_PARTS,
    NECK,
    RIGHT_EAR,
    RIGHT_HIP,
    RIGHT_SHOULDER,
    TORSO_PART,
    LimbPart,
)
from animatex.rig.rig import MIRRORED_PARTS

_ALIKE = 1.6
"""Lengths of two bones with the same name differ by no more than this, or one is seen from its end."""

_TRUNK = (RIGHT_SHOULDER, LEFT_SHOULDER, LEFT_HIP, RIGHT_HIP)


def reflection(part: int, joints: Joints) -> np.ndarray | None:
    """The map of a picture, [2, 3], that mirrors a trunk at its spine, or a head between its ears.

    None where the joints that say so are unknown, and for limbs.
    """
    if part == TORSO_PART and joints.seen[[NECK, RIGHT_HIP, LEFT_HIP]].all():
        middle = joints.places[NECK]
        axis = joints.places[[RIGHT_HIP, LEFT_HIP]].mean(0) - middle
    elif part == HEAD_PART and joints.seen[[RIGHT_EAR, LEFT_EAR]].all():
        right, left = joints.places[[RIGHT_EAR, LEFT_EAR]]
        middle, axis = (right + left) / 2, np.array([right[1] - left[1], left[0] - right[0]])
    else:
        return None
    length = float(np.linalg.norm(axis))
    if length < 1:
        return None
    along = axis / length
    return around(2 * np.outer(along, along) - np.eye(2), middle, middle)


def opposite(limb: LimbPart) -> LimbPart:
    """The same limb of the other side."""
    return next(other for other in LIMB_PARTS if other.part == MIRRORED_PARTS[limb.part])


def limb_reflection(limb: LimbPart, onto: LimbPart, joints: Joints) -> np.ndarray | None:
    """The map of a picture, [2, 3], that mirrors one limb onto another's bone; as thick as it was.

    None where a joint is unknown, or where the picture shows the two from so different sides that one says
    little of the other.
    """
    ends = (limb.start, limb.end, onto.start, onto.end)
    if not joints.seen[list(ends)].all():
        return None
    start, end, new_start, new_end = joints.places[list(ends)]
    length, new_length = float(np.linalg.norm(end - start)), float(np.linalg.norm(new_end - new_start))
    if min(length, new_length) < 1 or not 1 / _ALIKE < new_length / length < _ALIKE:
        return None
    along, new_along = (end - start) / length, (new_end - new_start) / new_length
    sideways, new_sideways = (np.array([-y, x]) for x, y in (along, new_along))
    linear = new_length / length * np.outer(new_along, along) - np.outer(new_sideways, sideways)
    return around(linear, start, new_start)


def hidden_shape(part: int, seen: np.ndarray, in_front: np.ndarray, joints: Joints) -> np.ndarray:
    """What arms hide of a trunk or head: what its other side shows, and what lies between shoulders and hips.

    Args:
        part: Index in `PARTS`; a limb tells nothing of itself.
        seen: What is seen of it, bool [H, W].
        in_front: Where other parts lie over whatever is behind them, bool [H, W].
        joints: Of the character.

    Returns:
        bool [H, W], within `in_front`.
    """
    hidden = np.zeros(seen.shape, np.uint8)
    if part == TORSO_PART and joints.seen[list(_TRUNK)].all():
        corners = cv2.convexHull(np.rint(joints.places[list(_TRUNK)]).astype(np.int32))
        cv2.fillConvexPoly(hidden, corners, 1)
    across = reflection(part, joints)
    if across is not None:
        hidden |= _mirrored(seen.astype(np.uint8), across)
    return (hidden > 0) & in_front


def with_other_side(
    part: int, image: np.ndarray, own: np.ndarray, wanted: np.ndarray, joints: Joints
) -> tuple[np.ndarray, np.ndarray]:
    """Complete the colours of a trunk or head by those of its other side.

    Args:
        part: Index in `PARTS`; limbs stay as they are.
        image: uint8 [H, W, 3].
        own: Where it shows the part, bool [H, W].
        wanted: Where the part is, seen or hidden, bool [H, W].
        joints: Of the character.

    Returns:
        The picture and where it shows the part, with the other side's colours in it.
    """
    across = reflection(part, joints)
    if across is None:
        return image, own
    # Nothing at the rim, where the mirror image mixes with what is beside it.
    sure = cv2.erode((own & wanted).astype(np.uint8), np.ones((3, 3), np.uint8))
    told = (_mirrored(sure, across) > 0) & wanted & ~own
    return np.where(told[..., None], _mirrored(image, across), image), own | told


def _mirrored(picture: np.ndarray, across: np.ndarray) -> np.ndarray:
    """A picture sent through a reflection; zero where that shows what lies outside of it."""
    return cv2.warpAffine(picture, across, picture.shape[1::-1], flags=cv2.INTER_LINEAR)
