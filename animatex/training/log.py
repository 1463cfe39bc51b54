"""One JSON line a step."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TextIO

from animatex.files import in_words, replacing


class MetricsLog:
    """Appends records to `metrics.jsonl`; each is on disk before the next step begins.

    Opening it for a run that resumes at a step drops the lines of later steps, which will be written again.

    Raises:
        InputError: It cannot be written. All methods raise this.
    """

    def __init__(self, path: Path, resumed_at: int) -> None:
        self._path = path
        with in_words(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            _drop_after(path, resumed_at)
            self._file: TextIO = path.open("a")

    def write(self, record: Mapping[str, str | int | float | None]) -> None:
        """Append one line."""
        with in_words(self._path):
            self._file.write(json.dumps(record) + "\n")
            self._file.flush()

    def close(self) -> None:
        """Close the file."""
        with in_words(self._path):
            self._file.close()


def read_metrics(path: Path) -> list[dict[str, str | int | float | None]]:
    """Read the records of a run; a last line that a killed run left incomplete does not count."""
    if not path.is_file():
        return []
    lines = path.read_text().splitlines(keepends=True)
    return [json.loads(line) for line in lines if line.endswith("\n")]


def _drop_after(path: Path, step: int) -> None:
    records = read_metrics(path)
    kept = [record for record in records if int(record["step"] or 0) <= step]
    with replacing(path) as beside:
        beside.write_text("".join(json.dumps(record) + "\n" for record in kept))
