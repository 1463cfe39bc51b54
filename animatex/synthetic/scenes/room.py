"""Indoors: wall and floor, window and light, shelves, furniture, pictures, curtains, lamps."""

from __future__ import annotations

import numpy as np

from animatex.synthetic.noise import child
from animatex.synthetic.palette import Colour, Palette, hsv, jitter, mix, pick, scaled
from animatex.synthetic.pattern import paint_pattern
from animatex.synthetic.scenes.canvas import Canvas
from animatex.synthetic.scenes.floors import FLOORS, lay_floor, light_patches
from animatex.synthetic.scenes.plants import foliage, leaf_colour
from animatex.synthetic.scenes.things import lamp, potted, shadow, thing

WOODS: tuple[Colour, ...] = (
    (150, 104, 66),
    (112, 74, 48),
    (74, 48, 36),
    (190, 150, 104),
    (214, 186, 150),
    (60, 44, 40),
)


def paint_room(canvas: Canvas, palette: Palette) -> None:
    """A room seen from the front."""
    rng = canvas.rng
    horizon = canvas.uniform(0.55, 0.85)
    wood = jitter(rng, pick(rng, WOODS))
    wall = jitter(rng, pick(rng, (*palette.colours, palette.light, wood)))
    _wall(canvas, wall, palette, horizon)
    window = canvas.chance(0.55)
    for _ in range(canvas.count(0, 3)):
        _picture(canvas, palette, horizon)
    if canvas.chance(0.4):
        left = canvas.uniform(-0.2, canvas.aspect * 0.6)
        bookcase(
            canvas,
            palette,
            (left, canvas.uniform(-0.1, 0.3), left + canvas.uniform(0.25, 0.6), horizon),
            wood,
        )
    if window:
        _window(canvas, palette, horizon)
    canvas.recede(0.6)
    kind = FLOORS[canvas.count(0, len(FLOORS) - 1)]
    floor = (
        wood
        if kind in ("planks", "herringbone")
        else jitter(rng, pick(rng, (*palette.colours, palette.light, wood)))
    )
    lay_floor(canvas, kind, floor, horizon)
    canvas.rect(0, horizon - 0.025, canvas.aspect, horizon, mix(wall, wood, 0.6))
    light = canvas.uniform(-3.0, -0.1)
    for _ in range(canvas.count(0, 3)):
        _furniture(canvas, palette, horizon, wood, light)
    if canvas.chance(0.35):
        lamp(
            canvas,
            canvas.uniform(0, canvas.aspect),
            canvas.uniform(0.05, 0.25),
            canvas.uniform(0.03, 0.08),
            hsv(canvas.uniform(0, 0.15), 0.6, 1.0),
        )
    canvas.recede(0.5)
    if window and canvas.chance(0.7):
        light_patches(canvas, horizon, (1.25, 1.08, 0.8), canvas.uniform(0.3, 1.0))
    _ambience(canvas)


def paint_hall(canvas: Canvas, palette: Palette) -> None:
    """A corridor or alley in perspective, lamps and coloured light along its walls, its floor wet or dull."""
    rng = canvas.rng
    vanish = np.array([canvas.aspect * canvas.uniform(0.3, 0.7), canvas.uniform(0.3, 0.55)])
    base = pick(rng, palette.colours)
    glow = [jitter(rng, pick(rng, palette.colours), 0.1) for _ in range(3)]
    canvas.fill(mix(base, glow[0], 0.5))
    corners = np.array([(-0.2, -0.3), (canvas.aspect + 0.2, -0.3), (canvas.aspect + 0.2, 1.15), (-0.2, 1.15)])
    shares = 1.0 - np.linspace(0.0, 0.93, canvas.count(6, 12)) ** 0.5
    for far, near in zip(shares[1:], shares[:-1], strict=True):
        for side, tone in ((0, 0.55), (1, 0.8), (2, 0.45), (3, 0.8)):
            one, two = corners[side], corners[(side + 1) % 4]
            quad = [vanish + (one - vanish) * near, vanish + (two - vanish) * near]
            quad += [vanish + (two - vanish) * far, vanish + (one - vanish) * far]
            tint = mix(base, glow[canvas.count(0, 2)], canvas.uniform(0.1, 0.8))
            canvas.poly(np.array(quad), scaled(tint, tone * canvas.uniform(0.6, 1.2) * (1.5 - near * 0.9)))
    canvas.glow(
        *vanish.tolist(),
        canvas.uniform(0.1, 0.35),
        mix(glow[1], (255, 255, 255), 0.5),
        canvas.uniform(0.4, 1.0),
    )
    for _ in range(canvas.count(0, 26)):
        share = canvas.uniform(0.1, 1.0)
        side = -0.2 if canvas.chance(0.5) else canvas.aspect + 0.2
        spot = vanish + (np.array([side, canvas.uniform(0.0, 0.7)]) - vanish) * share
        tint = mix(glow[canvas.count(0, 2)], (255, 255, 255), canvas.uniform(0, 0.6))
        canvas.disc(*spot.tolist(), 0.03 * share, tint, squash=canvas.uniform(0.4, 3.0))
    _crumple(canvas)
    canvas.recede()
    if canvas.chance(0.6):
        _reflect(canvas, float(vanish[1]) + canvas.uniform(0.15, 0.35))
    _ambience(canvas)


