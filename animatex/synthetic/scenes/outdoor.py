"""Outdoors: sky, mountains, hills, trees, leaves, grass, sea, streets, night, snow."""

from __future__ import annotations

import cv2
import numpy as np

from animatex.synthetic.palette import Colour, Palette, hsv, jitter, mix, pick, scaled
from animatex.synthetic.scenes.canvas import Canvas
from animatex.synthetic.scenes.floors import FLOORS, lay_floor, light_patches
from animatex.synthetic.scenes.plants import branch, foliage, frond, grass, leaf_colour, tree
from animatex.synthetic.scenes.things import thing

SKIES: tuple[tuple[Colour, Colour], ...] = (
    ((70, 130, 220), (190, 220, 245)), ((150, 160, 175), (215, 218, 222)), ((60, 50, 110), (250, 150, 90)),
    ((10, 12, 34), (40, 44, 90)), ((120, 190, 235), (250, 240, 215)), ((200, 120, 150), (255, 215, 160)),
    ((20, 60, 70), (120, 190, 170)),
)  # fmt: skip


def paint_nature(canvas: Canvas, palette: Palette) -> None:
    """Land under a sky: mountains, hills, sea, trees, then the ground one stands on."""
    rng = canvas.rng
    horizon = canvas.uniform(0.45, 0.8)
    top, low = SKIES[canvas.count(0, len(SKIES) - 1)]
    _sky(canvas, jitter(rng, top, 0.08), jitter(rng, low, 0.08), horizon)
    green = leaf_colour(canvas)
    for layer in range(canvas.count(0, 3)):
        far = 1.0 - layer / 3
        tint = mix(jitter(rng, mix(green, (90, 90, 120), far * 0.6)), low, 0.7 * far)
        _ridge(
            canvas,
            horizon - 0.28 * far * canvas.uniform(0.3, 1.2),
            horizon,
            tint,
            canvas.uniform(0.03, 0.16) * far,
        )
    if canvas.chance(0.2):
        sea = mix(jitter(rng, (40, 110, 140), 0.15), low, 0.3)
        canvas.gradient([mix(sea, low, 0.4), scaled(sea, 0.7)], horizon - 0.06, 1.0)
        canvas.tone(1.0 + 0.4 * (canvas.noise(50, stretch=0.12, octaves=2, factor=2) - 0.5))
    canvas.recede(0.7)
    for _ in range(canvas.count(0, 4)):
        x, size = canvas.uniform(-0.1, canvas.aspect + 0.1), canvas.uniform(0.2, 0.9)
        tree(canvas, x, horizon + 0.05 * size, size, mix(leaf_colour(canvas), low, 0.3 * (1 - size)))
    canvas.recede(0.5)
    _ground(canvas, green, horizon)
    _near_leaves(canvas)
    _air(canvas, low)


def paint_garden(canvas: Canvas, palette: Palette) -> None:
    """Leaves everywhere: a thicket with depth, light between it, perhaps flowers and fruit in it."""
    rng = canvas.rng
    green = leaf_colour(canvas)
    glade = mix(green, hsv(canvas.uniform(0.1, 0.55), 0.4, 1.0), canvas.uniform(0.2, 0.8))
    canvas.gradient([scaled(glade, canvas.uniform(0.5, 1.4)), scaled(green, canvas.uniform(0.25, 0.8))])
    for layer in range(3):
        for _ in range(3):
            x, y = canvas.uniform(0, canvas.aspect), canvas.uniform(0, 1)
            half = canvas.uniform(0.15, 0.4)
            amount, length = (50, 0.05 + 0.03 * layer)
            foliage(
                canvas,
                (x - half, y - half, x + half, y + half),
                jitter(rng, green, 0.1),
                amount,
                length,
                canvas.uniform(0.3, 1.0),
            )
        if layer < 2:
            canvas.glow(
                canvas.uniform(0, canvas.aspect),
                canvas.uniform(0, 0.6),
                canvas.uniform(0.1, 0.3),
                glade,
                canvas.uniform(0, 0.6),
            )
            canvas.blur(max(0.002, canvas.defocus * (0.8 - 0.3 * layer)))
    for _ in range(canvas.count(0, 30) if canvas.chance(0.5) else 0):
        x, y, radius = canvas.uniform(0, canvas.aspect), canvas.uniform(0, 1), canvas.uniform(0.006, 0.025)
        canvas.disc(x, y, radius, jitter(rng, pick(rng, palette.colours), 0.15))
    for _ in range(canvas.count(0, 3)):
        frond(
            canvas,
            (canvas.uniform(0, canvas.aspect), canvas.uniform(0.3, 1.1)),
            canvas.uniform(-2.6, -0.5),
            canvas.uniform(0.2, 0.5),
            jitter(rng, green, 0.1),
        )
    if canvas.chance(0.6):
        _ground(canvas, green, canvas.uniform(0.65, 0.9))
    _near_leaves(canvas)
    _air(canvas, glade)


