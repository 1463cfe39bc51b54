"""Which jobs of a batch are due, and why: for those who make them, and for those who only ask."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from animatex.batch.cache import Hashes, fingerprint
from animatex.batch.job import BatchOptions, Job, check_names, check_outputs
from animatex.batch.ledger import Entry, Ledger
from animatex.errors import InputError


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a batch would do about a job now.

    Attributes:
        job: The job.
        would: "make" it; "leave" it as it is, or to whom has it; try it and "fail", as a file is missing.
        reason: Why.
    """

    job: Job
    would: Literal["make", "leave", "fail"]
    reason: str


def forecast(jobs: Sequence[Job], options: BatchOptions, *, retry_failed: bool = False) -> list[Forecast]:
    """Say what a batch would do about its jobs now; nothing is made, nor written down.

    Args:
        jobs: Of the batch.
        options: The ledger, which need not exist; the weights; whether files of others would be replaced.
        retry_failed: Whether what has failed would be tried again.

    Raises:
        InputError: The ledger cannot be used, an output's name is too long, or a file that the ledger knows
            nothing of would be replaced.
    """
    check_names(jobs)
    known: dict[str, Entry] = {}
    if options.ledger.exists():
        with Ledger(options.ledger, create=False) as ledger:
            known = ledger.entries()
    if not options.force:
        check_outputs(jobs, known)
    hashes = Hashes()
    return [_forecast(job, known.get(job.name), options, hashes, retry_failed) for job in jobs]


def why_due(entry: Entry, made_of: str | None, is_intact: Callable[[], bool]) -> str | None:
    """Say why a job is to be made; None where it is not.

    Args:
        entry: What became of it so far.
        made_of: Its fingerprint now; None where a file cannot be read.
        is_intact: Tells whether its result is what was written; asked only where that decides.
    """
    if entry.state == "waiting":
        return "not begun, or given back"
    if entry.state == "done" and not is_intact():
        return "its result is gone, or was changed"
    if is_news(entry, made_of):
        return "its files, settings, weights or the version of animatex have changed"
    return None


def is_news(entry: Entry, made_of: str | None) -> bool:
    """Tell whether a job was never tried with what it is made of now, or was given back."""
    return entry.state == "waiting" or (entry.state != "running" and entry.fingerprint != (made_of or ""))


def has_its_result(job: Job, entry: Entry, hashes: Hashes) -> bool:
    """Tell whether the output is what the last success wrote."""
    try:
        return hashes.of(job.output) == entry.output_sha256
    except InputError:
        return False


def _forecast(
    job: Job, entry: Entry | None, options: BatchOptions, hashes: Hashes, retry_failed: bool
) -> Forecast:
    made_of, wrong = None, "a name is no file's"
    try:
        made_of = fingerprint(job.reference, job.driving, job.config, options.weights, hashes)
    except InputError as error:
        wrong = error.message
    except (OSError, ValueError):
        pass
    why: str | None = "new"
    if entry is not None:
        why = why_due(entry, made_of, lambda: has_its_result(job, entry, hashes))
        if why is None and retry_failed and entry.state in ("failed", "poison"):
            why = "it failed before"
    if why is not None:
        return Forecast(job, "make", why) if made_of is not None else Forecast(job, "fail", wrong)
    assert entry is not None
    said = {"done": "up to date", "running": "another process has it"}
    return Forecast(job, "leave", said.get(entry.state, f"{entry.state}: {entry.reason}"))
