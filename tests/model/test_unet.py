from __future__ import annotations

from dataclasses import fields, replace

import pytest
import torch

from animatex.conditioning.bundle import Conditioning, Keep, stack
from animatex.model.build import build_unet
from animatex.model.unet import AnimateXUNet, bind
from tests.model.tiny import fill, tiny_conditioning, tiny_config, tiny_noise, tiny_unet

STEP = torch.tensor([500])
WHAT_A_MASK_COVERS = {
    "image": ("image_embed",),
    "reference_image": ("reference_image",),
    "pose_frames": ("pose_frames",),
    "reference_slot": ("reference_latents", "reference_pose"),
    "motion": ("keypoints", "driving_embeds"),
    "prior": ("prior", "reference_prior"),
}


@pytest.fixture(scope="module")
def unet() -> AnimateXUNet:
    return tiny_unet()


@pytest.mark.parametrize("frames", [1, 2, 5])
@torch.inference_mode()
def test_the_velocity_has_the_shape_of_the_latents(unet: AnimateXUNet, frames: int) -> None:
    x = tiny_noise(2, frames)
    assert unet(x, STEP.repeat(2), tiny_conditioning(2, frames)).shape == x.shape


@torch.inference_mode()
def test_batch_items_do_not_know_of_each_other(unet: AnimateXUNet) -> None:
    mine, other = tiny_conditioning(seed=0), tiny_conditioning(seed=7)
    noise, noise_of_other = tiny_noise(seed=1), tiny_noise(seed=2)
    alone = unet(noise, STEP, mine)
    together = unet(torch.cat([noise, noise_of_other]), torch.tensor([500, 3]), stack([mine, other]))
    torch.testing.assert_close(together[:1], alone)


@pytest.mark.parametrize(
    ("mask", "field"), [(m, f) for m, names in WHAT_A_MASK_COVERS.items() for f in names]
)
@torch.inference_mode()
def test_a_condition_acts_if_and_only_if_its_mask_says_so(unet: AnimateXUNet, mask: str, field: str) -> None:
    given = tiny_conditioning()
    changed = replace(given, **{field: getattr(tiny_conditioning(seed=9), field)})
    assert not torch.allclose(unet(tiny_noise(), STEP, given), unet(tiny_noise(), STEP, changed))

    without = replace(given.keep, **{mask: torch.zeros(1)})
    given, changed = replace(given, keep=without), replace(changed, keep=without)
    assert torch.equal(unet(tiny_noise(), STEP, given), unet(tiny_noise(), STEP, changed))


@torch.inference_mode()
def test_the_unconditional_half_knows_nothing_of_the_clip(unet: AnimateXUNet) -> None:
    one, two = tiny_conditioning(seed=0).unconditional(), tiny_conditioning(seed=9).unconditional()
    assert torch.equal(unet(tiny_noise(), STEP, one), unet(tiny_noise(), STEP, two))


@torch.inference_mode()
def test_the_step_acts(unet: AnimateXUNet) -> None:
    given = tiny_conditioning()
    assert not torch.allclose(unet(tiny_noise(), STEP, given), unet(tiny_noise(), STEP + 1, given))


@torch.inference_mode()
def test_frames_know_of_each_other(unet: AnimateXUNet) -> None:
    noise = tiny_noise()
    changed = noise.clone()
    changed[:, :, 2] += 1
    before, after = (unet(x, STEP, tiny_conditioning()) for x in (noise, changed))
    assert not torch.allclose(before[:, :, 0], after[:, :, 0])


@torch.inference_mode()
def test_a_fresh_network_predicts_nothing() -> None:
    assert not build_unet(tiny_config())(tiny_noise(), STEP, tiny_conditioning()).any()


@torch.inference_mode()
def test_a_network_without_prior_takes_conditions_without_one() -> None:
    unet = tiny_unet(tiny_config(prior_channels=0))
    assert unet.conv_in.in_channels == 4 + 6
    assert unet(tiny_noise(), STEP, tiny_conditioning(prior_channels=0)).isfinite().all()


@torch.inference_mode()
def test_a_bound_network_encodes_once_and_equals_a_call(
    unet: AnimateXUNet, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []
    encode = unet.encode

    def counted(conditioning: Conditioning) -> object:
        calls.append(conditioning)
        return encode(conditioning)

    direct = unet(tiny_noise(), STEP, tiny_conditioning())
    monkeypatch.setattr(unet, "encode", counted)
    denoise = bind(unet, tiny_conditioning())
    assert torch.equal(denoise(tiny_noise(), STEP), direct)
    denoise(tiny_noise(), STEP)
    assert len(calls) == 1


@torch.inference_mode()
def test_a_bound_network_answers_in_the_latents_own_type() -> None:
    unet = tiny_unet().bfloat16()
    v = bind(unet, tiny_conditioning())(tiny_noise(), STEP)
    assert v.dtype == torch.float32
    exact = tiny_unet()(tiny_noise(), STEP, tiny_conditioning())
    assert float((v - exact).norm() / exact.norm()) < 0.05


def test_recomputing_activations_gives_the_same_gradients() -> None:
    gradients = []
    for checkpointing in (False, True):
        unet = build_unet(tiny_config(), checkpointing=checkpointing).train()
        fill(unet)
        unet(tiny_noise(), STEP, tiny_conditioning()).square().mean().backward()
        gradients.append({name: p.grad for name, p in unet.named_parameters()})
    for name, gradient in gradients[0].items():
        assert gradient is not None and gradient.any(), f"{name} does not learn"
        torch.testing.assert_close(gradients[1][name], gradient)


def test_every_mask_is_tested() -> None:
    assert set(WHAT_A_MASK_COVERS) == {field.name for field in fields(Keep)}
