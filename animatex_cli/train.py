"""animatex train: run a training recipe, from wherever an earlier run of it ended."""

from __future__ import annotations

from collections.abc import Sized
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from animatex.measure import StageTimer, peak_memory
from animatex_cli import console
from animatex_cli.options import Device, Dtype, Json, PrintConfig, Quiet, Seed, Set, complete_preset, settings

if TYPE_CHECKING:
    from animatex.training.recipe import TrainReport


def command(
    preset: Annotated[
        str,
        typer.Argument(
            metavar="PRESET",
            help="A recipe: its name, or a YAML file.",
            autocompletion=complete_preset,
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="DIR", help=r"Folder of the run.  \[out]", show_default=False),
    ] = None,
    minutes: Annotated[
        float | None, typer.Option("--minutes", min=0.0, help="Stop after so long, saved and resumable.")
    ] = None,
    set_: Set = None,
    device: Device = None,
    dtype: Dtype = None,
    seed: Seed = None,
    print_config: PrintConfig = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Train networks as a recipe says, stage by stage.

    A run that was stopped, by Ctrl-C, by --minutes or by accident, goes on where it ended: give the same
    command again.
    """
    from animatex.config.loader import load_with_sources
    from animatex.config.presets import preset_path
    from animatex.config.run import TrainConfig

    flags = {
        "--out": ("out", out),
        "--device": ("runtime.device", device),
        "--dtype": ("runtime.dtype", dtype),
        "--seed": ("seed", seed),
    }
    loaded = load_with_sources(TrainConfig, preset_path(preset), settings(set_, flags))
    config = loaded.config
    if print_config:
        console.print_config(loaded, as_json=json)
        return

    from animatex.runtime import make_runtime
    from animatex.training.launch import Launch
    from animatex.training.recipe import train

    runtime = make_runtime(config.runtime, config.seed)
    launch = Launch(runtime)
    quiet = quiet or not launch.is_first
    console.note(f"{preset}: {_count(config.stages)} on {runtime.device}, into {config.out}", quiet=quiet)
    with console.progress(quiet=quiet) as shown:
        timer = StageTimer(shown)
        report = train(config, runtime, timer, minutes, launch=launch)
    if json and launch.is_first:
        console.print_json(
            {
                "preset": preset,
                "out": config.out,
                "finished": report.finished,
                "stages": [asdict(stage) | {"file": str(stage.file)} for stage in report.stages],
                "device": runtime.device.type,
                "dtype": str(runtime.dtype).removeprefix("torch."),
                "seed": config.seed,
                "seconds": timer.seconds(),
                "peak_memory_bytes": peak_memory(),
            }
        )
    elif not quiet:
        _show(report, config.out)


def _show(report: TrainReport, out: str) -> None:
    rows = [
        (
            stage.name,
            str(stage.steps),
            f"{stage.seconds:.0f}",
            "" if stage.loss is None else f"{stage.loss:.4f}",
            str(stage.file),
        )
        for stage in report.stages
    ]
    if rows:
        console.print_table(("stage", "steps", "seconds", "loss", "weights"), rows)
    state = "finished" if report.finished else "not finished; the same command goes on"
    console.note(f"{out}: {state}")


def _count(stages: Sized) -> str:
    return f"{len(stages)} stage" if len(stages) == 1 else f"{len(stages)} stages"
