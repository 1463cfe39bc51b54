"""Materials and light: from a part's silhouette to its painted picture."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from animatex.synthetic.noise import child, value_noise
from animatex.synthetic.palette import Colour, Palette, hsv, jitter, mix, pick, sample_palette, scaled
from animatex.synthetic.pattern import PATTERNS, paint_pattern
from animatex.video.frames import Size

__all__ = [
    "STYLES", "Lighting", "Material", "Palette",
    "paint", "sample_lighting", "sample_material", "sample_palette",
]  # fmt: skip

STYLES = ("flat", "cel", "soft", "glossy", "painterly")
_STYLE_WEIGHTS = (0.16, 0.18, 0.3, 0.2, 0.16)
_PATTERN_WEIGHTS = {"plain": 9.0, "gradient": 2.0, "stripes": 1.5, "weave": 1.5, "fur": 2.0}


@dataclass(frozen=True, slots=True)
class Lighting:
    """The light on a character, one for all of its parts.

    Attributes:
        direction: Unit vector towards the light; x right, y down, z towards the viewer.
        ambient: Brightness of the unlit side, 0..1.
        colour: Tint of the lit side, RGB factors around 1.
        shadow: Tint of the unlit side, RGB factors around 1.
        rim: Strength of the light along the edge, 0..1.
        rim_colour: RGB bytes of that light.
        style: One of `STYLES`: how the light is drawn.
        outline: Whether drawings in this light have contour lines.
    """

    direction: tuple[float, float, float]
    ambient: float
    colour: tuple[float, float, float]
    shadow: tuple[float, float, float]
    rim: float
    rim_colour: Colour
    style: str
    outline: bool


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


def sample_lighting(rng: np.random.Generator) -> Lighting:
    """Draw the light of one picture."""
    turn, height = rng.uniform(-np.pi, 0.0), rng.uniform(0.15, 1.1)
    direction = np.array([np.cos(turn), np.sin(turn), height])
    direction /= np.linalg.norm(direction)
    warm = float(rng.normal(0.0, 0.09))
    strong = rng.random() < 0.15
    tint = np.array(hsv(float(rng.random()), 0.7 if strong else 0.18, 1.0)) / 255.0
    shadow = np.array(hsv(float(rng.random()), 0.6 if strong else 0.25, 1.0)) / 255.0
    colour = tint * (1 + warm, 1.0, 1 - warm) / max(float(tint.mean()), 0.35)
    shadow = shadow * (1 - warm, 1.0, 1 + warm) / max(float(shadow.mean()), 0.35)
    style = STYLES[int(rng.choice(len(STYLES), p=_STYLE_WEIGHTS))]
    outlined = {"flat": 0.7, "cel": 0.75, "soft": 0.15, "glossy": 0.1, "painterly": 0.2}[style]
    return Lighting(
        direction=tuple(float(v) for v in direction),  # type: ignore[arg-type]
        ambient=float(rng.uniform(0.3, 0.75)),
        colour=tuple(float(v) for v in colour),  # type: ignore[arg-type]
        shadow=tuple(float(v) for v in shadow),  # type: ignore[arg-type]
        rim=float(rng.uniform(0.2, 1.0)) if rng.random() < 0.4 else 0.0,
        rim_colour=hsv(float(rng.random()), float(rng.uniform(0, 0.6)), 1.0),
        style=style,
        outline=bool(rng.random() < outlined),
    )


def sample_material(rng: np.random.Generator, palette: Palette | None = None) -> Material:
    """Draw a material in the colours of `palette` (a fresh one without)."""
    palette = palette or sample_palette(rng)
    base = jitter(rng, pick(rng, palette.colours))
    other = (
        pick(rng, palette.colours),
        palette.light,
        palette.dark,
        scaled(base, float(rng.uniform(0.55, 1.35))),
    )
    second = mix(jitter(rng, other[int(rng.integers(4))]), base, float(rng.uniform(0, 0.4)))
    weights = np.array([_PATTERN_WEIGHTS.get(name, 1.0) for name in PATTERNS])
    pattern = PATTERNS[int(rng.choice(len(PATTERNS), p=weights / weights.sum()))]
    cloth = pattern in ("weave", "plaid", "knit", "denim", "stripes", "checks", "plain", "print", "dots")
    return Material(
        base=base,
        second=second,
        pattern=pattern,
        period=float(np.exp(rng.uniform(np.log(0.03), np.log(0.2)))),
        angle=float(rng.choice([0.0, np.pi / 2, rng.uniform(0, np.pi)])),
        contrast=float(rng.uniform(0.35, 1.0)),
        texture=float(rng.uniform(0.2, 1.0)),
        roughness=1.0 if pattern in ("fur", "weave", "knit", "denim") else float(rng.random()) ** 0.5,
        bulge=float(rng.uniform(0.25, 1.0)),
        folds=float(rng.uniform(0.2, 1.0)) if cloth and rng.random() < 0.4 else 0.0,
        translucent=float(rng.uniform(0.2, 0.9)) if rng.random() < 0.12 else 0.0,
        outline=palette.dark if rng.random() < 0.7 else scaled(base, 0.4),
        outline_width=float(rng.uniform(0.004, 0.016)),
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
    depth, nearest = _depth(inside)
    share, tone = paint_pattern(own, material.pattern, size, material.period * unit, material.angle)
    colour = _albedo(material, lighting, share, tone)
    if lighting.style != "flat":
        colour = _lit(own, colour, material, lighting, depth, tone, unit)
    if lighting.outline and material.outline is not None:
        _draw_outline(colour, material, depth, unit)
    picture = np.clip(colour, 0.0, 255.0).astype(np.uint8)
    return picture.reshape(-1, 3)[nearest]


def _depth(inside: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Distance to the edge (float32, 0 outside) and the flat index of each pixel's nearest inside pixel."""
    framed = cv2.copyMakeBorder(inside, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    depth = cv2.distanceTransform(framed, cv2.DIST_L2, 3)[1:-1, 1:-1]
    _, labels = cv2.distanceTransformWithLabels(1 - inside, cv2.DIST_L2, 3, labelType=cv2.DIST_LABEL_PIXEL)
    places = np.flatnonzero(inside)
    table = np.zeros(int(labels.max()) + 1, np.int64)
    table[labels.reshape(-1)[places]] = places
    return depth, table[labels]


def _albedo(material: Material, lighting: Lighting, share: np.ndarray, tone: np.ndarray) -> np.ndarray:
    base, second = np.array(material.base, np.float32), np.array(material.second, np.float32)
    colour = base + (share * material.contrast)[..., None] * (second - base)
    strength = material.texture * (0.12 if lighting.style in ("flat", "cel") else 0.3)
    colour *= (1.0 + strength * tone)[..., None]
    return colour


def _lit(
    rng: np.random.Generator,
    colour: np.ndarray,
    material: Material,
    lighting: Lighting,
    depth: np.ndarray,
    tone: np.ndarray,
    unit: float,
) -> np.ndarray:
    """Diffuse, occlusion, highlight and rim on `colour` (float32 [h, w, 3], 0..255)."""
    size = Size(*depth.shape)
    radius = float(depth.max()) * (0.35 + 0.65 * material.bulge) + 1e-3
    sunk = np.minimum(depth, radius) / radius
    height = np.sqrt(np.maximum(sunk * (2.0 - sunk), 0.0)) * (radius * material.bulge)
    if material.folds:
        folds = value_noise(rng, size, max(size) / (unit * 0.07), stretch=2.5, octaves=2)
        height = height + folds * (material.folds * unit * 0.035)
    sigma = max(0.6, radius * 0.12)
    height = cv2.GaussianBlur(height, (0, 0), sigma)
    if lighting.style != "cel" and material.texture > 0.3:
        height = height + tone * (0.25 * material.texture)
    slope_x = cv2.Sobel(height, cv2.CV_32F, 1, 0, ksize=3, scale=0.125)
    slope_y = cv2.Sobel(height, cv2.CV_32F, 0, 1, ksize=3, scale=0.125)
    length = 1.0 / np.sqrt(slope_x * slope_x + slope_y * slope_y + 1.0)
    lx, ly, lz = lighting.direction
    facing = (lz - lx * slope_x - ly * slope_y) * length
    light = _ramp(rng, facing, lighting, size)
    lit = np.array(lighting.colour, np.float32)
    dim = np.array(lighting.shadow, np.float32) * lighting.ambient
    edge = 1.0 - sunk
    colour = colour * (dim + light[..., None] * (lit * 1.08 - dim))
    occlusion = 1.0 - 0.28 * (1.0 - material.translucent) * edge * edge * edge
    if lighting.style != "cel":
        colour *= occlusion[..., None]
    if material.translucent:
        glow = (edge * edge * material.translucent)[..., None]
        colour += glow * (np.array(mix(material.base, (255, 255, 255), 0.45), np.float32) - colour) * 0.7
    gloss = _gloss(facing, length, material, lighting)
    if gloss is not None:
        colour += gloss[..., None] * (np.array((255, 255, 255), np.float32) * lit - colour * 0.3)
    if lighting.rim:
        towards = np.clip(-(lx * slope_x + ly * slope_y) * length, 0.0, 1.0)
        shine = (np.clip(edge * 1.6 - 0.7, 0.0, 1.0) * towards * lighting.rim)[..., None]
        colour += shine * (np.array(lighting.rim_colour, np.float32) - colour)
    return colour


def _ramp(rng: np.random.Generator, facing: np.ndarray, lighting: Lighting, size: Size) -> np.ndarray:
    """From the cosine to the light to a brightness 0..1, in the drawing's style."""
    if lighting.style == "cel":
        return (
            np.clip((facing - 0.25) * 14.0 + 0.5, 0.0, 1.0) * 0.8
            + np.clip((facing - 0.8) * 14.0, 0.0, 1.0) * 0.2
        )
    light = np.clip(facing * 0.72 + 0.28, 0.0, 1.0)
    if lighting.style == "painterly":
        strokes = value_noise(rng, size, 14.0, stretch=0.5, octaves=2) - 0.5
        light = light + strokes * 0.35
        return np.clip(np.round(light * 5.0) * 0.12 + light * 0.4, 0.0, 1.1)
    return light


def _gloss(
    facing: np.ndarray, length: np.ndarray, material: Material, lighting: Lighting
) -> np.ndarray | None:
    """Highlight 0..1, or None for a dull surface."""
    shiny = 1.0 - material.roughness * (0.5 if lighting.style == "glossy" else 1.0)
    if shiny < 0.12:
        return None
    lz = lighting.direction[2]
    half = (facing + length) / np.float32(np.sqrt(2.0 + 2.0 * lz))
    if lighting.style == "cel":
        return np.clip((half - 0.965) * 60.0, 0.0, 1.0) * (0.6 * shiny)
    power = 8.0 + 90.0 * shiny * shiny
    return np.exp((half - 1.0) * power) * (0.85 * shiny)


def _draw_outline(colour: np.ndarray, material: Material, depth: np.ndarray, unit: float) -> None:
    width = max(1.2, material.outline_width * unit)
    share = np.clip(width - depth + 0.5, 0.0, 1.0)[..., None]
    colour += share * (np.array(material.outline, np.float32) - colour)
