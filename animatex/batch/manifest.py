"""What a batch is asked to do: a list of jobs, from a file or from every picture with every performance.

Everything is checked before anything runs, and all problems are told at once, each with its line.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from itertools import product
from pathlib import Path, PurePosixPath

from pydantic import ValidationError, model_validator

from animatex.batch.job import Job
from animatex.config.document import Data, KeyPath, Node, Scalar, Where, parse_document
from animatex.config.overrides import Override
from animatex.config.problems import Problem, problems_of, summary
from animatex.config.run import AnimateConfig, NonNegative
from animatex.config.section import Section
from animatex.errors import ConfigError, InputError, brief
from animatex.limits import JOBS, TEXT_BYTES, read_bytes
from animatex.pose.io import READ_SUFFIXES, holds_poses
from animatex.record import record_path, result_title
from animatex.video.image import is_image, is_meant_as_picture
from animatex.video.writer import VIDEO_SUFFIXES

MANIFEST_SUFFIXES = (".yaml", ".yml", ".csv", ".jsonl")

LoadPreset = Callable[[str, Sequence[Override]], AnimateConfig]
"""From a preset's name or file and a job's own settings to what the job runs with."""

_DRIVING_SUFFIXES = (".mp4", ".mov", ".mkv", ".webm", ".avi", ".m4v", ".gif", *READ_SUFFIXES)
# Control characters, halves of surrogate pairs, and what breaks a line or a paragraph.
_UNPRINTABLE = ("Cc", "Cs", "Zl", "Zp")
_PRESET_SUFFIXES = (".yaml", ".yml")


class JobEntry(Section):
    """One job of a manifest; paths are relative to the manifest's folder, `out` to the output folder."""

    reference: str
    """Picture of the character."""

    driving: str
    """Video of the performer, folder of pictures, or pose file."""

    out: str | None = None
    """Video (.mp4, .mov) or, without suffix, folder of PNG files; null: REFERENCE-DRIVING.mp4."""

    preset: str | None = None
    """A shipped preset's name, or a YAML file; null: the command line's."""

    seed: NonNegative | None = None
    """Of all randomness; null: the preset's."""

    set: tuple[str, ...] = ()
    """Settings that replace the preset's: "sampler.steps=50"."""

    @model_validator(mode="after")
    def _names_files(self) -> JobEntry:
        for key, name in (("reference", self.reference), ("driving", self.driving)):
            if "\0" in name:
                raise ValueError(f"{key} is {name!r}; no file's name has a NUL in it.")
        return self


class Manifest(Section):
    """A list of jobs."""

    jobs: tuple[JobEntry, ...]


def read_manifest(path: Path, out: Path, preset: str, load: LoadPreset) -> tuple[Job, ...]:
    """Read a manifest.

    Args:
        path: A YAML file with a list `jobs`, a CSV file with a line of column names, or a JSON Lines file.
        out: Folder of the results.
        preset: Of jobs that name none.
        load: Reads presets.

    Raises:
        ConfigError: It cannot be used; the message lists every problem with its line.
    """
    suffix = path.suffix.lower()
    text = _read_text(path)
    if suffix in _PRESET_SUFFIXES:
        root = _from_yaml(text, path)
    else:
        items = _from_csv(text, path) if suffix == ".csv" else _from_json_lines(text, path)
        root = Node({"jobs": Node(items, Where(str(path)), path.parent)}, Where(str(path)), path.parent)
    data, places = root.data(), dict(root.places())
    try:
        manifest = Manifest.model_validate(data)
    except ValidationError as error:
        problems = problems_of(error, Manifest, data, places)
        _, more = _jobs_of(_well_formed(error, data, places), path.parent, out, preset, load)
        problems = sorted([*problems, *more], key=lambda problem: problem.where.line or 0)
        raise ConfigError(summary(str(path), problems)) from error
    if not manifest.jobs:
        raise ConfigError(f"{path} has no jobs; needs at least one")
    _check_number(len(manifest.jobs), str(path))
    wheres = [places["jobs", number] for number in range(len(manifest.jobs))]
    return _checked(list(zip(manifest.jobs, wheres, strict=True)), str(path), path.parent, out, preset, load)


