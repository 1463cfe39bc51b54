"""What is far away outdoors: sky, sun, stars, mountains, sea."""

from __future__ import annotations

import numpy as np

from animatex.synthetic.palette import Colour, mix
from animatex.synthetic.scenes.canvas import Canvas

SKIES: tuple[tuple[Colour, Colour], ...] = (
    ((70, 130, 220), (190, 220, 245)), ((150, 160, 175), (215, 218, 222)), ((60, 50, 110), (250, 150, 90)),
    ((10, 12, 34), (40, 44, 90)), ((120, 190, 235), (250, 240, 215)), ((200, 120, 150), (255, 215, 160)),
    ((20, 60, 70), (120, 190, 170)), ((90, 100, 120), (200, 180, 160)),
)  # fmt: skip
NIGHT = 3


def sky(canvas: Canvas, top: Colour, low: Colour, horizon: float) -> None:
    """Ramp, clouds, sun or stars, down to `horizon`."""
    canvas.gradient([top, low, low], 0.0, horizon + 0.05)
    if canvas.chance(0.6):
        clouds = canvas.noise(canvas.uniform(3, 7), stretch=canvas.uniform(0.3, 0.8), octaves=5, factor=2)
        cover = np.clip((clouds - canvas.uniform(0.4, 0.6)) * canvas.uniform(3, 12), 0, 1)[..., None]
        white = np.array(mix(low, (255, 255, 255), 0.5), np.float32)
        canvas.add(cover * (white * canvas.uniform(0.2, 0.6)))
    if canvas.chance(0.3):
        sun = canvas.uniform(0, canvas.aspect), canvas.uniform(0.05, horizon)
        canvas.glow(*sun, canvas.uniform(0.1, 0.4), (255, 236, 200), canvas.uniform(0.4, 1.0))
        if canvas.chance(0.5):
            canvas.disc(*sun, canvas.uniform(0.02, 0.07), (255, 250, 235))
    if sum(top) < 160 and canvas.chance(0.7):
        for x, y, r in (canvas.rng.random((40, 3)) * (canvas.aspect, horizon, 0.003)).tolist():
            canvas.disc(x, y, 0.001 + r, (235, 238, 255))


def ridge(canvas: Canvas, height: float, bottom: float, colour: Colour, rough: float) -> None:
    """A skyline of mountains or hills about `height`, filled down to below `bottom`; some have snow."""
    rng = canvas.rng
    points = np.zeros(65)
    stride, scale = 64, rough
    points[0], points[64] = rng.normal(0, rough, 2)
    while stride > 1:
        half = stride // 2
        middles = np.arange(half, 64, stride)
        bends = rng.normal(0, scale, len(middles))
        points[middles] = (points[middles - half] + points[middles + half]) / 2 + bends
        stride, scale = half, scale * 0.52
    x = np.linspace(0, canvas.aspect, 65)
    top = np.stack([x, height + points], axis=1)
    canvas.poly(np.concatenate([top, [(canvas.aspect, bottom + 0.1), (0, bottom + 0.1)]]), colour)
    if rng.random() < 0.4:
        lit = np.stack([x, height + points + np.abs(rng.normal(0, rough * 0.35, 65))], axis=1)
        snow = mix(colour, (250, 250, 255), float(rng.uniform(0.15, 0.8)))
        canvas.poly(np.concatenate([top, lit[::-1]]), snow)
