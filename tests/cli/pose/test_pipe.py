from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

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


def test_missing_files_are_named(hero: Path, capsys: pytest.CaptureFixture[str]):
    assert fails(capsys, "extract", "none.mp4") == "error: none.mp4 does not exist"
    assert fails(capsys, "retarget", "none.npz", "--to", hero) == "error: none.npz does not exist"
