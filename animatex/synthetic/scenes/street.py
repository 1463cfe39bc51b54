"""Streets: houses with windows, by day or lit at night, poles, a road."""

from __future__ import annotations

import numpy as np

from animatex.synthetic.palette import Colour, Palette, jitter, mix, pick, scaled
from animatex.synthetic.scenes.canvas import Canvas
from animatex.synthetic.scenes.floors import FLOORS, lay_floor, light_patches
from animatex.synthetic.scenes.light import ambience, lights
from animatex.synthetic.scenes.plants import leaf_colour, tree
from animatex.synthetic.scenes.props import thing
from animatex.synthetic.scenes.sky import NIGHT, SKIES, sky

_BRICK: Colour = (130, 120, 115)


def paint_street(canvas: Canvas, palette: Palette) -> None:
    """A row of houses, a road, poles; lamps at night."""
    rng = canvas.rng
    horizon = canvas.uniform(0.6, 0.85)
    night = canvas.chance(0.35)
    top, low = SKIES[NIGHT] if night else SKIES[canvas.count(0, len(SKIES) - 1)]
    sky(canvas, top, jitter(rng, low, 0.1), horizon)
    x = -0.1
    calm = canvas.uniform(0.3, 0.95)
    while x < canvas.aspect:
        wide, tall = canvas.uniform(0.12, 0.4), canvas.uniform(0.2, 0.95)
        wall = jitter(rng, mix(pick(rng, palette.colours), _BRICK, calm))
        wall = scaled(wall, 0.25) if night else mix(wall, low, 0.15)
        _house(canvas, palette, (x, horizon - tall, x + wide, horizon), wall, night)
        x += wide
    if canvas.chance(0.3):
        size = canvas.uniform(0.3, 0.6)
        tree(canvas, canvas.uniform(0, canvas.aspect), horizon + 0.03, size, leaf_colour(canvas))
    canvas.recede()
    kind = FLOORS[canvas.count(0, len(FLOORS) - 1)]
    lay_floor(canvas, kind, scaled(jitter(rng, (120, 116, 112), 0.1), 0.35 if night else 1.0), horizon)
    for _ in range(canvas.count(0, 3)):
        _pole(canvas, palette, horizon, night)
    if night:
        lights(canvas, palette, canvas.count(5, 40), canvas.uniform(0.006, 0.03))
    elif canvas.chance(0.5):
        light_patches(canvas, horizon, (1.2, 1.05, 0.85), canvas.uniform(0.3, 0.9))
    for _ in range(canvas.count(0, 2)):
        spot = canvas.uniform(0, canvas.aspect), canvas.uniform(horizon + 0.03, 1.0)
        thing(canvas, palette, *spot, canvas.uniform(0.06, 0.18))
    canvas.recede(0.4)
    ambience(canvas)


def _house(
    canvas: Canvas, palette: Palette, box: tuple[float, float, float, float], wall: Colour, night: bool
) -> None:
    left, top, right, bottom = box
    canvas.rect(left, top, right, bottom, wall)
    if canvas.chance(0.4):
        roof = scaled(jitter(canvas.rng, (130, 70, 56), 0.15), 0.3 if night else 1.0)
        peak = top - canvas.uniform(0.04, 0.15)
        canvas.poly([(left - 0.02, top), (right + 0.02, top), ((left + right) / 2, peak)], roof)
    canvas.rect(left, top - 0.015, right, top, scaled(wall, 0.7))
    _panes(canvas, box, wall, night)
    if canvas.chance(0.5):
        awning, y = pick(canvas.rng, palette.colours), bottom - canvas.uniform(0.12, 0.2)
        canvas.rect(left, y + 0.04, right, bottom, (255, 214, 140) if night else scaled(wall, 0.35))
        for index, x in enumerate(np.linspace(left, right, 7)[:-1].tolist()):
            tint = awning if index % 2 else palette.light
            canvas.rect(x, y, x + (right - left) / 6, y + 0.04, scaled(tint, 0.5) if night else tint)


def _panes(canvas: Canvas, house: tuple[float, float, float, float], wall: Colour, night: bool) -> None:
    left, top, right, bottom = house
    columns, rows = canvas.count(2, 5), max(2, round((bottom - top) / canvas.uniform(0.07, 0.14)))
    wide, tall = (right - left) / columns, (bottom - top) / rows
    x, y = np.meshgrid(left + (np.arange(columns) + 0.25) * wide, top + (np.arange(rows) + 0.25) * tall)
    corner = np.stack([x.ravel(), y.ravel()], axis=1)[:, None, :]
    panes = corner + np.array([(0, 0), (wide * 0.5, 0), (wide * 0.5, tall * 0.55), (0, tall * 0.55)])
    order = canvas.rng.random(len(panes))
    lit = mix((255, 220, 140), wall, 0.1) if night else mix(wall, (200, 225, 245), 0.6)
    canvas.polys(panes[order < 0.5], lit)
    canvas.polys(panes[order >= 0.5], scaled(wall, 0.5))


def _pole(canvas: Canvas, palette: Palette, horizon: float, night: bool) -> None:
    x, tall = canvas.uniform(0, canvas.aspect), canvas.uniform(0.3, 0.8)
    top = horizon - tall
    canvas.path([(x, horizon + 0.05), (x, top)], canvas.uniform(0.008, 0.025), scaled(palette.dark, 1.5))
    if canvas.chance(0.6):
        canvas.disc(x, top, 0.03, (255, 236, 190) if night else palette.light)
        canvas.glow(x, top, 0.12, (255, 210, 140), 0.7 if night else 0.1)
