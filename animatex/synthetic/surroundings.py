"""How a character sits in its scene: shade, shadows on ground and wall, a mirror image, falling light."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The same for all pictures of a clip.

    Attributes:
        light: Unit vector towards the light; x right, y down, z towards the viewer.
        shade: How dark near pieces shade the ones behind, 0..1.
        ground: How dark the shadow at the feet is, 0..1.
        wall: How dark the silhouette's shadow on a wall behind is, 0 for none.
        away: How far that shadow falls from the character, shares of the picture's height.
        mirror: How much of the character the floor mirrors, 0 for none.
        falloff: How the light changes to the right and downwards, as a share over the whole picture.
    """

    light: tuple[float, float, float]
    shade: float
    ground: float
    wall: float
    away: float
    mirror: float
    falloff: tuple[float, float]


def sample_surroundings(
    rng: np.random.Generator, light: tuple[float, float, float], shade: float
) -> Surroundings:
    """Draw how the character is lit by, and seen in, its scene."""
    kind = rng.random()
    return Surroundings(
        light=light,
        shade=shade,
        ground=float(rng.uniform(0, 0.7)),
        wall=float(rng.uniform(0.15, 0.6)) if kind < 0.12 else 0.0,
        away=float(rng.uniform(0.01, 0.07)),
        mirror=float(rng.uniform(0.1, 0.45)) if 0.12 <= kind < 0.2 else 0.0,
        falloff=(float(rng.normal(0, 0.25)), float(rng.normal(-0.1, 0.25))),
    )


def cast_shadow(backdrop: np.ndarray, points: np.ndarray, radius: float, strength: float) -> np.ndarray:
    """Darken the ground softly around (x, y) `points` (pixels); returns a new picture."""
    out = backdrop.copy()
    rx, ry = max(radius, 1.5), max(radius * 0.3, 1.0)
    for x, y in points:
        x0, x1 = max(int(x - 2 * rx), 0), min(int(x + 2 * rx) + 1, out.shape[1])
        y0, y1 = max(int(y - 2 * ry), 0), min(int(y + 2 * ry) + 1, out.shape[0])
        if x1 <= x0 or y1 <= y0:
            continue
        across = (np.arange(x0, x1, dtype=np.float32) - np.float32(x)) / np.float32(rx)
        down = (np.arange(y0, y1, dtype=np.float32) - np.float32(y)) / np.float32(ry)
        fall = np.exp(-1.2 * (across[None] ** 2 + down[:, None] ** 2))
        patch = out[y0:y1, x0:x1]
        patch[:] = (patch * (1 - strength * fall)[..., None]).astype(np.uint8)
    return out


def settle(canvas: np.ndarray, around: Surroundings, ground: float) -> None:
    """Light the composed character, and let it mirror in the floor and shade the wall; in place.

    Args:
        canvas: float32 [H, W, 4], RGB 0..255 of character and background, and the character's coverage.
        around: What to do.
        ground: y of the floor under the character, pixels.
    """
    height, width = canvas.shape[:2]
    cover = canvas[..., 3]
    across = np.linspace(-0.5, 0.5, width, dtype=np.float32) * np.float32(around.falloff[0])
    down = np.linspace(-0.5, 0.5, height, dtype=np.float32) * np.float32(around.falloff[1])
    gain = 1 + np.clip(across[None] + down[:, None], -0.5, 0.5) * cover
    if around.wall:
        reach = around.away * height
        offset = np.float32([[1, 0, -reach * np.sign(around.light[0])], [0, 1, 0.4 * reach]])
        shadow = cv2.warpAffine(cover, offset, (width, height))
        shadow = cv2.GaussianBlur(shadow, (0, 0), max(0.35 * reach, 0.8))
        gain *= 1 - around.wall * shadow * (1 - cover)
    cv2.multiply(canvas, cv2.merge([gain, gain, gain, np.ones_like(gain)]), dst=canvas)
    floor = int(round(ground))
    if around.mirror and 0 < floor < height:
        rows = min(height - floor, floor)
        image = canvas[floor - rows : floor][::-1]
        fade = np.linspace(1, 0.2, rows, dtype=np.float32)[:, None]
        below = canvas[floor : floor + rows]
        share = (around.mirror * fade * image[..., 3] * (1 - below[..., 3]))[..., None]
        below[..., :3] += share * (image[..., :3] - below[..., :3])
