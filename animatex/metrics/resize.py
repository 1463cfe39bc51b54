"""Frames as feature networks were shown them when the published numbers were made."""

from __future__ import annotations

import numpy as np
from PIL import Image

from animatex.video.frames import Size


def resize_float(frame: np.ndarray, size: Size) -> np.ndarray:
    """Resize without rounding: Pillow's bicubic filter with antialiasing; what overshoots 0..255 stays.

    Args:
        frame: uint8 [H, W, 3].
        size: Wanted height and width; proportions are not kept.

    Returns:
        float32 [size.height, size.width, 3].
    """
    channels = (Image.fromarray(frame[..., c].astype(np.float32)) for c in range(3))
    resized = [c.resize((size.width, size.height), Image.Resampling.BICUBIC) for c in channels]
    return np.stack([np.asarray(c) for c in resized], axis=-1)


def resize_clip(frames: np.ndarray, size: Size) -> np.ndarray:
    """Resize each frame of uint8 [F, H, W, 3] by `resize_float`: float32 [F, size.height, size.width, 3]."""
    return np.stack([resize_float(frame, size) for frame in frames])
