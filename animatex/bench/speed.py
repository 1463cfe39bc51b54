"""How fast a preset is on this machine: seconds by stage, network evaluations, memory, and ratios."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from animatex.bench.documents import read_document, write_document
from animatex.bench.machine import Machine, this_machine
from animatex.errors import InputError
from animatex.measure import StageTimer, peak_memory
from animatex.progress import Progress, silent
from animatex.record import sha256, versions

if TYPE_CHECKING:
    import torch

    from animatex.animate import AnimateModels, AnimationPlan
    from animatex.config.run import AnimateConfig

FORMAT = "animatex-speed/1"

LOADING = "loading networks"
OTHER = "between stages"
ALL_STAGES, EVALUATIONS = "all stages", "evaluations"
MEMORY, DEVICE_MEMORY = "peak memory", "peak device memory"


@dataclass(frozen=True, slots=True)
class Workload:
    """What was run.

    Attributes:
        preset: As the user named it.
        frames: Frames that were made.
        width: Of the result, in pixels.
        height: Likewise.
        evaluations: Calls of the network for one video.
        device: Where networks ran.
        dtype: What the denoiser computed in.
        threads: Of PyTorch on the processor.
        reference: SHA-256 of the character's picture.
        driving: SHA-256 of the driving file.
    """

    preset: str
    frames: int
    width: int
    height: int
    evaluations: int
    device: str
    dtype: str
    threads: int
    reference: str
    driving: str


@dataclass(frozen=True, slots=True)
class Seconds:
    """What a stage took over the repeats.

    Attributes:
        median: In seconds, for the whole video.
        low: The quickest repeat.
        high: The slowest repeat.
    """

    median: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Speed:
    """A measurement.

    Attributes:
        workload: What was run.
        machine: Where.
        versions: Package → version.
        repeats: How often.
        loading: Seconds that loading the networks took, once.
        stages: Stage → seconds for the whole video, in the order of the run.
        total: From the first frame read to the last one written, without loading.
        peak_memory_bytes: Most main memory that the process has held; None where the system does not say.
        peak_device_bytes: Most memory on the device; None where networks ran on the processor.
    """

    workload: Workload
    machine: Machine
    versions: Mapping[str, str]
    repeats: int
    loading: float
    stages: Mapping[str, Seconds]
    total: Seconds
    peak_memory_bytes: int | None
    peak_device_bytes: int | None

    def a_frame(self, seconds: float) -> float:
        """Divide seconds of a video by its frames."""
        return seconds / self.workload.frames


@dataclass(frozen=True, slots=True)
class Row:
    """One quantity beside its baseline.

    Attributes:
        name: "sampling", "evaluations".
        value: Now; None where it is not known, or the stage did not run.
        baseline: Then, likewise; None too where there is no baseline.
    """

    name: str
    value: float | None
    baseline: float | None

    @property
    def ratio(self) -> float | None:
        """Value over baseline: below 1 is less than before."""
        if self.value is None or not self.baseline:
            return None
        return self.value / self.baseline


def measure_speed(
    config: AnimateConfig,
    preset: str,
    *,
    reference: Path | None = None,
    driving: Path | None = None,
    weights: Path | None = None,
    repeats: int = 3,
    progress: Progress = silent,
) -> Speed:
    """Run a preset several times and time its stages.

    Args:
        config: The preset with its overrides.
        preset: Its name, for the report.
        reference: A picture of a character; None: the sample's, painted anew.
        driving: A driving file; None: the sample's.
        weights: Folder of weights.
        repeats: How often everything but loading runs, at least 1.
        progress: Is told of every stage of every repeat.

    Raises:
        InputError: A file cannot be used, or weights are missing.
        BackendError: What the preset asks for does not work here.
    """
    from animatex.animate import load_models, plan_animation

    with TemporaryDirectory(prefix="animatex-") as scratch:
        folder = Path(scratch)
        if reference is None or driving is None:
            painted = _paint_sample(folder, progress)
            reference, driving = reference or painted[0], driving or painted[1]
        plan = plan_animation(reference, driving, config, weights=weights)
        clock = _Clock(progress, plan.runtime.device)
        clock.start(LOADING)
        models = load_models(config, plan.runtime, plan.weights)
        clock.done()
        loading = clock.seconds()[LOADING]
        clock.forget_memory()
        runs: list[dict[str, float]] = []
        for _ in range(repeats):
            clock = _Clock(progress, plan.runtime.device)
            frames = _make_video(plan, models, config, folder / "result.mp4", clock)
            runs.append(clock.seconds())
        workload = _workload(plan, preset, frames, reference, driving)
    for run in runs:
        run[OTHER] = max(0.0, run["total"] - sum(run[stage] for stage in run if stage != "total"))
    taken = {stage: _seconds([run[stage] for run in runs]) for stage in runs[0]}
    return Speed(
        workload=workload,
        machine=this_machine(),
        versions=versions(),
        repeats=repeats,
        loading=loading,
        total=taken.pop("total"),
        stages=taken,
        peak_memory_bytes=peak_memory(),
        peak_device_bytes=clock.peak_memory(),
    )


def write_speed(path: Path, speed: Speed) -> None:
    """Write a measurement, to be a baseline later.

    Raises:
        InputError: The file cannot be written.
    """
    write_document(path, FORMAT, speed)


def read_baseline(path: Path) -> Speed:
    """Read a measurement that was made on this machine.

    Raises:
        InputError: The file cannot be used, or comes from another machine.
    """
    again = "animatex bench speed --out FILE writes one."
    baseline = read_document(path, FORMAT, Speed, what="speed measurement", again=again)
    other = this_machine().differences(baseline.machine)
    if other:
        raise InputError(
            f"{path} was measured on another machine: {'; '.join(other)}",
            hint="measure the baseline here too: across machines a ratio says nothing about the program.",
        )
    return baseline


def compare(speed: Speed, baseline: Speed | None) -> tuple[Row, ...]:
    """Put a measurement beside its baseline.

    Returns:
        Seconds a frame for each stage and for all of them; seconds of loading; evaluations; bytes of memory.
    """
    both = (speed, baseline)

    def row(name: str, read: Callable[[Speed], float | None]) -> Row:
        value, before = (None if one is None else read(one) for one in both)
        return Row(name, value, before)

    def stage_row(stage: str) -> Row:
        return row(stage, lambda one: one.a_frame(one.stages[stage].median) if stage in one.stages else None)

    stages = dict.fromkeys(stage for one in both if one is not None for stage in one.stages)
    return (
        *map(stage_row, stages),
        row(ALL_STAGES, lambda one: one.a_frame(one.total.median)),
        row(LOADING, lambda one: one.loading),
        row(EVALUATIONS, lambda one: one.workload.evaluations),
        row(MEMORY, lambda one: one.peak_memory_bytes),
        row(DEVICE_MEMORY, lambda one: one.peak_device_bytes),
    )


def differences(speed: Speed, baseline: Speed) -> tuple[str, ...]:
    """Say in what the work differs from the baseline's: what a ratio then also measures."""
    now, then = speed.workload, baseline.workload
    told = []
    for field in fields(Workload):
        new, old = getattr(now, field.name), getattr(then, field.name)
        if new != old:
            is_file = field.name in ("reference", "driving")
            told.append(f"another {field.name} file" if is_file else f"{field.name} {new}, then {old}")
    return tuple(told)


