"""One process that works jobs off: it takes one, makes its video, writes down what became of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

from animatex.animate import (
    AnimateModels,
    animate,
    load_models,
    load_rig_network,
    plan_animation,
    read_inputs,
)
from animatex.batch.cache import Hashes, PoseCache, fingerprint
from animatex.batch.due import has_its_result, is_news, why_due
from animatex.batch.job import BatchOptions, Job, Listener, asked, check_names, check_outputs
from animatex.batch.lease import Vigil, beating
from animatex.batch.ledger import Entry, Ledger
from animatex.batch.owner import name_owner
from animatex.batch.watch import Arrivals, Watch
from animatex.checkpoints.catalogue import find_all_weights, weights_of
from animatex.config.model import MotionCodecConfig
from animatex.config.run import AnimateConfig
from animatex.errors import AnimateXError, InputError, InUse
from animatex.files import locked, make_folder, remove_leftovers
from animatex.progress import Progress
from animatex.record import record_path
from animatex.result import Sources, write_result
from animatex.rig.network import RigNetwork
from animatex.runtime import Runtime


def run_jobs(jobs: Sequence[Job], options: BatchOptions, listener: Listener) -> None:
    """Make every video that is missing or out of date and that no other runner is at.

    A job that cannot be done is noted and does not stop the others. An error that nobody foresaw is noted
    too, and ends this process; `supervise` begins another.

    Args:
        jobs: What to do; the ledger knows them.
        options: Ledger and weights.
        listener: Told of every job.

    Raises:
        InputError: The ledger cannot be used.
    """
    with _running(options, listener) as runner:
        runner.work_off(jobs)
        while runner.outlast(jobs):
            runner.work_off(jobs)


def run_watch(
    watch: Watch,
    options: BatchOptions,
    listener: Listener,
    *,
    sleep: Callable[[float], object] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> NoReturn:
    """Make what arrives in a folder, until somebody stops this process; otherwise as `run_jobs`.

    Args:
        watch: What is watched.
        options: Ledger and weights.
        listener: Told of every job, and of what no job is made of.
        sleep: Waits for seconds.
        clock: Seconds from any beginning.

    Raises:
        ConfigError: The preset cannot be used.
        InputError: The ledger cannot be used.
    """
    arrivals = Arrivals(watch, lambda text, wrong: listener.noticed(text, wrong=wrong), clock)
    with _running(options, listener) as runner:
        unfinished: dict[str, Job] = {}
        while True:
            news = runner.enter(arrivals.poll())
            unfinished = runner.work_off_news(unfinished | {job.name: job for job in news})
            sleep(watch.poll_seconds)


@contextmanager
def _running(options: BatchOptions, listener: Listener) -> Iterator[_Runner]:
    with Ledger(options.ledger) as ledger:
        runner = _Runner(ledger, options, listener, name_owner())
        try:
            with beating(options, runner.owner):
                yield runner
        finally:
            # Whoever is stopped, at whatever moment, gives back what it has.
            ledger.release(runner.owner)


class _Runner:
    def __init__(self, ledger: Ledger, options: BatchOptions, listener: Listener, owner: str) -> None:
        self.owner = owner
        self._ledger = ledger
        self._options = options
        self._listener = listener
        self._vigil = Vigil(ledger, options.lease_seconds)
        self._hashes = Hashes()
        self._maker = _Maker(options, self._hashes)
        # What a batch has tried it leaves alone, whatever becomes of the files meanwhile.
        self._tried: set[str] = set()
        self._noticed: set[str] = set()

    def work_off(self, jobs: Sequence[Job]) -> None:
        """Go over the jobs of a batch once."""
        self._vigil.look({job.name for job in jobs})
        self._tried |= self._go_over(jobs, self._is_due)

    def outlast(self, jobs: Sequence[Job]) -> bool:
        """Watch the jobs that others hold, until one is free or all have shown that their owners live.

        Returns:
            Whether there is something to do.
        """
        names = {job.name for job in jobs} - self._tried
        watched = self._vigil.look(names)
        while watched and not self._is_any_free(names):
            time.sleep(self._options.lease_seconds / 30)
            held = self._vigil.look(names)
            watched = {name: entry for name, entry in watched.items() if held.get(name) == entry}
        return self._is_any_free(names)

    def enter(self, jobs: Sequence[Job]) -> list[Job]:
        """Write down what has arrived, but for what cannot be written, or replaces somebody else's files."""
        entered = []
        known = self._ledger.outcomes() if jobs else {}
        for job in jobs:
            try:
                check_names([job])
                if not self._options.force:
                    check_outputs([job], known)
                entered.append(job)
            except InputError as error:
                self._listener.noticed(error.message, wrong=True)
        if entered:
            self._ledger.add(asked(entered))
        return entered

    def work_off_news(self, jobs: Mapping[str, Job]) -> dict[str, Job]:
        """Go over what has arrived once, and give those that others have, or had, and that may become free.

        Whether results still lie where they were written is not looked after: who takes them away has them.
        """
        if not jobs:
            return {}
        held = self._vigil.look(jobs.keys())
        self._go_over([job for name, job in jobs.items() if name not in held], _is_due_as_news)
        outcomes = self._ledger.outcomes()
        return {name: job for name, job in jobs.items() if outcomes[name].state in ("waiting", "running")}

    def _go_over(self, jobs: Sequence[Job], is_due: Callable[[Job, Entry, str | None], bool]) -> set[str]:
        """Take and do what is due: what brought a process down last, the rest by its networks.

        Returns:
            Names of what was done.
        """
        outcomes = self._ledger.outcomes()
        order = {key: place for place, key in enumerate(dict.fromkeys(map(_models_key, jobs)))}
        jobs = sorted(jobs, key=lambda job: (outcomes[job.name].crashes, order[_models_key(job)]))
        taken = set()
        for number, job in enumerate(jobs, start=1):
            entry = self._ledger.entry(job.name)
            made_of = self._fingerprint(job)
            if is_due(job, entry, made_of) and self._ledger.claim(entry, self.owner, made_of or ""):
                taken.add(job.name)
                self._do(job, entry, number, len(jobs))
        return taken

    def _is_any_free(self, names: Collection[str]) -> bool:
        outcomes = self._ledger.outcomes()
        return any(outcomes[name].state == "waiting" for name in names)

    def _fingerprint(self, job: Job) -> str | None:
        """Say what a job is made of; None where a file is missing, or is called what no file can be."""
        try:
            return fingerprint(job.reference, job.driving, job.config, self._options.weights, self._hashes)
        except (InputError, OSError, ValueError):
            # Who tries to make it says why.
            return None

    def _is_due(self, job: Job, entry: Entry, made_of: str | None) -> bool:
        if job.name in self._tried:
            return False
        return why_due(entry, made_of, lambda: has_its_result(job, entry, self._hashes)) is not None

    def _do(self, job: Job, before: Entry, number: int, total: int) -> None:
        began = time.perf_counter()
        reason = None
        try:
            with self._alone(job, before), self._listener.listening(number, total) as progress:
                self._maker.make(job, progress)
            digest = self._hashes.of(job.output)
            self._ledger.finish(job.name, self.owner, digest, round(time.perf_counter() - began, 3))
        except InUse as error:
            self._ledger.give_back(job.name, self.owner, error.message)
            if job.name not in self._noticed:
                self._noticed.add(job.name)
                self._listener.noticed(error.message, wrong=True)
            return
        except AnimateXError as error:
            reason = error.message
            self._ledger.fail(job.name, self.owner, reason)
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:
            self._ledger.fail(job.name, self.owner, f"{type(error).__name__}: {error}")
            raise
        self._listener.ended(job, number, total, reason, time.perf_counter() - began)

    @contextmanager
    def _alone(self, job: Job, before: Entry) -> Iterator[None]:
        """Keep runs that are of no batch from making a job's output; runners agree by the ledger."""
        make_folder(job.output.parent)
        with locked(job.output, shared=True):
            if not self._options.force:
                try:
                    check_outputs([job], {job.name: before})
                except InputError as error:
                    # Who had the lock until now may just have made it.
                    raise InUse(error.message, hint=error.hint) from error
            yield


