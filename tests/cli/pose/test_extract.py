from __future__ import annotations

import json
from pathlib import Path

import pytest

from animatex.pose.io import read_poses
from animatex.video.reader import probe
from animatex_cli.main import run
from tests.cli.pose.seeing import SIZE, Seeing, fails, video


def test_extract_writes_poses_named_after_the_video(dance: Path, capsys: pytest.CaptureFixture[str]):
    assert run(["pose", "extract", str(dance)]) == 0
    assert capsys.readouterr().out == "dance-poses.npz\n"
    poses = read_poses(Path("dance-poses.npz"))
    assert (len(poses), poses.fps, poses.canvas) == (6, 12.0, SIZE)


def test_extract_reports_what_scripts_need(dance: Path, capsys: pytest.CaptureFixture[str]):
    assert (
        run(["pose", "extract", str(dance), "-o", "p.jsonl", "--json", "--every", "2", "--preview", "p.png"])
        == 0
    )
    report = json.loads(capsys.readouterr().out)
    assert report.pop("seconds")["total"] > 0
    assert report == {
        "output": "p.jsonl",
        "frames": 3,
        "detected": 3,
        "fps": 6.0,
        "width": 64,
        "height": 96,
        "estimator": "told",
        "preview": "p.png",
    }
    assert Path("p.png").stat().st_size > 0


def test_extract_of_a_picture_is_one_frame(hero: Path, capsys: pytest.CaptureFixture[str]):
    assert run(["pose", "extract", str(hero), "--quiet", "--preview", "seen.png"]) == 0
    assert capsys.readouterr() == ("", "")
    assert read_poses(Path("hero-poses.npz")).canvas == (120, 80)


def test_a_preview_can_be_a_video(dance: Path):
    assert run(["pose", "extract", str(dance), "--preview", "seen.mp4"]) == 0
    assert probe(Path("seen.mp4")).num_frames == 6


def test_a_video_without_a_person_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    sea = video(tmp_path / "sea.mp4", [10, 10, 10])
    assert fails(capsys, "extract", sea) == (
        "error: no person in sea.mp4: nobody was found in any of its 3 frames"
    )
    assert not Path("sea-poses.npz").exists()


def test_too_many_frames_without_a_person_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    mixed = video(tmp_path / "mixed.mp4", [200, 10, 10, 200])
    line = fails(capsys, "extract", mixed, "--set", "pose.smooth.max_gap=0")
    assert "no person in 2 of 4 frames of mixed.mp4 (first: frame 1)" in line


def test_more_frames_than_the_video_has_are_refused(dance: Path, capsys: pytest.CaptureFixture[str]):
    assert "dance.mp4 has 6 frames" in fails(capsys, "extract", dance, "--frames", "7")


def test_nothing_is_overwritten_without_force(dance: Path, capsys: pytest.CaptureFixture[str]):
    Path("p.npz").write_text("mine")
    assert fails(capsys, "extract", dance, "-o", "p.npz") == "error: p.npz exists already"
    assert Path("p.npz").read_text() == "mine"
    assert run(["pose", "extract", str(dance), "-o", "p.npz", "--force"]) == 0


def test_outputs_that_cannot_be_are_refused_before_any_work(
    dance: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(Seeing, "__call__", lambda *_: pytest.fail("worked"))
    assert "p.txt is no name for a pose file" in fails(capsys, "extract", dance, "-o", "p.txt")
    assert "nowhere does not exist" in fails(capsys, "extract", dance, "-o", "nowhere/p.npz")
    assert "nowhere does not exist" in fails(capsys, "extract", dance, "--preview", "nowhere/p.mp4")
    assert "both write to standard output" in fails(capsys, "extract", dance, "-o", "-", "--json")
