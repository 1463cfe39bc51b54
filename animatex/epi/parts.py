"""Parts that disappear or appear: characters without hands, and performers without legs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from animatex.pose.proportions import (
    LEFT_CALF,
    LEFT_FOREARM,
    LEFT_THIGH,
    LEFT_UPPER_ARM,
    RIGHT_CALF,
    RIGHT_FOREARM,
    RIGHT_THIGH,
    RIGHT_UPPER_ARM,
    TORSO,
    full_lengths,
)
from animatex.pose.sequence import PoseSequence
from animatex.pose.skeleton import (
    FACE,
    LEFT_ANKLE,
    LEFT_ARM,
    LEFT_EAR,
    LEFT_ELBOW,
    LEFT_EYE,
    LEFT_FOOT,
    LEFT_HAND,
    LEFT_HIP,
    LEFT_KNEE,
    LEFT_LEG,
    LEFT_WRIST,
    MIRROR,
    NECK,
    NUM_KEYPOINTS,
    RIGHT_ANKLE,
    RIGHT_ARM,
    RIGHT_EAR,
    RIGHT_ELBOW,
    RIGHT_EYE,
    RIGHT_FOOT,
    RIGHT_HAND,
    RIGHT_HIP,
    RIGHT_KNEE,
    RIGHT_LEG,
    RIGHT_WRIST,
)


def _points(group: slice) -> tuple[int, ...]:
    return tuple(range(group.start, group.stop))


_R_HAND, _L_HAND = _points(RIGHT_HAND), _points(LEFT_HAND)
_R_FOREARM, _L_FOREARM = (RIGHT_WRIST, *_R_HAND), (LEFT_WRIST, *_L_HAND)
_R_ARM, _L_ARM = (RIGHT_ELBOW, *_R_FOREARM), (LEFT_ELBOW, *_L_FOREARM)
_R_CALF, _L_CALF = (RIGHT_ANKLE, *RIGHT_FOOT), (LEFT_ANKLE, *LEFT_FOOT)
_R_LEG, _L_LEG = (RIGHT_KNEE, *_R_CALF), (LEFT_KNEE, *_L_CALF)
_FACE_PARTS = (RIGHT_EYE, LEFT_EYE, RIGHT_EAR, LEFT_EAR, *_points(FACE))


class Part(NamedTuple):
    """Key points that disappear together.

    Attributes:
        name: What they are, for people.
        points: With each everything that hangs on it.
    """

    name: str
    points: tuple[int, ...]


def _sides(name: str, plural: str, right: tuple[int, ...], left: tuple[int, ...]) -> tuple[Part, ...]:
    return Part(f"right {name}", right), Part(f"left {name}", left), Part(plural, right + left)


# What disappears together, and how often: each row is one choice with its variants.
_DROPS: tuple[tuple[float, tuple[Part, ...]], ...] = (
    (0.25, _sides("hand", "hands", _R_HAND, _L_HAND)),
    (0.15, _sides("forearm", "forearms", _R_FOREARM, _L_FOREARM)),
    (0.20, _sides("arm", "arms", _R_ARM, _L_ARM)),
    (0.10, _sides("foot", "feet", RIGHT_FOOT, LEFT_FOOT)),
    (0.10, (Part("calves", _R_CALF + _L_CALF),)),
    (0.10, (Part("legs", _R_LEG + _L_LEG),)),
    (0.05, (Part("eyes and ears", _FACE_PARTS),)),
    # Estimators lose single joints, and with them what hangs on them.
    (
        0.05,
        (
            Part("right elbow", _R_ARM),
            Part("right wrist", _R_FOREARM),
            Part("left elbow", _L_ARM),
            Part("left wrist", _L_FOREARM),
            Part("right knee", _R_LEG),
            Part("right ankle", _R_CALF),
            Part("left knee", _L_LEG),
            Part("left ankle", _L_CALF),
            Part("right ear", (RIGHT_EAR,)),
            Part("left ear", (LEFT_EAR,)),
        ),
    ),
)

LIMB_NAMES = ("right arm", "left arm", "right leg", "left leg")
"""What `missing_limbs` finds and `add` adds."""


class _Chain(NamedTuple):
    """A limb that may be missing.

    Attributes:
        joints: Where it begins, its middle and its end.
        points: All that is missing with it.
        lengths: Its two segments, indices of `pose.proportions.LIMBS`.
        usual: Their lengths, where nothing is known, in torso lengths.
        outward: Angle at which it hangs, from the torso's direction, outwards, in radians.
    """

    joints: tuple[int, int, int]
    points: tuple[int, ...]
    lengths: tuple[int, int]
    usual: tuple[float, float]
    outward: float


_ARM_ANGLE = math.radians(15)
_CHAINS = (
    _Chain(RIGHT_ARM, _R_ARM, (RIGHT_UPPER_ARM, RIGHT_FOREARM), (0.58, 0.5), _ARM_ANGLE),
    _Chain(LEFT_ARM, _L_ARM, (LEFT_UPPER_ARM, LEFT_FOREARM), (0.58, 0.5), -_ARM_ANGLE),
    _Chain(RIGHT_LEG, _R_LEG, (RIGHT_THIGH, RIGHT_CALF), (0.8, 0.78), 0.0),
    _Chain(LEFT_LEG, _L_LEG, (LEFT_THIGH, LEFT_CALF), (0.8, 0.78), 0.0),
)


def draw_drop(rng: np.random.Generator) -> Part:
    """Choose what disappears, such as a hand or both calves."""
    weights = np.array([weight for weight, _ in _DROPS])
    _, variants = _DROPS[int(rng.choice(len(_DROPS), p=weights / weights.sum()))]
    return variants[int(rng.integers(len(variants)))]


def drop(poses: PoseSequence, points: Sequence[int]) -> PoseSequence:
    """Hide key points for the whole clip."""
    where = np.zeros(NUM_KEYPOINTS, bool)
    where[list(points)] = True
    return poses.hidden(where)


def missing_limbs(poses: PoseSequence) -> tuple[int, ...]:
    """Find limbs that no frame shows, though it shows where they begin.

    Returns:
        Indices of `LIMB_NAMES`.
    """
    seen = (poses.scores > 0).any(axis=0)
    return tuple(
        index
        for index, chain in enumerate(_CHAINS)
        if seen[chain.joints[0]] and not seen[list(chain.joints[1:])].any()
    )


def add(poses: PoseSequence, limbs: Sequence[int], anchor: PoseSequence) -> PoseSequence:
    """Give a clip limbs that it lacks: the mirror image of the other side's, else one that hangs at rest.

    Args:
        poses: A clip.
        limbs: Of `missing_limbs`.
        anchor: One frame of somebody; a hanging limb is as long as theirs, in proportion to the torso.
    """
    points, scores = poses.keypoints.copy(), poses.scores.copy()
    lacking = missing_limbs(poses)
    axis = _torso_axis(poses)
    for index in limbs:
        if index ^ 1 in lacking:
            _hang(points, scores, _CHAINS[index], axis, _rest_lengths(poses, anchor, _CHAINS[index]))
        else:
            _reflect(points, scores, _CHAINS[index], axis)
    return PoseSequence(points, scores, poses.canvas, poses.fps)


def _torso_axis(poses: PoseSequence) -> np.ndarray:
    """Unit vectors from the neck to the hips, float32 [F, 2]; straight down where either was not seen."""
    needed = [NECK, RIGHT_HIP, LEFT_HIP]
    down = poses.keypoints[:, [RIGHT_HIP, LEFT_HIP]].mean(axis=1) - poses.keypoints[:, NECK]
    length = np.linalg.norm(down, axis=1)
    known = (poses.scores[:, needed] > 0).all(axis=1) & (length > 0)
    axis = np.tile(np.array([0, 1], np.float32), (len(poses), 1))
    axis[known] = down[known] / length[known, None]
    return axis


def _reflect(points: np.ndarray, scores: np.ndarray, chain: _Chain, axis: np.ndarray) -> None:
    root, own = chain.joints[0], list(chain.points)
    other = [MIRROR[point] for point in own]
    arms = points[:, other] - points[:, [MIRROR[root]]]
    along = (arms * axis[:, None]).sum(axis=2, keepdims=True) * axis[:, None]
    points[:, own] = points[:, [root]] + 2 * along - arms
    scores[:, own] = np.minimum(scores[:, other], np.minimum(scores[:, [root]], scores[:, [MIRROR[root]]]))
    points[:, own] = np.where(scores[:, own, None] > 0, points[:, own], 0)


def _hang(
    points: np.ndarray, scores: np.ndarray, chain: _Chain, axis: np.ndarray, lengths: tuple[float, float]
) -> None:
    cos, sin = math.cos(chain.outward), math.sin(chain.outward)
    direction = np.stack([cos * axis[:, 0] - sin * axis[:, 1], sin * axis[:, 0] + cos * axis[:, 1]], axis=1)
    seen = scores[:, chain.joints[0]] > 0
    for parent, child, length in zip(chain.joints, chain.joints[1:], lengths, strict=False):
        points[:, child] = np.where(seen[:, None], points[:, parent] + length * direction, 0)
        scores[:, child] = scores[:, parent]


def _rest_lengths(poses: PoseSequence, anchor: PoseSequence, chain: _Chain) -> tuple[float, float]:
    own, theirs = full_lengths(poses)[TORSO], full_lengths(anchor)
    torso = own if math.isfinite(own) else 0.3 * poses.canvas.height
    ratios = theirs[list(chain.lengths)] / theirs[TORSO]
    upper, lower = (
        float(torso * (ratio if math.isfinite(ratio) else usual))
        for ratio, usual in zip(ratios, chain.usual, strict=True)
    )
    return upper, lower
