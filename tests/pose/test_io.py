from __future__ import annotations

import io
import json
import pickle
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from animatex.errors import ConfigError, InputError
from animatex.pose import skeleton as sk
from animatex.pose.io import holds_poses, read_json_lines, read_poses, write_json_lines, write_poses
from animatex.pose.openpose import openpose_frames
from animatex.pose.sequence import PoseSequence
from animatex.video.frames import Size
from animatex.video.image import write_png
from tests.pose.figures import figure, random_poses

seeds = st.integers(0, 2**32 - 1)


def assert_same(a: PoseSequence, b: PoseSequence) -> None:
    np.testing.assert_array_equal(a.scores, b.scores)
    seen = a.scores > 0
    np.testing.assert_array_equal(a.keypoints[seen], b.keypoints[seen])
    assert a.canvas == b.canvas


def openpose(poses: PoseSequence | None = None) -> dict:
    return next(openpose_frames(poses or figure()))


@pytest.mark.parametrize("suffix", [".npz", ".jsonl", ".json"])
@settings(max_examples=15, deadline=None)
@given(seed=seeds)
def test_what_is_written_is_read_back_bit_by_bit(
    suffix: str, seed: int, tmp_path_factory: pytest.TempPathFactory
):
    poses = random_poses(np.random.default_rng(seed), unseen=0.2)
    path = tmp_path_factory.mktemp("poses") / f"poses{suffix}"
    write_poses(poses, path)
    back = read_poses(path, fps=poses.fps, person=0)
    assert_same(poses, back)
    assert back.fps == poses.fps


@settings(max_examples=30, deadline=None)
@given(
    seed=seeds, fps=st.sampled_from([0.5, 24.0]), person=st.sampled_from(["largest", "centre", "first", 0])
)
def test_openpose_json_keeps_one_persons_every_pose(
    seed: int, fps: float, person: str | int, tmp_path_factory: pytest.TempPathFactory
):
    rng = np.random.default_rng(seed)
    poses = random_poses(rng, frames=30, unseen=rng.choice([0.2, 0.99]))
    poses = poses.hidden(np.repeat(rng.random((30, 1)) < 0.9 * rng.random(), 134, 1))
    path = tmp_path_factory.mktemp("poses") / rng.choice(["poses.json", "poses"])
    write_poses(poses, path)
    assert_same(poses, read_poses(path, fps=fps, person=person))


def test_persons_without_a_point_are_nobody(tmp_path: Path):
    frame, nobody = openpose(), next(openpose_frames(figure().hidden(np.ones(134, bool))))
    frame["people"] = [*nobody["people"], *frame["people"]]
    (tmp_path / "p.json").write_text(json.dumps([frame]))
    for person in ("first", 0):
        assert_same(figure(), read_poses(tmp_path / "p.json", fps=24.0, person=person))


def test_poses_pass_through_a_pipe():
    poses = random_poses(np.random.default_rng(1))
    pipe = io.StringIO()
    write_json_lines(poses, pipe)
    pipe.seek(0)
    assert_same(poses, read_json_lines(pipe, "standard input"))


