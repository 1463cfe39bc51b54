"""Writing files so that nobody ever sees half of one."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from animatex.errors import InputError, InUse

_LINE_OR_STEERING = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
"""What breaks a line, or steers a terminal."""


def check_output(path: Path, *, force: bool) -> None:
    """Refuse an output before any work is done for it.

    Args:
        path: File or folder to be written.
        force: Whether something that is there already may be replaced.

    Raises:
        InputError: The folder around it does not exist or cannot be written, or something is there already.
    """
    folder = path.absolute().parent
    if not folder.is_dir():
        what = "is not a folder" if folder.exists() else "does not exist"
        raise InputError(f"{path} cannot be written: {folder} {what}", hint=f"mkdir -p '{folder}'")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise InputError(
            f"{path} cannot be written: {folder} may not be changed by this user",
            hint="another --out, or other permissions on that folder.",
        )
    if path.exists() and not force:
        raise InputError(f"{path} exists already", hint="--force to replace it, or another --out.")


def named_after(title: str, suffix: str) -> Path:
    """Name an output that the user did not name, after the inputs.

    Raises:
        InputError: Other programs would take it for an option, or for several lines.
    """
    if title.startswith(("-", ".")) or _LINE_OR_STEERING.search(title):
        raise InputError(f"the result would be called {title + suffix!r}", hint="--out with another name.")
    return Path(f"{title}{suffix}")


@contextmanager
def claiming(path: Path, *others: Path, force: bool) -> Iterator[None]:
    """Keep other runs from making `path` at the same time, or anything of its stem beside it.

    The lock is the system's on a hidden file, and ends with this process, however that ends. Where the system
    or the disk has no such locks, nobody is kept away. What killed runs left of these outputs is removed.

    Args:
        path: File or folder to be written, as for `check_output`.
        others: Likewise, written along with it.
        force: Whether what is there already may be replaced.

    Raises:
        InUse: Another run is at it.
        InputError: As `check_output`.
    """
    for each in (path, *others):
        check_output(each, force=force)
    with _locked(path):
        for each in (path, *others):
            # Who had the lock until now may just have made it.
            check_output(each, force=force)
            remove_leftovers(each)
        yield


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    lock = path.with_name(f".{path.stem}.lock")
    file = None
    while file is None:
        file = _lock(lock, path)
    with file:
        try:
            yield
        finally:
            lock.unlink(missing_ok=True)


def _lock(lock: Path, path: Path) -> TextIO | None:
    """Lock a file and write this process's number into it; None where its last owner has just removed it."""
    try:
        file = lock.open("a+", encoding="ascii")
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}") from error
    try:
        _take(file)
    except BlockingIOError as error:
        file.seek(0)
        other = file.read().strip() or "of an unknown number"
        file.close()
        raise InUse(
            f"{path} is being made by another run, process {other}, which holds {lock}",
            hint="wait until it has ended, or another --out.",
        ) from error
    if not _is_at(lock, file):
        file.close()
        return None
    with contextlib.suppress(OSError):  # a full disk is told of when the output is written
        os.truncate(file.fileno(), 0)
        os.write(file.fileno(), str(os.getpid()).encode())
    return file


def _is_at(path: Path, file: TextIO) -> bool:
    """Whether an open file is still what others find under its name."""
    with contextlib.suppress(FileNotFoundError):
        return os.path.samestat(path.stat(), os.fstat(file.fileno()))
    return False


def _take(file: TextIO) -> None:
    """Lock an open file, where that can be done.

    Raises:
        BlockingIOError: Another process has it.
    """
    try:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise
    except (ImportError, OSError):
        return


def make_folder(folder: Path) -> None:
    """Make a folder, and those around it, where there is none.

    Raises:
        InputError: That cannot be done.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{folder} cannot be made a folder: {error.strerror}") from error


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary name beside `path`; what is written there becomes `path` if all goes well.

    The temporary name keeps the suffix. Whatever goes wrong, it is removed and `path` stays as it was.

    Raises:
        InputError: The file cannot be written there.
    """
    beside = path.with_name(f".{path.stem}.{os.getpid()}.part{path.suffix}")
    try:
        yield beside
        beside.replace(path)
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(
            f"{path} cannot be written: {reason}", hint="another --out, or other permissions there."
        ) from error
    finally:
        beside.unlink(missing_ok=True)


@contextmanager
def replacing_folder(folder: Path, ours: re.Pattern[str]) -> Iterator[Path]:
    """Give a temporary folder beside `folder`; it becomes `folder` if all goes well.

    Args:
        folder: Replaced if it exists and holds nothing but files of ours.
        ours: What the names of such files look like.

    Raises:
        InputError: It holds other files, is no folder, or cannot be written.
    """
    if folder.exists():
        _check_ours(folder, ours)
    beside = folder.with_name(f".{folder.name}.{os.getpid()}.part")
    try:
        beside.mkdir()
        yield beside
        if folder.exists():
            shutil.rmtree(folder)
        beside.rename(folder)
    except OSError as error:
        raise InputError(f"{folder} cannot be written: {error.strerror or error}") from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def remove_leftovers(path: Path) -> None:
    """Remove what a process that was killed has left of `path` under its temporary name.

    Only for whoever knows that nobody is writing `path` now.
    """
    ours = re.compile(re.escape(f".{path.stem}.") + r"\d+\.part" + re.escape(path.suffix))
    for entry in path.parent.iterdir() if path.parent.is_dir() else ():
        if ours.fullmatch(entry.name):
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink(missing_ok=True)


def _check_ours(folder: Path, ours: re.Pattern[str]) -> None:
    if not folder.is_dir():
        raise InputError(f"{folder} is a file; a folder is needed")
    for entry in folder.iterdir():
        if not ours.fullmatch(entry.name):
            raise InputError(
                f"{folder} is not replaced: it holds {entry.name}, which is no frame of ours",
                hint="another --out, or an empty folder.",
            )
