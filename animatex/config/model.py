"""Settings that decide what a network is: two presets that agree here can share weights."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from animatex.config.section import Section

Positive = Annotated[int, Field(ge=1)]
Fraction = Annotated[float, Field(ge=0.0, le=1.0)]


class TemporalAttention(Section):
    """Attention over the frames of each latent cell, as in the released model."""

    kind: Literal["attention"]


class TemporalMamba(Section):
    """A bidirectional selective scan over the frames of each latent cell, as in the paper."""

    kind: Literal["mamba"]

    state_dim: Positive
    """Size of the scan's state per channel."""

    expand: Positive
    """Width of the scan relative to the block's channels."""

    conv_width: Positive
    """Frames seen by the short convolution in front of the scan."""


Temporal = Annotated[TemporalAttention | TemporalMamba, Field(discriminator="kind")]


class PoseIndicatorConfig(Section):
    """The Implicit Pose Indicator: key points that query the driving frames' CLIP features.

    The last five keys are what the paper's Tables 4 and 5 vary; as released they are true, true, keypoints,
    after, 1.
    """

    tokens: Positive
    """Motion tokens per frame; the context of every pose attention."""

    keypoint_layers: Positive
    """Transformer layers over time in the key point encoder."""

    keypoint_heads: Positive
    """Heads of those layers."""

    keypoint_hidden: Positive
    """Width between the two linear layers that lift 36 coordinates to the context width."""

    resampler_layers: Positive
    """Perceiver layers in which the key points query the CLIP features."""

    resampler_heads: Positive
    """Heads of those layers."""

    resampler_head_dim: Positive
    """Width of one of those heads."""

    learned_query: bool
    """Add learned tokens to those that ask; false is the paper's "w/o LQ"."""

    keypoint_query: bool
    """Make tokens of the key points; false is the paper's "w/o DQ", where only the learned ones ask."""

    asks: Literal["keypoints", "features"]
    """keypoints: they ask and the CLIP features answer. features: the other way round, the paper's "KV_Q"."""

    placement: Literal["after", "parallel"]
    """after: pose attention sees what spatial attention made. parallel: both see the same and both are added,
    the paper's "PA"."""

    alpha: Annotated[float, Field(ge=0)]
    """Weight of pose attention where it is added."""

    @model_validator(mode="after")
    def _somebody_asks(self) -> PoseIndicatorConfig:
        if not self.keypoint_query and not self.learned_query:
            raise ValueError("keypoint_query and learned_query are both false; one of them has to ask.")
        if not self.keypoint_query and self.asks == "features":
            raise ValueError("asks is 'features'; with keypoint_query false nothing would answer.")
        return self


class UNetConfig(Section):
    """The 3D-UNet of Animate-X."""

    latent_channels: Positive
    """Channels of the latents: 4 for the VAE, one per part and two for motion with the motion codec."""

    condition_channels: Positive
    """Channels of the encoded reference picture and pose pictures (the released `concat_dim` is twice 4)."""

    prior_channels: Annotated[int, Field(ge=0)]
    """Channels of what the codec already implies for each frame; 0 where it implies nothing, as in the
    released model."""

    base_width: Positive
    """Channels of the first level, a multiple of 32."""

    multipliers: Annotated[tuple[Positive, ...], Field(min_length=1)]
    """Width of each level relative to the first; one level per entry, each half the size of the one
    before."""

    blocks_per_level: Positive
    """Residual blocks a level going down; one more going up."""

    attention_levels: tuple[Annotated[int, Field(ge=0)], ...]
    """Levels with spatial, pose and temporal modules, 0 being the finest."""

    head_dim: Positive
    """Width of an attention head."""

    first_temporal_heads: Positive
    """Heads of the temporal block behind the first convolution."""

    context_dim: Positive
    """Width of the text, image and motion tokens."""

    image_embed_dim: Positive
    """Width of the CLIP features."""

    text_tokens: Positive
    """Tokens of the empty prompt, which stand in front of the image tokens: CLIP's context length."""

    image_tokens: Positive
    """Tokens the reference's CLIP feature is cut into."""

    condition_hidden: Positive
    """Width inside the encoders of pictures."""

    pose_indicator: PoseIndicatorConfig | None
    """null: neither the indicator nor pose attention, as in UniAnimate; the paper's "w/o IPI"."""

    temporal: Temporal

    @model_validator(mode="after")
    def _levels_exist(self) -> UNetConfig:
        if any(level >= len(self.multipliers) for level in self.attention_levels):
            raise ValueError(
                f"attention_levels is {list(self.attention_levels)}; there are {len(self.multipliers)} "
                "levels, from 0."
            )
        return self

    @model_validator(mode="after")
    def _widths_can_be_cut(self) -> UNetConfig:
        if self.base_width % 32:
            raise ValueError(f"base_width is {self.base_width}; the norms need a multiple of 32.")
        # The middle of the network attends too, and is as wide as the last level.
        attending = {*self.attention_levels, len(self.multipliers) - 1}
        narrowest = self.base_width * min(self.multipliers[level] for level in attending)
        if self.head_dim > narrowest:
            raise ValueError(f"head_dim is {self.head_dim}; a level that attends is {narrowest} wide.")
        if self.pose_indicator is not None and self.context_dim % self.pose_indicator.keypoint_heads:
            raise ValueError(
                f"context_dim is {self.context_dim}; needs a multiple of pose_indicator.keypoint_heads "
                f"({self.pose_indicator.keypoint_heads})."
            )
        return self


