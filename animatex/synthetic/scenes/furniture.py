"""What stands and hangs in rooms: bookcases, sofas, tables, chests, pictures, curtains."""

from __future__ import annotations

import numpy as np

from animatex.synthetic.palette import Colour, Palette, jitter, mix, pick, scaled
from animatex.synthetic.scenes.canvas import Canvas
from animatex.synthetic.scenes.props import blob, capsule, potted, shadow, solid, thing

WOODS: tuple[Colour, ...] = (
    (150, 104, 66), (112, 74, 48), (74, 48, 36), (190, 150, 104),
    (214, 186, 150), (60, 44, 40), (170, 164, 156),
)  # fmt: skip
Box = tuple[float, float, float, float]


def bookcase(canvas: Canvas, palette: Palette, place: Box, wood: Colour) -> None:
    """Shelves with books between (left, top, right, bottom)."""
    left, top, right, bottom = place
    rng = canvas.rng
    canvas.rect(left, top, right, bottom, scaled(wood, 0.45))
    rows = canvas.count(3, 6)
    tall = (bottom - top) / rows
    full, dull = canvas.uniform(0.4, 1.0), canvas.uniform(0.3, 1.0)
    count = 14
    for row in range(rows):
        base = top + (row + 1) * tall
        edges = left + (right - left) * np.cumsum(rng.uniform(0.4, 1.0, count)) / (count * 0.72)
        heights = tall * rng.uniform(0.5, 0.85, count)
        kept = rng.random(count) < full
        for index in range(1, count):
            if not kept[index] or edges[index] >= right:
                continue
            tint = scaled(mix(pick(rng, palette.colours), wood, dull), canvas.uniform(0.6, 1.1))
            canvas.rect(edges[index - 1], base - heights[index], edges[index] - 0.003, base, tint)
        canvas.rect(left, base - tall * 0.06, right, base, scaled(wood, 0.95))
    for x in (left, right):
        canvas.rect(x - 0.012, top, x + 0.012, bottom, wood)
    canvas.rect(left - 0.02, top - 0.03, right + 0.02, top, scaled(wood, 1.1))


def sofa(canvas: Canvas, palette: Palette, x: float, ground: float) -> None:
    """A sofa or armchair, in a characters' material or plain cloth, with cushions."""
    colour = jitter(canvas.rng, pick(canvas.rng, palette.colours))
    wide, tall = canvas.uniform(0.25, 0.5), canvas.uniform(0.14, 0.24)
    shadow(canvas, x, ground, wide * 0.7, 0.5)
    left, right = x - wide / 2, x + wide / 2
    for top, bottom, tone in ((1.7, 0.5, 0.85), (0.85, 0.15, 1.0)):
        canvas.rect(left, ground - tall * top, right, ground - tall * bottom, scaled(colour, tone))
        line = [(left, ground - tall * bottom), (right, ground - tall * bottom)]
        canvas.path(line, 0.006, scaled(colour, 0.6))
    for middle in np.linspace(left, right, canvas.count(3, 4))[1:-1].tolist():
        canvas.path(
            [(middle, ground - tall * 1.7), (middle, ground - tall * 0.2)], 0.005, scaled(colour, 0.65)
        )
    for side in (left, right):
        canvas.disc(side, ground - tall * 0.7, tall * 0.35, scaled(colour, 1.1), squash=1.5)
    for _ in range(canvas.count(0, 2)):
        middle = canvas.uniform(left + 0.05, right - 0.05)
        solid(canvas, blob(canvas, middle, ground - tall * 1.1, tall * 0.4), palette)


def side_table(canvas: Canvas, palette: Palette, x: float, ground: float, wood: Colour) -> None:
    """A table with legs and something on it."""
    wide, tall = canvas.uniform(0.2, 0.45), canvas.uniform(0.15, 0.3)
    shadow(canvas, x, ground, wide * 0.6, 0.5)
    for leg in (-0.45, -0.3, 0.3, 0.45):
        foot = ground - abs(leg) * 0.05
        canvas.path([(x + leg * wide, ground - tall), (x + leg * wide, foot)], 0.014, scaled(wood, 0.7))
    top, back = ground - tall, ground - tall - 0.05
    corners = [(x - wide * 0.5, top), (x + wide * 0.5, top), (x + wide * 0.42, back), (x - wide * 0.42, back)]
    canvas.poly(corners, wood)
    canvas.rect(x - wide * 0.5, top, x + wide * 0.5, top + 0.015, scaled(wood, 0.75))
    spot = x + canvas.uniform(-0.3, 0.3) * wide
    thing(canvas, palette, spot, top - 0.02, canvas.uniform(0.05, 0.12))


