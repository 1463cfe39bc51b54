"""The names of the published Animate-X and UniAnimate networks, translated to ours.

UniAnimate's are Animate-X's without a Pose Indicator. Blocks are numbered in the order they are built, so the
map is a walk through the levels, as `model.build` goes, and a table for the inside of each kind of module.
Spelling mistakes in names are the files'.
"""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from animatex.checkpoints.keymap import KeyMap, Shape, translate, under
from animatex.config.model import PoseIndicatorConfig, UNetConfig
from animatex.errors import CheckpointMismatch
from animatex.model.embeddings import position_sinusoids

POSITION_TABLE = "pose_embedding_before.pos_embed.pos_table"

_BLOCK = {
    "norm1": "norm_1",
    "attn1.to_q": "attention_1.to_q",
    "attn1.to_k": "attention_1.to_k",
    "attn1.to_v": "attention_1.to_v",
    "attn1.to_out.0": "attention_1.to_out",
    "norm2": "norm_2",
    "attn2.to_q": "attention_2.to_q",
    "attn2.to_k": "attention_2.to_k",
    "attn2.to_v": "attention_2.to_v",
    "attn2.to_out.0": "attention_2.to_out",
    "norm3": "norm_3",
    "ff.net.0.proj": "feed_forward.expand",
    "ff.net.2": "feed_forward.contract",
}
_TRANSFORMER = {
    "norm": "norm",
    "proj_in": "proj_in",
    **under("transformer_blocks.0", "block", _BLOCK),
    "proj_out": "proj_out",
}
_POSE = {
    "norm_p": "norm",
    "proj_in_p": "proj_in",
    **under("transformer_blocks_p.0", "block", _BLOCK),
    "proj_out_p": "proj_out",
}
_RESNET = {
    "in_layers.0": "norm_1",
    "in_layers.2": "conv_1",
    "emb_layers.1": "time",
    "out_layers.0": "norm_2",
    "out_layers.3": "conv_2",
    "skip_connection": "shortcut",
    **{f"temopral_conv.conv{n}.0": f"temporal_conv.layers.{n - 1}.norm" for n in (1, 2, 3, 4)},
    # Only the first of the four has no dropout between activation and convolution.
    "temopral_conv.conv1.2": "temporal_conv.layers.0.conv",
    **{f"temopral_conv.conv{n}.3": f"temporal_conv.layers.{n - 1}.conv" for n in (2, 3, 4)},
}
_MIXER = {
    "layers.0.0.norm": "mixer.norm",
    "layers.0.0.fn.to_qkv": "mixer.to_qkv",
    "layers.0.0.fn.to_out.0": "mixer.to_out",
    "layers.0.1.net.0.0": "mixer.expand",
    "layers.0.1.net.2": "mixer.contract",
}
_PICTURE = {"0": "conv_1", "3": "conv_2", "5": "conv_3"}
_LATENT = {"0": "conv_1", "2": "conv_2", "4": "conv_3"}
_ENCODER_LAYER = {
    "self_attn.out_proj": "to_out",
    "linear1": "linear_1",
    "linear2": "linear_2",
    "norm1": "norm_1",
    "norm2": "norm_2",
}
_PERCEIVER_LAYER = {
    "0.norm1": "norm_features",
    "0.norm2": "norm_queries",
    "0.to_q": "to_q",
    "0.to_kv": "to_kv",
    "0.to_out": "to_out",
    "1.0": "norm",
    "1.1": "expand",
    "1.3": "contract",
}
_HEAD = {"0": "linear_1", "2": "linear_2"}


def official_keymap(config: UNetConfig) -> KeyMap:
    """Make the map for a network of these sizes: UniAnimate's if it has no Pose Indicator."""
    indicator = config.pose_indicator
    modules = {**_once_per_clip(), **_down(config), **_mid(indicator is not None), **_up(config)}
    if indicator is None:
        return KeyMap(modules)
    return KeyMap(
        modules=modules | _pose_indicator(indicator),
        tensors={
            "pose_embedding_after.latents": "pose_indicator.resampler.learned_queries",
            **{
                f"pose_embedding_before.encoder.layers.{n}.self_attn.in_proj_{leaf}": (
                    f"pose_indicator.keypoints.layers.{n}.to_qkv.{leaf}"
                )
                for n in range(indicator.keypoint_layers)
                for leaf in ("weight", "bias")
            },
        },
        dropped={POSITION_TABLE: "computed, after a check that it is the table we compute"},
    )


def _once_per_clip() -> dict[str, str]:
    names = {
        "time_embed.0": "time_1",
        "time_embed.2": "time_2",
        **under("pre_image_condition", "image_tokens", _HEAD),
        **under("randomref_embedding2", "reference_latents", _LATENT),
        **under("randomref_embedding_after2", "reference_latents", _MIXER),
    }
    for theirs, ours in (
        ("local_image_embedding", "reference_image"),
        ("dwpose_embedding", "pose_frames"),
        ("randomref_pose2_embedding", "reference_pose"),
    ):
        names |= under(theirs, ours, _PICTURE) | under(f"{theirs}_after", ours, _MIXER)
    return names


