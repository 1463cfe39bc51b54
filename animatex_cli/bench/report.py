"""animatex bench report: scores of one or several methods as a table, and as a page with videos."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from animatex.errors import ConfigError
from animatex_cli import console
from animatex_cli.bench.shared import Latex, Markdown, MaxMb, listed, most_mb, named, print_form, table_form
from animatex_cli.options import Force, Json, Quiet, refuse_without

if TYPE_CHECKING:
    from animatex.bench.compare import Method, MetricRow

_PAGE = "Page"

_CASES, _SIDE = 12, 320


def command(
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="[NAME=]SCORES.json...",
            help="Files that `bench score` wrote; one for each method.",
            show_default=False,
        ),
    ],
    metrics: Annotated[
        str | None,
        typer.Option(
            "--metrics",
            metavar="NAMES",
            help=r"Which, in this order, with commas between.  \[default: all]",
            show_default=False,
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            metavar="FILE",
            help="Also write a page (.html) that needs no network.",
            show_default=False,
            rich_help_panel=_PAGE,
        ),
    ] = None,
    results: Annotated[
        list[Path] | None,
        typer.Option(
            "--results",
            metavar="DIR",
            help="Videos to show, one folder for each file of scores, in their order. Repeatable.",
            show_default=False,
            rich_help_panel=_PAGE,
        ),
    ] = None,
    suite: Annotated[
        Path | None,
        typer.Option(
            "--suite",
            metavar="DIR",
            help="With --results: show its pictures, performers and targets too.",
            show_default=False,
            rich_help_panel=_PAGE,
        ),
    ] = None,
    by: Annotated[
        str | None,
        typer.Option(
            "--by",
            metavar="METRIC",
            help="With --results: orders the cases, by the first file's values."
            r"  \[default: its first metric]",
            show_default=False,
            rich_help_panel=_PAGE,
        ),
    ] = None,
    cases: Annotated[
        int | None,
        typer.Option(
            "--cases",
            min=0,
            help=r"With --results: cases shown, half the worst, half the best; 0: all.  \[default: 12]",
            show_default=False,
            rich_help_panel=_PAGE,
        ),
    ] = None,
    side: Annotated[
        int | None,
        typer.Option(
            "--side",
            min=16,
            help=r"With --results: longer side of a video, in pixels.  \[default: 320]",
            show_default=False,
            rich_help_panel=_PAGE,
        ),
    ] = None,
    max_mb: MaxMb = None,
    force: Force = False,
    markdown: Markdown = False,
    latex: Latex = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Show scores side by side: on the terminal, as a table for a paper, or as a page with videos.

    Files of other suites, cases, weights or protocols are refused: their numbers do not compare.
    """
    from animatex.bench.compare import (
        Method,
        check_comparable,
        metric_rows,
        paper_table,
        reasons,
        terminal_table,
    )
    from animatex.bench.pages import write_page
    from animatex.bench.report import Shown, render_report
    from animatex.bench.scores import read_scores
    from animatex.bench.suite import load_suite
    from animatex.files import check_output

    form = table_form(json, markdown, latex)
    of_videos = {"--suite": suite, "--by": by, "--cases": cases, "--side": side}
    if out is None:
        of_page = {"--results": results, **of_videos, "--max-mb": max_mb}
        refuse_without("--out", of_page, hint="--out report.html")
    if not results:
        refuse_without("--results", of_videos, hint="--results with each method's folder of videos.")
    methods = [Method(name, path, read_scores(path)) for name, path in named(files)]
    check_comparable(methods)
    rows = metric_rows(methods, listed("--metrics", metrics) or None)
    if results and len(results) != len(methods):
        raise ConfigError(
            f"{len(results)} folders of results for {len(methods)} files of scores",
            hint="--results once for each file, in their order.",
        )
    if out is not None:
        check_output(out, force=force)
        folders = {method.name: folder for method, folder in zip(methods, results or (), strict=False)}
        shown = Shown(
            load_suite(suite) if suite else None,
            folders,
            by,
            _CASES if cases is None else cases,
            side or _SIDE,
        )
        with console.progress(quiet=quiet) as bars:
            page = render_report(methods, shown, [row.metric for row in rows], bars)
        console.note(f"{out}: {write_page(out, page, most_mb(max_mb)) / 1e6:.1f} MB", quiet=quiet)
    if form == "json":
        console.print_json(_document(methods, rows))
        return
    if form != "text":
        print_form(paper_table(methods, rows), form)
    elif not quiet:
        print_form(terminal_table(methods, rows), form)
    for reason in reasons(methods, rows):
        console.note(reason, quiet=quiet)


def _document(methods: list[Method], rows: tuple[MetricRow, ...]) -> dict[str, object]:
    def value(row: MetricRow, place: int) -> dict[str, object]:
        score = row.scores[place]
        if score is None:
            return {"value": None, "reason": "not computed", "interval": None, "best": False}
        interval = [score.interval.low, score.interval.high] if score.interval else None
        return {
            "value": score.value,
            "reason": score.reason,
            "interval": interval,
            "best": place in row.best,
        }

    return {
        "methods": [{"name": method.name, "file": str(method.path)} for method in methods],
        "metrics": [
            {
                "metric": row.metric,
                "title": row.title,
                "protocol": row.protocol,
                "scores": {method.name: value(row, place) for place, method in enumerate(methods)},
            }
            for row in rows
        ],
    }
