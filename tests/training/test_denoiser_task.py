"""The denoiser stage with the motion codec at toy size, through the real loop."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from pydantic import ValidationError

from animatex.checkpoints.load import load_unet
from animatex.checkpoints.store import save_weights
from animatex.conditioning.bundle import Conditioning
from animatex.config.loader import load_config
from animatex.config.presets import preset_path
from animatex.config.run import (
    AnimateConfig,
    ConditionDropout,
    DenoiserStage,
    EpiConfig,
    FolderData,
    RuntimeConfig,
    SyntheticData,
    TrainConfig,
)
from animatex.diffusion.steps import trailing_timesteps
from animatex.errors import CheckpointMismatch, InputError
from animatex.rig.network import RigNetwork
from animatex.runtime import Runtime
from animatex.training.clip_sample import RenderClip
from animatex.training.denoiser_task import DenoiserTask, TrainingBatch, draw_timesteps
from animatex.training.log import read_metrics
from animatex.training.recipe import train
from animatex.training.shelf import ClipShelf
from tests.retargeting.networks import CONFIG, saying
from tests.training.toys import toy_optimizer

TINY = load_config(AnimateConfig, preset_path("tiny"))
RUNTIME = Runtime(torch.device("cpu"), torch.float32, "none", 7)
SIDE, FRAMES = 64, 2
TINY_EPI = EpiConfig(
    probability=0.98, realign=0.5, pool=None, add=0.2, drop=0.2, bs=0.5, nf=0.5, al=0.5, place=0.5
)
KEPT = dict.fromkeys(ConditionDropout.model_fields, 0.0)


def stage(**changes: object) -> DenoiserStage:
    settings: dict[str, object] = {
        "kind": "denoiser",
        "name": "unet",
        "network": TINY.unet,
        "schedule": TINY.schedule,
        "codec": TINY.codec.model_copy(update={"checkpoint": "rig.safetensors"}),
        "clip_encoder": TINY.clip_encoder,
        "clip_checkpoint": None,
        "start_from": None,
        "trainable": ("*",),
        "data": SyntheticData(kind="synthetic", height=SIDE, width=SIDE, seed=50, workers=0),
        "frames": FRAMES,
        "batch": 2,
        "steps": 2,
        "timesteps": "uniform",
        "retarget": TINY.retarget,
        "cross_driven": 0.5,
        "offset_noise": 0.1,
        "dropout": ConditionDropout(**(KEPT | {"image": 0.5, "all": 0.1})),
        "epi": TINY_EPI,
        "optimizer": toy_optimizer(accumulate=1, learning_rate=0.001, ema_decay=0.5),
        "checkpointing": False,
    }
    return DenoiserStage.model_validate(settings | changes)


def config(out: Path, *stages: DenoiserStage) -> TrainConfig:
    runtime = RuntimeConfig(device="cpu", dtype="float32", offload="none", scan="torch")
    return TrainConfig(
        out=str(out), seed=7, save_every=10, keep=2, runtime=runtime, stages=stages or (stage(),)
    )


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """A run in which an earlier stage has left a rig network, here with random weights."""
    with torch.random.fork_rng():
        torch.manual_seed(1)
        network = RigNetwork(TINY.codec.rig)
    save_weights(tmp_path / "rig.safetensors", network.state_dict(), kind="rig", config=TINY.codec.rig)
    return tmp_path


def task(out: Path, shelf: ClipShelf | None = None, **changes: object) -> DenoiserTask:
    with torch.random.fork_rng():
        torch.manual_seed(2)
        return DenoiserTask(stage(**changes), config(out), RUNTIME, shelf)


def test_networks_that_only_look_do_so_where_the_other_one_is_trained(out: Path) -> None:
    made = DenoiserTask(stage(), config(out), Runtime(torch.device("meta"), torch.float32, "none", 7))
    for frozen in (made._rig, made._clip):
        assert {weight.device.type for weight in frozen.parameters()} == {"meta"}


def batch(made: DenoiserTask, number: int) -> TrainingBatch:
    (only,) = made.batches([number])
    return only


def tensors(conditioning: Conditioning) -> dict[str, torch.Tensor]:
    names = (
        "image_embed", "reference_image", "pose_frames", "reference_pose", "reference_latents", "keypoints",
        "driving_embeds", "prior", "reference_prior",
    )  # fmt: skip
    return {name: getattr(conditioning, name) for name in names}


def test_a_stage_leaves_a_network_that_loads(out: Path) -> None:
    report = train(config(out), RUNTIME)
    assert report.finished
    unet = load_unet(out / "unet.safetensors", TINY.unet)
    assert all(torch.isfinite(parameter).all() for parameter in unet.parameters())
    records = read_metrics(out / "unet" / "metrics.jsonl")
    assert [record["step"] for record in records] == [1, 2]
    for record in records:
        assert 0 < float(record["loss"]) < 10
        assert float(record["latent_power"]) > 0
        assert float(record["gradient_norm"]) > 0


def test_a_stage_starts_where_another_ended(out: Path) -> None:
    train(config(out, stage(steps=1)), RUNTIME)
    later = task(out, name="clips", start_from="unet.safetensors")
    before = load_unet(out / "unet.safetensors", TINY.unet)
    for name, parameter in later.network.named_parameters():
        assert parameter.requires_grad
        assert torch.equal(parameter, before.get_parameter(name))


def test_every_trained_parameter_gets_a_gradient(out: Path) -> None:
    made = task(out, dropout=ConditionDropout(**KEPT), cross_driven=0.0)
    # At the start many layers are zero on purpose, and what is behind them learns nothing yet.
    for parameter in made.network.parameters():
        if not parameter.any():
            torch.nn.init.normal_(parameter, std=0.05)
    result = made.loss(made.network, batch(made, 0), torch.Generator().manual_seed(0))
    result.loss.backward()
    dead = [name for name, p in made.network.named_parameters() if p.grad is None or not p.grad.any()]
    # The motion latents of a reference are zeros, which no weight can be learned from.
    assert dead == ["reference_latents.conv_1.weight"]


def test_batch_n_is_the_same_whenever_it_is_made(out: Path) -> None:
    made = task(out)
    first, second = made.batches([3, 5])
    alone = batch(made, 5)
    assert torch.equal(second.latents, alone.latents)
    for name, tensor in tensors(second.conditioning).items():
        assert torch.equal(tensor, tensors(alone.conditioning)[name]), name
    assert not torch.equal(first.latents, second.latents)
    assert first.latents.shape == (2, 13, FRAMES, SIDE // 8, SIDE // 8)
    assert first.conditioning.num_frames == FRAMES


def test_a_shelf_changes_no_clip_and_makes_none_twice(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rendered: list[int] = []
    render = RenderClip.__call__
    monkeypatch.setattr(
        RenderClip, "__call__", lambda self, index: rendered.append(index) or render(self, index)
    )
    alone = [*task(out).batches(range(3))]
    assert rendered == [0, 1, 2, 3, 4, 5]
    shelf = ClipShelf(4)
    for _ in range(2):
        shared = [*task(out, shelf=shelf).batches(range(3))]
        for one, other in zip(alone, shared, strict=True):
            assert torch.equal(one.latents, other.latents)
            for name, value in tensors(one.conditioning).items():
                assert torch.equal(value, tensors(other.conditioning)[name]), name
    # The first four clips stay, the last two do not.
    assert len(shelf) == 4 and rendered[6:] == [0, 1, 2, 3, 4, 5, 4, 5]


def test_rows_share_clips_and_draw_their_own_bodies(out: Path) -> None:
    shelf = ClipShelf(10)
    often, never = TINY_EPI, TINY_EPI.model_copy(update={"probability": 0.0})
    (moved,) = task(out, shelf=shelf, epi=often, cross_driven=0.0).batches([1])
    (still,) = task(out, shelf=shelf, epi=never, cross_driven=0.0).batches([1])
    assert len(shelf) == 2
    assert torch.equal(moved.latents, still.latents)
    assert not torch.equal(moved.conditioning.pose_frames, still.conditioning.pose_frames)
    assert torch.equal(
        moved.conditioning.pose_frames,
        batch(task(out, epi=often, cross_driven=0.0), 1).conditioning.pose_frames,
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"cross_driven": 0.0},
        {"frames": 1},
        {"data": SyntheticData(kind="synthetic", height=SIDE, width=SIDE, seed=51, workers=0)},
    ],
)
def test_clips_of_other_settings_are_not_shared(out: Path, changes: dict[str, object]) -> None:
    shelf = ClipShelf(10)
    for one in (task(out, shelf=shelf), task(out, shelf=shelf, **changes)):
        batch(one, 0)
    assert len(shelf) == 4


def test_another_body_moves_without_being_watched(out: Path) -> None:
    own = batch(task(out, cross_driven=0.0), 0).conditioning
    other = batch(task(out, cross_driven=1.0), 0).conditioning
    assert own.keep.motion.tolist() == [1, 1]
    assert other.keep.motion.tolist() == [0, 0]
    assert not other.driving_embeds[:, 1:].any()
    assert own.driving_embeds[:, 1:].any()
    assert not torch.equal(own.keypoints[:, 1:], other.keypoints[:, 1:])


def test_the_same_pose_pictures_lie_behind_the_codec_unless_epi_moves_them(out: Path) -> None:
    still = EpiConfig(
        probability=0.0, realign=0.5, pool=None, add=0.2, drop=0.2, bs=0.5, nf=0.5, al=0.5, place=0.5
    )
    plain = batch(task(out, epi=still, cross_driven=0.0), 0)
    moved = batch(task(out, epi=still.model_copy(update={"probability": 1.0}), cross_driven=0.0), 0)
    # EPI changes what the network is shown, never what the clip is.
    assert torch.equal(plain.latents, moved.latents)
    assert torch.equal(plain.conditioning.prior, moved.conditioning.prior)
    assert not torch.equal(plain.conditioning.pose_frames, moved.conditioning.pose_frames)
    for untouched in ("keypoints", "driving_embeds", "reference_pose", "reference_image"):
        assert torch.equal(getattr(plain.conditioning, untouched), getattr(moved.conditioning, untouched))


def test_a_loss_depends_on_its_stream_alone(out: Path) -> None:
    made = task(out)
    given = batch(made, 1)
    with torch.no_grad():
        losses = [
            float(made.loss(made.network, given, torch.Generator().manual_seed(seed)).loss)
            for seed in (4, 4, 5)
        ]
    assert losses[0] == losses[1] != losses[2]


def test_dropped_conditions_are_dropped(out: Path) -> None:
    made = task(out, cross_driven=0.0)
    given = batch(made, 0)
    seen: list[Conditioning] = []

    def network(x_t: torch.Tensor, t: torch.Tensor, conditioning: Conditioning) -> torch.Tensor:
        seen.append(conditioning)
        return torch.zeros_like(x_t)

    for dropped in (0.0, 1.0):
        made = task(out, cross_driven=0.0, dropout=ConditionDropout(**(KEPT | {"prior": dropped})))
        made.loss(network, given, torch.Generator().manual_seed(0))  # type: ignore[arg-type]
    assert [each.keep.prior.tolist() for each in seen] == [[1, 1], [0, 0]]
    assert [each.keep.image.tolist() for each in seen] == [[1, 1], [1, 1]]


def test_a_sampler_of_four_steps_is_trained_on_its_four_timesteps() -> None:
    drawn = draw_timesteps(4, 4000, 1000, torch.Generator().manual_seed(0))
    values, counts = drawn.unique(return_counts=True)
    assert values.tolist() == [249, 499, 749, 999]
    assert counts[-1] / 4000 == pytest.approx(0.5, abs=0.03)
    assert draw_timesteps(1, 10, 1000, torch.Generator()).unique().tolist() == [999]
    uniform = draw_timesteps("uniform", 4000, 1000, torch.Generator().manual_seed(0))
    assert 0 <= uniform.min() < 20 and 980 < uniform.max() <= 999


@pytest.mark.parametrize("count", [1, 48, 61, 103, 500])
def test_a_sampler_of_many_steps_is_trained_on_no_other_timesteps(count: int) -> None:
    drawn = draw_timesteps(count, 4000, 1000, torch.Generator().manual_seed(0))
    assert set(drawn.tolist()) <= set(trailing_timesteps(count, 1000))


def test_a_sampler_has_no_more_timesteps_than_the_schedule() -> None:
    short = TINY.schedule.model_copy(update={"train_steps": 10})
    assert stage(schedule=short, timesteps=10).timesteps == 10
    with pytest.raises(ValidationError, match=r"timesteps is 11; schedule\.train_steps is 10"):
        stage(schedule=short, timesteps=11)


def test_from_pure_noise_the_error_is_compared_with_knowing_nothing(out: Path) -> None:
    made = task(out, timesteps=1)
    given = batch(made, 0)

    def nothing(x_t: torch.Tensor, t: torch.Tensor, conditioning: Conditioning) -> torch.Tensor:
        return torch.zeros_like(x_t)

    figures = made.loss(nothing, given, torch.Generator().manual_seed(0)).figures  # type: ignore[arg-type]
    assert float(figures["one_step_error"]) == pytest.approx(float(figures["one_step_baseline"]), rel=1e-3)


def test_performances_are_put_on_as_an_earlier_stage_has_learned(out: Path) -> None:
    shifts = torch.zeros(18, 2)
    shifts[:, 1] = 0.4
    learned = {"method": "learned", "network": CONFIG, "checkpoint": "retarget.safetensors"}
    changes = {"cross_driven": 1.0, "retarget": TINY.retarget.model_copy(update=learned)}
    with pytest.raises(InputError, match=r"weights retarget\.safetensors are not installed"):
        task(out, **changes)
    weights = saying(shifts).state_dict()
    save_weights(out / "retarget.safetensors", weights, kind="retarget", config=CONFIG)
    # In some clips the character's pose is what a random rig says, and nobody is in the picture.
    corrected, measured = (
        torch.cat([made.conditioning.pose_frames for made in task(out, **each).batches(range(3))])
        for each in (changes, {"cross_driven": 1.0})
    )
    assert corrected.shape == measured.shape
    assert not torch.equal(corrected, measured)


def test_a_rig_network_may_be_left_to_chance(tmp_path: Path) -> None:
    made = task(tmp_path, codec=TINY.codec)
    assert batch(made, 0).latents.shape[1] == 13


def test_a_missing_rig_is_named(tmp_path: Path) -> None:
    missing = TINY.codec.model_copy(update={"checkpoint": "nobodys-rig.safetensors"})
    with pytest.raises(InputError, match=r"weights nobodys-rig\.safetensors are not installed"):
        task(tmp_path, codec=missing)


def test_a_rig_of_other_sizes_is_refused(out: Path) -> None:
    other = TINY.codec.rig.model_copy(update={"blocks": 2})
    with pytest.raises(CheckpointMismatch):
        task(out, codec=TINY.codec.model_copy(update={"checkpoint": "rig.safetensors", "rig": other}))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"network": TINY.unet.model_copy(update={"latent_channels": 4})},
            "network.latent_channels is 4; codec.kind 'motion' needs 13.",
        ),
        (
            {"network": TINY.unet.model_copy(update={"prior_channels": 3})},
            "network.prior_channels is 3; codec.kind 'motion' needs 14.",
        ),
        (
            {"network": TINY.unet.model_copy(update={"image_embed_dim": 16})},
            "network.image_embed_dim is 16; clip_encoder.embed_dim is 32; they must agree.",
        ),
        (
            {"data": FolderData(kind="folder", path="a", height=64, width=64, every=1, workers=0)},
            "data.kind is 'folder'; codec.kind 'motion' learns from what only a renderer knows and needs "
            "'synthetic'.",
        ),
        (
            {"codec": TINY.codec.model_copy(update={"downsampling": 32})},
            "codec.downsampling is 32; codec.kind 'motion' is trained at the size its network sees, with 8.",
        ),
        (
            {"data": SyntheticData(kind="synthetic", height=72, width=64, seed=1, workers=0)},
            "data is 64x72; both sides must be multiples of 16.",
        ),
    ],
)
def test_sections_that_do_not_fit_together_are_refused(changes: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        stage(**changes)
    assert message in str(caught.value)
