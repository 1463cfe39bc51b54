"""What a run used, as text that repeats it: in a file beside the result, and in the result itself."""

from __future__ import annotations

import hashlib
import platform
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from animatex import __version__
from animatex.config.document import dump_document
from animatex.config.section import Section
from animatex.files import check_has_name

HashFile = Callable[[Path], str]
"""Gives the SHA-256 of a file, or of a folder, as `sha256` does; it may know it already."""

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

_NOTE = re.compile(r"# ([a-z]+): (.+)")
_USED = re.compile(r"# (reference|driving|poses|weights): (.+) sha256 ([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class UsedFile:
    """A file that a run read.

    Attributes:
        role: "reference", "driving", "poses" or "weights".
        name: Its name, without folders, in one line.
        sha256: Of its contents.
    """

    role: str
    name: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Record:
    """What the comments of a record say.

    Attributes:
        notes: "with": versions of packages; "on": the platform; "device", "dtype": what was chosen and why.
        used: The files that were read.
    """

    notes: Mapping[str, str]
    used: tuple[UsedFile, ...]


def result_title(reference: Path, driving: Path, stream: str = "poses") -> str:
    """Name a result after what it was made of: hero-dance; `stream` is what standard input ("-") holds."""
    return f"{reference.stem}-{stream if str(driving) == '-' else driving.resolve().stem}"


def record_path(output: Path) -> Path:
    """Where the record of an output lies: `hero.yaml` beside `hero.mp4`.

    Raises:
        ConfigError: The output has no name, as `.` and `/` have none.
    """
    check_has_name(output)
    return output.with_suffix(".yaml")


def one_line(text: str) -> str:
    """Make text of a name, whatever bytes it is of, in one line."""
    return " ".join(text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace").split())


def record_text(
    config: Section,
    *,
    command: str | None = None,
    used: Sequence[UsedFile] = (),
    choices: Mapping[str, str] | None = None,
    folders: bool = True,
) -> str:
    """Write the effective configuration with its seed, below comments that say what else the run used.

    The text is a complete preset: `--preset` with it repeats the run. It holds no date, so equal runs have
    equal records.

    Args:
        config: Everything the run was told, overrides and flags included.
        command: The command line that repeats the run.
        used: What it read.
        choices: What was chosen on this machine, with the reason: {"device": "cpu (asked for)"}.
        folders: Whether files in the configuration keep their folders, which may say whose they are.
    """
    values = config.model_dump()
    text = dump_document(
        values if folders else {key: _without_folders(value) for key, value in values.items()}
    )
    comments = "".join(f"# {one_line(line)}\n" for line in _comments(command, used, choices or {}))
    return f"{comments}\n{text.rstrip()}\n"


def read_record(text: str) -> Record:
    """Read the comments of a record; of any other text, there are none."""
    notes: dict[str, str] = {}
    used: list[UsedFile] = []
    for line in text.splitlines():
        if file := _USED.fullmatch(line):
            used.append(UsedFile(file[1], file[2], file[3]))
        elif note := _NOTE.fullmatch(line):
            notes.setdefault(note[1], note[2])
        else:
            break
    return Record(notes, tuple(used))


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
        return folder_sha256(path, sha256)
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def folder_sha256(folder: Path, hash_file: HashFile) -> str:
    """Hash a folder as `sha256` does, by what is known of its files."""
    names = "".join(f"{f.name} {hash_file(f)}\n" for f in sorted(folder.iterdir()) if f.is_file())
    return hashlib.sha256(names.encode("utf-8", "surrogateescape")).hexdigest()


def used_file(role: str, path: Path, hash_file: HashFile = sha256) -> UsedFile:
    """Hash a file that a run read."""
    return UsedFile(role, one_line(path.name), hash_file(path))


def _comments(command: str | None, used: Sequence[UsedFile], choices: Mapping[str, str]) -> Iterator[str]:
    if command:
        yield f"repeat: {command}"
    yield "with: " + ", ".join(f"{name} {number}" for name, number in versions().items())
    yield f"on: {platform.system()} {platform.machine()}"
    for choice, why in choices.items():
        yield f"{choice}: {why}"
    for file in used:
        yield f"{file.role}: {file.name} sha256 {file.sha256}"


def _without_folders(value: object) -> object:
    """Leave of every path its last part, whichever system wrote it."""
    if isinstance(value, dict):
        return {key: _without_folders(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_without_folders(each) for each in value]
    return re.split(r"[/\\]", value.rstrip("/\\"))[-1] if isinstance(value, str) else value
