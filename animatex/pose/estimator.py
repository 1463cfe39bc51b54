"""What every pose estimator is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np

from animatex.pose.skeleton import NUM_KEYPOINTS

Device = Literal["auto", "cpu", "cuda", "mps"]


@dataclass(frozen=True, slots=True, eq=False)
class DetectedPoses:
    """The people in one picture; possibly none.

    Attributes:
        keypoints: float32 [P, 134, 2]; (x, y) in pixels, in the order of `pose.skeleton`.
        scores: float32 [P, 134] in [0, 1]; 0 means not seen.
        boxes: float32 [P, 5]; left, top, right, bottom in pixels, and how sure the detector is, in [0, 1].

    Raises:
        ValueError: The three do not belong together.
    """

    keypoints: np.ndarray
    scores: np.ndarray
    boxes: np.ndarray

    def __post_init__(self) -> None:
        people = len(self.boxes)
        wanted = (people, NUM_KEYPOINTS, 2), (people, NUM_KEYPOINTS), (people, 5)
        shapes = self.keypoints.shape, self.scores.shape, self.boxes.shape
        if shapes != wanted:
            raise ValueError(f"keypoints, scores and boxes are {shapes}; needs {wanted}.")

    def __len__(self) -> int:
        """Number of people."""
        return len(self.boxes)


class PoseEstimator(Protocol):
    """Finds people in pictures. May remember the last picture: show it a video's frames in their order."""

    def __call__(self, frame: np.ndarray) -> DetectedPoses:
        """Find the people in one picture, uint8 [H, W, 3], RGB."""
