"""Runners on a Ray cluster: with a make-believe Ray quickly, and on a real one on this machine."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from animatex.batch import cluster
from animatex.batch.cluster import Share, run_on_ray, share_out
from animatex.batch.job import BatchOptions, asked
from animatex.batch.ledger import Ledger
from animatex.errors import BackendError, InputError
from animatex_cli.main import run
from tests.batch.test_faults import COMMAND, leftovers, outputs
from tests.batch.tiny import Heard, entries, tiny, work_off, write_samples

ON_RAY = "animate --batch refs/*.png --driving dances --out-dir out --engine ray --preset tiny"


@pytest.mark.parametrize(
    ("nodes", "runners", "share"),
    [
        ([{"CPU": 8.0}, {"CPU": 16.0}], None, Share(2, 0, 8)),
        ([{"CPU": 2.0}], 2, Share(2, 0, 1)),
        ([{"CPU": 4.0}, {"CPU": 4.0}], 3, Share(3, 0, 2)),
        ([{"CPU": 2.0}], 5, Share(5, 0, 1)),
        ([{"CPU": 4.0}, {"CPU": 32.0, "GPU": 4.0}, {"CPU": 16.0, "GPU": 2.0}], None, Share(6, 1, 5)),
        ([{"CPU": 8.0, "GPU": 1.0}], 1, Share(1, 1, 8)),
        ([{}], None, Share(1, 0, 1)),
    ],
)
def test_runners_share_what_the_nodes_have(nodes, runners, share):
    assert share_out(nodes, runners) == share


class TaskError(Exception):
    def __init__(self, cause: BaseException) -> None:
        self.cause = cause


class MakeBelieve:
    """As much of Ray as is used; a task does its work when it is waited for, one by one."""

    exceptions = SimpleNamespace(RayTaskError=TaskError)

    def __init__(self) -> None:
        self.cancelled = []
        self.shut_down = False
        self._failures = {}

    def init(self, **_) -> None:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(15))

    def shutdown(self) -> None:
        self.shut_down = True

    def nodes(self):
        return [{"Alive": True, "Resources": {"CPU": 2.0}}, {"Alive": False, "Resources": {"CPU": 9.0}}]

    def put(self, value):
        return value

    def remote(self, **options):
        assert options["max_retries"] == -1
        return lambda work: SimpleNamespace(remote=lambda *given: lambda: work(*given))

    def wait(self, tasks, *, num_returns, timeout):
        try:
            self._failures[tasks[0]] = tasks[0]()
        except Exception as error:
            self._failures[tasks[0]] = error
        return tasks[:1], tasks[1:]

    def get(self, task) -> None:
        if self._failures[task]:
            raise TaskError(self._failures[task])

    def cancel(self, task) -> None:
        self.cancelled.append(task)


@pytest.fixture
def jobs(tmp_path):
    write_samples(tmp_path)
    (tmp_path / "out").mkdir()
    with Ledger(tmp_path / "out" / "batch.ledger") as ledger:
        ledger.add(asked(tiny(tmp_path)))
    return tiny(tmp_path)


def on_ray(jobs, monkeypatch, *runs, ray: MakeBelieve | None = None) -> Heard:
    """Let runner after runner do as `runs` say, on a make-believe cluster."""
    ray, heard, turns = ray or MakeBelieve(), Heard(), iter(runs)
    monkeypatch.setitem(sys.modules, "ray", ray)
    monkeypatch.setattr(cluster, "supervise", lambda *given: next(turns)(*given))
    before = signal.getsignal(signal.SIGTERM)
    try:
        run_on_ray(jobs, BatchOptions(jobs[0].output.parent / "batch.ledger", Path()), heard, len(runs))
    finally:
        assert signal.getsignal(signal.SIGTERM) is before
        assert ray.shut_down
    return heard


def make_all(jobs, options, listener) -> None:
    with Ledger(options.ledger) as ledger:
        for job in jobs:
            ledger.claim(ledger.entry(job.name), "elsewhere 1 aa", "")
            ledger.finish(job.name, "elsewhere 1 aa", "", 2.5)


def leave_to_another(jobs, options, listener) -> None:
    with Ledger(options.ledger) as ledger:
        for job in jobs:
            ledger.claim(ledger.entry(job.name), "elsewhere 1 aa", "")
            ledger.give_back(job.name, "elsewhere 1 aa", f"{job.name} is being made by another run")


def fail(jobs, options, listener) -> None:
    raise InputError("no such disk")


def break_down(jobs, options, listener) -> None:
    raise ModuleNotFoundError("No module named 'torch'")


def stop(*_) -> None:
    raise KeyboardInterrupt


def test_what_becomes_of_jobs_is_told_from_the_ledger(jobs, monkeypatch):
    folder = Path.cwd()
    heard = on_ray(jobs, monkeypatch, make_all, lambda *given: None)
    assert heard.ends == [("r0-d0.mp4", None), ("r1-d0.mp4", None)]
    assert Path.cwd() == folder


def test_why_jobs_wait_is_told_once_at_the_end(jobs, monkeypatch):
    heard = on_ray(jobs, monkeypatch, leave_to_another, leave_to_another)
    assert heard.ends == []
    assert heard.notices == [(f"r{number}-d0.mp4 is being made by another run", True) for number in (0, 1)]


def test_a_runner_that_cannot_work_stops_no_other(jobs, monkeypatch):
    heard = on_ray(jobs, monkeypatch, fail, make_all)
    assert heard.notices == [("no such disk", True)]
    assert heard.made == ["r0-d0.mp4", "r1-d0.mp4"]


def test_jobs_that_nobody_could_take_are_an_error(jobs, monkeypatch):
    with pytest.raises(InputError, match="no such disk"):
        on_ray(jobs, monkeypatch, fail, break_down)
    with pytest.raises(
        BackendError, match="runner on the Ray cluster has failed: ModuleNotFoundError"
    ) as caught:
        on_ray(jobs, monkeypatch, break_down)
    assert caught.value.hint == "all nodes need the same animatex, and the same folders under the same paths."


def test_who_is_stopped_stops_all_runners(jobs, monkeypatch):
    ray = MakeBelieve()
    monkeypatch.setattr(Heard, "ended", stop)
    with pytest.raises(KeyboardInterrupt):
        on_ray(jobs, monkeypatch, make_all, make_all, ray=ray)
    assert len(ray.cancelled) == 2


def test_sigterm_stops_all_runners_too_and_means_what_it_meant(jobs, monkeypatch):
    ray = MakeBelieve()
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        with pytest.raises(SystemExit) as caught:
            on_ray(jobs, monkeypatch, lambda *_: signal.raise_signal(signal.SIGTERM), make_all, ray=ray)
    finally:
        signal.signal(signal.SIGTERM, before)
    assert caught.value.code == 143
    assert len(ray.cancelled) == 2


def test_without_ray_the_extra_is_named(tmp_path, monkeypatch, capsys):
    write_samples(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "ray", None)
    assert run(ON_RAY.split()) == 1
    message, hint = capsys.readouterr().err.splitlines()
    assert message.startswith("error: --engine ray needs the package ray, which cannot be imported: ")
    assert hint == "hint: pip install 'animatex[ray]'"


CLUSTER = """
import sys, ray
ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
print(ray.get_runtime_context().gcs_address, flush=True)
sys.stdin.read()
"""

# Of this machine, and of nobody else: no keys in the home folder, no statistics.
PRIVATE = {"RAY_AUTH_MODE": "disabled", "RAY_USAGE_STATS_ENABLED": "0"}


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A cluster with room for two runners."""
    with subprocess.Popen(
        [sys.executable, "-c", CLUSTER],
        env={**os.environ, **PRIVATE},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as held:
        found = held.stdout.readline().strip()
        assert found, "the cluster did not begin"
        yield found
        held.communicate()


@pytest.fixture
def place(tmp_path) -> Path:
    """Six jobs, and what they make when nothing goes wrong."""
    write_samples(tmp_path, references=3, dances=2)
    calm = tmp_path / "calm"
    calm.mkdir()
    for name in ("refs", "dances"):
        (calm / name).symlink_to(tmp_path / name)
    work_off(calm, tiny(calm))
    return tmp_path


def begin(place: Path, address: str) -> subprocess.Popen:
    environment = {**os.environ, **PRIVATE, "RAY_ADDRESS": address}
    command = [*COMMAND, "--engine", "ray", "--runners", "2"]
    return subprocess.Popen(command, cwd=place, env=environment, stderr=subprocess.PIPE, text=True)


def wait_for_work(running: subprocess.Popen, place: Path, done: int = 1) -> list[int]:
    """Wait until some jobs are done and others held; give the processes that hold them."""
    while running.poll() is None:
        if (place / "out" / "batch.ledger").exists():
            found = entries(place).values()
            holders = [int(entry.owner.split(" ")[1]) for entry in found if entry.state == "running"]
            if holders and sum(entry.state == "done" for entry in found) >= done:
                return holders
        time.sleep(0.05)
    pytest.fail(f"ended too early: {running.stderr.read()}")


def parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def is_alive(pid: int) -> bool:
    path = Path(f"/proc/{pid}/stat")
    return path.exists() and path.read_text().rpartition(")")[2].split()[0] != "Z"


def wait_until_gone(processes: list[int]) -> None:
    """Wait until none of them is left; who never goes hangs the test."""
    while any(map(is_alive, processes)):
        time.sleep(0.1)


def assert_all_done_once(place: Path) -> None:
    assert outputs(place) == outputs(place / "calm")
    assert leftovers(place) == []
    assert {entry.state for entry in entries(place).values()} == {"done"}


@pytest.mark.ray
def test_a_worker_that_is_killed_loses_its_job_to_another(place, address):
    running = begin(place, address)
    os.kill(parent(wait_for_work(running, place)[0]), signal.SIGKILL)
    assert running.wait() == 0, running.stderr.read()
    assert_all_done_once(place)
    found = entries(place).values()
    assert sorted(entry.tries for entry in found) in ([1] * 6, [1] * 5 + [2])
    assert {entry.crashes for entry in found} == {0}


@pytest.mark.ray
def test_a_killed_driver_takes_its_runners_along_and_goes_on_when_begun_again(place, address):
    running = begin(place, address)
    holders = wait_for_work(running, place)
    running.kill()
    running.wait()
    wait_until_gone(holders)
    there = outputs(place)
    assert 0 < len(there) < 6
    again = begin(place, address)
    assert again.wait() == 0, again.stderr.read()
    assert_all_done_once(place)
    assert all(entries(place)[name].tries == 1 for name in there)


@pytest.mark.ray
@pytest.mark.parametrize(("stop", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_driver_that_is_stopped_gives_everything_back(stop, code, tmp_path, address):
    # So many that they are not all done before everybody has heard of it.
    write_samples(tmp_path, references=40, dances=2)
    running = begin(tmp_path, address)
    holders = wait_for_work(running, tmp_path)
    running.send_signal(stop)
    assert running.wait() == code
    assert running.stderr.read() == ""
    assert {entry.state for entry in entries(tmp_path).values()} == {"done", "waiting"}
    assert leftovers(tmp_path) == []
    wait_until_gone(holders)


@pytest.mark.ray
def test_a_cluster_that_is_not_there_is_said(place, monkeypatch, capsys):
    monkeypatch.setenv("RAY_ADDRESS", "nowhere")
    monkeypatch.chdir(place)
    assert run(ON_RAY.split()) == 1
    message, hint = capsys.readouterr().err.splitlines()[-2:]
    assert message.startswith("error: --engine ray: no Ray cluster can be used: ")
    assert hint == "hint: ray start --head begins one on this machine; RAY_ADDRESS=HOST:6379 names another."
