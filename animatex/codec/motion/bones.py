"""From two poses of one character to the places of its parts."""

from __future__ import annotations

import numpy as np

from animatex.codec.motion.face import face_between, slide_between, turned_away
from animatex.codec.motion.joints import Joints
from animatex.codec.motion.placement import IDENTITY, Bend, Feature, Placement, apply, around
from animatex.pose import skeleton as sk
from animatex.pose.skeleton import HEAD_PART, LIMB_PARTS, PARTS, TORSO_PART, LimbPart

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
_WIDEST = 1.15
"""A turned torso gets narrower, never a line, and wider when it turns back; a carton hardly turns at all."""

_LENGTHS = (0.35, 1.8)
"""How much a limb may shrink (pointing at the camera) or grow."""

_THICKER = 0.3
"""The power with which a limb gets thicker as it shrinks: what points at us comes nearer."""

_MAX_ROLL = np.deg2rad(40)
"""A head tilts, it does not fall over."""

_NARROW_HEAD, _WIDE_HEAD = 0.8, 1.05
"""How much narrower or wider a turned head may get."""

_NECK = 0.35
"""How far a head may leave its neck, as a share of the way from there to the ears."""

_TURNING = {sk.RIGHT_EAR: 2.0, sk.LEFT_EAR: 2.0, sk.NECK: 0.5}
"""How much more or less than eyes and nose other points say of a head's tilt."""

_MAX_HIP_TILT = np.deg2rad(35)
"""How far hips tilt against the chest."""

_WAIST = (0.75, 1.05)
"""Where the chest's motion passes into the hips', as shares of the way from the neck to them."""

_LEVEL, _MAX_ANKLE = 0.65, np.deg2rad(35)
"""How much of a calf's turn its foot undoes to stay level, and how far its ankle lets it."""

_END = (0.8, 1.1)
"""Where a forearm's or calf's motion passes into the hand's or foot's, as shares of its length."""

_ON_A_BLOCK = {
    **dict.fromkeys((sk.RIGHT_EAR, sk.LEFT_EAR), 4.0),
    **dict.fromkeys((sk.RIGHT_SHOULDER, sk.LEFT_SHOULDER), 0.5),
    **dict.fromkeys((sk.NECK, sk.RIGHT_HIP, sk.LEFT_HIP), 1.0),
}
"""What holds a block of head and body, and how much; shoulders shrug."""

_LOOSE = 0.05
"""A joint this far from where the spine has it, as a share of the block's size, counts half."""

_FIRM = 2.0
"""How much more a block's spine says of its turn and shape than what else holds it."""

_TRUNK = (sk.RIGHT_SHOULDER, sk.LEFT_SHOULDER, sk.RIGHT_HIP, sk.LEFT_HIP)
_ENDS = (sk.RIGHT_WRIST, sk.LEFT_WRIST, sk.RIGHT_ANKLE, sk.LEFT_ANKLE)
_EARS = (sk.RIGHT_EAR, sk.LEFT_EAR)
_HIPS = (sk.RIGHT_HIP, sk.LEFT_HIP)


