"""The JSON files of the benchmark: one dataclass each, the format's name first, read strictly."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from animatex.errors import InputError, brief
from animatex.files import replacing
from animatex.limits import TEXT_BYTES, read_bytes

T = TypeVar("T")


def as_document(format: str, value: object) -> dict[str, object]:
    """Give a dataclass as plain values that JSON can hold, with its format in front."""
    return {"format": format, **TypeAdapter(type(value)).dump_python(value, mode="json")}


def write_document(path: Path, format: str, value: object) -> None:
    """Write a dataclass as JSON; an existing file is replaced, and never half written.

    Raises:
        InputError: The file cannot be written.
    """
    with replacing(path) as beside:
        beside.write_text(json.dumps(as_document(format, value), indent=2) + "\n", encoding="utf-8")


def is_foreign(path: Path) -> bool:
    """Tell whether a file holds a JSON object that names no format: somebody else wrote it.

    Of one that cannot be read it is not known; `read_document` says what is wrong with it.
    """
    try:
        document = json.loads(read_bytes(path, TEXT_BYTES).decode("utf-8"))
    except (InputError, ValueError, RecursionError):
        return False
    return isinstance(document, dict) and "format" not in document


def read_document(path: Path, format: str, kind: type[T], *, what: str, again: str) -> T:
    """Read what `write_document` wrote.

    Args:
        path: The file.
        format: Name and version, with a slash between: "animatex-scores/1".
        kind: The dataclass.
        what: What the file is, as a message says it: "file of scores".
        again: How to get a good one.

    Raises:
        InputError: The file is missing, not such a file, of another version, or wrong in a field that the
            message names.
    """
    try:
        document = json.loads(read_bytes(path, TEXT_BYTES).decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} is not JSON: {brief(error)}", hint=again) from error
    except InputError as error:
        raise InputError(error.message, hint=error.hint or again) from error
    found = document.pop("format", None) if isinstance(document, dict) else None
    if str(found).partition("/")[0] != format.partition("/")[0]:
        raise InputError(f"{path} is no {what}: its format is {brief(found)}", hint=again)
    if found != format:
        raise InputError(
            f"{path} is in format {brief(found)}; this animatex reads {format}",
            hint="update animatex, or make the file again.",
        )
    try:
        return TypeAdapter(kind).validate_json(json.dumps(document), strict=True, extra="forbid")
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(step) for step in first["loc"])
        raise InputError(f"{path}: {where}: {first['msg']}", hint=again) from error
