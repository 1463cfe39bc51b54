"""Pieces of a character, painted once: cards with coverage, cut where limbs bend."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import cv2
import numpy as np

from animatex.pose.skeleton import PARTS
from animatex.synthetic.puppet import Character, Limb, Shape
from animatex.synthetic.rigging import limb_knots
from animatex.synthetic.surface import Lighting, Material, paint

HEAD_PART = PARTS.index("head")
_SUBPIXEL = 4


@dataclass(frozen=True, slots=True, eq=False)
class Sprite:
    """A painted piece.

    Attributes:
        colour: float32 [h, w, 4], RGB times coverage 0..255, and coverage 0..1.
        origin: Pixel (x, y) of the piece's own origin.
        label: Body part.
        depth: Larger is nearer.
        group: Pieces cut from one card share it: what shows one of them shows the surface of its neighbour.
        arm: Side of the arm it belongs to, or -1.
        leg: Side of the leg it belongs to, or -1.
    """

    colour: np.ndarray
    origin: tuple[float, float]
    label: int
    depth: float
    group: int
    arm: int
    leg: int


def paint_sprites(
    character: Character, scale: float, lighting: Lighting, rng: np.random.Generator
) -> tuple[Sprite, ...]:
    """Paint all pieces at `scale` pixels a unit, in the order of `placements`."""
    sprites: list[Sprite] = []
    for group, plate in enumerate(character.plates):
        colour, origin = _paint_card(plate.shapes, scale, lighting, rng)
        arm = plate.frame - 3 if plate.frame in (3, 4) else -1
        leg = plate.frame - 5 if plate.frame in (5, 6) else -1
        whole = Sprite(colour, origin, plate.label, plate.depth, group, arm, leg)
        sprites.extend([whole] if math.isnan(plate.split) else _halves(whole, plate.split, scale))
    for index, limb in enumerate(character.limbs):
        group = len(character.plates) + index
        sprites.extend(
            _cut_limb(character, limb, group, _paint_card(limb.shapes, scale, lighting, rng), scale)
        )
    return tuple(sprites)


def _halves(whole: Sprite, y: float, scale: float) -> list[Sprite]:
    ox, oy = whole.origin
    row = int(np.clip(round(y * scale + oy), 1, len(whole.colour) - 1))
    lower = max(row - 2, 0)  # two rows under the upper half, or the seam would be seen through
    return [
        replace(whole, colour=whole.colour[lower:], origin=(ox, oy - lower)),
        replace(whole, colour=whole.colour[:row], label=HEAD_PART),
    ]


def _paint_card(
    shapes: tuple[Shape, ...], scale: float, lighting: Lighting, rng: np.random.Generator
) -> tuple[np.ndarray, tuple[float, float]]:
    low = np.min([s.outline.min(0) for s in shapes if not s.clip], axis=0) * scale
    high = np.max([s.outline.max(0) for s in shapes if not s.clip], axis=0) * scale
    corner = np.floor(low).astype(int) - 2
    width, height = np.ceil(high).astype(int) + 3 - corner
    card = np.zeros((height, width, 4), np.float32)
    for shape in shapes:
        _paint_shape(card, shape, scale, corner, lighting, rng)
    return card, (float(-corner[0]), float(-corner[1]))


def _paint_shape(
    card: np.ndarray,
    shape: Shape,
    scale: float,
    corner: np.ndarray,
    lighting: Lighting,
    rng: np.random.Generator,
) -> None:
    window = _window(shape.outline * scale - corner, card.shape)
    if window is None:
        return
    under = card[window]
    cover = _mask(shape.outline, scale, corner, window).astype(np.float32) * (shape.opacity / 255)
    if shape.clip:
        cover *= under[..., 3]
    if not isinstance(shape.fill, Material):
        ink: np.ndarray = np.array(shape.fill, np.float32)
    elif shape.clip and float(cover.max()) > 0:
        whole = (card[..., 3] * 255).astype(np.uint8)
        ink = paint(shape.fill, whole, lighting, rng, scale)[window].astype(np.float32)
    else:
        ink = _shade(shape, card, scale, corner, window, lighting, rng)
    under *= (1 - cover)[..., None]
    under[..., :3] += cover[..., None] * ink
    under[..., 3] += cover


def _shade(
    shape: Shape,
    card: np.ndarray,
    scale: float,
    corner: np.ndarray,
    window: tuple[slice, slice],
    lighting: Lighting,
    rng: np.random.Generator,
) -> np.ndarray:
    """Colours of a shape within `window`, float32 [h, w, 3]."""
    assert isinstance(shape.fill, Material)
    if shape.shaded_as is None:
        mask = _mask(shape.outline, scale, corner, window)
        return paint(shape.fill, mask, lighting, rng, scale).astype(np.float32)
    low = np.minimum(
        np.floor(shape.shaded_as.min(0) * scale - corner).astype(int), (window[1].start, window[0].start)
    )
    high = np.maximum(
        np.ceil(shape.shaded_as.max(0) * scale - corner).astype(int), (window[1].stop, window[0].stop)
    )
    wide = (slice(low[1], high[1]), slice(low[0], high[0]))
    painted = paint(shape.fill, _mask(shape.shaded_as, scale, corner, wide), lighting, rng, scale)
    rows = slice(window[0].start - low[1], window[0].stop - low[1])
    columns = slice(window[1].start - low[0], window[1].stop - low[0])
    return painted[rows, columns].astype(np.float32)


def _window(points: np.ndarray, shape: tuple[int, ...]) -> tuple[slice, slice] | None:
    """Rows and columns of a card that hold `points` (pixels), or None."""
    x0, y0 = np.maximum(np.floor(points.min(0)).astype(int) - 1, 0)
    x1, y1 = np.minimum(np.ceil(points.max(0)).astype(int) + 2, shape[1::-1])
    return (slice(y0, y1), slice(x0, x1)) if x1 > x0 and y1 > y0 else None


def _mask(outline: np.ndarray, scale: float, corner: np.ndarray, window: tuple[slice, slice]) -> np.ndarray:
    """Anti-aliased silhouette, uint8 of the window's size."""
    rows, columns = window
    alpha = np.zeros((rows.stop - rows.start, columns.stop - columns.start), np.uint8)
    points = outline * scale - corner - (columns.start, rows.start)
    cv2.fillPoly(alpha, [np.round(points * 2**_SUBPIXEL).astype(np.int32)], 255, cv2.LINE_AA, _SUBPIXEL)
    return alpha


def _cut_limb(
    character: Character,
    limb: Limb,
    group: int,
    painted: tuple[np.ndarray, tuple[float, float]],
    scale: float,
) -> list[Sprite]:
    card, (ox, oy) = painted
    if limb.merged:
        rise = (np.arange(len(card)) - oy) / (limb.radius * scale)
        card *= np.clip((rise + 0.75) / 0.85, 0, 1).astype(np.float32)[:, None, None]
    knots = limb_knots(limb, character.body)
    joint = character.body.upper_arm if limb.arm else character.body.thigh
    overlap = 0.3 * limb.radius * scale + 1.0
    pieces = []
    for start, end in zip(knots[:-1], knots[1:], strict=True):
        top = 0 if start == knots[0] else max(int(start * scale + oy - overlap), 0)
        bottom = card.shape[0] if end == knots[-1] else int(np.ceil(end * scale + oy + overlap)) + 1
        label = limb.labels[0 if end <= joint + 1e-9 else 1]
        side = limb.side
        arm, leg = (side, -1) if limb.arm else (-1, side)
        pieces.append(Sprite(card[top:bottom], (ox, oy - top), label, limb.depth, group, arm, leg))
    return pieces
