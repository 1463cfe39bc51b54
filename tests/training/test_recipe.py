"""Stages one after the other: each once, stopped and resumed anywhere."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Generator, Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from pydantic import ValidationError
from torch import Tensor

from animatex.config.model import RigConfig
from animatex.config.run import RigStage, RuntimeConfig, SyntheticData, TrainConfig
from animatex.errors import ConfigError
from animatex.progress import SilentProgress
from animatex.runtime import Runtime
from animatex.training import recipe
from animatex.training.launch import Launch
from animatex.training.log import read_metrics
from animatex.training.recipe import train
from animatex.training.state import newest
from animatex.training.stop import Stop, stopping
from tests.training.toys import ToyNetwork, ToyTask, toy_optimizer

RUNTIME = Runtime(torch.device("cpu"), torch.float32, "none", 7)


def stage(name: str, steps: int = 3, workers: int = 0, **optimizer: object) -> RigStage:
    return RigStage(
        kind="rig",
        name=name,
        network=RigConfig(height=32, widths=(16, 16), blocks=1, attention_blocks=0),
        start_from=None,
        data=SyntheticData(kind="synthetic", height=32, width=32, seed=0, workers=workers),
        batch=2,
        steps=steps,
        optimizer=toy_optimizer(**optimizer),
    )


def config(out: Path, *stages: RigStage, seed: int = 7) -> TrainConfig:
    runtime = RuntimeConfig(device="cpu", dtype="float32", offload="none", scan="auto")
    return TrainConfig(out=str(out), seed=seed, save_every=2, keep=2, runtime=runtime, stages=stages)


class SignallingTask(ToyTask):
    """Sends its own process a signal while it makes a batch."""

    number = signal.SIGTERM

    def batches(self, numbers: Iterable[int]) -> Generator[tuple[int, Tensor], None, None]:
        for number, batch in super().batches(numbers):
            if number == 2:
                os.kill(os.getpid(), self.number)
            yield number, batch


class Clock:
    """Time that passes only where a test says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now


