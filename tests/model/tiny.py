"""A UNet with every path alive, and conditions for it, for tests."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from animatex.conditioning.bundle import Conditioning, Keep
from animatex.config.model import PoseIndicatorConfig, TemporalAttention, TemporalMamba, UNetConfig
from animatex.model.build import build_unet
from animatex.model.unet import AnimateXUNet


def tiny_config(
    prior_channels: int = 3, temporal: TemporalAttention | TemporalMamba | None = None
) -> UNetConfig:
    """A few ten thousand parameters; one level attends, one does not."""
    return UNetConfig(
        latent_channels=4,
        condition_channels=6,
        prior_channels=prior_channels,
        base_width=32,
        multipliers=(1, 2),
        blocks_per_level=1,
        attention_levels=(0,),
        head_dim=16,
        first_temporal_heads=2,
        context_dim=24,
        image_embed_dim=20,
        text_tokens=5,
        image_tokens=2,
        condition_hidden=8,
        pose_indicator=PoseIndicatorConfig(
            tokens=3,
            keypoint_layers=1,
            keypoint_heads=2,
            keypoint_hidden=16,
            resampler_layers=1,
            resampler_heads=2,
            resampler_head_dim=8,
            learned_query=True,
            keypoint_query=True,
            asks="keypoints",
            placement="after",
            alpha=1.0,
        ),
        temporal=temporal or TemporalAttention(kind="attention"),
    )


def fill(module: nn.Module, seed: int = 0) -> None:
    """Give every parameter and buffer a random value, so that no path is dead."""
    generator = torch.Generator().manual_seed(seed)
    for tensor in module.state_dict().values():
        scale = 0.1 if tensor.ndim < 2 else tensor[0].numel() ** -0.5
        tensor.copy_(scale * torch.randn(tensor.shape, generator=generator) + (tensor.ndim == 1))


def tiny_unet(config: UNetConfig | None = None) -> AnimateXUNet:
    """The same weights on each call."""
    unet = build_unet(config or tiny_config()).eval()
    fill(unet)
    return unet


def tiny_conditioning(
    batch: int = 1, frames: int = 3, prior_channels: int = 3, seed: int = 0, keep: Keep | None = None
) -> Conditioning:
    """Random conditions at 32 x 16 pixels, 4 x 2 latent cells."""
    generator = torch.Generator().manual_seed(seed)

    def values(*shape: int) -> Tensor:
        return torch.rand(shape, generator=generator)

    return Conditioning(
        image_embed=values(batch, 1, 20),
        reference_image=values(batch, 3, 32, 16),
        pose_frames=values(batch, 3, frames, 32, 16),
        reference_pose=values(batch, 3, 32, 16),
        reference_latents=values(batch, 4, 4, 2),
        keypoints=values(batch, 1 + frames, 2, 18),
        driving_embeds=values(batch, 1 + frames, 20),
        prior=values(batch, prior_channels, frames, 4, 2),
        reference_prior=values(batch, prior_channels, 4, 2),
        keep=keep or Keep.same(batch),
    )


def tiny_noise(batch: int = 1, frames: int = 3, seed: int = 1) -> Tensor:
    """Noisy latents that fit `tiny_conditioning`."""
    return torch.randn(batch, 4, frames, 4, 2, generator=torch.Generator().manual_seed(seed))
