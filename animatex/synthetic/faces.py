"""Faces: eyes, brows, noses, mouths, muzzles, cheeks, glasses. The origin is between the eyes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from animatex.synthetic import outlines as ol
from animatex.synthetic.look import Look, dyed, smooth
from animatex.synthetic.palette import Colour, mix, scaled
from animatex.synthetic.puppet import Shape


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """A painted face.

    Attributes:
        shapes: Eyes and whatever lies in their plane.
        muzzle: What stands out further: an animal's mouth and nose. Empty for others.
        gap: Half the distance of the eyes.
        nose: How far below the eyes the nose is, or would be.
    """

    shapes: tuple[Shape, ...]
    muzzle: tuple[Shape, ...]
    gap: float
    nose: float


_WHITE: Colour = (250, 250, 248)


def eyes(look: Look, gap: float, radius: float, style: str) -> list[Shape]:
    """Both eyes at x = -gap and gap."""
    iris = look.palette.colours[int(look.rng.integers(5))]
    tall = look.between(0.9, 1.4)
    open_up = look.between(0.55, 1.0)
    gaze = look.between(-0.2, 0.2) * radius
    shapes: list[Shape] = []
    for sign in (-1, 1):
        shapes += _eye(look, sign * gap, radius, style, iris, tall, open_up, gaze)
    return shapes


def _eye(
    look: Look, x: float, r: float, style: str, iris: Colour, tall: float, open_up: float, gaze: float
) -> list[Shape]:
    dark = look.palette.dark
    if style == "dot":
        return [
            Shape(ol.ellipse(x, 0, r * 0.62, r * 0.62 * tall), dark),
            Shape(ol.ellipse(x - 0.2 * r, -0.25 * r, 0.18 * r, 0.18 * r), _WHITE),
        ]
    if style == "closed":
        return [
            Shape(ol.stroke([(x - r, 0.1 * r), (x, -0.45 * r * open_up), (x + r, 0.1 * r)], 0.3 * r), dark)
        ]
    if style == "human":
        ball = ol.ellipse(x, 0, 1.0 * r, 0.52 * r * open_up)
        return [
            Shape(ball, _WHITE),
            Shape(ol.ellipse(x + gaze, 0, 0.48 * r, 0.5 * r), iris, clip=True),
            Shape(ol.ellipse(x + gaze, 0, 0.25 * r, 0.25 * r), dark),
            Shape(
                ol.stroke(
                    [(x - 1.05 * r, 0.05 * r), (x, -0.6 * r * open_up), (x + 1.05 * r, 0.05 * r)], 0.22 * r
                ),
                dark,
            ),
        ]
    if style == "anime":
        tall = 1.25 * tall
        return [
            Shape(ol.ellipse(x, 0, r, r * tall, power=2.6), _WHITE),
            Shape(ol.ellipse(x + gaze, 0.08 * r, 0.72 * r, 0.9 * r * tall), iris),
            Shape(ol.ellipse(x + gaze, -0.1 * r, 0.4 * r, 0.55 * r * tall), scaled(iris, 0.35)),
            Shape(ol.ellipse(x - 0.28 * r, -0.4 * r * tall, 0.24 * r, 0.3 * r), _WHITE),
            Shape(
                ol.stroke(
                    [(x - 1.1 * r, -0.5 * r), (x, -1.08 * r * tall), (x + 1.1 * r, -0.5 * r)], 0.34 * r
                ),
                dark,
            ),
        ]
    pupil = look.between(0.4, 0.62)
    return [
        Shape(ol.ellipse(x, 0, 1.12 * r, 1.12 * r * tall), dark),
        Shape(ol.ellipse(x, 0, r, r * tall), _WHITE),
        Shape(ol.ellipse(x + gaze, 0.1 * r, pupil * r, pupil * r * 1.1), dark),
        Shape(ol.ellipse(x + gaze - 0.15 * r, -0.15 * r, 0.15 * r, 0.15 * r), _WHITE),
    ]


def brows(look: Look, gap: float, y: float, size: float) -> list[Shape]:
    """Two eyebrows."""
    slant, arch, width = (
        look.between(-0.35, 0.35) * size,
        look.between(0, 0.4) * size,
        look.between(0.15, 0.4) * size,
    )
    colour = look.hair.base if look.chance(0.6) else look.palette.dark
    return [
        Shape(
            ol.stroke(
                [(s * (gap - size), y + slant), (s * gap, y - arch), (s * (gap + size), y - slant)],
                width,
                taper=0.7,
            ),
            colour,
        )
        for s in (-1, 1)
    ]


def mouth(look: Look, y: float, width: float) -> list[Shape]:
    """A mouth of any mood."""
    dark = look.palette.dark if look.chance(0.6) else mix(look.skin.base, (120, 20, 30), 0.65)
    style = look.pick("smile", "smile", "open", "line", "pout", "grin", "w")
    thick = max(width * look.between(0.1, 0.28), 0.02)
    if style == "open":
        deep = look.between(0.4, 1.1) * width
        outline = ol.closed(
            [
                (-width, y - 0.1 * deep),
                (0, y),
                (width, y - 0.1 * deep),
                (0.6 * width, y + 0.7 * deep),
                (0, y + deep),
                (-0.6 * width, y + 0.7 * deep),
            ]
        )
        return [
            Shape(outline, mix(dark, (90, 10, 20), 0.5)),
            Shape(ol.ellipse(0, y + deep, 0.6 * width, 0.45 * deep), (226, 96, 104), clip=True),
        ]
    if style == "grin":
        outline = ol.closed(
            [(-width, y - 0.3 * width), (0, y), (width, y - 0.3 * width), (0, y + 0.6 * width)]
        )
        return [Shape(outline, dark), Shape(outline * (0.85, 0.85) + (0, 0.15 * y), _WHITE)]
    if style == "pout":
        return [Shape(ol.ellipse(0, y, 0.4 * width, 0.28 * width), dark)]
    if style == "line":
        return [
            Shape(ol.stroke([(-width, y), (0, y + look.between(-0.1, 0.1) * width), (width, y)], thick), dark)
        ]
    if style == "w":
        points = [
            (-width, y - 0.2 * width),
            (-0.5 * width, y + 0.2 * width),
            (0, y - 0.15 * width),
            (0.5 * width, y + 0.2 * width),
            (width, y - 0.2 * width),
        ]
        return [Shape(ol.stroke(points, thick), dark)]
    return [
        Shape(
            ol.stroke([(-width, y - 0.35 * width), (0, y + 0.25 * width), (width, y - 0.35 * width)], thick),
            dark,
        )
    ]


def blush(look: Look, gap: float, y: float, size: float) -> list[Shape]:
    """Red cheeks."""
    colour = mix((240, 90, 90), look.palette.colours[1], 0.2)
    return [
        Shape(ol.ellipse(s * gap, y, size, 0.7 * size), colour, clip=False, opacity=look.between(0.4, 0.95))
        for s in (-1, 1)
    ]


def glasses(look: Look, gap: float, size: float) -> list[Shape]:
    """A pair of rims with a bridge."""
    colour = look.palette.dark if look.chance(0.6) else look.accent.base
    angles = np.linspace(0, 2 * np.pi, 15)
    rims = [
        ol.stroke(np.stack([s * gap + size * np.cos(angles), size * np.sin(angles)], 1), 0.16 * size)
        for s in (-1, 1)
    ]
    bridge = ol.stroke([(-gap + size, 0), (0, -0.15 * size), (gap - size, 0)], 0.16 * size)
    return [Shape(outline, colour) for outline in (*rims, bridge)]


def simple_face(look: Look, radius: float) -> Face:
    """A face drawn straight onto a thing."""
    gap, size = look.between(0.28, 0.62) * radius, look.between(0.1, 0.24) * radius
    style = look.pick("dot", "dot", "ball", "ball", "anime", "closed")
    low = look.between(0.3, 0.6) * radius
    shapes = [*eyes(look, gap, size, style), *mouth(look, low, look.between(0.1, 0.32) * radius)]
    if look.chance(0.3):
        shapes += brows(look, gap, -1.9 * size, size)
    if look.chance(0.4):
        shapes += blush(look, gap + 0.9 * size, 0.6 * low, look.between(0.08, 0.16) * radius)
    if look.chance(0.15):
        shapes.append(
            Shape(
                ol.ellipse(0, 0.5 * low, 0.1 * radius, 0.08 * radius),
                smooth(look.accent, scaled(look.skin.base, 0.7)),
            )
        )
    return Face(tuple(shapes), (), gap, 0.5 * low)


def human_face(look: Look, radius: float, *, realistic: bool) -> Face:
    """Eyes, brows, nose and mouth of a person; `radius` is half the head's width."""
    gap = look.between(0.36, 0.46) * radius
    size = look.between(0.15, 0.19) * radius if realistic else look.between(0.17, 0.32) * radius
    style = "human" if realistic else look.pick("anime", "anime", "dot", "ball", "closed")
    nose_y, mouth_y = look.between(0.4, 0.5) * radius, look.between(0.68, 0.85) * radius
    dark = scaled(look.skin.base, 0.72)
    shapes = [
        *eyes(look, gap, size, style),
        *brows(look, gap, -look.between(1.3, 1.9) * size - 0.06 * radius, 1.15 * size),
    ]
    if realistic:
        shapes.append(
            Shape(
                ol.stroke(
                    [(-0.06 * radius, 0.1 * radius), (-0.1 * radius, nose_y), (0.1 * radius, nose_y)],
                    0.06 * radius,
                ),
                dark,
            )
        )
    elif look.chance(0.6):
        shapes.append(Shape(ol.ellipse(0, nose_y, 0.06 * radius, 0.04 * radius), dark))
    shapes += mouth(look, mouth_y, look.between(0.12, 0.26) * radius)
    if look.chance(0.3):
        shapes += blush(look, 1.35 * gap, 0.45 * radius, 0.16 * radius)
    if look.chance(0.1):
        shapes = [*_beard(look, radius, mouth_y), *shapes]
    if look.chance(0.14):
        shapes += glasses(look, gap, max(0.28 * radius, 1.1 * size))
    return Face(tuple(shapes), (), gap, nose_y)


