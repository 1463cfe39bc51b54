"""A training recipe: stage after stage, each finished once and resumed at any point."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from animatex.config.run import ClipStage, DenoiserStage, RetargetStage, RigStage, Stage, TrainConfig
from animatex.progress import Progress, silent
from animatex.runtime import Runtime
from animatex.training.launch import Launch
from animatex.training.loop import StagePlan, StageReport, train_stage
from animatex.training.shelf import ClipShelf
from animatex.training.state import Identity, newest, saved_step
from animatex.training.stop import stopping
from animatex.training.task import Task

# What may change between runs of one stage without changing what has been learned.
_FREE = {"steps": True, "checkpointing": True, "data": {"workers": True}}


@dataclass(frozen=True, slots=True)
class TrainReport:
    """What a run of a recipe came to.

    Attributes:
        stages: Those this run trained, in order; stages that were finished before are not among them.
        finished: Whether all of the recipe is done.
    """

    stages: tuple[StageReport, ...]
    finished: bool


def train(
    config: TrainConfig,
    runtime: Runtime,
    progress: Progress = silent,
    minutes: float | None = None,
    shelf: ClipShelf | None = None,
    launch: Launch | None = None,
) -> TrainReport:
    """Train stage by stage, from wherever an earlier run of the same recipe ended.

    A stage may be given more steps later and goes on; with any other change its checkpoints are refused.
    SIGINT and SIGTERM are obeyed after the step, with everything saved. `config.out` is locked meanwhile.

    Args:
        config: The recipe. `config.out` receives a folder per stage and the shipped `<stage>.safetensors`.
        runtime: Device and dtype of the passes.
        progress: Is told of each stage's steps.
        minutes: Stop after so long, saved and resumable; None: train to the end.
        shelf: Clips of other trainings, for denoiser stages; None: all are made anew.
        launch: How this process takes part; None: as it was started.

    Raises:
        ConfigError: A checkpoint comes from other settings.
        InUse: Another run is training into `config.out`.
        AnimateXError: A loss is no longer finite, or what a task raises.
        KeyboardInterrupt: After SIGINT, saved.
        SystemExit: With 143 after SIGTERM, saved.
    """
    launch = launch or Launch(runtime)
    reports: list[StageReport] = []
    with launch.alone_in(Path(config.out)), stopping(minutes) as stop:
        for stage in config.stages:
            plan = make_plan(stage, config)
            if is_finished(plan):
                continue
            if launch.anywhere(stop.is_asked):
                break
            report = train_stage(make_task(stage, config, runtime, shelf), plan, launch, stop, progress)
            reports.append(report)
            if not report.finished:
                break
    stop.leave()
    finished = all(is_finished(make_plan(stage, config)) for stage in config.stages)
    return TrainReport(tuple(reports), finished)


def stage_file(config: TrainConfig, name: str) -> Path:
    """Say where a stage's shipped weights lie."""
    return Path(config.out) / f"{name}.safetensors"


def make_plan(stage: Stage, config: TrainConfig) -> StagePlan:
    """Gather what the loop needs to know of a stage."""
    settings = stage.model_dump(mode="json", exclude=_FREE) | {"seed": config.seed}
    return StagePlan(
        identity=Identity(stage.name, settings),
        folder=Path(config.out) / stage.name,
        file=stage_file(config, stage.name),
        steps=stage.steps,
        trainable=stage.trainable if isinstance(stage, DenoiserStage) else ("*",),
        optimizer=stage.optimizer,
        save_every=config.save_every,
        keep=config.keep,
        seed=config.seed,
    )


def is_finished(plan: StagePlan) -> bool:
    """Tell whether a stage has made all its steps and left its file.

    Raises:
        ConfigError: Its checkpoint comes from other settings.
    """
    checkpoint = newest(plan.folder)
    done = checkpoint is not None and saved_step(checkpoint, plan.identity) >= plan.steps
    return done and plan.file.is_file()


def make_task(
    stage: Stage, config: TrainConfig, runtime: Runtime, shelf: ClipShelf | None = None
) -> Task[Any]:
    """Build a stage's task: its network, with random weights drawn from the seed, and its data."""
    with torch.random.fork_rng():
        torch.manual_seed(config.seed)
        match stage:
            case RigStage():
                from animatex.training.rig_task import RigTask

                return RigTask(stage, config, runtime)
            case RetargetStage():
                from animatex.training.retarget_task import RetargetTask

                return RetargetTask(stage, runtime)
            case ClipStage():
                from animatex.training.clip_task import ClipTask

                return ClipTask(stage, config, runtime)
            case DenoiserStage():
                from animatex.training.denoiser_task import DenoiserTask

                return DenoiserTask(stage, config, runtime, shelf)
