"""Pose Realignment: a motion on the body of an anchor."""

from __future__ import annotations

import numpy as np

from animatex.config.run import RetargetConfig
from animatex.pose.retarget import retarget
from animatex.pose.sequence import PoseSequence
from animatex.pose.skeleton import NECK

_ON_THE_ANCHOR = RetargetConfig(
    method="combined",
    network=None,
    checkpoint=None,
    strength=1.0,
    missing_parts="keep",
    anchor="neck",
    scale=1.0,
    shift=(0.0, 0.0),
    box=None,
)


def realign(poses: PoseSequence, anchor: PoseSequence, *, move: bool) -> PoseSequence:
    """Keep the motion and take the anchor's limb lengths.

    Args:
        poses: The motion.
        anchor: One frame, on the canvas of the motion.
        move: Also go where the anchor stands; else the neck starts where it was.

    Returns:
        As many poses; what was not seen stays unseen.
    """
    moved = retarget(poses, anchor, _ON_THE_ANCHOR)
    seen = poses.scores[:, NECK] > 0
    if move or not seen.any():
        return moved
    frame = int(np.argmax(seen))
    return moved.moved(moved.keypoints + poses.keypoints[frame, NECK] - moved.keypoints[frame, NECK])
