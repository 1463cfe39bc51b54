"""animatex doctor: what this machine has, what runs on it and why, and what to install for the rest."""

from __future__ import annotations

import importlib.util
import platform
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated, TypedDict

import typer

from animatex import __version__
from animatex.errors import AnimateXError, require
from animatex_cli import console
from animatex_cli.options import Json, Weights, refuse_without
from animatex_cli.weights.listing import FileReport, weights_report

_PACKAGES = (
    "torch",
    "torchvision",
    "numpy",
    "av",
    "mediapipe",
    "onnxruntime",
    "open_clip_torch",
    "diffusers",
    "accelerate",
    "safetensors",
)


_PUBLISHED = "animate-x"
_BENCH_PRESETS = ("mini", _PUBLISHED)
_TRAINED_FRAMES = 32
_BENCH_COLUMNS = ("one call", "frames", "size", "dtype", "threads", "seconds", "for 32 frames", "memory")


class Choice(TypedDict):
    """What was chosen and why; `name` is None where nothing works, and `hint` says what to do."""

    name: str | None
    reason: str
    hint: str | None


class PresetReport(TypedDict):
    """A shipped preset and the weights files that it still needs."""

    name: str
    ready: bool
    missing: list[str]


class BenchReport(TypedDict):
    """One call of a preset's network; `seconds_32` is scaled by slots where `frames` is not 32."""

    preset: str
    frames: int
    size: str
    dtype: str
    threads: int
    seconds: float
    seconds_32: float
    memory_bytes: int | None


class Report(TypedDict):
    """Everything that doctor finds, as scripts see it."""

    animatex: str
    python: str
    platform: str
    packages: dict[str, str | None]
    device: Choice
    dtype: Choice
    estimator: Choice
    scan: Choice
    video: Choice
    weights_folder: str
    weights: list[FileReport]
    presets: list[PresetReport]
    advice: list[str]
    ok: bool
    bench: list[BenchReport]