def paint_street(canvas: Canvas, palette: Palette) -> None:
    """Houses with windows, by day or lit at night, poles, a road."""
    rng = canvas.rng
    horizon = canvas.uniform(0.6, 0.85)
    night = canvas.chance(0.4)
    top, low = SKIES[3] if night else SKIES[canvas.count(0, len(SKIES) - 1)]
    _sky(canvas, top, jitter(rng, low, 0.1), horizon)
    x = -0.1
    while x < canvas.aspect:
        wide, tall = canvas.uniform(0.12, 0.35), canvas.uniform(0.2, 0.75)
        wall = jitter(rng, mix(pick(rng, palette.colours), (130, 120, 115), 0.5))
        wall = scaled(wall, 0.25) if night else mix(wall, low, 0.15)
        canvas.rect(x, horizon - tall, x + wide, horizon, wall)
        canvas.rect(x, horizon - tall - 0.015, x + wide, horizon - tall, scaled(wall, 0.7))
        _panes(canvas, (x, horizon - tall, x + wide, horizon), wall, night)
        x += wide
    canvas.recede()
    kind = FLOORS[canvas.count(0, len(FLOORS) - 1)]
    lay_floor(canvas, kind, scaled(jitter(rng, (120, 116, 112), 0.1), 0.35 if night else 1.0), horizon)
    for _ in range(canvas.count(0, 3)):
        x, tall = canvas.uniform(0, canvas.aspect), canvas.uniform(0.3, 0.8)
        canvas.path(
            [(x, horizon + 0.05), (x, horizon - tall)],
            canvas.uniform(0.008, 0.025),
            scaled(palette.dark, 1.5),
        )
        if canvas.chance(0.6):
            canvas.disc(x, horizon - tall, 0.03, (255, 236, 190) if night else palette.light)
            canvas.glow(x, horizon - tall, 0.12, (255, 210, 140), 0.7 if night else 0.1)
    if night:
        lights(canvas, palette, canvas.count(5, 40), canvas.uniform(0.006, 0.03))
    elif canvas.chance(0.5):
        light_patches(canvas, horizon, (1.2, 1.05, 0.85), canvas.uniform(0.3, 0.9))
    for _ in range(canvas.count(0, 2)):
        thing(
            canvas,
            palette,
            canvas.uniform(0, canvas.aspect),
            canvas.uniform(horizon + 0.03, 1.0),
            canvas.uniform(0.06, 0.18),
            -1.0,
        )
    canvas.recede(0.4)


def paint_bokeh(canvas: Canvas, palette: Palette) -> None:
    """Far out of focus: large soft masses and discs of light."""
    rng = canvas.rng
    canvas.gradient(
        [jitter(rng, scaled(pick(rng, palette.colours), canvas.uniform(0.2, 1.1))) for _ in range(3)]
    )
    for _ in range(canvas.count(3, 14)):
        tint = scaled(jitter(rng, pick(rng, palette.colours)), canvas.uniform(0.2, 1.2))
        x, y, radius = canvas.uniform(0, canvas.aspect), canvas.uniform(0, 1), canvas.uniform(0.05, 0.3)
        canvas.disc(x, y, radius, tint, squash=canvas.uniform(0.3, 3.0))
    canvas.blur(canvas.uniform(0.02, 0.08))
    lights(canvas, palette, canvas.count(0, 60), canvas.uniform(0.01, 0.05))
    if canvas.chance(0.4):
        horizon = canvas.uniform(0.6, 0.9)
        lay_floor(
            canvas, FLOORS[canvas.count(0, len(FLOORS) - 1)], scaled(pick(rng, palette.colours), 0.7), horizon
        )
        canvas.blur(0.003)
    if canvas.chance(0.4):
        _near_leaves(canvas)


