"""What the system refuses, or takes away, while a batch is at work."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path

import pytest

from animatex.batch.ledger import Ledger
from animatex.batch.supervisor import _leave
from animatex.errors import AnimateXError
from animatex.progress import SilentProgress
from animatex_cli.main import run
from tests.batch.tiny import SETTINGS, Heard, entries, tiny, work_off, write_samples
from tests.crowding import files_of_at_most, forked, without_privileges

pytestmark = pytest.mark.slow

COMMAND = [
    *("animate", "--batch", "refs/*.png", "--driving", "dances", "--out-dir", "out", "--preset", "tiny"),
    *(word for setting in SETTINGS for word in ("--set", setting)),
]


def lying(folder: Path) -> set[str]:
    """All files below a folder but the ledger's."""
    found = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix() for path in found if not path.name.startswith("batch.ledger")}


ALL = {f"r{number}-d0.{suffix}" for number in range(3) for suffix in ("mp4", "yaml")}


@pytest.fixture
def place(tmp_path, monkeypatch):
    """Three jobs."""
    write_samples(tmp_path, references=3)
    monkeypatch.chdir(tmp_path)
    return tmp_path


class Meddling(Heard):
    """Does something when some stage begins, counted over all jobs."""

    def __init__(self, stage: int, meddle: Callable[[], object]) -> None:
        super().__init__()
        self._stage = stage
        self._meddle = meddle

    @contextmanager
    def listening(self, number: int, total: int):
        heard = self

        class Stages(SilentProgress):
            def start(self, stage, total=None):
                heard.stages.append(stage)
                if len(heard.stages) == heard._stage:
                    heard._meddle()

        yield Stages()


def test_where_not_even_the_ledger_has_room_the_batch_ends_in_order_and_goes_on_later(place):
    jobs = tiny(place)
    (place / "out").mkdir()
    with Ledger(place / "out" / "batch.ledger"):
        size = (place / "out" / "batch.ledger").stat().st_size

    def crowded() -> None:
        with (
            files_of_at_most(size),
            pytest.raises(AnimateXError, match="the ledger .* cannot be used: ") as caught,
        ):
            work_off(place, jobs)
        assert "rollback" not in caught.value.message

    assert forked(crowded) == 0
    assert lying(place / "out") == set()
    assert len(work_off(place, jobs).made) == 3
    assert lying(place / "out") == ALL


@pytest.mark.parametrize("name", ["out", "out/batch.ledger"])
def test_what_may_not_be_changed_is_named(name, place, capfd):
    (place / "out").mkdir()
    Ledger(place / "out" / "batch.ledger").close()
    (place / name).chmod(0o555 if name == "out" else 0o444)

    def bound() -> None:
        without_privileges()
        sys.exit(run([*COMMAND, "--quiet"]))

    assert forked(bound) == 1
    assert lying(place / "out") == set()
    error = capfd.readouterr().err
    assert error.splitlines()[0].startswith("error: the ledger out/batch.ledger cannot be used: ")
    assert "Traceback" not in error


def test_a_ledger_that_may_only_be_read_can_be_looked_at(place, capfd):
    work_off(place, tiny(place))
    (place / "out" / "batch.ledger").chmod(0o444)
    (place / "out").chmod(0o555)

    def bound() -> None:
        without_privileges()
        sys.exit(run(["batch", "status", "out/batch.ledger"]))

    assert forked(bound) == 0
    assert "3 jobs: 3 done" in capfd.readouterr().err


def test_a_reference_that_goes_away_fails_alone_and_is_made_when_it_is_back(place):
    gone = place / "refs" / "r2.png"
    kept = gone.read_bytes()
    heard = work_off(place, tiny(place), heard=Meddling(1, gone.unlink))
    assert heard.made == ["r0-d0.mp4", "r1-d0.mp4"]
    assert entries(place)["r2-d0.mp4"].reason == f"{gone} does not exist"
    gone.write_bytes(kept)
    jobs = tiny(place)
    assert work_off(place, jobs).made == ["r2-d0.mp4"]
    assert lying(place / "out") == ALL


def test_a_folder_of_results_that_goes_away_is_made_again(place):
    ledger = place / "batch.ledger"
    jobs = tiny(place)
    heard = work_off(
        place, jobs, ledger_file=ledger, heard=Meddling(12, lambda: shutil.rmtree(place / "out"))
    )
    assert len(heard.ends) == 3
    work_off(place, jobs, ledger_file=ledger, retry_failed=True)
    assert lying(place / "out") == ALL


def test_a_ledger_that_goes_away_ends_the_batch_in_order(place):
    jobs = tiny(place)
    with pytest.raises(AnimateXError, match=r"the ledger .* cannot be used: "):
        work_off(place, jobs, heard=Meddling(3, lambda: shutil.rmtree(place / "out")))
    shutil.rmtree(place / "out", ignore_errors=True)
    assert len(work_off(place, jobs).made) == 3
    assert lying(place / "out") == ALL


def test_a_clock_that_goes_backwards_changes_nothing(place, monkeypatch):
    now = [4e9]

    def earlier() -> float:
        now[0] -= 3600
        return now[0]

    monkeypatch.setattr(time, "time", earlier)
    monkeypatch.setattr(time, "time_ns", lambda: int(earlier() * 1e9))
    jobs = tiny(place)
    assert len(work_off(place, jobs).made) == 3
    os.utime(place / "refs" / "r1.png", (0, 0))
    assert work_off(place, jobs).ends == []
    assert all(entry.seconds > 0 for entry in entries(place).values())


def test_stopped_at_any_stage_nothing_half_lies_around_and_the_job_is_given_back(place):
    jobs = tiny(place)
    stages = len(work_off(place, jobs).stages)
    assert stages > 10

    def stopped(stage: int) -> None:
        signal.signal(signal.SIGTERM, _leave)
        work_off(place, jobs, heard=Meddling(stage, lambda: os.kill(os.getpid(), signal.SIGTERM)))

    for stage in range(1, stages + 1):
        shutil.rmtree(place / "out")
        assert forked(lambda stage=stage: stopped(stage)) == 128 + signal.SIGTERM
        whole = {name for name, entry in entries(place).items() if entry.state == "done"}
        assert {entry.state for entry in entries(place).values()} <= {"done", "waiting"}
        assert {name for name in lying(place / "out") if name.endswith(".mp4")} == whole
        assert lying(place / "out") <= ALL
    assert len(work_off(place, jobs).made) > 0
    assert lying(place / "out") == ALL
