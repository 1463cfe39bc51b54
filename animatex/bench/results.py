"""A results folder: what a run leaves behind and scoring reads.

One entry for each case: `<id>.mp4` (or another video), or a folder `<id>/` of lossless pictures 000000.png,
000001.png and so on. Beside them `run.json`, of which scoring reads two keys: `fps`, the rate of the picture
folders, and `provenance`, an object of strings that is copied into the scores.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from animatex.errors import InputError, brief
from animatex.limits import TEXT_BYTES, read_bytes

RUN_FILE = "run.json"

_SUFFIXES = (".mp4", ".mov", ".mkv", ".webm", ".avi", ".gif")


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What scoring wants to know of the run that made the videos.

    Attributes:
        fps: Frames per second of the picture folders; None where the file does not say.
        provenance: How they were made, for people: preset, setting, suite, versions.
    """

    fps: float | None
    provenance: Mapping[str, str]


def find_result(folder: Path, id: str) -> Path:
    """Find the video of one case in a results folder.

    Args:
        folder: Holds a video `<id>.mp4` or a folder of pictures `<id>/` for each case.
        id: Name of the case.

    Raises:
        InputError: The folder does not exist, or has no such video, or more than one.
    """
    if not folder.is_dir():
        raise InputError(f"{folder} is no folder of results", hint=_AGAIN)
    found = [
        path for path in (folder / id, *(folder / f"{id}{suffix}" for suffix in _SUFFIXES)) if path.exists()
    ]
    if not found:
        raise InputError(
            f"{folder} has no video of case {id}",
            hint="animatex bench run completes it; a run is of one --setting.",
        )
    if len(found) > 1:
        names = " and ".join(path.name for path in found)
        raise InputError(
            f"{folder} has more than one video of case {id}: {names}", hint="remove all but one."
        )
    return found[0]


def read_run_facts(folder: Path) -> RunFacts:
    """Read `run.json` of a results folder; a folder without one has nothing to say.

    Raises:
        InputError: The file is there and cannot be understood.
    """
    path = folder / RUN_FILE
    if not path.is_file():
        return RunFacts(None, {})
    try:
        document = json.loads(read_bytes(path, TEXT_BYTES).decode("utf-8"))
        if not isinstance(document, dict):
            raise ValueError("it holds no object")
        known = {"fps": document.get("fps"), "provenance": document.get("provenance", {})}
        return TypeAdapter(RunFacts).validate_json(json.dumps(known), strict=True)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(step) for step in first["loc"])
        raise InputError(f"{path}: {where}: {first['msg']}", hint=_AGAIN) from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} cannot be read: {brief(error)}", hint=_AGAIN) from error


_AGAIN = "make the folder again with: animatex bench run."
