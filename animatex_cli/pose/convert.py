"""animatex pose convert: poses from one format into another."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from animatex.errors import ConfigError
from animatex.files import named_after
from animatex.measure import StageTimer
from animatex_cli import console
from animatex_cli.options import Force, Json, Quiet, parse_size
from animatex_cli.pose.files import STREAM, Draw, Out, check_outputs, report, write_drawn

if TYPE_CHECKING:
    from animatex.pose.extract import Person
    from animatex.video.frames import Size

_INPUT = "Input"


def command(
    poses: Annotated[
        Path,
        typer.Argument(
            metavar="POSES",
            help="Pose file (.npz, .jsonl, OpenPose's .json, DWPose's .pkl), folder of OpenPose's files, "
            "or - for JSON Lines on standard input.",
            show_default=False,
        ),
    ],
    out: Out = None,
    draw: Draw = None,
    force: Force = False,
    fps: Annotated[
        float | None,
        typer.Option(
            "--fps", min=0.001, help="Frames per second, for files that do not say.", rich_help_panel=_INPUT
        ),
    ] = None,
    size: Annotated[
        str | None,
        typer.Option(
            "--size",
            metavar="WxH",
            help="Size of the pictures, for files that do not say.",
            rich_help_panel=_INPUT,
        ),
    ] = None,
    person: Annotated[
        str,
        typer.Option(
            "--person",
            metavar="largest|centre|first|N",
            help="Whom to follow in files with several people.",
            rich_help_panel=_INPUT,
        ),
    ] = "first",
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Read poses in one format and write them in another, unchanged."""
    stem = "poses" if poses == STREAM else poses.resolve().stem
    out = out or named_after(stem, ".npz")
    whom, canvas = _person(person), _size(size)
    check_outputs(out, None, force, json, inputs=(poses,), drawn=draw)

    with console.progress(quiet=quiet) as shown:
        timer = StageTimer(shown)
        from animatex.pose.io import read_poses, write_poses

        timer.start("reading")
        read = read_poses(poses, canvas=canvas, fps=fps, person=whom)
        timer.done()
        if fps is not None and read.fps != fps:
            console.note(f"{poses} says {read.fps:g} frames a second, so --fps is not asked", quiet=quiet)
        if canvas is not None and read.canvas != canvas:
            said = f"{read.canvas.width}x{read.canvas.height}"
            console.note(f"{poses} says {said} pixels, so --size is not asked", quiet=quiet)
        write_poses(read, out)
        if draw:
            write_drawn(draw, read, timer)
    report(
        out,
        None,
        json=json,
        quiet=quiet,
        drawn=draw,
        result={
            "output": str(out),
            "frames": len(read),
            "fps": read.fps,
            "width": read.canvas.width,
            "height": read.canvas.height,
            "seconds": timer.seconds(),
        },
    )


def _person(text: str) -> Person:
    named: dict[str, Person] = {"largest": "largest", "centre": "centre", "first": "first"}
    if text in named or text.isdecimal():
        return named[text] if text in named else int(text)
    raise ConfigError(
        f"--person {text}: needs largest, centre, first or a number", hint="people are counted from 0."
    )


def _size(text: str | None) -> Size | None:
    from animatex.video.frames import Size

    return None if text is None else Size(*reversed(parse_size(text)))
