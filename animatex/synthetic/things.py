"""Things with a face on their body: food, plants, furniture, blobs. Thin, thick, noodle or no limbs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from animatex.synthetic import outlines as ol
from animatex.synthetic.creatures import EARS, _ears
from animatex.synthetic.extras import back_things, hat, held_thing
from animatex.synthetic.faces import simple_face
from animatex.synthetic.limbs import LimbStyle, build_limb
from animatex.synthetic.look import Look, dyed, sample_look, smooth
from animatex.synthetic.palette import FOOD, LEAF, jitter, mix, pick
from animatex.synthetic.puppet import Body, Character, Frame, Limb, Plate, Shape
from animatex.synthetic.surface import Material

TORSO, HEAD = 1, 2
# Outlines of bodies as (share of height from the top, share of the half width), rounded unless in FLAT.
_FORMS = {
    "carton": [(0, 0.95), (0.2, 1), (1, 0.98)],
    "can": [(0, 0.86), (0.05, 1), (0.95, 1), (1, 0.88)],
    "jar": [(0, 0.7), (0.1, 0.72), (0.22, 0.98), (0.6, 1), (0.97, 0.98), (1, 0.9)],
    "bottle": [(0, 0.3), (0.22, 0.32), (0.4, 0.85), (0.6, 1), (0.96, 1), (1, 0.9)],
    "cup": [(0, 1), (0.5, 0.88), (1, 0.74)],
    "pot": [(0, 1.05), (0.16, 1.03), (0.2, 0.9), (1, 0.68)],
    "book": [(0, 1), (0.5, 1), (1, 1)],
    "phone": [(0, 0.9), (0.06, 1), (0.94, 1), (1, 0.9)],
    "lamp": [(0, 0.5), (0.5, 0.8), (0.95, 1.0), (1, 0.96)],
    "fruit": [(0, 0.35), (0.12, 0.75), (0.45, 1), (0.75, 0.9), (0.95, 0.5), (1, 0.25)],
    "pear": [(0, 0.3), (0.15, 0.5), (0.4, 0.62), (0.7, 1), (0.92, 0.75), (1, 0.35)],
    "egg": [(0, 0.3), (0.15, 0.66), (0.6, 1), (0.9, 0.7), (1, 0.3)],
    "bread": [(0, 0.6), (0.12, 1.0), (0.3, 1.0), (0.38, 0.88), (0.95, 0.86), (1, 0.7)],
    "pillow": [(0, 0.96), (0.1, 0.94), (0.5, 0.88), (0.9, 0.94), (1, 0.96)],
    "slime": [(0, 0.25), (0.2, 0.6), (0.6, 0.92), (0.9, 1.0), (1, 0.85)],
    "ghost": [(0, 0.4), (0.15, 0.8), (0.5, 0.98), (0.9, 1.05), (1, 1.0)],
    "carrot": [(0, 0.7), (0.08, 1), (0.4, 0.85), (0.8, 0.4), (1, 0.12)],
    "cactus": [(0, 0.5), (0.1, 0.85), (0.5, 1), (0.9, 0.92), (1, 0.75)],
    "drop": [(0, 0.05), (0.2, 0.3), (0.6, 0.95), (0.85, 0.9), (1, 0.4)],
    "cheese": [(0, 0.12), (0.5, 0.6), (0.95, 1.0), (1, 0.95)],
    "burger": [(0, 0.5), (0.1, 0.85), (0.3, 1), (0.45, 1.06), (0.6, 0.98), (0.9, 1), (1, 0.85)],
    "ice cream": [(0, 0.4), (0.1, 0.8), (0.35, 1), (0.48, 0.98), (0.55, 0.84), (1, 0.1)],
    "cupcake": [(0, 0.2), (0.2, 0.6), (0.45, 1), (0.5, 0.98), (0.56, 0.86), (1, 0.66)],
    "pencil": [(0, 0.06), (0.18, 1), (0.9, 1), (1, 0.95)],
    "candle": [(0, 0.9), (0.04, 1), (0.96, 1), (1, 0.96)],
    "house": [(0, 0.04), (0.34, 1.15), (0.36, 0.95), (1, 0.95)],
    "bulb": [(0, 0.5), (0.14, 0.86), (0.36, 1), (0.66, 0.62), (0.72, 0.48), (1, 0.42)],
    "television": [(0, 0.97), (0.05, 1), (0.95, 1), (1, 0.97)],
    "gift": [(0, 1.06), (0.18, 1.06), (0.2, 0.98), (1, 0.98)],
    "ball": [(0, 0.2), (0.15, 0.71), (0.5, 1), (0.85, 0.71), (1, 0.2)],
    "star": [(0, 0.05), (0.35, 0.6), (0.5, 0.75), (0.8, 0.65), (1, 0.55)],
    "heart": [(0, 0.5), (0.2, 0.95), (0.4, 0.98), (0.7, 0.6), (1, 0.05)],
    "cloud": [(0, 0.45), (0.25, 0.8), (0.6, 1), (0.9, 0.9), (1, 0.6)],
    "gummy bean": [(0, 0.5), (0.12, 0.9), (0.5, 1), (0.85, 0.95), (1, 0.5)],
}
_FLAT = (
    "pencil",
    "candle",
    "house",
    "television",
    "gift",
    "carton",
    "can",
    "cup",
    "pot",
    "book",
    "phone",
    "lamp",
    "ghost",
    "bread",
    "jar",
    "bottle",
)
_KINDS = {
    "food": (
        "carton",
        "can",
        "jar",
        "bottle",
        "cup",
        "fruit",
        "fruit",
        "pear",
        "egg",
        "bread",
        "carrot",
        "cheese",
        "gummy bean",
        "burger",
        "ice cream",
        "cupcake",
        "heart",
        "ball",
    ),
    "plant": ("pot", "pot", "cactus", "carrot", "pear"),
    "thing": (
        "book",
        "phone",
        "lamp",
        "pillow",
        "cup",
        "can",
        "ghost",
        "carton",
        "pencil",
        "candle",
        "house",
        "bulb",
        "television",
        "gift",
        "ball",
        "star",
    ),
    "blob": ("slime", "slime", "drop", "ghost", "egg", "gummy bean", "cloud", "star", "ball", "heart"),
}


def food(rng: np.random.Generator) -> Character:
    """A fruit, a carton, a jar of juice, a slice of bread."""
    return _thing(rng, "food")


def plant(rng: np.random.Generator) -> Character:
    """A plant in a pot, a cactus, a mushroom, a flower, a tree."""
    return _stalk(rng) if rng.random() < 0.55 else _thing(rng, "plant")


def furniture(rng: np.random.Generator) -> Character:
    """A lamp, a book, a pillow, a phone."""
    return _thing(rng, "thing")


def blob(rng: np.random.Generator) -> Character:
    """A slime, a ghost, a drop; mostly without limbs."""
    return _thing(rng, "blob")


def _hide(look: Look, kind: str) -> Look:
    colours = {"food": FOOD, "plant": LEAF}.get(kind, look.palette.colours)
    colour = jitter(look.rng, pick(look.rng, colours if look.chance(0.7) else look.palette.colours))
    skin = smooth(look.skin, colour) if look.chance(0.55) else dyed(look.skin, colour)
    if kind in ("food", "blob") and look.chance(0.3):
        skin = replace(skin, translucent=look.between(0.3, 0.9), roughness=look.between(0, 0.3))
    return replace(look, skin=skin)


def _thing(rng: np.random.Generator, kind: str) -> Character:
    look = _hide(sample_look(rng, hide="any"), kind)
    form = look.pick(*_KINDS[kind])
    legless = look.chance({"blob": 0.75, "plant": 0.3}.get(kind, 0.1))
    armless = look.chance({"blob": 0.5}.get(kind, 0.06))
    legs = 0.0 if legless else look.between(0.12, 0.45)
    height = 1 - legs
    half = height * (
        look.between(0.22, 0.42) if form not in ("bottle", "carrot") else look.between(0.16, 0.28)
    )
    if form in ("slime", "pillow", "bread"):
        half = height * look.between(0.4, 0.65)
    body, shoulder_y = _block_body(look, form, height, half, legs, legless, armless)
    top = -(height - body.hip_drop)
    eye_share = look.between(0.2, 0.36)
    while _width_at(form, eye_share) < 0.55 and eye_share < 0.5:
        eye_share += 0.03
    eye_y = top + height * eye_share
    eye_y = min(eye_y, shoulder_y - 0.2 * half)
    face_half = min(_width_at(form, (eye_y - top) / height) * half, 0.36 * height)
    pivot = shoulder_y
    face = simple_face(look, face_half)
    body = replace(
        body,
        nose=(0, eye_y - pivot + face.nose, 0.5 * half),
        eyes=(face.gap, eye_y - pivot, 0.5 * half),
        ears=(0.97 * _width_at(form, (eye_y - top) / height) * half, eye_y - pivot, 0.0),
    )
    plates = [_block(look, form, top, height, half, shoulder_y), *_toppings(look, kind, form, top, half)]
    plates.append(Plate(Frame.HEAD, face.shapes, HEAD, 0.3, at=(0.0, eye_y - pivot), z=0.5 * half))
    plates += back_things(look, body, half) if look.chance(0.5) else []
    plates += held_thing(look, body)
    limbs, ends = thing_limbs(look, body, half)
    return Character(
        kind, f"a {form} with a face", body, tuple(plates + ends), tuple(limbs), look.between(0, 0.6)
    )


def _width_at(form: str, share: float) -> float:
    y, w = np.array(_FORMS[form]).T
    return float(np.interp(share, y, w))


def _block_body(
    look: Look, form: str, height: float, half: float, legs: float, legless: bool, armless: bool
) -> tuple[Body, float]:
    """Skeleton of a block; its pelvis is a little above its lower edge."""
    drop = 0.06 * height
    share = look.between(0.46, 0.66)
    shoulder_y = -(height - drop) + share * height
    arms = look.between(0.25, 0.55) * (0.5 + height / 2)
    foot = max(legs * look.between(0.08, 0.18), 0.015)
    thigh = max((legs - foot) / 2, 0.02)
    bend = 0.92 if look.chance(0.6) else look.between(0.2, 0.6)
    body = Body(
        torso=-shoulder_y,
        shoulder=_width_at(form, share) * half * 0.93,
        hip=_width_at(form, 0.97) * half * look.between(0.35, 0.62),
        hip_drop=drop * 0.4,
        upper_arm=arms / 2,
        forearm=arms / 2,
        thigh=thigh + 0.6 * drop / 2,
        calf=thigh + 0.6 * drop / 2,
        foot=foot,
        base=drop,
        neck=0.0,
        nose=(0, 0, 0),
        eyes=(0, 0, 0),
        ears=(0, 0, 0),
        arms=(not armless,) * 2,
        legs=(not legless,) * 2,
        stiff=1.0,
        arm_bend=bend,
        leg_bend=bend,
        mobility=look.between(0.5, 1.0),
    )
    return replace(body, hip_drop=drop), shoulder_y


def _block(look: Look, form: str, top: float, height: float, half: float, split: float) -> Plate:
    knots = [(top + share * height, width * half) for share, width in _FORMS[form]]
    sag = (
        half * look.between(0, 0.16)
        if form in ("can", "cup", "pot", "candle", "lamp", "jar", "bottle")
        else 0.0
    )
    outline = ol.profile(knots, flat=form in _FLAT, sag=sag)
    if form == "star":
        points = int(look.rng.integers(4, 7))
        outline = ol.closed(ol.star(0, 0, 1, points, look.between(0.25, 0.45)), 3) * (half, height / 2) + (
            0,
            top + height / 2,
        )
    if form == "heart":
        outline = ol.heart(0, top + height / 2, half, height / 2)
    if form == "cloud":
        outline = ol.closed(ol.star(0, 0, 1, int(look.rng.integers(7, 11)), 0.14), 5) * (half, height / 2) + (
            0,
            top + height / 2,
        )
    if form in ("fruit", "egg", "gummy bean", "slime", "cupcake", "pillow", "cheese", "bread"):
        outline = ol.wobbled(look.rng, outline, 0.03)
    shapes = [Shape(outline, look.skin)]
    band = look.accent
    if form in ("jar", "bottle", "cup") and look.chance(0.6):
        glass = replace(look.skin, base=mix(look.skin.base, (225, 240, 245), 0.75), translucent=0.8)
        shapes = [
            Shape(outline, glass, opacity=look.between(0.6, 1.0)),
            Shape(
                ol.box(-2 * half, top + look.between(0.12, 0.3) * height, 2 * half, 2), look.skin, clip=True
            ),
        ]
    elif look.chance(0.35):
        y = top + look.between(0.5, 0.85) * height
        shapes.append(
            Shape(ol.box(-2 * half, y, 2 * half, y + look.between(0.06, 0.4) * height), band, clip=True)
        )
    elif look.chance(0.25):
        shapes.append(
            Shape(
                ol.box(-2 * half, top - 0.1, 2 * half, top + look.between(0.08, 0.2) * height),
                band,
                clip=True,
            )
        )
    shapes += _decor(look, form, top, height, half)
    if form == "book":
        shapes.append(Shape(ol.box(0.86 * half, top - 0.1, 2 * half, 2), look.palette.light, clip=True))
    if form == "phone":
        shapes.append(
            Shape(
                ol.box(-0.85 * half, top + 0.08 * height, 0.85 * half, top + 0.92 * height, 0.04),
                look.palette.light,
                clip=True,
            )
        )
    return Plate(Frame.TORSO, tuple(shapes), TORSO, 0.0, split=split)


def _decor(look: Look, form: str, top: float, height: float, half: float) -> list[Shape]:
    """What makes a burger a burger."""

    def band(start: float, end: float, fill: Material) -> Shape:
        return Shape(ol.box(-2 * half, top + start * height, 2 * half, top + end * height), fill, clip=True)

    if form == "burger":
        greens = dyed(look.top, (110, 170, 60))
        return [
            band(0.4, 0.5, greens),
            band(0.5, 0.62, dyed(look.shoe, (96, 54, 34))),
            band(0.62, 0.68, dyed(look.accent, (250, 200, 60))),
        ]
    if form in ("ice cream", "cupcake"):
        return [
            band(
                0.52,
                1.1,
                replace(
                    dyed(look.accent, (214, 160, 92)),
                    pattern="checks" if form == "ice cream" else "stripes",
                    angle=0.8,
                ),
            )
        ]
    if form == "pencil":
        return [
            band(-0.1, 0.18, dyed(look.top, (232, 200, 160))),
            band(-0.1, 0.05, look.shoe),
            band(0.9, 1.2, look.accent),
        ]
    if form == "house":
        door = ol.box(-0.2 * half, top + 0.72 * height, 0.2 * half, top + 1.1 * height, 0.02)
        return [band(-0.1, 0.35, look.accent), Shape(door, look.shoe, clip=True)]
    if form == "bulb":
        return [band(0.7, 1.2, look.shoe)]
    if form == "television":
        screen = ol.box(-0.85 * half, top + 0.08 * height, 0.85 * half, top + 0.75 * height, 0.08 * half)
        return [Shape(screen, look.palette.light if look.chance(0.5) else look.bottom)]
    if form == "gift":
        return [
            band(0.17, 0.2, look.shoe),
            Shape(ol.box(-0.14 * half, top - 0.1, 0.14 * half, 2), look.accent, clip=True),
        ]
    return []


def _toppings(look: Look, kind: str, form: str, top: float, half: float) -> list[Plate]:
    """Leaves, straws, lids, stems, foam, ears: what grows out of the top."""
    shapes: list[Shape] = []
    green = dyed(look.accent, jitter(look.rng, pick(look.rng, LEAF)))
    leafy = kind == "plant" or form in ("fruit", "pear", "carrot")
    under = 0.05 * half
    if form == "pot":
        for _ in range(int(look.rng.integers(3, 9))):
            shapes.append(
                Shape(
                    ol.leaf(
                        look.between(-0.6, 0.6) * half,
                        top + under,
                        half * look.between(0.8, 2.2),
                        half * look.between(0.25, 0.6),
                        look.between(-1.1, 1.1),
                    ),
                    green,
                )
            )
        if look.chance(0.4):
            shapes.append(Shape(ol.star(0, top - 1.1 * half, 0.55 * half, 8, 0.3), look.accent))
    elif leafy and look.chance(0.85):
        if form != "carrot":
            shapes.append(
                Shape(
                    ol.stroke([(0, top + 2 * under), (0.05 * half, top - 0.3 * half)], 0.12 * half),
                    (96, 72, 40),
                )
            )
        for _ in range(int(look.rng.integers(1, 5))):
            shapes.append(
                Shape(
                    ol.leaf(
                        0,
                        top + under,
                        half * look.between(0.5, 1.1),
                        half * look.between(0.25, 0.5),
                        look.between(-1.3, 1.3),
                    ),
                    green,
                )
            )
    elif form in ("cup", "carton", "jar", "can", "bottle"):
        if look.chance(0.55):
            x, lean = look.between(-0.3, 0.4) * half, look.between(-0.2, 0.6) * half
            up = half * look.between(0.7, 1.4)
            path = [
                (x, top + 0.3 * half),
                (x + 0.5 * lean, top - 0.6 * up),
                (x + lean + look.between(-0.2, 0.5) * half, top - up),
            ]
            shapes.append(Shape(ol.stroke(path, 0.13 * half), look.accent))
        if look.chance(0.35):
            shapes.append(
                Shape(
                    ol.leaf(0.2 * half, top + under, 0.7 * half, 0.35 * half, look.between(0.3, 1.4)), green
                )
            )
        if look.chance(0.35):
            width = _width_at(form, 0) * half
            shapes.append(
                Shape(
                    ol.box(
                        -1.06 * width,
                        top - look.between(0.08, 0.3) * half,
                        1.06 * width,
                        top + 2 * under,
                        0.05 * half,
                    ),
                    look.shoe,
                )
            )
    if form == "candle":
        shapes.append(
            Shape(ol.leaf(0, top + under, half * 0.9, half * 0.45, look.between(-0.2, 0.2)), (255, 200, 70))
        )
    if form == "gift":
        shapes += [
            Shape(ol.leaf(0, top + under, half * 0.8, half * 0.45, a), look.accent) for a in (-1.0, 1.0)
        ]
    plates = [Plate(Frame.TORSO, tuple(shapes), HEAD, -0.1, swing=0.1)] if shapes else []
    if not shapes and look.chance(0.3):
        ears = _ears(look, look.pick(*EARS.values()), half * 1.2, half * 0.8)
        return [replace(p, frame=Frame.TORSO, at=(p.at[0], top + 0.2 * half), depth=-0.2) for p in ears]
    if not shapes and look.chance(0.3):
        return [
            replace(p, frame=Frame.TORSO, at=(0.0, top + 0.9 * half), depth=0.4)
            for p in hat(look, 0.9 * half, 0.75 * half)
        ]
    return plates


def thing_limbs(look: Look, body: Body, half: float) -> tuple[list[Limb], list[Plate]]:
    """Arms and legs of a thing: the body's own stuff, or wires, or clothed."""
    limbs: list[Limb] = []
    plates: list[Plate] = []
    thin = look.between(0.012, 0.03) if look.chance(0.5) else look.between(0.03, 0.065)
    own = (
        look.skin
        if look.chance(0.5)
        else smooth(look.accent, look.palette.dark if look.chance(0.4) else look.accent.base)
    )
    hands = look.pick("ball", "mitten", "cartoon", "human", "cartoon", "none")
    glove = (
        own
        if look.chance(0.6)
        else smooth(look.shoe, look.palette.light if look.chance(0.6) else look.shoe.base)
    )
    taper = look.between(0.7, 1.2)
    arm = LimbStyle(
        radii=(thin, thin, thin * taper),
        fill=own,
        sleeve=look.top if look.chance(0.1) else None,
        sleeve_end=look.between(0.3, 0.9),
        sleeve_room=0.2,
        flare=0.3,
        cuff=None,
        boot=None,
        boot_start=1.0,
        depth=2.0 if look.chance(0.55) else -1.6,
        merged=False,
        end=hands,
        end_fill=glove,
        end_size=max(thin * look.between(1.0, 1.8), 0.022),
    )
    thick = thin * look.between(1.0, 1.7)
    leg = LimbStyle(
        radii=(thick, thick, thick * look.between(0.8, 1.2)),
        fill=own,
        sleeve=look.bottom if look.chance(0.1) else None,
        sleeve_end=0.5,
        sleeve_room=0.2,
        flare=0.2,
        cuff=None,
        boot=look.shoe if look.chance(0.25) else None,
        boot_start=look.between(0.5, 0.9),
        depth=-1.0,
        merged=False,
        end=look.pick("shoe", "shoe", "foot", "side", "side", "none"),
        end_fill=own if look.chance(0.45) else look.shoe,
        end_size=max(thick * look.between(1.0, 2.0), 0.028),
    )
    for style, is_arm, present in ((arm, True, body.arms), (leg, False, body.legs)):
        for side in range(2):
            if present[side]:
                cut, ends = build_limb(look, body, style, arm=is_arm, side=side)
                limbs += cut
                plates += ends
    return limbs, plates


