from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from animatex.bench.documents import as_document
from animatex.bench.study import Pair, StudyKey
from animatex.bench.tables import as_latex, as_markdown
from animatex.bench.tally import (
    ANSWERS_FORMAT,
    Answer,
    Answers,
    Share,
    duel_table,
    preference_table,
    read_answers,
    tally,
)
from animatex.errors import InputError

KEY = StudyKey(
    suite="toys",
    seed=0,
    methods=("ours", "theirs", "third"),
    questions=("identity", "temporal", "quality"),
    pairs=(
        Pair("p0", "hen", {"v0": "ours", "v1": "theirs"}),
        Pair("p1", "oak", {"v2": "theirs", "v3": "ours"}),
        Pair("p2", "pie", {"v4": "third", "v5": "ours"}),
    ),
)


def answers(*chosen: tuple[str, str, str], rater: str = "r0") -> Answers:
    given = tuple(Answer(pair, question, video, "left", 1.5) for pair, question, video in chosen)
    return Answers(KEY.study, rater, False, given)


def write(path: Path, value: Answers) -> Path:
    path.write_text(json.dumps(as_document(ANSWERS_FORMAT, value)))
    return path


FIRST = answers(("p0", "identity", "v0"), ("p1", "identity", "v2"), ("p2", "identity", "v5"))
SECOND = answers(("p0", "identity", "v0"), ("p0", "quality", "v1"), rater="r1")


def test_choices_become_shares_of_pairs_and_of_methods():
    counted = tally([FIRST, SECOND], KEY)
    shares = {(duel.question, duel.method, duel.rival): duel.share for duel in counted.duels}
    assert len(shares) == 9
    assert shares["identity", "ours", "theirs"] == Share(2, 3)
    assert shares["identity", "ours", "third"] == Share(1, 1)
    assert shares["quality", "ours", "theirs"] == Share(0, 1)
    assert shares["temporal", "theirs", "third"] == Share(0, 0)
    assert counted.preference("identity", "ours") == Share(3, 4)
    assert counted.preference("identity", "third") == Share(0, 1)
    assert (counted.raters, counted.unfinished, counted.left) == (2, 2, Share(5, 5))


def test_tables_have_the_papers_form_with_the_best_in_bold():
    table = preference_table(tally([FIRST, SECOND], KEY))
    assert as_markdown(table).splitlines() == [
        "|  | ours | theirs | third |",
        "| --- | ---: | ---: | ---: |",
        "| Identity preservation ↑ | **75.0%** | 33.3% | 0.0% |",
        "| Temporal consistency ↑ | – | – | – |",
        "| Visual quality ↑ | 0.0% | **100.0%** | – |",
    ]
    assert as_latex(table).splitlines()[3] == (
        r"Identity preservation $\uparrow$ & \textbf{75.0\%} & 33.3\% & 0.0\% \\"
    )
    first = duel_table(tally([FIRST, SECOND], KEY)).texts()[0]
    assert first == ("Identity preservation", "ours over theirs", "66.7%", "20.8% to 93.9%", "2 of 3")


# Newcombe, "Two-sided confidence intervals for the single proportion", 1998, table I, method 3.
@pytest.mark.parametrize(
    ("wins", "of", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_the_interval_is_wilsons(wins, of, low, high):
    assert Share(wins, of).interval == pytest.approx((low, high), abs=5e-5)


@given(st.integers(0, 400), st.integers(1, 400))
def test_an_interval_holds_its_rate_and_mirrors_with_the_sides(wins, of):
    wins = min(wins, of)
    low, high = Share(wins, of).interval
    assert 0 <= low <= Share(wins, of).rate <= high <= 1
    other_low, other_high = Share(of - wins, of).interval
    assert (1 - other_high, 1 - other_low) == pytest.approx((low, high), abs=1e-9)


def test_no_choices_have_no_rate():
    assert Share(0, 0).rate is None
    assert Share(0, 0).interval is None


def test_answers_come_back_from_their_files(tmp_path):
    paths = [write(tmp_path / "a.json", FIRST), write(tmp_path / "b.json", SECOND)]
    assert read_answers(paths, KEY) == (FIRST, SECOND)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (replace(FIRST, study="0123456789ab"), "a.json answers study 0123456789ab; the key is of study "),
        (answers(("p9", "identity", "v0")), "answers.0: the study has no pair p9"),
        (answers(("p0", "beauty", "v0")), "answers.0: the study does not ask 'beauty'"),
        (answers(("p0", "identity", "v5")), "answers.0: pair p0 has no video v5"),
        (answers(*[("p0", "identity", "v0")] * 2), "answers.1: identity of pair p0 is answered twice"),
        (answers(), "no question is answered in 1 files"),
    ],
)
def test_answers_that_do_not_fit_are_refused_in_words(change, message, tmp_path):
    with pytest.raises(InputError) as caught:
        read_answers([write(tmp_path / "a.json", change)], KEY)
    assert message in str(caught.value)
    assert caught.value.hint


def test_a_rater_counts_once(tmp_path):
    paths = [write(tmp_path / "a.json", FIRST), write(tmp_path / "b.json", FIRST)]
    with pytest.raises(InputError, match="a.json and .*b.json are both of rater r0"):
        read_answers(paths, KEY)
