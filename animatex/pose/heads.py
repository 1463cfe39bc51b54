"""A performer's head movements on a character's head, whose features lie elsewhere.

A head is a middle, an angle, and five features around it. The performer gives the middle's direction from the
neck, the angle, and how far each feature strays from where it rests (that is the turn of the head); the
character gives the distance from the neck, and where its features rest. Letters: F frames, 5 features.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from animatex.pose.placing import over_time
from animatex.pose.proportions import FACE_WIDTH, LIMBS, NECK_NOSE, Figure, Scales
from animatex.pose.skeleton import FACE, LEFT_EAR, LEFT_EYE, NECK, NOSE, RIGHT_EAR, RIGHT_EYE

_FEATURES = [NOSE, RIGHT_EYE, LEFT_EYE, RIGHT_EAR, LEFT_EAR]
_MIRRORED = [0, 2, 1, 4, 3]
_PAIRS = ((1, 2), (3, 4))
# How much of a head's angle is its neck's, against its eyes' and ears': all of it in profile, where those are
# above each other.
_UPRIGHTNESS = 0.25


class _Head(NamedTuple):
    """A head over time.

    Attributes:
        middle: float [F, 2], of its pairs of features.
        turn: float [F, 2, 2], rotations that set it upright.
        features: float [F, 5, 2], around the middle, upright.
    """

    middle: np.ndarray
    turn: np.ndarray
    features: np.ndarray


def move_heads(
    new: np.ndarray,
    body: Figure,
    neck: np.ndarray,
    reference: Figure,
    scales: Scales,
    strength: float,
) -> np.ndarray:
    """Give a rebuilt body the character's head.

    Args:
        new: The rebuilt body, float [F, 137, 2].
        body: The performer.
        neck: The performer's neck, float [F, 2].
        reference: The character, one frame.
        scales: Of the limbs, strength included.
        strength: How much of the character's layout, 0..1.

    Returns:
        float [F, 137, 2]; `new` itself where one of the two never shows a neck and a pair of eyes or ears.
    """
    ours = np.asarray(body.sure[:, _FEATURES].any(axis=0))
    theirs = reference.sure[0, _FEATURES]
    pairs = [pair for pair in _PAIRS if all(ours[i] and theirs[i] for i in pair)]
    if not pairs or not reference.sure[0, NECK]:
        return new
    head = _upright(_filled(body, neck), neck, pairs)
    own = _upright(reference.points[:, _FEATURES], reference.points[:, NECK], pairs)
    scale = scales.limbs[FACE_WIDTH]
    rest = _symmetric(np.median(head.features, axis=0), ours)
    layout = _symmetric(own.features[0], theirs)
    change = strength * np.nan_to_num(layout - scale * rest)

    distance = float(np.median(np.linalg.norm(head.middle - neck, axis=1)))
    longer = float(np.linalg.norm(own.middle - reference.points[:, NECK])) / max(distance, 1e-6)
    limb, overall = LIMBS[NECK_NOSE], scales.overall
    longer = overall * float(np.clip(longer / overall, limb.least, limb.most)) ** strength
    middle = new[:, NECK] + longer * (head.middle - neck)
    placed = middle[:, None] + (scale * head.features + change) @ head.turn
    moved = new.copy()
    moved[:, FACE] += (placed[:, 0] - new[:, NOSE])[:, None]
    moved[:, _FEATURES] = np.where(body.seen[:, _FEATURES, None], placed, new[:, _FEATURES])
    return moved


def _filled(body: Figure, neck: np.ndarray) -> np.ndarray:
    """The features with those unseen where they were, or will be, around the neck: float [F, 5, 2]."""
    filled = np.repeat(neck[:, None], len(_FEATURES), axis=1)
    for i, point in enumerate(_FEATURES):
        if body.seen[:, point].any():
            filled[:, i] += over_time(body.points[:, point] - neck, body.seen[:, point])
    return filled


def _upright(features: np.ndarray, neck: np.ndarray, pairs: list[tuple[int, int]]) -> _Head:
    """Find middle and angle of heads, [F, 5, 2], from these pairs of features and the neck, [F, 2]."""
    middle = features[:, [i for pair in pairs for i in pair]].mean(axis=1)
    across = sum(features[:, left] - features[:, right] for right, left in pairs)
    up = neck - middle
    # The neck says which way is up; eyes above each other, or seen from behind, do not.
    level = np.stack([up[:, 1], -up[:, 0]], axis=1)
    level /= np.maximum(np.linalg.norm(level, axis=1, keepdims=True), 1e-6)
    across *= np.where((across * level).sum(axis=1) < 0, -1.0, 1.0)[:, None]
    width = np.median(np.linalg.norm(across, axis=1))
    across = across + _UPRIGHTNESS * max(float(width), 1e-6) * level
    across /= np.maximum(np.linalg.norm(across, axis=1, keepdims=True), 1e-9)
    cosine, sine = across[:, 0], across[:, 1]
    turn = np.stack([np.stack([cosine, sine], 1), np.stack([-sine, cosine], 1)], 1)
    return _Head(middle, turn, (features - middle[:, None]) @ turn.transpose(0, 2, 1))


def _symmetric(features: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Where features rest when the head looks at us: float [5, 2], NaN where neither side is known."""
    own = np.where(known[:, None], features, np.nan)
    mirrored = own[_MIRRORED] * [-1, 1]
    one = np.where(np.isfinite(own), own, mirrored)
    return np.asarray((one + np.where(np.isfinite(mirrored), mirrored, own)) / 2)
