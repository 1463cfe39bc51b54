"""The loop: exact resume, stopping, logging, and what happens when a loss is lost."""

from __future__ import annotations

import itertools
import json
import math
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file

from animatex.errors import AnimateXError, ConfigError, InputError
from animatex.runtime import Runtime
from animatex.training import loop
from animatex.training.launch import Launch
from animatex.training.log import read_metrics
from animatex.training.loop import StageReport, stream_seed, train_stage
from animatex.training.recipe import is_finished
from animatex.training.stop import Stop
from animatex.training.task import StepResult
from tests.training.toys import ToyTask, toy_plan, toy_task

pytestmark = pytest.mark.usefixtures("deterministic_torch")


def launch(dtype: torch.dtype = torch.float32) -> Launch:
    return Launch(Runtime(torch.device("cpu"), dtype, "none", 7))


def run(folder: Path, steps: int, task: ToyTask | None = None, **settings: object) -> StageReport:
    plan = toy_plan(folder, steps, **settings)
    return train_stage(task or toy_task(), plan, launch(), Stop(None))


class StopAfter(Stop):
    """Asks to stop after so many steps."""

    def __init__(self, steps: int) -> None:
        super().__init__(None)
        self._left = steps

    @property
    def is_asked(self) -> bool:
        self._left -= 1
        return self._left < 0


def bits(checkpoint: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in checkpoint.iterdir() if path.suffix == ".safetensors"}


def same_tensors(a: object, b: object) -> bool:
    if isinstance(a, torch.Tensor) and isinstance(b, torch.Tensor):
        return torch.equal(a, b)
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same_tensors(a[key], b[key]) for key in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(same_tensors, a, b))
    return a == b


def learned(folder: Path) -> list[dict[str, object]]:
    timing = ("seconds", "waited")
    records = read_metrics(folder / "toy" / "metrics.jsonl")
    return [{key: value for key, value in record.items() if key not in timing} for record in records]


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16], ids=str)
def test_four_steps_equal_two_and_a_resume_and_two_bit_by_bit(tmp_path: Path, dtype: torch.dtype) -> None:
    whole, halves = tmp_path / "whole", tmp_path / "halves"
    train_stage(toy_task(), toy_plan(whole, 4), launch(dtype), Stop(None))
    first = train_stage(toy_task(), toy_plan(halves, 4), launch(dtype), StopAfter(2))
    assert (first.steps, first.finished) == (2, False)
    torch.manual_seed(99)  # what happens between the two runs is of no consequence
    second = train_stage(toy_task(), toy_plan(halves, 4), launch(dtype), Stop(None))
    assert (second.steps, second.finished) == (4, True)

    a, b = whole / "toy" / "step-000004", halves / "toy" / "step-000004"
    assert bits(a) == bits(b)
    assert set(bits(a)) == {"network.safetensors", "ema.safetensors"}
    states = [torch.load(checkpoint / "optimizer.pt", weights_only=True) for checkpoint in (a, b)]
    assert same_tensors(*states)
    assert learned(whole) == learned(halves)
    assert (whole / "toy.safetensors").read_bytes() == (halves / "toy.safetensors").read_bytes()


def test_a_resumed_run_makes_only_the_batches_that_are_left(tmp_path: Path) -> None:
    train_stage(toy_task(), toy_plan(tmp_path, 5), launch(), StopAfter(2))
    task = toy_task()
    run(tmp_path, 5, task)
    assert task.seen == [4, 5, 6, 7, 8, 9]  # two batches a step


def test_a_run_killed_after_a_checkpoint_repeats_its_steps_in_the_log_once(tmp_path: Path) -> None:
    run(tmp_path, 3)
    log = tmp_path / "toy" / "metrics.jsonl"
    log.write_text(log.read_text() + '{"step": 4, "loss": 0.5}\n{"step": 5, "lo')
    run(tmp_path, 5)
    assert [record["step"] for record in read_metrics(log)] == [1, 2, 3, 4, 5]
    assert all(record["stage"] == "toy" for record in read_metrics(log))


