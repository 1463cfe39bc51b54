"""animatex animate: one character, one performance, one new video."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from animatex.errors import ConfigError, InputError
from animatex.measure import StageTimer, peak_memory
from animatex_cli import batch, console, raw
from animatex_cli.options import (
    Anchor,
    Box,
    C2paCert,
    C2paKey,
    C2paTimestamp,
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
    credentials,
    parse_size,
    place_flags,
    settings,
)

if TYPE_CHECKING:
    import numpy as np

    from animatex.animate import AnimationPlan
    from animatex.conditioning.inputs import ClipInputs
    from animatex.config.loader import Loaded
    from animatex.config.overrides import Override
    from animatex.config.run import AnimateConfig
    from animatex.pose.sequence import PoseSequence
    from animatex.provenance.credentials import Credentials
    from animatex.video.frames import FrameSequence
    from animatex.video.raw import RawFormat, StreamedClip

_CLIP = "Clip"
_SAMPLING = "Sampling"
_OUTPUT = "Output"

_COLUMNS = 8
"""Frames on a contact sheet."""


Reference = Annotated[
    Path | None, typer.Argument(metavar="REFERENCE", help="Picture of the character.", show_default=False)
]
Driving = Annotated[
    Path | None,
    typer.Argument(
        metavar="DRIVING",
        help="Video of the performer, folder of pictures, pose file, or - for standard input: poses, "
        "or raw frames with --pix.",
        show_default=False,
    ),
]
Out = Annotated[
    Path | None,
    typer.Option(
        "--out",
        "-o",
        metavar="FILE",
        help="Video (.mp4, .mov), folder of PNG files, or - for raw frames on standard output."
        r"  \[default: REFERENCE-DRIVING.mp4 here]",
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
    typer.Option(
        "--fps",
        help=r"Frames per second of the result; with raw frames on standard input, theirs.  \[video.fps]",
        rich_help_panel=_OUTPUT,
    ),
]
Size = Annotated[
    str | None,
    typer.Option(
        "--size",
        metavar="WxH",
        help="Size of the result in pixels; with raw frames on standard input, theirs too."
        r"  \[canvas.width, canvas.height]",
        rich_help_panel=_OUTPUT,
    ),
]
Pix = Annotated[
    raw.PixelFormat | None,
    typer.Option(
        "--pix",
        help="DRIVING - is raw frames in this format, of --size and --fps, and each of them is used; --out - "
        "writes this format, rgb24 if nothing is said.",
        rich_help_panel=_OUTPUT,
    ),
]
DryRun = Annotated[
    bool,
    typer.Option(
        "--dry-run",
        help="Say what would be done, of a batch with which jobs, and do nothing.",
        rich_help_panel=_OUTPUT,
    ),
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
    pix: Pix = None,
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
    engine: batch.EngineName = None,
    runners: batch.Runners = None,
    c2pa_cert: C2paCert = None,
    c2pa_key: C2paKey = None,
    c2pa_timestamp: C2paTimestamp = None,
    dry_run: DryRun = False,
    print_config: PrintConfig = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Animate a character with the motion of a video.

    Writes the video and, beside it, a .yaml file with every setting: as a preset it repeats the run.
    """
    stream = raw.incoming(pix, size, fps) if pix and driving == raw.STREAM else None
    flags = {
        "--frames": ("clip.frames", frames),
        "--every": ("clip.every", every),
        "--start": ("clip.start", start),
        "--steps": ("sampler.steps", steps),
        "--guidance": ("sampler.guidance_scale", guidance),
        "--fps": ("video.fps", None if stream else fps),
        "--device": ("runtime.device", device),
        "--dtype": ("runtime.dtype", dtype),
        "--seed": ("seed", seed),
        **place_flags(anchor, scale, shift, box),
    }
    given = settings(set_, flags)
    loaded = _load(preset, given, size, stream)
    if print_config:
        console.print_config(loaded, as_json=json)
        return
    batch_only = batch.BatchOnly(batch_driving, out_dir, ledger, retry_failed, shard, poll, engine, runners)
    if manifest is not None or watch is not None:
        batch.refuse_beside_batch(
            "--watch" if manifest is None else "--batch",
            {
                "REFERENCE": reference,
                "--out": out,
                "--preview": preview,
                "--poses": poses,
                "--pix": pix,
            },
        )
        signer = credentials(c2pa_cert, c2pa_key, c2pa_timestamp)
        batch.run_batch(
            batch.BatchCommand(
                manifest, watch, batch_only, force, weights, preset, signer, dry_run, json, quiet
            ),
            partial(_load_for_job, given, size),
        )
        return
    batch.refuse_without_batch(batch_only)
    if reference is None or driving is None:
        missing = "DRIVING" if reference else "REFERENCE"
        hint = "animatex animate --help shows how it is used."
        raise ConfigError(f"Missing argument '{missing}'.", hint=hint)
    if reference == raw.STREAM:
        raise ConfigError(
            "REFERENCE - cannot be used: only DRIVING may be standard input", hint="name a file."
        )
    if pix and not stream and out != raw.STREAM:
        raise ConfigError(f"--pix {pix} is of raw frames: DRIVING or --out is -")
    if json and out == raw.STREAM:
        raise ConfigError("--json and --out - both write to standard output", hint="use one of them.")
    signer = credentials(c2pa_cert, c2pa_key, c2pa_timestamp)
    if signer and out == raw.STREAM:
        raise ConfigError(
            "--out - writes raw frames, which cannot be signed", hint="sign what is made of them."
        )
    _make(
        _Asked(
            reference=reference,
            driving=driving,
            poses=poses,
            stream=stream,
            target=_target(reference, driving, poses, out, preview, stream),
            pix=pix or "rgb24",
            preset=preset,
            config=loaded.config,
            weights=weights,
            credentials=signer,
            force=force,
            json=json,
            quiet=quiet,
        ),
        dry_run=dry_run,
    )