def _stalk(rng: np.random.Generator) -> Character:
    """A mushroom, a flower or a tree: a crown that is the head, on a stem that is the torso."""
    look = _hide(sample_look(rng, hide="any"), "plant")
    species = look.pick("mushroom", "flower", "tree", "mushroom")
    legless = look.chance(0.25)
    legs = 0.0 if legless else look.between(0.12, 0.34)
    head = look.between(0.34, 0.55)
    torso = 1 - legs - head
    stem = torso * look.between(0.2, 0.55) * (0.6 if species == "flower" else 1.0)
    crown = head * look.between(0.55, 1.0)
    pale = smooth(look.skin, mix(look.skin.base, (250, 240, 225), look.between(0.2, 0.9)))
    face_r = min(crown * 0.55, head * 0.45)
    eye_y = -0.42 * head
    face = simple_face(look, face_r)
    body = Body(
        torso=torso * 0.86,
        shoulder=stem * 0.95,
        hip=stem * 0.55,
        hip_drop=0.05 * torso,
        upper_arm=look.between(0.1, 0.2),
        forearm=look.between(0.1, 0.2),
        thigh=max(legs * 0.45, 0.02),
        calf=max(legs * 0.42, 0.02),
        foot=max(legs * 0.13, 0.01),
        base=0.14 * torso,
        neck=0.05 * torso,
        nose=(0, eye_y + face.nose, 0.6 * face_r),
        eyes=(face.gap, eye_y, 0.6 * face_r),
        ears=(0.9 * crown, eye_y, 0.0),
        legs=(not legless,) * 2,
        arm_bend=look.between(0.3, 0.95),
        leg_bend=look.between(0.3, 0.95),
        stiff=look.between(0, 0.7),
    )
    t = body.torso
    trunk = ol.profile(
        [
            (-1.15 * t, 0.8 * stem),
            (-0.6 * t, stem),
            (0.0, stem * look.between(0.95, 1.4)),
            (0.16 * t, stem * 0.9),
        ],
        flat=look.chance(0.3),
    )
    shapes = [
        Shape(
            trunk,
            pale
            if species == "mushroom"
            else dyed(look.top, pick(look.rng, LEAF) if species == "flower" else (110, 80, 54)),
        )
    ]
    plates = [
        Plate(Frame.TORSO, tuple(shapes), TORSO, 0.0),
        Plate(Frame.HEAD, tuple(_crown(look, species, head, crown)), HEAD, 1.0),
    ]
    plates.append(Plate(Frame.HEAD, face.shapes, HEAD, 1.1, at=(0.0, eye_y), z=0.6 * face_r))
    limbs, ends = thing_limbs(look, body, stem)
    return Character(
        "plant", f"a {species} with a face", body, tuple(plates + ends), tuple(limbs), look.between(0, 0.6)
    )


