import json
from pathlib import Path

import pytest

from animatex.files import locked_within
from animatex_cli.main import run
from tests.training.processes import free_port, start

RECIPE = """\
# A rig network for two steps.
out: runs/small
seed: 3
save_every: 1
keep: 1
runtime: {device: cpu, dtype: float32, offload: none, scan: torch}
stages:
  - kind: rig
    name: rig
    network: {height: 32, widths: [16, 32, 32], blocks: 1, attention_blocks: 1}
    start_from: null
    data: {kind: synthetic, height: 32, width: 32, seed: 1, workers: 0}
    batch: 1
    steps: 2
    optimizer: {learning_rate: 0.001, warmup: 0, decay: none, weight_decay: 0.0, clip_norm: 1.0,
                accumulate: 1, ema_decay: 0.5}
"""


@pytest.fixture
def recipe(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("small.yaml").write_text(RECIPE)
    return "small.yaml"


def test_a_recipe_is_trained_and_leaves_its_weights(recipe, capsys):
    assert run(["train", recipe, "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert list(report) == [
        "preset",
        "out",
        "finished",
        "stages",
        "device",
        "dtype",
        "seed",
        "seconds",
        "peak_memory_bytes",
    ]
    assert report["finished"] is True
    assert (report["out"], report["device"], report["dtype"], report["seed"]) == (
        "runs/small",
        "cpu",
        "float32",
        3,
    )
    (stage,) = report["stages"]
    assert (stage["name"], stage["steps"], stage["file"]) == ("rig", 2, "runs/small/rig.safetensors")
    assert Path(stage["file"]).is_file()


def test_a_recipe_goes_on_where_it_ended(recipe, capsys):
    assert run(["train", recipe, "--minutes", "0", "--quiet"]) == 0
    assert capsys.readouterr() == ("", "")
    assert run(["train", recipe]) == 0
    shown = capsys.readouterr()
    assert shown.err.startswith("small.yaml: 1 stage on cpu, into runs/small\n")
    assert shown.err.endswith("runs/small: finished\n")
    assert shown.out.splitlines()[0].split() == ["stage", "steps", "seconds", "loss", "weights"]
    assert run(["train", recipe]) == 0
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("out", ["runs/small", "runs/../runs/small", ".", "runs.v1"])
def test_two_runs_do_not_train_into_one_folder(recipe, capsys, out):
    folder = Path(out).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    before = set(folder.iterdir())
    with locked_within(folder):
        code = run(["train", recipe, "--out", out])
    assert code == 75
    assert "is being made by another run, process" in capsys.readouterr().err
    assert set(folder.iterdir()) == before


def test_runs_beside_each_other_are_no_matter_how_they_are_called(recipe, capsys):
    Path("runs.v1").mkdir()
    with locked_within(Path("runs.v1")):
        assert run(["train", recipe, "--out", "runs.v2", "--minutes", "0"]) == 0
        assert run(["train", recipe, "--out", ".", "--minutes", "0"]) == 0


def start_two(*options):
    """Start the command in two processes that train together."""
    script, port = "from animatex_cli.main import main; main()", free_port()
    return [start(script, "train", "small.yaml", *options, rank=rank, count=2, port=port) for rank in (0, 1)]


@pytest.mark.slow
def test_two_processes_train_together_and_the_first_alone_speaks(recipe):
    first, second = start_two("--json")
    said = [process.communicate(timeout=120) for process in (first, second)]
    assert (first.returncode, second.returncode) == (0, 0), said
    report = json.loads(said[0][0])
    assert (report["finished"], report["stages"][0]["steps"]) == (True, 2)
    assert said[0][1].startswith("small.yaml: 1 stage on cpu, into runs/small\n")
    assert said[1] == ("", "")
    assert sorted(path.name for path in Path("runs/small").iterdir()) == ["rig", "rig.safetensors"]


@pytest.mark.slow
def test_no_process_waits_for_one_that_found_the_folder_in_use(recipe):
    Path("runs/small").mkdir(parents=True)
    with locked_within(Path("runs/small")):
        first, second = start_two()
        said = [process.communicate(timeout=120)[1] for process in (first, second)]
    assert (first.returncode, second.returncode) == (75, 75)
    assert "error: runs/small is being made by another run, process" in said[0]
    assert said[1] == "error: runs/small was refused to the first process, which says why\n"


def test_a_run_without_time_is_not_finished(recipe, capsys):
    assert run(["train", recipe, "--minutes", "0"]) == 0
    assert capsys.readouterr().err.endswith("runs/small: not finished; the same command goes on\n")


def test_named_options_change_the_recipe(recipe, capsys):
    options = ["--out", "elsewhere", "--seed", "5", "--set", "stages.0.steps=9", "--device", "auto"]
    assert run(["train", recipe, "--print-config", "--json", *options]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["config"]["out"], shown["config"]["seed"]) == ("elsewhere", 5)
    assert shown["config"]["stages"][0]["steps"] == 9
    assert shown["sources"]["stages.0.steps"] == "--set stages.0.steps=9"
    assert not Path("runs").exists()


def test_a_problem_in_a_stage_has_its_line(recipe, capsys):
    Path(recipe).write_text(RECIPE.replace("batch: 1", "batch: 0"))
    assert run(["train", recipe]) == 2
    assert capsys.readouterr().err == (
        "error: small.yaml:13: stages.0.batch: got 0; needs a whole number of at least 1.\n"
    )


def test_an_animation_preset_is_no_recipe(capsys):
    assert run(["train", "tiny"]) == 2
    assert (
        "stages: missing; needs a list of at least 1, each a section or a part file."
        in capsys.readouterr().err
    )
