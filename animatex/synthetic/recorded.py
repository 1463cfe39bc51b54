"""Recorded dances as motion: from a performer's key points to the joint angles that any body can perform."""

from __future__ import annotations

import numpy as np

from animatex.pose import skeleton as sk
from animatex.pose.sequence import PoseSequence
from animatex.synthetic.motion import Channel, Motion, limited, neutral

_SEEN = 0.3
_OUTWARDS = (-1.0, 1.0)
_LIMBS = (
    (Channel.ARM, (sk.RIGHT_ARM, sk.LEFT_ARM)),
    (Channel.LEG, (sk.RIGHT_LEG, sk.LEFT_LEG)),
)
_NEEDED = (sk.NECK, sk.RIGHT_SHOULDER, sk.LEFT_SHOULDER, sk.RIGHT_HIP, sk.LEFT_HIP)


def motion_of(poses: PoseSequence) -> Motion:
    """Read joint angles off a performer's key points, one set for each frame.

    What is not seen in a frame is taken over from the frames around it, and stands at rest if it is never
    seen. Which arm is in front of the body cannot be told from key points; both are.

    Args:
        poses: Of one person, with shoulders, neck and hips somewhere in the clip.

    Raises:
        ValueError: The trunk is never seen.
    """
    places, known = _filled(poses)
    if not known[list(_NEEDED)].all():
        raise ValueError("a motion needs shoulders, neck and hips; the poses never show all of them.")
    values = np.repeat(neutral()[None], len(poses), 0)
    hips = places[:, [sk.RIGHT_HIP, sk.LEFT_HIP]].mean(1)
    spine = places[:, sk.NECK] - hips
    torso = float(np.median(np.linalg.norm(spine, axis=1)))
    legs = _leg_length(places, known)
    height = torso + legs
    lean = np.arctan2(spine[:, 0], -spine[:, 1])
    values[:, Channel.LEAN] = lean
    values[:, Channel.STRETCH] = np.linalg.norm(spine, axis=1) / max(torso, 1e-6)
    values[:, Channel.ROOT] = (hips[:, 0] - np.median(hips[:, 0])) / (1.3 * height)
    values[:, Channel.YAW] = _yaw(places, known)
    planted = (values[:, Channel.ROOT] * 1.3 * height / legs).clip(-0.35, 0.35) if legs > 0 else 0 * lean
    for first, sides in _LIMBS:
        tilt = lean if first == Channel.ARM else planted
        for side, joints in enumerate(sides):
            if known[list(joints)].all():
                _limb(values, places[:, joints], first, side, tilt)
    if known[[sk.RIGHT_ANKLE, sk.LEFT_ANKLE]].all():
        lowest = places[:, [sk.RIGHT_ANKLE, sk.LEFT_ANKLE], 1].max(1)
        values[:, Channel.JUMP] = (np.quantile(lowest, 0.9) - lowest) / (1.3 * height)
    if known[[sk.RIGHT_EYE, sk.LEFT_EYE]].all():
        eyes = places[:, sk.LEFT_EYE] - places[:, sk.RIGHT_EYE]
        values[:, Channel.TILT] = np.arctan2(eyes[:, 1], np.abs(eyes[:, 0])) - lean
    return Motion(limited(values))


def _filled(poses: PoseSequence) -> tuple[np.ndarray, np.ndarray]:
    """Body joints [F, 18, 2] with gaps bridged, and which are seen at all, bool [18]."""
    places = poses.keypoints[:, sk.BODY].astype(np.float64)
    seen = poses.scores[:, sk.BODY] > _SEEN
    frames = np.arange(len(places))
    for joint in np.flatnonzero(seen.any(0)):
        there = seen[:, joint]
        for axis in range(2):
            places[:, joint, axis] = np.interp(frames, frames[there], places[there, joint, axis])
    return places, seen.any(0)


def _leg_length(places: np.ndarray, known: np.ndarray) -> float:
    """Thigh and calf of the better seen leg at their longest, pixels; 0 where no leg is seen."""
    lengths = [0.0]
    for hip, knee, ankle in (sk.RIGHT_LEG, sk.LEFT_LEG):
        if known[[hip, knee, ankle]].all():
            lengths.append(
                _longest(places[:, knee] - places[:, hip]) + _longest(places[:, ankle] - places[:, knee])
            )
    return max(lengths)


def _longest(segments: np.ndarray) -> float:
    """Length of a bone when it lies in the picture's plane: nearly its longest, [F, 2] in pixels."""
    return max(float(np.quantile(np.linalg.norm(segments, axis=1), 0.95)), 1e-6)


def _yaw(places: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Turn of the torso, [F]: how much narrower the shoulders are, to the side where the nose is."""
    across = places[:, sk.LEFT_SHOULDER] - places[:, sk.RIGHT_SHOULDER]
    narrow = (np.linalg.norm(across, axis=1) / _longest(across)).clip(0, 1)
    aside = places[:, sk.NOSE, 0] - places[:, sk.NECK, 0] if known[sk.NOSE] else np.zeros(len(places))
    turned: np.ndarray = np.sign(aside) * np.arccos(narrow) / 0.85
    return turned


def _limb(values: np.ndarray, points: np.ndarray, first: Channel, side: int, tilt: np.ndarray) -> None:
    """Angles and reaches of one limb from its root, middle and end [F, 3, 2]."""
    upper, lower = points[:, 1] - points[:, 0], points[:, 2] - points[:, 1]
    angle = (np.arctan2(upper[:, 0], upper[:, 1]) + tilt) * _OUTWARDS[side]
    bend = (np.arctan2(lower[:, 0], lower[:, 1]) + tilt) * _OUTWARDS[side]
    # An arm goes up on its own side of the body: angles run from a little inwards to straight up.
    angle = (angle + np.pi / 2) % (2 * np.pi) - np.pi / 2
    values[:, first + side] = angle
    values[:, first + 2 + side] = (bend - angle + np.pi) % (2 * np.pi) - np.pi
    values[:, first + 4 + side] = np.linalg.norm(upper, axis=1) / _longest(upper)
    values[:, first + 6 + side] = np.linalg.norm(lower, axis=1) / _longest(lower)
