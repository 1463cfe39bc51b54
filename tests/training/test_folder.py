"""Footage to train on: frames and poses stay together, and what is wrong in a folder is named by its line."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from animatex.errors import InputError
from animatex.pose.io import write_poses
from animatex.pose.sequence import PoseSequence
from animatex.pose.skeleton import NECK, NOSE, NUM_KEYPOINTS
from animatex.training.folder import FolderClips
from animatex.video.frames import FrameSequence, Size
from animatex.video.image import write_png
from animatex.video.writer import write_video

LENGTHS = (9, 12, 20)
SOURCE = Size(40, 80)
CANVAS = Size(32, 32)


def spot(frame: int) -> tuple[int, int]:
    """Where somebody is seen in a frame: x and y."""
    return 10 + 3 * frame, 20


def footage(clip: int, length: int) -> tuple[np.ndarray, PoseSequence]:
    """Frames with a white spot where the neck is; red says which clip it is, green which frame."""
    frames = np.zeros((length, *SOURCE, 3), np.uint8)
    keypoints = np.full((length, NUM_KEYPOINTS, 2), np.nan, np.float32)
    scores = np.zeros((length, NUM_KEYPOINTS), np.float32)
    for frame in range(length):
        x, y = spot(frame)
        frames[frame, ..., :2] = 40 * clip, 8 * frame
        frames[frame, y - 1 : y + 2, x - 1 : x + 2] = 255
        keypoints[frame, NECK], scores[frame, NECK] = (x + 0.5, y + 0.5), 1
    return frames, PoseSequence(keypoints, scores, SOURCE, 24.0)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three clips as folders of pictures, which are read back as they were written."""
    lines = []
    for clip, length in enumerate(LENGTHS):
        frames, poses = footage(clip, length)
        (tmp_path / f"{clip}").mkdir()
        for number, frame in enumerate(frames):
            write_png(tmp_path / f"{clip}" / f"{number}.png", frame)
        write_poses(poses, tmp_path / f"{clip}.npz")
        lines.append(json.dumps({"video": f"{clip}", "poses": f"{clip}.npz"}))
    (tmp_path / "index.jsonl").write_text("\n".join(lines) + "\n\n")
    return tmp_path


def opened(folder: Path, frames: int = 3, every: int = 2, seed: int = 7, size: Size = SOURCE) -> FolderClips:
    return FolderClips.open(folder, size, frames, every, seed)


def seen(picture: np.ndarray) -> tuple[int, int]:
    """Clip and frame that a picture of the source's size shows."""
    return round(picture[0, 0, 0] / 40), round(picture[0, 0, 1] / 8)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(index=st.integers(0, 10**6), frames=st.integers(1, 4), every=st.integers(1, 2))
def test_frames_follow_each_other_and_the_reference_is_another_one(
    folder: Path, index: int, frames: int, every: int
) -> None:
    sample = opened(folder, frames, every)(index)
    shown = [seen(frame) for frame in sample.frames.frames]
    clip, start = shown[0]
    assert shown == [(clip, start + every * i) for i in range(frames)]
    reference_clip, reference = seen(sample.reference)
    assert reference_clip == clip
    assert reference not in [frame for _, frame in shown]
    assert sample.frames.fps == sample.poses.fps == 24 / every
    assert (sample.performance, sample.truth) == (None, None)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(index=st.integers(0, 10**6), height=st.integers(16, 64), width=st.integers(16, 64))
def test_poses_stay_on_the_pictures_however_these_are_cut(
    folder: Path, index: int, height: int, width: int
) -> None:
    sample = opened(folder, size=Size(height, width))(index)
    assert sample.reference.shape == (height, width, 3)
    assert sample.frames.size == sample.poses.canvas == sample.reference_pose.canvas == Size(height, width)
    pairs = [*zip(sample.frames.frames, sample.poses.keypoints[:, NECK], strict=True)]
    pairs.append((sample.reference, sample.reference_pose.keypoints[0, NECK]))
    seen_there = [*sample.poses.scores[:, NECK], sample.reference_pose.scores[0, NECK]]
    for (picture, (x, y)), score in zip(pairs, seen_there, strict=True):
        if score:
            blue = picture[..., 2].astype(float)
            rows, columns = np.mgrid[:height, :width] + 0.5
            brightest = (blue * columns).sum() / blue.sum(), (blue * rows).sum() / blue.sum()
            # The spot is cut at the canvas's edge; so is its centre.
            if 3 < x < width - 3 and 3 < y < height - 3:
                assert np.hypot(x - brightest[0], y - brightest[1]) < 1


