"""Near the camera: a table top with things on it, and heaps of things that are not characters."""

from __future__ import annotations

import numpy as np

from animatex.synthetic.palette import Palette, jitter, mix, pick, scaled
from animatex.synthetic.scenes.canvas import Canvas
from animatex.synthetic.scenes.floors import FLOORS, lay_floor, light_patches
from animatex.synthetic.scenes.outdoor import lights, paint_bokeh, paint_garden, paint_nature
from animatex.synthetic.scenes.plants import branch, frond, leaf_colour
from animatex.synthetic.scenes.room import WOODS, paint_room
from animatex.synthetic.scenes.things import ball, lamp, thing


def paint_table(canvas: Canvas, palette: Palette) -> None:
    """A table or ledge with fruit, cups, plants, light from one side; a room or garden behind it, blurred."""
    rng = canvas.rng
    behind = (paint_room, paint_garden, paint_nature, paint_bokeh)[canvas.count(0, 3)]
    behind(canvas, palette)
    canvas.blur(canvas.uniform(0.004, 0.03))
    if canvas.chance(0.4):
        for _ in range(canvas.count(1, 3)):
            x = canvas.uniform(0, canvas.aspect)
            canvas.rect(
                x,
                0,
                x + canvas.uniform(0.03, 0.15),
                1.0,
                scaled(jitter(rng, pick(rng, WOODS)), canvas.uniform(0.2, 0.9)),
            )
        canvas.blur(canvas.uniform(0.002, 0.012))
    edge = canvas.uniform(0.6, 0.85)
    light = canvas.uniform(-3.0, -0.1)
    for _ in range(canvas.count(0, 4)):
        thing(
            canvas, palette, canvas.uniform(0, canvas.aspect), edge + 0.02, canvas.uniform(0.08, 0.22), light
        )
    canvas.blur(canvas.uniform(0.0, 0.012))
    wood = jitter(rng, pick(rng, WOODS))
    lay_floor(canvas, "planks" if canvas.chance(0.7) else FLOORS[canvas.count(0, 6)], wood, edge)
    if canvas.chance(0.7):
        light_patches(canvas, edge, (1.3, 1.1, 0.8), canvas.uniform(0.4, 1.1))
    for _ in range(canvas.count(0, 4)):
        ground = canvas.uniform(edge + 0.04, 1.02)
        thing(canvas, palette, canvas.uniform(0, canvas.aspect), ground, canvas.uniform(0.1, 0.28), light)
    if canvas.chance(0.3):
        canvas.rect(0, canvas.uniform(0.9, 0.97), canvas.aspect, 1.0, scaled(wood, 0.3))
    if canvas.chance(0.4):
        frond(
            canvas,
            (canvas.uniform(-0.05, canvas.aspect), canvas.uniform(0.8, 1.1)),
            canvas.uniform(-2.5, -0.6),
            canvas.uniform(0.2, 0.45),
            leaf_colour(canvas),
        )


def paint_clutter(canvas: Canvas, palette: Palette) -> None:
    """What could be taken for a character's parts: balls with dots like eyes, sticks, forked branches."""
    rng = canvas.rng
    behind = (paint_room, paint_bokeh, paint_nature, None)[canvas.count(0, 3)]
    if behind is None:
        canvas.gradient([pick(rng, palette.colours), pick(rng, (*palette.colours, palette.light))])
    else:
        behind(canvas, palette)
    canvas.recede(0.5)
    light = canvas.uniform(-3.0, -0.1)
    for depth in np.sort(rng.random(canvas.count(5, 18))).tolist():
        x, ground = canvas.uniform(0, canvas.aspect), 0.35 + 0.65 * depth + canvas.uniform(-0.1, 0.1)
        size = 0.05 + 0.16 * depth * canvas.uniform(0.5, 1.5)
        kind = canvas.count(0, 5)
        colour = jitter(rng, pick(rng, (*palette.colours, palette.skin)), 0.1)
        if kind <= 1:
            thing(canvas, palette, x, ground, size * 1.3, light)
        elif kind == 2:
            ball(canvas, x, ground - size, size * 0.6, colour, light, canvas.uniform(0, 1))
            if canvas.chance(0.4):
                for side in (-0.22, 0.22):
                    canvas.disc(x + side * size, ground - size * 1.05, size * 0.07, palette.dark)
        elif kind == 3:
            turn, length = canvas.uniform(0, 6.28), size * canvas.uniform(1.5, 4.0)
            end = x + np.cos(turn) * length, ground - abs(np.sin(turn)) * length
            width = size * canvas.uniform(0.12, 0.5)
            canvas.path([(x, ground), end], width, scaled(colour, 0.7))
            canvas.path([(x - width * 0.15, ground), (end[0] - width * 0.15, end[1])], width * 0.5, colour)
        elif kind == 4:
            branch(
                canvas,
                (x, ground),
                canvas.uniform(-2.4, -0.7),
                size * 3.0,
                size * canvas.uniform(0.1, 0.35),
                scaled(colour, 0.8),
                2,
            )
        else:
            canvas.path([(x, 1.0), (x, 0.0)], size * 0.15, scaled(colour, 0.8))
        if depth < 0.6 and canvas.chance(0.15):
            canvas.recede(0.3)
    if canvas.chance(0.3):
        lamp(
            canvas,
            canvas.uniform(0, canvas.aspect),
            canvas.uniform(0.05, 0.3),
            canvas.uniform(0.03, 0.09),
            mix(pick(rng, palette.colours), (255, 220, 160), 0.5),
        )
    if canvas.chance(0.2):
        lights(canvas, palette, canvas.count(5, 25), canvas.uniform(0.01, 0.03))
    canvas.recede(0.3)
