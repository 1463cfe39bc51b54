"""The training loop: accumulate, clip, step, average, log, save; the same for every network."""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Generic

import torch
from torch import nn

from animatex.config.run import OptimizerConfig
from animatex.errors import AnimateXError
from animatex.files import reach_the_disk
from animatex.progress import Progress, silent
from animatex.training.ema import Average
from animatex.training.launch import Launch
from animatex.training.log import MetricsLog
from animatex.training.optimizer import choose_trainable, learning_rate, make_optimizer
from animatex.training.state import (
    Identity,
    TrainState,
    newest,
    on_cpu,
    read_state,
    saved_step,
    write_state,
)
from animatex.training.stop import Stop
from animatex.training.task import Batch, StepResult, Task

Record = dict[str, str | int | float | None]


@dataclass(frozen=True, slots=True)
class StagePlan:
    """How long a stage trains, with what optimizer, and where it leaves things.

    Attributes:
        identity: What its checkpoints must agree with.
        folder: Checkpoints and `metrics.jsonl`.
        file: The shipped weights; written with every checkpoint, so that they can be tried early.
        steps: Optimizer steps in all.
        trainable: Name patterns of what trains.
        optimizer: Rate, clipping, accumulation, averaging.
        save_every: Steps between checkpoints.
        keep: Checkpoints that stay.
        seed: Of all randomness.
    """

    identity: Identity
    folder: Path
    file: Path
    steps: int
    trainable: tuple[str, ...]
    optimizer: OptimizerConfig
    save_every: int
    keep: int
    seed: int

    @property
    def name(self) -> str:
        """Name of the stage."""
        return self.identity.stage


@dataclass(frozen=True, slots=True)
class StageReport:
    """What a stage came to.

    Attributes:
        name: Of the stage.
        file: The shipped weights.
        steps: Steps done, those of earlier runs included.
        seconds: Training time of these steps.
        loss: Mean over this run's last steps, at most a hundred; None where this run made none.
        trained: How many of the network's numbers train.
        finished: Whether all steps are done.
    """

    name: str
    file: Path
    steps: int
    seconds: float
    loss: float | None
    trained: int
    finished: bool


def train_stage(
    task: Task[Batch], plan: StagePlan, launch: Launch, stop: Stop, progress: Progress = silent
) -> StageReport:
    """Train one network to its last step, or until `stop`; resume where an earlier run ended.

    Raises:
        AnimateXError: The loss or the gradients are no longer finite; the last checkpoint is untouched.
        ConfigError: The checkpoint comes from other settings, or a pattern matches no parameter.
    """
    trained = choose_trainable(task.network, plan.trainable)
    run = _Run(task, launch.prepare(task.network), _begin(task.network, plan, launch), plan, launch)
    log = MetricsLog(plan.folder / "metrics.jsonl", run.state.step) if launch.is_first else None
    progress.start(f"training {plan.name}", plan.steps)
    progress.advance(run.state.step)
    try:
        losses = _train(run, stop, log, progress)
    finally:
        if log is not None:
            log.close()
    progress.done()
    return StageReport(
        name=plan.name,
        file=plan.file,
        steps=run.state.step,
        seconds=run.state.seconds,
        loss=_mean(losses[-100:]) if losses else None,
        trained=trained,
        finished=run.state.step >= plan.steps,
    )


