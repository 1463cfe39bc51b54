"""Small batches: pictures that differ, a waving stick figure, the preset with random weights."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image

from animatex.batch.job import BatchOptions, Job, asked, check_outputs
from animatex.batch.ledger import Entry, Ledger
from animatex.batch.manifest import pair_up
from animatex.batch.runner import run_jobs
from animatex.config.loader import load_config
from animatex.config.presets import preset_path
from animatex.config.run import AnimateConfig
from animatex.pose.io import write_poses
from animatex.progress import SilentProgress
from tests.cli.test_animate import hero, waving

# MediaPipe does not outlive a fork, and looks for people where there are none.
SETTINGS = ("clip.frames=2", "sampler.steps=1", "pose.reference_pose=rig")


def write_samples(folder: Path, references: int = 2, dances: int = 1) -> None:
    """Write refs/r0.png ... and dances/d0.npz ..."""
    rng = np.random.default_rng(13)
    for name in ("refs", "dances"):
        (folder / name).mkdir()
    for number in range(references):
        Image.fromarray(hero(rng)).save(folder / "refs" / f"r{number}.png")
    for number in range(dances):
        write_poses(waving(4 + number), folder / "dances" / f"d{number}.npz")


def tiny(folder: Path, *settings: str) -> tuple[Job, ...]:
    """Every picture with every dance, two frames each."""
    config = load_config(AnimateConfig, preset_path("tiny"), [*SETTINGS, *settings])
    pattern = str(folder / "refs" / "*.png")
    return pair_up(pattern, folder / "dances", folder / "out", "tiny", lambda name, own: config)


class Heard:
    """Keeps what a listener is told."""

    def __init__(self) -> None:
        self.stages: list[str] = []
        self.ends: list[tuple[str, str | None]] = []
        self.notices: list[tuple[str, bool]] = []

    @contextmanager
    def listening(self, number: int, total: int) -> Iterator[SilentProgress]:
        heard = self

        class Stages(SilentProgress):
            def start(self, stage, total=None):
                heard.stages.append(stage)

        yield Stages()

    def ended(self, job, number, total, reason, seconds) -> None:
        self.ends.append((job.name, reason))

    def noticed(self, text, *, wrong) -> None:
        self.notices.append((text, wrong))

    @property
    def made(self) -> list[str]:
        return [name for name, reason in self.ends if reason is None]


def work_off(
    folder: Path,
    jobs: tuple[Job, ...],
    *,
    retry_failed: bool = False,
    lease: float = 30.0,
    heard: Heard | None = None,
    ledger_file: Path | None = None,
) -> Heard:
    """Work jobs off in this process, as the command does in another."""
    heard = heard or Heard()
    (folder / "out").mkdir(exist_ok=True)
    options = BatchOptions(ledger_file or folder / "out" / "batch.ledger", folder / "weights", lease)
    with Ledger(options.ledger) as ledger:
        check_outputs(jobs, ledger.outcomes())
        ledger.add(asked(jobs))
        if retry_failed:
            ledger.retry([job.name for job in jobs])
    run_jobs(jobs, options, heard)
    return heard


def entries(folder: Path) -> dict[str, Entry]:
    with Ledger(folder / "out" / "batch.ledger", create=False) as ledger:
        return ledger.entries()
