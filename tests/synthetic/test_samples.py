"""The samples of the repository: made by the procedural world, small, and of one piece."""

from __future__ import annotations

from pathlib import Path

import pytest

from animatex.pose.extract import detected_frames
from animatex.pose.io import read_poses
from animatex.synthetic import samples
from animatex.video.frames import Size
from animatex.video.image import read_image
from animatex.video.reader import probe

FOLDER = Path(__file__).resolve().parents[2] / "samples"


def test_the_character_has_the_size_of_the_canvas():
    picture = read_image(FOLDER / "character.png")
    assert picture.size == samples.CHARACTER_SIZE
    assert picture.alpha is None


def test_the_dance_is_followed_in_every_frame_and_its_poses_belong_to_it():
    video, poses = probe(FOLDER / "dance.mp4"), read_poses(FOLDER / "dance.npz")
    assert (video.num_frames, video.fps, video.size) == (
        samples.SECONDS * samples.FPS,
        samples.FPS,
        samples.DANCER_SIZE,
    )
    assert (len(poses), poses.fps, poses.canvas) == (video.num_frames, video.fps, video.size)
    assert detected_frames(poses).all()


def test_the_samples_are_small():
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 1_500_000


def test_samples_are_made_anew_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(samples, "CHARACTER_SIZE", Size(96, 64))
    monkeypatch.setattr(samples, "DANCER_SIZE", Size(80, 64))
    monkeypatch.setattr(samples, "SECONDS", 1)
    made = []
    for name in ("first", "again"):
        folder = tmp_path / name
        folder.mkdir()
        made.append([path.read_bytes() for path in samples.write_samples(folder)])
    assert made[0] == made[1]
    assert probe(tmp_path / "first" / "dance.mp4").num_frames == samples.FPS
