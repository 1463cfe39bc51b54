from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

from animatex.errors import InputError
from animatex.pose import skeleton as sk
from animatex.pose.draw import draw_poses
from animatex.pose.io import read_poses
from animatex.pose.sequence import PoseSequence
from animatex.video.frames import Size
from tests.pose.figures import figure


def published(poses: PoseSequence) -> dict[str, object]:
    """What the published pre-processing would save of these poses."""
    fractions = poses.keypoints.astype(np.float64) / [poses.canvas.width, poses.canvas.height]
    fractions[poses.scores < 0.3] = -1
    drawn = poses.scores[:, sk.BODY] > 0.3
    return {
        "bodies": fractions[:, sk.BODY],
        "body_indices": np.where(drawn, np.arange(18.0), -1),
        "faces": fractions[:, sk.FACE],
        "hands": np.stack([fractions[:, sk.LEFT_HAND], fractions[:, sk.RIGHT_HAND]], axis=1),
        "size": (*poses.canvas, 3),
        "fps": int(poses.fps),
    }


def saved(path: Path, content: object) -> Path:
    path.write_bytes(pickle.dumps(content))
    return path


def dance() -> PoseSequence:
    hidden = np.zeros((4, 134), bool)
    hidden[1, [3, 4, *range(113, 134)]] = True
    return figure(frames=4, swing=0.4, fps=29.97).hidden(hidden)


def test_a_published_clip_is_read_without_its_feet(tmp_path: Path):
    poses = dance()
    read = read_poses(saved(tmp_path / "dance.pkl", published(poses)))
    assert (len(read), read.canvas, read.fps) == (4, poses.canvas, 29.0)
    assert (read.scores[:, sk.FEET] == 0).all()
    rest = [i for i in range(134) if i not in range(sk.FEET.start, sk.FEET.stop)]
    np.testing.assert_array_equal(read.scores[:, rest] > 0, poses.scores[:, rest] > 0)
    seen = read.scores > 0
    np.testing.assert_allclose(read.keypoints[seen], poses.keypoints[seen], atol=1e-3)


def test_its_rate_is_cut_to_an_integer_so_a_known_one_goes_first(tmp_path: Path):
    assert read_poses(saved(tmp_path / "p.pkl", published(dance())), fps=29.97).fps == 29.97


def test_a_single_pose_brings_its_feet_and_is_drawn_as_it_was(tmp_path: Path):
    # In the middle of pixels, where the fractions' rounding moves no point into the next one.
    poses = figure()
    poses = poses.moved(np.floor(poses.keypoints / 2) * 2 + 0.5)
    fractions = poses.normalised()[0].astype(np.float64)
    feet = [fractions[[18, 19]].mean(axis=0), fractions[[21, 22]].mean(axis=0)]
    content = {
        "bodies": {"candidate": np.stack([*fractions[:18], *feet]), "subset": np.arange(20.0)[None]},
        "hands": np.stack([fractions[sk.LEFT_HAND], fractions[sk.RIGHT_HAND]]),
        "faces": fractions[None, sk.FACE],
    }
    read = read_poses(saved(tmp_path / "ref.pkl", content), canvas=poses.canvas, fps=1.0)
    np.testing.assert_array_equal(draw_poses(read), draw_poses(poses))


def test_what_the_file_does_not_say_must_be_said(tmp_path: Path):
    content = published(dance())
    path = saved(tmp_path / "p.pkl", {**content, "fps": 0})
    with pytest.raises(InputError, match="does not say how many frames a second") as error:
        read_poses(path)
    assert error.value.hint == f"animatex pose convert {path} --fps 24, for instance."
    del content["size"]
    with pytest.raises(InputError, match="does not say how large its pictures are"):
        read_poses(saved(path, content))
    assert read_poses(saved(path, content), canvas=Size(768, 512)).canvas == (768, 512)


def with_nan(array: object) -> np.ndarray:
    broken = np.array(array)
    broken[2, 5, 0] = np.nan
    return broken


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"bodies": np.zeros((4, 17, 2))}, r"p\.pkl: 'bodies' is \[4, 17, 2\]; needs \[F, 18, 2\]"),
        ({"bodies": np.zeros((0, 18, 2))}, r"'bodies' is \[0, 18, 2\]"),
        (
            {"bodies": with_nan(published(dance())["bodies"])},
            r"frame 2: item \[5, 0\] is not finite",
        ),
        ({"bodies": [1, 2]}, "'bodies' is list; needs an array"),
        ({"body_indices": np.zeros((3, 18))}, r"'body_indices' is \[3, 18\]; needs \[4, 18\]"),
        ({"faces": np.zeros((4, 70, 2))}, r"'faces' is \[4, 70, 2\]; needs \[4, 68, 2\]"),
        ({"hands": None}, "'hands' is NoneType; needs an array"),
        ({"size": "large"}, "'size' is large; needs height, width and channels"),
    ],
)
def test_what_is_wrong_is_named_by_frame_and_field(changes: dict, message: str, tmp_path: Path):
    with pytest.raises(InputError, match=message):
        read_poses(saved(tmp_path / "p.pkl", {**published(dance()), **changes}))


@pytest.mark.parametrize(
    ("content", "found"), [({"poses": 1, "size": 2}, "poses, size"), ([1, 2], "list"), ("text", "str")]
)
def test_other_pickles_are_refused(content: object, found: str, tmp_path: Path):
    with pytest.raises(InputError, match=f"is not a DWPose pickle: it has no 'bodies', only {found}"):
        read_poses(saved(tmp_path / "p.pkl", content))
