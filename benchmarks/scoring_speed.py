"""How many pairs of videos are scored in a minute, and whether memory grows with their number.

    python -m benchmarks.scoring_speed --pairs 10

Pairs are 32 lossless frames of 512x768. What is timed is `animatex bench score --metrics pixel` from the
first file on, reading the pictures included.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np

from animatex.bench.catalogue import choose_metrics
from animatex.bench.instruments import open_instruments
from animatex.bench.pairs import find_pairs
from animatex.bench.score import ScoreRequest, score_videos
from animatex.measure import peak_memory
from animatex.video.frames import FrameSequence
from animatex.video.writer import write_video

FRAMES, HEIGHT, WIDTH = 32, 768, 512


def main() -> None:
    """Write pairs, score them, print the rates."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--pairs", type=int, default=10)
    parser.add_argument("--metrics", default="pixel", help="names or groups, with commas between")
    args = parser.parse_args()
    rng = np.random.default_rng(13)
    coarse = rng.integers(0, 256, (2, FRAMES, HEIGHT // 16, WIDTH // 16, 3), dtype=np.uint8)
    videos = coarse.repeat(16, axis=2).repeat(16, axis=3)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for side, frames in zip(("generated", "target"), videos, strict=True):
            (folder / side).mkdir()
            write_video(folder / side / "0", FrameSequence(frames, 24.0))
            for number in range(1, args.pairs):
                (folder / side / str(number)).symlink_to(folder / side / "0")
        instruments = open_instruments(choose_metrics(args.metrics.split(",")))
        pairs = find_pairs(folder / "generated", folder / "target")
        request = ScoreRequest(folder / "generated", folder / "target", pairs, None, 100, None)
        wall, processor = time.perf_counter(), time.process_time()
        score_videos(request, instruments)
        wall, processor = time.perf_counter() - wall, time.process_time() - processor
    print(f"{args.pairs} pairs of {FRAMES} frames of {WIDTH}x{HEIGHT}, {args.metrics}")
    rate, each = 60 * args.pairs / wall, processor / args.pairs
    print(f"{rate:.1f} pairs a minute, {each:.2f} s of processor time each")
    print(f"peak memory {(peak_memory() or 0) / 2**20:.0f} MiB")


if __name__ == "__main__":
    main()
