"""Animate-X's 3D-UNet: encode the conditions once, then denoise step by step.

Letters: B batch, F frames, slots are the reference's and then the frames' (1 + F), N = B (1 + F), C latent
channels, P prior channels, h w latent cells, D context width.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from einops import rearrange
from torch import Tensor, nn

from animatex.conditioning.bundle import Conditioning
from animatex.config.model import UNetConfig
from animatex.model.attention import NORM_GROUPS
from animatex.model.blocks import Downsample, Stage, StageInputs, Upsample, over_frames
from animatex.model.conditions import LatentEncoder, PictureEncoder
from animatex.model.embeddings import step_sinusoids
from animatex.model.pose_indicator import PoseIndicator, TokenHead


@dataclass(frozen=True, slots=True, eq=False)
class Encoded:
    """Conditions as the UNet's blocks want them; the same for every diffusion step.

    Attributes:
        reference_slot: [B, C + condition_channels + P, 1, h, w], the whole input of slot 0.
        frames: [B, condition_channels + P, F, h, w], what stands behind the frames' noisy latents.
        context: [B, S, D], tokens of the empty prompt and the reference.
        motion: [B (1 + F), tokens, D], the Pose Indicator's tokens; None without one.
    """

    reference_slot: Tensor
    frames: Tensor
    context: Tensor
    motion: Tensor | None


class Level(nn.Module):
    """The stages of one resolution, and the step to the next one.

    Args:
        blocks: Stages, in order.
        resample: What follows the last stage; None at the end of the way.
    """

    def __init__(self, blocks: list[Stage], resample: Downsample | Upsample | None) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(blocks)
        self.resamples = resample is not None
        if resample is not None:
            self.resample = resample


@dataclass(frozen=True, slots=True, eq=False)
class Encoders:
    """The modules that work once per clip.

    Attributes:
        reference_image: The reference picture, to condition channels.
        pose_frames: Skeleton pictures, to condition channels.
        reference_pose: The reference's skeleton picture, to the channels of slot 0.
        reference_latents: The reference's latents, to the channels of slot 0.
        image_tokens: The reference's CLIP feature, to tokens.
        pose_indicator: The driving video, to motion tokens; None: the network does without.
    """

    reference_image: PictureEncoder
    pose_frames: PictureEncoder
    reference_pose: PictureEncoder
    reference_latents: LatentEncoder
    image_tokens: TokenHead
    pose_indicator: PoseIndicator | None


@dataclass(frozen=True, slots=True, eq=False)
class Trunk:
    """The modules that work in every diffusion step.

    Attributes:
        temporal_in: Temporal module behind the first convolution.
        down: Levels, finest first.
        mid: Two stages; only the first attends.
        up: Levels, finest first too, so that equal indices are equal resolutions; called in reverse.
    """

    temporal_in: nn.Module
    down: list[Level]
    mid: list[Stage]
    up: list[Level]


class AnimateXUNet(nn.Module):
    """Predicts the velocity of noisy latents, given what a clip's conditions say.

    Built by `build.build_unet`; the constructor only puts parts together.

    Args:
        config: Sizes.
        encoders: Modules of `encode`.
        trunk: Modules of `denoise`.

    Attributes:
        empty_prompt: Buffer [text_tokens, D]: CLIP's text context of the empty prompt. A constant that
            travels with the weights, so that sampling never loads a text tower.
    """

    empty_prompt: Tensor

    def __init__(self, config: UNetConfig, encoders: Encoders, trunk: Trunk) -> None:
        super().__init__()
        self.config = config
        width = config.base_width
        self.time_1 = nn.Linear(width, 4 * width)
        self.time_2 = nn.Linear(4 * width, 4 * width)
        self.reference_image = encoders.reference_image
        self.pose_frames = encoders.pose_frames
        self.reference_pose = encoders.reference_pose
        self.reference_latents = encoders.reference_latents
        self.image_tokens = encoders.image_tokens
        self.pose_indicator = encoders.pose_indicator
        self.register_buffer("empty_prompt", torch.zeros(config.text_tokens, config.context_dim))
        in_channels = config.latent_channels + config.condition_channels + config.prior_channels
        self.conv_in = nn.Conv2d(in_channels, width, 3, padding=1)
        self.temporal_in = trunk.temporal_in
        self.down = nn.ModuleList(trunk.down)
        self.mid = nn.ModuleList(trunk.mid)
        self.up = nn.ModuleList(trunk.up)
        self.norm_out = nn.GroupNorm(NORM_GROUPS, width)
        self.conv_out = nn.Conv2d(width, config.latent_channels, 3, padding=1)

    def initialise(self) -> None:
        """Zero `conv_out`: a fresh network predicts nothing, whatever it sees."""
        nn.init.zeros_(self.conv_out.weight)
        nn.init.zeros_(self.conv_out.bias)

    def forward(self, x_t: Tensor, t: Tensor, conditioning: Conditioning) -> Tensor:
        """Predict the velocity.

        Args:
            x_t: [B, C, F, h, w], noisy latents.
            t: [B], diffusion steps, 0..999.
            conditioning: What is known of the B clips, in this network's dtype.

        Returns:
            [B, C, F, h, w].
        """
        return self.denoise(x_t, t, self.encode(conditioning))

    def encode(self, conditioning: Conditioning) -> Encoded:
        """Encode the conditions; needed once per clip, not in every step.

        Every encoded condition is multiplied by its mask, which equals leaving it out. The Pose Indicator's
        inputs are masked instead of its tokens: absent motion is motion of zeros, as released.
        """
        c, keep = conditioning, conditioning.keep
        picture = self.reference_image(c.reference_image[:, :, None]) * _over(keep.reference_image, 5)
        frames = picture + self.pose_frames(c.pose_frames) * _over(keep.pose_frames, 5)
        slot = self.reference_latents(c.reference_latents) + self.reference_pose(c.reference_pose[:, :, None])
        slot = slot * _over(keep.reference_slot, 5)
        prior_mask = _over(keep.prior, 5)
        image_tokens = self.image_tokens(c.image_embed[:, 0]) * _over(keep.image, 3)
        return Encoded(
            reference_slot=torch.cat([slot, c.reference_prior[:, :, None] * prior_mask], dim=1),
            frames=torch.cat([frames, c.prior * prior_mask], dim=1),
            context=torch.cat([self.empty_prompt.expand(c.batch, -1, -1), image_tokens], dim=1),
            motion=self._motion_tokens(c),
        )

    def _motion_tokens(self, c: Conditioning) -> Tensor | None:
        if self.pose_indicator is None:
            return None
        mask = _over(c.keep.motion, 3)
        tokens: Tensor = self.pose_indicator(c.keypoints * mask[..., None], c.driving_embeds * mask)
        return tokens

    def denoise(self, x_t: Tensor, t: Tensor, encoded: Encoded) -> Tensor:
        """Predict the velocity of x_t [B, C, F, h, w] at steps t [B] from encoded conditions."""
        slots = 1 + x_t.shape[2]
        time = step_sinusoids(t, self.config.base_width).to(x_t.dtype)
        time = self.time_2(F.silu(self.time_1(time)))
        inputs = StageInputs(time, encoded.context, encoded.motion, slots)

        x = torch.cat([encoded.reference_slot, torch.cat([x_t, encoded.frames], dim=1)], dim=2)
        x = self.conv_in(rearrange(x, "b c f h w -> (b f) c h w"))
        x = over_frames(self.temporal_in, x, slots)
        x, skips = self._down(x, inputs)
        for stage in self.mid:
            x = stage(x, inputs)
        x = self._up(x, skips, inputs)
        x = self.conv_out(F.silu(self.norm_out(x)))
        return rearrange(x, "(b f) c h w -> b c f h w", f=slots)[:, :, 1:]

    def _down(self, x: Tensor, inputs: StageInputs) -> tuple[Tensor, list[Tensor]]:
        skips = [x]
        for level in self.down:
            for stage in level.blocks:
                x = stage(x, inputs)
                skips.append(x)
            if level.resamples:
                x = level.resample(x)
                skips.append(x)
        return x, skips

    def _up(self, x: Tensor, skips: list[Tensor], inputs: StageInputs) -> Tensor:
        for level in reversed(self.up):
            for stage in level.blocks:
                x = stage(torch.cat([x, skips.pop()], dim=1), inputs)
            if level.resamples:
                x = level.resample(x)
        return x


def bind(unet: AnimateXUNet, conditioning: Conditioning) -> Callable[[Tensor, Tensor], Tensor]:
    """Make a denoiser of a network and the conditions of one clip.

    The conditions are encoded here, once, in the network's dtype and on its device.

    Args:
        unet: The network; its parameters decide dtype and device.
        conditioning: B clips.

    Returns:
        A callable (x_t [B, C, F, h, w], t [B]) → velocity of the same shape, dtype and device as x_t.
    """
    weight = unet.conv_in.weight
    encoded = unet.encode(conditioning.to(weight.device, weight.dtype))

    def denoise(x_t: Tensor, t: Tensor) -> Tensor:
        v = unet.denoise(x_t.to(weight.device, weight.dtype), t.to(weight.device), encoded)
        return v.to(x_t.device, x_t.dtype)

    return denoise


def _over(mask: Tensor, ndim: int) -> Tensor:
    """Reshape a mask [B] so that it multiplies a tensor of `ndim` dimensions."""
    return mask.reshape(-1, *[1] * (ndim - 1))
