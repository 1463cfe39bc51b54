"""The published network's outputs, from the published names."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from animatex.checkpoints.official_unet import translate_official
from animatex.conditioning.bundle import stack
from animatex.config.loader import load_config
from animatex.config.model import ScheduleConfig, UNetConfig
from animatex.config.presets import presets_folder
from animatex.config.run import SamplerConfig
from animatex.diffusion.guidance import guided, guided_as_batch
from animatex.diffusion.sample import sample_latents
from animatex.diffusion.schedule import alphas_cumprod, betas
from animatex.model.build import build_unet
from animatex.model.unet import AnimateXUNet, bind
from tests.parity.recipe import (
    KEEPS,
    Inputs,
    empty_prompt,
    inputs,
    manifest,
    normal,
    published_tensors,
    recorded,
    relative_error,
    released_config,
    small_config,
)

ONE_EVALUATION = 1e-4
WHOLE_RUN = 1e-3


def published_unet(size: str, config: UNetConfig) -> AnimateXUNet:
    with torch.device("meta"):
        unet = build_unet(config)
    shapes = {name: tuple(tensor.shape) for name, tensor in unet.state_dict().items()}
    del shapes["empty_prompt"]
    tensors = translate_official(published_tensors(size), config, shapes, file=size)
    unet.load_state_dict({**tensors, "empty_prompt": empty_prompt()}, assign=True)
    return unet.eval()


@pytest.fixture(scope="module")
def small_unet() -> AnimateXUNet:
    return published_unet("small", small_config())


@pytest.fixture(scope="module")
def clip() -> Inputs:
    return inputs("parity", frames=4, height=96, width=64)


@pytest.mark.parametrize("conditions", KEEPS)
@pytest.mark.parametrize("step", [991, 397, 1])
@torch.inference_mode()
def test_one_evaluation_equals_the_published_one(
    small_unet: AnimateXUNet, clip: Inputs, conditions: str, step: int
) -> None:
    denoise = bind(small_unet, replace(clip.conditioning, keep=KEEPS[conditions]))
    ours = denoise(clip.noise, torch.tensor([step]))
    assert relative_error(ours, recorded("small")[f"{conditions}.t{step}"]) < ONE_EVALUATION


@pytest.mark.parametrize(("steps", "as_batch"), [(10, False), (30, True)])
@torch.inference_mode()
def test_a_sampler_run_equals_the_published_one(
    small_unet: AnimateXUNet, clip: Inputs, steps: int, as_batch: bool
) -> None:
    given = replace(clip.conditioning, keep=KEEPS["published"])
    if as_batch:
        denoise = guided_as_batch(bind(small_unet, stack([given, given.unconditional()])), 2.5)
    else:
        denoise = guided(bind(small_unet, given), bind(small_unet, given.unconditional()), 2.5)
    sampler = SamplerConfig(
        solver="ddim",
        steps=steps,
        spacing="uniform",
        guidance_scale=2.5,
        offset_noise=0.1,
        batch_guidance=as_batch,
    )
    ours = sample_latents(denoise, clip.noise, sampler, published_schedule())
    assert relative_error(ours, recorded("small")[f"ddim{steps}.published"]) < WHOLE_RUN


def test_betas_equal_the_published_ones() -> None:
    ours = betas(alphas_cumprod(published_schedule()))
    torch.testing.assert_close(ours, recorded("small")["betas"], rtol=0, atol=1e-13)


def published_schedule() -> ScheduleConfig:
    return load_config(ScheduleConfig, presets_folder() / "parts" / "schedule-zero-snr.yaml")


def test_the_released_preset_has_exactly_the_released_names_and_shapes() -> None:
    with torch.device("meta"):
        unet = build_unet(released_config())
        published = {name: torch.empty(shape) for name, shape in manifest("full").items()}
    shapes = {name: tuple(tensor.shape) for name, tensor in unet.state_dict().items()}
    assert shapes.pop("empty_prompt") == (77, 1024)
    translated = translate_official(published, released_config(), shapes, file="animate-x_ckpt.pth")
    assert len(published) == 2100
    assert translated.keys() == shapes.keys()
    assert len(shapes) == 2099
    assert sum(tensor.numel() for tensor in published.values()) == pytest.approx(1817.7e6, abs=5e4)


def test_the_unianimate_preset_has_exactly_its_public_codes_names_and_shapes() -> None:
    config = load_config(UNetConfig, presets_folder() / "parts" / "unet-unianimate.yaml")
    with torch.device("meta"):
        unet = build_unet(config)
        published = {name: torch.empty(shape) for name, shape in manifest("unianimate").items()}
    shapes = {name: tuple(tensor.shape) for name, tensor in unet.state_dict().items()}
    assert shapes.pop("empty_prompt") == (77, 1024)
    translated = translate_official(published, config, shapes, file="unianimate.pth")
    assert translated.keys() == shapes.keys()
    assert len(published) == len(shapes) == 1544


@pytest.mark.slow
@torch.inference_mode()
def test_the_full_network_equals_the_published_one() -> None:
    unet = published_unet("full", released_config())
    clip = inputs("parity-full", frames=3, height=128, width=64)
    for conditions in ("published", "unconditional", "latent_reference"):
        denoise = bind(unet, replace(clip.conditioning, keep=KEEPS[conditions]))
        ours = denoise(clip.noise, torch.tensor([397]))
        assert relative_error(ours, recorded("full")[f"{conditions}.t397"]) < ONE_EVALUATION


def test_bfloat16_stays_close(small_unet: AnimateXUNet, clip: Inputs) -> None:
    with torch.device("meta"):
        unet = build_unet(small_config())
    unet.load_state_dict({k: v.bfloat16() for k, v in small_unet.state_dict().items()}, assign=True)
    with torch.inference_mode():
        ours = bind(unet.eval(), clip.conditioning)(clip.noise, torch.tensor([397]))
    assert ours.dtype == torch.float32
    assert relative_error(ours, recorded("small")["all.t397"]) < 0.05


def test_the_recipe_draws_the_same_values_for_the_same_name() -> None:
    assert torch.equal(normal("a", 2, 3), normal("a", 2, 3))
    assert not torch.equal(normal("a", 2, 3), normal("b", 2, 3))
