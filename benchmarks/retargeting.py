"""How near every retargeting method comes to the truth, and how fast ours is.

    python -m benchmarks.retargeting

A person dances, and a character of the procedural world dances the same: its own joints are the truth. Each
method is given the person's poses, the character's one pose in its picture, and whether its head and body
are one block; `learned` was trained on other characters of the same world. An error is the mean distance of
the character's body joints in the picture from where a method puts them, in units of the character's torso
(median from neck to hips); a joint that a method hides counts as if it put it at the neck. "in place" is the
error that is left when the whole clip is moved to where it should be.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from functools import cache
from typing import get_args

import numpy as np

from animatex.animate import load_retargeting_network
from animatex.config.loader import load_config
from animatex.config.presets import preset_path
from animatex.config.run import AnimateConfig, RetargetConfig
from animatex.pose.proportions import torso_length
from animatex.pose.sequence import PoseSequence
from animatex.pose.skeleton import BODY, NECK
from animatex.retargeting.learned import put_on
from animatex.retargeting.network import RetargetNetwork
from animatex.synthetic.clips import SyntheticPerformance, performance
from animatex.video.frames import Size

HELD_OUT = 930_000_000
"""The default characters, from this seed on, have not been looked at while the methods were made."""
SIZE = Size(768, 512)
METHODS: tuple[str, ...] = get_args(RetargetConfig.model_fields["method"].annotation)

Group = Callable[[SyntheticPerformance], bool]
GROUPS: dict[str, Group] = {
    "all": lambda made: True,
    "humans": lambda made: made.kind == "human",
    "others": lambda made: made.kind != "human",
    "missing limbs": lambda made: not (all(made.body.arms) and all(made.body.legs)),
    "one block": lambda made: made.body.stiff == 1,
    "huge heads": lambda made: made.body.ears[0] > 1.2 * made.body.shoulder,
    "cut off": lambda made: bool(((made.reference.scores == 0) & (made.poses.scores[:1] > 0)).any()),
}


def main() -> None:
    """Score characters one after the other and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--characters", type=int, default=400)
    parser.add_argument("--frames", type=int, default=48)
    parser.add_argument("--first", type=int, default=HELD_OUT, help="seed of the first character")
    parser.add_argument("--worst", type=int, default=0, help="also print the seeds of that many worst ones")
    args = parser.parse_args()

    seeds = range(args.first, args.first + args.characters)
    made = [performance(seed, SIZE, args.frames) for seed in seeds]
    groups = {name: np.array([group(each) for each in made]) for name, group in GROUPS.items()}
    print(f"{args.characters} characters, {args.frames} frames; torso lengths: median / 90th percentile\n")
    names = [*(f"{name} ({group.sum()})" for name, group in groups.items()), "in place"]
    print("| method | " + " | ".join(names) + " |")
    print("| --- |" + " ---: |" * len(names))
    for method in METHODS:
        found, in_place = np.array([errors(each, method) for each in made]).T
        cells = [*(spread(found[group]) for group in groups.values()), spread(in_place)]
        print(f"| `{method}` | " + " | ".join(cells) + " |")
    print()
    for method in ("combined", "learned"):
        print(f"1,000 frames take `{method}` {speed(method):.3f} s of processor time")
    found = np.array([errors(each, "learned")[0] for each in made])
    for i in np.argsort(-found)[: args.worst]:
        print(seeds[i], made[i].kind, f"{found[i]:.2f}")


@cache
def settings(method: str) -> RetargetConfig:
    """The preset's, with another method."""
    config = load_config(AnimateConfig, preset_path("mini")).retarget
    return config.model_copy(update={"method": method})


@cache
def network() -> RetargetNetwork | None:
    """The preset's, for method learned."""
    return load_retargeting_network(settings("learned"))


def errors(made: SyntheticPerformance, method: str) -> tuple[float, float]:
    """Mean distance from the truth in torso lengths, and what is left of it in the right place."""
    # Cartons and toasts; the toolkit sees it in their picture.
    neckless = made.body.stiff == 1
    moved = put_on(made.driver_poses, made.reference, settings(method), network(), neckless=neckless)
    there = (made.poses.scores > 0)[:, BODY] & inside(made.poses)[:, BODY]
    placed = np.where(moved.scores[..., None] > 0, moved.keypoints, moved.keypoints[:, [NECK]])
    away = (placed - made.poses.keypoints)[:, BODY][there]
    apart = [np.linalg.norm(a, axis=1).mean() for a in (away, away - np.median(away, axis=0))]
    torso = torso_length(made.poses)
    return float(apart[0] / torso), float(apart[1] / torso)


def inside(poses: PoseSequence) -> np.ndarray:
    """Which key points lie in the picture: bool [F, 134]."""
    size = (poses.canvas.width, poses.canvas.height)
    within: np.ndarray = ((poses.keypoints >= 0) & (poses.keypoints < size)).all(axis=2)
    return within


def spread(values: np.ndarray) -> str:
    """Median and 90th percentile."""
    return f"{np.median(values):.3f} / {np.percentile(values, 90):.2f}" if len(values) else "-"


def speed(method: str) -> float:
    """Processor time for a clip of 1,000 frames, the best of five, in seconds."""
    made = performance(HELD_OUT, SIZE, 1000, fps=24.0)
    times = []
    for _ in range(5):
        start = time.process_time()
        put_on(made.driver_poses, made.reference, settings(method), network())
        times.append(time.process_time() - start)
    return min(times)


if __name__ == "__main__":
    main()
