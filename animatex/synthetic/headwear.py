"""Hair, hoods, hats, headphones and feathers."""

from __future__ import annotations

import numpy as np

from animatex.synthetic import outlines as ol
from animatex.synthetic.look import Look, dyed
from animatex.synthetic.palette import scaled
from animatex.synthetic.puppet import Frame, Plate, Shape

TORSO, HEAD = 1, 2


def hair(look: Look, head: float, wide: float) -> list[Plate]:
    """A hair style around a human head: none to very long, with fringe, buns and tails."""
    if look.chance(0.05):
        return []
    top, fill = -head * look.between(1.02, 1.14), look.hair
    fringe = -head * (look.between(0.22, 0.45) if look.chance(0.08) else look.between(0.55, 0.8))
    room = wide * look.between(1.05, 1.28)
    cap = _fringe(look, top, fringe, room, head)
    plates = [Plate(Frame.HEAD, (Shape(cap, fill),), HEAD, 1.2, z=0.25 * wide)]
    length = look.between(-0.35, 0.2) if look.chance(0.45) else look.between(0.2, 1.9)
    end = length * head
    back_wide = room * look.between(0.95, 1.5)
    knots = [
        (top, 0.5 * room),
        (-0.75 * head, 1.02 * room),
        (-0.3 * head, room),
        (end * 0.6 - 0.05 * head, back_wide),
        (end, back_wide * look.between(0.4, 1.0)),
    ]
    if end < -0.2 * head:
        knots = [(top, 0.5 * room), (-0.75 * head, 1.0 * room), (end, room * 0.95)]
    back = Shape(ol.profile(knots), dyed(fill, scaled(fill.base, 0.82)))
    plates.append(
        Plate(
            Frame.HEAD,
            (back,),
            HEAD,
            0.9 if end < 0.05 * head else -0.3,
            z=-0.3 * wide,
            swing=0.15 * max(length, 0),
        )
    )
    if length > -0.1 and look.chance(0.5):
        for s in (-1, 1):
            lock = ol.stroke(
                [
                    (s * 0.85 * room, -0.8 * head),
                    (s * 1.02 * room, -0.35 * head),
                    (s * 0.95 * room, min(end, 0.5 * head)),
                ],
                0.3 * wide,
                taper=0.3,
            )
            plates.append(Plate(Frame.HEAD, (Shape(lock, fill),), HEAD, 1.15, z=0.1 * wide))
    kind = look.rng.random()
    if kind < 0.1:
        plates.append(
            Plate(Frame.HEAD, (Shape(ol.ellipse(0, top, 0.45 * wide, 0.42 * wide), fill),), HEAD, 0.95)
        )
    elif kind < 0.24:
        drop = look.between(0.4, 1.6) * head
        for s in (-1, 1):
            tail = ol.stroke(
                [(0, 0), (s * 0.5 * wide, 0.25 * drop), (s * look.between(0.2, 0.7) * wide, drop)],
                0.5 * wide,
                taper=0.3,
            )
            plates.append(
                Plate(Frame.HEAD, (Shape(tail, fill),), HEAD, 0.92, at=(s * room, -0.75 * head), swing=0.8)
            )
    return plates


def _fringe(look: Look, top: float, fringe: float, room: float, head: float) -> np.ndarray:
    """Outline of the hair over the brow, smooth or in strands."""
    side_y = -head * look.between(0.4, 0.62)
    arch = [
        (-room, side_y),
        (-room, -0.75 * head),
        (-0.6 * room, top * 0.97),
        (0, top),
        (0.6 * room, top * 0.97),
        (room, -0.75 * head),
        (room, side_y),
    ]
    part = look.between(-0.5, 0.5) * room
    strands = int(look.rng.integers(2, 7))
    jag = look.between(0, 0.16) * head
    lower = []
    for i, x in enumerate(np.linspace(0.86 * room, -0.86 * room, strands * 2 + 1)):
        lift = 0.1 * head * np.cos((x - part) / room * 1.5)
        lower.append((float(x), float(fringe - lift + (jag if i % 2 else -jag))))
    return ol.closed(np.array([*arch, *lower]), 4)


def hood(look: Look, head: float, wide: float, room: float) -> list[Plate]:
    """A hood, a helmet or a bonnet that frames the face; covers the skull and all hair."""
    fill = look.top if look.chance(0.6) else look.accent
    outer = ol.ellipse(0, -0.5 * head, room * wide, 0.58 * head, power=look.between(2, 2.6))
    inner = ol.ellipse(
        0, -0.42 * head, look.between(0.74, 0.9) * wide, look.between(0.4, 0.46) * head, power=2.3
    )
    rim = ol.ellipse(0, -0.42 * head, 0.98 * wide, 0.49 * head, power=2.3)
    shapes = [
        Shape(outer, fill),
        Shape(rim, look.shoe if look.chance(0.5) else fill),
        Shape(inner, look.skin),
    ]
    if look.chance(0.3):
        shapes.append(Shape(ol.ellipse(0, -1.0 * head, 0.16 * wide, 0.12 * wide), look.accent))
    if look.chance(0.3):
        shapes = [
            *(
                Shape(ol.ellipse(x * room * wide, -0.45 * head, 0.14 * wide, 0.2 * head, power=3), look.shoe)
                for x in (-1, 1)
            ),
            *shapes,
        ]
    return [Plate(Frame.HEAD, tuple(shapes), HEAD, 1.05)]


