from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from animatex.video.contact_sheet import PAPER, Row, contact_sheet, spread
from animatex.video.frames import FrameSequence


def flat(colour: tuple[int, int, int], frames: int = 5, height: int = 60, width: int = 40) -> FrameSequence:
    return FrameSequence(np.full((frames, height, width, 3), colour, np.uint8), 8)


RED, GREEN, BLUE, WHITE = (250, 0, 0), (0, 250, 0), (0, 0, 250), (250, 250, 250)


@given(num_frames=st.integers(1, 500), columns=st.integers(1, 20))
def test_frames_are_spread_from_the_first_to_the_last(num_frames: int, columns: int) -> None:
    shown = spread(num_frames, columns)
    assert len(shown) == min(num_frames, columns) == len(set(shown))
    assert shown[0] == 0
    assert shown[-1] == num_frames - 1 or columns == 1
    assert all(0 <= index < num_frames for index in shown)


def test_every_picture_of_every_row_is_on_the_sheet() -> None:
    rows = (Row("driving", flat(RED)), Row("pose", flat(GREEN, width=50)), Row("result", flat(BLUE)))
    sheet = contact_sheet(np.full((30, 20, 3), WHITE, np.uint8), rows, columns=4, cell_height=60)
    for colour, cells, area in ((RED, 4, 60 * 40), (GREEN, 4, 60 * 50), (BLUE, 4, 60 * 40)):
        assert (sheet == colour).all(-1).sum() == cells * area
    # The reference, at the height of a cell; letters are nearly white too.
    assert (sheet == WHITE).all(-1).sum() >= 60 * 40
    assert sheet[-1, 0].tolist() == list(PAPER)


def test_rows_stand_in_their_order_below_each_other() -> None:
    sheet = contact_sheet(
        np.zeros((9, 9, 3), np.uint8), (Row("driving", flat(RED)), Row("result", flat(BLUE)))
    )
    assert np.nonzero((sheet == RED).all(-1))[0].max() < np.nonzero((sheet == BLUE).all(-1))[0].min()


def test_a_sheet_can_do_without_a_reference_and_name_its_frames() -> None:
    row = (Row("pose", flat(BLUE, frames=2)),)
    sheets = [contact_sheet(None, row, cell_height=60, numbers=numbers) for numbers in (None, (0, 1), (3, 9))]
    assert (sheets[0] == BLUE).all(-1).sum() == 2 * 60 * 40
    assert np.array_equal(sheets[0], sheets[1])
    assert (sheets[0] != sheets[2]).any()


def test_one_frame_makes_a_sheet() -> None:
    sheet = contact_sheet(
        np.zeros((9, 9, 3), np.uint8), (Row("result", flat(BLUE, frames=1)),), cell_height=60
    )
    assert (sheet == BLUE).all(-1).sum() == 60 * 40


def test_rows_of_different_lengths_are_a_mistake_of_the_caller() -> None:
    rows = (Row("driving", flat(RED, frames=3)), Row("result", flat(BLUE, frames=4)))
    with pytest.raises(ValueError, match=r"rows have \[3, 4\] frames"):
        contact_sheet(np.zeros((9, 9, 3), np.uint8), rows)
