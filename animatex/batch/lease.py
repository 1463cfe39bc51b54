"""How it shows that who holds a job is alive: beats of one's own, and a vigil over those of others."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager, suppress

from animatex.batch.job import BatchOptions
from animatex.batch.ledger import Entry, Ledger
from animatex.batch.owner import is_gone
from animatex.errors import InputError


@contextmanager
def beating(options: BatchOptions, owner: str) -> Iterator[None]:
    """Show, from a thread, that an owner lives."""
    stop = threading.Event()
    thread = threading.Thread(target=_beat, args=(options, owner, stop.wait), daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


class Vigil:
    """Takes jobs from owners that are gone, or that show nothing for a lease's length.

    Args:
        ledger: Where owners show themselves.
        lease_seconds: How long one may show nothing.
    """

    def __init__(self, ledger: Ledger, lease_seconds: float) -> None:
        self._ledger = ledger
        self._lease_seconds = lease_seconds
        self._since: dict[Entry, float] = {}

    def look(self, names: Collection[str]) -> dict[str, Entry]:
        """Look once, free what can be freed, and give those of these jobs that are held."""
        now = time.monotonic()
        held = [entry for entry in self._ledger.running() if entry.name in names]
        self._since = {entry: self._since.get(entry, now) for entry in held}
        lost = {
            entry.name
            for entry, since in self._since.items()
            if (is_gone(entry.owner) or now - since >= self._lease_seconds) and self._ledger.free(entry)
        }
        return {entry.name: entry for entry in held if entry.name not in lost}


def _beat(options: BatchOptions, owner: str, wait: Callable[[float], bool]) -> None:
    with ExitStack() as stack:
        ledger = None
        while not wait(options.lease_seconds / 6):
            # A beat that is missed is made up for by the next one.
            with suppress(InputError):
                # A connection belongs to one thread.
                ledger = ledger or stack.enter_context(Ledger(options.ledger))
                ledger.beat(owner)
