"""Which pose estimator runs here."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from animatex.config.run import PoseConfig
from animatex.errors import BackendError, MissingPackage
from animatex.pose.estimator import Device, PoseEstimator
from animatex.runtime import Resolved


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