def headset(look: Look, head: float, wide: float) -> list[Plate]:
    """Now and then headphones, or a band round the head."""
    kind = look.rng.random()
    if kind < 0.04:
        arch = ol.stroke(
            [
                (-1.08 * wide, -0.45 * head),
                (-0.85 * wide, -0.95 * head),
                (0, -1.12 * head),
                (0.85 * wide, -0.95 * head),
                (1.08 * wide, -0.45 * head),
            ],
            0.14 * wide,
        )
        cups = [ol.ellipse(x * 1.08 * wide, -0.42 * head, 0.2 * wide, 0.15 * head, power=3) for x in (-1, 1)]
        return [Plate(Frame.HEAD, tuple(Shape(o, look.accent) for o in (arch, *cups)), HEAD, 1.25)]
    if kind < 0.07:
        band = ol.stroke(
            [(-1.02 * wide, -0.66 * head), (0, -0.72 * head), (1.02 * wide, -0.66 * head)], 0.2 * wide
        )
        return [Plate(Frame.HEAD, (Shape(band, look.accent),), HEAD, 1.22)]
    return []


def hat(look: Look, head: float, wide: float) -> list[Plate]:
    """Now and then a hat, a hood, a crown, a feather or a bow on top."""
    kind = look.rng.random()
    top = -0.98 * head
    if kind < 0.05:
        shapes = [
            Shape(
                ol.profile([(top - 0.55 * head, 0.75 * wide), (top + 0.2 * head, 0.95 * wide)], flat=True),
                look.accent,
            ),
            Shape(ol.ellipse(0, top + 0.2 * head, look.between(1.3, 2.0) * wide, 0.1 * head), look.accent),
        ]
    elif kind < 0.1:
        shapes = [
            Shape(
                ol.profile(
                    [(top - 0.16 * head, 0.4 * wide), (top, 0.95 * wide), (top + 0.3 * head, 1.15 * wide)],
                    flat=True,
                ),
                look.accent,
            ),
            Shape(ol.ellipse(0.3 * wide, top + 0.32 * head, 1.0 * wide, 0.06 * head), look.shoe),
        ]
    elif kind < 0.14:
        shapes = [
            Shape(
                ol.closed(
                    [
                        (-1.1 * wide, top + 0.25 * head),
                        (-0.3 * wide, top - 0.5 * head),
                        (look.between(-0.5, 0.8) * wide, top - 0.9 * head),
                        (0.35 * wide, top - 0.4 * head),
                        (1.1 * wide, top + 0.25 * head),
                    ]
                ),
                look.accent,
            )
        ]
    elif kind < 0.17:
        points = [(-0.8, 0.15), (-0.9, -0.4), (-0.4, -0.1), (0, -0.5), (0.4, -0.1), (0.9, -0.4), (0.8, 0.15)]
        shapes = [Shape(np.array(points) * (wide, 0.8 * wide) + (0, top + 0.05 * head), look.accent)]
    elif kind < 0.21:
        shapes = [
            Shape(ol.leaf(s * 0.02, top + 0.1 * head, 0.6 * wide, 0.9 * wide, s * 1.35), look.accent)
            for s in (-1, 1)
        ]
    elif kind < 0.24:
        shapes = [
            Shape(
                ol.leaf(
                    0, top + 0.1 * head, look.between(0.5, 1.1) * head, 0.3 * wide, look.between(-0.8, 0.8)
                ),
                look.accent,
            )
        ]
    elif kind < 0.28:
        shapes = [
            Shape(
                ol.profile(
                    [
                        (top - 0.12 * head, 0.3 * wide),
                        (top + 0.05 * head, 0.95 * wide),
                        (top + 0.3 * head, 1.12 * wide),
                    ]
                ),
                look.accent,
            ),
            Shape(ol.ellipse(0, top - 0.16 * head, 0.22 * wide, 0.22 * wide), look.shoe),
        ]
    elif kind < 0.34:
        shapes = _feather(look, top, head, wide)
    else:
        return []
    return [Plate(Frame.HEAD, tuple(shapes), HEAD, 1.3, z=0.1 * wide)]


def _feather(look: Look, top: float, head: float, wide: float) -> list[Shape]:
    """A feather, or a single standing lock of hair."""
    lean, long = look.between(-0.9, 0.9), look.between(0.3, 1.0) * head
    fill = look.hair if look.chance(0.5) else look.accent
    root = (look.between(-0.4, 0.4) * wide, top + 0.08 * head)
    if look.chance(0.4):
        tip = (root[0] + lean * long, root[1] - long * look.between(0.5, 1))
        bow = (root[0] + look.between(-0.3, 0.3) * long, root[1] - 0.6 * long)
        return [Shape(ol.stroke([root, bow, tip], 0.14 * wide, taper=0.15), fill)]
    blade = ol.wobbled(look.rng, ol.leaf(0, 0, long, 0.35 * long, lean), 0.06) + root
    return [Shape(blade, fill)]
