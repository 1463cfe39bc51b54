"""The Explicit Pose Indicator's policy: which changes a training clip's poses undergo, and how often.

Source: Animate-X, Sec. 3.3; the numbers that the paper leaves open are ours.
"""

from __future__ import annotations

import numpy as np

from animatex.config.run import EpiConfig
from animatex.epi.parts import add, draw_drop, drop, missing_limbs
from animatex.epi.pool import PosePool
from animatex.epi.realign import realign
from animatex.epi.rescale import draw_factors, is_inside, place_inside, rescale
from animatex.pose.proportions import extent, full_lengths
from animatex.pose.sequence import PoseSequence

_EXTREMES = (0.2, 4.0)
_MOVED = 0.5


def transform(
    poses: PoseSequence, pool: PosePool, config: EpiConfig, rng: np.random.Generator
) -> PoseSequence:
    """Put a clip's motion on another body.

    In the paper's order: realigned to an anchor's body, then parts added, rescaled and dropped. Everything is
    drawn once and holds for the whole clip, so the motion stays.

    Args:
        poses: The driving poses as they are.
        pool: Bodies to realign to.
        config: How often what happens.
        rng: Decides.

    Returns:
        As many poses on the same canvas at the same rate. Nothing becomes seen, except limbs that were added.
    """
    if rng.random() >= config.probability or extent(poses) is None:
        return poses
    anchor = pool.draw(rng, poses.canvas)
    poses = poses.moved(np.where(poses.scores[..., None] > 0, poses.keypoints, 0))
    changed = poses
    if rng.random() < config.realign:
        changed = realign(changed, anchor, move=bool(rng.random() < _MOVED))
    if rng.random() < config.add:
        changed = _with_some_limbs(changed, anchor, rng)
    factors = draw_factors(rng, config.rescale)
    changed = rescale(changed, _tamed(factors, poses, changed))
    if rng.random() < config.drop:
        changed = drop(changed, draw_drop(rng))
    if rng.random() < config.rescale or not is_inside(changed):
        changed = place_inside(changed, rng)
    return changed


def _with_some_limbs(poses: PoseSequence, anchor: PoseSequence, rng: np.random.Generator) -> PoseSequence:
    """Add at least one of the limbs that are missing, if any is."""
    missing = missing_limbs(poses)
    if not missing:
        return poses
    chosen = rng.random(len(missing)) < 0.5
    chosen[rng.integers(len(missing))] = True
    return add(poses, [limb for limb, wanted in zip(missing, chosen, strict=True) if wanted], anchor)


def _tamed(factors: np.ndarray, before: PoseSequence, now: PoseSequence) -> np.ndarray:
    """Soften factors that, on top of the realignment, would leave a limb a stump or a pole."""
    ratios = full_lengths(now) / full_lengths(before)
    known = np.isfinite(ratios)
    if not known.any():
        return factors
    relative = np.where(known, ratios / np.median(ratios[known]), 1.0)
    low, high = _EXTREMES
    tamed: np.ndarray = np.clip(factors * relative, low, high) / relative
    # A realignment that is extreme by itself is left as it is.
    return np.where((relative > low) & (relative < high), tamed, 1.0)
