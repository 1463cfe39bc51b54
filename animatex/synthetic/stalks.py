"""Mushrooms, flowers and trees: a crown that is the head, on a stem that is the torso."""

from __future__ import annotations

import numpy as np

from animatex.synthetic import outlines as ol
from animatex.synthetic.faces import simple_face
from animatex.synthetic.look import Look, dyed, sample_look, smooth
from animatex.synthetic.palette import LEAF, mix, pick
from animatex.synthetic.puppet import Body, Character, Frame, Plate, Shape
from animatex.synthetic.things import hide, thing, thing_limbs

TORSO, HEAD = 1, 2


def plant(rng: np.random.Generator) -> Character:
    """A plant in a pot, a cactus, a mushroom, a flower, a tree."""
    return _stalk(rng) if rng.random() < 0.55 else thing(rng, "plant")


def _stalk(rng: np.random.Generator) -> Character:
    """A mushroom, a flower or a tree: a crown that is the head, on a stem that is the torso."""
    look = hide(sample_look(rng, hide="any"), "plant")
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
    shade = look.between(0, 0.6)
    return Character(
        "plant", f"a {species} with a face", body, tuple(plates + ends), tuple(limbs), shade, look.palette
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
