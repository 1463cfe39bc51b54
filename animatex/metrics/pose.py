"""Whether the generated character stands as the target does, by key points found in both."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

PCK_THRESHOLDS = (0.1, 0.2)


@dataclass(frozen=True, slots=True)
class PoseAccuracy:
    """Key points of one frame against the target's; None where there is nothing to compare.

    Attributes:
        akd: Average key point distance: mean of |dx| and |dy| over points seen in both, in pixels; not
            Euclidean.
        mkr: Missing key point rate: share of the target's points that are not seen in the generated frame.
        pck: For each of `PCK_THRESHOLDS`, the share of the target's points that are found within that part of
            the longer side of the box around the target's points; a point that is not found is wrong.

    Source: AliaksandrSiarohin/pose-evaluation, cmp_with_missing.py; PCK: Yang and Ramanan 2013.
    """

    akd: float | None
    mkr: float | None
    pck: tuple[float, ...] | None


def pose_accuracy(
    generated: np.ndarray, generated_seen: np.ndarray, target: np.ndarray, target_seen: np.ndarray
) -> PoseAccuracy:
    """Compare the key points of two frames.

    Args:
        generated: float [K, 2]; x, y in pixels.
        generated_seen: bool [K].
        target: float [K, 2].
        target_seen: bool [K].
    """
    if not target_seen.any():
        return PoseAccuracy(None, None, None)
    away = np.abs(generated - target)
    both = generated_seen & target_seen
    box = np.ptp(target[target_seen], axis=0).max()
    distance = np.hypot(away[:, 0], away[:, 1])
    return PoseAccuracy(
        akd=float(away[both].mean()) if both.any() else None,
        mkr=float(1 - both.sum() / target_seen.sum()),
        pck=tuple(
            float((both & (distance <= part * box)).sum() / target_seen.sum()) for part in PCK_THRESHOLDS
        ),
    )
