"""PoseSequence to and from files: our .npz and JSON Lines, OpenPose JSON, and DWPose's pickles.

Nothing here runs what a file says, not even a pickle: a pose file cannot run code.
"""

from __future__ import annotations

import json
import sys
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from tokenize import TokenError
from typing import TextIO

import numpy as np

from animatex.errors import ConfigError, InputError, brief
from animatex.files import replacing
from animatex.limits import POSE_BYTES, check_bytes, check_file
from animatex.pose.dwpose_pickle import read_dwpose_pickle
from animatex.pose.extract import Person
from animatex.pose.fields import (
    MAKE,
    READABLE,
    as_triples,
    checked_sequence,
    exact_floats,
    parse_json,
    take_number,
    take_points,
)
from animatex.pose.openpose import read_openpose, write_openpose
from animatex.pose.sequence import PoseSequence
from animatex.pose.skeleton import NUM_KEYPOINTS
from animatex.video.frames import Size
from animatex.video.image import is_image

FORMAT, VERSION = "animatex-poses", 1
READ_SUFFIXES = (".npz", ".jsonl", ".json", ".pkl")
WRITE_SUFFIXES = (".npz", ".jsonl", ".json")
STANDARD_STREAM = Path("-")

_BROKEN_ARCHIVE = (
    *(zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, TypeError, SyntaxError, LookupError),
    *(OverflowError, MemoryError, RecursionError, NotImplementedError, RuntimeError, TokenError),
)
"""What zipfile and numpy raise, depending on where an archive is broken or what it claims."""

_FIELDS = ("format", "version", "keypoints", "scores", "canvas", "fps")


def holds_poses(path: Path) -> bool:
    """Tell whether a path means poses: standard input, a pose file, a folder of OpenPose's files.

    A folder with pictures in it is a clip, whatever else lies there.
    """
    if path.is_dir():
        files = [file for file in path.iterdir() if file.is_file()]
        return any(file.suffix.lower() == ".json" for file in files) and not any(map(is_image, files))
    return path == STANDARD_STREAM or path.suffix.lower() in READ_SUFFIXES


def read_poses(
    path: Path, *, canvas: Size | None = None, fps: float | None = None, person: Person = "first"
) -> PoseSequence:
    """Read poses from a file, or from a folder of OpenPose files.

    Args:
        path: .npz and .jsonl as written by `write_poses`; .json as OpenPose, ControlNet or ComfyUI write it;
            .pkl as DWPose's published pre-processing writes it; "-" for JSON Lines on standard input.
        canvas: Size of the pictures, for files that do not say; ours always do.
        fps: Frames per second, likewise; pickles say it cut to an integer, so this goes first.
        person: Whom to follow in files with several people.

    Raises:
        InputError: The file is missing, not of such a kind, or wrong in a field that the message names.
    """
    if path == STANDARD_STREAM:
        return read_json_lines(sys.stdin, "standard input")
    suffix = path.suffix.lower()
    if path.is_dir():
        return read_openpose(path, canvas, fps, person)
    check_bytes(path, check_file(path), POSE_BYTES, "has")
    if suffix == ".json":
        return read_openpose(path, canvas, fps, person)
    if suffix == ".npz":
        return _read_npz(path)
    if suffix == ".jsonl":
        with path.open(encoding="utf-8", errors="replace") as stream:
            return read_json_lines(stream, str(path))
    if suffix == ".pkl":
        return read_dwpose_pickle(path, canvas, fps)
    raise InputError(f"{path} is not a pose file", hint=READABLE)


def check_pose_name(path: Path) -> None:
    """Refuse a name that `write_poses` could not write to.

    Raises:
        ConfigError: Its suffix is that of no pose format.
    """
    if path.suffix and path.suffix.lower() not in WRITE_SUFFIXES:
        raise ConfigError(
            f"{path} is no name for a pose file",
            hint=f"name it with one of {', '.join(WRITE_SUFFIXES)}, or a folder for OpenPose JSON.",
        )


def write_poses(poses: PoseSequence, path: Path) -> None:
    """Write poses; an existing file is replaced, and never half written.

    Args:
        poses: What to write.
        path: Its suffix says how: .npz (ours), .jsonl (ours, one line a frame) or .json (OpenPose); without
            one, a folder of one OpenPose file a frame; "-" for JSON Lines on standard output.

    Raises:
        ConfigError: The suffix is none of these.
        InputError: The file cannot be written.
    """
    if path == STANDARD_STREAM:
        write_json_lines(poses, sys.stdout)
        return
    check_pose_name(path)
    suffix = path.suffix.lower()
    if suffix in ("", ".json"):
        write_openpose(poses, path)
        return
    with replacing(path) as beside:
        if suffix == ".npz":
            _write_npz(poses, beside)
        else:
            with beside.open("w", encoding="utf-8") as stream:
                write_json_lines(poses, stream)


