"""The same pixels on every machine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import cv2


@contextmanager
def alike_everywhere() -> Iterator[None]:
    """Let OpenCV compute with its own code alone, in this thread.

    Its builds for Intel's and AMD's processors hand resizing and distances to Intel's IPP, whose results depend
    on the processor; OpenCV's own do not.
    """
    used = cv2.ipp.useIPP()
    cv2.ipp.setUseIPP(False)
    try:
        yield
    finally:
        cv2.ipp.setUseIPP(used)
