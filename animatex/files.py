"""Writing files so that nobody ever sees half of one."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from animatex.errors import ConfigError, InputError, InUse
from animatex.process import is_running, name_machine

_HINTS = {
    errno.ENOSPC: "make room there, or another --out.",
    errno.EDQUOT: "make room there, or another --out.",
    errno.EFBIG: "a larger limit (ulimit -f), or another --out.",
    errno.EROFS: "another --out: that disk may only be read.",
}
PICTURE_FRAME, POSE_FRAME = re.compile(r"\d{5}\.png"), re.compile(r"\d{12}_keypoints\.json")
"""What files are called in the folders that we write: a picture, or an OpenPose file, for each frame."""

_LINE_OR_STEERING = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
"""What breaks a line, or steers a terminal."""

_NAME_BYTES = 255
"""The longest name of most disks."""

_LARGEST_PROCESS = 2**22
"""Linux numbers its processes up to here."""


def check_has_name(path: Path) -> None:
    """Refuse an output that nothing can lie beside, as the empty name of a variable that is not set.

    Raises:
        ConfigError: It is `.`, `..` or the root.
    """
    if path.name in ("", ".."):
        raise ConfigError(
            f"{path} is no name for an output: nothing can lie beside it", hint="another --out."
        )


def check_name(path: Path) -> None:
    """Refuse a name that no disk has, or that is too long for the temporary one that stands for it at first.

    Raises:
        ConfigError: There is none.
        InputError: It has too many bytes.
    """
    check_has_name(path)
    length = len(os.fsencode(path.name))
    most = _NAME_BYTES + length - len(os.fsencode(_temporary_name(path, _LARGEST_PROCESS)))
    if length > most:
        raise InputError(
            f"{path} cannot be written: its name has {length} bytes; "
            f"at most {most} leave room for a temporary one",
            hint="a shorter name for it, or for what it is named after.",
        )


def check_output(path: Path, *, force: bool) -> None:
    """Refuse an output before any work is done for it.

    Args:
        path: File or folder to be written.
        force: Whether something that is there already may be replaced.

    Raises:
        ConfigError: It has no name.
        InputError: Its name is too long, the folder around it does not exist or cannot be written, or
            something is there already: with `force`, a folder in which others have files.
    """
    check_name(path)
    folder = path.absolute().parent
    with in_words(path):
        if not folder.is_dir():
            if folder.exists():
                raise InputError(f"{path} cannot be written: {folder} is not a folder", hint="another --out.")
            raise InputError(
                f"{path} cannot be written: {folder} does not exist", hint=f"mkdir -p '{folder}'"
            )
        if not os.access(folder, os.W_OK | os.X_OK):
            raise InputError(
                f"{path} cannot be written: {folder} may not be changed by this user",
                hint="another --out, or other permissions on that folder.",
            )
        if path.exists() and not force:
            raise InputError(f"{path} exists already", hint="--force to replace it, or another --out.")
        if path.is_dir():
            if path.suffix:
                raise InputError(f"{path} is a folder; a file is needed", hint="another --out.")
            _check_ours(path, PICTURE_FRAME, POSE_FRAME)


def check_apart(*outputs: Path | None) -> None:
    """Refuse outputs of one run of which the last would replace the others.

    Raises:
        ConfigError: Two are the same file.
    """
    named = [path.absolute() for path in outputs if path is not None]
    for number, path in enumerate(named):
        if path in named[:number]:
            raise ConfigError(f"{path.name} is asked for twice", hint="another name for one of the two.")


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

    As `locked`; and what killed runs left of these outputs is removed.

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
    with locked(path):
        for each in (path, *others):
            # Who had the lock until now may just have made it.
            check_output(each, force=force)
            remove_leftovers(each)
        yield


@contextmanager
def locked(path: Path, *, shared: bool = False) -> Iterator[None]:
    """Keep other runs from making `path` at the same time; the folder around it must be there.

    The lock is the system's on a hidden file, and ends with this process, however that ends. Where the system
    or the disk has no such locks, nobody is kept away.

    Args:
        path: File or folder to be written.
        shared: Let those in who share it too: they have other means to agree on who is at it.

    Raises:
        InUse: Another run is at it.
        InputError: The folder around it cannot be written.
    """
    with _locking(path.with_name(f".{path.stem}.lock"), path, shared):
        yield


@contextmanager
def locked_within(folder: Path) -> Iterator[None]:
    """Keep other runs from working in `folder` at the same time; it must be there.

    As `locked`, with the hidden file inside it: so it may have any name, and two names may be one folder.

    Raises:
        InUse: Another run is at it.
        InputError: It cannot be written.
    """
    with _locking(folder / ".lock", folder, shared=False):
        yield


@contextmanager
def _locking(lock: Path, path: Path, shared: bool) -> Iterator[None]:
    file = None
    while file is None:
        file = _lock(lock, path, shared)
    with file:
        try:
            yield
        finally:
            # The last one removes it.
            with contextlib.suppress(BlockingIOError):
                _take(file)
                lock.unlink(missing_ok=True)


def _lock(lock: Path, path: Path, shared: bool) -> TextIO | None:
    """Lock a file and write this process's number into it; None where its last owner has just removed it."""
    try:
        file = lock.open("a+", encoding="ascii")
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}") from error
    try:
        _take(file, shared=shared)
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


