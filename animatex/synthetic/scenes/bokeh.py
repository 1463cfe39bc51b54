"""Far out of focus: soft masses, discs of light, a bit of sharp floor or twig in front."""

from __future__ import annotations

from animatex.synthetic.palette import Palette, jitter, pick, scaled
from animatex.synthetic.scenes.canvas import Canvas
from animatex.synthetic.scenes.floors import FLOORS, lay_floor, light_patches
from animatex.synthetic.scenes.light import ambience, lights
from animatex.synthetic.scenes.nature import near_leaves
from animatex.synthetic.scenes.plants import foliage, leaf_colour


def paint_bokeh(canvas: Canvas, palette: Palette) -> None:
    """A background that a wide open lens has dissolved."""
    rng = canvas.rng
    canvas.gradient([_dim(canvas, palette, 0.2, 1.1) for _ in range(3)])
    for _ in range(canvas.count(3, 14)):
        x, y, radius = canvas.uniform(0, canvas.aspect), canvas.uniform(0, 1), canvas.uniform(0.05, 0.3)
        tint, squash = _dim(canvas, palette, 0.2, 1.2), canvas.uniform(0.3, 3.0)
        if canvas.chance(0.3):
            canvas.rect(x, y - radius * squash, x + radius, y + radius * squash, tint)
        else:
            canvas.disc(x, y, radius, tint, squash=squash)
    for _ in range(canvas.count(0, 4)):
        x, y, half = canvas.uniform(0, canvas.aspect), canvas.uniform(0, 1), canvas.uniform(0.15, 0.4)
        box = (x - half, y - half, x + half, y + half)
        foliage(canvas, box, leaf_colour(canvas), 40, canvas.uniform(0.05, 0.12), canvas.uniform(0.2, 1.0))
    canvas.blur(canvas.uniform(0.015, 0.08))
    lights(canvas, palette, canvas.count(0, 60), canvas.uniform(0.01, 0.05))
    if canvas.chance(0.4):
        horizon = canvas.uniform(0.6, 0.9)
        kind = FLOORS[canvas.count(0, len(FLOORS) - 1)]
        lay_floor(canvas, kind, scaled(pick(rng, palette.colours), canvas.uniform(0.4, 1.0)), horizon)
        if canvas.chance(0.4):
            light_patches(canvas, horizon, canvas.lighting.colour, canvas.uniform(0.3, 0.8))
        canvas.blur(0.003)
    if canvas.chance(0.4):
        near_leaves(canvas)
    ambience(canvas)


def _dim(canvas: Canvas, palette: Palette, low: float, high: float) -> tuple[int, int, int]:
    return scaled(jitter(canvas.rng, pick(canvas.rng, palette.colours)), canvas.uniform(low, high))
