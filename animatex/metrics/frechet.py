"""Fréchet distances between sets of features, exact for any number of rows and in constant memory.

Letters: N rows, D features, R rank-limited rows, at most D.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True, eq=False)
class Moments:
    """Mean and scatter of a set of features.

    Attributes:
        count: Number of rows that were seen.
        mean: float64 [D].
        factor: float64 [R, D]; factor^T factor is the sum of the outer products of the centred rows.
    """

    count: int
    mean: np.ndarray
    factor: np.ndarray

    @property
    def dimensions(self) -> int:
        """Number of features, D."""
        return len(self.mean)

    @property
    def rank(self) -> int:
        """How many directions the rows vary in."""
        singular = np.linalg.svd(self.factor, compute_uv=False)
        if singular.size == 0 or singular[0] == 0:
            return 0
        smallest = singular[0] * max(self.factor.shape) * np.finfo(np.float64).eps
        return int((singular > smallest).sum())


def moments(rows: np.ndarray) -> Moments:
    """Compute mean and scatter of some rows.

    Args:
        rows: float [N, D], N >= 1.
    """
    wide = np.asarray(rows, np.float64)
    mean = wide.mean(axis=0)
    return Moments(len(wide), mean, _reduced(wide - mean))


def merged(a: Moments, b: Moments) -> Moments:
    """Compute mean and scatter of two sets together; exact, however rows come in batches."""
    count = a.count + b.count
    step = b.mean - a.mean
    between = np.sqrt(a.count * b.count / count) * step
    factor = _reduced(np.concatenate([a.factor, b.factor, between[None]]))
    return Moments(count, a.mean + step * (b.count / count), factor)


def moments_of(batches: Iterable[np.ndarray]) -> Moments:
    """Compute mean and scatter of rows that come in batches, holding few of them at a time.

    Args:
        batches: float [n, D] each; at least one row in all.
    """
    total: Moments | None = None
    waiting: list[np.ndarray] = []
    for batch in batches:
        waiting.append(batch)
        # A QR decomposition of many rows at once costs as much as one of few.
        if sum(map(len, waiting)) >= batch.shape[1]:
            part = moments(np.concatenate(waiting))
            total, waiting = part if total is None else merged(total, part), []
    if waiting:
        part = moments(np.concatenate(waiting))
        total = part if total is None else merged(total, part)
    if total is None:
        raise ValueError("there are no rows; moments need at least one.")
    return total


def frechet_distance(a: Moments, b: Moments) -> float:
    """Compute the Fréchet distance of two Gaussians with these moments.

    |m1 - m2|² + Tr(S1) + Tr(S2) - 2 Tr((S1 S2)^½), S with N - 1 in the denominator. The last term is the
    nuclear norm of the product of the factors, so no matrix root is taken and singular covariances are exact.

    Args:
        a: At least two rows.
        b: At least two rows of as many features.

    Returns:
        At least 0.

    Raises:
        ValueError: There are fewer than two rows, or the features are of different sizes.
    """
    if min(a.count, b.count) < 2:
        raise ValueError(
            f"a Fréchet distance needs at least 2 rows on each side, not {a.count} and {b.count}."
        )
    if a.dimensions != b.dimensions:
        raise ValueError(f"features have {a.dimensions} and {b.dimensions} dimensions; needs the same.")
    first, second = (moments.factor / np.sqrt(moments.count - 1) for moments in (a, b))
    shared = np.linalg.svd(first @ second.T, compute_uv=False).sum()
    spread = (first**2).sum() + (second**2).sum() - 2 * shared
    return max(0.0, float(((a.mean - b.mean) ** 2).sum() + spread))


def _reduced(centred: np.ndarray) -> np.ndarray:
    """Shrink rows to at most D without changing their scatter."""
    if len(centred) <= centred.shape[1]:
        return centred
    return np.asarray(np.linalg.qr(centred, mode="r"))
