"""From two poses of one character to one affine map per part.

Letters: P parts (11), K key points (18). A map is float64 [2, 3] and takes reference pixels (x, y, 1) to
frame pixels; whole numbers are the centres of pixels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from animatex.pose import skeleton as sk
from animatex.pose.skeleton import HEAD_PART, LIMB_PARTS, PARTS, TORSO_PART, LimbPart

IDENTITY = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])

BACK_TO_FRONT: tuple[int, ...] = tuple(
    PARTS.index(name)
    for name in (
        *("left_calf", "right_calf", "left_thigh", "right_thigh", "torso", "head"),
        *("left_upper_arm", "right_upper_arm", "left_forearm", "right_forearm"),
    )
)
"""Which part hides which: legs hang behind skirts and bodies, heads and arms are in front."""

_MIN_SQUEEZE = 0.55
_MIN_SQUEEZE_BLOCK = 0.85
"""A turned torso gets narrower, never a line; a carton hardly turns at all."""

_LENGTHS = (0.35, 1.8)
"""How much a limb may shrink (pointing at the camera) or grow."""

_MAX_ROLL = np.deg2rad(40)
"""A head tilts, it does not fall over."""

_NARROW_HEAD, _WIDE_HEAD = 0.8, 1.05
"""How much narrower or wider a turned head may get."""

_EARS = (sk.RIGHT_EAR, sk.LEFT_EAR)
_HIPS = (sk.RIGHT_HIP, sk.LEFT_HIP)


@dataclass(frozen=True, slots=True, eq=False)
class Joints:
    """The 18 body joints of one frame.

    Attributes:
        places: float64 [18, 2], pixels; whole numbers are the centres of pixels.
        seen: bool [18].
    """

    places: np.ndarray
    seen: np.ndarray


def part_maps(reference: Joints, frame: Joints, neckless: bool = False) -> np.ndarray:
    """Say how each part of the reference gets to its place in a frame.

    A limb whose joints are unknown in either pose goes along with what it hangs on.

    Args:
        reference: The character's joints in its picture.
        frame: Where they shall be.
        neckless: Head and body are one block, like a carton's: the head goes along with the torso.

    Returns:
        float64 [P, 2, 3].
    """
    maps = np.repeat(IDENTITY[None], len(PARTS), 0)
    maps[TORSO_PART] = _torso_map(reference, frame, _MIN_SQUEEZE_BLOCK if neckless else _MIN_SQUEEZE)
    maps[HEAD_PART] = maps[TORSO_PART] if neckless else _head_map(reference, frame, maps[TORSO_PART])
    for limb in LIMB_PARTS:
        maps[limb.part] = _limb_map(limb, reference, frame, maps[limb.parent])
    return maps


def apply(affine: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Send points [..., 2] through a map [2, 3]."""
    return points @ affine[:, :2].T + affine[:, 2]


def inverse(affine: np.ndarray) -> np.ndarray:
    """Undo a map [2, 3]."""
    linear = np.linalg.inv(affine[:, :2])
    return np.concatenate([linear, -linear @ affine[:, 2:]], 1)


def scaled_places(places: np.ndarray, scale: float) -> np.ndarray:
    """Where places [..., 2] are in a picture of `scale` times the size."""
    return (places + 0.5) * scale - 0.5


def scaled_maps(maps: np.ndarray, scale: float) -> np.ndarray:
    """Make maps [..., 2, 3] of pixels those of pictures of `scale` times the size."""
    centre = np.full(2, scaled_places(np.zeros(()), scale))
    linear = maps[..., :2]
    moved = maps[..., 2] * scale + centre - linear @ centre
    return np.concatenate([linear, moved[..., None]], -1)


