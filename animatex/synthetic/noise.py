"""Cheap procedural noise: small random grids, enlarged smoothly.

The number of random draws never depends on the picture's size, so one seed gives the same pattern at any
resolution of the same aspect ratio.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import cv2
import numpy as np

from animatex.video.frames import Size

Choice = TypeVar("Choice")


def child(rng: np.random.Generator) -> np.random.Generator:
    """Return a generator of its own, so that what it is used for does not shift later draws of `rng`."""
    return np.random.Generator(np.random.PCG64(int(rng.integers(1 << 62))))


def draw(rng: np.random.Generator, shares: Sequence[tuple[Choice, float]]) -> Choice:
    """Draw one of some things, each with its share (they need not sum to 1)."""
    left = float(rng.random()) * sum(share for _, share in shares)
    for choice, share in shares:
        left -= share
        if left < 0.0:
            return choice
    return shares[-1][0]


def value_noise(
    rng: np.random.Generator, size: Size, cells: float, *, stretch: float = 1.0, octaves: int = 1
) -> np.ndarray:
    """Smooth noise.

    Args:
        rng: Source of randomness; one draw is taken from it, whatever the size.
        size: Height and width of the result in pixels.
        cells: Blobs along the longer side.
        stretch: Above 1 makes blobs that are this much taller than wide, below 1 wider than tall.
        octaves: How many layers, each twice as fine and half as strong.

    Returns:
        float32 [height, width], about 0..1, mean about 0.5.
    """
    height, width = size
    own = child(rng)
    longer = max(height, width)
    total = np.zeros((height, width), np.float32)
    weight, norm = 1.0, 0.0
    for octave in range(octaves):
        count = cells * 2**octave
        if octave and count > longer:
            break
        rows = max(2, min(height * 2, round(count * height / longer / max(stretch, 1.0))))
        columns = max(2, min(width * 2, round(count * width / longer * min(stretch, 1.0))))
        grid = own.random((rows, columns), dtype=np.float32)
        total += weight * cv2.resize(grid, (width, height), interpolation=cv2.INTER_CUBIC)
        norm += weight
        weight *= 0.5
    total *= 1.0 / norm
    return total


def grain(rng: np.random.Generator, size: Size, *, stretch: float = 1.0, cell: float = 1.0) -> np.ndarray:
    """Noise as fine as `cell` pixels, zero mean, about -1..1; float32 [height, width].

    Its draws depend on the size, so they come from a generator of its own.
    """
    height, width = size
    own = child(rng)
    rows = max(2, round(height / (cell * max(stretch, 1.0))))
    columns = max(2, round(width * min(stretch, 1.0) / cell))
    grid = own.random((rows, columns), dtype=np.float32)
    grid *= 2.0
    grid -= 1.0
    if (rows, columns) == (height, width):
        return grid
    return cv2.resize(grid, (width, height), interpolation=cv2.INTER_CUBIC)


def mesh(size: Size) -> tuple[np.ndarray, np.ndarray]:
    """Pixel centres (x, y), float32, as [1, width] and [height, 1] for broadcasting; 1 is the longer side."""
    height, width = size
    longer = float(max(height, width))
    x = (np.arange(width, dtype=np.float32) + 0.5)[None, :] / longer
    y = (np.arange(height, dtype=np.float32) + 0.5)[:, None] / longer
    return x, y


def step(edge: float, value: np.ndarray, softness: float) -> np.ndarray:
    """0 below `edge`, 1 above, linear over `softness`; float32 of `value`'s shape."""
    return np.clip((value - edge) / max(softness, 1e-6) + 0.5, 0.0, 1.0)