def place_parts(
    reference: Joints,
    frame: Joints,
    neckless: bool = False,
    scale: float = 1.0,
    features: tuple[Feature, ...] = (),
) -> Placement:
    """Say how each part of the reference gets to its place in a frame.

    A limb whose joints are unknown in either pose goes along with what it hangs on, a neck with the trunk.

    Args:
        reference: The character's joints in its picture.
        frame: Where they shall be.
        neckless: Head and body are one block, like a carton's, and go along together.
        scale: How many times as large as in its picture the character shall be.
        features: Of its face, in its picture; if none come off, the face slides with the skin around it.
    """
    if scale != 1:
        enlarged = Joints(scale * reference.places, reference.seen)
        larger = (Feature(scale * one.centre, scale * one.radius, one.shift) for one in features)
        return place_parts(enlarged, frame, neckless, features=tuple(larger)).of_enlarged(scale)
    frame = _with_neck(reference, frame)
    maps = np.repeat(IDENTITY[None], len(PARTS), 0)
    if neckless:
        head = torso = _block_map(reference, frame)
    else:
        torso = _torso_map(reference, frame, _MIN_SQUEEZE)
        head = _head_map(reference, frame, torso)
    maps[TORSO_PART], maps[HEAD_PART] = torso, head
    for limb in LIMB_PARTS:
        maps[limb.part] = _limb_map(limb, reference, frame, maps[limb.parent])
    ends = [_bent_end(limb, reference, frame, maps[limb.part]) for limb in LIMB_PARTS]
    waist = None if neckless else _bent_waist(reference, frame, torso)
    on = (HEAD_PART, TORSO_PART) if neckless else (HEAD_PART,)
    slide = None if features else slide_between(reference, frame, head, on)
    face = face_between(reference, frame, head, on, features)
    return Placement(maps, tuple(bend for bend in (waist, *ends) if bend is not None), slide, face)


def holds_trunk(reference: Joints, frame: Joints) -> bool:
    """Tell whether a frame says where the character is at all."""
    return bool(_shared_trunk(reference, frame))


def _shared_trunk(reference: Joints, frame: Joints) -> list[int]:
    """What says where a body is: its neck, shoulders and hips, or just its nose, as far as both have them."""
    trunk = [joint for joint in (sk.NECK, *_TRUNK) if reference.seen[joint] and frame.seen[joint]]
    return trunk or [sk.NOSE] * bool(reference.seen[sk.NOSE] and frame.seen[sk.NOSE])


def _with_neck(reference: Joints, frame: Joints) -> Joints:
    """The frame, and its neck where the rest of the trunk has taken it; estimators find none in profiles."""
    if frame.seen[sk.NECK] or not (reference.seen[sk.NECK] and _shared_trunk(reference, frame)):
        return frame
    places, seen = frame.places.copy(), frame.seen.copy()
    places[sk.NECK] = apply(_trunk_map(reference, frame, _MIN_SQUEEZE), reference.places[sk.NECK])
    seen[sk.NECK] = True
    return Joints(places, seen)


def _trunk_map(reference: Joints, frame: Joints, narrowest: float) -> np.ndarray:
    """Where a body is whose neck is not known."""
    trunk = _shared_trunk(reference, frame)
    if not trunk:
        return IDENTITY
    linear = _half_body(*_across(reference, frame), narrowest)
    return around(linear, reference.places[trunk].mean(0), frame.places[trunk].mean(0))


def _torso_map(reference: Joints, frame: Joints, narrowest: float) -> np.ndarray:
    if not (reference.seen[sk.NECK] and frame.seen[sk.NECK]):
        return _trunk_map(reference, frame, narrowest)
    across_from, across_to = _across(reference, frame)
    # The same hips of both: one hip is not the middle of two.
    hips = [hip for hip in _HIPS if reference.seen[hip] and frame.seen[hip]]
    down_from, down_to = _down(reference, hips), _down(frame, hips)
    if down_from is None or down_to is None:
        linear = _half_body(across_from, across_to, narrowest)
    else:
        turn = _similarity(down_from, down_to)
        axis = down_to / max(np.linalg.norm(down_to), 1e-9)
        linear = _squeeze(axis, across_from, across_to, turn, narrowest) @ turn
    return around(linear, reference.places[sk.NECK], frame.places[sk.NECK])


