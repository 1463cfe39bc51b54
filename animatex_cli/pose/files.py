"""What the pose commands share: their settings, the files they write, what they say at the end."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from animatex.errors import BackendError, ConfigError, InputError
from animatex_cli import console

if TYPE_CHECKING:
    from collections.abc import Sequence

    from animatex.config.overrides import Override
    from animatex.config.run import AnimateConfig
    from animatex.pose.estimator import PoseEstimator
    from animatex.pose.sequence import PoseSequence
    from animatex.progress import Progress
    from animatex.runtime import Resolved
    from animatex.video.frames import FrameSequence, FrameStream

STREAM = Path("-")
PREVIEW_SIDE = 768
_COLUMNS = 8
_OUTPUT = "Output"

Out = Annotated[
    Path | None,
    typer.Option(
        "--out",
        "-o",
        metavar="FILE|DIR",
        help="Pose file to write (.npz, .jsonl, OpenPose's .json), a folder for a .json a frame, "
        "or - for JSON Lines on standard output.",
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

Draw = Annotated[
    Path | None,
    typer.Option(
        "--draw",
        metavar="FILE|DIR",
        help="Also write the skeletons on black, as ComfyUI and others take them: a video (.mp4) or a folder "
        "of PNG files.",
        rich_help_panel=_OUTPUT,
    ),
]


def load_preset(preset: str, overrides: list[str | Override]) -> AnimateConfig:
    """Read a preset and change it as the command line says."""
    from animatex.config.loader import load_config
    from animatex.config.presets import preset_path
    from animatex.config.run import AnimateConfig

    return load_config(AnimateConfig, preset_path(preset), overrides)


def weights_folder(folder: Path | None) -> Path:
    """Give the folder of weights that was named, else the usual one."""
    from animatex.checkpoints.catalogue import default_folder

    return folder or default_folder()


def start_estimator(config: AnimateConfig, weights: Path | None, *, still: bool) -> Resolved[PoseEstimator]:
    """Start the pose estimator that a preset asks for, on the device that it asks for.

    Raises:
        BackendError: One of the two does not work here.
    """
    from animatex.pose.backends import resolve_estimator

    device = config.runtime.device
    chosen = resolve_estimator(config.pose, weights_folder(weights), device, still=still)
    if chosen.name == "mediapipe" and device not in ("auto", "cpu"):
        raise BackendError(
            f"device '{device}' does not work here: MediaPipe runs on the processor only",
            hint="--device cpu, or --estimator dwpose or rtmlib:NAME.",
        )
    return chosen


def check_outputs(
    out: Path | None,
    preview: Path | None,
    force: bool,
    json: bool,
    inputs: tuple[Path, ...],
    drawn: Path | None = None,
) -> None:
    """Refuse what could not be written, before minutes are spent on it."""
    from animatex.files import check_apart, check_output
    from animatex.pose.io import check_pose_name
    from animatex.video.writer import VIDEO_SUFFIXES

    check_apart(None if out == STREAM else out, preview, drawn)
    for path in filter(None, (out, preview, drawn)):
        if path != STREAM and any(path.exists() and each.exists() and path.samefile(each) for each in inputs):
            raise InputError(f"{path} is an input of this run", hint="another --out.")
    if out == STREAM:
        if json:
            raise ConfigError("--json and --out - both write to standard output", hint="use one of them.")
    elif out:
        check_pose_name(out)
        check_output(out, force=force)
    if preview and preview.suffix.lower() not in (".png", *VIDEO_SUFFIXES):
        raise ConfigError(f"--preview {preview}: needs a name that ends in .mp4 or .png")
    if drawn and drawn.suffix.lower() not in ("", *VIDEO_SUFFIXES):
        raise ConfigError(f"--draw {drawn}: needs a name that ends in .mp4, or a folder's")
    for path in filter(None, (preview, drawn)):
        check_output(path, force=force)


def shown_frames(preview: Path, num_frames: int) -> Sequence[int]:
    """Say which frames a preview shows: a video all of them, a contact sheet some."""
    from animatex.video.contact_sheet import spread

    return spread(num_frames, _COLUMNS) if preview.suffix.lower() == ".png" else range(num_frames)


def write_overlay(
    preview: Path, poses: PoseSequence, frames: FrameSequence | FrameStream, progress: Progress
) -> None:
    """Write the skeletons over the frames: a video, or a picture where the name ends with .png.

    Args:
        preview: The file.
        poses: All poses.
        frames: The frames that `shown_frames` says, or one that serves for all.
        progress: Told of each frame.
    """
    from animatex.pose.draw import overlay_poses, stream_overlay
    from animatex.provenance.marks import DRAWN_OVER
    from animatex.video.contact_sheet import Row, contact_sheet
    from animatex.video.fit import resize
    from animatex.video.frames import FrameSequence
    from animatex.video.image import write_png
    from animatex.video.writer import write_video

    still = None
    if isinstance(frames, FrameSequence) and len(frames) == 1 < len(poses):
        still = resize(frames.frames[0], frames.size.within(PREVIEW_SIDE))
        frames = FrameSequence(still[None], frames.fps)
    shown = shown_frames(preview, len(poses))
    chosen = poses.select(shown)
    if preview.suffix.lower() != ".png":
        write_video(preview, stream_overlay(frames, chosen), marks=DRAWN_OVER, progress=progress)
    elif len(poses) == 1:
        write_png(preview, overlay_poses(frames, chosen).frames[0], DRAWN_OVER)
    else:
        row = Row("poses", overlay_poses(frames, chosen))
        write_png(preview, contact_sheet(still, (row,), columns=_COLUMNS, numbers=shown), DRAWN_OVER)


def write_drawn(drawn: Path, poses: PoseSequence, progress: Progress) -> None:
    """Write the skeletons on black: a video, or a folder of pictures where the name has no suffix."""
    from animatex.pose.draw import stream_drawings
    from animatex.provenance.marks import DRAWN
    from animatex.video.writer import write_video

    write_video(drawn, stream_drawings(poses), marks=DRAWN, progress=progress)


def report(
    out: Path | None,
    preview: Path | None,
    *,
    json: bool,
    quiet: bool,
    result: dict[str, object],
    drawn: Path | None = None,
) -> None:
    """Name the files that were written, or all of the result as JSON."""
    if json:
        others = {"preview": preview, "drawn": drawn}
        console.print_json(result | {name: str(path) if path else None for name, path in others.items()})
    elif not quiet and out != STREAM:
        for path in filter(None, (out, preview, drawn)):
            console.print_text(str(path))
