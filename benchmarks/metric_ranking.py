"""What each metric says about copies of a video that were spoilt on purpose, as a Markdown table.

    python benchmarks/metric_ranking.py dance.mp4 > table.md

Copies are blurred (sigma in pixels), shifted to the right, given noise (standard deviation, 0..255), encoded
again by H.264 (crf), frozen at the first frame, and played backwards; all but the encoded ones are lossless.
Metrics that need weights which are not installed are left out.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from animatex.bench.catalogue import choose_metrics
from animatex.bench.compare import as_number
from animatex.bench.instruments import Instruments, open_instruments
from animatex.bench.pairs import Pair, Pairs
from animatex.bench.score import ScoreRequest, score_videos
from animatex.bench.scores import Scores
from animatex.video.frames import FrameSequence
from animatex.video.reader import read_video
from animatex.video.writer import write_video

LEFT_OUT = ("flicker_target", "detected_target", "pck_0.2")
ARROWS = {"higher": "↑", "lower": "↓", "neither": ""}


def main() -> None:
    """Make the copies, score them, print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("video", type=Path)
    parser.add_argument("--frames", type=int, default=32)
    parser.add_argument("--max-side", type=int, help="reduce the frames first")
    parser.add_argument("--only", nargs="*", default=[""], help="copies whose names begin so")
    parser.add_argument("--weights", type=Path)
    args = parser.parse_args()
    video = _even(read_video(args.video, range(args.frames), max_side=args.max_side))
    metrics = [m for m in choose_metrics() if m.name not in LEFT_OUT]
    instruments = open_instruments(metrics, args.weights)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_video(folder / "target", video)
        for copy, path in copies(video, folder, tuple(args.only)):
            found = compare(path, folder / "target", instruments).scores
            scores = [score for score in found if score.metric not in instruments.missing]
            if copy == "the same":
                print("| copy |", " | ".join(f"{s.title} {ARROWS[s.better]}".strip() for s in scores), "|")
                print("| --- |", " | ".join("---:" for _ in scores), "|")
            values = " | ".join("-" if s.value is None else as_number(round(s.value, 9)) for s in scores)
            print(f"| {copy} | {values} |", flush=True)


def compare(generated: Path, target: Path, instruments: Instruments) -> Scores:
    """Score one copy."""
    pairs = Pairs((Pair(generated.stem, generated, target, None),), (), {})
    return score_videos(ScoreRequest(generated, target, pairs, None, 0, None), instruments)


def copies(video: FrameSequence, folder: Path, only: tuple[str, ...]) -> Iterator[tuple[str, Path]]:
    """Write each copy, and give its name and its path."""
    for name, make in _recipes(video.frames).items():
        if name.startswith(only):
            path = folder / name.replace(" ", "")
            write_video(path, FrameSequence(np.ascontiguousarray(make()), video.fps))
            yield name, path
    for crf in (23, 33, 43):
        if f"crf {crf}".startswith(only):
            path = folder / f"crf{crf}.mp4"
            write_video(path, video, crf=crf)
            yield f"crf {crf}", path


def _recipes(frames: np.ndarray) -> dict[str, Callable[[], np.ndarray]]:
    """Give the lossless copies, each made when it is asked for."""

    def blurred(sigma: float) -> np.ndarray:
        return np.stack([cv2.GaussianBlur(frame, (0, 0), sigma) for frame in frames])

    def shifted(pixels: int) -> np.ndarray:
        return np.concatenate([frames[:, :, :1].repeat(pixels, axis=2), frames[:, :, :-pixels]], axis=2)

    def noisy(deviation: float) -> np.ndarray:
        noise = np.random.default_rng(13).normal(0, deviation, frames.shape)
        return np.rint(frames + noise).clip(0, 255).astype(np.uint8)

    return {
        "the same": lambda: frames,
        **{f"blur {sigma}": partial(blurred, sigma) for sigma in (1, 2, 4)},
        **{f"shift {pixels}": partial(shifted, pixels) for pixels in (2, 8, 32)},
        **{f"noise {deviation}": partial(noisy, deviation) for deviation in (5, 20)},
        "frozen": lambda: np.repeat(frames[:1], len(frames), axis=0),
        "backwards": lambda: frames[::-1],
    }


def _even(video: FrameSequence) -> FrameSequence:
    """Leave out a last row or column that H.264 would need twice."""
    height, width = video.size
    return FrameSequence(video.frames[:, : height - height % 2, : width - width % 2], video.fps)


if __name__ == "__main__":
    main()
