"""A suite of tiny videos, and results of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import yaml

from animatex.video.frames import FrameSequence
from animatex.video.image import write_png
from animatex.video.writer import write_video

FPS = 8.0


def moving(seed: int, *, frames: int = 4, size: int = 48) -> FrameSequence:
    """A bright square on a dark ground, that goes to the right."""
    colours = np.random.default_rng(seed).integers(40, 255, (2, 3))
    pictures = np.tile((colours[0] // 6).astype(np.uint8), (frames, size, size // 2 * 2, 1))
    for index in range(frames):
        pictures[index, 12:28, 4 + 4 * index : 18 + 4 * index] = colours[1]
    return FrameSequence(pictures, FPS)


def write_suite(folder: Path, cases: Sequence[str]) -> Path:
    """Write a suite of these cases, all self-driven."""
    folder.mkdir()
    entries = []
    for seed, case in enumerate(cases):
        target = moving(seed)
        write_png(folder / f"{case}.png", target.frames[0])
        write_video(folder / f"{case}-driving.mp4", moving(100 + seed))
        write_video(folder / f"{case}-target", target)
        entries.append(
            {
                "id": case,
                "kind": "animal",
                "setting": "self",
                "reference": f"{case}.png",
                "driving": f"{case}-driving.mp4",
                "target": f"{case}-target",
            }
        )
    document = {"name": "toys", "version": "1", "split": "test", "fps": FPS, "cases": entries}
    (folder / "suite.yaml").write_text(yaml.safe_dump(document, sort_keys=False))
    return folder


def write_results(folder: Path, cases: Sequence[str], *, seed: int) -> Path:
    """Write a result for each case: a video for one, pictures for the next."""
    folder.mkdir()
    for place, case in enumerate(cases):
        name = f"{case}.mp4" if place % 2 else case
        write_video(folder / name, moving(seed + place))
    return folder
