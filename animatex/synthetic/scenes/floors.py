"""Tiles for floors and table tops, and the patches of light that fall on them."""

from __future__ import annotations

import cv2
import numpy as np

from animatex.synthetic.noise import grain, value_noise
from animatex.synthetic.palette import Colour, jitter, mix, scaled
from animatex.synthetic.scenes.canvas import Canvas
from animatex.video.frames import Size

FLOORS = ("planks", "tiles", "checks", "carpet", "stone", "plain", "herringbone")


def floor_tile(rng: np.random.Generator, kind: str, base: Colour, side: int) -> np.ndarray:
    """A square tile, uint8 [side, side, 3], of one of `FLOORS`; it repeats without much of a seam."""
    size = Size(side, side)
    picture = np.empty((side, side, 3), np.uint8)
    picture[:] = base
    dark = scaled(base, float(rng.uniform(0.3, 0.7)))
    seam = max(1, side // 90)
    if kind in ("planks", "herringbone"):
        count = int(rng.integers(3, 7))
        for index in range(count):
            left, right = side * index // count, side * (index + 1) // count
            picture[:, left:right] = jitter(rng, scaled(base, float(rng.uniform(0.75, 1.2))), 0.04)
            cut = int(rng.random() * side)
            picture[cut : cut + seam, left:right] = dark
            picture[:, left : left + seam] = dark
    elif kind == "tiles":
        half = side // 2
        for row in (0, half):
            for column in (0, half):
                picture[row : row + half, column : column + half] = jitter(rng, base, 0.05)
        for at in (0, half):
            picture[at : at + seam] = dark
            picture[:, at : at + seam] = dark
    elif kind == "checks":
        half = side // 2
        other = jitter(
            rng, mix(base, (255, 255, 255) if sum(base) < 380 else (20, 20, 20), float(rng.uniform(0.2, 0.9)))
        )
        picture[:half, half:] = other
        picture[half:, :half] = other
    if kind == "plain":
        return picture
    rough = {"planks": (0.25, 8.0), "herringbone": (0.2, 6.0), "carpet": (0.5, 1.0), "stone": (0.5, 1.0)}.get(
        kind, (0.12, 1.0)
    )
    tone = 1.0 + rough[0] * (value_noise(rng, size, 14.0, stretch=rough[1], octaves=3) - 0.5)
    tone += rough[0] * 0.4 * grain(rng, size, stretch=rough[1], cell=side / 128)
    return cv2.multiply(
        picture, cv2.cvtColor(np.clip(tone * 127, 0, 255).astype(np.uint8), cv2.COLOR_GRAY2RGB), scale=1 / 127
    )


def lay_floor(canvas: Canvas, kind: str, base: Colour, horizon: float) -> None:
    """Cover everything below `horizon` with a floor in perspective."""
    rng = canvas.rng
    rows, columns = canvas.size
    side = max(64, min(512, rows // 2))
    tile = floor_tile(rng, kind, base, side)
    vanish = canvas.aspect * float(rng.uniform(0.1, 0.9))
    repeat = float(rng.uniform(0.5, 1.6))
    slant = float(rng.choice([0.0, 0.0, 0.8, -0.8]))
    first = min(rows - 1, max(0, round(horizon * rows)))
    down = (np.arange(first, rows, dtype=np.float32) + 0.5) / rows
    lift = 0.06 + 0.1 * float(rng.random())
    depth = (lift + 1.0 - horizon) / (down - horizon + lift)
    across = ((np.arange(columns, dtype=np.float32) + 0.5) / rows - vanish)[None, :] * depth[:, None]
    along = np.repeat(depth[:, None] * 1.5, columns, axis=1) + slant * across
    scale = np.float32(repeat * side)
    map_x = np.mod((across + 20.0) * scale, side).astype(np.float32)
    map_y = np.mod((along + 20.0) * scale, side).astype(np.float32)
    floor = cv2.remap(tile, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)
    far = np.clip((depth - 2.5) * 0.18, 0.0, 0.9)
    mean = np.array(cv2.mean(tile)[:3], np.float32)
    share = np.repeat((far * 255).astype(np.uint8)[:, None], columns, axis=1)
    share = cv2.cvtColor(share, cv2.COLOR_GRAY2RGB)
    haze = cv2.multiply(share, tuple(float(v) for v in (*mean, 0.0)), scale=1 / 255)
    canvas.image[first:] = cv2.add(cv2.multiply(floor, 255 - share, scale=1 / 255), haze)


def light_patches(
    canvas: Canvas, horizon: float, colour: tuple[float, float, float], strength: float
) -> None:
    """Sun through a window or leaves on the floor below `horizon`: slanted bright panes, shadow between."""
    rng = canvas.rng
    small = canvas.coarse(2)
    mask = np.zeros(small, np.uint8)
    lean = float(rng.uniform(-0.9, 0.9))
    scale = small.height
    if rng.random() < 0.65:
        x0, wide, gap = (
            float(rng.uniform(-0.3, 0.5)),
            float(rng.uniform(0.08, 0.3)),
            float(rng.uniform(0.02, 0.06)),
        )
        top, tall = (
            horizon + (1 - horizon) * float(rng.uniform(0.1, 0.5)),
            (1 - horizon) * float(rng.uniform(0.15, 0.4)),
        )
        for row in range(2):
            for column in range(3):
                left, y = x0 + column * (wide + gap), top + row * (tall + gap * 0.5)
                corners = [(left, y), (left + wide, y), (left + wide, y + tall), (left, y + tall)]
                slanted = [(px + lean * (py - horizon), py) for px, py in corners]
                cv2.fillPoly(mask, [np.round(np.array(slanted) * scale).astype(np.int32)], 255, cv2.LINE_AA)
    else:
        spots = value_noise(rng, small, float(rng.uniform(6, 16)), stretch=0.4)
        mask[:] = np.clip((spots - 0.55) * 1200, 0, 255).astype(np.uint8)
    mask[: round(horizon * scale)] = 0
    mask = cv2.GaussianBlur(mask, (0, 0), max(0.5, float(rng.uniform(0.003, 0.02)) * scale))
    lit = mask.astype(np.float32)[..., None] * (1 / 255) * np.array(colour, np.float32)
    shade = np.float32(1.0 - 0.45 * strength)
    below = (np.arange(small.height) >= horizon * scale).astype(np.float32)[:, None, None]
    canvas.tone(1.0 + below * (shade - 1.0) + lit * (strength * 0.9))
