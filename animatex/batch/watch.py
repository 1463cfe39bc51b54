"""A folder in which pictures, or lists of jobs, arrive: what is there whole becomes jobs.

The folder is looked through again and again, and nothing is asked of the system that a network disk could not
tell. No file's date is compared with a clock: what counts is for how long a file was seen to stay as it is.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from animatex.batch.job import Job
from animatex.batch.manifest import (
    MANIFEST_SUFFIXES,
    LoadPreset,
    find_performances,
    pair,
    read_manifest,
    shard_of,
)
from animatex.config.run import AnimateConfig
from animatex.errors import AnimateXError, ConfigError, InputError
from animatex.record import record_path
from animatex.video.image import is_meant_as_picture, read_image

POLL_SECONDS = 2.0

QUIET_SECONDS = 10.0
"""What has not changed for so long is not being written any more."""

Signature = tuple[tuple[str, int, int, int], ...]
"""What tells that a file, or a folder's files, have changed: name, inode, size in bytes, nanoseconds."""

Notice = tuple[str, bool]
"""Something that no job is made of: what and why, and whether that is wrong."""


@dataclass(frozen=True, slots=True)
class Watch:
    """What is watched, and what is made of what arrives; it is sent to the processes that work.

    Attributes:
        folder: Where pictures or manifests arrive; folders in it are left alone.
        driving: Performances for pictures, as `find_performances` takes them; None: manifests arrive.
        out: Folder of the results.
        preset: Of what names none.
        load: Reads presets.
        shard: Index from 1 and count of the runners that share the work by names.
        poll_seconds: How long to wait before looking again.
        quiet_seconds: See `QUIET_SECONDS`.
    """

    folder: Path
    driving: Path | None
    out: Path
    preset: str
    load: LoadPreset
    shard: tuple[int, int] = (1, 1)
    poll_seconds: float = POLL_SECONDS
    quiet_seconds: float = QUIET_SECONDS

    def check(self) -> None:
        """Refuse what could not work, before anything is begun.

        Raises:
            ConfigError: The preset cannot be used, or results would arrive where is watched.
            InputError: A folder is missing, or there are no performances.
        """
        if not self.folder.is_dir():
            hint = None if self.folder.exists() else f"mkdir -p '{self.folder}'"
            raise InputError(f"--watch {self.folder} is no folder", hint=hint)
        self.load(self.preset, ())
        watched = [self.folder]
        if self.driving is not None:
            find_performances(self.driving)
            watched.append(self.driving)
        out = self.out.resolve()
        for folder in watched:
            if folder.resolve() in (out, out.parent):
                raise ConfigError(
                    f"--out-dir {self.out}: results would arrive in {folder}, which is watched",
                    hint="a folder beside it.",
                )


