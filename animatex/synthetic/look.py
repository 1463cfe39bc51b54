"""Colours, materials and the taste that one character's pieces share."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from animatex.synthetic.noise import child
from animatex.synthetic.palette import FUR, Colour, Palette, jitter, pick, sample_palette, scaled
from animatex.synthetic.surface import Material, sample_material


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """What one character is dressed and painted in.

    Attributes:
        rng: Source of all further choices.
        palette: Its colours.
        skin: Skin, fur or bark.
        top, bottom: Clothes.
        shoe: Shoes, gloves and belts.
        hair: Hair.
        accent: Anything else.
    """

    rng: np.random.Generator
    palette: Palette
    skin: Material
    top: Material
    bottom: Material
    shoe: Material
    hair: Material
    accent: Material

    def chance(self, probability: float) -> bool:
        """Toss a coin."""
        return bool(self.rng.random() < probability)

    def between(self, low: float, high: float) -> float:
        """Draw evenly."""
        return float(self.rng.uniform(low, high))

    def pick(self, *options: str) -> str:
        """Choose one name."""
        return options[int(self.rng.integers(len(options)))]


def dyed(material: Material, colour: Colour) -> Material:
    """The same material in another colour."""
    return replace(material, base=colour, second=scaled(colour, 0.8))


def smooth(material: Material, colour: Colour) -> Material:
    """A plain, soft-looking surface: skin, porcelain, peel."""
    return replace(
        material,
        base=colour,
        second=scaled(colour, 0.9),
        pattern="plain",
        texture=min(material.texture, 0.3),
        folds=0.0,
    )


def furry(material: Material, colour: Colour) -> Material:
    """Short hair all over."""
    return replace(
        dyed(material, colour), pattern="fur", period=material.period * 0.5, roughness=1.0, folds=0.0
    )


def sample_look(rng: np.random.Generator, *, hide: str) -> Look:
    """Draw a look; `hide` is "skin", "fur" or "any"."""
    shapes_rng, rng = child(rng), child(rng)
    palette = sample_palette(rng)
    own = sample_material(rng, palette)
    if hide == "skin":
        hide_material = smooth(own, palette.skin)
    elif hide == "fur":
        colour = jitter(rng, pick(rng, FUR)) if rng.random() < 0.75 else palette.colours[0]
        hide_material = furry(own, colour) if rng.random() < 0.7 else smooth(own, colour)
    else:
        hide_material = own
    hair_colours = (*FUR, palette.dark, palette.light, *palette.colours[:2])
    hair = replace(
        dyed(sample_material(rng, palette), jitter(rng, pick(rng, hair_colours))), pattern="fur", folds=0.0
    )
    top, bottom, shoe, accent = (sample_material(rng, palette) for _ in range(4))
    if rng.random() < 0.25:
        bottom = top
    if rng.random() < 0.12:
        dark = scaled(palette.dark, 0.8)
        top, bottom = dyed(top, dark), dyed(bottom, dark)
    return Look(shapes_rng, palette, hide_material, top, bottom, shoe, hair, accent)
