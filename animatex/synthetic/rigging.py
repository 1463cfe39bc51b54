"""From a body and a motion to joints, and to the affine maps that place each piece; all frames at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from animatex.pose import skeleton as sk
from animatex.synthetic.motion import Channel, Motion
from animatex.synthetic.puppet import Body, Frame, Limb, Plate

_KNOTS = (-1.0, -0.35, 0.0, 0.35, 1.0)


@dataclass(frozen=True, slots=True, eq=False)
class Pose:
    """A body in motion, units; x = 0 and y = 0 are where it stands on the ground.

    Attributes:
        body: Whose skeleton it is.
        motion: What it does.
        frames: float [F, 7, 2, 3], affine maps from each `Frame` to the ground, without the head's turn.
        limbs: float [F, 4, 3, 2], root, middle and end of right arm, left arm, right leg, left leg.
        head_yaw: float [F], the torso's and the head's turn together.
        joints: float [F, 18, 2], key points in the order of `pose.skeleton`.
    """

    body: Body
    motion: Motion
    frames: np.ndarray
    limbs: np.ndarray
    head_yaw: np.ndarray
    joints: np.ndarray


def solve(body: Body, motion: Motion) -> Pose:
    """Put a body through a motion, its lowest foot on the ground."""
    free = 1 - body.stiff
    yaw = motion.one(Channel.YAW) * (1 - 0.45 * body.stiff)
    lean, stretch = motion.one(Channel.LEAN) * body.mobility, motion.one(Channel.STRETCH)
    torso = _frame(lean, np.cos(0.85 * yaw), stretch)
    pelvis = _frame(
        (motion.one(Channel.HIP) + lean * 0.35) * (1 - 0.8 * body.stiff) + lean * 0.65 * body.stiff,
        np.cos(0.8 * yaw),
        np.ones_like(yaw),
    )
    shoulders = _sides(torso, body.shoulder, -body.torso, yaw)
    shoulders[..., 1] -= motion.both(Channel.SHRUG) * 0.05 * body.torso
    hips = _sides(pelvis, body.hip, body.hip_drop, yaw)
    arms = _limb(shoulders, body.upper_arm, body.forearm, motion, Channel.ARM, lean)
    shift = motion.one(Channel.ROOT) * _height(body) * 1.3
    planted = np.clip(shift / (body.thigh + body.calf), -0.35, 0.35) * any(body.legs)
    legs = _limb(hips, body.thigh, body.calf, motion, Channel.LEG, planted)
    root = _root(body, motion, shift, legs)
    for points in (arms, legs):
        points += root[:, None, None]
    pelvis[:, :, 2], torso[:, :, 2] = root, root
    neck = np.array([0.0, -body.torso - body.neck * 0.5, 1.0])
    head_yaw = yaw + motion.one(Channel.GAZE) * free
    head = _frame(
        lean + motion.one(Channel.TILT) * free,
        np.cos(head_yaw * 0.35 * free + 0.85 * yaw * body.stiff),
        1 - 0.04 * np.abs(motion.one(Channel.NOD)) * free,
    )
    head[:, :, 2] = torso @ neck
    head[:, :, 2] += head[:, :, 1] * (-0.5 * body.neck)
    limbs = np.concatenate([arms, legs], axis=1)
    frames = np.stack([pelvis, torso, head, *_ends(body, motion, limbs)], axis=1)
    joints = _joints(body, motion, frames, limbs, head_yaw)
    return Pose(body, motion, frames, limbs, head_yaw, joints)


def _frame(angle: np.ndarray, width: np.ndarray, height: np.ndarray) -> np.ndarray:
    """Maps [F, 2, 3] that squeeze, then turn clockwise about the origin."""
    maps = np.zeros((len(angle), 2, 3))
    c, s = np.cos(angle), np.sin(angle)
    maps[:, 0, 0], maps[:, 1, 0] = c * width, s * width
    maps[:, 0, 1], maps[:, 1, 1] = -s * height, c * height
    return maps


def _sides(frame: np.ndarray, half: float, y: float, yaw: np.ndarray) -> np.ndarray:
    right = frame @ np.array([-half, y, 1.0])
    left = frame @ np.array([half, y, 1.0])
    return np.stack([right, left], axis=1)


def _limb(
    root: np.ndarray, upper: float, lower: float, motion: Motion, first: Channel, lean: np.ndarray
) -> np.ndarray:
    """Root, middle and end of both limbs, [F, 2, 3, 2]."""
    outwards = np.array([-1.0, 1.0])
    angle = motion.both(first)
    bend = angle + motion.both(Channel(first + 2))
    reach, far_reach = motion.both(Channel(first + 4)), motion.both(Channel(first + 6))
    tilt = lean[:, None]
    middle = root + _towards(angle * outwards - tilt, upper * reach)
    end = middle + _towards(bend * outwards - tilt, lower * far_reach)
    return np.stack([root, middle, end], axis=2)


def _towards(angle: np.ndarray, length: np.ndarray) -> np.ndarray:
    return np.stack([np.sin(angle) * length, np.cos(angle) * length], axis=-1)


def _height(body: Body) -> float:
    """How tall the body is without its head."""
    return body.torso + (body.thigh + body.calf if any(body.legs) else 0.0)


def _root(body: Body, motion: Motion, shift: np.ndarray, legs: np.ndarray) -> np.ndarray:
    """Where the pelvis is, [F, 2]: above the lowest foot, which tends to stay, or its own end."""
    lowest, sideways = np.full(len(motion), body.base), shift
    sides = [side for side in range(2) if body.legs[side]]
    if sides:
        soles = legs[:, sides, 2, 1]
        lowest = soles.max(axis=1) + body.foot
        weight = np.exp((soles - soles.max(axis=1, keepdims=True)) / (0.06 * (body.thigh + body.calf)))
        homes = np.array([(-body.hip, body.hip)[side] for side in sides])
        slip = (homes - legs[:, sides, 2, 0] - shift[:, None]) * weight / weight.sum(axis=1, keepdims=True)
        sideways = shift + 0.6 * slip.sum(axis=1)
    up = motion.one(Channel.JUMP) * _height(body) * 1.3
    return np.stack([sideways, -lowest - up], axis=1)


def _ends(body: Body, motion: Motion, limbs: np.ndarray) -> list[np.ndarray]:
    """Maps of right and left hand, right and left foot."""
    ends = []
    for index in range(4):
        along = limbs[:, index, 2] - limbs[:, index, 1]
        turn = np.arctan2(-along[:, 0], along[:, 1])
        sign = (-1, 1)[index % 2]
        if index < 2:
            turn = turn - sign * motion.values[:, Channel.WRIST + index]
            reach = motion.values[:, Channel.FOREARM_REACH + index]
            near = 1 + 0.35 * (1 - reach * motion.values[:, Channel.ARM_REACH + index])
            shrink = near * (0.7 + 0.3 * reach)
        else:
            turn = turn * 0.35
            reach = (
                motion.values[:, Channel.THIGH_REACH + index - 2]
                * motion.values[:, Channel.CALF_REACH + index - 2]
            )
            shrink = near = 1 + 0.3 * (1 - reach)
        frame = _frame(turn, near, shrink)
        frame[:, :, 2] = limbs[:, index, 2]
        ends.append(frame)
    return ends


def _joints(
    body: Body, motion: Motion, frames: np.ndarray, limbs: np.ndarray, head_yaw: np.ndarray
) -> np.ndarray:
    joints = np.zeros((len(motion), 18, 2))
    for index, names in enumerate((sk.RIGHT_ARM, sk.LEFT_ARM, sk.RIGHT_LEG, sk.LEFT_LEG)):
        joints[:, names] = limbs[:, index]
        bend = body.arm_bend if index < 2 else body.leg_bend
        share = 0.5 * bend * _shorter(body, index)
        lengths = (body.upper_arm, body.forearm) if index < 2 else (body.thigh, body.calf)
        root, middle, end = np.moveaxis(limbs[:, index], 1, 0)
        joints[:, names[1]] += 0.5 * share * ((root - middle) / lengths[0] + (end - middle) / lengths[1])
    joints[:, sk.NECK] = joints[:, [sk.RIGHT_SHOULDER, sk.LEFT_SHOULDER]].mean(axis=1)
    nod = motion.one(Channel.NOD) * (1 - body.stiff)
    face = ((sk.NOSE, body.nose, 0), (sk.RIGHT_EYE, body.eyes, -1), (sk.LEFT_EYE, body.eyes, 1))
    for joint, (x, y, z), sign in (*face, (sk.RIGHT_EAR, body.ears, -1), (sk.LEFT_EAR, body.ears, 1)):
        place = head_point((x * sign if sign else x, y), z, head_yaw, nod)
        joints[:, joint] = (frames[:, Frame.HEAD] @ np.append(place, np.ones((len(place), 1)), 1)[..., None])[
            ..., 0
        ]
    return joints


def _shorter(body: Body, index: int) -> float:
    return min(body.upper_arm, body.forearm) if index < 2 else min(body.thigh, body.calf)


def head_point(at: tuple[float, float], z: float, yaw: np.ndarray, nod: np.ndarray) -> np.ndarray:
    """Place (x, y), `z` in front of the head's axis, as seen after a turn: [F, 2] in the head's frame."""
    squeeze = 1 - 0.25 * np.sin(np.abs(yaw)) * (z > 0)
    return np.stack([at[0] * squeeze + 0.75 * z * np.sin(yaw), at[1] + 0.22 * z * nod], axis=1)


def plate_maps(pose: Pose, plate: Plate) -> np.ndarray:
    """Affine maps [F, 2, 3] from a plate's units to the ground's coordinates."""
    frame = pose.frames[:, plate.frame]
    yaw = pose.head_yaw if plate.frame == Frame.HEAD else pose.motion.one(Channel.YAW)
    squeeze, place = np.ones(len(yaw)), np.tile(np.array(plate.at), (len(yaw), 1))
    if plate.frame == Frame.HEAD:
        nod = pose.motion.one(Channel.NOD) * (1 - pose.body.stiff)
        place = head_point(plate.at, plate.z, yaw, nod)
        if plate.z > 0:
            squeeze = 1 - 0.25 * np.sin(np.abs(yaw))
    elif plate.frame <= Frame.TORSO:
        place[:, 0] += 0.75 * plate.z * np.sin(yaw)
    if plate.flare:
        squeeze = squeeze * _flare(pose, plate.flare)
    turn = _swing(pose, plate) if plate.swing else np.zeros(len(yaw))
    local = _frame(turn, squeeze, np.ones(len(yaw)))
    local[:, :, 2] = place
    out = frame.copy()
    out[:, :, :2] = frame[:, :, :2] @ local[:, :, :2]
    out[:, :, 2] += (frame[:, :, :2] @ local[:, :, 2:])[..., 0]
    return out


def _flare(pose: Pose, amount: float) -> np.ndarray:
    """How much wider the legs push a skirt, [F]."""
    knees = pose.limbs[:, 2:, 1, 0]
    spread = np.abs(knees[:, 1] - knees[:, 0]) / 2 / max(pose.body.hip * 2.2, 1e-3)
    return 1 + amount * np.clip(spread - 1, 0, 0.8)


def _swing(pose: Pose, plate: Plate) -> np.ndarray:
    """Angle by which a loose piece trails the sideways movement of what it hangs on, [F]."""
    anchor = pose.frames[:, plate.frame, 0, 2]
    if len(anchor) < 3:
        return np.zeros(len(anchor))
    speed = np.gradient(anchor)
    kernel = np.array([0.1, 0.3, 0.4, 0.2])
    trail = np.convolve(np.pad(speed, (3, 0), mode="edge"), kernel, mode="valid")
    hangs = np.sign(sum(float(shape.outline[:, 1].mean()) for shape in plate.shapes)) or 1.0
    return np.clip(hangs * plate.swing * trail * 9.0, -0.5, 0.5)


def limb_knots(limb: Limb, body: Body) -> np.ndarray:
    """Where a limb is cut, along its straight length: float [N], from its root on, with the joint."""
    upper, lower = (body.upper_arm, body.forearm) if limb.arm else (body.thigh, body.calf)
    bend = limb.bend * min(upper, lower)
    inner = upper + bend * np.array(_KNOTS if limb.bend < 0.6 else (-1, -0.66, -0.33, 0, 0.33, 0.66, 1.0))
    return np.array([0.0, *inner, upper + lower])


def limb_maps(pose: Pose, limb: Limb) -> np.ndarray:
    """Affine maps [F, N-1, 2, 3] from the straight limb to the ground, between each two knots."""
    body = pose.body
    upper, lower = (body.upper_arm, body.forearm) if limb.arm else (body.thigh, body.calf)
    knots = limb_knots(limb, body)
    root, middle, end = np.moveaxis(pose.limbs[:, limb.side + (0 if limb.arm else 2)], 1, 0)
    bend = limb.bend * min(upper, lower)
    points = np.stack([_along(t, root, middle, end, upper, lower, bend) for t in knots], axis=1)
    step = np.diff(points, axis=1)
    length = np.maximum(np.linalg.norm(step, axis=-1), 1e-6)
    maps = np.zeros((*step.shape[:2], 2, 3))
    first = (Channel.ARM_REACH if limb.arm else Channel.THIGH_REACH) + limb.side
    reach = np.stack([pose.motion.values[:, first], pose.motion.values[:, first + 2]], axis=1)
    near = 1 + 0.3 * (1 - np.where(knots[None, 1:] > upper, reach.prod(axis=1)[:, None], reach[:, :1]))
    across = step / length[..., None] * near[..., None]
    maps[..., 0, 0], maps[..., 1, 0] = across[..., 1], -across[..., 0]
    maps[..., :, 1] = step / np.diff(knots)[None, :, None]
    maps[..., :, 2] = points[:, :-1] - maps[..., :, 1] * knots[None, :-1, None]
    return maps


def _along(
    t: float, root: np.ndarray, middle: np.ndarray, end: np.ndarray, upper: float, lower: float, bend: float
) -> np.ndarray:
    """Point at length `t` of the straight limb on the bent one, its corner rounded over `bend`: [F, 2]."""
    before, after = (root - middle) / upper, (end - middle) / lower
    away = t - upper
    if abs(away) >= bend:
        return middle + (before * -away if away < 0 else after * away)
    u = (away + bend) / (2 * bend)
    return middle + before * bend * (1 - u) ** 2 + after * bend * u**2
