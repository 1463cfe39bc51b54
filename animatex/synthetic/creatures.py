"""Animals that stand upright: a head on a body, limbs of any length, dressed or in their fur."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from animatex.synthetic import outlines as ol
from animatex.synthetic.extras import back_things, held_thing, neckwear, tail
from animatex.synthetic.faces import muzzle_face
from animatex.synthetic.headwear import hat, headset, hood
from animatex.synthetic.humans import Outfit, sample_outfit, torso_plates
from animatex.synthetic.limbs import LimbStyle, build_limb
from animatex.synthetic.look import Look, dyed, sample_look
from animatex.synthetic.palette import mix
from animatex.synthetic.puppet import Body, Character, Frame, Limb, Plate, Shape

TORSO, HEAD = 1, 2
EARS = {
    "bear": "round",
    "rabbit": "long",
    "cat": "point",
    "fox": "point",
    "mouse": "disc",
    "frog": "bulge",
    "pig": "flap",
    "dog": "flap",
    "bird": "none",
    "panda": "round",
    "cow": "horn",
    "dragon": "horn",
    "hamster": "round",
    "wolf": "point",
    "sheep": "flap",
}

_FREQUENT = ("rabbit", "rabbit", "rabbit", "bear", "bear", "cat", "dog")
_MUZZLES = {"bird": "beak", "frog": "wide", "pig": "disc"}


def beast(rng: np.random.Generator) -> Character:
    """Draw an animal on its hind legs, dressed or not."""
    look = sample_look(rng, hide="fur")
    species = look.pick(*EARS, *_FREQUENT)
    head = look.between(0.24, 0.52)
    wide = head * look.between(0.46, 0.66)
    body, girth = upright(look, head, wide)
    eye_y = -head * look.between(0.42, 0.58)
    snout = look.between(0.28, 0.55)
    face = muzzle_face(look, wide, snout=snout, kind=_MUZZLES.get(species, "muzzle"))
    body = replace(
        body,
        nose=(0.0, eye_y + face.nose, 1.05 * wide),
        eyes=(face.gap, eye_y, 0.75 * wide),
        ears=(0.95 * wide, eye_y, 0.0),
    )
    outfit = sample_outfit(look) if look.chance(0.6) else naked(look)
    plates = _trunk(look, body, girth, outfit)
    skull = ol.profile(
        [
            (-head, 0.42 * wide),
            (-0.86 * head, 0.82 * wide),
            (-0.45 * head, wide),
            (-0.12 * head, wide * look.between(0.75, 1.02)),
            (0.04 * head, 0.4 * wide),
        ]
    )
    ragged = look.skin.pattern == "fur" and look.chance(0.7)
    if ragged:
        skull = ol.fuzzed(look.rng, skull, look.between(0.02, 0.07) * head)
    marks = _markings(look, species, head, wide, eye_y, face.gap)
    plates.append(Plate(Frame.HEAD, (Shape(skull, look.skin), *marks), HEAD, 1.0))
    plates += _mane(look, head, wide) if look.chance(0.14) else []
    plates += (
        hood(look, head, wide, look.between(1.08, 1.25)) if look.chance(0.2) else headset(look, head, wide)
    )
    ears = EARS[species] if look.chance(0.85) else "long"
    plates += creature_ears(look, ears, head, wide)
    plates.append(Plate(Frame.HEAD, face.muzzle, HEAD, 1.1, at=(0.0, eye_y), z=1.0 * wide))
    plates.append(Plate(Frame.HEAD, face.shapes, HEAD, 1.12, at=(0.0, eye_y), z=0.75 * wide))
    if look.chance(0.5):
        plates += hat(look, head, wide)
    if species not in ("frog", "bear", "hamster") or look.chance(0.4):
        plates += tail(look, body, girth)
    plates += neckwear(look, body, girth) + back_things(look, body, girth) + held_thing(look, body)
    limbs, ends = creature_limbs(look, body, girth, outfit)
    words = f"a {species} in {outfit.kind}" if outfit.kind != "fur" else f"a standing {species}"
    shade = look.between(0, 0.6)
    return Character("animal", words, body, tuple(plates + ends), tuple(limbs), shade, look.palette)


def naked(look: Look) -> Outfit:
    """Nothing but the own skin."""
    return Outfit("fur", look.skin, tucked=True, covered=False)


def upright(look: Look, head: float, wide: float) -> tuple[Body, float]:
    """Skeleton of something that stands on two legs, and half the width of its trunk."""
    rest = 1 - head
    legs = rest * look.between(0.22, 0.58)
    torso = rest - legs
    shoulder = max(torso * look.between(0.28, 0.5), 0.45 * wide)
    girth = shoulder * look.between(0.8, 1.5)
    foot = legs * look.between(0.1, 0.2)
    drop = 0.05 * torso
    arms = torso * look.between(0.6, 1.25)
    thigh = (legs - foot - drop) * look.between(0.4, 0.56)
    body = Body(
        torso=torso,
        shoulder=shoulder,
        hip=girth * look.between(0.4, 0.68),
        hip_drop=drop,
        upper_arm=0.52 * arms,
        forearm=0.48 * arms,
        thigh=thigh,
        calf=legs - foot - drop - thigh,
        foot=foot,
        base=0.2 * torso,
        neck=head * look.between(-0.06, 0.1),
        nose=(0, 0, 0),
        eyes=(0, 0, 0),
        ears=(0, 0, 0),
        arm_bend=look.between(0.2, 0.6),
        leg_bend=look.between(0.2, 0.6),
    )
    return body, girth


def _trunk(look: Look, body: Body, girth: float, outfit: Outfit) -> list[Plate]:
    if outfit.kind != "fur":
        return torso_plates(look, body, girth, outfit)
    t, s = body.torso, body.shoulder
    belly = girth * look.between(0.95, 1.4)
    trunk = ol.profile(
        [
            (-1.1 * t, 0.5 * s),
            (-t, s * 0.92),
            (-0.7 * t, max(s, 0.85 * belly)),
            (-0.25 * t, belly),
            (0.08 * t, 0.8 * belly),
            (0.2 * t, 0.3 * belly),
        ]
    )
    if look.skin.pattern == "fur" and look.chance(0.7):
        trunk = ol.fuzzed(look.rng, trunk, look.between(0.02, 0.06) * t)
    shapes = [Shape(trunk, look.skin)]
    if look.chance(0.6):
        pale = dyed(look.skin, mix(look.skin.base, look.palette.light, look.between(0.3, 0.9)))
        shapes.append(Shape(ol.ellipse(0, -0.38 * t, 0.62 * belly, 0.45 * t), pale, clip=True))
    if look.chance(0.25):
        shapes.append(
            Shape(ol.box(-2 * belly, -1.2 * t, 2 * belly, -look.between(0.25, 0.5) * t), look.top, clip=True)
        )
    return [Plate(Frame.TORSO, tuple(shapes), TORSO, 0.0)]


def _markings(look: Look, species: str, head: float, wide: float, eye_y: float, gap: float) -> list[Shape]:
    """Patches, stripes and masks on an animal's head."""
    pale = dyed(look.skin, mix(look.skin.base, look.palette.light, look.between(0.4, 0.95)))
    dark = dyed(look.skin, mix(look.skin.base, look.palette.dark, look.between(0.4, 0.95)))
    kind = (
        "patches"
        if species == "panda"
        else look.pick("none", "none", "patches", "mask", "stripe", "bars", "half")
    )
    if kind == "patches" or species == "panda":
        tall = look.between(0.24, 0.36) * wide
        return [
            Shape(ol.ellipse(s * gap, eye_y, 0.3 * wide, tall, turn=0.4 * s), dark, clip=True)
            for s in (-1, 1)
        ]
    if kind == "mask":
        low = ol.ellipse(0, -0.2 * head, 0.95 * wide, look.between(0.3, 0.5) * head)
        return [Shape(low, pale, clip=True)]
    if kind == "stripe":
        return [Shape(ol.profile([(-1.1 * head, 0.12 * wide), (-0.1 * head, 0.3 * wide)]), pale, clip=True)]
    if kind == "bars":
        bars = [
            ol.stroke([(x * wide, -1.05 * head), (0.8 * x * wide, -0.78 * head)], 0.12 * wide, taper=0.3)
            for x in (-0.35, 0, 0.35)
        ]
        return [Shape(outline, dark, clip=True) for outline in bars]
    if kind == "half":
        return [
            Shape(
                ol.box(0, -1.2 * head, 1.5 * wide, 0.2 * head), dark if look.chance(0.5) else pale, clip=True
            )
        ]
    return []


