"""The ledger: a SQLite file that says of every job what was asked, what became of it, and who is at it now.

It is written in small transactions with SQLite's rollback journal: that survives a `kill -9` at any moment,
and, unlike the write-ahead log, works on a disk that several machines share if that disk has working locks.

Nothing here looks at a clock. A job that is taken carries its owner's name and a counter that the owner
raises every few seconds; one that stands still while somebody else watches means that the owner is gone.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from animatex.errors import InputError
from animatex.limits import check_file

State = Literal["waiting", "running", "done", "failed", "poison"]

MAX_CRASHES = 3
"""A job that has brought its process down so often is left alone."""

_APPLICATION_ID = 0x616E6978
_VERSION = 1
_PATIENCE_SECONDS = 60.0
_HINT = "--ledger with a file that can be written; on a shared disk, one whose locks work."
_TABLE = """
CREATE TABLE IF NOT EXISTS job (
    name TEXT PRIMARY KEY,
    reference TEXT NOT NULL,
    driving TEXT NOT NULL,
    preset TEXT NOT NULL,
    settings TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'waiting',
    reason TEXT NOT NULL DEFAULT '',
    fingerprint TEXT NOT NULL DEFAULT '',
    output_sha256 TEXT NOT NULL DEFAULT '',
    seconds REAL NOT NULL DEFAULT 0,
    tries INTEGER NOT NULL DEFAULT 0,
    crashes INTEGER NOT NULL DEFAULT 0,
    owner TEXT NOT NULL DEFAULT '',
    beat INTEGER NOT NULL DEFAULT 0
) STRICT
"""


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked of a job.

    Attributes:
        name: The output's path inside the output folder; no two jobs share one.
        reference: The character's picture.
        driving: The performance.
        preset: What the user called the preset.
        settings: The preset with all changes, as YAML.
    """

    name: str
    reference: str
    driving: str
    preset: str
    settings: str


