"""People in motion, for the tests of the pose transforms."""

from __future__ import annotations

import numpy as np
import pytest

from animatex.pose.sequence import PoseSequence
from animatex.pose.skeleton import FACE, LEFT_HAND, LEFT_WRIST, NOSE, RIGHT_HAND, RIGHT_WRIST
from animatex.video.frames import Size

CANVAS = Size(768, 512)


def dancer(rng: np.random.Generator, num_frames: int = 6, canvas: Size = CANVAS) -> PoseSequence:
    """One of the pool's people, with hands and a face, whose joints all swing on their own."""
    from animatex.epi.pool import synthetic_pool

    still = (
        synthetic_pool(int(rng.integers(1 << 30)), canvas, count=1).anchors[0].keypoints[0].astype(np.float64)
    )
    for group, holder in ((RIGHT_HAND, RIGHT_WRIST), (LEFT_HAND, LEFT_WRIST), (FACE, NOSE)):
        still[group] = still[holder] + rng.normal(0, 12, (group.stop - group.start, 2))
    phases, reach = rng.uniform(0, 6.28, (134, 2)), rng.uniform(2, 15, (134, 2))
    time = np.arange(num_frames)[:, None, None] * 0.4
    points = still + reach * np.sin(time + phases)
    return PoseSequence(points.astype(np.float32), np.ones((num_frames, 134), np.float32), canvas, 25.0)


@pytest.fixture
def poses(rng: np.random.Generator) -> PoseSequence:
    return dancer(rng)
