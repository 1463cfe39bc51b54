"""A finished scene drawn anew: in visible strokes as of oil or gouache, or with inked contours."""

from __future__ import annotations

import cv2
import numpy as np

from animatex.synthetic.scenes.canvas import Canvas


def repaint(canvas: Canvas) -> None:
    """Cover the scene with strokes of its own colours, broad ones first; they follow its edges."""
    rng = canvas.rng
    source = cv2.resize(canvas.image, (48, 64), interpolation=cv2.INTER_AREA)
    grey = cv2.GaussianBlur(cv2.cvtColor(source, cv2.COLOR_RGB2GRAY), (0, 0), 1.5).astype(np.float32)
    across, down = cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1)
    along = np.arctan2(across, -down)
    calm = np.hypot(across, down) < 12.0
    habit = canvas.uniform(0, np.pi)
    vary = canvas.uniform(3, 16)
    canvas.blur(0.006)
    for width, amount in ((canvas.uniform(0.02, 0.05), 150), (canvas.uniform(0.008, 0.018), 260)):
        places = rng.random((amount, 2))
        rows, columns = (places[:, 1] * 64).astype(int), (places[:, 0] * 48).astype(int)
        turns = np.where(calm[rows, columns], habit, along[rows, columns]) + rng.normal(0, 0.3, amount)
        reach = width * rng.uniform(0.8, 2.2, amount)
        step = np.stack([np.cos(turns) * reach, np.sin(turns) * reach], axis=1)
        middle = places * (canvas.aspect, 1.0)
        colours = np.clip(source[rows, columns] + rng.normal(0, vary, (amount, 1)), 0, 255).astype(int)
        for start, end, colour in zip(middle - step, middle + step, colours.tolist(), strict=True):
            canvas.path(np.stack([start, end]), width, (colour[0], colour[1], colour[2]))


def ink(canvas: Canvas) -> None:
    """Dark contours along the scene's edges, and fewer shades between them, as in a comic."""
    width = max(1, round(canvas.uniform(0.003, 0.008) * canvas.size.height))
    strength, threshold = canvas.uniform(0.4, 1.0), canvas.uniform(14, 45)
    if canvas.chance(0.5):
        step = 256 // canvas.count(5, 9)
        levels = np.arange(256) // step * step + step // 2
        canvas.image = cv2.LUT(canvas.image, np.minimum(levels, 255).astype(np.uint8))
    grey = cv2.cvtColor(canvas.image, cv2.COLOR_RGB2GRAY)
    edges = cv2.morphologyEx(grey, cv2.MORPH_GRADIENT, np.ones((width + 1, width + 1), np.uint8))
    line = np.clip((edges.astype(np.float32) - threshold) * 0.06, 0.0, 1.0)
    canvas.tone(1.0 - strength * line)
