"""What a surface looks like before light falls on it: stripes, fur, wood, watercolour and so on.

A pattern is a pair of pictures: how much of the second colour there is at each pixel, and a tone that makes
both colours lighter or darker (and serves as relief for the shading).
"""

from __future__ import annotations

import cv2
import numpy as np

from animatex.synthetic.noise import grain, step, value_noise
from animatex.video.frames import Size

PATTERNS = (
    "plain", "stripes", "dots", "checks", "plaid", "gradient", "weave", "fur", "scales", "wood", "marble",
    "noise", "watercolour", "knit", "denim", "print", "spots", "peel", "patches", "rings",
    "strands", "veins", "glitter", "leather", "pleats", "puffer", "wool", "drops",
)  # fmt: skip


def paint_pattern(
    rng: np.random.Generator, name: str, size: Size, period: float, angle: float
) -> tuple[np.ndarray, np.ndarray]:
    """Draw one pattern.

    Args:
        rng: Source of randomness.
        name: One of `PATTERNS`.
        size: Height and width in pixels.
        period: Length of one repetition in pixels.
        angle: Direction of stripes and the like, radians.

    Returns:
        (share, tone): share float32 [h, w] in 0..1, of the second colour; tone float32 [h, w], about -1..1.
    """
    height, width = size
    period = max(period, 2.5)
    x = np.arange(width, dtype=np.float32)[None, :]
    y = np.arange(height, dtype=np.float32)[:, None]
    cos, sin = float(np.cos(angle)) / period, float(np.sin(angle)) / period
    u, v = x * cos + y * sin, y * cos - x * sin
    soft = 2.0 / period
    zero = np.zeros((height, width), np.float32)
    cells = max(height, width) / period
    phase, ratio = rng.random(2).tolist()

    if name == "plain":
        return zero, zero
    if name == "stripes":
        return step(0.2 + 0.35 * ratio, _triangle(u + phase), soft), zero
    if name == "dots":
        row = np.floor(v + phase)
        dx, dy = (u + 0.5 * (row % 2)) % 1.0 - 0.5, (v + phase) % 1.0 - 0.5
        return step(0.0, 0.16 + 0.2 * ratio - np.sqrt(dx * dx + dy * dy), soft), zero
    if name == "checks":
        wave = (_triangle(u * 0.5) - 0.5) * (_triangle(v * 0.5) - 0.5)
        return step(0.0, wave, soft * 0.5), zero
    if name == "plaid":
        broad = step(0.5, _triangle(u + phase), soft) * 0.5 + step(0.5, _triangle(v + phase), soft) * 0.5
        thin = np.maximum(_triangle(u + phase + 0.5), _triangle(v + phase + 0.5))
        return np.maximum(broad, step(0.92, thin, soft)), zero
    if name == "gradient":
        ramp = u * period + v * 0.0
        low, high = float(ramp.min()), float(ramp.max())
        return (ramp - low) / max(high - low, 1e-6), zero
    if name == "weave":
        fine = min(period * 0.25, 6.0)
        tone = np.cos(x * (6.283 / max(fine, 2.2))) * np.cos(y * (6.283 / max(fine, 2.2)))
        return value_noise(rng, size, cells * 0.5, octaves=2) * 0.3, tone * 0.5
    if name == "fur":
        strands = grain(rng, size, stretch=5.0, cell=max(1.0, period * 0.08))
        tufts = value_noise(rng, size, cells * 2.0, stretch=2.0) - 0.5
        return step(0.62, value_noise(rng, size, cells * 0.4), 0.3), strands * 0.7 + tufts
    if name == "scales":
        row = np.floor(v * 2.0)
        dx, dy = (u * 2.0 + 0.5 * (row % 2)) % 1.0 - 0.5, (v * 2.0) % 1.0
        arc = np.sqrt(dx * dx + dy * dy)
        return step(0.75, arc, 0.3), 0.6 - arc
    if name == "wood":
        warp = value_noise(rng, size, 3.0, stretch=0.4, octaves=2)
        lines = _triangle(v * 1.5 + warp * 4.0)
        return lines * lines * 0.8, grain(rng, size, stretch=0.12) * 0.25
    if name == "marble":
        warp = value_noise(rng, size, cells * 0.6, octaves=4)
        veins = 1.0 - np.abs(np.sin((u * 0.7 + warp * 6.0) * 3.1416))
        return veins**4, (warp - 0.5) * 0.6
    if name == "noise":
        return step(0.5, value_noise(rng, size, cells, octaves=3), 0.5), zero
    if name == "watercolour":
        wash = value_noise(rng, size, cells * 0.5, octaves=4)
        edge = np.abs(wash - 0.5)
        return step(0.5, wash, 0.4), (edge < 0.03) * np.float32(-0.5) + (
            value_noise(rng, size, cells * 2, octaves=3) - 0.5
        )
    if name == "knit":
        column = np.abs((u * 3.0) % 1.0 - 0.5)
        stitch = _triangle(v * 4.0 + column * 1.4)
        return step(0.5, _triangle(v * 0.5 + phase), 0.1) * (ratio > 0.5), stitch - 0.6 + column * 0.4
    if name == "denim":
        twill = np.sin((x + y * 2.0) * (6.283 / max(2.6, period * 0.12)))
        fade = value_noise(rng, size, 4.0, stretch=1.6, octaves=2)
        return step(0.6, fade, 0.4) * 0.5, twill * 0.35 + grain(rng, size) * 0.2
    if name == "print":
        return _print(rng, size, period), zero
    if name == "spots":
        return step(0.62, value_noise(rng, size, cells * 1.2), soft * 0.6), zero
    if name == "peel":
        pores = value_noise(rng, size, cells * 4.0)
        return value_noise(rng, size, cells * 0.4) * 0.5, -step(0.72, pores, 0.2) * 0.6
    if name == "strands":
        locks = value_noise(rng, size, cells * 2.5, stretch=9.0, octaves=2) - 0.5
        return step(0.5, value_noise(rng, size, cells, stretch=6.0), 0.5), locks * 1.6
    if name == "veins":
        ribs = _triangle(v * 2.0 + np.abs(u - u.mean()) * 1.5)
        return step(0.9, ribs, 0.2), value_noise(rng, size, cells * 2, octaves=2) - 0.5
    if name == "glitter":
        sparks = grain(rng, size, cell=max(1.0, period * 0.06))
        return step(0.8, sparks, 0.2), np.clip(sparks, -0.3, 1.0)
    if name == "leather":
        cells_noise = np.abs(value_noise(rng, size, cells * 5.0) - 0.5)
        return value_noise(rng, size, cells * 0.5, octaves=2) * 0.4, np.clip(
            cells_noise * 6.0, 0.0, 1.0
        ) - 0.6
    if name == "pleats":
        wave = u + 0.25 * value_noise(rng, size, cells * 0.3, stretch=3.0)
        return zero, _triangle(wave) ** 2 * 1.6 - 0.8
    if name == "puffer":
        seams = _triangle(v * 0.6 + 0.06 * value_noise(rng, size, cells))
        return zero, 0.8 - 1.6 * np.maximum(seams * 2.0 - 1.0, 0.0) ** 2
    if name == "wool":
        curls = np.abs(value_noise(rng, size, cells * 3.0) - 0.5)
        return zero, 0.6 - np.clip(curls * 5.0, 0.0, 1.4)
    if name == "drops":
        return zero, _drops(rng, size, period)
    if name == "patches":
        return step(0.55, value_noise(rng, size, cells * 0.5, octaves=2), soft * 0.4), zero
    radius = np.sqrt((x - width * phase) ** 2 + (y - height * ratio) ** 2) / period
    return step(0.5, _triangle(radius), soft), zero


