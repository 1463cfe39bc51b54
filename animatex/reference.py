"""The character's side of a run: its picture on the canvas, taken apart, and the pose it is in."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from animatex.codec.motion.cropped import without_cut_ends
from animatex.config.run import AnimateConfig, PoseConfig, RetargetConfig
from animatex.errors import InputError, MissingPackage
from animatex.pose.estimator import PoseEstimator
from animatex.pose.extract import estimate_poses
from animatex.pose.retarget import Box, default_box, fit_to_box
from animatex.pose.sequence import PoseSequence
from animatex.pose.skeleton import (
    BODY,
    LEFT_EYE,
    LEFT_HIP,
    LEFT_SHOULDER,
    NECK,
    NOSE,
    RIGHT_EYE,
    RIGHT_HIP,
    RIGHT_SHOULDER,
)
from animatex.retargeting.learned import put_on
from animatex.retargeting.network import RetargetNetwork
from animatex.rig.neck import is_neckless
from animatex.rig.network import RigNetwork
from animatex.rig.rig import Rig, read_rig
from animatex.video.fit import Filter, Fit, to_canvas
from animatex.video.frames import Size
from animatex.video.image import ReferenceImage, read_image

_TRUNK = (NECK, RIGHT_SHOULDER, LEFT_SHOULDER, RIGHT_HIP, LEFT_HIP)
_FACE = (NOSE, RIGHT_EYE, LEFT_EYE)

_AGREEMENT = 0.35
"""How far the estimator's trunk may be from the rig's, in torso lengths, before it is taken for a mistake."""

_FACE_AGREEMENT = 0.16
"""The same of eyes and nose: of people the two say the same within a tenth."""

_BELIEVED = 0.3
"""A joint of the trunk with a lower score is no reason to believe that somebody is there."""

_NEAR = 0.015
"""How far beside the character a joint may lie, as a part of the picture's height."""


def read_character(path: Path) -> ReferenceImage:
    """Read a character's picture.

    Raises:
        InputError: It cannot be read, or all of it is transparent.
    """
    picture = read_image(path)
    if picture.alpha is not None and not picture.alpha.any():
        raise InputError(f"{path} shows nothing: all of it is transparent", hint="export its visible layers.")
    return picture


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
    return rig if pose is rig.pose else read_rig(rig.image, network, alpha, pose, rig.unaided)


class CharacterPose(NamedTuple):
    """The pose a character is in.

    Attributes:
        pose: One frame.
        source: Who says so, in words.
        is_seen: Whether its joints are the picture's; else it is the performer's pose, put where the
            character should be.
    """

    pose: PoseSequence
    source: str
    is_seen: bool


def find_character(
    reference: np.ndarray,
    alpha: np.ndarray | None,
    fit: Fit,
    rig: Rig | None,
    poses: PoseSequence,
    estimator: PoseEstimator,
    config: AnimateConfig,
) -> CharacterPose:
    """Find the pose the character is in; where there is none, fit the performer's to the character's box.

    Args:
        reference: The character on the canvas, uint8 [H, W, 3].
        alpha: Where it is, uint8 [H, W], if its picture says so.
        fit: How the picture lies on the canvas.
        rig: The character taken apart, or None.
        poses: The performer's poses.
        estimator: Finds people; not asked where something else decides.
        config: Its sections pose and retarget.

    Returns:
        A pose with joints, in pixels of the canvas, but for `pose.reference_pose` "driving": in the
        performer's own.
    """
    canvas = Size(*reference.shape[:2])
    given = box_on_canvas(config.retarget.box, fit)
    if given is not None:
        fitted = pose_in_box(poses, given, canvas)
        return CharacterPose(fitted, "the performer's, in the box that was given", is_seen=False)
    wanted = config.pose.reference_pose
    pose = choose_reference_pose(reference, rig, poses, estimator, config.pose)
    if wanted == "driving" or not _is_nobody(pose):
        return CharacterPose(pose, _who_said(pose, rig, wanted), is_seen=wanted != "driving")
    outline = None if alpha is None else _outline(alpha)
    where = "most of the picture" if outline is None else "its outline"
    fitted = pose_in_box(poses, default_box(canvas) if outline is None else outline, canvas)
    return CharacterPose(fitted, f"the performer's, in {where}: nobody was found", is_seen=False)


