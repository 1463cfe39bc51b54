"""animatex pose: key points out of videos and pictures, and onto other bodies."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from animatex.errors import ConfigError, InputError
from animatex_cli import console
from animatex_cli.measure import StageTimer
from animatex_cli.options import Device, Force, Json, Preset, Quiet, Set, Weights, settings

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np

    from animatex.config.overrides import Override
    from animatex.config.run import AnimateConfig, ClipSelection
    from animatex.pose.sequence import PoseSequence
    from animatex.progress import Progress
    from animatex.rig.rig import Rig
    from animatex.video.frames import FrameSequence
    from animatex.video.image import ReferenceImage

app = typer.Typer(help="Find key points, and move them onto another body.", no_args_is_help=True)

_CLIP = "Clip"
_OUTPUT = "Output"
_STREAM = Path("-")
_PREVIEW_SIDE = 768

Out = Annotated[
    Path | None,
    typer.Option(
        "--out",
        "-o",
        metavar="FILE",
        help="Pose file to write (.npz, .jsonl, OpenPose's .json), or - for JSON Lines on standard output.",
        show_default=False,
        rich_help_panel=_OUTPUT,
    ),
]
Preview = Annotated[
    Path | None,
    typer.Option(
        "--preview",
        metavar="FILE",
        help="Also write the skeletons over the pictures: a video (.mp4) or a contact sheet (.png).",
        rich_help_panel=_OUTPUT,
    ),
]


@app.command("extract")
def extract(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="VIDEO|IMAGE", help="Video, folder of pictures, or picture.", show_default=False
        ),
    ],
    out: Out = None,
    preview: Preview = None,
    force: Force = False,
    preset: Preset = "mini",
    set_: Set = None,
    weights: Weights = None,
    device: Device = None,
    estimator: Annotated[
        str | None, typer.Option("--estimator", metavar="auto|mediapipe|dwpose", help=r"\[pose.estimator]")
    ] = None,
    person: Annotated[
        str | None,
        typer.Option("--person", metavar="largest|centre|first|N", help=r"Whom to follow.  \[pose.person]"),
    ] = None,
    frames: Annotated[
        int | None,
        typer.Option("--frames", min=1, help="Frames to use; all by default.", rich_help_panel=_CLIP),
    ] = None,
    every: Annotated[
        int, typer.Option("--every", min=1, help="Take every n-th frame.", rich_help_panel=_CLIP)
    ] = 1,
    start: Annotated[int, typer.Option("--start", min=0, help="First frame.", rich_help_panel=_CLIP)] = 0,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Find one person's key points in a video or a picture."""
    flags = {
        "--device": ("runtime.device", device),
        "--estimator": ("pose.estimator", estimator),
        "--person": ("pose.person", person),
    }
    config = _load(preset, settings(set_, flags))
    out = out or Path(f"{source.resolve().stem}-poses.npz")
    _check_outputs(out, preview, force, json, inputs=(source,))

    with console.progress(quiet=quiet) as shown:
        timer = StageTimer(shown)
        from animatex.config.run import ClipSelection
        from animatex.pose.estimator import resolve_estimator
        from animatex.pose.extract import detected_frames, estimate_poses, finish_poses
        from animatex.pose.io import write_poses

        selection = ClipSelection(frames=frames, every=every, start=start)
        pictures, total, fps, still = _frames(source, selection)
        timer.start("starting the estimator")
        chosen = resolve_estimator(config.pose, _weights(weights), config.runtime.device, still=still)
        timer.done()
        raw = estimate_poses(pictures, fps, chosen.value, config.pose.person, timer, total)
        seen = int(detected_frames(raw.hidden(~raw.visible(config.pose.score_threshold))).sum())
        poses = finish_poses(raw, config.pose, source.name)
        if preview:
            _write_preview(preview, poses, source, selection, timer)
        write_poses(poses, out)
    console.note(f"{chosen.name}: {chosen.reason}; a person in {seen} of {len(poses)} frames", quiet=quiet)
    _report(
        out,
        preview,
        json=json,
        quiet=quiet,
        result={
            "output": str(out),
            "frames": len(poses),
            "detected": seen,
            "fps": poses.fps,
            "width": poses.canvas.width,
            "height": poses.canvas.height,
            "estimator": chosen.name,
            "seconds": timer.seconds(),
        },
    )


