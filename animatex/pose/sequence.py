"""The value that holds one person's pose over time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from animatex.pose.skeleton import BODY, KEYPOINT_NAMES, NUM_KEYPOINTS
from animatex.video.frames import Size


@dataclass(frozen=True, slots=True, eq=False)
class PoseSequence:
    """One person's whole-body pose over time, in the OpenPose-134 order of `pose.skeleton`.

    Attributes:
        keypoints: float32 [F, 134, 2]; (x, y) in pixels of `canvas`, origin top left, y down; F >= 1.
        scores: float32 [F, 134] in [0, 1]; 0 means not seen, whatever `keypoints` says there.
        canvas: (height, width) in pixels that `keypoints` refers to.
        fps: Frames per second.

    Raises:
        ValueError: A field has another type or shape, a number is not finite or out of its range.
    """

    keypoints: np.ndarray
    scores: np.ndarray
    canvas: Size
    fps: float

    def __post_init__(self) -> None:
        _check_array("keypoints", self.keypoints, (NUM_KEYPOINTS, 2))
        _check_array("scores", self.scores, (NUM_KEYPOINTS,))
        if len(self.keypoints) != len(self.scores):
            raise ValueError(f"keypoints have {len(self.keypoints)} frames and scores {len(self.scores)}.")
        with np.errstate(invalid="ignore"):
            wrong_score = ~((self.scores >= 0) & (self.scores <= 1))
        if wrong_score.any():
            where, frame, point = _first(wrong_score)
            raise ValueError(f"score of {where} is {self.scores[frame, point]}; needs 0 to 1.")
        lost = (self.scores > 0) & ~np.isfinite(self.keypoints).all(axis=2)
        if lost.any():
            where, frame, point = _first(lost)
            raise ValueError(f"{where} is at {self.keypoints[frame, point].tolist()} with a score above 0.")
        if len(self.canvas) != 2 or min(self.canvas) < 1:
            raise ValueError(f"canvas is {tuple(self.canvas)}; needs a height and a width of at least 1.")
        if not (math.isfinite(self.fps) and self.fps > 0):
            raise ValueError(f"fps is {self.fps}; needs a positive number.")
        object.__setattr__(self, "canvas", Size(*(int(side) for side in self.canvas)))

    def __len__(self) -> int:
        """Number of frames."""
        return int(self.keypoints.shape[0])

    @property
    def num_frames(self) -> int:
        """Number of frames, at least 1."""
        return len(self)

    def visible(self, threshold: float) -> np.ndarray:
        """Tell which key points were seen: bool [F, 134], score above 0 and at least `threshold`."""
        return (self.scores > 0) & (self.scores >= threshold)

    def normalised(self) -> np.ndarray:
        """Give the key points as fractions of the canvas: float32 [F, 134, 2], x/width and y/height."""
        return self.keypoints / np.array([self.canvas.width, self.canvas.height], np.float32)

    def on_canvas(self, canvas: Size) -> PoseSequence:
        """Express the same pose in pixels of another canvas, stretched to it."""
        ratio = np.array([canvas[1] / self.canvas.width, canvas[0] / self.canvas.height], np.float32)
        return replace(self, keypoints=self.keypoints * ratio, canvas=Size(*canvas))

    def select(self, frames: Sequence[int]) -> PoseSequence:
        """Take the frames with these indices, in this order, at the same rate."""
        chosen = list(frames)
        return replace(self, keypoints=self.keypoints[chosen], scores=self.scores[chosen])

    def most_complete(self) -> int:
        """Give the index of the frame that shows the most joints of the body, the first of those."""
        return int((self.scores[:, BODY] > 0).sum(axis=1).argmax())

    def moved(self, keypoints: np.ndarray) -> PoseSequence:
        """Put the same key points, with the same scores, at other places (float [F, 134, 2])."""
        return replace(self, keypoints=np.asarray(keypoints, np.float32))

    def hidden(self, where: np.ndarray) -> PoseSequence:
        """Give score 0 to the key points marked by `where`, bool [F, 134] or [134]."""
        return replace(self, scores=np.where(where, np.float32(0), self.scores))


def _check_array(name: str, array: np.ndarray, tail: tuple[int, ...]) -> None:
    if array.dtype != np.float32 or array.shape[1:] != tail or array.ndim != len(tail) + 1 or len(array) == 0:
        wanted = ", ".join(["F", *map(str, tail)])
        raise ValueError(
            f"{name} are {array.dtype} {list(array.shape)}; needs float32 [{wanted}] with at least one frame."
        )


def _first(wrong: np.ndarray) -> tuple[str, int, int]:
    frame, point = (int(i) for i in np.argwhere(wrong)[0])
    return f"frame {frame}, {KEYPOINT_NAMES[point]}", frame, point
