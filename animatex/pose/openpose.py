"""OpenPose's JSON, which ControlNet and ComfyUI speak too: one person of it to and from PoseSequence."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from animatex.errors import InputError
from animatex.files import POSE_FRAME, replacing, replacing_folder
from animatex.limits import POSE_BYTES, read_bytes
from animatex.pose.estimator import DetectedPoses
from animatex.pose.extract import Person, follow_person
from animatex.pose.fields import (
    READABLE,
    Json,
    as_triples,
    checked_sequence,
    exact_floats,
    parse_json,
    take_number,
    take_points,
)
from animatex.pose.sequence import PoseSequence
from animatex.pose.skeleton import BODY, FACE, FEET, LEFT_HAND, NUM_KEYPOINTS, RIGHT_HAND
from animatex.video.frames import Size

# OpenPose's 25 body points in our order; its ninth, between the hips, is left out.
_BODY_25 = (0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24)
_OPENPOSE_PARTS = (
    ("face_keypoints_2d", FACE, (68, 70)),
    ("hand_left_keypoints_2d", LEFT_HAND, (21,)),
    ("hand_right_keypoints_2d", RIGHT_HAND, (21,)),
)
_TABLE_BYTES = NUM_KEYPOINTS * 3 * 4
"""Of one person, and of a frame with nobody in it."""

_FARTHEST_FRACTION = 2.0
"""Nearly all points of poses in fractions lie nearer than that, hardly any of those in pixels."""


def read_openpose(path: Path, canvas: Size | None, fps: float | None, person: Person) -> PoseSequence:
    """Read OpenPose's JSON, as OpenPose, ControlNet and ComfyUI write it.

    Args:
        path: A file of one frame or a list of frames, or a folder of one file a frame, in the order of the
            last number in their names.
        canvas: Size of the pictures, for files that do not say.
        fps: Frames per second, which these files never say.
        person: Whom to follow where there are several people.

    Raises:
        InputError: It is nothing of the kind, a field is wrong, or size or rate is nowhere said.
    """
    frames = _folder_frames(path) if path.is_dir() else _file_frames(path)
    sizes: list[Size] = []
    tables = []
    unpacked = 0
    for number, (source, frame) in enumerate(frames):
        where = f"{source}, frame {number}"
        if not isinstance(frame, dict) or not isinstance(frame.get("people"), list):
            raise InputError(f"{where} is not OpenPose JSON: it has no list 'people'", hint=READABLE)
        size = canvas
        if "canvas_width" in frame:
            size = Size(
                int(take_number(frame, "canvas_height", where)),
                int(take_number(frame, "canvas_width", where)),
            )
        if size is None:
            raise InputError(
                f"{path} does not say how large its pictures are",
                hint=f"animatex pose convert {path} --fps {fps or 24:g} --size 512x768, for instance.",
            )
        if sizes and size != sizes[0]:
            raise InputError(
                f"{where}: the canvas is {size}, and {sizes[0]} in the first frame",
                hint="one clip has one size.",
            )
        sizes.append(size)
        unpacked += max(1, len(frame["people"])) * _TABLE_BYTES
        if unpacked > POSE_BYTES.value():
            raise InputError(
                f"{path} unpacks to more than {POSE_BYTES.value()} bytes",
                hint=POSE_BYTES.raise_to(10 * POSE_BYTES.value()),
            )
        tables.append(_people(frame["people"], where))
    if not tables:
        raise InputError(f"{path} has no frames")
    if fps is None:
        raise InputError(
            f"{path} does not say how many frames a second it has",
            hint=f"animatex pose convert {path} --fps 24, for instance.",
        )
    unit = np.array([sizes[0].width, sizes[0].height, 1] if _are_fractions(tables) else [1, 1, 1], np.float32)
    detections = [_detected(table * unit) for table in tables]
    alone = max(map(len, detections)) <= 1
    followed = list(follow_person(detections, sizes, fps, person, alone=alone))
    keypoints, scores = (np.stack(arrays) for arrays in zip(*followed, strict=True))
    return checked_sequence(str(path), keypoints, scores, sizes[0], fps)


def write_openpose(poses: PoseSequence, path: Path) -> None:
    """Write poses as OpenPose's JSON.

    Args:
        poses: What to write; the rate has no place in it.
        path: A .json file for a list of all frames; else a folder for a file a frame, as OpenPose writes it.

    Raises:
        InputError: It cannot be written there, or the folder holds other files.
    """
    if path.suffix:
        with replacing(path) as beside:
            beside.write_text(json.dumps(list(openpose_frames(poses))), encoding="utf-8")
        return
    with replacing_folder(path, POSE_FRAME) as beside:
        for index, frame in enumerate(openpose_frames(poses)):
            (beside / f"{index:012d}_keypoints.json").write_text(json.dumps(frame), encoding="utf-8")


def openpose_frames(poses: PoseSequence) -> Iterator[Json]:
    """Give each frame as OpenPose's JSON: one person with 25 body points, 70 of the face, 21 of each hand."""
    for row in as_triples(poses):
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
                    "pose_keypoints_2d": exact_floats(body),
                    "face_keypoints_2d": exact_floats(face),
                    "hand_left_keypoints_2d": exact_floats(row[LEFT_HAND]),
                    "hand_right_keypoints_2d": exact_floats(row[RIGHT_HAND]),
                }
            ],
        }