def test_a_dash_is_standard_output_and_input(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    poses = figure(frames=2)
    write_poses(poses, Path("-"))
    monkeypatch.setattr("sys.stdin", io.StringIO(capsys.readouterr().out))
    assert_same(poses, read_poses(Path("-")))


def test_the_first_version_of_our_file_is_read():
    poses = read_poses(Path(__file__).parent / "data" / "poses-version-1.npz")
    assert_same(poses, figure(frames=2, swing=0.2))


def test_a_folder_of_openpose_files_is_one_clip_in_the_order_of_its_numbers(tmp_path: Path):
    poses = figure(frames=11, swing=0.4)
    for number, frame in enumerate(openpose_frames(poses)):
        (tmp_path / f"frame_{number}_keypoints.json").write_text(json.dumps(frame))
    assert_same(poses, read_poses(tmp_path, fps=24.0))


def test_a_name_without_suffix_is_a_folder_of_openpose_files(tmp_path: Path):
    poses = figure(frames=3, swing=0.4)
    for _ in range(2):
        write_poses(poses, tmp_path / "frames")
        names = sorted(file.name for file in (tmp_path / "frames").iterdir())
        assert names == [f"{index:012d}_keypoints.json" for index in range(3)]
        assert_same(poses, read_poses(tmp_path / "frames", fps=24.0))
    (tmp_path / "frames" / "diary.txt").write_text("mine")
    with pytest.raises(InputError, match=r"frames is not replaced: it holds diary\.txt"):
        write_poses(poses, tmp_path / "frames")


def test_a_name_tells_whether_it_means_poses(tmp_path: Path):
    named = [tmp_path / name for name in ("p.npz", "p.JSON", "p.jsonl", "p.pkl", "v.mp4", "p.png")]
    assert [holds_poses(path) for path in (*named, Path("-"))] == [True, True, True, True, False, False, True]
    assert not holds_poses(tmp_path)
    (tmp_path / "0.json").write_text("{}")
    assert holds_poses(tmp_path)
    write_png(tmp_path / "0.png", np.zeros((4, 4, 3), np.uint8))
    assert not holds_poses(tmp_path)


def test_eighteen_points_without_feet_are_read(tmp_path: Path):
    frame = openpose()
    body = np.array(frame["people"][0]["pose_keypoints_2d"]).reshape(25, 3)
    order = [*range(8), *range(9, 19)]
    frame["people"] = [{"pose_keypoints_2d": body[order].ravel().tolist()}]
    (tmp_path / "p.json").write_text(json.dumps(frame))
    poses = read_poses(tmp_path / "p.json", fps=24.0)
    np.testing.assert_array_equal(poses.keypoints[0, sk.BODY], figure().keypoints[0, sk.BODY])
    assert (poses.scores[0, 18:] == 0).all()


def test_fractions_of_the_picture_become_pixels(tmp_path: Path):
    frame = openpose(figure().on_canvas(Size(1, 1)))
    frame["canvas_height"], frame["canvas_width"] = 768, 512
    (tmp_path / "p.json").write_text(json.dumps([frame]))
    poses = read_poses(tmp_path / "p.json", fps=24.0)
    np.testing.assert_allclose(poses.keypoints, figure().keypoints, atol=1e-3)


@settings(max_examples=20, deadline=None)
@given(seed=seeds)
def test_fractions_may_lie_beyond_the_picture(seed: int, tmp_path_factory: pytest.TempPathFactory):
    poses = random_poses(np.random.default_rng(seed))
    frames = list(openpose_frames(poses.on_canvas(Size(1, 1))))
    frames = [
        {**frame, "canvas_height": poses.canvas[0], "canvas_width": poses.canvas[1]} for frame in frames
    ]
    path = tmp_path_factory.mktemp("poses") / "p.json"
    path.write_text(json.dumps(frames))
    back, seen = read_poses(path, fps=24.0), poses.scores > 0
    np.testing.assert_array_equal(back.scores, poses.scores)
    np.testing.assert_allclose(back.keypoints[seen], poses.keypoints[seen], rtol=1e-5, atol=1e-3)


def test_pixels_stay_pixels_where_a_frame_shows_only_a_corner(tmp_path: Path):
    poses = figure(frames=4)
    keypoints = poses.keypoints.copy()
    keypoints[1, sk.NOSE], keypoints[2] = [0.4, 0.9], poses.keypoints[2] / 2000
    lost = np.zeros((4, 134), bool)
    lost[1] = np.arange(134) != sk.NOSE
    poses = poses.moved(keypoints).hidden(lost)
    write_poses(poses, tmp_path / "p.json")
    assert_same(poses, read_poses(tmp_path / "p.json", fps=24.0))


def test_a_picture_without_people_is_a_frame_without_a_person(tmp_path: Path):
    (tmp_path / "p.json").write_text(json.dumps([openpose(), {**openpose(), "people": []}]))
    poses = read_poses(tmp_path / "p.json", fps=24.0)
    assert (poses.scores[0] > 0).all()
    assert (poses.scores[1] == 0).all()


def npz(path: Path, **changes) -> Path:
    fields = dict(
        format=np.array("animatex-poses"),
        version=np.array(1),
        keypoints=np.zeros((2, 134, 2), np.float32),
        scores=np.ones((2, 134), np.float32),
        canvas=np.array([768, 512]),
        fps=np.array(24.0),
    )
    fields.update(changes)
    np.savez(path, **{name: value for name, value in fields.items() if value is not None})
    return path


with_nan = np.zeros((2, 134, 2), np.float32)
with_nan[1, 3] = np.nan


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"keypoints": np.zeros((2, 17, 2), np.float32)}, "has 17 key points a frame; needs 134"),
        ({"keypoints": np.zeros((3, 134, 2), np.float32)}, "keypoints have 3 frames and scores 2"),
        ({"keypoints": with_nan}, "frame 1, right_elbow is at"),
        ({"keypoints": np.zeros((0, 134, 2), np.float32)}, "needs float32"),
        ({"scores": None}, "it has no 'scores', only format, version"),
        ({"format": np.array("pictures")}, "its format is not animatex-poses"),
        ({"version": np.array(2)}, "is a pose file of version 2; this animatex reads version 1"),
        ({"canvas": np.array([1, 2, 3])}, "canvas and fps are"),
        ({"fps": np.array("fast")}, "canvas and fps are"),
        ({"fps": np.array(-1.0)}, "fps is -1.0; needs a positive number"),
    ],
)
def test_what_is_wrong_in_our_file_is_named(changes: dict, message: str, tmp_path: Path):
    path = npz(tmp_path / "p.npz", **changes)
    with pytest.raises(InputError, match=message) as error:
        read_poses(path)
    assert str(path) in error.value.message


