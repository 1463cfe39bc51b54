"""Filling what is hidden: push-pull interpolation and edge-aware upsampling."""

from __future__ import annotations

import cv2
import numpy as np


def push_pull(image: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Fill the unknown pixels of a picture smoothly from the known ones around them.

    Known colours are averaged into ever coarser pictures ("push"); on the way back ("pull") each unknown
    pixel takes the finest coarse colour there is. Gortler et al., "The Lumigraph", 1996, Sec. 3.4.

    Args:
        image: uint8 [H, W, 3].
        known: float [H, W] in 0..1, how far each pixel is known.

    Returns:
        uint8 [H, W, 3]; equal to `image` where `known` is 1. Black where nothing is known at all.
    """
    weight = known.astype(np.float32)
    filled = _fill(image.astype(np.float32) * weight[..., None], weight)
    return np.clip(np.rint(filled), 0, 255).astype(np.uint8)


def _fill(weighted: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Colours [h, w, 3] from colours times weight and the weight."""
    height, width = weight.shape
    own = weighted / np.maximum(weight, 1e-6)[..., None]
    if max(height, width) <= 1 or weight.min() >= 1:
        return own
    half = ((width + 1) // 2, (height + 1) // 2)
    # Averages of neighbours reach one pixel beyond the two halves, so that no edge of a block shows.
    smooth_weight = cv2.resize(cv2.GaussianBlur(weight, (5, 5), 1.0), half, interpolation=cv2.INTER_AREA)
    smooth = cv2.resize(cv2.GaussianBlur(weighted, (5, 5), 1.0), half, interpolation=cv2.INTER_AREA)
    # A little certainty is enough one level up: the weight saturates.
    gain = np.minimum(1.0, 4.0 * smooth_weight) / np.maximum(smooth_weight, 1e-6)
    coarse = _fill(smooth * gain[..., None], smooth_weight * gain)
    coarse = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR)
    return weighted + (1 - weight)[..., None] * coarse


def guided_upsample(values: np.ndarray, guide: np.ndarray, radius: int, eps: float) -> np.ndarray:
    """Enlarge a coarse map so that its edges follow those of a picture.

    Within every window the map is a linear function of the colours; the coefficients are found at the
    map's own size and enlarged instead of the map (He & Sun, "Fast Guided Filter", 2015).

    Args:
        values: float32 [h, w], the coarse map.
        guide: uint8 [H, W, 3], the picture.
        radius: Half a window's side, in pixels of the coarse map.
        eps: Variance of the colours (0..1 scale) below which a window counts as flat.

    Returns:
        float32 [H, W].
    """
    height, width = values.shape
    colours = guide.astype(np.float32) / 255
    small = cv2.resize(colours, (width, height), interpolation=cv2.INTER_AREA)

    def mean(x: np.ndarray) -> np.ndarray:
        return cv2.blur(x, (2 * radius + 1, 2 * radius + 1))

    mean_colour, mean_value = mean(small), mean(values)
    products = mean((small[..., :, None] * small[..., None, :]).reshape(height, width, 9)).reshape(
        height, width, 3, 3
    )
    covariance = (
        products - mean_colour[..., :, None] * mean_colour[..., None, :] + eps * np.eye(3, dtype=np.float32)
    )
    with_value = mean(small * values[..., None]) - mean_colour * mean_value[..., None]
    slope = np.linalg.solve(covariance, with_value[..., None])[..., 0]
    offset = mean_value - (slope * mean_colour).sum(2)
    whole = (guide.shape[1], guide.shape[0])
    slope = cv2.resize(mean(slope.astype(np.float32)), whole, interpolation=cv2.INTER_LINEAR)
    offset = cv2.resize(mean(offset.astype(np.float32)), whole, interpolation=cv2.INTER_LINEAR)
    return (slope * colours).sum(2) + offset
