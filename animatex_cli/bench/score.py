"""animatex bench score: generated videos against the videos that they should have been."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, get_args

import typer

from animatex_cli import console
from animatex_cli.bench.shared import listed
from animatex_cli.options import Force, Json, Quiet, Weights, one_of, parse_size

if TYPE_CHECKING:
    from animatex.bench.scores import Score, Scores

_OUTPUT = "Output"
_METRICS = "Metrics"
_BETTER = {"higher": "higher", "lower": "lower", "neither": "-"}


def command(
    generated: Annotated[
        Path,
        typer.Argument(
            metavar="GENERATED",
            help="Video; or folder of videos, of folders of pictures, or of one video's pictures.",
            show_default=False,
        ),
    ],
    target: Annotated[
        Path,
        typer.Argument(
            metavar="TARGET", help="Likewise, with the same names; or a suite.", show_default=False
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", metavar="FILE", help="Write the scores as JSON.", rich_help_panel=_OUTPUT
        ),
    ] = None,
    csv: Annotated[
        Path | None,
        typer.Option("--csv", metavar="FILE", help="Write each frame's values.", rich_help_panel=_OUTPUT),
    ] = None,
    force: Force = False,
    metrics: Annotated[
        str | None,
        typer.Option(
            "--metrics",
            metavar="NAME,...",
            help="Metrics, or groups of them: pixel, perceptual, frechet, kernel, mini, temporal, pose, "
            r"legacy.  \[default: all but legacy]",
            rich_help_panel=_METRICS,
        ),
    ] = None,
    protocol: Annotated[
        str | None,
        typer.Option(
            "--protocol",
            metavar="NAME",
            help="Only what it defines: disco-2024-04, the paper's columns, or animatex-1.  "
            r"\[default: both]",
            rich_help_panel=_METRICS,
        ),
    ] = None,
    size: Annotated[
        str | None,
        typer.Option(
            "--size",
            metavar="WIDTHxHEIGHT",
            help=r"Compare frames at this size.  \[default: their own]",
            rich_help_panel=_METRICS,
        ),
    ] = None,
    setting: Annotated[
        str | None,
        typer.Option(
            "--setting",
            metavar="self|rescaled|cross",
            help=r"Of a suite, only these cases.  \[default: what the results were made for, or all]",
            rich_help_panel=_METRICS,
        ),
    ] = None,
    partial: Annotated[
        bool,
        typer.Option(
            "--partial",
            help="Of a suite, leave out cases without a result, and say which.",
            rich_help_panel=_METRICS,
        ),
    ] = False,
    resamples: Annotated[
        int,
        typer.Option(
            "--resamples",
            min=0,
            help="Sets of videos that are drawn for the intervals; 0 for no intervals.",
            rich_help_panel=_METRICS,
        ),
    ] = 100,
    weights: Weights = None,
    device: Annotated[
        str,
        typer.Option(
            "--device",
            metavar="NAME",
            help="Where networks run: cpu, cuda, mps or auto.",
            rich_help_panel="Settings",
        ),
    ] = "auto",
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Score videos against the videos that they should have been."""
    from animatex.bench.catalogue import choose_metrics
    from animatex.bench.suite import SETTINGS
    from animatex.files import check_apart, check_output
    from animatex.runtime import DeviceChoice
    from animatex.video.frames import Size

    chosen = choose_metrics(listed("--metrics", metrics), protocol)
    at = None if size is None else Size(*reversed(parse_size(size)))
    setting_ = None if setting is None else one_of("--setting", setting, SETTINGS)
    place = one_of("--device", device, get_args(DeviceChoice))
    check_apart(out, csv)
    for path in filter(None, (out, csv)):
        check_output(path, force=force)

    with console.progress(quiet=quiet) as progress:
        from animatex.bench.instruments import open_instruments
        from animatex.bench.pairs import find_pairs
        from animatex.bench.score import ScoreRequest, score_videos
        from animatex.bench.scores import scores_document, write_scores

        pairs = find_pairs(generated, target, setting_, partial=partial)
        instruments = open_instruments(chosen, weights, place)
        request = ScoreRequest(generated, target, pairs, at, resamples, csv)
        scores = score_videos(request, instruments, progress)
        if out:
            write_scores(out, scores)
    if json:
        console.print_json(scores_document(scores))
        return
    console.print_table(
        ("metric", "value", "95 % interval", "better", "protocol", "from"),
        [_row(score) for score in scores.scores],
    )
    _say(scores, quiet)


def _row(score: Score) -> tuple[str, ...]:
    from animatex.bench.compare import as_number

    interval = score.interval
    return (
        f"{score.title} ({score.unit})" if score.unit else score.title,
        score.reason or as_number(score.value or 0.0),
        "" if interval is None else f"{as_number(interval.low)} to {as_number(interval.high)}",
        _BETTER[score.better],
        score.protocol,
        "" if score.value is None else _made_from(score),
    )


def _made_from(score: Score) -> str:
    """Say what a value was computed from: "17 clips of 1 video"."""
    counts = score.counts
    parts = f"{counts.clips} clips" if counts.clips else f"{counts.frames} frames"
    return f"{parts} of {counts.videos} video{'s' if counts.videos > 1 else ''}"


def _say(scores: Scores, quiet: bool) -> None:
    """Tell what a reader of the table has to know: what concerns all of it, then single metrics."""
    sizes = {f"{case.width}x{case.height}" for case in scores.cases}
    shown = " and ".join(sorted(sizes)) if len(sizes) < 4 else f"{len(sizes)} different sizes"
    console.note(f"frames of {shown} pixels", quiet=quiet)
    for note in scores.notes:
        console.note(note, quiet=quiet)
    about: dict[str, list[str]] = {}
    for score in scores.scores:
        for note in score.notes:
            about.setdefault(note, []).append(score.title)
    for note, titles in about.items():
        console.note(f"{', '.join(titles)}: {note}", quiet=quiet)
