import json
from pathlib import Path

import pytest
from PIL import Image

from animatex.pose.io import write_poses
from animatex_cli.main import run
from tests.cli.test_animate import hero, waving


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch, rng):
    """A folder to work in, with a picture and a pose file, away from any environment."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ANIMATEX_WEIGHTS", raising=False)
    Image.fromarray(hero(rng)).save("hero.png")
    write_poses(waving(), Path("dance.npz"))


def speed(*arguments: str) -> int:
    files = ("--reference", "hero.png", "--driving", "dance.npz")
    # MediaPipe would take longer than everything that is timed.
    rig = ("--set", "pose.reference_pose=rig")
    return run(["bench", "speed", "--preset", "tiny", *files, *rig, *arguments])


def test_a_preset_is_timed_and_kept_as_a_baseline_for_later(capsys):
    assert speed("--repeats", "2", "--out", "speed.json") == 0
    shown = capsys.readouterr()
    rows = {line.split("  ")[0]: line for line in shown.out.splitlines()}
    assert {"sampling", "painting", "writing", "all stages", "loading networks", "evaluations"} <= set(rows)
    assert rows["evaluations"].split()[1:] == ["2", "a", "video"]
    assert "tiny: 4 frames of 64 x 64 on cpu in float32" in shown.err

    assert speed("--repeats", "1", "--frames", "2", "--baseline", "speed.json", "--json") == 0
    shown = capsys.readouterr()
    document = json.loads(shown.out)
    assert document["format"] == "animatex-speed/1"
    assert document["workload"]["frames"] == 2
    assert document["baseline"]["differences"] == ["frames 2, then 4"]
    assert document["baseline"]["ratios"]["evaluations"] == 1
    assert document["baseline"]["ratios"]["sampling"] > 0
    assert set(document["stages"]) == set(json.loads(Path("speed.json").read_text())["stages"])

    assert speed("--repeats", "1", "--baseline", "speed.json", "--frames", "2") == 0
    shown = capsys.readouterr()
    assert "not as in the baseline: frames 2, then 4" in shown.err
    assert shown.out.splitlines()[0].split() == ["value", "unit", "range", "baseline", "ratio"]


def test_a_baseline_of_another_machine_is_refused_before_any_work(capsys):
    assert speed("--repeats", "1", "--out", "speed.json", "-q") == 0
    document = json.loads(Path("speed.json").read_text())
    document["machine"]["cores"] += 1
    Path("speed.json").write_text(json.dumps(document))
    capsys.readouterr()
    assert speed("--baseline", "speed.json") == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("error: speed.json was measured on another machine: cores ")
    assert "loading networks" not in shown.err


def test_a_damaged_baseline_is_one_line(capsys):
    Path("speed.json").write_text("{")
    assert speed("--baseline", "speed.json") == 1
    assert capsys.readouterr().err.startswith("error: speed.json is not JSON: ")


def test_an_existing_measurement_is_kept(capsys):
    Path("speed.json").write_text("mine")
    assert speed("--out", "speed.json") == 1
    assert capsys.readouterr().err.startswith("error: speed.json exists already")
    assert Path("speed.json").read_text() == "mine"
