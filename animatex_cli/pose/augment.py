"""animatex pose augment: what training sees of a clip's poses."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from animatex.errors import ConfigError
from animatex.measure import StageTimer
from animatex_cli import console
from animatex_cli.options import Force, Json, Quiet, Seed, Set, settings
from animatex_cli.pose.files import Draw, check_outputs, report, write_drawn

if TYPE_CHECKING:
    from animatex.config.overrides import Override
    from animatex.config.run import EpiConfig, TrainConfig
    from animatex.epi.transform import Transformed
    from animatex.pose.sequence import PoseSequence

_OUTPUT = "Output"
_COLUMNS = 8


class Group(StrEnum):
    """What can be left out, by the names of the paper's ablation."""

    realign = "realign"
    add = "add"
    drop = "drop"
    bs = "bs"
    nf = "nf"
    al = "al"


def command(
    poses: Annotated[
        Path,
        typer.Argument(
            metavar="POSES",
            help="Pose file in any format, or - for JSON Lines on standard input.",
            show_default=False,
        ),
    ],
    preview: Annotated[
        Path | None,
        typer.Option(
            "--preview",
            metavar="FILE",
            help="Contact sheet (.png): the poses as they are, and each draw with what was drawn.",
            rich_help_panel=_OUTPUT,
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            metavar="FILE|DIR",
            help="Pose file for the first draw, or - for JSON Lines on standard output.",
            rich_help_panel=_OUTPUT,
        ),
    ] = None,
    draw: Draw = None,
    force: Force = False,
    draws: Annotated[int, typer.Option("--draws", min=1, max=50, help="How many draws to show.")] = 5,
    without: Annotated[
        list[Group] | None,
        typer.Option(
            "--without",
            help="Leave changes out: another's body (realign), added limbs (add), dropped parts (drop), "
            "lengths of body and shoulders (bs), neck and face (nf), arms and legs (al). Repeatable.",
        ),
    ] = None,
    pool: Annotated[
        Path | None,
        typer.Option(
            "--pool",
            metavar="DIR",
            help="Folder of pose files whose bodies are the anchors; else the recipe's.",
            show_default=False,
        ),
    ] = None,
    preset: Annotated[
        str,
        typer.Option(
            "--preset",
            metavar="NAME|FILE",
            help="Training recipe whose pose indicator is shown.",
            rich_help_panel="Settings",
        ),
    ] = "mini-train",
    set_: Set = None,
    seed: Seed = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Show what training makes of a clip's poses: the motion on other bodies (Explicit Pose Indicator)."""
    if not (preview or out or draw):
        raise ConfigError("there is nothing to write", hint="--preview sheet.png, for instance.")
    if preview and preview.suffix.lower() != ".png":
        raise ConfigError(f"--preview {preview}: a contact sheet is a .png file")
    config = _recipe(preset, settings(set_, {"--seed": ("seed", seed)}))
    epi = _indicator(config, preset, without or [], pool)
    check_outputs(out, preview, force, json, inputs=(poses,), drawn=draw)

    with console.progress(quiet=quiet) as shown:
        timer = StageTimer(shown)
        import numpy as np

        from animatex.epi.pool import open_pool
        from animatex.epi.transform import transform
        from animatex.pose.io import read_poses, write_poses

        clip = read_poses(poses)
        anchors = open_pool(epi.pool, config.seed, clip.canvas)
        rng = np.random.default_rng(config.seed)
        timer.start("drawing", draws)
        drawn = []
        for _ in range(draws):
            drawn.append(transform(clip, anchors, epi, rng))
            timer.advance()
        timer.done()
        if out:
            write_poses(drawn[0].poses, out)
        if preview:
            _write_sheet(preview, clip, drawn)
        if draw:
            write_drawn(draw, drawn[0].poses, timer)
    for number, each in enumerate(drawn, start=1):
        console.note(f"draw {number}: {_said(each)}", quiet=quiet)
    report(
        out,
        preview,
        json=json,
        quiet=quiet,
        drawn=draw,
        result={
            "output": str(out) if out else None,
            "frames": len(clip),
            "seed": config.seed,
            "draws": [list(each.words()) for each in drawn],
            "seconds": timer.seconds(),
        },
    )


def _recipe(preset: str, overrides: list[str | Override]) -> TrainConfig:
    from animatex.config.loader import load_config
    from animatex.config.presets import preset_path
    from animatex.config.run import TrainConfig

    return load_config(TrainConfig, preset_path(preset), overrides)


def _indicator(config: TrainConfig, preset: str, without: list[Group], pool: Path | None) -> EpiConfig:
    """Find the recipe's pose indicator and change it as the command line says."""
    from animatex.config.run import DenoiserStage

    found = [stage.epi for stage in config.stages if isinstance(stage, DenoiserStage)]
    if not found:
        raise ConfigError(
            f"--preset {preset}: the recipe has no stage of kind 'denoiser', so no pose indicator"
        )
    changes: dict[str, float | str] = {group.value: 0.0 for group in without}
    if pool is not None:
        changes["pool"] = str(pool)
    return found[0].model_copy(update=changes)


def _write_sheet(path: Path, clip: PoseSequence, drawn: list[Transformed]) -> None:
    from animatex.pose.draw import draw_poses
    from animatex.provenance.marks import DRAWN
    from animatex.video.contact_sheet import Row, contact_sheet, spread
    from animatex.video.frames import FrameSequence
    from animatex.video.image import write_png

    numbers = spread(len(clip), _COLUMNS)
    named = [("as it is", clip), *((_said(each), each.poses) for each in drawn)]
    rows = [Row(name, FrameSequence(draw_poses(p.select(numbers)), p.fps)) for name, p in named]
    sheet = contact_sheet(None, tuple(rows), columns=_COLUMNS, cell_height=160, numbers=numbers)
    write_png(path, sheet, DRAWN)


def _said(drawn: Transformed) -> str:
    return ", ".join(drawn.words()) or "unchanged"
