"""A performer's motion on a character whose head and body are one block, such as a carton or a toast.

A block cannot bend, nod or shrug: it leans on its hips as a whole, and its face looks aside a little.
Letters: F frames, 137 points (`pose.proportions`).
"""

from __future__ import annotations

import numpy as np

from animatex.pose.placing import over_time
from animatex.pose.proportions import ARMS, LEGS, MIDDLE_HIP, Figure
from animatex.pose.skeleton import (
    FACE,
    HEAD,
    LEFT_EAR,
    LEFT_EYE,
    LEFT_HIP,
    LEFT_SHOULDER,
    NECK,
    NOSE,
    RIGHT_EAR,
    RIGHT_EYE,
    RIGHT_HIP,
    RIGHT_SHOULDER,
)

_SWAY = 0.75
"""How far a block leans, as a share of how far the performer does."""

_LOOK = 0.3
"""How far its face looks aside, as a share of how far the performer's does."""

_HELD = [NECK, RIGHT_SHOULDER, LEFT_SHOULDER, RIGHT_HIP, LEFT_HIP, *HEAD]
_LOOKS = [NOSE, RIGHT_EYE, LEFT_EYE]
_HANGING = {
    **dict(zip((RIGHT_SHOULDER, LEFT_SHOULDER), ARMS, strict=True)),
    **dict(zip((RIGHT_HIP, LEFT_HIP), LEGS, strict=True)),
    NOSE: tuple(range(FACE.start, FACE.stop)),
}


def hold_together(new: np.ndarray, body: Figure, reference: Figure, strength: float) -> np.ndarray:
    """Keep head and trunk of a rebuilt body as the character's picture has them.

    Args:
        new: The rebuilt body, its head the character's; float [F, 137, 2].
        body: The performer.
        reference: The character, one frame.
        strength: How much of the character's proportions, 0..1.

    Returns:
        float [F, 137, 2]; `new` itself where one of the two never shows a neck. Without the character's hips
        it leans on its neck; without the performer's it stays upright.
    """
    own = reference.points[0]
    if not (body.seen[:, NECK].any() and reference.sure[0, NECK]):
        return new
    known = np.asarray(body.seen[:, [NECK, MIDDLE_HIP]].all(axis=1))
    up = np.tile([0.0, -1.0], (len(new), 1))
    if known.any():
        up = over_time(new[:, NECK] - new[:, MIDDLE_HIP], known)
    lean = _lean(up)
    # A share of small angles; somebody upside down is so entirely.
    lean -= (1 - _SWAY) * np.sin(lean)
    fixed, there = own[NECK], new[:, NECK]
    if known.any() and reference.sure[0, MIDDLE_HIP]:
        fixed, there = own[MIDDLE_HIP], new[:, NECK] - up
        lean -= _lean(own[None, NECK] - own[None, MIDDLE_HIP])
    held = [point for point in _HELD if reference.sure[0, point]]
    placed = new.copy()
    placed[:, held] = there[:, None] + (own[held] - fixed) @ _turns(lean)
    placed[:, _LOOKS] += _LOOK * _looks(new, placed, body, reference)[:, None]
    away = strength * (placed - new)
    for point, others in _HANGING.items():
        away[:, list(others)] = away[:, [point]]
    return np.asarray(new + away)


def _lean(up: np.ndarray) -> np.ndarray:
    """Angle between upright and a spine [F, 2], clockwise: [F]."""
    return np.asarray(np.arctan2(up[:, 0], -up[:, 1]))


def _turns(angle: np.ndarray) -> np.ndarray:
    """Matrices that turn row vectors clockwise: [F, 2, 2]."""
    cosine, sine = np.cos(angle), np.sin(angle)
    return np.stack([np.stack([cosine, sine], 1), np.stack([-sine, cosine], 1)], 1)


def _looks(free: np.ndarray, held: np.ndarray, body: Figure, reference: Figure) -> np.ndarray:
    """How much farther to the side the free head looks than the held one, along the latter's ears: [F, 2]."""
    known = np.asarray(body.seen[:, list(HEAD)].all(axis=1))
    if not (known.any() and reference.sure[0, list(HEAD)].all()):
        return np.zeros((len(free), 2))
    (free_look, _), (held_look, across) = (_look_aside(points) for points in (free, held))
    return np.asarray(over_time(free_look - held_look, known) * across)


def _look_aside(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How far a face is off the middle of the ears, [F, 1], and the direction from ear to ear, [F, 2]."""
    across = points[:, LEFT_EAR] - points[:, RIGHT_EAR]
    across = across / np.maximum(np.linalg.norm(across, axis=1, keepdims=True), 1e-6)
    off = points[:, _LOOKS].mean(axis=1) - points[:, [RIGHT_EAR, LEFT_EAR]].mean(axis=1)
    return (off * across).sum(axis=1, keepdims=True), across
