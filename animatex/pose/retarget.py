"""A performer's motion on another body: one table of limbs and one walk down the skeleton.

The performer gives every limb's direction and foreshortening, the character its length. Scales are constant
over the clip and positive, so nothing trembles, collapses or is mirrored. Letters: F frames, 137 points
(`pose.proportions`).
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from animatex.config.run import RetargetConfig
from animatex.pose.blocks import hold_together
from animatex.pose.heads import move_heads
from animatex.pose.placing import find_neck, find_place, plant_feet, stay_inside, support
from animatex.pose.proportions import (
    ARMS,
    FACE_WIDTH,
    HIPS,
    LEFT_CALF,
    LEFT_FOOT_LENGTH,
    LEFT_FOREARM,
    LEFT_THIGH,
    LEFT_UPPER_ARM,
    LEGS,
    MIDDLE_HIP,
    NECK_NOSE,
    RIGHT_CALF,
    RIGHT_FOOT_LENGTH,
    RIGHT_FOREARM,
    RIGHT_THIGH,
    RIGHT_UPPER_ARM,
    SHOULDERS,
    TORSO,
    Scales,
    compare_limbs,
    confident,
    extent,
    first_lengths,
    full_lengths,
    torso_length,
    trace,
)
from animatex.pose.sequence import PoseSequence
from animatex.pose.skeleton import (
    FACE,
    LEFT_ANKLE,
    LEFT_EAR,
    LEFT_ELBOW,
    LEFT_EYE,
    LEFT_FOOT,
    LEFT_HAND,
    LEFT_HIP,
    LEFT_KNEE,
    LEFT_SHOULDER,
    LEFT_WRIST,
    NECK,
    NOSE,
    NUM_KEYPOINTS,
    RIGHT_ANKLE,
    RIGHT_EAR,
    RIGHT_ELBOW,
    RIGHT_EYE,
    RIGHT_FOOT,
    RIGHT_HAND,
    RIGHT_HIP,
    RIGHT_KNEE,
    RIGHT_SHOULDER,
    RIGHT_WRIST,
)
from animatex.video.frames import Size

_RIGHT_HAND_SCALE, _LEFT_HAND_SCALE = -2, -1


class _Link(NamedTuple):
    """Points that hang on a parent point, and whose scale they take."""

    parent: int
    children: tuple[int, ...]
    limb: int


def _points(group: slice) -> tuple[int, ...]:
    return tuple(range(group.start, group.stop))


_TREE = (
    _Link(NECK, (MIDDLE_HIP,), TORSO),
    _Link(MIDDLE_HIP, (RIGHT_HIP, LEFT_HIP), HIPS),
    _Link(NECK, (RIGHT_SHOULDER, LEFT_SHOULDER), SHOULDERS),
    _Link(RIGHT_SHOULDER, (RIGHT_ELBOW,), RIGHT_UPPER_ARM),
    _Link(RIGHT_ELBOW, (RIGHT_WRIST,), RIGHT_FOREARM),
    _Link(RIGHT_WRIST, _points(RIGHT_HAND), _RIGHT_HAND_SCALE),
    _Link(LEFT_SHOULDER, (LEFT_ELBOW,), LEFT_UPPER_ARM),
    _Link(LEFT_ELBOW, (LEFT_WRIST,), LEFT_FOREARM),
    _Link(LEFT_WRIST, _points(LEFT_HAND), _LEFT_HAND_SCALE),
    _Link(RIGHT_HIP, (RIGHT_KNEE,), RIGHT_THIGH),
    _Link(RIGHT_KNEE, (RIGHT_ANKLE,), RIGHT_CALF),
    _Link(RIGHT_ANKLE, RIGHT_FOOT, RIGHT_FOOT_LENGTH),
    _Link(LEFT_HIP, (LEFT_KNEE,), LEFT_THIGH),
    _Link(LEFT_KNEE, (LEFT_ANKLE,), LEFT_CALF),
    _Link(LEFT_ANKLE, LEFT_FOOT, LEFT_FOOT_LENGTH),
    _Link(NECK, (NOSE,), NECK_NOSE),
    _Link(NOSE, (RIGHT_EYE, LEFT_EYE, RIGHT_EAR, LEFT_EAR, *_points(FACE)), FACE_WIDTH),
)

_LEG_POINTS = [point for leg in LEGS for point in leg]
_LEG_LIMBS = [RIGHT_THIGH, LEFT_THIGH, RIGHT_CALF, LEFT_CALF]
_NOT_THERE = 0.15
# A body's share of a picture below which it does not say how large it is: one joint, or some that coincide.
_DOT = 0.05


class Box(NamedTuple):
    """A rectangle of a picture, in pixels."""

    left: float
    top: float
    right: float
    bottom: float


def retarget(
    poses: PoseSequence, to: PoseSequence, config: RetargetConfig, *, neckless: bool = False
) -> PoseSequence:
    """Put a performer's motion on a character's body.

    Args:
        poses: The performer, on the driving video's canvas.
        to: The character's pose on its picture's canvas, one frame; a point with score 0 is unknown or does
            not exist. With nobody in it the performer is fitted into the picture, see `default_box`.
        config: Which method, how much of the character's proportions, what becomes of limbs it does not have.
            Of method learned this is the measured part, method combined; `retargeting` is the rest.
        neckless: The character's head and body are one block, see `rig.neck`; counts with these two.

    Returns:
        As many poses at the same rate, on the character's canvas. Points the performer did not show stay
        unseen; everything seen is finite.

    Raises:
        ValueError: The character has several poses.
    """
    if len(to) != 1:
        raise ValueError(f"the character has {len(to)} poses; needs 1.")
    if config.method == "none":
        return poses.on_canvas(to.canvas)
    if config.method in ("unianimate", "musepose", "wan"):
        from animatex.pose.retarget_published import retarget_as_published

        return retarget_as_published(poses, to, config.method)
    if extent(poses) is None or extent(to) is None:
        return fit_to_box(poses, default_box(to.canvas), to.canvas)
    sure, sure_to = confident(poses), confident(to)
    measure = first_lengths if config.method == "bones" else full_lengths
    scales = compare_limbs(measure(sure), measure(sure_to), _size_ratio(sure, sure_to))
    scales = scales.softened(0.0 if config.method == "similarity" else config.strength)
    absent = _absent(poses, to, scales, config)
    moved = _rebuild(
        poses,
        to,
        _without_legs(scales) if absent[_LEG_POINTS].all() else scales,
        ground=config.anchor == "ground" and config.method != "bones",
        heads=config.strength if config.method in ("combined", "learned") else 0.0,
        neckless=neckless,
    )
    result = PoseSequence(moved.astype(np.float32), poses.scores, to.canvas, poses.fps)
    return result.hidden(absent)


def fit_to_box(poses: PoseSequence, box: Box, canvas: Size) -> PoseSequence:
    """Scale and shift a performer, whose proportions stay, so that the most complete body fills a box.

    Args:
        poses: The performer; of whom next to nothing is seen counts as large as the picture.
        box: Where the body goes; it stands on the bottom, in the middle.
        canvas: The picture the box belongs to.

    Returns:
        The same poses on that canvas.
    """
    body = extent(poses)
    if body is None:
        return poses.on_canvas(canvas)
    left, top, right, bottom = body
    height, width = bottom - top, right - left
    if max(height, width) < _DOT * min(poses.canvas):
        height, width = poses.canvas
    scale = min((box.bottom - box.top) / max(height, 1.0), (box.right - box.left) / max(width, 1.0))
    shift = np.array([(box.left + box.right) / 2 - scale * (left + right) / 2, box.bottom - scale * bottom])
    points = np.nan_to_num(poses.keypoints) * scale + shift
    return replace(poses, keypoints=points.astype(np.float32), canvas=canvas)


def default_box(canvas: Size) -> Box:
    """Say where a character stands of which nothing is known: four fifths of the height, near the bottom."""
    return Box(0.05 * canvas.width, 0.15 * canvas.height, 0.95 * canvas.width, 0.95 * canvas.height)


def walk(
    points: np.ndarray, seen: np.ndarray, scales: Scales, neck: np.ndarray, new_neck: np.ndarray
) -> np.ndarray:
    """Rebuild a skeleton from its neck, with every limb scaled.

    A point whose parent was not seen hangs on the nearest ancestor that was.

    Args:
        points: float [F, 137, 2], the performer.
        seen: bool [F, 137].
        scales: Factor for each limb.
        neck: float [F, 2], where the performer's neck is, seen or not.
        new_neck: float [F, 2], where it goes.

    Returns:
        float [F, 137, 2]; meaningful where seen.
    """
    hand = [
        math.sqrt(scales.limbs[forearm] * scales.limbs[SHOULDERS])
        for forearm in (RIGHT_FOREARM, LEFT_FOREARM)
    ]
    factors = np.array([*scales.limbs, *hand])
    new = np.zeros_like(points)
    new[:, NECK] = new_neck
    hold, new_hold = (
        points.copy(),
        new,
    )  # what children hang on: the point itself, or its nearest seen ancestor
    hold[:, NECK] = neck
    own = np.full(points.shape[1], scales.overall)
    firm = seen.copy()
    firm[:, NECK] = True
    for parent, children, limb in _TREE:
        child = list(children)
        factor = np.where(firm[:, parent], factors[limb], (factors[limb] + own[parent]) / 2)
        own[child] = factors[limb]
        placed = new_hold[:, [parent]] + factor[:, None, None] * (points[:, child] - hold[:, [parent]])
        there = seen[:, child, None]
        hold[:, child] = np.where(there, points[:, child], hold[:, [parent]])
        new_hold[:, child] = np.where(there, placed, new_hold[:, [parent]])
    return new_hold


def _rebuild(
    poses: PoseSequence, to: PoseSequence, scales: Scales, *, ground: bool, heads: float, neckless: bool
) -> np.ndarray:
    """The performer on the character's body and at its place: float64 [F, 134, 2].

    Args:
        poses: The performer.
        to: The character.
        scales: For each limb.
        ground: The body stands on its feet, else it hangs on its neck.
        heads: How much of the layout of the character's head, 0..1.
        neckless: That head is one with the trunk.
    """
    body, reference = trace(poses), trace(to)
    neck = find_neck(body)
    new = walk(body.points, body.seen, scales, neck, scales.overall * (neck - neck[0]))
    if heads > 0:
        new = move_heads(new, body, neck, reference, scales, heads)
        new = hold_together(new, body, reference, heads) if neckless else new
    supports = support(body, torso_length(confident(poses))) * ground
    if supports.any():
        legs = scales.limbs[_LEG_LIMBS].mean()
        stride = float(np.clip(legs, 0.5 * scales.overall, 1.5 * scales.overall))
        new += plant_feet(new, body, supports, stride, poses.fps)[:, None]
    new += find_place(new, body, supports, reference, support(reference, torso_length(confident(to))))
    new[..., 0] += stay_inside(neck[:, 0] / poses.canvas.width, new[:, NECK, 0], to.canvas.width)[:, None]
    return new[:, :NUM_KEYPOINTS]


def _without_legs(scales: Scales) -> Scales:
    """For a character that has none: it sits on the ground, and bent knees do not lower it."""
    limbs = scales.limbs.copy()
    limbs[_LEG_LIMBS] *= 1e-3
    return Scales(scales.overall, limbs)


def _absent(poses: PoseSequence, to: PoseSequence, scales: Scales, config: RetargetConfig) -> np.ndarray:
    """Which points belong to limbs that the character does not have: bool [134]."""
    absent = np.zeros(NUM_KEYPOINTS, bool)
    if config.missing_parts == "keep":
        return absent
    lengths = full_lengths(poses) * scales.limbs
    for chains, roots, limbs in (
        (ARMS, (RIGHT_SHOULDER, LEFT_SHOULDER), [RIGHT_UPPER_ARM, RIGHT_FOREARM]),
        (LEGS, (RIGHT_HIP, LEFT_HIP), [RIGHT_THIGH, RIGHT_CALF]),
    ):
        gone = [bool((to.scores[0, list(chain)] < _NOT_THERE).all()) for chain in chains]
        if config.missing_parts == "auto":
            # One limb alone is probably hidden by the body; both are cut off if the picture ends first.
            reach = np.nan_to_num(lengths[limbs]).sum() / 2
            inside = all(
                to.scores[0, root] > 0 and to.keypoints[0, root, 1] + reach < to.canvas.height
                for root in roots
            )
            gone = [all(gone) and inside] * 2
        for chain, is_gone in zip(chains, gone, strict=True):
            absent[list(chain)] |= is_gone
    return absent


def _size_ratio(poses: PoseSequence, to: PoseSequence) -> float:
    """Compare two bodies by the height of their boxes, for want of limbs to compare."""
    heights = []
    for body in (extent(to), extent(poses)):
        heights.append(0.0 if body is None else body[3] - body[1])
    if min(heights) < 1:
        return to.canvas.height / poses.canvas.height
    return heights[0] / heights[1]
