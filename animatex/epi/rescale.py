"""Pose Rescale: other limb lengths, another size and place; the motion stays.

Factors are drawn once for a clip and applied to every frame's own vectors. Letters: F frames, L limbs (in the
order of `pose.proportions.LIMBS`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from animatex.pose.proportions import (
    FACE_WIDTH,
    HIPS,
    LEFT_CALF,
    LEFT_FOOT_LENGTH,
    LEFT_FOREARM,
    LEFT_THIGH,
    LEFT_UPPER_ARM,
    LIMBS,
    NECK_NOSE,
    RIGHT_CALF,
    RIGHT_FOOT_LENGTH,
    RIGHT_FOREARM,
    RIGHT_THIGH,
    RIGHT_UPPER_ARM,
    SHOULDERS,
    TORSO,
    Scales,
    with_midpoints,
)
from animatex.pose.retarget import default_box, fit_to_box, walk
from animatex.pose.sequence import PoseSequence
from animatex.pose.skeleton import BODY, LEFT_SHOULDER, NECK, NUM_KEYPOINTS, RIGHT_SHOULDER

_ALL_EVEN = 0.9
_BIGGER_FACE = 0.65
_PLACEMENTS = 10
_INSIDE = 0.5


def draw_factors(rng: np.random.Generator, *, bs: float, nf: float, al: float) -> np.ndarray:
    """Draw other proportions.

    Args:
        rng: Decides.
        bs: Probability of changing the torso, and of changing the shoulders.
        nf: Of changing the neck, and the face.
        al: Of changing the arms, and the legs. Where any of the three is above 0, something is changed.

    Returns:
        float64 [L], 1 for limbs that keep their length.
    """
    changes = (_torso, _shoulders, _neck, _face, _arms, _legs)
    probabilities = np.array([bs, bs, nf, nf, al, al])
    possible = np.flatnonzero(probabilities)
    chosen = rng.random(len(changes)) < probabilities
    if len(possible) and not chosen.any():
        chosen[possible[rng.integers(len(possible))]] = True
    factors = np.ones(len(LIMBS))
    for change, wanted in zip(changes, chosen, strict=True):
        if wanted:
            for limb, factor in change(rng).items():
                factors[limb] *= factor
    return factors


def rescale(poses: PoseSequence, factors: np.ndarray) -> PoseSequence:
    """Make limbs longer or shorter, outwards from the neck, which stays.

    Args:
        poses: A clip.
        factors: float [L], above 0. What hangs on a limb moves with it and keeps its length; a hand follows
            its forearm's and the shoulders' factors, and eyes, ears and face points the face's.
    """
    points, seen = with_midpoints(poses)
    neck = _necks(points, seen)
    moved = walk(points, seen, Scales(1.0, factors), neck, neck)[:, :NUM_KEYPOINTS]
    return poses.moved(np.where(poses.scores[..., None] > 0, moved, poses.keypoints))


@dataclass(frozen=True, slots=True)
class Placement:
    """Another size and place.

    Attributes:
        scale: Factors of x and y.
        shift: Fractions of the canvas's width and height.
    """

    scale: tuple[float, float]
    shift: tuple[float, float]


def draw_placement(rng: np.random.Generator) -> Placement:
    """Draw a size between three quarters and a third more, slightly wider or narrower, a little aside."""
    size, aspect = _log_uniform(rng, 0.75, 1.3), math.sqrt(_log_uniform(rng, 0.9, 1.1))
    dx, dy = (float(value) for value in rng.uniform(-0.08, 0.08, 2))
    return Placement((size * aspect, size / aspect), (dx, dy))


def place(poses: PoseSequence, placement: Placement) -> PoseSequence:
    """Scale about the neck of the first frame, then shift."""
    points, seen = with_midpoints(poses)
    neck = _necks(points, seen)[0]
    shift = np.array(placement.shift) * (poses.canvas.width, poses.canvas.height)
    return poses.moved((poses.keypoints - neck) * np.array(placement.scale) + neck + shift)


def place_inside(poses: PoseSequence, rng: np.random.Generator) -> PoseSequence:
    """Place at random so that at least half of what is seen of the body stays in the picture.

    Where ten draws fail, the most complete frame is fitted into the picture instead.
    """
    for _ in range(_PLACEMENTS):
        placed = place(poses, draw_placement(rng))
        if is_inside(placed):
            return placed
    return fit_to_box(poses, default_box(poses.canvas), poses.canvas)


def is_inside(poses: PoseSequence) -> bool:
    """Tell whether at least half of the body joints seen over the clip lie within the canvas."""
    body, seen = poses.keypoints[:, BODY], poses.scores[:, BODY] > 0
    inside = ((body >= 0) & (body < (poses.canvas.width, poses.canvas.height))).all(axis=2)
    return not seen.any() or bool(inside[seen].mean() >= _INSIDE)


def _torso(rng: np.random.Generator) -> dict[int, float]:
    return {TORSO: _log_uniform(rng, 0.6, 1.5)}


def _shoulders(rng: np.random.Generator) -> dict[int, float]:
    factor = _log_uniform(rng, 0.5, 1.7)
    return {SHOULDERS: factor, HIPS: factor ** float(rng.random())}


def _neck(rng: np.random.Generator) -> dict[int, float]:
    return {NECK_NOSE: _log_uniform(rng, 0.4, 1.8)}


def _face(rng: np.random.Generator) -> dict[int, float]:
    bigger = rng.random() < _BIGGER_FACE
    return {FACE_WIDTH: _log_uniform(rng, 1.0, 2.8) if bigger else _log_uniform(rng, 0.5, 1.0)}


def _arms(rng: np.random.Generator) -> dict[int, float]:
    pairs = ((RIGHT_UPPER_ARM, LEFT_UPPER_ARM), (RIGHT_FOREARM, LEFT_FOREARM))
    return _limbs(rng, _log_uniform(rng, 0.35, 1.6), pairs)


def _legs(rng: np.random.Generator) -> dict[int, float]:
    factor = _log_uniform(rng, 0.3, 1.5)
    feet = {foot: math.sqrt(factor) for foot in (RIGHT_FOOT_LENGTH, LEFT_FOOT_LENGTH)}
    return _limbs(rng, factor, ((RIGHT_THIGH, LEFT_THIGH), (RIGHT_CALF, LEFT_CALF))) | feet


def _limbs(rng: np.random.Generator, factor: float, pairs: tuple[tuple[int, int], ...]) -> dict[int, float]:
    """Upper and lower segments vary a little around one factor; the sides are mostly alike."""
    even = rng.random() < _ALL_EVEN
    factors: dict[int, float] = {}
    for right, left in pairs:
        factors[right] = factor * _log_uniform(rng, 0.85, 1.18)
        factors[left] = factors[right] if even else factor * _log_uniform(rng, 0.85, 1.18)
    return factors


def _log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    return math.exp(rng.uniform(math.log(low), math.log(high)))


def _necks(points: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """Where the neck is in each frame, float64 [F, 2]: seen, between the shoulders, or as in other frames."""
    middle = points[:, [RIGHT_SHOULDER, LEFT_SHOULDER]].mean(axis=1)
    has_middle = seen[:, [RIGHT_SHOULDER, LEFT_SHOULDER]].all(axis=1)
    neck = np.where(seen[:, NECK, None], points[:, NECK], middle)
    known = seen[:, NECK] | has_middle
    if not known.any():
        weights = seen[:, BODY, None].astype(np.float64)
        return (points[:, BODY] * weights).sum(axis=1) / np.maximum(weights.sum(axis=1), 1)
    frames = np.arange(len(points))
    return np.stack([np.interp(frames, frames[known], neck[known, axis]) for axis in (0, 1)], axis=1)