def _mane(look: Look, head: float, wide: float) -> list[Plate]:
    """A ruff around the head, or tufts at the cheeks."""
    if look.chance(0.4):
        ruff = ol.star(0, 0, 1, int(look.rng.integers(8, 18)), look.between(0.1, 0.3)) * (
            1.45 * wide,
            0.72 * head,
        )
        return [Plate(Frame.HEAD, (Shape(ol.closed(ruff + (0, -0.42 * head), 3), look.hair),), HEAD, 0.93)]
    tufts = [
        ol.leaf(s * 0.75 * wide, -0.2 * head, 0.5 * wide, 0.35 * wide, s * a)
        for s in (-1, 1)
        for a in (1.5, 2.0)
    ]
    return [Plate(Frame.HEAD, tuple(Shape(outline, look.skin) for outline in tufts), HEAD, 0.98)]


def creature_ears(look: Look, kind: str, head: float, wide: float) -> list[Plate]:
    """Ears, horns or a crest of a kind, on top of a head."""
    if kind == "none":
        crest = tuple(Shape(ol.leaf(0, 0, 0.4 * head, 0.25 * wide, a), look.hair) for a in (-0.5, 0, 0.5))
        return [Plate(Frame.HEAD, crest, HEAD, 0.95, at=(0.0, -0.95 * head))]
    inner = dyed(look.skin, mix(look.skin.base, (240, 150, 160), look.between(0.2, 0.9)))
    size = look.between(0.8, 1.25)
    lean, bent = look.between(0.1, 0.5), look.chance(0.15)
    plates = []
    for s in (-1, 1):
        own = lean * s * look.between(0.7, 1.3)
        if kind in ("round", "disc", "bulge"):
            r = {"round": 0.34, "disc": 0.62, "bulge": 0.36}[kind] * wide * size
            fill = inner if kind != "bulge" else look.palette.light
            shapes = [
                Shape(ol.ellipse(0, -0.3 * r, r, r), look.skin),
                Shape(ol.ellipse(0, -0.25 * r, 0.6 * r, 0.6 * r), fill),
            ]
            at = (s * 0.72 * wide, -0.86 * head)
        elif kind == "flap":
            outline = ol.leaf(0, 0, 0.8 * head * size, 0.4 * wide, s * look.between(1.7, 2.6))
            shapes, at = (
                [Shape(outline, dyed(look.skin, mix(look.skin.base, look.palette.dark, 0.3)))],
                (s * 0.75 * wide, -0.82 * head),
            )
        elif kind == "horn":
            horn = ol.stroke(
                [(0, 0), (s * 0.25 * wide, -0.15 * head), (s * 0.2 * wide, -0.4 * head * size)],
                0.2 * wide,
                taper=0.2,
            )
            shapes, at = (
                [
                    Shape(ol.leaf(0, 0.05 * head, 0.5 * wide, 0.25 * wide, s * 1.7), look.skin),
                    Shape(horn, look.accent),
                ],
                (s * 0.7 * wide, -0.85 * head),
            )
        else:
            length = (look.between(0.6, 1.5) if kind == "long" else look.between(0.35, 0.55)) * head * size
            width = (0.36 if kind == "long" else 0.55) * wide
            angle = own + (s * 1.2 if bent and s > 0 else 0)
            shapes = [
                Shape(ol.leaf(0, 0, length, width, angle), look.skin),
                Shape(ol.leaf(0, -0.06 * length, 0.8 * length, 0.6 * width, angle), inner),
            ]
            at = (s * 0.5 * wide, -0.84 * head)
        plates.append(
            Plate(
                Frame.HEAD,
                tuple(shapes),
                HEAD,
                0.94 if kind != "flap" else 1.15,
                at=at,
                z=-0.1 * wide,
                swing=0.2 * (kind == "long"),
            )
        )
    return plates


