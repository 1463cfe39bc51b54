"""The camera's and the painter's last touch, the same for each frame of a clip."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from animatex.synthetic.noise import child, mesh
from animatex.video.frames import Size


@dataclass(frozen=True, slots=True, eq=False)
class Finish:
    """How a clip's pictures are graded. Built by `sample_finish`; `apply` is the same for each frame.

    Attributes:
        size: Height and width of the pictures it fits.
        table: uint8 [256, 1, 3]; contrast, exposure, gamma and temperature, by channel.
        colour: float32 [3, 3]; saturation, or a tint.
        gain: uint8 [h, w, 3], 128 leaves a pixel as it is: the vignette. Empty: none.
        grain: int8 noise as uint8 [h, w, 3] around 128. Empty: none.
        soften: Sigma of the blur in pixels; 0 none, below 0 sharpens by that much.
        painterly: Radius of the brush in pixels; 0 none.
        quality: JPEG quality of a round trip; 0 none.
    """

    size: Size
    table: np.ndarray
    colour: np.ndarray
    gain: np.ndarray
    grain: np.ndarray
    soften: float
    painterly: int
    quality: int

    def apply(self, image: np.ndarray) -> np.ndarray:
        """Grade one picture, uint8 [h, w, 3] to the same; deterministic."""
        if self.painterly:
            image = cv2.medianBlur(image, 2 * self.painterly + 1)
        if self.soften > 0:
            image = cv2.GaussianBlur(image, (0, 0), self.soften)
        elif self.soften < 0:
            image = cv2.addWeighted(
                image, 1 - self.soften, cv2.GaussianBlur(image, (0, 0), 1.0), self.soften, 0.0
            )
        image = cv2.LUT(cv2.transform(image, self.colour), self.table)
        if self.gain.size:
            image = cv2.multiply(image, self.gain, scale=1.0 / 128)
        if self.grain.size:
            image = cv2.addWeighted(image, 1.0, self.grain, 1.0, -128.0)
        if self.quality:
            _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, self.quality])
            image = cv2.imdecode(data, cv2.IMREAD_COLOR)
        return image


def sample_finish(rng: np.random.Generator, size: Size) -> Finish:
    """Draw a finish for pictures of `size`; about a quarter of them change next to nothing."""
    own = child(rng)
    light = own.random() < 0.25
    strength = 0.15 if light else 1.0
    return Finish(
        size=size,
        table=_table(own, strength),
        colour=_saturation(own, strength),
        gain=_vignette(own, size) if not light and own.random() < 0.4 else np.empty(0, np.uint8),
        grain=_grain(own, size) if not light and own.random() < 0.4 else np.empty(0, np.uint8),
        soften=_soften(own, size),
        painterly=max(1, round(size.height / 400)) if own.random() < 0.1 else 0,
        quality=int(own.integers(35, 92)) if own.random() < 0.35 else 0,
    )


def _table(rng: np.random.Generator, strength: float) -> np.ndarray:
    contrast = 1.0 + strength * float(rng.uniform(-0.3, 0.35))
    exposure = strength * float(rng.normal(0.0, 0.09))
    if strength == 1.0 and rng.random() < 0.12:
        exposure += float(rng.choice([-0.22, 0.2]))
    gamma = float(np.exp(strength * rng.uniform(-0.3, 0.3)))
    warm = strength * float(rng.normal(0.0, 0.06))
    lift = strength * float(rng.uniform(0.0, 0.1)) * (rng.random() < 0.3)
    value = np.linspace(0.0, 1.0, 256)[:, None] ** gamma
    value = (value - 0.5) * contrast + 0.5 + exposure
    value = lift + value * (1.0 - lift)
    value = value * np.array([1.0 + warm, 1.0, 1.0 - warm])
    return np.clip(np.round(value * 255.0), 0, 255).astype(np.uint8)[:, None, :]


def _saturation(rng: np.random.Generator, strength: float) -> np.ndarray:
    amount = 1.0 + strength * float(rng.uniform(-0.45, 0.5))
    if strength == 1.0 and rng.random() < 0.03:
        amount = 0.0
    grey = np.array([0.299, 0.587, 0.114])[None, :]
    return (np.eye(3) * amount + (1.0 - amount) * grey).astype(np.float32)


def _vignette(rng: np.random.Generator, size: Size) -> np.ndarray:
    x, y = mesh(size)
    middle_x, middle_y = rng.uniform(0.3, 0.7, 2)
    aspect = size.width / max(size)
    tall = size.height / max(size)
    far = ((x / aspect - middle_x) ** 2 + (y / tall - middle_y) ** 2) * float(rng.uniform(0.3, 1.2))
    gain = np.clip(1.08 - far, 0.25, 1.2) * 128.0
    return np.repeat(gain.astype(np.uint8)[..., None], 3, axis=2)


def _grain(rng: np.random.Generator, size: Size) -> np.ndarray:
    sigma = float(rng.uniform(1.5, 9.0))
    coarse = rng.random() < 0.5
    height, width = (size.height // 2 + 1, size.width // 2 + 1) if coarse else size
    noise = (
        rng.standard_normal((height, width, 3 if rng.random() < 0.5 else 1), dtype=np.float32) * sigma + 128.0
    )
    noise = np.clip(np.round(noise), 0, 255).astype(np.uint8)
    if noise.shape[2] == 1:
        noise = np.repeat(noise, 3, axis=2)
    return cv2.resize(noise, (size.width, size.height), interpolation=cv2.INTER_LINEAR) if coarse else noise


def _soften(rng: np.random.Generator, size: Size) -> float:
    kind = rng.random()
    if kind < 0.25:
        return float(rng.uniform(0.3, 0.9)) * max(size.height / 300, 0.6)
    return -float(rng.uniform(0.2, 0.9)) if kind < 0.45 else 0.0
