"""animatex weights: which weights files are known, and where they lie."""

from __future__ import annotations

from pathlib import Path
from typing import TypedDict

import typer

from animatex_cli import console
from animatex_cli.options import Json, Weights

app = typer.Typer(help="Weights files.", no_args_is_help=True)


class FileReport(TypedDict):
    """One weights file, as scripts see it."""

    name: str
    holds: str
    installed: bool
    path: str
    source: str | None
    licence: str | None


@app.callback()
def _group() -> None:
    """Weights files: which are known, and where they lie."""


@app.command("list")
def list_weights(weights: Weights = None, json: Json = False) -> None:
    """List the known weights files: what is installed, and where the rest would go."""
    from animatex.checkpoints.catalogue import default_folder

    folder = weights or default_folder()
    files = weights_report(folder)
    if json:
        console.print_json({"folder": str(folder), "files": files})
        return
    console.print_table(
        ("file", "holds", "installed", "where"),
        [(file["name"], file["holds"], "yes" if file["installed"] else "no", _where(file)) for file in files],
    )


def weights_report(folder: Path) -> list[FileReport]:
    """Say of each known file whether it is installed, where it lies or would go, and where it comes from."""
    from animatex.checkpoints.catalogue import EMBEDDED_FOLDER, KNOWN_FILES, locate_weights

    report: list[FileReport] = []
    for file in KNOWN_FILES:
        path = locate_weights(file.name, folder)
        goes = (EMBEDDED_FOLDER if file.is_embedded else folder) / file.name
        report.append(
            FileReport(
                name=file.name,
                holds=file.holds,
                installed=path is not None,
                path=str(path or goes),
                source=file.source,
                licence=file.licence,
            )
        )
    return report


def _where(file: FileReport) -> str:
    if file["installed"] or file["source"] is None:
        return file["path"]
    return f"{file['path']}, from {file['source']}"