def lights(canvas: Canvas, palette: Palette, amount: int, radius: float) -> None:
    """Discs of light, brighter where they overlap, with a slightly brighter rim."""
    tints = [mix(jitter(canvas.rng, colour, 0.1), (255, 255, 255), 0.3) for colour in palette.colours]
    strength = canvas.uniform(0.2, 0.8)
    for _ in range(3):
        layer = Canvas(canvas.size, canvas.rng)
        for _ in range(amount // 3):
            x, y, r = (
                canvas.uniform(0, canvas.aspect),
                canvas.uniform(0, 1) ** 1.3,
                radius * canvas.uniform(0.4, 1.4),
            )
            tint = scaled(tints[canvas.count(0, 4)], strength * canvas.uniform(0.3, 1.0))
            layer.disc(x, y, r, tint)
            layer.disc(x, y, r * 0.85, scaled(tint, 0.85))
        layer.blur(0.003)
        canvas.image = cv2.add(canvas.image, layer.image)


def _sky(canvas: Canvas, top: Colour, low: Colour, horizon: float) -> None:
    canvas.gradient([top, low, low], 0.0, horizon + 0.05)
    if canvas.chance(0.6):
        clouds = canvas.noise(canvas.uniform(3, 7), stretch=canvas.uniform(0.3, 0.8), octaves=5, factor=2)
        cover = np.clip((clouds - canvas.uniform(0.4, 0.6)) * canvas.uniform(3, 12), 0, 1)[..., None]
        canvas.add(cover * (np.array(mix(low, (255, 255, 255), 0.5), np.float32) * canvas.uniform(0.2, 0.6)))
    if canvas.chance(0.3):
        sun = canvas.uniform(0, canvas.aspect), canvas.uniform(0.05, horizon)
        canvas.glow(*sun, canvas.uniform(0.1, 0.4), (255, 236, 200), canvas.uniform(0.4, 1.0))
        if canvas.chance(0.5):
            canvas.disc(*sun, canvas.uniform(0.02, 0.07), (255, 250, 235))
    if sum(top) < 160 and canvas.chance(0.7):
        for x, y, r in (canvas.rng.random((40, 3)) * (canvas.aspect, horizon, 0.003)).tolist():
            canvas.disc(x, y, 0.001 + r, (235, 238, 255))


def _ridge(canvas: Canvas, height: float, bottom: float, colour: Colour, rough: float) -> None:
    """A skyline of mountains or hills about `height`, filled down to below `bottom`."""
    rng = canvas.rng
    points = np.zeros(65)
    step, scale = 64, rough
    points[0], points[64] = rng.normal(0, rough, 2)
    while step > 1:
        half = step // 2
        middles = np.arange(half, 64, step)
        points[middles] = (points[middles - half] + points[middles + half]) / 2 + rng.normal(
            0, scale, len(middles)
        )
        step, scale = half, scale * 0.52
    x = np.linspace(0, canvas.aspect, 65)
    top = np.stack([x, height + points], axis=1)
    canvas.poly(np.concatenate([top, [(canvas.aspect, bottom + 0.1), (0, bottom + 0.1)]]), colour)
    if rng.random() < 0.4:
        lit = np.stack([x, height + points + np.abs(rng.normal(0, rough * 0.35, 65))], axis=1)
        canvas.poly(
            np.concatenate([top, lit[::-1]]), mix(colour, (250, 250, 255), float(rng.uniform(0.15, 0.8)))
        )


def _ground(canvas: Canvas, green: Colour, horizon: float) -> None:
    rng = canvas.rng
    kind = canvas.count(0, 5)
    if kind <= 1:
        canvas.gradient([scaled(green, 0.9), scaled(green, 0.6)], horizon, 1.0)
        grass(canvas, horizon - 0.01, jitter(rng, green), 220, canvas.uniform(0.02, 0.08))
    else:
        bases = ((214, 190, 150), (120, 110, 100), (240, 244, 250), (130, 100, 72))
        floor = ("plain", "carpet", "stone", "stone", "planks")[canvas.count(0, 4)]
        lay_floor(canvas, floor, jitter(rng, bases[kind - 2], 0.08), horizon)
    if canvas.chance(0.5):
        rows = np.linspace(0, 1, canvas.coarse(2).height, dtype=np.float32)[:, None]
        spots = np.clip(
            (canvas.noise(canvas.uniform(5, 14), stretch=0.4, octaves=2, factor=2) - 0.5) * 6, -1, 1
        )
        canvas.tone(1.0 + (rows > horizon) * spots * canvas.uniform(0.1, 0.5))
    for _ in range(canvas.count(0, 8) if canvas.chance(0.4) else 0):
        y = canvas.uniform(horizon, 1.0)
        size = 0.02 + 0.08 * (y - horizon)
        canvas.disc(canvas.uniform(0, canvas.aspect), y, size, jitter(rng, (120, 116, 110), 0.1), squash=0.6)


def _near_leaves(canvas: Canvas) -> None:
    """Leaves or twigs that reach into the picture from its sides, near the camera."""
    if canvas.chance(0.5):
        return
    rng = canvas.rng
    green = leaf_colour(canvas)
    for _ in range(canvas.count(1, 3)):
        left = canvas.chance(0.5)
        root = (-0.05 if left else canvas.aspect + 0.05), canvas.uniform(0.0, 1.0)
        turn = canvas.uniform(-0.8, 0.6) if left else np.pi - canvas.uniform(-0.8, 0.6)
        kind = canvas.count(0, 2)
        if kind == 0:
            frond(canvas, root, turn, canvas.uniform(0.2, 0.5), jitter(rng, green))
        elif kind == 1:
            branch(
                canvas,
                root,
                turn,
                canvas.uniform(0.2, 0.45),
                canvas.uniform(0.008, 0.03),
                scaled((96, 72, 52), canvas.uniform(0.5, 1.3)),
                2,
            )
        else:
            foliage(
                canvas,
                (root[0] - 0.2, root[1] - 0.2, root[0] + 0.2, root[1] + 0.2),
                green,
                40,
                canvas.uniform(0.06, 0.14),
                canvas.uniform(0.2, 1.0),
            )


def _air(canvas: Canvas, tint: Colour) -> None:
    """Haze, snow or light motes in front of it all."""
    if canvas.chance(0.25):
        canvas.image = cv2.addWeighted(canvas.image, 0.8, np.full_like(canvas.image, tint), 0.2, 0.0)
    if canvas.chance(0.12):
        for x, y, r in (canvas.rng.random((70, 3)) * (canvas.aspect, 1.0, 0.007)).tolist():
            canvas.disc(x, y, 0.002 + r, mix(tint, (255, 255, 255), 0.8))


def _panes(canvas: Canvas, house: tuple[float, float, float, float], wall: Colour, night: bool) -> None:
    left, top, right, bottom = house
    columns, rows = canvas.count(2, 4), max(2, round((bottom - top) / 0.1))
    wide, tall = (right - left) / columns, (bottom - top) / rows
    x, y = np.meshgrid(left + (np.arange(columns) + 0.25) * wide, top + (np.arange(rows) + 0.25) * tall)
    corner = np.stack([x.ravel(), y.ravel()], axis=1)[:, None, :]
    shape = np.array([(0, 0), (wide * 0.5, 0), (wide * 0.5, tall * 0.55), (0, tall * 0.55)])
    panes = corner + shape
    order = canvas.rng.random(len(panes))
    lit = mix((255, 220, 140), wall, 0.1) if night else mix(wall, (200, 225, 245), 0.6)
    canvas.polys(panes[order < 0.5], lit)
    canvas.polys(panes[order >= 0.5], scaled(wall, 0.5))
