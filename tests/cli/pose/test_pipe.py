from __future__ import annotations

import io
import json
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from animatex.video.reader import probe
from animatex_cli.main import run
from tests.cli.pose.seeing import fails


def test_the_two_commands_form_a_pipe(
    dance: Path, hero: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    assert run(["pose", "extract", str(dance), "--out", "-"]) == 0
    monkeypatch.setattr("sys.stdin", io.StringIO(capsys.readouterr().out))
    assert run(["pose", "retarget", "-", "--to", str(hero), "--out", "-"]) == 0
    head, *frames = capsys.readouterr().out.splitlines()
    assert (json.loads(head)["height"], json.loads(head)["width"]) == (120, 80)
    assert len(frames) == 6


@pytest.mark.slow
def test_three_processes_form_a_pipe_in_a_shell(tmp_path: Path):
    samples = Path(__file__).resolve().parents[3] / "samples"
    program = [sys.executable, "-c", "from animatex_cli.main import main; main()"]
    character, dance = samples / "character.png", samples / "dance.mp4"
    steps = (
        ["pose", "extract", dance, "--frames", "4", "--out", "-"],
        ["pose", "retarget", "-", "--to", character, "--out", "-"],
        ["animate", character, "-", "--preset", "tiny", "--every", "1", "--out", tmp_path / "made.mp4"],
    )
    line = " | ".join(shlex.join([*program, *map(str, step)]) for step in steps)
    done = subprocess.run(["bash", "-o", "pipefail", "-c", line], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{tmp_path / 'made.mp4'}\n"
    assert probe(tmp_path / "made.mp4").num_frames == 4


def test_a_step_that_fails_ends_the_pipe_in_words(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    assert fails(capsys, "retarget", "-", "--to", "hero.png") == (
        "error: standard input does not begin with a line about our poses"
    )


def test_missing_files_are_named(hero: Path, capsys: pytest.CaptureFixture[str]):
    assert fails(capsys, "extract", "none.mp4") == "error: none.mp4 does not exist"
    assert fails(capsys, "retarget", "none.npz", "--to", hero) == "error: none.npz does not exist"
