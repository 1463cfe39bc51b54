"""Things that stand about: balls, fruit, boxes, bottles, cups, lamps, plants in pots; and their shadows."""

from __future__ import annotations

import numpy as np

from animatex.synthetic.palette import FOOD, Colour, Palette, jitter, mix, pick, scaled
from animatex.synthetic.scenes.canvas import Canvas
from animatex.synthetic.scenes.plants import branch, foliage, frond, leaf_colour, leaves


def shadow(canvas: Canvas, x: float, y: float, radius: float, strength: float, lean: float = 0.0) -> None:
    """A soft dark ellipse on the ground, cast to the right for a positive `lean`."""
    height = canvas.size.height
    half = max(3, round(radius * height * 1.5))
    left, top = round((x + lean * radius) * height) - half, round(y * height) - half // 3
    across = np.linspace(-1.0, 1.0, 2 * half, dtype=np.float32)[None, :] ** 2
    down = np.linspace(-1.0, 1.0, max(2, 2 * half // 3), dtype=np.float32)[:, None] ** 2
    gain = 1.0 - strength * np.clip(1.25 - 1.25 * (across + down), 0.0, 1.0)
    _multiply(canvas, left, top, gain)


def _multiply(canvas: Canvas, left: int, top: int, gain: np.ndarray) -> None:
    rows, columns = gain.shape
    y0, x0 = max(top, 0), max(left, 0)
    y1, x1 = min(top + rows, canvas.size.height), min(left + columns, canvas.size.width)
    if y1 <= y0 or x1 <= x0:
        return
    part = gain[y0 - top : y1 - top, x0 - left : x1 - left, None]
    patch = canvas.image[y0:y1, x0:x1]
    patch[:] = (patch * part).astype(np.uint8)


def ball(
    canvas: Canvas, x: float, y: float, radius: float, colour: Colour, light: float, gloss: float
) -> None:
    """A shaded ball; `light` is the direction it is lit from, radians; `gloss` 0..1."""
    dx, dy = np.cos(light), np.sin(light)
    canvas.disc(x, y, radius, scaled(colour, 0.55))
    for share, tone in ((0.86, 0.75), (0.7, 0.92), (0.5, 1.08), (0.3, 1.22)):
        shift = radius * (1.0 - share) * 0.8
        canvas.disc(x + dx * shift, y + dy * shift, radius * share, scaled(colour, tone))
    if gloss > 0.2:
        spot = mix(colour, (255, 255, 255), 0.4 + 0.6 * gloss)
        canvas.disc(
            x + dx * radius * 0.5, y + dy * radius * 0.5, radius * (0.22 - 0.12 * gloss), spot, squash=0.7
        )


def fruit(canvas: Canvas, x: float, ground: float, radius: float, light: float) -> None:
    """An orange, an apple, a berry, with or without a leaf on top."""
    rng = canvas.rng
    colour = jitter(rng, pick(rng, FOOD))
    shadow(canvas, x, ground, radius * 1.1, 0.55, -np.cos(light))
    ball(canvas, x, ground - radius * 0.92, radius, colour, light, float(rng.random()))
    if rng.random() < 0.5:
        top = ground - radius * 1.85
        turns = rng.uniform(-3.0, -0.1, 3)
        leaves(
            canvas,
            np.tile((x, top), (3, 1)),
            turns,
            radius * rng.uniform(0.5, 1.3, 3),
            0.3,
            [leaf_colour(canvas)],
        )


def box(canvas: Canvas, x: float, ground: float, width: float, height: float, colour: Colour) -> None:
    """A box seen a little from above, with a label."""
    lean, lid = width * canvas.uniform(0.1, 0.4), height * 0.12
    shadow(canvas, x, ground, width * 0.8, 0.5, 0.3)
    canvas.rect(x - width / 2, ground - height, x + width / 2, ground, colour)
    side = [
        (x + width / 2, ground),
        (x + width / 2 + lean, ground - lid),
        (x + width / 2 + lean, ground - height - lid),
    ]
    canvas.poly([*side, (x + width / 2, ground - height)], scaled(colour, 0.6))
    top = [(x - width / 2, ground - height), (x - width / 2 + lean, ground - height - lid)]
    canvas.poly([*top, side[2], (x + width / 2, ground - height)], scaled(colour, 1.2))
    if canvas.chance(0.5):
        label = jitter(canvas.rng, mix(colour, (255, 255, 255), canvas.uniform(0.2, 0.9)))
        canvas.rect(x - width * 0.3, ground - height * 0.75, x + width * 0.3, ground - height * 0.35, label)


def vessel(canvas: Canvas, x: float, ground: float, height: float, colour: Colour, light: float) -> None:
    """A bottle, vase, cup or glass: a turned outline, shaded across."""
    levels = np.linspace(0.0, 1.0, 9)
    widths = height * (canvas.uniform(0.16, 0.4) + canvas.rng.uniform(-0.1, 0.1, 9).cumsum() * 0.5)
    widths = np.clip(
        np.convolve(np.pad(widths, 1, mode="edge"), np.ones(3) / 3, "valid"), height * 0.06, height * 0.5
    )
    shadow(canvas, x, ground, float(widths[0]) * 1.3, 0.5, 0.2)
    side = np.cos(light)
    for share, tone, shift in ((1.0, 0.6, 0.0), (0.78, 0.85, 0.12), (0.5, 1.1, 0.25), (0.16, 1.5, 0.4)):
        left = np.stack([x - widths * share + side * shift * widths, ground - levels * height], axis=1)
        right = np.stack([x + widths * share + side * shift * widths, ground - levels * height], axis=1)
        canvas.poly(np.concatenate([left, right[::-1]]), scaled(colour, tone))
    canvas.disc(x, ground - height, float(widths[-1]), scaled(colour, 0.45), squash=0.25)


def potted(canvas: Canvas, x: float, ground: float, height: float, light: float) -> None:
    """A plant in a pot."""
    rng = canvas.rng
    vessel(canvas, x, ground, height * 0.35, jitter(rng, (176, 96, 64), 0.2), light)
    base = leaf_colour(canvas)
    top = ground - height * 0.33
    if rng.random() < 0.5:
        for turn in np.linspace(-2.7, -0.4, canvas.count(4, 7)).tolist():
            frond(canvas, (x, top), turn + float(rng.normal(0, 0.15)), height * 0.7, jitter(rng, base, 0.06))
        return
    branch(canvas, (x, top), -1.57, height * 0.4, height * 0.03, scaled(base, 0.5), 1)
    foliage(
        canvas, (x - height * 0.4, top - height * 0.7, x + height * 0.4, top), base, 60, height * 0.14, 0.7
    )


def lamp(canvas: Canvas, x: float, y: float, radius: float, colour: Colour) -> None:
    """A hanging lamp, or a paper lantern, that glows."""
    canvas.path([(x, 0.0), (x, y)], 0.004, scaled(colour, 0.2))
    canvas.glow(x, y, radius * 3.0, colour, 0.45)
    canvas.disc(x, y, radius, colour, squash=canvas.uniform(0.6, 1.2))
    canvas.disc(x, y, radius * 0.6, mix(colour, (255, 250, 230), 0.6), squash=0.7)


def thing(canvas: Canvas, palette: Palette, x: float, ground: float, height: float, light: float) -> None:
    """Any one of the above, standing at `ground`, about `height` tall."""
    colour = jitter(canvas.rng, pick(canvas.rng, palette.colours), 0.1)
    kind = canvas.count(0, 6)
    if kind <= 1:
        fruit(canvas, x, ground, height * 0.5, light)
    elif kind == 2:
        box(canvas, x, ground, height * canvas.uniform(0.4, 1.4), height, colour)
    elif kind <= 4:
        vessel(canvas, x, ground, height, colour, light)
    elif kind == 5:
        potted(canvas, x, ground, height * 1.6, light)
    else:
        shadow(canvas, x, ground, height * 0.5, 0.5, 0.2)
        ball(canvas, x, ground - height * 0.48, height * 0.5, colour, light, canvas.uniform(0, 1))
