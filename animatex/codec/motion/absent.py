"""Frames in which nobody is seen."""

from __future__ import annotations

import numpy as np

from animatex.codec.motion.bones import holds_trunk
from animatex.codec.motion.joints import Joints
from animatex.pose.placing import over_time


def with_bridged_gaps(reference: Joints, frames: list[Joints]) -> list[Joints]:
    """Give a frame that does not say where the character is what lies between those around it that do.

    A performer who leaves and returns would else send the character back to its place in the picture.

    Args:
        reference: The character's joints in its picture.
        frames: Where they shall be; as they are if none of them says so.
    """
    known = np.array([holds_trunk(reference, frame) for frame in frames])
    if known.all() or not known.any():
        return frames
    places = np.stack([frame.places for frame in frames])
    seen = np.stack([frame.seen for frame in frames])
    places = over_time(places.reshape(len(frames), -1), known).reshape(places.shape)
    seen = over_time(seen.astype(np.float64), known) == 1
    return [
        frame if there else Joints(*between)
        for frame, there, *between in zip(frames, known, places, seen, strict=True)
    ]