class Arrivals:
    """Turns what is in the folder into jobs, each once for every state of its files.

    What is kept is of what is there now: it does not grow with what has come and gone.

    Args:
        watch: What is watched.
        notice: Hears of what no job is made of; of each thing once, as long as it stays so.
        clock: Seconds from any beginning.

    Raises:
        ConfigError: The preset cannot be used.
    """

    def __init__(
        self, watch: Watch, notice: Callable[[str, bool], object], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._watch = watch
        self._notice = notice
        self._config = watch.load(watch.preset, ())
        self._files = _Settling(watch.quiet_seconds, clock)
        self._performances = _Settling(watch.quiet_seconds, clock)
        # What lies there when we come is taken as it is, as a batch does.
        self._are_new = True
        self._listed: tuple[Signature, list[Path]] = ((), [])
        self._seen: tuple[_Seen, _Seen] | None = None
        self._asked: dict[Path, _Asked] = {}
        self._given: dict[str, object] = {}
        self._said: set[Notice] = set()

    def poll(self) -> list[Job]:
        """Give the jobs that are new, or whose files have changed, since the last call."""
        try:
            files = self._files.look(
                _arrived(self._watch.folder, self._watch.driving is None), self._is_whole
            )
            performances = self._performances.look(self._list_performances(), lambda path: self._are_new)
        except (OSError, InputError) as error:
            # A network disk that is away comes back; until then everything stays as it is.
            text = error.message if isinstance(error, InputError) else f"{error.filename}: {error.strerror}"
            self._tell([(f"{text}; looking again until that changes", True)])
            return []
        self._are_new = False
        if self._seen == (files, performances):
            return []
        stay = self._seen is not None and self._seen[1] == performances
        self._seen = files, performances
        known = self._asked if stay else {}
        self._asked = {
            path: known[path]
            if path in known and known[path].signature == signature
            else self._ask(path, signature, performances)
            for path, signature in files.items()
        }
        return self._news(performances)

    def _news(self, performances: _Seen) -> list[Job]:
        """Choose what was not given before, and tell what cannot be given."""
        notices = [notice for each in self._asked.values() for notice in each.notices]
        written = Counter(record_path(job.output) for each in self._asked.values() for job in each.jobs)
        given: dict[str, object] = {}
        news = []
        for path, each in self._asked.items():
            for job in each.jobs:
                if written[record_path(job.output)] > 1:
                    notices.append((f"{path}: {job.name} is asked for by another file too; not made", True))
                    continue
                given[job.name] = made_of = each.signature, performances.get(job.driving)
                if self._given.get(job.name) != made_of:
                    news.append(job)
        self._given = given
        self._tell(notices)
        return news

    def _tell(self, notices: list[Notice]) -> None:
        for notice in notices:
            if notice not in self._said:
                self._notice(*notice)
        self._said = set(notices)

    def _ask(self, path: Path, signature: Signature, performances: _Seen) -> _Asked:
        """Read what a file asks for."""
        watch = self._watch
        try:
            if watch.driving is None:
                jobs = read_manifest(path, watch.out, watch.preset, watch.load)
            elif is_meant_as_picture(path):
                jobs = pair([path], list(performances), str(path), watch.out, watch.preset, self._load)
            else:
                return _Asked(signature, (), ((f"{path} is no picture; left alone", False),))
        except AnimateXError as error:
            return _Asked(signature, (), ((error.message, True),))
        return _Asked(signature, shard_of(jobs, *watch.shard), ())

    def _load(self, preset: str, settings: object) -> AnimateConfig:
        return self._config

    def _is_whole(self, path: Path) -> bool:
        """Tell whether a picture was written to its end; of other files nobody can tell."""
        if self._watch.driving is None:
            return False
        try:
            read_image(path)
        except InputError:
            return False
        return True

    def _list_performances(self) -> list[Path]:
        driving = self._watch.driving
        if driving is None:
            return []
        # Looking into every file of a folder takes long: done again only when the folder has changed.
        signature = _sign(driving)
        if signature != self._listed[0]:
            self._listed = signature, find_performances(driving)
        return self._listed[1]


_Seen = dict[Path, Signature]


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a file that has arrived asks for, and what is to be told of it."""

    signature: Signature
    jobs: tuple[Job, ...]
    notices: tuple[Notice, ...]


@dataclass(frozen=True, slots=True)
class _Sight:
    """How a file was when it was first seen so, when that was, and whether it is whole."""

    signature: Signature
    since: float
    whole: bool


class _Settling:
    """Tells which files are not being written any more.

    Args:
        quiet_seconds: What stays as it is for so long is whole.
        clock: Seconds from any beginning.
    """

    def __init__(self, quiet_seconds: float, clock: Callable[[], float]) -> None:
        self._quiet_seconds = quiet_seconds
        self._clock = clock
        self._sights: dict[Path, _Sight] = {}

    def look(self, paths: Iterable[Path], is_whole: Callable[[Path], bool]) -> _Seen:
        """Look again, and give those that are whole.

        Args:
            paths: Files and folders that are there.
            is_whole: Tells of some at once that they are.
        """
        now = self._clock()
        self._sights = {
            path: self._sight(path, signature, now, is_whole) for path, signature in _signed(paths)
        }
        return {path: sight.signature for path, sight in self._sights.items() if sight.whole}

    def _sight(
        self, path: Path, signature: Signature, now: float, is_whole: Callable[[Path], bool]
    ) -> _Sight:
        before = self._sights.get(path)
        if before is None or before.signature != signature:
            return _Sight(signature, now, is_whole(path))
        if before.whole:
            return before
        return _Sight(signature, before.since, now - before.since >= self._quiet_seconds or is_whole(path))


def _signed(paths: Iterable[Path]) -> Iterator[tuple[Path, Signature]]:
    for path in paths:
        # Between two looks anything may go.
        with suppress(FileNotFoundError):
            yield path, _sign(path)


def _sign(path: Path) -> Signature:
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    states = [(file.name, file.stat()) for file in files if not file.name.startswith(".")]
    return tuple((name, state.st_ino, state.st_size, state.st_mtime_ns) for name, state in states)


def _arrived(folder: Path, manifests: bool) -> list[Path]:
    """List what may be meant for us; hidden files are what others are still writing."""
    return sorted(
        path
        for path in folder.iterdir()
        if not path.name.startswith(".")
        and (path.suffix.lower() in MANIFEST_SUFFIXES or not manifests)
        and path.is_file()
    )