def test_the_log_says_what_each_step_was(tmp_path: Path) -> None:
    run(tmp_path, 3)
    lines = (tmp_path / "toy" / "metrics.jsonl").read_text().splitlines()
    records = [json.loads(line) for line in lines]
    assert len(records) == 3
    assert list(records[0]) == [
        "stage",
        "step",
        "loss",
        "learning_rate",
        "gradient_norm",
        "seconds",
        "waited",
        "noise",
    ]
    assert records[0]["learning_rate"] == pytest.approx(0.005)
    assert 0 < records[0]["noise"] < 2


@pytest.mark.parametrize("there", list(itertools.product([True, False], repeat=3)), ids=str)
def test_a_figure_that_some_batches_lack_is_the_mean_of_the_others(
    there: tuple[bool, ...], tmp_path: Path
) -> None:
    class Sometimes(ToyTask):
        def loss(
            self, network: torch.nn.Module, batch: tuple[int, torch.Tensor], rng: torch.Generator
        ) -> StepResult:
            result = super().loss(network, batch, rng)
            return StepResult(result.loss, {"number": float(batch[0])} if there[batch[0]] else {})

    run(tmp_path, 1, Sometimes(toy_task().network), accumulate=len(there))
    record = learned(tmp_path)[0]
    numbers = [number for number, has in enumerate(there) if has]
    assert record.get("number") == (sum(numbers) / len(numbers) if numbers else None)


def test_the_loss_falls(tmp_path: Path) -> None:
    run(tmp_path, 150)
    losses = [float(record["loss"]) for record in read_metrics(tmp_path / "toy" / "metrics.jsonl")]
    assert sum(losses[-20:]) < 0.5 * sum(losses[:20])


def test_accumulated_batches_give_the_mean_gradient(tmp_path: Path) -> None:
    run(tmp_path / "a", 1, accumulate=4, clip_norm=1e9)
    norm = float(read_metrics(tmp_path / "a" / "toy" / "metrics.jsonl")[0]["gradient_norm"])

    task, rng_of = toy_task(), torch.Generator().manual_seed
    with torch.random.fork_rng():
        for number, batch in zip(range(4), task.batches(range(4)), strict=True):
            torch.manual_seed(stream_seed(7, number))
            (task.loss(task.network, batch, rng_of(stream_seed(7, number))).loss / 4).backward()
    gradients = torch.cat([p.grad.flatten() for p in task.network.parameters() if p.grad is not None])
    assert norm == pytest.approx(float(gradients.norm()), rel=1e-5)


def test_a_lost_loss_is_an_error_and_the_last_checkpoint_stays(tmp_path: Path) -> None:
    poisoned = toy_task(poison=6)  # step 4, two batches a step
    with pytest.raises(AnimateXError) as caught:
        run(tmp_path, 9, poisoned, save_every=2)
    assert caught.value.message.startswith("stage 'toy' diverged at step 4: loss nan, gradient norm nan")
    assert f"{tmp_path / 'toy' / 'step-000002'} is untouched" in caught.value.message
    assert "optimizer.learning_rate" in str(caught.value.hint)
    for name in ("network", "ema"):
        weights = load_file(tmp_path / "toy" / "step-000002" / f"{name}.safetensors")
        assert all(tensor.isfinite().all() for tensor in weights.values())
    assert run(tmp_path, 9).finished  # without the poison it goes on from there


def test_a_loss_lost_before_any_checkpoint_says_so(tmp_path: Path) -> None:
    with pytest.raises(AnimateXError, match="there is no checkpoint yet"):
        run(tmp_path, 9, toy_task(poison=0))


