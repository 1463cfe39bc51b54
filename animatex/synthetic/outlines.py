"""Closed curves from which characters are cut: each function returns a polygon, float64 [N, 2]."""

from __future__ import annotations

from functools import cache

import numpy as np

Knots = list[tuple[float, float]]


@cache
def _basis(steps: int) -> np.ndarray:
    t = np.arange(steps)[:, None] / steps
    powers = np.concatenate([np.ones_like(t), t, t**2, t**3], axis=1)
    catmull_rom = 0.5 * np.array([[0, 2, 0, 0], [-1, 0, 1, 0], [2, -5, 4, -1], [-1, 3, -3, 1]], float)
    return powers @ catmull_rom


def closed(points: Knots | np.ndarray, steps: int = 5) -> np.ndarray:
    """Smooth closed curve through `points`, `steps` polygon corners for each."""
    p = np.asarray(points, float)
    windows = np.stack([np.roll(p, 1, 0), p, np.roll(p, -1, 0), np.roll(p, -2, 0)], axis=1)
    return (_basis(steps)[None] @ windows).reshape(-1, 2)


def profile(knots: Knots, *, centre: float = 0.0, flat: bool = False, sag: float = 0.0) -> np.ndarray:
    """Shape that is symmetric about a vertical axis, from (y, half width) knots, top to bottom.

    Args:
        knots: At least two; the outline runs smoothly through all of them.
        centre: x of the axis.
        flat: Straight horizontal ends with corners instead of rounded ones.
        sag: How far the lower of those ends hangs through, as a hem seen from above does.
    """
    k = np.asarray(knots, float)
    right = np.stack([centre + k[:, 1], k[:, 0]], axis=1)
    left = np.stack([centre - k[:, 1], k[:, 0]], axis=1)[::-1]
    if not flat:
        return closed(np.concatenate([right, left]))
    arc = np.linspace(0, np.pi, 13)[1:-1] if sag else np.empty(0)
    low, wide = float(k[-1, 0]), float(k[-1, 1])
    hem = np.stack([centre + wide * np.cos(arc), low + sag * np.sin(arc)], axis=1)
    return np.concatenate([_open(right), hem, _open(left)])


def _open(p: np.ndarray, steps: int = 5) -> np.ndarray:
    padded = np.concatenate([2 * p[:1] - p[1:2], p, 2 * p[-1:] - p[-2:-1]])
    windows = np.stack([padded[:-3], padded[1:-2], padded[2:-1], padded[3:]], axis=1)
    return np.concatenate([(_basis(steps)[None] @ windows).reshape(-1, 2), p[-1:]])


def ellipse(x: float, y: float, rx: float, ry: float, *, power: float = 2.0, turn: float = 0.0) -> np.ndarray:
    """Superellipse: `power` 2 is an ellipse, 4 a rounded box; `turn` in radians, clockwise on the picture."""
    angles = _angles()
    c, s = np.cos(angles), np.sin(angles)
    px = np.sign(c) * np.abs(c) ** (2 / power) * rx
    py = np.sign(s) * np.abs(s) ** (2 / power) * ry
    return np.stack(
        [x + px * np.cos(turn) - py * np.sin(turn), y + px * np.sin(turn) + py * np.cos(turn)], axis=1
    )


@cache
def _angles() -> np.ndarray:
    return np.linspace(0, 2 * np.pi, 40, endpoint=False)


def box(x0: float, y0: float, x1: float, y1: float, radius: float = 0.0) -> np.ndarray:
    """Rectangle with rounded corners."""
    r = min(radius, (x1 - x0) / 2, (y1 - y0) / 2)
    quarter = np.linspace(0, np.pi / 2, 6)
    arc = np.stack([np.cos(quarter), np.sin(quarter)], axis=1) * r
    corners = [(x1 - r, y1 - r, 0), (x0 + r, y1 - r, 1), (x0 + r, y0 + r, 2), (x1 - r, y0 + r, 3)]
    return np.concatenate([arc @ _quarter_turn(n) + (cx, cy) for cx, cy, n in corners])


@cache
def _quarter_turn(times: int) -> np.ndarray:
    return np.linalg.matrix_power(np.array([[0.0, 1.0], [-1.0, 0.0]]), times)