class _Clock:
    """Times stages after the device has finished them, so that work counts where it was asked for."""

    def __init__(self, listener: Progress, device: torch.device) -> None:
        self._timer, self._device = StageTimer(listener), device

    def start(self, stage: str, total: int | None = None) -> None:
        """Begin a stage."""
        self._settle()
        self._timer.start(stage, total)

    def advance(self, n: int = 1) -> None:
        """Pass on that a stage goes forward."""
        self._timer.advance(n)

    def done(self) -> None:
        """End the stage."""
        self._settle()
        self._timer.done()

    def seconds(self) -> dict[str, float]:
        """Give the seconds of each stage, in order, and "total" since the beginning."""
        self._settle()
        return self._timer.seconds()

    def forget_memory(self) -> None:
        """Count the device's memory from here on."""
        import torch

        if self._device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(self._device)

    def peak_memory(self) -> int | None:
        """Give the most memory held on the device, in bytes; None where it is not counted."""
        import torch

        return torch.cuda.max_memory_allocated(self._device) if self._device.type == "cuda" else None

    def _settle(self) -> None:
        import torch

        if self._device.type == "cuda":
            torch.cuda.synchronize(self._device)
        elif self._device.type == "mps":
            torch.mps.synchronize()


def _paint_sample(folder: Path, progress: Progress) -> tuple[Path, Path]:
    from animatex.synthetic.samples import write_samples

    progress.start("painting the sample")
    painted = write_samples(folder)
    progress.done()
    return painted


def _make_video(
    plan: AnimationPlan, models: AnimateModels, config: AnimateConfig, path: Path, clock: _Clock
) -> int:
    """Do what `animatex animate` does; give the number of frames."""
    from animatex.animate import animate, read_inputs
    from animatex.video.writer import write_video

    inputs = read_inputs(plan, config, clock)
    frames = animate(inputs, models, config, plan.runtime, clock)
    write_video(path, frames, crf=config.video.crf, progress=clock)
    return len(frames)


def _workload(plan: AnimationPlan, preset: str, frames: int, reference: Path, driving: Path) -> Workload:
    import torch

    return Workload(
        preset=preset,
        frames=frames,
        width=plan.canvas.width,
        height=plan.canvas.height,
        evaluations=plan.evaluations,
        device=plan.device.name,
        dtype=plan.dtype.name,
        threads=torch.get_num_threads(),
        reference=sha256(reference),
        driving=sha256(driving),
    )


def _seconds(repeats: Sequence[float]) -> Seconds:
    return Seconds(median(repeats), min(repeats), max(repeats))
