"""animatex weights pull: fetch the files that somebody else publishes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from animatex_cli import console
from animatex_cli.options import Json, Quiet, Weights

if TYPE_CHECKING:
    from animatex.checkpoints.catalogue import KnownFile
    from animatex.checkpoints.fetch import PullPlan


def command(
    what: Annotated[
        str, typer.Argument(metavar="GROUP|FILE", help="animate-x, unianimate, dwpose, metrics, or one file.")
    ],
    given: Annotated[
        Path | None, typer.Option("--from", metavar="DIR", help="Take files that you have already from here.")
    ] = None,
    weights: Weights = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Fetch weights files; files that are there and good are left alone, and an interrupted one goes on.

    Each file's hash is checked. The environment variable HF_ENDPOINT names a mirror of the Hugging Face hub.
    """
    from animatex.checkpoints.catalogue import default_folder, files_of
    from animatex.checkpoints.fetch import plan_pull, pull

    folder = weights or default_folder()
    with console.progress(quiet=quiet) as progress:
        plan = plan_pull(files_of(what), folder, given, progress)
    for line in _announcement(plan):
        console.note(line, quiet=quiet)
    with console.progress(quiet=quiet) as progress:
        paths = pull(plan, progress)
    if json:
        console.print_json(_report(plan))
        return
    for path in paths:
        console.print_text(str(path))


def _announcement(plan: PullPlan) -> list[str]:
    """Say what will be done, and under which terms, before it is done."""
    from animatex.checkpoints.catalogue import show_size

    lines = [f"{file.name} is there already" for file in plan.present]
    lines += [f"{file.name} is another file than it should be, and is replaced" for file in plan.damaged]
    lines += [f"{file.name} is taken from {path}{_unchecked(file)}" for file, path in plan.taken]
    for file, remote in plan.fetched:
        size = "" if remote.size is None else f"{show_size(remote.size)} "
        lines.append(f"{file.name}: {size}from {remote.url}; licence: {file.licence}")
    if plan.fetched:
        lines.append(f"{show_size(plan.bytes_to_fetch)} to fetch into {plan.folder}")
    for file in plan.by_hand:
        page = file.source.page if file.source is not None else ""
        lines.append(
            f"{file.name} has no address that can be relied on: get it from its authors ({page}), "
            f"put it into {plan.folder}"
        )
    return lines


def _unchecked(file: KnownFile) -> str:
    return "" if file.digest else "; its hash is not known beforehand"


def _report(plan: PullPlan) -> dict[str, object]:
    return {
        "folder": str(plan.folder),
        "present": [file.name for file in plan.present],
        "taken": [file.name for file, _ in plan.taken],
        "fetched": [file.name for file, _ in plan.fetched],
        "by_hand": [file.name for file in plan.by_hand],
    }