def _well_formed(
    error: ValidationError, data: Data, places: Mapping[KeyPath, Where]
) -> list[tuple[JobEntry, Where]]:
    """The entries of a manifest that has others with wrong keys or types."""
    items = data.get("jobs") if isinstance(data, Mapping) else None
    if not isinstance(items, tuple):
        return []
    wrong = {detail["loc"][1] for detail in error.errors() if len(detail["loc"]) > 1}
    return [
        (JobEntry.model_validate(entry), places["jobs", number])
        for number, entry in enumerate(items)
        if number not in wrong
    ]


def pair_up(pattern: str, driving: Path, out: Path, preset: str, load: LoadPreset) -> tuple[Job, ...]:
    """Make a job of every picture with every performance; other files, and hidden ones, are left alone.

    Args:
        pattern: Of pictures: 'refs/*.png'; or the name of one.
        driving: A folder of videos, pose files and folders of pictures; or one of these.
        out: Folder of the results.
        preset: Of all jobs.
        load: Reads presets.

    Raises:
        InputError: There are no pictures, or no performances.
        ConfigError: There are too many, or two would write one file.
    """
    pictures = _find_pictures(Path(pattern))
    if not pictures:
        raise InputError(
            f"--batch {pattern}: no picture has such a name",
            hint=f"a pattern in quotes, 'refs/*.png', or a manifest ({', '.join(MANIFEST_SUFFIXES)}).",
        )
    performances = find_performances(driving)
    number = len(pictures) * len(performances)
    _check_number(number, f"--batch {pattern} ({len(pictures)} pictures, {len(performances)} performances)")
    return pair(pictures, performances, f"--batch {pattern}", out, preset, load)


def _find_pictures(pattern: Path) -> list[Path]:
    if pattern.is_file():
        return [pattern]
    if not pattern.name:
        return []
    try:
        found = list(Path(pattern.anchor).glob(str(pattern.relative_to(pattern.anchor))))
    except ValueError as error:
        raise InputError(
            f"--batch {pattern} is no pattern: {error}", hint="for example 'refs/*.png'."
        ) from error
    shown = (path for path in found if pattern.name.startswith(".") or not path.name.startswith("."))
    return sorted(path for path in shown if path.is_file() and is_meant_as_picture(path))


def pair(
    pictures: Sequence[Path],
    performances: Sequence[Path],
    title: str,
    out: Path,
    preset: str,
    load: LoadPreset,
) -> tuple[Job, ...]:
    """Make a job of each of these pictures with each of these performances.

    Args:
        pictures: Of characters.
        performances: Videos, pose files and folders of pictures.
        title: What an error begins with.
        out: Folder of the results.
        preset: Of all jobs.
        load: Reads presets.

    Raises:
        ConfigError: Two would write one file, or a result cannot be called as it would be.
    """
    entries = [
        (JobEntry(reference=str(picture), driving=str(video)), Where(f"{picture} with {video}"))
        for picture, video in product(pictures, performances)
    ]
    return _checked(entries, title, Path(), out, preset, load)


def shard_of(jobs: Sequence[Job], index: int, count: int) -> tuple[Job, ...]:
    """Choose the jobs of one of several runners; by their names alone, so that all agree.

    Args:
        jobs: All jobs.
        index: Which runner, from 1.
        count: How many there are.
    """
    return tuple(job for job in jobs if _number(job.name) % count == index - 1)


def _number(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.encode("utf-8", "surrogateescape")).digest()[:8], "big")


def _check_number(jobs: int, source: str) -> None:
    if jobs > JOBS.value():
        raise ConfigError(
            f"{source} has {jobs} jobs; at most {JOBS.value()} are one batch", hint=JOBS.raise_to(jobs)
        )


