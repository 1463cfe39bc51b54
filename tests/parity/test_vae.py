"""Stable Diffusion's autoencoder, from its original names."""

from __future__ import annotations

import pytest
import torch
from diffusers import AutoencoderKL

from animatex.checkpoints.sd_vae import translate_sd_vae
from animatex.codec.vae import build_autoencoder
from tests.parity.recipe import manifest, normal, recorded, relative_error, weight


@pytest.fixture(scope="module")
def autoencoder() -> AutoencoderKL:
    names = {f"first_stage_model.{name}": shape for name, shape in manifest("vae").items()}
    original = {name: weight(name, shape) for name, shape in names.items()}
    with torch.device("meta"):
        network = build_autoencoder()
    shapes = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
    network.load_state_dict(translate_sd_vae(original, shapes, file="v2-1_512-ema-pruned.ckpt"), assign=True)
    return network.eval()


@torch.inference_mode()
def test_encoding_equals_the_original(autoencoder: AutoencoderKL) -> None:
    picture = 2 * normal("vae/image", 1, 3, 96, 64).sigmoid() - 1
    posterior = autoencoder.encode(picture).latent_dist
    assert relative_error(posterior.mean, recorded("vae")["mean"]) < 1e-4
    assert relative_error(posterior.std, recorded("vae")["std"]) < 1e-4


@torch.inference_mode()
def test_decoding_equals_the_original(autoencoder: AutoencoderKL) -> None:
    decoded = autoencoder.decode(normal("vae/latent", 1, 4, 12, 8)).sample
    assert relative_error(decoded, recorded("vae")["decoded"]) < 1e-4
