"""Silhouettes of things, and what makes a burger a burger."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from animatex.synthetic import outlines as ol
from animatex.synthetic.creatures import EARS, creature_ears
from animatex.synthetic.headwear import hat
from animatex.synthetic.look import Look, dyed
from animatex.synthetic.palette import LEAF, jitter, mix, pick
from animatex.synthetic.puppet import Frame, Plate, Shape
from animatex.synthetic.surface import Material

TORSO, HEAD = 1, 2
# Outlines of bodies as (share of height from the top, share of the half width), rounded unless in FLAT.
FORMS = {
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
    "cone": [(0, 0.4), (0.1, 0.8), (0.35, 1), (0.48, 0.98), (0.55, 0.84), (1, 0.1)],
    "cupcake": [(0, 0.2), (0.2, 0.6), (0.45, 1), (0.5, 0.98), (0.56, 0.86), (1, 0.66)],
    "pencil": [(0, 0.06), (0.18, 1), (0.9, 1), (1, 0.95)],
    "candle": [(0, 0.9), (0.04, 1), (0.96, 1), (1, 0.96)],
    "house": [(0, 0.04), (0.34, 1.15), (0.36, 0.95), (1, 0.95)],
    "bulb": [(0, 0.5), (0.14, 0.86), (0.36, 1), (0.66, 0.62), (0.72, 0.48), (1, 0.42)],
    "screen": [(0, 0.97), (0.05, 1), (0.95, 1), (1, 0.97)],
    "gift": [(0, 1.06), (0.18, 1.06), (0.2, 0.98), (1, 0.98)],
    "ball": [(0, 0.2), (0.15, 0.71), (0.5, 1), (0.85, 0.71), (1, 0.2)],
    "star": [(0, 0.05), (0.35, 0.6), (0.5, 0.75), (0.8, 0.65), (1, 0.55)],
    "heart": [(0, 0.5), (0.2, 0.95), (0.4, 0.98), (0.7, 0.6), (1, 0.05)],
    "cloud": [(0, 0.45), (0.25, 0.8), (0.6, 1), (0.9, 0.9), (1, 0.6)],
    "bean": [(0, 0.5), (0.12, 0.9), (0.5, 1), (0.85, 0.95), (1, 0.5)],
}
_GLASS = ("jar", "bottle", "cup")
_VESSELS = ("cup", "carton", "jar", "can", "bottle")
_ROUND = ("can", "cup", "pot", "candle", "lamp", "jar", "bottle")
_UNEVEN = ("fruit", "egg", "bean", "slime", "cupcake", "pillow", "cheese", "bread")
FLAT = "pencil candle house screen gift carton can cup pot book phone lamp ghost bread jar bottle".split()


def width_at(form: str, share: float) -> float:
    """Half width of a form at a share of its height from the top, as a share of its greatest."""
    y, w = np.array(FORMS[form]).T
    return float(np.interp(share, y, w))


def block(look: Look, form: str, top: float, height: float, half: float, split: float) -> Plate:
    """The body itself, painted; above y = `split` it is the head."""
    outline = _outline(look, form, top, height, half)

    def band(start: float, end: float, fill: Material) -> Shape:
        return Shape(ol.box(-2 * half, top + start * height, 2 * half, top + end * height), fill, clip=True)

    shapes = [Shape(outline, look.skin)]
    if form in _GLASS and look.chance(0.7):
        shapes = _filled_glass(look, form, outline, (top, height, half))
    elif look.chance(0.35):
        start = look.between(0.5, 0.85)
        shapes.append(band(start, start + look.between(0.06, 0.4), look.accent))
    elif look.chance(0.25):
        shapes.append(band(-0.2, look.between(0.08, 0.2), look.accent))
    shapes += _decor(look, form, top, height, half)
    return Plate(Frame.TORSO, tuple(shapes), TORSO, 0.0, split=split)


def _outline(look: Look, form: str, top: float, height: float, half: float) -> np.ndarray:
    middle, radii = (0, top + height / 2), (half, height / 2)
    if form == "star":
        star = ol.star(0, 0, 1, int(look.rng.integers(4, 7)), look.between(0.25, 0.45))
        return ol.closed(star, 3) * radii + middle
    if form == "cloud":
        return ol.closed(ol.star(0, 0, 1, int(look.rng.integers(7, 11)), 0.14), 5) * radii + middle
    if form == "heart":
        return ol.heart(*middle, *radii)
    knots = [(top + share * height, width * half) for share, width in FORMS[form]]
    sag = half * look.between(0, 0.16) if form in _ROUND else 0.0
    outline = ol.profile(knots, flat=form in FLAT, sag=sag)
    return ol.wobbled(look.rng, outline, 0.03) if form in _UNEVEN else outline


def _filled_glass(look: Look, form: str, outline: np.ndarray, box: tuple[float, float, float]) -> list[Shape]:
    """A vessel one can look through, and what is in it."""
    top, height, half = box
    level = look.between(0.1, 0.42)
    pale = mix(look.skin.base, (225, 240, 245), look.between(0.5, 0.95))
    glass = replace(look.skin, base=pale, pattern="plain", translucent=0.8, roughness=look.between(0, 0.4))
    below = [(share, width) for share, width in FORMS[form] if share > level + 0.02]
    knots = [(top + y * height, 0.97 * w * half) for y, w in [(level, width_at(form, level)), *below]]
    wide = 0.97 * width_at(form, level) * half
    surface = ol.ellipse(0, top + level * height, wide, look.between(0.02, 0.14) * wide)
    bright = dyed(look.skin, mix(look.skin.base, (255, 255, 255), 0.25))
    return [
        Shape(outline, glass, opacity=look.between(0.52, 0.95)),
        Shape(ol.profile(knots, flat=True), look.skin),
        Shape(surface, bright),
    ]


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
    if form in ("cone", "cupcake"):
        return [
            band(
                0.52,
                1.1,
                replace(
                    dyed(look.accent, (214, 160, 92)),
                    pattern="checks" if form == "cone" else "stripes",
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
    if form == "screen":
        screen = ol.box(-0.85 * half, top + 0.08 * height, 0.85 * half, top + 0.75 * height, 0.08 * half)
        return [Shape(screen, look.palette.light if look.chance(0.5) else look.bottom)]
    if form == "gift":
        return [
            band(0.17, 0.2, look.shoe),
            Shape(ol.box(-0.14 * half, top - 0.1, 0.14 * half, 2), look.accent, clip=True),
        ]
    return []


def toppings(look: Look, kind: str, form: str, top: float, half: float) -> list[Plate]:
    """Leaves, straws, lids, stems, foam, ears: what grows out of the top."""
    green = dyed(look.accent, jitter(look.rng, pick(look.rng, LEAF)))
    shapes: list[Shape] = []
    if form == "pot":
        shapes += _leaves(look, green, top, half, count=(3, 9), long=(0.8, 2.2), apart=0.6)
        if look.chance(0.4):
            shapes.append(Shape(ol.star(0, top - 1.1 * half, 0.55 * half, 8, 0.3), look.accent))
    elif kind == "plant" or form in ("fruit", "pear", "carrot"):
        if form != "carrot":
            stem = ol.stroke([(0, top + 0.1 * half), (0.05 * half, top - 0.3 * half)], 0.12 * half)
            shapes.append(Shape(stem, (96, 72, 40)))
        shapes += _leaves(look, green, top, half, count=(1, 5), long=(0.5, 1.1), apart=0.0)
    elif form in _VESSELS:
        shapes += _served(look, green, form, top, half)
    elif form == "candle":
        flame = ol.leaf(0, top + 0.05 * half, half * 0.9, half * 0.45, look.between(-0.2, 0.2))
        shapes.append(Shape(flame, (255, 200, 70)))
    elif form == "gift":
        bows = [ol.leaf(0, top + 0.05 * half, half * 0.8, half * 0.45, turn) for turn in (-1.0, 1.0)]
        shapes += [Shape(bow, look.accent) for bow in bows]
    if shapes:
        return [Plate(Frame.TORSO, tuple(shapes), HEAD, -0.1, swing=0.1)]
    return _borrowed(look, green, top, half)


def _leaves(
    look: Look,
    green: Material,
    top: float,
    half: float,
    *,
    count: tuple[int, int],
    long: tuple[float, float],
    apart: float,
) -> list[Shape]:
    """A tuft of leaves; lengths in half widths."""
    shapes = []
    for _ in range(int(look.rng.integers(*count))):
        x, length = look.between(-apart, apart) * half, look.between(*long) * half
        blade = ol.leaf(
            x, top + 0.05 * half, length, half * look.between(0.25, 0.55), look.between(-1.2, 1.2)
        )
        shapes.append(Shape(blade, green))
    return shapes


def _served(look: Look, green: Material, form: str, top: float, half: float) -> list[Shape]:
    """A straw, a leaf of mint, a lid."""
    shapes: list[Shape] = []
    if look.chance(0.65):
        shapes.append(_straw(look, top, half))
    if look.chance(0.4):
        leaf = ol.leaf(0.2 * half, top + 0.05 * half, 0.7 * half, 0.35 * half, look.between(0.3, 1.6))
        shapes.append(Shape(leaf, green))
    if look.chance(0.35):
        wide, high = 1.06 * width_at(form, 0) * half, look.between(0.08, 0.3) * half
        shapes.append(Shape(ol.box(-wide, top - high, wide, top + 0.1 * half, 0.05 * half), look.shoe))
    return shapes


def _straw(look: Look, top: float, half: float) -> Shape:
    x, lean, up = look.between(-0.3, 0.4), look.between(-0.3, 0.8), look.between(0.6, 1.5)
    knee = (x + 0.6 * lean, -0.65 * up)
    path = np.array([(x - 0.4 * lean, 0.8), (x, 0.0), knee, (knee[0] + look.between(-0.3, 0.6), -up)])
    if look.chance(0.4):
        path = path[:2].tolist() + [(x + lean, -up)]
    return Shape(ol.stroke(np.array(path) * half + (0, top), look.between(0.09, 0.18) * half), look.accent)


def _borrowed(look: Look, green: Material, top: float, half: float) -> list[Plate]:
    """What a bare top wears now and then: an animal's ears, a hat, a straw, a sprout, an aerial."""
    kind = look.pick("ears", "ears", "hat", "straw", "sprout", "aerial", "none", "none", "none")
    if kind == "ears":
        ears = creature_ears(look, look.pick(*EARS.values()), half * 1.2, half * 0.8)
        return [replace(p, frame=Frame.TORSO, at=(p.at[0], top + 0.2 * half), depth=-0.2) for p in ears]
    if kind == "hat":
        worn = hat(look, 0.9 * half, 0.75 * half)
        return [replace(p, frame=Frame.TORSO, at=(0.0, top + 0.9 * half), depth=0.4) for p in worn]
    shapes: list[Shape] = []
    if kind == "straw":
        shapes.append(_straw(look, top, half))
    if kind == "sprout":
        shapes += _leaves(look, green, top, half, count=(2, 4), long=(0.4, 0.9), apart=0.1)
    if kind == "aerial":
        tip = (look.between(-0.4, 0.4) * half, top - look.between(0.4, 1.0) * half)
        shapes.append(Shape(ol.stroke([(0, top + 0.2 * half), tip], 0.08 * half), look.shoe))
        shapes.append(Shape(ol.ellipse(*tip, 0.14 * half, 0.14 * half), look.accent))
    return [Plate(Frame.TORSO, tuple(shapes), HEAD, -0.1, swing=0.2)] if shapes else []
