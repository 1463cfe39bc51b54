"""What a run took: seconds by stage, and memory."""

from __future__ import annotations

import sys
import time

from animatex.progress import Progress


class StageTimer:
    """Listens to a run's stages, adds up their seconds, and passes everything on.

    Args:
        inner: Who listens behind it.
    """

    def __init__(self, inner: Progress) -> None:
        self._inner = inner
        self._seconds: dict[str, float] = {}
        self._began = time.perf_counter()
        self._stage: str | None = None
        self._stage_began = self._began

    def start(self, stage: str, total: int | None = None) -> None:
        """Begin a stage; one that was left open ends first."""
        self._close()
        self._stage, self._stage_began = stage, time.perf_counter()
        self._inner.start(stage, total)

    def advance(self, n: int = 1) -> None:
        """Pass on that a stage goes forward."""
        self._inner.advance(n)

    def done(self) -> None:
        """End the stage."""
        self._close()
        self._inner.done()

    def seconds(self) -> dict[str, float]:
        """Give the seconds of each stage, in order, and "total" since the beginning."""
        self._close()
        return self._seconds | {"total": round(time.perf_counter() - self._began, 3)}

    def _close(self) -> None:
        if self._stage is not None:
            spent = time.perf_counter() - self._stage_began
            self._seconds[self._stage] = round(self._seconds.get(self._stage, 0.0) + spent, 3)
            self._stage = None


def peak_memory() -> int | None:
    """Give the most main memory this process has held, in bytes; None where the system does not say."""
    try:
        import resource
    except ImportError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
