"""What a night brings: two runners, a job that brings its process down, no room; kill -9 is in test_kills."""

import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path

import pytest

from animatex.batch.job import BatchOptions, asked
from animatex.batch.ledger import MAX_CRASHES, Ledger
from animatex.batch.supervisor import supervise
from animatex.progress import SilentProgress
from tests.batch.tiny import SETTINGS, entries, tiny, work_off, write_samples

pytestmark = pytest.mark.slow

COMMAND = [
    *(sys.executable, "-c", "from animatex_cli.main import main; main()", "animate", "--batch", "refs/*.png"),
    *("--driving", "dances", "--out-dir", "out", "--preset", "tiny", "--quiet"),
    *(word for setting in SETTINGS for word in ("--set", setting)),
]


def fork(work: Callable[..., object], *arguments: object):
    """Begin a process that has everything imported already; it ends with the test."""
    process = get_context("fork").Process(target=work, args=arguments, daemon=True)
    process.start()
    return process


def outputs(folder: Path) -> dict[str, bytes]:
    """All that lies under a final name, by that name."""
    return {path.name: path.read_bytes() for path in (folder / "out").glob("[!.]*.mp4")}


def leftovers(folder: Path) -> list[Path]:
    return list((folder / "out").glob(".*"))


@pytest.fixture
def place(tmp_path):
    """Six jobs, and what they make when nothing goes wrong."""
    write_samples(tmp_path, references=3, dances=2)
    calm = tmp_path / "calm"
    calm.mkdir()
    for name in ("refs", "dances"):
        (calm / name).symlink_to(tmp_path / name)
    work_off(calm, tiny(calm))
    return tmp_path


def test_a_worker_whose_parent_is_killed_ends_too(place):
    running = subprocess.Popen(COMMAND, cwd=place, start_new_session=True)
    while running.poll() is None and len(outputs(place)) < 2:
        time.sleep(0.05)
    os.kill(running.pid, signal.SIGKILL)
    running.wait()
    # It looks once a second.
    time.sleep(3)
    there = outputs(place)
    time.sleep(3)
    assert outputs(place) == there
    assert subprocess.run(COMMAND, cwd=place).returncode == 0
    assert outputs(place) == outputs(place / "calm")
    assert leftovers(place) == []


@pytest.mark.parametrize(
    ("stop", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_the_command_stopped_in_order_leaves_nothing_running(stop, code, place):
    running = subprocess.Popen(COMMAND, cwd=place, start_new_session=True)
    while running.poll() is None and not outputs(place):
        time.sleep(0.05)
    os.killpg(running.pid, stop)
    assert running.wait() == code
    assert leftovers(place) == []
    assert {entry.state for entry in entries(place).values()} <= {"done", "waiting"}


def test_two_runners_do_every_job_once(place):
    (place / "out").mkdir()
    with Ledger(place / "out" / "batch.ledger") as ledger:
        ledger.add(asked(tiny(place)))
    runners = [fork(work_off, place, jobs) for jobs in (tiny(place), tiny(place)[::-1])]
    for runner in runners:
        runner.join()
        assert runner.exitcode == 0
    assert outputs(place) == outputs(place / "calm")
    assert {entry.tries for entry in entries(place).values()} == {1}


@dataclass(frozen=True)
class Crashing:
    """Brings the process down while one job is held, as a fault in a driver would."""

    folder: Path
    name: str

    @contextmanager
    def listening(self, number: int, total: int) -> Iterator[SilentProgress]:
        if entries(self.folder)[self.name].state == "running":
            os.kill(os.getpid(), signal.SIGSEGV)
        yield SilentProgress()

    def ended(self, job, number, total, reason, seconds) -> None:
        pass


def test_a_job_that_brings_its_process_down_is_marked_and_stops_no_other(place):
    jobs = tiny(place)
    (place / "out").mkdir()
    options = BatchOptions(place / "out" / "batch.ledger", place)
    with Ledger(options.ledger) as ledger:
        ledger.add(asked(jobs))
    supervise(jobs, options, Crashing(place, "r1-d0.mp4"))
    found = entries(place)
    poison = found.pop("r1-d0.mp4")
    assert (poison.state, poison.tries, poison.crashes) == ("poison", MAX_CRASHES, MAX_CRASHES)
    assert poison.reason == "was killed by SIGSEGV"
    assert {(entry.state, entry.tries) for entry in found.values()} == {("done", 1)}


def test_a_result_that_finds_no_room_fails_alone(place):
    first, *others = tiny(place)
    large, *_ = tiny(place, "canvas={height: 512, width: 512, fit: stretch}", "video.crf=0")
    jobs = (replace(large, name=first.name, output=first.output), *others)

    def work() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
        work_off(place, jobs)

    runner = fork(work)
    runner.join()
    assert runner.exitcode == 0
    found = entries(place)
    failed = found.pop(first.name)
    assert failed.state == "failed"
    assert "cannot be written: File too large" in failed.reason
    assert {entry.state for entry in found.values()} == {"done"}
    assert leftovers(place) == []
