"""Problems we can explain, one class for each person who can fix them."""

from __future__ import annotations

import importlib
import reprlib
from types import ModuleType

_INSTALL = {
    "c2pa": "pip install 'animatex[c2pa]'",
    "decord": "pip install 'animatex[decord]'",
    "mamba_ssm": "build mamba-ssm for your GPU as docs/temporal-modules.md says",
    "ray": "pip install 'animatex[ray]'",
    "open_clip": "pip install open_clip_torch",
    "yaml": "pip install pyyaml",
}

_BRIEF = 160
"""Characters that are quoted of what others say."""


class AnimateXError(Exception):
    """A problem we can explain.

    Attributes:
        message: What happened, with the actual values, and where; one line.
        hint: What to do about it.
        exit_code: What the command line ends with: 1, the run failed; 2, it was asked for wrongly; 75, it may
            be tried again later.
    """

    exit_code = 1

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class ConfigError(AnimateXError):
    """A preset, an override or a flag that cannot be used."""

    exit_code = 2


class InputError(AnimateXError):
    """A file, video, image or pose that cannot be used."""


class InUse(AnimateXError):
    """Something that another process is at; later it will be free."""

    exit_code = 75  # EX_TEMPFAIL of sysexits.h: mailers, systemd and others know it as "try again later"


class MissingPackage(AnimateXError):
    """An optional package that is not installed; the hint is its install line."""


class BackendError(AnimateXError):
    """A backend that was asked for by name and does not work here."""


class CheckpointMismatch(AnimateXError):
    """Weights that do not fit."""


def require(package: str, *, for_: str) -> ModuleType:
    """Import a package at the moment it is needed.

    Args:
        package: Its import name, or that of a module of it.
        for_: What needs it, as the message says it: "reading videos".

    Raises:
        MissingPackage: It is not installed, or does not import.
    """
    try:
        return importlib.import_module(package)
    except ImportError as error:
        name = package.partition(".")[0]
        raise MissingPackage(
            f"{for_} needs the package {name}, which cannot be imported: {error}",
            hint=_INSTALL.get(name, f"pip install {name.replace('_', '-')}"),
        ) from error


def brief(value: object) -> str:
    """Say in a few words what may be long: another package's complaint, or a value out of a file.

    Args:
        value: An exception or text, of which the first line is taken; or any value, whose depth, length and
            control characters do not matter then.
    """
    try:
        text = str(value) if isinstance(value, str | Exception) else reprlib.repr(value)
    except ValueError:  # thousands of digits
        text = type(value).__name__
    line = next(iter(text.strip().splitlines()), type(value).__name__)
    return line if len(line) <= _BRIEF else f"{line[:_BRIEF]}…"