def stroke(points: Knots | np.ndarray, width: float, *, taper: float = 1.0) -> np.ndarray:
    """Band of a width along a smooth open curve; `taper` is the end's width as a share of the beginning's."""
    path = _open(np.asarray(points, float))
    ahead = np.gradient(path, axis=0)
    across = np.stack([-ahead[:, 1], ahead[:, 0]], axis=1)
    across /= np.maximum(np.linalg.norm(across, axis=1, keepdims=True), 1e-9)
    half = np.linspace(width / 2, width / 2 * taper, len(path))[:, None]
    tip = path[-1:] + ahead[-1:] / max(float(np.linalg.norm(ahead[-1])), 1e-9) * half[-1]
    return np.concatenate([path + across * half, tip, (path - across * half)[::-1]])


def leaf(x: float, y: float, length: float, width: float, turn: float) -> np.ndarray:
    """Pointed oval growing from (x, y); `turn` 0 points up, positive leans to the picture's right."""
    k = np.array(
        [
            (0, 0),
            (0.25, -0.3),
            (0.4, -0.55),
            (0.18, -0.85),
            (0, -1),
            (-0.18, -0.85),
            (-0.4, -0.55),
            (-0.25, -0.3),
        ]
    )
    return turned(closed(k * (width, length), 4), turn) + (x, y)


def star(x: float, y: float, radius: float, points: int, depth: float) -> np.ndarray:
    """Star or, with little `depth` (0..1), a scalloped disc."""
    angles = np.arange(points * 2) * np.pi / points - np.pi / 2
    radii = np.where(np.arange(points * 2) % 2, 1 - depth, 1.0) * radius
    return np.stack([x + radii * np.cos(angles), y + radii * np.sin(angles)], axis=1)


def turned(points: np.ndarray, angle: float) -> np.ndarray:
    """Rotate about the origin by radians, clockwise on the picture."""
    c, s = np.cos(angle), np.sin(angle)
    return points @ np.array([[c, s], [-s, c]])


def mirrored(points: np.ndarray) -> np.ndarray:
    """Swap left and right."""
    return points * (-1.0, 1.0)


def wobbled(rng: np.random.Generator, points: np.ndarray, amount: float) -> np.ndarray:
    """Move the outline in and out a little, smoothly, by about `amount` of its radius."""
    centre = (points.min(0) + points.max(0)) / 2
    angles = np.arctan2(points[:, 1] - centre[1], points[:, 0] - centre[0])
    phases, weights = rng.uniform(0, 2 * np.pi, 4), rng.normal(0, amount, 4)
    swing = 1 + sum(weights[n] * np.cos((n + 2) * angles + phases[n]) / (n + 1) ** 0.5 for n in range(4))
    return centre + (points - centre) * swing[:, None]


def fuzzed(rng: np.random.Generator, points: np.ndarray, length: float) -> np.ndarray:
    """Give an outline the ragged edge of fur with hairs of about `length`."""
    around = np.concatenate([points, points[:1]])
    along = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(around, axis=0), axis=1))])
    count = int(np.clip(along[-1] / max(length, 1e-3) * 1.4, 24, 200)) // 2 * 2
    at = np.linspace(0, along[-1], count, endpoint=False) + rng.uniform(-0.3, 0.3, count) * along[-1] / count
    even = np.stack([np.interp(at, along, around[:, axis]) for axis in (0, 1)], axis=1)
    ahead = np.roll(even, -1, 0) - np.roll(even, 1, 0)
    outwards = np.stack([ahead[:, 1], -ahead[:, 0]], axis=1)
    outwards /= np.maximum(np.linalg.norm(outwards, axis=1, keepdims=True), 1e-9)
    sign = 1.0 if float(np.sum(outwards * (even - even.mean(0)))) > 0 else -1.0
    hairs = np.where(np.arange(count) % 2, 0.0, rng.uniform(0.1, 0.9, count)) * length
    droop = np.array([0.0, 0.5]) * hairs[:, None]
    return even + sign * outwards * hairs[:, None] + droop


def heart(x: float, y: float, rx: float, ry: float) -> np.ndarray:
    """Heart whose bounding box is about 2 rx wide and 2 ry tall."""
    t = _angles()
    px = np.sin(t) ** 3
    py = -(13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t)) / 15
    return np.stack([x + rx * px, y + ry * (py - 0.1)], axis=1)
