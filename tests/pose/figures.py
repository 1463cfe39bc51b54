"""Stick figures with rigid limbs, for tests that need to know the truth."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from animatex.config.model import RetargetNetworkConfig
from animatex.config.run import RetargetConfig
from animatex.pose import skeleton as sk
from animatex.pose.sequence import PoseSequence
from animatex.pose.skeleton import NUM_KEYPOINTS
from animatex.video.frames import Size

CANVAS = Size(768, 512)


@dataclass(frozen=True, kw_only=True)
class Body:
    """Lengths in pixels; widths are from the middle to one side."""

    torso: float = 170
    shoulder: float = 48
    hip: float = 28
    neck: float = 60
    ear: float = 24
    upper_arm: float = 80
    forearm: float = 72
    thigh: float = 130
    calf: float = 120
    foot: float = 45


DANCER = Body()
SHORT_LEGS = Body(
    torso=260, shoulder=90, hip=50, neck=80, ear=90, upper_arm=60, forearm=55, thigh=40, calf=38, foot=20
)


def figure(
    body: Body = DANCER,
    *,
    frames: int = 1,
    neck: tuple[float, float] = (256, 200),
    swing: float = 0.0,
    canvas: Size = CANVAS,
    fps: float = 24.0,
) -> PoseSequence:
    """A figure that faces us, arms and legs swinging like a pendulum (`swing` in radians)."""
    points = np.zeros((frames, NUM_KEYPOINTS, 2))
    for t in range(frames):
        points[t] = _posed(body, np.array(neck, float), swing * np.sin(2 * np.pi * t / 12))
    return PoseSequence(points.astype(np.float32), np.ones((frames, NUM_KEYPOINTS), np.float32), canvas, fps)


def random_poses(rng: np.random.Generator, frames: int = 5, unseen: float = 0.3) -> PoseSequence:
    """Points anywhere, some of them unseen, with NaN where they are."""
    canvas = Size(int(rng.integers(40, 900)), int(rng.integers(40, 900)))
    points = rng.uniform(-0.2, 1.2, (frames, NUM_KEYPOINTS, 2)) * [canvas.width, canvas.height]
    scores = rng.uniform(0.05, 1, (frames, NUM_KEYPOINTS)) * (rng.random((frames, NUM_KEYPOINTS)) > unseen)
    points[scores == 0] = np.nan
    return PoseSequence(points.astype(np.float32), scores.astype(np.float32), canvas, 24.0)


def retargeting(
    method: str = "combined",
    strength: float = 1.0,
    missing_parts: str = "auto",
    anchor: str = "ground",
    scale: float = 1.0,
    shift: tuple[float, float] = (0.0, 0.0),
) -> RetargetConfig:
    return RetargetConfig(
        method=method,
        network=RetargetNetworkConfig(width=16) if method == "learned" else None,
        checkpoint=None,
        strength=strength,
        missing_parts=missing_parts,
        anchor=anchor,
        scale=scale,
        shift=shift,
        box=None,
    )


def mirrored(poses: PoseSequence) -> PoseSequence:
    keypoints = poses.keypoints[:, list(sk.MIRROR)] * [-1, 1] + [poses.canvas.width, 0]
    return replace(poses, keypoints=keypoints.astype(np.float32), scores=poses.scores[:, list(sk.MIRROR)])


def length(poses: PoseSequence, start: int, end: int) -> np.ndarray:
    return np.linalg.norm(poses.keypoints[:, end] - poses.keypoints[:, start], axis=1)


def _posed(body: Body, neck: np.ndarray, swing: float) -> np.ndarray:
    points = np.zeros((NUM_KEYPOINTS, 2))
    points[sk.NECK] = neck
    points[sk.NOSE] = neck - [0, body.neck]
    middle = neck + [0, body.torso]
    for side, (shoulder, elbow, wrist), (hip, knee, ankle), foot, hand, eye, ear in (
        (-1, sk.RIGHT_ARM, sk.RIGHT_LEG, sk.RIGHT_FOOT, sk.RIGHT_HAND, sk.RIGHT_EYE, sk.RIGHT_EAR),
        (1, sk.LEFT_ARM, sk.LEFT_LEG, sk.LEFT_FOOT, sk.LEFT_HAND, sk.LEFT_EYE, sk.LEFT_EAR),
    ):
        points[shoulder] = neck + [side * body.shoulder, 0]
        points[elbow] = points[shoulder] + body.upper_arm * _down(side * (0.4 + swing))
        points[wrist] = points[elbow] + body.forearm * _down(side * (0.9 + 2 * swing))
        points[hand] = points[wrist] + np.linspace(0, body.forearm / 3, 21)[:, None] * _down(side * 1.0)
        points[hip] = middle + [side * body.hip, 0]
        points[knee] = points[hip] + body.thigh * _down(side * 0.1 + swing)
        points[ankle] = points[knee] + body.calf * _down(side * 0.05 - swing)
        points[list(foot)] = points[ankle] + body.foot * _down(side * 0.9)
        points[eye] = points[sk.NOSE] + [side * body.ear / 2, -body.ear / 2]
        points[ear] = points[sk.NOSE] + [side * body.ear, -body.ear / 4]
    points[sk.FACE] = (
        points[sk.NOSE] + np.stack([np.linspace(-1, 1, 68), np.linspace(0, 1, 68)], 1) * body.ear
    )
    return points


def _down(angle: float) -> np.ndarray:
    return np.array([np.sin(angle), np.cos(angle)])