def test_the_canvas_is_filled_around_the_person(folder: Path) -> None:
    sample = opened(folder, frames=2, every=1, size=CANVAS)(0)
    assert (sample.poses.scores[:, NECK] == 1).all()
    assert sample.frames.frames[..., 0].max() > 0
    xs = [*sample.poses.keypoints[:, NECK, 0], sample.reference_pose.keypoints[0, NECK, 0]]
    assert 0 <= min(xs) and max(xs) < CANVAS.width


def test_who_was_cut_off_is_not_seen(folder: Path) -> None:
    frames, poses = footage(0, LENGTHS[0])
    poses.keypoints[:, NOSE], poses.scores[:, NOSE] = (-30.0, 20.0), 1
    write_poses(poses, folder / "0.npz")
    for index in range(3):
        sample = opened(folder)(index)
        assert (sample.poses.scores[:, NOSE] == 0).all()


def test_each_epoch_has_every_clip_once_and_in_its_own_order(folder: Path) -> None:
    clips = opened(folder)
    orders = [[seen(clips(3 * epoch + i).reference)[0] for i in range(3)] for epoch in range(8)]
    assert all(sorted(order) == [0, 1, 2] for order in orders)
    assert len({tuple(order) for order in orders}) > 1


def test_a_sample_depends_on_seed_and_number_alone(folder: Path) -> None:
    clips = opened(folder)
    again = pickle.loads(pickle.dumps(clips))
    for index in (5, 2, 5):
        a, b = clips(index), again(index)
        assert np.array_equal(a.frames.frames, b.frames.frames)
        assert np.array_equal(a.reference, b.reference)
        assert np.array_equal(a.poses.scores, b.poses.scores)
    starts = {seen(clips(3 * epoch).frames.frames[0]) for epoch in range(12)}
    assert len(starts) > 4
    other = opened(folder, seed=8)
    assert any(not np.array_equal(other(i).frames.frames, clips(i).frames.frames) for i in range(6))


def test_a_reference_shows_somebody_where_the_clip_does(folder: Path) -> None:
    _, poses = footage(2, LENGTHS[2])
    poses.scores[10:] = 0
    write_poses(poses, folder / "2.npz")
    samples = [opened(folder)(index) for index in range(24)]
    references = [seen(sample.reference) for sample in samples]
    assert {frame for clip, frame in references if clip == 2} <= set(range(10))


def test_videos_are_read_too(tmp_path: Path) -> None:
    frames, poses = footage(1, 9)
    write_video(tmp_path / "a.mp4", FrameSequence(frames, 12.0), crf=1)
    write_poses(poses, tmp_path / "a.npz")
    (tmp_path / "index.jsonl").write_text('{"video": "a.mp4", "poses": "a.npz", "caption": "a dot"}')
    sample = opened(tmp_path)(0)
    _, start = seen(sample.frames.frames[0])
    for i in range(3):
        assert np.abs(sample.frames.frames[i].astype(int) - frames[start + 2 * i]).mean() < 6
    assert sample.frames.fps == 6


def line(folder: Path, number: int, content: str) -> str:
    """Replace a line of the index; give how a message names it."""
    lines = (folder / "index.jsonl").read_text().splitlines()
    lines[number - 1] = content
    (folder / "index.jsonl").write_text("\n".join(lines))
    return f"{folder / 'index.jsonl'}, line {number}"


