"""Options that several commands share, and how options become settings."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from animatex.errors import ConfigError

if TYPE_CHECKING:
    from animatex.config.overrides import Override

Choice = TypeVar("Choice", bound=str)

_OUTPUT = "Output"
_SETTINGS = "Settings"

Force = Annotated[bool, typer.Option("--force", help="Replace files that exist.", rich_help_panel=_OUTPUT)]
Json = Annotated[
    bool,
    typer.Option(
        "--json", help="Write one JSON object to standard output, nothing else.", rich_help_panel=_OUTPUT
    ),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Show errors only.", rich_help_panel=_OUTPUT)]
PrintConfig = Annotated[
    bool,
    typer.Option(
        "--print-config",
        help="Show every setting and where it comes from, and stop.",
        rich_help_panel=_OUTPUT,
    ),
]
Preset = Annotated[
    str,
    typer.Option(
        "--preset",
        metavar="NAME|FILE",
        help="What to run: a shipped preset's name, or a YAML file.",
        rich_help_panel=_SETTINGS,
    ),
]
Set = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY.PATH=VALUE",
        help="Change one setting of the preset. Repeatable.",
        rich_help_panel=_SETTINGS,
    ),
]
Weights = Annotated[
    Path | None,
    typer.Option(
        "--weights",
        envvar="ANIMATEX_WEIGHTS",
        metavar="DIR",
        help=r"Folder of weights files.  \[default: the user's cache folder]",
        show_default=False,
        rich_help_panel=_SETTINGS,
    ),
]
Device = Annotated[
    str | None,
    typer.Option(
        "--device",
        metavar="NAME",
        help=r"cpu, cuda, mps or auto.  \[runtime.device]",
        rich_help_panel=_SETTINGS,
    ),
]
Dtype = Annotated[
    str | None,
    typer.Option(
        "--dtype",
        metavar="TYPE",
        help=r"float32, float16, bfloat16 or auto.  \[runtime.dtype]",
        rich_help_panel=_SETTINGS,
    ),
]
Seed = Annotated[
    int | None, typer.Option("--seed", help=r"Of all randomness.  \[seed]", rich_help_panel=_SETTINGS)
]


def parse_size(text: str) -> tuple[int, int]:
    """Read WIDTHxHEIGHT.

    Returns:
        Width and height in pixels.

    Raises:
        ConfigError: It says something else.
    """
    found = re.fullmatch(r"(\d{1,5})[xX](\d{1,5})", text)
    if not found or 0 in (int(found[1]), int(found[2])):
        raise ConfigError(f"--size {text}: needs WIDTHxHEIGHT in pixels", hint="for example --size 512x768.")
    return int(found[1]), int(found[2])


def one_of(flag: str, value: str, choices: Sequence[Choice]) -> Choice:
    """Read the value of an option that takes one of some words.

    Raises:
        ConfigError: It is none of them.
    """
    for choice in choices:
        if choice == value:
            return choice
    raise ConfigError(f"{flag} {value}: needs {' or '.join(choices)}")


def settings(given: Sequence[str] | None, flags: Mapping[str, tuple[str, object]]) -> list[str | Override]:
    """Put options in the order in which they win: --set, then named options.

    Args:
        given: The values of --set.
        flags: By option name, the key it sets and the value that was given, None where it was not.
    """
    from animatex.config.overrides import Override

    named = [
        Override(key, str(value), f"{flag} {value}")
        for flag, (key, value) in flags.items()
        if value is not None
    ]
    return [*(given or ()), *named]