def _crumple(canvas: Canvas) -> None:
    """Light caught by an uneven surface, as foil, cloth or wet plaster have it."""
    strength = canvas.uniform(0.0, 1.3)
    canvas.tone(
        1.0
        + strength
        * (canvas.noise(canvas.uniform(8, 30), stretch=canvas.uniform(0.7, 3), octaves=3, factor=1) - 0.5)
    )


def _reflect(canvas: Canvas, line: float) -> None:
    """Below `line` the floor mirrors what is above it, torn by puddles and grit."""
    first = round(line * canvas.size.height)
    rows = canvas.size.height - first
    if rows < 4 or first < rows:
        return
    mirror = canvas.image[first - rows : first][::-1]
    puddles = canvas.noise(7, stretch=0.35, octaves=4)[first:]
    share = np.clip((puddles - 0.45) * 8.0, 0.1, 0.9)[..., None]
    ground = canvas.image[first:] * np.float32(0.35)
    grit = 1.0 + 0.9 * (canvas.noise(60, stretch=0.6, octaves=2)[first:, :, None] - 0.5)
    canvas.image[first:] = np.clip(mirror * share + ground * grit * (1.0 - share), 0, 255).astype(np.uint8)


def _wall(canvas: Canvas, wall: Colour, palette: Palette, horizon: float) -> None:
    canvas.gradient([scaled(wall, canvas.uniform(0.5, 1.1)), scaled(wall, canvas.uniform(0.8, 1.2))])
    kind = canvas.count(0, 5)
    if kind == 0:
        name = ("stripes", "dots", "plaid", "print", "marble", "checks")[canvas.count(0, 5)]
        share, _ = paint_pattern(
            child(canvas.rng), name, canvas.size, 0.12 * canvas.size.height * canvas.uniform(0.5, 1.5), 0.0
        )
        other = np.array(pick(canvas.rng, palette.colours), np.float32) / np.maximum(
            np.array(wall, np.float32), 40.0
        )
        strength = canvas.uniform(0.1, 0.5)
        canvas.tone(1.0 + (share * strength)[..., None] * (np.clip(other, 0.3, 1.8) - 1.0))
    elif kind == 1:
        for x in np.arange(0.0, canvas.aspect, canvas.uniform(0.06, 0.2)).tolist():
            canvas.path([(x, 0), (x, horizon)], 0.004, scaled(wall, 0.7))
    elif kind == 2:
        tall, wide = canvas.uniform(0.03, 0.07), canvas.uniform(0.08, 0.16)
        for row in range(round(horizon / tall) + 1):
            canvas.path([(0, row * tall), (canvas.aspect, row * tall)], 0.004, scaled(wall, 0.72))
            for x in np.arange((row % 2) * wide / 2, canvas.aspect, wide).tolist():
                canvas.path([(x, row * tall), (x, (row + 1) * tall)], 0.004, scaled(wall, 0.72))
    if canvas.chance(0.3):
        x = canvas.aspect * canvas.uniform(0.1, 0.9)
        left = canvas.chance(0.5)
        field = np.ones((16, 64), np.float32)
        columns = np.linspace(0, canvas.aspect, 64)
        field[:, (columns < x) if left else (columns > x)] = canvas.uniform(0.6, 0.9)
        canvas.tone(field)


