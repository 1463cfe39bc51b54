"""The Explicit Pose Indicator's policy: which changes a training clip's poses undergo, and how often.

Source: Animate-X, Sec. 3.3; the numbers that the paper leaves open are ours. The groups realign, add, drop,
bs (body and shoulders), nf (neck and face) and al (arms and legs) are those of its Table 5.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from animatex.config.run import EpiConfig
from animatex.epi.parts import LIMB_NAMES, Part, add, draw_drop, drop, missing_limbs
from animatex.epi.pool import PosePool
from animatex.epi.realign import realign
from animatex.epi.rescale import draw_factors, is_inside, place_inside, rescale
from animatex.pose.proportions import (
    FACE_WIDTH,
    LEFT_CALF,
    LEFT_FOREARM,
    LEFT_THIGH,
    LEFT_UPPER_ARM,
    LIMBS,
    NECK_NOSE,
    RIGHT_CALF,
    RIGHT_FOREARM,
    RIGHT_THIGH,
    RIGHT_UPPER_ARM,
    SHOULDERS,
    TORSO,
    extent,
    full_lengths,
)
from animatex.pose.sequence import PoseSequence

_EXTREMES = (0.2, 4.0)
_MOVED = 0.5

_FAMILIES = (
    ("torso", (TORSO,)),
    ("shoulders", (SHOULDERS,)),
    ("neck", (NECK_NOSE,)),
    ("face", (FACE_WIDTH,)),
    ("arms", (RIGHT_UPPER_ARM, LEFT_UPPER_ARM, RIGHT_FOREARM, LEFT_FOREARM)),
    ("legs", (RIGHT_THIGH, LEFT_THIGH, RIGHT_CALF, LEFT_CALF)),
)


@dataclass(frozen=True, slots=True, eq=False)
class Transformed:
    """A clip's poses on another body, and what was done to them.

    Attributes:
        poses: As many poses on the same canvas at the same rate.
        realigned: Whether the limbs are an anchor's.
        added: Limbs that were added, indices of `LIMB_NAMES`.
        factors: float64 [L], of each limb of `pose.proportions.LIMBS`; 1 where it was not rescaled.
        dropped: What disappeared; None: nothing.
        placed: Whether the whole body was resized and moved.
    """

    poses: PoseSequence
    realigned: bool
    added: tuple[int, ...]
    factors: np.ndarray
    dropped: Part | None
    placed: bool

    def words(self) -> tuple[str, ...]:
        """Say what was done, such as "realigned", "legs x0.62", "no left hand"; empty where nothing was."""
        said = ["realigned"] if self.realigned else []
        said += [f"with a {LIMB_NAMES[limb]}" for limb in self.added]
        for name, limbs in _FAMILIES:
            factor = float(np.exp(np.log(self.factors[list(limbs)]).mean()))
            if (self.factors[list(limbs)] != 1).any():
                said.append(f"{name} x{factor:.2f}")
        if self.dropped:
            said.append(f"no {self.dropped.name}")
        if self.placed:
            said.append("placed anew")
        return tuple(said)


def transform(
    poses: PoseSequence, pool: PosePool, config: EpiConfig, rng: np.random.Generator
) -> Transformed:
    """Put a clip's motion on another body.

    In the paper's order: realigned to an anchor's body, then parts added, rescaled and dropped. Everything is
    drawn once and holds for the whole clip, so the motion stays.

    Args:
        poses: The driving poses as they are.
        pool: Bodies to realign to.
        config: How often what happens.
        rng: Decides.

    Returns:
        The other poses, in which nothing becomes seen except limbs that were added; the given ones where the
        draw said so, or where nobody is seen.
    """
    if rng.random() >= config.probability or extent(poses) is None:
        return Transformed(poses, False, (), np.ones(len(LIMBS)), None, False)
    anchor = pool.draw(rng, poses.canvas)
    poses = poses.moved(np.where(poses.scores[..., None] > 0, poses.keypoints, 0))
    changed = poses
    realigned = bool(rng.random() < config.realign)
    if realigned:
        changed = realign(changed, anchor, move=bool(rng.random() < _MOVED))
    added = _limbs_to_add(changed, rng) if rng.random() < config.add else ()
    changed = add(changed, added, anchor)
    drawn = draw_factors(rng, bs=config.bs, nf=config.nf, al=config.al)
    factors = _tamed(drawn, poses, changed)
    changed = rescale(changed, factors)
    dropped = draw_drop(rng) if rng.random() < config.drop else None
    if dropped:
        changed = drop(changed, dropped.points)
    placed = bool(rng.random() < config.place) or not is_inside(changed)
    if placed:
        changed = place_inside(changed, rng)
    return Transformed(changed, realigned, added, factors, dropped, placed)


def _limbs_to_add(poses: PoseSequence, rng: np.random.Generator) -> tuple[int, ...]:
    """Choose at least one of the limbs that are missing, if any is."""
    missing = missing_limbs(poses)
    if not missing:
        return ()
    chosen = rng.random(len(missing)) < 0.5
    chosen[rng.integers(len(missing))] = True
    return tuple(limb for limb, wanted in zip(missing, chosen, strict=True) if wanted)


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
