from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import animatex.pose.backends
import animatex.pose.draw
from animatex.errors import InputError
from animatex.pose.draw import draw_poses
from animatex.pose.estimator import DetectedPoses
from animatex.pose.io import read_poses, write_poses
from animatex.pose.smooth import jitter
from animatex.runtime import Resolved
from animatex.video.image import read_image
from animatex.video.reader import probe
from animatex_cli.main import run
from tests.cli.pose.seeing import SIZE, Seeing, fails, fails_with_hint, video
from tests.pose.figures import figure

PUBLISHED = ["--set", "pose.smooth={method: none, min_cutoff: 1.5, beta: 0.05, max_gap: 0}"]


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
        "filled": [],
        "missing": [],
        "jitter": {"before": 0.0, "after": 0.0},
        "fps": 6.0,
        "width": 64,
        "height": 96,
        "estimator": "told",
        "reason": "a test",
        "preview": "p.png",
        "drawn": None,
    }
    assert Path("p.png").stat().st_size > 0


def test_extract_of_a_picture_is_one_frame(hero: Path, capsys: pytest.CaptureFixture[str]):
    assert run(["pose", "extract", str(hero), "--quiet", "--preview", "seen.png"]) == 0
    assert capsys.readouterr() == ("", "")
    assert read_poses(Path("hero-poses.npz")).canvas == (120, 80)


@pytest.mark.parametrize(("flag", "value"), [("--frames", 3), ("--every", 2), ("--start", 4)])
def test_a_choice_of_frames_of_one_picture_is_refused(
    flag: str, value: int, hero: Path, capsys: pytest.CaptureFixture[str]
):
    line = fails(capsys, "extract", hero, flag, value)
    assert line == f"error: {flag} is of a video, and {hero} is one picture"
    assert not Path("hero-poses.npz").exists()


def test_a_preview_can_be_a_video(dance: Path):
    assert run(["pose", "extract", str(dance), "--preview", "seen.mp4"]) == 0
    assert probe(Path("seen.mp4")).num_frames == 6


def test_only_what_a_contact_sheet_shows_is_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    drawn: list[np.ndarray] = []
    monkeypatch.setattr(animatex.pose.draw, "_paint_joints", lambda picture, *_: drawn.append(picture))
    dance = video(tmp_path / "long.mp4", [200 + place for place in range(30)])
    assert run(["pose", "extract", str(dance), "--start", "2", "--preview", "seen.png"]) == 0
    # 28 frames from the third on; those shown are dimmed to half.
    shown = [round((2 + place + 200) / 2) for place in np.linspace(0, 27, 8)]
    assert [picture[0, 0, 0] for picture in drawn] == pytest.approx(shown, abs=2)


def test_gaps_are_filled_or_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    bright = [200] * 4 + [10] + [200] * 4 + [10] * 3 + [200] * 4
    mixed = video(tmp_path / "mixed.mp4", bright)
    command = ["pose", "extract", str(mixed), "--set", "pose.smooth.max_gap=2", "--force"]
    assert run([*command, "--json"]) == 0
    shown = capsys.readouterr()
    report = json.loads(shown.out)
    assert (report["filled"], report["missing"]) == ([[4, 4]], [[9, 11]])
    assert "a person in 12 of 16 frames; filled frame 4; nobody in frames 9-11, too long to fill" in shown.err
    assert run([*command, "--no-smooth"]) == 0
    assert "nobody in frames 4, 9-11, too long to fill; jitter 0.0, not smoothed" in capsys.readouterr().err


def test_without_smoothing_poses_are_what_the_estimator_saw(dance: Path, monkeypatch: pytest.MonkeyPatch):
    rng = np.random.default_rng(0)
    see = Seeing.__call__

    def trembling(self: Seeing, frame: np.ndarray) -> DetectedPoses:
        found = see(self, frame)
        shaken = found.keypoints + rng.normal(0, 2, found.keypoints.shape).astype(np.float32)
        return DetectedPoses(shaken, found.scores, found.boxes)

    monkeypatch.setattr(Seeing, "__call__", trembling)
    for name, flags in (("smooth.npz", []), ("raw.npz", ["--no-smooth"]), ("set.npz", PUBLISHED)):
        rng = np.random.default_rng(0)
        assert run(["pose", "extract", str(dance), "-o", name, *flags]) == 0
    smooth, raw, published = (read_poses(Path(name)) for name in ("smooth.npz", "raw.npz", "set.npz"))
    np.testing.assert_array_equal(raw.keypoints, published.keypoints)
    assert jitter(smooth) < 0.8 * jitter(raw)


def test_skeletons_on_black_are_a_video_or_a_folder_of_pictures(
    dance: Path, capsys: pytest.CaptureFixture[str]
):
    assert run(["pose", "extract", str(dance), "--draw", "poses.mp4"]) == 0
    assert capsys.readouterr().out == "dance-poses.npz\nposes.mp4\n"
    assert (probe(Path("poses.mp4")).num_frames, probe(Path("poses.mp4")).size) == (6, SIZE)
    assert run(["pose", "convert", "dance-poses.npz", "-o", "again.npz", "--draw", "pictures"]) == 0
    pictures = sorted(Path("pictures").iterdir())
    assert [path.name for path in pictures] == [f"{index:05d}.png" for index in range(6)]
    drawn = draw_poses(read_poses(Path("dance-poses.npz")))
    np.testing.assert_array_equal(read_image(pictures[5]).rgb, drawn[5])


@pytest.mark.parametrize(
    "command", ["extract dance.mp4", "convert in.npz", "retarget in.npz --to in.npz", "augment in.npz"]
)
def test_a_drawing_that_cannot_be_written_costs_no_poses(
    command: str, dance: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    def full(*given: object, **more: object) -> None:
        raise InputError("p.mp4 cannot be written: No space left on device")

    write_poses(figure(frames=2), Path("in.npz"))
    monkeypatch.setattr("animatex.video.writer.write_video", full)
    assert run(["pose", *command.split(), "--out", "poses.npz", "--draw", "p.mp4", "-q"]) == 1
    assert capsys.readouterr().err == "error: p.mp4 cannot be written: No space left on device\n"
    assert len(read_poses(Path("poses.npz"))) in (2, 6)


def test_mediapipe_says_that_there_is_nobody_to_choose(
    dance: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    chosen = Resolved("mediapipe", "a test", Seeing())
    monkeypatch.setattr(animatex.pose.backends, "resolve_estimator", lambda *_, **__: chosen)
    assert run(["pose", "extract", str(dance), "--person", "centre"]) == 0
    assert "mediapipe finds one person only" in capsys.readouterr().err
    assert "--person largest" in fails_with_hint(capsys, "extract", dance, "--person", "2", "--force")


def test_a_device_on_which_mediapipe_does_not_run_is_refused(
    dance: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    chosen = Resolved("mediapipe", "a test", Seeing())
    monkeypatch.setattr(animatex.pose.backends, "resolve_estimator", lambda *_, **__: chosen)
    assert run(["pose", "extract", str(dance), "--device", "cuda", "--quiet"]) == 1
    assert "device 'cuda' does not work here: MediaPipe runs on the processor only" in capsys.readouterr().err
    assert run(["pose", "extract", str(dance), "--device", "cpu", "--quiet"]) == 0


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
    assert "--preview p.gif: needs a name that ends in .mp4 or .png" in fails(
        capsys, "extract", dance, "--preview", "p.gif"
    )
    assert "--draw p.gif: needs a name that ends in .mp4, or a folder's" in fails(
        capsys, "extract", dance, "--draw", "p.gif"
    )
