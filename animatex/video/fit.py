"""Pictures of one size onto a canvas of another, and back."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from animatex.video.frames import Size

Method = Literal["stretch", "letterbox", "crop", "keep"]
"""How a picture fills a canvas.

stretch: both sides scaled on their own. letterbox: all of the picture, with borders. crop: all of the canvas,
with parts of the picture cut off. keep: the canvas takes the picture's proportions and keeps its area.
"""

Filter = Literal["smooth", "bilinear"]
"""How a picture is scaled. smooth: averaging where it shrinks, cubic where it grows. bilinear: PIL's bilinear
filter, with which the released model's pictures are scaled."""

BLACK = (0, 0, 0)


@dataclass(frozen=True, slots=True)
class Fit:
    """How a picture lies on a canvas: `canvas = source * scale + offset`, for x and for y.

    Attributes:
        source: Size of the picture.
        canvas: Size of the canvas.
        placed: Size of the whole picture on the canvas; with "crop" larger than the canvas.
        left: Pixels of canvas left of the picture; negative where the picture is cut off.
        top: Pixels of canvas above the picture; negative where the picture is cut off.
    """

    source: Size
    canvas: Size
    placed: Size
    left: int
    top: int

    def points_to_canvas(self, points: np.ndarray) -> np.ndarray:
        """Move points of the picture to where they lie on the canvas.

        Args:
            points: float [..., 2], x and y in pixels of the picture.

        Returns:
            float [..., 2] in pixels of the canvas, of the same dtype.
        """
        scale, offset = self._scale_and_offset(points.dtype)
        return np.asarray(points * scale + offset)

    def points_to_source(self, points: np.ndarray) -> np.ndarray:
        """Undo `points_to_canvas`."""
        scale, offset = self._scale_and_offset(points.dtype)
        return np.asarray((points - offset) / scale)

    def _scale_and_offset(self, dtype: np.dtype) -> tuple[np.ndarray, np.ndarray]:
        scale = (self.placed.width / self.source.width, self.placed.height / self.source.height)
        return np.asarray(scale, dtype), np.asarray((self.left, self.top), dtype)


def plan_fit(source: Size, canvas: Size, method: Method, *, multiple: int = 1) -> Fit:
    """Decide how a picture lies on a canvas.

    Args:
        source: Size of the picture.
        canvas: Size of the canvas; with "keep" only its area counts.
        method: See `Method`.
        multiple: With "keep", both sides of the canvas become multiples of this, at least one each.
    """
    if method == "keep":
        canvas = _same_area(source, canvas, multiple)
    if method in ("stretch", "keep"):
        return Fit(source, canvas, canvas, 0, 0)
    choose = min if method == "letterbox" else max
    scale = choose(canvas.height / source.height, canvas.width / source.width)
    placed = Size(max(1, round(source.height * scale)), max(1, round(source.width * scale)))
    left, top = ((canvas.width - placed.width) // 2, (canvas.height - placed.height) // 2)
    return Fit(source, canvas, placed, left, top)


def to_canvas(
    picture: np.ndarray, fit: Fit, *, fill: tuple[int, int, int] = BLACK, filter: Filter = "smooth"
) -> np.ndarray:
    """Lay a picture on its canvas.

    Args:
        picture: uint8 [H, W, 3] of size `fit.source`.
        fit: How it lies there.
        fill: Colour of the canvas beside the picture, RGB, 0..255.
        filter: How it is scaled.

    Returns:
        uint8 [H, W, 3] of size `fit.canvas`.
    """
    placed = resize(picture, fit.placed, filter)
    if fit.placed == fit.canvas:
        return placed
    canvas = np.empty((*fit.canvas, 3), np.uint8)
    canvas[:] = fill
    on_canvas, on_picture = _overlap(fit)
    canvas[on_canvas] = placed[on_picture]
    return canvas


def to_source(canvas: np.ndarray, fit: Fit, *, fill: tuple[int, int, int] = BLACK) -> np.ndarray:
    """Undo `to_canvas`: cut the picture out of its canvas, at its own size.

    Args:
        canvas: uint8 [H, W, 3] of size `fit.canvas`.
        fit: How the picture lies there.
        fill: Colour of what "crop" had cut off, RGB, 0..255.

    Returns:
        uint8 [H, W, 3] of size `fit.source`.
    """
    if fit.placed == fit.canvas:
        return resize(canvas, fit.source)
    placed = np.empty((*fit.placed, 3), np.uint8)
    placed[:] = fill
    on_canvas, on_picture = _overlap(fit)
    placed[on_picture] = canvas[on_canvas]
    return resize(placed, fit.source)


def resize(picture: np.ndarray, size: Size, filter: Filter = "smooth") -> np.ndarray:
    """Scale a picture.

    Args:
        picture: uint8 [H, W, 3] or [H, W].
        size: Size of the result.
        filter: How.

    Returns:
        The same kind of array at that size; the picture itself where nothing changes.
    """
    import cv2

    height, width = picture.shape[:2]
    if (height, width) == size:
        return picture
    if filter == "bilinear":
        from PIL import Image

        scaled = Image.fromarray(picture).resize((size.width, size.height), Image.Resampling.BILINEAR)
        return np.array(scaled)
    shrinks = size.height * size.width < height * width
    method = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(picture, (size.width, size.height), interpolation=method))


def _same_area(source: Size, canvas: Size, multiple: int) -> Size:
    scale = math.sqrt(canvas.height * canvas.width / (source.height * source.width))
    return Size(*(max(1, round(side * scale / multiple)) * multiple for side in source))


def _overlap(fit: Fit) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """Give rows and columns that picture and canvas share: in the canvas, and in the placed picture."""
    rows = _shared(fit.top, fit.placed.height, fit.canvas.height)
    columns = _shared(fit.left, fit.placed.width, fit.canvas.width)
    return (rows[0], columns[0]), (rows[1], columns[1])


def _shared(offset: int, placed: int, canvas: int) -> tuple[slice, slice]:
    begin, end = max(0, offset), min(canvas, offset + placed)
    return slice(begin, end), slice(begin - offset, end - offset)
