"""Plain backgrounds: studio gradients, paper, a colour field, brush strokes."""

from __future__ import annotations

import numpy as np

from animatex.synthetic.palette import Palette, jitter, mix, pick, scaled
from animatex.synthetic.scenes.canvas import Canvas


def paint_studio(canvas: Canvas, palette: Palette) -> None:
    """A photographer's backdrop: a ramp, a pool of light, perhaps the edge of a floor."""
    base = jitter(canvas.rng, pick(canvas.rng, (*palette.colours, palette.light, palette.dark)))
    low, high = canvas.uniform(0.15, 0.9), canvas.uniform(0.9, 1.7)
    colours = [scaled(base, low), scaled(base, high)]
    if canvas.chance(0.5):
        colours.reverse()
    if canvas.chance(0.3):
        colours.append(jitter(canvas.rng, pick(canvas.rng, palette.colours)))
    canvas.gradient(colours)
    if canvas.chance(0.5):
        horizon = canvas.uniform(0.6, 0.9)
        floor = scaled(base, canvas.uniform(0.5, 1.4))
        canvas.gradient([scaled(floor, canvas.uniform(0.7, 1.1)), floor], horizon, 1.0)
        canvas.blur(canvas.uniform(0.002, 0.05))
    for _ in range(canvas.count(0, 2)):
        light = mix(base, (255, 255, 255), canvas.uniform(0.2, 0.9))
        spot = canvas.uniform(0, canvas.aspect), canvas.uniform(0.1, 1.0)
        canvas.glow(*spot, canvas.uniform(0.2, 0.8), light, canvas.uniform(0.1, 0.6))
    if canvas.chance(0.3):
        canvas.tone(1.0 + canvas.uniform(0.05, 0.3) * (canvas.noise(5, octaves=3, factor=2) - 0.5))


def paint_paper(canvas: Canvas, palette: Palette) -> None:
    """One colour, or paper, plaster, cloth."""
    kind = canvas.uniform(0, 1)
    base = (
        (255, 255, 255)
        if kind < 0.12
        else (0, 0, 0)
        if kind < 0.15
        else pick(canvas.rng, (*palette.colours, palette.light))
    )
    canvas.fill(base)
    if canvas.chance(0.35):
        return
    canvas.tone(
        1.0 + canvas.uniform(0.05, 0.5) * (canvas.noise(canvas.uniform(2, 12), octaves=4, factor=2) - 0.5)
    )
    canvas.speckle(canvas.uniform(0.02, 0.2), stretch=canvas.uniform(0.4, 2.5), cell=canvas.uniform(0.7, 3))


def paint_strokes(canvas: Canvas, palette: Palette) -> None:
    """A painter's ground: many broad strokes along a flow."""
    sky, ground = pick(canvas.rng, palette.colours), pick(canvas.rng, palette.colours)
    canvas.gradient([sky, mix(sky, ground, 0.5), ground])
    turn = canvas.uniform(0, np.pi)
    spread = canvas.uniform(0.1, 1.2)
    width = canvas.uniform(0.006, 0.05)
    count = canvas.count(60, 260)
    places = canvas.rng.random((count, 2)) * (canvas.aspect, 1.0)
    turns = turn + canvas.rng.normal(0, spread, count)
    along = np.stack([np.cos(turns), np.sin(turns)], axis=1) * width * canvas.uniform(2, 6)
    bend = np.stack([-along[:, 1], along[:, 0]], axis=1) * canvas.rng.uniform(-0.5, 0.5, (count, 1))
    lines = np.stack([places - along, places + bend, places + along], axis=1)
    tints = [jitter(canvas.rng, c, 0.12) for c in palette.colours for _ in range(3)]
    order = canvas.rng.integers(len(tints), size=count)
    vary = canvas.uniform(0.1, 0.9)
    for line, index in zip(lines, order.tolist(), strict=True):
        ground_here = mix(sky, ground, float(line[1, 1]))
        canvas.path(line, width, mix(ground_here, tints[index], vary))
    canvas.blur(canvas.uniform(0.0, 0.012))
