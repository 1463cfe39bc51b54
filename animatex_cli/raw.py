"""Raw frames on the standard streams: what the options say of them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from animatex.errors import ConfigError
from animatex_cli.options import parse_size

if TYPE_CHECKING:
    from animatex.video.frames import Size
    from animatex.video.raw import RawFormat

STREAM = Path("-")

PixelFormat = Literal["rgb24", "bgr24", "gray", "yuv420p"]


def incoming(pix: PixelFormat, size: str | None, fps: float | None) -> RawFormat:
    """Say what the raw frames on standard input are.

    Raises:
        ConfigError: Their size or rate is not said, or cannot be.
        InputError: There are no such frames.
    """
    from animatex.video.frames import Size
    from animatex.video.raw import RawFormat

    if size is None or fps is None:
        raise ConfigError(
            f"--pix {pix}: raw frames do not say their size and rate",
            hint="--size and --fps do: for example --size 512x768 --fps 24.",
        )
    return RawFormat(pix, Size(*reversed(parse_size(size))), fps)


def refuse_terminal() -> None:
    """Refuse to write raw frames where somebody would see them as text.

    Raises:
        ConfigError: Standard output is a terminal.
    """
    if sys.stdout.isatty():
        raise ConfigError(
            "--out - writes raw frames, and standard output is a terminal",
            hint="| ffmpeg -f rawvideo ..., or > frames.rgb, or --out with a file's name.",
        )


def say_how_to_read(pix: PixelFormat, size: Size, fps: float) -> str:
    """Give the command that reads the frames."""
    return f"ffmpeg -f rawvideo -pixel_format {pix} -video_size {size} -framerate {fps:.12g} -i -"
