"""One process that works jobs off: it takes one, makes its video, writes down what became of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from animatex.animate import (
    AnimateModels,
    animate,
    load_models,
    load_rig_network,
    plan_animation,
    read_inputs,
)
from animatex.batch.cache import Hashes, PoseCache, fingerprint
from animatex.batch.job import BatchOptions, Job, Listener
from animatex.batch.ledger import Entry, Ledger
from animatex.batch.owner import is_gone, name_owner
from animatex.checkpoints.catalogue import find_all_weights, weights_of
from animatex.config.model import MotionCodecConfig
from animatex.config.run import AnimateConfig
from animatex.errors import AnimateXError, InputError
from animatex.files import make_folder, remove_leftovers
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
    with Ledger(options.ledger) as ledger:
        runner = _Runner(ledger, options, listener, name_owner())
        try:
            with _beating(options, runner.owner):
                runner.work_off(jobs)
                while runner.free_silent(jobs):
                    runner.work_off(jobs)
        finally:
            # Whoever is stopped, at whatever moment, gives back what it has.
            ledger.release(runner.owner)


class _Runner:
    def __init__(self, ledger: Ledger, options: BatchOptions, listener: Listener, owner: str) -> None:
        self.owner = owner
        self._ledger = ledger
        self._options = options
        self._listener = listener
        self._hashes = Hashes()
        self._maker = _Maker(options.weights, PoseCache(options.poses, options.weights, self._hashes))
        # What this process has tried it leaves alone, whatever becomes of the files meanwhile.
        self._tried: set[str] = set()

    def work_off(self, jobs: Sequence[Job]) -> None:
        """Go over the jobs once: those that brought a process down last, the rest by their networks."""
        entries = self._ledger.entries()
        for entry in entries.values():
            if entry.state == "running" and is_gone(entry.owner):
                self._ledger.free(entry)
        order = {key: place for place, key in enumerate(dict.fromkeys(map(_models_key, jobs)))}
        for number, job in enumerate(
            sorted(jobs, key=lambda job: (entries[job.name].crashes, order[_models_key(job)])), start=1
        ):
            entry = self._ledger.entry(job.name)
            made_of = self._fingerprint(job)
            if self._is_due(entry, job, made_of) and self._ledger.claim(entry, self.owner, made_of or ""):
                self._tried.add(job.name)
                self._do(job, number, len(jobs))

    def free_silent(self, jobs: Sequence[Job]) -> bool:
        """Watch the jobs that others hold, and free those whose owners show nothing for a lease's length.

        Returns:
            Whether there were any.
        """
        watched = self._held(jobs)
        end = time.monotonic() + self._options.lease_seconds
        while watched and time.monotonic() < end:
            time.sleep(self._options.lease_seconds / 30)
            now = self._held(jobs)
            watched = {name: entry for name, entry in watched.items() if now.get(name) == entry}
        return any([self._ledger.free(entry) for entry in watched.values()])

    def _held(self, jobs: Sequence[Job]) -> dict[str, Entry]:
        ours = {job.name for job in jobs}
        entries = self._ledger.entries()
        return {name: each for name, each in entries.items() if name in ours and each.state == "running"}

    def _fingerprint(self, job: Job) -> str | None:
        """Say what a job is made of; None where a file is missing."""
        try:
            return fingerprint(job.reference, job.driving, job.config, self._options.weights, self._hashes)
        except InputError:
            return None

    def _is_due(self, entry: Entry, job: Job, made_of: str | None) -> bool:
        if entry.state == "running" or job.name in self._tried:
            return False
        if entry.state == "waiting" or entry.fingerprint != (made_of or ""):
            return True
        return entry.state == "done" and not self._is_intact(job, entry)

    def _is_intact(self, job: Job, entry: Entry) -> bool:
        try:
            return self._hashes.of(job.output) == entry.output_sha256
        except InputError:
            return False

    def _do(self, job: Job, number: int, total: int) -> None:
        began = time.perf_counter()
        reason = None
        try:
            with self._listener.listening(number, total) as progress:
                self._maker.make(job, progress)
            digest = self._hashes.of(job.output)
            self._ledger.finish(job.name, self.owner, digest, round(time.perf_counter() - began, 3))
        except AnimateXError as error:
            reason = error.message
            self._ledger.fail(job.name, self.owner, reason)
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:
            self._ledger.fail(job.name, self.owner, f"{type(error).__name__}: {error}")
            raise
        self._listener.ended(job, number, total, reason, time.perf_counter() - began)


class _Maker:
    """Makes videos, and keeps what one after the other can use."""

    def __init__(self, weights: Path, cache: PoseCache) -> None:
        self._weights = weights
        self._cache = cache
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
        write_result(
            job.output, frames, plan, job.config, Sources(job.reference, job.driving, None, files), progress
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


def _models_key(job: Job) -> str:
    return _networks(job.config)


def _networks(config: AnimateConfig) -> str:
    """Say what decides which networks are loaded; of the seed only where it makes their weights."""
    sections = {"unet", "checkpoint", "clip_encoder", "clip_checkpoint", "codec", "runtime"}
    random = None in (config.checkpoint, config.clip_checkpoint, config.codec.checkpoint)
    return config.model_dump_json(include=sections | ({"seed"} if random else set()))


def _make_room(output: Path) -> None:
    """Make the output's folder, and remove what an earlier, killed try has left there."""
    make_folder(output.parent)
    for path in (output, record_path(output)):
        remove_leftovers(path)


@contextmanager
def _beating(options: BatchOptions, owner: str) -> Iterator[None]:
    """Show, from a thread, that an owner lives."""
    stop = threading.Event()
    thread = threading.Thread(target=_beat, args=(options, owner, stop.wait), daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _beat(options: BatchOptions, owner: str, wait: Callable[[float], bool]) -> None:
    # A connection belongs to one thread.
    with Ledger(options.ledger) as ledger:
        while not wait(options.lease_seconds / 6):
            # A beat that is missed is made up for by the next one.
            with suppress(InputError):
                ledger.beat(owner)