def refused(folder: Path, **changes: int) -> InputError:
    with pytest.raises(InputError) as caught:
        opened(folder, **changes)
    return caught.value


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            "{video}",
            " is not JSON: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)",
        ),
        ("[]", " is list, not an object"),
        ('{"poses": "0.npz"}', ": 'video' is null; needs a path"),
        ('{"video": "0", "poses": 3}', ": 'poses' is 3; needs a path"),
        ('{"video": "", "poses": "0.npz"}', ": 'video' is \"\"; needs a path"),
        ('{"video": "../0", "poses": "0.npz"}', ": ../0 leads out of {folder}"),
        ('{"video": "/dev/null", "poses": "0.npz"}', ": /dev/null leads out of {folder}"),
        ('{"video": "none.mp4", "poses": "0.npz"}', ": {folder}/none.mp4 does not exist"),
        ('{"video": "0", "poses": "none.npz"}', ": {folder}/none.npz does not exist"),
        ('{"video": "0.npz", "poses": "0.npz"}', ": {folder}/0.npz is not a video"),
        ('{"video": "0", "poses": "1.npz"}', ": 0 has 9 frames, 1.npz has 12 poses"),
    ],
)
def test_a_wrong_line_is_named(folder: Path, content: str, message: str) -> None:
    where = line(folder, 2, content)
    assert refused(folder).message == where + message.replace("{folder}", str(folder))


def test_a_link_out_of_the_folder_is_refused(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "a.npz"
    write_poses(footage(0, 9)[1], elsewhere)
    (folder / "link.npz").symlink_to(elsewhere)
    where = line(folder, 1, '{"video": "0", "poses": "link.npz"}')
    assert refused(folder).message == f"{where}: link.npz leads out of {folder}"


def changed_poses(change: Callable[[PoseSequence], PoseSequence], folder: Path) -> None:
    write_poses(change(footage(1, LENGTHS[1])[1]), folder / "1.npz")


def test_poses_of_another_video_are_noticed(folder: Path) -> None:
    changed_poses(lambda poses: poses.on_canvas(Size(80, 40)), folder)
    error = refused(folder)
    assert error.message == f"{folder}/index.jsonl, line 2: 1 is 80x40, 1.npz was made for 40x80"
    assert error.hint == "make them again: animatex pose extract 1 --out 1.npz."


def test_poses_of_nobody_are_noticed(folder: Path) -> None:
    changed_poses(lambda poses: poses.hidden(poses.scores > 0), folder)
    assert refused(folder).message == (
        f"{folder}/index.jsonl, line 2: nobody is seen in any of the 12 poses of 1.npz"
    )


@pytest.mark.parametrize(("frames", "every", "needed"), [(5, 3, 13), (9, 1, 10), (1, 30, 2)])
def test_a_clip_must_hold_a_sample_and_its_reference(
    folder: Path, frames: int, every: int, needed: int
) -> None:
    if needed == 2:
        assert len(opened(folder, frames=frames, every=every).clips) == 3
        return
    error = refused(folder, frames=frames, every=every)
    assert error.message == (
        f"{folder}/index.jsonl, line 1: 0 has 9 frames; a sample and its reference need {needed}"
    )
    assert error.hint == "take the line out, or lower the stage's frames or data.every."


def test_a_folder_without_an_index_says_what_one_is(tmp_path: Path) -> None:
    error = refused(tmp_path)
    assert error.message == f"{tmp_path} has no index.jsonl"
    assert error.hint == (
        'write one: each line is like {"video": "a.mp4", "poses": "a.npz"}, with paths inside the folder.'
    )
    (tmp_path / "index.jsonl").write_text("\n\n")
    assert refused(tmp_path).message == f"{tmp_path}/index.jsonl names no clips"


def test_a_frame_that_does_not_decode_is_named_when_it_is_met(folder: Path) -> None:
    clips = opened(folder)
    for number in range(LENGTHS[1]):
        picture = folder / "1" / f"{number}.png"
        picture.write_bytes(picture.read_bytes()[:-30])
    with pytest.raises(InputError, match=r"index\.jsonl, line 2: .*\.png is damaged"):
        for index in range(3):
            clips(index)
