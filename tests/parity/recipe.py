"""Weights and inputs of the recorded outputs, drawn again from their names."""

from __future__ import annotations

import gzip
import json
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from animatex.conditioning.bundle import Conditioning, Keep
from animatex.config.loader import load_config
from animatex.config.model import UNetConfig
from animatex.config.presets import presets_folder
from animatex.model.embeddings import position_sinusoids

DATA = Path(__file__).with_name("data")
POSITIONS = "pose_embedding_before.pos_embed.pos_table"

KEEPS = {
    "published": Keep.same(1, reference_slot=False),
    "latent_reference": Keep.same(1, reference_image=False),
    "all": Keep.same(1),
    "unconditional": Keep.same(
        1,
        image=False,
        reference_image=False,
        pose_frames=False,
        reference_slot=False,
        motion=False,
        prior=False,
    ),
}


def released_config() -> UNetConfig:
    """The published sizes."""
    return load_config(UNetConfig, presets_folder() / "parts" / "unet-animate-x.yaml")


def small_config() -> UNetConfig:
    """The sizes of the reduced network."""
    return released_config().model_copy(
        update={
            "base_width": 64,
            "multipliers": (1, 2),
            "blocks_per_level": 1,
            "attention_levels": (0, 1),
            "head_dim": 32,
            "first_temporal_heads": 2,
        }
    )


def normal(name: str, *shape: int) -> Tensor:
    """Standard normal values that follow from a name."""
    stream = np.random.default_rng(zlib.crc32(name.encode()))
    return torch.from_numpy(stream.standard_normal(shape, dtype=np.float32))


def weight(name: str, shape: tuple[int, ...]) -> Tensor:
    """Values of the published parameter `name`, spread so that signals neither vanish nor explode."""
    values = normal(name, *shape)
    if len(shape) >= 2:
        return values / np.float32(np.sqrt(int(np.prod(shape[1:]))))
    if name.endswith("weight"):
        return 1 + np.float32(0.1) * values
    return np.float32(0.05) * values


def manifest(name: str) -> dict[str, tuple[int, ...]]:
    """Published parameter names and shapes: "small", "full", "unianimate" or "vae"."""
    text = gzip.decompress((DATA / f"{name}_manifest.json.gz").read_bytes())
    return {key: tuple(shape) for key, shape in json.loads(text).items()}


def published_tensors(name: str) -> dict[str, Tensor]:
    """All tensors of the published UNet, "small" or "full"."""
    return {
        key: position_sinusoids(*shape[1:])[None] if key == POSITIONS else weight(key, shape)
        for key, shape in manifest(name).items()
    }


def empty_prompt() -> Tensor:
    """The context of the empty prompt, which the recorded network was given."""
    return normal("zero_y", 1, 77, 1024)[0]


def recorded(name: str) -> dict[str, Tensor]:
    """Outputs of the published code: "small", "full" or "vae"."""
    with np.load(DATA / f"{name}.npz") as file:
        return {key: torch.from_numpy(file[key]) for key in file}


def relative_error(ours: Tensor, theirs: Tensor) -> float:
    """L2 norm of the difference over that of the recorded values."""
    return float((ours - theirs).norm() / theirs.norm())


@dataclass(frozen=True)
class Inputs:
    """Start noise, and what the network is told, all of it acting."""

    noise: Tensor
    conditioning: Conditioning


def inputs(tag: str, frames: int, height: int, width: int) -> Inputs:
    """Draw the inputs of the recording that was tagged `tag`."""
    rows, columns = height // 8, width // 8

    def n(name: str, *shape: int) -> Tensor:
        return normal(f"{tag}/{name}", *shape)

    poses = n("pose_images", 1, 3, frames + 1, height, width).sigmoid()
    conditioning = Conditioning(
        image_embed=n("reference_clip", 1, 1, 1024),
        reference_image=n("local_image", 1, 3, 1, height, width)[:, :, 0].sigmoid(),
        pose_frames=poses[:, :, 1:],
        reference_pose=poses[:, :, 0],
        reference_latents=n("reference_latent", 1, 4, 1, rows, columns)[:, :, 0],
        keypoints=n("keypoints", 1, frames + 1, 2, 18).sigmoid(),
        driving_embeds=n("driving_clip", frames + 1, 1, 1024)[:, 0][None],
        prior=torch.zeros(1, 0, frames, rows, columns),
        reference_prior=torch.zeros(1, 0, rows, columns),
        keep=KEEPS["all"],
    )
    return Inputs(n("noise", 1, 4, frames, rows, columns), conditioning)
