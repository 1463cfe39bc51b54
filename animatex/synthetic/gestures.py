"""Poses in which hands find the own body: clasped, on the hips, folded, behind the back, at the face."""

from __future__ import annotations

import numpy as np

from animatex.synthetic.motion import Channel
from animatex.synthetic.puppet import Body

# Name, weight, whether both hands do it, and the wrist's place: x in shoulder widths (outwards), y from the
# pelvis up in torso lengths; each as mean and spread.
_TOUCHES = (
    ("clasped", 0.34, True, (0.12, 0.1), (0.42, 0.17)),
    ("hips", 0.2, True, (0.82, 0.1), (0.1, 0.06)),
    ("pockets", 0.1, True, (0.85, 0.1), (-0.08, 0.06)),
    ("crossed", 0.14, True, (-0.55, 0.15), (0.52, 0.08)),
    ("behind", 0.08, True, (0.2, 0.2), (0.08, 0.1)),
    ("chin", 0.08, False, (0.15, 0.15), (1.08, 0.08)),
    ("cheeks", 0.06, True, (0.45, 0.12), (1.2, 0.12)),
    ("heart", 0.08, False, (-0.15, 0.2), (0.72, 0.1)),
)


def touch(rng: np.random.Generator, body: Body, pose: np.ndarray) -> np.ndarray:
    """Move the arms of a pose (float [33]) so that this body's hands reach for itself; a new array."""
    pose = pose.copy()
    weights = np.array([entry[1] for entry in _TOUCHES])
    name, _, both, across, up = _TOUCHES[int(rng.choice(len(weights), p=weights / weights.sum()))]
    first = int(rng.integers(2))
    for side in (0, 1) if both else (first,):
        x, y = rng.normal(*across) * body.shoulder, -rng.normal(*up) * body.torso
        reach = rng.uniform(0.72, 1.0)
        arm, elbow = _bend(body, x - body.shoulder, y + body.torso, reach)
        pose[Channel.ARM + side], pose[Channel.ELBOW + side] = arm, elbow
        pose[Channel.ARM_REACH + side] = pose[Channel.FOREARM_REACH + side] = reach
        pose[Channel.FRONT + side] = -1.0 if name == "behind" else 1.0
        pose[Channel.WRIST + side] = rng.normal(0, 0.3)
        pose[Channel.SHRUG + side] = 0.0
    pose[Channel.YAW] *= 0.5
    pose[Channel.LEAN] *= 0.5
    return pose


def _bend(body: Body, outwards: float, down: float, reach: float) -> tuple[float, float]:
    """Angles of arm and elbow that bring the wrist from the shoulder to a place, elbow outwards."""
    upper, lower = body.upper_arm * reach, body.forearm * reach
    far = float(np.clip(np.hypot(outwards, down), abs(upper - lower) + 1e-3, upper + lower - 1e-3))
    at_shoulder = np.arccos((upper**2 + far**2 - lower**2) / (2 * upper * far))
    at_elbow = np.arccos((upper**2 + lower**2 - far**2) / (2 * upper * lower))
    return float(np.arctan2(outwards, down) + at_shoulder), float(at_elbow - np.pi)
