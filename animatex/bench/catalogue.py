"""Every metric that scoring knows: what it is called, who defined it, and what it needs."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from animatex.bench.scores import Better
from animatex.errors import ConfigError

DISCO = "disco-2024-04"
"""DisCo's evaluator with its quirks: the columns of the paper's tables."""

OURS = "animatex-1"
"""What we measure beside them."""

PROTOCOLS = (DISCO, OURS)

Group = Literal["pixel", "perceptual", "frechet", "kernel", "mini", "temporal", "pose", "legacy"]
Features = Literal["inception", "resnet", "resnet_files", "i3d", "i3d_files", "mini_frames", "mini_clips"]
"""Sets of features: of frames (inception, mini_frames), of clips, or one row a video (…_files)."""

INCEPTION = "pt_inception-2015-12-05-6726825d.pth"
RESNET3D = "resnet-50-kinetics.pth"
I3D = "i3d_pretrained_400.pt"
VGG, LPIPS_HEADS = "vgg16-397923af.pth", "lpips-vgg.pth"
MINI_CLIP = "mini-clip.safetensors"


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric.

    Attributes:
        name: As `--metrics` takes it.
        title: In tables.
        group: What it belongs to; `--metrics` takes these too. "legacy" is computed only if asked for.
        unit: "dB", "px" or nothing.
        better: Which direction is better.
        protocol: One of `PROTOCOLS`.
        needs: Weights files.
        features: The set of features that it compares; None for a metric of pairs of frames.
    """

    name: str
    title: str
    group: Group
    unit: str
    better: Better
    protocol: str
    needs: tuple[str, ...] = ()
    features: Features | None = None


METRICS = (
    Metric("psnr_star", "PSNR*", "pixel", "dB", "higher", DISCO),
    Metric("psnr_overflow", "PSNR (overflow)", "legacy", "dB", "higher", DISCO),
    Metric("ssim_disco", "SSIM", "pixel", "", "higher", DISCO),
    Metric("l1_disco", "L1", "pixel", "", "lower", DISCO),
    Metric("lpips_disco", "LPIPS", "perceptual", "", "lower", DISCO, (VGG, LPIPS_HEADS)),
    Metric("fid_pytorch", "FID", "frechet", "", "lower", DISCO, (INCEPTION,), "inception"),
    Metric("fid_vid", "FID-VID", "frechet", "", "lower", DISCO, (RESNET3D,), "resnet"),
    Metric("fvd", "FVD", "frechet", "", "lower", DISCO, (I3D,), "i3d"),
    Metric("fid_vid_files", "FID-VID (files)", "frechet", "", "lower", DISCO, (RESNET3D,), "resnet_files"),
    Metric("fvd_files", "FVD (files)", "frechet", "", "lower", DISCO, (I3D,), "i3d_files"),
    Metric("mae_255", "MAE", "pixel", "", "lower", OURS),
    Metric("lpips_vgg", "LPIPS (VGG)", "perceptual", "", "lower", OURS, (VGG, LPIPS_HEADS)),
    Metric("kid", "KID", "kernel", "", "lower", OURS, (INCEPTION,), "inception"),
    Metric("kvd", "KVD", "kernel", "", "lower", OURS, (I3D,), "i3d"),
    Metric("fd_mini_frames", "FD-mini (frames)", "mini", "", "lower", OURS, (MINI_CLIP,), "mini_frames"),
    Metric("fd_mini_clips", "FD-mini (clips)", "mini", "", "lower", OURS, (MINI_CLIP,), "mini_clips"),
    Metric("flicker", "flicker", "temporal", "", "neither", OURS),
    Metric("flicker_target", "flicker of targets", "temporal", "", "neither", OURS),
    Metric("flicker_gap", "flicker gap", "temporal", "", "lower", OURS),
    Metric("dtssd", "dtSSD", "temporal", "", "lower", OURS),
    Metric("akd", "AKD", "pose", "px", "lower", OURS),
    Metric("mkr", "MKR", "pose", "", "lower", OURS),
    Metric("pck_0.1", "PCK@0.1", "pose", "", "higher", OURS),
    Metric("pck_0.2", "PCK@0.2", "pose", "", "higher", OURS),
    Metric("detected", "detected", "pose", "", "higher", OURS),
    Metric("detected_target", "detected in targets", "pose", "", "neither", OURS),
)


def choose_metrics(asked: Sequence[str] = (), protocol: str | None = None) -> tuple[Metric, ...]:
    """Choose metrics, in the order of a table.

    Args:
        asked: Names and groups; none: all but the legacy ones.
        protocol: Only what it defines; None: whatever.

    Raises:
        ConfigError: There is no such metric or protocol, or nothing is left.
    """
    if protocol is not None and protocol not in PROTOCOLS:
        raise ConfigError(f"there is no protocol '{protocol}'", hint=f"{' or '.join(PROTOCOLS)}.")
    known = {name for metric in METRICS for name in (metric.name, metric.group)}
    for name in asked:
        if name not in known:
            near = difflib.get_close_matches(name, sorted(known), n=1)
            hint = f"did you mean {near[0]}?" if near else _choice()
            raise ConfigError(f"there is no metric '{name}'", hint=hint)
    chosen = tuple(
        metric
        for metric in METRICS
        if ({metric.name, metric.group} & set(asked) if asked else metric.group != "legacy")
        and protocol in (None, metric.protocol)
    )
    if not chosen:
        raise ConfigError(
            f"protocol {protocol} has none of the metrics {', '.join(asked)}", hint="leave one of them out."
        )
    return chosen


def _choice() -> str:
    names = ", ".join(metric.name for metric in METRICS)
    return f"one of {names}, or a group of them: {', '.join(get_args(Group))}."
