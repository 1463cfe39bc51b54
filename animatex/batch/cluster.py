"""The runners of a batch on a Ray cluster.

Ray begins them on its nodes, and begins them anew where they die; nothing else is left to it. Which jobs
there are, who has them and what became of them says the ledger alone, on a disk that all nodes share.
"""

from __future__ import annotations

import logging
import signal
from collections.abc import Iterator, Mapping, Sequence
from contextlib import chdir, contextmanager
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from types import ModuleType
from typing import Any, Self

from animatex.batch.job import BatchOptions, Job, Listener
from animatex.batch.ledger import Ledger
from animatex.batch.supervisor import supervise
from animatex.errors import AnimateXError, BackendError, require
from animatex.progress import Progress, SilentProgress

_LOOK_SECONDS = 1.0
_LEAVE_SECONDS = 20.0


def run_on_ray(
    jobs: Sequence[Job], options: BatchOptions, listener: Listener, runners: int | None = None
) -> None:
    """Do as `supervise`, by several runners on the cluster that Ray finds.

    Args:
        jobs: What to do; the ledger knows them. Paths mean the same on all nodes, seen from this folder.
        options: Ledger and weights.
        listener: Told of every job that ends while this runs, whoever has made it, and at the end of those
            that were left to somebody else.
        runners: How many; None: one for each GPU, or for each node where there are none.

    Raises:
        MissingPackage: Ray is not installed.
        BackendError: There is no cluster, or runners could not do their work there.
        InputError: The ledger cannot be used.
    """
    ray = require("ray", for_="--engine ray")
    with Ledger(options.ledger) as ledger, _connected(ray), _Stop() as stop:
        tasks = _begin(ray, jobs, options, runners)
        try:
            _follow(ray, tasks, _Tidings(ledger, jobs, listener), stop)
        except BaseException:
            # Runners that are told to stop give back what they have.
            for task in tasks:
                ray.cancel(task)
            ray.wait(tasks, num_returns=len(tasks), timeout=_LEAVE_SECONDS)
            raise


@dataclass(frozen=True, slots=True)
class Share:
    """How many runners there are, and what each of them needs.

    Attributes:
        runners: At least one.
        gpus: Of each; 0 or 1.
        cpus: Of each, at least one.
    """

    runners: int
    gpus: int
    cpus: int


def share_out(nodes: Sequence[Mapping[str, float]], runners: int | None) -> Share:
    """Decide how runners share the nodes: a GPU for each where there are some, and the processors.

    Args:
        nodes: What each has, as Ray names it: CPU, GPU.
        runners: How many are wanted; None: one for each GPU, or for each node.
    """
    gpus = int(sum(node.get("GPU", 0) for node in nodes))
    fit = [node for node in nodes if node.get("GPU" if gpus else "CPU", 0) >= 1]
    count = runners or gpus or len(fit) or 1
    on_one = ceil(count / max(len(fit), 1))
    cpus = min((int(node.get("CPU", 0)) for node in fit), default=1) // on_one
    return Share(count, min(gpus, 1), max(cpus, 1))


class _Tidings:
    """Tells from the ledger which jobs have ended since the last look, and at the end why others wait."""

    def __init__(self, ledger: Ledger, jobs: Sequence[Job], listener: Listener) -> None:
        self.listener = listener
        self._ledger = ledger
        self._jobs = jobs
        self._known = ledger.outcomes()
        self._ended = 0

    def tell(self) -> None:
        now = self._ledger.outcomes()
        for job in self._jobs:
            outcome = now[job.name]
            if outcome != self._known[job.name] and outcome.state in ("done", "failed", "poison"):
                self._ended += 1
                reason = None if outcome.state == "done" else outcome.reason
                self.listener.ended(job, self._ended, len(self._jobs), reason, outcome.seconds)
        self._known = now

    def tell_what_waits(self) -> None:
        for outcome in (self._known[job.name] for job in self._jobs):
            if outcome.state == "waiting" and outcome.reason:
                self.listener.noticed(outcome.reason, wrong=True)

    def are_all_in(self) -> bool:
        return all(self._known[job.name].state != "waiting" for job in self._jobs)


class _Deaf:
    """Listens to nothing: what there is to tell stands in the ledger."""

    @contextmanager
    def listening(self, number: int, total: int) -> Iterator[Progress]:
        yield SilentProgress()

    def ended(self, job: Job, number: int, total: int, reason: str | None, seconds: float) -> None:
        pass

    def noticed(self, text: str, *, wrong: bool) -> None:
        pass


@contextmanager
def _connected(ray: ModuleType) -> Iterator[None]:
    ours = signal.getsignal(signal.SIGTERM)
    try:
        # It puts a handler of its own there, which ends with another exit code.
        ray.init(address="auto", log_to_driver=False, logging_level=logging.ERROR)
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise BackendError(
            f"--engine ray: no Ray cluster can be used: {' '.join(str(error).split())}",
            hint="ray start --head begins one on this machine; RAY_ADDRESS=HOST:6379 names another.",
        ) from error
    try:
        signal.signal(signal.SIGTERM, ours)
        yield
    finally:
        ray.shutdown()


class _Stop:
    """SIGTERM, held back: while Ray waits, the exit that it means would become another error."""

    def __enter__(self) -> Self:
        self._asked = False
        self._ours = signal.signal(signal.SIGTERM, self._note)
        return self

    def __exit__(self, *_: object) -> None:
        signal.signal(signal.SIGTERM, self._ours)

    def act(self) -> None:
        """Let it do now what it would have done."""
        if self._asked:
            signal.signal(signal.SIGTERM, self._ours)
            signal.raise_signal(signal.SIGTERM)

    def _note(self, *_: object) -> None:
        self._asked = True


def _begin(ray: ModuleType, jobs: Sequence[Job], options: BatchOptions, runners: int | None) -> list[Any]:
    share = share_out([node["Resources"] for node in ray.nodes() if node["Alive"]], runners)
    # Without end: a runner that comes down with its node goes on elsewhere. What a job can bring down is
    # a process of the runner's own, which counts that.
    run = ray.remote(num_gpus=share.gpus, num_cpus=share.cpus, max_retries=-1, scheduling_strategy="SPREAD")(
        _run
    )
    sent = ray.put(tuple(jobs))
    return [run.remote(str(Path.cwd()), sent, options) for _ in range(share.runners)]


def _run(folder: str, jobs: Sequence[Job], options: BatchOptions) -> None:
    """Be a runner, on whatever node."""
    with chdir(folder):
        supervise(jobs, options, _Deaf())


def _follow(ray: ModuleType, tasks: list[Any], tidings: _Tidings, stop: _Stop) -> None:
    """Tell what happens until all runners have ended; one that cannot work stops no other."""
    failures = []
    while tasks:
        ended, tasks = ray.wait(tasks, num_returns=len(tasks), timeout=_LOOK_SECONDS)
        stop.act()
        tidings.tell()
        for task in ended:
            try:
                ray.get(task)
            except ray.exceptions.RayTaskError as error:
                failures.append(_in_words(error.cause))
                tidings.listener.noticed(failures[-1].message, wrong=True)
    tidings.tell_what_waits()
    if failures and not tidings.are_all_in():
        raise failures[0]


def _in_words(cause: BaseException) -> AnimateXError:
    if isinstance(cause, AnimateXError):
        return cause
    return BackendError(
        f"a runner on the Ray cluster has failed: {type(cause).__name__}: {cause}",
        hint="all nodes need the same animatex, and the same folders under the same paths.",
    )
