from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from animatex.bench.compare import (
    Method,
    as_number,
    check_comparable,
    metric_rows,
    paper_table,
    reasons,
    terminal_table,
)
from animatex.bench.scores import CaseScores, Counts, Environment, Interval, Score, Scores, WeightsFile
from animatex.bench.tables import Table, as_latex, as_markdown
from animatex.errors import ConfigError, InputError

PSNR = Score(
    metric="psnr_star",
    title="PSNR*",
    value=13.5,
    reason=None,
    unit="dB",
    better="higher",
    interval=Interval(12.0, 15.0, 0.95),
    protocol="disco-2024-04",
    weights=(),
    counts=Counts(frames=64, clips=0, videos=2),
    notes=("the targets are MP4 files",),
)
FID = replace(PSNR, metric="fid", title="FID_v", value=30.0, unit="", better="lower", interval=None, notes=())


def method(name: str, values: Mapping[str, float | None], **changes: object) -> Method:
    scores = tuple(
        replace(score, value=values[score.metric], reason=None if values[score.metric] else "unavailable")
        for score in (PSNR, FID)
        if score.metric in values
    )
    cases = tuple(
        CaseScores(id, 32, 768, 512, 8.0, {"psnr_star": value})
        for id, value in (("hen", 12.0), ("oak", 15.0))
    )
    made = Scores(
        generated=name,
        target="suite",
        provenance={"suite": "toys", "preset": name},
        scores=scores,
        cases=cases,
        environment=Environment({"animatex": "0.1.0"}, "Linux"),
    )
    return Method(name, Path(f"{name}.json"), replace(made, **changes))


OURS = method("ours", {"psnr_star": 13.5, "fid": 30.0})
THEIRS = method("theirs", {"psnr_star": 12.5, "fid": 25.0})


def test_the_best_follows_the_direction_of_the_metric():
    psnr, fid = metric_rows([OURS, THEIRS])
    assert (psnr.title, psnr.best) == ("PSNR* (dB) ↑", {0})
    assert (fid.title, fid.best) == ("FID_v ↓", {1})


def test_nobody_wins_alone_or_where_nothing_is_better():
    assert [row.best for row in metric_rows([OURS])] == [frozenset()] * 2
    neutral = replace(PSNR, better="neither")
    both = [method(name, {}, scores=(neutral,)) for name in ("a", "b")]
    assert metric_rows(both)[0].best == frozenset()


def test_equals_share_the_first_place():
    assert metric_rows([OURS, replace(OURS, name="again")])[0].best == {0, 1}


def test_a_value_that_is_missing_is_a_dash_and_a_reason_never_a_nought():
    without = method("without", {"psnr_star": None})
    rows = metric_rows([OURS, without])
    assert paper_table([OURS, without], rows).texts() == [
        ("ours", "13.50", "30.00"),
        ("without", "–", "–"),
    ]
    assert rows[0].best == frozenset()
    assert reasons([OURS, without], rows) == (
        "PSNR* (dB): the targets are MP4 files",
        "PSNR* (dB), without: unavailable",
        "FID_v, without: not computed",
    )


def test_metrics_come_in_the_order_that_is_asked_for():
    assert [row.metric for row in metric_rows([OURS], ["fid", "psnr_star"])] == ["fid", "psnr_star"]
    with pytest.raises(ConfigError, match="no file has the metric 'fvd'") as caught:
        metric_rows([OURS], ["fvd"])
    assert caught.value.hint == "one of psnr_star, fid"


def test_a_table_for_a_paper_has_the_best_in_bold_and_its_signs_escaped():
    table = paper_table([OURS, THEIRS], metric_rows([OURS, THEIRS]))
    assert as_markdown(table).splitlines() == [
        r"| Method | PSNR\* (dB) ↑ | FID\_v ↓ |",
        "| --- | ---: | ---: |",
        "| ours | **13.50** | 30.00 |",
        "| theirs | 12.50 | **25.00** |",
    ]
    assert as_latex(table).splitlines() == [
        "% 3 columns: lcc",
        r"Method & PSNR* (dB) $\uparrow$ & FID\_v $\downarrow$ \\",
        r"\midrule",
        r"ours & \textbf{13.50} & 30.00 \\",
        r"theirs & 12.50 & \textbf{25.00} \\",
    ]


def test_names_that_latex_would_read_are_escaped():
    rows = as_latex(Table(("[a|b]", "λ <1>"), ())).splitlines()
    assert rows[1] == r"{[}a\textbar{}b] & $\lambda$ \textless{}1\textgreater{} \\"


