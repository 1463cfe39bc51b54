"""Published data sets, as they lie where people have them, as suites."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from animatex.bench.pairs import COMPANIONS
from animatex.bench.suite import SUITE_FILE, BenchCase, Suite, write_suite
from animatex.errors import InputError
from animatex.progress import Progress, silent
from animatex.video.image import is_image, is_meant_as_picture, write_png
from animatex.video.reader import iterate_frames, probe

Layout = Literal["a2bench", "tiktok", "ubc-fashion"]

TIKTOK_FPS = 30.0
"""At which its frames were taken."""

_HINTS: dict[Layout, str] = {
    "a2bench": "it has images/NAME.png and videos/NAME.mp4.",
    "tiktok": "it has 00001/images/0001.png and so on.",
    "ubc-fashion": "it has test/NAME.mp4.",
}


@dataclass(frozen=True, slots=True)
class _Listed:
    """One video of a data set.

    Attributes:
        name: Its name there.
        kind: What it shows.
        reference: Picture of whom it shows; None: its first frame.
        video: File, or folder of pictures.
        fps: Frames per second; None: the file's own.
    """

    name: str
    kind: str
    reference: Path | None
    video: Path
    fps: float | None


def import_layout(layout: Layout, source: Path, out: Path, progress: Progress = silent) -> Suite:
    """Write a suite of self-driven cases over a data set, which stays as it is.

    Args:
        layout: How the data set lies there.
        source: Its folder.
        out: Folder for `suite.yaml`, and for the first frames of videos that have no picture of their own; it
            is made.
        progress: Told of each video.

    Raises:
        InputError: The folder is not laid out so, a picture has no video or a video no picture, two names are
            the same, a file cannot be read, or the suite exists already.
    """
    if not source.is_dir():
        raise InputError(f"{source} is not a folder")
    if (out / SUITE_FILE).exists():
        raise InputError(f"{out / SUITE_FILE} exists already", hint="--out with another folder.")
    listed = list({"a2bench": _a2bench, "tiktok": _tiktok, "ubc-fashion": _ubc_fashion}[layout](source))
    if not listed:
        raise InputError(f"{source} is not laid out as {layout}: there are no videos", hint=_HINTS[layout])
    _check_names(listed)
    progress.start("looking at videos", len(listed))
    cases = []
    # All of them are looked at before anything is written.
    for entry in listed:
        cases.append(_case(entry, out))
        progress.advance()
    progress.done()
    _make_folder(out)
    for entry, case in zip(listed, cases, strict=True):
        if entry.reference is None:
            write_png(case.reference, next(iterate_frames(entry.video, [0])))
    suite = Suite(layout, "imported", "all", None, tuple(cases))
    write_suite(out, suite)
    return suite


def _a2bench(source: Path) -> Iterator[_Listed]:
    """Pictures and videos of the same name, in two folders; captions and lists beside them are not used."""
    pictures = _by_name(path for path in _files(source / "images") if is_meant_as_picture(path))
    videos = _by_name(path for path in _files(source / "videos") if path.suffix.lower() not in COMPANIONS)
    for name in sorted({*pictures, *videos}):
        if name not in videos:
            raise InputError(f"{pictures[name]} has no video of the same name in {source / 'videos'}")
        if name not in pictures:
            raise InputError(f"{videos[name]} has no picture of the same name in {source / 'images'}")
        yield _Listed(name, "character", pictures[name], videos[name], None)


def _by_name(files: Iterable[Path]) -> dict[str, Path]:
    named: dict[str, Path] = {}
    for path in files:
        other = named.setdefault(path.stem, path)
        if other is not path:
            raise InputError(
                f"{other} and {path.name} have the same name; which one belongs to the case is not guessed",
                hint="move one of them away.",
            )
    return named


def _tiktok(source: Path) -> Iterator[_Listed]:
    """A folder for each video, with its frames in `images`; masks and DensePose beside them are not used."""
    for folder in sorted(source.iterdir()):
        frames = sorted(path for path in _files(folder / "images") if is_image(path))
        if frames:
            yield _Listed(folder.name, "human", frames[0], folder / "images", TIKTOK_FPS)


def _ubc_fashion(source: Path) -> Iterator[_Listed]:
    """Videos in `test`, or in the folder itself; the first frame is the reference."""
    folder = source / "test" if (source / "test").is_dir() else source
    for path in _files(folder):
        if path.suffix.lower() == ".mp4":
            yield _Listed(path.stem, "human", None, path, None)


def _files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))


def _check_names(listed: list[_Listed]) -> None:
    first: dict[str, _Listed] = {}
    for entry in listed:
        other = first.setdefault(_id(entry.name).lower(), entry)
        if other is not entry:
            raise InputError(
                f"{other.video} and {entry.video} would be one case, {_id(entry.name)}",
                hint="rename one of them.",
            )


def _id(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_+-]", "_", name)


def _make_folder(out: Path) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{out} cannot be written: {error.strerror}") from error


def _case(entry: _Listed, out: Path) -> BenchCase:
    return BenchCase(
        id=_id(entry.name),
        kind=entry.kind,
        setting="self",
        reference=entry.reference or out / f"{_id(entry.name)}.png",
        reference_poses=None,
        driving=entry.video,
        driving_poses=None,
        target=entry.video,
        fps=probe(entry.video).fps if entry.fps is None else entry.fps,
        seed=None,
        sha256=None,
    )
