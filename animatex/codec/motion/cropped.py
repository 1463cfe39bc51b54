"""Where the limbs end that the picture's edge cuts off."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from animatex.codec.motion.bones import Joints
from animatex.pose.proportions import FULL_LENGTH_PERCENTILE
from animatex.pose.skeleton import LIMB_PARTS

_LEAST, _FARTHEST = 0.5, 95
"""How much of a limb the picture must show to say where it goes, as a share of its length, and which
percentile of its pixels' distances that is measured by."""


def with_cropped_ends(reference: Joints, parts: np.ndarray, frames: Sequence[Joints]) -> Joints:
    """Guess where limbs end that the picture's edge cuts off.

    Such a limb goes on the way that it goes; how far, the clip says. Else it could not turn on its own joint,
    and would hang on its parent like a board.

    Args:
        reference: The character's joints in its picture.
        parts: Which of `PARTS` each pixel shows, int [H, W].
        frames: Where its joints shall be.

    Returns:
        The same joints; those guessed count as seen.
    """
    places, seen = reference.places.copy(), reference.seen.copy()
    for limb in LIMB_PARTS:
        if seen[limb.end] or not seen[limb.start]:
            continue
        shown = [frame for frame in frames if frame.seen[limb.start] and frame.seen[limb.end]]
        part = parts == limb.part
        if not shown or not (part[[0, -1]].any() or part[:, [0, -1]].any()):
            continue
        bones = [frame.places[limb.end] - frame.places[limb.start] for frame in shown]
        length = float(np.percentile(np.linalg.norm(bones, axis=1), FULL_LENGTH_PERCENTILE))
        away = np.argwhere(part)[:, ::-1] - places[limb.start]
        along = away.mean(0) / max(float(np.linalg.norm(away.mean(0))), 1e-6)
        end = places[limb.start] + length * along
        outside = bool(((end < 0) | (end >= parts.shape[::-1])).any())
        if outside and np.percentile(away @ along, _FARTHEST) >= _LEAST * length:
            places[limb.end], seen[limb.end] = end, True
    return Joints(places, seen)
