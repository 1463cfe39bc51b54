"""From chosen metrics to what computes them; what has no weights here is named, not skipped."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from animatex.bench.catalogue import I3D, INCEPTION, LPIPS_HEADS, MINI_CLIP, RESNET3D, VGG, Metric
from animatex.bench.features import Extractor, I3dFeatures, InceptionFeatures, MiniFeatures, ResNetFeatures
from animatex.bench.meters import (
    LPIPS_INPUTS,
    PIXEL_METRICS,
    ChangeMeter,
    LpipsMeter,
    Meter,
    PixelMeter,
    PoseMeter,
)
from animatex.bench.scores import WeightsFile
from animatex.checkpoints.catalogue import locate_weights
from animatex.checkpoints.feature_networks import load_i3d, load_inception, load_lpips, load_resnet3d
from animatex.checkpoints.load import load_clip
from animatex.config.loader import load_config
from animatex.config.model import ClipConfig
from animatex.config.presets import preset_path, presets_folder
from animatex.config.run import AnimateConfig
from animatex.errors import MissingPackage
from animatex.pose.backends import resolve_estimator
from animatex.record import sha256
from animatex.runtime import DeviceChoice, resolve_device


@dataclass(frozen=True, slots=True, eq=False)
class Instruments:
    """What computes a choice of metrics.

    Attributes:
        metrics: The choice.
        meters: For pairs of frames.
        extractors: For sets of features.
        missing: Metric → why it cannot be computed here.
        weights: Weights file → its hash, of all files that are used.
        pose: Which pose estimator is used; None where none is.
    """

    metrics: tuple[Metric, ...]
    meters: tuple[Meter, ...]
    extractors: tuple[Extractor, ...]
    missing: Mapping[str, str]
    weights: Mapping[str, WeightsFile]
    pose: str | None


def open_instruments(
    metrics: Sequence[Metric], weights: Path | None = None, device: DeviceChoice = "auto"
) -> Instruments:
    """Load what a choice of metrics needs.

    Args:
        metrics: From `choose_metrics`.
        weights: Folder of weights files; None: the user's.
        device: Where networks run.

    Raises:
        BackendError: The device does not work here.
        CheckpointMismatch: A weights file holds another network.
        InputError: A weights file cannot be read.
    """
    files = {name: locate_weights(name, weights) for metric in metrics for name in metric.needs}
    found = {name: path for name, path in files.items() if path is not None}
    missing = {
        metric.name: f"unavailable: needs {' and '.join(lost)}"
        for metric in metrics
        if (lost := [name for name in metric.needs if name not in found])
    }
    wanted = {metric.name for metric in metrics} - set(missing)
    place = resolve_device(device).value
    meters = list(_plain_meters(wanted))
    lpips_names = tuple(name for name in LPIPS_INPUTS if name in wanted)
    if lpips_names:
        network = load_lpips(found[VGG], found[LPIPS_HEADS])
        meters.append(LpipsMeter(lpips_names, network.to(place)))
    pose = None
    if any(metric.group == "pose" for metric in metrics):
        try:
            config = load_config(AnimateConfig, preset_path("mini")).pose
            estimator = resolve_estimator(config, weights, device, still=True)
        except MissingPackage as error:
            missing |= {m.name: f"unavailable: {error.message}" for m in metrics if m.group == "pose"}
        else:
            pose = estimator.name
            meters.append(PoseMeter(estimator.value, config.score_threshold))
    return Instruments(
        tuple(metrics),
        tuple(meters),
        tuple(_extractors({m.features for m in metrics if m.name in wanted}, found, place)),
        missing,
        {name: WeightsFile(name, sha256(path)) for name, path in found.items()},
        pose,
    )


def _plain_meters(wanted: Collection[str]) -> Sequence[Meter]:
    pixels = tuple(name for name in PIXEL_METRICS if name in wanted)
    meters: list[Meter] = [PixelMeter(pixels)] if pixels else []
    if {"flicker", "flicker_target", "flicker_gap", "dtssd"} & set(wanted):
        meters.append(ChangeMeter())
    return meters


def _extractors(
    sets: Collection[str | None], files: Mapping[str, Path], device: torch.device
) -> list[Extractor]:
    extractors: list[Extractor] = []
    if "inception" in sets:
        extractors.append(InceptionFeatures(load_inception(files[INCEPTION]).to(device)))
    if {"resnet", "resnet_files"} & set(sets):
        extractors.append(ResNetFeatures(load_resnet3d(files[RESNET3D]).to(device)))
    if {"i3d", "i3d_files"} & set(sets):
        extractors.append(I3dFeatures(load_i3d(files[I3D], disco=True).to(device)))
    if {"mini_frames", "mini_clips"} & set(sets):
        config = load_config(ClipConfig, presets_folder() / "parts" / "clip-mini.yaml")
        extractors.append(MiniFeatures(load_clip(files[MINI_CLIP], config).to(device)))
    return extractors
