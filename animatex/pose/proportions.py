"""How long a body's limbs are, and how one body's compare with another's.

Letters: F frames, L limbs (in the order of `LIMBS`). Points are the 134 of `pose.skeleton`, followed by three
midpoints: between the hips, and between the toes of each foot.
"""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from animatex.pose.sequence import PoseSequence
from animatex.pose.skeleton import (
    BODY,
    LEFT_ANKLE,
    LEFT_BIG_TOE,
    LEFT_EAR,
    LEFT_ELBOW,
    LEFT_EYE,
    LEFT_FOOT,
    LEFT_HAND,
    LEFT_HIP,
    LEFT_KNEE,
    LEFT_SHOULDER,
    LEFT_SMALL_TOE,
    LEFT_WRIST,
    NECK,
    NOSE,
    NUM_KEYPOINTS,
    RIGHT_ANKLE,
    RIGHT_BIG_TOE,
    RIGHT_EAR,
    RIGHT_ELBOW,
    RIGHT_EYE,
    RIGHT_FOOT,
    RIGHT_HAND,
    RIGHT_HIP,
    RIGHT_KNEE,
    RIGHT_SHOULDER,
    RIGHT_SMALL_TOE,
    RIGHT_WRIST,
)

MIDDLE_HIP, RIGHT_FOOT_MIDDLE, LEFT_FOOT_MIDDLE = range(NUM_KEYPOINTS, NUM_KEYPOINTS + 3)
_MIDPOINTS = (
    (RIGHT_HIP, LEFT_HIP),
    (RIGHT_BIG_TOE, RIGHT_SMALL_TOE),
    (LEFT_BIG_TOE, LEFT_SMALL_TOE),
)


class Limb(NamedTuple):
    """A measure of the body.

    Attributes:
        name: What it is called.
        start: One end's point.
        end: The other end's.
        weight: What it counts in the overall scale; 0 where it says little about a body's size.
        least: Its scale is kept above this part of the overall scale.
        most: And below this.
    """

    name: str
    start: int
    end: int
    weight: float
    least: float
    most: float


LIMBS: tuple[Limb, ...] = (
    Limb("torso", NECK, MIDDLE_HIP, 3, 0.25, 4),
    Limb("shoulders", RIGHT_SHOULDER, LEFT_SHOULDER, 2, 0.2, 4),
    Limb("hips", RIGHT_HIP, LEFT_HIP, 0, 0.1, 6),
    Limb("neck", NECK, NOSE, 0, 0.1, 6),
    Limb("face", RIGHT_EAR, LEFT_EAR, 0, 0.2, 8),
    Limb("eyes", RIGHT_EYE, LEFT_EYE, 0, 0.2, 8),
    Limb("right_upper_arm", RIGHT_SHOULDER, RIGHT_ELBOW, 1, 0.1, 4),
    Limb("left_upper_arm", LEFT_SHOULDER, LEFT_ELBOW, 1, 0.1, 4),
    Limb("right_forearm", RIGHT_ELBOW, RIGHT_WRIST, 1, 0.1, 4),
    Limb("left_forearm", LEFT_ELBOW, LEFT_WRIST, 1, 0.1, 4),
    Limb("right_thigh", RIGHT_HIP, RIGHT_KNEE, 1.5, 0.1, 4),
    Limb("left_thigh", LEFT_HIP, LEFT_KNEE, 1.5, 0.1, 4),
    Limb("right_calf", RIGHT_KNEE, RIGHT_ANKLE, 1.5, 0.1, 4),
    Limb("left_calf", LEFT_KNEE, LEFT_ANKLE, 1.5, 0.1, 4),
    Limb("right_foot", RIGHT_ANKLE, RIGHT_FOOT_MIDDLE, 0, 0.1, 4),
    Limb("left_foot", LEFT_ANKLE, LEFT_FOOT_MIDDLE, 0, 0.1, 4),
)

_INDEX = {limb.name: i for i, limb in enumerate(LIMBS)}
TORSO, SHOULDERS, HIPS, NECK_NOSE, FACE_WIDTH, EYE_WIDTH = range(6)
RIGHT_UPPER_ARM, LEFT_UPPER_ARM, RIGHT_FOREARM, LEFT_FOREARM = range(6, 10)
RIGHT_THIGH, LEFT_THIGH, RIGHT_CALF, LEFT_CALF, RIGHT_FOOT_LENGTH, LEFT_FOOT_LENGTH = range(10, 16)
_SIDES = tuple(
    (i, _INDEX["left" + limb.name[5:]]) for i, limb in enumerate(LIMBS) if limb.name.startswith("right")
)

