from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from animatex.pose.io import read_poses, write_poses
from animatex.video.frames import Size
from animatex.video.image import write_png
from animatex_cli.main import run
from tests.cli.pose.seeing import fails
from tests.pose.figures import SHORT_LEGS, figure

ENDS = ("seconds", "preview", "drawn")


def test_retarget_onto_poses(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    write_poses(figure(frames=3, swing=0.2), tmp_path / "dance.npz")
    write_poses(figure(SHORT_LEGS), tmp_path / "hero.json")
    assert run(["pose", "retarget", "dance.npz", "--to", "hero.json", "--json", "--preview", "on.png"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert list(report) == ["output", "frames", "fps", "width", "height", "method", *ENDS]
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