def test_the_terminal_shows_intervals_and_names_the_best():
    table = terminal_table([OURS, THEIRS], metric_rows([OURS, THEIRS]))
    assert table.columns == ("metric", "ours", "theirs", "best")
    assert table.texts()[0] == ("PSNR* (dB) ↑", "13.50 [12.00, 15.00]", "12.50 [12.00, 15.00]", "ours")


def changed(score: Score, **changes: object) -> Method:
    return method("theirs", {}, scores=(replace(score, **changes),))


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (
            method("theirs", {}, provenance={"suite": "other"}),
            "ours.json is of suite toys, theirs.json of other",
        ),
        (
            method("theirs", {}, cases=OURS.scores.cases[:1]),
            "theirs.json has no case oak, which ours.json has",
        ),
        (
            method("theirs", {}, cases=(*OURS.scores.cases, replace(OURS.scores.cases[0], id="pie"))),
            "ours.json has no case pie, which theirs.json has",
        ),
        (
            method("theirs", {}, cases=(replace(OURS.scores.cases[0], frames=16), OURS.scores.cases[1])),
            "case hen has 32 frames of 512 x 768 in ours.json, 16 frames of 512 x 768 in theirs.json",
        ),
        (
            changed(PSNR, protocol="animatex-1"),
            "PSNR* is by protocol disco-2024-04 in ours.json, by animatex-1 in theirs.json",
        ),
        (
            changed(FID, weights=(WeightsFile("a.pth", "ab" * 32),)),
            "FID_v was computed with other weights in theirs.json than in ours.json",
        ),
        (
            changed(FID, counts=Counts(60, 4, 2)),
            "FID_v is over 64 frames and 0 clips in ours.json, over 60 and 4 in theirs.json",
        ),
    ],
)
def test_scores_that_do_not_compare_are_refused_in_words(other, message):
    with pytest.raises(InputError) as caught:
        check_comparable([OURS, other])
    assert str(caught.value) == f"these scores do not compare: {message}"


def test_scores_of_the_same_cases_compare():
    check_comparable([OURS])
    check_comparable([OURS, THEIRS])
    check_comparable([OURS, method("theirs", {}, provenance={})])


@given(st.permutations(range(3)))
def test_every_two_methods_are_compared_not_each_with_the_first_alone(order):
    silent = method("silent", {}, provenance={})
    ours = method("ours", {"fid": 30.0}, provenance={"suite": "toys"})
    fid = replace(FID, weights=(WeightsFile("a.pth", "ab" * 32),))
    for theirs in (replace(ours.scores, scores=(fid,)), replace(ours.scores, provenance={"suite": "others"})):
        methods = [silent, ours, replace(ours, scores=theirs)]
        with pytest.raises(InputError, match="do not compare"):
            check_comparable([methods[place] for place in order])


def test_key_points_of_two_estimators_do_not_compare():
    akd = replace(PSNR, metric="akd", title="AKD", estimator="dwpose")
    ours, theirs = (
        method(name, {}, scores=(replace(akd, estimator=name),)) for name in ("dwpose", "mediapipe")
    )
    with pytest.raises(InputError) as caught:
        check_comparable([ours, theirs])
    assert str(caught.value).endswith(
        "AKD is of key points by dwpose in dwpose.json, by mediapipe in mediapipe.json"
    )


def test_methods_compare_though_an_estimator_finds_one_of_them_in_fewer_frames():
    akd = replace(PSNR, metric="akd", title="AKD", better="lower", estimator="mediapipe")
    fewer = replace(akd, counts=Counts(60, 0, 2), notes=("60 of 64 frames have key points to compare",))
    both = [method("ours", {}, scores=(akd,)), method("theirs", {}, scores=(fewer,))]
    check_comparable(both)
    assert "AKD (dB), theirs: 60 of 64 frames have key points to compare" in reasons(both, metric_rows(both))


@given(st.floats(-7, 6).map(lambda power: 10**power), st.sampled_from([-1, 1]))
def test_a_number_is_written_to_three_digits_at_least(size, sign):
    value = sign * size
    assert float(as_number(value)) == pytest.approx(value, rel=5.1e-3)


def test_small_numbers_are_written_as_papers_do():
    assert [as_number(value) for value in (8.92e-5, 0.00191, 0.0463, 0.463, 14.1, 849.19, 1234.56, 0.0)] == [
        "8.92E-05", "0.00191", "0.0463", "0.463", "14.10", "849.19", "1234.6", "0.000",
    ]  # fmt: skip
