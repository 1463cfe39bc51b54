"""animatex weights list: which weights files are known, and where they lie."""

from __future__ import annotations

from pathlib import Path
from typing import TypedDict

from animatex_cli import console
from animatex_cli.options import Json, Weights


class FileReport(TypedDict):
    """One weights file, as scripts see it."""

    name: str
    holds: str
    groups: list[str]
    size: int | None
    digest: str | None
    source: str | None
    licence: str | None
    installed: bool
    path: str


def command(weights: Weights = None, json: Json = False) -> None:
    """List the known weights files: groups, sizes, licences, and what is installed where."""
    from animatex.checkpoints.catalogue import default_folder

    folder = weights or default_folder()
    files = weights_report(folder)
    if json:
        console.print_json({"folder": str(folder), "files": files})
        return
    console.print_table(
        ("file", "holds", "size", "pull", "licence", "installed"), [_row(file) for file in files]
    )
    console.print_text("")
    console.print_text(f"Files are looked for in {folder}, then in the package.")


def weights_report(folder: Path) -> list[FileReport]:
    """Say of each known file whether it is installed, where it lies or would go, and where it comes from."""
    from animatex.checkpoints.catalogue import EMBEDDED_FOLDER, GROUPS, KNOWN_FILES, locate_weights

    report: list[FileReport] = []
    for file in KNOWN_FILES:
        path = locate_weights(file.name, folder)
        goes = (EMBEDDED_FOLDER if file.is_embedded else folder) / file.name
        report.append(
            FileReport(
                name=file.name,
                holds=file.holds,
                groups=[group.name for group in GROUPS if file.name in group.files],
                size=file.size if path is None or path.name != file.name else path.stat().st_size,
                digest=file.digest,
                source=file.source.page if file.source is not None else None,
                licence=file.licence,
                installed=path is not None,
                path=str(path or goes),
            )
        )
    return report


def _row(file: FileReport) -> tuple[str, ...]:
    from animatex.checkpoints.catalogue import show_size

    name = Path(file["path"]).name
    installed = "yes" if name == file["name"] else f"as {name}"
    return (
        file["name"],
        file["holds"],
        "" if file["size"] is None else show_size(file["size"]),
        ", ".join(file["groups"]) or "in the package",
        file["licence"] or "",
        installed if file["installed"] else "no",
    )
