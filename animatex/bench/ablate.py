"""An ablation: train each row with each seed, measure it on unseen characters, write it down, go on."""

from __future__ import annotations

import hashlib
import platform
import shutil
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from animatex.bench.ablation import Ablation, Trained, Value, read_ablation, write_ablation
from animatex.bench.catalogue import choose_metrics
from animatex.bench.instruments import Instruments, open_instruments
from animatex.bench.make import SuiteSpec, make_suite
from animatex.bench.pairs import find_pairs
from animatex.bench.run import run_suite
from animatex.bench.score import ScoreRequest, score_videos
from animatex.bench.suite import Suite
from animatex.checkpoints.catalogue import find_weights, weights_of
from animatex.checkpoints.load import load_unet
from animatex.config.ablate import BODIES, HELD_OUT, AblateConfig, AblateRow, Bodies, row_stage, slug
from animatex.config.loader import dump_config
from animatex.config.problems import nearest
from animatex.config.run import ConditionDropout, DenoiserStage, EpiConfig, TrainConfig
from animatex.errors import AnimateXError, ConfigError, InputError
from animatex.progress import Progress, silent
from animatex.record import sha256, versions
from animatex.runtime import Runtime, make_runtime
from animatex.training.denoiser_task import DenoiserTask, TrainingBatch
from animatex.training.log import read_metrics
from animatex.training.recipe import train
from animatex.training.shelf import ClipShelf
from animatex.video.frames import Size

RESULTS = "ablation.json"
"""File of what was measured, in the folder of the run."""

_PAPER = ("psnr_star", "ssim_disco", "l1_disco", "lpips_disco", "fid_pytorch", "fid_vid", "fvd")
_KEPT_CLIPS = 4000
"""Clips that rows share, made once: at the preset's size they take a little over a gigabyte."""

_FIRST_CLIP = HELD_OUT + 30_000_000
_NO_CHANGE = EpiConfig(
    probability=0.0, realign=0.0, pool=None, add=0.0, drop=0.0, bs=0.0, nf=0.0, al=0.0, place=0.0
)
_OTHER_BODY = _NO_CHANGE.model_copy(update={"probability": 1.0, "realign": 1.0})
_NOTHING_DROPPED = ConditionDropout(**dict.fromkeys(ConditionDropout.model_fields, 0.0))


@dataclass(frozen=True, slots=True)
class Job:
    """One training.

    Attributes:
        row: Which row.
        stage: What trains it, with the row's changes, called after row and seed.
        seed: Of the training.
        settings: SHA-256 of all settings and weights that its values depend on.
    """

    row: AblateRow
    stage: DenoiserStage
    seed: int
    settings: str


def plan_jobs(config: AblateConfig, rows: Sequence[str] = (), seeds: Sequence[int] = ()) -> tuple[Job, ...]:
    """List the trainings: all rows with the first seed, then all with the next.

    Args:
        config: The ablation.
        rows: Only these; none: all.
        seeds: Instead of the preset's; none: those.

    Raises:
        ConfigError: There is no such row.
        InputError: Weights that all rows need are missing.
    """
    known = {row.name: row for row in config.rows}
    for name in rows:
        if name not in known:
            raise ConfigError(
                f"the ablation has no row '{name}'.{nearest(name, tuple(known))}",
                hint=f"one of {', '.join(known)}.",
            )
    chosen = [row for row in config.rows if not rows or row.name in rows]
    shared = config.animate.model_copy(update={"checkpoint": None})
    weights = [sha256(find_weights(file)) for file in weights_of(shared)]
    return tuple(_job(config, row, seed, weights) for seed in seeds or config.seeds for row in chosen)