def test_a_pickle_is_never_run(tmp_path: Path):
    class Bomb:
        def __reduce__(self):
            return (Path.touch, (tmp_path / "ran",))

    npz(tmp_path / "p.npz", keypoints=np.array([Bomb()], dtype=object))
    with pytest.raises(InputError, match="cannot be read as .npz"):
        read_poses(tmp_path / "p.npz")
    (tmp_path / "q.npz").write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(InputError, match="cannot be read as .npz"):
        read_poses(tmp_path / "q.npz")
    assert not (tmp_path / "ran").exists()


def person(**changes) -> dict:
    return {**openpose(), "people": [{**openpose()["people"][0], **changes}]}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", r"p\.json is not JSON"),
        ("3", r"p\.json, frame 0 is not OpenPose JSON: it has no list 'people'"),
        ("[" * 100_000, r"p\.json is not JSON"),
        (json.dumps([openpose(), {}]), "frame 1 is not OpenPose JSON"),
        (
            json.dumps([openpose(), {**openpose(), "canvas_width": 640}]),
            "frame 1: the canvas is 640x768, and 512x768 in the first frame",
        ),
        (
            json.dumps(person(pose_keypoints_2d=[1.0] * 51)),
            "person 0: 'pose_keypoints_2d' has 51 numbers; needs 54 .18 points. or 75 .25 points.",
        ),
        (json.dumps(person(pose_keypoints_2d=None)), "there is no list 'pose_keypoints_2d'"),
        (
            json.dumps(person(hand_left_keypoints_2d=[float("nan")] * 63)),
            "'hand_left_keypoints_2d', point 0 is nan; needs a finite number",
        ),
        (json.dumps(person(face_keypoints_2d=["x"] * 204)), "'face_keypoints_2d', point 0 is x"),
        (json.dumps(person(pose_keypoints_2d=[10**400] * 54)), "needs a finite number"),
        (json.dumps({**openpose(), "canvas_width": "wide"}), "'canvas_width' is wide; needs a finite number"),
        (json.dumps({**openpose(), "people": ["me"]}), "person 0 is not OpenPose JSON: it is str"),
        ("[]", r"p\.json has no frames"),
    ],
)
def test_what_is_wrong_in_openpose_json_is_named_by_frame_and_field(
    content: str, message: str, tmp_path: Path
):
    (tmp_path / "p.json").write_text(content)
    with pytest.raises(InputError, match=message):
        read_poses(tmp_path / "p.json", fps=24.0)


