"""What a surface looks like before light falls on it: stripes, fur, wood, watercolour and so on.

A pattern is a pair of pictures: how much of the second colour there is at each pixel, and a tone that makes
both colours lighter or darker (and serves as relief for the shading).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from animatex.synthetic.noise import grain, step, value_noise
from animatex.video.frames import Size

Pattern = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """What a pattern is drawn on.

    Attributes:
        rng: Source of randomness.
        size: Height and width in pixels.
        period: Length of one repetition in pixels.
        x: float32 [1, width], pixels.
        y: float32 [height, 1], pixels.
        u: float32 [height, width], periods along the pattern's direction.
        v: float32 [height, width], periods across it.
        soft: Width of an edge, about two pixels, in periods.
        cells: Periods along the longer side.
        phase: A random number in 0..1.
        ratio: Another.
    """

    rng: np.random.Generator
    size: Size
    period: float
    x: np.ndarray
    y: np.ndarray
    u: np.ndarray
    v: np.ndarray
    soft: float
    cells: float
    phase: float
    ratio: float

    def blank(self) -> np.ndarray:
        """Nothing, float32 [height, width]."""
        return np.zeros(tuple(self.size), np.float32)


def paint_pattern(rng: np.random.Generator, name: str, size: Size, period: float, angle: float) -> Pattern:
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
    phase, ratio = rng.random(2).tolist()
    ground = Ground(
        rng=rng,
        size=Size(height, width),
        period=period,
        x=x,
        y=y,
        u=x * cos + y * sin,
        v=y * cos - x * sin,
        soft=2.0 / period,
        cells=max(height, width) / period,
        phase=phase,
        ratio=ratio,
    )
    return dict(PAINTERS)[name](ground)


def relief(name: str) -> float:
    """How high a pattern's tone of 1 stands out, in periods: cloth and scales cast shade, print does not."""
    bold = {"pleats": 0.16, "puffer": 0.2, "scales": 0.06, "knit": 0.05, "drops": 0.12, "wool": 0.06}
    return bold.get(name, 0.0)


def _plain(on: Ground) -> Pattern:
    return on.blank(), on.blank()


def _stripes(on: Ground) -> Pattern:
    return step(0.2 + 0.35 * on.ratio, _triangle(on.u + on.phase), on.soft), on.blank()


def _dots(on: Ground) -> Pattern:
    row = np.floor(on.v + on.phase)
    dx, dy = (on.u + 0.5 * (row % 2)) % 1.0 - 0.5, (on.v + on.phase) % 1.0 - 0.5
    return step(0.0, 0.16 + 0.2 * on.ratio - np.sqrt(dx * dx + dy * dy), on.soft), on.blank()


def _checks(on: Ground) -> Pattern:
    wave = (_triangle(on.u * 0.5) - 0.5) * (_triangle(on.v * 0.5) - 0.5)
    return step(0.0, wave, on.soft * 0.5), on.blank()


def _plaid(on: Ground) -> Pattern:
    down, across = _triangle(on.u + on.phase), _triangle(on.v + on.phase)
    broad = (step(0.5, down, on.soft) + step(0.5, across, on.soft)) * 0.5
    thin = np.maximum(_triangle(on.u + on.phase + 0.5), _triangle(on.v + on.phase + 0.5))
    return np.maximum(broad, step(0.92, thin, on.soft)), on.blank()


def _gradient(on: Ground) -> Pattern:
    ramp = on.u * on.period + on.v * 0.0
    low, high = float(ramp.min()), float(ramp.max())
    return (ramp - low) / max(high - low, 1e-6), on.blank()


def _weave(on: Ground) -> Pattern:
    fine = min(on.period * 0.25, 6.0)
    tone = np.cos(on.x * (6.283 / max(fine, 2.2))) * np.cos(on.y * (6.283 / max(fine, 2.2)))
    return value_noise(on.rng, on.size, on.cells * 0.5, octaves=2) * 0.3, tone * 0.5


