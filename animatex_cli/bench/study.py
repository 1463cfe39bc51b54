"""animatex bench study: make a blind page that asks people, and count what they answered."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from animatex.errors import ConfigError
from animatex_cli import console
from animatex_cli.bench.shared import Form, Latex, Markdown, MaxMb, most_mb, named, print_form, table_form
from animatex_cli.options import Force, Json, Quiet, refuse_without

if TYPE_CHECKING:
    from animatex.bench.tally import Share, Tally

_MAKE = "Making a study"
_COUNT = "Counting answers"

_PAGE, _PAIRS, _SIDE = Path("study.html"), 40, 512


def command(
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="[NAME=]RESULTS...",
            help="Folders of results to compare; with --tally, files of answers.",
            show_default=False,
        ),
    ],
    suite: Annotated[
        Path | None,
        typer.Option(
            "--suite",
            metavar="DIR",
            help="Suite that the results are of.",
            show_default=False,
            rich_help_panel=_MAKE,
        ),
    ] = None,
    setting: Annotated[
        Literal["self", "rescaled", "cross"] | None,
        typer.Option(
            "--setting",
            help=r"Only cases of this setting.  \[default: all]",
            show_default=False,
            rich_help_panel=_MAKE,
        ),
    ] = None,
    cases: Annotated[
        list[str] | None,
        typer.Option(
            "--cases",
            metavar="PATTERN",
            help="Only cases of such names, as plant-*. Repeatable.",
            rich_help_panel=_MAKE,
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            metavar="FILE",
            help=r"Page to write.  \[default: study.html]",
            show_default=False,
            rich_help_panel=_MAKE,
        ),
    ] = None,
    pairs: Annotated[
        int | None,
        typer.Option(
            "--pairs",
            min=0,
            help=r"Pairs shown, at most; 0: all.  \[default: 40]",
            show_default=False,
            rich_help_panel=_MAKE,
        ),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(
            "--seed",
            help=r"Of the pairs, their order and sides.  \[default: 0]",
            show_default=False,
            rich_help_panel=_MAKE,
        ),
    ] = None,
    side: Annotated[
        int | None,
        typer.Option(
            "--side",
            min=16,
            help=r"Longer side of a video, in pixels.  \[default: 512]",
            show_default=False,
            rich_help_panel=_MAKE,
        ),
    ] = None,
    max_mb: MaxMb = None,
    force: Force = False,
    tally: Annotated[
        bool, typer.Option("--tally", help="Count answers instead.", rich_help_panel=_COUNT)
    ] = False,
    key: Annotated[
        Path | None,
        typer.Option(
            "--key",
            metavar="FILE",
            help=r"Who made which video: written beside the page, needed to count.  \[default: OUT-key.json]",
            show_default=False,
            rich_help_panel=_COUNT,
        ),
    ] = None,
    markdown: Markdown = False,
    latex: Latex = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Compare results by people's eyes, blind and in pairs.

    Writes one page that needs no network: it shows two videos of a case side by side, asks three questions,
    and saves the answers as a file. `--tally answers*.json --key study-key.json` counts such files.
    """
    if tally:
        of_page: dict[str, object] = {"--suite": suite, "--setting": setting, "--cases": cases, "--out": out}
        of_page |= {"--pairs": pairs, "--seed": seed, "--side": side, "--max-mb": max_mb}
        for flag, given in of_page.items():
            if given is not None:
                raise ConfigError(f"{flag} is for making a study, and --tally counts answers")
        if key is None:
            raise ConfigError(
                "answers are counted with the study's key", hint="--key study-key.json, from beside the page."
            )
        _count([Path(name) for name in files], key, table_form(json, markdown, latex), quiet=quiet)
        return
    refuse_without("--tally", {"--markdown": markdown, "--latex": latex})
    if suite is None:
        raise ConfigError("a study shows the cases of a suite", hint="--suite with the results' suite.")

    from animatex.bench.pages import write_page
    from animatex.bench.study import plan_study, render_study, write_key
    from animatex.bench.suite import load_suite
    from animatex.files import check_apart, check_output

    out = out or _PAGE
    results = named(files)
    chosen = load_suite(suite)
    if setting is not None:
        chosen = chosen.of(setting)
    chosen = chosen.select(cases or (), None)
    key_path = key or out.with_name(f"{out.stem}-key.json")
    check_apart(out, key_path)
    for path in (out, key_path):
        check_output(path, force=force)
    plan = plan_study(
        chosen, [name for name, _ in results], seed=seed or 0, max_pairs=_PAIRS if pairs is None else pairs
    )
    with console.progress(quiet=quiet) as shown:
        page = render_study(plan, chosen, dict(results), side=side or _SIDE, progress=shown)
    size = write_page(out, page, most_mb(max_mb))
    write_key(key_path, plan)
    if json:
        console.print_json(
            {
                "page": str(out),
                "key": str(key_path),
                "study": plan.study,
                "pairs": len(plan.pairs),
                "bytes": size,
            }
        )
        return
    console.note(
        f"{len(plan.pairs)} pairs, {size / 1e6:.1f} MB; keep {key_path} from the raters", quiet=quiet
    )
    if not quiet:
        console.print_text(str(out))


def _count(paths: list[Path], key_path: Path, form: Form, *, quiet: bool) -> None:
    from animatex.bench.study import read_key
    from animatex.bench.tally import duel_table, preference_table, read_answers, tally

    key = read_key(key_path)
    counted = tally(read_answers(paths, key), key)
    if form == "json":
        console.print_json(_document(counted))
        return
    if form != "text" or not quiet:
        print_form(preference_table(counted), form)
    if form == "text" and not quiet:
        console.print_text("")
        print_form(duel_table(counted), form)
    console.note(_summary(counted), quiet=quiet)


def _summary(counted: Tally) -> str:
    from animatex.bench.tally import percent

    raters = "1 rater" if counted.raters == 1 else f"{counted.raters} raters"
    unfinished = f", {counted.unfinished} of them not finished" if counted.unfinished else ""
    return (
        f"study {counted.study}: {raters}{unfinished}; {counted.left.of} choices, "
        f"the left video in {percent(counted.left.rate)}; "
        "intervals are Wilson's and take choices as independent"
    )


def _document(counted: Tally) -> dict[str, object]:
    def share(of: Share) -> dict[str, object]:
        return {"wins": of.wins, "of": of.of, "rate": of.rate, "interval": of.interval}

    questions = dict.fromkeys(duel.question for duel in counted.duels)
    return {
        "study": counted.study,
        "raters": counted.raters,
        "unfinished": counted.unfinished,
        "left": share(counted.left),
        "preferences": {
            question: {method: share(counted.preference(question, method)) for method in counted.methods}
            for question in questions
        },
        "pairs": [
            {
                "question": duel.question,
                "method": duel.method,
                "rival": duel.rival,
                **share(duel.share),
            }
            for duel in counted.duels
        ],
    }
