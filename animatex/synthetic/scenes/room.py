"""Indoors: wall and floor, a window and its light, what hangs and stands there."""

from __future__ import annotations

import numpy as np

from animatex.synthetic.noise import child
from animatex.synthetic.palette import Colour, Palette, hsv, jitter, mix, pick, scaled
from animatex.synthetic.pattern import paint_pattern
from animatex.synthetic.scenes.canvas import Canvas
from animatex.synthetic.scenes.floors import FLOORS, lay_floor, light_patches
from animatex.synthetic.scenes.furniture import WOODS, bookcase, curtain, furnish, picture
from animatex.synthetic.scenes.light import ambience, beams
from animatex.synthetic.scenes.plants import foliage, leaf_colour
from animatex.synthetic.scenes.props import lamp

_PAPERS = ("stripes", "dots", "plaid", "print", "marble", "checks", "veins")


def paint_room(canvas: Canvas, palette: Palette) -> None:
    """A room seen from the front."""
    rng = canvas.rng
    horizon = canvas.uniform(0.55, 0.85)
    wood = jitter(rng, pick(rng, WOODS))
    calm = canvas.uniform(0.3, 0.95) if canvas.chance(0.6) else 0.0
    wall = mix(jitter(rng, pick(rng, (*palette.colours, palette.light, wood))), wood, calm)
    _wall(canvas, wall, palette, horizon)
    window = canvas.chance(0.55)
    for _ in range(canvas.count(0, 3)):
        picture(canvas, palette, horizon)
    for _ in range(canvas.count(0, 2) if canvas.chance(0.6) else 0):
        left = canvas.uniform(-0.3, canvas.aspect - 0.15)
        place = (left, canvas.uniform(-0.1, 0.3), left + canvas.uniform(0.25, 0.6), horizon)
        bookcase(canvas, palette, place, wood)
    if window:
        _window(canvas, palette, horizon)
    canvas.recede(0.6)
    kind = FLOORS[canvas.count(0, len(FLOORS) - 1)]
    floor = mix(jitter(rng, pick(rng, (*palette.colours, palette.light, wood))), wood, calm)
    lay_floor(canvas, kind, wood if kind in ("planks", "herringbone") else floor, horizon)
    canvas.rect(0, horizon - 0.025, canvas.aspect, horizon, mix(wall, wood, 0.6))
    for _ in range(canvas.count(0, 3)):
        furnish(canvas, palette, horizon, wood)
    if canvas.chance(0.35):
        glow = hsv(canvas.uniform(0, 0.15), 0.6, 1.0)
        spot = canvas.uniform(0, canvas.aspect), canvas.uniform(0.05, 0.25)
        lamp(canvas, *spot, canvas.uniform(0.03, 0.08), glow)
    canvas.recede(0.5)
    if window and canvas.chance(0.7):
        light_patches(canvas, horizon, (1.25, 1.08, 0.8), canvas.uniform(0.3, 1.0))
    if window and canvas.chance(0.25):
        beams(canvas)
    ambience(canvas)


def _wall(canvas: Canvas, wall: Colour, palette: Palette, horizon: float) -> None:
    canvas.gradient([scaled(wall, canvas.uniform(0.5, 1.1)), scaled(wall, canvas.uniform(0.8, 1.2))])
    kind = canvas.count(0, 6)
    seam = scaled(wall, canvas.uniform(0.65, 0.85))
    if kind == 0:
        _wallpaper(canvas, wall, palette)
    elif kind == 1:
        for x in np.arange(0.0, canvas.aspect, canvas.uniform(0.06, 0.2)).tolist():
            canvas.path([(x, 0), (x, horizon)], 0.004, seam)
    elif kind == 2:
        tall, wide = canvas.uniform(0.03, 0.07), canvas.uniform(0.08, 0.16)
        for row in range(round(horizon / tall) + 1):
            canvas.path([(0, row * tall), (canvas.aspect, row * tall)], 0.004, seam)
            for x in np.arange((row % 2) * wide / 2, canvas.aspect, wide).tolist():
                canvas.path([(x, row * tall), (x, (row + 1) * tall)], 0.004, seam)
    elif kind == 3:
        canvas.tone(1.0 + canvas.uniform(0.1, 0.6) * (canvas.noise(6, octaves=4, factor=2) - 0.5))
    if canvas.chance(0.3):
        _corner(canvas)