def _fur(on: Ground) -> Pattern:
    strands = grain(on.rng, on.size, stretch=5.0, cell=max(1.0, on.period * 0.08))
    tufts = value_noise(on.rng, on.size, on.cells * 2.0, stretch=2.0) - 0.5
    return step(0.62, value_noise(on.rng, on.size, on.cells * 0.4), 0.3), strands * 0.7 + tufts


def _scales(on: Ground) -> Pattern:
    row = np.floor(on.v * 2.0)
    dx, dy = (on.u * 2.0 + 0.5 * (row % 2)) % 1.0 - 0.5, (on.v * 2.0) % 1.0
    arc = np.sqrt(dx * dx + dy * dy)
    return step(0.75, arc, 0.3), 0.6 - arc


def _wood(on: Ground) -> Pattern:
    warp = value_noise(on.rng, on.size, 3.0, stretch=0.4, octaves=2)
    lines = _triangle(on.v * 1.5 + warp * 4.0)
    return lines * lines * 0.8, grain(on.rng, on.size, stretch=0.12) * 0.25


def _marble(on: Ground) -> Pattern:
    warp = value_noise(on.rng, on.size, on.cells * 0.6, octaves=4)
    veins = 1.0 - np.abs(np.sin((on.u * 0.7 + warp * 6.0) * 3.1416))
    return veins**4, (warp - 0.5) * 0.6


def _noise(on: Ground) -> Pattern:
    return step(0.5, value_noise(on.rng, on.size, on.cells, octaves=3), 0.5), on.blank()


def _watercolour(on: Ground) -> Pattern:
    wash = value_noise(on.rng, on.size, on.cells * 0.5, octaves=4)
    rim = (np.abs(wash - 0.5) < 0.03) * np.float32(-0.5)
    blots = value_noise(on.rng, on.size, on.cells * 2, octaves=3) - 0.5
    return step(0.5, wash, 0.4), rim + blots


def _knit(on: Ground) -> Pattern:
    column = np.abs((on.u * 3.0) % 1.0 - 0.5)
    stitch = _triangle(on.v * 4.0 + column * 1.4)
    return step(0.5, _triangle(on.v * 0.5 + on.phase), 0.1) * (on.ratio > 0.5), stitch - 0.6 + column * 0.4


def _denim(on: Ground) -> Pattern:
    twill = np.sin((on.x + on.y * 2.0) * (6.283 / max(2.6, on.period * 0.12)))
    fade = value_noise(on.rng, on.size, 4.0, stretch=1.6, octaves=2)
    return step(0.6, fade, 0.4) * 0.5, twill * 0.35 + grain(on.rng, on.size) * 0.2


def _print(on: Ground) -> Pattern:
    return _motifs(on.rng, on.size, on.period), on.blank()


def _spots(on: Ground) -> Pattern:
    return step(0.62, value_noise(on.rng, on.size, on.cells * 1.2), on.soft * 0.6), on.blank()


def _peel(on: Ground) -> Pattern:
    pores = value_noise(on.rng, on.size, on.cells * 4.0)
    return value_noise(on.rng, on.size, on.cells * 0.4) * 0.5, -step(0.72, pores, 0.2) * 0.6


def _strands(on: Ground) -> Pattern:
    locks = value_noise(on.rng, on.size, on.cells * 2.5, stretch=9.0, octaves=2) - 0.5
    return step(0.5, value_noise(on.rng, on.size, on.cells, stretch=6.0), 0.5), locks * 1.6


def _veins(on: Ground) -> Pattern:
    ribs = _triangle(on.v * 2.0 + np.abs(on.u - on.u.mean()) * 1.5)
    return step(0.9, ribs, 0.2), value_noise(on.rng, on.size, on.cells * 2, octaves=2) - 0.5


