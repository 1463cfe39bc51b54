"""From a path and a configuration to a network, or a precise refusal."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal, TypeVar, cast

import torch
from torch import Tensor, nn

from animatex.checkpoints.keymap import Shape, refuse
from animatex.checkpoints.official_unet import is_official_unet, is_unianimate, translate_official
from animatex.checkpoints.sd_vae import is_stable_diffusion, translate_sd_vae
from animatex.checkpoints.store import Kind, read_foreign, read_header, read_weights
from animatex.codec.vae import STABLE_DIFFUSION, VaeCodec, build_autoencoder
from animatex.config.model import ClipConfig, RetargetNetworkConfig, RigConfig, UNetConfig, VaeCodecConfig
from animatex.encoders.clip import FrozenClip, build_clip, empty_prompt_context
from animatex.encoders.vision import VisionTower
from animatex.errors import CheckpointMismatch
from animatex.model.build import build_unet
from animatex.model.scan import ScanFn, selective_scan
from animatex.model.unet import AnimateXUNet
from animatex.retargeting.network import RetargetNetwork
from animatex.rig.network import RigNetwork

EMPTY_PROMPT = "empty_prompt"
Module = TypeVar("Module", bound=nn.Module)


def load_unet(
    path: Path,
    config: UNetConfig,
    dtype: torch.dtype = torch.float32,
    empty_prompt: Tensor | None = None,
    scan: ScanFn = selective_scan,
    *,
    checkpointing: bool = False,
) -> AnimateXUNet:
    """Load a UNet, from a file of ours or the published one.

    The network is built without memory and takes the file's tensors as they are.

    Args:
        path: Weights file.
        config: The network's sizes.
        dtype: What it shall compute in.
        empty_prompt: [text_tokens, context_dim], from `load_empty_prompt`; the published file comes
            without it, ours have it.
        scan: Mamba's operator, from `resolve_scan`; weights are the same for all of them.
        checkpointing: As for `build_unet`, to train on.

    Returns:
        The network on the CPU, in evaluation mode, its parameters without gradients.

    Raises:
        CheckpointMismatch: The weights are not this network's.
        InputError: The file cannot be read.
    """
    with torch.device("meta"):
        unet = build_unet(config, scan=scan, checkpointing=checkpointing)
    if read_header(path) is not None:
        return _fill(unet, read_weights(path, kind="unet", config=config, dtype=dtype), path.name, dtype)
    source = _read_foreign_of(path, _published(config))
    if empty_prompt is None:
        raise CheckpointMismatch(
            f"{path.name} has no empty prompt: the published file comes without CLIP's text context",
            hint="set clip_checkpoint to open_clip_pytorch_model.bin, whose text tower knows it.",
        )
    tensors = _translate_unet(source, config, unet, path.name)
    return _fill(unet, {**tensors, EMPTY_PROMPT: empty_prompt}, path.name, dtype)


def load_clip(path: Path, config: ClipConfig, dtype: torch.dtype = torch.float32) -> FrozenClip:
    """Load CLIP's image tower, from a file of ours or open_clip's.

    Args:
        path: Weights file.
        config: Sizes.
        dtype: What it shall compute in.

    Raises:
        CheckpointMismatch: The weights are not this network's.
        InputError: The file cannot be read.
    """
    with torch.device("meta"):
        visual = VisionTower(config)
    if read_header(path) is not None:
        tensors = read_weights(path, kind="clip", config=config, dtype=dtype)
    else:
        source = _read_foreign_of(path, "clip")
        tensors = {
            name.removeprefix("visual."): tensor
            for name, tensor in source.items()
            if name.startswith("visual.")
        }
    return FrozenClip(config, _fill(visual, tensors, path.name, dtype))


def load_rig(path: Path, config: RigConfig, dtype: torch.dtype = torch.float32) -> RigNetwork:
    """Load a rig network, from a file of ours.

    Args:
        path: Weights file.
        config: Sizes.
        dtype: What it shall compute in.

    Raises:
        CheckpointMismatch: The weights are not this network's.
        InputError: The file cannot be read.
    """
    with torch.device("meta"):
        network = RigNetwork(config)
    return _fill(network, read_weights(path, kind="rig", config=config, dtype=dtype), path.name, dtype)


def load_retargeter(path: Path, config: RetargetNetworkConfig) -> RetargetNetwork:
    """Load a retargeting network, from a file of ours, in float32.

    Args:
        path: Weights file.
        config: Sizes.

    Raises:
        CheckpointMismatch: The weights are not this network's.
        InputError: The file cannot be read.
    """
    network = RetargetNetwork(config)
    tensors = read_weights(path, kind="retarget", config=config, dtype=torch.float32)
    return _fill(network, tensors, path.name, torch.float32)


def load_vae(path: Path, config: VaeCodecConfig, dtype: torch.dtype = torch.float32) -> VaeCodec:
    """Load Stable Diffusion's autoencoder, from a file of ours or an original one.

    Args:
        path: Weights file.
        config: The codec's section.
        dtype: What it shall compute in.

    Raises:
        CheckpointMismatch: The weights are not this network's.
        InputError: The file cannot be read.
    """
    with torch.device("meta"):
        autoencoder = build_autoencoder()
    module = cast(nn.Module, autoencoder)
    if read_header(path) is not None:
        tensors = read_weights(path, kind="vae", config=STABLE_DIFFUSION, dtype=dtype)
    else:
        tensors = translate_sd_vae(_read_foreign_of(path, "vae"), _shapes(module), file=path.name)
    _fill(module, tensors, path.name, dtype)
    return VaeCodec(config, autoencoder)


def load_empty_prompt(path: Path, config: ClipConfig) -> Tensor:
    """Ask CLIP's text tower about the empty prompt; needed once, for the published file.

    Args:
        path: open_clip's file with both towers.
        config: Its sizes.

    Returns:
        float32 [context_length, text width].

    Raises:
        CheckpointMismatch: The weights are not this network's.
        InputError: The file cannot be read.
    """
    if read_header(path) is not None:
        raise CheckpointMismatch(
            f"{path.name} has no text tower, which the published UNet needs once: it was converted",
            hint="convert the UNet too, with open_clip_pytorch_model.bin at hand: animatex weights convert",
        )
    with torch.device("meta"):
        clip = build_clip(config)
    return empty_prompt_context(_fill(clip, _read_foreign_of(path, "clip"), path.name, torch.float32))


def _translate_unet(
    source: Mapping[str, Tensor], config: UNetConfig, unet: AnimateXUNet, file: str
) -> dict[str, Tensor]:
    shapes = _shapes(unet)
    del shapes[EMPTY_PROMPT]
    return translate_official(source, config, shapes, file=file)


def _published(config: UNetConfig) -> Literal["unet", "unianimate"]:
    """Tell whose published network such a configuration is."""
    return "unianimate" if config.pose_indicator is None else "unet"


def _read_foreign_of(path: Path, kind: Kind | Literal["unianimate"]) -> Mapping[str, Tensor]:
    """Read somebody else's file and make sure that it holds such a network."""
    source = read_foreign(path)
    found = _recognise(source)
    if found != kind:
        raise CheckpointMismatch(
            f"{path.name} holds {_KNOWN[found]}; {_KNOWN[kind]} is needed here",
            hint="check which file the preset names for what.",
        )
    return source


