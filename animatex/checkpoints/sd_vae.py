"""Stable Diffusion's autoencoder: names of its original files, translated to diffusers'."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from animatex.checkpoints.keymap import KeyMap, Shape, translate, under

PREFIX = "first_stage_model."
"""In front of the autoencoder's names in files that hold the whole of Stable Diffusion."""

_LEVELS = 4
_RESNET = {
    "norm1": "norm1",
    "conv1": "conv1",
    "norm2": "norm2",
    "conv2": "conv2",
    "nin_shortcut": "conv_shortcut",
}
_ATTENTION = {"norm": "group_norm", "q": "to_q", "k": "to_k", "v": "to_v", "proj_out": "to_out.0"}
_MIDDLE = {
    **under("mid.block_1", "mid_block.resnets.0", _RESNET),
    **under("mid.attn_1", "mid_block.attentions.0", _ATTENTION),
    **under("mid.block_2", "mid_block.resnets.1", _RESNET),
}
_ENDS = {"conv_in": "conv_in", "norm_out": "conv_norm_out", "conv_out": "conv_out"}


def sd_vae_keymap() -> KeyMap:
    """Make the map; the decoder's levels are numbered from the picture there and from the latents here."""
    modules = {"quant_conv": "quant_conv", "post_quant_conv": "post_quant_conv"}
    for half in ("encoder", "decoder"):
        modules |= under(half, half, {**_MIDDLE, **_ENDS})
    for level in range(_LEVELS):
        above = _LEVELS - 1 - level
        for n in range(2):
            modules |= under(
                f"encoder.down.{level}.block.{n}", f"encoder.down_blocks.{level}.resnets.{n}", _RESNET
            )
        for n in range(3):
            modules |= under(
                f"decoder.up.{level}.block.{n}", f"decoder.up_blocks.{above}.resnets.{n}", _RESNET
            )
        modules[f"encoder.down.{level}.downsample.conv"] = f"encoder.down_blocks.{level}.downsamplers.0.conv"
        modules[f"decoder.up.{level}.upsample.conv"] = f"decoder.up_blocks.{above}.upsamplers.0.conv"
    return KeyMap(modules)


def is_stable_diffusion(names: Mapping[str, Tensor]) -> bool:
    """Tell whether a checkpoint is Stable Diffusion in its original names, whole or autoencoder only."""
    return any(name.removeprefix(PREFIX) == "encoder.down.0.block.0.norm1.weight" for name in names)


def translate_sd_vae(
    source: Mapping[str, Tensor], shapes: Mapping[str, Shape], *, file: str
) -> dict[str, Tensor]:
    """Rename the autoencoder's tensors; of a file that holds more, take only those.

    Args:
        source: Tensors of the file.
        shapes: diffusers' names and shapes.
        file: Its name, for messages.

    Raises:
        CheckpointMismatch: It is another autoencoder.
    """
    whole = {name.removeprefix(PREFIX): value for name, value in source.items() if name.startswith(PREFIX)}
    return translate(whole or source, sd_vae_keymap(), shapes, what=f"{file} does not fit this autoencoder")