def _beard(look: Look, radius: float, mouth_y: float) -> list[Shape]:
    """A beard below the mouth, or a moustache above it."""
    if look.chance(0.4):
        points = [(-0.35 * radius, mouth_y), (0, mouth_y - 0.16 * radius), (0.35 * radius, mouth_y)]
        return [Shape(ol.stroke(points, 0.16 * radius), look.hair)]
    long = look.between(0.3, 1.3) * radius
    points = [(-0.8, 0.3), (-0.3, 0.72), (0.3, 0.72), (0.8, 0.3), (0.7, 0.9), (0.0, 1.0), (-0.7, 0.9)]
    outline = ol.closed(
        np.array(points) * (radius, mouth_y / 0.78)
        + np.array([(0, 0)] * 4 + [(0, 0.5 * long), (0, long), (0, 0.5 * long)]),
        4,
    )
    return [Shape(outline, look.hair)]


def muzzle_face(look: Look, radius: float, *, snout: float, kind: str) -> Face:
    """An animal's eyes, and apart from them its muzzle with nose and mouth, which stands out by more.

    Args:
        look: Whose.
        radius: Half the head's width.
        snout: Size of the muzzle, 0.2 to 0.7.
        kind: "muzzle", "beak", "disc" (a pig's) or "wide" (a frog's mouth).
    """
    gap, size = look.between(0.3, 0.52) * radius, look.between(0.09, 0.24) * radius
    upper = eyes(look, gap, size, look.pick("dot", "dot", "ball", "anime", "closed"))
    if look.chance(0.4):
        upper += brows(look, gap, -1.9 * size, size)
    if look.chance(0.12):
        upper += glasses(look, gap, max(0.3 * radius, 1.2 * size))
    y = look.between(0.42, 0.6) * radius
    if kind != "muzzle":
        return Face(tuple(upper), tuple(_other_muzzle(look, radius, y, snout, kind)), gap, y - 0.1 * radius)
    pale = dyed(look.skin, mix(look.skin.base, look.palette.light, look.between(0, 0.8)))
    lower = [
        Shape(ol.ellipse(0, y, snout * radius, snout * look.between(0.65, 0.9) * radius, power=2.3), pale)
    ]
    lower += mouth(look, y + 0.3 * snout * radius, 0.45 * snout * radius)
    nose = look.palette.dark if look.chance(0.7) else (226, 120, 130)
    wide = look.between(0.25, 0.45) * snout * radius
    nose_y = y - 0.3 * snout * radius
    points = [
        (-wide, nose_y - 0.5 * wide),
        (wide, nose_y - 0.5 * wide),
        (0.3 * wide, nose_y + 0.6 * wide),
        (-0.3 * wide, nose_y + 0.6 * wide),
    ]
    lower.append(Shape(ol.closed(points), smooth(look.accent, nose)))
    if look.chance(0.3):
        for s in (-1, 1):
            for k in range(3):
                whisker = [
                    (s * 0.5 * snout * radius, y),
                    (s * (snout + look.between(0.4, 0.9)) * radius, y + (k - 1) * 0.18 * radius),
                ]
                lower.append(
                    Shape(
                        ol.stroke(whisker, 0.02 * radius),
                        look.palette.light if look.chance(0.5) else look.palette.dark,
                    )
                )
    return Face(tuple(upper), tuple(lower), gap, nose_y)