@dataclass(eq=False, kw_only=True)
class SlowTask(ToyTask):
    """Makes a batch a second."""

    clock: Clock

    def batches(self, numbers: Iterable[int]) -> Generator[tuple[int, Tensor], None, None]:
        for number, batch in super().batches(numbers):
            self.clock.now += 1.0
            yield number, batch


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Toy tasks in place of real ones; the list says which stages were built."""
    names: list[str] = []

    def make(stage: RigStage, config: TrainConfig, runtime: Runtime, shelf: None) -> ToyTask:
        names.append(stage.name)
        return ToyTask(ToyNetwork())

    monkeypatch.setattr(recipe, "make_task", make)
    return names


@pytest.mark.parametrize("name", ["", ".", "..", "../a", "a/b", "-a", ".a", "a b"])
def test_a_stage_has_a_name_that_files_can_have(name: str, tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="its files are called so"):
        config(tmp_path, stage(name, 3))


def test_two_stages_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="each needs a name of its own"):
        config(tmp_path, stage("a", 3), stage("a", 4))


@pytest.mark.usefixtures("built")
def test_stages_follow_each_other_and_each_leaves_its_file(tmp_path: Path) -> None:
    report = train(config(tmp_path, stage("a"), stage("b", 5)), RUNTIME)
    assert report.finished
    assert [(entry.name, entry.steps, entry.file) for entry in report.stages] == [
        ("a", 3, tmp_path / "a.safetensors"),
        ("b", 5, tmp_path / "b.safetensors"),
    ]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "a.safetensors", "b", "b.safetensors"]


def test_finished_stages_are_not_even_built_again(tmp_path: Path, built: list[str]) -> None:
    train(config(tmp_path, stage("a"), stage("b")), RUNTIME)
    report = train(config(tmp_path, stage("a"), stage("b", 6), stage("c")), RUNTIME)
    assert built == ["a", "b", "b", "c"]
    assert [(entry.name, entry.steps) for entry in report.stages] == [("b", 6), ("c", 3)]


def test_a_finished_stage_whose_file_is_gone_writes_it_again(tmp_path: Path, built: list[str]) -> None:
    recipe_config = config(tmp_path, stage("a"))
    train(recipe_config, RUNTIME)
    before = (tmp_path / "a.safetensors").read_bytes()
    (tmp_path / "a.safetensors").unlink()
    assert train(recipe_config, RUNTIME).finished
    assert built == ["a", "a"]
    assert (tmp_path / "a.safetensors").read_bytes() == before


def test_no_time_means_nothing_is_begun(tmp_path: Path, built: list[str]) -> None:
    report = train(config(tmp_path, stage("a")), RUNTIME, minutes=0.0)
    assert (report.stages, report.finished, built) == ((), False, [])


def test_a_budget_that_is_over_in_one_of_several_processes_is_over_in_all(
    tmp_path: Path, built: list[str]
) -> None:
    class OneOfTwo(Launch):
        votes = iter([False, True])  # the folder is refused to none

        def anywhere(self, here: bool) -> bool:
            return next(self.votes)

    report = train(config(tmp_path, stage("a")), RUNTIME, launch=OneOfTwo(RUNTIME))
    assert (report.stages, report.finished, built) == ((), False, [])


def test_the_time_budget_saves_and_the_next_run_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    monkeypatch.setattr("animatex.training.stop.time", clock)
    monkeypatch.setattr(recipe, "make_task", lambda *_: SlowTask(ToyNetwork(), clock=clock))
    endless = config(tmp_path, stage("a", 10**6), stage("b"))
    first = train(endless, RUNTIME, minutes=6 / 60)
    assert not first.finished
    assert [(entry.name, entry.steps) for entry in first.stages] == [("a", 3)]  # two batches a step
    second = train(endless, RUNTIME, minutes=6 / 60)
    assert [(entry.name, entry.steps) for entry in second.stages] == [("a", 6)]
    assert newest(tmp_path / "a") == tmp_path / "a" / "step-000006"
    steps = [record["step"] for record in read_metrics(tmp_path / "a" / "metrics.jsonl")]
    assert steps == list(range(1, 7))


@pytest.mark.parametrize(
    ("number", "ends_with", "code"),
    [(signal.SIGTERM, SystemExit, (143,)), (signal.SIGINT, KeyboardInterrupt, ())],
)
def test_a_signal_is_obeyed_after_the_step_with_everything_saved(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    number: signal.Signals,
    ends_with: type[BaseException],
    code: tuple[int, ...],
) -> None:
    task = SignallingTask(ToyNetwork())
    task.number = number
    monkeypatch.setattr(recipe, "make_task", lambda *_: task)
    handlers = [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)]
    with pytest.raises(ends_with) as caught:
        train(config(tmp_path, stage("a", 9), stage("b")), RUNTIME)
    assert caught.value.args == code
    assert (tmp_path / "a" / "step-000002" / "state.json").is_file()
    assert (tmp_path / "a.safetensors").is_file()
    assert not (tmp_path / "b").exists()
    assert [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)] == handlers


def test_a_second_interrupt_does_not_wait() -> None:
    with pytest.raises(KeyboardInterrupt), stopping(None) as stop:
        signal.raise_signal(signal.SIGINT)
        assert stop.is_asked
        signal.raise_signal(signal.SIGINT)


def test_in_another_thread_only_the_budget_counts() -> None:
    seen: list[Stop] = []

    def body() -> None:
        with stopping(0.0) as stop:
            seen.append(stop)

    thread = threading.Thread(target=body)
    thread.start()
    thread.join()
    assert seen[0].is_asked
    seen[0].leave()


@pytest.mark.usefixtures("built")
def test_more_steps_or_other_workers_are_no_other_settings(tmp_path: Path) -> None:
    train(config(tmp_path, stage("a", 3)), RUNTIME)
    assert train(config(tmp_path, stage("a", 4, workers=2)), RUNTIME).stages[0].steps == 4


@pytest.mark.usefixtures("built")
@pytest.mark.parametrize("steps", [3, 5])
def test_other_settings_are_refused_by_name_even_where_the_stage_is_done(tmp_path: Path, steps: int) -> None:
    train(config(tmp_path, stage("a", 3)), RUNTIME)
    with pytest.raises(ConfigError) as caught:
        train(config(tmp_path, stage("a", steps, clip_norm=0.5), seed=8), RUNTIME)
    assert caught.value.message == (
        f"stage 'a' was begun with other settings in {tmp_path / 'a' / 'step-000003'}: "
        "optimizer.clip_norm was 1.0, is 0.5; seed was 7, is 8"
    )
    assert "train into another folder (out)" in str(caught.value.hint)


@pytest.mark.usefixtures("built")
def test_progress_hears_of_every_step_and_of_those_of_earlier_runs(tmp_path: Path) -> None:
    class Heard(SilentProgress):
        def __init__(self) -> None:
            self.stages: list[tuple[str, int | None]] = []
            self.steps = 0

        def start(self, stage: str, total: int | None = None) -> None:
            self.stages.append((stage, total))

        def advance(self, n: int = 1) -> None:
            self.steps += n

    train(config(tmp_path, stage("a", 3)), RUNTIME)
    heard = Heard()
    train(config(tmp_path, stage("a", 5)), RUNTIME, heard)
    assert (heard.stages, heard.steps) == ([("training a", 5)], 5)