def stream_seed(seed: int, number: int) -> int:
    """Mix a seed and a batch's number into the seed of that batch's random stream, in [0, 2**63)."""
    digest = hashlib.blake2b(f"{seed} {number}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1


@dataclass(frozen=True, slots=True, eq=False)
class _Run(Generic[Batch]):
    task: Task[Batch]
    network: nn.Module
    state: TrainState
    plan: StagePlan
    launch: Launch


def _begin(network: nn.Module, plan: StagePlan, launch: Launch) -> TrainState:
    average = Average(network, plan.optimizer.ema_decay)
    state = TrainState(network, average, make_optimizer(network, plan.optimizer), launch.scaler)
    checkpoint = newest(plan.folder)
    if checkpoint is not None:
        saved_step(checkpoint, plan.identity)
        read_state(checkpoint, state)
    return state


def _train(run: _Run[Batch], stop: Stop, log: MetricsLog | None, progress: Progress) -> list[float]:
    state, plan, losses = run.state, run.plan, list[float]()
    saved = state.step
    count = plan.optimizer.accumulate
    share = run.launch.share(range(state.step * count, plan.steps * count))
    # The seeds set for each batch stay in here.
    with torch.random.fork_rng(), closing(run.task.batches(share)) as batches:
        numbered = zip(share, batches, strict=False)
        while state.step < plan.steps and not run.launch.anywhere(stop.is_asked):
            loss, record = _step(run, numbered)
            losses.append(loss)
            if log is not None:
                log.write(record)
            progress.advance()
            if state.step % plan.save_every == 0:
                _save(run)
                saved = state.step
    if run.launch.anywhere(saved != state.step or not plan.file.is_file()):
        _save(run)
    return losses


def _step(run: _Run[Batch], batches: Iterator[tuple[int, Batch]]) -> tuple[float, Record]:
    state, plan, began = run.state, run.plan, time.perf_counter()
    rate = learning_rate(state.step, plan.steps, plan.optimizer)
    for group in state.optimizer.param_groups:
        group["lr"] = rate
    results, waited = _gradients(run, batches)
    loss = _mean([float(result.loss.detach()) for result in results])
    norm = float(run.launch.clip(state.network, state.optimizer, plan.optimizer.clip_norm))
    # In float16 the scaler itself leaves out a step whose gradients overflow.
    if not math.isfinite(loss) or not (math.isfinite(norm) or state.scaler.is_enabled()):
        raise _diverged(run, loss, norm, rate)
    run.launch.step(state.optimizer)
    state.step += 1
    state.average.update(state.network, state.step)
    seconds = time.perf_counter() - began
    state.seconds += seconds
    record: Record = {
        "stage": plan.name,
        "step": state.step,
        "loss": loss,
        "learning_rate": rate,
        "gradient_norm": norm if math.isfinite(norm) else None,
        "seconds": round(seconds, 4),
        "waited": round(waited, 4),
    }
    # A figure may be there in some batches only, such as the error at a step that not all of them drew.
    for name in {name: None for result in results for name in result.figures}:
        record[name] = _mean([float(result.figures[name]) for result in results if name in result.figures])
    return loss, record


def _gradients(run: _Run[Batch], batches: Iterator[tuple[int, Batch]]) -> tuple[list[StepResult], float]:
    run.network.train()
    results, waited, count = list[StepResult](), 0.0, run.plan.optimizer.accumulate
    for index in range(count):
        asked = time.perf_counter()
        number, batch = next(batches)
        waited += time.perf_counter() - asked
        seed = stream_seed(run.plan.seed, number)
        # Dropout layers draw from PyTorch's own stream.
        torch.manual_seed(seed)
        with run.launch.exchange(run.network, now=index + 1 == count):
            with run.launch.precision():
                result = run.task.loss(run.network, batch, torch.Generator("cpu").manual_seed(seed))
            run.launch.backward(result.loss / count)
        results.append(result)
    return results, waited


def _save(run: _Run[Batch]) -> None:
    plan = run.plan
    if run.launch.is_first:
        # The checkpoint last: with it a stage counts as finished, and its weights are those of the last step.
        run.task.save(on_cpu(run.state.average.weights), plan.file)
        reach_the_disk(plan.file.parent)
        write_state(plan.folder, run.state, plan.identity, plan.keep)
    run.launch.wait()


def _diverged(run: _Run[Batch], loss: float, norm: float, rate: float) -> AnimateXError:
    last = newest(run.plan.folder)
    kept = f"{last} is untouched" if last is not None else "there is no checkpoint yet"
    return AnimateXError(
        f"stage '{run.plan.name}' diverged at step {run.state.step + 1}: loss {loss:.4g}, "
        f"gradient norm {norm:.4g}, learning rate {rate:.3g}; {kept}",
        hint="lower optimizer.learning_rate or optimizer.clip_norm, or set runtime.dtype to float32.",
    )


def _mean(numbers: Sequence[float]) -> float:
    return sum(numbers) / len(numbers)
