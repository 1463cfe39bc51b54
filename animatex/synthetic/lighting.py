"""Light on a puffed-up silhouette: diffuse, occlusion, highlight, reflection, rim, in a drawing's style."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from animatex.synthetic.noise import draw, value_noise
from animatex.synthetic.palette import Colour, hsv
from animatex.video.frames import Size

_STYLE_SHARES = (("flat", 0.15), ("cel", 0.19), ("soft", 0.3), ("glossy", 0.2), ("painterly", 0.16))
STYLES = tuple(style for style, _ in _STYLE_SHARES)
_OUTLINED = {"flat": 0.7, "cel": 0.75, "soft": 0.15, "glossy": 0.1, "painterly": 0.2}


@dataclass(frozen=True, slots=True)
class Lighting:
    """The light on a character, one for all of its parts.

    Attributes:
        direction: Unit vector towards the light; x right, y down, z towards the viewer.
        ambient: Brightness of the unlit side, 0..1.
        colour: Tint of the lit side, RGB factors around 1.
        shadow: Tint of the unlit side, RGB factors around 1.
        rim: Strength of a second light from behind, along the edge, 0..1.
        rim_colour: RGB bytes of that light.
        rim_direction: Where it comes from, unit vector (x, y).
        style: One of `STYLES`: how the light is drawn.
        crisp: How hard the edge of a drawn shadow is; 3 soft, 20 hard. For the cel style.
        outline: Whether drawings in this light have contour lines.
    """

    direction: tuple[float, float, float]
    ambient: float
    colour: tuple[float, float, float]
    shadow: tuple[float, float, float]
    rim: float
    rim_colour: Colour
    rim_direction: tuple[float, float]
    style: str
    crisp: float
    outline: bool


@dataclass(frozen=True, slots=True, eq=False)
class Shade:
    """What light does to each pixel; float32 [h, w] each.

    Attributes:
        light: 0 in shadow, 1 in full light.
        occlusion: Factor below 1 where little light gets to.
        gloss: Share of the light's own colour, 0..1.
        rim: Share of the rim light's colour, 0..1.
        edge: 0 in the middle to 1 at the silhouette's edge.
        upward: How much the surface faces up, -1..1: what a mirror shows, sky or ground.
    """

    light: np.ndarray
    occlusion: np.ndarray
    gloss: np.ndarray | None
    rim: np.ndarray | None
    edge: np.ndarray
    upward: np.ndarray


def sample_lighting(rng: np.random.Generator) -> Lighting:
    """Draw the light of one picture."""
    turn, height = float(rng.uniform(-np.pi, 0.0)), float(rng.uniform(0.15, 1.1))
    if rng.random() < 0.08:
        turn = -turn
    norm = float(np.hypot(1.0, height))
    warm = float(rng.normal(0.0, 0.09))
    strong = rng.random() < 0.18
    lit = np.array(hsv(float(rng.random()), float(rng.uniform(0.4, 0.8)) if strong else 0.15, 1.0)) / 255.0
    dim = np.array(hsv(float(rng.random()), float(rng.uniform(0.4, 0.8)) if strong else 0.25, 1.0)) / 255.0
    bright = float(rng.uniform(0.88, 1.16))
    lit = lit * (1 + warm, 1.0, 1 - warm) * (bright / max(float(lit.mean()), 0.4))
    dim = dim * (1 - warm, 1.0, 1 + warm) / max(float(dim.mean()), 0.4)
    style = draw(rng, _STYLE_SHARES)
    rim = float(rng.uniform(0.2, 1.0)) if rng.random() < 0.4 else 0.0
    back = turn + np.pi + float(rng.normal(0.0, 0.6))
    return Lighting(
        direction=(np.cos(turn).item() / norm, np.sin(turn).item() / norm, height / norm),
        ambient=float(rng.uniform(0.25, 0.75)),
        colour=(lit[0].item(), lit[1].item(), lit[2].item()),
        shadow=(dim[0].item(), dim[1].item(), dim[2].item()),
        rim=rim,
        rim_colour=hsv(float(rng.random()), float(rng.uniform(0, 0.7)), 1.0),
        rim_direction=(np.cos(back).item(), np.sin(back).item()),
        style=style,
        crisp=float(np.exp(rng.uniform(1.0, 3.0))),
        outline=bool(rng.random() < _OUTLINED[style]),
    )


def shade(
    rng: np.random.Generator, lighting: Lighting, height: np.ndarray, sunk: np.ndarray, shiny: float
) -> Shade:
    """Light a relief.

    Args:
        rng: For the brush marks of the painterly style.
        lighting: The light.
        height: float32 [h, w], pixels above the paper.
        sunk: float32 [h, w], 0 at the silhouette's edge (and outside) to 1 in its middle.
        shiny: 0 dull to 1 mirror-like: strength and narrowness of the highlight.
    """
    size = Size(*height.shape)
    slope_x = cv2.Sobel(height, cv2.CV_32F, 1, 0, ksize=3, scale=0.125)
    slope_y = cv2.Sobel(height, cv2.CV_32F, 0, 1, ksize=3, scale=0.125)
    length = slope_x * slope_x
    length += slope_y * slope_y
    length += 1.0
    cv2.sqrt(length, length)
    np.reciprocal(length, out=length)
    slope_x *= length
    slope_y *= length
    lx, ly, lz = lighting.direction
    facing = length * lz
    facing -= slope_x * lx
    facing -= slope_y * ly
    edge = 1.0 - sunk
    rim = None
    if lighting.rim:
        bx, by = lighting.rim_direction
        towards = np.clip(slope_x * -bx + slope_y * -by, 0.0, 1.0)
        rim = np.clip(edge * 1.6 - 0.7, 0.0, 1.0) * towards
        rim *= lighting.rim
        if lighting.style == "cel":
            rim = np.clip((rim - 0.25) * 8.0, 0.0, 1.0) * lighting.rim
    return Shade(
        light=_ramp(rng, facing, lighting, size),
        occlusion=1.0 - 0.28 * edge * edge * edge,
        gloss=_gloss(facing, length, lighting, shiny),
        rim=rim,
        edge=edge,
        upward=-slope_y,
    )


def _ramp(rng: np.random.Generator, facing: np.ndarray, lighting: Lighting, size: Size) -> np.ndarray:
    """From the cosine to the light to a brightness 0..1, in the drawing's style."""
    if lighting.style == "cel":
        light = np.clip((facing - 0.25) * lighting.crisp + 0.5, 0.0, 1.0) * 0.82
        return light + np.clip((facing - 0.8) * lighting.crisp, 0.0, 0.18)
    light = np.clip(facing * 0.72 + 0.28, 0.0, 1.0)
    if lighting.style == "painterly":
        light += (value_noise(rng, size, 14.0, stretch=0.5, octaves=2) - 0.5) * 0.35
        return np.clip(np.round(light * 5.0) * 0.12 + light * 0.4, 0.0, 1.1)
    return light


def _gloss(facing: np.ndarray, length: np.ndarray, lighting: Lighting, shiny: float) -> np.ndarray | None:
    """Highlight 0..1, or None for a dull surface."""
    if shiny < 0.12:
        return None
    half = (facing + length) * (1.0 / (2.0 + 2.0 * lighting.direction[2]) ** 0.5)
    if lighting.style == "cel":
        return np.clip((half - 0.965) * 60.0, 0.0, 1.0) * (0.6 * shiny)
    half -= 1.0
    half *= 8.0 + 90.0 * shiny * shiny
    return cv2.exp(half) * (0.85 * shiny)
