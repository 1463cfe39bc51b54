"""Gap filling and smoothing of key points, at the clip's true frame rate."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from animatex.config.run import SmoothConfig
from animatex.pose.proportions import torso_length
from animatex.pose.sequence import PoseSequence
from animatex.pose.skeleton import (
    FACE,
    LEFT_ARM,
    LEFT_EAR,
    LEFT_EYE,
    LEFT_FOOT,
    LEFT_HAND,
    LEFT_LEG,
    NECK,
    NOSE,
    RIGHT_ARM,
    RIGHT_EAR,
    RIGHT_EYE,
    RIGHT_FOOT,
    RIGHT_HAND,
    RIGHT_LEG,
)

_SIDES = (
    (RIGHT_ARM, RIGHT_LEG, RIGHT_FOOT, RIGHT_HAND),
    (LEFT_ARM, LEFT_LEG, LEFT_FOOT, LEFT_HAND),
)


def _levels() -> tuple[tuple[list[int], list[int]], ...]:
    """Points with the joints they hang on, joints before what hangs on them."""
    pairs: list[list[tuple[int, int]]] = [[(NECK, NOSE)], [], [], []]
    head = [RIGHT_EYE, LEFT_EYE, RIGHT_EAR, LEFT_EAR, *range(FACE.start, FACE.stop)]
    pairs[1] += [(NOSE, point) for point in head]
    for (shoulder, elbow, wrist), (hip, knee, ankle), foot, hand in _SIDES:
        pairs[0] += [(NECK, shoulder), (NECK, hip)]
        pairs[1] += [(shoulder, elbow), (hip, knee)]
        pairs[2] += [(elbow, wrist), (knee, ankle)]
        pairs[3] += [(wrist, point) for point in range(hand.start, hand.stop)]
        pairs[3] += [(ankle, point) for point in foot]
    return tuple(([joint for joint, _ in level], [point for _, point in level]) for level in pairs)


_LEVELS = _levels()
_SPEED_CUTOFF = 1.0


def smooth_poses(poses: PoseSequence, config: SmoothConfig) -> PoseSequence:
    """Bridge short gaps and take the estimator's tremble out of the motion.

    Args:
        poses: Points that were not seen have score 0.
        config: How long a gap may be and how strongly to smooth.

    Returns:
        The same clip; points that stay unseen are unchanged.
    """
    filled = fill_gaps(poses, config.max_gap)
    if config.method == "none":
        return filled
    return one_euro(filled, config.min_cutoff, config.beta)


def fill_gaps(poses: PoseSequence, max_gap: int) -> PoseSequence:
    """Interpolate points that are missing for at most `max_gap` frames.

    A limb turns about the joint it hangs on, so that it keeps its length while its body moves; a point whose
    joint is not known moves in a straight line. A filled point has the lower of the scores on both sides.
    """
    if max_gap == 0:
        return poses
    given = np.nan_to_num(poses.keypoints)
    seen = poses.scores > 0
    points, scores = _bridge(given, poses.scores, max_gap, turning=False)
    for joints, children in _LEVELS:
        held = scores[:, joints] > 0
        limbs = given[:, children] - points[:, joints]
        known = np.where(held, poses.scores[:, children], 0)
        turned, turned_scores = _bridge(limbs, known, max_gap, turning=True)
        use = held & (turned_scores > 0) & ~seen[:, children]
        points[:, children] = np.where(use[..., None], turned + points[:, joints], points[:, children])
        scores[:, children] = np.where(use, turned_scores, scores[:, children])
    return replace(poses, keypoints=np.where(seen[..., None], poses.keypoints, points), scores=scores)


def one_euro(poses: PoseSequence, min_cutoff: float, beta: float) -> PoseSequence:
    """Smooth with the One-Euro filter (Casiez et al. 2012), forwards and backwards, so that nothing lags.

    Args:
        poses: The filter starts afresh wherever a point appears.
        min_cutoff: Cut-off frequency of a point at rest, in Hz.
        beta: How fast the cut-off rises with speed, in Hz per torso length a second.
    """
    torso = torso_length(poses)
    points = np.nan_to_num(poses.keypoints).astype(np.float64) / torso
    seen = poses.scores > 0
    forwards = _one_euro_pass(points, seen, poses.fps, min_cutoff, beta)
    backwards = _one_euro_pass(points[::-1], seen[::-1], poses.fps, min_cutoff, beta)[::-1]
    smooth = ((forwards + backwards) / 2 * torso).astype(np.float32)
    return poses.moved(np.where(seen[..., None], smooth, poses.keypoints))


def jitter(poses: PoseSequence) -> float:
    """Measure how much the body trembles.

    Returns:
        Median length of the second difference of the eighteen joints over time, in torso lengths a second
        squared; 0 where no joint is seen in three frames running.
    """
    body, seen = poses.keypoints[:, :18].astype(np.float64), poses.scores[:, :18] > 0
    running = seen[2:] & seen[1:-1] & seen[:-2]
    if not running.any():
        return 0.0
    bend = (body[2:] - 2 * body[1:-1] + body[:-2])[running]
    return float(np.median(np.linalg.norm(bend, axis=1))) * poses.fps**2 / torso_length(poses)


def _bridge(
    points: np.ndarray, scores: np.ndarray, max_gap: int, *, turning: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Interpolate float [F, K, 2] over time where scores [F, K] are 0, in gaps up to `max_gap`.

    Straight, or turning about the origin the shorter way round.
    """
    count = len(points)
    seen = scores > 0
    frame = np.arange(count)[:, None]
    before = np.maximum.accumulate(np.where(seen, frame, -1), axis=0)
    after = np.minimum.accumulate(np.where(seen, frame, count)[::-1], axis=0)[::-1]
    fill = ~seen & (before >= 0) & (after < count) & (after - before - 1 <= max_gap)
    left, right = np.where(fill, before, frame), np.where(fill, after, frame)
    weight = np.where(fill, (frame - left) / np.maximum(right - left, 1), 0.0)
    point = np.arange(points.shape[1])
    flat = points[..., 0] + 1j * points[..., 1]
    start, end = flat[left, point], flat[right, point]
    mixed = (1 - weight) * start + weight * end
    if turning:
        can_turn = (start != 0) & (end != 0)
        safe = np.where(can_turn, start, 1)
        mixed = np.where(can_turn, safe * (np.where(can_turn, end, 1) / safe) ** weight, mixed)
    bridged = np.stack([mixed.real, mixed.imag], axis=2).astype(points.dtype)
    return bridged, np.minimum(scores[left, point], scores[right, point])


def _one_euro_pass(
    points: np.ndarray, seen: np.ndarray, fps: float, min_cutoff: float, beta: float
) -> np.ndarray:
    """One causal pass over float [F, K, 2] in torso lengths.

    Notation: a cut-off of f Hz means the weight alpha = r / (r + 1) with r = 2 pi f / fps.
    """
    smooth = points.copy()
    speed = np.zeros_like(points[0])
    keep_speed = _weight(_SPEED_CUTOFF, fps)
    for t in range(1, len(points)):
        running = (seen[t] & seen[t - 1])[:, None]
        velocity = (points[t] - points[t - 1]) * fps
        speed = np.where(running, keep_speed * velocity + (1 - keep_speed) * speed, 0)
        alpha = _weight(min_cutoff + beta * np.linalg.norm(speed, axis=1, keepdims=True), fps)
        smooth[t] = np.where(running, alpha * points[t] + (1 - alpha) * smooth[t - 1], points[t])
    return smooth


def _weight(cutoff: float | np.ndarray, fps: float) -> np.ndarray:
    r = 2 * math.pi * np.asarray(cutoff) / fps
    return r / (r + 1)
