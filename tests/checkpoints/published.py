"""Files of tiny networks in the forms in which they are published."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import torch
from torch import Tensor

from animatex.checkpoints.official_unet import official_keymap
from animatex.config.model import ClipConfig, ClipTextConfig, ClipVisionConfig, UNetConfig, VaeCodecConfig
from animatex.encoders.clip import build_clip
from animatex.model.build import build_unet
from tests.model.tiny import fill, tiny_config, tiny_unet
from tests.parity.recipe import manifest

NO_PRIOR = tiny_config(prior_channels=0)
CLIP = ClipConfig(
    embed_dim=20,
    vision=ClipVisionConfig(image_size=16, patch_size=8, width=16, layers=1, head_width=8, mlp_ratio=2.0),
    text=ClipTextConfig(context_length=5, vocab_size=30, width=24, heads=2, layers=2),
    quick_gelu=False,
)
VAE = VaeCodecConfig(kind="vae", checkpoint="-", latent_scale=0.18215, chunk=1)


def write_unet(folder: Path, name: str = "animate-x_ckpt.pth") -> Path:
    """A tiny network in the published form."""
    torch.save({"state_dict": dict(_unet_tensors())}, folder / name)
    return folder / name


@cache
def _unet_tensors() -> dict[str, Tensor]:
    names = published_names(NO_PRIOR)
    return {names[n]: t for n, t in tiny_unet(NO_PRIOR).state_dict().items() if n != "empty_prompt"}


def write_clip(folder: Path) -> Path:
    """Both towers of a tiny CLIP, as open_clip writes them."""
    torch.save(dict(_clip_tensors()), folder / "open_clip_pytorch_model.bin")
    return folder / "open_clip_pytorch_model.bin"


@cache
def _clip_tensors() -> dict[str, Tensor]:
    clip = build_clip(CLIP)
    fill(clip)
    return clip.state_dict()


def write_vae(folder: Path) -> Path:
    """The autoencoder's names and shapes; every tensor is one stored zero."""
    zero = torch.zeros(1)
    tensors = {f"first_stage_model.{n}": zero.expand(shape) for n, shape in manifest("vae").items()}
    torch.save({"state_dict": tensors}, folder / "v2-1_512-ema-pruned.ckpt")
    return folder / "v2-1_512-ema-pruned.ckpt"


def published_names(config: UNetConfig) -> dict[str, str]:
    """Our names to the published ones."""
    modules = {ours: theirs for theirs, ours in official_keymap(config).modules.items()}
    names = {ours: theirs for theirs, ours in official_keymap(config).tensors.items()}
    with torch.device("meta"):
        unet = build_unet(config)
    for ours in unet.state_dict():
        module, _, leaf = ours.rpartition(".")
        if ours != "empty_prompt" and ours not in names:
            names[ours] = f"{modules[module]}.{leaf}"
    return names
