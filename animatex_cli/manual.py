"""The manual page, made of the commands themselves: python -m animatex_cli.manual > docs/man/animatex.1."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from typing import Any

import typer

from animatex import __version__
from animatex.limits import LIMITS
from animatex_cli.main import app

EXIT_CODES = {
    "0": "Done; or whoever read standard output has stopped reading.",
    "1": "Failed for a reason that was said: a file, a device, weights that cannot be used; some jobs of a "
    "batch failed; a file says nothing of itself, or what does not hold.",
    "2": "Asked for wrongly: the command line, a preset, a manifest.",
    "75": "Another run is making the same output; later it may work (EX_TEMPFAIL of sysexits.h).",
    "129, 130, 143": "Ended by SIGHUP, SIGINT (Ctrl-C) or SIGTERM, with unfinished files removed.",
}

_EXAMPLES = (
    ("A video, and a contact sheet", "animatex animate hero.png dance.mp4 --preview sheet.png"),
    (
        "Poses through pipes",
        "animatex pose extract dance.mp4 --out - | animatex pose retarget - --to hero.png --out - | "
        "animatex animate hero.png - --out hero.mp4",
    ),
    (
        "Raw frames from and to ffmpeg",
        "ffmpeg -i dance.mov -vf scale=512:768 -r 24 -pix_fmt rgb24 -f rawvideo - | "
        "animatex animate hero.png - --pix rgb24 --size 512x768 --fps 24 --out - | "
        "ffmpeg -f rawvideo -pix_fmt rgb24 -s 512x768 -r 24 -i - hero.webm",
    ),
)


def manual_page() -> str:
    """Write the page in the language of man(7)."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    root = typer.main.get_command(app)
    context = typer.Context(root, info_name="animatex", **root.context_settings)
    yield f'.TH ANIMATEX 1 "" "animatex {__version__}" "User Commands"'
    # Words are not torn apart, and lines not filled up with spaces: commands are copied from here.
    yield from (".nh", ".ad l", ".SH NAME", "animatex \\- animate any character with the motion of a video")
    yield from (".SH SYNOPSIS", ".B animatex", '.RI [ options ] " " command " " [ arguments ]')
    yield from (".SH DESCRIPTION", *_paragraphs(root.help or ""))
    yield from (
        ".PP",
        _text(
            "Results go to standard output, talk to standard error; bars and colours are for terminals only."
        ),
    )
    yield from (".SH OPTIONS", *_options(root, context))
    yield ".SH COMMANDS"
    yield from _commands(root, context)
    yield ".SH EXIT STATUS"
    for code, meaning in EXIT_CODES.items():
        yield from _item(code, meaning)
    yield ".SH ENVIRONMENT"
    yield from _item("NO_COLOR", "No colours, where it is set.")
    for limit in LIMITS:
        yield from _item(limit.variable, f"Limit of {limit.meaning}; {limit.default} without it.")
    yield ".SH EXAMPLES"
    for what, line in _EXAMPLES:
        yield from (
            ".PP",
            _text(f"{what}:"),
            ".PP",
            ".RS 4",
            ".EX",
            _text(line.replace(" | ", " |\n    ")),
            ".EE",
            ".RE",
        )


def _commands(command: Any, context: typer.Context) -> Iterator[str]:  # noqa: ANN401 - typer does not export it
    for name, child in sorted(getattr(command, "commands", {}).items()):
        inner = typer.Context(child, info_name=name, parent=context)
        if hasattr(child, "commands"):
            yield from _commands(child, inner)
            continue
        yield f".SS {_text(inner.command_path)}"
        yield from (f".B {_text(inner.command_path)}", _text(" ".join(child.collect_usage_pieces(inner))))
        yield from (".PP", *_paragraphs(child.help or ""))
        yield from _options(child, inner)


def _options(command: Any, context: typer.Context) -> Iterator[str]:  # noqa: ANN401 - typer does not export it
    for param in command.get_params(context):
        record = param.get_help_record(context)
        if record:
            yield from _item(*record)


def _item(term: str, text: str) -> Iterator[str]:
    yield from (".TP", f".B {_text(term)}", _text(text))


def _paragraphs(text: str) -> Iterator[str]:
    for number, paragraph in enumerate(text.split("\n\n")):
        if number:
            yield ".PP"
        yield _text(" ".join(paragraph.split()))


def _text(text: str) -> str:
    """Write plain text so that man(7) takes none of it for a command, nor its hyphens for typography."""
    plain = text.replace(r"\[", "[").replace("\\", r"\e").replace("-", r"\-")
    return re.sub(r"^(?=[.'])", r"\\&", plain, flags=re.MULTILINE)


if __name__ == "__main__":
    sys.stdout.write(manual_page())
