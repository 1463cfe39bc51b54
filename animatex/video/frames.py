"""The value that holds the pictures of a clip, and the size of a picture."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np


class Size(NamedTuple):
    """Height and width in pixels, in the order of an array's first two axes."""

    height: int
    width: int

    def __str__(self) -> str:
        """Write the size as people do: width x height."""
        return f"{self.width}x{self.height}"


@dataclass(frozen=True, slots=True, eq=False)
class FrameSequence:
    """RGB frames of one clip, in display order.

    Attributes:
        frames: uint8 [F, H, W, 3], RGB, 0..255; F is at least 1.
        fps: Frames per second of *these* frames; halves when every second frame is taken.

    Raises:
        ValueError: The array is not such an array, or the rate is not a positive number.
    """

    frames: np.ndarray
    fps: float

    def __post_init__(self) -> None:
        shape, dtype = self.frames.shape, self.frames.dtype
        if dtype != np.uint8 or len(shape) != 4 or shape[3] != 3 or 0 in shape:
            raise ValueError(
                f"frames are {dtype} {list(shape)}; needs uint8 [F, H, W, 3] with at least one frame."
            )
        if not (math.isfinite(self.fps) and self.fps > 0):
            raise ValueError(f"fps is {self.fps}; needs a positive number.")

    def __len__(self) -> int:
        """Number of frames."""
        return int(self.frames.shape[0])

    @property
    def num_frames(self) -> int:
        """Number of frames, at least 1."""
        return len(self)

    @property
    def size(self) -> Size:
        """Height and width of every frame."""
        return Size(int(self.frames.shape[1]), int(self.frames.shape[2]))

    @property
    def seconds(self) -> float:
        """How long the clip plays."""
        return len(self) / self.fps

    def select(self, frames: Sequence[int]) -> FrameSequence:
        """Take the frames with these indices, in this order, at the same rate."""
        return FrameSequence(self.frames[list(frames)], self.fps)
