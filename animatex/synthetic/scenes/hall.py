"""Corridors, alleys and tunnels in perspective, with coloured light along their walls."""

from __future__ import annotations

import cv2
import numpy as np

from animatex.synthetic.palette import Colour, Palette, jitter, mix, pick, scaled
from animatex.synthetic.scenes.canvas import Canvas
from animatex.synthetic.scenes.floors import FLOORS, lay_floor
from animatex.synthetic.scenes.light import ambience, lights


def paint_hall(canvas: Canvas, palette: Palette) -> None:
    """Walls that run towards a bright end; a floor that is wet, or dull, or tiled."""
    rng = canvas.rng
    vanish = canvas.aspect * canvas.uniform(0.3, 0.7), canvas.uniform(0.3, 0.55)
    base = pick(rng, palette.colours)
    glow = [jitter(rng, pick(rng, palette.colours), 0.1) for _ in range(4)]
    canvas.fill(mix(base, glow[0], 0.5))
    _segments(canvas, vanish, base, glow)
    _wall_light(canvas, vanish, glow)
    end = mix(glow[1], (255, 255, 255), 0.5)
    canvas.glow(*vanish, canvas.uniform(0.1, 0.35), end, canvas.uniform(0.4, 1.0))
    _lamps(canvas, vanish, glow)
    _crumple(canvas, vanish)
    canvas.recede()
    if canvas.chance(0.3):
        lights(canvas, palette, canvas.count(6, 40), canvas.uniform(0.01, 0.03))
    line = vanish[1] + canvas.uniform(0.15, 0.35)
    if canvas.chance(0.5):
        _reflect(canvas, line)
    elif canvas.chance(0.6):
        floor = scaled(mix(base, glow[2], 0.5), canvas.uniform(0.3, 0.9))
        lay_floor(canvas, FLOORS[canvas.count(0, len(FLOORS) - 1)], floor, line)
    ambience(canvas)


def _segments(canvas: Canvas, vanish: tuple[float, float], base: Colour, glow: list[Colour]) -> None:
    middle = np.array(vanish)
    corners = np.array([(-0.2, -0.3), (canvas.aspect + 0.2, -0.3), (canvas.aspect + 0.2, 1.15), (-0.2, 1.15)])
    shares = 1.0 - np.linspace(0.0, 0.93, canvas.count(6, 12)) ** canvas.uniform(0.4, 0.8)
    uneven = canvas.uniform(0.05, 0.4)
    for far, near in zip(shares[1:], shares[:-1], strict=True):
        for side, tone in ((0, 0.55), (1, 0.8), (2, 0.45), (3, 0.8)):
            one, two = corners[side] - middle, corners[(side + 1) % 4] - middle
            quad = np.array([one * near, two * near, two * far, one * far]) + middle
            tint = mix(base, glow[side], canvas.uniform(0.1, 0.8))
            bright = tone * (1.0 + canvas.uniform(-uneven, uneven)) * (1.5 - near * 0.9)
            canvas.poly(quad, scaled(tint, bright))


def _wall_light(canvas: Canvas, vanish: tuple[float, float], glow: list[Colour]) -> None:
    """Each wall in a light of its own colour, from below or above."""
    for side, x in ((1, -0.1), (3, canvas.aspect + 0.1)):
        for _ in range(canvas.count(0, 2)):
            spot = x + (vanish[0] - x) * canvas.uniform(0.0, 0.6), canvas.uniform(0.1, 0.9)
            canvas.glow(*spot, canvas.uniform(0.1, 0.3), glow[side], canvas.uniform(0.3, 1.0))


def _lamps(canvas: Canvas, vanish: tuple[float, float], glow: list[Colour]) -> None:
    middle = np.array(vanish)
    for _ in range(canvas.count(0, 26)):
        share = canvas.uniform(0.1, 1.0)
        side = -0.2 if canvas.chance(0.5) else canvas.aspect + 0.2
        spot = middle + (np.array([side, canvas.uniform(0.0, 0.7)]) - middle) * share
        tint = mix(glow[canvas.count(0, 3)], (255, 255, 255), canvas.uniform(0, 0.6))
        x, y = spot.tolist()
        canvas.disc(x, y, 0.03 * share, tint, squash=canvas.uniform(0.4, 3.0))


def _crumple(canvas: Canvas, vanish: tuple[float, float]) -> None:
    """Light caught by an uneven surface, as foil, cloth or wet plaster have it; flatter in the distance."""
    if canvas.chance(0.3):
        return
    noise = canvas.noise(canvas.uniform(8, 30), stretch=canvas.uniform(0.7, 4), octaves=4)
    x = (np.arange(canvas.size.width, dtype=np.float32) + 0.5)[None, :] / canvas.size.height
    near = np.clip(np.abs(x - vanish[0]) * 2.5, 0.15, 1.0)
    strength = canvas.uniform(0.4, 2.2)
    canvas.tone(np.clip(1.0 + (noise - 0.5) * (near * strength), 0.1, 2.0))
    if canvas.chance(0.5):
        sparks = np.clip((noise - canvas.uniform(0.62, 0.72)) * 9.0, 0.0, 1.0) * near
        bright = mix(
            jitter(canvas.rng, canvas.lighting.rim_colour, 0.2), (255, 255, 255), canvas.uniform(0.2, 0.9)
        )
        canvas.add(sparks[..., None] * np.array(bright, np.float32))


def _reflect(canvas: Canvas, line: float) -> None:
    """Below `line` the floor mirrors what is above it, torn by puddles and grit."""
    first = round(line * canvas.size.height)
    rows = min(first, canvas.size.height - first)
    puddles = canvas.noise(canvas.uniform(4, 10), stretch=0.3, octaves=4)
    grit = canvas.noise(canvas.uniform(40, 90), stretch=0.6, octaves=3)
    if rows < 4:
        return
    tail = slice(first, first + rows)
    mirror = cv2.GaussianBlur(
        np.ascontiguousarray(canvas.image[first - rows : first][::-1]), (0, 0), 0.6 + rows / 60
    )
    share = np.clip((puddles[tail] - 0.45) * 6.0, 0.08, 0.85)[..., None]
    ground = canvas.image[tail] * np.float32(0.4)
    ground *= 1.0 + 1.6 * (grit[tail, :, None] - 0.5)
    canvas.image[tail] = np.clip(mirror * share + ground * (1.0 - share), 0, 255).astype(np.uint8)
    canvas.image[first + rows :] //= 3
