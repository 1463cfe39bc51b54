"""PoseSequence to and from files: our .npz, OpenPose JSON, and JSON Lines for pipes.

Nothing here unpickles: a pose file cannot run code.
"""

from __future__ import annotations

import json
import re
import sys
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, TextIO, cast

import numpy as np

from animatex.errors import InputError
from animatex.files import replacing
from animatex.pose.estimator import DetectedPoses
from animatex.pose.extract import Person, follow_person
from animatex.pose.sequence import PoseSequence
from animatex.pose.skeleton import BODY, FACE, FEET, KEYPOINT_NAMES, LEFT_HAND, NUM_KEYPOINTS, RIGHT_HAND
from animatex.video.frames import Size

FORMAT, VERSION = "animatex-poses", 1
SUFFIXES = (".npz", ".json", ".jsonl")
STANDARD_STREAM = Path("-")

_FIELDS = ("format", "version", "keypoints", "scores", "canvas", "fps")
_READABLE = "our .npz and .jsonl, OpenPose JSON (a file or a folder of one file a frame) can be read."
_HUGE = 1e9
_MAKE = "make the file again with: animatex pose extract."

# OpenPose's 25 body points in our order; its ninth, between the hips, is left out.
_BODY_25 = (0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24)
_OPENPOSE_PARTS = (
    ("face_keypoints_2d", FACE, (68, 70)),
    ("hand_left_keypoints_2d", LEFT_HAND, (21,)),
    ("hand_right_keypoints_2d", RIGHT_HAND, (21,)),
)

Json = Any
"""What `json.loads` gives: checked below before it is used."""


def read_poses(
    path: Path, *, canvas: Size | None = None, fps: float | None = None, person: Person = "first"
) -> PoseSequence:
    """Read poses from a file, or from a folder of OpenPose files.

    Args:
        path: .npz and .jsonl as written by `write_poses`; .json as OpenPose, ControlNet or ComfyUI write it;
            "-" for JSON Lines on standard input.
        canvas: Size of the pictures, for files that do not say; ours always do.
        fps: Frames per second, likewise.
        person: Whom to follow in files with several people.

    Raises:
        InputError: The file is missing, not of such a kind, or wrong in a field that the message names.
    """
    if path == STANDARD_STREAM:
        return read_json_lines(sys.stdin, "standard input")
    if path.is_dir():
        return _read_openpose(path, _folder_frames(path), canvas, fps, person)
    if not path.exists():
        raise InputError(f"{path} does not exist")
    suffix = path.suffix.lower()
    if suffix == ".npz":
        return _read_npz(path)
    if suffix == ".jsonl":
        with path.open(encoding="utf-8") as stream:
            return read_json_lines(stream, str(path))
    if suffix == ".json":
        content = _parse(path.read_text(encoding="utf-8", errors="replace"), str(path))
        frames = content if isinstance(content, list) else [content]
        return _read_openpose(path, ((str(path), frame) for frame in frames), canvas, fps, person)
    raise InputError(f"{path} is not a pose file", hint=_READABLE)


def write_poses(poses: PoseSequence, path: Path) -> None:
    """Write poses; an existing file is replaced, and never half written.

    Args:
        poses: What to write.
        path: Its suffix says how: .npz (ours), .jsonl (ours, one line a frame) or .json (OpenPose);
            "-" for JSON Lines on standard output.

    Raises:
        InputError: The suffix is none of these, or the file cannot be written.
    """
    if path == STANDARD_STREAM:
        write_json_lines(poses, sys.stdout)
        return
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise InputError(
            f"{path} is no name for a pose file", hint=f"name it with one of {', '.join(SUFFIXES)}."
        )
    with replacing(path) as beside:
        if suffix == ".npz":
            _write_npz(poses, beside)
            return
        with beside.open("w", encoding="utf-8") as stream:
            if suffix == ".jsonl":
                write_json_lines(poses, stream)
            else:
                json.dump(list(openpose_frames(poses)), stream)


def write_json_lines(poses: PoseSequence, stream: TextIO) -> None:
    """Write poses as JSON Lines: a line about the clip, then for each frame 134 times x, y and score."""
    head = {"format": FORMAT, "version": VERSION, "frames": len(poses), "fps": poses.fps}
    stream.write(json.dumps({**head, "height": poses.canvas.height, "width": poses.canvas.width}) + "\n")
    for number, row in enumerate(_triples(poses)):
        stream.write(json.dumps({"frame": number, "keypoints": _exact(row)}) + "\n")


