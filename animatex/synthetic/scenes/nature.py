"""Land and plants: hills, trees, thickets, and the ground one stands on."""

from __future__ import annotations

import numpy as np

from animatex.synthetic.palette import Colour, Palette, hsv, jitter, mix, pick, scaled
from animatex.synthetic.scenes.canvas import Canvas
from animatex.synthetic.scenes.floors import lay_floor
from animatex.synthetic.scenes.light import beams, haze
from animatex.synthetic.scenes.plants import branch, foliage, frond, grass, leaf_colour, tree
from animatex.synthetic.scenes.props import blob, shadow, solid, thing
from animatex.synthetic.scenes.sky import SKIES, ridge, sky

_SOILS: tuple[Colour, ...] = (
    (214, 190, 150),
    (120, 110, 100),
    (240, 244, 250),
    (130, 100, 72),
    (90, 96, 104),
)


def paint_nature(canvas: Canvas, palette: Palette) -> None:
    """Land under a sky: mountains, hills, sea, trees, then the ground one stands on."""
    rng = canvas.rng
    horizon = canvas.uniform(0.45, 0.8)
    top, low = pick_sky(canvas)
    sky(canvas, top, low, horizon)
    green = leaf_colour(canvas)
    for layer in range(canvas.count(0, 3)):
        far = 1.0 - layer / 3
        tint = mix(jitter(rng, mix(green, (90, 90, 120), far * 0.6)), low, 0.7 * far)
        line = horizon - 0.28 * far * canvas.uniform(0.3, 1.2)
        ridge(canvas, line, horizon, tint, canvas.uniform(0.03, 0.16) * far)
    if canvas.chance(0.2):
        sea = mix(jitter(rng, (40, 110, 140), 0.15), low, 0.3)
        canvas.gradient([mix(sea, low, 0.4), scaled(sea, 0.7)], horizon - 0.06, 1.0)
        canvas.tone(1.0 + 0.4 * (canvas.noise(50, stretch=0.12, octaves=2, factor=2) - 0.5))
    canvas.recede(0.7)
    for _ in range(canvas.count(0, 4)):
        x, size = canvas.uniform(-0.1, canvas.aspect + 0.1), canvas.uniform(0.2, 0.9)
        tree(canvas, x, horizon + 0.05 * size, size, mix(leaf_colour(canvas), low, 0.3 * (1 - size)))
    if canvas.chance(0.6):
        hedge(canvas, horizon, mix(green, low, 0.2))
    canvas.recede(0.5)
    ground(canvas, green, horizon)
    if canvas.chance(0.25):
        thing(canvas, palette, canvas.uniform(0, canvas.aspect), canvas.uniform(horizon, 1.0), 0.12)
    near_leaves(canvas)
    haze(canvas, low)


def paint_garden(canvas: Canvas, palette: Palette) -> None:
    """Leaves everywhere: a thicket with depth, light between it, perhaps flowers and fruit in it."""
    rng = canvas.rng
    green = leaf_colour(canvas)
    glade = mix(green, hsv(canvas.uniform(0.1, 0.55), 0.4, 1.0), canvas.uniform(0.2, 0.8))
    canvas.gradient([scaled(glade, canvas.uniform(0.5, 1.4)), scaled(green, canvas.uniform(0.25, 0.8))])
    fine = canvas.uniform(0.5, 1.3)
    for layer in range(3):
        for _ in range(3):
            x, y, half = canvas.uniform(0, canvas.aspect), canvas.uniform(0, 1), canvas.uniform(0.15, 0.4)
            spread = (x - half, y - half, x + half, y + half)
            tint, length = jitter(rng, green, 0.1), fine * (0.045 + 0.025 * layer)
            foliage(canvas, spread, tint, 55, length, canvas.uniform(0.3, 1.0))
        if layer < 2:
            spot = canvas.uniform(0, canvas.aspect), canvas.uniform(0, 0.6)
            canvas.glow(*spot, canvas.uniform(0.1, 0.3), glade, canvas.uniform(0, 0.6))
            canvas.blur(max(0.002, canvas.defocus * (0.8 - 0.3 * layer)))
    for _ in range(canvas.count(0, 30) if canvas.chance(0.5) else 0):
        x, y, radius = canvas.uniform(0, canvas.aspect), canvas.uniform(0, 1), canvas.uniform(0.006, 0.025)
        canvas.disc(x, y, radius, jitter(rng, pick(rng, palette.colours), 0.15))
    for _ in range(canvas.count(0, 3)):
        root = canvas.uniform(0, canvas.aspect), canvas.uniform(0.3, 1.1)
        frond(canvas, root, canvas.uniform(-2.6, -0.5), canvas.uniform(0.2, 0.5), jitter(rng, green, 0.1))
    if canvas.chance(0.6):
        ground(canvas, green, canvas.uniform(0.65, 0.9))
    near_leaves(canvas)
    haze(canvas, glade)