@dataclass(frozen=True, slots=True)
class Entry(Asked):
    """What was asked of a job, and what became of it.

    Attributes:
        state: waiting: not tried yet, or given back; running: taken by `owner`; poison: it has brought its
            process down `MAX_CRASHES` times.
        reason: Why it failed, or was not begun.
        fingerprint: Of all that the last try was made of; empty where that could not be read.
        output_sha256: Of what the last success wrote.
        seconds: How long that took.
        tries: How often it was begun.
        crashes: How often the process came down with it, since its fingerprint changed.
        owner: Who has it.
        beat: Raised by the owner while it lives.
    """

    state: State
    reason: str
    fingerprint: str
    output_sha256: str
    seconds: float
    tries: int
    crashes: int
    owner: str
    beat: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a job, without what was asked of it: quickly read, also of ten thousand."""

    state: State
    reason: str
    seconds: float
    tries: int
    crashes: int


class Ledger:
    """An open ledger.

    Every change to a job names the state in which it was seen, and is nothing if somebody was faster: no two
    runners ever hold one job.

    Args:
        path: The file.
        create: Whether to begin one where there is none; one that is only looked at may be read-only.

    Raises:
        InputError: There is none, it is no ledger, or the file cannot be used. All methods raise this.
    """

    def __init__(self, path: Path, *, create: bool = True) -> None:
        self.path = path
        if path.exists():
            check_file(path)
        elif not create:
            raise InputError(f"{path} does not exist", hint="animatex animate --batch writes ledgers.")
        with self._in_words():
            self._base = sqlite3.connect(path, timeout=_PATIENCE_SECONDS, isolation_level=None)
            try:
                self._set_up(create)
            except BaseException:
                self._base.close()
                raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._base.close()

    def entries(self) -> dict[str, Entry]:
        """Give all jobs by name, in the order in which they were added."""
        return {entry.name: entry for entry in self._select("ORDER BY rowid", ())}

    def outcomes(self) -> dict[str, Outcome]:
        """Say of all jobs, by name, what became of them."""
        columns = ", ".join(field.name for field in fields(Outcome))
        with self._in_words():
            query = f"SELECT name, {columns} FROM job ORDER BY rowid"  # nosec B608 # fields of ours
            rows = self._base.execute(query).fetchall()
        return {name: Outcome(*row) for name, *row in rows}

    def running(self) -> list[Entry]:
        """Give the jobs that somebody has."""
        return self._select("WHERE state = 'running' ORDER BY rowid", ())

    def entry(self, name: str) -> Entry:
        """Give one job, which has been added."""
        return self._select("WHERE name = ?", (name,))[0]

    def add(self, jobs: Sequence[Asked]) -> None:
        """Write down what is asked; what became of jobs that are known stays."""
        rows = [(job.name, job.reference, job.driving, job.preset, job.settings) for job in jobs]
        self._change_all(
            "INSERT INTO job (name, reference, driving, preset, settings) VALUES (?, ?, ?, ?, ?) "
            "ON CONFLICT (name) DO UPDATE SET reference = excluded.reference, "
            "driving = excluded.driving, preset = excluded.preset, settings = excluded.settings",
            rows,
        )

    def retry(self, names: Sequence[str]) -> None:
        """Give those of these jobs that have failed, or are poison, another chance."""
        self._change_all(
            "UPDATE job SET state = 'waiting', reason = '', crashes = 0 "
            "WHERE name = ? AND state IN ('failed', 'poison')",
            [(name,) for name in names],
        )

    def claim(self, seen: Entry, owner: str, fingerprint: str) -> bool:
        """Take a job.

        Args:
            seen: The job as it was when it was decided to do it.
            owner: Who takes it.
            fingerprint: Of what it will be made of; earlier crashes of something else are forgotten.

        Returns:
            Whether it is ours; False: somebody else took it, or it is done by now.
        """
        crashes = seen.crashes if fingerprint == seen.fingerprint else 0
        return self._change(
            "state = 'running', reason = '', owner = ?, beat = 0, tries = tries + 1, fingerprint = ?, "
            "crashes = ? WHERE name = ? AND state = ? AND tries = ? AND state != 'running'",
            (owner, fingerprint, crashes, seen.name, seen.state, seen.tries),
        )

    def finish(self, name: str, owner: str, output_sha256: str, seconds: float) -> bool:
        """Say that a job is done; False where it was taken away in the meantime."""
        return self._change(
            "state = 'done', reason = '', output_sha256 = ?, seconds = ?, crashes = 0, owner = '' "
            "WHERE name = ? AND owner = ? AND state = 'running'",
            (output_sha256, seconds, name, owner),
        )

    def fail(self, name: str, owner: str, reason: str) -> bool:
        """Say why a job cannot be done; False where it was taken away in the meantime."""
        return self._change(
            "state = 'failed', reason = ?, owner = '' WHERE name = ? AND owner = ? AND state = 'running'",
            (reason, name, owner),
        )

    def give_back(self, name: str, owner: str, reason: str) -> bool:
        """Say why a job that was taken was not begun; False where it was taken away in the meantime."""
        return self._change(
            "state = 'waiting', reason = ?, owner = '', tries = tries - 1 "
            "WHERE name = ? AND owner = ? AND state = 'running'",
            (reason, name, owner),
        )

    def release(self, owner: str) -> bool:
        """Give back what somebody has who stops."""
        return self._change("state = 'waiting', owner = '' WHERE owner = ? AND state = 'running'", (owner,))

    def crashed(self, owner: str, reason: str) -> bool:
        """Note that a process has come down with what it had; False where it had nothing.

        Args:
            owner: The beginning of its owner's name.
            reason: How it ended.
        """
        return self._change(
            "crashes = crashes + 1, reason = ?, owner = '', "
            "state = CASE WHEN crashes + 1 >= ? THEN 'poison' ELSE 'waiting' END "
            "WHERE substr(owner, 1, length(?)) = ? AND state = 'running'",
            (reason, MAX_CRASHES, owner, owner),
        )

    def beat(self, owner: str) -> None:
        """Show that an owner lives."""
        self._change("beat = beat + 1 WHERE owner = ? AND state = 'running'", (owner,))

    def free(self, seen: Entry) -> bool:
        """Take a job from an owner who is gone; False where it has shown itself since."""
        return self._change(
            "state = 'waiting', owner = '' WHERE name = ? AND owner = ? AND beat = ? AND state = 'running'",
            (seen.name, seen.owner, seen.beat),
        )

    def _select(self, which: str, values: tuple[object, ...]) -> list[Entry]:
        columns = ", ".join(field.name for field in fields(Entry))
        with self._in_words():
            query = f"SELECT {columns} FROM job {which}"  # nosec B608 # written in this class
            rows = self._base.execute(query, values).fetchall()
        return [Entry(*row) for row in rows]

    def _change(self, what: str, values: tuple[object, ...]) -> bool:
        with self._in_words():
            change = f"UPDATE job SET {what}"  # nosec B608 # written in this class
            return self._base.execute(change, values).rowcount > 0

    def _change_all(self, change: str, rows: Sequence[tuple[str, ...]]) -> None:
        """Make one change with each of these values; all, or none."""
        with self._in_words():
            self._base.execute("BEGIN IMMEDIATE")
            try:
                self._base.executemany(change, rows)
                self._base.execute("COMMIT")
            except BaseException:
                # A full disk has ended it already.
                if self._base.in_transaction:
                    self._base.execute("ROLLBACK")
                raise

    def _set_up(self, create: bool) -> None:
        """Make the table in a file that is new, and refuse one that is something else."""
        self._base.execute("PRAGMA trusted_schema = OFF")
        self._base.execute("PRAGMA journal_mode = DELETE")
        self._base.execute("PRAGMA synchronous = FULL")
        self._base.execute("BEGIN IMMEDIATE" if create else "BEGIN")
        if self._ask("PRAGMA schema_version") == 0 and not create:
            # Somebody is beginning it. Who has only looked is refused at once, and must ask again to wait.
            self._base.execute("COMMIT")
            self._base.execute("BEGIN IMMEDIATE")
        if self._ask("PRAGMA schema_version") == 0:
            if not create:
                raise InputError(
                    f"{self.path} is empty; it is no ledger of a batch", hint="another --ledger."
                )
            self._base.execute(_TABLE)
            self._base.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
            self._base.execute(f"PRAGMA user_version = {_VERSION}")
        kind, version = self._ask("PRAGMA application_id"), self._ask("PRAGMA user_version")
        self._base.execute("COMMIT")
        if kind != _APPLICATION_ID:
            raise InputError(f"{self.path} is a database, but no ledger of a batch", hint="another --ledger.")
        if version != _VERSION:
            raise InputError(
                f"{self.path} is a ledger of version {version}; this animatex reads {_VERSION}",
                hint="update animatex, or begin another with --ledger.",
            )
        self._check_schema()

    def _check_schema(self) -> None:
        """Refuse a database with more in it than our table: triggers and views are programs."""
        what = "SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL"
        with closing(sqlite3.connect(":memory:")) as ours:
            ours.execute(_TABLE)
            if self._base.execute(what).fetchall() != ours.execute(what).fetchall():
                raise InputError(f"{self.path} is no ledger as animatex writes it", hint="another --ledger.")

    def _ask(self, pragma: str) -> int:
        return int(self._base.execute(pragma).fetchone()[0])

    @contextmanager
    def _in_words(self) -> Iterator[None]:
        try:
            yield
        # What SQLite says of a damaged file may be no text.
        except (sqlite3.Error, UnicodeDecodeError) as error:
            full = getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL
            raise InputError(
                f"the ledger {self.path} cannot be used: {error}",
                hint="make room there; the same command goes on." if full else _HINT,
            ) from error
