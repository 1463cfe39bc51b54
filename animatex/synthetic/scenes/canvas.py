"""A picture under construction, in coordinates that do not depend on its size."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from animatex.synthetic.lighting import Lighting, sample_lighting
from animatex.synthetic.noise import grain, value_noise
from animatex.synthetic.palette import Colour
from animatex.video.frames import Size

Point = tuple[float, float]
_SHIFT = 4


class Canvas:
    """Painted on from back to front. The height is 1; x runs from 0 to `aspect`, y from 0 down to 1.

    Attributes:
        image: uint8 [height, width, 3], RGB; painting changes it.
        size: Its height and width in pixels.
        aspect: Width over height.
        rng: The scene's randomness; no method draws a number of values from it that depends on the size.
        defocus: Blur of the farthest things, as a sigma in heights; 0 is sharp everywhere.
        lighting: The light in the scene; drawn styles are in focus everywhere, mostly.
    """

    def __init__(self, size: Size, rng: np.random.Generator, lighting: Lighting | None = None) -> None:
        """Start with black."""
        self.size = size
        self.aspect = size.width / size.height
        self.rng = rng
        self.lighting = lighting or sample_lighting(rng)
        sharp = 0.75 if self.lighting.style in ("flat", "cel") else 0.3
        self.defocus = 0.0 if rng.random() < sharp else float(rng.uniform(0.002, 0.03))
        self.image = np.zeros((*size, 3), np.uint8)

    def fill(self, colour: Colour) -> None:
        """Cover everything."""
        self.image[:] = colour

    def gradient(
        self, colours: Sequence[Colour], top: float = 0.0, bottom: float = 1.0, stops: Sequence[float] = ()
    ) -> None:
        """Cover the rows from `top` to `bottom` with a vertical ramp through `colours`."""
        first, last = self._row(top), self._row(bottom)
        if last <= first:
            return
        places = stops or np.linspace(0.0, 1.0, len(colours))
        share = (np.arange(first, last) + 0.5) / self.size.height
        share = (share - top) / max(bottom - top, 1e-6)
        ramp = np.stack([np.interp(share, places, [c[i] for c in colours]) for i in range(3)], axis=1)
        self.image[first:last] = ramp.astype(np.uint8)[:, None, :]

    def poly(self, points: np.ndarray | Sequence[Point], colour: Colour) -> None:
        """Fill a polygon, [n, 2]."""
        cv2.fillPoly(self.image, [self._fixed(points)], colour, cv2.LINE_AA, _SHIFT)

    def polys(self, shapes: np.ndarray, colour: Colour) -> None:
        """Fill many polygons of equal corner count, [m, n, 2]."""
        cv2.fillPoly(self.image, list(self._fixed(shapes)), colour, cv2.LINE_AA, _SHIFT)

    def rect(self, left: float, top: float, right: float, bottom: float, colour: Colour) -> None:
        """Fill an upright rectangle."""
        self.poly([(left, top), (right, top), (right, bottom), (left, bottom)], colour)

    def disc(
        self, x: float, y: float, radius: float, colour: Colour, squash: float = 1.0, turn: float = 0.0
    ) -> None:
        """Fill an ellipse; `squash` is its height over its width, `turn` in degrees."""
        scale = self.size.height * (1 << _SHIFT)
        axes = max(1, round(radius * scale)), max(1, round(radius * squash * scale))
        centre = round(x * scale), round(y * scale)
        cv2.ellipse(self.image, centre, axes, turn, 0.0, 360.0, colour, -1, cv2.LINE_AA, _SHIFT)

    def path(self, points: np.ndarray | Sequence[Point], width: float, colour: Colour) -> None:
        """Draw a line through points."""
        pixels = max(1, round(width * self.size.height))
        cv2.polylines(self.image, [self._fixed(points)], False, colour, pixels, cv2.LINE_AA, _SHIFT)

    def blur(self, sigma: float) -> None:
        """Put everything painted so far out of focus; `sigma` in heights."""
        pixels = sigma * self.size.height
        if pixels < 0.35:
            return
        if pixels < 4.0:
            self.image = cv2.GaussianBlur(self.image, (0, 0), pixels)
            return
        factor = max(2, round(pixels / 2.0))
        rows, columns = self.size
        small = cv2.resize(
            self.image, (columns // factor + 1, rows // factor + 1), interpolation=cv2.INTER_AREA
        )
        small = _through_lens(small, 1.9 * pixels / factor)
        self.image = cv2.resize(small, (columns, rows), interpolation=cv2.INTER_CUBIC)

    def recede(self, share: float = 1.0) -> None:
        """Blur what is painted so far by a share of `defocus`: call it after each layer, from far to near."""
        self.blur(self.defocus * share)

    def tone(self, field: np.ndarray) -> None:
        """Multiply by a field, float32 [any, any] or [any, any, 3], 1 leaves a pixel as it is, at most 2."""
        gain = np.clip(field * 127.0, 0.0, 255.0).astype(np.uint8)
        if gain.ndim == 2:
            gain = cv2.cvtColor(gain, cv2.COLOR_GRAY2RGB)
        if gain.shape[:2] != tuple(self.size):
            gain = cv2.resize(gain, (self.size.width, self.size.height), interpolation=cv2.INTER_LINEAR)
        self.image = cv2.multiply(self.image, gain, scale=1.0 / 127)

    def glow(self, x: float, y: float, radius: float, colour: Colour, strength: float = 1.0) -> None:
        """Add a soft round light."""
        small = self.coarse(4)
        px, py = (np.arange(small.width) + 0.5) / small.height, (np.arange(small.height) + 0.5) / small.height
        far = ((px[None, :] - x) ** 2 + (py[:, None] - y) ** 2) / (radius * radius)
        light = np.exp(-far.astype(np.float32))[..., None] * (np.array(colour, np.float32) * strength)
        self.add(light)

    def add(self, light: np.ndarray) -> None:
        """Add light, float32 [any, any, 3], 0..255, enlarged to the picture."""
        field = np.clip(light, 0.0, 255.0).astype(np.uint8)
        if field.shape[:2] != tuple(self.size):
            field = cv2.resize(field, (self.size.width, self.size.height), interpolation=cv2.INTER_LINEAR)
        self.image = cv2.add(self.image, field)

    def cut(self, left: float, top: float, right: float, bottom: float) -> np.ndarray | None:
        """The view of a box in the picture, for painting into; None where nothing of it is in the picture."""
        rows, columns = self.image.shape[:2]
        x0, x1 = max(0, round(left * rows)), min(columns, round(right * rows))
        y0, y1 = max(0, round(top * rows)), min(rows, round(bottom * rows))
        return self.image[y0:y1, x0:x1] if x1 > x0 and y1 > y0 else None

    def stamp(self, layer: np.ndarray, mask: np.ndarray, left: int, top: int) -> None:
        """Put `layer` (uint8 [h, w, 3]) where `mask` (uint8 [h, w]) says; it may stick out of the picture."""
        rows, columns = mask.shape
        y0, x0 = max(top, 0), max(left, 0)
        y1, x1 = min(top + rows, self.size.height), min(left + columns, self.size.width)
        if y1 <= y0 or x1 <= x0:
            return
        part = slice(y0 - top, y1 - top), slice(x0 - left, x1 - left)
        share = cv2.cvtColor(np.ascontiguousarray(mask[part]), cv2.COLOR_GRAY2RGB)
        over = cv2.multiply(np.ascontiguousarray(layer[part]), share, scale=1.0 / 255)
        under = cv2.multiply(self.image[y0:y1, x0:x1], 255 - share, scale=1.0 / 255)
        self.image[y0:y1, x0:x1] = cv2.add(over, under)

    def coarse(self, factor: int) -> Size:
        """The size of a picture `factor` times smaller, at least 16 on a side."""
        return Size(max(16, self.size.height // factor), max(16, self.size.width // factor))

    def noise(self, cells: float, *, stretch: float = 1.0, octaves: int = 1, factor: int = 1) -> np.ndarray:
        """Value noise over the canvas (or a coarser version of it), 0..1."""
        return value_noise(
            self.rng,
            self.coarse(factor) if factor > 1 else self.size,
            cells,
            stretch=stretch,
            octaves=octaves,
        )

    def speckle(self, strength: float, *, stretch: float = 1.0, cell: float = 1.0) -> None:
        """Add fine texture, `strength` as a share of brightness; `cell` in pixels of a 192-row picture."""
        cell = max(1.0, cell * self.size.height / 192)
        self.tone(1.0 + strength * grain(self.rng, self.size, stretch=stretch, cell=cell))

    def uniform(self, low: float, high: float) -> float:
        """One number."""
        return float(self.rng.uniform(low, high))

    def chance(self, share: float) -> bool:
        """True in `share` of all cases."""
        return bool(self.rng.random() < share)

    def count(self, low: int, high: int) -> int:
        """A whole number, both ends included."""
        return int(self.rng.integers(low, high + 1))

    def _row(self, y: float) -> int:
        return min(self.size.height, max(0, round(y * self.size.height)))

    def _fixed(self, points: np.ndarray | Sequence[Point]) -> np.ndarray:
        scale = self.size.height * (1 << _SHIFT)
        return np.round(np.asarray(points, np.float64) * scale - (1 << (_SHIFT - 1))).astype(np.int32)


def _through_lens(image: np.ndarray, radius: float) -> np.ndarray:
    """Spread each pixel over a disc as a lens does, bright ones stronger: they become discs of light."""
    reach = int(np.ceil(radius))
    offsets = np.arange(-reach, reach + 1, dtype=np.float32)
    disc = np.clip(radius + 0.5 - np.hypot(offsets[:, None], offsets[None, :]), 0.0, 1.0)
    picture = image.astype(np.float32)
    bright = picture.max(axis=2) * (1.0 / 255)
    weight = 1.0 + 5.0 * bright**4
    total = cv2.filter2D(picture * weight[..., None], -1, disc, borderType=cv2.BORDER_REPLICATE)
    share = cv2.filter2D(weight, -1, disc, borderType=cv2.BORDER_REPLICATE)
    return np.clip(cv2.blur(total / share[..., None], (3, 3)), 0.0, 255.0).astype(np.uint8)
