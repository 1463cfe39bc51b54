from __future__ import annotations

import json
from pathlib import Path

import pytest

from animatex_cli.main import run
from tests.bench.toys import write_results, write_suite

CASES = ["hen", "oak", "pie"]


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    """A folder with a suite and two results of it."""
    monkeypatch.chdir(tmp_path)
    write_suite(Path("suite"), CASES)
    write_results(Path("ours"), CASES, seed=10)
    write_results(Path("theirs"), CASES, seed=20)


def make(*arguments: str) -> int:
    return run(["bench", "study", "ours", "theirs", "--suite", "suite", "--side", "48", *arguments])


def answer(path: Path, winner: str, **changes: object) -> None:
    """Write what a page would save for somebody who always prefers one method."""
    key = json.loads(Path("study-key.json").read_text())
    from animatex.bench.study import read_key

    answers = [
        {
            "pair": pair["id"],
            "question": question,
            "chosen": next(video for video, method in pair["videos"].items() if method == winner),
            "side": "left",
            "seconds": 2.0,
        }
        for pair in key["pairs"]
        for question in key["questions"]
    ]
    study = read_key(Path("study-key.json")).study
    document = {
        "format": "animatex-answers/1",
        "study": study,
        "rater": path.stem,
        "complete": True,
        "answers": answers,
    }
    path.write_text(json.dumps(document | changes))


def test_a_study_is_made_answered_and_counted(capsys):
    assert make() == 0
    shown = capsys.readouterr()
    assert shown.out == "study.html\n"
    assert "3 pairs, " in shown.err and "keep study-key.json from the raters" in shown.err
    page = Path("study.html").read_text()
    assert page.startswith("<!doctype html>") and "theirs" not in page

    for place in range(4):
        answer(Path(f"answers-{place}.json"), "ours" if place else "theirs")
    files = [f"answers-{place}.json" for place in range(4)]
    assert run(["bench", "study", "--tally", *files, "--key", "study-key.json"]) == 0
    shown = capsys.readouterr()
    assert shown.out.splitlines()[:2] == [
        "                         ours   theirs",
        "Identity preservation ↑  75.0%  25.0%",
    ]
    assert "Visual quality         ours over theirs  75.0%   46.8% to 91.1%  9 of 12" in shown.out
    assert "4 raters; 36 choices, the left video in 100.0%" in shown.err

    assert run(["bench", "study", "--tally", *files, "--key", "study-key.json", "--latex"]) == 0
    assert r"Visual quality $\uparrow$ & \textbf{75.0\%} & 25.0\% \\" in capsys.readouterr().out
    assert run(["bench", "study", "--tally", *files, "--key", "study-key.json", "--markdown"]) == 0
    assert "| Visual quality ↑ | **75.0%** | 25.0% |" in capsys.readouterr().out
    assert run(["bench", "study", "--tally", *files, "--key", "study-key.json", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["preferences"]["quality"]["ours"]["wins"] == 9
    assert document["pairs"][0]["interval"] == pytest.approx([0.4677, 0.9111], abs=1e-4)


def test_json_says_what_was_written(capsys):
    assert make("--json", "--pairs", "2", "--out", "s.html", "--key", "k.json") == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["page"], document["key"], document["pairs"]) == ("s.html", "k.json", 2)
    assert document["bytes"] == Path("s.html").stat().st_size
    assert Path("k.json").is_file()


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["ours", "theirs"], 2, "a study shows the cases of a suite"),
        (["ours", "--suite", "suite"], 2, "a study compares at least two results"),
        (["ours", "ours", "--suite", "suite"], 2, "ours and ours are both called 'ours'"),
        (["ours", "b=nowhere", "--suite", "suite"], 1, "nowhere is no folder of results"),
        (["ours", "theirs", "--suite", "suite", "--setting", "cross"], 1, "has no cases of setting 'cross'"),
        (["ours", "theirs", "--suite", "suite", "--out", "nowhere/s.html"], 1, "cannot be written"),
        (["ours", "theirs", "--suite", "suite", "--max-mb", "0.01"], 1, "study.html would have 0."),
        (["ours", "theirs", "--suite", "suite", "--latex"], 2, "--latex is for --tally, which is missing"),
        (["--tally", "a.json", "--key", "k.json", "--pairs", "0"], 2, "--pairs is for making a study"),
        (["--tally", "a.json", "--key", "k.json", "--out", "s.html"], 2, "--out is for making a study"),
        (["--tally", "a.json"], 2, "answers are counted with the study's key"),
        (["--tally", "a.json", "--key", "nowhere.json"], 1, "nowhere.json does not exist"),
        (["--tally", "a.json", "--key", "suite/suite.yaml"], 1, "suite.yaml is not JSON: "),
    ],
)
def test_what_cannot_be_done_is_one_line(arguments, code, message, capsys):
    assert run(["bench", "study", *arguments]) == code
    shown = capsys.readouterr()
    assert message in "".join(shown.err.splitlines()[-2:])
    assert shown.out == ""
    assert not Path("study.html").exists()


