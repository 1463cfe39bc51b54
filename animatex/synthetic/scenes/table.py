"""Near the camera: a table top with things on it, and heaps of things that are not characters."""

from __future__ import annotations

import numpy as np

from animatex.synthetic.palette import Colour, Palette, jitter, mix, pick, scaled
from animatex.synthetic.scenes.bokeh import paint_bokeh
from animatex.synthetic.scenes.canvas import Canvas
from animatex.synthetic.scenes.floors import FLOORS, lay_floor, light_patches
from animatex.synthetic.scenes.furniture import WOODS
from animatex.synthetic.scenes.light import ambience, lights
from animatex.synthetic.scenes.nature import paint_garden, paint_nature
from animatex.synthetic.scenes.plants import branch, frond, leaf_colour
from animatex.synthetic.scenes.props import ball, capsule, lamp, solid, thing, toy
from animatex.synthetic.scenes.room import paint_room


def paint_table(canvas: Canvas, palette: Palette) -> None:
    """A table or ledge with fruit, cups, plants, light from one side; a room or garden behind it, blurred."""
    rng = canvas.rng
    behind = (paint_room, paint_garden, paint_nature, paint_bokeh)[canvas.count(0, 3)]
    behind(canvas, palette)
    canvas.blur(canvas.uniform(0.004, 0.03))
    if canvas.chance(0.4):
        _posts(canvas)
    edge = canvas.uniform(0.6, 0.85)
    for _ in range(canvas.count(0, 4)):
        thing(canvas, palette, canvas.uniform(0, canvas.aspect), edge + 0.02, canvas.uniform(0.08, 0.22))
    canvas.blur(canvas.uniform(0.0, 0.012))
    wood = jitter(rng, pick(rng, WOODS))
    lay_floor(canvas, "planks" if canvas.chance(0.7) else FLOORS[canvas.count(0, 6)], wood, edge)
    if canvas.chance(0.7):
        light_patches(canvas, edge, (1.3, 1.1, 0.8), canvas.uniform(0.4, 1.1))
    for ground in np.sort(rng.uniform(edge + 0.04, 1.02, canvas.count(0, 4))).tolist():
        thing(canvas, palette, canvas.uniform(0, canvas.aspect), ground, canvas.uniform(0.1, 0.28))
    if canvas.chance(0.3):
        canvas.rect(0, canvas.uniform(0.9, 0.97), canvas.aspect, 1.0, scaled(wood, 0.3))
    if canvas.chance(0.4):
        root = canvas.uniform(-0.05, canvas.aspect), canvas.uniform(0.8, 1.1)
        frond(canvas, root, canvas.uniform(-2.5, -0.6), canvas.uniform(0.2, 0.45), leaf_colour(canvas))
    ambience(canvas)


def paint_shelves(canvas: Canvas, palette: Palette) -> None:
    """A shop's or a kitchen's shelves, full of things in rows; in front of them some floor."""
    rng = canvas.rng
    wood = jitter(rng, pick(rng, (*WOODS, palette.light)))
    canvas.gradient([scaled(wood, canvas.uniform(0.3, 0.7)), scaled(wood, canvas.uniform(0.3, 0.9))])
    horizon = canvas.uniform(0.65, 1.05)
    rows = canvas.count(2, 4)
    tall = horizon / rows
    for row in range(rows):
        base = tall * (row + 1) - 0.02
        x, pitch = canvas.uniform(0.0, 0.1), tall * canvas.uniform(0.5, 1.1)
        while x < canvas.aspect and canvas.chance(0.95):
            thing(canvas, palette, x, base, tall * canvas.uniform(0.35, 0.7))
            x += pitch * canvas.uniform(0.7, 1.5)
        canvas.rect(0.0, base, canvas.aspect, base + 0.025, wood)
        canvas.rect(0.0, base + 0.025, canvas.aspect, base + 0.04, scaled(wood, 0.5))
    canvas.recede()
    if horizon < 0.98:
        lay_floor(
            canvas, FLOORS[canvas.count(0, 6)], jitter(rng, pick(rng, (*WOODS, *palette.colours))), horizon
        )
        canvas.recede(0.2)
    ambience(canvas)


def paint_clutter(canvas: Canvas, palette: Palette) -> None:
    """What could be taken for a character's parts: balls with dots like eyes, sticks, forked branches."""
    rng = canvas.rng
    behind = (paint_room, paint_bokeh, paint_nature, None)[canvas.count(0, 3)]
    if behind is None:
        canvas.gradient([pick(rng, palette.colours), pick(rng, (*palette.colours, palette.light))])
    else:
        behind(canvas, palette)
    canvas.recede(0.5)
    for depth in np.sort(rng.random(canvas.count(5, 11))).tolist():
        x, ground = canvas.uniform(0, canvas.aspect), 0.35 + 0.65 * depth + canvas.uniform(-0.1, 0.1)
        _decoy(canvas, palette, x, ground, 0.05 + 0.16 * depth * canvas.uniform(0.5, 1.5))
        if depth < 0.6 and canvas.chance(0.15):
            canvas.recede(0.3)
    if canvas.chance(0.3):
        glow = mix(pick(rng, palette.colours), (255, 220, 160), 0.5)
        spot = canvas.uniform(0, canvas.aspect), canvas.uniform(0.05, 0.3)
        lamp(canvas, *spot, canvas.uniform(0.03, 0.09), glow)
    if canvas.chance(0.2):
        lights(canvas, palette, canvas.count(5, 25), canvas.uniform(0.01, 0.03))
    canvas.recede(0.3)


def _posts(canvas: Canvas) -> None:
    """Window posts or trunks, dark against the light, out of focus."""
    for _ in range(canvas.count(1, 3)):
        x = canvas.uniform(0, canvas.aspect)
        wood = scaled(jitter(canvas.rng, pick(canvas.rng, WOODS)), canvas.uniform(0.2, 0.9))
        canvas.rect(x, 0, x + canvas.uniform(0.03, 0.15), 1.0, wood)
    canvas.blur(canvas.uniform(0.002, 0.012))


def _decoy(canvas: Canvas, palette: Palette, x: float, ground: float, size: float) -> None:
    colour: Colour = jitter(canvas.rng, pick(canvas.rng, (*palette.colours, palette.skin)), 0.1)
    kind = canvas.count(0, 6)
    if kind == 0:
        thing(canvas, palette, x, ground, size * 1.3)
    elif kind <= 2:
        toy(canvas, palette, x, ground, size * 1.4)
    elif kind == 3:
        ball(canvas, x, ground - size, size * 0.6, colour, canvas.uniform(0, 1))
        for side in (-0.22, 0.22) if canvas.chance(0.15) else ():
            canvas.disc(x + side * size, ground - size * 1.05, size * 0.07, palette.dark)
    elif kind == 4:
        turn, length = canvas.uniform(0, 6.28), size * canvas.uniform(1.5, 4.0)
        tip = x + np.cos(turn) * length, ground - abs(np.sin(turn)) * length
        width = size * canvas.uniform(0.12, 0.5)
        solid(canvas, capsule(x, ground, *tip, width, width * canvas.uniform(0.5, 1.0)), palette)
    elif kind == 5:
        turn, width = canvas.uniform(-2.4, -0.7), size * canvas.uniform(0.1, 0.35)
        branch(canvas, (x, ground), turn, size * 3.0, width, scaled(colour, 0.8), 2)
    else:
        solid(canvas, capsule(x, 1.05, x, -0.05, size * 0.15, size * 0.15), palette)
