from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from animatex.metrics.frechet import Moments, frechet_distance, merged, moments, moments_of


def rows(seed: int, count: int, dimensions: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(count, dimensions)) @ rng.normal(size=(dimensions, dimensions)) + rng.normal()


def covariance(found: Moments) -> np.ndarray:
    return found.factor.T @ found.factor / (found.count - 1)


SEEDS, COUNTS, SIZES = st.integers(0, 1000), st.integers(2, 30), st.integers(1, 12)


@given(SEEDS, COUNTS, SIZES)
def test_moments_are_mean_and_covariance(seed: int, count: int, size: int):
    data = rows(seed, count, size)
    found = moments(data)
    np.testing.assert_allclose(found.mean, data.mean(axis=0))
    np.testing.assert_allclose(covariance(found), np.atleast_2d(np.cov(data.T)), atol=1e-9)
    assert len(found.factor) <= max(size, count)
    assert found.dimensions == size


@given(SEEDS, COUNTS, COUNTS, SIZES)
def test_merged_moments_are_those_of_all_rows(seed: int, first: int, second: int, size: int):
    a, b = rows(seed, first, size), rows(seed + 1, second, size)
    together, whole = merged(moments(a), moments(b)), moments(np.concatenate([a, b]))
    assert together.count == whole.count
    np.testing.assert_allclose(together.mean, whole.mean, atol=1e-9)
    np.testing.assert_allclose(covariance(together), covariance(whole), atol=1e-8)


@given(SEEDS, st.lists(st.integers(1, 9), min_size=2, max_size=8), SIZES)
def test_how_rows_come_in_batches_does_not_matter(seed: int, lengths: list[int], size: int):
    data, other = rows(seed, sum(lengths), size), moments(rows(seed + 1, 20, size))
    batches = np.split(data, np.cumsum(lengths)[:-1])
    expected = frechet_distance(moments(data), other)
    assert frechet_distance(moments_of(iter(batches)), other) == pytest.approx(expected, rel=1e-9, abs=1e-9)


def test_the_factor_stays_as_small_as_the_features():
    found = moments_of(rows(seed, 7, 5) for seed in range(200))
    assert (found.count, found.factor.shape) == (1400, (5, 5))


@given(SEEDS, COUNTS, SIZES)
def test_a_set_is_at_no_distance_from_itself(seed: int, count: int, size: int):
    found = moments(rows(seed, count, size))
    spread = (found.factor**2).sum() / (count - 1)
    assert 0 <= frechet_distance(found, found) <= 1e-9 * (1 + spread)


@given(SEEDS, COUNTS, COUNTS, SIZES)
def test_the_distance_is_symmetric_and_not_negative(seed: int, first: int, second: int, size: int):
    a, b = moments(rows(seed, first, size)), moments(rows(seed + 1, second, size))
    assert frechet_distance(a, b) >= 0
    assert frechet_distance(a, b) == pytest.approx(frechet_distance(b, a), rel=1e-9, abs=1e-9)


@given(SEEDS, COUNTS, SIZES, st.floats(0.1, 10))
def test_a_shift_adds_its_square(seed: int, count: int, size: int, shift: float):
    data = rows(seed, count, size)
    distance = frechet_distance(moments(data), moments(data + shift))
    assert distance == pytest.approx(size * shift**2, rel=1e-6, abs=1e-6)


def test_two_gaussians_in_one_dimension_have_their_closed_form():
    a, b = np.array([[0.0], [2.0], [4.0]]), np.array([[1.0], [1.0], [4.0]])
    expected = (2 - 2) ** 2 + (np.sqrt(np.var(a, ddof=1)) - np.sqrt(np.var(b, ddof=1))) ** 2
    assert frechet_distance(moments(a), moments(b)) == pytest.approx(expected)


@pytest.mark.parametrize(("count", "rank"), [(1, 0), (2, 1), (5, 4), (50, 8)])
def test_few_rows_have_a_low_rank(count: int, rank: int):
    assert moments(rows(3, count, 8)).rank == rank


def test_one_row_is_refused():
    one, many = moments(np.ones((1, 3))), moments(np.eye(3))
    with pytest.raises(ValueError, match="at least 2 rows on each side, not 1 and 3"):
        frechet_distance(one, many)


def test_features_of_different_sizes_are_refused():
    with pytest.raises(ValueError, match="features have 3 and 2 dimensions"):
        frechet_distance(moments(np.eye(3)), moments(np.eye(2)))


def test_no_rows_are_refused():
    with pytest.raises(ValueError, match="there are no rows"):
        moments_of([])
