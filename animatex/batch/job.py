"""What one video of a batch is, and what all runners of a batch know; needs no network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from animatex.batch.ledger import Asked, Entry, Outcome
from animatex.config.loader import dump_config
from animatex.config.run import AnimateConfig
from animatex.errors import InputError
from animatex.files import check_name, in_words
from animatex.progress import Progress
from animatex.provenance.credentials import Credentials
from animatex.record import record_path

LEASE_SECONDS = 30.0
"""An owner that has shown nothing for so long is gone; it shows itself six times as often."""


@dataclass(frozen=True, slots=True)
class Job:
    """One video to be made.

    Attributes:
        name: The output's path inside the output folder, with slashes; no two jobs of a batch share one.
        reference: The character's picture.
        driving: The performance.
        output: The output's path.
        preset: What the user called the preset.
        config: The preset with all settings.
    """

    name: str
    reference: Path
    driving: Path
    output: Path
    preset: str
    config: AnimateConfig


class Listener(Protocol):
    """Is told how a batch goes."""

    def listening(self, number: int, total: int) -> AbstractContextManager[Progress]:
        """Listen to the stages of a job, the `number`-th of `total`."""

    def ended(self, job: Job, number: int, total: int, reason: str | None, seconds: float) -> None:
        """Hear that a job is done, or for which reason it failed."""

    def noticed(self, text: str, *, wrong: bool) -> None:
        """Hear of something that no job is made of.

        Args:
            text: What it is, and why.
            wrong: Whether somebody will want it to be a job.
        """


@dataclass(frozen=True, slots=True)
class BatchOptions:
    """What all runners of a batch know.

    Attributes:
        ledger: The ledger's file.
        weights: Folder of weights.
        lease_seconds: See `LEASE_SECONDS`; all runners of a ledger have the same.
        credentials: What results are signed with.
        force: Whether to replace files that no run of the ledger has begun.
    """

    ledger: Path
    weights: Path
    lease_seconds: float = LEASE_SECONDS
    credentials: Credentials | None = None
    force: bool = False

    @property
    def poses(self) -> Path:
        """Folder of poses that were found."""
        return self.ledger.with_name(f"{self.ledger.name}.poses")


def asked(jobs: Sequence[Job]) -> list[Asked]:
    """Say what is asked of jobs as a ledger keeps it."""
    # Thousands of jobs share a few configurations, and writing one takes a while.
    settings = {id(config): dump_config(config) for config in {id(j.config): j.config for j in jobs}.values()}
    return [
        Asked(job.name, _text(job.reference), _text(job.driving), _text(job.preset), settings[id(job.config)])
        for job in jobs
    ]


def check_names(jobs: Sequence[Job]) -> None:
    """Refuse outputs and records whose names are too long.

    Raises:
        InputError: There are such names; the message has the first.
    """
    for job in jobs:
        for path in (job.output, record_path(job.output)):
            check_name(path)


def check_outputs(jobs: Sequence[Job], known: Mapping[str, Outcome | Entry]) -> None:
    """Refuse to replace files that no earlier run of this ledger has begun.

    Raises:
        InputError: There are such files; the message names the first and counts them. Or the system does not
            let us look.
    """
    foreign = [
        path
        for job in jobs
        if job.name not in known or known[job.name].tries == 0
        for path in (job.output, record_path(job.output))
        if _exists(path)
    ]
    if foreign:
        others = f" and {len(foreign) - 1} more" if len(foreign) > 1 else ""
        raise InputError(
            f"{foreign[0]}{others} exist already, and the ledger knows nothing of them",
            hint="--force to replace them, another --out-dir, or the --ledger that they were made with.",
        )


def _exists(path: Path) -> bool:
    with in_words(path):
        return path.exists()


def _text(value: str | Path) -> str:
    """Write a name as valid text, whatever bytes it is of."""
    return str(value).encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