def _block_map(reference: Joints, frame: Joints) -> np.ndarray:
    """The map that best takes all joints of a block of head and body along, near to the spine's.

    The spine alone is short in a block. But joints that leave it, as ears do that nod with a performer's, say
    little of where the block is.
    """
    torso = _torso_map(reference, frame, _MIN_SQUEEZE_BLOCK)
    known = [joint for joint in _ON_A_BLOCK if reference.seen[joint] and frame.seen[joint]]
    if len(known) < 3:
        return torso
    apart = np.linalg.norm(frame.places[known] - apply(torso, reference.places[known]), axis=1)
    size = float(np.linalg.norm(np.ptp(reference.places[known], axis=0)))
    shares = np.array([_ON_A_BLOCK[joint] for joint in known]) / (1 + (apart / (_LOOSE * size + 1e-6)) ** 2)
    shares /= shares.sum()
    middle_from, middle_to = (shares @ pose.places[known] for pose in (reference, frame))
    before, after = reference.places[known] - middle_from, frame.places[known] - middle_to
    firm = (_FIRM * float(shares @ (before**2).sum(1)) / 2 + 1e-6) * np.eye(2)
    spread = before.T @ (shares[:, None] * before)
    along = after.T @ (shares[:, None] * before)
    linear = (along + torso[:, :2] @ firm) @ np.linalg.inv(spread + firm)
    return around(linear, middle_from, middle_to)


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


def _half_body(across_from: np.ndarray, across_to: np.ndarray, narrowest: float) -> np.ndarray:
    """Turn and squeeze a body whose hips are unknown by what is across its shoulders, [2, 2]."""
    before, after = float(np.linalg.norm(across_from)), float(np.linalg.norm(across_to))
    if before < 1:
        return np.eye(2)
    tilt = _tilt(across_from, across_to)
    along = across_from / before
    ratio = min(max(after / before, narrowest), _WIDEST)
    return _rotation(tilt) @ (np.eye(2) + (ratio - 1) * np.outer(along, along))


def _tilt(across_from: np.ndarray, across_to: np.ndarray) -> float:
    """Angle between two lines from a right joint to a left one, -pi/2..pi/2."""
    tilt = _angle(across_from, across_to)
    if abs(tilt) > np.pi / 2:
        # Joints that have changed sides are those of somebody seen from behind, not upside down.
        tilt -= np.copysign(np.pi, tilt)
    # The nearer they come to each other, the less their line says.
    return tilt * min(
        1.0, 2 * float(np.linalg.norm(across_to)) / max(float(np.linalg.norm(across_from)), 1e-9)
    )


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
    ratio = min(max(ratio, narrowest), _WIDEST)
    return np.eye(2) + (ratio - 1) * np.outer(normal, normal)


def _head_map(reference: Joints, frame: Joints, torso: np.ndarray) -> np.ndarray:
    """Turn and move the head as its points do, and narrow it as a turn to the side brings its ears nearer.

    Ears lie beside the axis that a head turns about and hold it; eyes and nose travel across it.
    """
    face = [joint for joint in sk.HEAD if reference.seen[joint] and frame.seen[joint]]
    if not (face and reference.seen[sk.NECK] and frame.seen[sk.NECK]):
        return torso
    if turned_away(reference, frame):
        roll = _tilt(reference.ear_to_ear, frame.ear_to_ear)
        held = _rotation(min(max(roll, -_MAX_ROLL), _MAX_ROLL))
        return around(held, reference.places[sk.NECK], frame.places[sk.NECK])
    ears = [ear for ear in _EARS if ear in face]
    # A neck shrugs with its shoulders, so it is asked less; without ears, not at all: a nose that looks aside
    # would tilt the head.
    held, weights = [*ears, sk.NECK], np.array([3.0] * len(ears) + [1.0])
    turning = [*face, sk.NECK] if ears else face
    roll = _turn(reference, frame, turning, [_TURNING.get(joint, 1.0) for joint in turning])
    linear = _rotation(min(max(roll, -_MAX_ROLL), _MAX_ROLL))
    if len(ears) == 2:
        line_from, line_to = reference.ear_to_ear, frame.ear_to_ear
        length = float(np.linalg.norm(line_from))
        if length > 1:
            ratio = min(max(float(np.linalg.norm(line_to)) / length, _NARROW_HEAD), _WIDE_HEAD)
            linear = linear @ (np.eye(2) + (ratio - 1) * np.outer(line_from, line_from) / length**2)
    affine = around(linear, *(np.average(pose.places[held], 0, weights) for pose in (reference, frame)))
    # However far ears go, a head stays on its neck.
    neck, ear = reference.places[sk.NECK], reference.places[held].mean(0)
    loose = apply(affine, neck) - frame.places[sk.NECK]
    length, longest = float(np.linalg.norm(loose)), _NECK * float(np.linalg.norm(ear - neck))
    affine[:, 2] -= loose * (1 - min(1.0, longest / max(length, 1e-9)))
    return affine


