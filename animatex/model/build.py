"""From a configuration to a network."""

from __future__ import annotations

from torch import nn

from animatex.config.model import TemporalAttention, UNetConfig
from animatex.model.attention import SpatialTransformer
from animatex.model.blocks import AttentionModules, Downsample, ResBlock, Stage, Upsample
from animatex.model.conditions import LatentEncoder, PictureEncoder
from animatex.model.mamba import DirectedScan, TemporalMamba
from animatex.model.pose_indicator import KeypointEncoder, MotionResampler, PoseIndicator, TokenHead
from animatex.model.scan import ScanFn, selective_scan
from animatex.model.temporal import TemporalConv, TemporalTransformer
from animatex.model.unet import AnimateXUNet, Encoders, Level, Trunk


def build_unet(
    config: UNetConfig, *, scan: ScanFn = selective_scan, checkpointing: bool = False
) -> AnimateXUNet:
    """Build the network with fresh weights from PyTorch's global generator.

    Args:
        config: Sizes and the temporal module.
        scan: Mamba's operator, from `resolve_scan`; not used by the attention module.
        checkpointing: Recompute each stage's activations in the backward pass: less memory, more time.
    """
    builder = _Builder(config, scan, checkpointing)
    unet = AnimateXUNet(config, builder.encoders(), builder.trunk())
    for module in unet.modules():
        if isinstance(module, _INITIALISED):
            module.initialise()
    return unet


_INITIALISED = (
    AnimateXUNet,
    ResBlock,
    SpatialTransformer,
    TemporalConv,
    TemporalTransformer,
    TemporalMamba,
    DirectedScan,
)
"""Modules that start from more than PyTorch's own initialisation."""


class _Builder:
    """Makes the parts; holds what all of them need to know."""

    def __init__(self, config: UNetConfig, scan: ScanFn, checkpointing: bool) -> None:
        self.config = config
        self.scan = scan
        self.checkpointing = checkpointing

    def encoders(self) -> Encoders:
        c = self.config
        slot_channels = c.latent_channels + c.condition_channels
        return Encoders(
            reference_image=PictureEncoder(c.condition_hidden, c.condition_channels),
            pose_frames=PictureEncoder(c.condition_hidden, c.condition_channels),
            reference_pose=PictureEncoder(c.condition_hidden, slot_channels),
            reference_latents=LatentEncoder(c.latent_channels, c.condition_hidden, slot_channels),
            image_tokens=TokenHead(c.image_embed_dim, c.context_dim, c.image_tokens),
            pose_indicator=self.pose_indicator(),
        )

    def pose_indicator(self) -> PoseIndicator | None:
        c, p = self.config, self.config.pose_indicator
        if p is None:
            return None
        keypoints = KeypointEncoder(
            p.keypoint_hidden, c.context_dim, p.keypoint_layers, p.keypoint_heads, p.tokens
        )
        resampler = MotionResampler(
            c.image_embed_dim,
            c.context_dim,
            p.resampler_layers,
            p.resampler_heads,
            p.resampler_head_dim,
            p.tokens if p.learned_query else 0,
            p.asks,
        )
        return PoseIndicator(keypoints if p.keypoint_query else None, resampler)

    def trunk(self) -> Trunk:
        c = self.config
        widths = [c.base_width * factor for factor in c.multipliers]
        last = len(widths) - 1
        skips = [c.base_width]
        down = []
        channels = c.base_width
        for level, width in enumerate(widths):
            stages = []
            for _ in range(c.blocks_per_level):
                stages.append(self.stage(channels, width, level in c.attention_levels))
                channels = width
                skips.append(width)
            if level < last:
                skips.append(width)
            down.append(Level(stages, Downsample(width) if level < last else None))
        mid = [self.stage(channels, channels, True), self.stage(channels, channels, False)]
        up = []
        for level in range(last, -1, -1):
            stages = []
            for _ in range(c.blocks_per_level + 1):
                stages.append(self.stage(channels + skips.pop(), widths[level], level in c.attention_levels))
                channels = widths[level]
            up.append(Level(stages, Upsample(channels) if level > 0 else None))
        temporal_in = self.temporal(c.base_width, c.first_temporal_heads)
        return Trunk(temporal_in, down, mid, up[::-1])

    def stage(self, in_channels: int, out_channels: int, attends: bool) -> Stage:
        time_dim = 4 * self.config.base_width
        resnet = ResBlock(in_channels, out_channels, time_dim)
        return Stage(resnet, self.attention(out_channels) if attends else None, self.checkpointing)

    def attention(self, channels: int) -> AttentionModules:
        c, p = self.config, self.config.pose_indicator
        heads = channels // c.head_dim
        spatial = SpatialTransformer(channels, heads, c.head_dim, c.context_dim)
        if p is None:
            return AttentionModules(spatial, None, self.temporal(channels, heads))
        return AttentionModules(
            spatial=spatial,
            pose=SpatialTransformer(channels, heads, c.head_dim, c.context_dim),
            temporal=self.temporal(channels, heads),
            alpha=p.alpha,
            parallel=p.placement == "parallel",
        )

    def temporal(self, channels: int, heads: int) -> nn.Module:
        if isinstance(self.config.temporal, TemporalAttention):
            return TemporalTransformer(channels, heads, self.config.head_dim)
        return TemporalMamba(channels, self.config.temporal, self.scan)
