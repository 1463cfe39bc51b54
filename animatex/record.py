"""What a run used, in a file that repeats it."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from animatex import __version__
from animatex.config.loader import dump_config
from animatex.config.section import Section
from animatex.files import replacing

# The packages whose version can change a pixel.
_PACKAGES = (
    "torch",
    "numpy",
    "opencv-contrib-python",
    "av",
    "mediapipe",
    "onnxruntime",
    "open_clip_torch",
    "diffusers",
)


def result_title(reference: Path, driving: Path) -> str:
    """Name a result after what it was made of: hero-dance."""
    return f"{reference.stem}-{'poses' if str(driving) == '-' else driving.resolve().stem}"


def record_path(output: Path) -> Path:
    """Where the record of an output lies: `hero.yaml` beside `hero.mp4`."""
    return output.with_suffix(".yaml")


def write_record(
    path: Path,
    config: Section,
    *,
    command: str | None = None,
    files: Sequence[Path] = (),
    choices: Mapping[str, str] | None = None,
) -> None:
    """Write the effective configuration with its seed, below comments that say what else the run used.

    The file is a complete preset: `--preset` with it repeats the run. It holds no date, so equal runs write
    equal records.

    Args:
        path: YAML file to write; replaced if it exists.
        config: Everything the run was told, overrides and flags included.
        command: The command line that repeats the run.
        files: What it read: reference, driving video, weights. Each is named with its SHA-256.
        choices: What was chosen on this machine, with the reason: {"device": "cpu (asked for)"}.

    Raises:
        InputError: It cannot be written there.
    """
    text = "".join(f"# {_one_line(line)}\n" for line in _comments(command, files, choices or {}))
    with replacing(path) as beside:
        beside.write_text(f"{text}\n{dump_config(config).rstrip()}\n", encoding="utf-8")


def versions() -> dict[str, str]:
    """Give the versions of what computes a result; packages that are not installed are left out."""
    found = {"animatex": __version__, "python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def sha256(path: Path) -> str:
    """Hash a file, in hexadecimal; of a folder, its files' names and contents in order."""
    if path.is_dir():
        names = "".join(f"{f.name} {sha256(f)}\n" for f in sorted(path.iterdir()) if f.is_file())
        return hashlib.sha256(names.encode()).hexdigest()
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _comments(command: str | None, files: Sequence[Path], choices: Mapping[str, str]) -> Iterator[str]:
    if command:
        yield f"repeat: {command}"
    yield "with: " + ", ".join(f"{name} {number}" for name, number in versions().items())
    yield f"on: {platform.system()} {platform.machine()}"
    for choice, why in choices.items():
        yield f"{choice}: {why}"
    for path in files:
        yield f"used: {path.name} sha256 {sha256(path)}"


def _one_line(text: str) -> str:
    """Keep a file name with a line break in it from ending the comment."""
    return " ".join(text.split())
