"""The training loop: accumulate, clip, step, average, log, save; the same for every network."""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import torch
from torch import nn

from animatex.config.run import OptimizerConfig
from animatex.errors import AnimateXError
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

T = TypeVar("T")
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
    network = launch.prepare(task.network)
    state = _begin(task.network, plan, launch)
    first, saved, losses = state.step, state.step, list[float]()
    numbers = range(first * plan.optimizer.accumulate, plan.steps * plan.optimizer.accumulate)
    log = MetricsLog(plan.folder / "metrics.jsonl", first) if launch.is_first else None
    progress.start(f"training {plan.name}", plan.steps)
    progress.advance(first)
    share = launch.share(numbers)
    with torch.random.fork_rng(), closing(task.batches(share)) as batches:
        numbered = zip(share, batches, strict=False)
        while state.step < plan.steps and not launch.anywhere(stop.is_asked):
            loss, record = _step(task, network, state, numbered, plan, launch)
            losses.append(loss)
            if log is not None:
                log.write(record)
            progress.advance()
            if state.step % plan.save_every == 0:
                _save(task, state, plan, launch)
                saved = state.step
    if saved != state.step or not plan.file.is_file():
        _save(task, state, plan, launch)
    if log is not None:
        log.close()
    progress.done()
    return StageReport(
        name=plan.name,
        file=plan.file,
        steps=state.step,
        seconds=state.seconds,
        loss=_mean(losses[-100:]) if losses else None,
        trained=trained,
        finished=state.step >= plan.steps,
    )


def stream_seed(seed: int, number: int) -> int:
    """Mix a seed and a batch's number into the seed of that batch's random stream, in [0, 2**63)."""
    digest = hashlib.blake2b(f"{seed} {number}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1


def _begin(network: nn.Module, plan: StagePlan, launch: Launch) -> TrainState:
    state = TrainState(
        network,
        Average(network, plan.optimizer.ema_decay),
        make_optimizer(network, plan.optimizer),
        launch.scaler,
    )
    checkpoint = newest(plan.folder)
    if checkpoint is not None:
        saved_step(checkpoint, plan.identity)
        read_state(checkpoint, state)
    return state


def _step(
    task: Task[Batch],
    network: nn.Module,
    state: TrainState,
    batches: Iterator[tuple[int, Batch]],
    plan: StagePlan,
    launch: Launch,
) -> tuple[float, Record]:
    began, waited = time.perf_counter(), 0.0
    rate = learning_rate(state.step, plan.steps, plan.optimizer)
    for group in state.optimizer.param_groups:
        group["lr"] = rate
    network.train()
    results: list[StepResult] = []
    for micro in range(plan.optimizer.accumulate):
        asked = time.perf_counter()
        number, batch = next(batches)
        waited += time.perf_counter() - asked
        results.append(
            _gradients(
                task, network, number, batch, plan, launch, last=micro + 1 == plan.optimizer.accumulate
            )
        )
    loss = _mean([float(result.loss.detach()) for result in results])
    norm = float(launch.clip(state.network, state.optimizer, plan.optimizer.clip_norm))
    # In float16 the scaler itself leaves out a step whose gradients overflow.
    if not math.isfinite(loss) or not (math.isfinite(norm) or state.scaler.is_enabled()):
        raise _diverged(state, plan, loss, norm, rate)
    launch.step(state.optimizer)
    state.step += 1
    state.average.update(state.network, state.step)
    seconds = time.perf_counter() - began
    state.seconds += seconds
    record: Record = {"stage": plan.name, "step": state.step, "loss": loss, "learning_rate": rate}
    record |= {
        "gradient_norm": norm if math.isfinite(norm) else None,
        "seconds": round(seconds, 4),
        "waited": round(waited, 4),
    }
    for name in results[0].figures:
        record[name] = _mean([float(result.figures[name]) for result in results])
    return loss, record


def _gradients(
    task: Task[Batch],
    network: nn.Module,
    number: int,
    batch: Batch,
    plan: StagePlan,
    launch: Launch,
    *,
    last: bool,
) -> StepResult:
    seed = stream_seed(plan.seed, number)
    # Dropout layers draw from PyTorch's own stream.
    torch.manual_seed(seed)
    with launch.exchange(network, now=last):
        with launch.precision():
            result = task.loss(network, batch, torch.Generator("cpu").manual_seed(seed))
        launch.backward(result.loss / plan.optimizer.accumulate)
    return result


def _save(task: Task[Batch], state: TrainState, plan: StagePlan, launch: Launch) -> None:
    if launch.is_first:
        write_state(plan.folder, state, plan.identity, plan.keep)
        beside = plan.file.with_name(f".{plan.file.stem}.partial{plan.file.suffix}")
        beside.unlink(missing_ok=True)
        task.save(on_cpu(state.average.weights), beside)
        beside.replace(plan.file)
    launch.wait()


def _diverged(state: TrainState, plan: StagePlan, loss: float, norm: float, rate: float) -> AnimateXError:
    last = newest(plan.folder)
    kept = f"{last} is untouched" if last is not None else "there is no checkpoint yet"
    return AnimateXError(
        f"stage '{plan.name}' diverged at step {state.step + 1}: loss {loss:.4g}, gradient norm {norm:.4g}, "
        f"learning rate {rate:.3g}; {kept}",
        hint="lower optimizer.learning_rate or optimizer.clip_norm, or set runtime.dtype to float32.",
    )


def _mean(numbers: Sequence[float]) -> float:
    return sum(numbers) / len(numbers)