def _take(file: TextIO, *, shared: bool = False) -> None:
    """Lock an open file, where that can be done.

    Raises:
        BlockingIOError: Another process has it.
    """
    try:
        import fcntl

        fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
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
def in_words(path: Path) -> Iterator[None]:
    """Say in words what keeps a file or folder from being written.

    Raises:
        InputError: The system has refused something; the message names `path`.
    """
    try:
        yield
    except OSError as error:
        raise InputError(
            f"{path} cannot be written: {error.strerror or error}",
            hint=_HINTS.get(error.errno or 0, "another --out, or other permissions there."),
        ) from error


@contextmanager
def replacing(path: Path, *, within: bool = False) -> Iterator[Path]:
    """Give a temporary name beside `path`; what is written there becomes `path` if all goes well.

    The temporary name keeps the suffix. Whatever goes wrong, it is removed and `path` stays as it was. What a
    process that was killed has left of `path` goes too.

    Args:
        path: File to be written.
        within: Give the name inside a temporary folder: for what is written by those who begin files of their
            own beside it.

    Raises:
        InputError: The file cannot be written there.
    """
    with in_words(path):
        beside = _beside(path)
        _remove(left for left in _leftovers(path) if _is_abandoned(left))
        try:
            if within:
                beside.mkdir()
            written = beside / path.name if within else beside
            yield written
            reach_the_disk(written)
            written.replace(path)
        finally:
            _remove([beside])


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
    with in_words(folder):
        beside = _beside(folder)
        _remove(left for left in _leftovers(folder) if _is_abandoned(left))
        try:
            beside.mkdir()
            yield beside
            if folder.exists():
                shutil.rmtree(folder)
            beside.rename(folder)
        finally:
            shutil.rmtree(beside, ignore_errors=True)


def remove_leftovers(path: Path) -> None:
    """Remove what processes that were killed, wherever they ran, have left of `path` under temporary names.

    Only for whoever knows that nobody is writing `path` now.
    """
    _remove(_leftovers(path))


def reach_the_disk(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk.

    No name is there before its file, no old file goes before the new one has its name, and full disks may say
    so late.

    Raises:
        OSError: The system refuses it.
    """
    if os.name != "posix":
        return
    # Some network disks know no such thing of folders.
    with contextlib.suppress(OSError) if path.is_dir() else contextlib.nullcontext():
        opened = os.open(path, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)


def _beside(path: Path) -> Path:
    """Give a temporary name that no other process has, on no machine that shares the disk."""
    return path.with_name(_temporary_name(path, os.getpid()))


def _temporary_name(path: Path, process: int) -> str:
    return f".{path.stem}.{_machine_tag()}-{process}.part{path.suffix}"


def _machine_tag() -> str:
    return hashlib.sha256(name_machine().encode()).hexdigest()[:8]


def _leftovers(path: Path) -> Iterator[Path]:
    ours = re.compile(re.escape(f".{path.stem}.") + r"[\da-f]{8}-\d+\.part" + re.escape(path.suffix))
    return (entry for entry in path.parent.glob(".*.part*") if ours.fullmatch(entry.name))


def _is_abandoned(left: Path) -> bool:
    """Tell whether it was written by a process of this machine that does not run any more."""
    tag, pid = re.findall(r"([\da-f]{8})-(\d+)\.part", left.name)[-1]
    return tag == _machine_tag() and not is_running(int(pid))


def _remove(paths: Iterable[Path]) -> None:
    for path in paths:
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def _check_ours(folder: Path, *ours: re.Pattern[str]) -> None:
    if not folder.is_dir():
        raise InputError(f"{folder} is a file; a folder is needed")
    for entry in folder.iterdir():
        if not any(names.fullmatch(entry.name) for names in ours):
            raise InputError(
                f"{folder} is not replaced: it holds {entry.name}, which is no frame of ours",
                hint="another --out, or an empty folder.",
            )