def find_performances(driving: Path) -> list[Path]:
    """List the performances in a folder of videos, pose files and folders of pictures; or that one.

    Raises:
        InputError: There are none.
    """
    if not driving.exists():
        raise InputError(f"--driving {driving} does not exist")
    if not driving.is_dir() or holds_poses(driving):
        return [driving]
    entries = sorted(entry for entry in driving.iterdir() if not entry.name.startswith("."))
    if any(is_image(entry) for entry in entries if entry.is_file()):
        return [driving]
    found = [entry for entry in entries if entry.is_dir() or entry.suffix.lower() in _DRIVING_SUFFIXES]
    if not found:
        raise InputError(f"--driving {driving} has no videos and no poses in it")
    return found


def _checked(
    entries: list[tuple[JobEntry, Where]], title: str, folder: Path, out: Path, preset: str, load: LoadPreset
) -> tuple[Job, ...]:
    """Turn entries into jobs, or list everything that is wrong with them."""
    jobs, problems = _jobs_of(entries, folder, out, preset, load)
    if problems:
        raise ConfigError(summary(title, problems))
    return tuple(job for job, _ in jobs)


def _jobs_of(
    entries: list[tuple[JobEntry, Where]], folder: Path, out: Path, preset: str, load: LoadPreset
) -> tuple[list[tuple[Job, Where]], list[Problem]]:
    problems: list[Problem] = []
    jobs: list[tuple[Job, Where]] = []
    configs: dict[tuple[str, tuple[str, ...], int | None], AnimateConfig | str] = {}
    for entry, where in entries:
        named = _preset_of(entry, folder) or preset
        key = named, entry.set, entry.seed
        if key not in configs:
            configs[key] = _load(named, entry, load)
        config = configs[key]
        name, wrong = _output_name(entry, out)
        if entry.driving == "-":
            problems.append(Problem(where, "driving: '-' is standard input, which a batch does not read."))
        problems += [Problem(where, text) for text in (wrong, config) if isinstance(text, str) and text]
        if isinstance(config, AnimateConfig) and not wrong:
            reference, driving = folder / entry.reference, folder / entry.driving
            jobs.append((Job(name, reference, driving, out / name, named, config), where))
    return jobs, problems + _collisions(jobs)


def _load(preset: str, entry: JobEntry, load: LoadPreset) -> AnimateConfig | str:
    """Read a job's preset, or say why that cannot be done."""
    overrides = []
    for text in entry.set:
        key, equals, value = text.partition("=")
        if not equals or not all(key.strip().split(".")):
            return f"set: {text!r}; needs key.path=value, for example sampler.steps=50."
        overrides.append(Override(key.strip(), value, f"set {text}"))
    if entry.seed is not None:
        overrides.append(Override("seed", str(entry.seed), f"seed {entry.seed}"))
    try:
        return load(preset, overrides)
    except ConfigError as error:
        return error.message


def _preset_of(entry: JobEntry, folder: Path) -> str | None:
    """Give a job's preset; a file's path is relative to the manifest."""
    if entry.preset is None:
        return None
    path = Path(entry.preset)
    is_file = path.suffix.lower() in _PRESET_SUFFIXES or len(path.parts) > 1
    return str(folder / path) if is_file else entry.preset


def _output_name(entry: JobEntry, out: Path) -> tuple[str, str]:
    """Give the name of a job's output, and what is wrong with it, if anything."""
    given = entry.out or f"{result_title(Path(entry.reference), Path(entry.driving))}.mp4"
    path = PurePosixPath(given)
    if any(unicodedata.category(character) in _UNPRINTABLE for character in given):
        return given, f"out: {given!r} has control characters or broken text in it."
    if path.is_absolute() or ".." in path.parts or not path.name:
        return given, f"out: {given!r} is no path inside the output folder."
    if not (out / path).resolve().is_relative_to(out.resolve()):
        return given, f"out: {given!r} leads out of the output folder by a link."
    if path.name.startswith((".", "-")):
        return given, f"out: {path.name!r} begins with {path.name[0]!r}; needs a letter or a digit."
    if path.suffix.lower() not in ("", *VIDEO_SUFFIXES):
        known = ", ".join(VIDEO_SUFFIXES)
        return given, f"out: {given!r}; needs {known}, or no suffix for a folder of PNG files."
    return str(path), ""