def chest(canvas: Canvas, palette: Palette, x: float, ground: float, wood: Colour) -> None:
    """A chest of drawers or a cupboard, something on top."""
    wide, tall = canvas.uniform(0.15, 0.35), canvas.uniform(0.15, 0.5)
    shadow(canvas, x, ground, wide * 0.7, 0.5)
    canvas.rect(x - wide / 2, ground - tall, x + wide / 2, ground, wood)
    drawers = canvas.count(2, 4)
    for index in range(drawers):
        top = ground - tall * (index + 0.92) / drawers
        front = scaled(wood, canvas.uniform(0.75, 1.2))
        canvas.rect(x - wide * 0.45, top, x + wide * 0.45, top + tall * 0.84 / drawers, front)
        canvas.disc(x, top + tall * 0.4 / drawers, 0.008, palette.light)
    thing(canvas, palette, x, ground - tall, canvas.uniform(0.06, 0.14))


def stand(canvas: Canvas, palette: Palette, x: float, ground: float) -> None:
    """A floor lamp, coat stand or pole with arms: as thin as limbs."""
    colour = jitter(canvas.rng, pick(canvas.rng, (*palette.colours, palette.dark)))
    tall, width = canvas.uniform(0.3, 0.7), canvas.uniform(0.012, 0.04)
    shadow(canvas, x, ground, 0.07, 0.4)
    solid(canvas, capsule(x, ground, x, ground - tall, width, width), palette, colour)
    arms = canvas.chance(0.5)
    for side in (-1, 1) if arms else ():
        y, reach = ground - tall * canvas.uniform(0.6, 0.9), canvas.uniform(0.05, 0.15)
        arm = capsule(x, y, x + side * reach, y + canvas.uniform(-0.12, 0.08), width, width * 0.8)
        solid(canvas, arm, palette, colour)
    if not arms:
        shade = pick(canvas.rng, (*palette.colours, palette.light))
        size = canvas.uniform(0.04, 0.09)
        solid(canvas, blob(canvas, x, ground - tall, size), palette, shade)


def furnish(canvas: Canvas, palette: Palette, horizon: float, wood: Colour) -> None:
    """One piece of furniture on the floor near the wall."""
    x = canvas.uniform(-0.05, canvas.aspect + 0.05)
    ground = canvas.uniform(horizon, min(0.98, horizon + 0.2))
    kind = canvas.count(0, 5)
    if kind == 0:
        potted(canvas, palette, x, ground, canvas.uniform(0.2, 0.5))
    elif kind == 1:
        sofa(canvas, palette, x, ground)
    elif kind == 2:
        side_table(canvas, palette, x, ground, wood)
    elif kind == 3:
        chest(canvas, palette, x, ground, wood)
    elif kind == 4:
        stand(canvas, palette, x, ground)
    else:
        thing(canvas, palette, x, ground, canvas.uniform(0.08, 0.22))


def picture(canvas: Canvas, palette: Palette, horizon: float) -> None:
    """A framed picture on the wall."""
    rng = canvas.rng
    wide, tall = canvas.uniform(0.07, 0.25), canvas.uniform(0.07, 0.25)
    x, y = canvas.uniform(0, canvas.aspect), canvas.uniform(0.1, max(0.15, horizon - 0.2))
    frame = jitter(rng, pick(rng, (*WOODS, palette.light, palette.dark)))
    for grow, drop, tint in ((0.5, 0.012, scaled(frame, 0.4)), (0.5, 0.0, frame)):
        canvas.rect(
            x - wide * grow + drop,
            y - tall * grow + drop,
            x + wide * grow + drop,
            y + tall * grow + drop,
            tint,
        )
    inner = pick(rng, (*palette.colours, palette.light))
    canvas.rect(x - wide * 0.42, y - tall * 0.42, x + wide * 0.42, y + tall * 0.42, inner)
    for _ in range(3):
        spot = x + canvas.uniform(-0.2, 0.2) * wide, y + canvas.uniform(-0.2, 0.2) * tall
        canvas.disc(*spot, min(wide, tall) * canvas.uniform(0.05, 0.2), pick(rng, palette.colours))


def curtain(canvas: Canvas, colour: Colour, left: float, right: float, top: float, bottom: float) -> None:
    """Hanging cloth in folds."""
    edges = np.linspace(left, right, 19)
    wave = 0.85 + 0.3 * np.sin(np.arange(18) * canvas.uniform(0.9, 1.6)) + canvas.rng.normal(0, 0.06, 18)
    for one, two, tone in zip(edges[:-1].tolist(), edges[1:].tolist(), wave.tolist(), strict=True):
        canvas.rect(one, top, two + 0.002, bottom, scaled(colour, tone))
