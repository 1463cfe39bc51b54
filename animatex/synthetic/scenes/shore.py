"""The sea, a lake, a pool: water to the horizon, rocks or sand in front of it."""

from __future__ import annotations

import numpy as np

from animatex.synthetic.palette import Colour, Palette, jitter, mix, pick, scaled
from animatex.synthetic.scenes.canvas import Canvas
from animatex.synthetic.scenes.floors import lay_floor
from animatex.synthetic.scenes.light import haze
from animatex.synthetic.scenes.nature import near_leaves, pick_sky
from animatex.synthetic.scenes.props import blob, shadow, solid
from animatex.synthetic.scenes.sky import ridge, sky

_WATERS: tuple[Colour, ...] = ((30, 76, 110), (40, 130, 150), (70, 110, 120), (24, 52, 66), (90, 170, 180))
_ROCKS: tuple[Colour, ...] = ((190, 160, 120), (130, 124, 116), (84, 80, 80), (206, 190, 160), (110, 90, 74))


def paint_shore(canvas: Canvas, palette: Palette) -> None:
    """Sky, far hills, waves that grow towards the camera, and the ground in front."""
    rng = canvas.rng
    horizon, edge = canvas.uniform(0.3, 0.6), canvas.uniform(0.62, 0.9)
    top, low = pick_sky(canvas)
    sky(canvas, top, low, horizon)
    for layer in range(canvas.count(0, 2)):
        tint = mix(jitter(rng, (96, 90, 96), 0.1), low, 0.65 - 0.25 * layer)
        ridge(canvas, horizon - canvas.uniform(0.02, 0.14), horizon, tint, canvas.uniform(0.02, 0.06))
    water = mix(jitter(rng, pick(rng, _WATERS), 0.08), top, canvas.uniform(0.0, 0.5))
    _waves(canvas, horizon, water, low)
    canvas.recede(0.8)
    rock = jitter(rng, pick(rng, _ROCKS), 0.06)
    lay_floor(canvas, ("carpet", "stone", "plain", "planks")[canvas.count(0, 3)], scaled(rock, 0.8), edge)
    for y in np.sort(rng.uniform(edge - 0.03, edge + 0.06, canvas.count(0, 7))).tolist():
        boulder(canvas, rock, canvas.uniform(0, canvas.aspect), y, canvas.uniform(0.03, 0.14))
    if canvas.chance(0.4):
        canvas.tone(1.0 + 0.5 * (canvas.noise(6, stretch=0.3, octaves=3, factor=2) - 0.5))
    canvas.recede(0.2)
    near_leaves(canvas)
    haze(canvas, low)


def boulder(canvas: Canvas, colour: Colour, x: float, y: float, radius: float) -> None:
    """A rock that lies at `y`, lit as everything is."""
    shadow(canvas, x, y + radius * 0.45, radius, 0.5, -0.5 * canvas.lighting.direction[0])
    outline = blob(canvas, x, y, radius)
    outline[:, 1] = y + (outline[:, 1] - y) * canvas.uniform(0.5, 0.9)
    tint = jitter(canvas.rng, colour, 0.05)
    shades = Palette("earth", (tint, scaled(tint, 0.7)), tint, scaled(tint, 0.2), scaled(tint, 1.4))
    solid(canvas, outline, shades, tint)


def _waves(canvas: Canvas, horizon: float, water: Colour, low: Colour) -> None:
    canvas.gradient([mix(water, low, 0.5), water, scaled(water, 0.8)], horizon, 1.0)
    rows, columns = canvas.size
    first = round(horizon * rows)
    down = (np.arange(first, rows, dtype=np.float32) + 0.5 - first) / rows + 0.01
    phases = canvas.rng.uniform(0, 6.28, (4, 2))
    rough, choppy = canvas.uniform(0.15, 0.6), canvas.uniform(14, 40)
    x = ((np.arange(columns, dtype=np.float32) + 0.5) / rows - canvas.aspect / 2)[None, :]
    depth = (0.06 / down)[:, None]
    total = np.zeros((rows - first, columns), np.float32)
    for index, (one, two) in enumerate(phases.tolist()):
        pitch = choppy * 1.7**index
        total += np.sin(depth * pitch * 4.0 + two + np.sin(x * depth * pitch * 1.3 + one) * 1.5) / (
            1.0 + 0.5 * index
        )
    fade = np.minimum(1.0, down * 12.0)[:, None]
    field = np.ones((rows, columns), np.float32)
    field[first:] += rough * 0.4 * fade * total
    canvas.tone(field)
    if canvas.chance(0.4):
        sparkle = np.clip(total - canvas.uniform(0.9, 1.6), 0.0, 1.0) * fade
        light = np.zeros((rows, columns, 3), np.float32)
        light[first:] = sparkle[..., None] * np.array(mix(low, (255, 255, 255), 0.6), np.float32)
        canvas.add(light)