def run_ablation(
    config: AblateConfig,
    jobs: Sequence[Job],
    preset: str,
    *,
    minutes: float | None = None,
    progress: Progress = silent,
) -> Ablation:
    """Train and measure what is not yet, one training after the other, each written down when it is measured.

    Args:
        config: The ablation. `config.out` receives everything; one that was begun there goes on.
        jobs: From `plan_jobs`.
        preset: What the user calls the preset.
        minutes: Train no longer than this; a training that is stopped goes on the next time. A row that has
            been trained is measured all the same. None: to the end.
        progress: Told of each stage of the work.

    Raises:
        ConfigError: A checkpoint comes from other settings.
        InputError: The folder holds another ablation, or has nothing to show yet.
        AnimateXError: A loss is no longer finite, or a video could not be made.
    """
    began, path = time.monotonic(), Path(config.out) / RESULTS
    there = read_ablation(path) if path.exists() else None
    if there is not None:
        # All that is there, for one table shows it beside what is asked for now.
        _check_alike(path, there, plan_jobs(config, seeds=sorted({one.seed for one in there.trained})))
    trained = there.trained if there else ()
    done = {(one.row, one.seed) for one in trained}
    missing = [job for job in jobs if (job.row.name, job.seed) not in done]
    wanted = len(done) + len(missing)
    if minutes == 0 or not missing:
        if there is None:
            raise InputError(
                f"{path} does not exist: nothing is measured yet", hint="--minutes with some more."
            )
        return replace(there, wanted=wanted)
    laboratory = _open(config, progress)
    ablation = _begin(config, preset, laboratory.suite, wanted, trained)
    write_ablation(path, ablation)
    shelf = ClipShelf(_KEPT_CLIPS)
    for job in missing:
        left = None if minutes is None else max(0.0, minutes - (time.monotonic() - began) / 60)
        recipe = _recipe(config, job.stage, job.seed)
        if not train(recipe, laboratory.runtime, progress, left, shelf).finished:
            break
        one = laboratory.measure(job, progress)
        ablation = replace(ablation, trained=(*ablation.trained, one))
        write_ablation(path, ablation)
        shutil.rmtree(Path(config.out) / job.stage.name)
    return ablation


@dataclass(frozen=True, slots=True, eq=False)
class _Laboratory:
    """What all rows are measured with."""

    config: AblateConfig
    runtime: Runtime
    suite: Suite
    instruments: Instruments
    task: DenoiserTask
    clips: dict[Bodies, tuple[TrainingBatch, ...]]

    def measure(self, job: Job, progress: Progress) -> Trained:
        """Measure a trained row."""
        values = [value for bodies in BODIES for value in self._values(job, bodies, progress)]
        log = read_metrics(Path(self.config.out) / job.stage.name / "metrics.jsonl")
        last = [float(record["loss"] or 0.0) for record in log[-100:]]
        indicator = job.stage.network.pose_indicator
        return Trained(
            row=job.row.name,
            seed=job.seed,
            shown_in=job.row.shown_in,
            lambda_=job.stage.epi.probability,
            alpha=None if indicator is None else indicator.alpha,
            settings=job.settings,
            steps=len(log),
            seconds=round(sum(float(record["seconds"] or 0.0) for record in log), 1),
            loss=sum(last) / len(last),
            values=tuple(values),
        )

    def _values(self, job: Job, bodies: Bodies, progress: Progress) -> list[Value]:
        error = self._latent_error(job, bodies)
        return [
            Value("latent_error", "latent error", "lower", bodies, error, None),
            *self._video_values(job, bodies, progress),
        ]

    @torch.no_grad()
    def _latent_error(self, job: Job, bodies: Bodies) -> float:
        """Error of the latents that the network predicts from pure noise, as a share of their power.

        Poses that are transformed reach the network alone; the codec composes from the true ones, as in
        training.
        """
        network = load_unet(_weights(self.config, job), job.stage.network).to(self.runtime.device).eval()
        error = power = 0.0
        for number, batch in enumerate(self.clips[bodies]):
            figures = self.task.loss(network, batch, torch.Generator().manual_seed(number)).figures
            error += float(figures["one_step_error"])
            power += float(figures["one_step_baseline"])
        return error / power

    def _video_values(self, job: Job, bodies: Bodies, progress: Progress) -> list[Value]:
        """Make the suite's videos and score them by the metrics of the paper's tables."""
        animate = self.config.animate.model_copy(
            update={
                "unet": job.stage.network,
                "checkpoint": str(_weights(self.config, job)),
                "seed": job.seed,
            }
        )
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / "videos"
            name = f"{job.row.name}, seed {job.seed}"
            record = run_suite(self.suite, animate, out, preset=name, setting=bodies, progress=progress)
            for id, message in record.failed.items():
                raise AnimateXError(f"{name}: case {id}: {message}")
            suite = Path(self.config.out) / "suite"
            request = ScoreRequest(out, suite, find_pairs(out, suite, bodies), None, 0, None)
            scores = score_videos(request, self.instruments, progress).scores
        return [Value(s.metric, s.title, s.better, bodies, s.value, s.reason) for s in scores]