def _triangle(value: np.ndarray) -> np.ndarray:
    """Triangle wave of period 1, 0..1, its top at whole numbers."""
    return np.abs((value % 1.0) * 2.0 - 1.0)


def relief(name: str) -> float:
    """How high a pattern's tone of 1 stands out, in periods: cloth and scales cast shade, print does not."""
    bold = {"pleats": 0.16, "puffer": 0.2, "scales": 0.06, "knit": 0.05, "drops": 0.12, "wool": 0.06}
    return bold.get(name, 0.0)


def _drops(rng: np.random.Generator, size: Size, period: float) -> np.ndarray:
    """Round beads of water here and there, 0..1."""
    height, width = size
    picture = np.zeros((height, width), np.uint8)
    count = min(80, max(3, round(height * width / (period * period) * 2.0)))
    for x, y, r in rng.random((80, 3))[:count].tolist():
        centre, radius = (round(x * width * 16), round(y * height * 16)), (0.06 + 0.2 * r * r) * period
        for share, level in ((1.0, 110), (0.8, 180), (0.55, 230), (0.3, 255)):
            cv2.circle(picture, centre, max(8, round(radius * share * 16)), level, -1, cv2.LINE_AA, 4)
    return picture.astype(np.float32) * (1.0 / 255)


def _print(rng: np.random.Generator, size: Size, period: float) -> np.ndarray:
    """Scattered motifs (stars, hearts of sorts, leaves, letters' strokes), share 0 or 1 with soft edges."""
    height, width = size
    picture = np.zeros((height, width), np.uint8)
    corners = int(rng.integers(2, 7))
    inner = float(rng.uniform(0.3, 0.9))
    turns = np.arange(corners * 2) * (np.pi / corners)
    radii = np.where(np.arange(corners * 2) % 2, inner, 1.0) * period * 0.36
    star = np.stack([np.cos(turns) * radii, np.sin(turns) * radii], axis=1)
    places = rng.random((60, 3))
    count = min(60, max(2, round(height * width / (period * period) * 0.6)))
    for px, py, turn in places[:count]:
        c, s = np.cos(turn * 6.283), np.sin(turn * 6.283)
        points = star @ np.array([[c, s], [-s, c]]) + (px * width, py * height)
        cv2.fillPoly(picture, [np.round(points * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
    return picture.astype(np.float32) * (1.0 / 255)