_KNOWN = {
    "unet": "the published Animate-X network",
    "unianimate": "the published UniAnimate network (it has no pose indicator)",
    "vae": "Stable Diffusion's autoencoder",
    "clip": "open_clip's CLIP",
    "inception": "Inception-v3, a metric's network",
    "vgg": "VGG-16, a metric's network",
    "lpips": "LPIPS's weights of layers, a metric's",
    "i3d": "I3D, a metric's network",
    "resnet3d": "a 3D ResNet, a metric's network",
    "unknown": "something this program does not know",
}


_METRIC_NAMES = {
    "inception": "Conv2d_1a_3x3.conv.weight",
    "vgg": "features.28.weight",
    "lpips": "lin0.model.1.weight",
    "i3d": "Conv3d_1a_7x7.conv3d.weight",
    "resnet3d": "layer4.0.conv1.weight",
}
"""A name that tells each metric's network, as published."""


def _recognise(names: Mapping[str, Tensor]) -> str:
    """Tell what a foreign checkpoint is by its names."""
    if is_official_unet(names):
        return "unet"
    if is_unianimate(names):
        return "unianimate"
    if is_stable_diffusion(names):
        return "vae"
    if "visual.conv1.weight" in names and "text_projection" in names:
        return "clip"
    return next((kind for kind, name in _METRIC_NAMES.items() if name in names), "unknown")


def _shapes(module: nn.Module) -> dict[str, Shape]:
    return {name: tuple(tensor.shape) for name, tensor in module.state_dict().items()}


def _fill(module: Module, tensors: Mapping[str, Tensor], file: str, dtype: torch.dtype) -> Module:
    """Give a module its tensors, all of them and no others."""
    shapes = _shapes(module)
    refuse(
        {
            "missing": [name for name in shapes if name not in tensors],
            "unused": [name for name in tensors if name not in shapes],
            "shapes": [
                f"{name} {list(tensors[name].shape)} instead of {list(shape)}"
                for name, shape in shapes.items()
                if name in tensors and tuple(tensors[name].shape) != shape
            ],
        },
        what=f"{file} does not fit this network",
    )
    module.load_state_dict({name: tensor.to(dtype) for name, tensor in tensors.items()}, assign=True)
    return module.eval().requires_grad_(False)
