"""A stage: curtain, spotlights, boards, at times the heads of those who watch."""

from __future__ import annotations

import numpy as np

from animatex.synthetic.palette import Palette, hsv, jitter, mix, pick, scaled
from animatex.synthetic.scenes.canvas import Canvas
from animatex.synthetic.scenes.floors import FLOORS, lay_floor
from animatex.synthetic.scenes.furniture import WOODS, curtain
from animatex.synthetic.scenes.light import ambience, lights


def paint_stage(canvas: Canvas, palette: Palette) -> None:
    """Where one dances: a theatre, a club, a show."""
    rng = canvas.rng
    horizon = canvas.uniform(0.6, 0.85)
    cloth = jitter(rng, pick(rng, palette.colours))
    wall = scaled(pick(rng, palette.colours), canvas.uniform(0.1, 0.6))
    canvas.gradient([scaled(wall, 0.4), wall], 0.0, horizon + 0.05)
    back = canvas.count(0, 2)
    if back == 0:
        curtain(canvas, cloth, -0.05, canvas.aspect + 0.05, -0.05, horizon + 0.02)
    elif back == 1:
        _screen(canvas, palette, horizon)
    if back and canvas.chance(0.6):
        wide = canvas.uniform(0.08, 0.2)
        curtain(canvas, cloth, -0.05, wide, -0.05, horizon + 0.03)
        curtain(canvas, cloth, canvas.aspect - wide, canvas.aspect + 0.05, -0.05, horizon + 0.03)
    canvas.recede()
    boards = jitter(rng, pick(rng, (*WOODS, *palette.colours)))
    kind = "planks" if canvas.chance(0.5) else FLOORS[canvas.count(0, len(FLOORS) - 1)]
    lay_floor(canvas, kind, scaled(boards, canvas.uniform(0.3, 0.9)), horizon)
    canvas.tone(np.full((16, 16), canvas.uniform(0.35, 0.9), np.float32))
    for _ in range(canvas.count(1, 4)):
        _spot(canvas, palette, horizon)
    if canvas.chance(0.4):
        lights(canvas, palette, canvas.count(5, 30), canvas.uniform(0.006, 0.025))
    if canvas.chance(0.25):
        _audience(canvas)
    ambience(canvas)


def _spot(canvas: Canvas, palette: Palette, horizon: float) -> None:
    """A cone of light from above, and the pool that it makes on the floor."""
    small = canvas.coarse(3)
    x = ((np.arange(small.width, dtype=np.float32) + 0.5) / small.height)[None, :]
    y = ((np.arange(small.height, dtype=np.float32) + 0.5) / small.height)[:, None]
    start, end = canvas.uniform(-0.1, canvas.aspect + 0.1), canvas.uniform(0.1, canvas.aspect - 0.1)
    bottom, wide = canvas.uniform(horizon + 0.03, 0.98), canvas.uniform(0.1, 0.3)
    share = np.clip(y / bottom, 0.0, 1.0)
    off = np.abs(x - (start + (end - start) * share)) / (0.02 + wide * share)
    cone = np.clip(1.2 - off, 0.0, 1.0) * (y < bottom) * (1.1 - 0.7 * share)
    pool = np.clip(1.4 - ((x - end) / wide) ** 2 - ((y - bottom) / (wide * 0.25)) ** 2, 0.0, 1.0)
    tint = mix(
        jitter(canvas.rng, pick(canvas.rng, palette.colours), 0.1), (255, 255, 255), canvas.uniform(0.2, 1.0)
    )
    colour = np.array(tint, np.float32)
    canvas.add((cone * canvas.uniform(0.05, 0.45) + pool * canvas.uniform(0.2, 0.8))[..., None] * colour)


def _screen(canvas: Canvas, palette: Palette, horizon: float) -> None:
    """Bars or rings of light on the back wall."""
    rings = canvas.chance(0.5)
    x, y = canvas.aspect * canvas.uniform(0.2, 0.8), horizon * canvas.uniform(0.3, 0.8)
    for index in range(canvas.count(3, 9)):
        tint = scaled(jitter(canvas.rng, pick(canvas.rng, palette.colours)), canvas.uniform(0.4, 1.3))
        if rings:
            canvas.disc(x, y, 0.5 - 0.06 * index, tint)
        else:
            left = canvas.uniform(0, canvas.aspect)
            canvas.rect(left, canvas.uniform(0, horizon), left + canvas.uniform(0.01, 0.06), horizon, tint)


def _audience(canvas: Canvas) -> None:
    """Dark heads and shoulders along the lower edge."""
    dark = hsv(canvas.uniform(0, 1), canvas.uniform(0, 0.5), canvas.uniform(0.02, 0.15))
    for x in np.arange(0.0, canvas.aspect + 0.1, canvas.uniform(0.07, 0.16)).tolist():
        x, y, r = x + canvas.uniform(-0.02, 0.02), canvas.uniform(0.93, 1.0), canvas.uniform(0.025, 0.045)
        canvas.disc(x, y, r, dark, squash=1.2)
        canvas.disc(x, y + r * 2.6, r * 2.0, dark, squash=0.9)
