from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from animatex.pose.estimator import DetectedPoses
from animatex.pose.io import read_poses, write_poses
from animatex.pose.openpose import openpose_frames
from animatex.video.frames import Size
from animatex.video.image import write_png
from animatex.video.reader import probe
from animatex_cli.main import run
from tests.cli.pose.seeing import Seeing, fails
from tests.pose.figures import SHORT_LEGS, figure

NOBODY = DetectedPoses(
    np.zeros((0, 134, 2), np.float32), np.zeros((0, 134), np.float32), np.zeros((0, 5), np.float32)
)
ENDS = ("seconds", "preview", "drawn")


def test_retarget_onto_poses(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    write_poses(figure(frames=3, swing=0.2), tmp_path / "dance.npz")
    write_poses(figure(SHORT_LEGS), tmp_path / "hero.json")
    assert run(["pose", "retarget", "dance.npz", "--to", "hero.json", "--json", "--preview", "on.png"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert list(report) == ["output", "frames", "fps", "width", "height", "method", *ENDS]
    assert (report["output"], report["frames"], report["method"]) == ("dance-on-hero.npz", 3, "learned")
    assert read_poses(Path("dance-on-hero.npz")).canvas == (768, 512)


@pytest.mark.parametrize("method", ["learned", "combined", "unianimate", "none"])
def test_of_several_poses_the_most_complete_is_the_characters(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], method: str
):
    write_poses(figure(frames=3, swing=0.2), tmp_path / "dance.npz")
    hero = figure(SHORT_LEGS, frames=6, swing=0.5)
    lost = np.zeros((6, 134), bool)
    lost[0], lost[[1, 2, 4], 3] = True, True
    write_poses(hero.hidden(lost), tmp_path / "clip.npz")
    write_poses(hero.select([3]), tmp_path / "hero.npz")
    for to in ("clip.npz", "hero.npz"):
        assert run(["pose", "retarget", "dance.npz", "--to", to, "--method", method]) == 0
    said = capsys.readouterr().err
    assert "pose read from clip.npz, frame 3 of 6\n" in said and "pose read from hero.npz\n" in said
    several, one = (read_poses(Path(f"dance-on-{to}.npz")) for to in ("clip", "hero"))
    np.testing.assert_array_equal(several.keypoints, one.keypoints)


def test_of_several_people_the_preset_says_whose_pose_it_is(tmp_path: Path):
    write_poses(figure(frames=2), tmp_path / "dance.npz")
    people = [next(openpose_frames(figure(neck=(x, 200)))) for x in (150, 350)]
    both = {**people[0], "people": people[0]["people"] + people[1]["people"]}
    (tmp_path / "hero.json").write_text(json.dumps([both]))
    command = ["pose", "retarget", "dance.npz", "--to", "hero.json", "--method", "combined", "--force"]
    for person, x in ((0, 150), (1, 350)):
        assert run([*command, "--set", f"pose.person={person}"]) == 0
        assert read_poses(Path("dance-on-hero.npz")).keypoints[0, 1, 0] == pytest.approx(x, abs=1)


def test_a_large_character_is_reduced_for_the_preview(tmp_path: Path):
    write_poses(figure(frames=3, swing=0.2), tmp_path / "dance.npz")
    write_png(tmp_path / "hero.png", np.full((1536, 1024, 3), 200, np.uint8))
    command = ["pose", "retarget", "dance.npz", "--to", "hero.png", "--set", "pose.reference_pose=detect"]
    assert run([*command, "--preview", "on.mp4"]) == 0
    assert (probe(Path("on.mp4")).size, probe(Path("on.mp4")).num_frames) == (Size(768, 512), 3)
    assert read_poses(Path("dance-on-hero.npz")).canvas == (1536, 1024)


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


def test_the_presets_network_corrects_what_was_measured(tmp_path: Path):
    write_poses(figure(frames=3, swing=0.5), tmp_path / "dance.npz")
    write_poses(figure(SHORT_LEGS), tmp_path / "hero.npz")
    command, written = (
        ["pose", "retarget", "dance.npz", "--to", "hero.npz", "--force"],
        Path("dance-on-hero.npz"),
    )
    assert run([*command, "--method", "combined"]) == 0
    measured = read_poses(written).keypoints
    assert run(command) == 0
    away = np.linalg.norm(read_poses(written).keypoints - measured, axis=2)[:, :18]
    # It was moved, and by less than half of its torso, which has 260 pixels.
    assert 1 < away.mean() and away.max() < 131
    assert run([*command, "--set", "retarget.checkpoint=null"]) == 0
    np.testing.assert_array_equal(read_poses(written).keypoints, measured)


def test_a_method_without_its_network_is_refused(capsys: pytest.CaptureFixture[str]):
    said = "method 'learned' needs a network; presets/mini.yaml has one."
    assert said in fails(capsys, "retarget", "p.npz", "--to", "h.npz", "--set", "retarget.network=null")


def test_weights_that_are_not_there_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    write_poses(figure(frames=2), tmp_path / "dance.npz")
    options = ("--set", "retarget.checkpoint=mine.safetensors")
    said = fails(capsys, "retarget", "dance.npz", "--to", "dance.npz", "--out", "on.npz", *options)
    assert "weights mine.safetensors are not installed" in said
    assert not Path("on.npz").exists()


def test_a_character_without_a_pose_is_no_error(
    tmp_path: Path, dance: Path, capsys: pytest.CaptureFixture[str]
):
    write_png(tmp_path / "carton.png", np.zeros((120, 80, 3), np.uint8))
    write_poses(figure(frames=2), tmp_path / "dance.npz")
    command = ["pose", "retarget", "dance.npz", "--to", "carton.png", "--set", "pose.reference_pose=detect"]
    assert run(command) == 0
    said = "pose of carton.png: the performer's, in most of the picture: nobody was found"
    assert said in capsys.readouterr().err


def test_the_alpha_channel_says_where_a_character_without_a_pose_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    carton = np.zeros((120, 80, 4), np.uint8)
    carton[30:110, 20:60, 3] = 255
    monkeypatch.setattr(Seeing, "__call__", lambda *_: NOBODY)
    write_png(tmp_path / "carton.png", carton)
    write_poses(figure(frames=2), tmp_path / "dance.npz")
    command = ["pose", "retarget", "dance.npz", "--to", "carton.png", "--set", "pose.reference_pose=detect"]
    assert run([*command, "--anchor", "neck"]) == 0
    assert "pose of carton.png: the performer's, in its outline" in capsys.readouterr().err
    body = read_poses(Path("dance-on-carton.npz")).keypoints[0, :18]
    assert body[:, 1].min() > 30 and body[:, 1].max() == pytest.approx(110, abs=0.1)
    assert body[:, 0].min() == pytest.approx(20, abs=0.1) and body[:, 0].max() == pytest.approx(60, abs=0.1)


@pytest.mark.parametrize("to", ["hero.png", "hero.npz"])
def test_a_box_says_where_the_character_is(
    tmp_path: Path, hero: Path, monkeypatch: pytest.MonkeyPatch, to: str
):
    write_poses(figure(frames=2), tmp_path / "dance.npz")
    write_poses(figure(SHORT_LEGS, canvas=Size(120, 80)), tmp_path / "hero.npz")
    monkeypatch.setattr(Seeing, "__call__", lambda *_: pytest.fail("looked for a pose"))
    assert (
        run(["pose", "retarget", "dance.npz", "--to", to, "--box", "0.25,0.25,0.5,0.5", "-o", "on.npz"]) == 0
    )
    body = read_poses(Path("on.npz")).keypoints[0, :18]
    assert body[:, 1].min() == pytest.approx(30, abs=1) and body[:, 1].max() == pytest.approx(90, abs=1)
    assert body[:, 0].mean() == pytest.approx(40, abs=3)


def test_scale_shift_and_anchor_correct_the_result(tmp_path: Path):
    write_poses(figure(frames=2), tmp_path / "dance.npz")
    write_poses(figure(SHORT_LEGS, canvas=Size(600, 400)), tmp_path / "hero.npz")
    command = ["pose", "retarget", "dance.npz", "--to", "hero.npz", "--force", "--method", "combined"]
    written = Path("dance-on-hero.npz")
    assert run(command) == 0
    before = read_poses(written).keypoints
    assert run([*command, "--shift", "-0.1,0.05"]) == 0
    np.testing.assert_allclose(read_poses(written).keypoints, before + [-40, 30], atol=0.01)
    assert run([*command, "--scale", "0.5", "--anchor", "neck"]) == 0
    small = read_poses(written).keypoints
    np.testing.assert_allclose(np.ptp(small, axis=(0, 1)), np.ptp(before, axis=(0, 1)) / 2, atol=0.01)
    np.testing.assert_allclose(small[0, 1], before[0, 1], atol=0.01)


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--shift", "0.1", "--shift 0.1: needs X,Y in fractions of the picture"),
        ("--shift", "a,b", "--shift a,b: needs X,Y in fractions of the picture"),
        ("--box", "1,2,3", "--box 1,2,3: needs X,Y,W,H in fractions of the picture"),
        ("--scale", "0", "retarget.scale: got 0.0; needs a number above 0"),
        ("--anchor", "nose", "retarget.anchor: got 'nose'; needs one of 'neck', 'ground'."),
        ("--box", "100,0,300,400", "--box 100,0,300,400: needs X,Y,W,H in fractions of the picture"),
    ],
)
def test_a_correction_that_says_nothing_is_named(
    capsys: pytest.CaptureFixture[str], option: str, value: str, said: str
):
    assert said in fails(capsys, "retarget", "p.npz", "--to", "h.npz", option, value)


def test_a_box_that_the_method_would_not_look_at_is_refused(capsys: pytest.CaptureFixture[str]):
    box = ("--box", "0,0,1,1", "--method", "none")
    assert "method 'none' does not ask" in fails(capsys, "retarget", "p.npz", "--to", "h.npz", *box)


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
