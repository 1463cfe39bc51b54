"""A performer's motion on a character's body, measured and, where the preset has learned it, corrected."""

from __future__ import annotations

import numpy as np
import torch

from animatex.config.run import RetargetConfig
from animatex.pose.placing import over_time
from animatex.pose.proportions import MIDDLE_HIP, extent, trace
from animatex.pose.retarget import retarget
from animatex.pose.sequence import PoseSequence
from animatex.pose.skeleton import (
    BODY,
    FACE,
    LEFT_ANKLE,
    LEFT_FOOT,
    LEFT_HAND,
    LEFT_SHOULDER,
    LEFT_WRIST,
    NECK,
    NOSE,
    NUM_KEYPOINTS,
    RIGHT_ANKLE,
    RIGHT_FOOT,
    RIGHT_HAND,
    RIGHT_SHOULDER,
    RIGHT_WRIST,
)
from animatex.retargeting.network import RetargetNetwork
from animatex.retargeting.observation import NUM_JOINTS, Observation, mirrored, observe

_FARTHEST = 0.5
"""Torso lengths that a joint is shifted at most: who needs more is unlike all that training had."""

_GO_ALONG = (
    (NOSE, FACE),
    (RIGHT_WRIST, RIGHT_HAND),
    (LEFT_WRIST, LEFT_HAND),
    (RIGHT_ANKLE, list(RIGHT_FOOT)),
    (LEFT_ANKLE, list(LEFT_FOOT)),
)
"""Points that the network does not know, and the joints whose shift they share."""


def put_on(
    poses: PoseSequence,
    to: PoseSequence,
    config: RetargetConfig,
    network: RetargetNetwork | None,
    *,
    neckless: bool = False,
) -> PoseSequence:
    """Put a performer's motion on a character's body, by whichever method.

    Args:
        poses: The performer, on the driving video's canvas.
        to: The character's pose on its picture's canvas, one frame.
        config: How; `strength` is also how much of the network's corrections.
        network: For method learned, on the CPU; others do not ask it.
        neckless: The character's head and body are one block, see `rig.neck`.

    Returns:
        As `pose.retarget.retarget`.
    """
    moved = retarget(poses, to, config, neckless=neckless)
    if config.method != "learned" or network is None or any(extent(each) is None for each in (to, moved)):
        return moved
    # Training has seen nobody from behind: while performers turn their back, the shifts pass from the frame
    # before to the frame after.
    facing = faces_us(poses)
    if not facing.any():
        return moved
    observation, scale = observe(poses, to, moved, neckless=neckless)
    known = np.zeros((len(poses), 2 * NUM_JOINTS))
    known[facing] = predict(network, observation, facing).reshape(-1, 2 * NUM_JOINTS)
    shifts = over_time(known, facing).reshape(-1, NUM_JOINTS, 2)
    if config.anchor == "neck":
        shifts = shifts - shifts[:, [NECK]]
    return moved.moved(moved.keypoints + config.strength * scale * _for_all_points(shifts))


def faces_us(poses: PoseSequence) -> np.ndarray:
    """Tell in which frames a performer's left is on the spine's left, bool [F]; also where that is unseen."""
    body = trace(poses)
    spine = body.points[:, MIDDLE_HIP] - body.points[:, NECK]
    across = body.points[:, LEFT_SHOULDER] - body.points[:, RIGHT_SHOULDER]
    seen = body.seen[:, [NECK, MIDDLE_HIP, LEFT_SHOULDER, RIGHT_SHOULDER]].all(axis=1)
    behind = spine[:, 0] * across[:, 1] - spine[:, 1] * across[:, 0] > 0
    return np.asarray(~(seen & behind))


@torch.inference_mode()
def predict(network: RetargetNetwork, observation: Observation, where: np.ndarray) -> np.ndarray:
    """Ask about the pictures and their mirror images, and average.

    Args:
        network: On the CPU.
        observation: Of a whole clip.
        where: Which of its frames the network sees, bool [F].

    Returns:
        float32 [those frames, 18, 2], torso lengths.
    """
    both = (observation, observation.mirrored())
    frames = torch.from_numpy(np.stack([each.frames[where] for each in both]))
    clip = torch.from_numpy(np.stack([each.clip for each in both]))
    answer, of_mirrored = network(frames, clip).float().numpy()
    shifts = (answer + mirrored(of_mirrored)) / 2
    length = np.linalg.norm(shifts, axis=2, keepdims=True)
    limited: np.ndarray = shifts * np.minimum(1, _FARTHEST / np.maximum(length, 1e-6))
    return limited


def _for_all_points(shifts: np.ndarray) -> np.ndarray:
    """The body's shifts [F, 18, 2] and those of what hangs on it: [F, 134, 2]."""
    everywhere = np.zeros((len(shifts), NUM_KEYPOINTS, 2), np.float32)
    everywhere[:, BODY] = shifts
    for joint, points in _GO_ALONG:
        everywhere[:, points] = shifts[:, [joint]]
    return everywhere
