"""Light that lies over a whole scene: unevenness, beams, discs of light out of focus, haze."""

from __future__ import annotations

import cv2
import numpy as np

from animatex.synthetic.palette import Colour, Palette, hsv, jitter, mix, scaled
from animatex.synthetic.scenes.canvas import Canvas


def ambience(canvas: Canvas) -> None:
    """One side darker, or top, or bottom; the scene's own light on everything; sometimes a strong tint."""
    if canvas.chance(0.6):
        one, two = canvas.uniform(0.35, 1.2), canvas.uniform(0.7, 1.3)
        ramp = np.linspace(one, two, 24, dtype=np.float32)
        if canvas.chance(0.4):
            field = np.repeat(ramp[:, None], 16, axis=1)
        elif canvas.lighting.direction[0] > 0:
            field = np.repeat(np.sort(ramp)[None, :], 16, axis=0)
        else:
            field = np.repeat(np.sort(ramp)[None, ::-1], 16, axis=0)
        canvas.tone(field)
    if canvas.chance(0.5):
        tint = 0.5 + 0.5 * np.array(canvas.lighting.colour, np.float32)
        canvas.tone(np.broadcast_to(tint, (16, 16, 3)))
    if canvas.chance(0.12):
        tint = np.array(hsv(canvas.uniform(0, 1), canvas.uniform(0.1, 0.6), 1.0), np.float32) / 255 * 1.2
        canvas.tone(np.broadcast_to(tint, (16, 16, 3)))


def beams(canvas: Canvas) -> None:
    """Shafts of light through dusty air, from a corner above."""
    small = canvas.coarse(4)
    x = (np.arange(small.width, dtype=np.float32) / small.height)[None, :] - canvas.uniform(
        -0.3, canvas.aspect + 0.3
    )
    y = (np.arange(small.height, dtype=np.float32) / small.height)[:, None] + canvas.uniform(0.1, 0.5)
    turn = np.arctan2(x, y) * canvas.uniform(6, 18) + canvas.uniform(0, 6)
    light = np.clip(np.sin(turn) + 0.4 * np.sin(turn * 2.3), 0.0, 1.0) * np.clip(1.3 - y, 0.0, 1.0)
    colour = np.array(mix(hsv(canvas.uniform(0.05, 0.2), 0.5, 1.0), (255, 255, 255), 0.4), np.float32)
    canvas.add(light[..., None] * (colour * canvas.uniform(0.1, 0.4)))


def lights(canvas: Canvas, palette: Palette, amount: int, radius: float) -> None:
    """Discs of light, brighter where they overlap, with a slightly brighter rim."""
    tints = [mix(jitter(canvas.rng, colour, 0.1), (255, 255, 255), 0.3) for colour in palette.colours]
    strength = canvas.uniform(0.2, 0.8)
    for _ in range(3):
        layer = Canvas(canvas.size, canvas.rng, canvas.lighting)
        for _ in range(amount // 3):
            r = radius * canvas.uniform(0.4, 1.4)
            x, y = canvas.uniform(0, canvas.aspect), canvas.uniform(0, 1) ** 1.3
            tint = scaled(tints[canvas.count(0, 4)], strength * canvas.uniform(0.3, 1.0))
            layer.disc(x, y, r, tint)
            layer.disc(x, y, r * 0.85, scaled(tint, 0.85))
        layer.blur(0.003)
        canvas.image = cv2.add(canvas.image, layer.image)


def haze(canvas: Canvas, tint: Colour) -> None:
    """Mist, snow or motes in front of everything."""
    if canvas.chance(0.25):
        share = canvas.uniform(0.08, 0.4)
        mist = np.full_like(canvas.image, tint)
        canvas.image = cv2.addWeighted(canvas.image, 1.0 - share, mist, share, 0.0)
    if canvas.chance(0.12):
        for x, y, r in (canvas.rng.random((70, 3)) * (canvas.aspect, 1.0, 0.007)).tolist():
            canvas.disc(x, y, 0.002 + r, mix(tint, (255, 255, 255), 0.8))
    if canvas.chance(0.15):
        beams(canvas)
