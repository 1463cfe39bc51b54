"""Colours that go together, as an artist would choose them."""

from __future__ import annotations

import colorsys
from dataclasses import dataclass

import numpy as np

from animatex.synthetic.noise import draw

Colour = tuple[int, int, int]

SKIN = (
    (255, 224, 200),
    (241, 194, 160),
    (224, 172, 120),
    (198, 134, 88),
    (150, 95, 60),
    (104, 64, 42),
    (66, 42, 30),
)
FUR = (
    (245, 240, 230), (214, 190, 156), (186, 142, 96), (139, 94, 60), (92, 62, 44), (58, 48, 44),
    (120, 116, 114), (200, 104, 44), (232, 168, 92), (34, 32, 34), (168, 160, 150), (236, 216, 180),
)  # fmt: skip
FOOD = (
    (255, 165, 20), (226, 46, 40), (250, 214, 60), (120, 180, 50), (60, 120, 40), (150, 60, 110),
    (120, 70, 40), (250, 236, 200), (235, 120, 140), (210, 150, 80), (90, 40, 30), (255, 120, 60),
)  # fmt: skip
LEAF = (
    (60, 120, 50),
    (96, 150, 60),
    (140, 180, 70),
    (40, 84, 60),
    (30, 66, 36),
    (170, 190, 90),
    (190, 150, 60),
)
_SHARES = (
    ("analogous", 0.14), ("complementary", 0.13), ("triad", 0.08), ("mono", 0.08), ("pastel", 0.1),
    ("dark", 0.09), ("neon", 0.07), ("earth", 0.08), ("grey", 0.07), ("fur", 0.07), ("food", 0.06),
    ("leaf", 0.03),
)  # fmt: skip
HARMONIES = tuple(harmony for harmony, _ in _SHARES)


@dataclass(frozen=True, slots=True)
class Palette:
    """A handful of colours for one character or scene.

    Attributes:
        harmony: The rule they were chosen by, one of `HARMONIES`.
        colours: Five RGB colours, the dominant one first.
        skin: A skin colour that fits beside them.
        dark: A near-black with a tint, for outlines and eyes.
        light: A near-white with a tint.
    """

    harmony: str
    colours: tuple[Colour, ...]
    skin: Colour
    dark: Colour
    light: Colour


def hsv(hue: float, saturation: float, value: float) -> Colour:
    """RGB bytes of a colour given as fractions; hue wraps, the others are clipped."""
    red, green, blue = colorsys.hsv_to_rgb(
        hue % 1.0, min(max(saturation, 0.0), 1.0), min(max(value, 0.0), 1.0)
    )
    return round(red * 255), round(green * 255), round(blue * 255)


def jitter(rng: np.random.Generator, colour: Colour, amount: float = 0.06) -> Colour:
    """A neighbour of `colour`: hue, saturation and value moved by up to about `amount`."""
    hue, saturation, value = colorsys.rgb_to_hsv(*(c / 255 for c in colour))
    moves = rng.uniform(-amount, amount, 3).tolist()
    return hsv(
        hue + 0.4 * moves[0], saturation * (1 + 2 * moves[1]), value * (1 + 2 * moves[2]) + moves[2] * 0.2
    )


def mix(first: Colour, second: Colour, share: float) -> Colour:
    """`first` with `share` (0..1) of `second`."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return red, green, blue


def scaled(colour: Colour, factor: float) -> Colour:
    """`colour` made brighter or darker, clipped."""
    red, green, blue = (min(255, max(0, round(c * factor))) for c in colour)
    return red, green, blue


def pick(rng: np.random.Generator, colours: tuple[Colour, ...]) -> Colour:
    """One of `colours`."""
    return colours[int(rng.integers(len(colours)))]


def sample_palette(rng: np.random.Generator) -> Palette:
    """Draw a harmonious palette."""
    harmony = draw(rng, _SHARES)
    hue = float(rng.random())
    return Palette(
        harmony=harmony,
        colours=tuple(_colour(rng, harmony, hue, index) for index in range(5)),
        skin=jitter(rng, pick(rng, SKIN), 0.04),
        dark=hsv(hue + 0.5 * float(rng.random()), float(rng.uniform(0, 0.6)), float(rng.uniform(0.03, 0.22))),
        light=hsv(hue, float(rng.uniform(0, 0.14)), float(rng.uniform(0.88, 1.0))),
    )


def _colour(rng: np.random.Generator, harmony: str, hue: float, index: int) -> Colour:
    a, b, c = rng.random(3).tolist()
    if harmony == "analogous":
        return hsv(hue + 0.16 * (a - 0.5), 0.35 + 0.6 * b, 0.35 + 0.62 * c)
    if harmony == "complementary":
        return hsv(hue + 0.5 * (index % 2) + 0.05 * (a - 0.5), 0.4 + 0.55 * b, 0.35 + 0.62 * c)
    if harmony == "triad":
        return hsv(hue + index / 3 + 0.05 * (a - 0.5), 0.45 + 0.5 * b, 0.45 + 0.5 * c)
    if harmony == "mono":
        return hsv(hue + 0.03 * (a - 0.5), 0.2 + 0.7 * b, 0.2 + 0.78 * c)
    if harmony == "pastel":
        return hsv(hue + 0.6 * (a - 0.5), 0.1 + 0.28 * b, 0.84 + 0.15 * c)
    if harmony == "dark":
        return hsv(hue + 0.3 * (a - 0.5), 0.1 + 0.6 * b, 0.06 + 0.28 * c)
    if harmony == "neon":
        return hsv(hue + (0.0, 0.45, 0.3, 0.6, 0.1)[index] + 0.05 * a, 0.75 + 0.25 * b, 0.75 + 0.25 * c)
    if harmony == "earth":
        return hsv(0.04 + 0.1 * a, 0.2 + 0.5 * b, 0.25 + 0.6 * c)
    if harmony == "grey":
        return hsv(hue, 0.1 * b, 0.06 + 0.92 * c)
    natural = {"fur": FUR, "food": FOOD, "leaf": LEAF}[harmony]
    return jitter(rng, natural[int(a * len(natural))], 0.06)
