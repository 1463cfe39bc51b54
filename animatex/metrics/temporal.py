"""How frames follow each other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise

import numpy as np

from animatex.metrics.pixel import mae_255
from animatex.metrics.resize import resize_float
from animatex.video.frames import Size

DTSSD_SIZE = Size(256, 256)


def flicker(frames: Iterable[np.ndarray]) -> list[float]:
    """Compute VBench's temporal flickering: 1 minus the mean change from frame to frame, 0 to 1.

    It praises what stands still, so it says something only beside the target's own value.

    Args:
        frames: uint8 [H, W, 3].

    Returns:
        For each frame but the first; VBench gives their mean.

    Source: VBench, vbench/temporal_flickering.py.
    """
    return [1 - mae_255(after, before) / 255 for before, after in pairwise(frames)]


def dtssd(generated: Iterable[np.ndarray], target: Iterable[np.ndarray]) -> list[float]:
    """Compute how differently two videos change from frame to frame, mean square on 0..255.

    Frames are reduced to 256x256 first.

    Args:
        generated: uint8 [H, W, 3].
        target: As many.

    Returns:
        For each frame but the first, its change against the change of the target.

    Source: DisCo, tool/metrics/metric_center.py.
    """
    changes = zip(_changes(generated), _changes(target), strict=True)
    return [float(np.mean((a - b) ** 2)) for a, b in changes]


def _changes(frames: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
    small = (resize_float(frame, DTSSD_SIZE) for frame in frames)
    return (after.astype(np.float64) - before for before, after in pairwise(small))
