"""A drawn puppet of which everything is known: parts, joints, what is behind it, and its poses over time."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from animatex.pose import skeleton as sk
from animatex.pose.sequence import PoseSequence
from animatex.pose.skeleton import NUM_KEYPOINTS, PARTS
from animatex.rig.rig import Rig
from animatex.video.frames import Size

SIZE = Size(128, 96)

STANDING = {
    sk.NOSE: (0.5, 0.2),
    sk.NECK: (0.5, 0.32),
    sk.RIGHT_SHOULDER: (0.4, 0.34),
    sk.RIGHT_ELBOW: (0.3, 0.42),
    sk.RIGHT_WRIST: (0.2, 0.5),
    sk.LEFT_SHOULDER: (0.6, 0.34),
    sk.LEFT_ELBOW: (0.7, 0.42),
    sk.LEFT_WRIST: (0.8, 0.5),
    sk.RIGHT_HIP: (0.44, 0.58),
    sk.RIGHT_KNEE: (0.42, 0.74),
    sk.RIGHT_ANKLE: (0.42, 0.9),
    sk.LEFT_HIP: (0.56, 0.58),
    sk.LEFT_KNEE: (0.58, 0.74),
    sk.LEFT_ANKLE: (0.58, 0.9),
    sk.RIGHT_EYE: (0.47, 0.18),
    sk.LEFT_EYE: (0.53, 0.18),
    sk.RIGHT_EAR: (0.43, 0.19),
    sk.LEFT_EAR: (0.57, 0.19),
}
"""Places in fractions of a square of the canvas's height, in its middle."""

_LIMBS = (
    ("left_calf", sk.LEFT_KNEE, sk.LEFT_ANKLE),
    ("right_calf", sk.RIGHT_KNEE, sk.RIGHT_ANKLE),
    ("left_thigh", sk.LEFT_HIP, sk.LEFT_KNEE),
    ("right_thigh", sk.RIGHT_HIP, sk.RIGHT_KNEE),
    ("torso", sk.NECK, None),
    ("head", sk.NOSE, None),
    ("left_upper_arm", sk.LEFT_SHOULDER, sk.LEFT_ELBOW),
    ("right_upper_arm", sk.RIGHT_SHOULDER, sk.RIGHT_ELBOW),
    ("left_forearm", sk.LEFT_ELBOW, sk.LEFT_WRIST),
    ("right_forearm", sk.RIGHT_ELBOW, sk.RIGHT_WRIST),
)

_COLOURS = (
    *((0, 0, 0), (240, 20, 20), (250, 240, 30), (10, 10, 10), (245, 245, 245), (230, 20, 240)),
    *((20, 20, 230), (110, 50, 10), (250, 130, 0), (0, 70, 20), (20, 240, 250)),
)
"""One for each part, far from each other and from the plate."""


@dataclass(frozen=True)
class Puppet:
    """A picture and what is known of it: uint8 [H, W, 3], uint8 [H, W], one frame, uint8 [H, W, 3]."""

    image: np.ndarray
    labels: np.ndarray
    pose: PoseSequence
    plate: np.ndarray

    @property
    def rig(self) -> Rig:
        """What a perfect rig network would say."""
        return Rig(self.image, one_hot(self.labels), self.pose, self.plate)


def one_hot(labels: np.ndarray) -> np.ndarray:
    """uint8 [H, W] to float32 [11, H, W]."""
    return (labels[None] == np.arange(len(PARTS))[:, None, None]).astype(np.float32)


def standing(size: Size) -> PoseSequence:
    """The puppet's pose; points that are no body joints are not seen."""
    keypoints = np.zeros((1, NUM_KEYPOINTS, 2), np.float32)
    scores = np.zeros((1, NUM_KEYPOINTS), np.float32)
    for joint, (x, y) in STANDING.items():
        keypoints[0, joint] = size.width / 2 + (x - 0.5) * size.height, y * size.height
        scores[0, joint] = 1
    return PoseSequence(keypoints, scores, size, 12.0)


def dancing(size: Size, frames: int, fps: float = 12.0) -> PoseSequence:
    """Arms and legs swing like pendulums, and the body sways."""
    still = standing(size)
    points = np.repeat(still.keypoints, frames, 0)
    for frame in range(frames):
        swing = np.sin(2 * np.pi * frame / 8)
        for joints, angle in (
            ((sk.RIGHT_SHOULDER, sk.RIGHT_ELBOW, sk.RIGHT_WRIST), 0.8 * swing),
            ((sk.LEFT_SHOULDER, sk.LEFT_ELBOW, sk.LEFT_WRIST), 0.6 * swing),
            ((sk.RIGHT_HIP, sk.RIGHT_KNEE, sk.RIGHT_ANKLE), 0.2 * swing),
            ((sk.LEFT_HIP, sk.LEFT_KNEE, sk.LEFT_ANKLE), -0.2 * swing),
        ):
            pivot = points[frame, joints[0]].copy()
            turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
            points[frame, joints] = (points[frame, joints] - pivot) @ turn.T + pivot
        points[frame, :, 0] += 0.04 * size.height * swing
    return replace(still, keypoints=points, scores=np.repeat(still.scores, frames, 0), fps=fps)


def puppet(size: Size = SIZE, seed: int = 3) -> Puppet:
    """Draw the puppet: every part of one colour with a little texture, over a smooth ground."""
    rng = np.random.default_rng(seed)
    pose = standing(size)
    labels = np.zeros(size, np.uint8)
    places = pose.keypoints[0]
    for name, start, end in _LIMBS:
        _draw(labels, PARTS.index(name), places, start, end)
    rows, columns = np.mgrid[: size.height, : size.width]
    plate = np.stack([90 + 60 * columns / size.width, 120 + 80 * rows / size.height, rows * 0 + 150.0], 2)
    image = np.where(labels[..., None] > 0, np.array(_COLOURS)[labels], plate) + rng.integers(
        -6, 7, (*size, 1)
    )
    return Puppet(image.clip(0, 255).astype(np.uint8), labels, pose, np.rint(plate).astype(np.uint8))


def _draw(labels: np.ndarray, part: int, places: np.ndarray, start: int, end: int | None) -> None:
    unit = labels.shape[0]

    def at(joint: int) -> tuple[int, int]:
        return round(float(places[joint, 0])), round(float(places[joint, 1]))

    if end is not None:
        cv2.line(labels, at(start), at(end), part, max(3, round(0.07 * unit)))
    elif start == sk.NOSE:
        cv2.circle(labels, at(start), round(0.1 * unit), part, -1)
    else:
        corners = [places[joint] for joint in (2, 5, 11, 8)]
        cv2.fillConvexPoly(labels, np.rint(corners).astype(np.int32), part)
