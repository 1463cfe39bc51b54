from __future__ import annotations

from collections import Counter
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from animatex.bench.study import plan_study, read_key, render_study, write_key
from animatex.bench.suite import BenchCase, Suite, load_suite
from animatex.errors import ConfigError, InputError
from tests.bench.toys import write_results, write_suite


def suite_of(number: int) -> Suite:
    cases = tuple(
        BenchCase(f"case-{place}", "food", "self", Path("a"), None, Path("b"), None, None, 8.0, None, None)
        for place in range(number)
    )
    return Suite("toys", "1", "test", None, cases)


METHODS = ("ours", "theirs", "third", "fourth")


@given(st.integers(1, 9), st.integers(2, 4), st.integers(0, 99), st.integers(0, 60))
def test_every_two_methods_meet_as_often_and_stand_on_each_side_as_often(cases, methods, seed, limit):
    key = plan_study(suite_of(cases), METHODS[:methods], seed=seed, max_pairs=limit)
    rivals = list(combinations(METHODS[:methods], 2))
    assert len(key.pairs) == min(limit or 999, cases * len(rivals))
    met = Counter(frozenset(pair.videos.values()) for pair in key.pairs)
    counts = [met[frozenset(both)] for both in rivals]
    assert max(counts) - min(counts) <= 1
    for both in rivals:
        left = [
            next(iter(pair.videos.values())) for pair in key.pairs if set(pair.videos.values()) == set(both)
        ]
        assert abs(left.count(both[0]) - left.count(both[1])) <= 1


@given(st.integers(0, 99))
def test_names_mean_nothing_and_are_one_for_each_video(seed):
    key = plan_study(suite_of(5), METHODS[:3], seed=seed, max_pairs=0)
    made = {(name, method, pair.case) for pair in key.pairs for name, method in pair.videos.items()}
    assert len({name for name, _, _ in made}) == len({what[1:] for what in made}) == len(made) == 15
    assert len({pair.id for pair in key.pairs}) == 15
    assert all(len(name) == 10 and int(name, 16) >= 0 for name, _, _ in made)


def test_a_seed_is_a_study_and_another_seed_another_one():
    first, again, other = (plan_study(suite_of(5), METHODS[:2], seed=seed, max_pairs=0) for seed in (3, 3, 4))
    assert first == again and first.study == again.study
    assert first.study != other.study


def test_a_key_comes_back_from_its_file(tmp_path):
    key = plan_study(suite_of(3), METHODS[:3], seed=1, max_pairs=4)
    write_key(tmp_path / "key.json", key)
    assert read_key(tmp_path / "key.json") == key
    assert read_key(tmp_path / "key.json").study == key.study


def test_the_page_does_not_tell_who_made_what(tmp_path):
    cases = ["hen-case", "oak-case"]
    suite = load_suite(write_suite(tmp_path / "suite", cases))
    results = {
        name: write_results(tmp_path / name, cases, seed=seed)
        for seed, name in enumerate(("secretly-ours", "secretly-theirs"))
    }
    key = plan_study(suite, list(results), seed=987654321, max_pairs=0)
    page = render_study(key, suite, results, side=48)
    for secret in ("secretly", *cases, "987654321", "toys", "http:", "https:", "src=", "href="):
        assert secret not in page
    for pair in key.pairs:
        assert pair.id in page
        assert all(page.count(f'"{name}":"data:video/mp4;base64,') == 1 for name in pair.videos)


def test_a_result_that_is_missing_is_named(tmp_path):
    suite = load_suite(write_suite(tmp_path / "suite", ["hen", "oak"]))
    whole = write_results(tmp_path / "whole", ["hen", "oak"], seed=1)
    part = write_results(tmp_path / "part", ["hen"], seed=2)
    key = plan_study(suite, ["whole", "part"], seed=0, max_pairs=0)
    with pytest.raises(InputError, match="part has no video of case oak"):
        render_study(key, suite, {"whole": whole, "part": part}, side=48)


def test_one_method_cannot_be_compared():
    with pytest.raises(ConfigError, match="a study compares at least two results"):
        plan_study(suite_of(2), ["ours"], seed=0, max_pairs=0)
