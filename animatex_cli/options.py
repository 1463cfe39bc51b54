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
    from animatex.provenance.credentials import Credentials

Choice = TypeVar("Choice", bound=str)

_CREDENTIALS = "Content credentials"
_OUTPUT = "Output"
_PLACE = "The body's place"
_SETTINGS = "Settings"


def complete_preset(incomplete: str) -> list[str]:
    """Give the shipped presets whose names begin so; a shell that gets none completes files."""
    from animatex.config.presets import preset_names

    return [name for name in preset_names() if name.startswith(incomplete)]


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
        autocompletion=complete_preset,
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
        file_okay=False,
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

Anchor = Annotated[
    str | None,
    typer.Option(
        "--anchor",
        metavar="neck|ground",
        help=r"What stays where the character has it.  \[retarget.anchor]",
        rich_help_panel=_PLACE,
    ),
]
Scale = Annotated[
    float | None,
    typer.Option(
        "--scale",
        metavar="F",
        help=r"Make the retargeted body F times as large.  \[retarget.scale]",
        rich_help_panel=_PLACE,
    ),
]
Shift = Annotated[
    str | None,
    typer.Option(
        "--shift",
        metavar="X,Y",
        help=r"Move it right and down, in fractions of the canvas: 0.1,0 is a tenth of the width."
        r"  \[retarget.shift]",
        rich_help_panel=_PLACE,
    ),
]
Box = Annotated[
    str | None,
    typer.Option(
        "--box",
        metavar="X,Y,W,H",
        help=r"Where the character is, in fractions of its picture, where its pose is not found."
        r"  \[retarget.box]",
        rich_help_panel=_PLACE,
    ),
]

C2paCert = Annotated[
    Path | None,
    typer.Option(
        "--c2pa-cert",
        envvar="ANIMATEX_C2PA_CERT",
        metavar="FILE",
        help="Sign what is made, as C2PA asks: the signer's certificate and those above it, PEM.",
        show_default=False,
        rich_help_panel=_CREDENTIALS,
    ),
]
C2paKey = Annotated[
    Path | None,
    typer.Option(
        "--c2pa-key",
        envvar="ANIMATEX_C2PA_KEY",
        metavar="FILE",
        help="The signer's private key, PEM, without password.",
        show_default=False,
        rich_help_panel=_CREDENTIALS,
    ),
]
C2paTimestamp = Annotated[
    str | None,
    typer.Option(
        "--c2pa-timestamp",
        envvar="ANIMATEX_C2PA_TIMESTAMP",
        metavar="URL",
        help="Have an authority confirm the time; the one option that uses the network.",
        show_default=False,
        rich_help_panel=_CREDENTIALS,
    ),
]


def credentials(certificate: Path | None, key: Path | None, timestamp: str | None) -> Credentials | None:
    """Give what results are signed with, after a trial.

    Raises:
        ConfigError: Something is missing or no address.
        InputError: The files cannot be used to sign.
        MissingPackage: c2pa is not installed.
    """
    if certificate is None and key is None and timestamp is None:
        return None
    if certificate is None or key is None:
        missing = "--c2pa-cert" if certificate is None else "--c2pa-key"
        raise ConfigError(
            f"{missing} is missing: certificate and key are needed to sign",
            hint="the environment may name them too: ANIMATEX_C2PA_CERT, ANIMATEX_C2PA_KEY.",
        )
    if timestamp is not None and not timestamp.startswith(("http://", "https://")):
        raise ConfigError(f"--c2pa-timestamp {timestamp}: needs an address that begins with http")
    from animatex.provenance.credentials import Credentials, check_credentials

    given = Credentials(certificate, key, timestamp)
    check_credentials(given)
    return given


def place_flags(
    anchor: str | None, scale: float | None, shift: str | None, box: str | None
) -> dict[str, tuple[str, object]]:
    """Give the options of the body's place as `settings` takes them.

    Raises:
        ConfigError: --shift or --box are not as many numbers as they need.
    """
    return {
        "--anchor": ("retarget.anchor", anchor),
        "--scale": ("retarget.scale", scale),
        "--shift": ("retarget.shift", _numbers("--shift", shift, "X,Y", "0.1,-0.05")),
        "--box": ("retarget.box", _numbers("--box", box, "X,Y,W,H", "0.3,0.1,0.4,0.8")),
    }


def _numbers(flag: str, given: str | None, form: str, example: str) -> str | None:
    """Read numbers between commas and write them as a preset would."""
    if given is None:
        return None
    try:
        numbers = [float(part) for part in given.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) != form.count(",") + 1 or not all(abs(number) <= 10 for number in numbers):
        raise ConfigError(
            f"{flag} {given}: needs {form} in fractions of the picture", hint=f"for example {flag} {example}."
        )
    return str(numbers)


def parse_size(text: str) -> tuple[int, int]:
    """Read WIDTHxHEIGHT.

    Returns:
        Width and height in pixels.

    Raises:
        ConfigError: It says something else.
    """
    found = re.fullmatch(r"(\d{1,9})[xX](\d{1,9})", text)
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


def refuse_without(companion: str, given: Mapping[str, object], *, hint: str | None = None) -> None:
    """Refuse options that would do nothing because the one that they belong to is missing.

    Args:
        companion: The missing option.
        given: By option name, its value; None, False or nothing in a list where it was not given.
        hint: What to do.

    Raises:
        ConfigError: One of them is given.
    """
    for flag, value in given.items():
        if value is not None and value is not False and value != []:
            raise ConfigError(f"{flag} is for {companion}, which is missing", hint=hint)


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