# Where a limb's scale is unknown, the first known of these stands in.
_STAND_INS = {
    SHOULDERS: (HIPS,),
    HIPS: (SHOULDERS,),
    FACE_WIDTH: (EYE_WIDTH, NECK_NOSE),
    NECK_NOSE: (FACE_WIDTH, EYE_WIDTH),
    # Who has long arms has long legs.
    RIGHT_UPPER_ARM: (RIGHT_FOREARM, RIGHT_THIGH, RIGHT_CALF),
    LEFT_UPPER_ARM: (LEFT_FOREARM, LEFT_THIGH, LEFT_CALF),
    RIGHT_FOREARM: (RIGHT_UPPER_ARM, RIGHT_CALF, RIGHT_THIGH),
    LEFT_FOREARM: (LEFT_UPPER_ARM, LEFT_CALF, LEFT_THIGH),
    RIGHT_THIGH: (RIGHT_CALF, RIGHT_UPPER_ARM, RIGHT_FOREARM),
    LEFT_THIGH: (LEFT_CALF, LEFT_UPPER_ARM, LEFT_FOREARM),
    RIGHT_CALF: (RIGHT_THIGH, RIGHT_FOREARM, RIGHT_UPPER_ARM),
    LEFT_CALF: (LEFT_THIGH, LEFT_FOREARM, LEFT_UPPER_ARM),
    RIGHT_FOOT_LENGTH: (RIGHT_CALF, RIGHT_THIGH),
    LEFT_FOOT_LENGTH: (LEFT_CALF, LEFT_THIGH),
}

ARMS = (
    (RIGHT_ELBOW, RIGHT_WRIST, *range(RIGHT_HAND.start, RIGHT_HAND.stop)),
    (LEFT_ELBOW, LEFT_WRIST, *range(LEFT_HAND.start, LEFT_HAND.stop)),
)
"""All points of the right arm beyond its shoulder, and of the left one."""

LEGS = ((RIGHT_KNEE, RIGHT_ANKLE, *RIGHT_FOOT), (LEFT_KNEE, LEFT_ANKLE, *LEFT_FOOT))
"""All points of the right leg beyond its hip, and of the left one."""

FULL_LENGTH_PERCENTILE = 70
"""Of a limb's lengths over a clip: what points at the camera looks short, never long."""

_LONGEST_FOOT = 0.5
# Points below it are left out of the released drawings.
_CONFIDENT = 0.3


@dataclass(frozen=True, slots=True, eq=False)
class Scales:
    """How much longer one body's limbs are than another's.

    Attributes:
        overall: Ratio of the two bodies' sizes.
        limbs: float64 [L], ratio of each limb's lengths; all positive and finite.
    """

    overall: float
    limbs: np.ndarray

    def softened(self, strength: float) -> Scales:
        """Go from the overall scale for every limb (strength 0) to each limb's own (strength 1)."""
        return Scales(self.overall, self.overall * (self.limbs / self.overall) ** strength)


class Figure(NamedTuple):
    """Poses with their midpoints.

    Attributes:
        points: float64 [F, 137, 2] in pixels, finite.
        seen: bool [F, 137].
        sure: bool [F, 137], seen well enough to measure with.
    """

    points: np.ndarray
    seen: np.ndarray
    sure: np.ndarray


def trace(poses: PoseSequence) -> Figure:
    """Add the three midpoints, and say which points to rely on."""
    points, seen = with_midpoints(poses)
    return Figure(points, seen, with_midpoints(confident(poses))[1])


def confident(poses: PoseSequence) -> PoseSequence:
    """Keep only the points that are good enough to measure a body with; all where no joint is."""
    sure = poses.hidden(~poses.visible(_CONFIDENT))
    return poses if extent(sure) is None else sure


def with_midpoints(poses: PoseSequence) -> tuple[np.ndarray, np.ndarray]:
    """Add the three midpoints to the key points.

    Returns:
        float64 [F, 137, 2] in pixels, finite, and bool [F, 137]: seen, or both its sources were.
    """
    points = np.nan_to_num(poses.keypoints).astype(np.float64)
    seen = poses.scores > 0
    middles = [points[:, pair].mean(axis=1, keepdims=True) for pair in map(list, _MIDPOINTS)]
    middles_seen = [seen[:, pair].all(axis=1, keepdims=True) for pair in map(list, _MIDPOINTS)]
    return np.concatenate([points, *middles], axis=1), np.concatenate([seen, *middles_seen], axis=1)


