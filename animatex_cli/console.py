"""What the user sees: results on standard output; talk, progress and errors on standard error."""

from __future__ import annotations

import io
import json
import os
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TextIO

from animatex.errors import InputError
from animatex.progress import Progress, SilentProgress

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer
    from rich.console import Console
    from rich.progress import Progress as Bars
    from rich.progress import TaskID

    from animatex.config.loader import Loaded

# Control characters, and those that turn the direction of writing.
_STEERING = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")


def print_text(text: str) -> None:
    """Write a line of result."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def print_json(document: object) -> None:
    """Write the one JSON document of a run."""
    print_text(json.dumps(document, indent=2))


def note(text: str, *, quiet: bool = False) -> None:
    """Say something that is no result."""
    if not quiet:
        _talk(text)


def show_error(message: str, hint: str | None) -> None:
    """Show a problem and what to do about it."""
    _talk(message, label="error: ", style="bold red")
    if hint:
        _talk(hint, label="hint: ", style="bold")


def show_usage_error(error: Exception) -> None:
    """Show what is wrong with a command line, and where help is."""
    text = getattr(error, "format_message", error.__str__)()
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "animatex"
    if text:  # empty where the help itself was shown
        # Choices are read by a library that puts its own exception's name in front.
        text = " ".join(text.split()).replace(": Value error, ", ": ")
        show_error(text, f"{command} --help shows how it is used.")


def print_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Write a table; on a terminal it keeps to the width, elsewhere each row is one line.

    Args:
        columns: Headings; all empty for a table without.
        rows: A cell for each column.
    """
    columns, *rows = [[visible(cell.replace("\n", " ")) for cell in row] for row in (columns, *rows)]
    if not sys.stdout.isatty():
        lines = [columns, *rows] if any(columns) else rows
        widths = [max(len(line[place]) for line in lines) for place in range(len(columns))]
        for line in lines:
            cells = (f"{cell:<{width}}" for cell, width in zip(line, widths, strict=True))
            print_text("  ".join(cells).rstrip())
        return
    from rich.markup import escape
    from rich.table import Table

    heads = map(escape, columns)
    table = Table(*heads, box=None, pad_edge=False, header_style="bold", show_header=any(columns))
    for row in rows:
        table.add_row(*(escape(cell) for cell in row))
    _console(sys.stdout).print(table)


def print_config(loaded: Loaded[Any], *, as_json: bool) -> None:
    """Write a whole configuration, and where each value comes from."""
    from animatex.config.loader import dump_config

    sources = {path: str(where) for path, where in loaded.sources.items()}
    if as_json:
        named = {".".join(str(step) for step in path): where for path, where in sources.items() if path}
        print_json({"config": loaded.config.model_dump(mode="json"), "sources": named})
    else:
        print_text(dump_config(loaded.config, sources).removesuffix("\n"))


@dataclass(frozen=True, slots=True)
class Turn:
    """Which of many runs this one is.

    Attributes:
        number: From 1.
        total: How many there are.
        began: When the first began, by `time.monotonic`.
    """

    number: int
    total: int
    began: float


@contextmanager
def progress(*, quiet: bool, turn: Turn | None = None) -> Iterator[Progress]:
    """Give a listener for a run's stages: bars on a terminal, elsewhere a line for each; quiet: nothing.

    Args:
        quiet: Whether nothing is shown.
        turn: Of one of many runs; all of them have a bar above that of the stage.
    """
    target = _console(sys.stderr)
    if quiet:
        yield SilentProgress()
    elif not target.is_terminal:
        yield _Lines()
    else:
        with _bars(target) as bars:
            if turn is not None:
                name = f"job {turn.number} of {turn.total}"
                task = bars.add_task(name, total=turn.total, completed=turn.number - 1, count="")
                bars.tasks[task].start_time = turn.began
            yield _Bars(bars)


def drop_output(stream: TextIO | None = None) -> None:
    """Send what is still written to a closed pipe nowhere; standard output, if no stream is named."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), (stream or sys.stdout).fileno())


class ReaderGone(Exception):
    """Nobody reads standard output any more."""


def prepare_streams() -> None:
    """Make the three streams fit for whatever they are connected to.

    What was closed is nothing instead; names that are not valid text are printed as they are; and writing to
    standard output ends with `ReaderGone` or in words.
    """
    _open_what_is_closed()
    assert sys.stdin and sys.stdout and sys.stderr
    if not sys.stdout.isatty():
        results = io.BufferedWriter(_Results(sys.stdout.fileno(), "w", closefd=False))
        sys.stdout = io.TextIOWrapper(results, sys.stdout.encoding)
    for stream, errors in (
        (sys.stdin, "replace"),
        (sys.stdout, "surrogateescape"),
        (sys.stderr, "surrogateescape"),
    ):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=errors)


def _open_what_is_closed() -> None:
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            # Under its own number, so that other processes that we start have it too.
            os.dup2(os.open(os.devnull, os.O_RDWR), number)
            setattr(sys, name, open(number, "w" if number else "r", closefd=False))


class _Results(io.FileIO):
    """Standard output; once it cannot be written, the rest goes nowhere."""

    _failed = False

    def write(self, data: ReadableBuffer, /) -> int:
        if self._failed:
            return memoryview(data).nbytes
        try:
            return super().write(data)
        except BrokenPipeError:
            self._failed = True
            raise ReaderGone from None
        except OSError as error:
            self._failed = True
            raise InputError(f"standard output cannot be written: {error.strerror}") from error


def _console(stream: TextIO) -> Console:
    from rich.console import Console

    return Console(file=stream, highlight=False, emoji=False)


def visible(text: str) -> str:
    """Keep names and foreign texts from steering a terminal, or from looking like a line of ours."""
    first, *others = text.split("\n")
    lines = [first, *(line if line.startswith("  ") else f"  {line}" for line in others)]
    return "\n".join(_STEERING.sub(lambda found: f"\\x{ord(found[0]):02x}", line) for line in lines)


def _talk(text: str, *, label: str = "", style: str = "") -> None:
    text = visible(text)
    if not sys.stderr.isatty():
        try:
            sys.stderr.write(f"{label}{text}\n")
            sys.stderr.flush()
        except OSError:
            # Talk that nobody hears is no reason to stop.
            drop_output(sys.stderr)
        return
    from rich.text import Text

    _console(sys.stderr).print(Text.assemble((label, style), text), soft_wrap=True)


def _bars(target: Console) -> Bars:
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars

    columns = (
        TextColumn("{task.description:<28}"),
        BarColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[count]}"),
    )
    return Bars(*columns, console=target, transient=True)


class _Bars:
    """One bar for each stage."""

    def __init__(self, bars: Bars) -> None:
        self._bars = bars
        self._task: TaskID | None = None
        self._count = 0
        self._total: int | None = None

    def start(self, stage: str, total: int | None = None) -> None:
        self.done()
        self._count, self._total = 0, total
        self._task = self._bars.add_task(stage, total=total, count="")

    def advance(self, n: int = 1) -> None:
        if self._task is not None:
            self._count += n
            of = f" of {self._total}" if self._total else ""
            self._bars.update(self._task, advance=n, count=f"{self._count}{of}")

    def done(self) -> None:
        if self._task is not None:
            self._bars.remove_task(self._task)
            self._task = None


class _Lines:
    """One line when a stage begins."""

    def start(self, stage: str, total: int | None = None) -> None:
        note(stage if total is None else f"{stage}: {total}")

    def advance(self, n: int = 1) -> None:
        pass

    def done(self) -> None:
        pass
