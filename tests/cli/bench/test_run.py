import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import typer
from PIL import Image

from animatex.bench.make import SuiteSpec, make_suite
from animatex.bench.results import read_run_facts
from animatex.files import locked
from animatex.video.frames import Size
from animatex_cli.bench import app as bench_app
from animatex_cli.main import run


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run") / "suite"
    make_suite(folder, SuiteSpec("test", Size(72, 48), 3, characters=2))
    return folder


@pytest.fixture(scope="module")
def one_made(suite: Path) -> Path:
    """Results of the suite's first case."""
    results = suite.with_name("results")
    given = ["bench", "run", "--suite", str(suite), "--preset", "tiny", "--out", str(results)]
    assert run([*given, "--limit", "1", "--quiet"]) == 0
    return results


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ANIMATEX_WEIGHTS", raising=False)
    return tmp_path


def bench(suite: Path, *arguments: str) -> int:
    return run(["bench", "run", "--suite", str(suite), "--preset", "tiny", "--out", "results", *arguments])


def frames(case: str) -> list[np.ndarray]:
    return [np.asarray(Image.open(path)) for path in sorted(Path("results", case).iterdir())]


def test_every_case_of_a_setting_becomes_a_folder_of_pictures_of_the_targets_size(suite, capsys):
    assert bench(suite) == 0
    shown = capsys.readouterr()
    assert shown.out == "results\n" and "2 cases; " in shown.err
    assert sorted(path.name for path in Path("results").iterdir()) == [
        "animal-000-self", "plant-000-self", "run.json",
    ]  # fmt: skip
    assert [frame.shape for frame in frames("plant-000-self")] == [(72, 48, 3)] * 3
    facts = read_run_facts(Path("results"))
    assert facts.fps == 8.0
    assert facts.provenance["setting"] == "self" and facts.provenance["preset"] == "tiny"


def test_the_settings_drive_differently(suite):
    assert (
        run(["bench", "run", "--suite", str(suite), "--preset", "tiny", "--out", "own", "--limit", "1"]) == 0
    )
    assert bench(suite, "--setting", "cross", "--limit", "1") == 0
    assert not np.array_equal(
        frames("plant-000-cross")[2], np.asarray(Image.open("own/plant-000-self/00002.png"))
    )


def test_json_is_what_run_json_says(suite, capsys):
    assert bench(suite, "--cases", "animal-*", "--json", "--quiet") == 0
    document = json.loads(capsys.readouterr().out)
    assert document.pop("output") == "results"
    assert document == json.loads(Path("results/run.json").read_text())
    assert document["format"] == "animatex-run/1"
    assert list(document["cases"]) == ["animal-000-self"]
    case = document["cases"]["animal-000-self"]
    assert case["frames"] == 3 and case["seconds"]["total"] >= case["seconds"]["sampling"] > 0
    assert "method: none" in document["settings"] and document["weights"] == {}


def test_finished_cases_are_kept_and_lost_ones_made_again_the_same(suite, one_made):
    shutil.copytree(one_made, "results")
    first = Path("results/plant-000-self/00000.png")
    made = first.stat().st_mtime_ns
    assert bench(suite) == 0
    assert first.stat().st_mtime_ns == made
    before = frames("animal-000-self")
    for path in Path("results/animal-000-self").iterdir():
        path.unlink()
    Path("results/animal-000-self").rmdir()
    assert bench(suite) == 0
    assert first.stat().st_mtime_ns == made
    assert all(np.array_equal(a, b) for a, b in zip(before, frames("animal-000-self"), strict=True))


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        (["--setting", "cross"], "setting self, not cross"),
        (["--reference-pose", "found"], "reference pose suite, not found"),
        (["--seed", "5"], "setting of the preset seed: 13, not seed: 5"),
        (["--set", "sampler.steps=1"], "setting of the preset steps: 2, not steps: 1"),
    ],
)
def test_results_of_two_runs_are_not_mixed(suite, one_made, arguments, wanted, capsys):
    shutil.copytree(one_made, "results")
    assert bench(suite, *arguments) == 1
    assert capsys.readouterr().err == (
        f"error: results holds results of another run: {wanted}\n"
        "hint: --out with another folder, or the same settings as before.\n"
    )


