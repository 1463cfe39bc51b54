"""How long work says how far it is: a small protocol, silent unless somebody listens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from animatex.errors import require

if TYPE_CHECKING:
    from tqdm import tqdm


class Progress(Protocol):
    """Receives the stages of a run; one stage at a time."""

    def start(self, stage: str, total: int | None = None) -> None:
        """Begin a stage.

        Args:
            stage: What is done, as a user reads it: "reading frames".
            total: How many steps it has; None where nobody knows yet.
        """

    def advance(self, n: int = 1) -> None:
        """Report that `n` more steps of the stage are done."""

    def done(self) -> None:
        """End the stage."""


class SilentProgress:
    """Listens to nothing."""

    def start(self, stage: str, total: int | None = None) -> None:
        """Ignore the stage."""

    def advance(self, n: int = 1) -> None:
        """Ignore the steps."""

    def done(self) -> None:
        """Ignore the end."""


silent = SilentProgress()


class TqdmProgress:
    """One tqdm bar for each stage, on standard error; for scripts and notebooks."""

    def __init__(self) -> None:
        self._bar: tqdm | None = None

    def start(self, stage: str, total: int | None = None) -> None:
        """Open a bar; a stage that was left open ends first."""
        self.done()
        self._bar = require("tqdm", for_="progress bars").tqdm(total=total, desc=stage)

    def advance(self, n: int = 1) -> None:
        """Move the bar."""
        if self._bar is not None:
            self._bar.update(n)

    def done(self) -> None:
        """Close the bar."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None