@dataclass(frozen=True, slots=True)
class _Target:
    """What a run writes: the video, the record beside it, a contact sheet where one was asked for.

    Raw frames on standard output, as which the video may be "-", have no record.
    """

    video: Path
    record: Path | None
    preview: Path | None

    @property
    def files(self) -> list[Path]:
        return [path for path in (self.video, self.record, self.preview) if path and path != raw.STREAM]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """One run, as the options say it; attributes are named as they are."""

    reference: Path
    driving: Path
    poses: Path | None
    stream: RawFormat | None
    target: _Target
    pix: raw.PixelFormat
    preset: str
    config: AnimateConfig
    weights: Path | None
    credentials: Credentials | None
    force: bool
    json: bool
    quiet: bool


def _make(asked: _Asked, *, dry_run: bool) -> None:
    from animatex.files import check_output, claiming

    config, target, quiet = asked.config, asked.target, asked.quiet
    with ExitStack() as stack:
        if dry_run:
            for path in target.files:
                check_output(path, force=asked.force)
        elif target.files:
            stack.enter_context(claiming(*target.files, force=asked.force))
        timer = StageTimer(stack.enter_context(console.progress(quiet=quiet)))
        timer.start("starting")
        from animatex.animate import (
            animate,
            animate_in_turn,
            load_models,
            place_motion,
            plan_animation,
            read_inputs,
        )
        from animatex.checkpoints.catalogue import default_folder, find_all_weights, weights_of

        folder = asked.weights or default_folder()
        files = find_all_weights(weights_of(config), folder)
        driving: Path | StreamedClip = asked.driving
        if asked.stream:
            from animatex.video.raw import RawStream

            driving = RawStream(sys.stdin.buffer, asked.stream).read_clip(config.clip, timer)
        plan = plan_animation(asked.reference, driving, config, poses=asked.poses, weights=folder)
        timer.done()
        if dry_run:
            _show_plan(plan, asked, files)
            return
        console.note(f"{asked.preset}: {_summary(plan)}", quiet=quiet)
        if target.video == raw.STREAM:
            console.note(
                f"raw frames, as for: {raw.say_how_to_read(asked.pix, plan.canvas, plan.clip.fps)}",
                quiet=quiet,
            )
        inputs = read_inputs(plan, config, timer)
        _say_inputs(inputs, asked)
        timer.start("loading networks")
        models = load_models(config, plan.runtime, plan.weights)
        timer.done()
        if not target.files:
            _write_raw(animate_in_turn(inputs, models, config, plan.runtime, timer), plan, asked)
            return
        frames_made = animate(inputs, models, config, plan.runtime, timer)
        _write(frames_made, plan, asked, files, timer)
        if target.preview:
            poses = place_motion(inputs, config, models.retargeter).poses
            _write_preview(target.preview, inputs, poses, frames_made)
    if asked.json:
        console.print_json(_report(frames_made, inputs, plan, asked, timer))
    elif not quiet and target.video != raw.STREAM:
        console.print_text(str(target.video))
        if target.preview:
            console.print_text(str(target.preview))


