"""animatex bench run: a preset on a suite."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from animatex_cli import console
from animatex_cli.options import Device, Dtype, Json, Preset, Quiet, Seed, Set, Weights, settings

if TYPE_CHECKING:
    from animatex.bench.run import RunRecord

_SUITE = "Suite"


def command(
    suite: Annotated[
        Path,
        typer.Option(
            "--suite",
            metavar="DIR",
            help="Folder with suite.yaml, as `bench make` writes it.",
            show_default=False,
            rich_help_panel=_SUITE,
        ),
    ],
    out: Annotated[
        Path,
        typer.Option(
            "--out",
            "-o",
            metavar="DIR",
            help="Folder of results; one that this run has begun is completed.",
            show_default=False,
            rich_help_panel="Output",
        ),
    ],
    setting: Annotated[
        Literal["self", "rescaled", "cross"],
        typer.Option(
            "--setting",
            help="What drives a character: its own poses, these on another body, or a person.",
            rich_help_panel=_SUITE,
        ),
    ] = "self",
    cases: Annotated[
        list[str] | None,
        typer.Option(
            "--cases",
            metavar="PATTERN",
            help="Only cases of such names, as plant-*. Repeatable.",
            rich_help_panel=_SUITE,
        ),
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option("--limit", min=1, metavar="N", help="Only the first N cases.", rich_help_panel=_SUITE),
    ] = None,
    reference_pose: Annotated[
        Literal["suite", "found"],
        typer.Option(
            "--reference-pose",
            help="The character's pose in its picture: as the suite knows it, or as the preset finds it.",
            rich_help_panel=_SUITE,
        ),
    ] = "suite",
    preset: Preset = "mini",
    set_: Set = None,
    weights: Weights = None,
    device: Device = None,
    dtype: Dtype = None,
    seed: Seed = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Make a video of every case of a suite, for `bench score`.

    Resumable: finished cases are kept. Every frame of a driving video is made, whatever the preset's clip
    section says. Results are folders of PNG files beside a run.json. A case that fails is reported and does
    not stop the others; the exit code is 1 then.
    """
    from animatex.bench.suite import load_suite
    from animatex.config.loader import load_config
    from animatex.config.presets import preset_path
    from animatex.config.run import AnimateConfig

    flags = {
        "--device": ("runtime.device", device),
        "--dtype": ("runtime.dtype", dtype),
        "--seed": ("seed", seed),
    }
    config = load_config(AnimateConfig, preset_path(preset), settings(set_, flags))
    chosen = load_suite(suite).of(setting).select(cases or (), limit)
    with console.progress(quiet=quiet) as shown:
        from animatex.bench.run import run_suite

        record = run_suite(
            chosen,
            config,
            out,
            preset=preset,
            setting=setting,
            reference_pose=reference_pose,
            weights=weights,
            progress=shown,
        )
    for id, message in record.failed.items():
        console.show_error(f"case {id}: {message}", None)
    if json:
        console.print_json(_document(out, record))
    elif not quiet:
        console.note(_summary(record))
        console.print_text(str(out))
    if record.failed:
        raise typer.Exit(1)


def _summary(record: RunRecord) -> str:
    seconds = sum(case.seconds["total"] for case in record.cases.values())
    failed = f", {len(record.failed)} failed" if record.failed else ""
    count = "1 case" if len(record.cases) == 1 else f"{len(record.cases)} cases"
    return f"{count}{failed}; {seconds:.0f} seconds, {record.suite}"


def _document(out: Path, record: RunRecord) -> dict[str, object]:
    from animatex.bench.documents import as_document
    from animatex.bench.run import FORMAT

    return {"output": str(out), **as_document(FORMAT, record)}
