"""Leaves, branches, trees and grass, for the scenes that have them."""

from __future__ import annotations

import numpy as np

from animatex.synthetic.palette import LEAF, Colour, jitter, mix, pick, scaled
from animatex.synthetic.scenes.canvas import Canvas

_LEAF_SHAPE = np.array(
    [(0.0, 0.0), (0.2, 0.55), (0.5, 0.7), (0.8, 0.45), (1.0, 0.0), (0.8, -0.45), (0.5, -0.7), (0.2, -0.55)]
)


def leaves(
    canvas: Canvas,
    places: np.ndarray,
    turns: np.ndarray,
    lengths: np.ndarray,
    slim: float,
    tints: list[Colour],
) -> None:
    """Paint leaves, in groups of one tint from the first (deepest) to the last.

    Args:
        canvas: Painted on.
        places: Where their stalks are, [n, 2].
        turns: Direction they point to, radians, [n].
        lengths: In heights, [n].
        slim: Width over length.
        tints: One colour for each group; the leaves are dealt out in order.
    """
    cos, sin = (np.cos(turns) * lengths)[:, None], (np.sin(turns) * lengths)[:, None]
    along, across = _LEAF_SHAPE[:, 0], _LEAF_SHAPE[:, 1] * slim
    shapes = np.stack([cos * along - sin * across, sin * along + cos * across], axis=2) + places[:, None, :]
    for index, tint in enumerate(tints):
        group = shapes[index :: len(tints)]
        canvas.polys(group, tint)


def foliage(
    canvas: Canvas,
    box: tuple[float, float, float, float],
    base: Colour,
    amount: int,
    length: float,
    lit: float,
) -> None:
    """Fill about a box (left, top, right, bottom) with leaves, dark ones below lit ones.

    `length` of a leaf in heights; `lit` is how much brighter the topmost are, 0..1.
    """
    rng = canvas.rng
    left, top, right, bottom = box
    places = rng.normal(0.5, 0.27, (amount, 2)) * (right - left, bottom - top) + (left, top)
    aim = float(rng.uniform(0, 6.28))
    turns = rng.normal(aim, float(rng.uniform(0.4, 2.5)), amount)
    lengths = length * rng.uniform(0.5, 1.3, amount)
    slim = float(rng.uniform(0.12, 0.5))
    light = jitter(rng, mix(base, (235, 245, 120), 0.3 * lit))
    tints = [
        jitter(rng, mix(scaled(base, 0.35), scaled(light, 0.6 + 0.8 * lit), step), 0.04)
        for step in (0.0, 0.25, 0.5, 0.75, 1.0)
    ]
    leaves(canvas, places, turns, lengths, slim, tints)


def frond(canvas: Canvas, root: tuple[float, float], turn: float, length: float, colour: Colour) -> None:
    """A stem with leaves on both sides, as of a fern or a palm."""
    rng = canvas.rng
    share = np.linspace(0.0, 1.0, 15)
    droop = float(rng.uniform(-0.9, 0.9))
    turns = turn + droop * share
    steps = np.stack([np.cos(turns), np.sin(turns)], axis=1) * (length / 14)
    stem = np.cumsum(steps, axis=0) + root
    canvas.path(stem, max(0.003, length * 0.018), scaled(colour, 0.7))
    spread = float(rng.uniform(0.5, 1.1))
    sizes = length * float(rng.uniform(0.22, 0.42)) * (1.0 - 0.7 * share)
    slim = float(rng.uniform(0.12, 0.3))
    for side, tone in ((-1, 0.8), (1, 1.15)):
        leaves(
            canvas,
            stem,
            turns + side * spread,
            sizes,
            slim,
            [scaled(colour, tone), scaled(colour, tone * 1.1)],
        )


def branch(
    canvas: Canvas,
    root: tuple[float, float],
    turn: float,
    length: float,
    width: float,
    colour: Colour,
    depth: int,
) -> None:
    """A bare branch that forks `depth` times: as thin and bent as a limb."""
    rng = canvas.rng
    bends = rng.normal(0.0, 0.25, 4)
    points = [root]
    for bend in bends.tolist():
        turn += bend
        last = points[-1]
        points.append((last[0] + np.cos(turn) * length / 4, last[1] + np.sin(turn) * length / 4))
    canvas.path(points, width, colour)
    if depth:
        for start in (points[2], points[4]):
            branch(
                canvas, start, turn + float(rng.normal(0, 0.7)), length * 0.65, width * 0.6, colour, depth - 1
            )


def tree(canvas: Canvas, x: float, ground: float, height: float, base: Colour) -> None:
    """A trunk with a crown of leaf clumps (or a conifer of tiers)."""
    rng = canvas.rng
    bark = jitter(rng, mix((90, 66, 48), scaled(base, 0.5), 0.3))
    width = height * float(rng.uniform(0.03, 0.08))
    if rng.random() < 0.3:
        canvas.path([(x, ground), (x, ground - height * 0.3)], width, bark)
        for tier in range(5):
            low = ground - height * (0.15 + 0.16 * tier)
            half = height * 0.26 * (1.0 - 0.17 * tier)
            tint = jitter(rng, scaled(base, 0.6 + 0.12 * tier), 0.05)
            canvas.poly([(x - half, low), (x + half, low), (x, low - height * 0.3)], tint)
        return
    branch(canvas, (x, ground), -1.57, height * 0.5, width, bark, 1)
    for _ in range(3):
        middle = x + float(rng.normal(0, 0.13)) * height, ground - height * float(rng.uniform(0.55, 0.9))
        half = height * float(rng.uniform(0.15, 0.28))
        canvas.disc(*middle, half * 0.7, scaled(base, 0.5), squash=0.8)
        box = (middle[0] - half, middle[1] - half * 0.8, middle[0] + half, middle[1] + half * 0.8)
        foliage(canvas, box, base, 36, height * 0.07, 0.6)


def grass(canvas: Canvas, line: float, base: Colour, amount: int, length: float) -> None:
    """Blades along the rows below `line`."""
    rng = canvas.rng
    places = np.stack(
        [rng.random(amount) * canvas.aspect, line + (1.05 - line) * np.sort(rng.random(amount))], axis=1
    )
    near = (places[:, 1] - line) / max(1.05 - line, 0.05)
    tints = [jitter(rng, scaled(base, t), 0.08) for t in (0.6, 0.8, 1.0, 1.25)]
    leaves(canvas, places, rng.normal(-1.57, 0.35, amount), length * (0.3 + near), 0.1, tints)


def leaf_colour(canvas: Canvas) -> Colour:
    """A green, mostly; sometimes autumn."""
    return jitter(canvas.rng, pick(canvas.rng, LEAF), 0.1)
