"""Where a rebuilt body stands: on the ground, at the character's place, inside of its picture.

Letters: F frames, 137 points (`pose.proportions`).
"""

from __future__ import annotations

import numpy as np

from animatex.config.run import RetargetConfig
from animatex.pose.proportions import MIDDLE_HIP, Figure, trace
from animatex.pose.sequence import PoseSequence
from animatex.pose.skeleton import (
    BODY,
    LEFT_ANKLE,
    LEFT_HIP,
    LEFT_SHOULDER,
    NECK,
    NOSE,
    NUM_KEYPOINTS,
    RIGHT_ANKLE,
    RIGHT_HIP,
    RIGHT_SHOULDER,
)

# Neck first: it is what the skeleton hangs on.
_UPRIGHT = (NECK, NOSE, MIDDLE_HIP, RIGHT_SHOULDER, LEFT_SHOULDER, RIGHT_HIP, LEFT_HIP)
# A trunk sways, and hips stay above the feet.
_SIDEWAYS = (NECK, NOSE, RIGHT_HIP, LEFT_HIP, RIGHT_SHOULDER, LEFT_SHOULDER)
_ANKLES = [RIGHT_ANKLE, LEFT_ANKLE]
_HIPS = [RIGHT_HIP, LEFT_HIP]
# How much the feet say of where a body is at home, against the hips.
_FEET = 0.6
_SIDE_MARGIN = 0.1


def find_neck(body: Figure) -> np.ndarray:
    """Say where the neck is, seen or guessed from its neighbours or from other frames.

    Returns:
        float64 [F, 2].
    """
    points, seen = body.points, body.seen
    neck, known = points[:, NECK].copy(), seen[:, NECK].copy()
    for joint in _UPRIGHT[1:]:
        both = seen[:, NECK] & seen[:, joint]
        if both.any():
            guess = ~known & seen[:, joint]
            neck[guess] = points[guess, joint] + np.median(points[both, NECK] - points[both, joint], axis=0)
            known |= guess
    if not known.any():
        joints, there = points[:, BODY], seen[:, BODY, None]
        known = np.asarray(there.any(axis=(1, 2)))
        neck = (joints * there).sum(axis=1) / np.maximum(there.sum(axis=1), 1)
    return over_time(neck, known)


