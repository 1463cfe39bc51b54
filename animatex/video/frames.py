"""The values that hold the pictures of a clip, or give them one by one, and the size of a picture."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
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

    def within(self, max_side: int | None) -> Size:
        """Reduce the longer side to `max_side`, in proportion, where it is longer; None changes nothing."""
        longest = max(self)
        if max_side is None or longest <= max_side:
            return self
        return Size(*(max(1, round(side * max_side / longest)) for side in self))


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


@dataclass(frozen=True, slots=True, eq=False)
class FrameStream:
    """RGB frames of one clip that are made as they are taken, once: what is written need not be held.

    Attributes:
        frames: `num_frames` times uint8 [H, W, 3], RGB.
        num_frames: Number of frames, at least 1.
        size: Height and width of every frame.
        fps: Frames per second of *these* frames.
    """

    frames: Iterator[np.ndarray]
    num_frames: int
    size: Size
    fps: float

    @property
    def seconds(self) -> float:
        """How long the clip plays."""
        return self.num_frames / self.fps

    def collect(self) -> FrameSequence:
        """Take all frames, into memory."""
        held = np.empty((self.num_frames, *self.size, 3), np.uint8)
        for place, frame in zip(held, self.frames, strict=True):
            place[:] = frame
        return FrameSequence(held, self.fps)