def read_json_lines(stream: TextIO, source: str) -> PoseSequence:
    """Read what `write_json_lines` wrote.

    Args:
        stream: Text, such as standard input.
        source: What error messages call it.

    Raises:
        InputError: A line is not what it should be; the message says which.
    """
    head = _parse(stream.readline() or "null", f"{source}, line 1")
    if not isinstance(head, dict) or head.get("format") != FORMAT:
        raise InputError(f"{source} does not begin with a line about our poses", hint=_MAKE)
    _check_version(source, head.get("version"))
    expected = _number(head, "frames", source)
    rows = []
    for number, line in enumerate(stream, start=2):
        if line.strip():
            content = _parse(line, f"{source}, line {number}")
            rows.append(_flat(content, "keypoints", (NUM_KEYPOINTS,), f"{source}, line {number}"))
    if len(rows) != expected:
        raise InputError(f"{source} ends after {len(rows)} of {expected:g} frames", hint=_MAKE)
    canvas = Size(int(_number(head, "height", source)), int(_number(head, "width", source)))
    table = np.array(rows, np.float32).reshape(-1, NUM_KEYPOINTS, 3)
    return _sequence(source, table[..., :2], table[..., 2], canvas, _number(head, "fps", source))


def openpose_frames(poses: PoseSequence) -> Iterator[Json]:
    """Give each frame as OpenPose's JSON: one person with 25 body points, 70 of the face, 21 of each hand."""
    for row in _triples(poses):
        body = np.zeros((25, 3), np.float32)
        body[list(_BODY_25)] = row[: FEET.stop]
        hips = row[[8, 11]]
        body[8] = [*hips[:, :2].mean(axis=0), hips[:, 2].min()]
        face = np.concatenate([row[FACE], np.zeros((2, 3), np.float32)])
        yield {
            "version": 1.3,
            "canvas_width": poses.canvas.width,
            "canvas_height": poses.canvas.height,
            "people": [
                {
                    "person_id": [-1],
                    "pose_keypoints_2d": _exact(body),
                    "face_keypoints_2d": _exact(face),
                    "hand_left_keypoints_2d": _exact(row[LEFT_HAND]),
                    "hand_right_keypoints_2d": _exact(row[RIGHT_HAND]),
                }
            ],
        }


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
        with np.load(path, allow_pickle=False) as file:
            missing = [field for field in _FIELDS if field not in file]
            if missing:
                raise InputError(
                    f"{path} is not one of our pose files: it has no '{missing[0]}', only {', '.join(file)}",
                    hint=_MAKE,
                )
            name, version, keypoints, scores, canvas, fps = (file[field] for field in _FIELDS)
    except (zipfile.BadZipFile, ValueError, EOFError, OSError) as error:
        raise InputError(f"{path} cannot be read as .npz: {error}", hint=_MAKE) from error
    if name.shape != () or str(name) != FORMAT:
        raise InputError(f"{path} is not one of our pose files: its format is {name}", hint=_MAKE)
    _check_version(str(path), version.item() if version.shape == () else None)
    if canvas.shape != (2,) or fps.shape != () or canvas.dtype.kind not in "iu" or fps.dtype.kind != "f":
        raise InputError(f"{path}: canvas and fps are {canvas} and {fps}", hint=_MAKE)
    return _sequence(str(path), keypoints, scores, Size(int(canvas[0]), int(canvas[1])), float(fps))


def _check_version(source: str, version: object) -> None:
    if version != VERSION:
        raise InputError(
            f"{source} is a pose file of version {version}; this animatex reads version {VERSION}",
            hint="update animatex, or make the file again.",
        )


def _sequence(
    source: str, keypoints: np.ndarray, scores: np.ndarray, canvas: Size, fps: float
) -> PoseSequence:
    """Make the value, with what is wrong in the file said in its own words."""
    if keypoints.ndim == 3 and keypoints.shape[1] != NUM_KEYPOINTS:
        raise InputError(
            f"{source} has {keypoints.shape[1]} key points a frame; needs {NUM_KEYPOINTS}",
            hint="read other layouts through OpenPose JSON.",
        )
    try:
        return PoseSequence(keypoints, scores, canvas, fps)
    except ValueError as error:
        raise InputError(f"{source}: {error}", hint=_MAKE) from error


def _triples(poses: PoseSequence) -> np.ndarray:
    """Give x, y and score of each point: float32 [F, 134, 3], zeros where not seen, as OpenPose writes it."""
    seen = (poses.scores > 0)[..., None]
    triples = np.concatenate([np.nan_to_num(poses.keypoints), poses.scores[..., None]], axis=2)
    return np.where(seen, triples, np.float32(0))


def _exact(values: np.ndarray) -> list[float]:
    """Give float32 numbers as the shortest decimals that read back as the same float32."""
    return [float(text) for text in values.ravel().astype(str)]


def _folder_frames(folder: Path) -> Iterator[tuple[str, Json]]:
    files = sorted((f for f in folder.iterdir() if f.suffix.lower() == ".json"), key=_frame_number)
    if not files:
        raise InputError(f"{folder} is a folder without .json files", hint=_READABLE)
    texts = ((str(file), file.read_text(encoding="utf-8", errors="replace")) for file in files)
    return ((name, _parse(text, name)) for name, text in texts)