def _who_said(pose: PoseSequence, rig: Rig | None, wanted: str) -> str:
    if wanted == "driving":
        return "the performer's"
    if rig is None or wanted == "detect":
        return "the estimator's"
    return "the rig's" if pose is rig.pose else "the estimator's, confirmed and completed by the rig's"


def box_on_canvas(box: tuple[float, float, float, float] | None, fit: Fit) -> Box | None:
    """Find a box in fractions of a picture (left, top, width, height) on its canvas, in pixels."""
    if box is None:
        return None
    left, top, width, height = box
    corners = np.array([[left, top], [left + width, top + height]])
    on_canvas = fit.points_to_canvas(corners * (fit.source.width, fit.source.height))
    return Box(*on_canvas.ravel().tolist())


def pose_in_box(poses: PoseSequence, box: Box, canvas: Size) -> PoseSequence:
    """Fit the performer's most complete pose into a box: one frame on the canvas."""
    return fit_to_box(poses.select([poses.most_complete()]), box, canvas)


def _is_nobody(pose: PoseSequence) -> bool:
    """Whether a pose lacks all of its trunk: a body cannot be placed by a wrist."""
    return not pose.visible(_BELIEVED)[0, list(_TRUNK)].any()


def _outline(alpha: np.ndarray) -> Box | None:
    """The box around what is opaque; None where that is everything or nothing."""
    there = alpha > 127
    if there.all() or not there.any():
        return None
    rows, columns = np.flatnonzero(there.any(axis=1)), np.flatnonzero(there.any(axis=0))
    return Box(*(float(side) for side in (columns[0], rows[0], columns[-1] + 1, rows[-1] + 1)))


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
        estimator nor the rig knows have score 0; all of them where "rig" was asked for and there is none.
    """
    if config.reference_pose == "driving":
        return poses.select([0])
    if rig is None and config.reference_pose == "rig":
        nobody = np.ones(poses.scores.shape[1], bool)
        return poses.select([0]).on_canvas(Size(*reference.shape[:2])).hidden(nobody)
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
    about trunk and face, the estimator's joints are taken that lie on the character, and the rig's fill the
    rest; otherwise the rig's alone.
    """
    own, trunk = rig.pose, list(_TRUNK)
    face = [joint for joint in _FACE if detected.scores[0, joint] > 0]
    if not (detected.scores[0, trunk] > 0).all():
        return own
    torso = np.linalg.norm(own.keypoints[0, [RIGHT_HIP, LEFT_HIP]].mean(0) - own.keypoints[0, NECK])
    apart = np.linalg.norm(detected.keypoints[0] - own.keypoints[0], axis=1) / max(torso, 1.0)
    if apart[trunk].mean() > _AGREEMENT or (face and apart[face].mean() > _FACE_AGREEMENT):
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


def put_on_character(
    poses: PoseSequence,
    reference_pose: PoseSequence,
    rig: Rig | None,
    config: RetargetConfig,
    network: RetargetNetwork | None,
) -> PoseSequence:
    """Put a performer's motion on a character's body, going by its rig where there is one.

    Args:
        poses: The performer, on the driving video's canvas.
        reference_pose: The character's pose in its picture; one frame.
        rig: The character taken apart: it says where the picture cuts off a limb, and whether head and body
            are one block.
        config: How.
        network: As for `put_on`.
    """
    if rig is None:
        return put_on(poses, reference_pose, config, network)
    body = without_cut_ends(reference_pose, rig.parts.argmax(0))
    return put_on(poses, body, config, network, neckless=is_neckless(rig))


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
