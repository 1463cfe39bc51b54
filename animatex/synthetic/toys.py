"""Snowmen and robots."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from animatex.synthetic import outlines as ol
from animatex.synthetic.creatures import creature_limbs, naked, upright
from animatex.synthetic.extras import neckwear
from animatex.synthetic.faces import simple_face
from animatex.synthetic.headwear import hat
from animatex.synthetic.look import sample_look, smooth
from animatex.synthetic.palette import mix
from animatex.synthetic.puppet import Body, Character, Frame, Plate, Shape

TORSO, HEAD = 1, 2


def snowman(rng: np.random.Generator) -> Character:
    """Two or three balls with stick or stump arms, and no legs most of the time."""
    look = sample_look(rng, hide="any")
    look = replace(
        look,
        skin=smooth(
            look.skin,
            mix((245, 248, 252), look.palette.colours[0], 0 if look.chance(0.6) else look.between(0, 1)),
        ),
    )
    head = look.between(0.28, 0.42)
    wide = head * 0.55
    torso = 0.38 * (1 - head)
    girth = wide * look.between(1.1, 1.6)
    legs = look.chance(0.35)
    body = Body(
        torso=torso,
        shoulder=0.82 * girth,
        hip=0.5 * girth,
        hip_drop=0.5 * torso,
        upper_arm=look.between(0.1, 0.2),
        forearm=look.between(0.1, 0.2),
        thigh=0.09,
        calf=0.08,
        foot=0.03,
        base=1 - head - torso,
        neck=-0.03,
        nose=(0, -0.4 * head, wide),
        eyes=(0.4 * wide, -0.6 * head, 0.85 * wide),
        ears=(0.97 * wide, -0.52 * head, 0),
        legs=(legs, legs),
        arm_bend=look.between(0.1, 0.9),
        leg_bend=0.4,
    )
    low = body.base if not legs else 0.8 * torso
    balls = [
        Shape(ol.ellipse(0, 0.5 * low - 0.1 * torso, 1.35 * girth, 0.62 * low + 0.1 * torso), look.skin),
        Shape(ol.ellipse(0, -0.5 * torso, girth, 0.72 * torso), look.skin),
    ]
    for y in (-0.75, -0.4, -0.05):
        balls.append(Shape(ol.ellipse(0, y * torso, 0.05 * girth, 0.05 * girth), look.palette.dark))
    plates = [
        Plate(Frame.TORSO, tuple(balls), TORSO, 0.0),
        Plate(Frame.HEAD, (Shape(ol.ellipse(0, -0.48 * head, wide, 0.52 * head), look.skin),), HEAD, 1.0),
    ]
    face = simple_face(look, wide)
    body = replace(body, eyes=(face.gap, -0.6 * head, 0.85 * wide))
    carrot = Shape(
        ol.stroke([(0, 0.45 * wide), (look.between(-0.5, 0.5) * wide, 0.55 * wide)], 0.16 * wide, taper=0.2),
        (240, 120, 30),
    )
    plates.append(Plate(Frame.HEAD, (*face.shapes, carrot), HEAD, 1.1, at=(0.0, -0.6 * head), z=0.85 * wide))
    plates += hat(look, head, wide) + neckwear(look, body, girth)
    limbs, ends = creature_limbs(look, body, girth * 0.8, naked(look))
    shade = look.between(0, 0.5)
    return Character("snowman", "a snowman", body, tuple(plates + ends), tuple(limbs), shade, look.palette)


def robot(rng: np.random.Generator) -> Character:
    """Boxes and tubes."""
    look = sample_look(rng, hide="any")
    head = look.between(0.2, 0.36)
    wide = head * look.between(0.5, 0.85)
    body, girth = upright(look, head, wide)
    t, power = body.torso, look.between(3, 9)
    body = replace(
        body, ears=(wide, -0.5 * head, 0), neck=look.between(0.01, 0.06), arm_bend=look.between(0.1, 0.9)
    )
    trunk = [
        Shape(ol.box(-0.2 * wide, -t - body.neck - 0.02, 0.2 * wide, -0.8 * t), look.shoe),
        Shape(ol.ellipse(0, -0.48 * t, max(girth, 1.02 * body.shoulder), 0.6 * t, power=power), look.top),
    ]
    trunk.append(
        Shape(ol.box(-0.5 * girth, -0.8 * t, 0.5 * girth, -0.35 * t, 0.05 * t), look.accent, clip=True)
    )
    for x in (-0.25, 0.05, 0.3):
        trunk.append(
            Shape(ol.ellipse(x * girth, -0.6 * t, 0.07 * girth, 0.07 * girth), look.palette.colours[2])
        )
    skull = [
        Shape(
            ol.ellipse(0, -0.5 * head, wide, 0.5 * head, power=power),
            look.top if look.chance(0.5) else look.bottom,
        )
    ]
    if look.chance(0.6):
        skull.insert(0, Shape(ol.stroke([(0, -head), (0, -1.3 * head)], 0.08 * wide), look.shoe))
        skull.insert(0, Shape(ol.ellipse(0, -1.32 * head, 0.12 * wide, 0.12 * wide), look.accent))
    for s in (-1, 1):
        skull.insert(
            0, Shape(ol.ellipse(s * wide, -0.5 * head, 0.14 * wide, 0.22 * head, power=4), look.shoe)
        )
    plates = [Plate(Frame.TORSO, tuple(trunk), TORSO, 0.0), Plate(Frame.HEAD, tuple(skull), HEAD, 1.0)]
    face = simple_face(look, wide)
    body = replace(
        body, eyes=(face.gap, -0.58 * head, 0.8 * wide), nose=(0, -0.58 * head + face.nose, 0.8 * wide)
    )
    plates.append(Plate(Frame.HEAD, face.shapes, HEAD, 1.1, at=(0.0, -0.58 * head), z=0.8 * wide))
    limbs, ends = creature_limbs(
        replace(look, skin=look.shoe if look.chance(0.5) else look.top),
        body,
        girth * look.between(0.4, 0.9),
        naked(look),
    )
    shade = look.between(0, 0.5)
    return Character("robot", "a robot", body, tuple(plates + ends), tuple(limbs), shade, look.palette)
