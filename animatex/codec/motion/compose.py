"""Layers at their places over a plate: which part each pixel shows, and the picture."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from animatex.codec.motion.layers import Layer, PuppetLayers
from animatex.codec.motion.placement import Placement, apply
from animatex.pose.skeleton import PARTS, TORSO_PART

_STAYING = 0.7


@dataclass(frozen=True, slots=True, eq=False)
class Composition:
    """One frame put together.

    Attributes:
        picture: uint8 [H, W, 3].
        shares: How much of each pixel shows each of `PARTS`, float32 [11, H, W] in 0..1; sums to 1.
    """

    picture: np.ndarray
    shares: np.ndarray


def compose(puppet: PuppetLayers, placement: Placement) -> Composition:
    """Move every layer to its place and lay them over the plate.

    Args:
        puppet: The layers, back to front.
        placement: Where they go.
    """
    height, width = puppet.plate.shape[:2]
    shares = np.zeros((len(PARTS), height, width), np.float32)
    shares[0] = 1
    picture = puppet.plate.astype(np.float32)
    for layer in _back_to_front(puppet, placement):
        area = _frame_box(layer, placement, height, width)
        if area is None:
            continue
        alpha, colour = _moved(layer, placement, area)
        picture[area] += alpha[..., None] * (colour - picture[area])
        shares[(slice(None), *area)] *= 1 - alpha
        shares[(layer.part, *area)] += alpha
    return Composition(np.rint(picture).astype(np.uint8), shares)


def recompose(
    puppet: PuppetLayers, placement: Placement, shares: np.ndarray, drift: np.ndarray
) -> np.ndarray:
    """Paint a frame whose parts are decided: each pixel from its part's own layer, drifted a little.

    Args:
        puppet: The layers.
        placement: Where they go.
        shares: Which part each pixel shows, float32 [11, H, W]; sums to 1.
        drift: Where in the frame a pixel's surface would be had it moved rigidly, relative to the pixel;
            float32 [2, H, W], x and y in pixels.

    Returns:
        uint8 [H, W, 3].
    """
    picture = puppet.plate.astype(np.float32) * shares[0][..., None]
    painted = shares[0].copy()
    for layer in puppet.layers:
        rows, columns = np.nonzero(shares[layer.part] > 1 / 255)
        if len(rows) == 0:
            continue
        area = np.s_[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
        places = _pixels(area) + drift[(slice(None), *area)].transpose(1, 2, 0)
        colour = _colours(layer, placement, placement.to_reference(layer.part, places))
        share = shares[(layer.part, *area)]
        picture[area] += share[..., None] * colour
        painted[area] += share
    # A part the character does not have cannot be painted: the plate shows through.
    picture += (1 - painted)[..., None] * puppet.plate
    return np.rint(picture.clip(0, 255)).astype(np.uint8)


def _back_to_front(puppet: PuppetLayers, placement: Placement) -> list[Layer]:
    """Layers in the order of painting: a limb that the picture hides stays behind until it moves away."""
    behind = [layer for layer in puppet.layers if layer.guessed and _has_stayed(layer, placement)]
    return behind + [layer for layer in puppet.layers if layer not in behind]


def _has_stayed(layer: Layer, placement: Placement) -> bool:
    """Whether a layer has moved by less than a share of its own length against the trunk."""
    size = np.array(layer.alpha.shape[::-1])
    middle = size / 2 + (layer.left, layer.top)
    moved = apply(placement.maps[layer.part], middle) - apply(placement.maps[TORSO_PART], middle)
    return bool(np.linalg.norm(moved) < _STAYING * np.linalg.norm(size))


_Area = tuple[slice, slice]
"""Rows and columns of a frame."""


def _moved(layer: Layer, placement: Placement, area: _Area) -> tuple[np.ndarray, np.ndarray]:
    """What an area of the frame shows of a layer: alpha float32 [h, w] in 0..1, and colours [h, w, 3]."""
    if placement.bend_of(layer.part) is None and placement.slide_on(layer.part) is None:
        top, left = area[0].start, area[1].start
        place = placement.maps[layer.part] @ np.array([[1, 0, layer.left], [0, 1, layer.top], [0, 0, 1]])
        place = place - np.array([[0, 0, left], [0, 0, top]])
        size = (area[1].stop - left, area[0].stop - top)
        alpha = cv2.warpAffine(layer.alpha, place, size)
        if placement.face_on(layer.part) is None:
            colour = cv2.warpAffine(layer.colour, place, size, borderMode=cv2.BORDER_REPLICATE)
            return alpha.astype(np.float32) / 255, colour
        source = placement.to_reference(layer.part, _pixels(area))
    else:
        source = placement.to_reference(layer.part, _pixels(area))
        alpha = _sampled(layer.alpha, layer, source, cv2.BORDER_CONSTANT)
    return alpha.astype(np.float32) / 255, _colours(layer, placement, source)


def _colours(layer: Layer, placement: Placement, source: np.ndarray) -> np.ndarray:
    """A layer's colours at places of the reference [h, w, 2]; a face's features are where they have gone."""
    colour = _sampled(layer.colour, layer, source, cv2.BORDER_REPLICATE)
    face = placement.face_on(layer.part)
    if face is None or layer.bare is None:
        return colour
    rows, columns = np.nonzero(face.reaches(source))
    if len(rows) == 0:
        return colour
    area = np.s_[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    source = source[area]
    bare = _sampled(layer.bare, layer, source, cv2.BORDER_REPLICATE)
    shift, share = face.arrived(source)
    moved = _sampled(layer.colour, layer, source - shift, cv2.BORDER_REPLICATE)
    skin = _mixed(colour[area], bare, face.bared(source))
    looking = colour.astype(np.float32)
    looking[area] = _mixed(skin, moved, share)
    return looking


def _mixed(below: np.ndarray, above: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Colours [h, w, 3] with a share [h, w] of others over them, float32."""
    weight = share[..., None].astype(np.float32)
    mixed: np.ndarray = below * (1 - weight) + above * weight
    return mixed


def _pixels(area: _Area) -> np.ndarray:
    """The centres of an area's pixels, float64 [h, w, 2]."""
    rows, columns = np.mgrid[area]
    return np.stack([columns, rows], 2).astype(np.float64)


def _sampled(values: np.ndarray, layer: Layer, source: np.ndarray, border: int) -> np.ndarray:
    """Read a layer's values at places of the reference, [h, w, 2]."""
    at = (source - (layer.left, layer.top)).astype(np.float32)
    sampled: np.ndarray = cv2.remap(values, at, None, cv2.INTER_LINEAR, borderMode=border)
    return sampled


def _frame_box(layer: Layer, placement: Placement, height: int, width: int) -> _Area | None:
    """Where a layer lands in the frame, or None if outside."""
    h, w = layer.alpha.shape
    corners = np.array([[0, 0], [w, 0], [0, h], [w, h]], np.float64) + (layer.left, layer.top)
    bend = placement.bend_of(layer.part)
    ways = [placement.maps[layer.part]] if bend is None else [placement.maps[layer.part], bend.beyond]
    placed = np.concatenate([apply(affine, corners) for affine in ways])
    left, top = np.floor(placed.min(0)).astype(int)
    right, bottom = np.ceil(placed.max(0)).astype(int) + 1
    left, top, right, bottom = max(left, 0), max(top, 0), min(right, width), min(bottom, height)
    return np.s_[top:bottom, left:right] if left < right and top < bottom else None