def _say_inputs(inputs: ClipInputs, asked: _Asked) -> None:
    """Say who found the character's pose, and where the performer is missing."""
    from animatex.pose.extract import missing_frames, say_missing

    console.note(f"pose of {asked.reference.name}: {inputs.pose_source}", quiet=asked.quiet)
    if missing := missing_frames(inputs.poses):
        console.note(f"driving poses: {say_missing(missing)}", quiet=asked.quiet)


def _write(
    frames: FrameSequence, plan: AnimationPlan, asked: _Asked, files: list[Path], timer: StageTimer
) -> None:
    from animatex.result import Sources, write_result

    if asked.target.video == raw.STREAM:
        _write_raw(frames.frames, plan, asked)
    else:
        sources = Sources(asked.reference, asked.driving, asked.poses, files, asked.stream)
        write_result(
            asked.target.video, frames, plan, asked.config, sources, timer, credentials=asked.credentials
        )


def _write_raw(frames: Iterable[np.ndarray], plan: AnimationPlan, asked: _Asked) -> None:
    from animatex.video.raw import RawFormat, write_raw

    write_raw(sys.stdout.buffer, frames, RawFormat(asked.pix, plan.canvas, plan.clip.fps))


def _load(
    preset: str, given: list[str | Override], size: str | None, stream: RawFormat | None = None
) -> Loaded[AnimateConfig]:
    """Read a preset and change it as the command line says.

    Beside raw frames --size says what comes in, and what goes out only where nothing else does.
    """
    from animatex.config.loader import load_with_sources
    from animatex.config.overrides import Override
    from animatex.config.presets import preset_path
    from animatex.config.run import AnimateConfig

    path = preset_path(preset)
    if size is None:
        return load_with_sources(AnimateConfig, path, given)
    width, height = parse_size(size)
    flag = f"--size {size}"
    sized = [Override("canvas.width", str(width), flag), Override("canvas.height", str(height), flag)]
    if stream is None:
        given = [*given, *sized]
    else:
        given = [Override("clip.every", "1", f"--pix {stream.pix}"), *sized, *given]
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
    reference: Path,
    driving: Path,
    poses: Path | None,
    out: Path | None,
    preview: Path | None,
    stream: RawFormat | None,
) -> _Target:
    """Decide what is written, and refuse names that could not be."""
    from animatex.files import named_after
    from animatex.record import record_path, result_title

    if preview and preview.suffix.lower() != ".png":
        raise ConfigError(f"--preview {preview}: a contact sheet is a .png file")
    if out == raw.STREAM:
        raw.refuse_terminal()
        return _Target(out, None, preview)
    video = out or named_after(result_title(reference, driving, "frames" if stream else "poses"), ".mp4")
    if video.suffix.lower() not in ("", ".mp4", ".mov"):
        raise ConfigError(
            f"--out {video}: no video format is known for '{video.suffix}'",
            hint=".mp4 or .mov, or a name without suffix for a folder of PNG files.",
        )
    target = _Target(video, record_path(video), preview)
    read = {path.resolve() for path in (reference, driving, poses) if path}
    for path in target.files:
        if path.resolve() in read:
            raise InputError(f"{path} would be replaced, but it is read too", hint="another --out.")
    return target


