"""What the bench commands share: named results, and the forms of a table."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from animatex.errors import ConfigError
from animatex_cli import console

if TYPE_CHECKING:
    from animatex.bench.tables import Table

_OUTPUT = "Output"

Form = Literal["text", "json", "markdown", "latex"]

Markdown = Annotated[
    bool, typer.Option("--markdown", help="Write the table as Markdown.", rich_help_panel=_OUTPUT)
]
Latex = Annotated[
    bool, typer.Option("--latex", help="Write the table as LaTeX rows.", rich_help_panel=_OUTPUT)
]
MaxMb = Annotated[
    float | None,
    typer.Option(
        "--max-mb",
        min=0.0,
        help=r"Larger pages are not written.  \[default: 100]",
        show_default=False,
        rich_help_panel=_OUTPUT,
    ),
]


def most_mb(given: float | None) -> float:
    """Give the limit of a page's size in megabytes."""
    return 100.0 if given is None else given


def listed(option: str, given: str | None) -> list[str]:
    """Read names between commas; none where the option was not given.

    Raises:
        ConfigError: It was given, and names nothing.
    """
    names = [name.strip() for name in (given or "").split(",") if name.strip()]
    if given is not None and not names:
        raise ConfigError(f"{option} '{given}' names nothing", hint="names, with commas between.")
    return names


def named(given: Sequence[str]) -> list[tuple[str, Path]]:
    """Read NAME=PATH, or PATH, which is called by its own name without suffix.

    Raises:
        ConfigError: Two have the same name.
    """
    found: dict[str, Path] = {}
    for text in given:
        name, sign, rest = text.partition("=")
        whole = Path(text)
        # A path may hold the sign itself.
        path = whole if not sign or not name or "/" in name or whole.exists() else Path(rest)
        name = (path.resolve().name if path.is_dir() else path.stem) if path == whole else name
        if name in found:
            raise ConfigError(
                f"{found[name]} and {path} are both called '{name}'", hint="give each a name: NAME=PATH."
            )
        found[name] = path
    return list(found.items())


def table_form(json: bool, markdown: bool, latex: bool) -> Form:
    """Decide how a table is written.

    Raises:
        ConfigError: More than one way is asked for.
    """
    asked: list[Form] = []
    if json:
        asked.append("json")
    if markdown:
        asked.append("markdown")
    if latex:
        asked.append("latex")
    if len(asked) > 1:
        raise ConfigError(" and ".join(f"--{form}" for form in asked) + " exclude each other")
    return asked[0] if asked else "text"


def print_form(table: Table, form: Form) -> None:
    """Write a table to standard output."""
    from animatex.bench.tables import as_latex, as_markdown

    if form == "markdown":
        console.print_text(as_markdown(table))
    elif form == "latex":
        console.print_text(as_latex(table))
    else:
        console.print_table(table.columns, table.texts())
