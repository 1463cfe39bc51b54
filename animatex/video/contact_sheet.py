"""A run on one page: the reference, and frame by frame the performer, the pose and the result."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from animatex.video.fit import resize
from animatex.video.frames import FrameSequence, Size

PAPER, INK = (24, 24, 26), (225, 225, 225)
GAP = 8
LABEL = 22


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """One row of a contact sheet.

    Attributes:
        label: What it shows.
        frames: Its clip; all rows of a sheet have the same number of frames.
    """

    label: str
    frames: FrameSequence


def contact_sheet(
    reference: np.ndarray | None,
    rows: tuple[Row, ...],
    *,
    columns: int = 8,
    cell_height: int = 240,
    numbers: Sequence[int] | None = None,
) -> np.ndarray:
    """Lay out a clip so that one look tells whether it worked.

    Args:
        reference: The character's picture, uint8 [H, W, 3]; None: there is none.
        rows: Usually driving frames, poses and result; whatever there is.
        columns: Frames shown, evenly spread over the clip, first and last among them.
        cell_height: Height of one picture, in pixels.
        numbers: What the rows' frames are called, where they are a choice of a longer clip's.

    Returns:
        uint8 [H, W, 3]: the reference at the left, the rows beside it, labelled, with frame numbers on top.
    """
    lengths = {len(row.frames) for row in rows}
    if len(lengths) != 1:
        raise ValueError(
            f"rows have {sorted(lengths)} frames; need one row at least, all of the same length."
        )
    shown = spread(lengths.pop(), columns)
    pitch = GAP + max(_width(row.frames.size, cell_height) for row in rows)
    strips = [_strip(row, shown, cell_height, pitch) for row in rows]
    picture = None
    if reference is not None:
        picture = _labelled(Image.fromarray(_scaled(reference, cell_height)), "reference")
    left = GAP if picture is None else picture.width + 2 * GAP
    sheet = Image.new("RGB", (left + strips[0].width, LABEL + sum(s.height + GAP for s in strips)), PAPER)
    if picture is not None:
        sheet.paste(picture, (GAP, LABEL))
    for place, strip in enumerate(strips):
        sheet.paste(strip, (left, LABEL + place * (strip.height + GAP)))
    for column, index in enumerate(shown):
        _write(sheet, (left + column * pitch, 3), f"frame {index if numbers is None else numbers[index]}")
    return np.asarray(sheet)


def spread(num_frames: int, columns: int) -> tuple[int, ...]:
    """Choose frames evenly over a clip, the first and the last among them.

    Args:
        num_frames: Frames of the clip, at least 1.
        columns: How many to choose, at least 1; fewer are chosen where there are fewer.
    """
    places = np.linspace(0, num_frames - 1, min(num_frames, columns))
    return tuple(int(place) for place in np.rint(places))


def _strip(row: Row, shown: tuple[int, ...], cell_height: int, pitch: int) -> Image.Image:
    strip = Image.new("RGB", (pitch * len(shown), cell_height), PAPER)
    for column, index in enumerate(shown):
        strip.paste(Image.fromarray(_scaled(row.frames.frames[index], cell_height)), (column * pitch, 0))
    return _labelled(strip, row.label)


def _labelled(picture: Image.Image, label: str) -> Image.Image:
    page = Image.new("RGB", (picture.width, picture.height + LABEL), PAPER)
    page.paste(picture, (0, LABEL))
    _write(page, (0, 3), label)
    return page


def _write(page: Image.Image, place: tuple[int, int], text: str) -> None:
    ImageDraw.Draw(page).text(place, text, INK, ImageFont.load_default(size=13))


def _scaled(picture: np.ndarray, height: int) -> np.ndarray:
    return resize(picture, Size(height, _width(Size(*picture.shape[:2]), height)))


def _width(size: Size, height: int) -> int:
    return max(1, round(size.width * height / size.height))
