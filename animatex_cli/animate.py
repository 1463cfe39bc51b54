"""animatex animate: one character, one performance, one new video."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from animatex.errors import ConfigError, InputError
from animatex.measure import StageTimer, peak_memory
from animatex_cli import batch, console
from animatex_cli.options import (
    Anchor,
    Box,
    Device,
    Dtype,
    Force,
    Json,
    Preset,
    PrintConfig,
    Quiet,
    Scale,
    Seed,
    Set,
    Shift,
    Weights,
    parse_size,
    place_flags,
    settings,
)

if TYPE_CHECKING:
    from animatex.animate import AnimationPlan
    from animatex.conditioning.inputs import ClipInputs
    from animatex.config.loader import Loaded
    from animatex.config.overrides import Override
    from animatex.config.run import AnimateConfig
    from animatex.video.frames import FrameSequence

_CLIP = "Clip"
_SAMPLING = "Sampling"
_OUTPUT = "Output"


Reference = Annotated[
    Path | None, typer.Argument(metavar="REFERENCE", help="Picture of the character.", show_default=False)
]
Driving = Annotated[
    Path | None,
    typer.Argument(
        metavar="DRIVING",
        help="Video of the performer, folder of pictures, pose file, or - for poses on standard input.",
        show_default=False,
    ),
]
Out = Annotated[
    Path | None,
    typer.Option(
        "--out",
        "-o",
        metavar="FILE",
        help=r"Video (.mp4, .mov) or folder of PNG files.  \[default: REFERENCE-DRIVING.mp4 here]",
        show_default=False,
        rich_help_panel=_OUTPUT,
    ),
]
Preview = Annotated[
    Path | None,
    typer.Option(
        "--preview",
        metavar="FILE",
        help="Also write a contact sheet (.png): driving frames, poses, result.",
        rich_help_panel=_OUTPUT,
    ),
]
Poses = Annotated[
    Path | None,
    typer.Option(
        "--poses",
        metavar="FILE",
        help="Poses of the driving video, made before with `pose extract`.",
        rich_help_panel=_CLIP,
    ),
]
Frames = Annotated[
    int | None, typer.Option("--frames", help=r"Frames to make.  \[clip.frames]", rich_help_panel=_CLIP)
]
Every = Annotated[
    int | None,
    typer.Option("--every", help=r"Take every n-th driving frame.  \[clip.every]", rich_help_panel=_CLIP),
]
Start = Annotated[
    int | None,
    typer.Option("--start", help=r"First driving frame used.  \[clip.start]", rich_help_panel=_CLIP),
]
Steps = Annotated[
    int | None,
    typer.Option("--steps", help=r"Sampling steps.  \[sampler.steps]", rich_help_panel=_SAMPLING),
]
Guidance = Annotated[
    float | None,
    typer.Option(
        "--guidance",
        help=r"Guidance scale; 1 turns it off.  \[sampler.guidance_scale]",
        rich_help_panel=_SAMPLING,
    ),
]
Fps = Annotated[
    float | None,
    typer.Option("--fps", help=r"Frames per second of the result.  \[video.fps]", rich_help_panel=_OUTPUT),
]
Size = Annotated[
    str | None,
    typer.Option(
        "--size",
        metavar="WxH",
        help=r"Size of the result in pixels.  \[canvas.width, canvas.height]",
        rich_help_panel=_OUTPUT,
    ),
]
DryRun = Annotated[
    bool,
    typer.Option("--dry-run", help="Say what would be done, and do nothing.", rich_help_panel=_OUTPUT),
]


def command(
    reference: Reference = None,
    driving: Driving = None,
    out: Out = None,
    preview: Preview = None,
    force: Force = False,
    preset: Preset = "mini",
    set_: Set = None,
    weights: Weights = None,
    device: Device = None,
    dtype: Dtype = None,
    seed: Seed = None,
    poses: Poses = None,
    frames: Frames = None,
    every: Every = None,
    start: Start = None,
    steps: Steps = None,
    guidance: Guidance = None,
    fps: Fps = None,
    size: Size = None,
    anchor: Anchor = None,
    scale: Scale = None,
    shift: Shift = None,
    box: Box = None,
    manifest: batch.Manifest = None,
    batch_driving: batch.Driving = None,
    out_dir: batch.OutDir = None,
    watch: batch.WatchFolder = None,
    poll: batch.Poll = None,
    ledger: batch.LedgerFile = None,
    retry_failed: batch.RetryFailed = False,
    shard: batch.Shard = None,
    dry_run: DryRun = False,
    print_config: PrintConfig = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Animate a character with the motion of a video.

    Writes the video and, beside it, a .yaml file with every setting: as a preset it repeats the run.
    """
    flags = {
        "--frames": ("clip.frames", frames),
        "--every": ("clip.every", every),
        "--start": ("clip.start", start),
        "--steps": ("sampler.steps", steps),
        "--guidance": ("sampler.guidance_scale", guidance),
        "--fps": ("video.fps", fps),
        "--device": ("runtime.device", device),
        "--dtype": ("runtime.dtype", dtype),
        "--seed": ("seed", seed),
        **place_flags(anchor, scale, shift, box),
    }
    given = settings(set_, flags)
    loaded = _load(preset, given, size)
    config = loaded.config
    if print_config:
        console.print_config(loaded, as_json=json)
        return
    batch_only = batch.BatchOnly(batch_driving, out_dir, ledger, retry_failed, shard, poll)
    if manifest is not None or watch is not None:
        batch.refuse_beside_batch(
            "--watch" if manifest is None else "--batch",
            {
                "REFERENCE": reference,
                "--out": out,
                "--preview": preview,
                "--poses": poses,
                "--dry-run": dry_run,
            },
        )
        batch.run_batch(
            batch.BatchCommand(manifest, watch, batch_only, force, weights, preset, json, quiet),
            partial(_load_for_job, given, size),
        )
        return
    batch.refuse_without_batch(batch_only)
    if reference is None or driving is None:
        missing = "DRIVING" if reference else "REFERENCE"
        hint = "animatex animate --help shows how it is used."
        raise ConfigError(f"Missing argument '{missing}'.", hint=hint)
    target = _target(reference, driving, poses, out, preview, force)

    with console.progress(quiet=quiet) as shown, _on_disk(driving) as driving_file:
        timer = StageTimer(shown)
        timer.start("starting")
        from animatex.animate import animate, load_models, plan_animation, read_inputs
        from animatex.checkpoints.catalogue import default_folder, find_all_weights, weights_of
        from animatex.result import Sources, write_result

        folder = weights or default_folder()
        files = find_all_weights(weights_of(config), folder)
        plan = plan_animation(reference, driving_file, config, poses=poses, weights=folder)
        timer.done()
        if dry_run:
            _show_plan(plan, config, target, files, preset, as_json=json)
            return
        console.note(f"{preset}: {_summary(plan)}", quiet=quiet)
        inputs = read_inputs(plan, config, timer)
        timer.start("loading networks")
        models = load_models(config, plan.runtime, plan.weights)
        timer.done()
        frames_made = animate(inputs, models, config, plan.runtime, timer)
        sources = Sources(reference, driving, poses, files)
        write_result(target.video, frames_made, plan, config, sources, timer)
        if target.preview:
            _write_preview(target.preview, inputs, frames_made, config)
    if json:
        console.print_json(_report(frames_made, plan, config, target, preset, timer))
    elif not quiet:
        console.print_text(str(target.video))
        if target.preview:
            console.print_text(str(target.preview))


