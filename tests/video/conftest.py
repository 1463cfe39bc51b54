"""Small videos made here: each frame is one grey, so that a frame is known when it is read back."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from animatex.video.frames import FrameSequence
from animatex.video.writer import write_video


def grey(index: int) -> int:
    return 20 + 6 * index


@pytest.fixture
def numbered() -> FrameSequence:
    """Twelve frames of 48x32 pixels at 12 frames a second; frame i is grey(i)."""
    frames = np.empty((12, 32, 48, 3), np.uint8)
    frames[:] = np.array([grey(i) for i in range(12)], np.uint8)[:, None, None, None]
    return FrameSequence(frames, 12.0)


@pytest.fixture
def video(tmp_path: Path, numbered: FrameSequence) -> Path:
    path = tmp_path / "dance.mp4"
    write_video(path, numbered)
    return path


@pytest.fixture
def tune(tmp_path: Path) -> Path:
    """One second of sound without a picture: half a second of silence, then a loud tone; 44.1 kHz, mono."""
    path, rate = tmp_path / "tune.m4a", 44_100
    samples = np.sin(2 * np.pi * 440 * np.arange(rate) / rate) * (np.arange(rate) >= rate // 2)
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream("aac", rate=rate, layout="mono")
        frame = av.AudioFrame.from_ndarray(samples[None].astype(np.float32), format="fltp", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = rate, 0, Fraction(1, rate)
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            container.mux(packet)
    return path
