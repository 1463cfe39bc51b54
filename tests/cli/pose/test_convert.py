from __future__ import annotations

import io
import json
import os
import pickle
from pathlib import Path

import numpy as np
import pytest

from animatex.pose.io import read_poses, write_poses
from animatex.pose.openpose import openpose_frames
from animatex.video.frames import Size
from animatex_cli.main import run
from tests.cli.pose.seeing import fails, fails_with_hint
from tests.pose.figures import figure
from tests.pose.test_dwpose_pickle import published


@pytest.mark.parametrize("out", ["p.npz", "p.jsonl", "p.json", "folder"])
def test_poses_go_through_every_format_unchanged(out: str, capsys: pytest.CaptureFixture[str]):
    poses = figure(frames=3, swing=0.3)
    write_poses(poses, Path("in.npz"))
    assert run(["pose", "convert", "in.npz", "--out", out]) == 0
    assert capsys.readouterr().out == f"{out}\n"
    assert run(["pose", "convert", out, "--out", "back.npz", "--fps", "24"]) == 0
    back = read_poses(Path("back.npz"))
    np.testing.assert_array_equal(back.keypoints, poses.keypoints)
    assert (back.fps, back.canvas) == (poses.fps, poses.canvas)


def test_what_a_file_says_itself_is_not_overruled_in_silence(capsys: pytest.CaptureFixture[str]):
    write_poses(figure(frames=2), Path("in.npz"))
    assert run(["pose", "convert", "in.npz", "--out", "same.npz", "--fps", "24"]) == 0
    assert "not asked" not in capsys.readouterr().err
    assert run(["pose", "convert", "in.npz", "--out", "out.npz", "--fps", "12", "--size", "100x50"]) == 0
    said = capsys.readouterr().err
    assert "in.npz says 24 frames a second, so --fps is not asked" in said
    assert "pixels, so --size is not asked" in said


def test_poses_come_and_go_through_pipes(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    write_poses(figure(frames=2), Path("in.npz"))
    assert run(["pose", "convert", "in.npz", "--out", "-"]) == 0
    monkeypatch.setattr("sys.stdin", io.StringIO(capsys.readouterr().out))
    assert run(["pose", "convert", "-"]) == 0
    assert len(read_poses(Path("poses.npz"))) == 2


def test_a_published_pickle_is_imported(capsys: pytest.CaptureFixture[str]):
    Path("dance.pkl").write_bytes(pickle.dumps(published(figure(frames=4, swing=0.3, fps=29.97))))
    assert run(["pose", "convert", "dance.pkl", "--fps", "29.97", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report.pop("seconds")["total"] > 0
    assert report == {
        "output": "dance.npz",
        "frames": 4,
        "fps": 29.97,
        "width": 512,
        "height": 768,
        "preview": None,
        "drawn": None,
    }


class Bomb:
    def __reduce__(self):
        return (os.system, ("touch ran",))


def test_a_pickle_with_code_is_refused_by_the_name_of_what_it_calls(capsys: pytest.CaptureFixture[str]):
    Path("dance.pkl").write_bytes(pickle.dumps({"bodies": Bomb()}))
    assert fails_with_hint(capsys, "convert", "dance.pkl").splitlines() == [
        "error: dance.pkl is refused: it is a pickle that calls "
        f"{os.system.__module__}.system, and only numpy arrays and plain containers are read",
        "hint: nothing in it was run; save the poses as .npz or OpenPose JSON where they were made.",
    ]
    assert not Path("ran").exists()
    assert "is refused" in fails(capsys, "retarget", "dance.pkl", "--to", "dance.pkl", "-o", "on.npz")


def test_what_a_file_does_not_say_is_asked_for(capsys: pytest.CaptureFixture[str]):
    frame = next(openpose_frames(figure()))
    del frame["canvas_width"]
    Path("p.json").write_text(json.dumps([frame, frame]))
    shown = fails_with_hint(capsys, "convert", "p.json", "--size", "512x768")
    assert "p.json does not say how many frames a second it has" in shown
    assert "hint: animatex pose convert p.json --fps 24, for instance." in shown
    shown = fails_with_hint(capsys, "convert", "p.json", "--fps", "12")
    assert "hint: animatex pose convert p.json --fps 12 --size 512x768, for instance." in shown
    assert run(["pose", "convert", "p.json", "--fps", "12", "--size", "512x768"]) == 0
    poses = read_poses(Path("p.npz"))
    assert (poses.fps, poses.canvas) == (12, Size(768, 512))


def test_one_of_several_people_is_chosen(capsys: pytest.CaptureFixture[str]):
    frames = [next(openpose_frames(figure(neck=neck))) for neck in ((150, 200), (350, 200))]
    both = {**frames[0], "people": frames[1]["people"] + frames[0]["people"]}
    Path("p.json").write_text(json.dumps([both]))
    for person, x in (("first", 350), ("0", 150), ("1", 350)):
        command = ["pose", "convert", "p.json", "--fps", "1", "--person", person, "--force", "--quiet"]
        assert run(command) == 0
        assert read_poses(Path("p.npz")).keypoints[0, 1, 0] == x
    assert "--person tallest: needs largest" in fails(capsys, "convert", "p.json", "--person", "tallest")


def not_finite() -> dict[str, np.ndarray]:
    poses = figure(frames=3)
    points = poses.keypoints.copy()
    points[2, 4] = np.nan
    return {"keypoints": points, "scores": poses.scores}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (not_finite(), "p.npz: frame 2, right_wrist is at [nan, nan] with a score above 0."),
        ({"keypoints": np.zeros((3, 17, 2), np.float32)}, "p.npz has 17 key points a frame; needs 134"),
        (
            {"keypoints": np.zeros((0, 134, 2), np.float32), "scores": np.zeros((0, 134), np.float32)},
            "p.npz: keypoints are float32 [0, 134, 2]; needs float32 [F, 134, 2] with at least one frame.",
        ),
    ],
)
def test_bad_poses_are_named_by_frame_and_field(
    changes: dict[str, np.ndarray], message: str, capsys: pytest.CaptureFixture[str]
):
    write_poses(figure(frames=3), Path("good.npz"))
    with np.load("good.npz") as good:
        np.savez("p.npz", **{**good, **changes})
    for command in (["convert", "p.npz", "-o", "out.npz"], ["retarget", "p.npz", "--to", "p.npz"]):
        assert fails(capsys, *command) == f"error: {message}"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "p.json is not JSON: "),
        ('{"a": 1}', "p.json, frame 0 is not OpenPose JSON: it has no list 'people'"),
        ("[]", "p.json has no frames"),
        (
            '{"canvas_width": 9, "canvas_height": 9, "people": [{"pose_keypoints_2d": [1, 2]}]}',
            "p.json, frame 0, person 0: 'pose_keypoints_2d' has 2 numbers; needs 54",
        ),
    ],
)
def test_json_that_is_not_openpose_is_named_by_frame_and_field(
    content: str, message: str, capsys: pytest.CaptureFixture[str]
):
    Path("p.json").write_text(content)
    assert fails(capsys, "convert", "p.json", "--fps", "24").startswith(f"error: {message}")


def test_a_broken_pipe_is_named_by_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    assert fails(capsys, "convert", "-") == (
        "error: standard input does not begin with a line about our poses"
    )