def limb_lengths(poses: PoseSequence) -> np.ndarray:
    """Measure each limb in each frame: float64 [F, L] in pixels, NaN where an end is unseen."""
    points, seen = with_midpoints(poses)
    starts, ends = [limb.start for limb in LIMBS], [limb.end for limb in LIMBS]
    lengths = np.linalg.norm(points[:, ends] - points[:, starts], axis=2)
    known = seen[:, starts] & seen[:, ends] & (lengths > 1e-3 * min(poses.canvas))
    return np.where(known, lengths, np.nan)


def full_lengths(poses: PoseSequence) -> np.ndarray:
    """Estimate the limbs' true lengths: float64 [L], NaN for limbs never seen.

    A limb that points at the camera looks shorter than it is and never longer, so this is a high percentile
    over time, and the longer one of left and right.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="All-NaN slice encountered")
        lengths = np.nanpercentile(limb_lengths(poses), FULL_LENGTH_PERCENTILE, axis=0)
    return _symmetric(lengths)


def first_lengths(poses: PoseSequence) -> np.ndarray:
    """Measure each limb in the first frame that shows it: float64 [L], NaN for limbs never seen."""
    lengths = limb_lengths(poses)
    frame = np.isfinite(lengths).argmax(axis=0)
    first: np.ndarray = lengths[frame, np.arange(len(LIMBS))]
    return first


def compare_limbs(lengths: np.ndarray, reference: np.ndarray, fallback: float) -> Scales:
    """Compare the limbs of two bodies.

    Args:
        lengths: float [L], NaN where unknown: whose motion it is.
        reference: float [L], NaN where unknown: whose body it becomes.
        fallback: Overall scale if fewer than two limbs are known of both.

    Returns:
        For each limb reference / own length, kept within the limb's limits around the overall scale. A limb
        that is unknown takes its neighbour's scale, else the overall one; a foot is then at most half a calf
        long.
    """
    ratios = reference / lengths
    overall = _overall(ratios, fallback)
    limbs = np.array(
        [
            next((ratios[j] for j in (i, *_STAND_INS.get(i, ())) if math.isfinite(ratios[j])), overall)
            for i in range(len(LIMBS))
        ]
    )
    for foot, calf in ((RIGHT_FOOT_LENGTH, RIGHT_CALF), (LEFT_FOOT_LENGTH, LEFT_CALF)):
        longest = _LONGEST_FOOT * lengths[calf] * limbs[calf] / lengths[foot]
        if math.isnan(ratios[foot]) and limbs[foot] > longest:
            limbs[foot] = longest
    least = np.array([limb.least for limb in LIMBS]) * overall
    most = np.array([limb.most for limb in LIMBS]) * overall
    return Scales(overall, np.clip(limbs, least, most))


def extent(poses: PoseSequence) -> tuple[float, float, float, float] | None:
    """Give the box around the body in its most complete frame: left, top, right, bottom; None for nobody."""
    frame = poses.most_complete()
    seen = poses.scores[frame, BODY] > 0
    if not seen.any():
        return None
    points = poses.keypoints[frame, BODY][seen]
    (left, top), (right, bottom) = points.min(axis=0).tolist(), points.max(axis=0).tolist()
    return left, top, right, bottom


def torso_length(poses: PoseSequence) -> float:
    """Measure the clip's body scale: median distance from the neck to the middle of the hips, in pixels.

    A quarter of the canvas's height where these are never seen.
    """
    seen = (poses.scores[:, [NECK, RIGHT_HIP, LEFT_HIP]] > 0).all(axis=1)
    if not seen.any():
        return poses.canvas.height / 4
    hips = poses.keypoints[seen][:, [RIGHT_HIP, LEFT_HIP]].mean(axis=1)
    return max(1.0, float(np.median(np.linalg.norm(hips - poses.keypoints[seen, NECK], axis=1))))


def _symmetric(lengths: np.ndarray) -> np.ndarray:
    alike = lengths.copy()
    for right, left in _SIDES:
        alike[[right, left]] = np.fmax(lengths[right], lengths[left])
    return alike


def _overall(ratios: np.ndarray, fallback: float) -> float:
    """Weighted median over the limbs known of both bodies; else the head's; else the fallback."""
    weights = np.array([limb.weight for limb in LIMBS])
    known = np.isfinite(ratios) & (weights > 0)
    if known.sum() < 2:
        head = [ratios[i] for i in (FACE_WIDTH, EYE_WIDTH, NECK_NOSE) if math.isfinite(ratios[i])]
        return float(next(iter([*ratios[known], *head]), fallback))
    order = np.argsort(ratios[known], kind="stable")
    total = np.cumsum(weights[known][order])
    return float(ratios[known][order][np.searchsorted(total, total[-1] / 2)])
