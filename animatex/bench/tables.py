"""Tables for papers: the same cells as Markdown and as LaTeX rows."""

from __future__ import annotations

from dataclasses import dataclass

_LATEX = {
    "\\": r"\textbackslash{}",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "↑": r"$\uparrow$",
    "↓": r"$\downarrow$",
    "±": r"$\pm$",
    "–": "--",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "α": r"$\alpha$",
    "λ": r"$\lambda$",
    # At the beginning of a row it would be the space before it.
    "[": "{[}",
    **{sign: f"\\{sign}" for sign in "&%$#_{}"},
}


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell.

    Attributes:
        text: What it says.
        is_best: Whether it is shown in bold.
    """

    text: str
    is_best: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of equal length below headings.

    Attributes:
        columns: Headings.
        rows: Cells, one for each column.

    Raises:
        ValueError: A row has another number of cells.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row) != len(self.columns):
                raise ValueError(f"a row has {len(row)} cells; needs {len(self.columns)}.")

    def texts(self) -> list[tuple[str, ...]]:
        """Give the cells as plain text."""
        return [tuple(cell.text for cell in row) for row in self.rows]


def as_markdown(table: Table) -> str:
    """Write a table as GitHub's Markdown; numbers stand to the right, the best in bold."""
    head = "| " + " | ".join(_markdown(column) for column in table.columns) + " |"
    rule = "| --- |" + " ---: |" * (len(table.columns) - 1)
    rows = [
        "| " + " | ".join(_strong(_markdown(cell.text), cell.is_best, "**{}**") for cell in row) + " |"
        for row in table.rows
    ]
    return "\n".join((head, rule, *rows))


def as_latex(table: Table) -> str:
    """Write a table's rows for a `tabular` environment; the headings are a comment and a row."""
    lines = [f"% {len(table.columns)} columns: l{'c' * (len(table.columns) - 1)}"]
    lines.append(" & ".join(_latex(column) for column in table.columns) + r" \\")
    lines.append(r"\midrule")
    for row in table.rows:
        cells = (_strong(_latex(cell.text), cell.is_best, r"\textbf{{{}}}") for cell in row)
        lines.append(" & ".join(cells) + r" \\")
    return "\n".join(lines)


def _strong(text: str, is_best: bool, form: str) -> str:
    return form.format(text) if is_best else text


def _markdown(text: str) -> str:
    escaped = "".join(f"\\{sign}" if sign in "\\|*_`<[" else sign for sign in text)
    return " ".join(escaped.split())


def _latex(text: str) -> str:
    return " ".join("".join(_LATEX.get(sign, sign) for sign in text).split())