def write_json_lines(poses: PoseSequence, stream: TextIO) -> None:
    """Write poses as JSON Lines: a line about the clip, then for each frame 134 times x, y and score."""
    head = {"format": FORMAT, "version": VERSION, "frames": len(poses), "fps": poses.fps}
    stream.write(json.dumps({**head, "height": poses.canvas.height, "width": poses.canvas.width}) + "\n")
    for number, row in enumerate(as_triples(poses)):
        stream.write(json.dumps({"frame": number, "keypoints": exact_floats(row)}) + "\n")


def read_json_lines(stream: TextIO, source: str) -> PoseSequence:
    """Read what `write_json_lines` wrote.

    Args:
        stream: Text, such as standard input.
        source: What error messages call it.

    Raises:
        InputError: A line is not what it should be; the message says which.
    """
    lines = _lines(stream, source)
    head = parse_json(next(lines, "null"), f"{source}, line 1")
    if not isinstance(head, dict) or head.get("format") != FORMAT:
        raise InputError(f"{source} does not begin with a line about our poses", hint=MAKE)
    _check_version(source, head.get("version"))
    expected = take_number(head, "frames", source)
    rows = []
    for number, line in enumerate(lines, start=2):
        if line.strip():
            content = parse_json(line, f"{source}, line {number}")
            rows.append(take_points(content, "keypoints", (NUM_KEYPOINTS,), f"{source}, line {number}"))
    if len(rows) != expected:
        raise InputError(f"{source} ends after {len(rows)} of {expected:g} frames", hint=MAKE)
    canvas = Size(int(take_number(head, "height", source)), int(take_number(head, "width", source)))
    table = np.array(rows, np.float32).reshape(-1, NUM_KEYPOINTS, 3)
    return checked_sequence(source, table[..., :2], table[..., 2], canvas, take_number(head, "fps", source))


def _lines(stream: TextIO, source: str) -> Iterator[str]:
    """Read lines, as long as there are no more of them than a file may have."""
    left = POSE_BYTES.value()
    while line := stream.readline(left + 1):
        left -= len(line)
        if left < 0:
            raise InputError(
                f"{source} goes on after {POSE_BYTES.value()} characters",
                hint=POSE_BYTES.raise_to(10 * POSE_BYTES.value()),
            )
        yield line


def _write_npz(poses: PoseSequence, path: Path) -> None:
    with path.open("wb") as file:
        np.savez_compressed(
            file,
            format=np.array(FORMAT),
            version=np.array(VERSION),
            keypoints=poses.keypoints,
            scores=poses.scores,
            canvas=np.array(poses.canvas),
            fps=np.array(poses.fps, np.float64),
        )


def _read_npz(path: Path) -> PoseSequence:
    try:
        with zipfile.ZipFile(path) as archive:
            held = {entry.filename: entry.file_size for entry in archive.infolist()}
            members = [f"{field}.npy" for field in _FIELDS]
            missing = [field for field, member in zip(_FIELDS, members, strict=True) if member not in held]
            if missing:
                only = brief(", ".join(name.removesuffix(".npy") for name in held))
                raise InputError(
                    f"{path} is not one of our pose files: it has no '{missing[0]}', only {only}", hint=MAKE
                )
            check_bytes(path, sum(held[member] for member in members), POSE_BYTES, "unpacks to")
            # Not through numpy.load, which may take another member of nearly the same name.
            name, version, keypoints, scores, canvas, fps = (_array(archive, member) for member in members)
    except _BROKEN_ARCHIVE as error:
        raise InputError(f"{path} cannot be read as .npz: {brief(error)}", hint=MAKE) from error
    # Arrays of text stay arrays: numpy takes characters that no text of Python's can have.
    if name.shape != () or name.dtype.kind != "U" or name != FORMAT:
        raise InputError(f"{path} is not one of our pose files: its format is not {FORMAT}", hint=MAKE)
    _check_version(str(path), version.item() if version.shape == () and version.dtype.kind in "iu" else None)
    if canvas.shape != (2,) or fps.shape != () or canvas.dtype.kind not in "iu" or fps.dtype.kind != "f":
        found = " and ".join(f"{brief(str(each.dtype))} {list(each.shape)}" for each in (canvas, fps))
        raise InputError(f"{path}: canvas and fps are {found}; needs two integers and a number", hint=MAKE)
    return checked_sequence(str(path), keypoints, scores, Size(int(canvas[0]), int(canvas[1])), float(fps))


def _array(archive: zipfile.ZipFile, member: str) -> np.ndarray:
    with archive.open(member) as stream:
        array: np.ndarray = np.lib.format.read_array(stream, allow_pickle=False)  # type: ignore[no-untyped-call]
    return array


def _check_version(source: str, version: object) -> None:
    if version != VERSION:
        raise InputError(
            f"{source} is a pose file of version {brief(version)}; this animatex reads version {VERSION}",
            hint="update animatex, or make the file again.",
        )
