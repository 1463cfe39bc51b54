"""What the tests of the pose commands share: videos that an estimator of theirs understands."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from animatex.pose.estimator import DetectedPoses
from animatex.video.frames import FrameSequence, Size
from animatex.video.writer import write_video
from animatex_cli.main import run
from tests.pose.figures import figure

SIZE = Size(96, 64)


class Seeing:
    """An estimator that sees a figure in every bright picture."""

    def __call__(self, frame: np.ndarray) -> DetectedPoses:
        pose = figure(canvas=SIZE, neck=(32, 20)).on_canvas(Size(*frame.shape[:2]))
        found = 1 if frame.mean() > 60 else 0
        box = np.array([[0, 0, 10, 10, 1]], np.float32)
        return DetectedPoses(pose.keypoints[:found], pose.scores[:found], box[:found])


def video(path: Path, bright: list[int]) -> Path:
    frames = np.stack([np.full((*SIZE, 3), level, np.uint8) for level in bright])
    write_video(path, FrameSequence(frames, 12.0))
    return path


def fails(capsys: pytest.CaptureFixture[str], *argv: object) -> str:
    return fails_with_hint(capsys, *argv).splitlines()[0]


def fails_with_hint(capsys: pytest.CaptureFixture[str], *argv: object) -> str:
    assert run(["pose", *map(str, argv)]) in (1, 2)
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "Traceback" not in shown.err
    return shown.err[shown.err.index("error: ") :]