def over_time(values: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Interpolate float [F, N] over the frames where it is not `known`, bool [F]; its ends are held."""
    frames = np.arange(len(values))
    columns = [np.interp(frames, frames[known], column[known]) for column in values.T]
    return np.stack(columns, axis=1)


def support(body: Figure, torso: float) -> np.ndarray:
    """Say how much of a body stands on each ankle: the lower one more.

    Args:
        body: Its points.
        torso: Its torso length, pixels.

    Returns:
        float64 [F, 2], summing to 1 or, with neither ankle sure, to 0.
    """
    heights = body.points[:, _ANKLES, 1]
    there = body.sure[:, _ANKLES]
    lowest = np.where(there, heights, -np.inf).max(axis=1, keepdims=True)
    weights = np.where(there, np.exp(np.minimum(heights - lowest, 0) / max(0.1 * torso, 1.0)), 0.0)
    return np.asarray(weights / np.maximum(weights.sum(axis=1, keepdims=True), 1e-12))


def plant_feet(new: np.ndarray, body: Figure, supports: np.ndarray, stride: float, fps: float) -> np.ndarray:
    """Say how far to move each frame so that standing feet stand.

    Legs and trunk have scales of their own, so a body that hangs on its neck would slide and sink. Here it
    stands on its ankles, which travel as far as the character's legs are long. Sideways their steps count:
    the distance between two feet does not grow like a leg.

    Args:
        new: The rebuilt body, float [F, 137, 2].
        body: The performer.
        supports: float [F, 2], see `support`; not 0 everywhere.
        stride: The character's steps, as a multiple of the performer's.
        fps: Frames per second.

    Returns:
        float64 [F, 2]; afterwards the first frame's ground is at 0.
    """
    known = np.asarray(supports.any(axis=1))
    ankles, new_ankles = body.points[:, _ANKLES], new[:, _ANKLES]
    height = (supports * ankles[..., 1]).sum(axis=1)
    rise = stride * (height - height[known][0]) - (supports * new_ankles[..., 1]).sum(axis=1)

    both = supports[1:] * supports[:-1]
    both /= np.maximum(both.sum(axis=1, keepdims=True), 1e-12)
    steps = both * (stride * np.diff(ankles[..., 0], axis=0) - np.diff(new_ankles[..., 0], axis=0))
    slide = np.concatenate([[0.0], np.cumsum(steps.sum(axis=1))])
    rise = over_time(rise[:, None], known)
    return _low_pass(np.concatenate([slide[:, None], rise], axis=1), round(0.08 * fps))


def _low_pass(values: np.ndarray, radius: int) -> np.ndarray:
    """Average float [F, 2] over time with a triangle, so that a trembling ankle does not shake the body."""
    if radius < 1:
        return values
    triangle = np.concatenate([np.arange(1, radius + 2), np.arange(radius, 0, -1)]).astype(np.float64)
    padded = np.pad(values, ((radius, radius), (0, 0)), mode="edge")
    smooth = [np.convolve(padded[:, axis], triangle / triangle.sum(), mode="valid") for axis in (0, 1)]
    return np.stack(smooth, axis=1)


def find_place(
    new: np.ndarray, body: Figure, supports: np.ndarray, reference: Figure, floor: np.ndarray
) -> np.ndarray:
    """Say how far to move the whole clip so that it happens where the character stands.

    What the clip does most of the time counts, not one frame of it: a dance begins anywhere.

    Args:
        new: The rebuilt body, float [F, 137, 2].
        body: The performer.
        supports: The performer's `support`; all 0 to go by the neck's height instead of the ground's.
        reference: The character, one frame.
        floor: The character's `support`, float [1, 2].

    Returns:
        float64 [2].
    """
    stands = np.asarray(supports.any(axis=1))
    own, there = _home(new, body, supports), _home(reference.points, reference, floor * stands.any())
    x = _off_by(_SIDEWAYS, 0, new, body, reference) if own is None or there is None else there - own
    if not (stands.any() and floor.any()):
        return np.array([x, _off_by(_UPRIGHT, 1, new, body, reference)])
    # Jumps leave the ground, nothing goes below it.
    ground = np.percentile((supports * new[:, _ANKLES, 1]).sum(axis=1)[stands], 95)
    return np.array([x, (floor * reference.points[:, _ANKLES, 1]).sum() - ground])


def _home(points: np.ndarray, body: Figure, supports: np.ndarray) -> float | None:
    """Say around which x a body moves: between its hips, which sway, and its feet, which step aside.

    Args:
        points: Where it is, float [F, 137, 2].
        body: Which of these are sure.
        supports: Its `support`; the hips alone count where that is 0.

    Returns:
        Pixels; None where both hips are never sure.
    """
    known = body.sure[:, MIDDLE_HIP]
    stands = known & supports.any(axis=1)
    known = stands if stands.any() else known
    if not known.any():
        return None
    middle = points[known, MIDDLE_HIP, 0]
    if not stands.any():
        return float(np.median(middle))
    # A foot at home is below its own hip, not below the middle.
    beside = np.median(points[known][:, _HIPS, 0] - middle[:, None], axis=0)
    feet = (supports[known] * (points[known][:, _ANKLES, 0] - beside)).sum(axis=1)
    return float(np.median((1 - _FEET) * middle + _FEET * feet))


def _off_by(joints: tuple[int, ...], axis: int, new: np.ndarray, body: Figure, reference: Figure) -> float:
    """How far the first of these joints that both have is from its place; else the middle of all points."""
    for joint in joints:
        sure = body.sure[:, joint]
        if reference.sure[0, joint] and sure.any():
            return float(reference.points[0, joint, axis] - np.median(new[sure, joint, axis]))
    shown = body.seen[:, :NUM_KEYPOINTS]
    frame = shown.any(axis=1).argmax()
    theirs = reference.points[0, :NUM_KEYPOINTS, axis][reference.seen[0, :NUM_KEYPOINTS]]
    return float(theirs.mean() - new[frame, :NUM_KEYPOINTS, axis][shown[frame]].mean())


def correct(poses: PoseSequence, config: RetargetConfig) -> PoseSequence:
    """Scale and shift poses as was asked for by hand.

    Args:
        poses: On the character's canvas.
        config: Its scale, about where the body mostly stands (anchor "ground") or its neck mostly is, and its
            shift.

    Returns:
        The same poses, moved.
    """
    if config.scale == 1 and config.shift == (0, 0):
        return poses
    fixed = _fixed_point(trace(poses), on_ground=config.anchor == "ground")
    shift = np.array(config.shift) * (poses.canvas.width, poses.canvas.height)
    return poses.moved((np.nan_to_num(poses.keypoints) - fixed) * config.scale + fixed + shift)


def _fixed_point(body: Figure, *, on_ground: bool) -> np.ndarray:
    """The point that a change of size leaves where it is: float64 [2]."""
    if not body.seen[:, BODY].any():
        return np.zeros(2)
    neck = np.median(find_neck(body), axis=0)
    stands = body.seen[:, _ANKLES].any(axis=1)
    if not (on_ground and stands.any()):
        return np.asarray(neck)
    heights = np.where(body.seen[:, _ANKLES], body.points[:, _ANKLES, 1], -np.inf)[stands].max(axis=1)
    hips = body.seen[:, MIDDLE_HIP]
    x = np.median(body.points[hips, MIDDLE_HIP, 0]) if hips.any() else neck[0]
    return np.array([x, np.percentile(heights, 95)])


def stay_inside(performer: np.ndarray, character: np.ndarray, width: int) -> np.ndarray:
    """Say how far to move each frame sideways so that the character stays in its picture.

    Args:
        performer: The performer's neck as a fraction of its picture's width, float [F].
        character: The character's neck in pixels, float [F].
        width: Width of the character's picture.

    Returns:
        float64 [F]; the path gets shorter around its middle.
    """
    low, high = (float(v) for v in np.percentile(performer, [2, 98]))
    room = min(low, _SIDE_MARGIN) * width, max(high, 1 - _SIDE_MARGIN) * width
    home = float(np.median(character))
    away = character - home
    gain = 1.0
    for reach, border in ((away.min(), room[0]), (away.max(), room[1])):
        space = border - home
        if abs(reach) > abs(space) and reach * space > 0:
            gain = min(gain, space / reach)
    return np.asarray((gain - 1) * away)