def command(
    weights: Weights = None,
    json: Json = False,
    bench: Annotated[
        bool,
        typer.Option(
            "--bench",
            help="Also time one call of the embedded network and one of the published size, with random "
            "weights. On a processor the latter takes many minutes and more than 6 GB.",
        ),
    ] = False,
    bench_frames: Annotated[
        int | None,
        typer.Option(
            "--bench-frames",
            min=1,
            metavar="N",
            help="With --bench: frames of those calls; fewer take less time and memory."
            rf"  \[default: {_TRAINED_FRAMES}]",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Show what this machine has, which backends run and why, and what to install for what is missing."""
    if not bench:
        refuse_without("--bench", {"--bench-frames": bench_frames})
    report = examine(weights)
    if bench:
        frames = bench_frames or _TRAINED_FRAMES
        for preset in _BENCH_PRESETS:
            console.note(f"one call of {preset}'s network, {frames} frames")
            report["bench"].append(time_network(preset, frames))
    if json:
        console.print_json(report)
        return
    console.print_table(("", ""), _rows(report))
    console.print_text("")
    console.print_table(
        ("weights", "installed", "where"),
        [(file["name"], "yes" if file["installed"] else "no", file["path"]) for file in report["weights"]],
    )
    console.print_text("")
    console.print_table(
        ("preset", "ready", "missing"),
        [
            (preset["name"], "yes" if preset["ready"] else "no", ", ".join(preset["missing"]))
            for preset in report["presets"]
        ],
    )
    if report["bench"]:
        console.print_text("")
        console.print_table(_BENCH_COLUMNS, [_bench_row(row) for row in report["bench"]])
    if report["advice"]:
        console.print_text("\nto install")
    for line in report["advice"]:
        console.print_text(f"  {line}")


def examine(weights: Path | None) -> Report:
    """Look at this machine.

    Args:
        weights: Folder of weights files; None: the user's cache folder.
    """
    from animatex.checkpoints.catalogue import default_folder

    folder = weights or default_folder()
    device, dtype = _attempt(_device), _attempt(_dtype)
    estimator = _attempt(lambda: _estimator(folder))
    scan, video = _attempt(_scan), _attempt(_video)
    files = weights_report(folder)
    presets = _presets(folder)
    choices = {"device": device, "dtype": dtype, "poses": estimator, "scan": scan, "video": video}
    return Report(
        animatex=__version__,
        python=platform.python_version(),
        platform=f"{platform.system()} {platform.machine()}",
        packages={package: _version(package) for package in _PACKAGES},
        device=device,
        dtype=dtype,
        estimator=estimator,
        scan=scan,
        video=video,
        weights_folder=str(folder),
        weights=files,
        presets=presets,
        advice=_advice(choices, presets, files, folder),
        ok=all(choice["name"] is not None for choice in (device, dtype, estimator, video)),
        bench=[],
    )


def time_network(preset: str, frames: int) -> BenchReport:
    """Time one call of a preset's network with random weights, in bfloat16 if it is of the published size.

    Args:
        preset: Its name.
        frames: Frames that the network sees at once.
    """
    import torch

    from animatex.bench.evaluation import measure_evaluation
    from animatex.config.loader import load_config
    from animatex.config.presets import preset_path
    from animatex.config.run import AnimateConfig
    from animatex.runtime import resolve_device, resolve_dtype

    config = load_config(AnimateConfig, preset_path(preset))
    device = resolve_device("auto").value
    dtype = torch.bfloat16 if preset == _PUBLISHED else resolve_dtype("auto", device).value
    measured = measure_evaluation(config, frames, device, dtype)
    return BenchReport(
        preset=preset,
        frames=measured.frames,
        size=str(measured.size),
        dtype=measured.dtype,
        threads=measured.threads,
        seconds=round(measured.seconds, 3),
        seconds_32=round(measured.seconds_for(_TRAINED_FRAMES), 3),
        memory_bytes=measured.memory,
    )


def _attempt(choose: Callable[[], Choice]) -> Choice:
    """Choose something, or say why that is impossible here."""
    try:
        return choose()
    except AnimateXError as error:
        return Choice(name=None, reason=error.message, hint=error.hint)


def _device() -> Choice:
    require("torch", for_="every network")
    from animatex.runtime import resolve_device

    chosen = resolve_device("auto")
    return Choice(name=chosen.name, reason=chosen.reason, hint=None)


def _dtype() -> Choice:
    require("torch", for_="every network")
    from animatex.runtime import resolve_device, resolve_dtype

    chosen = resolve_dtype("auto", resolve_device("auto").value)
    return Choice(name=chosen.name, reason=chosen.reason, hint=None)


def _estimator(folder: Path) -> Choice:
    from animatex.config.loader import load_config
    from animatex.config.presets import preset_path
    from animatex.config.run import AnimateConfig
    from animatex.pose.backends import resolve_estimator

    config = load_config(AnimateConfig, preset_path("mini"))
    chosen = resolve_estimator(config.pose, folder, still=True)
    return Choice(name=chosen.name, reason=chosen.reason, hint=None)


def _scan() -> Choice:
    require("torch", for_="every network")
    from animatex.model.scan import resolve_scan
    from animatex.runtime import resolve_device

    chosen = resolve_scan("auto", resolve_device("auto").value)
    return Choice(name=chosen.name, reason=chosen.reason, hint=None)


def _video() -> Choice:
    av = require("av", for_="reading and writing videos")
    other = "; decord is installed too" if importlib.util.find_spec("decord") else ""
    has_h264 = "libx264" in av.codecs_available
    if not has_h264:
        return Choice(
            name=None,
            reason=f"PyAV {av.__version__} is built without libx264, which writes H.264",
            hint="pip install --force-reinstall av",
        )
    return Choice(name="pyav", reason=f"PyAV {av.__version__} with libx264{other}", hint=None)


def _presets(folder: Path) -> list[PresetReport]:
    from animatex.checkpoints.catalogue import locate_weights, weights_of
    from animatex.config.loader import load_config
    from animatex.config.presets import animation_presets, preset_path
    from animatex.config.run import AnimateConfig

    reports = []
    for name in animation_presets():
        needed = weights_of(load_config(AnimateConfig, preset_path(name)))
        missing = [file for file in needed if locate_weights(file, folder) is None]
        reports.append(PresetReport(name=name, ready=not missing, missing=missing))
    return reports


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _advice(
    choices: dict[str, Choice], presets: list[PresetReport], files: list[FileReport], folder: Path
) -> list[str]:
    """Say what to install for what is missing."""
    from animatex.checkpoints.catalogue import pull_command

    advice = [f"{name}: {choice['hint']}" for name, choice in choices.items() if choice["hint"]]
    missing = [(preset["name"], preset["missing"]) for preset in presets if preset["missing"]]
    if choices["poses"]["name"] == "mediapipe":
        missing.append(("DWPose", [file["name"] for file in files if "dwpose" in file["groups"]]))
    commands: dict[str, list[str]] = {}
    for purpose, names in missing:
        commands.setdefault(pull_command(names, folder) or "install animatex again", []).append(purpose)
    advice += [f"{', '.join(purposes)}: {command}" for command, purposes in commands.items()]
    return advice


def _bench_row(row: BenchReport) -> tuple[str, ...]:
    scaled = "" if row["frames"] == _TRAINED_FRAMES else f"about {row['seconds_32']:.1f} s"
    memory = "" if row["memory_bytes"] is None else f"{row['memory_bytes'] / 2**30:.1f} GiB"
    numbers = (str(row["frames"]), row["size"], row["dtype"], str(row["threads"]))
    return (row["preset"], *numbers, f"{row['seconds']:.1f} s", scaled, memory)


def _rows(report: Report) -> list[tuple[str, str]]:
    named = (
        ("device", report["device"]),
        ("dtype", report["dtype"]),
        ("poses", report["estimator"]),
        ("scan", report["scan"]),
        ("video", report["video"]),
    )
    packages = ", ".join(f"{name} {number or 'missing'}" for name, number in report["packages"].items())
    return [
        ("animatex", report["animatex"]),
        ("Python", f"{report['python']} on {report['platform']}"),
        *((name, f"{choice['name'] or 'none'}: {choice['reason']}") for name, choice in named),
        ("packages", packages),
        ("weights", report["weights_folder"]),
    ]
