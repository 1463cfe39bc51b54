"""Small videos for scoring."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from animatex.video.frames import FrameSequence
from animatex.video.image import write_png
from animatex.video.writer import write_video

FRAMES, HEIGHT, WIDTH = 18, 32, 24


def moving(frames: int = FRAMES, seed: int = 0, height: int = HEIGHT, width: int = WIDTH) -> np.ndarray:
    """A soft pattern that moves to the right: uint8 [F, H, W, 3]."""
    rng = np.random.default_rng(seed)
    coarse = rng.uniform(40, 215, (height // 4, width // 2, 3))
    wide = np.kron(coarse, np.ones((4, 4, 1))).astype(np.uint8)
    return np.stack([wide[:, i % width : i % width + width] for i in range(frames)])


def noisy(frames: np.ndarray, size: float) -> np.ndarray:
    """The same frames with noise of this standard deviation."""
    noise = np.random.default_rng(1).normal(0, size, frames.shape)
    return np.rint(frames + noise).clip(0, 255).astype(np.uint8)


def write_pictures(folder: Path, frames: np.ndarray, first: int = 0) -> Path:
    """Write a folder of lossless pictures, 000000.png and so on."""
    folder.mkdir(parents=True)
    for number, frame in enumerate(frames, start=first):
        write_png(folder / f"{number:06d}.png", frame)
    return folder


def write_file(path: Path, frames: np.ndarray, fps: float = 12.0) -> Path:
    """Write a video file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_video(path, FrameSequence(frames, fps))
    return path
