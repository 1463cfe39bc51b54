"""Procedural dance: joint angles over time, the same for every body that performs them.

Angles are radians. An arm or leg at 0 hangs straight down and opens outwards with a growing angle; an elbow
or knee adds to the angle of what it hangs on. A reach is the share of a limb's length that the viewer sees:
1 in the picture's plane, less when it points towards us.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np


class Channel(IntEnum):
    """Columns of a motion. Those from SHRUG on come in pairs, right then left."""

    ROOT = 0  # sideways, units
    JUMP = 1  # upwards, units
    LEAN = 2  # of the torso, clockwise on the picture
    HIP = 3  # of the pelvis
    YAW = 4  # of the torso, to the picture's right
    STRETCH = 5  # of the torso's length
    TILT = 6  # of the head
    GAZE = 7  # yaw of the head beyond the torso's
    NOD = 8  # downwards
    SHRUG = 9
    ARM = 11
    ELBOW = 13
    ARM_REACH = 15
    FOREARM_REACH = 17
    FRONT = 19  # arm in front of the body (1) or behind it (-1)
    WRIST = 21
    LEG = 23
    KNEE = 25
    THIGH_REACH = 27
    CALF_REACH = 29
    LEG_FRONT = 31


NUM_CHANNELS = 33
_LIMITS = (
    (Channel.LEAN, 1, -0.5, 0.5), (Channel.HIP, 1, -0.35, 0.35), (Channel.YAW, 1, -0.95, 0.95),
    (Channel.STRETCH, 1, 0.88, 1.1), (Channel.TILT, 1, -0.55, 0.55), (Channel.GAZE, 1, -0.7, 0.7),
    (Channel.ARM, 2, -0.4, 3.05), (Channel.ELBOW, 2, -2.6, 2.1), (Channel.ARM_REACH, 2, 0.3, 1.0),
    (Channel.FOREARM_REACH, 2, 0.3, 1.0), (Channel.LEG, 2, -0.35, 1.35), (Channel.KNEE, 2, -1.9, 0.6),
    (Channel.THIGH_REACH, 2, 0.35, 1.0), (Channel.CALF_REACH, 2, 0.35, 1.0), (Channel.JUMP, 1, 0.0, 0.3),
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Motion:
    """Joint angles over time.

    Attributes:
        values: float [F, 33], columns as in `Channel`.
    """

    values: np.ndarray

    def __len__(self) -> int:
        """Number of frames."""
        return len(self.values)

    def one(self, channel: Channel) -> np.ndarray:
        """Column of a channel, [F]."""
        return self.values[:, channel]

    def both(self, channel: Channel) -> np.ndarray:
        """Columns of a paired channel, [F, 2], right first."""
        return self.values[:, channel : channel + 2]


def neutral() -> np.ndarray:
    """Standing still with hanging arms: float [33]."""
    pose = np.zeros(NUM_CHANNELS)
    pose[Channel.STRETCH] = 1.0
    for reach in (
        Channel.ARM_REACH,
        Channel.FOREARM_REACH,
        Channel.THIGH_REACH,
        Channel.CALF_REACH,
        Channel.FRONT,
    ):
        pose[reach : reach + 2] = 1.0
    return pose


# Gestures of an arm: name, weight in calm poses, weight in dances, then mean and spread in degrees of arm
# and elbow.
_GESTURES = (
    ("hanging", 0.22, 0.06, (7, 4), (3, 7)),
    ("close", 0.1, 0.03, (3, 3), (-3, 5)),
    ("apart", 0.16, 0.12, (34, 13), (8, 16)),
    ("level", 0.05, 0.12, (86, 12), (2, 22)),
    ("wave", 0.08, 0.15, (66, 20), (75, 22)),
    ("raised", 0.06, 0.18, (148, 16), (6, 22)),
    ("hip", 0.08, 0.1, (44, 7), (-98, 12)),
    ("folded", 0.1, 0.07, (13, 8), (-98, 12)),
    ("chest", 0.05, 0.07, (22, 9), (-132, 10)),
    ("behind", 0.04, 0.02, (16, 6), (-55, 12)),
    ("forward", 0.06, 0.08, (22, 14), (-12, 25)),
)


def _arm(rng: np.random.Generator, pose: np.ndarray, side: int, gesture: int) -> None:
    name, _, _, arm, elbow = _GESTURES[gesture]
    pose[Channel.ARM + side] = np.radians(rng.normal(*arm))
    pose[Channel.ELBOW + side] = np.radians(rng.normal(*elbow))
    pose[Channel.WRIST + side] = rng.normal(0, 0.25)
    pose[Channel.ARM_REACH + side] = rng.uniform(0.85, 1)
    pose[Channel.FOREARM_REACH + side] = rng.uniform(0.8, 1)
    pose[Channel.FRONT + side] = -1.0 if name == "behind" else 1.0
    if name == "forward":
        pose[Channel.ARM_REACH + side] = rng.uniform(0.4, 0.8)
        pose[Channel.FOREARM_REACH + side] = rng.uniform(0.35, 0.8)
    if name in ("folded", "chest"):
        pose[Channel.FOREARM_REACH + side] = rng.uniform(0.6, 1)


def _legs(rng: np.random.Generator, pose: np.ndarray, calm: bool) -> None:
    kind = rng.choice(5, p=(0.6, 0.16, 0.02, 0.2, 0.02) if calm else (0.28, 0.2, 0.2, 0.2, 0.12))
    for side in range(2):
        leg = (rng.uniform(0, 0.12), rng.uniform(0.15, 0.45), rng.uniform(0.3, 0.85), 0.06, 0.08)[kind]
        pose[Channel.LEG + side] = leg
        pose[Channel.KNEE + side] = -leg * rng.uniform(
            (0, -0.1, 0.8, 0.3, 0.3)[kind], (1.1, 0.5, 1.4, 1, 1)[kind]
        )
        if kind == 2:
            pose[Channel.THIGH_REACH + side] = rng.uniform(0.55, 0.9)
    side = int(rng.integers(2))
    if kind == 3:
        _step(rng, pose, side)
    if kind == 4:
        pose[Channel.LEG + side] = rng.uniform(0.4, 1.2)
        pose[Channel.KNEE + side] = rng.uniform(-0.5, 0.1)
    if rng.random() < 0.08:
        pose[Channel.LEG + side] = -rng.uniform(0.05, 0.3)


def _step(rng: np.random.Generator, pose: np.ndarray, side: int) -> None:
    pose[Channel.THIGH_REACH + side] = rng.uniform(0.5, 0.95)
    pose[Channel.CALF_REACH + side] = rng.uniform(0.6, 1.0)
    pose[Channel.LEG_FRONT + side] = 1.0
    pose[Channel.LEG + side] = rng.uniform(-0.05, 0.3)


def sample_pose(rng: np.random.Generator, *, calm: bool) -> np.ndarray:
    """Draw one pose: a calm one such as in portraits, or a dancer's; float [33]."""
    pose = neutral()
    weights = np.array([g[1 if calm else 2] for g in _GESTURES])
    gesture = int(rng.choice(len(weights), p=weights / weights.sum()))
    alike = rng.random() < (0.62 if calm else 0.45)
    for side in range(2):
        other = gesture if alike or side == 0 else int(rng.choice(len(weights), p=weights / weights.sum()))
        _arm(rng, pose, side, other)
    if alike and rng.random() < 0.6:
        for channel in (Channel.ARM, Channel.ELBOW, Channel.ARM_REACH, Channel.FOREARM_REACH, Channel.WRIST):
            pose[channel + 1] = pose[channel] + rng.normal(0, 0.04)
    _legs(rng, pose, calm)
    loose = 0.45 if calm else 1.0
    pose[Channel.LEAN] = rng.normal(0, 0.12) * loose
    pose[Channel.HIP] = rng.normal(0, 0.1) * loose
    pose[Channel.YAW] = rng.normal(0, 0.42) * loose + (
        rng.normal(0, 0.3) if calm and rng.random() < 0.3 else 0
    )
    pose[Channel.TILT] = rng.normal(0, 0.16) * loose
    pose[Channel.GAZE] = rng.normal(0, 0.26) * (0.75 if calm else 1.0)
    pose[Channel.NOD] = rng.normal(0, 0.3)
    pose[Channel.SHRUG : Channel.SHRUG + 2] = rng.normal(0, 0.5, 2) * loose
    return limited(pose[None])[0]


