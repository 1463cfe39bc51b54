"""A suite: which characters are driven by what, and what should come out. A folder with `suite.yaml`."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Literal, get_args

from pydantic import Field, model_validator

from animatex.config.document import Where, dump_document
from animatex.config.loader import load_with_sources
from animatex.config.section import Section
from animatex.errors import ConfigError, InputError
from animatex.files import replacing

SUITE_FILE = "suite.yaml"

Setting = Literal["self", "rescaled", "cross"]
"""What drives a character.

self: its own motion and poses, as in the paper's Table 2. rescaled: its own poses put on another body, as in
Table 1. cross: a person of other proportions.
"""

_NAME = re.compile(r"[A-Za-z0-9_+-]+")

SETTINGS: tuple[Setting, ...] = get_args(Setting)


@dataclass(frozen=True, slots=True)
class BenchCase:
    """One video to make.

    Attributes:
        id: Its name in the suite, and of its result: letters, digits, "_", "-" and "+".
        kind: What the character is: "plant", "animal", "food", "furniture", "human", or what a suite says.
        setting: What drives it.
        reference: Picture of the character.
        reference_poses: Pose file of the character's joints in that picture, of several frames the most
            complete one; None: to be found.
        driving: Video, or folder of pictures, of the performer.
        driving_poses: Pose file with one pose for each driving frame; None: to be found.
        target: Video, or folder of pictures, of what should come out; None where nobody knows it.
        fps: Frames per second of the driving frames and of the target.
        seed: Of the procedural character; None for pictures from elsewhere.
        sha256: Of what the case consists of, decoded, in hexadecimal; None where a suite does not say.
    """

    id: str
    kind: str
    setting: Setting
    reference: Path
    reference_poses: Path | None
    driving: Path
    driving_poses: Path | None
    target: Path | None
    fps: float
    seed: int | None
    sha256: str | None

    @property
    def files(self) -> tuple[Path, ...]:
        """Everything that the case reads."""
        paths = (self.reference, self.reference_poses, self.driving, self.driving_poses, self.target)
        return tuple(path for path in paths if path is not None)


@dataclass(frozen=True, slots=True)
class Suite:
    """Cases that belong together.

    Attributes:
        name: Such as "open-a2bench".
        version: Changes whenever a pixel of any case does.
        split: Which part of it: "test", "all", or what a suite says.
        sha256: Of all its cases, decoded, in hexadecimal; None where a suite does not say.
        cases: With different names, at least one; in the order in which they are run.
    """

    name: str
    version: str
    split: str
    sha256: str | None
    cases: tuple[BenchCase, ...]

    def case(self, id: str) -> BenchCase:
        """Look up one case.

        Raises:
            InputError: The suite has none of that name.
        """
        for case in self.cases:
            if case.id == id:
                return case
        raise InputError(
            f"suite {self.name} has no case '{id}'", hint=f"one of its cases: {self.cases[0].id}"
        )

    @property
    def settings(self) -> tuple[Setting, ...]:
        """What it has cases of."""
        return tuple(setting for setting in SETTINGS if any(case.setting == setting for case in self.cases))

    def select(self, patterns: Sequence[str] = (), limit: int | None = None) -> Suite:
        """Keep the cases whose names match one of the patterns ("plant-*"), and the first of those.

        Raises:
            InputError: A pattern matches no case.
        """
        for pattern in patterns:
            if not any(fnmatchcase(case.id, pattern) for case in self.cases):
                raise InputError(
                    f"suite {self.name} has no case '{pattern}'",
                    hint=f"its cases here are called {self.cases[0].id} and so on.",
                )
        chosen = [
            case
            for case in self.cases
            if not patterns or any(fnmatchcase(case.id, pattern) for pattern in patterns)
        ]
        return replace(self, cases=tuple(chosen[:limit]))

    def of(self, setting: Setting) -> Suite:
        """Keep the cases of one setting.

        Raises:
            InputError: It has none.
        """
        if setting not in self.settings:
            raise InputError(
                f"suite {self.name} has no cases of setting '{setting}'",
                hint=f"--setting {' or '.join(self.settings)}",
            )
        return replace(self, cases=tuple(case for case in self.cases if case.setting == setting))


class CaseEntry(Section):
    """One case as `suite.yaml` has it; paths are relative to the file's folder."""

    id: str
    kind: str
    setting: Setting
    reference: str
    reference_poses: str | None = None
    driving: str
    driving_poses: str | None = None
    target: str | None = None
    fps: Annotated[float, Field(gt=0)] | None = None
    """Where it is not the suite's."""

    seed: int | None = None
    sha256: str | None = None

    @model_validator(mode="after")
    def _names_a_file(self) -> CaseEntry:
        if not _NAME.fullmatch(self.id):
            raise ValueError(f"id is '{self.id}'; needs letters, digits, '_', '-' and '+'.")
        return self


