"""animatex weights convert: published files into smaller ones that say what they are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from animatex.errors import ConfigError, InputError
from animatex_cli import console
from animatex_cli.options import Force, Json, Preset, Quiet, Weights

if TYPE_CHECKING:
    import torch

    from animatex.config.run import AnimateConfig
    from animatex.progress import Progress

Converter = Callable[[Path, Path], None]


def command(
    files: Annotated[
        list[str] | None,
        typer.Argument(metavar="[FILE]...", help="Files that the preset names. Default: all of them."),
    ] = None,
    preset: Preset = "animate-x",
    dtype: Annotated[
        Literal["bfloat16", "float16", "float32"], typer.Option("--dtype", help="What to store.")
    ] = "bfloat16",
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="DIR", help="Where to write. Default: the weights folder."),
    ] = None,
    weights: Weights = None,
    force: Force = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Convert a preset's published files to safetensors, one for each network.

    A converted file holds one network and its configuration, and stands in for the published file where that
    is not installed. The UNet's also holds CLIP's context of the empty prompt: the text tower is not needed
    again.
    """
    import torch

    from animatex.checkpoints.catalogue import default_folder, find_all_weights, known_file
    from animatex.config.loader import load_config
    from animatex.config.presets import preset_path
    from animatex.config.run import AnimateConfig
    from animatex.files import check_output

    config = load_config(AnimateConfig, preset_path(preset))
    folder = weights or default_folder()
    with console.progress(quiet=quiet) as progress:
        converters = _converters(config, folder, getattr(torch, dtype), progress)
        wanted = _wanted(files, list(converters), preset)
        sources = dict(zip(wanted, find_all_weights(wanted, folder), strict=True))
        targets = {}
        for name in wanted:
            if sources[name].name != Path(name).name:
                raise InputError(
                    f"{name} is not installed itself, only {sources[name]}, which is converted already"
                )
            known = known_file(name)
            made = known.converted if known is not None else None
            targets[name] = (out or folder) / (made or Path(name).with_suffix(".safetensors").name)
            check_output(targets[name], force=force)
        for name in wanted:
            progress.start(f"converting {name}")
            converters[name](sources[name], targets[name])
            if not (json or quiet):
                console.print_text(str(targets[name]))
    if json:
        files_made = [{"from": str(sources[name]), "output": str(targets[name])} for name in wanted]
        console.print_json({"preset": preset, "dtype": dtype, "files": files_made})


def _converters(
    config: AnimateConfig, folder: Path, dtype: torch.dtype, progress: Progress
) -> dict[str, Converter]:
    """Say for each of the preset's files how it is converted."""
    from animatex.checkpoints.catalogue import find_weights
    from animatex.checkpoints.convert import convert_clip, convert_unet, convert_vae
    from animatex.config.model import VaeCodecConfig

    clip, codec = config.clip_checkpoint, config.codec
    converters: dict[str, Converter] = {}
    if config.checkpoint is not None and clip is not None:
        converters[config.checkpoint] = lambda source, out: convert_unet(
            source, find_weights(clip, folder), config.unet, config.clip_encoder, out, dtype, progress
        )
    if clip is not None:
        converters[clip] = lambda source, out: convert_clip(source, config.clip_encoder, out, dtype, progress)
    if isinstance(codec, VaeCodecConfig) and codec.checkpoint is not None:
        converters[codec.checkpoint] = lambda source, out: convert_vae(source, codec, out, dtype, progress)
    return converters


def _wanted(files: list[str] | None, known: list[str], preset: str) -> list[str]:
    if not known:
        raise ConfigError(
            f"the preset {preset} names no files that can be converted", hint="try --preset animate-x."
        )
    for file in files or ():
        if file not in known:
            raise ConfigError(
                f"the preset {preset} names no file {file!r} that can be converted",
                hint=f"it names {', '.join(known)}.",
            )
    return files or known
