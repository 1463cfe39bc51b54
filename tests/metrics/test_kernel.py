from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from animatex.metrics.kernel import kernel_distance


def batches(data: np.ndarray, length: int):
    return lambda: (data[i : i + length] for i in range(0, len(data), length))


def direct(a: np.ndarray, b: np.ndarray) -> float:
    def kernel(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        return (x @ y.T / x.shape[1] + 1) ** 3

    def within(x: np.ndarray) -> float:
        values = kernel(x, x)
        return (values.sum() - np.trace(values)) / (len(x) * (len(x) - 1))

    return within(a) + within(b) - 2 * kernel(a, b).mean()


@given(st.integers(0, 1000), st.integers(2, 9), st.integers(2, 9), st.integers(1, 4))
def test_batches_give_the_distance_of_the_whole_sets(seed: int, first: int, second: int, length: int):
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=(first, 3)), rng.normal(size=(second, 3))
    assert kernel_distance(batches(a, length), batches(b, length)) == pytest.approx(direct(a, b), abs=1e-9)


def test_sets_of_one_distribution_are_at_distance_zero_on_average(rng: np.random.Generator):
    a, b = (rng.normal(size=(60, 20, 4)) for _ in range(2))
    found = [kernel_distance(batches(x, 20), batches(y, 20)) for x, y in zip(a, b, strict=True)]
    assert abs(np.mean(found)) < 3 * np.std(found) / np.sqrt(len(found))
