"""Other people's weights files into ours: one safetensors file for each network, which says what it is."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import torch
from torch import nn

from animatex.checkpoints.hashes import digest_of, replacing_with_note
from animatex.checkpoints.load import load_clip, load_empty_prompt, load_unet, load_vae
from animatex.checkpoints.store import Kind, save_weights
from animatex.codec.vae import STABLE_DIFFUSION
from animatex.config.model import ClipConfig, UNetConfig, VaeCodecConfig
from animatex.config.section import Section
from animatex.progress import Progress, silent


def convert_unet(
    source: Path,
    clip: Path,
    config: UNetConfig,
    clip_config: ClipConfig,
    out: Path,
    dtype: torch.dtype = torch.float32,
    progress: Progress = silent,
) -> None:
    """Convert a published UNet; CLIP's text tower is asked once about the empty prompt, which is stored.

    Args:
        source: `animate-x_ckpt.pth`, for instance.
        clip: open_clip's file with both towers.
        config: The network's sizes.
        clip_config: CLIP's sizes.
        out: Where to write; the file's hash is noted beside it.
        dtype: What to store.
        progress: Is told when hashes are computed.

    Raises:
        CheckpointMismatch: One of the files is not that network.
        InputError: A file cannot be read or written.
    """
    unet = load_unet(source, config, dtype, load_empty_prompt(clip, clip_config))
    _save(out, unet, "unet", config, source, progress)


def convert_clip(
    source: Path,
    config: ClipConfig,
    out: Path,
    dtype: torch.dtype = torch.float32,
    progress: Progress = silent,
) -> None:
    """Convert CLIP's image tower out of open_clip's file; arguments and errors as for `convert_unet`."""
    visual = load_clip(source, config, dtype).visual
    _save(out, visual, "clip", config, source, progress)


def convert_vae(
    source: Path,
    config: VaeCodecConfig,
    out: Path,
    dtype: torch.dtype = torch.float32,
    progress: Progress = silent,
) -> None:
    """Convert the autoencoder out of Stable Diffusion's file; arguments and errors as for `convert_unet`."""
    autoencoder = load_vae(source, config, dtype).autoencoder
    _save(out, autoencoder, "vae", STABLE_DIFFUSION, source, progress)


def _save(
    out: Path, network: nn.Module, kind: Kind, config: Section, source: Path, progress: Progress
) -> None:
    """Write a file that says what it was made from, with its hash beside it: `weights verify` compares it."""
    digest = digest_of(source, progress=progress)
    writing = partial(replacing_with_note, progress=progress)
    save_weights(out, network.state_dict(), kind=kind, config=config, source=digest, writing=writing)