@dataclass(frozen=True, slots=True)
class _Target:
    """What a run writes: the video, the record beside it, a contact sheet where one was asked for."""

    video: Path
    record: Path
    preview: Path | None


def _load(preset: str, given: list[str | Override], size: str | None) -> Loaded[AnimateConfig]:
    from animatex.config.loader import load_with_sources
    from animatex.config.overrides import Override
    from animatex.config.presets import preset_path
    from animatex.config.run import AnimateConfig

    path = preset_path(preset)
    if size is None:
        return load_with_sources(AnimateConfig, path, given)
    width, height = parse_size(size)
    flag = f"--size {size}"
    given = [
        *given,
        Override("canvas.width", str(width), flag),
        Override("canvas.height", str(height), flag),
    ]
    loaded = load_with_sources(AnimateConfig, path, given)
    if loaded.config.canvas.fit != "keep":
        return loaded
    # Who asks for a size wants that size, not another one of the same area.
    return load_with_sources(AnimateConfig, path, [*given, Override("canvas.fit", "crop", flag)])


def _load_for_job(
    given: list[str | Override], size: str | None, preset: str, own: Sequence[Override]
) -> AnimateConfig:
    return _load(preset, [*given, *own], size).config


def _target(
    reference: Path, driving: Path, poses: Path | None, out: Path | None, preview: Path | None, force: bool
) -> _Target:
    """Decide what is written, and refuse it now if it could not be written after all the work."""
    from animatex.files import check_output, named_after
    from animatex.record import record_path, result_title

    video = out or named_after(result_title(reference, driving), ".mp4")
    if video.suffix.lower() not in ("", ".mp4", ".mov"):
        raise ConfigError(
            f"--out {video}: no video format is known for '{video.suffix}'",
            hint=".mp4 or .mov, or a name without suffix for a folder of PNG files.",
        )
    if preview and preview.suffix.lower() != ".png":
        raise ConfigError(f"--preview {preview}: a contact sheet is a .png file")
    target = _Target(video, record_path(video), preview)
    read = {path.resolve() for path in (reference, driving, poses) if path}
    for path in filter(None, (target.video, target.preview, target.record)):
        if path.resolve() in read:
            raise InputError(f"{path} would be replaced, but it is read too", hint="another --out.")
        check_output(path, force=force)
    return target


