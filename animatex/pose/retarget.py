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
from animatex.pose.proportions import (
    FACE_WIDTH,
    HIPS,
    LEFT_CALF,
    LEFT_FOOT_LENGTH,
    LEFT_FOREARM,
    LEFT_THIGH,
    LEFT_UPPER_ARM,
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
    extent,
    first_lengths,
    full_lengths,
    torso_length,
    with_midpoints,
)
from animatex.pose.sequence import PoseSequence
from animatex.pose.skeleton import (
    BODY,
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

_ARMS = ((RIGHT_ELBOW, RIGHT_WRIST, *_points(RIGHT_HAND)), (LEFT_ELBOW, LEFT_WRIST, *_points(LEFT_HAND)))
_LEGS = ((RIGHT_KNEE, RIGHT_ANKLE, *RIGHT_FOOT), (LEFT_KNEE, LEFT_ANKLE, *LEFT_FOOT))
_NOT_THERE = 0.15

# Neck first: it is what the skeleton hangs on.
_ANCHORS = (NECK, NOSE, MIDDLE_HIP, RIGHT_SHOULDER, LEFT_SHOULDER, RIGHT_HIP, LEFT_HIP)
_ANKLES = [RIGHT_ANKLE, LEFT_ANKLE]
_SIDE_MARGIN = 0.1


class Box(NamedTuple):
    """A rectangle of a picture, in pixels."""

    left: float
    top: float
    right: float
    bottom: float


def retarget(poses: PoseSequence, to: PoseSequence, config: RetargetConfig) -> PoseSequence:
    """Put a performer's motion on a character's body.

    Args:
        poses: The performer, on the driving video's canvas.
        to: The character's pose on its picture's canvas; a point with score 0 is unknown or does not exist.
            With nobody in it the performer is fitted into the picture, see `default_box`.
        config: Which method, how much of the character's proportions, what becomes of limbs it does not have.

    Returns:
        As many poses at the same rate, on the character's canvas. Points the performer did not show stay
        unseen; everything seen is finite.
    """
    if config.method == "none":
        return poses.on_canvas(to.canvas)
    if config.method in ("unianimate", "musepose", "wan"):
        from animatex.pose.retarget_published import retarget_as_published

        return retarget_as_published(poses, to, config.method)
    if extent(poses) is None or extent(to) is None:
        return fit_to_box(poses, default_box(to.canvas), to.canvas)
    simple = config.method == "bones"
    measure = first_lengths if simple else full_lengths
    scales = compare_limbs(measure(poses), measure(to), _size_ratio(poses, to))
    scales = scales.softened(0.0 if config.method == "similarity" else config.strength)
    moved = _rebuild(poses, to, scales, ground=config.ground and not simple)
    result = PoseSequence(moved.astype(np.float32), poses.scores, to.canvas, poses.fps)
    return result.hidden(_absent(poses, to, scales, config))


def fit_to_box(poses: PoseSequence, box: Box, canvas: Size) -> PoseSequence:
    """Scale and shift a performer, whose proportions stay, so that the first frame's body fills a box.

    Args:
        poses: The performer.
        box: Where the body goes; it stands on the bottom, in the middle.
        canvas: The picture the box belongs to.

    Returns:
        The same poses on that canvas.
    """
    body = extent(poses)
    if body is None:
        return poses.on_canvas(canvas)
    left, top, right, bottom = body
    height, width = max(bottom - top, 1.0), max(right - left, 1.0)
    scale = min((box.bottom - box.top) / height, (box.right - box.left) / width)
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


def _rebuild(poses: PoseSequence, to: PoseSequence, scales: Scales, ground: bool) -> np.ndarray:
    """The performer on the character's body and at its place: float64 [F, 134, 2]."""
    points, seen = with_midpoints(poses)
    reference, reference_seen = (array[0] for array in with_midpoints(to))
    neck = _find_neck(points, seen)
    new = walk(points, seen, scales, neck, scales.overall * (neck - neck[0]))
    new += _anchor_shift(new, seen, reference, reference_seen)
    if ground and reference_seen[_ANKLES].any() and seen[:, _ANKLES].any():
        new += _ground_shift(poses, to, new, scales)[:, None]
        new[..., 0] += _stance_shift(new, seen, reference, reference_seen)
    new[..., 0] += _side_shift(neck[:, 0] / poses.canvas.width, new[:, NECK, 0], to.canvas.width)[:, None]
    return new[:, :NUM_KEYPOINTS]


def _find_neck(points: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """Where the neck is, float64 [F, 2]: seen, or guessed from its neighbours or from other frames."""
    neck, known = points[:, NECK].copy(), seen[:, NECK].copy()
    for joint in _ANCHORS[1:]:
        both = seen[:, NECK] & seen[:, joint]
        if both.any():
            guess = ~known & seen[:, joint]
            neck[guess] = points[guess, joint] + np.median(points[both, NECK] - points[both, joint], axis=0)
            known |= guess
    if not known.any():
        body, body_seen = points[:, BODY], seen[:, BODY, None]
        known = np.asarray(body_seen.any(axis=(1, 2)))
        neck = (body * body_seen).sum(axis=1) / np.maximum(body_seen.sum(axis=1), 1)
    return np.stack([_over_time(neck[:, axis], known) for axis in (0, 1)], axis=1)


def _over_time(values: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Interpolate float [F] over frames where it is not known; its ends are held."""
    frames = np.arange(len(values))
    return np.asarray(np.interp(frames, frames[known], values[known]))


def _anchor_shift(
    new: np.ndarray, seen: np.ndarray, reference: np.ndarray, reference_seen: np.ndarray
) -> np.ndarray:
    """How far to move everything so that the first frame stands where the character does: float64 [2]."""
    for joint in _ANCHORS:
        if reference_seen[joint] and seen[:, joint].any():
            shift: np.ndarray = reference[joint] - new[seen[:, joint].argmax(), joint]
            return shift
    frame = seen.any(axis=1).argmax()
    every = slice(NUM_KEYPOINTS)
    theirs = reference[every][reference_seen[every]]
    ours = new[frame, every][seen[frame, every]]
    return np.asarray(theirs.mean(axis=0) - ours.mean(axis=0))


def _stance_shift(
    new: np.ndarray, seen: np.ndarray, reference: np.ndarray, reference_seen: np.ndarray
) -> float:
    """How far to move everything sideways so that the first stance's hips and feet are the character's."""
    below = [RIGHT_HIP, LEFT_HIP, RIGHT_ANKLE, LEFT_ANKLE]
    whole = np.asarray(seen[:, below].all(axis=1))
    if not (reference_seen[below].all() and whole.any()):
        return float(_anchor_shift(new, seen, reference, reference_seen)[0])
    return float((reference[below, 0] - new[whole.argmax(), below, 0]).mean())


def _ground_shift(poses: PoseSequence, to: PoseSequence, new: np.ndarray, scales: Scales) -> np.ndarray:
    """How far to move each frame so that standing feet stand, at the character's height: float64 [F, 2].

    Legs and trunk have scales of their own, so a body that hangs on its neck would slide and sink. Here it
    stands on its ankles, the lower one more, which travel as far as the character's legs are long. Sideways
    their steps count: the distance between two feet does not grow like a leg.
    """
    torso = torso_length(poses)
    weights = _support_weights(poses, torso)
    known = np.asarray(weights.any(axis=1))
    ankles = np.nan_to_num(poses.keypoints[:, _ANKLES]).astype(np.float64)
    new_ankles = new[:, _ANKLES]
    legs = scales.limbs[[RIGHT_THIGH, LEFT_THIGH, RIGHT_CALF, LEFT_CALF]].mean()
    stride = float(np.clip(legs, 0.5 * scales.overall, 1.5 * scales.overall))

    height = (weights * ankles[..., 1]).sum(axis=1)
    new_height = (weights * new_ankles[..., 1]).sum(axis=1)
    own_weights = _support_weights(to, torso * scales.overall)[0]
    floor = (own_weights * np.nan_to_num(to.keypoints[0, _ANKLES, 1])).sum()
    # The clip may begin in the air; within a second somebody lands.
    start = np.percentile(height[known][: max(1, round(poses.fps))], 95)
    rise = floor + stride * (height - start) - new_height

    both = weights[1:] * weights[:-1]
    both /= np.maximum(both.sum(axis=1, keepdims=True), 1e-12)
    steps = both * (stride * np.diff(ankles[..., 0], axis=0) - np.diff(new_ankles[..., 0], axis=0))
    slide = np.concatenate([[0.0], np.cumsum(steps.sum(axis=1))])
    return _low_pass(np.stack([slide, _over_time(rise, known)], axis=1), round(0.08 * poses.fps))


def _support_weights(poses: PoseSequence, torso: float) -> np.ndarray:
    """How much of the body stands on each ankle: float64 [F, 2], summing to 1 or, with neither seen, to 0."""
    heights = np.nan_to_num(poses.keypoints[:, _ANKLES, 1]).astype(np.float64)
    seen = poses.scores[:, _ANKLES] > 0
    lowest = np.where(seen, heights, -np.inf).max(axis=1, keepdims=True)
    weights = np.where(seen, np.exp(np.minimum(heights - lowest, 0) / max(0.1 * torso, 1.0)), 0.0)
    return np.asarray(weights / np.maximum(weights.sum(axis=1, keepdims=True), 1e-12))


def _low_pass(values: np.ndarray, radius: int) -> np.ndarray:
    """Average float [F, 2] over time with a triangle, so that a trembling ankle does not shake the body."""
    if radius < 1:
        return values
    triangle = np.concatenate([np.arange(1, radius + 2), np.arange(radius, 0, -1)]).astype(np.float64)
    padded = np.pad(values, ((radius, radius), (0, 0)), mode="edge")
    smooth = [np.convolve(padded[:, axis], triangle / triangle.sum(), mode="valid") for axis in (0, 1)]
    return np.stack(smooth, axis=1)


def _side_shift(performer: np.ndarray, character: np.ndarray, width: int) -> np.ndarray:
    """How far to move each frame sideways so that the character stays in its picture: float64 [F].

    Args:
        performer: The performer's neck as a fraction of its picture's width, float [F].
        character: The character's neck in pixels, float [F].
        width: Width of the character's picture.
    """
    low, high = (float(v) for v in np.percentile(performer, [2, 98]))
    room = min(low, _SIDE_MARGIN) * width, max(high, 1 - _SIDE_MARGIN) * width
    away = character - character[0]
    gain = 1.0
    for reach, border in ((away.min(), room[0]), (away.max(), room[1])):
        space = border - character[0]
        if abs(reach) > abs(space) and reach * space > 0:
            gain = min(gain, space / reach)
    return np.asarray((gain - 1) * away)


def _absent(poses: PoseSequence, to: PoseSequence, scales: Scales, config: RetargetConfig) -> np.ndarray:
    """Which points belong to limbs that the character does not have: bool [134]."""
    absent = np.zeros(NUM_KEYPOINTS, bool)
    if config.missing_parts == "keep":
        return absent
    lengths = full_lengths(poses) * scales.limbs
    for chains, roots, limbs in (
        (_ARMS, (RIGHT_SHOULDER, LEFT_SHOULDER), [RIGHT_UPPER_ARM, RIGHT_FOREARM]),
        (_LEGS, (RIGHT_HIP, LEFT_HIP), [RIGHT_THIGH, RIGHT_CALF]),
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