def _write_preview(path: Path, inputs: ClipInputs, poses: PoseSequence, result: FrameSequence) -> None:
    from animatex.pose.draw import draw_poses
    from animatex.provenance.marks import SIDE_BY_SIDE
    from animatex.video.contact_sheet import Row, contact_sheet, spread
    from animatex.video.frames import FrameSequence
    from animatex.video.image import write_png

    numbers = spread(len(result), _COLUMNS)
    rows = [
        Row("pose", FrameSequence(draw_poses(poses.select(numbers)), result.fps)),
        Row("result", FrameSequence(result.frames[list(numbers)], result.fps)),
    ]
    if inputs.driving is not None:
        driving = FrameSequence(inputs.driving.frames[list(numbers)], inputs.driving.fps)
        rows.insert(0, Row("driving", driving))
    sheet = contact_sheet(inputs.reference, tuple(rows), columns=_COLUMNS, numbers=numbers)
    write_png(path, sheet, SIDE_BY_SIDE)


def _summary(plan: AnimationPlan) -> str:
    size = f"{plan.canvas.width} x {plan.canvas.height}"
    calls = f"{plan.evaluations} evaluation{'s' if plan.evaluations > 1 else ''}"
    return f"{plan.clip.reason}; {size}; {calls} on {plan.device.name} in {plan.dtype.name}"


def _report(
    frames: FrameSequence, inputs: ClipInputs, plan: AnimationPlan, asked: _Asked, timer: StageTimer
) -> dict[str, object]:
    from animatex.pose.extract import missing_frames

    return {
        **_written(asked.target),
        "frames": len(frames),
        "fps": plan.clip.fps,
        "width": frames.size.width,
        "height": frames.size.height,
        "seed": asked.config.seed,
        "preset": asked.preset,
        "device": plan.device.name,
        "dtype": plan.dtype.name,
        "reference_pose": inputs.pose_source,
        "missing": [[gap[0], gap[-1]] for gap in missing_frames(inputs.poses)],
        "evaluations": plan.evaluations,
        "seconds": timer.seconds(),
        "peak_memory_bytes": peak_memory(),
    }


def _written(target: _Target) -> dict[str, object]:
    return {
        "output": str(target.video),
        "record": str(target.record) if target.record else None,
        "preview": str(target.preview) if target.preview else None,
    }


def _show_plan(plan: AnimationPlan, asked: _Asked, files: list[Path]) -> None:
    from animatex.result import said

    config, target = asked.config, asked.target
    estimator = {"name": "file", "reason": "poses are given"}
    if plan.poses is None:
        from animatex.pose.backends import resolve_estimator

        chosen = resolve_estimator(config.pose, plan.weights, config.runtime.device)
        estimator = {"name": chosen.name, "reason": chosen.reason}
    if asked.json:
        console.print_json(
            {
                **_written(target),
                "frames": plan.clip.num_frames,
                "fps": plan.clip.fps,
                "width": plan.canvas.width,
                "height": plan.canvas.height,
                "seed": config.seed,
                "preset": asked.preset,
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
        ("preset", asked.preset),
        ("clip", plan.clip.reason),
        ("canvas", f"{plan.canvas.width} x {plan.canvas.height}"),
        ("windows", f"{len(plan.windows)} of at most {max(len(window) for window in plan.windows)} frames"),
        ("evaluations", str(plan.evaluations)),
        ("device", said(plan.device)),
        ("dtype", said(plan.dtype)),
        ("poses", f"{estimator['name']} ({estimator['reason']})"),
        ("weights", ", ".join(str(path) for path in files) or "random, drawn from the seed"),
        ("writes", ", ".join(map(str, target.files)) or "raw frames"),
    ]
    console.print_table(("", ""), rows)
