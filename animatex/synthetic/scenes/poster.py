"""Printed things: shapes, rays, halftone dots, strokes like writing."""

from __future__ import annotations

import numpy as np

from animatex.synthetic.palette import Palette, jitter, pick, scaled
from animatex.synthetic.scenes.canvas import Canvas


def paint_poster(canvas: Canvas, palette: Palette) -> None:
    """An abstract poster or a cartoon's ground."""
    rng = canvas.rng
    base = pick(rng, (*palette.colours, palette.light))
    canvas.fill(base)
    if canvas.chance(0.4):
        canvas.gradient([base, pick(rng, palette.colours)])
    painters = (_rays, _halftone, _shapes, _writing, _bands, _panels)
    for _ in range(canvas.count(1, 3)):
        painters[canvas.count(0, len(painters) - 1)](canvas, palette)
    canvas.recede(0.25)


def _rays(canvas: Canvas, palette: Palette) -> None:
    x, y = canvas.uniform(0, canvas.aspect), canvas.uniform(0, 1)
    count = canvas.count(6, 24)
    turns = np.arange(count) * (2 * np.pi / count) + canvas.uniform(0, 1)
    half = np.pi / count * canvas.uniform(0.3, 0.6)
    tips = [np.stack([x + 2 * np.cos(turns + s), y + 2 * np.sin(turns + s)], axis=1) for s in (-half, half)]
    middle = np.broadcast_to([x, y], tips[0].shape)
    canvas.polys(np.stack([middle, *tips], axis=1), pick(canvas.rng, palette.colours))


def _halftone(canvas: Canvas, palette: Palette) -> None:
    colour, pitch = pick(canvas.rng, (*palette.colours, palette.dark)), canvas.uniform(0.025, 0.06)
    aim = canvas.uniform(0, 6.28)
    for row in range(round(1 / pitch) + 1):
        for column in range(round(canvas.aspect / pitch) + 1):
            x, y = (column + 0.5 * (row % 2)) * pitch, row * pitch
            size = 0.5 + 0.6 * (np.cos(aim) * (x / canvas.aspect - 0.5) + np.sin(aim) * (y - 0.5))
            if size > 0.2:
                canvas.disc(x, y, pitch * 0.55 * size, colour)


def _shapes(canvas: Canvas, palette: Palette) -> None:
    for _ in range(canvas.count(4, 30)):
        x, y, size = canvas.uniform(0, canvas.aspect), canvas.uniform(0, 1), canvas.uniform(0.02, 0.22)
        colour = jitter(canvas.rng, pick(canvas.rng, (*palette.colours, palette.light)), 0.1)
        corners = canvas.count(2, 6)
        if corners == 2:
            canvas.disc(x, y, size, colour, squash=canvas.uniform(0.3, 1.0), turn=canvas.uniform(0, 180))
            continue
        turns = np.arange(corners) * (2 * np.pi / corners) + canvas.uniform(0, 6)
        canvas.poly(np.stack([x + size * np.cos(turns), y + size * np.sin(turns)], axis=1), colour)


def _writing(canvas: Canvas, palette: Palette) -> None:
    colour = pick(canvas.rng, (palette.dark, palette.light, *palette.colours))
    size = canvas.uniform(0.02, 0.09)
    left, y = canvas.uniform(0, canvas.aspect * 0.5), canvas.uniform(0.03, 0.7)
    for _ in range(canvas.count(1, 6)):
        for index in range(canvas.count(3, 12)):
            strokes = canvas.rng.random((3, 2)) * (size * 0.6, size) + (left + index * size * 0.8, y)
            canvas.path(strokes, size * 0.16, colour)
        y += size * 1.5


def _bands(canvas: Canvas, palette: Palette) -> None:
    edges = np.sort(canvas.rng.random(canvas.count(2, 6)))
    lean = canvas.uniform(-0.4, 0.4)
    for one, two in zip(edges[:-1], edges[1:], strict=True):
        colour = jitter(canvas.rng, pick(canvas.rng, palette.colours))
        canvas.poly([(0, one), (canvas.aspect, one + lean), (canvas.aspect, two + lean), (0, two)], colour)


def _panels(canvas: Canvas, palette: Palette) -> None:
    for _ in range(canvas.count(1, 4)):
        left, top = canvas.uniform(0, canvas.aspect), canvas.uniform(0, 1)
        wide, tall = canvas.uniform(0.1, 0.6), canvas.uniform(0.1, 0.6)
        colour = pick(canvas.rng, (*palette.colours, palette.light))
        canvas.rect(left, top, left + wide, top + tall, scaled(colour, 0.4))
        canvas.rect(left + 0.008, top + 0.008, left + wide - 0.008, top + tall - 0.008, colour)
