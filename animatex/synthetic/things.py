"""Things with a face on their body: food, plants, furniture, blobs. Thin, thick, noodle or no limbs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from animatex.synthetic.extras import back_things, held_thing
from animatex.synthetic.faces import simple_face
from animatex.synthetic.forms import block, toppings, width_at
from animatex.synthetic.limbs import LimbStyle, build_limb
from animatex.synthetic.look import Look, dyed, sample_look, smooth
from animatex.synthetic.palette import FOOD, LEAF, jitter, pick
from animatex.synthetic.puppet import Body, Character, Frame, Limb, Plate

TORSO, HEAD = 1, 2
_KINDS = {
    "food": "carton can jar jar bottle cup cup fruit fruit pear egg bread carrot cheese bean burger cupcake",
    "plant": "pot pot cactus carrot pear",
    "thing": "book phone lamp pillow cup can ghost carton pencil candle house bulb cone screen gift star",
    "blob": "slime slime drop ghost egg bean cloud star ball heart",
}
"""Which forms (`forms.FORMS`) each kind of thing comes in; what stands twice is twice as frequent."""


def food(rng: np.random.Generator) -> Character:
    """A fruit, a carton, a jar of juice, a slice of bread."""
    return thing(rng, "food")


def furniture(rng: np.random.Generator) -> Character:
    """A lamp, a book, a pillow, a phone."""
    return thing(rng, "thing")


def blob(rng: np.random.Generator) -> Character:
    """A slime, a ghost, a drop; mostly without limbs."""
    return thing(rng, "blob")


def hide(look: Look, kind: str) -> Look:
    """The look with a skin such as this kind of thing has."""
    colours = {"food": FOOD, "plant": LEAF}.get(kind, look.palette.colours)
    colour = jitter(look.rng, pick(look.rng, colours if look.chance(0.7) else look.palette.colours))
    skin = smooth(look.skin, colour) if look.chance(0.55) else dyed(look.skin, colour)
    if kind in ("food", "blob") and look.chance(0.3):
        skin = replace(skin, translucent=look.between(0.3, 0.9), roughness=look.between(0, 0.3))
    return replace(look, skin=skin)


def thing(rng: np.random.Generator, kind: str) -> Character:
    """Draw a thing of a kind: "food", "plant", "thing" or "blob"."""
    look = hide(sample_look(rng, hide="any"), kind)
    form = look.pick(*_KINDS[kind].split())
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
    while width_at(form, eye_share) < 0.55 and eye_share < 0.5:
        eye_share += 0.03
    eye_y = top + height * eye_share
    eye_y = min(eye_y, shoulder_y - 0.2 * half)
    face_half = min(width_at(form, (eye_y - top) / height) * half, 0.36 * height)
    pivot = shoulder_y
    face = simple_face(look, face_half)
    body = replace(
        body,
        nose=(0, eye_y - pivot + face.nose, 0.5 * half),
        eyes=(face.gap, eye_y - pivot, 0.5 * half),
        ears=(0.97 * width_at(form, (eye_y - top) / height) * half, eye_y - pivot, 0.0),
    )
    plates = [block(look, form, top, height, half, shoulder_y), *toppings(look, kind, form, top, half)]
    plates.append(Plate(Frame.HEAD, face.shapes, HEAD, 0.3, at=(0.0, eye_y - pivot), z=0.5 * half))
    plates += back_things(look, body, half) if look.chance(0.5) else []
    plates += held_thing(look, body)
    limbs, ends = thing_limbs(look, body, half)
    shade = look.between(0, 0.6)
    return Character(
        kind, f"a {form} with a face", body, tuple(plates + ends), tuple(limbs), shade, look.palette
    )


def _block_body(
    look: Look, form: str, height: float, half: float, legs: float, legless: bool, armless: bool
) -> tuple[Body, float]:
    """Skeleton of a block; its pelvis is a little above its lower edge."""
    drop = 0.06 * height
    low = max(y for y in np.linspace(0.6, 0.97, 20) if width_at(form, float(y)) >= 0.42 or y == 0.6)
    rise = (0.97 - low) * height
    share = look.between(0.46, 0.66)
    shoulder_y = -(height - drop) + share * height
    arms = look.between(0.25, 0.55) * (0.5 + height / 2)
    foot = max(legs * look.between(0.08, 0.18), 0.015)
    thigh = max((legs - foot) / 2, 0.02)
    bend = 0.92 if look.chance(0.6) else look.between(0.2, 0.6)
    body = Body(
        torso=-shoulder_y,
        shoulder=width_at(form, share) * half * 0.93,
        hip=width_at(form, low) * half * look.between(0.35, 0.62),
        hip_drop=drop - rise,
        upper_arm=arms / 2,
        forearm=arms / 2,
        thigh=thigh + rise / 2 + 0.02 * height,
        calf=thigh + rise / 2 + 0.02 * height,
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
    return body, shoulder_y


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