@app.command("retarget")
def retarget(
    poses: Annotated[
        Path,
        typer.Argument(
            metavar="POSES", help="Pose file, or - for JSON Lines on standard input.", show_default=False
        ),
    ],
    to: Annotated[
        Path,
        typer.Option("--to", metavar="IMAGE|POSES", help="The character, or its pose.", show_default=False),
    ],
    out: Out = None,
    preview: Preview = None,
    force: Force = False,
    preset: Preset = "mini",
    set_: Set = None,
    weights: Weights = None,
    device: Device = None,
    method: Annotated[
        str | None,
        typer.Option(
            "--method",
            metavar="none|similarity|bones|combined|unianimate|musepose|wan",
            help=r"\[retarget.method]",
        ),
    ] = None,
    strength: Annotated[
        float | None,
        typer.Option(
            "--strength", help=r"0: the performer's proportions, 1: the character's.  \[retarget.strength]"
        ),
    ] = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Put a performer's motion on a character's body."""
    flags = {
        "--device": ("runtime.device", device),
        "--method": ("retarget.method", method),
        "--strength": ("retarget.strength", strength),
    }
    config = _load(preset, settings(set_, flags))
    if to == _STREAM:
        raise ConfigError("--to - cannot be used: only POSES may be standard input", hint="name a file.")
    stem = "poses" if poses == _STREAM else poses.stem
    out = out or Path(f"{stem}-on-{to.stem}.npz")
    _check_outputs(out, preview, force, json, inputs=(poses, to))

    with console.progress(quiet=quiet) as shown:
        timer = StageTimer(shown)
        from animatex.pose.io import read_poses, write_poses
        from animatex.pose.retarget import retarget as put_on

        performer = read_poses(poses)
        picture, character, reason = _character(to, performer, config, weights, timer)
        timer.start("retargeting")
        moved = put_on(performer, character, config.retarget)
        timer.done()
        if preview:
            _write_overlay(preview, moved, picture, timer)
        write_poses(moved, out)
    console.note(reason, quiet=quiet)
    _report(
        out,
        preview,
        json=json,
        quiet=quiet,
        result={
            "output": str(out),
            "frames": len(moved),
            "fps": moved.fps,
            "width": moved.canvas.width,
            "height": moved.canvas.height,
            "method": config.retarget.method,
            "seconds": timer.seconds(),
        },
    )


def _load(preset: str, overrides: list[str | Override]) -> AnimateConfig:
    from animatex.config.loader import load_config
    from animatex.config.presets import preset_path
    from animatex.config.run import AnimateConfig

    return load_config(AnimateConfig, preset_path(preset), overrides)


def _check_outputs(
    out: Path, preview: Path | None, force: bool, json: bool, inputs: tuple[Path, ...]
) -> None:
    """Refuse what could not be written, before minutes are spent on it."""
    from animatex.files import check_output
    from animatex.pose.io import SUFFIXES

    if out == _STREAM:
        if json:
            raise ConfigError("--json and --out - both write to standard output", hint="use one of them.")
    else:
        if out.suffix.lower() not in SUFFIXES:
            raise InputError(
                f"{out} is no name for a pose file", hint=f"name it with one of {', '.join(SUFFIXES)}."
            )
        check_output(out, force=force)
    if preview:
        check_output(preview, force=force)
    for path in filter(None, (out, preview)):
        if path != _STREAM and any(
            path.exists() and each.exists() and path.samefile(each) for each in inputs
        ):
            raise InputError(f"{path} is an input of this run", hint="another --out.")


def _weights(folder: Path | None) -> Path:
    from animatex.checkpoints.catalogue import default_folder

    return folder or default_folder()


def _frames(source: Path, selection: ClipSelection) -> tuple[Iterable[np.ndarray], int, float, bool]:
    """Open a video or a picture: its frames one by one, how many, how fast, and whether it is a picture."""
    from animatex.video.image import is_image, read_image
    from animatex.video.reader import iterate_frames, probe
    from animatex.video.sampling import plan_clip

    if source.is_file() and is_image(source):
        return [read_image(source).rgb], 1, 1.0, True
    plan = plan_clip(probe(source), selection)
    return iterate_frames(source, plan.frames), plan.num_frames, plan.fps, False


def _character(
    to: Path, performer: PoseSequence, config: AnimateConfig, weights: Path | None, progress: Progress
) -> tuple[FrameSequence, PoseSequence, str]:
    """Find the character's picture (black where there is none), its pose there, and who says so."""
    import numpy as np

    from animatex.pose.io import SUFFIXES, read_poses
    from animatex.pose.proportions import extent
    from animatex.video.frames import FrameSequence
    from animatex.video.image import read_image

    if to.is_dir() or to.suffix.lower() in SUFFIXES:
        pose = read_poses(to, fps=1.0)
        return FrameSequence(np.zeros((1, *pose.canvas, 3), np.uint8), 1.0), pose, f"pose read from {to}"
    image = read_image(to)
    progress.start("looking at the character", 1)
    pose, source = _pose_in_picture(image, performer, config, weights)
    progress.done()
    reason = f"pose of {to.name} from {source}"
    if extent(pose) is None:
        reason = f"no pose was found in {to.name}: the performer is fitted into the picture"
    return FrameSequence(image.rgb[None], 1.0), pose, reason


def _pose_in_picture(
    image: ReferenceImage, performer: PoseSequence, config: AnimateConfig, weights: Path | None
) -> tuple[PoseSequence, str]:
    from dataclasses import replace

    from animatex.pose.estimator import resolve_estimator
    from animatex.reference import choose_reference_pose, place_reference
    from animatex.video.fit import plan_fit
    from animatex.video.frames import Size

    canvas = Size(config.canvas.height, config.canvas.width)
    fit = plan_fit(image.size, canvas, config.canvas.fit)
    picture, alpha = place_reference(image, fit)
    rig = _take_apart(picture, alpha, config, weights)
    estimator = resolve_estimator(config.pose, _weights(weights), config.runtime.device, still=True)
    # The performer's own pose, which some presets animate with, says nothing about the character's body.
    wanted = "detect" if config.pose.reference_pose == "driving" else config.pose.reference_pose
    pose_config = config.pose.model_copy(update={"reference_pose": wanted})
    pose = choose_reference_pose(picture, rig, performer, estimator.value, pose_config)
    there = replace(pose, keypoints=fit.points_to_source(pose.keypoints), canvas=image.size)
    return there, estimator.name if rig is None else f"the rig and {estimator.name}"


def _take_apart(
    picture: np.ndarray, alpha: np.ndarray | None, config: AnimateConfig, weights: Path | None
) -> Rig | None:
    """Run the rig network, where the preset has one and its weights are installed."""
    from animatex.checkpoints.catalogue import locate_weights
    from animatex.config.model import MotionCodecConfig

    codec = config.codec
    if not isinstance(codec, MotionCodecConfig) or config.pose.reference_pose == "detect":
        return None
    file = locate_weights(codec.checkpoint, weights) if codec.checkpoint else None
    if file is None:
        return None
    from animatex.checkpoints.load import load_rig
    from animatex.rig.rig import read_rig

    return read_rig(picture, load_rig(file, codec.rig), alpha)


def _write_preview(
    preview: Path, poses: PoseSequence, source: Path, selection: ClipSelection, progress: Progress
) -> None:
    """Show the skeletons over the frames they were found in."""
    from animatex.video.frames import FrameSequence
    from animatex.video.image import is_image, read_image
    from animatex.video.reader import probe, read_video
    from animatex.video.sampling import plan_clip

    if source.is_file() and is_image(source):
        frames = FrameSequence(read_image(source).rgb[None], 1.0)
    else:
        chosen = plan_clip(probe(source), selection).frames
        frames = read_video(source, chosen, fps=poses.fps, max_side=_PREVIEW_SIDE, progress=progress)
    _write_overlay(preview, poses, frames, progress)


def _write_overlay(preview: Path, poses: PoseSequence, frames: FrameSequence, progress: Progress) -> None:
    from animatex.pose.draw import overlay_poses
    from animatex.video.contact_sheet import Row, contact_sheet
    from animatex.video.image import write_png
    from animatex.video.writer import write_video

    overlay = overlay_poses(frames, poses)
    if preview.suffix.lower() != ".png":
        write_video(preview, overlay, progress=progress)
    elif len(overlay) == 1:
        write_png(preview, overlay.frames[0])
    else:
        write_png(preview, contact_sheet(frames.frames[0], (Row("poses", overlay),)))


def _report(out: Path, preview: Path | None, *, json: bool, quiet: bool, result: dict[str, object]) -> None:
    if json:
        console.print_json({**result, "preview": str(preview) if preview else None})
    elif not quiet and out != _STREAM:
        for path in filter(None, (out, preview)):
            console.print_text(str(path))
