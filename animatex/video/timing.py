"""When the frames of a video are shown, and which of them to take for a constant rate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

# No codec stores a frame further from its turn; where times say so, a clock was set back amid the file.
_MOST_REORDERED = 16
# In units of time: what a float still counts.
_LONGEST = 2**53


@dataclass(frozen=True, slots=True)
class Timing:
    """Frames at a constant rate.

    Attributes:
        fps: Frames per second; 0 where nothing says.
        num_frames: Number of frames.
        start_seconds: When the first is shown, by the file's clock, which is its sound's too.
        stored: For each frame the stored one that is shown then, ascending; None where the rate is constant
            and each is its own.
    """

    fps: float
    num_frames: int
    start_seconds: float
    stored: tuple[int, ...] | None


def time_frames(times: Sequence[int | None], start: int | None, time_base: Fraction, fps: float) -> Timing:
    """Find the rate of frames by the times at which they are shown.

    The rate that the file claims holds where it keeps every frame within half a frame of its time, else the
    rate of the times themselves. Where no rate does, there are as many frames at the average rate, and each
    is the stored frame that is on the screen then.

    Args:
        times: When each frame is shown, in units of `time_base`, as stored; None where nothing says.
        start: The earliest of them, or None.
        time_base: Seconds.
        fps: Frames per second as the file claims; 0: it claims nothing.
    """
    seconds = 0.0 if start is None else float(start * time_base)
    numbers = np.arange(len(times))
    known = np.array([time for time in times if time is not None], np.int64)
    order = known.argsort(kind="stable")
    shown = known[order]
    if (
        len(known) < max(2, len(times))
        or (np.diff(shown) == 0).any()
        or (np.abs(order - numbers) > _MOST_REORDERED).any()
        or int(shown[-1]) - int(shown[0]) > _LONGEST
    ):
        return Timing(fps, len(times), seconds, None)
    moments = (shown - shown[0]) * float(time_base)
    own = (len(times) - 1) / float(moments[-1])
    stored: np.ndarray = numbers
    for rate in (fps, own):
        stored = np.searchsorted(moments * rate, numbers + 0.5, side="right") - 1
        if np.array_equal(stored, numbers):
            return Timing(rate, len(times), seconds, None)
    return Timing(own, len(times), seconds, tuple(stored.tolist()))
