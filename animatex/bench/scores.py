"""What scoring yields, and its file: the values of a set, those of each case, and how they came about."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from animatex.bench.documents import as_document, read_document, write_document

FORMAT = "animatex-scores/1"

Better = Literal["higher", "lower", "neither"]
"""neither: a description, such as a detection rate, by which nobody wins."""


@dataclass(frozen=True, slots=True)
class Interval:
    """Where a value lies if other videos had been drawn.

    Attributes:
        low: Lower end.
        high: Upper end.
        level: Share of resampled sets that lie between them, such as 0.95.
    """

    low: float
    high: float
    level: float


@dataclass(frozen=True, slots=True)
class Counts:
    """How much a value was computed from, on the side of the generated videos.

    Attributes:
        frames: Frames, or pairs of frames.
        clips: Windows of 16 frames; 0 for a metric that looks at single frames or whole videos.
        videos: Videos.
    """

    frames: int
    clips: int
    videos: int


@dataclass(frozen=True, slots=True)
class WeightsFile:
    """A weights file that a value depends on.

    Attributes:
        name: File name.
        sha256: Of its contents, in hexadecimal.
    """

    name: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Score:
    """One metric over all videos.

    Attributes:
        metric: Its name, as `--metrics` takes it: "psnr_star".
        title: Its name in a table: "PSNR*".
        value: Finite; None where there is none, and then `reason` says why.
        reason: "unavailable: needs FILE", "too few: …"; None where there is a value.
        unit: "dB", "px", "%"; empty for a plain number.
        better: Which direction is better.
        interval: Of the value, by resampling whole videos; None with fewer than two of them.
        protocol: Who defined it: "disco-2024-04" for the published tables, "animatex-1" for our own.
        weights: Files that the value depends on.
        counts: What it was computed from.
        notes: What a reader of the value has to know: "too few: 17 clips for 400 dimensions".
        estimator: Which pose estimator found the key points that the value is of; None where it is of none.

    Raises:
        ValueError: Both or none of value and reason are given, or the value is not finite.
    """

    metric: str
    title: str
    value: float | None
    reason: str | None
    unit: str
    better: Better
    interval: Interval | None
    protocol: str
    weights: tuple[WeightsFile, ...]
    counts: Counts
    notes: tuple[str, ...]
    estimator: str | None = None

    def __post_init__(self) -> None:
        if (self.value is None) == (self.reason is None):
            raise ValueError(f"{self.metric} needs a value or a reason why there is none, and not both.")
        if self.value is not None and not math.isfinite(self.value):
            raise ValueError(f"{self.metric} is {self.value}; needs a finite number.")


@dataclass(frozen=True, slots=True)
class CaseScores:
    """One pair of videos.

    Attributes:
        id: Its name: the file's or folder's, without suffix.
        frames: Number of frames.
        height: Of the target's frames, in pixels.
        width: Likewise.
        fps: Frames per second.
        values: Metric → mean over the pair's frames; metrics that are of whole sets are not in it.
    """

    id: str
    frames: int
    height: int
    width: int
    fps: float
    values: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Environment:
    """Where scores were computed.

    Attributes:
        versions: Package → version.
        machine: Operating system and processor.
    """

    versions: Mapping[str, str]
    machine: str


@dataclass(frozen=True, slots=True)
class Scores:
    """All that scoring one set of generated videos yields.

    Attributes:
        generated: The videos that were scored, as the user named them.
        target: What they were compared with, likewise.
        provenance: How the generated videos were made, from `run.json` beside them; or empty.
        scores: One for each metric, in the order of a table.
        cases: One for each pair, in the order of their names.
        environment: Where they were computed.
        notes: What a reader of all values has to know: "2 of 2 generated videos are compressed files".
    """

    generated: str
    target: str
    provenance: Mapping[str, str]
    scores: tuple[Score, ...]
    cases: tuple[CaseScores, ...]
    environment: Environment
    notes: tuple[str, ...] = ()

    def score(self, metric: str) -> Score:
        """Look up one metric.

        Raises:
            KeyError: It was not computed.
        """
        for score in self.scores:
            if score.metric == metric:
                return score
        raise KeyError(metric)


_AGAIN = "make it again with: animatex bench score."


def scores_document(scores: Scores) -> dict[str, object]:
    """Give scores as plain values that JSON can hold."""
    return as_document(FORMAT, scores)


def write_scores(path: Path, scores: Scores) -> None:
    """Write scores as JSON; an existing file is replaced, and never half written.

    Raises:
        InputError: The file cannot be written.
    """
    write_document(path, FORMAT, scores)


def read_scores(path: Path) -> Scores:
    """Read what `write_scores` wrote.

    Raises:
        InputError: The file is missing, not such a file, of another version, or wrong in a field that the
            message names.
    """
    return read_document(path, FORMAT, Scores, what="file of scores", again=_AGAIN)