def _frame_number(path: Path) -> tuple[int, str]:
    numbers = re.findall(r"\d+", path.stem)
    return (int(numbers[-1]) if numbers else -1), path.name


def _read_openpose(
    path: Path, frames: Iterable[tuple[str, Json]], canvas: Size | None, fps: float | None, person: Person
) -> PoseSequence:
    if fps is None:
        raise InputError(
            f"{path} does not say how many frames a second it has", hint="--fps 24, for instance."
        )
    sizes: list[Size] = []
    detections = []
    for number, (source, frame) in enumerate(frames):
        where = f"{source}, frame {number}"
        if not isinstance(frame, dict) or not isinstance(frame.get("people"), list):
            raise InputError(f"{where} is not OpenPose JSON: it has no list 'people'", hint=_READABLE)
        size = canvas
        if "canvas_width" in frame:
            size = Size(
                int(_number(frame, "canvas_height", where)), int(_number(frame, "canvas_width", where))
            )
        if size is None:
            raise InputError(
                f"{path} does not say how large its pictures are", hint="--size 512x768, for instance."
            )
        sizes.append(size)
        detections.append(_people(frame["people"], size, where))
    if not detections:
        raise InputError(f"{path} has no frames")
    followed = list(follow_person(detections, sizes, fps, person))
    keypoints, scores = (np.stack(arrays) for arrays in zip(*followed, strict=True))
    return _sequence(str(path), keypoints, scores, sizes[0], fps)


def _people(people: list[Json], size: Size, where: str) -> DetectedPoses:
    tables = [_person(each, f"{where}, person {i}") for i, each in enumerate(people)]
    boxes = []
    for table in tables:
        seen = table[table[:, 2] > 0, :2]
        if len(seen) and seen.max() <= 1:
            # ControlNet's files give fractions of the picture.
            table[:, :2] *= [size.width, size.height]
            seen = table[table[:, 2] > 0, :2]
        corners = [*seen.min(axis=0), *seen.max(axis=0)] if len(seen) else [0, 0, 0, 0]
        boxes.append([*corners, table[BODY, 2].mean()])
    together = np.array(tables, np.float32).reshape(-1, NUM_KEYPOINTS, 3)
    return DetectedPoses(together[..., :2], together[..., 2], np.array(boxes, np.float32).reshape(-1, 5))


def _person(person: Json, where: str) -> np.ndarray:
    """One person of OpenPose as a table of x, y and score: float32 [134, 3]."""
    table = np.zeros((NUM_KEYPOINTS, 3), np.float32)
    if not isinstance(person, dict):
        raise InputError(f"{where} is not OpenPose JSON: it is {type(person).__name__}", hint=_READABLE)
    body = _flat(person, "pose_keypoints_2d", (18, 25), where).reshape(-1, 3)
    if len(body) == 25:
        table[: FEET.stop] = body[list(_BODY_25)]
    else:
        table[BODY] = body
    for field, part, counts in _OPENPOSE_PARTS:
        if person.get(field):
            table[part] = _flat(person, field, counts, where).reshape(-1, 3)[: part.stop - part.start]
    table[:, 2] = np.clip(table[:, 2], 0, 1)
    return table


def _flat(content: Json, field: str, counts: tuple[int, ...], where: str) -> np.ndarray:
    """Check a list of x, y, score of so many points: float32 [3 * count]."""
    values = content.get(field) if isinstance(content, dict) else None
    wanted = " or ".join(f"{3 * count} ({count} points)" for count in counts)
    if not isinstance(values, list):
        raise InputError(f"{where}: there is no list '{field}'; needs {wanted} numbers", hint=_READABLE)
    if len(values) not in [3 * count for count in counts]:
        raise InputError(f"{where}: '{field}' has {len(values)} numbers; needs {wanted}", hint=_READABLE)
    for i, value in enumerate(values):
        if not _is_number(value):
            what = KEYPOINT_NAMES[i // 3] if counts == (NUM_KEYPOINTS,) else f"point {i // 3}"
            raise InputError(f"{where}: '{field}', {what} is {value}; needs a finite number", hint=_READABLE)
    return np.array(values, np.float32)


def _number(content: dict[str, Json], field: str, source: str) -> float:
    value = content.get(field)
    if not _is_number(value):
        raise InputError(f"{source}: '{field}' is {value}; needs a finite number", hint=_READABLE)
    return float(cast(float, value))


def _is_number(value: object) -> bool:
    """Tell numbers a picture can have: JSON also knows NaN, true, and integers of a thousand digits."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _HUGE


def _parse(text: str, source: str) -> Json:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise InputError(f"{source} is not JSON: {error}", hint=_READABLE) from error