class SuiteDocument(Section):
    """What stands in `suite.yaml`."""

    name: str
    version: str
    split: str
    fps: Annotated[float, Field(gt=0)]
    """Frames per second of its videos, whatever their files say; folders of pictures say nothing."""

    sha256: str | None = None
    cases: Annotated[tuple[CaseEntry, ...], Field(min_length=1)]


def load_suite(path: Path) -> Suite:
    """Read a suite.

    Args:
        path: A folder with `suite.yaml`, or that file.

    Raises:
        ConfigError: The file is missing, or says what no suite says; every problem is named with its line.
        InputError: A picture, video or pose file that it names is not there.
    """
    file = path / SUITE_FILE if path.is_dir() else path
    if not file.is_file():
        raise ConfigError(
            f"{path} has no {SUITE_FILE}" if path.is_dir() else f"{path} does not exist",
            hint="animatex bench make writes a suite.",
        )
    loaded = load_with_sources(SuiteDocument, file)
    document = loaded.config
    cases = tuple(_case(entry, file.parent, document.fps) for entry in document.cases)
    _check_names(cases, [loaded.sources[("cases", place)] for place in range(len(cases))])
    missing = [(case.id, path) for case in cases for path in case.files if not path.exists()]
    if missing:
        id, lost = missing[0]
        others = f", nor do {len(missing) - 1} more files" if len(missing) > 1 else ""
        raise InputError(
            f"{file}, case {id}: {lost} does not exist{others}", hint="animatex bench make completes a suite."
        )
    return Suite(document.name, document.version, document.split, document.sha256, cases)


def write_suite(folder: Path, suite: Suite) -> None:
    """Write `suite.yaml` into a folder that exists; files that lie elsewhere are named from there.

    Raises:
        InputError: It cannot be written there.
    """
    fps = suite.cases[0].fps
    document = SuiteDocument(
        name=suite.name,
        version=suite.version,
        split=suite.split,
        fps=fps,
        sha256=suite.sha256,
        cases=tuple(_entry(case, folder, fps) for case in suite.cases),
    )
    with replacing(folder / SUITE_FILE) as beside:
        beside.write_text(dump_document(document.model_dump(exclude_none=True)), encoding="utf-8")


def _entry(case: BenchCase, folder: Path, fps: float) -> CaseEntry:
    def inside(path: Path) -> str:
        return Path(os.path.relpath(path, folder)).as_posix()

    return CaseEntry(
        id=case.id,
        kind=case.kind,
        setting=case.setting,
        reference=inside(case.reference),
        reference_poses=inside(case.reference_poses) if case.reference_poses else None,
        driving=inside(case.driving),
        driving_poses=inside(case.driving_poses) if case.driving_poses else None,
        target=inside(case.target) if case.target else None,
        fps=None if case.fps == fps else case.fps,
        seed=case.seed,
        sha256=case.sha256,
    )


def _case(entry: CaseEntry, folder: Path, fps: float) -> BenchCase:
    def inside(name: str | None) -> Path | None:
        return None if name is None else folder / name

    return BenchCase(
        id=entry.id,
        kind=entry.kind,
        setting=entry.setting,
        reference=folder / entry.reference,
        reference_poses=inside(entry.reference_poses),
        driving=folder / entry.driving,
        driving_poses=inside(entry.driving_poses),
        target=inside(entry.target),
        fps=fps if entry.fps is None else entry.fps,
        seed=entry.seed,
        sha256=entry.sha256,
    )


def _check_names(cases: Collection[BenchCase], places: Collection[Where]) -> None:
    first: dict[str, Where] = {}
    for case, where in zip(cases, places, strict=True):
        # Two names that differ only in case would be one file on some systems.
        name = case.id.lower()
        if name in first:
            raise ConfigError(
                f"{where}: case {case.id} stands here again; first on {first[name]}",
                hint="give each case a name of its own.",
            )
        first[name] = where