def test_results_of_another_suite_are_not_mixed_in(one_made, tmp_path, capsys):
    shutil.copytree(one_made, "results")
    make_suite(tmp_path / "other", SuiteSpec("test", Size(72, 48), 3, characters=1))
    assert bench(tmp_path / "other") == 1
    assert "holds results of another run: suite open-a2bench 2, test, hash " in capsys.readouterr().err


def test_a_case_that_fails_is_reported_and_does_not_stop_the_others(suite, tmp_path, capsys):
    make_suite(tmp_path / "own", SuiteSpec("test", Size(72, 48), 3, characters=2))
    Image.new("RGB", (48, 72)).save(tmp_path / "own" / "plant-000" / "target" / "00001.png")
    assert bench(tmp_path / "own") == 1
    shown = capsys.readouterr()
    assert (
        "error: case plant-000-self: case plant-000-self: its files are not those of which the suite states"
        in shown.err
    )
    assert "1 case, 1 failed" in shown.err
    assert len(frames("animal-000-self")) == 3
    assert list(json.loads(Path("results/run.json").read_text())["failed"]) == ["plant-000-self"]


def test_a_run_that_is_killed_in_its_first_case_goes_on(suite, monkeypatch):
    def killed(path: Path, frames: object) -> None:
        (path.parent / f".{path.name}.0123abcd-1.part").mkdir()
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("animatex.bench.run.write_video", killed)
        assert bench(suite, "--limit", "1", "--quiet") == 130
    assert bench(suite, "--limit", "1", "--quiet") == 0
    assert len(frames("plant-000-self")) == 3


def test_two_runs_do_not_make_results_in_one_folder(suite, place, capsys):
    with locked(place / "results"):
        assert bench(suite, "--limit", "1", "--quiet") == 75
    assert "results is being made by another run" in capsys.readouterr().err
    assert not list(place.iterdir())


def test_what_cannot_be_run_is_one_line(suite, tmp_path, capsys):
    def refused(code: int, *arguments: str) -> str:
        assert run(["bench", "run", "--out", "results", *arguments]) == code
        return capsys.readouterr().err.splitlines()[0]

    assert refused(2, "--suite", "none") == "error: none does not exist"
    assert refused(2, "--suite", str(suite), "--preset", "tinny") == (
        "error: no preset is called 'tinny'. Did you mean 'tiny'?"
    )
    assert refused(1, "--suite", str(suite), "--preset", "tiny", "--cases", "x*") == (
        "error: suite open-a2bench has no case 'x*'"
    )
    Path("results").mkdir()
    Path("results/thesis.txt").touch()
    assert refused(1, "--suite", str(suite), "--preset", "tiny") == (
        "error: results exists already, and is no folder of results: it has no run.json"
    )
    make_suite(tmp_path / "own", SuiteSpec("test", Size(72, 48), 3, characters=1))
    (tmp_path / "own" / "plant-000" / "reference.png").unlink()
    assert refused(1, "--suite", "own") == (
        "error: own/suite.yaml, case plant-000-self: own/plant-000/reference.png does not exist, "
        "nor do 2 more files"
    )


def test_the_options_are_these_and_no_others():
    taken = {
        name: [flag for param in command.params if param.param_type_name == "option" for flag in param.opts]
        for name, command in typer.main.get_command(bench_app).commands.items()
    }
    assert taken["make"] == [
        "--out", "-o", "--split", "--characters", "--size", "--frames", "--json", "--quiet", "-q",
    ]  # fmt: skip
    assert taken["import"] == ["--out", "-o", "--json", "--quiet", "-q"]
    assert taken["run"] == [
        "--suite", "--out", "-o", "--setting", "--cases", "--limit", "--reference-pose", "--preset", "--set",
        "--weights", "--device", "--dtype", "--seed", "--json", "--quiet", "-q",
    ]  # fmt: skip
    assert taken["prompts"] == ["--count", "-n", "--seed", "--json"]
