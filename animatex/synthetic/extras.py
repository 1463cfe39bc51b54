"""Scarves, capes, wings, tails, bags and things to hold."""

from __future__ import annotations

import numpy as np

from animatex.synthetic import outlines as ol
from animatex.synthetic.look import Look
from animatex.synthetic.puppet import Body, Frame, Plate, Shape

TORSO, HEAD = 1, 2


def neckwear(look: Look, body: Body, girth: float) -> list[Plate]:
    """A scarf, a tie or a bow."""
    kind, t, s = look.rng.random(), body.torso, body.shoulder
    if kind < 0.07:
        shapes = [
            Shape(ol.ellipse(0, -t, 0.62 * s, 0.12 * t, power=2.6), look.accent),
            Shape(
                ol.stroke([(0.3 * s, -t), (0.38 * s, -0.75 * t), (0.3 * s, -0.4 * t)], 0.26 * s), look.accent
            ),
        ]
    elif kind < 0.12:
        shapes = [
            Shape(
                np.array(
                    [
                        (-0.08 * s, -0.98 * t),
                        (0.08 * s, -0.98 * t),
                        (0.16 * s, -0.4 * t),
                        (0, -0.3 * t),
                        (-0.16 * s, -0.4 * t),
                    ]
                ),
                look.accent,
            )
        ]
    elif kind < 0.17:
        shapes = [
            Shape(ol.leaf(0, -0.93 * t, 0.45 * s, 0.5 * s, sign * 1.5), look.accent) for sign in (-1, 1)
        ]
    else:
        return []
    return [Plate(Frame.TORSO, tuple(shapes), TORSO, 0.6, z=0.5 * girth)]


def back_things(look: Look, body: Body, girth: float) -> list[Plate]:
    """A cape, wings or a backpack."""
    kind, t, s = look.rng.random(), body.torso, body.shoulder
    legs = body.thigh + body.calf
    if kind < 0.07:
        wide, low = s * look.between(1.2, 2.0), legs * look.between(0.1, 0.85)
        cape = ol.profile([(-1.02 * t, 0.6 * s), (-0.85 * t, 1.1 * s), (low, wide)], flat=True)
        return [Plate(Frame.TORSO, (Shape(cape, look.accent),), TORSO, -3.0, swing=0.6)]
    if kind < 0.12:
        return wings(look, t, girth)
    if kind < 0.18:
        pack = ol.ellipse(0, -0.55 * t, 1.25 * girth, 0.45 * t, power=3.5)
        straps = [
            Shape(ol.stroke([(x * 0.6 * s, -1.02 * t), (x * 0.62 * s, -0.5 * t)], 0.14 * s), look.accent)
            for x in (-1, 1)
        ]
        return [
            Plate(Frame.TORSO, (Shape(pack, look.accent),), TORSO, -3.0, z=-girth),
            Plate(Frame.TORSO, tuple(straps), TORSO, 0.5, z=0.4 * girth),
        ]
    return []


def wings(look: Look, torso: float, girth: float) -> list[Plate]:
    """A pair of wings on the back: feathered, leathery or an insect's."""
    span, drop = torso * look.between(0.7, 1.8), torso * look.between(0.2, 1.0)
    kind = look.pick("feather", "bat", "insect")
    plates = []
    for sign in (-1, 1):
        if kind == "insect":
            outlines = [
                ol.leaf(0, 0, span, 0.5 * span, sign * 0.9),
                ol.leaf(0, 0, 0.7 * span, 0.4 * span, sign * 1.9),
            ]
        else:
            points = np.array(
                [
                    (0, 0),
                    (0.35, -0.5),
                    (1.0, -0.55),
                    (0.85, -0.1),
                    (0.7, 0.1),
                    (0.5, 0.25),
                    (0.3, 0.4),
                    (0.05, 0.35),
                ]
            )
            points = points * (sign * span, 0.6 * span + 0.4 * drop)
            outlines = [ol.closed(points, 4) if kind == "feather" else points]
        fill = look.accent if look.chance(0.7) else look.hair
        shapes = tuple(Shape(o, fill, opacity=0.85 if kind == "insect" else 1.0) for o in outlines)
        plates.append(
            Plate(
                Frame.TORSO,
                shapes,
                TORSO,
                -3.2,
                at=(sign * 0.3 * girth, -0.75 * torso),
                z=-0.6 * girth,
                swing=-sign * 0.5,
            )
        )
    return plates


def tail(look: Look, body: Body, girth: float) -> list[Plate]:
    """An animal's tail, seen beside the body."""
    sign = -1 if look.chance(0.5) else 1
    size = body.torso * look.between(0.4, 1.2)
    style = look.pick("curl", "bush", "thin", "stub")
    at = (sign * 0.45 * girth, -0.05 * body.torso)
    if style == "stub":
        shapes = [Shape(ol.ellipse(sign * 0.7 * girth, 0, 0.4 * girth, 0.4 * girth), look.skin)]
    else:
        width = {"curl": 0.2, "bush": 0.5, "thin": 0.1}[style] * size
        lift = look.between(-1.2, 0.4)
        path = [
            (0, 0),
            (sign * 0.6 * size, 0.15 * size),
            (sign * 0.95 * size, 0.5 * lift * size),
            (sign * look.between(0.6, 1.2) * size, lift * size),
        ]
        shapes = [Shape(ol.stroke(path, width, taper=look.between(0.4, 1.5)), look.skin)]
    return [
        Plate(Frame.PELVIS, tuple(shapes), TORSO, -3.1, at=at, z=-0.5 * girth, swing=look.between(0.5, 1.5))
    ]


def held_thing(look: Look, body: Body, chance: float = 0.09) -> list[Plate]:
    """Something in one hand: a staff, a cup, a flower, a book, a ball, a sword."""
    if not look.chance(chance) or not all(body.arms):
        return []
    side = int(look.rng.integers(2))
    unit = body.upper_arm + body.forearm
    kind = look.pick("staff", "cup", "flower", "book", "ball", "wand")
    hand_y = 0.06 * unit
    if kind == "staff":
        shapes = [
            Shape(ol.stroke([(-0.9 * unit, hand_y), (0.9 * unit, hand_y)], 0.05 * unit), look.accent),
            Shape(ol.ellipse(-0.9 * unit, hand_y, 0.12 * unit, 0.12 * unit), look.shoe),
        ]
    elif kind == "cup":
        shapes = [
            Shape(ol.profile([(-0.1 * unit, 0.13 * unit), (0.25 * unit, 0.1 * unit)], flat=True), look.accent)
        ]
    elif kind == "flower":
        shapes = [
            Shape(ol.stroke([(0, 0), (0, 0.5 * unit)], 0.03 * unit), (70, 130, 60)),
            Shape(ol.star(0, 0.5 * unit, 0.16 * unit, 7, 0.4), look.accent),
            Shape(ol.ellipse(0, 0.5 * unit, 0.06 * unit, 0.06 * unit), look.shoe),
        ]
    elif kind == "book":
        shapes = [Shape(ol.box(-0.2 * unit, -0.05 * unit, 0.2 * unit, 0.4 * unit, 0.02 * unit), look.accent)]
    elif kind == "ball":
        shapes = [Shape(ol.ellipse(0, 0.25 * unit, 0.2 * unit, 0.2 * unit), look.accent)]
    else:
        shapes = [Shape(ol.stroke([(0, -0.1 * unit), (0, 0.9 * unit)], 0.05 * unit, taper=0.5), look.accent)]
    return [Plate(Frame(3 + side), tuple(shapes), 4 + 2 * side, 2.05 + 0.3 * side)]