class _Maker:
    """Makes videos, and keeps what one after the other can use."""

    def __init__(self, options: BatchOptions, hashes: Hashes) -> None:
        self._weights = options.weights
        self._credentials = options.credentials
        self._hashes = hashes
        self._cache = PoseCache(options.poses, options.weights, hashes)
        self._key: str | None = None
        self._models: AnimateModels | None = None
        self._rig_network: RigNetwork | None = None

    def make(self, job: Job, progress: Progress) -> None:
        files = find_all_weights(weights_of(job.config), self._weights)
        plan = plan_animation(job.reference, job.driving, job.config, weights=self._weights)
        models = self._load(job.config, plan.runtime, progress)
        known = self._cache.find(plan, job.config)
        inputs = read_inputs(plan, job.config, progress, rig_network=self._rig_network, poses=known)
        self._cache.keep(plan, job.config, inputs.poses)
        frames = animate(inputs, models, job.config, plan.runtime, progress)
        _make_room(job.output)
        sources = Sources(job.reference, job.driving, None, files)
        write_result(
            job.output,
            frames,
            plan,
            job.config,
            sources,
            progress,
            credentials=self._credentials,
            hash_file=self._hashes.of,
        )

    def _load(self, config: AnimateConfig, runtime: Runtime, progress: Progress) -> AnimateModels:
        """Load networks, unless they are those of the job before."""
        key = _networks(config)
        if self._models is None or key != self._key:
            progress.start("loading networks")
            # One set at a time: two may not fit into memory.
            self._models = self._rig_network = None
            self._models = load_models(config, runtime, self._weights)
            if isinstance(config.codec, MotionCodecConfig):
                self._rig_network = load_rig_network(config.codec, config.seed, self._weights)
            self._key = key
            progress.done()
        return self._models


def _is_due_as_news(_job: Job, entry: Entry, made_of: str | None) -> bool:
    return is_news(entry, made_of)


def _models_key(job: Job) -> str:
    return _networks(job.config)


def _networks(config: AnimateConfig) -> str:
    """Say what decides which networks are loaded; of the seed only where it makes their weights."""
    sections = ("unet", "checkpoint", "clip_encoder", "clip_checkpoint", "codec", "runtime")
    include: dict[str, bool | set[str]] = dict.fromkeys(sections, True)
    include["retarget"] = {"method", "network", "checkpoint"}
    if None in (config.checkpoint, config.clip_checkpoint, config.codec.checkpoint):
        include["seed"] = True
    return config.model_dump_json(include=include)


def _make_room(output: Path) -> None:
    """Make the output's folder, and remove what an earlier, killed try has left there."""
    make_folder(output.parent)
    for path in (output, record_path(output)):
        remove_leftovers(path)
