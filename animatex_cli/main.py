"""Assembles the commands; the one place where errors become exit codes."""

from __future__ import annotations

import signal
import sys
from collections.abc import Sequence
from functools import cache
from typing import Annotated, Any, NoReturn

import typer

from animatex import __version__
from animatex.errors import AnimateXError
from animatex_cli import animate, batch, bench, completions, console, doctor, inspect, pose, train, weights

INTERRUPTED = 130

_ENDING = [signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else [])]

# What typer raises for a command line that cannot be parsed; it exports only this one of the family.
_UsageError: type[Exception] = typer.BadParameter.__mro__[1]

app = typer.Typer(
    name="animatex",
    help="Animate any character: one reference image and one driving video in, one new video out.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(pose.app, name="pose")
app.command("animate")(animate.command)
app.add_typer(batch.app, name="batch")
app.command("train")(train.command)
app.add_typer(bench.app, name="bench")
app.add_typer(weights.app, name="weights")
app.command("inspect")(inspect.command)
app.command("doctor")(doctor.command)
app.command("completions")(completions.command)


def _show_version(wanted: bool) -> None:
    if wanted:
        console.print_text(f"animatex {__version__}")
        raise typer.Exit()


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_show_version, help="Show the version.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show a traceback with an error.")] = False,
) -> None:
    """Animate any character: one reference image and one driving video in, one new video out."""


def run(argv: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit code.

    Args:
        argv: Arguments behind the program's name; None: those of this process.

    Returns:
        0: done; 1: failed for a reason that was printed; 2: wrong usage or configuration; 75: another run is
        at the same output; 130: interrupted; 128 and a signal's number: ended by it.
    """
    completions.prepare()
    args = list(sys.argv[1:] if argv is None else argv)
    debug = "--debug" in args
    args = [arg for arg in args if arg != "--debug"]
    try:
        code = int(_command()(args=args, prog_name="animatex", standalone_mode=False) or 0)
        # What is still held back may find no room, or nobody who reads it.
        sys.stdout.flush()
        return code
    except (AnimateXError, ImportError) as error:
        stopped = _stopped_by(error)
        if stopped is not None:
            return stopped
        if debug or not isinstance(error, AnimateXError):
            raise
        console.show_error(error.message, error.hint)
        return error.exit_code
    except _UsageError as error:
        console.show_usage_error(error)
        return 2
    except (KeyboardInterrupt, typer.Abort):
        return INTERRUPTED
    except console.ReaderGone:
        # Who reads the first lines only, as `head` does, has what it wanted.
        return 0
    except SystemExit as exit_:
        return int(exit_.code or 0)


@cache
def _command() -> Any:  # noqa: ANN401 - typer does not export the class of a group of commands
    """Build all commands out of their functions' signatures; once, however many lines a process runs."""
    return typer.main.get_command(app)


def main() -> NoReturn:
    """Be the program."""
    for number in _ENDING:
        # What `nohup` and its like have turned off stays so.
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, _leave)
    console.prepare_streams()
    sys.exit(run())


def _stopped_by(error: BaseException | None) -> int | None:
    """Give the exit code of a request to stop that a compiled package has called a failed import."""
    while error is not None and not isinstance(error, KeyboardInterrupt | SystemExit):
        error = error.__cause__
    if error is None:
        return None
    return int(error.code or 0) if isinstance(error, SystemExit) else INTERRUPTED


def _leave(number: int, _frame: object) -> NoReturn:
    """End in order when asked to, so that unfinished files are removed."""
    raise SystemExit(128 + number)
