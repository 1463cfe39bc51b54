"""Things that stand about: balls, fruit, boxes, bottles, toys, lamps, plants in pots; and their shadows.

Many of them are painted with the characters' own materials and light, so that neither tells a character from
what is not one.
"""

from __future__ import annotations

import cv2
import numpy as np

from animatex.synthetic.noise import child
from animatex.synthetic.palette import FOOD, Colour, Palette, jitter, mix, pick, scaled
from animatex.synthetic.scenes.canvas import Canvas
from animatex.synthetic.scenes.plants import branch, foliage, frond, leaf_colour, leaves
from animatex.synthetic.surface import paint, sample_material


def shadow(canvas: Canvas, x: float, y: float, radius: float, strength: float, lean: float = 0.0) -> None:
    """A soft dark ellipse on the ground, cast to the right for a positive `lean`."""
    middle = x + lean * radius
    patch = canvas.cut(middle - radius * 1.5, y - radius * 0.5, middle + radius * 1.5, y + radius * 0.5)
    if patch is None:
        return
    rows = canvas.size.height
    left, top = max(0, round((middle - radius * 1.5) * rows)), max(0, round((y - radius * 0.5) * rows))
    across = (np.arange(patch.shape[1], dtype=np.float32) + left + 0.5) / rows
    down = (np.arange(patch.shape[0], dtype=np.float32) + top + 0.5) / rows
    far = (((across - middle) / (radius * 1.5)) ** 2)[None, :] + (((down - y) / (radius * 0.5)) ** 2)[:, None]
    gain = 1.0 - strength * np.clip(1.25 - 1.25 * far, 0.0, 1.0)
    patch[:] = (patch * gain[..., None]).astype(np.uint8)


def solid(canvas: Canvas, outline: np.ndarray, palette: Palette, colour: Colour | None = None) -> None:
    """Fill an outline [n, 2] with a random material, lit as the characters are."""
    rows = canvas.size.height
    low = np.floor(outline.min(axis=0) * rows).astype(int) - 2
    high = np.ceil(outline.max(axis=0) * rows).astype(int) + 2
    material = sample_material(canvas.rng, palette)
    if colour is not None:
        material = material.recoloured(colour)
    own = child(canvas.rng)
    if (high - low).min() < 4 or (high - low).max() > 2 * rows:
        return
    alpha = np.zeros((high[1] - low[1], high[0] - low[0]), np.uint8)
    points = np.round((outline * rows - low) * 16.0 - 8.0).astype(np.int32)
    cv2.fillPoly(alpha, [points], 255, cv2.LINE_AA, 4)
    canvas.stamp(
        paint(material, alpha, canvas.lighting, own, unit=0.7 * rows), alpha, int(low[0]), int(low[1])
    )


def blob(canvas: Canvas, x: float, y: float, radius: float) -> np.ndarray:
    """The outline of a roundish thing: egg, pear, pebble, star, flower, rounded box; [48, 2]."""
    rng = canvas.rng
    turns = np.linspace(0.0, 2.0 * np.pi, 48, endpoint=False)
    power = float(rng.choice([2.0, 2.0, 2.0, 3.0, 5.0]))
    reach = (np.abs(np.cos(turns)) ** power + np.abs(np.sin(turns)) ** power) ** (-1.0 / power)
    waves = int(rng.integers(1, 7))
    reach = reach * (1.0 + float(rng.uniform(0, 0.22)) * np.cos(waves * turns + float(rng.uniform(0, 6))))
    wide, tall = rng.uniform(0.7, 1.0, 2).tolist()
    return np.stack(
        [x + radius * wide * reach * np.cos(turns), y + radius * tall * reach * np.sin(turns)], axis=1
    )


def capsule(x0: float, y0: float, x1: float, y1: float, width: float, tip: float) -> np.ndarray:
    """The outline of a rod with round ends, `width` at its start and `tip` at its end; [24, 2]."""
    turn = float(np.arctan2(y1 - y0, x1 - x0))
    fan = np.linspace(-np.pi / 2, np.pi / 2, 12)
    end = np.stack([x1 + tip / 2 * np.cos(turn + fan), y1 + tip / 2 * np.sin(turn + fan)], axis=1)
    start = np.stack([x0 - width / 2 * np.cos(turn + fan), y0 - width / 2 * np.sin(turn + fan)], axis=1)
    return np.concatenate([end, start])


