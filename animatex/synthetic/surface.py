"""Materials: from a part's silhouette to its painted picture."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from animatex.synthetic.lighting import STYLES, Lighting, Shade, sample_lighting, shade
from animatex.synthetic.noise import child, draw, value_noise
from animatex.synthetic.palette import Colour, Palette, jitter, mix, pick, sample_palette, scaled
from animatex.synthetic.pattern import PATTERNS, paint_pattern, relief
from animatex.video.frames import Size

__all__ = [
    "STYLES", "Lighting", "Material", "Palette",
    "paint", "sample_lighting", "sample_material", "sample_palette",
]  # fmt: skip

_FREQUENT = {"plain": 9.0, "gradient": 2.0, "stripes": 1.5, "weave": 1.5, "fur": 2.0, "strands": 1.5}
_PATTERN_SHARES = tuple((name, _FREQUENT.get(name, 1.0)) for name in PATTERNS)
_CLOTH = ("weave", "plaid", "knit", "denim", "stripes", "checks", "plain", "print", "dots")
_DULL = ("fur", "weave", "knit", "denim", "wool", "pleats")


@dataclass(frozen=True, slots=True)
class Material:
    """What a part is made of.

    Attributes:
        base: Main colour.
        second: The pattern's other colour.
        pattern: One of `PATTERNS`.
        period: Length of one repetition, in fractions of the unit that `paint` is given.
        angle: Direction of the pattern, radians.
        contrast: How much of `second` shows, 0..1.
        texture: Strength of the pattern's tone, 0..1.
        roughness: 0 mirrors the light as a small highlight, 1 not at all.
        bulge: 0 a flat sheet, 1 fully round.
        folds: Strength of cloth folds, 0..1.
        translucent: How much the edges glow, as in glass, jelly and fruit, 0..1.
        outline: Contour colour, or None.
        outline_width: Contour width, in fractions of the unit.
        metallic: How much the surface mirrors sky and ground, 0..1.
        fuzz: How bright the edge is, as of velvet, fur and peach, 0..1.
    """

    base: Colour
    second: Colour
    pattern: str
    period: float
    angle: float
    contrast: float
    texture: float
    roughness: float
    bulge: float
    folds: float
    translucent: float
    outline: Colour | None
    outline_width: float
    metallic: float = 0.0
    fuzz: float = 0.0

    def recoloured(self, base: Colour) -> Material:
        """The same material around another colour."""
        return replace(self, base=base, second=mix(self.second, base, 0.5))


def sample_material(rng: np.random.Generator, palette: Palette | None = None) -> Material:
    """Draw a material in the colours of `palette` (a fresh one without)."""
    palette = palette or sample_palette(rng)
    extreme = float(rng.random())
    base = palette.light if extreme < 0.1 else palette.dark if extreme < 0.15 else pick(rng, palette.colours)
    base = jitter(rng, base)
    other = (
        pick(rng, palette.colours),
        palette.light,
        palette.dark,
        scaled(base, float(rng.uniform(0.55, 1.35))),
    )
    second = mix(jitter(rng, pick(rng, other)), base, float(rng.uniform(0, 0.4)))
    pattern = draw(rng, _PATTERN_SHARES)
    kind = float(rng.random())
    return Material(
        base=base,
        second=second,
        pattern=pattern,
        period=float(np.exp(rng.uniform(np.log(0.03), np.log(0.2)))),
        angle=(0.0, np.pi / 2, float(rng.uniform(0, np.pi)))[int(rng.integers(3))],
        contrast=float(rng.uniform(0.35, 1.0)),
        texture=float(rng.uniform(0.2, 1.0)),
        roughness=1.0 if pattern in _DULL else float(rng.random()) ** 0.5,
        bulge=float(rng.uniform(0.25, 1.0)),
        folds=float(rng.uniform(0.2, 1.0)) if pattern in _CLOTH and rng.random() < 0.55 else 0.0,
        translucent=float(rng.uniform(0.2, 0.9)) if kind < 0.12 else 0.0,
        outline=palette.dark if rng.random() < 0.7 else scaled(base, 0.4),
        outline_width=float(rng.uniform(0.004, 0.016)),
        metallic=float(rng.uniform(0.3, 1.0)) if 0.12 <= kind < 0.2 else 0.0,
        fuzz=float(rng.uniform(0.15, 0.7)) if pattern in _DULL and rng.random() < 0.6 else 0.0,
    )


def paint(
    material: Material,
    alpha: np.ndarray,
    lighting: Lighting,
    rng: np.random.Generator,
    unit: float | None = None,
) -> np.ndarray:
    """Paint a silhouette.

    Args:
        material: What it is made of.
        alpha: uint8 [h, w]; the part is where it is above 127.
        lighting: The light; its style decides how shading and contour are drawn.
        rng: Source of the pattern's randomness.
        unit: Pixels that lengths of 1 in the material stand for, a character's height, say; by default twice
            the longer side of `alpha`.

    Returns:
        uint8 [h, w, 3]; outside of the silhouette the colours of its nearest pixel go on.
    """
    own = child(rng)
    size = Size(*alpha.shape)
    unit = unit or 2.0 * max(size)
    inside = (alpha > 127).astype(np.uint8)
    if not inside.any():
        return np.full((*size, 3), material.base, np.uint8)
    depth = _depth(inside)
    share, tone = paint_pattern(own, material.pattern, size, material.period * unit, material.angle)
    planes = _albedo(material, lighting, share, tone)
    if lighting.style != "flat":
        _light(own, planes, material, lighting, depth, tone, unit)
    if lighting.outline and material.outline is not None:
        line = np.clip(max(1.2, material.outline_width * unit) + 0.5 - depth, 0.0, 1.0)
        for plane, target in zip(planes, material.outline, strict=True):
            plane += line * (target - plane)
    picture = cv2.merge([cv2.convertScaleAbs(np.maximum(plane, 0.0)) for plane in planes])
    return _extended(picture, inside)


def _depth(inside: np.ndarray) -> np.ndarray:
    """Distance to the edge in pixels, float32; 0 outside. The picture's border counts as an edge."""
    framed = cv2.copyMakeBorder(inside, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    return np.ascontiguousarray(cv2.distanceTransform(framed, cv2.DIST_L2, 5)[1:-1, 1:-1])


def _extended(picture: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """Give every pixel outside of the silhouette the colour of the nearest one inside."""
    outside = 1 - inside
    _, labels = cv2.distanceTransformWithLabels(outside, cv2.DIST_L2, 3, labelType=cv2.DIST_LABEL_PIXEL)
    places = np.flatnonzero(inside)
    colours = picture.reshape(-1, 3)
    source = np.empty(int(labels.max()) + 1, np.int64)
    source[labels.reshape(-1)[places]] = places
    gaps = np.flatnonzero(outside)
    colours[gaps] = colours.take(source.take(labels.reshape(-1).take(gaps)), axis=0)
    return picture


def _albedo(material: Material, lighting: Lighting, share: np.ndarray, tone: np.ndarray) -> list[np.ndarray]:
    """The pattern in its colours: three planes, float32 [h, w], 0..255."""
    strength = material.texture * (0.12 if lighting.style in ("flat", "cel") else 0.3)
    bright = tone * strength
    bright += 1.0
    planes = []
    for first, second in zip(material.base, material.second, strict=True):
        plane = share * (material.contrast * (second - first))
        plane += first
        plane *= bright
        planes.append(plane)
    return planes


def _light(
    rng: np.random.Generator,
    planes: list[np.ndarray],
    material: Material,
    lighting: Lighting,
    depth: np.ndarray,
    tone: np.ndarray,
    unit: float,
) -> None:
    """Shade the planes in place."""
    height, sunk = _relief(rng, material, lighting, depth, tone, unit)
    shiny = 1.0 - material.roughness * (0.5 if lighting.style == "glossy" else 1.0)
    shades = shade(rng, lighting, height, sunk, shiny)
    mirror = _mirror(shades, material.metallic) if material.metallic else None
    glow = shades.edge * shades.edge * (0.7 * material.translucent) if material.translucent else None
    fuzz = shades.edge * shades.edge * (shades.light * material.fuzz * 0.6) if material.fuzz else None
    bright = mix(material.base, (255, 255, 255), 0.45)
    for channel, plane in enumerate(planes):
        lit = lighting.colour[channel]
        dim = lighting.shadow[channel] * lighting.ambient
        gain = shades.light * (lit * 1.08 - dim)
        gain += dim
        if mirror is not None:
            gain *= mirror
        plane *= gain
        if lighting.style != "cel" and glow is None:
            plane *= shades.occlusion
        if glow is not None:
            plane += glow * (bright[channel] - plane)
        if fuzz is not None:
            plane += fuzz * (bright[channel] - plane)
        if shades.gloss is not None:
            plane += shades.gloss * (255.0 * min(lit, 1.2) - 0.3 * plane)
        if shades.rim is not None:
            plane += shades.rim * (lighting.rim_colour[channel] - plane)


def _relief(
    rng: np.random.Generator,
    material: Material,
    lighting: Lighting,
    depth: np.ndarray,
    tone: np.ndarray,
    unit: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Height above the paper in pixels, and 0..1 from the edge to where the surface is flat."""
    size = Size(*depth.shape)
    radius = float(depth.max()) * (0.35 + 0.65 * material.bulge) + 1e-3
    sunk = np.minimum(depth, radius)
    sunk *= 1.0 / radius
    height = sunk * (2.0 - sunk)
    cv2.sqrt(np.maximum(height, 0.0), height)
    height *= radius * material.bulge
    height = _smooth(height, max(0.6, radius * 0.12))
    if material.folds:
        height += _creases(rng, size, unit) * (material.folds * unit * 0.026)
    bold = relief(material.pattern)
    if bold:
        height += tone * (bold * material.period * unit * (0.4 + 0.6 * material.texture))
    elif lighting.style != "cel" and material.texture > 0.3:
        height += tone * (0.25 * material.texture)
    return height, sunk


def _creases(rng: np.random.Generator, size: Size, unit: float) -> np.ndarray:
    """Folds of cloth: soft valleys between sharp ridges, mostly along the part, float32 [h, w], 0..1."""
    stretch, spacing = float(rng.choice([0.5, 1.5, 3.0, 5.0])), float(rng.uniform(0.035, 0.1))
    cells = max(size) / (unit * spacing)
    ridges = 1.0 - np.abs(2.0 * value_noise(rng, size, cells, stretch=stretch) - 1.0)
    broad = value_noise(rng, size, cells * 0.5, stretch=stretch)
    return cv2.blur(ridges * ridges * 0.7 + broad * 0.9, (3, 3))


def _smooth(height: np.ndarray, sigma: float) -> np.ndarray:
    """Gaussian blur; a wide one as three box blurs, whose cost does not grow with their width."""
    if sigma < 2.0:
        return cv2.GaussianBlur(height, (0, 0), sigma)
    side = 2 * round((4.0 * sigma * sigma + 1.0) ** 0.5 / 2.0 - 0.5) + 1
    for _ in range(3):
        height = cv2.blur(height, (side, side))
    return height


def _mirror(shades: Shade, metallic: float) -> np.ndarray:
    """Sky above, a dark horizon, ground below: the factor that makes metal of a colour."""
    bands = np.sin(shades.upward * 5.0 + 0.9)
    bands *= 0.75 * metallic
    bands += 1.0
    return bands