def creature_limbs(look: Look, body: Body, girth: float, outfit: Outfit) -> tuple[list[Limb], list[Plate]]:
    """All four limbs of an animal, a snowman or a robot."""
    limbs: list[Limb] = []
    plates: list[Plate] = []
    bare = outfit.kind == "fur"
    flows = outfit.flows or (bare and look.chance(0.6))
    thick = look.between(0.11, 0.24) * body.torso
    sleeve = None if bare or look.chance(0.15) else look.top
    arm = LimbStyle(
        radii=(thick, thick * look.between(0.75, 1.05), thick * look.between(0.6, 1.0)),
        fill=look.skin,
        sleeve=sleeve,
        sleeve_end=look.between(0.3, 1.0),
        sleeve_room=look.between(0.08, 0.5),
        flare=look.between(-0.2, 0.5),
        cuff=look.accent if look.chance(0.3) else None,
        boot=None,
        boot_start=1.0,
        depth=2.0 if look.chance(0.75) else 0.8,
        merged=bare or sleeve is not None,
        end=look.pick("paw", "paw", "mitten", "ball", "cartoon", "human"),
        end_fill=look.skin if look.chance(0.8) else look.shoe,
        end_size=thick * look.between(0.8, 1.25),
    )
    heavy = min(girth * look.between(0.38, 0.6), 0.9 * body.thigh + 0.03)
    leg = LimbStyle(
        radii=(heavy, heavy * look.between(0.75, 1.0), heavy * look.between(0.55, 0.95)),
        fill=look.skin,
        sleeve=outfit.lower if outfit.covered else None,
        sleeve_end=look.between(0.4, 1.0),
        sleeve_room=look.between(0.05, 0.3),
        flare=look.between(-0.15, 0.4),
        cuff=None,
        boot=None,
        boot_start=1.0,
        depth=0.1 if flows else -1.0,
        merged=flows,
        end=look.pick("paw", "paw", "shoe", "foot", "side"),
        end_fill=look.skin if look.chance(0.7) else look.shoe,
        end_size=heavy * look.between(0.8, 1.2),
    )
    for style, is_arm, present in ((arm, True, body.arms), (leg, False, body.legs)):
        for side in range(2):
            if present[side]:
                cut, ends = build_limb(look, body, style, arm=is_arm, side=side)
                limbs += cut
                plates += ends
    return limbs, plates