def _collisions(jobs: list[tuple[Job, Where]]) -> list[Problem]:
    """List the jobs that would replace what others write or read."""
    problems = []
    read = {path.resolve() for job, _ in jobs for path in (job.reference, job.driving)}
    written: dict[Path, Where] = {}
    for job, where in jobs:
        record = record_path(job.output)
        first = written.setdefault(record, where)
        if first is not where:
            same = "is written" if first == where else f"is written by {first}"
            problems.append(Problem(where, f"out: {job.name} {same} too."))
        if {job.output.resolve(), record.resolve()} & read:
            problems.append(Problem(where, f"out: {job.name} would replace a file that is read too."))
    folders = {job.output: job.name for job, _ in jobs if not job.output.suffix}
    for job, where in jobs:
        around = next((folders[path] for path in job.output.parents if path in folders), None)
        if around is not None:
            problems.append(Problem(where, f"out: {job.name} lies in {around}, which is a job's own folder."))
    return problems


def _read_text(path: Path) -> str:
    try:
        content = read_bytes(path, TEXT_BYTES)
    except InputError as error:
        raise ConfigError(error.message, hint=error.hint or "--batch with a manifest.") from error
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{path}:{line}: not UTF-8 text; is this a manifest?") from error
    if not text.strip():
        raise ConfigError(f"{path} is empty; a manifest has a list of jobs")
    return text


def _from_yaml(text: str, path: Path) -> Node:
    return parse_document(text, str(path), path.parent)


def _from_csv(text: str, path: Path) -> tuple[Node, ...]:
    """Read a table: an empty cell is not given; settings are separated by semicolons."""
    reader = csv.DictReader(io.StringIO(text), restkey="", strict=True)
    rows = []
    try:
        for row in reader:
            where = Where(str(path), reader.line_num)
            if "" in row:
                columns = brief(", ".join(row)[:-2])
                raise ConfigError(f"{where}: more cells than columns, which are {columns}")
            rows.append((where, row))
    except csv.Error as error:
        raise ConfigError(f"{Where(str(path), reader.reader.line_num)}: {error}") from error
    _check_number(len(rows), str(path))
    return tuple(_from_row(row, where, path.parent) for where, row in rows)


def _from_row(row: Mapping[str, str], where: Where, folder: Path) -> Node:
    cells = {key: _node(_cell(key, text), where, folder) for key, text in row.items() if text}
    return Node(cells, where, folder)


def _cell(column: str, text: str) -> object:
    if column == "set":
        return [part.strip() for part in text.split(";") if part.strip()]
    return int(text) if column == "seed" and text.isascii() and text.isdecimal() and len(text) < 19 else text


def _from_json_lines(text: str, path: Path) -> tuple[Node, ...]:
    lines = [(number, line) for number, line in enumerate(text.split("\n"), start=1) if line.strip()]
    _check_number(len(lines), str(path))
    items = []
    for number, line in lines:
        where = Where(str(path), number)
        try:
            value = json.loads(line, object_pairs_hook=_without_repeats)
        except (ValueError, RecursionError) as error:
            raise ConfigError(f"{where}: not JSON: {error}") from error
        items.append(_node(value, where, path.parent))
    return tuple(items)


def _without_repeats(pairs: list[tuple[str, object]]) -> dict[str, object]:
    values = dict(pairs)
    if len(values) != len(pairs):
        raise ValueError("a key stands twice")
    return values


def _node(value: object, where: Where, folder: Path) -> Node:
    if isinstance(value, dict):
        return Node({key: _node(child, where, folder) for key, child in value.items()}, where, folder)
    if isinstance(value, list):
        return Node(tuple(_node(child, where, folder) for child in value), where, folder)
    plain: Scalar = value if isinstance(value, bool | int | float | str | None) else str(value)
    return Node(plain, where, folder)
