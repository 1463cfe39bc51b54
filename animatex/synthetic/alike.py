"""The same pixels on other machines, too."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import cv2


@contextmanager
def alike_everywhere() -> Iterator[None]:
    """Let OpenCV compute with its own code alone, in this thread.

    Its builds for Intel's and AMD's processors hand resizing and distances to Intel's IPP, whose results
    depend on the processor by several levels of a pixel. What is left are last bits: whether a processor
    rounds once or twice when it multiplies and adds.
    """
    used = cv2.ipp.useIPP()
    cv2.ipp.setUseIPP(False)
    try:
        yield
    finally:
        cv2.ipp.setUseIPP(used)
