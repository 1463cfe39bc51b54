"""Arms, legs, hands and feet."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from animatex.synthetic import outlines as ol
from animatex.synthetic.look import Look
from animatex.synthetic.puppet import Body, Frame, Limb, Plate, Shape
from animatex.synthetic.surface import Material


@dataclass(frozen=True, slots=True)
class LimbStyle:
    """How both arms, or both legs, are built.

    Attributes:
        radii: Half width at root, middle and end, units.
        fill: The limb itself.
        sleeve: What covers it, if anything.
        sleeve_end: Share of the limb that the sleeve covers.
        sleeve_room: How much wider the sleeve is than the limb.
        flare: How much wider still at its end.
        cuff: Material of a band at the sleeve's end, if any.
        boot: What covers the end (gloves, boots, socks), if anything.
        boot_start: Where it begins, share of the limb.
        depth: Drawing depth.
        merged: Whether its root fades into the body.
        end: Shape of hand or foot.
        end_fill: Its material.
        end_size: Its half width, units.
    """

    radii: tuple[float, float, float]
    fill: Material
    sleeve: Material | None
    sleeve_end: float
    sleeve_room: float
    flare: float
    cuff: Material | None
    boot: Material | None
    boot_start: float
    depth: float
    merged: bool
    end: str
    end_fill: Material
    end_size: float


def build_limb(
    look: Look, body: Body, style: LimbStyle, *, arm: bool, side: int
) -> tuple[list[Limb], list[Plate]]:
    """One limb with its hand or foot."""
    upper, lower = (body.upper_arm, body.forearm) if arm else (body.thigh, body.calf)
    length = upper + lower
    r0, r1, r2 = style.radii
    knots = [
        (-0.85 * r0, 0.35 * r0),
        (-0.5 * r0, 0.8 * r0),
        (0.1 * r0, r0),
        (upper * 0.6, r0 * 0.45 + r1 * 0.55),
        (upper, r1),
        (upper + 0.35 * lower, r1 * 0.62 + r2 * 0.38),
        (length, r2),
        (length + 0.5 * r2, 0.6 * r2),
    ]
    longer = [(-2.2 * r0, 0.95 * r0), *knots[2:]]
    opened = ol.profile(longer) if style.merged else None
    shapes = [Shape(ol.profile(knots), style.fill, shaded_as=opened)]
    if style.boot is not None:
        shapes.append(
            Shape(_tube(knots, style.boot_start * length, length + 0.5 * r2, 1.12, 1.1), style.boot)
        )
    if style.sleeve is not None:
        end = style.sleeve_end * length
        room = 1 + style.sleeve_room
        tube = _tube(knots, -0.8 * r0, end, room, room * (1 + style.flare))
        opened = _tube(longer, -2.2 * r0, end, room, room * (1 + style.flare)) if style.merged else None
        shapes.append(Shape(tube, style.sleeve, shaded_as=opened))
        if style.cuff is not None:
            wide = room * (1 + style.flare) * 1.06
            shapes.append(
                Shape(_tube(knots, end - 0.045 * length, end + 0.02 * length, wide, wide), style.cuff)
            )
    bend = body.arm_bend if arm else body.leg_bend
    limb = Limb(
        arm,
        side,
        tuple(shapes),
        max(r0, r1) * (1 + style.sleeve_room),
        bend,
        style.depth + 0.3 * side * arm,
        style.merged,
    )
    frame = Frame((3 if arm else 5) + side)
    paint = _hand if arm else _foot
    end_shapes = paint(look, style, 1 if side else -1, body.foot)
    over = 0.1 if style.boot is None else -0.02
    plate = Plate(frame, tuple(end_shapes), limb.labels[1], limb.depth + over)
    return [limb], [plate] if end_shapes else []


def _tube(knots: ol.Knots, start: float, end: float, wide: float, wide_end: float) -> np.ndarray:
    """Sleeve around a limb from `start` to `end`, cut straight at its lower end."""
    y, w = np.array(knots).T
    inside = [float(v) for v in y if start + 1e-6 < v < end - 1e-6]
    at = np.array([start, *inside, end])
    share = (at - start) / max(end - start, 1e-6)
    half = np.interp(at, y, w) * (wide + (wide_end - wide) * share**2)
    return ol.profile(list(zip(at.tolist(), half.tolist(), strict=True)), flat=True)


def _hand(look: Look, style: LimbStyle, sign: int, foot: float) -> list[Shape]:
    r, fill = style.end_size, style.end_fill
    if style.end == "none":
        return []
    if style.end == "ball":
        return [Shape(ol.ellipse(0, 0.55 * r, r, r), fill)]
    if style.end == "paw":
        paw = Shape(ol.profile([(-0.5 * r, 0.75 * r), (0.5 * r, 1.05 * r), (1.4 * r, 0.8 * r)]), fill)
        return [
            paw,
            *(
                Shape(ol.stroke([(x * r, 0.9 * r), (x * r, 1.45 * r)], 0.12 * r), look.palette.dark)
                for x in (-0.3, 0.3)
            ),
        ]
    if style.end == "mitten":
        thumb = ol.stroke(
            [(0, 0.3 * r), (-sign * 0.8 * r, 0.6 * r), (-sign * 1.1 * r, 1.2 * r)], 0.55 * r, taper=0.7
        )
        palm = ol.profile([(-0.5 * r, 0.6 * r), (0.6 * r, 0.9 * r), (1.9 * r, 0.6 * r)])
        return [Shape(thumb, fill), Shape(palm, fill)]
    spread = look.between(0.05, 0.35)
    fingers = 3 if style.end == "cartoon" else 4
    shapes = [
        Shape(
            ol.stroke(
                [(0, 0.3 * r), (-sign * 0.85 * r, 0.5 * r), (-sign * (0.9 + spread) * r, 1.2 * r)], 0.42 * r
            ),
            fill,
        )
    ]
    for x in np.linspace(-0.6, 0.6, fingers):
        tip = (x * (1 + 1.4 * spread) * r, (2.15 - 0.5 * abs(x)) * r)
        shapes.append(Shape(ol.stroke([(x * r, 0.6 * r), tip], 1.5 * r / fingers, taper=0.75), fill))
    palm = ol.profile([(-0.5 * r, 0.55 * r), (0.4 * r, 0.85 * r), (1.25 * r, 0.8 * r)])
    return [*shapes, Shape(palm, fill)]


def _foot(look: Look, style: LimbStyle, sign: int, foot: float) -> list[Shape]:
    """A foot seen from the front, toes a little outwards; its sole is at y = `foot`."""
    r, fill = style.end_size, style.end_fill
    if style.end == "none":
        return []
    out = min(r * (look.between(1.2, 2.4) if style.end == "side" else look.between(0.05, 0.7)), 0.07)
    high = foot * look.between(0.1, 0.55)
    points = np.array(
        [
            (-0.8 * r, -0.5 * r),
            (0.75 * r, -0.5 * r),
            (r + 0.45 * out, high),
            (r + out, 0.62 * foot),
            (r + 0.75 * out, foot),
            (0.2 * out, 1.02 * foot),
            (-0.85 * r, foot),
            (-1.05 * r, 0.6 * foot),
            (-0.9 * r, 0.0),
        ]
    )
    points[:, 0] *= sign
    shapes = [Shape(ol.closed(points), fill)]
    if style.end == "shoe":
        shapes += _shoe_details(look, r, out, foot, sign)
    if style.end == "paw":
        for x in (-0.3, 0.25, 0.8):
            toe = ol.stroke([(sign * x * r, 0.6 * foot), (sign * (x + 0.06) * r, foot)], 0.1 * r)
            shapes.append(Shape(toe, look.palette.dark, clip=True, opacity=0.8))
    return shapes


def _shoe_details(look: Look, r: float, out: float, foot: float, sign: int) -> list[Shape]:
    shapes: list[Shape] = []
    if look.chance(0.5):
        sole = ol.box(-1.6 * r - out, 0.84 * foot, 1.6 * r + out, foot * 1.2)
        shapes.append(Shape(sole, look.palette.light if look.chance(0.5) else look.palette.dark, clip=True))
    if look.chance(0.3):
        cap = ol.ellipse(sign * (0.7 * r + 0.6 * out), 0.8 * foot, 0.8 * r, 0.4 * foot)
        shapes.append(Shape(cap, look.accent.base, clip=True))
    return shapes
