"""How much a file may ask for before it is refused, and how a user who means it allows more.

A limit is a matter of the machine and of trust, not of a run: it changes no pixel and has to reach every
process that reads a file. That is why, unlike everything else, it is raised by a variable of the environment.
"""

from __future__ import annotations

import errno
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from animatex.errors import ConfigError, InputError


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit.

    Attributes:
        variable: The environment's variable that raises or lowers it.
        default: Without that variable.
        meaning: What is counted.
    """

    variable: str
    default: int
    meaning: str

    def value(self) -> int:
        """Give the limit that holds.

        Raises:
            ConfigError: The variable is set to something else than a whole number above 0.
        """
        text = os.environ.get(self.variable)
        if text is None:
            return self.default
        if not (text.isascii() and text.isdecimal() and len(text) < 19 and int(text) > 0):
            raise ConfigError(
                f"{self.variable}={text!r} in the environment: needs a whole number above 0",
                hint=f"without it the limit is {self.default}.",
            )
        return int(text)

    def raise_to(self, needed: int) -> str:
        """Say, as a hint, how to allow so much."""
        return f"{self.variable}={needed} in the environment allows it, if you trust where it comes from."


PIXELS = Limit("ANIMATEX_MAX_PIXELS", 64_000_000, "height times width of a picture, a frame, a pose's canvas")
SIDE = Limit("ANIMATEX_MAX_SIDE", 16_384, "pixels of the longer side of these")
PICTURE_BYTES = Limit("ANIMATEX_MAX_PICTURE_BYTES", 512 * 2**20, "bytes of a picture's file")
FRAMES = Limit("ANIMATEX_MAX_FRAMES", 1_000_000, "frames of a video")
FPS = Limit("ANIMATEX_MAX_FPS", 1_000, "frames a second of a video or of poses")
CLIP_BYTES = Limit("ANIMATEX_MAX_CLIP_BYTES", 8 * 2**30, "bytes of memory for the frames of one clip")
POSE_BYTES = Limit("ANIMATEX_MAX_POSE_BYTES", 256 * 2**20, "bytes of a pose file, as stored and as unpacked")
TEXT_BYTES = Limit(
    "ANIMATEX_MAX_TEXT_BYTES", 8 * 2**20, "bytes of a manifest, of JSON, of certificates and keys"
)
PRESET_BYTES = Limit("ANIMATEX_MAX_PRESET_BYTES", 2**20, "bytes of a preset or a suite")
JOBS = Limit("ANIMATEX_MAX_JOBS", 10_000, "jobs of a batch")
HEADER_BYTES = Limit("ANIMATEX_MAX_HEADER_BYTES", 16 * 2**20, "bytes of a weights file's list of tensors")

LIMITS = (
    *(PIXELS, SIDE, PICTURE_BYTES, FRAMES, FPS, CLIP_BYTES),
    *(POSE_BYTES, PRESET_BYTES, TEXT_BYTES, JOBS, HEADER_BYTES),
)

_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


def check_size(path: Path, height: int, width: int, what: str = "is") -> None:
    """Refuse pictures that would fill the memory, before they are unpacked.

    Args:
        path: Where they come from.
        height: Pixels.
        width: Pixels.
        what: Begins the message behind the path: "has frames of".

    Raises:
        InputError: There are too many pixels, or a side is too long.
    """
    sizes = ((PIXELS, height * width, "pixels"), (SIDE, max(height, width), "on a side"))
    for limit, found, counted in sizes:
        if found > limit.value():
            raise InputError(
                f"{path} {what} {width}x{height} pixels; at most {limit.value()} {counted} are read",
                hint=f"make it smaller, or {limit.raise_to(found)}",
            )


def check_file(path: Path) -> int:
    """Refuse what is no file: a pipe may never begin, and a device never end.

    Returns:
        Its bytes.

    Raises:
        InputError: There is none, it is something else, or it cannot be looked at.
    """
    try:
        status = path.stat()
    except FileNotFoundError as error:
        raise InputError(f"{path} does not exist") from error
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise InputError(f"{path} cannot be read: {why}") from error
    for is_kind, name in _KINDS:
        if is_kind(status.st_mode):
            raise InputError(f"{path} is {name}; needs a file", hint="write it into a file first.")
    if not os.access(path, os.R_OK):
        raise InputError(f"{path} cannot be read: {os.strerror(errno.EACCES)}")
    return status.st_size


def check_bytes(path: Path, found: int, limit: Limit, what: str) -> None:
    """Refuse a file, or a part of it, that takes more bytes than such a thing needs.

    Raises:
        InputError: `found` is above the limit.
    """
    if found > limit.value():
        raise InputError(
            f"{path} {what} {found} bytes; at most {limit.value()} are read", hint=limit.raise_to(found)
        )


def read_bytes(path: Path, limit: Limit) -> bytes:
    """Read a file that is no larger than it may be, also while it grows.

    Raises:
        InputError: It is no file, it cannot be read, or it is too large.
    """
    check_bytes(path, check_file(path), limit, "has")
    try:
        with path.open("rb") as file:
            content = file.read(limit.value() + 1)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error
    check_bytes(path, len(content), limit, "has")
    return content