def ball(canvas: Canvas, x: float, y: float, radius: float, colour: Colour, gloss: float) -> None:
    """A smoothly shaded ball in the scene's light; `gloss` 0..1."""
    rows = canvas.size.height
    half = max(2, round(radius * rows) + 1)
    left, top = round(x * rows) - half, round(y * rows) - half
    reach = 1.0 / max(radius * rows, 1.0)
    dx = ((np.arange(2 * half, dtype=np.float32) + (left + 0.5 - x * rows)) * reach)[None, :]
    dy = ((np.arange(2 * half, dtype=np.float32) + (top + 0.5 - y * rows)) * reach)[:, None]
    far = dx * dx + dy * dy
    mask = (np.clip((1.0 - np.sqrt(far)) / reach + 0.5, 0.0, 1.0) * 255).astype(np.uint8)
    light = canvas.lighting
    lx, ly, lz = light.direction
    facing = dx * lx + dy * ly + np.sqrt(np.maximum(1.0 - far, 0.0)) * lz
    bright = light.ambient + (1.08 - light.ambient) * np.clip(facing, 0.0, 1.0)
    shine = np.exp((facing - 1.0) * (10.0 + 60.0 * gloss)) * (255.0 * gloss)
    layer = bright[..., None] * np.array(colour, np.float32) + shine[..., None]
    canvas.stamp(np.clip(layer, 0, 255).astype(np.uint8), mask, left, top)


def fruit(canvas: Canvas, palette: Palette, x: float, ground: float, radius: float) -> None:
    """An orange, an apple, a berry, with or without a leaf on top."""
    rng = canvas.rng
    colour = jitter(rng, pick(rng, FOOD))
    shadow(canvas, x, ground, radius * 1.1, 0.55, -canvas.lighting.direction[0])
    if rng.random() < 0.4:
        solid(canvas, blob(canvas, x, ground - radius * 0.92, radius), palette, colour)
    else:
        ball(canvas, x, ground - radius * 0.92, radius, colour, float(rng.random()))
    if rng.random() < 0.5:
        top = ground - radius * 1.85
        turns = rng.uniform(-3.0, -0.1, 3)
        lengths = radius * rng.uniform(0.5, 1.3, 3)
        leaves(canvas, np.tile((x, top), (3, 1)), turns, lengths, 0.3, [leaf_colour(canvas)])


def box(canvas: Canvas, x: float, ground: float, width: float, height: float, colour: Colour) -> None:
    """A box seen a little from above, with a label."""
    lean, lid = width * canvas.uniform(0.1, 0.4), height * 0.12
    left, right, top = x - width / 2, x + width / 2, ground - height
    shadow(canvas, x, ground, width * 0.8, 0.5, 0.3)
    canvas.rect(left, top, right, ground, colour)
    side = [(right, ground), (right + lean, ground - lid), (right + lean, top - lid), (right, top)]
    canvas.poly(side, scaled(colour, 0.6))
    canvas.poly(
        [(left, top), (left + lean, top - lid), (right + lean, top - lid), (right, top)], scaled(colour, 1.2)
    )
    if canvas.chance(0.5):
        label = jitter(canvas.rng, mix(colour, (255, 255, 255), canvas.uniform(0.2, 0.9)))
        canvas.rect(x - width * 0.3, ground - height * 0.75, x + width * 0.3, ground - height * 0.35, label)