def _wallpaper(canvas: Canvas, wall: Colour, palette: Palette) -> None:
    name = _PAPERS[canvas.count(0, len(_PAPERS) - 1)]
    period = 0.12 * canvas.size.height * canvas.uniform(0.5, 1.5)
    share, _ = paint_pattern(child(canvas.rng), name, canvas.size, period, 0.0)
    other = np.array(pick(canvas.rng, palette.colours), np.float32) / np.maximum(
        np.array(wall, np.float32), 40.0
    )
    strength = canvas.uniform(0.1, 0.5)
    canvas.tone(1.0 + (share * strength)[..., None] * (np.clip(other, 0.3, 1.8) - 1.0))


def _corner(canvas: Canvas) -> None:
    """Where two walls meet: one of them is darker."""
    at, left = canvas.uniform(0.1, 0.9), canvas.chance(0.5)
    columns = (np.arange(canvas.size.width) + 0.5) / canvas.size.width
    dark = canvas.uniform(0.55, 0.9)
    ramp = np.where((columns < at) if left else (columns > at), dark, 1.0).astype(np.float32)
    canvas.tone(np.broadcast_to(ramp[None, :], tuple(canvas.size)))


def _window(canvas: Canvas, palette: Palette, horizon: float) -> None:
    rng = canvas.rng
    wide, tall = canvas.uniform(0.2, 0.6), canvas.uniform(0.3, 0.6)
    left, top = canvas.uniform(-0.1, canvas.aspect - 0.1), canvas.uniform(-0.1, max(0.0, horizon - tall))
    right, bottom = left + wide, min(top + tall, horizon - 0.03)
    sky = hsv(canvas.uniform(0.5, 0.62), canvas.uniform(0.02, 0.45), canvas.uniform(0.75, 1.0))
    _view(canvas, (left, top, right, bottom), sky)
    frame = jitter(rng, pick(rng, (*WOODS, palette.light, palette.dark)))
    bars = canvas.uniform(0.006, 0.018)
    for x in np.linspace(left, right, canvas.count(2, 4)).tolist():
        canvas.rect(x - bars, top - bars, x + bars, bottom + bars, frame)
    for y in np.linspace(top, bottom, canvas.count(2, 4)).tolist():
        canvas.rect(left - bars, y - bars, right + bars, y + bars, frame)
    canvas.rect(left - 0.04, bottom, right + 0.04, bottom + 0.03, scaled(frame, 1.15))
    if canvas.chance(0.45):
        cloth = jitter(rng, pick(rng, (*palette.colours, palette.light)))
        low = max(bottom, horizon - 0.05)
        curtain(canvas, cloth, left - 0.1, left + wide * 0.22, top - 0.05, low)
        curtain(canvas, cloth, right - wide * 0.22, right + 0.1, top - 0.05, low)
    canvas.glow((left + right) / 2, (top + bottom) / 2, wide, sky, canvas.uniform(0.0, 0.5))


def _view(canvas: Canvas, place: tuple[float, float, float, float], sky: Colour) -> None:
    """What one sees through a window: a bright, blurred bit of garden or hills, inside of it only."""
    rng = child(canvas.rng)
    pane = canvas.cut(*place)
    if pane is None or min(pane.shape[:2]) < 4:
        return
    view = Canvas(canvas.size, rng, canvas.lighting)
    left, top, right, bottom = place
    low = mix(sky, (255, 255, 255), view.uniform(0.2, 0.9))
    view.gradient([sky, low], top, bottom)
    for _ in range(view.count(0, 3)):
        line = view.uniform(top, bottom)
        green = mix(leaf_colour(view), low, view.uniform(0.0, 0.6))
        foliage(view, (left, line, right, bottom), green, 40, view.uniform(0.03, 0.08), 0.9)
    view.blur(view.uniform(0.0, 0.015))
    pane[:] = view.cut(*place)