def _open(config: AblateConfig, progress: Progress) -> _Laboratory:
    """Render the suite and the clips on which all rows are measured."""
    out, measure = Path(config.out), config.measure
    out.mkdir(parents=True, exist_ok=True)
    spec = SuiteSpec("test", Size(measure.height, measure.width), measure.frames, measure.characters)
    suite = make_suite(out / "suite", spec, progress)
    runtime = make_runtime(config.animate.runtime, config.animate.seed)
    choice = config.animate.runtime.device
    instruments = open_instruments(choose_metrics(_PAPER), None, choice)
    poses: dict[Bodies, EpiConfig] = {"self": _NO_CHANGE, "rescaled": _OTHER_BODY}
    clips: dict[Bodies, tuple[TrainingBatch, ...]] = {}
    progress.start("rendering clips", measure.clips * len(BODIES))
    for bodies, epi in poses.items():
        task = DenoiserTask(_measuring(config.stage, epi), _recipe(config, config.stage, HELD_OUT), runtime)
        found = []
        for batch in task.batches(range(measure.clips)):
            found.append(batch)
            progress.advance()
        clips[bodies] = tuple(found)
    progress.done()
    return _Laboratory(config, runtime, suite, instruments, task, clips)


def _measuring(stage: DenoiserStage, epi: EpiConfig) -> DenoiserStage:
    """Change a stage so that its batches are unseen clips, and its loss that of one step from pure noise."""
    data = stage.data.model_copy(update={"seed": _FIRST_CLIP, "workers": 0})
    changes = {"data": data, "batch": 1, "timesteps": 1, "cross_driven": 0.0, "start_from": None}
    return stage.model_copy(update={**changes, "dropout": _NOTHING_DROPPED, "epi": epi})


def _job(config: AblateConfig, row: AblateRow, seed: int, weights: Sequence[str]) -> Job:
    stage = row_stage(config, row).model_copy(update={"name": f"{slug(row.name)}-seed-{seed}"})
    said = "\n".join([*map(dump_config, (stage, config.animate, config.measure)), *weights])
    return Job(row, stage, seed, hashlib.sha256(said.encode()).hexdigest())


def _recipe(config: AblateConfig, stage: DenoiserStage, seed: int) -> TrainConfig:
    return TrainConfig(
        out=config.out,
        seed=seed,
        save_every=config.save_every,
        keep=1,
        runtime=config.animate.runtime,
        stages=(stage,),
    )


def _weights(config: AblateConfig, job: Job) -> Path:
    return Path(config.out).absolute() / f"{job.stage.name}.safetensors"


def _begin(
    config: AblateConfig, preset: str, suite: Suite, wanted: int, trained: tuple[Trained, ...]
) -> Ablation:
    name = f"{suite.name} {suite.version}, {config.measure.characters} characters"
    return Ablation(
        preset=preset,
        steps=config.stage.steps,
        batch=config.stage.batch * config.stage.optimizer.accumulate,
        suite=f"{name}, hash {str(suite.sha256)[:12]}",
        clips=config.measure.clips,
        wanted=wanted,
        versions=versions(),
        machine=f"{platform.system()} {platform.machine()}",
        trained=trained,
    )


def _check_alike(path: Path, there: Ablation, jobs: Sequence[Job]) -> None:
    """Refuse to put rows of different settings into one table."""
    wanted = {(job.row.name, job.seed): job.settings for job in jobs}
    for one in there.trained:
        if wanted.get((one.row, one.seed), one.settings) != one.settings:
            raise InputError(
                f"{path} holds row '{one.row}', seed {one.seed}, of other settings",
                hint="--out with another folder, or the same settings as before.",
            )
