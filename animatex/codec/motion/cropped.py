"""Where the limbs end that the picture's edge cuts off."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from animatex.codec.motion.joints import Joints
from animatex.pose.proportions import FULL_LENGTH_PERCENTILE
from animatex.pose.sequence import PoseSequence
from animatex.pose.skeleton import LIMB_PARTS, LimbPart

_LEAST, _FARTHEST = 0.5, 95
"""How much of a limb the picture must show to say where it goes, as a share of its length, and which
percentile of its pixels' distances that is measured by."""

_RIM = 0.02
"""Nearer to the picture's edge than this part of its height, a joint is where a limb is cut off, not where
it ends: an ankle has a foot below it."""

_OUTER = [limb for limb in LIMB_PARTS if all(limb.end != other.start for other in LIMB_PARTS)]


def is_inside(place: np.ndarray, size: tuple[int, int], rim: float = _RIM) -> bool:
    """Tell whether a joint [x, y], pixels, lies inside a picture, and not at its rim.

    Args:
        place: Where it is.
        size: The picture's height and width.
        rim: How wide that is, as a part of the picture's height.
    """
    near = rim * size[0]
    return bool((place >= near).all() and (place < np.array(size[::-1]) - near).all())


def without_cut_ends(pose: PoseSequence, parts: np.ndarray) -> PoseSequence:
    """Hide wrists and ankles that are found where the picture's edge cuts off a forearm or calf.

    They do not say how long it is; kept to, its end would come into view when the character moves.

    Args:
        pose: The character's pose in its picture, one frame.
        parts: Which of `PARTS` each pixel shows, int [H, W].
    """
    hidden = np.zeros(pose.scores.shape[1], bool)
    for limb in _OUTER:
        hidden[limb.end] = _is_cut(limb, pose.keypoints[0, limb.end], parts)
    return pose.hidden(hidden)


def with_cropped_ends(
    reference: Joints, parts: np.ndarray, frames: Sequence[Joints], scale: float = 1.0
) -> Joints:
    """Guess where limbs end that the picture's edge cuts off.

    Such a limb goes on the way that it goes; how far, the clip says. Else it could not turn on its own joint,
    and would hang on its parent like a board.

    Args:
        reference: The character's joints in its picture.
        parts: Which of `PARTS` each pixel shows, int [H, W].
        frames: Where its joints shall be.
        scale: How many times as large as in its picture the character shall be.

    Returns:
        The same joints; those guessed count as seen.
    """
    places, seen = reference.places.copy(), reference.seen.copy()
    for limb in LIMB_PARTS:
        cut = seen[limb.end] and limb in _OUTER and _is_cut(limb, places[limb.end], parts)
        if not seen[limb.start] or (seen[limb.end] and not cut):
            continue
        shown = [frame for frame in frames if frame.seen[limb.start] and frame.seen[limb.end]]
        part = parts == limb.part
        if not (shown and _touches_edge(part)):
            continue
        bones = [frame.places[limb.end] - frame.places[limb.start] for frame in shown]
        length = float(np.percentile(np.linalg.norm(bones, axis=1), FULL_LENGTH_PERCENTILE)) / scale
        away = np.argwhere(part)[:, ::-1] - places[limb.start]
        towards = places[limb.end] - places[limb.start] if cut else away.mean(0)
        along = towards / max(float(np.linalg.norm(towards)), 1e-6)
        end = places[limb.start] + length * along
        outside = bool(((end < 0) | (end >= parts.shape[::-1])).any())
        if outside and np.percentile(away @ along, _FARTHEST) >= _LEAST * length:
            places[limb.end], seen[limb.end] = end, True
    return Joints(places, seen)


def _is_cut(limb: LimbPart, end: np.ndarray, parts: np.ndarray) -> bool:
    """Whether a limb's end is at the picture's rim; one that is known behind it is where it is."""
    at_rim = is_inside(end, parts.shape, rim=0) and not is_inside(end, parts.shape)
    return at_rim and _touches_edge(parts == limb.part)


def _touches_edge(part: np.ndarray) -> bool:
    return bool(part[[0, -1]].any() or part[:, [0, -1]].any())
