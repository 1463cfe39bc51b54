"""animatex pose extract: find one person's key points in a video or a picture."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from animatex.errors import ConfigError
from animatex.files import named_after
from animatex.measure import StageTimer
from animatex_cli import console, raw
from animatex_cli.options import Device, Force, Json, Preset, Quiet, Set, Weights, settings
from animatex_cli.pose.files import (
    PREVIEW_SIDE,
    STREAM,
    Draw,
    Out,
    Preview,
    check_outputs,
    load_preset,
    report,
    shown_frames,
    start_estimator,
    write_drawn,
    write_overlay,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np

    from animatex.config.overrides import Override
    from animatex.config.run import ClipSelection
    from animatex.pose.sequence import PoseSequence
    from animatex.progress import Progress
    from animatex.video.raw import RawFormat

_ESTIMATORS = (
    "Who looks; rtmlib's models are called lightweight, balanced and performance, their files lie in the "
    r"weights folder.  \[pose.estimator]"
)
_CLIP = "Clip"


def command(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="VIDEO|IMAGE",
            help="Video, folder of pictures, picture, or - for raw frames on standard input, with --pix.",
            show_default=False,
        ),
    ],
    out: Out = None,
    preview: Preview = None,
    draw: Draw = None,
    force: Force = False,
    preset: Preset = "mini",
    set_: Set = None,
    weights: Weights = None,
    device: Device = None,
    estimator: Annotated[
        str | None, typer.Option("--estimator", metavar="auto|mediapipe|dwpose|rtmlib:NAME", help=_ESTIMATORS)
    ] = None,
    person: Annotated[
        str | None,
        typer.Option("--person", metavar="largest|centre|first|N", help=r"Whom to follow.  \[pose.person]"),
    ] = None,
    no_smooth: Annotated[
        bool,
        typer.Option(
            "--no-smooth",
            help=r"Neither smooth nor fill gaps, as published.  \[pose.smooth.method, pose.smooth.max_gap]",
        ),
    ] = False,
    frames: Annotated[
        int | None,
        typer.Option("--frames", min=1, help="Frames to use; all by default.", rich_help_panel=_CLIP),
    ] = None,
    every: Annotated[
        int, typer.Option("--every", min=1, help="Take every n-th frame.", rich_help_panel=_CLIP)
    ] = 1,
    start: Annotated[int, typer.Option("--start", min=0, help="First frame.", rich_help_panel=_CLIP)] = 0,
    pix: Annotated[
        raw.PixelFormat | None,
        typer.Option("--pix", help="Pixel format of raw frames on standard input.", rich_help_panel=_CLIP),
    ] = None,
    size: Annotated[
        str | None,
        typer.Option("--size", metavar="WxH", help="Size of the raw frames.", rich_help_panel=_CLIP),
    ] = None,
    fps: Annotated[
        float | None,
        typer.Option("--fps", help="Frames per second of the raw frames.", rich_help_panel=_CLIP),
    ] = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Find one person's key points in a video or a picture."""
    flags = {
        "--device": ("runtime.device", device),
        "--estimator": ("pose.estimator", estimator),
        "--person": ("pose.person", person),
    }
    config = load_preset(preset, settings(set_, flags) + (_unsmoothed() if no_smooth else []))
    stream = _stream(source, pix, size, fps, preview)
    out = out or named_after(f"{'frames' if stream else source.resolve().stem}-poses", ".npz")
    check_outputs(out, preview, force, json, inputs=(source,), drawn=draw)

    with console.progress(quiet=quiet) as shown:
        timer = StageTimer(shown)
        from animatex.config.run import ClipSelection
        from animatex.pose.extract import estimate_poses, finish_poses, track_report
        from animatex.pose.io import write_poses

        selection = ClipSelection(frames=frames, every=every, start=start)
        if stream:
            pictures, total, rate, still = _streamed(stream, selection), None, stream.fps / every, False
        else:
            pictures, total, rate, still = _frames(source, selection)
        timer.start("starting the estimator")
        chosen = start_estimator(config, weights, still=still)
        timer.done()
        found = estimate_poses(pictures, rate, chosen.value, config.pose.person, timer, total)
        poses = finish_poses(found, config.pose, "standard input" if stream else source.name)
        track = track_report(found, poses, config.pose.score_threshold)
        # First of all what took long.
        write_poses(poses, out)
        if preview:
            _write_preview(preview, poses, source, selection, timer)
        if draw:
            write_drawn(draw, poses, timer)
    console.note(f"{chosen.name}: {chosen.reason}; {track}", quiet=quiet)
    if person is not None and chosen.name == "mediapipe":
        console.note(
            "mediapipe finds one person only, so --person has no choice; DWPose and rtmlib's models find all",
            quiet=quiet,
        )
    report(
        out,
        preview,
        json=json,
        quiet=quiet,
        drawn=draw,
        result={
            "output": str(out),
            "frames": len(poses),
            "detected": track.detected,
            "filled": [[gap[0], gap[-1]] for gap in track.filled],
            "missing": [[gap[0], gap[-1]] for gap in track.missing],
            "jitter": {"before": round(track.jitter, 2), "after": round(track.smoothed_jitter, 2)},
            "fps": poses.fps,
            "width": poses.canvas.width,
            "height": poses.canvas.height,
            "estimator": chosen.name,
            "reason": chosen.reason,
            "seconds": timer.seconds(),
        },
    )


