"""The camera's and the painter's last touch, the same for each frame of a clip."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from animatex.synthetic.noise import child, mesh
from animatex.synthetic.palette import hsv
from animatex.video.frames import Size


@dataclass(frozen=True, slots=True, eq=False)
class Finish:
    """How a clip's pictures are graded. Built by `sample_finish`; `apply` is the same for each frame.

    Attributes:
        size: Height and width of the pictures it fits.
        colour: float32 [3, 3]; saturation, or a tint.
        table: uint8 [256, 1, 3]; contrast, exposure, gamma and temperature, by channel.
        gain: uint8 [h, w, 3], 128 leaves a pixel as it is: the vignette. Empty: none.
        grain: uint8 [h, w, 3] around 128, added. Empty: none.
        bloom: How much bright places shine over their surroundings, 0..1.
        soften: Sigma of the blur in pixels; 0 none, below 0 sharpens by that much.
        brush: Radius in pixels of the marks that a painter's brush makes of the picture; 0 none.
        quality: JPEG quality of a round trip; 0 none.
    """

    size: Size
    colour: np.ndarray
    table: np.ndarray
    gain: np.ndarray
    grain: np.ndarray
    bloom: float
    soften: float
    brush: int
    quality: int

    def apply(self, image: np.ndarray) -> np.ndarray:
        """Grade one picture, uint8 [h, w, 3] to the same; deterministic."""
        if self.brush:
            image = _brushed(image, self.brush)
        if self.bloom:
            image = _bloomed(image, self.bloom)
        if self.soften > 0:
            image = cv2.GaussianBlur(image, (0, 0), self.soften)
        elif self.soften < 0:
            soft = cv2.GaussianBlur(image, (0, 0), 1.0)
            image = cv2.addWeighted(image, 1 - self.soften, soft, self.soften, 0.0)
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
    strength = 0.2 if light else 1.0
    none = np.empty(0, np.uint8)
    return Finish(
        size=size,
        colour=_saturation(own, strength),
        table=_table(own, strength),
        gain=_vignette(own, size) if not light and own.random() < 0.4 else none,
        grain=_grain(own, size) if not light and own.random() < 0.28 else none,
        bloom=float(own.uniform(0.2, 1.0)) if not light and own.random() < 0.25 else 0.0,
        soften=_soften(own, size),
        brush=max(1, round(size.height / own.uniform(70, 200))) if own.random() < 0.1 else 0,
        quality=int(own.integers(35, 92)) if own.random() < 0.3 else 0,
    )


def _brushed(image: np.ndarray, radius: int) -> np.ndarray:
    """Each pixel takes the mean of the calmest of four squares around it, as in Kuwahara et al. 1976."""
    side = 2 * (radius // 2) + 1
    reach = radius // 2 + radius % 2
    rows, columns = image.shape[:2]
    framed = cv2.copyMakeBorder(image, reach, reach, reach, reach, cv2.BORDER_REFLECT)
    grey = cv2.cvtColor(framed, cv2.COLOR_RGB2GRAY)
    mean = cv2.blur(framed, (side, side))
    middle = cv2.blur(grey, (side, side), borderType=cv2.BORDER_REFLECT)
    rough = cv2.blur(cv2.absdiff(grey, middle), (side, side))
    best, calm = None, None
    for down in (0, 2 * reach):
        for across in (0, 2 * reach):
            part = np.ascontiguousarray(mean[down : down + rows, across : across + columns])
            noise = rough[down : down + rows, across : across + columns]
            if best is None or calm is None:
                best, calm = part, noise.copy()
                continue
            better = cv2.compare(noise, calm, cv2.CMP_LT)
            cv2.copyTo(part, better, best)
            calm = cv2.min(noise, calm)
    return best


def _bloomed(image: np.ndarray, strength: float) -> np.ndarray:
    rows, columns = image.shape[:2]
    small = cv2.resize(image, (max(8, columns // 4), max(8, rows // 4)), interpolation=cv2.INTER_AREA)
    bright = cv2.subtract(small, (150.0, 150.0, 150.0, 0.0))
    soft = cv2.GaussianBlur(bright, (0, 0), max(1.0, rows / 90))
    spread = cv2.resize(soft, (columns, rows), interpolation=cv2.INTER_LINEAR)
    return cv2.addWeighted(image, 1.0, spread, 1.6 * strength, 0.0)


def _table(rng: np.random.Generator, strength: float) -> np.ndarray:
    contrast = strength * float(rng.uniform(-0.25, 0.55))
    exposure = strength * float(rng.normal(0.0, 0.08))
    special = float(rng.random()) if strength == 1.0 else 1.0
    if special < 0.12:
        exposure += float(rng.choice([-0.15, 0.18]))
    gamma = float(np.exp(strength * rng.uniform(-0.3, 0.3)))
    warm = strength * float(rng.normal(0.0, 0.06))
    lift = strength * float(rng.uniform(0.0, 0.12)) if rng.random() < 0.3 else 0.0
    shadows = np.array(hsv(float(rng.random()), 1.0, 1.0)) / 255 - 0.5
    toned = strength * float(rng.uniform(0.05, 0.22)) if rng.random() < 0.3 else 0.0
    levels = int(rng.integers(4, 9)) if 0.12 <= special < 0.15 else 0
    value = np.linspace(0.0, 1.0, 256)[:, None] ** gamma
    value = np.clip(value + exposure, 0.0, 1.0)
    curved = value * value * (3.0 - 2.0 * value)
    value = (
        value + contrast * 1.3 * (curved - value) if contrast > 0 else (value - 0.5) * (1 + contrast) + 0.5
    )
    value = lift + value * (1.0 - lift)
    value = value * np.array([1.0 + warm, 1.0, 1.0 - warm])
    value = value + toned * shadows * (1.0 - 2.0 * value)
    if levels:
        value = np.round(value * levels) / levels
    return np.clip(np.round(value * 255.0), 0, 255).astype(np.uint8)[:, None, :]


def _saturation(rng: np.random.Generator, strength: float) -> np.ndarray:
    amount = 1.0 + strength * float(rng.uniform(-0.45, 0.5))
    grey = np.array([0.299, 0.587, 0.114])[None, :]
    tint = np.ones((3, 1))
    special = float(rng.random()) if strength == 1.0 else 1.0
    if special < 0.03:
        amount = 0.0
    elif special < 0.11:
        amount *= 0.7
        tint = np.array(hsv(float(rng.random()), float(rng.uniform(0.2, 0.6)), 1.0))[:, None] / 220
    return (tint * (np.eye(3) * amount + (1.0 - amount) * grey)).astype(np.float32)


def _vignette(rng: np.random.Generator, size: Size) -> np.ndarray:
    x, y = mesh(size)
    middle_x, middle_y = rng.uniform(0.3, 0.7, 2).tolist()
    wide, tall = size.width / max(size), size.height / max(size)
    far = ((x / wide - middle_x) ** 2 + (y / tall - middle_y) ** 2) * float(rng.uniform(0.3, 1.2))
    gain = np.clip(1.08 - far, 0.25, 1.2) * 128.0
    return cv2.cvtColor(gain.astype(np.uint8), cv2.COLOR_GRAY2RGB)


def _grain(rng: np.random.Generator, size: Size) -> np.ndarray:
    sigma = float(rng.uniform(1.5, 8.0))
    coarse, coloured = rng.random() < 0.5, rng.random() < 0.5
    height, width = (size.height // 2 + 1, size.width // 2 + 1) if coarse else size
    noise = child(rng).standard_normal((height, width, 3 if coloured else 1), dtype=np.float32)
    noise = np.clip(np.round(noise * sigma + 128.0), 0, 255).astype(np.uint8)
    if not coloured:
        noise = cv2.cvtColor(noise, cv2.COLOR_GRAY2RGB)
    return cv2.resize(noise, (size.width, size.height), interpolation=cv2.INTER_LINEAR) if coarse else noise


def _soften(rng: np.random.Generator, size: Size) -> float:
    kind, amount = rng.random(2).tolist()
    if kind < 0.22:
        return (0.3 + 0.6 * amount) * max(size.height / 300, 0.6)
    return -(0.2 + 0.9 * amount) if kind < 0.47 else 0.0
