"""Samples made ahead by worker processes, in order; the same samples with any number of workers."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from itertools import islice
from typing import TypeVar

from animatex.errors import AnimateXError

Sample = TypeVar("Sample")
Item = TypeVar("Item")

_AHEAD = 8
_NICENESS = 5


def rendered(
    function: Callable[[int], Sample], indices: Iterable[int], workers: int
) -> Generator[Sample, None, None]:
    """Make `function(index)` for each index, in order, a few ahead of the consumer.

    Args:
        function: Pure and picklable: a module's function, a `functools.partial` of one, or a small frozen
            dataclass with `__call__`. It should not need torch, which every worker would import for seconds.
        indices: Which samples; may be endless.
        workers: Processes; 0 makes each sample in this process when it is asked for.

    Yields:
        One sample per index. Closing the generator ends the processes.

    Raises:
        AnimateXError: A worker died, most often for want of memory. What `function` raises comes through.
    """
    if workers == 0:
        for index in indices:
            yield function(index)
        return
    # Spawned, because forking a process in which torch has threads deadlocks.
    pool = ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), initializer=_begin_worker)
    try:
        yield from _in_order(pool, function, iter(indices), workers * _AHEAD)
    except BrokenProcessPool as error:
        raise AnimateXError(
            f"one of {workers} rendering processes died", hint="memory may be short; lower data.workers."
        ) from error
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def grouped(items: Iterable[Item], size: int) -> Generator[list[Item], None, None]:
    """Cut a stream into lists of `size`; a shorter rest is left out."""
    stream = iter(items)
    while len(group := list(islice(stream, size))) == size:
        yield group


def _in_order(
    pool: ProcessPoolExecutor, function: Callable[[int], Sample], indices: Iterator[int], ahead: int
) -> Generator[Sample, None, None]:
    # The first task starts all the processes.
    with _signals_held_back():
        waiting: deque[Future[Sample]] = deque(
            pool.submit(function, index) for index in islice(indices, ahead)
        )
    while waiting:
        sample = waiting.popleft().result()
        waiting.extend(pool.submit(function, index) for index in islice(indices, 1))
        yield sample


@contextmanager
def _signals_held_back() -> Iterator[None]:
    """Let no signal to the whole group end a process that starts now, before `_begin_worker` ignores them."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    # Processes start with what their parent's thread blocks, and it sees what has come meanwhile afterwards.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, signal.SIGTERM))
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _begin_worker() -> None:
    # The parent decides when to stop, and a terminal sends Ctrl-C to the whole group.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if hasattr(os, "nice"):
        os.nice(_NICENESS)
    # One thread each: the processes are the parallelism. Read by numpy's and torch's libraries as they load.
    os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1")
    threading.Thread(target=_end_with_parent, daemon=True).start()
    import cv2

    cv2.setNumThreads(1)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
