"""The character's side of a run: its picture on the canvas, taken apart, and the pose it is in."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np

from animatex.config.run import PoseConfig
from animatex.errors import MissingPackage
from animatex.pose.estimator import PoseEstimator
from animatex.pose.extract import estimate_poses
from animatex.pose.sequence import PoseSequence
from animatex.pose.skeleton import (
    BODY,
    LEFT_HIP,
    LEFT_SHOULDER,
    NECK,
    RIGHT_HIP,
    RIGHT_SHOULDER,
)
from animatex.rig.network import RigNetwork
from animatex.rig.rig import Rig, read_rig
from animatex.video.fit import Filter, Fit, to_canvas
from animatex.video.image import ReferenceImage

_TRUNK = (NECK, RIGHT_SHOULDER, LEFT_SHOULDER, RIGHT_HIP, LEFT_HIP)

_AGREEMENT = 0.35
"""How far the estimator's trunk may be from the rig's, in torso lengths, before it is taken for a mistake."""


_NEAR = 0.015
"""How far beside the character a joint may lie, as a part of the picture's height."""


def place_reference(
    picture: ReferenceImage, fit: Fit, filter: Filter = "smooth"
) -> tuple[np.ndarray, np.ndarray | None]:
    """Lay the picture, and its alpha channel if it has one, on the canvas.

    Args:
        picture: As it was read.
        fit: How it lies there.
        filter: How it is scaled.

    Returns:
        uint8 [H, W, 3], and uint8 [H, W] or None.
    """
    if picture.alpha is None:
        return to_canvas(picture.rgb, fit, filter=filter), None
    alpha = np.repeat(picture.alpha[..., None], 3, 2)
    return to_canvas(picture.rgb, fit, filter=filter), to_canvas(alpha, fit, filter=filter)[..., 0]


def look_again(rig: Rig, pose: PoseSequence, network: RigNetwork, alpha: np.ndarray | None) -> Rig:
    """Take the character apart once more, now that others have said where joints are.

    Args:
        rig: From the first look.
        pose: The reference's pose, on the canvas; one frame.
        network: The rig network.
        alpha: The picture's own mask, uint8 [H, W], or None.

    Returns:
        The rig itself where the pose is its own.
    """
    return rig if pose is rig.pose else read_rig(rig.image, network, alpha, known=pose)


def choose_reference_pose(
    reference: np.ndarray, rig: Rig | None, poses: PoseSequence, estimator: PoseEstimator, config: PoseConfig
) -> PoseSequence:
    """Find the pose the character is in, as `pose.reference_pose` says.

    Args:
        reference: The character on the canvas, uint8 [H, W, 3].
        rig: The character taken apart, or None.
        poses: The performer's poses.
        estimator: Finds people; not asked where the rig or the performer decides.
        config: The preset's pose section.

    Returns:
        One frame; in pixels of the canvas, but for "driving": in the performer's own. Joints that neither the
        estimator nor the rig knows have score 0.
    """
    if config.reference_pose == "driving" or (rig is None and config.reference_pose == "rig"):
        return poses.select([0])
    if rig is not None and config.reference_pose == "rig":
        return rig.pose
    if rig is None or config.reference_pose == "detect":
        return _detected(reference, estimator, config)
    try:
        detected = _detected(reference, estimator, config)
    except MissingPackage:
        # Without an estimator poses come from a file, and the rig is all that knows the character.
        return rig.pose
    return merge_poses(detected, rig)


def _detected(reference: np.ndarray, estimator: PoseEstimator, config: PoseConfig) -> PoseSequence:
    found = estimate_poses([reference], 1.0, estimator, config.person)
    return found.hidden(~found.visible(config.score_threshold))


def merge_poses(detected: PoseSequence, rig: Rig) -> PoseSequence:
    """Believe a human pose estimator about a character only where the rig confirms it.

    Estimators know people better than the rig does, and see people where there are none. Where both agree
    about the trunk, the estimator's joints are taken that lie on the character, and the rig's fill the rest;
    otherwise the rig's alone.
    """
    own, trunk = rig.pose, list(_TRUNK)
    if not (detected.scores[0, trunk] > 0).all():
        return own
    torso = np.linalg.norm(own.keypoints[0, [RIGHT_HIP, LEFT_HIP]].mean(0) - own.keypoints[0, NECK])
    apart = np.linalg.norm(detected.keypoints[0, trunk] - own.keypoints[0, trunk], axis=1)
    if apart.mean() > _AGREEMENT * max(torso, 1.0):
        return own
    believed = (detected.scores[0] > 0) & _on_character(detected.keypoints[0], rig.mask)
    keypoints = np.where(believed[:, None], detected.keypoints[0], own.keypoints[0])
    scores = np.where(believed, detected.scores[0], own.scores[0])
    # A limb the character does not have is the rig's to say: estimators of people invent it.
    limbs = np.zeros(len(scores), bool)
    limbs[BODY] = own.scores[0, BODY] < 0.15
    return replace(own, keypoints=keypoints[None], scores=np.where(limbs, np.float32(0), scores)[None])


def _on_character(points: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Tell which points [N, 2] lie on the character or next to it: bool [N]."""
    height, width = mask.shape
    reach = max(1, round(_NEAR * height))
    column, row = np.rint(np.nan_to_num(points)).clip(-1e6, 1e6).astype(int).T
    near = np.zeros(len(points), bool)
    for down, across in itertools.product((-reach, 0, reach), repeat=2):
        y, x = row + down, column + across
        inside = (y >= 0) & (y < height) & (x >= 0) & (x < width)
        near |= inside & (mask[y.clip(0, height - 1), x.clip(0, width - 1)] > 0.5)
    return near


def stay_in_picture(poses: PoseSequence, reference_pose: PoseSequence, rig: Rig) -> PoseSequence:
    """Keep a character whom the picture's lower edge cuts off from rising above that edge.

    Args:
        poses: Where the joints shall be, on the canvas.
        reference_pose: Where they are in the picture; one frame.
        rig: The character taken apart.

    Returns:
        The poses; for such a character, frames with the neck higher than in the picture are moved down.
    """
    cut_off = (rig.mask[-max(1, rig.mask.shape[0] // 100) :] > 0.5).any()
    known = poses.scores[:, NECK] > 0
    if not cut_off or reference_pose.scores[0, NECK] == 0:
        return poses
    rise = np.maximum(reference_pose.keypoints[0, NECK, 1] - poses.keypoints[:, NECK, 1], 0) * known
    return poses.moved(poses.keypoints + np.stack([np.zeros_like(rise), rise], 1)[:, None])
