"""Performances for the retargeting network, and its stage through the real loop."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from animatex.checkpoints.load import load_retargeter
from animatex.config.run import PerformanceData, RetargetStage, RuntimeConfig, TrainConfig
from animatex.errors import CheckpointMismatch
from animatex.pose import skeleton as sk
from animatex.pose.proportions import torso_length
from animatex.pose.skeleton import BODY
from animatex.retargeting.network import RetargetNetwork
from animatex.runtime import make_runtime
from animatex.synthetic.clips import SyntheticPerformance, performance
from animatex.training import retarget_task
from animatex.training.log import read_metrics
from animatex.training.recipe import train
from animatex.training.retarget_task import (
    MakeRetargetSample,
    RetargetSample,
    RetargetTask,
    as_estimated,
    misread,
)
from animatex.video.frames import Size
from tests.pose.figures import retargeting
from tests.retargeting.networks import CONFIG
from tests.training.toys import toy_optimizer

STAGE = RetargetStage(
    kind="retarget",
    name="retarget",
    network=CONFIG,
    data=PerformanceData(kind="performances", seed=50, performances=5, frames=7, workers=0),
    retarget=retargeting(),
    batch=3,
    steps=3,
    optimizer=toy_optimizer(accumulate=1),
)
MAKE = MakeRetargetSample(50, 7, retargeting())


def config(out: Path) -> TrainConfig:
    runtime = RuntimeConfig(device="cpu", dtype="float32", offload="none", scan="auto")
    return TrainConfig(out=str(out), seed=7, save_every=2, keep=2, runtime=runtime, stages=(STAGE,))


def task(stage: RetargetStage = STAGE) -> RetargetTask:
    return RetargetTask(stage, make_runtime(config(Path()).runtime, 7))


def equal(one: RetargetSample, other: RetargetSample) -> bool:
    return all(
        np.array_equal(getattr(one, n), getattr(other, n)) for n in ("frames", "clip", "shifts", "known")
    )


@pytest.mark.parametrize("index", range(6))
def test_a_sample_is_what_the_network_sees_and_how_far_the_truth_is(index: int) -> None:
    sample = MAKE(index)
    assert sample.frames.shape == (7, 110) and sample.clip.shape == (59,)
    assert sample.shifts.shape == (7, 18, 2) and sample.known.shape == (7, 18) and sample.known.any()
    assert {sample.frames.dtype, sample.clip.dtype, sample.shifts.dtype} == {np.dtype(np.float16)}
    assert not sample.shifts[~sample.known].any()
    assert equal(sample, MAKE(index)) and not equal(sample, MAKE(index + 1))


@pytest.fixture
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    """Portraits of seven frames, in which nothing errs."""
    for name in ("_ESTIMATED", "_READ", "_MISJUDGED"):
        monkeypatch.setattr(retarget_task, name, 0.0)
    monkeypatch.setattr(retarget_task, "_CLIPS", ((7, 8.0),))
    monkeypatch.setattr(retarget_task, "_RATIOS", (2 / 3,))


@pytest.mark.usefixtures("clean")
def test_measured_joints_and_shifts_add_up_to_the_truth() -> None:
    sample, truth = MAKE(2), performance(52, Size(384, 256), 7, 8.0).poses.keypoints[:, BODY]
    moved = sample.frames[:, :36].reshape(7, 18, 2).astype(np.float64)
    there = (moved + sample.shifts)[sample.known]
    # One scale and one shift away from pixels.
    pixels = truth[sample.known]
    scale = np.linalg.norm(np.ptp(pixels, 0)) / np.linalg.norm(np.ptp(there, 0))
    assert np.allclose(there * scale - pixels, (there * scale - pixels).mean(0), atol=0.02 * scale)


@pytest.mark.usefixtures("clean")
def test_every_other_performance_is_mirrored(monkeypatch: pytest.MonkeyPatch) -> None:
    made = performance(53, Size(384, 256), 7, 8.0)
    monkeypatch.setattr(retarget_task, "performance", lambda *_: made)
    as_it_is, mirror = MAKE(2), MAKE(3)
    order = list(sk.MIRROR[:18])
    assert np.array_equal(mirror.shifts[:, order] * np.float16([-1, 1]), as_it_is.shifts)
    assert np.array_equal(mirror.known[:, order], as_it_is.known)
    assert not equal(mirror, as_it_is)


def test_performances_come_round_again_and_are_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []

    def make(seed: int, size: Size, num_frames: int, fps: float) -> SyntheticPerformance:
        calls.append(seed)
        return performance(seed, size, num_frames, fps)

    monkeypatch.setattr(retarget_task, "performance", make)
    made = task()
    batches = list(made.batches(range(4)))
    assert calls == [50, 51, 52, 53, 54]
    assert [sample is batches[0][0] for sample in batches[1]] == [False, False, True]
    assert list(made.batches(range(2, 4)))[0][0] is batches[2][0] and len(calls) == 5


def test_batch_n_is_the_same_whenever_it_is_made() -> None:
    several = list(task().batches([0, 3]))
    (alone,) = task().batches([3])
    assert all(equal(a, b) for a, b in zip(several[1], alone, strict=True))


@settings(max_examples=20)
@given(st.integers(0, 1000), st.integers(0, 2**32 - 1))
def test_an_estimator_errs_a_little_and_sees_nothing_that_is_not_there(character: int, seed: int) -> None:
    performer = performance(character, Size(384, 256), 4).driver_poses
    seen = as_estimated(performer, np.random.default_rng(seed))
    away = np.linalg.norm(seen.keypoints - performer.keypoints, axis=2) / torso_length(performer)
    assert 0 < away[:, BODY].max() < 0.3 and not away[:, 18:].any()
    assert not seen.scores[performer.scores == 0].any()
    assert (seen.scores > 0).sum() >= 0.5 * (performer.scores > 0).sum()


@settings(max_examples=20)
@given(st.integers(0, 1000), st.integers(0, 2**32 - 1))
def test_a_misread_joint_is_a_point_of_the_same_limb(character: int, seed: int) -> None:
    made = performance(character, Size(384, 256), 4)
    found, truth = misread(made, np.random.default_rng(seed))
    assert not found.scores[made.reference.scores == 0].any()
    error = found.keypoints[0] - made.reference.keypoints[0]
    carried = truth.keypoints - made.poses.keypoints
    lengths = np.linalg.norm(carried, axis=2)
    assert np.allclose(lengths, np.linalg.norm(error, axis=1), atol=0.02)
    assert np.allclose(carried[:, sk.NECK], error[sk.NECK], atol=0.02)
    # Seen from the limb, the error is where it was.
    for start, end in ((sk.RIGHT_ELBOW, sk.RIGHT_WRIST), (sk.LEFT_HIP, sk.LEFT_KNEE)):
        before = made.reference.keypoints[0, end] - made.reference.keypoints[0, start]
        after = made.poses.keypoints[:, end] - made.poses.keypoints[:, start]
        cosines = carried[:, end] @ after.T / np.linalg.norm(after, axis=1)
        assert np.allclose(np.diag(cosines), error[end] @ before / np.linalg.norm(before), atol=0.05)


def test_distances_decide_and_only_where_the_truth_is_known() -> None:
    sample = MAKE(0)
    far = RetargetSample(sample.frames, sample.clip, np.full((7, 18, 2), 3, np.float16), sample.known.copy())
    far.known[:] = False
    far.known[2, 5] = True
    made = task()
    result = made.loss(RetargetNetwork(CONFIG), [far], torch.Generator())
    assert result.loss.item() == pytest.approx(3 * 2**0.5, rel=1e-3)
    assert float(result.figures["measured"]) == pytest.approx(3 * 2**0.5, rel=1e-3)


def test_a_batch_of_which_nothing_is_known_costs_nothing() -> None:
    sample = MAKE(0)
    blind = RetargetSample(sample.frames, sample.clip, sample.shifts, np.zeros_like(sample.known))
    assert task().loss(RetargetNetwork(CONFIG), [blind], torch.Generator()).loss.item() == 0


def test_a_stage_leaves_a_network_that_loads(tmp_path: Path) -> None:
    report = train(config(tmp_path), make_runtime(config(tmp_path).runtime, 7))
    assert report.finished
    file = tmp_path / "retarget.safetensors"
    network = load_retargeter(file, CONFIG)
    assert network(torch.zeros(1, 2, 110), torch.zeros(1, 59)).shape == (1, 2, 18, 2)
    records = read_metrics(tmp_path / "retarget" / "metrics.jsonl")
    assert [record["step"] for record in records] == [1, 2, 3]
    # The first step is made by a network that changes nothing.
    assert float(records[0]["joint_error"]) == pytest.approx(float(records[0]["measured"]), rel=1e-3)
    with pytest.raises(CheckpointMismatch, match="width"):
        load_retargeter(file, CONFIG.model_copy(update={"width": 32}))


def test_a_few_performances_are_learned() -> None:
    made = task()
    (batch,) = made.batches([0])
    optimizer = torch.optim.AdamW(made.network.parameters(), 0.01)
    losses = []
    for _ in range(60):
        loss = made.loss(made.network, batch, torch.Generator()).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    assert losses[-1] < 0.4 * losses[0]