def _pose_indicator(config: PoseIndicatorConfig) -> dict[str, str]:
    before, after = "pose_embedding_before", "pose_embedding_after"
    keypoints, resampler = "pose_indicator.keypoints", "pose_indicator.resampler"
    names = {
        f"{before}.increase_embed_dim.0": f"{keypoints}.lift_1",
        f"{before}.increase_embed_dim.1": f"{keypoints}.lift_2",
        **under(f"{before}.pre_image_condition_p", f"{keypoints}.to_tokens", _HEAD),
        **{f"{after}.{name}": f"{resampler}.{name}" for name in ("proj_in", "proj_out", "norm_out")},
    }
    for n in range(config.keypoint_layers):
        names |= under(f"{before}.encoder.layers.{n}", f"{keypoints}.layers.{n}", _ENCODER_LAYER)
    for n in range(config.resampler_layers):
        names |= under(f"{after}.layers.{n}", f"{resampler}.layers.{n}", _PERCEIVER_LAYER)
    return names


def _stage(source: str, target: str, config: UNetConfig, attends: bool) -> dict[str, str]:
    names = under(f"{source}.0", f"{target}.resnet", _RESNET)
    if attends:
        names |= under(f"{source}.1", f"{target}.spatial", _TRANSFORMER)
        names |= under(f"{source}.2", f"{target}.temporal", _TRANSFORMER)
    if attends and config.pose_indicator is not None:
        names |= under(f"{source}.1.pose_attention", f"{target}.pose", _POSE)
    return names


def _down(config: UNetConfig) -> dict[str, str]:
    names = {"input_blocks.0.0": "conv_in", **under("input_blocks.0.1", "temporal_in", _TRANSFORMER)}
    for level, first in enumerate(_first_blocks(config)):
        for n in range(config.blocks_per_level):
            attends = level in config.attention_levels
            names |= _stage(f"input_blocks.{first + n}", f"down.{level}.blocks.{n}", config, attends)
        if level + 1 < len(config.multipliers):
            names[f"input_blocks.{first + config.blocks_per_level}.op"] = f"down.{level}.resample.conv"
    return names


def _mid(moves: bool) -> dict[str, str]:
    pose = under("middle_block.1.pose_attention", "mid.0.pose", _POSE)
    return {
        **under("middle_block.0", "mid.0.resnet", _RESNET),
        **under("middle_block.1", "mid.0.spatial", _TRANSFORMER),
        **(pose if moves else {}),
        **under("middle_block.2", "mid.0.temporal", _TRANSFORMER),
        **under("middle_block.3", "mid.1.resnet", _RESNET),
    }


def _up(config: UNetConfig) -> dict[str, str]:
    names = {"out.0": "norm_out", "out.2": "conv_out"}
    number = 0
    for level in reversed(range(len(config.multipliers))):
        attends = level in config.attention_levels
        for n in range(config.blocks_per_level + 1):
            names |= _stage(f"output_blocks.{number}", f"up.{level}.blocks.{n}", config, attends)
            number += 1
        if level > 0:
            names[f"output_blocks.{number - 1}.{3 if attends else 1}.conv"] = f"up.{level}.resample.conv"
    return names


def _first_blocks(config: UNetConfig) -> list[int]:
    """Number of each level's first input block; 0 is the first convolution."""
    return [1 + level * (config.blocks_per_level + 1) for level in range(len(config.multipliers))]


def is_official_unet(names: Mapping[str, Tensor]) -> bool:
    """Tell whether a checkpoint is the published Animate-X network, of whatever size."""
    return "input_blocks.0.0.weight" in names and "pose_embedding_after.latents" in names


def is_unianimate(names: Mapping[str, Tensor]) -> bool:
    """Tell whether a checkpoint is the published UniAnimate network, of whatever size."""
    return (
        "input_blocks.0.0.weight" in names
        and "dwpose_embedding.0.weight" in names
        and not is_official_unet(names)
    )


def translate_official(
    source: Mapping[str, Tensor], config: UNetConfig, shapes: Mapping[str, Shape], *, file: str
) -> dict[str, Tensor]:
    """Rename the tensors of a published network.

    Args:
        source: Tensors of the published file.
        config: Sizes of our network; without a Pose Indicator the file is UniAnimate's.
        shapes: Our names and shapes, without the empty prompt's context, which is not in that file.
        file: Its name, for messages.

    Raises:
        CheckpointMismatch: The file's network is not this one.
    """
    table = source.get(POSITION_TABLE)
    if table is not None and not table.is_meta:
        _check_positions(table, file)
    return translate(
        source,
        official_keymap(config),
        shapes,
        what=f"{file} does not fit this UNet",
        hint=_explain(source, config),
    )


def _check_positions(table: Tensor, file: str) -> None:
    ours = position_sinusoids(table.shape[-2], table.shape[-1])
    difference = float((table.float().reshape(ours.shape) - ours).abs().max())
    if difference > 1e-4:
        raise CheckpointMismatch(
            f"{file}: {POSITION_TABLE} differs by up to {difference:.2g} from the sinusoids computed here",
            hint="it was trained with other positions; this network cannot represent them.",
        )


def _explain(source: Mapping[str, Tensor], config: UNetConfig) -> str | None:
    """Say in the configuration's words where the file's network is different, if it shows in the names."""
    levels = [
        level
        for level, first in enumerate(_first_blocks(config))
        if f"input_blocks.{first}.1.norm.weight" in source
    ]
    if sorted(config.attention_levels) == levels:
        return None
    theirs, ours = (", ".join(map(str, x)) for x in (levels, sorted(config.attention_levels)))
    return f"the file has attention on levels {theirs}; unet.attention_levels is {ours}."
