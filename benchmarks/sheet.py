"""Characters on one page: the reference, the truth, and what each method makes of the clip's last frame."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from animatex.files import replacing
from animatex.video.contact_sheet import GAP, INK, LABEL, PAPER
from animatex.video.fit import resize
from animatex.video.frames import Size


@dataclass(frozen=True, slots=True, eq=False)
class Portrait:
    """One character: a name, and pictures uint8 [H, W, 3] by what they show."""

    name: str
    pictures: dict[str, np.ndarray]


@dataclass(frozen=True, slots=True, eq=False)
class Page:
    """All of them, and how many stand side by side."""

    portraits: tuple[Portrait, ...]
    columns: int


def draw_page(page: Page, out: Path, height: int = 240) -> None:
    """Write the page, each picture this high."""
    strips = [_strip(portrait, height) for portrait in page.portraits]
    width, pitch = max(strip.width for strip in strips), height + 2 * LABEL + GAP
    rows = -(-len(strips) // page.columns)
    sheet = Image.new("RGB", (page.columns * (width + GAP), rows * pitch), PAPER)
    for place, strip in enumerate(strips):
        row, column = divmod(place, page.columns)
        sheet.paste(strip, (column * (width + GAP), row * pitch))
    with replacing(out) as temporary:
        sheet.save(temporary, quality=85)


def _strip(portrait: Portrait, height: int) -> Image.Image:
    cells = []
    for picture in portrait.pictures.values():
        size = Size(height, round(picture.shape[1] * height / picture.shape[0]))
        cells.append(Image.fromarray(resize(picture, size)))
    strip = Image.new("RGB", (sum(cell.width + 2 for cell in cells), height + 2 * LABEL), PAPER)
    draw, font, left = ImageDraw.Draw(strip), ImageFont.load_default(size=13), 0
    draw.text((0, 3), portrait.name, INK, font)
    for name, cell in zip(portrait.pictures, cells, strict=True):
        strip.paste(cell, (left, 2 * LABEL))
        draw.text((left, LABEL + 3), name, INK, font)
        left += cell.width + 2
    return strip