def test_openpose_files_do_not_say_their_rate_or_size(tmp_path: Path):
    frame = openpose()
    del frame["canvas_width"]
    (tmp_path / "p.json").write_text(json.dumps(frame))
    with pytest.raises(InputError, match="does not say how many frames a second it has"):
        read_poses(tmp_path / "p.json", canvas=Size(768, 512))
    with pytest.raises(InputError, match="does not say how large its pictures are"):
        read_poses(tmp_path / "p.json", fps=24.0)
    assert read_poses(tmp_path / "p.json", fps=24.0, canvas=Size(768, 512)).canvas == (768, 512)


def lines(poses: PoseSequence) -> list[str]:
    stream = io.StringIO()
    write_json_lines(poses, stream)
    return stream.getvalue().splitlines()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: [], "pipe does not begin with a line about our poses"),
        (lambda text: text[1:], "pipe does not begin with a line about our poses"),
        (lambda text: text[:-1], "pipe ends after 2 of 3 frames"),
        (lambda text: [text[0], "[1, 2]", *text[2:]], "pipe, line 2: there is no list 'keypoints'"),
        (lambda text: [text[0], text[1][:50]], "pipe, line 2 is not JSON"),
        (
            lambda text: [text[0].replace('"version": 1', '"version": 9'), *text[1:]],
            "pipe is a pose file of version 9",
        ),
        (
            lambda text: [text[0].replace("24.0", "null"), *text[1:]],
            "pipe: 'fps' is None; needs a finite number",
        ),
        (
            lambda text: [text[0], text[1].replace("1.0]", "NaN]"), *text[2:]],
            "pipe, line 2: 'keypoints', right_hand_little_3 is nan",
        ),
        (
            lambda text: [text[0], text[1].replace("1.0]", "2.0]"), *text[2:]],
            "pipe: score of frame 0, right_hand_little_3 is 2.0",
        ),
    ],
)
def test_what_is_wrong_in_a_pipe_is_named_by_line(change, message: str):
    text = change(lines(figure(frames=3)))
    with pytest.raises(InputError, match=message):
        read_json_lines(io.StringIO("\n".join(text)), "pipe")


def test_other_files_are_refused(tmp_path: Path):
    (tmp_path / "p.txt").write_text("x")
    with pytest.raises(InputError, match=r"p\.txt is not a pose file"):
        read_poses(tmp_path / "p.txt")
    with pytest.raises(InputError, match="nowhere.npz does not exist"):
        read_poses(tmp_path / "nowhere.npz")
    with pytest.raises(InputError, match="is a folder without .json files"):
        read_poses(tmp_path)
    with pytest.raises(ConfigError, match=r"p\.txt is no name for a pose file"):
        write_poses(figure(), tmp_path / "p.txt")


def test_an_interrupted_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "p.jsonl"
    write_poses(figure(), path)
    before = path.read_text()

    def break_off(row: np.ndarray) -> list[float]:
        raise KeyboardInterrupt

    monkeypatch.setattr("animatex.pose.io.exact_floats", break_off)
    with pytest.raises(KeyboardInterrupt):
        write_poses(figure(frames=2), path)
    assert path.read_text() == before
    assert list(tmp_path.iterdir()) == [path]
