"""A system that refuses: disks without room, and permissions that bind even the super-user."""

from __future__ import annotations

import ctypes
import os
import resource
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """Let no file of this process grow beyond `size` bytes; the system says "File too large"."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@contextmanager
def small_disk(folder: Path) -> Iterator[None]:
    """Mount a disk of 12 MB in memory; only the super-user may."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", folder], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


@contextmanager
def room_for(kilobytes: int, disk: Path) -> Iterator[None]:
    """Fill a disk up until no more than so much is left."""
    status = os.statvfs(disk)
    filler = disk / "filler"
    filler.write_bytes(bytes(status.f_bavail * status.f_frsize - 1024 * kilobytes))
    try:
        yield
    finally:
        filler.unlink()


def forked(work: Callable[[], object]) -> int | None:
    """Do something in a process of its own, which fails as a test does; give its exit code."""
    process = get_context("fork").Process(target=work, daemon=True)
    process.start()
    process.join()
    return process.exitcode


def without_privileges() -> None:
    """Let permissions bind this process even if it is the super-user's."""
    libc = ctypes.CDLL(None, use_errno=True)
    version_3, nobody = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
    assert libc.capset(version_3, nobody) == 0