def _stream(
    source: Path, pix: raw.PixelFormat | None, size: str | None, fps: float | None, preview: Path | None
) -> RawFormat | None:
    """Say what the raw frames on standard input are; None where there is a file instead."""
    given = {"--pix": pix, "--size": size, "--fps": fps}
    if source != STREAM:
        for flag, value in given.items():
            if value is not None:
                raise ConfigError(f"{flag} is of raw frames on standard input; {source} says it itself")
        return None
    if pix is None:
        raise ConfigError("- is raw frames on standard input, and needs --pix, --size and --fps")
    if preview:
        raise ConfigError(
            "--preview shows frames once their poses are known; those on standard input are gone by then",
            hint="--draw shows the skeletons on black.",
        )
    return raw.incoming(pix, size, fps)


def _streamed(form: RawFormat, selection: ClipSelection) -> Iterable[np.ndarray]:
    from animatex.video.raw import RawStream

    return RawStream(sys.stdin.buffer, form).choose(selection)


def _unsmoothed() -> list[str | Override]:
    from animatex.config.overrides import Override

    off = (("pose.smooth.method", "none"), ("pose.smooth.max_gap", "0"))
    return [Override(key, value, "--no-smooth") for key, value in off]


def _frames(source: Path, selection: ClipSelection) -> tuple[Iterable[np.ndarray], int, float, bool]:
    """Open a video or a picture: its frames one by one, how many, how fast, and whether it is a picture."""
    from animatex.video.image import is_image, read_image
    from animatex.video.reader import iterate_frames, probe
    from animatex.video.sampling import plan_clip

    if source.is_file() and is_image(source):
        given = {"--frames": selection.frames not in (None, 1), "--every": selection.every != 1}
        for flag, is_given in (given | {"--start": selection.start != 0}).items():
            if is_given:
                raise ConfigError(f"{flag} is of a video, and {source} is one picture")
        return [read_image(source).rgb], 1, 1.0, True
    plan = plan_clip(probe(source), selection)
    return iterate_frames(source, plan.frames), plan.num_frames, plan.fps, False


def _write_preview(
    preview: Path, poses: PoseSequence, source: Path, selection: ClipSelection, progress: Progress
) -> None:
    """Show the skeletons over the frames they were found in."""
    from animatex.video.frames import FrameSequence, FrameStream
    from animatex.video.image import is_image, read_image
    from animatex.video.reader import iterate_frames, probe
    from animatex.video.sampling import plan_clip

    frames: FrameSequence | FrameStream
    if source.is_file() and is_image(source):
        frames = FrameSequence(read_image(source).rgb[None], 1.0)
    else:
        info = probe(source)
        plan = plan_clip(info, selection)
        chosen = [plan.frames[place] for place in shown_frames(preview, plan.num_frames)]
        read = iterate_frames(info, chosen, max_side=PREVIEW_SIDE)
        frames = FrameStream(read, len(chosen), info.size.within(PREVIEW_SIDE), poses.fps)
    write_overlay(preview, poses, frames, progress)
