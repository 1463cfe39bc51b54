import json
from pathlib import Path

import pytest

from animatex.files import locked
from animatex_cli.main import run
from tests.bench.ablations import write_preset


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ANIMATEX_WEIGHTS", raising=False)
    write_preset(Path("toy.yaml"))


@pytest.fixture
def no_videos(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows are measured by their latents alone; their videos take longer to make than a toy to train."""
    monkeypatch.setattr("animatex.bench.ablate._Laboratory._video_values", lambda *_: [])


def ablate(*arguments: str) -> int:
    return run(["bench", "ablate", "toy.yaml", *arguments])


def trained() -> list[tuple[str, int]]:
    return [(one["row"], one["seed"]) for one in json.loads(Path("run/ablation.json").read_text())["trained"]]


def test_rows_are_trained_measured_kept_and_shown(capsys):
    assert ablate("--rows", "whole", "--json", "-q") == 0
    document = json.loads(capsys.readouterr().out)
    assert document["format"] == "animatex-ablation/1" and document["wanted"] == 1
    (whole,) = document["trained"]
    assert (whole["row"], whole["seed"], whole["steps"], whole["lambda_"], whole["alpha"]) == (
        "whole",
        1,
        1,
        0.98,
        1,
    )
    found = {(value["metric"], value["bodies"]): value for value in whole["values"]}
    assert 0 < found["latent_error", "self"]["value"] and 0 < found["psnr_star", "rescaled"]["value"]
    assert found["fvd", "self"]["value"] is None and "needs" in found["fvd", "self"]["reason"]
    assert document["claims"][0]["verdict"] == "not measured"
    first = Path("run/whole-seed-1.safetensors").stat().st_mtime_ns

    for others in (["--rows", "w/o IPI"], ["--seeds", "2"]):
        assert ablate(*others, "--set", "stage.steps=2") == 1, "new rows are not put beside these"
        assert "holds row 'whole', seed 1, of other settings" in capsys.readouterr().err
    assert trained() == [("whole", 1)]

    assert ablate() == 0
    shown = capsys.readouterr()
    assert shown.out.startswith("Table 4, poses on its own body\nMethod")
    assert shown.out.count("w/o IPI") == 3 and "one seed" in shown.out
    assert "2 of 2 trainings, 1 step of 1 clip each, 1 seed" in shown.err and "not finished" not in shown.err
    assert Path("run/whole-seed-1.safetensors").stat().st_mtime_ns == first
    assert sorted(path.name for path in Path("run").iterdir()) == [
        "ablation.json", "suite", "w-o-ipi-seed-1.safetensors", "whole-seed-1.safetensors",
    ]  # fmt: skip

    before = Path("run/ablation.json").read_bytes()
    assert ablate("--markdown", "-q") == 0
    assert capsys.readouterr().out.startswith(
        "**Table 4, poses on its own body**\n\n| Method | latent error ↓ |"
    )
    assert ablate("--latex", "-q", "--plot", "curves.svg") == 0
    assert "% Table 4, poses on another body\n% 10 columns" in (shown := capsys.readouterr()).out
    assert shown.err == "curves.svg is not drawn: no curve has two points yet\n"
    assert Path("run/ablation.json").read_bytes() == before

    assert ablate("--set", "stage.steps=2") == 1
    assert capsys.readouterr().err.splitlines()[-2:] == [
        "error: run/ablation.json holds row 'whole', seed 1, of other settings",
        "hint: --out with another folder, or the same settings as before.",
    ]


def test_a_run_that_was_stopped_goes_on(no_videos, capsys):
    assert ablate("--minutes", "1e-9") == 0
    assert trained() == []
    assert capsys.readouterr().err.endswith("not finished; the same command goes on\n")
    assert ablate("--rows", "w/o IPI", "--seeds", "1", "-q") == 0
    assert trained() == [("w/o IPI", 1)]
    assert ablate("--minutes", "0") == 0
    assert "1 of 2 trainings" in capsys.readouterr().err


def test_two_runs_do_not_train_into_one_folder(capsys):
    assert ablate("--minutes", "1e-9", "-q") == 0
    capsys.readouterr()
    with locked(Path("run")):
        assert ablate("-q") == 75
        assert "error: run is being made by another run, process " in capsys.readouterr().err
        assert ablate("--minutes", "0") == 0, "what there is can be looked at"
    assert trained() == []


def test_a_network_that_learned_nothing_has_a_latent_error_of_one(no_videos, capsys):
    write_preset(Path("toy.yaml"), {"learning_rate: 0.01": "learning_rate: 1e-12"})
    assert ablate("--rows", "whole", "--json", "-q") == 0
    (whole,) = json.loads(capsys.readouterr().out)["trained"]
    errors = [value["value"] for value in whole["values"] if value["metric"] == "latent_error"]
    assert errors == pytest.approx([1, 1], abs=1e-3)


def test_curves_are_drawn_and_not_over_another_file(no_videos, capsys):
    write_preset(
        Path("toy.yaml"),
        {
            "shown_in: [Table 4],": "shown_in: [Table 6],",
            "network.pose_indicator=null": "epi.probability=0.5",
        },
    )
    assert ablate("--plot", "curves.svg", "-q") == 0
    assert Path("curves.svg").read_text().startswith("<svg ")
    assert ablate("--plot", "curves.svg", "-q") == 1
    assert "curves.svg exists already" in capsys.readouterr().err


def test_missing_weights_are_said_before_anything_is_trained(capsys):
    assert ablate("--set", "animate.clip_checkpoint=nowhere.bin") == 1
    assert "nowhere.bin" in capsys.readouterr().err
    assert not Path("run").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--rows", "wohle"], 2, "the ablation has no row 'wohle'. Did you mean 'whole'?"),
        (["--seeds", "1,x"], 2, "--seeds 1,x: needs different whole numbers, with commas between"),
        (["--seeds", "2,2"], 2, "--seeds 2,2: needs different whole numbers, with commas between"),
        (["--json", "--latex"], 2, "--json and --latex exclude each other"),
        (["--set", "rows.0.table=4"], 2, "--set rows.0.table=4: rows.0.table: unknown key"),
        (["--minutes", "0"], 1, "run/ablation.json does not exist: nothing is measured yet"),
    ],
)
def test_what_cannot_be_done_is_one_line_before_anything_is_trained(arguments, code, message, capsys):
    assert ablate(*arguments) == code
    assert f"error: {message}" in capsys.readouterr().err
    assert not Path("run").exists()


def test_print_config_shows_the_whole_preset(capsys):
    assert ablate("--print-config", "--out", "elsewhere") == 0
    assert "out: elsewhere" in capsys.readouterr().out


def test_an_animation_preset_is_no_ablation(capsys):
    assert run(["bench", "ablate", "tiny"]) == 2
    assert "rows: missing; needs a list of at least 1" in capsys.readouterr().err
