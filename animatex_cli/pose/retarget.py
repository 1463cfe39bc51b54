"""animatex pose retarget: put a performer's motion on a character's body."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from animatex.errors import ConfigError
from animatex.files import named_after
from animatex.measure import StageTimer
from animatex_cli import console
from animatex_cli.options import (
    Anchor,
    Box,
    Device,
    Force,
    Json,
    Preset,
    Quiet,
    Scale,
    Set,
    Shift,
    Weights,
    place_flags,
    settings,
)
from animatex_cli.pose.files import (
    STREAM,
    Draw,
    Out,
    Preview,
    check_outputs,
    load_preset,
    report,
    start_estimator,
    write_drawn,
    write_overlay,
)

if TYPE_CHECKING:
    import numpy as np

    from animatex.config.run import AnimateConfig, RetargetConfig
    from animatex.pose.estimator import DetectedPoses
    from animatex.pose.sequence import PoseSequence
    from animatex.progress import Progress
    from animatex.reference import CharacterPose
    from animatex.rig.rig import Rig
    from animatex.video.frames import FrameSequence, Size
    from animatex.video.image import ReferenceImage


class _Character(NamedTuple):
    """Whom the motion is for.

    Attributes:
        picture: One frame; black where there is none.
        pose: In pixels of the picture; one frame.
        reason: Who says so, in words.
        is_seen: Whether that pose is the character's; else it is the performer's, put where it should be.
        neckless: Whether head and body are one block.
    """

    picture: FrameSequence
    pose: PoseSequence
    reason: str
    is_seen: bool
    neckless: bool


def command(
    poses: Annotated[
        Path,
        typer.Argument(
            metavar="POSES", help="Pose file, or - for JSON Lines on standard input.", show_default=False
        ),
    ],
    to: Annotated[
        Path,
        typer.Option(
            "--to",
            metavar="IMAGE|POSES",
            help="The character, or its pose: of several frames the first of those with the most joints.",
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
    method: Annotated[
        str | None,
        typer.Option(
            "--method",
            metavar="none|similarity|bones|combined|learned|unianimate|musepose|wan",
            help=r"\[retarget.method]",
        ),
    ] = None,
    strength: Annotated[
        float | None,
        typer.Option(
            "--strength", help=r"0: the performer's proportions, 1: the character's.  \[retarget.strength]"
        ),
    ] = None,
    anchor: Anchor = None,
    scale: Scale = None,
    shift: Shift = None,
    box: Box = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Put a performer's motion on a character's body."""
    flags = {
        "--device": ("runtime.device", device),
        "--method": ("retarget.method", method),
        "--strength": ("retarget.strength", strength),
        **place_flags(anchor, scale, shift, box),
    }
    config = load_preset(preset, settings(set_, flags))
    if to == STREAM:
        raise ConfigError("--to - cannot be used: only POSES may be standard input", hint="name a file.")
    stem = "poses" if poses == STREAM else poses.stem
    out = out or named_after(f"{stem}-on-{to.stem}", ".npz")
    check_outputs(out, preview, force, json, inputs=(poses, to), drawn=draw)

    with console.progress(quiet=quiet) as shown:
        timer = StageTimer(shown)
        from animatex.pose.io import read_poses, write_poses
        from animatex.pose.placing import correct

        performer = read_poses(poses)
        character = _find_character(to, performer, config, weights, timer)
        timer.start("retargeting")
        moved = _put_on(performer, character, config.retarget, weights)
        moved = correct(moved, config.retarget)
        timer.done()
        write_poses(moved, out)
        if preview:
            write_overlay(preview, moved, character.picture, timer)
        if draw:
            write_drawn(draw, moved, timer)
    console.note(character.reason, quiet=quiet)
    report(
        out,
        preview,
        json=json,
        quiet=quiet,
        drawn=draw,
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


def _put_on(
    performer: PoseSequence, character: _Character, config: RetargetConfig, weights: Path | None
) -> PoseSequence:
    """Retarget, without PyTorch where no network is asked: the performer's own body needs no correction."""
    if config.method != "learned" or not character.is_seen:
        from animatex.pose.retarget import retarget

        return retarget(performer, character.pose, config, neckless=character.neckless)
    from animatex.animate import load_retargeting_network
    from animatex.retargeting.learned import put_on

    network = load_retargeting_network(config, weights)
    return put_on(performer, character.pose, config, network, neckless=character.neckless)


def _find_character(
    to: Path, performer: PoseSequence, config: AnimateConfig, weights: Path | None, progress: Progress
) -> _Character:
    """Read the character's pose, or find it in the picture."""
    import numpy as np

    from animatex.pose.io import holds_poses, read_poses
    from animatex.video.frames import FrameSequence

    if holds_poses(to):
        given, box = read_poses(to, fps=1.0, person=config.pose.person), config.retarget.box
        chosen = given.most_complete()
        pose = given.select([chosen]) if box is None else _in_box(performer, box, given.canvas)
        frame = f", frame {chosen} of {len(given)}" if box is None and len(given) > 1 else ""
        black = FrameSequence(np.zeros((1, *pose.canvas, 3), np.uint8), 1.0)
        return _Character(black, pose, f"pose read from {to}{frame}", is_seen=box is None, neckless=False)
    from animatex.reference import read_character

    image = read_character(to)
    progress.start("looking at the character", 1)
    found, neckless = _pose_in_picture(image, performer, config, weights)
    progress.done()
    picture = FrameSequence(image.rgb[None], 1.0)
    return _Character(picture, found.pose, f"pose of {to.name}: {found.source}", found.is_seen, neckless)


def _in_box(performer: PoseSequence, box: tuple[float, float, float, float], canvas: Size) -> PoseSequence:
    from animatex.reference import box_on_canvas, pose_in_box
    from animatex.video.fit import plan_fit

    given = box_on_canvas(box, plan_fit(canvas, canvas, "stretch"))
    assert given is not None
    return pose_in_box(performer, given, canvas)


def _pose_in_picture(
    image: ReferenceImage, performer: PoseSequence, config: AnimateConfig, weights: Path | None
) -> tuple[CharacterPose, bool]:
    """Find the pose, in pixels of the picture, and say whether head and body are one block."""
    from dataclasses import replace

    from animatex.codec.motion.cropped import without_cut_ends
    from animatex.reference import find_character, place_reference
    from animatex.video.fit import plan_fit
    from animatex.video.frames import Size

    def estimate(frame: np.ndarray) -> DetectedPoses:
        return start_estimator(config, weights, still=True).value(frame)

    # The performer's own pose, which some presets animate with, says nothing about the character's body.
    if config.pose.reference_pose == "driving":
        config = config.model_copy(
            update={"pose": config.pose.model_copy(update={"reference_pose": "detect"})}
        )
    canvas = Size(config.canvas.height, config.canvas.width)
    fit = plan_fit(image.size, canvas, config.canvas.fit)
    picture, alpha = place_reference(image, fit, config.pictures.filter)
    rig = _take_apart(picture, alpha, config, weights)
    found = find_character(picture, alpha, fit, rig, performer, estimate, config)
    pose = found.pose if rig is None else without_cut_ends(found.pose, rig.parts.argmax(0))
    pose = replace(pose, keypoints=fit.points_to_source(pose.keypoints), canvas=image.size)
    found = found._replace(pose=pose)
    if rig is None:
        return found, False
    from animatex.rig.neck import is_neckless

    return found, is_neckless(rig)


def _take_apart(
    picture: np.ndarray, alpha: np.ndarray | None, config: AnimateConfig, weights: Path | None
) -> Rig | None:
    """Run the rig network, where the preset has one and its weights are installed."""
    from animatex.checkpoints.catalogue import locate_weights
    from animatex.config.model import MotionCodecConfig

    codec = config.codec
    asked = config.pose.reference_pose != "detect" and config.retarget.box is None
    if not (asked and isinstance(codec, MotionCodecConfig)):
        return None
    file = locate_weights(codec.checkpoint, weights) if codec.checkpoint else None
    if file is None:
        return None
    from animatex.checkpoints.load import load_rig
    from animatex.rig.rig import read_rig

    return read_rig(picture, load_rig(file, codec.rig), alpha)
