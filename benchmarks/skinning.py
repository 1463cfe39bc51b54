"""The baseline that has learned nothing: the reference picture bent along its bones.

Linear blend skinning, taken backwards. Each pixel of a frame is drawn to every part's bones where the pose
puts them in that frame, with a weight of 1 / distance⁴, and to standing still with the weight of a bone that
is a fixed distance away; it shows the reference pixel at the weighted mean of the places that those parts'
rigid maps (the motion codec's own) send it back to. There is no mask and no plate: the background is the
reference itself, where the character stays to be seen wherever nothing is drawn over it.
"""

from __future__ import annotations

import cv2
import numpy as np

from animatex.codec.motion.bones import place_parts
from animatex.codec.motion.joints import Joints
from animatex.codec.motion.placement import IDENTITY, inverse
from animatex.pose import skeleton as sk
from animatex.pose.skeleton import HEAD_PART, LIMB_PARTS, PARTS, TORSO_PART

_REACH = 0.06
"""Distance from its bones at which a part and the still background pull alike, as a part of the height."""

_POWER = 4

_SEGMENTS: tuple[tuple[int, int, int], ...] = (
    *((limb.part, limb.start, limb.end) for limb in LIMB_PARTS),
    *((TORSO_PART, sk.NECK, hip) for hip in (sk.RIGHT_HIP, sk.LEFT_HIP)),
    (TORSO_PART, sk.RIGHT_SHOULDER, sk.LEFT_SHOULDER),
    (TORSO_PART, sk.RIGHT_HIP, sk.LEFT_HIP),
    (HEAD_PART, sk.NECK, sk.NOSE),
    (HEAD_PART, sk.RIGHT_EYE, sk.LEFT_EYE),
    (HEAD_PART, sk.RIGHT_EAR, sk.LEFT_EAR),
)
"""Part, first and second joint of each bone."""


def skinned_frame(image: np.ndarray, reference: Joints, frame: Joints) -> tuple[np.ndarray, np.ndarray]:
    """Bend a picture from one pose into another.

    Args:
        image: uint8 [H, W, 3].
        reference: The character's joints in it.
        frame: Where they shall be.

    Returns:
        uint8 [H, W, 3], and the part that pulls strongest at each pixel, uint8 [H, W], 0 the background.
    """
    height, width = image.shape[:2]
    rows, columns = np.mgrid[:height, :width].astype(np.float64)
    pixels = np.stack([columns, rows], 2)
    weights = np.zeros((len(PARTS), height, width))
    weights[0] = (_REACH * height) ** -_POWER
    for part, start, end in _SEGMENTS:
        if all(pose.seen[joint] for pose in (reference, frame) for joint in (start, end)):
            distance = _distance(pixels, frame.places[start], frame.places[end])
            weights[part] = np.maximum(weights[part], np.maximum(distance, 0.5) ** -_POWER)
    maps = place_parts(reference, frame).maps
    back = np.stack([IDENTITY, *(inverse(affine) for affine in maps[1:])])
    shares = weights / weights.sum(0)
    blended = np.einsum("phw,pij->hwij", shares, back)
    source = np.einsum("hwij,hwj->hwi", blended[..., :2], pixels) + blended[..., 2]
    at = source.astype(np.float32)
    bent = cv2.remap(image, at[..., 0], at[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return bent, weights.argmax(0).astype(np.uint8)


def _distance(pixels: np.ndarray, start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Distance of each pixel, [H, W, 2], from the segment between two points: [H, W]."""
    along = end - start
    share = ((pixels - start) @ along / max(float(along @ along), 1e-9)).clip(0, 1)
    distance: np.ndarray = np.linalg.norm(pixels - start - share[..., None] * along, axis=2)
    return distance
