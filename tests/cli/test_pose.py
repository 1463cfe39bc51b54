from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest

import animatex.pose.estimator
from animatex.pose.estimator import DetectedPoses
from animatex.pose.io import read_poses, write_poses
from animatex.runtime import Resolved
from animatex.video.frames import FrameSequence, Size
from animatex.video.image import write_png
from animatex.video.reader import probe
from animatex.video.writer import write_video
from animatex_cli.main import run
from tests.pose.figures import SHORT_LEGS, figure

SIZE = Size(96, 64)


class Seeing:
    """An estimator that sees a figure in every bright picture."""

    def __call__(self, frame: np.ndarray) -> DetectedPoses:
        pose = figure(canvas=SIZE, neck=(32, 20)).on_canvas(Size(*frame.shape[:2]))
        found = 1 if frame.mean() > 60 else 0
        box = np.array([[0, 0, 10, 10, 1]], np.float32)
        return DetectedPoses(pose.keypoints[:found], pose.scores[:found], box[:found])


@pytest.fixture(autouse=True)
def seeing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    chosen = Resolved("told", "a test", Seeing())
    monkeypatch.setattr(animatex.pose.estimator, "resolve_estimator", lambda *_, **__: chosen)
    monkeypatch.chdir(tmp_path)


def video(path: Path, bright: list[int]) -> Path:
    frames = np.stack([np.full((*SIZE, 3), level, np.uint8) for level in bright])
    write_video(path, FrameSequence(frames, 12.0))
    return path


@pytest.fixture
def dance(tmp_path: Path) -> Path:
    return video(tmp_path / "dance.mp4", [200, 180, 200, 180, 200, 180])


@pytest.fixture
def hero(tmp_path: Path) -> Path:
    write_png(tmp_path / "hero.png", np.full((120, 80, 3), 220, np.uint8))
    return tmp_path / "hero.png"


def fails(capsys: pytest.CaptureFixture[str], *argv: object) -> str:
    assert run(["pose", *map(str, argv)]) in (1, 2)
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "Traceback" not in shown.err
    return next(line for line in shown.err.splitlines() if line.startswith("error: "))


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


def test_the_two_commands_form_a_pipe(
    dance: Path, hero: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    assert run(["pose", "extract", str(dance), "--out", "-"]) == 0
    monkeypatch.setattr("sys.stdin", io.StringIO(capsys.readouterr().out))
    assert run(["pose", "retarget", "-", "--to", str(hero), "--out", "-"]) == 0
    head, *frames = capsys.readouterr().out.splitlines()
    assert (json.loads(head)["height"], json.loads(head)["width"]) == (120, 80)
    assert len(frames) == 6


def test_retarget_onto_poses(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    write_poses(figure(frames=3, swing=0.2), tmp_path / "dance.npz")
    write_poses(figure(SHORT_LEGS), tmp_path / "hero.json")
    assert run(["pose", "retarget", "dance.npz", "--to", "hero.json", "--json", "--preview", "on.png"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert list(report) == ["output", "frames", "fps", "width", "height", "method", "seconds", "preview"]
    assert (report["output"], report["frames"], report["method"]) == ("dance-on-hero.npz", 3, "combined")
    assert read_poses(Path("dance-on-hero.npz")).canvas == (768, 512)


def test_method_and_strength_reach_the_retargeter(tmp_path: Path):
    clip = figure(frames=2, swing=0.2)
    write_poses(clip, tmp_path / "dance.npz")
    write_poses(figure(SHORT_LEGS, canvas=Size(300, 200)), tmp_path / "hero.npz")
    command = ["pose", "retarget", "dance.npz", "--to", "hero.npz", "--force"]
    written = Path("dance-on-hero.npz")
    assert run([*command, "--method", "none"]) == 0
    np.testing.assert_allclose(read_poses(written).normalised(), clip.normalised(), rtol=1e-5)
    assert run([*command, "--strength", "0"]) == 0
    soft = read_poses(written).keypoints
    assert run([*command, "--method", "similarity"]) == 0
    np.testing.assert_array_equal(read_poses(written).keypoints, soft)


def test_a_character_without_a_pose_is_no_error(
    tmp_path: Path, dance: Path, capsys: pytest.CaptureFixture[str]
):
    write_png(tmp_path / "carton.png", np.zeros((120, 80, 3), np.uint8))
    write_poses(figure(frames=2), tmp_path / "dance.npz")
    command = ["pose", "retarget", "dance.npz", "--to", "carton.png", "--set", "pose.reference_pose=detect"]
    assert run(command) == 0
    assert (
        "no pose was found in carton.png: the performer is fitted into the picture" in capsys.readouterr().err
    )


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


def test_an_input_is_not_written_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    write_poses(figure(), tmp_path / "p.npz")
    line = fails(capsys, "retarget", "p.npz", "--to", "p.npz", "-o", "p.npz", "--force")
    assert line == "error: p.npz is an input of this run"


def test_poses_of_another_layout_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    np.savez(tmp_path / "coco.npz", keypoints=np.zeros((3, 17, 2)))
    line = fails(capsys, "retarget", "coco.npz", "--to", "coco.npz")
    assert line == "error: coco.npz is not one of our pose files: it has no 'format', only keypoints"


def test_the_character_cannot_come_from_standard_input(capsys: pytest.CaptureFixture[str]):
    assert "only POSES may be standard input" in fails(capsys, "retarget", "p.npz", "--to", "-")


def test_missing_files_are_named(hero: Path, capsys: pytest.CaptureFixture[str]):
    assert fails(capsys, "extract", "none.mp4") == "error: none.mp4 does not exist"
    assert fails(capsys, "retarget", "none.npz", "--to", hero) == "error: none.npz does not exist"