@contextmanager
def _on_disk(driving: Path) -> Iterator[Path]:
    """Give the driving file; for "-", a copy of standard input."""
    if str(driving) != "-":
        yield driving
        return
    with TemporaryDirectory(prefix="animatex-") as folder:
        copy = Path(folder) / "standard-input.jsonl"
        copy.write_bytes(sys.stdin.buffer.read())
        yield copy


def _write_preview(path: Path, inputs: ClipInputs, result: FrameSequence, config: AnimateConfig) -> None:
    from animatex.animate import place_motion
    from animatex.pose.draw import draw_poses
    from animatex.provenance.marks import SIDE_BY_SIDE
    from animatex.video.contact_sheet import Row, contact_sheet
    from animatex.video.frames import FrameSequence
    from animatex.video.image import write_png

    poses = place_motion(inputs, config).poses
    rows = [Row("pose", FrameSequence(draw_poses(poses), result.fps)), Row("result", result)]
    if inputs.driving is not None:
        rows.insert(0, Row("driving", inputs.driving))
    write_png(path, contact_sheet(inputs.reference, tuple(rows)), SIDE_BY_SIDE)


def _summary(plan: AnimationPlan) -> str:
    size = f"{plan.canvas.width} x {plan.canvas.height}"
    calls = f"{plan.evaluations} evaluation{'s' if plan.evaluations > 1 else ''}"
    return f"{plan.clip.reason}; {size}; {calls} on {plan.device.name} in {plan.dtype.name}"


def _report(
    frames: FrameSequence,
    plan: AnimationPlan,
    config: AnimateConfig,
    target: _Target,
    preset: str,
    timer: StageTimer,
) -> dict[str, object]:
    return {
        "output": str(target.video),
        "record": str(target.record),
        "preview": str(target.preview) if target.preview else None,
        "frames": len(frames),
        "fps": plan.clip.fps,
        "width": frames.size.width,
        "height": frames.size.height,
        "seed": config.seed,
        "preset": preset,
        "device": plan.device.name,
        "dtype": plan.dtype.name,
        "evaluations": plan.evaluations,
        "seconds": timer.seconds(),
        "peak_memory_bytes": peak_memory(),
    }


def _show_plan(
    plan: AnimationPlan,
    config: AnimateConfig,
    target: _Target,
    files: list[Path],
    preset: str,
    *,
    as_json: bool,
) -> None:
    from animatex.result import said

    estimator = {"name": "file", "reason": "poses are given"}
    if plan.poses is None:
        from animatex.pose.estimator import resolve_estimator

        chosen = resolve_estimator(config.pose, plan.weights, config.runtime.device)
        estimator = {"name": chosen.name, "reason": chosen.reason}
    if as_json:
        console.print_json(
            {
                "output": str(target.video),
                "record": str(target.record),
                "preview": str(target.preview) if target.preview else None,
                "frames": plan.clip.num_frames,
                "fps": plan.clip.fps,
                "width": plan.canvas.width,
                "height": plan.canvas.height,
                "seed": config.seed,
                "preset": preset,
                "device": {"name": plan.device.name, "reason": plan.device.reason},
                "dtype": {"name": plan.dtype.name, "reason": plan.dtype.reason},
                "estimator": estimator,
                "windows": len(plan.windows),
                "evaluations": plan.evaluations,
                "weights": [str(path) for path in files],
            }
        )
        return
    rows = [
        ("preset", preset),
        ("clip", plan.clip.reason),
        ("canvas", f"{plan.canvas.width} x {plan.canvas.height}"),
        ("windows", f"{len(plan.windows)} of at most {max(len(window) for window in plan.windows)} frames"),
        ("evaluations", str(plan.evaluations)),
        ("device", said(plan.device)),
        ("dtype", said(plan.dtype)),
        ("poses", f"{estimator['name']} ({estimator['reason']})"),
        ("weights", ", ".join(str(path) for path in files) or "random, drawn from the seed"),
        ("writes", ", ".join(str(path) for path in (target.video, target.record, target.preview) if path)),
    ]
    console.print_table(("", ""), rows)
