"""A process that does nothing but watch the one that works: what brings that down stops nothing else."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Sequence
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import NoReturn

from animatex.batch.job import BatchOptions, Job, Listener
from animatex.batch.ledger import Ledger
from animatex.batch.owner import process_name
from animatex.batch.watch import Watch
from animatex.errors import AnimateXError, BackendError

_PARENT_SECONDS = 1.0
_FROM_TERMINALS = [signal.SIGINT, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else [])]


def supervise(work: Sequence[Job] | Watch, options: BatchOptions, listener: Listener) -> None:
    """Do as `run_jobs`, or `run_watch`, in a process of its own, and begin another when it crashes.

    Args:
        work: Jobs to do, which the ledger knows; or a folder to watch.
        options: Ledger and weights.
        listener: Told of every job; it is sent to the other process.

    Raises:
        InputError: The ledger cannot be used.
        BackendError: The other process ends before it has begun a job.
    """
    # Begun anew, not forked: networks and threads of this process are none of the worker's business.
    context = get_context("spawn")
    with Ledger(options.ledger) as ledger:
        while True:
            begun = _tries(ledger)
            receiver, sender = context.Pipe(duplex=False)
            worker = context.Process(target=_work, args=(work, options, listener, sender, os.getpid()))
            worker.start()
            sender.close()
            _wait(worker)
            error = _received(receiver)
            if error is not None:
                raise error
            if worker.exitcode == 0:
                return
            how = _how_it_ended(worker.exitcode or 0)
            assert worker.pid is not None
            ledger.crashed(process_name(worker.pid), how)
            if _tries(ledger) == begun:
                raise BackendError(f"the process that renders {how} before it began a job")


def _tries(ledger: Ledger) -> int:
    return sum(entry.tries for entry in ledger.entries().values())


def _wait(worker: BaseProcess) -> None:
    """Wait for the worker; who stops this process stops the worker first, in order."""
    try:
        # In pieces: Ray's request to stop is no signal, and is heard only between them.
        while worker.is_alive():
            worker.join(_PARENT_SECONDS)
    except BaseException:
        worker.terminate()
        worker.join()
        raise


def _received(receiver: Connection) -> AnimateXError | None:
    """Give the error that the worker has sent, if it has."""
    try:
        error = receiver.recv()
    except EOFError:
        return None
    assert isinstance(error, AnimateXError)
    return error


def _work(
    work: Sequence[Job] | Watch, options: BatchOptions, listener: Listener, sender: Connection, parent: int
) -> None:
    # What a terminal sends reaches both processes; the parent passes it on as SIGTERM.
    for number in _FROM_TERMINALS:
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _leave)
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    # The parent needs no networks, and so does not import what takes long.
    from animatex.batch.runner import run_jobs, run_watch

    try:
        if isinstance(work, Watch):
            run_watch(work, options, listener)
        run_jobs(work, options, listener)
    except AnimateXError as error:
        sender.send(error)


def _leave(number: int, _frame: object) -> NoReturn:
    """End in order; once is enough, and a second signal would disturb that."""
    signal.signal(number, signal.SIG_IGN)
    raise SystemExit(128 + number)


def _end_with(parent: int) -> NoReturn:
    """End at once when the parent is gone: it was killed, and so are we meant to be."""
    while os.getppid() == parent:
        time.sleep(_PARENT_SECONDS)
    os._exit(1)


def _how_it_ended(code: int) -> str:
    if code < 0:
        return f"was killed by {signal.Signals(-code).name}"
    return f"ended with exit code {code}"
