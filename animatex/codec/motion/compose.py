"""Layers at their places over a plate: which part each pixel shows, and the picture."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from animatex.codec.motion.bones import inverse
from animatex.codec.motion.layers import Layer, PuppetLayers
from animatex.pose.skeleton import PARTS


@dataclass(frozen=True, slots=True, eq=False)
class Composition:
    """One frame put together.

    Attributes:
        picture: uint8 [H, W, 3].
        shares: How much of each pixel shows each of `PARTS`, float32 [11, H, W] in 0..1; sums to 1.
    """

    picture: np.ndarray
    shares: np.ndarray


def compose(puppet: PuppetLayers, maps: np.ndarray) -> Composition:
    """Move every layer by its map and lay them over the plate.

    Args:
        puppet: The layers, back to front.
        maps: Reference pixels to frame pixels, float64 [11, 2, 3].
    """
    height, width = puppet.plate.shape[:2]
    shares = np.zeros((len(PARTS), height, width), np.float32)
    shares[0] = 1
    picture = puppet.plate.astype(np.float32)
    for layer in puppet.layers:
        box = _frame_box(layer, maps[layer.part], height, width)
        if box is None:
            continue
        top, bottom, left, right = box
        place = maps[layer.part] @ np.array([[1, 0, layer.left], [0, 1, layer.top], [0, 0, 1]])
        place = place - np.array([[0, 0, left], [0, 0, top]])
        size = (right - left, bottom - top)
        alpha = cv2.warpAffine(layer.alpha, place, size).astype(np.float32)[..., None] / 255
        colour = cv2.warpAffine(layer.colour, place, size, borderMode=cv2.BORDER_REPLICATE)
        area = np.s_[top:bottom, left:right]
        picture[area] += alpha * (colour - picture[area])
        shares[(slice(None), *area)] *= 1 - alpha[..., 0]
        shares[(layer.part, *area)] += alpha[..., 0]
    return Composition(np.rint(picture).astype(np.uint8), shares)


def recompose(puppet: PuppetLayers, maps: np.ndarray, shares: np.ndarray, drift: np.ndarray) -> np.ndarray:
    """Paint a frame whose parts are decided: each pixel from its part's own layer, drifted a little.

    Args:
        puppet: The layers.
        maps: Reference pixels to frame pixels, float64 [11, 2, 3].
        shares: Which part each pixel shows, float32 [11, H, W]; sums to 1.
        drift: Where in the frame a pixel's surface would be had it moved rigidly, relative to the pixel;
        float32
            [2, H, W], x and y in pixels.

    Returns:
        uint8 [H, W, 3].
    """
    picture = puppet.plate.astype(np.float32) * shares[0][..., None]
    painted = shares[0].copy()
    for layer in puppet.layers:
        rows, columns = np.nonzero(shares[layer.part] > 1 / 255)
        if len(rows) == 0:
            continue
        top, bottom, left, right = rows.min(), rows.max() + 1, columns.min(), columns.max() + 1
        area = np.s_[top:bottom, left:right]
        back = inverse(maps[layer.part])
        x = np.arange(left, right, dtype=np.float32) + drift[(0, *area)]
        y = np.arange(top, bottom, dtype=np.float32)[:, None] + drift[(1, *area)]
        from_x = (back[0, 0] * x + back[0, 1] * y + back[0, 2] - layer.left).astype(np.float32)
        from_y = (back[1, 0] * x + back[1, 1] * y + back[1, 2] - layer.top).astype(np.float32)
        colour = cv2.remap(layer.colour, from_x, from_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        share = shares[(layer.part, *area)]
        picture[area] += share[..., None] * colour
        painted[area] += share
    # A part the character does not have cannot be painted: the plate shows through.
    picture += (1 - painted)[..., None] * puppet.plate
    return np.rint(picture.clip(0, 255)).astype(np.uint8)


def _frame_box(layer: Layer, affine: np.ndarray, height: int, width: int) -> tuple[int, int, int, int] | None:
    """Top, bottom, left, right of where a layer lands in the frame, or None if outside."""
    h, w = layer.alpha.shape
    corners = np.array([[0, 0], [w, 0], [0, h], [w, h]], np.float64) + (layer.left, layer.top)
    placed = corners @ affine[:, :2].T + affine[:, 2]
    left, top = np.floor(placed.min(0)).astype(int)
    right, bottom = np.ceil(placed.max(0)).astype(int) + 1
    left, top, right, bottom = max(left, 0), max(top, 0), min(right, width), min(bottom, height)
    return (top, bottom, left, right) if left < right and top < bottom else None