def _other_muzzle(look: Look, radius: float, y: float, snout: float, kind: str) -> list[Shape]:
    """A beak, a pig's snout, or a frog's mouth with nostrils."""
    dark = look.palette.dark
    if kind == "beak":
        wide, tall = look.between(0.25, 0.6) * radius, look.between(0.3, 0.7) * radius
        fill = smooth(look.accent, (240, 160, 40) if look.chance(0.6) else look.accent.base)
        points = [(-wide, y - 0.3 * tall), (0, y - 0.5 * tall), (wide, y - 0.3 * tall), (0, y + 0.6 * tall)]
        line = ol.stroke([(-0.9 * wide, y - 0.2 * tall), (0, y), (0.9 * wide, y - 0.2 * tall)], 0.06 * radius)
        return [Shape(ol.closed(points, 4), fill), Shape(line, dark)]
    holes = [Shape(ol.ellipse(s * 0.14 * radius, y, 0.06 * radius, 0.1 * radius), dark) for s in (-1, 1)]
    if kind == "disc":
        disc = ol.ellipse(0, y, 0.8 * snout * radius, 0.6 * snout * radius)
        pink = smooth(look.accent, mix(look.skin.base, (235, 130, 140), 0.6))
        return [Shape(disc, pink), *holes, *mouth(look, y + 0.8 * snout * radius, 0.3 * radius)]
    return [*holes, *mouth(look, y + 0.25 * radius, look.between(0.5, 0.75) * radius)]