def bookcase(
    canvas: Canvas, palette: Palette, place: tuple[float, float, float, float], wood: Colour
) -> None:
    """Shelves with books between (left, top, right, bottom)."""
    left, top, right, bottom = place
    rng = canvas.rng
    canvas.rect(left, top, right, bottom, scaled(wood, 0.45))
    rows = canvas.count(3, 6)
    tall = (bottom - top) / rows
    full = canvas.uniform(0.4, 1.0)
    dull = canvas.uniform(0.2, 0.95)
    for row in range(rows):
        base = top + (row + 1) * tall
        count = 14
        edges = left + (right - left) * np.cumsum(rng.uniform(0.4, 1.0, count)) / (count * 0.72)
        heights = tall * rng.uniform(0.5, 0.85, count)
        kept = rng.random(count) < full
        for index in range(1, count):
            if kept[index] and edges[index] < right:
                tint = mix(pick(rng, palette.colours), wood, dull)
                canvas.rect(
                    edges[index - 1],
                    base - heights[index],
                    edges[index],
                    base,
                    scaled(tint, canvas.uniform(0.6, 1.1)),
                )
        canvas.rect(left, base - tall * 0.06, right, base, scaled(wood, 0.95))
    for x in (left, right):
        canvas.rect(x - 0.012, top, x + 0.012, bottom, wood)
    canvas.rect(left - 0.02, top - 0.03, right + 0.02, top, scaled(wood, 1.1))


def _window(canvas: Canvas, palette: Palette, horizon: float) -> None:
    rng = canvas.rng
    wide, tall = canvas.uniform(0.2, 0.6), canvas.uniform(0.3, 0.6)
    left, top = canvas.uniform(-0.1, canvas.aspect - 0.1), canvas.uniform(-0.1, max(0.0, horizon - tall))
    right, bottom = left + wide, min(top + tall, horizon - 0.03)
    sky = mix(
        hsv(canvas.uniform(0.5, 0.62), canvas.uniform(0.05, 0.5), 1.0),
        (255, 255, 255),
        canvas.uniform(0, 0.6),
    )
    canvas.rect(left, top, right, bottom, sky)
    view = leaf_colour(canvas)
    if canvas.chance(0.7):
        for _ in range(2):
            low = canvas.uniform(top, bottom)
            foliage(canvas, (left, low, right, bottom), mix(view, sky, 0.3), 40, 0.05, 0.9)
        canvas.blur(0.008)
    frame = jitter(rng, pick(rng, (*WOODS, palette.light, palette.dark)))
    bars = 0.014
    for x in np.linspace(left, right, canvas.count(2, 4)).tolist():
        canvas.rect(x - bars, top - bars, x + bars, bottom + bars, frame)
    for y in np.linspace(top, bottom, canvas.count(2, 4)).tolist():
        canvas.rect(left - bars, y - bars, right + bars, y + bars, frame)
    canvas.rect(left - 0.04, bottom, right + 0.04, bottom + 0.03, scaled(frame, 1.15))
    if canvas.chance(0.45):
        cloth = jitter(rng, pick(rng, (*palette.colours, palette.light)))
        for start, end in ((left - 0.1, left + wide * 0.22), (right - wide * 0.22, right + 0.1)):
            folds = np.linspace(start, end, 9)
            for index, (one, two) in enumerate(zip(folds[:-1], folds[1:], strict=True)):
                canvas.rect(
                    one,
                    top - 0.05,
                    two,
                    max(bottom, horizon - 0.05),
                    scaled(cloth, 0.7 + 0.4 * (index % 2) + canvas.uniform(-0.1, 0.1)),
                )
    canvas.glow((left + right) / 2, (top + bottom) / 2, wide, sky, canvas.uniform(0.0, 0.5))


def _picture(canvas: Canvas, palette: Palette, horizon: float) -> None:
    rng = canvas.rng
    wide, tall = canvas.uniform(0.07, 0.25), canvas.uniform(0.07, 0.25)
    x, y = canvas.uniform(0, canvas.aspect), canvas.uniform(0.1, max(0.15, horizon - 0.2))
    frame = jitter(rng, pick(rng, (*WOODS, palette.light, palette.dark)))
    canvas.rect(
        x - wide / 2 + 0.01,
        y - tall / 2 + 0.01,
        x + wide / 2 + 0.01,
        y + tall / 2 + 0.012,
        scaled(frame, 0.4),
    )
    canvas.rect(x - wide / 2, y - tall / 2, x + wide / 2, y + tall / 2, frame)
    canvas.rect(
        x - wide * 0.42,
        y - tall * 0.42,
        x + wide * 0.42,
        y + tall * 0.42,
        pick(rng, (*palette.colours, palette.light)),
    )
    for _ in range(3):
        spot = x + canvas.uniform(-0.2, 0.2) * wide, y + canvas.uniform(-0.2, 0.2) * tall
        canvas.disc(*spot, min(wide, tall) * canvas.uniform(0.05, 0.2), pick(rng, palette.colours))


