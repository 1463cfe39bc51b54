"""Metrics of pairs of frames: each meter looks at one pair of videos and gives numbers for every frame."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from animatex.bench.pairs import FramePair
from animatex.errors import InputError
from animatex.metrics import pixel
from animatex.metrics.perceptual import VGG_SIDE, InputRange, Lpips, lpips
from animatex.metrics.pose import PCK_THRESHOLDS, pose_accuracy
from animatex.metrics.temporal import dtssd, flicker
from animatex.pose.estimator import PoseEstimator
from animatex.pose.extract import detected_frames, estimate_poses
from animatex.pose.sequence import PoseSequence
from animatex.pose.skeleton import BODY
from animatex.video.frames import FrameSequence

FrameValues = Mapping[str, np.ndarray]
"""Metric → float64 [F]; NaN where a frame has no such value."""


class Meter(Protocol):
    """Compares the frames of a pair."""

    def __call__(self, pair: FramePair) -> FrameValues:
        """Give values for every frame."""


PIXEL_METRICS: Mapping[str, Callable[[np.ndarray, np.ndarray], float]] = {
    "psnr_star": pixel.psnr,
    "psnr_overflow": pixel.psnr_overflow,
    "ssim_disco": pixel.ssim_disco,
    "l1_disco": pixel.l1_disco,
    "mae_255": pixel.mae_255,
}
LPIPS_INPUTS: Mapping[str, InputRange] = {"lpips_disco": "disco", "lpips_vgg": "signed"}


@dataclass(frozen=True, slots=True)
class PixelMeter:
    """Compares pixels.

    Attributes:
        metrics: Of `PIXEL_METRICS`.
    """

    metrics: tuple[str, ...]

    def __call__(self, pair: FramePair) -> FrameValues:
        """Give values for every frame."""
        both = list(zip(pair.generated.frames, pair.target.frames, strict=True))
        return {name: np.array([PIXEL_METRICS[name](a, b) for a, b in both]) for name in self.metrics}


@dataclass(frozen=True, slots=True, eq=False)
class LpipsMeter:
    """Compares what a network sees.

    Attributes:
        metrics: Of `LPIPS_INPUTS`.
        network: With weights, where it shall run.
    """

    metrics: tuple[str, ...]
    network: Lpips

    def __call__(self, pair: FramePair) -> FrameValues:
        """Give values for every frame.

        Raises:
            InputError: The frames are smaller than what the network can look at.
        """
        size = pair.target.size
        if min(size) < VGG_SIDE:
            raise InputError(
                f"pair {pair.id}: frames of {size} pixels; LPIPS needs at least {VGG_SIDE} on each side",
                hint="--metrics with others than lpips_disco, lpips_vgg and perceptual; "
                "or --size with a larger size for both.",
            )
        both = list(zip(pair.generated.frames, pair.target.frames, strict=True))
        return {
            name: np.array([lpips(a, b, self.network, LPIPS_INPUTS[name]) for a, b in both])
            for name in self.metrics
        }


@dataclass(frozen=True, slots=True)
class ChangeMeter:
    """Compares how frames follow each other; the first frame follows none."""

    def __call__(self, pair: FramePair) -> FrameValues:
        """Give values for every frame."""
        mine, theirs = (np.array(flicker(side.frames)) for side in (pair.generated, pair.target))
        return {
            "flicker": _after_the_first(mine),
            "flicker_target": _after_the_first(theirs),
            "flicker_gap": _after_the_first(np.abs(mine - theirs)),
            "dtssd": _after_the_first(dtssd(pair.generated.frames, pair.target.frames)),
        }


@dataclass(frozen=True, slots=True, eq=False)
class PoseMeter:
    """Compares the joints of the body, as one estimator finds them on both sides.

    Attributes:
        estimator: Finds people; carries nothing from frame to frame.
        threshold: A key point with a lower score is not seen.
    """

    estimator: PoseEstimator
    threshold: float

    def __call__(self, pair: FramePair) -> FrameValues:
        """Give values for every frame."""
        mine, theirs = (self._look(side) for side in (pair.generated, pair.target))
        sides = [
            array[:, BODY]
            for poses in (mine, theirs)
            for array in (poses.keypoints, poses.visible(self.threshold))
        ]
        compared = [pose_accuracy(*frame) for frame in zip(*sides, strict=True)]
        return {
            "akd": _numbers(each.akd for each in compared),
            "mkr": _numbers(each.mkr for each in compared),
            **{
                f"pck_{part}": _numbers(None if each.pck is None else each.pck[i] for each in compared)
                for i, part in enumerate(PCK_THRESHOLDS)
            },
            "detected": detected_frames(mine).astype(np.float64),
            "detected_target": detected_frames(theirs).astype(np.float64),
        }

    def _look(self, frames: FrameSequence) -> PoseSequence:
        poses = estimate_poses(frames.frames, frames.fps, self.estimator)
        return poses.hidden(~poses.visible(self.threshold))


def _after_the_first(values: Iterable[float]) -> np.ndarray:
    return np.array([np.nan, *values])


def _numbers(values: Iterable[float | None]) -> np.ndarray:
    return np.array([np.nan if value is None else value for value in values], np.float64)
