"""How fast poses are drawn, smoothed, augmented and found.

    python -m benchmarks.poses --video dance.mp4

Printed are, each the best of five runs on one thread, in seconds of processor time, so that a busy machine
gives the same numbers: pictures of 512x768 drawn in a second; what gap filling with smoothing takes for a
clip of 1,000 frames; the same of the Explicit Pose Indicator with all its changes. Where a video is given,
also the frames in which MediaPipe finds a person in a second, at the video's own size, reading and writing
apart: by the clock, which says something on an idle machine only, and the processor time of a frame, all
threads added.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from animatex.config.run import EpiConfig, SmoothConfig
from animatex.epi.pool import synthetic_pool
from animatex.epi.transform import transform
from animatex.pose.draw import draw_poses
from animatex.pose.extract import estimate_poses
from animatex.pose.mediapipe import MediaPipe
from animatex.pose.sequence import PoseSequence
from animatex.pose.skeleton import FACE, LEFT_HAND, LEFT_WRIST, NOSE, RIGHT_HAND, RIGHT_WRIST
from animatex.pose.smooth import smooth_poses
from animatex.video.frames import Size
from animatex.video.reader import iterate_frames, probe

CANVAS = Size(768, 512)
SMOOTH = SmoothConfig(method="one_euro", min_cutoff=2.0, beta=5.0, max_gap=12)
EPI = EpiConfig(probability=1.0, realign=1.0, pool=None, add=1.0, drop=1.0, bs=1.0, nf=1.0, al=1.0, place=1.0)
ROUNDS = 5


def main() -> None:
    """Measure and print one line for each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--video", type=Path, help="somebody dancing, for the estimator")
    parser.add_argument("--frames", type=int, default=100, help="frames of the video")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)

    short, long = dancer(100), dancer(1000)
    seconds = best(lambda: draw_poses(short))
    print(f"drawing         {100 / seconds:7.0f} pictures a second, {CANVAS}")
    gaps = long.hidden(np.random.default_rng(1).random(long.scores.shape) < 0.05)
    print(f"smoothing       {best(lambda: smooth_poses(gaps, SMOOTH)):7.3f} s for 1000 frames, gaps included")
    pool, rng = synthetic_pool(0, CANVAS), np.random.default_rng(0)
    print(f"pose indicator  {best(lambda: transform(long, pool, EPI, rng)):7.3f} s for 1000 frames")
    if arguments.video:
        by_clock, spent = found_a_second(arguments.video, arguments.frames)
        print(f"MediaPipe       {by_clock:7.1f} frames a second, {1000 * spent:.0f} ms of processor a frame")


def best(work: Callable[[], object]) -> float:
    """Run something a few times and give the fewest seconds of processor time."""
    taken = []
    for _ in range(ROUNDS):
        began = time.process_time()
        work()
        taken.append(time.process_time() - began)
    return min(taken)


def found_a_second(video: Path, frames: int) -> tuple[float, float]:
    """Find poses in frames read before: how many in a second, and the processor seconds of each."""
    info = probe(video)
    pictures = list(iterate_frames(video, range(min(frames, info.num_frames))))
    estimator = MediaPipe(still=False)
    estimator(pictures[0])
    clock, processor = time.perf_counter(), time.process_time()
    estimate_poses(pictures, info.fps, estimator)
    spent = time.process_time() - processor
    return len(pictures) / (time.perf_counter() - clock), spent / len(pictures)


def dancer(frames: int) -> PoseSequence:
    """Somebody with hands and a face whose joints all swing on their own."""
    rng = np.random.default_rng(0)
    anchor = synthetic_pool(0, CANVAS, count=1).anchors[0]
    still = anchor.keypoints[0].astype(np.float64)
    for group, holder in ((RIGHT_HAND, RIGHT_WRIST), (LEFT_HAND, LEFT_WRIST), (FACE, NOSE)):
        still[group] = still[holder] + rng.normal(0, 12, (group.stop - group.start, 2))
    swing = np.sin(0.3 * np.arange(frames)[:, None, None] + rng.uniform(0, 6.28, still.shape))
    points = still + rng.uniform(2, 15, still.shape) * swing
    return replace(
        anchor, keypoints=points.astype(np.float32), scores=np.ones((frames, len(still)), np.float32)
    )


if __name__ == "__main__":
    main()