def _turn(reference: Joints, frame: Joints, joints: list[int], weights: list[float]) -> float:
    """Angle that best turns some joints about their own middle, -pi..pi; 0 where there is only one."""
    shares = np.array(weights) / sum(weights)
    before, after = (pose.places[joints] - shares @ pose.places[joints] for pose in (reference, frame))
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
    across = ratio**-_THICKER
    stretch = across * np.eye(2) + (ratio - across) * np.outer(along, along)
    turn = _similarity(along, target / length_to)
    # Elbows and knees stay closed: a limb starts where its parent ends, which a limit on lengths may have
    # moved.
    start = (
        frame.places[limb.start] if limb.parent == TORSO_PART else apply(parent, reference.places[limb.start])
    )
    return around(turn @ stretch, reference.places[limb.start], start)


def _bent_waist(reference: Joints, frame: Joints, torso: np.ndarray) -> Bend | None:
    """Hips that keep their own tilt under a leaning chest, and a skirt with them."""
    walks = any(reference.seen[knee] for knee in (sk.RIGHT_KNEE, sk.LEFT_KNEE))
    known = all(pose.seen[joint] for pose in (reference, frame) for joint in (sk.NECK, *_HIPS))
    if not (walks and known):
        return None
    line_from, line_to = (pose.places[sk.LEFT_HIP] - pose.places[sk.RIGHT_HIP] for pose in (reference, frame))
    if min(np.linalg.norm(line_from), np.linalg.norm(line_to)) < 2:
        return None
    hips_from, hips_to = (pose.places[list(_HIPS)].mean(0) for pose in (reference, frame))
    neck = reference.places[sk.NECK]
    lean = _angle(hips_from - neck, torso[:, :2] @ (hips_from - neck))
    tilt = _tilt(_rotation(lean) @ line_from, line_to)
    tilt = lean + min(max(tilt, -_MAX_HIP_TILT), _MAX_HIP_TILT)
    across = line_from / np.linalg.norm(line_from)
    narrowed = float(np.linalg.norm(torso[:, :2] @ across))
    linear = _rotation(tilt) @ (np.eye(2) + (narrowed - 1) * np.outer(across, across))
    start, end = (neck + share * (hips_from - neck) for share in _WAIST)
    return Bend(TORSO_PART, around(linear, hips_from, hips_to), start, end)


def _bent_end(limb: LimbPart, reference: Joints, frame: Joints, affine: np.ndarray) -> Bend | None:
    """A hand or foot keeps its size when its limb is foreshortened, and a foot stays level."""
    if limb.end not in _ENDS:
        return None
    if not all(pose.seen[joint] for pose in (reference, frame) for joint in (limb.start, limb.end)):
        return None
    bone = reference.places[limb.end] - reference.places[limb.start]
    turn = _angle(bone, affine[:, :2] @ bone)
    if limb.end in (sk.RIGHT_ANKLE, sk.LEFT_ANKLE):
        turn -= min(max(_LEVEL * turn, -_MAX_ANKLE), _MAX_ANKLE)
    end = reference.places[limb.end]
    beyond = around(_rotation(turn), end, apply(affine, end))
    start, stop = (reference.places[limb.start] + share * bone for share in _END)
    return Bend(limb.part, beyond, start, stop)


def _angle(source: np.ndarray, target: np.ndarray) -> float:
    """Signed angle from one vector to another, -pi..pi."""
    return float(np.arctan2(source[0] * target[1] - source[1] * target[0], source @ target))


def _rotation(angle: float) -> np.ndarray:
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