def paint_forest(canvas: Canvas, palette: Palette) -> None:
    """Trunks behind trunks, paler with distance, light between them, undergrowth."""
    rng = canvas.rng
    horizon = canvas.uniform(0.6, 0.85)
    green, low = leaf_colour(canvas), pick_sky(canvas)[1]
    mist = mix(low, green, canvas.uniform(0.1, 0.7))
    canvas.gradient([scaled(mist, canvas.uniform(0.5, 1.1)), mist, scaled(green, 0.6)])
    bark = jitter(rng, pick(rng, ((92, 66, 46), (60, 52, 46), (196, 188, 176), (120, 84, 60))))
    layers = canvas.count(2, 4)
    for layer in range(layers):
        near = (layer + 1) / layers
        tint = mix(mist, bark, near)
        for _ in range(canvas.count(2, 6)):
            x, width = (
                canvas.uniform(-0.05, canvas.aspect + 0.05),
                (0.012 + 0.05 * near) * canvas.uniform(0.5, 1.6),
            )
            foot, lean = horizon + 0.12 * (near - 0.5), canvas.uniform(-0.06, 0.06)
            trunk = [(x - width, foot), (x + width, foot), (x + lean + width * 0.6, -0.02), (x + lean, -0.02)]
            canvas.poly(trunk, tint)
            canvas.poly(
                [(x - width, foot), (x - width * 0.3, foot), (x + lean + width * 0.2, -0.02), trunk[3]],
                scaled(tint, 0.7),
            )
            if canvas.chance(0.4):
                root = (x, canvas.uniform(0.0, foot - 0.1))
                branch(canvas, root, canvas.uniform(-2.8, -0.3), 0.25 * near, width * 0.4, tint, 1)
        x, half = canvas.uniform(0, canvas.aspect), canvas.uniform(0.15, 0.4)
        crown = (x - half, -half, x + half, half * 0.7)
        foliage(canvas, crown, mix(mist, green, near), 50, 0.03 + 0.04 * near, canvas.uniform(0.2, 0.9))
        canvas.recede(0.6 * (1.0 - near) + 0.1)
    hedge(canvas, horizon, green)
    ground(canvas, green, horizon)
    if canvas.chance(0.5):
        beams(canvas)
    near_leaves(canvas)
    haze(canvas, mist)


def pick_sky(canvas: Canvas) -> tuple[Colour, Colour]:
    """Colours of a sky at its top and at the horizon."""
    top, low = SKIES[canvas.count(0, len(SKIES) - 1)]
    return jitter(canvas.rng, top, 0.08), jitter(canvas.rng, low, 0.08)


def hedge(canvas: Canvas, line: float, green: Colour) -> None:
    """Bushes along the horizon."""
    for _ in range(canvas.count(2, 5)):
        x, half = canvas.uniform(0, canvas.aspect), canvas.uniform(0.05, 0.16)
        tint = jitter(canvas.rng, green, 0.08)
        canvas.disc(x, line, half * 0.8, scaled(tint, 0.5), squash=0.8)
        box = (x - half, line - half, x + half, line + half * 0.3)
        foliage(canvas, box, tint, 40, canvas.uniform(0.02, 0.05), canvas.uniform(0.2, 0.8))


def ground(canvas: Canvas, green: Colour, horizon: float) -> None:
    """Grass, sand, soil, snow or planks below `horizon`, with light through leaves and some stones."""
    rng = canvas.rng
    kind = canvas.count(0, 2 + len(_SOILS))
    if kind <= 2:
        canvas.gradient([scaled(green, 0.9), scaled(green, canvas.uniform(0.4, 0.8))], horizon, 1.0)
        grass(canvas, horizon - 0.01, jitter(rng, green), 240, canvas.uniform(0.02, 0.08))
    else:
        floor = ("plain", "carpet", "stone", "stone", "planks")[canvas.count(0, 4)]
        lay_floor(canvas, floor, jitter(rng, _SOILS[kind - 3], 0.08), horizon)
        for _ in range(canvas.count(0, 12)):
            x, y = canvas.uniform(0, canvas.aspect), canvas.uniform(horizon, 1.0) - 0.005
            canvas.disc(x, y, 0.02 + 0.1 * (y - horizon), scaled(green, 0.6), squash=0.12)
    if canvas.chance(0.5):
        rows = np.linspace(0, 1, canvas.coarse(2).height, dtype=np.float32)[:, None]
        spots = canvas.noise(canvas.uniform(5, 14), stretch=0.4, octaves=2, factor=2) - 0.5
        canvas.tone(1.0 + (rows > horizon) * np.clip(spots * 6, -1, 1) * canvas.uniform(0.1, 0.5))
    for _ in range(canvas.count(0, 6) if canvas.chance(0.4) else 0):
        _stone(canvas, horizon)


def _stone(canvas: Canvas, horizon: float) -> None:
    x, y = canvas.uniform(0, canvas.aspect), canvas.uniform(horizon, 1.0)
    radius = 0.02 + 0.1 * (y - horizon)
    shadow(canvas, x, y + radius * 0.5, radius, 0.4)
    grey = jitter(canvas.rng, (130, 124, 116), 0.1)
    stone = blob(canvas, x, y, radius)
    stone[:, 1] = y + (stone[:, 1] - y) * 0.65
    solid(
        canvas, stone, Palette("earth", (grey, scaled(grey, 0.7)), grey, scaled(grey, 0.2), scaled(grey, 1.6))
    )


def near_leaves(canvas: Canvas) -> None:
    """Leaves or twigs that reach into the picture from its sides, near the camera."""
    if canvas.chance(0.5):
        return
    rng = canvas.rng
    green = leaf_colour(canvas)
    for _ in range(canvas.count(1, 3)):
        left = canvas.chance(0.5)
        x, y = (-0.05 if left else canvas.aspect + 0.05), canvas.uniform(0.0, 1.0)
        aim = canvas.uniform(-0.8, 0.6)
        turn = aim if left else np.pi - aim
        kind = canvas.count(0, 2)
        if kind == 0:
            frond(canvas, (x, y), turn, canvas.uniform(0.2, 0.5), jitter(rng, green))
        elif kind == 1:
            bark = scaled((96, 72, 52), canvas.uniform(0.5, 1.3))
            branch(canvas, (x, y), turn, canvas.uniform(0.2, 0.45), canvas.uniform(0.008, 0.03), bark, 2)
        else:
            box = (x - 0.2, y - 0.2, x + 0.2, y + 0.2)
            foliage(canvas, box, green, 40, canvas.uniform(0.06, 0.14), canvas.uniform(0.2, 1.0))
