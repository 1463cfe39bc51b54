"""The pictures and videos in `samples/`, made anew: `python -m animatex.synthetic.samples samples`.

They are chosen from the procedural world by their seeds, so they change when that world does.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from animatex.provenance.marks import DRAWN
from animatex.synthetic.clips import clip, still
from animatex.video.frames import Size
from animatex.video.image import write_png
from animatex.video.writer import write_video

CHARACTER, CHARACTER_SIZE = 394, Size(768, 512)
"""A mushroom with a face: no person, but arms and legs of its own."""

DANCER, DANCER_SIZE, SECONDS, FPS = 3525, Size(640, 432), 4, 24
"""A drawn person whose joints pose estimators find in every frame."""


def write_samples(folder: Path) -> tuple[Path, Path]:
    """Write the character's picture and the dancer's video into a folder that exists; replaces older ones.

    Returns:
        `character.png` and `dance.mp4`.

    Raises:
        InputError: The folder cannot be written to.
    """
    character, dance = folder / "character.png", folder / "dance.mp4"
    write_png(character, still(CHARACTER, CHARACTER_SIZE).image, DRAWN)
    frames = clip(DANCER, DANCER_SIZE, SECONDS * FPS, FPS).frames
    write_video(dance, frames, crf=23, marks=replace(DRAWN, title="dance"))
    return character, dance


if __name__ == "__main__":
    for path in write_samples(Path(sys.argv[1])):
        sys.stdout.write(f"{path}\n")
