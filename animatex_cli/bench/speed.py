"""animatex bench speed: what a preset takes on this machine, and how that compares with before."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from animatex_cli import console
from animatex_cli.options import (
    Device,
    Dtype,
    Force,
    Json,
    Preset,
    PrintConfig,
    Quiet,
    Seed,
    Set,
    Weights,
    settings,
)

if TYPE_CHECKING:
    from animatex.bench.speed import Row, Speed

_INPUT = "Input"
_OUTPUT = "Output"

_GIB = 2**30


def command(
    preset: Preset = "mini",
    set_: Set = None,
    weights: Weights = None,
    device: Device = None,
    dtype: Dtype = None,
    seed: Seed = None,
    frames: Annotated[
        int | None, typer.Option("--frames", help=r"Frames to make.  \[clip.frames]", rich_help_panel=_INPUT)
    ] = None,
    reference: Annotated[
        Path | None,
        typer.Option(
            "--reference",
            metavar="FILE",
            help=r"Picture of a character.  \[default: the sample's, painted anew]",
            show_default=False,
            rich_help_panel=_INPUT,
        ),
    ] = None,
    driving: Annotated[
        Path | None,
        typer.Option(
            "--driving",
            metavar="FILE",
            help=r"Video or poses of a performer.  \[default: the sample's, painted anew]",
            show_default=False,
            rich_help_panel=_INPUT,
        ),
    ] = None,
    repeats: Annotated[
        int, typer.Option("--repeats", min=1, help="Runs; medians are shown.", rich_help_panel=_INPUT)
    ] = 3,
    baseline: Annotated[
        Path | None,
        typer.Option(
            "--baseline",
            metavar="FILE",
            help="What --out wrote on this machine before: ratios to it are shown.",
            show_default=False,
            rich_help_panel=_OUTPUT,
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            metavar="FILE",
            help="Also keep the measurement (.json), as a baseline for later.",
            show_default=False,
            rich_help_panel=_OUTPUT,
        ),
    ] = None,
    force: Force = False,
    print_config: PrintConfig = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Time a preset on this machine: seconds a frame by stage, evaluations, memory.

    All that `animate` does is run several times. With --baseline, the ratios to an earlier measurement are
    shown too.
    """
    from animatex.config.loader import load_with_sources
    from animatex.config.presets import preset_path
    from animatex.config.run import AnimateConfig

    flags = {
        "--frames": ("clip.frames", frames),
        "--device": ("runtime.device", device),
        "--dtype": ("runtime.dtype", dtype),
        "--seed": ("seed", seed),
    }
    loaded = load_with_sources(AnimateConfig, preset_path(preset), settings(set_, flags))
    if print_config:
        console.print_config(loaded, as_json=json)
        return

    from animatex.bench.speed import compare, differences, measure_speed, read_baseline, write_speed
    from animatex.files import check_output

    if out:
        check_output(out, force=force)
    before = read_baseline(baseline) if baseline else None
    with console.progress(quiet=quiet) as shown:
        speed = measure_speed(
            loaded.config,
            preset,
            reference=reference,
            driving=driving,
            weights=weights,
            repeats=repeats,
            progress=shown,
        )
    if out:
        write_speed(out, speed)
    rows = compare(speed, before)
    other = differences(speed, before) if before else ()
    if json:
        console.print_json(_document(speed, rows, other, baseline))
        return
    if quiet:
        return
    console.note(_summary(speed))
    for difference in other:
        console.note(f"not as in the baseline: {difference}")
    console.print_table(*_table(speed, rows, with_baseline=before is not None))


def _document(
    speed: Speed, rows: tuple[Row, ...], other: tuple[str, ...], baseline: Path | None
) -> dict[str, object]:
    from animatex.bench.documents import as_document
    from animatex.bench.speed import FORMAT

    document = as_document(FORMAT, speed)
    if baseline is not None:
        document["baseline"] = {
            "file": str(baseline),
            "differences": list(other),
            "ratios": {row.name: row.ratio for row in rows},
        }
    return document


def _summary(speed: Speed) -> str:
    work = speed.workload
    threads = "1 thread" if work.threads == 1 else f"{work.threads} threads"
    return (
        f"{work.preset}: {work.frames} frames of {work.width} x {work.height} "
        f"on {work.device} in {work.dtype}, {threads}, median of {speed.repeats}; {speed.machine.processor}"
    )


def _table(
    speed: Speed, rows: tuple[Row, ...], *, with_baseline: bool
) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Lay out one line for each quantity that either measurement knows."""
    lines: list[tuple[str, ...]] = []
    for row in rows:
        if row.value is None and row.baseline is None:
            continue
        line = (row.name, _number(row, row.value), _unit(row), _range(speed, row))
        ratio = "-" if row.ratio is None else f"{row.ratio:.2f}"
        lines.append((*line, _number(row, row.baseline), ratio) if with_baseline else line)
    columns = ("", "value", "unit", "range")
    return ((*columns, "baseline", "ratio") if with_baseline else columns), lines


def _unit(row: Row) -> str:
    from animatex.bench.speed import DEVICE_MEMORY, EVALUATIONS, LOADING, MEMORY

    if row.name in (MEMORY, DEVICE_MEMORY):
        return "GiB"
    return {LOADING: "s", EVALUATIONS: "a video"}.get(row.name, "s a frame")


def _number(row: Row, value: float | None) -> str:
    if value is None:
        return "-"
    return {"GiB": f"{value / _GIB:.2f}", "a video": f"{value:.0f}"}.get(_unit(row), f"{value:.4f}")


def _range(speed: Speed, row: Row) -> str:
    """Show the quickest and the slowest repeat."""
    from animatex.bench.speed import ALL_STAGES

    seconds = speed.total if row.name == ALL_STAGES else speed.stages.get(row.name)
    if seconds is None or speed.repeats == 1:
        return ""
    return f"{speed.a_frame(seconds.low):.4f} to {speed.a_frame(seconds.high):.4f}"
