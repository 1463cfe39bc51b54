from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from animatex.bench.scores import write_scores
from animatex_cli.main import run
from tests.bench.test_compare import OURS, THEIRS
from tests.bench.toys import write_results, write_suite

CASES = ["hen", "oak"]
PAGE = ["--suite", "suite", "--results", "ours", "--results", "theirs", "--side", "48"]

ALONE = ["ours.json", "--out", "r.html", "--results", "ours"]


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    """A folder with a suite, two results of it, and their scores."""
    monkeypatch.chdir(tmp_path)
    write_suite(Path("suite"), CASES)
    for seed, method in enumerate((OURS, THEIRS)):
        write_results(Path(method.name), CASES, seed=10 * seed)
        write_scores(method.path, method.scores)


def report(*arguments: str) -> int:
    return run(["bench", "report", "ours.json", "theirs.json", *arguments])


def test_a_table_on_the_terminal_with_notes_beside_it(capsys):
    assert report() == 0
    shown = capsys.readouterr()
    assert shown.out.splitlines()[:2] == [
        "metric        ours                  theirs                best",
        "PSNR* (dB) ↑  13.50 [12.00, 15.00]  12.50 [12.00, 15.00]  ours",
    ]
    assert "PSNR* (dB): the targets are MP4 files" in shown.err


def test_rows_for_papers_and_json_for_scripts(capsys):
    assert report("--latex", "--metrics", "fid") == 0
    assert capsys.readouterr().out.splitlines()[-2:] == [r"ours & 30.00 \\", r"theirs & \textbf{25.00} \\"]
    assert report("--markdown", "--metrics", "fid,psnr_star") == 0
    assert "| theirs | **25.00** | 12.50 |" in capsys.readouterr().out
    assert report("--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert [method["name"] for method in document["methods"]] == ["ours", "theirs"]
    assert document["metrics"][0]["scores"]["ours"] == {
        "value": 13.5,
        "reason": None,
        "interval": [12.0, 15.0],
        "best": True,
    }


def test_names_may_be_given(capsys):
    assert run(["bench", "report", "A=ours.json", "B=theirs.json", "--markdown", "-q"]) == 0
    assert "| A | **13.50**" in capsys.readouterr().out


def test_a_page_is_written_beside_the_table(capsys):
    assert report("--out", "report.html", *PAGE) == 0
    shown = capsys.readouterr()
    assert shown.out.startswith("metric")
    assert "report.html: 0." in shown.err
    assert Path("report.html").read_text().startswith("<!doctype html>")
    assert report("--out", "report.html", *PAGE) == 1
    assert "report.html exists already" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["nowhere.json"], 1, "nowhere.json does not exist"),
        (["suite/suite.yaml"], 1, "suite/suite.yaml is not JSON: "),
        (["ours.json", "ours.json"], 2, "ours.json and ours.json are both called 'ours'"),
        (["ours.json", "--metrics", "beauty"], 2, "no file has the metric 'beauty'"),
        (["ours.json", "--suite", "suite"], 2, "--suite is for --out, which is missing"),
        (["ours.json", "--results", "ours"], 2, "--results is for --out, which is missing"),
        (["ours.json", "--max-mb", "1"], 2, "--max-mb is for --out, which is missing"),
        (["ours.json", "--by", "fid"], 2, "--by is for --out, which is missing"),
        (
            ["ours.json", "--out", "r.html", "--suite", "suite"],
            2,
            "--suite is for --results, which is missing",
        ),
        (["ours.json", "--out", "r.html", "--by", "fid"], 2, "--by is for --results, which is missing"),
        (["ours.json", "--out", "r.html", "--cases", "0"], 2, "--cases is for --results, which is missing"),
        (["ours.json", "--out", "r.html", "--side", "64"], 2, "--side is for --results, which is missing"),
        (["ours.json", "--out", "r.html", *PAGE], 2, "2 folders of results for 1 files of scores"),
        (["ours.json", "--out", "r.html", "--results", "nowhere"], 1, "nowhere is no folder of results"),
        ([*ALONE, "--by", "fid"], 2, "cases cannot be ordered by 'fid'"),
        (["ours.json", "--out", "r.html", "--max-mb", "0.001"], 1, "r.html would have 0.0"),
        ([*ALONE, "--suite", "nowhere"], 2, "nowhere does not exist"),
        (["ours.json", "--latex", "--markdown"], 2, "--markdown and --latex exclude each other"),
    ],
)
def test_what_cannot_be_done_is_one_line(arguments, code, message, capsys):
    assert run(["bench", "report", *arguments]) == code
    shown = capsys.readouterr()
    assert f"error: {message}" in shown.err
    assert shown.out == ""
    assert not Path("r.html").exists()


def test_scores_of_another_suite_are_refused(capsys):
    other = replace(THEIRS.scores, provenance={"suite": "another"})
    write_scores(Path("theirs.json"), other)
    assert report() == 1
    shown = capsys.readouterr().err.splitlines()
    assert shown == [
        "error: these scores do not compare: ours.json is of suite toys, theirs.json of another",
        "hint: score both in the same way.",
    ]


def test_damaged_scores_are_one_line(capsys):
    Path("theirs.json").write_text(Path("theirs.json").read_text()[:-30])
    assert report() == 1
    assert capsys.readouterr().err.startswith("error: theirs.json is not JSON: ")


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_videos_play_in_a_browser_and_nothing_is_fetched(scheme):
    from tests.bench.browser import browsing, opened, wait_until

    assert report("--out", "report.html", "-q", *PAGE) == 0
    problems: list[str] = []
    with browsing(scheme) as browser:
        page = opened(browser, Path("report.html"), problems)
        assert page.get_by_role("heading", name="Scores").is_visible()
        page.locator("#cases").scroll_into_view_if_needed()
        first = page.get_by_label("theirs of hen")
        first.scroll_into_view_if_needed()
        videos = "[...document.querySelectorAll('article:first-of-type video')]"
        wait_until(page, f"{videos}.every(one => one.currentTime > 0)")
        assert first.evaluate("video => [video.videoWidth, video.videoHeight]") == [48, 48]
        page.get_by_role("button", name="Stop all").click()
        assert first.evaluate("video => video.paused")
        background = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (background == "rgb(20, 20, 22)") is (scheme == "dark")
        assert page.get_by_role("article").count() == 2
        assert page.locator("svg").count() == 2
    assert problems == []
