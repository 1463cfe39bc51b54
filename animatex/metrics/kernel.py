"""Kernel distances between sets of features: like Fréchet's, without its bias in small sets."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

Batches = Callable[[], Iterable[np.ndarray]]
"""Gives the rows of a set from the beginning, float [n, D] at a time."""


def kernel_distance(generated: Batches, target: Batches) -> float:
    """Compute the unbiased squared maximum mean discrepancy with the kernel (x·y / D + 1)³.

    KID on features of frames, KVD on features of clips; over all rows rather than random subsets. It may be
    slightly negative where the sets do not differ.

    Args:
        generated: Features, at least two rows.
        target: Likewise.

    Source: torch-fidelity, metric_kid.py; Bińkowski et al. 2018.
    """
    within = [_mean_kernel(rows, rows, distinct=True) for rows in (generated, target)]
    return sum(within) - 2 * _mean_kernel(generated, target, distinct=False)


def _mean_kernel(first: Batches, second: Batches, *, distinct: bool) -> float:
    """Average the kernel over pairs; distinct: of a set with itself, without pairs of a row with itself."""
    total, pairs = 0.0, 0
    for a in first():
        wide = np.asarray(a, np.float64)
        for b in second():
            values = (wide @ np.asarray(b, np.float64).T / wide.shape[1] + 1) ** 3
            total, pairs = total + float(values.sum()), pairs + values.size
        if distinct:
            total -= float((((wide**2).sum(axis=1) / wide.shape[1] + 1) ** 3).sum())
            pairs -= len(wide)
    return total / pairs