def test_the_shipped_file_is_the_average_and_lies_there_before_the_end(tmp_path: Path) -> None:
    report = train_stage(toy_task(), toy_plan(tmp_path, 9, save_every=2), launch(), StopAfter(3))
    assert (report.steps, report.finished, report.file) == (3, False, tmp_path / "toy.safetensors")
    shipped = load_file(report.file)
    average = load_file(tmp_path / "toy" / "step-000003" / "ema.safetensors")
    network = load_file(tmp_path / "toy" / "step-000003" / "network.safetensors")
    assert same_tensors(shipped, average)
    assert not torch.equal(shipped["inner.weight"], network["inner.weight"])
    assert torch.equal(shipped["norm.running_mean"], network["norm.running_mean"])
    with safe_open(report.file, "pt") as file:
        assert file.metadata() == {"format": "toy"}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["toy", "toy.safetensors"]


@pytest.mark.parametrize("fails", ["weights", "checkpoint"])
def test_weights_whose_saving_failed_once_are_those_of_the_last_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: str
) -> None:
    run(tmp_path / "whole", 6)

    def refuse(*_: object) -> None:
        raise InputError("No space left on device")

    train_stage(toy_task(), toy_plan(tmp_path, 6), launch(), StopAfter(4))
    task = toy_task()
    with monkeypatch.context() as full, pytest.raises(InputError):
        if fails == "weights":
            full.setattr(task, "save", refuse)
        else:
            full.setattr(loop, "write_state", refuse)
        run(tmp_path, 6, task)
    assert not is_finished(toy_plan(tmp_path, 6))
    assert run(tmp_path, 6).finished
    assert (tmp_path / "toy.safetensors").read_bytes() == (tmp_path / "whole/toy.safetensors").read_bytes()


def test_what_one_of_several_processes_misses_is_saved_with_all_of_them(tmp_path: Path) -> None:
    class OneOfTwo(Launch):
        def anywhere(self, here: bool) -> bool:
            return True

    run(tmp_path, 2)
    task, saved = toy_task(), list[Path]()
    task.save = lambda _, path: saved.append(path)
    several = OneOfTwo(Runtime(torch.device("cpu"), torch.float32, "none", 7))
    train_stage(task, toy_plan(tmp_path, 2), several, Stop(None))
    assert saved == [tmp_path / "toy.safetensors"]


def test_old_checkpoints_are_removed(tmp_path: Path) -> None:
    run(tmp_path, 7, save_every=2, keep=2)
    folders = sorted(path.name for path in (tmp_path / "toy").iterdir())
    assert folders == ["metrics.jsonl", "step-000006", "step-000007"]


def test_a_stage_may_be_given_more_steps(tmp_path: Path) -> None:
    assert run(tmp_path, 2).finished
    report = run(tmp_path, 5)
    assert (report.steps, report.finished) == (5, True)


def test_a_finished_stage_has_no_loss_to_report(tmp_path: Path) -> None:
    run(tmp_path, 2)
    report = run(tmp_path, 2)
    assert (report.steps, report.loss, report.trained) == (2, None, 4 * 16 + 16 * 4 + 1)


def test_a_run_with_other_settings_is_refused_by_name(tmp_path: Path) -> None:
    run(tmp_path, 2)
    with pytest.raises(ConfigError) as caught:
        run(tmp_path, 4, learning_rate=0.02, clip_norm=2.0)
    assert caught.value.message == (
        f"stage 'toy' was begun with other settings in {tmp_path / 'toy' / 'step-000002'}: "
        "optimizer.learning_rate was 0.01, is 0.02; optimizer.clip_norm was 1.0, is 2.0"
    )
    assert caught.value.exit_code == 2


def test_training_leaves_the_callers_random_stream_alone(tmp_path: Path) -> None:
    torch.manual_seed(3)
    before = torch.get_rng_state()
    run(tmp_path, 2)
    assert torch.equal(before, torch.get_rng_state())


def test_streams_differ_between_batches_and_seeds() -> None:
    seeds = [stream_seed(seed, number) for seed in range(30) for number in range(30)]
    assert len(set(seeds)) == 900
    assert all(0 <= seed < 2**63 for seed in seeds)


def test_an_empty_mean_is_never_reported(tmp_path: Path) -> None:
    report = train_stage(toy_task(), toy_plan(tmp_path, 4), launch(), StopAfter(0))
    assert report.loss is None
    assert report.steps == 0
    assert not math.isnan(report.seconds)