def _glitter(on: Ground) -> Pattern:
    sparks = grain(on.rng, on.size, cell=max(1.0, on.period * 0.06))
    return step(0.8, sparks, 0.2), np.clip(sparks, -0.3, 1.0)


def _leather(on: Ground) -> Pattern:
    creases = np.abs(value_noise(on.rng, on.size, on.cells * 5.0) - 0.5)
    wear = value_noise(on.rng, on.size, on.cells * 0.5, octaves=2)
    return wear * 0.4, np.clip(creases * 6.0, 0.0, 1.0) - 0.6


def _pleats(on: Ground) -> Pattern:
    wave = on.u + 0.25 * value_noise(on.rng, on.size, on.cells * 0.3, stretch=3.0)
    return on.blank(), _triangle(wave) ** 2 * 1.6 - 0.8


def _puffer(on: Ground) -> Pattern:
    seams = _triangle(on.v * 0.6 + 0.06 * value_noise(on.rng, on.size, on.cells))
    return on.blank(), 0.8 - 1.6 * np.maximum(seams * 2.0 - 1.0, 0.0) ** 2


def _wool(on: Ground) -> Pattern:
    curls = np.abs(value_noise(on.rng, on.size, on.cells * 3.0) - 0.5)
    return on.blank(), 0.6 - np.clip(curls * 5.0, 0.0, 1.4)


def _drops(on: Ground) -> Pattern:
    return on.blank(), _beads(on.rng, on.size, on.period)


def _patches(on: Ground) -> Pattern:
    return step(0.55, value_noise(on.rng, on.size, on.cells * 0.5, octaves=2), on.soft * 0.4), on.blank()


def _rings(on: Ground) -> Pattern:
    dx, dy = on.x - on.size.width * on.phase, on.y - on.size.height * on.ratio
    radius = np.sqrt(dx * dx + dy * dy) / on.period
    return step(0.5, _triangle(radius), on.soft), on.blank()


def _triangle(value: np.ndarray) -> np.ndarray:
    """Triangle wave of period 1, 0..1, its top at whole numbers."""
    return np.abs((value % 1.0) * 2.0 - 1.0)


def _beads(rng: np.random.Generator, size: Size, period: float) -> np.ndarray:
    """Round beads of water here and there, 0..1."""
    height, width = size
    picture = np.zeros((height, width), np.uint8)
    count = min(80, max(3, round(height * width / (period * period) * 2.0)))
    for x, y, r in rng.random((80, 3))[:count].tolist():
        centre, radius = (round(x * width * 16), round(y * height * 16)), (0.06 + 0.2 * r * r) * period
        for share, level in ((1.0, 110), (0.8, 180), (0.55, 230), (0.3, 255)):
            cv2.circle(picture, centre, max(8, round(radius * share * 16)), level, -1, cv2.LINE_AA, 4)
    return picture.astype(np.float32) * (1.0 / 255)


def _motifs(rng: np.random.Generator, size: Size, period: float) -> np.ndarray:
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


PAINTERS: tuple[tuple[str, Callable[[Ground], Pattern]], ...] = (
    ("plain", _plain),
    ("stripes", _stripes),
    ("dots", _dots),
    ("checks", _checks),
    ("plaid", _plaid),
    ("gradient", _gradient),
    ("weave", _weave),
    ("fur", _fur),
    ("scales", _scales),
    ("wood", _wood),
    ("marble", _marble),
    ("noise", _noise),
    ("watercolour", _watercolour),
    ("knit", _knit),
    ("denim", _denim),
    ("print", _print),
    ("spots", _spots),
    ("peel", _peel),
    ("strands", _strands),
    ("veins", _veins),
    ("glitter", _glitter),
    ("leather", _leather),
    ("pleats", _pleats),
    ("puffer", _puffer),
    ("wool", _wool),
    ("drops", _drops),
    ("patches", _patches),
    ("rings", _rings),
)
PATTERNS = tuple(name for name, _ in PAINTERS)
