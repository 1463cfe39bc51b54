"""Performers who leave and return."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from animatex.codec.motion.absent import with_bridged_gaps
from animatex.codec.motion.joints import Joints
from animatex.pose import skeleton as sk

STANDING = np.stack([np.linspace(10, 50, 18), np.linspace(20, 90, 18)], 1)
WHOLE = np.ones(18, bool)
REFERENCE = Joints(STANDING, WHOLE)
NOBODY = Joints(np.zeros((18, 2)), np.zeros(18, bool))


def walking(there: list[bool]) -> list[Joints]:
    """Somebody who walks to the right, five pixels a frame, and is seen in some frames."""
    return [
        Joints(STANDING + (5 * frame, 0), WHOLE.copy()) if seen else NOBODY
        for frame, seen in enumerate(there)
    ]


@given(st.lists(st.booleans(), min_size=1, max_size=12).filter(any))
def test_who_is_not_seen_goes_on_from_where_it_was_to_where_it_is_next(there: list[bool]) -> None:
    frames = walking(there)
    bridged = with_bridged_gaps(REFERENCE, frames)
    first, last = there.index(True), len(there) - 1 - there[::-1].index(True)
    for number, (before, after) in enumerate(zip(frames, bridged, strict=True)):
        where = min(max(number, first), last)
        assert np.allclose(after.places, STANDING + (5 * where, 0))
        assert after.seen.all()
        assert not there[number] or after is before


def test_only_joints_that_both_ends_of_a_gap_have_are_there_in_it() -> None:
    start, _, end = walking([True, False, True])
    start.seen[sk.RIGHT_WRIST] = end.seen[sk.LEFT_WRIST] = False
    between = with_bridged_gaps(REFERENCE, [start, NOBODY, end])[1]
    assert np.flatnonzero(~between.seen).tolist() == [sk.RIGHT_WRIST, sk.LEFT_WRIST]


def test_a_hand_alone_does_not_say_where_the_character_is() -> None:
    frames = walking([True, True, True])
    frames[1].seen[:] = np.arange(18) == sk.RIGHT_WRIST
    frames[1].places[:] = 500
    assert np.allclose(with_bridged_gaps(REFERENCE, frames)[1].places, STANDING + (5, 0))


def test_where_nobody_ever_is_nothing_changes() -> None:
    frames = [NOBODY, NOBODY]
    assert with_bridged_gaps(REFERENCE, frames) is frames
