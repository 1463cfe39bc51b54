"""Time and memory that reading a small file may take."""

from __future__ import annotations

import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SECONDS = 60
GIGABYTES = 4


@contextmanager
def bounded(seconds: int = SECONDS, gigabytes: int = GIGABYTES) -> Iterator[None]:
    """Raise TimeoutError after some seconds, and MemoryError beyond some memory more than there was."""

    def ring(_number: int, _frame: object) -> None:
        raise TimeoutError(f"still reading after {seconds} seconds")

    pages = int(Path("/proc/self/statm").read_text().split()[0])
    before = resource.getrlimit(resource.RLIMIT_AS)
    handler = signal.signal(signal.SIGALRM, ring)
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + gigabytes * 2**30, before[1]))
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        resource.setrlimit(resource.RLIMIT_AS, before)
        signal.signal(signal.SIGALRM, handler)
