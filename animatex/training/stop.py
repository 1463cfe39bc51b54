"""When a run ends before its last step: a time budget, or a signal."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Stop:
    """Says after each step whether to go on."""

    def __init__(self, minutes: float | None) -> None:
        self._deadline = None if minutes is None else time.monotonic() + 60 * minutes
        self._signal: int | None = None

    @property
    def is_asked(self) -> bool:
        """Whether the run should save and end."""
        return self._signal is not None or (self._deadline is not None and time.monotonic() >= self._deadline)

    def leave(self) -> None:
        """End the process as the signal asked for, if one did.

        Raises:
            KeyboardInterrupt: After SIGINT.
            SystemExit: After SIGTERM, with 143, as a shell reports it.
        """
        if self._signal == signal.SIGINT:
            raise KeyboardInterrupt
        if self._signal is not None:
            raise SystemExit(128 + self._signal)

    def _note(self, number: int, frame: FrameType | None) -> None:
        self._signal = number
        # A second signal acts at once: whoever sends it does not want to wait for the checkpoint.
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)


@contextmanager
def stopping(minutes: float | None) -> Iterator[Stop]:
    """Turn SIGINT and SIGTERM into a request that the loop sees after its step, and keep a time budget.

    Outside the main thread, where Python hears no signals, only the budget counts.
    """
    stop = Stop(minutes)
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    before = {number: signal.signal(number, stop._note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