def vessel(canvas: Canvas, palette: Palette, x: float, ground: float, height: float, colour: Colour) -> None:
    """A bottle, vase, cup or glass: a turned outline, shaded across."""
    levels = np.linspace(0.0, 1.0, 9)
    widths = height * (canvas.uniform(0.16, 0.4) + canvas.rng.uniform(-0.1, 0.1, 9).cumsum() * 0.5)
    widths = np.convolve(np.pad(widths, 1, mode="edge"), np.ones(3) / 3, "valid")
    widths = np.clip(widths, height * 0.06, height * 0.5)
    shadow(canvas, x, ground, float(widths[0]) * 1.3, 0.5, -0.4 * canvas.lighting.direction[0])
    rows = ground - levels * height
    outline = np.concatenate(
        [np.stack([x - widths, rows], axis=1), np.stack([x + widths, rows], axis=1)[::-1]],
    )
    if canvas.chance(0.75):
        solid(canvas, outline, palette, colour)
    else:
        side = canvas.lighting.direction[0]
        for share, tone, shift in ((1.0, 0.6, 0.0), (0.78, 0.85, 0.12), (0.5, 1.1, 0.25), (0.16, 1.5, 0.4)):
            left = np.stack([x - widths * share + side * shift * widths, rows], axis=1)
            right = np.stack([x + widths * share + side * shift * widths, rows], axis=1)
            canvas.poly(np.concatenate([left, right[::-1]]), scaled(colour, tone))
    canvas.disc(x, ground - height, float(widths[-1]), scaled(colour, 0.45), squash=0.25)


def potted(canvas: Canvas, palette: Palette, x: float, ground: float, height: float) -> None:
    """A plant in a pot."""
    rng = canvas.rng
    vessel(canvas, palette, x, ground, height * 0.35, jitter(rng, (176, 96, 64), 0.2))
    base = leaf_colour(canvas)
    top = ground - height * 0.33
    if rng.random() < 0.5:
        for turn in np.linspace(-2.7, -0.4, canvas.count(4, 7)).tolist():
            frond(canvas, (x, top), turn + float(rng.normal(0, 0.15)), height * 0.7, jitter(rng, base, 0.06))
        return
    branch(canvas, (x, top), -1.57, height * 0.4, height * 0.03, scaled(base, 0.5), 1)
    spread = (x - height * 0.4, top - height * 0.7, x + height * 0.4, top)
    foliage(canvas, spread, base, 60, height * 0.14, 0.7)


def lamp(canvas: Canvas, x: float, y: float, radius: float, colour: Colour) -> None:
    """A hanging lamp, or a paper lantern, that glows."""
    canvas.path([(x, 0.0), (x, y)], 0.004, scaled(colour, 0.2))
    canvas.glow(x, y, radius * 3.0, colour, 0.45)
    canvas.disc(x, y, radius, colour, squash=canvas.uniform(0.6, 1.2))
    canvas.disc(x, y, radius * 0.6, mix(colour, (255, 250, 230), 0.6), squash=0.7)


def toy(canvas: Canvas, palette: Palette, x: float, ground: float, height: float) -> None:
    """A blob in any material, some with dots like eyes: as like a character's part as can be."""
    radius = height * 0.5
    shadow(canvas, x, ground, radius, 0.5, -0.3 * canvas.lighting.direction[0])
    solid(canvas, blob(canvas, x, ground - radius * 0.95, radius), palette)
    if canvas.chance(0.1):
        for side in (-0.35, 0.35):
            canvas.disc(x + side * radius, ground - radius * 1.1, radius * 0.12, palette.dark)


def thing(canvas: Canvas, palette: Palette, x: float, ground: float, height: float) -> None:
    """Any one of the above, standing at `ground`, about `height` tall."""
    colour = jitter(canvas.rng, pick(canvas.rng, palette.colours), 0.1)
    kind = canvas.count(0, 7)
    if kind <= 1:
        fruit(canvas, palette, x, ground, height * 0.5)
    elif kind == 2:
        box(canvas, x, ground, height * canvas.uniform(0.4, 1.4), height, colour)
    elif kind <= 4:
        vessel(canvas, palette, x, ground, height, colour)
    elif kind == 5:
        potted(canvas, palette, x, ground, height * 1.6)
    elif kind == 6:
        toy(canvas, palette, x, ground, height)
    else:
        shadow(canvas, x, ground, height * 0.5, 0.5, 0.2)
        ball(canvas, x, ground - height * 0.48, height * 0.5, colour, canvas.uniform(0, 1))