class ScheduleConfig(Section):
    """The noise schedule: betas, scaled-linear as in Stable Diffusion."""

    train_steps: Positive
    """Diffusion steps the network is trained on."""

    beta_start: Fraction
    beta_end: Fraction

    zero_terminal_snr: bool
    """Rescale so that the last step is pure noise (Lin et al. 2024)."""

    @model_validator(mode="after")
    def _signal_can_be_rescaled(self) -> ScheduleConfig:
        if self.zero_terminal_snr and (self.train_steps == 1 or self.beta_start == self.beta_end == 0):
            raise ValueError(
                "zero_terminal_snr is true; it needs betas above 0 and at least 2 train_steps, between which "
                "signal is lost."
            )
        return self


class ClipVisionConfig(Section):
    """The CLIP image tower, in open_clip's terms."""

    image_size: Positive
    """Side of the square picture it sees, in pixels."""

    patch_size: Positive
    width: Positive
    layers: Positive
    head_width: Positive
    mlp_ratio: Annotated[float, Field(gt=0)]

    @model_validator(mode="after")
    def _width_can_be_cut(self) -> ClipVisionConfig:
        if self.head_width > self.width or self.width % (self.width // self.head_width):
            raise ValueError(f"width is {self.width}; cannot be cut into heads of {self.head_width}.")
        if self.patch_size > self.image_size:
            raise ValueError(f"patch_size is {self.patch_size}; image_size is {self.image_size}.")
        return self


class ClipTextConfig(Section):
    """The CLIP text tower, in open_clip's terms; needed to train, and once for the empty prompt."""

    context_length: Positive
    vocab_size: Positive
    width: Positive
    heads: Positive
    layers: Positive

    @model_validator(mode="after")
    def _width_can_be_cut(self) -> ClipTextConfig:
        if self.width % self.heads:
            raise ValueError(f"width is {self.width}; needs a multiple of heads ({self.heads}).")
        return self


class ClipConfig(Section):
    """A CLIP model: both towers and the width they share."""

    embed_dim: Positive
    vision: ClipVisionConfig
    text: ClipTextConfig
    quick_gelu: bool


class RigConfig(Section):
    """The rig network: one picture of any character to its parts, joints, mask and plate."""

    height: Positive
    """Height of the picture it sees; the width follows the picture's own proportions, in steps of
    `stride`."""

    widths: Annotated[tuple[Positive, ...], Field(min_length=2)]
    """Channels of each level, the first at half the picture's size; each next level halves again. Joints are
    found at the second."""

    blocks: Positive
    """Residual blocks a level."""

    attention_blocks: Annotated[int, Field(ge=0)]
    """Transformer blocks at the coarsest level, where the whole character fits in view."""

    @model_validator(mode="after")
    def _channels_fit(self) -> RigConfig:
        if any(width % 16 and width > 16 for width in self.widths):
            raise ValueError(f"widths is {list(self.widths)}; the norms need multiples of 16.")
        if self.attention_blocks and self.widths[-1] % 32:
            raise ValueError(f"widths is {list(self.widths)}; with attention the last is a multiple of 32.")
        return self

    @property
    def stride(self) -> int:
        """Picture sizes must be multiples of this."""
        return int(2 ** len(self.widths))


class RetargetNetworkConfig(Section):
    """The network that corrects a performer's poses on a character's body."""

    width: Positive
    """Of its layers."""


class VaeCodecConfig(Section):
    """Latents of pixels: Stable Diffusion's autoencoder."""

    kind: Literal["vae"]

    checkpoint: str | None
    """Weights file of the autoencoder; null: random weights drawn from the seed."""

    latent_scale: Annotated[float, Field(gt=0)]
    """Latents are multiplied by this, 0.18215 for Stable Diffusion."""

    chunk: Positive
    """Frames encoded or decoded at once."""

    @property
    def downsampling(self) -> int:
        """Canvas pixels along a latent cell's side."""
        return 8

    @property
    def latent_channels(self) -> int:
        """Channels of the latents."""
        return 4

    @property
    def prior_channels(self) -> int:
        """None: the autoencoder implies nothing."""
        return 0


class MotionCodecConfig(Section):
    """Latents of motion: how the reference's parts move, as a correction to what its rig implies."""

    kind: Literal["motion"]

    checkpoint: str | None
    """Weights file of the rig network; null: random weights drawn from the seed."""

    rig: RigConfig

    downsampling: Literal[8, 16, 32]
    """Canvas pixels along a latent cell's side."""

    part_scale: Annotated[float, Field(gt=0)]
    """Latent units for a cell that changes from one part to another altogether."""

    drift_scale: Annotated[float, Field(gt=0)]
    """Latent units for a surface that is a canvas height away from where rigid motion puts it."""

    composes: Literal["poses", "reference"]
    """What latents correct. poses: the parts, moved rigidly as the poses say. reference: the character as it
    stands in its picture, so that all motion is up to the network; for ablations."""

    @property
    def latent_channels(self) -> int:
        """One channel per part, the background being one, and two of motion."""
        return 13

    @property
    def prior_channels(self) -> int:
        """One per part, and the three colours of the composed picture."""
        return 14


CodecConfig = Annotated[VaeCodecConfig | MotionCodecConfig, Field(discriminator="kind")]
