"""What every pose estimator is, and which one runs here."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

import numpy as np

from animatex.config.run import PoseConfig
from animatex.errors import BackendError, MissingPackage
from animatex.pose.skeleton import NUM_KEYPOINTS
from animatex.runtime import Resolved

Device = Literal["auto", "cpu", "cuda", "mps"]


@dataclass(frozen=True, slots=True, eq=False)
class DetectedPoses:
    """The people in one picture; possibly none.

    Attributes:
        keypoints: float32 [P, 134, 2]; (x, y) in pixels, in the order of `pose.skeleton`.
        scores: float32 [P, 134] in [0, 1]; 0 means not seen.
        boxes: float32 [P, 5]; left, top, right, bottom in pixels, and how sure the detector is, in [0, 1].

    Raises:
        ValueError: The three do not belong together.
    """

    keypoints: np.ndarray
    scores: np.ndarray
    boxes: np.ndarray

    def __post_init__(self) -> None:
        people = len(self.boxes)
        wanted = (people, NUM_KEYPOINTS, 2), (people, NUM_KEYPOINTS), (people, 5)
        shapes = self.keypoints.shape, self.scores.shape, self.boxes.shape
        if shapes != wanted:
            raise ValueError(f"keypoints, scores and boxes are {shapes}; needs {wanted}.")

    def __len__(self) -> int:
        """Number of people."""
        return len(self.boxes)


class PoseEstimator(Protocol):
    """Finds people in pictures. May remember the last picture: show it a video's frames in their order."""

    def __call__(self, frame: np.ndarray) -> DetectedPoses:
        """Find the people in one picture, uint8 [H, W, 3], RGB."""


def resolve_estimator(
    config: PoseConfig, weights: Path | None = None, device: Device = "auto", still: bool = False
) -> Resolved[PoseEstimator]:
    """Choose a pose estimator and start it.

    Args:
        config: `estimator` names it or says "auto"; `detector` and `model` are DWPose's files.
        weights: Folder of ONNX files; None: the names in `config` are paths of their own.
        device: Where ONNX files run; MediaPipe always runs on the CPU.
        still: The pictures are not one video, so nothing may be carried from one to the next.

    Returns:
        The estimator, its name, and why it was chosen and where it runs.

    Raises:
        BackendError: The estimator that was asked for does not work here.
        MissingPackage: The package it needs is not installed.
    """
    if config.estimator.startswith("rtmlib:"):
        from animatex.pose.rtmlib_models import load_rtmlib

        found = load_rtmlib(config.estimator.removeprefix("rtmlib:"), weights or Path(), device)
        return Resolved(config.estimator, f"asked for; {found.reason}", found.value)
    detector, model = ((weights or Path()) / name for name in (config.detector, config.model))
    missing = [path for path in (detector, model) if not path.is_file()]
    if config.estimator == "dwpose" and missing:
        raise BackendError(
            f"pose estimator 'dwpose' does not work here: there is no file {missing[0]}",
            hint=f"put {config.detector} and {config.model} there, or set pose.estimator=mediapipe.",
        )
    if config.estimator == "dwpose" or (config.estimator == "auto" and not missing):
        from animatex.pose.dwpose import load_dwpose

        loaded = load_dwpose(detector, model, device)
        why = "asked for" if config.estimator == "dwpose" else "its two files are installed"
        return Resolved("dwpose", f"{why}; {loaded.reason}", loaded.value)
    if importlib.util.find_spec("mediapipe") is None:
        raise MissingPackage(
            "finding poses needs the package mediapipe, which is not installed",
            hint="pip install 'mediapipe==0.10.14', install DWPose's files, or pass poses with --poses.",
        )
    from animatex.pose.mediapipe import MediaPipe

    asked = config.estimator == "mediapipe"
    why = "asked for" if asked else f"DWPose is not installed: there is no file {missing[0]}"
    return Resolved("mediapipe", f"{why}; runs on the CPU", MediaPipe(still=still))
