"""animatex bench ablate: the rows of the paper's ablations, trained and measured at small size."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from animatex.errors import ConfigError
from animatex_cli import console
from animatex_cli.bench.shared import Form, Latex, Markdown, listed, print_form, table_form
from animatex_cli.options import Force, Json, PrintConfig, Quiet, Set, settings

if TYPE_CHECKING:
    from animatex.bench.ablation import Ablation, Judged

_RUN = "Run"
_OUTPUT = "Output"


def command(
    preset: Annotated[
        str, typer.Argument(metavar="PRESET", help="An ablation: its name, or a YAML file.")
    ] = "ablate",
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            metavar="DIR",
            help=r"Folder of the run.  \[out]",
            show_default=False,
            rich_help_panel=_OUTPUT,
        ),
    ] = None,
    rows: Annotated[
        str | None,
        typer.Option(
            "--rows",
            metavar="NAME,...",
            help=r"Only these rows.  \[default: all]",
            show_default=False,
            rich_help_panel=_RUN,
        ),
    ] = None,
    seeds: Annotated[
        str | None,
        typer.Option(
            "--seeds",
            metavar="N,...",
            help=r"Train each row once with each.  \[seeds]",
            show_default=False,
            rich_help_panel=_RUN,
        ),
    ] = None,
    minutes: Annotated[
        float | None,
        typer.Option(
            "--minutes",
            min=0.0,
            help="Train no longer than this, saved and resumable; 0 shows what there is.",
            rich_help_panel=_RUN,
        ),
    ] = None,
    plot: Annotated[
        Path | None,
        typer.Option(
            "--plot",
            metavar="FILE",
            help="Draw the curves over lambda and alpha (.svg).",
            show_default=False,
            rich_help_panel=_OUTPUT,
        ),
    ] = None,
    force: Force = False,
    set_: Set = None,
    print_config: PrintConfig = False,
    markdown: Markdown = False,
    latex: Latex = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Train the rows of the paper's ablations at small size, and measure them on unseen characters.

    Each row is trained from nothing with each seed, for as many steps as all others: first all rows with the
    first seed. A run that was stopped goes on where it ended: give the same command again.
    """
    from animatex.config.ablate import AblateConfig
    from animatex.config.loader import load_with_sources
    from animatex.config.presets import preset_path
    from animatex.files import check_output, locked, make_folder

    form = table_form(json, markdown, latex)
    loaded = load_with_sources(AblateConfig, preset_path(preset), settings(set_, {"--out": ("out", out)}))
    if print_config:
        console.print_config(loaded, as_json=json)
        return
    if plot:
        check_output(plot, force=force)
    config = loaded.config

    from animatex.bench.ablate import plan_jobs, run_ablation
    from animatex.bench.ablation import judge

    jobs = plan_jobs(config, listed("--rows", rows), _numbers(seeds))
    console.note(
        f"{preset}: {len(jobs)} trainings of {config.stage.steps} steps, into {config.out}", quiet=quiet
    )
    with ExitStack() as stack:
        # What there is can be shown while another run is at the rest.
        if minutes != 0:
            folder = Path(config.out)
            make_folder(folder.parent)
            stack.enter_context(locked(folder))
        shown = stack.enter_context(console.progress(quiet=quiet))
        ablation = run_ablation(config, jobs, preset, minutes=minutes, progress=shown)
    judged = judge(ablation, config.claims, config.decided_by)
    if plot:
        _draw(plot, ablation, config.decided_by)
    if form == "json":
        console.print_json(_document(ablation, judged))
    elif form != "text" or not quiet:
        _show(ablation, judged, config.decided_by, form, quiet=quiet)


def _numbers(given: str | None) -> list[int]:
    numbers = listed("--seeds", given)
    if not all(number.isdecimal() for number in numbers) or len(set(numbers)) != len(numbers):
        raise ConfigError(f"--seeds {given}: needs different whole numbers, with commas between")
    return [int(number) for number in numbers]


def _draw(plot: Path, ablation: Ablation, metric: str) -> None:
    from animatex.bench.curves import curves_picture
    from animatex.files import replacing

    picture = curves_picture(ablation, metric)
    if picture is None:
        console.note(f"{plot} is not drawn: no curve has two points yet")
        return
    with replacing(plot) as beside:
        beside.write_text(picture, encoding="utf-8")


def _show(ablation: Ablation, judged: tuple[Judged, ...], metric: str, form: Form, *, quiet: bool) -> None:
    from animatex.bench.ablation_tables import claims_table, how_it_was_made, missing_reasons, paper_tables

    for named in paper_tables(ablation):
        console.print_text(
            {"markdown": f"**{named.title}**\n", "latex": f"% {named.title}"}.get(form, named.title)
        )
        print_form(named.table, form)
        console.print_text("")
    if any(one.gain for one in judged):
        print_form(claims_table(judged, metric), form)
    console.note(how_it_was_made(ablation), quiet=quiet)
    for reason in missing_reasons(ablation):
        console.note(reason, quiet=quiet)
    if len(ablation.trained) < ablation.wanted:
        console.note("not finished; the same command goes on", quiet=quiet)


def _document(ablation: Ablation, judged: tuple[Judged, ...]) -> dict[str, object]:
    from dataclasses import asdict

    from animatex.bench.ablation import FORMAT
    from animatex.bench.documents import as_document

    return {**as_document(FORMAT, ablation), "claims": [asdict(one) for one in judged]}
