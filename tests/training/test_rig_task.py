"""The rig stage: samples that are right on both sides, and a loss that knows what is right."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from animatex.checkpoints.load import load_rig
from animatex.config.model import RigConfig
from animatex.config.run import RigStage, RuntimeConfig, SyntheticData, TrainConfig
from animatex.errors import InputError
from animatex.pose.skeleton import LEFT_WRIST, PARTS, RIGHT_WRIST
from animatex.rig.network import RigMaps
from animatex.rig.rig import joint_places, read_rig
from animatex.runtime import make_runtime
from animatex.training.log import read_metrics
from animatex.training.recipe import train
from animatex.training.rig_task import (
    RenderRigSample,
    RigSample,
    RigTask,
    draw_hints,
    joint_targets,
    on_wet_floor,
    rig_loss,
)
from tests.rig.puppets import SIZE, one_hot, puppet
from tests.training.toys import toy_optimizer

NETWORK = RigConfig(height=32, widths=(16, 32), blocks=1, attention_blocks=1)
STAGE = RigStage(
    kind="rig",
    name="rig",
    network=NETWORK,
    start_from=None,
    data=SyntheticData(kind="synthetic", height=32, width=24, seed=11, workers=0),
    batch=2,
    steps=2,
    optimizer=toy_optimizer(accumulate=1, warmup=0, ema_decay=0.0, learning_rate=0.003),
)


def config(out: Path) -> TrainConfig:
    runtime = RuntimeConfig(device="cpu", dtype="float32", offload="none", scan="torch")
    return TrainConfig(out=str(out), seed=7, save_every=2, keep=2, runtime=runtime, stages=(STAGE,))


def task(out: Path) -> RigTask:
    return RigTask(STAGE, config(out), make_runtime(config(out).runtime, 7))


def sample() -> RigSample:
    drawn = puppet()
    joints = drawn.pose.keypoints[0, :18].copy()
    return RigSample(drawn.image, drawn.labels, joints, np.ones(18, bool), joints + 1, np.arange(18) < 6)


def perfect(samples: list[RigSample]) -> RigMaps:
    """What a network that knows everything would say."""
    labels = torch.from_numpy(np.stack([one_hot(each.labels[::2, ::2]) for each in samples]))
    height, width = samples[0].labels.shape
    cells = torch.from_numpy(np.stack([each.joints for each in samples])) / 4
    heat = joint_targets(cells, height // 4, width // 4).clamp_min(1e-9).log()
    present = torch.from_numpy(np.stack([each.present for each in samples])).float()
    return RigMaps(labels * 30, heat, present * 40 - 20)


def test_a_mirrored_sample_has_left_and_right_exchanged() -> None:
    one, other = sample(), sample().mirrored()
    assert np.array_equal(other.image, one.image[:, ::-1])
    assert np.array_equal(other.labels == PARTS.index("left_calf"), (one.labels == 8)[:, ::-1])
    assert np.array_equal(other.labels == PARTS.index("head"), (one.labels == 2)[:, ::-1])
    assert other.joints[RIGHT_WRIST, 0] == pytest.approx(SIZE.width - one.joints[LEFT_WRIST, 0])
    assert other.joints[RIGHT_WRIST, 1] == one.joints[LEFT_WRIST, 1]
    assert other.hints[LEFT_WRIST, 0] == pytest.approx(SIZE.width - one.hints[RIGHT_WRIST, 0])
    assert other.hinted[LEFT_WRIST] == one.hinted[RIGHT_WRIST] != one.hinted[LEFT_WRIST]


def test_mirroring_twice_changes_nothing() -> None:
    one = sample()
    one.present[RIGHT_WRIST] = False
    twice = one.mirrored().mirrored()
    assert one.mirrored().present[LEFT_WRIST] == np.False_
    assert np.array_equal(twice.image, one.image) and np.array_equal(twice.labels, one.labels)
    assert np.allclose(twice.joints, one.joints) and np.array_equal(twice.present, one.present)
    assert np.allclose(twice.hints, one.hints) and np.array_equal(twice.hinted, one.hinted)


@pytest.mark.parametrize("index", range(0, 12))
def test_pictures_of_a_batch_are_alike_in_size(index: int) -> None:
    render = pickle.loads(pickle.dumps(RenderRigSample(seed=5, height=32, stride=8, batch=4)))
    made = render(index)
    assert made.image.shape[:2] == render(index // 4 * 4).image.shape[:2] == made.labels.shape
    assert made.image.shape[0] % 8 == 0 == made.image.shape[1] % 8
    assert made.joints.shape == (18, 2) and made.present.shape == (18,)
    assert made.labels.max() < len(PARTS)
    again = render(index)
    assert np.array_equal(made.image, again.image) and np.array_equal(made.labels, again.labels)


def test_every_other_picture_is_mirrored() -> None:
    render = RenderRigSample(seed=5, height=32, stride=8, batch=4)
    straight = RenderRigSample(seed=4, height=32, stride=8, batch=4)
    assert np.array_equal(render(1).image, straight(2).mirrored().image)


@given(x=st.floats(2, 20), y=st.floats(2, 20))
def test_targets_are_distributions_around_the_joints(x: float, y: float) -> None:
    target = joint_targets(torch.tensor([[[x, y]]]), 24, 24)
    assert target.sum() == pytest.approx(1, abs=1e-5)
    place = joint_places(target[0])[0] / 4
    assert np.hypot(*(place.numpy() - (x, y))) < 0.3


def test_a_joint_far_outside_gives_no_nan() -> None:
    assert torch.isfinite(joint_targets(torch.tensor([[[-500.0, 3.0]]]), 8, 8)).all()


def test_who_knows_everything_has_next_to_no_loss() -> None:
    samples = [sample(), sample().mirrored()]
    result = rig_loss(perfect(samples), samples)
    assert float(result.figures["parts"]) < 1e-3
    assert float(result.figures["part_accuracy"]) > 0.999
    assert float(result.figures["mask_iou"]) > 0.999
    assert float(result.figures["joint_error"]) < 1
    # What remains is that a joint's place is a distribution.
    target = perfect(samples).joints
    entropy = -(target.exp() * target).sum((2, 3)).mean()
    assert float(result.loss) == pytest.approx(0.3 * float(entropy), abs=0.02)


def test_each_mistake_costs() -> None:
    samples = [sample()]
    right = perfect(samples)
    best = float(rig_loss(right, samples).loss)
    for wrong in (
        RigMaps(right.parts.roll(1, 1), right.joints, right.present),
        RigMaps(right.parts, right.joints.roll(3, 3), right.present),
        RigMaps(right.parts, right.joints, -right.present),
    ):
        assert float(rig_loss(wrong, samples).loss) > best + 0.3


def test_joints_that_are_not_there_have_no_place() -> None:
    samples = [sample()]
    samples[0].present[:] = False
    right = perfect(samples)
    moved = RigMaps(right.parts, right.joints.roll(3, 3), right.present)
    assert float(rig_loss(right, samples).loss) == float(rig_loss(moved, samples).loss)
    assert float(rig_loss(right, samples).figures["joint_error"]) == 0


def test_batch_n_is_the_same_whenever_it_is_made(tmp_path: Path) -> None:
    several = list(task(tmp_path).batches([0, 4]))
    (alone,) = task(tmp_path).batches([4])
    assert all(np.array_equal(a.image, b.image) for a, b in zip(several[1], alone, strict=True))
    assert several[0][0].image.shape != several[1][0].image.shape


@given(seed=st.integers(0, 999), present=st.lists(st.booleans(), min_size=18, max_size=18))
def test_only_joints_that_are_there_are_hinted_at(seed: int, present: list[bool]) -> None:
    joints = np.full((18, 2), 50, np.float32)
    hints, hinted = draw_hints(joints, np.array(present), 100, np.random.default_rng(seed))
    assert hints.shape == (18, 2) and hints.dtype == np.float32 and np.isfinite(hints).all()
    assert not (hinted & ~np.array(present)).any()


def test_hints_are_often_absent_mostly_right_and_sometimes_wrong() -> None:
    joints, present = np.full((18, 2), 50, np.float32), np.ones(18, bool)
    drawn = [draw_hints(joints, present, 100, np.random.default_rng(seed)) for seed in range(400)]
    told = [(hints, hinted) for hints, hinted in drawn if hinted.any()]
    assert 0.4 < len(told) / len(drawn) < 0.6
    away = np.concatenate([np.linalg.norm(hints - joints, axis=1)[hinted] for hints, hinted in told])
    assert np.median(away) < 2 and 0.01 < (away > 5).mean() < 0.06


@given(seed=st.integers(0, 999))
def test_a_floor_reflects_the_character_below_it_and_nowhere_else(seed: int) -> None:
    drawn = puppet()
    mask = drawn.labels > 0
    foot = int(np.flatnonzero(mask.any(1))[-1])
    wet = on_wet_floor(drawn.image, mask, np.random.default_rng(seed))
    assert wet.shape == drawn.image.shape and wet.dtype == np.uint8
    assert np.array_equal(wet[: foot + 1], drawn.image[: foot + 1])
    assert not np.array_equal(wet, drawn.image)


@pytest.mark.parametrize("shown", [0, 100])
def test_a_floor_that_is_not_seen_or_carries_nobody_reflects_nothing(shown: int) -> None:
    drawn = puppet()
    image, mask = drawn.image[:shown], drawn.labels[:shown] > 0
    if shown == 0:
        image, mask = drawn.image, np.zeros_like(drawn.labels, bool)
    assert on_wet_floor(image, mask, np.random.default_rng(0)) is image


def test_a_stage_may_start_from_an_earlier_one(tmp_path: Path) -> None:
    train(config(tmp_path), make_runtime(config(tmp_path).runtime, 7))
    later = STAGE.model_copy(update={"name": "later", "start_from": "rig.safetensors"})
    network = RigTask(later, config(tmp_path), make_runtime(config(tmp_path).runtime, 7)).network
    earlier = load_rig(tmp_path / "rig.safetensors", NETWORK)
    for (name, value), (_, expected) in zip(
        network.named_parameters(), earlier.named_parameters(), strict=True
    ):
        assert torch.equal(value, expected) and value.requires_grad, name


def test_a_start_that_is_nowhere_is_named(tmp_path: Path) -> None:
    stage = STAGE.model_copy(update={"start_from": "nobody.safetensors"})
    with pytest.raises(InputError, match="nobody.safetensors"):
        RigTask(stage, config(tmp_path), make_runtime(config(tmp_path).runtime, 7))


def test_a_stage_leaves_a_network_that_reads_pictures(tmp_path: Path) -> None:
    report = train(config(tmp_path), make_runtime(config(tmp_path).runtime, 7))
    assert report.finished
    network = load_rig(tmp_path / "rig.safetensors", NETWORK)
    drawn = puppet()
    rig = read_rig(drawn.image, network)
    assert rig.parts.shape == (11, *SIZE)
    records = read_metrics(tmp_path / "rig" / "metrics.jsonl")
    assert [record["step"] for record in records] == [1, 2]
    for record in records:
        assert 0 <= float(record["part_accuracy"]) <= 1 and 0 <= float(record["mask_iou"]) <= 1
        assert float(record["joint_error"]) > 0


def test_one_picture_is_learned(tmp_path: Path) -> None:
    made = task(tmp_path)
    samples = [sample()]
    optimizer = torch.optim.AdamW(made.network.parameters(), 0.01)
    losses = []
    for _ in range(12):
        result = made.loss(made.network, samples, torch.Generator())
        optimizer.zero_grad()
        result.loss.backward()
        optimizer.step()
        losses.append(float(result.loss.detach()))
    assert losses[-1] < 0.7 * losses[0]
