"""Latents of pixels: Stable Diffusion's autoencoder, from diffusers.

Letters: F frames, C = 4 latent channels, H W pixels, h w latent cells (H/8, W/8).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from animatex.codec.codec import Scene, gather
from animatex.config.model import VaeCodecConfig
from animatex.config.section import Section
from animatex.errors import require
from animatex.progress import Progress, silent

if TYPE_CHECKING:
    from diffusers import AutoencoderKL


class AutoencoderSizes(Section):
    """What a weights file of ours says of an autoencoder."""

    widths: tuple[int, ...]
    """Channels of each level, the picture's first."""

    blocks_per_level: int
    """Residual blocks of an encoder's level; the decoder has one more."""

    latent_channels: int
    """Channels of the latents."""


STABLE_DIFFUSION = AutoencoderSizes(widths=(128, 256, 512, 512), blocks_per_level=2, latent_channels=4)
"""The autoencoder of Stable Diffusion 1 and 2; no other is used."""


def build_autoencoder() -> AutoencoderKL:
    """Build the autoencoder of Stable Diffusion 1 and 2 with fresh weights.

    Raises:
        MissingPackage: diffusers is not installed.
    """
    diffusers = require("diffusers", for_="the codec 'vae'")
    sizes = STABLE_DIFFUSION
    autoencoder: AutoencoderKL = diffusers.AutoencoderKL(
        in_channels=3,
        out_channels=3,
        down_block_types=("DownEncoderBlock2D",) * len(sizes.widths),
        up_block_types=("UpDecoderBlock2D",) * len(sizes.widths),
        block_out_channels=sizes.widths,
        layers_per_block=sizes.blocks_per_level,
        latent_channels=sizes.latent_channels,
    )
    return autoencoder


class VaeCodec:
    """The codec that the published model uses.

    Args:
        config: Latent scale and how many frames go through at once.
        autoencoder: The network; its parameters decide dtype and device.
    """

    def __init__(self, config: VaeCodecConfig, autoencoder: AutoencoderKL) -> None:
        self.config = config
        self.autoencoder = autoencoder.eval().requires_grad_(False)

    def open(self, scene: Scene, generator: torch.Generator) -> VaeClip:
        """Encode the reference; its latents are drawn from the posterior, as published."""
        return VaeClip(self, scene.reference, len(scene.poses), generator)

    @torch.inference_mode()
    def encode(self, frames: np.ndarray, generator: torch.Generator) -> Tensor:
        """Draw latents from the posterior of each frame.

        Args:
            frames: uint8 [F, H, W, 3], RGB; H and W multiples of 8.
            generator: On the CPU.

        Returns:
            float32 [1, 4, F, H/8, W/8] on the CPU, scaled.
        """
        weight = next(self.autoencoder.parameters())
        latents = []
        for part in self._chunks(len(frames)):
            pixels = torch.from_numpy(frames[part]).permute(0, 3, 1, 2).to(weight.device, weight.dtype)
            posterior = self.autoencoder.encode(pixels / 127.5 - 1).latent_dist
            mean, std = posterior.mean.float().cpu(), posterior.std.float().cpu()
            latents.append(mean + std * torch.randn(mean.shape, generator=generator))
        return torch.cat(latents).transpose(0, 1)[None] * self.config.latent_scale

    @torch.inference_mode()
    def paint(self, latents: Tensor, progress: Progress = silent) -> Iterator[np.ndarray]:
        """Turn latents [1, 4, F, h, w] into frames uint8 [8h, 8w, 3], RGB, a chunk at a time."""
        weight = next(self.autoencoder.parameters())
        cells = latents[0].transpose(0, 1) / self.config.latent_scale
        progress.start("decoding", len(cells))
        for part in self._chunks(len(cells)):
            pixels = self.autoencoder.decode(cells[part].to(weight.device, weight.dtype)).sample.float()
            pixels = ((pixels.clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8)
            yield from pixels.permute(0, 2, 3, 1).cpu().numpy()
            progress.advance(len(pixels))
        progress.done()

    def _chunks(self, count: int) -> list[slice]:
        size = self.config.chunk
        return [slice(start, start + size) for start in range(0, count, size)]


class VaeClip:
    """One clip in the autoencoder's latents; implies nothing.

    Args:
        codec: Where the network is.
        reference: uint8 [H, W, 3], RGB.
        num_frames: F.
        generator: On the CPU; draws all latents of this clip.

    Attributes:
        reference_latents: float32 [1, 4, h, w].
        prior: float32 [1, 0, F, h, w].
        reference_prior: float32 [1, 0, h, w].
    """

    def __init__(
        self, codec: VaeCodec, reference: np.ndarray, num_frames: int, generator: torch.Generator
    ) -> None:
        self._codec = codec
        self._generator = generator
        self.reference_latents = codec.encode(reference[None], generator)[:, :, 0]
        rows, columns = self.reference_latents.shape[-2:]
        self.prior = torch.zeros(1, 0, num_frames, rows, columns)
        self.reference_prior = torch.zeros(1, 0, rows, columns)

    def encode(self, frames: np.ndarray) -> Tensor:
        """Draw latents float32 [1, 4, F, h, w] of frames uint8 [F, H, W, 3]."""
        return self._codec.encode(frames, self._generator)

    def paint(self, latents: Tensor, progress: Progress = silent) -> Iterator[np.ndarray]:
        """Turn latents [1, 4, F, h, w] into frames uint8 [H, W, 3], some at a time."""
        return self._codec.paint(latents, progress)

    def decode(self, latents: Tensor, progress: Progress = silent) -> np.ndarray:
        """Turn latents [1, 4, F, h, w] into frames uint8 [F, H, W, 3]."""
        return gather(self.paint(latents, progress), latents.shape[2])
