"""Anchor poses: the bodies on which training puts a motion."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from animatex.errors import InputError
from animatex.pose.io import READ_SUFFIXES, read_poses
from animatex.pose.sequence import PoseSequence
from animatex.pose.skeleton import (
    BODY,
    LEFT_ANKLE,
    LEFT_EAR,
    LEFT_ELBOW,
    LEFT_EYE,
    LEFT_FOOT,
    LEFT_HIP,
    LEFT_KNEE,
    LEFT_SHOULDER,
    LEFT_WRIST,
    NECK,
    NOSE,
    NUM_KEYPOINTS,
    RIGHT_ANKLE,
    RIGHT_EAR,
    RIGHT_ELBOW,
    RIGHT_EYE,
    RIGHT_FOOT,
    RIGHT_HIP,
    RIGHT_KNEE,
    RIGHT_SHOULDER,
    RIGHT_WRIST,
)
from animatex.video.frames import Size

_MIN_BODY_POINTS = 14
_FRONTAL = 0.2
_PER_CLIP = 5
_ALIKE = math.log(1.4)


@dataclass(frozen=True, slots=True, eq=False)
class PosePool:
    """Poses to draw from.

    Attributes:
        anchors: One frame each, of different people, on canvases of any size; at least one.

    Raises:
        InputError: There is none.
    """

    anchors: tuple[PoseSequence, ...]

    def __post_init__(self) -> None:
        if not self.anchors:
            raise InputError(
                "the pose pool is empty: no frame shows a person from the front with at least "
                f"{_MIN_BODY_POINTS} of 18 body joints",
                hint="use clips in which somebody is seen whole, or the synthetic pool.",
            )

    def draw(self, rng: np.random.Generator, canvas: Size) -> PoseSequence:
        """Draw an anchor and put it on a canvas, undistorted and in the middle.

        Anchors from canvases of similar proportions go first: a landscape is filled unlike a portrait.
        """
        wanted = math.log(canvas.width / canvas.height)
        away = [abs(math.log(a.canvas.width / a.canvas.height) - wanted) for a in self.anchors]
        alike = [anchor for anchor, distance in zip(self.anchors, away, strict=True) if distance <= _ALIKE]
        choice = alike or self.anchors
        anchor = choice[int(rng.integers(len(choice)))]
        scale = min(canvas.height / anchor.canvas.height, canvas.width / anchor.canvas.width)
        margin = np.array(
            [canvas.width - scale * anchor.canvas.width, canvas.height - scale * anchor.canvas.height]
        )
        points = (np.nan_to_num(anchor.keypoints) * scale + margin / 2).astype(np.float32)
        return replace(anchor, keypoints=points, canvas=canvas)


def collect_pool(clips: Iterable[PoseSequence]) -> PosePool:
    """Take up to five frames of each clip, spread over it, that show a person from the front.

    Raises:
        InputError: No frame of any clip does.
    """
    anchors: list[PoseSequence] = []
    for clip in clips:
        usable = np.flatnonzero(_is_usable(clip))
        spread = np.linspace(0, len(usable) - 1, min(_PER_CLIP, len(usable))).round().astype(int)
        anchors += [clip.select([int(frame)]) for frame in usable[spread]]
    return PosePool(tuple(anchors))


def read_pool(folder: Path) -> PosePool:
    """Take anchors from every pose file of a folder.

    Raises:
        InputError: It is no folder, has no pose files, one cannot be read, or nobody is seen whole in any.
    """
    if not folder.is_dir():
        raise InputError(f"{folder} is no folder of pose files")
    files = sorted(path for path in folder.iterdir() if path.suffix.lower() in READ_SUFFIXES)
    if not files:
        raise InputError(
            f"{folder} has no pose files",
            hint=f"they end in {', '.join(READ_SUFFIXES)}; animatex pose extract.",
        )
    return collect_pool(read_poses(file, fps=1.0) for file in files)


def open_pool(folder: str | None, seed: int, canvas: Size) -> PosePool:
    """Open the pool that a recipe names: a folder's, or synthetic people where it names none.

    Raises:
        InputError: The folder cannot be used, see `read_pool`.
    """
    return synthetic_pool(seed, canvas) if folder is None else read_pool(Path(folder))


def synthetic_pool(seed: int, canvas: Size, count: int = 256) -> PosePool:
    """Make standing people of many proportions: children and giants, slender and broad.

    Args:
        seed: Decides everything.
        canvas: Where they stand.
        count: How many.
    """
    rng = np.random.default_rng(seed)
    return PosePool(tuple(_person(rng, canvas) for _ in range(count)))


def _is_usable(clip: PoseSequence) -> np.ndarray:
    points, seen = np.nan_to_num(clip.keypoints), clip.scores > 0
    torso = np.linalg.norm(points[:, [RIGHT_HIP, LEFT_HIP]].mean(axis=1) - points[:, NECK], axis=1)
    needed = seen[:, [NECK, RIGHT_SHOULDER, LEFT_SHOULDER, RIGHT_HIP, LEFT_HIP]].all(axis=1)
    frontal = np.abs(points[:, LEFT_SHOULDER, 0] - points[:, RIGHT_SHOULDER, 0]) > _FRONTAL * torso
    return needed & frontal & (seen[:, BODY].sum(axis=1) >= _MIN_BODY_POINTS)


def _person(rng: np.random.Generator, canvas: Size) -> PoseSequence:
    """One standing person; lengths in units of its torso, y down from the neck."""
    neck, head, shoulder, hip = (_around(rng, mean) for mean in (0.42, 0.16, 0.36, 0.2))
    arm, forearm, thigh, calf, foot = (_around(rng, mean) for mean in (0.58, 0.5, 0.8, 0.78, 0.2))
    body = np.zeros((NUM_KEYPOINTS, 2))
    body[NOSE] = (0.0, -neck)
    for eye, ear, side in ((RIGHT_EYE, RIGHT_EAR, -1), (LEFT_EYE, LEFT_EAR, 1)):
        body[eye] = (0.4 * side * head, -neck - 0.35 * head)
        body[ear] = (side * head, -neck - 0.15 * head)
    sides = (
        (-1, (RIGHT_SHOULDER, RIGHT_ELBOW, RIGHT_WRIST), (RIGHT_HIP, RIGHT_KNEE, RIGHT_ANKLE), RIGHT_FOOT),
        (1, (LEFT_SHOULDER, LEFT_ELBOW, LEFT_WRIST), (LEFT_HIP, LEFT_KNEE, LEFT_ANKLE), LEFT_FOOT),
    )
    for side, arm_joints, leg_joints, toes in sides:
        body[arm_joints[0]] = (side * shoulder, 0.02)
        _hang(body, arm_joints, (arm, forearm), rng.uniform(0.1, 0.5, 2) * side)
        body[leg_joints[0]] = (side * hip, 1.0)
        _hang(body, leg_joints, (thigh, calf), rng.uniform(-0.05, 0.15, 2) * side)
        body[list(toes)] = body[leg_joints[-1]] + foot * np.array(
            [(side * 0.5, 1), (side, 0.9), (-side * 0.2, 0.7)]
        )
    seen = np.zeros(NUM_KEYPOINTS, np.float32)
    seen[: BODY.stop] = seen[list(RIGHT_FOOT + LEFT_FOOT)] = 1
    top, bottom = -neck - 2 * head, float(body[:, 1].max())
    scale = rng.uniform(0.5, 0.92) * canvas.height / (bottom - top)
    place = np.array([rng.uniform(0.4, 0.6) * canvas.width, 0.97 * canvas.height - scale * bottom])
    points = (body * scale + place).astype(np.float32)
    return PoseSequence(points[None], seen[None], canvas, 25.0)


def _around(rng: np.random.Generator, mean: float) -> float:
    return mean * math.exp(rng.uniform(-0.3, 0.3))


def _hang(body: np.ndarray, joints: tuple[int, ...], lengths: tuple[float, ...], angles: np.ndarray) -> None:
    for parent, child, length, angle in zip(joints, joints[1:], lengths, angles, strict=False):
        body[child] = body[parent] + length * np.array([math.sin(angle), math.cos(angle)])
