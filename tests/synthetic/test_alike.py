"""One seed, the same pixels, whatever OpenCV would like to use."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
import pytest

from animatex.synthetic.alike import alike_everywhere
from animatex.synthetic.clips import clip, still
from animatex.video.frames import Size


@pytest.fixture(params=[True, False])
def chosen(request: pytest.FixtureRequest) -> Iterator[bool]:
    """Whether the caller has IPP used; a build without it never does."""
    before = cv2.ipp.useIPP()
    cv2.ipp.setUseIPP(request.param)
    yield cv2.ipp.useIPP()
    cv2.ipp.setUseIPP(before)


def test_what_others_have_chosen_for_opencv_is_left_as_it_was(chosen: bool) -> None:
    with alike_everywhere():
        assert not cv2.ipp.useIPP()
    assert cv2.ipp.useIPP() == chosen
    with pytest.raises(ZeroDivisionError), alike_everywhere():
        raise ZeroDivisionError
    assert cv2.ipp.useIPP() == chosen


def test_pictures_do_not_depend_on_what_others_have_chosen(chosen: bool) -> None:
    picture, made = still(4006, Size(96, 64)), clip(4006, Size(96, 64), 2)
    assert cv2.ipp.useIPP() == chosen
    cv2.ipp.setUseIPP(not chosen)
    assert np.array_equal(still(4006, Size(96, 64)).image, picture.image)
    assert np.array_equal(clip(4006, Size(96, 64), 2).frames.frames, made.frames.frames)