def still_motion(rng: np.random.Generator, *, calm: bool) -> Motion:
    """One frame of a single pose."""
    return Motion(sample_pose(rng, calm=calm)[None])


def sample_dance(rng: np.random.Generator, num_frames: int, fps: float) -> Motion:
    """Draw a dance: key poses on the beat, a groove beneath them, sometimes a travelling wave or steps."""
    time = np.arange(num_frames) / fps
    beat = rng.uniform(0.34, 0.95)
    phase = time / beat + rng.uniform(0, 4)
    values = _key_poses(rng, phase, hold=rng.uniform(0, 0.55), spacing=int(rng.choice([1, 2, 2, 4])))
    energy = rng.uniform(0.15, 1.0)
    _groove(rng, values, phase, energy)
    if rng.random() < 0.35:
        _walk(rng, values, phase, energy)
    if rng.random() < 0.3:
        _arm_waves(rng, values, phase)
    if rng.random() < 0.25:
        lift = np.maximum(np.sin(np.pi * phase * rng.choice([1.0, 0.5])), 0) * rng.uniform(0.03, 0.18)
        values[:, Channel.JUMP] = lift
    return Motion(limited(values))


def _key_poses(rng: np.random.Generator, phase: np.ndarray, *, hold: float, spacing: int) -> np.ndarray:
    position = (phase - np.floor(phase[0])) / spacing
    count = int(position[-1]) + 2
    calm = rng.random() < 0.12
    poses = np.stack([sample_pose(rng, calm=calm) for _ in range(min(count, int(rng.integers(2, 6))))])
    poses = poses[np.arange(count) % len(poses)]
    first = np.floor(position).astype(int)
    share = np.clip((position - first - hold) / (1 - hold), 0, 1)
    share = (share * share * (3 - 2 * share))[:, None]
    return poses[first] * (1 - share) + poses[first + 1] * share