def _file_frames(path: Path) -> Iterator[tuple[str, Json]]:
    content = parse_json(_text(path), str(path))
    frames = content if isinstance(content, list) else [content]
    return ((str(path), frame) for frame in frames)


def _folder_frames(folder: Path) -> Iterator[tuple[str, Json]]:
    files = sorted((f for f in folder.iterdir() if f.suffix.lower() == ".json"), key=_frame_number)
    if not files:
        raise InputError(f"{folder} is a folder without .json files", hint=READABLE)
    return ((str(file), parse_json(_text(file), str(file))) for file in files)


def _text(path: Path) -> str:
    return read_bytes(path, POSE_BYTES).decode("utf-8", errors="replace")


def _frame_number(path: Path) -> tuple[int, str]:
    numbers = re.findall(r"\d+", path.stem)
    return (int(numbers[-1]) if numbers else -1), path.name


def _people(people: list[Json], where: str) -> np.ndarray:
    """Those who show a point, as `_person` has them: float32 [P, 134, 3]."""
    tables = [_person(each, f"{where}, person {i}") for i, each in enumerate(people)]
    # Of a frame with nobody in it, some write a person without a point.
    seen = [table for table in tables if table[:, 2].any()]
    return np.array(seen, np.float32).reshape(-1, NUM_KEYPOINTS, 3)


def _are_fractions(tables: list[np.ndarray]) -> bool:
    """Tell whether a clip is in fractions of the picture, as ControlNet's files are; some may lie outside."""
    seen = [table[table[..., 2] > 0, :2].ravel() for table in tables]
    places = np.abs(np.concatenate(seen))
    return bool(len(places)) and bool(np.percentile(places, 95) < _FARTHEST_FRACTION)


def _detected(table: np.ndarray) -> DetectedPoses:
    """The people of one frame, in pixels, with the boxes around what they show."""
    keypoints, scores = table[..., :2], table[..., 2]
    there = scores[..., None] > 0
    low, high = (
        np.where(there, keypoints, np.inf).min(axis=1),
        np.where(there, keypoints, -np.inf).max(axis=1),
    )
    boxes = np.concatenate([low, high, scores[:, BODY].mean(axis=1, keepdims=True)], axis=1)
    return DetectedPoses(keypoints, scores, boxes)


def _person(person: Json, where: str) -> np.ndarray:
    """One person of OpenPose as a table of x, y and score: float32 [134, 3]."""
    table = np.zeros((NUM_KEYPOINTS, 3), np.float32)
    if not isinstance(person, dict):
        raise InputError(f"{where} is not OpenPose JSON: it is {type(person).__name__}", hint=READABLE)
    body = take_points(person, "pose_keypoints_2d", (18, 25), where).reshape(-1, 3)
    if len(body) == 25:
        table[: FEET.stop] = body[list(_BODY_25)]
    else:
        table[BODY] = body
    for field, part, counts in _OPENPOSE_PARTS:
        if person.get(field):
            table[part] = take_points(person, field, counts, where).reshape(-1, 3)[: part.stop - part.start]
    table[:, 2] = np.clip(table[:, 2], 0, 1)
    return table
