"""Poses from the pickles that DWPose's published pre-processing writes.

Animate-X's `process_data.py` writes one dictionary a video: bodies [F, 18, 2], body_indices [F, 18], faces
[F, 68, 2], hands [F, 2, 21, 2] (left, right), size (height, width, 3) and fps, cut to an integer. Coordinates
are fractions of the picture, -1 where a point was hidden; an index is -1 where a joint was not to be drawn.
Single poses, such as a reference's, are dictionaries whose bodies are a dictionary again: candidate [20, 2]
with a foot on each side, and subset [1, 20].
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from animatex.errors import InputError, brief
from animatex.pose.fields import checked_sequence
from animatex.pose.pickles import PickledArray, read_plain_pickle
from animatex.pose.sequence import PoseSequence
from animatex.pose.skeleton import (
    BODY,
    FACE,
    LEFT_BIG_TOE,
    LEFT_HAND,
    LEFT_SMALL_TOE,
    NUM_KEYPOINTS,
    RIGHT_BIG_TOE,
    RIGHT_HAND,
    RIGHT_SMALL_TOE,
)
from animatex.video.frames import Size

_HIDDEN = -1.0
_FEET = ((18, (LEFT_BIG_TOE, LEFT_SMALL_TOE)), (19, (RIGHT_BIG_TOE, RIGHT_SMALL_TOE)))
_OTHERS = "poses of other pre-processings can be read as OpenPose JSON."
_SINGLE: tuple[tuple[str, tuple[int, ...]], ...] = (("faces", (1, 68, 2)), ("hands", (2, 21, 2)))


def read_dwpose_pickle(path: Path, canvas: Size | None, fps: float | None) -> PoseSequence:
    """Read a clip's poses, or one pose, without running what the pickle says.

    Args:
        path: The file.
        canvas: Size of the pictures, for files that do not say.
        fps: Frames per second; None: what the file says, which is cut to an integer.

    Returns:
        Joints that were to be drawn have score 1, all others 0; heels and, in clips, feet were not saved.

    Raises:
        InputError: The file is not of this layout, a number is not finite, or size or rate is nowhere said.
    """
    content = read_plain_pickle(path)
    if not isinstance(content, dict) or "bodies" not in content:
        found = brief(", ".join(content)) if isinstance(content, dict) else type(content).__name__
        raise InputError(f"{path} is not a DWPose pickle: it has no 'bodies', only {found}", hint=_OTHERS)
    if isinstance(content["bodies"], dict):
        bodies = content["bodies"]
        body = _numbers(bodies, "candidate", (20, 2), path)[None]
        drawn = _numbers(bodies, "subset", (1, 20), path) >= 0
        faces, hands = (_numbers(content, name, shape, path) for name, shape in _SINGLE)
        faces, hands = faces, hands[None]
    else:
        body = _numbers(content, "bodies", (None, 18, 2), path)
        frames = len(body)
        drawn = _numbers(content, "body_indices", (frames, 18), path) >= 0
        faces = _numbers(content, "faces", (frames, 68, 2), path)
        hands = _numbers(content, "hands", (frames, 2, 21, 2), path)
    points = np.full((len(body), NUM_KEYPOINTS, 2), _HIDDEN, np.float64)
    points[:, BODY], points[:, FACE] = body[:, :18], faces
    points[:, LEFT_HAND], points[:, RIGHT_HAND] = hands[:, 0], hands[:, 1]
    seen = (points != _HIDDEN).all(axis=2)
    seen[:, BODY] &= drawn[:, :18]
    for foot, toes in _FEET if body.shape[1] == 20 else ():
        points[:, list(toes)] = body[:, [foot]]
        seen[:, list(toes)] = drawn[:, [foot]]
    size = _size(content, canvas, path)
    # What becomes infinite is refused with its place below.
    with np.errstate(over="ignore"):
        pixels = (points * [size.width, size.height]).astype(np.float32)
    rate = fps if fps is not None else _rate(content, path)
    return checked_sequence(str(path), pixels, seen.astype(np.float32), size, rate)


def _numbers(
    content: Mapping[object, object], field: str, shape: tuple[int | None, ...], path: Path
) -> np.ndarray:
    """Take one array and check it: float64, finite, of a shape in which None stands for any length."""
    value = content.get(field)
    if not isinstance(value, PickledArray):
        raise InputError(f"{path}: '{field}' is {type(value).__name__}; needs an array", hint=_OTHERS)
    try:
        array = value.to_numpy().astype(np.float64)
    except ValueError as error:
        raise InputError(f"{path}: '{field}': {brief(error)}", hint=_OTHERS) from error
    fits = array.ndim == len(shape) and all(
        wanted in (None, side) for wanted, side in zip(shape, array.shape, strict=True)
    )
    if not fits or array.shape[0] == 0:
        wanted = ", ".join("F" if side is None else str(side) for side in shape)
        raise InputError(f"{path}: '{field}' is {list(array.shape)}; needs [{wanted}]", hint=_OTHERS)
    if not np.isfinite(array).all():
        where = [int(i) for i in np.argwhere(~np.isfinite(array))[0]]
        raise InputError(f"{path}: '{field}', frame {where[0]}: item {where[1:]} is not finite", hint=_OTHERS)
    return array


def _size(content: Mapping[object, object], canvas: Size | None, path: Path) -> Size:
    size = content.get("size")
    if (
        isinstance(size, tuple)
        and len(size) >= 2
        and all(type(side) is int and 0 < side < 2**31 for side in size[:2])
    ):
        return Size(size[0], size[1])
    if "size" in content:
        raise InputError(f"{path}: 'size' is {brief(size)}; needs height, width and channels", hint=_OTHERS)
    if canvas is None:
        raise InputError(
            f"{path} does not say how large its pictures are",
            hint=f"animatex pose convert {path} --size 512x768, for instance.",
        )
    return canvas


def _rate(content: Mapping[object, object], path: Path) -> float:
    rate = content.get("fps")
    if isinstance(rate, int | float) and 0 < rate < 1e6:
        return float(rate)
    raise InputError(
        f"{path} does not say how many frames a second it has",
        hint=f"animatex pose convert {path} --fps 24, for instance.",
    )
