from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from animatex.bench.charts import ChartRow, StageBar, metric_chart, stage_chart
from animatex.bench.documents import write_document
from animatex.bench.report import Shown, order_cases, render_report, worst_and_best
from animatex.bench.run import FORMAT, CaseRun, RunRecord, SuiteName
from animatex.bench.suite import load_suite
from animatex.errors import ConfigError, InputError
from tests.bench.test_compare import FID, OURS, THEIRS, method
from tests.bench.toys import write_results, write_suite

NOTHING = Shown(None, {}, None, 12, 48)


@pytest.fixture
def shown(tmp_path) -> Shown:
    suite = load_suite(write_suite(tmp_path / "suite", ["hen", "oak"]))
    results = {
        name: write_results(tmp_path / name, ["hen", "oak"], seed=seed)
        for seed, name in enumerate(("ours", "theirs"))
    }
    return Shown(suite, results, None, 12, 48)


@given(st.lists(st.integers(), unique=True, max_size=30), st.integers(0, 40))
def test_the_worst_and_the_best_share_no_case(cases, count):
    names = [str(case) for case in cases]
    worst, best = worst_and_best(names, count)
    assert len(worst) + len(best) == len({*worst, *best}) == min(count or len(names), len(names))
    assert list(worst) == names[: len(worst)]
    assert list(best) == names[::-1][: len(best)]
    assert 0 <= len(worst) - len(best) <= 1


def test_cases_are_ordered_from_the_worst():
    assert order_cases(OURS, "psnr_star") == ("hen", "oak")
    lower = replace(OURS, scores=replace(OURS.scores, scores=(replace(FID, metric="psnr_star"),)))
    assert order_cases(lower, "psnr_star") == ("oak", "hen")


def test_a_page_holds_tables_charts_and_videos_and_fetches_nothing(shown):
    page = render_report([OURS, THEIRS], shown)
    for expected in ("PSNR* (dB) ↑", "12.00 to 15.00", "<svg", "Worst cases", "hen", "disco-2024-04"):
        assert expected in page
    assert page.count("data:video/mp4;base64,") == 2 * 4
    assert page.count("data:image/jpeg;base64,") == 2
    for absent in ("http:", "https:", "url(", "@import"):
        assert absent not in page


def test_without_results_a_page_has_no_cases():
    page = render_report([OURS], NOTHING)
    assert "<svg" in page and "<video" not in page and "<script" not in page


def test_what_files_say_is_escaped(shown):
    evil = "<script>alert(1)</script>"
    bad = method(evil, {"psnr_star": 1.0}, provenance={evil: evil}, generated=evil)
    bad = replace(bad, scores=replace(bad.scores, scores=(replace(bad.scores.scores[0], notes=(evil,)),)))
    page = render_report([bad], replace(shown, results={evil: shown.results["ours"]}))
    assert evil not in page
    assert page.count("&lt;script&gt;") >= 5
    assert page.count("<script>") == 1


def test_a_result_or_a_case_that_is_missing_is_named(shown, tmp_path):
    part = write_results(tmp_path / "part", ["hen"], seed=5)
    with pytest.raises(InputError, match="part has no video of case oak"):
        render_report([OURS], replace(shown, results={"ours": part}))
    other = load_suite(write_suite(tmp_path / "other", ["hen"]))
    with pytest.raises(InputError, match="suite toys has no case 'oak'"):
        render_report([OURS], replace(shown, suite=other))


def test_cases_are_ordered_only_by_what_each_has():
    with pytest.raises(ConfigError, match="cases cannot be ordered by 'fid'") as caught:
        render_report([OURS], replace(NOTHING, by="fid"))
    assert caught.value.hint == "--by psnr_star"


@given(
    st.lists(
        st.tuples(st.one_of(st.none(), st.floats(-1e9, 1e9)), st.lists(st.floats(-1e9, 1e9), max_size=4)),
        min_size=1,
        max_size=4,
    )
)
def test_a_chart_is_well_formed_and_its_marks_lie_inside(values):
    rows = [
        ChartRow(f"<{place}>", value, None, tuple((f"&{i}", case) for i, case in enumerate(cases)))
        for place, (value, cases) in enumerate(values)
    ]
    drawn = ElementTree.fromstring(metric_chart('a "title" <of> a & b', rows))
    width, height = (float(side) for side in drawn.attrib["viewBox"].split()[2:])
    marks = drawn.findall("circle")
    assert len(marks) == sum((value is not None) + len(cases) for value, cases in values)
    for mark in marks:
        assert 0 <= float(mark.attrib["cx"]) <= width and 0 <= float(mark.attrib["cy"]) <= height


def test_what_a_run_took_is_drawn_with_its_longest_stages():
    stages = tuple((f"stage-{place}", place / 10) for place in range(8))
    drawn = ElementTree.fromstring(stage_chart("speed", [StageBar("<ours>", stages), StageBar("b", ())]))
    texts = [text.text for text in drawn.findall("text")]
    assert "<ours>" in texts and "2.80 s a frame" in texts
    assert texts[-5:] == ["stage-4", "stage-5", "stage-6", "stage-7", "other"]
    widths = [float(bar.attrib["width"]) for bar in drawn.findall("rect")]
    assert widths[0] == pytest.approx(widths[3] * 4 / 7, abs=0.2)


def test_a_report_says_what_the_runs_took(shown):
    record = RunRecord(
        suite=SuiteName("toys", "1", "test", None),
        setting="self",
        preset="mini",
        reference_pose="suite",
        settings="",
        weights={},
        fps=8.0,
        seed=0,
        versions={},
        provenance={},
        cases={"hen": CaseRun(4, {"sampling": 2.0, "total": 3.0}), "oak": CaseRun(4, {"sampling": 6.0})},
        failed={},
    )
    write_document(shown.results["ours"] / "run.json", FORMAT, record)
    page = render_report([OURS, THEIRS], shown)
    assert "sampling: 1.00 s a frame" in page
    (shown.results["theirs"] / "run.json").write_text('{"fps": 8.0, "provenance": {"preset": "theirs"}}')
    assert render_report([OURS, THEIRS], shown) == page, "one that only says what scoring reads adds nothing"
    (shown.results["ours"] / "run.json").write_text("{")
    with pytest.raises(InputError, match="run.json is not JSON"):
        render_report([OURS, THEIRS], shown)
