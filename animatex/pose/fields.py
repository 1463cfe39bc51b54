"""Fields of pose files, checked as they are read: what is wrong is named by file, frame and field."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any, cast

import numpy as np

from animatex.errors import InputError, brief
from animatex.limits import FPS, check_size
from animatex.pose.sequence import PoseSequence
from animatex.pose.skeleton import KEYPOINT_NAMES, NUM_KEYPOINTS
from animatex.video.frames import Size

Json = Any
"""What `json.loads` gives: checked below before it is used."""

READABLE = "our .npz and .jsonl, OpenPose JSON (a file or a folder) and DWPose's .pkl can be read."
_HUGE = 1e9
_MAX_BRACKETS = 4_000_000
"""An hour of poses has a fifth; each may take thirty times its own memory."""

MAKE = "make the file again with: animatex pose extract."


def parse_json(text: str, source: str) -> Json:
    """Read a JSON document.

    Raises:
        InputError: It is none.
    """
    if text.count("[") + text.count("{") > _MAX_BRACKETS:
        raise InputError(f"{source} has more than {_MAX_BRACKETS} brackets", hint=READABLE)
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{source} is not JSON: {brief(error)}", hint=READABLE) from error


def take_points(content: Json, field: str, counts: tuple[int, ...], where: str) -> np.ndarray:
    """Take a list of x, y, score of each point.

    Args:
        content: What was read.
        field: Name of the list.
        counts: How many points it may have.
        where: What messages call the place.

    Returns:
        float32 [3 * count].

    Raises:
        InputError: There is no such list, or a number is not finite; the message names the point.
    """
    values = content.get(field) if isinstance(content, dict) else None
    wanted = " or ".join(f"{3 * count} ({count} points)" for count in counts)
    if not isinstance(values, list):
        raise InputError(f"{where}: there is no list '{field}'; needs {wanted} numbers", hint=READABLE)
    if len(values) not in [3 * count for count in counts]:
        raise InputError(f"{where}: '{field}' has {len(values)} numbers; needs {wanted}", hint=READABLE)
    for i, value in enumerate(values):
        if not _is_number(value):
            what = KEYPOINT_NAMES[i // 3] if counts == (NUM_KEYPOINTS,) else f"point {i // 3}"
            raise InputError(
                f"{where}: '{field}', {what} is {brief(value)}; needs a finite number", hint=READABLE
            )
    return np.array(values, np.float32)


def take_number(content: dict[str, Json], field: str, source: str) -> float:
    """Take one finite number.

    Raises:
        InputError: There is none under that name.
    """
    value = content.get(field)
    if not _is_number(value):
        raise InputError(f"{source}: '{field}' is {brief(value)}; needs a finite number", hint=READABLE)
    return float(cast(float, value))


def checked_sequence(
    source: str, keypoints: np.ndarray, scores: np.ndarray, canvas: Size, fps: float
) -> PoseSequence:
    """Make the value, with what is wrong in the file said in its own words.

    Raises:
        InputError: The numbers are no poses; the message names frame and key point.
    """
    if keypoints.ndim == 3 and keypoints.shape[1] != NUM_KEYPOINTS:
        raise InputError(
            f"{source} has {keypoints.shape[1]} key points a frame; needs {NUM_KEYPOINTS}",
            hint="read other layouts through OpenPose JSON.",
        )
    check_size(Path(source), canvas.height, canvas.width, "is for pictures of")
    if fps > FPS.value():
        raise InputError(
            f"{source} claims {fps:g} frames a second; at most {FPS.value()} are believed",
            hint=FPS.raise_to(math.ceil(fps)) if math.isfinite(fps) else MAKE,
        )
    try:
        return PoseSequence(keypoints, scores, canvas, fps)
    except ValueError as error:
        raise InputError(f"{source}: {error}", hint=MAKE) from error


def as_triples(poses: PoseSequence) -> np.ndarray:
    """Give x, y and score of each point: float32 [F, 134, 3], zeros where not seen, as OpenPose writes it."""
    seen = (poses.scores > 0)[..., None]
    triples = np.concatenate([np.nan_to_num(poses.keypoints), poses.scores[..., None]], axis=2)
    return np.where(seen, triples, np.float32(0))


def exact_floats(values: np.ndarray) -> list[float]:
    """Give float32 numbers as the shortest decimals that read back as the same float32."""
    return [float(text) for text in values.ravel().astype(str)]


def _is_number(value: object) -> bool:
    """Tell numbers a picture can have: JSON also knows NaN, true, and integers of a thousand digits."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _HUGE