def _crown(look: Look, species: str, head: float, crown: float) -> list[Shape]:
    if species == "mushroom":
        cap = ol.profile(
            [
                (-head, 0.3 * crown),
                (-0.85 * head, 0.75 * crown),
                (-0.4 * head, 1.15 * crown),
                (-0.08 * head, 1.1 * crown),
                (0.02 * head, 0.5 * crown),
            ]
        )
        shapes = [Shape(cap, look.skin)]
        for _ in range(int(look.rng.integers(0, 7))):
            r = look.between(0.05, 0.16) * crown
            shapes.append(
                Shape(
                    ol.ellipse(look.between(-0.9, 0.9) * crown, -look.between(0.5, 0.95) * head, r, 0.8 * r),
                    look.palette.light,
                    clip=True,
                )
            )
        return shapes
    if species == "flower":
        count = int(look.rng.integers(5, 13))
        petals = [
            Shape(ol.leaf(0, 0, crown, 3.4 * crown / count, a) + (0, -0.45 * head), look.accent)
            for a in np.arange(count) * 2 * np.pi / count
        ]
        return [*petals, Shape(ol.ellipse(0, -0.42 * head, 0.62 * crown, 0.5 * head), look.skin)]
    leaves = [
        ol.ellipse(look.between(-0.6, 0.6) * crown, -look.between(0.3, 0.8) * head, 0.6 * crown, 0.36 * head)
        for _ in range(5)
    ]
    return [
        Shape(ol.wobbled(look.rng, outline, 0.05), look.skin)
        for outline in (*leaves, ol.ellipse(0, -0.45 * head, 0.9 * crown, 0.46 * head))
    ]