def _furniture(canvas: Canvas, palette: Palette, horizon: float, wood: Colour, light: float) -> None:
    rng = canvas.rng
    x, ground = canvas.uniform(-0.05, canvas.aspect + 0.05), canvas.uniform(horizon, min(0.98, horizon + 0.2))
    colour = jitter(rng, pick(rng, (*palette.colours, wood)))
    kind = canvas.count(0, 4)
    if kind == 0:
        potted(canvas, x, ground, canvas.uniform(0.2, 0.5), light)
    elif kind == 1:
        wide, tall = canvas.uniform(0.25, 0.5), canvas.uniform(0.14, 0.24)
        shadow(canvas, x, ground, wide * 0.7, 0.5)
        canvas.rect(
            x - wide / 2, ground - tall * 1.7, x + wide / 2, ground - tall * 0.5, scaled(colour, 0.85)
        )
        canvas.rect(x - wide / 2, ground - tall * 0.85, x + wide / 2, ground - tall * 0.15, colour)
        for side in (-1, 1):
            canvas.disc(
                x + side * wide / 2, ground - tall * 0.7, tall * 0.35, scaled(colour, 1.1), squash=1.5
            )
    elif kind == 2:
        wide, tall = canvas.uniform(0.2, 0.45), canvas.uniform(0.15, 0.3)
        shadow(canvas, x, ground, wide * 0.6, 0.5)
        for leg in (-0.45, -0.3, 0.3, 0.45):
            canvas.path(
                [(x + leg * wide, ground - tall), (x + leg * wide, ground - abs(leg) * 0.05)],
                0.014,
                scaled(wood, 0.7),
            )
        canvas.poly(
            [
                (x - wide * 0.5, ground - tall),
                (x + wide * 0.5, ground - tall),
                (x + wide * 0.42, ground - tall - 0.05),
                (x - wide * 0.42, ground - tall - 0.05),
            ],
            wood,
        )
        thing(
            canvas,
            palette,
            x + canvas.uniform(-0.3, 0.3) * wide,
            ground - tall - 0.02,
            canvas.uniform(0.05, 0.12),
            light,
        )
    elif kind == 3:
        wide, tall = canvas.uniform(0.15, 0.35), canvas.uniform(0.15, 0.5)
        shadow(canvas, x, ground, wide * 0.7, 0.5)
        canvas.rect(x - wide / 2, ground - tall, x + wide / 2, ground, wood)
        drawers = canvas.count(2, 4)
        for index in range(drawers):
            top = ground - tall * (index + 0.92) / drawers
            canvas.rect(
                x - wide * 0.45,
                top,
                x + wide * 0.45,
                top + tall * 0.84 / drawers,
                scaled(wood, canvas.uniform(0.75, 1.2)),
            )
            canvas.disc(x, top + tall * 0.4 / drawers, 0.008, palette.light)
        thing(canvas, palette, x, ground - tall, canvas.uniform(0.06, 0.14), light)
    else:
        thing(canvas, palette, x, ground, canvas.uniform(0.08, 0.22), light)


def _ambience(canvas: Canvas) -> None:
    """Uneven light: one side darker, corners darker, sometimes a beam."""
    if canvas.chance(0.6):
        one, two = canvas.uniform(0.4, 1.2), canvas.uniform(0.7, 1.3)
        ramp = np.linspace(one, two, 24, dtype=np.float32)
        field = (
            np.repeat(ramp[None, :], 16, axis=0)
            if canvas.chance(0.6)
            else np.repeat(ramp[:, None], 16, axis=1)
        )
        canvas.tone(field)
    if canvas.chance(0.2):
        tint = hsv(canvas.uniform(0, 1), canvas.uniform(0.1, 0.5), 1.0)
        canvas.tone(np.broadcast_to(np.array(tint, np.float32) / 255 * 1.2, (16, 16, 3)))
