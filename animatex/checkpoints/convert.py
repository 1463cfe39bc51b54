"""Other people's weights files into ours: one safetensors file for each network, which says what it is."""

from __future__ import annotations

from pathlib import Path

import torch

from animatex.checkpoints.hashes import digest_of, note_digest
from animatex.checkpoints.load import load_clip, load_empty_prompt, load_unet, load_vae
from animatex.checkpoints.store import save_weights
from animatex.codec.vae import STABLE_DIFFUSION
from animatex.config.model import ClipConfig, UNetConfig, VaeCodecConfig
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
        out: Where to write.
        dtype: What to store.
        progress: Is told when the file's hash is computed.

    Raises:
        CheckpointMismatch: One of the files is not that network.
        InputError: A file cannot be read or written.
    """
    unet = load_unet(source, config, dtype, load_empty_prompt(clip, clip_config))
    digest = digest_of(source, progress=progress)
    save_weights(out, unet.state_dict(), kind="unet", config=config, source=digest)


def convert_clip(
    source: Path,
    config: ClipConfig,
    out: Path,
    dtype: torch.dtype = torch.float32,
    progress: Progress = silent,
) -> None:
    """Convert CLIP's image tower out of open_clip's file; arguments and errors as for `convert_unet`."""
    visual = load_clip(source, config, dtype).visual
    digest = digest_of(source, progress=progress)
    save_weights(out, visual.state_dict(), kind="clip", config=config, source=digest)


def convert_vae(
    source: Path,
    config: VaeCodecConfig,
    out: Path,
    dtype: torch.dtype = torch.float32,
    progress: Progress = silent,
) -> None:
    """Convert the autoencoder out of Stable Diffusion's file; arguments and errors as for `convert_unet`."""
    autoencoder = load_vae(source, config, dtype).autoencoder
    digest = digest_of(source, progress=progress)
    save_weights(out, autoencoder.state_dict(), kind="vae", config=STABLE_DIFFUSION, source=digest)


def note_converted(out: Path, progress: Progress = silent) -> None:
    """Note the hash of a file that was made: `weights verify` compares it later."""
    note_digest(out, digest_of(out, progress=progress))
