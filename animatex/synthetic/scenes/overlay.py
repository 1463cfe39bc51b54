"""What editors and platforms put on pictures: bars, captions, marks in the corners, blurred patches."""

from __future__ import annotations

from animatex.synthetic.palette import Colour, Palette, pick
from animatex.synthetic.scenes.canvas import Canvas


def overlay(canvas: Canvas, palette: Palette) -> None:
    """Add one or two of them."""
    painters = (_bars, _caption, _mark, _patch)
    for _ in range(canvas.count(1, 2)):
        painters[canvas.count(0, len(painters) - 1)](canvas, palette)


def _bars(canvas: Canvas, palette: Palette) -> None:
    """The edges of a picture of another shape: black, white or coloured."""
    colour: Colour = (0, 0, 0) if canvas.chance(0.6) else pick(canvas.rng, (palette.light, palette.dark))
    share = canvas.uniform(0.02, 0.13)
    if canvas.chance(0.6):
        canvas.rect(-0.1, -0.1, share * canvas.aspect, 1.1, colour)
        canvas.rect((1 - share) * canvas.aspect, -0.1, canvas.aspect + 0.1, 1.1, colour)
    else:
        canvas.rect(-0.1, -0.1, canvas.aspect + 0.1, share, colour)
        canvas.rect(-0.1, 1 - share, canvas.aspect + 0.1, 1.1, colour)


def _caption(canvas: Canvas, palette: Palette) -> None:
    """A line of something like writing, along the top or the bottom."""
    size, y = canvas.uniform(0.018, 0.05), canvas.uniform(0.02, 0.1)
    top = y if canvas.chance(0.4) else 1.0 - y - size
    left = canvas.uniform(0.02, canvas.aspect * 0.4)
    colour: Colour = (
        (255, 255, 255) if canvas.chance(0.6) else pick(canvas.rng, (*palette.colours, palette.dark))
    )
    for index in range(canvas.count(3, 14)):
        strokes = canvas.rng.random((4, 2)) * (size * 0.6, size) + (left + index * size * 0.85, top)
        canvas.path(strokes, size * 0.14, colour)


def _mark(canvas: Canvas, palette: Palette) -> None:
    """A small round or square sign in a corner."""
    x = canvas.uniform(0.04, 0.1) if canvas.chance(0.5) else canvas.aspect - canvas.uniform(0.04, 0.1)
    y = canvas.uniform(0.04, 0.08) if canvas.chance(0.5) else 1.0 - canvas.uniform(0.04, 0.08)
    size = canvas.uniform(0.012, 0.035)
    canvas.disc(x, y, size, pick(canvas.rng, (*palette.colours, palette.light)))
    canvas.disc(x, y, size * 0.6, pick(canvas.rng, (*palette.colours, palette.dark)))


def _patch(canvas: Canvas, palette: Palette) -> None:
    """A pale bar with soft edges that hides something near an edge."""
    x, y = (
        canvas.uniform(0, canvas.aspect),
        canvas.uniform(0.0, 0.06) if canvas.chance(0.5) else canvas.uniform(0.94, 1.0),
    )
    half = canvas.uniform(0.06, 0.18)
    for step in range(4):
        grow = 1.0 - 0.12 * step
        shade = 200 + 18 * step
        canvas.rect(x - half * grow, y - 0.03 * grow, x + half * grow, y + 0.03 * grow, (shade, shade, shade))
