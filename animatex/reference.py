"""The character's side of a run: its picture on the canvas, taken apart, and the pose it is in."""

from __future__ import annotations

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
from animatex.rig.rig import Rig
from animatex.video.fit import Fit, to_canvas
from animatex.video.image import ReferenceImage

_TRUNK = (NECK, RIGHT_SHOULDER, LEFT_SHOULDER, RIGHT_HIP, LEFT_HIP)

_AGREEMENT = 0.35
"""How far the estimator's trunk may be from the rig's, in torso lengths, before it is taken for a mistake."""


def place_reference(picture: ReferenceImage, fit: Fit) -> tuple[np.ndarray, np.ndarray | None]:
    """Lay the picture, and its alpha channel if it has one, on the canvas.

    Returns:
        uint8 [H, W, 3], and uint8 [H, W] or None.
    """
    if picture.alpha is None:
        return to_canvas(picture.rgb, fit), None
    alpha = np.repeat(picture.alpha[..., None], 3, 2)
    return to_canvas(picture.rgb, fit), to_canvas(alpha, fit)[..., 0]


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
    return merge_poses(detected, rig.pose)


def _detected(reference: np.ndarray, estimator: PoseEstimator, config: PoseConfig) -> PoseSequence:
    found = estimate_poses([reference], 1.0, estimator, config.person)
    return found.hidden(~found.visible(config.score_threshold))


def merge_poses(detected: PoseSequence, rig: PoseSequence) -> PoseSequence:
    """Believe a human pose estimator about a character only where the rig confirms it.

    Estimators know people better than the rig does, and see people where there are none. Where both agree
    about the trunk the estimator's joints are taken and the rig's fill what it did not see; otherwise the
    rig's alone.
    """
    trunk = list(_TRUNK)
    if not (detected.scores[0, trunk] > 0).all():
        return rig
    torso = np.linalg.norm(rig.keypoints[0, [RIGHT_HIP, LEFT_HIP]].mean(0) - rig.keypoints[0, NECK])
    apart = np.linalg.norm(detected.keypoints[0, trunk] - rig.keypoints[0, trunk], axis=1)
    if apart.mean() > _AGREEMENT * max(torso, 1.0):
        return rig
    seen = detected.scores[0] > 0
    keypoints = np.where(seen[:, None], detected.keypoints[0], rig.keypoints[0])
    scores = np.where(seen, detected.scores[0], rig.scores[0])
    # A limb the character does not have is the rig's to say: estimators of people invent it.
    limbs = np.zeros(len(scores), bool)
    limbs[BODY] = rig.scores[0, BODY] < 0.15
    return replace(rig, keypoints=keypoints[None], scores=np.where(limbs, np.float32(0), scores)[None])


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