def test_a_missing_and_a_double_result_are_named(capsys):
    Path("theirs/oak.mp4").rename("theirs/hen.mp4")
    assert make() == 1
    assert "theirs has " in capsys.readouterr().err
    Path("theirs/hen.mp4").unlink()
    assert make() == 1
    assert "error: theirs has no video of case oak" in capsys.readouterr().err


def test_answers_of_another_study_and_damaged_ones_are_one_line(capsys):
    assert make("-q") == 0
    answer(Path("other.json"), "ours", study="0123456789ab")
    answer(Path("short.json"), "ours", answers="none")
    Path("cut.json").write_text(Path("other.json").read_text()[:-20])
    for name, message in (
        ("other.json", "other.json answers study 0123456789ab; the key is of study "),
        ("short.json", "short.json: answers: Input should be"),
        ("cut.json", "cut.json is not JSON: "),
        ("study-key.json", "study-key.json is no file of answers: its format is animatex-study-key/1"),
    ):
        assert run(["bench", "study", "--tally", name, "--key", "study-key.json"]) == 1
        assert capsys.readouterr().err.startswith(f"error: {message}")


def test_two_forms_of_a_table_exclude_each_other(capsys):
    assert run(["bench", "study", "--tally", "a", "--key", "b", "--latex", "--json"]) == 2
    assert "--json and --latex exclude each other" in capsys.readouterr().err


def test_an_existing_study_is_kept(capsys):
    Path("study-key.json").write_text("mine")
    assert make() == 1
    assert "study-key.json exists already" in capsys.readouterr().err
    assert make("--force") == 0


@pytest.mark.browser
def test_a_person_answers_with_keys_leaves_comes_back_and_downloads(capsys):
    from tests.bench.browser import browsing, opened, wait_until

    assert make("-q") == 0
    problems: list[str] = []
    with browsing() as browser:
        page = opened(browser, Path("study.html"), problems)
        page.get_by_role("button", name="Begin").press("Enter")
        left = page.locator("#left")
        wait_until(page, "document.querySelector('#left').currentTime > 0")
        assert left.evaluate("video => [video.videoWidth, video.videoHeight]") == [48, 48]
        for _ in range(4):
            page.keyboard.press("ArrowLeft")
            page.wait_for_timeout(300)
        assert page.locator("#count").inner_text() == "Pair 2 of 3"
        page.keyboard.press("Backspace")
        page.keyboard.press("ArrowRight")  # the first question of the second pair, once more
        page.wait_for_timeout(300)

        page.reload()
        page.get_by_role("button", name="Go on (1 of 3 answered)").click()
        assert page.locator("#count").inner_text() == "Pair 2 of 3"
        for _ in range(5):
            page.keyboard.press("ArrowRight")
            page.wait_for_timeout(300)
        with page.expect_download() as saved:
            page.get_by_role("button", name="Download the answers").click()
        assert saved.value.suggested_filename.startswith("answers-")
        saved.value.save_as("answers.json")
    assert problems == []

    answers = json.loads(Path("answers.json").read_text())
    assert answers["complete"] is True
    assert [one["side"] for one in answers["answers"]].count("left") == 3
    assert run(["bench", "study", "--tally", "answers.json", "--key", "study-key.json", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["left"] == {
        "wins": 3,
        "of": 9,
        "rate": pytest.approx(1 / 3),
        "interval": pytest.approx([0.1206, 0.6458], abs=1e-4),
    }