def _groove(rng: np.random.Generator, values: np.ndarray, phase: np.ndarray, energy: float) -> None:
    def wave(multiple: float, sharpness: float = 0.0) -> np.ndarray:
        angle = 2 * np.pi * (phase * multiple + rng.random())
        return np.sin(angle + sharpness * np.sin(angle))

    half = float(rng.choice([0.25, 0.5, 0.5, 1.0]))
    sway = wave(half, 0.4)
    values[:, Channel.ROOT] += sway * rng.uniform(0, 0.07) * energy
    values[:, Channel.LEAN] += sway * rng.normal(0, 0.13) * energy
    values[:, Channel.HIP] -= sway * rng.uniform(0, 0.16) * energy
    values[:, Channel.TILT] += wave(half) * rng.uniform(0, 0.16) * energy
    values[:, Channel.GAZE] += wave(half / 2) * rng.uniform(0, 0.4) * energy
    values[:, Channel.YAW] += wave(half / 2) * rng.uniform(0, 0.5) * energy
    values[:, Channel.NOD] += wave(1.0) * rng.uniform(0, 0.5) * energy
    bounce = (wave(1.0, 0.3) + 1) / 2 * energy
    values[:, Channel.STRETCH] += (0.5 - bounce) * rng.uniform(0, 0.06)
    for side in range(2):
        dip = bounce * rng.uniform(0.05, 0.45)
        values[:, Channel.LEG + side] += dip
        values[:, Channel.KNEE + side] -= dip * rng.uniform(1.2, 2.0)
        values[:, Channel.SHRUG + side] += wave(1.0) * rng.uniform(0, 0.8) * energy
        values[:, Channel.ARM + side] += wave(float(rng.choice([0.5, 1.0]))) * rng.uniform(0, 0.4) * energy
        values[:, Channel.ELBOW + side] += (
            wave(float(rng.choice([0.5, 1.0, 2.0]))) * rng.uniform(0, 0.55) * energy
        )
        values[:, Channel.WRIST + side] += wave(1.0) * rng.uniform(0, 0.5) * energy


def _walk(rng: np.random.Generator, values: np.ndarray, phase: np.ndarray, energy: float) -> None:
    lift = rng.uniform(0.2, 0.65) * (0.4 + 0.6 * energy)
    swing = rng.uniform(0, 0.35)
    for side in range(2):
        up = np.clip(np.sin(np.pi * (phase + side)), 0, None)
        values[:, Channel.LEG + side] = values[:, Channel.LEG + side] * 0.3 + 0.12 * up
        values[:, Channel.KNEE + side] = values[:, Channel.KNEE + side] * 0.3 - 0.12 * up
        values[:, Channel.THIGH_REACH + side] = 1 - lift * up
        values[:, Channel.CALF_REACH + side] = 1 - 0.25 * lift * up
        values[:, Channel.LEG_FRONT + side] = up
        values[:, Channel.FOREARM_REACH + side] *= 1 - swing * np.clip(
            np.sin(np.pi * (phase + 1 - side)), 0, None
        )


def _arm_waves(rng: np.random.Generator, values: np.ndarray, phase: np.ndarray) -> None:
    speed, size = float(rng.choice([0.25, 0.5, 1.0])), rng.uniform(0.3, 0.9)
    for side in range(2):
        if rng.random() < 0.8:
            angle = 2 * np.pi * (phase * speed + side * rng.choice([0, 0.5]))
            values[:, Channel.ARM + side] = rng.uniform(1.0, 2.2) + size * np.sin(angle)
            values[:, Channel.ELBOW + side] = 0.2 + size * np.sin(angle - 1.2)
            values[:, Channel.WRIST + side] = size * np.sin(angle - 2.2)


def limited(values: np.ndarray) -> np.ndarray:
    """Keep every joint within its limits, in place: float [F, 33]."""
    for channel, width, low, high in _LIMITS:
        np.clip(values[:, channel : channel + width], low, high, out=values[:, channel : channel + width])
    return values
