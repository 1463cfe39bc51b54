"""People of all builds, and what they wear."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from animatex.synthetic import outlines as ol
from animatex.synthetic.extras import back_things, held_thing, neckwear
from animatex.synthetic.faces import Face, human_face
from animatex.synthetic.headwear import hair, hat, headset, hood
from animatex.synthetic.limbs import LimbStyle, build_limb
from animatex.synthetic.look import Look, sample_look
from animatex.synthetic.puppet import Body, Character, Frame, Plate, Shape
from animatex.synthetic.surface import Material

TORSO, HEAD = 1, 2


def human(rng: np.random.Generator) -> Character:
    """Draw a person, from lifelike to chibi."""
    look = sample_look(rng, hide="skin")
    style = look.rng.choice(3, p=(0.42, 0.33, 0.25))
    heads = (look.between(6.2, 8), look.between(4.8, 6.4), look.between(2.4, 4.4))[style]
    head = 1 / heads
    wide = head * look.between(0.34, 0.42) * (1 + 0.12 * (style == 2))
    body, girth = _proportions(look, head, wide)
    face = human_face(look, wide, realistic=style == 0)
    eye_y = -head * look.between(0.42, 0.5)
    body = replace(
        body,
        nose=(0.0, eye_y + face.nose, 1.0 * wide),
        eyes=(face.gap, eye_y, 0.85 * wide),
        ears=(0.98 * wide, eye_y + 0.12 * wide, 0.0),
    )
    outfit = sample_outfit(look)
    plates = [*torso_plates(look, body, girth, outfit), *_head(look, head, wide, eye_y, face)]
    plates += neckwear(look, body, girth) + back_things(look, body, girth) + held_thing(look, body)
    limbs = []
    for limb_arm in (True, False):
        limb_style = (_arm_style if limb_arm else _leg_style)(look, body, girth, outfit)
        for side in range(2):
            cut, ends = build_limb(look, body, limb_style, arm=limb_arm, side=side)
            limbs += cut
            plates += ends
    age = ("person", "young person", "small cartoon person")[style]
    shade = look.between(0, 0.6)
    return Character(
        "human", f"a {age} in {outfit.kind}", body, tuple(plates), tuple(limbs), shade, look.palette
    )


def driver_body(rng: np.random.Generator) -> Body:
    """Skeleton of a person of any build, with a face where faces are."""
    look = sample_look(rng, hide="skin")
    head = 1 / look.between(5.5, 8)
    wide = 0.38 * head
    body, _ = _proportions(look, head, wide)
    return replace(
        body,
        nose=(0, -0.3 * head, wide),
        eyes=(0.4 * wide, -0.46 * head, 0.85 * wide),
        ears=(wide, -0.42 * head, 0),
    )


@dataclass(frozen=True, slots=True)
class Outfit:
    """What is worn below the waist, and how.

    Attributes:
        kind: "trousers", "shorts", "suit", "dress", "skirt", "coat" or "fur" for nothing.
        lower: Material from the waist down.
        tucked: Whether the upper part ends at the waist, else it hangs over.
        covered: Whether the thighs are covered by `lower`.
    """

    kind: str
    lower: Material
    tucked: bool
    covered: bool

    @property
    def flows(self) -> bool:
        """Whether trunk and legs are one piece of cloth, with no seam at the hips."""
        return self.covered and self.tucked and self.kind not in ("dress", "skirt", "coat")


def sample_outfit(look: Look) -> Outfit:
    """Draw what to wear."""
    kind = look.pick("trousers", "trousers", "trousers", "dress", "skirt", "coat", "shorts", "suit")
    one_piece = kind in ("dress", "coat", "suit") or look.chance(0.1)
    covered = kind in ("trousers", "suit", "coat", "shorts") or look.chance(0.2)
    return Outfit(kind, look.top if one_piece else look.bottom, one_piece or look.chance(0.65), covered)


def _proportions(look: Look, head: float, wide: float) -> tuple[Body, float]:
    rest = 1 - head
    neck = head * look.between(0.02, 0.3)
    legs = (rest - neck) * look.between(0.52, 0.64)
    torso = rest - neck - legs
    foot = 0.05 * legs + 0.012
    thigh = (legs - foot) * look.between(0.46, 0.54)
    arms = torso * look.between(0.95, 1.3)
    shoulder = max(torso * look.between(0.3, 0.46), 0.6 * wide)
    hip = shoulder * look.between(0.42, 0.6)
    girth = shoulder * look.between(0.62, 1.05)
    if look.chance(0.12):
        girth *= look.between(1.1, 1.5)
    body = Body(
        torso=torso,
        shoulder=shoulder,
        hip=hip,
        hip_drop=0.04 * torso,
        upper_arm=arms * 0.53,
        forearm=arms * 0.47,
        thigh=thigh,
        calf=legs - foot - thigh - 0.04 * torso,
        foot=foot,
        base=0.2 * torso,
        neck=neck,
        nose=(0, 0, 0),
        eyes=(0, 0, 0),
        ears=(0, 0, 0),
        arm_bend=look.between(0.15, 0.4),
        leg_bend=look.between(0.15, 0.4),
    )
    return body, girth


def torso_plates(look: Look, body: Body, girth: float, outfit: Outfit) -> list[Plate]:
    """Trunk, neck, and what is worn around them."""
    t, s = body.torso, body.shoulder
    waist = girth * look.between(0.72, 1.0)
    hips = max(girth * look.between(0.85, 1.12), body.hip * 1.45)
    neck_half = min(0.3 * s, 0.9 * s) * look.between(0.8, 1.3)
    shoulder_r = 0.1 * t
    hem = look.between(0.08, 0.22) * t
    bottom = (
        [(0.1 * t, hips * 0.75), (0.15 * t, 0.25 * hips)]
        if outfit.tucked
        else [(hem, hips * 1.02), (hem + 0.02 * t, hips)]
    )
    trunk = ol.profile(
        [
            (-t - 1.2 * shoulder_r, neck_half * 1.1),
            (-t - 0.85 * shoulder_r, 0.66 * s),
            (-t - 0.2 * shoulder_r, s + 0.2 * shoulder_r),
            (-t + 0.9 * shoulder_r, s + 0.3 * shoulder_r),
            (-0.72 * t, max(girth, 0.86 * s)),
            (-0.36 * t, waist),
            (-0.04 * t, hips),
            *bottom,
        ]
    )
    if body.neck > 0.002 or look.chance(0.5):
        neck = ol.profile(
            [(-t - body.neck - 0.3 * neck_half, neck_half), (-t + 0.1 * t, neck_half * 1.25)], flat=True
        )
        neck_shapes = [Shape(neck, look.skin)]
    else:
        neck_shapes = []
    shapes = [*neck_shapes, Shape(trunk, look.top)]
    waist_y = -look.between(0.1, 0.36) * t
    if outfit.tucked and outfit.lower != look.top:
        shapes.append(Shape(ol.box(-hips * 1.5, waist_y, hips * 1.5, 0.3 * t), outfit.lower, clip=True))
    shapes += _front(look, body, girth, waist_y)
    plates = [Plate(Frame.TORSO, tuple(shapes), TORSO, 0.0)]
    if outfit.kind in ("dress", "skirt", "coat"):
        plates.append(
            _skirt(look, body, waist * 1.02, hips, min(waist_y, -0.12 * t), outfit.kind, outfit.lower)
        )
    return plates


def _front(look: Look, body: Body, girth: float, waist_y: float) -> list[Shape]:
    """Collars, buttons, belts, bibs, jackets and prints."""
    t, s = body.torso, body.shoulder
    shapes: list[Shape] = []
    if look.chance(0.35):
        deep = look.between(0.06, 0.3) * t
        shapes.append(
            Shape(
                np.array([(-0.38 * s, -1.2 * t), (0.38 * s, -1.2 * t), (0, -t + deep)]), look.skin, clip=True
            )
        )
    if look.chance(0.25):
        gap = look.between(0.15, 0.5) * s
        shapes.append(Shape(ol.box(-gap, -1.1 * t, gap, look.between(-0.2, 0.1) * t), look.accent, clip=True))
    if look.chance(0.3):
        x = 0.0 if look.chance(0.7) else 0.3 * s
        for y in np.linspace(-0.85 * t, -0.2 * t, int(look.rng.integers(3, 6))):
            shapes.append(Shape(ol.ellipse(x, y, 0.035 * t, 0.035 * t), look.accent.base, clip=True))
    if look.chance(0.35):
        shapes.append(
            Shape(ol.box(-2 * s, waist_y - 0.035 * t, 2 * s, waist_y + 0.035 * t), look.shoe, clip=True)
        )
    if look.chance(0.2):
        shapes.append(
            Shape(
                ol.ellipse(0, -0.58 * t, 0.35 * s, 0.3 * s, power=look.between(2, 5)), look.accent, clip=True
            )
        )
    if look.chance(0.15):
        frill = ol.star(0, -t, look.between(0.4, 0.62) * s, int(look.rng.integers(7, 13)), 0.14) * (
            1,
            0.5,
        ) + (0, -0.48 * t)
        shapes.append(Shape(frill, look.palette.light if look.chance(0.5) else look.accent))
    if look.chance(0.12):
        for sign in (-1, 1):
            shapes.append(
                Shape(
                    ol.stroke([(sign * 0.5 * s, -1.1 * t), (sign * 0.42 * s, waist_y)], 0.16 * s),
                    look.bottom,
                    clip=True,
                )
            )
        shapes.append(
            Shape(ol.box(-0.5 * s, -0.62 * t, 0.5 * s, waist_y + 0.02, 0.05 * s), look.bottom, clip=True)
        )
    return shapes


def _skirt(
    look: Look, body: Body, waist: float, hips: float, top: float, outfit: str, fill: Material
) -> Plate:
    legs = body.thigh + body.calf
    length = legs * (look.between(0.25, 0.95) if outfit != "coat" else look.between(0.3, 0.75))
    if outfit != "coat" and look.chance(0.3):
        length = legs * look.between(0.85, 1.03)
    wide = hips * (look.between(1.15, 2.3) if outfit != "coat" else look.between(1.05, 1.4))
    bulge = look.between(0, 0.5)
    middle = hips * (1 - bulge) + wide * bulge
    knots = [
        (top, waist),
        (0.02, max(middle * 0.9, hips)),
        (length * 0.55, middle * 0.3 + wide * 0.7),
        (length, wide),
    ]
    shapes = [Shape(ol.profile(knots, flat=True, sag=wide * look.between(0, 0.22)), fill)]
    if look.chance(0.3):
        hem = np.array([(-2, 0.88), (0, 0.94), (2, 0.88), (2, 1.5), (-2, 1.5)]) * (wide, length)
        shapes.append(Shape(hem, look.accent, clip=True))
    if outfit != "coat" and look.chance(0.2):
        apron = ol.profile(
            [(top, 0.5 * waist), (0.3 * length, 0.5 * wide), (0.8 * length, 0.55 * wide)],
            sag=0.1 * wide,
            flat=True,
        )
        shapes.append(Shape(apron, look.accent))
    if outfit == "coat":
        shapes.append(
            Shape(
                ol.profile([(top, 0.02 * wide), (length * 1.05, 0.25 * wide)], flat=True),
                look.bottom,
                clip=True,
            )
        )
    if look.chance(0.5):
        dark = look.palette.dark
        for x in np.linspace(-0.7, 0.7, int(look.rng.integers(3, 7))):
            shapes.append(
                Shape(
                    ol.stroke([(x * waist, 0.1 * length), (x * wide, length * 1.02)], 0.025 * wide, taper=2),
                    dark,
                    clip=True,
                    opacity=0.25,
                )
            )
    return Plate(Frame.PELVIS, tuple(shapes), TORSO, 0.3, swing=look.between(0.2, 0.8), flare=0.8)


def _head(look: Look, head: float, wide: float, eye_y: float, face: Face) -> list[Plate]:
    jaw = look.between(0.3, 0.62)
    skull = ol.profile(
        [
            (-head, 0.45 * wide),
            (-0.9 * head, 0.8 * wide),
            (-0.55 * head, wide),
            (-0.22 * head, 0.88 * wide),
            (-0.02 * head, jaw * wide),
            (0.03 * head, 0.2 * wide),
        ]
    )
    ear = [
        Shape(ol.ellipse(s * wide, eye_y + 0.12 * wide, 0.16 * wide, 0.26 * wide), look.skin) for s in (-1, 1)
    ]
    plates = [
        Plate(Frame.HEAD, (*ear, Shape(skull, look.skin)), HEAD, 1.0),
        Plate(Frame.HEAD, face.shapes, HEAD, 1.1, at=(0.0, eye_y), z=0.85 * wide),
    ]
    if look.chance(0.1):
        return [*plates, *hood(look, head, wide, 1.25)]
    return [*plates, *hair(look, head, wide), *hat(look, head, wide), *headset(look, head, wide)]


def _arm_style(look: Look, body: Body, girth: float, outfit: Outfit) -> LimbStyle:
    r0 = body.torso * look.between(0.08, 0.135)
    radii = (r0, r0 * look.between(0.7, 0.9), r0 * look.between(0.48, 0.68))
    sleeve_kind = look.pick("long", "long", "long", "short", "wide", "none", "puff")
    end = {
        "long": 0.97,
        "short": look.between(0.2, 0.5),
        "wide": look.between(0.7, 1.0),
        "none": 0,
        "puff": look.between(0.25, 0.97),
    }[sleeve_kind]
    gloved = look.chance(0.18)
    return LimbStyle(
        radii=radii,
        fill=look.skin,
        sleeve=None if sleeve_kind == "none" else look.top,
        sleeve_end=end,
        sleeve_room={"puff": look.between(0.4, 0.9)}.get(sleeve_kind, look.between(0.08, 0.4)),
        flare={"wide": look.between(0.5, 2.0), "puff": -0.3}.get(sleeve_kind, look.between(-0.05, 0.3)),
        cuff=look.accent if look.chance(0.3) else None,
        boot=look.shoe if gloved else None,
        boot_start=look.between(0.5, 0.9),
        depth=2.0 if look.chance(0.7) else 0.8,
        merged=sleeve_kind != "none",
        end=look.pick("human", "human", "mitten", "cartoon"),
        end_fill=look.shoe if gloved else look.skin,
        end_size=max(radii[2] * look.between(0.95, 1.25), 0.02),
    )


def _leg_style(look: Look, body: Body, girth: float, outfit: Outfit) -> LimbStyle:
    r0 = min(body.hip * look.between(0.8, 1.15), body.thigh * 0.6)
    radii = (r0, r0 * look.between(0.6, 0.8), r0 * look.between(0.36, 0.58))
    end = look.between(0.25, 0.6) if outfit.kind == "shorts" else 0.99
    boots = look.chance(0.4)
    return LimbStyle(
        radii=radii,
        fill=look.skin if look.chance(0.7) else look.accent,
        sleeve=outfit.lower if outfit.covered else None,
        sleeve_end=end,
        sleeve_room=look.between(0.04, 0.35),
        flare=look.between(-0.15, 0.9) if look.chance(0.4) else 0.1,
        cuff=None,
        boot=look.shoe if boots else None,
        boot_start=look.between(0.55, 0.9),
        depth=0.1 if outfit.flows else -1.0,
        merged=outfit.flows,
        end=look.pick("shoe", "shoe", "shoe", "side", "foot"),
        end_fill=look.shoe if look.chance(0.85) else look.skin,
        end_size=max(radii[2] * look.between(1.0, 1.4), 0.022),
    )
