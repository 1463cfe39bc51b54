from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest

from animatex.config.presets import presets_folder
from animatex.pose.io import read_poses, write_poses
from animatex.video.image import read_image
from animatex.video.reader import probe
from animatex_cli.main import run
from tests.cli.pose.seeing import fails
from tests.pose.figures import SHORT_LEGS, figure

EVERYTHING = ("realign", "add", "drop", "bs", "nf", "al")


@pytest.fixture(autouse=True)
def clip() -> None:
    write_poses(figure(frames=12, swing=0.3), Path("dance.npz"))


def draws(capsys: pytest.CaptureFixture[str], *argv: str) -> list[list[str]]:
    assert run(["pose", "augment", "dance.npz", "--force", "--json", *argv]) == 0
    return json.loads(capsys.readouterr().out)["draws"]


def test_a_sheet_shows_the_poses_and_every_draw(capsys: pytest.CaptureFixture[str]):
    assert run(["pose", "augment", "dance.npz", "--draws", "3", "--preview", "sheet.png", "--seed", "4"]) == 0
    shown = capsys.readouterr()
    assert shown.out == "sheet.png\n"
    said = [line for line in shown.err.splitlines() if line.startswith("draw ")]
    assert [line.split(":")[0] for line in said] == ["draw 1", "draw 2", "draw 3"]
    assert "realigned" in said[0]
    sheet = read_image(Path("sheet.png"))
    assert sheet.size.height > 4 * 160
    assert sheet.size.width > 8 * 100


def test_a_seed_repeats_the_draws_and_the_first_is_written(capsys: pytest.CaptureFixture[str]):
    said = [draws(capsys, "--seed", seed, "--out", f"{i}.npz") for i, seed in enumerate(("1", "1", "2"))]
    poses = [read_poses(Path(f"{i}.npz")) for i in range(3)]
    assert said[0] == said[1] != said[2]
    np.testing.assert_array_equal(poses[0].keypoints, poses[1].keypoints)
    assert (poses[0].keypoints != poses[2].keypoints).any()
    assert (len(poses[0]), poses[0].fps, poses[0].canvas) == (12, 24.0, (768, 512))


@pytest.mark.parametrize(
    ("group", "names"), [("bs", "torso shoulders"), ("nf", "neck face"), ("al", "arms legs")]
)
def test_a_group_that_is_left_out_is_not_drawn(group: str, names: str, capsys: pytest.CaptureFixture[str]):
    said = sum(
        draws(capsys, "--draws", "30", "--out", "p.npz", "--without", group, "--without", "realign"), []
    )
    assert said
    assert not {word.split(" x")[0] for word in said} & {*names.split(), "realigned"}


def test_without_everything_only_the_place_changes(capsys: pytest.CaptureFixture[str]):
    flags = [flag for group in EVERYTHING for flag in ("--without", group)]
    said = draws(capsys, "--out", "p.npz", "--set", "stages.4.epi.place=0", *flags)
    assert said == [[]] * 5
    np.testing.assert_array_equal(
        read_poses(Path("p.npz")).keypoints, read_poses(Path("dance.npz")).keypoints
    )


def test_anchors_come_from_a_folder(capsys: pytest.CaptureFixture[str]):
    Path("pool").mkdir()
    write_poses(figure(SHORT_LEGS), Path("pool/short.npz"))
    flags = [flag for group in EVERYTHING[1:] for flag in ("--without", group)]
    settings = ["--set", "stages.4.epi.place=0", "--set", "stages.4.epi.probability=1"]
    assert draws(capsys, "--pool", "pool", "--out", "p.npz", *flags, *settings)[0] == ["realigned"]
    body, legs = (read_poses(Path("p.npz")).keypoints[:, i] for i in ([1, 8], [9, 10]))
    ratio = np.linalg.norm(legs[:, 1] - legs[:, 0], axis=1) / np.linalg.norm(body[:, 1] - body[:, 0], axis=1)
    assert ratio.max() < 0.25  # the dancer's own is 0.7


def test_draws_are_piped_and_drawn(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    assert run(["pose", "convert", "dance.npz", "--out", "-"]) == 0
    monkeypatch.setattr("sys.stdin", io.StringIO(capsys.readouterr().out))
    assert run(["pose", "augment", "-", "--out", "-", "--draw", "p.mp4"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 13
    assert probe(Path("p.mp4")).num_frames == 12


def test_what_cannot_be_is_refused(capsys: pytest.CaptureFixture[str]):
    assert fails(capsys, "augment", "dance.npz") == "error: there is nothing to write"
    line = fails(capsys, "augment", "dance.npz", "--preview", "p.mp4")
    assert line == "error: --preview p.mp4: a contact sheet is a .png file"
    line = fails(capsys, "augment", "dance.npz", "--out", "p.npz", "--pool", "nowhere")
    assert line == "error: nowhere is no folder of pose files"
    only_rig = Path("rig.yaml")
    whole = (presets_folder() / "mini-train.yaml").read_text()
    first = whole[: whole.index("  # What pictures show")]
    only_rig.write_text(first.replace("parts/", f"{presets_folder()}/parts/"))
    line = fails(capsys, "augment", "dance.npz", "--out", "p.npz", "--preset", "rig.yaml")
    assert (
        line == "error: --preset rig.yaml: the recipe has no stage of kind 'denoiser', so no pose indicator"
    )