def _around(linear: np.ndarray, source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """The map with this linear part that takes the point `source` to `target`."""
    return np.concatenate([linear, (target - linear @ source)[:, None]], 1)


def _torso_map(reference: Joints, frame: Joints, narrowest: float) -> np.ndarray:
    if not (reference.seen[sk.NECK] and frame.seen[sk.NECK]):
        return IDENTITY
    across_from, across_to = _across(reference, frame)
    # The same hips of both: one hip is not the middle of two.
    hips = [hip for hip in _HIPS if reference.seen[hip] and frame.seen[hip]]
    down_from, down_to = _down(reference, hips), _down(frame, hips)
    if down_from is None or down_to is None:
        # Half bodies have no hips: what is across the shoulders decides alone.
        linear = _similarity(across_from, across_to)
    else:
        turn = _similarity(down_from, down_to)
        axis = down_to / max(np.linalg.norm(down_to), 1e-9)
        linear = _squeeze(axis, across_from, across_to, turn, narrowest) @ turn
    return _around(linear, reference.places[sk.NECK], frame.places[sk.NECK])


def _across(reference: Joints, frame: Joints) -> tuple[np.ndarray, np.ndarray]:
    """Vector from the right to the left side, averaged over the pairs that both poses have."""
    pairs = [
        (right, left)
        for right, left in ((sk.RIGHT_SHOULDER, sk.LEFT_SHOULDER), (sk.RIGHT_HIP, sk.LEFT_HIP))
        if all(pose.seen[joint] for pose in (reference, frame) for joint in (right, left))
    ]
    if not pairs:
        return np.array([1.0, 0.0]), np.array([1.0, 0.0])
    return tuple(  # type: ignore[return-value]
        np.mean([pose.places[left] - pose.places[right] for right, left in pairs], 0)
        for pose in (reference, frame)
    )


def _down(pose: Joints, hips: list[int]) -> np.ndarray | None:
    """Vector from the neck to the middle of the hips."""
    if not hips:
        return None
    down = pose.places[hips].mean(0) - pose.places[sk.NECK]
    return down if np.linalg.norm(down) > 1 else None


def _similarity(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Rotation and scale that take one vector to another, [2, 2]."""
    length = max(float(source @ source), 1e-9)
    cos = float(source @ target) / length
    sin = float(source[0] * target[1] - source[1] * target[0]) / length
    return np.array([[cos, -sin], [sin, cos]])


def _squeeze(
    axis: np.ndarray, across_from: np.ndarray, across_to: np.ndarray, turn: np.ndarray, narrowest: float
) -> np.ndarray:
    """Scale perpendicular to the spine `axis`, as far as a turn narrows the shoulders, [2, 2]."""
    normal = np.array([-axis[1], axis[0]])
    before, after = float((turn @ across_from) @ normal), float(across_to @ normal)
    ratio = abs(after) / max(abs(before), 1e-6) if abs(before) > 1 else 1.0
    ratio = min(max(ratio, narrowest), 1.15)
    return np.eye(2) + (ratio - 1) * np.outer(normal, normal)


def _head_map(reference: Joints, frame: Joints, torso: np.ndarray) -> np.ndarray:
    """Turn and move the head as its points do, and narrow it as far as a turn to the side brings its ears nearer.

    Ears lie on the axis that a head turns about: where they are it is, while eyes and nose travel across it.
    """
    face = [joint for joint in sk.HEAD if reference.seen[joint] and frame.seen[joint]]
    if not (face and reference.seen[sk.NECK] and frame.seen[sk.NECK]):
        return torso
    both_ears = all(ear in face for ear in _EARS)
    held = list(_EARS) if both_ears else [sk.NECK]
    turning = face if len(face) > 1 else [sk.NECK, *face]
    weights = np.array([2.0 if joint in _EARS else 1.0 for joint in turning])
    roll = _turn(reference.places[turning], frame.places[turning], weights)
    roll = min(max(roll, -_MAX_ROLL), _MAX_ROLL)
    linear = np.array([[np.cos(roll), -np.sin(roll)], [np.sin(roll), np.cos(roll)]])
    if both_ears:
        line_from, line_to = (pose.places[sk.LEFT_EAR] - pose.places[sk.RIGHT_EAR] for pose in (reference, frame))
        length = float(np.linalg.norm(line_from))
        if length > 1:
            ratio = min(max(float(np.linalg.norm(line_to)) / length, _NARROW_HEAD), _WIDE_HEAD)
            linear = linear @ (np.eye(2) + (ratio - 1) * np.outer(line_from, line_from) / length**2)
    return _around(linear, reference.places[held].mean(0), frame.places[held].mean(0))


def _turn(source: np.ndarray, target: np.ndarray, weights: np.ndarray) -> float:
    """Angle that best turns points [N, 2] into others about their own middle, -pi..pi."""
    shares = weights / weights.sum()
    before, after = source - shares @ source, target - shares @ target
    sin = shares @ (before[:, 0] * after[:, 1] - before[:, 1] * after[:, 0])
    return float(np.arctan2(sin, shares @ (before * after).sum(1)))


def _limb_map(limb: LimbPart, reference: Joints, frame: Joints, parent: np.ndarray) -> np.ndarray:
    if not all(pose.seen[joint] for pose in (reference, frame) for joint in (limb.start, limb.end)):
        return parent
    source = reference.places[limb.end] - reference.places[limb.start]
    target = frame.places[limb.end] - frame.places[limb.start]
    length_from, length_to = float(np.linalg.norm(source)), float(np.linalg.norm(target))
    if length_from < 1 or length_to < 1e-3:
        return parent
    ratio = min(max(length_to / length_from, _LENGTHS[0]), _LENGTHS[1])
    along = source / length_from
    stretch = np.eye(2) + (ratio - 1) * np.outer(along, along)
    turn = _similarity(along, target / length_to)
    # Elbows and knees stay closed: a limb starts where its parent ends, which a limit on lengths may have
    # moved.
    start = (
        frame.places[limb.start] if limb.parent == TORSO_PART else apply(parent, reference.places[limb.start])
    )
    return _around(turn @ stretch, reference.places[limb.start], start)
