"""Weights files by name: which are known, where they come from, and where they lie."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import platformdirs

from animatex.config.run import AnimateConfig
from animatex.errors import InputError


@dataclass(frozen=True, slots=True)
class KnownFile:
    """A weights file that a preset may name.

    Attributes:
        name: File name, as presets write it.
        holds: What is in it, for people.
        source: Web page it comes from; None for a file that ships in the package.
        licence: Terms it was published under; None for a file that ships in the package.
    """

    name: str
    holds: str
    source: str | None
    licence: str | None

    @property
    def is_embedded(self) -> bool:
        """Whether it ships in the package."""
        return self.source is None


_ANIMATE_X = "https://huggingface.co/Shuaishuai0219/Animate-X"
_DWPOSE = "https://huggingface.co/yzd-v/DWPose"

KNOWN_FILES = (
    KnownFile("mini-unet.safetensors", "the embedded 3D-UNet", None, None),
    KnownFile("mini-clip.safetensors", "the embedded CLIP", None, None),
    KnownFile("mini-rig.safetensors", "the embedded rig network", None, None),
    KnownFile("animate-x_ckpt.pth", "Animate-X's 3D-UNet, as released", _ANIMATE_X, "Apache-2.0"),
    KnownFile(
        "open_clip_pytorch_model.bin",
        "CLIP ViT-H/14",
        "https://huggingface.co/laion/CLIP-ViT-H-14-laion2B-s32B-b79K",
        "MIT",
    ),
    KnownFile(
        "v2-1_512-ema-pruned.ckpt",
        "Stable Diffusion 2.1, of which the autoencoder is used",
        "https://huggingface.co/stabilityai/stable-diffusion-2-1-base",
        "CreativeML Open RAIL++-M",
    ),
    KnownFile("dw-ll_ucoco_384.onnx", "DWPose's pose network", _DWPOSE, "Apache-2.0"),
    KnownFile("yolox_l.onnx", "DWPose's person detector", _DWPOSE, "Apache-2.0"),
)

EMBEDDED_FOLDER = Path(__file__).resolve().parents[1] / "weights"


def default_folder() -> Path:
    """Give the weights folder of this user where none is named: the platform's cache."""
    return Path(platformdirs.user_cache_dir("animatex", appauthor=False)) / "weights"


def locate_weights(name: str, folder: Path | None = None, embedded: Path = EMBEDDED_FOLDER) -> Path | None:
    """Look for a weights file; None where it is not installed.

    Args:
        name: As a preset writes it: a file name in the weights folder or the package; with a folder in it, a
            path from the current folder.
        folder: The weights folder; None: `default_folder()`.
        embedded: Where the package's own weights lie.
    """
    return next((path for path in _places(name, folder, embedded) if path.is_file()), None)


def find_weights(name: str, folder: Path | None = None, embedded: Path = EMBEDDED_FOLDER) -> Path:
    """Find a weights file; arguments as for `locate_weights`.

    Raises:
        InputError: It is not installed; the message says where it was looked for.
    """
    path = locate_weights(name, folder, embedded)
    if path is None:
        places = " and ".join(str(place.parent) for place in _places(name, folder, embedded))
        raise InputError(f"weights {name} are not installed: looked in {places}", hint=_remedy(name, folder))
    return path


def _places(name: str, folder: Path | None, embedded: Path) -> tuple[Path, ...]:
    if len(Path(name).parts) > 1:
        return (Path(name),)
    return ((folder or default_folder()) / name, embedded / name)


def _remedy(name: str, folder: Path | None) -> str:
    known = next((file for file in KNOWN_FILES if file.name == name), None)
    if known is None:
        return "put the file there, or name its folder with --weights."
    if known.is_embedded:
        return "it ships with animatex: install animatex again, or train it with presets/mini-train.yaml."
    return f"put it into {folder or default_folder()}, from {known.source} ({known.licence})."


def weights_of(config: AnimateConfig) -> tuple[str, ...]:
    """List the weights files that a preset's networks need; the pose estimator falls back without its own."""
    named = (config.checkpoint, config.clip_checkpoint, config.codec.checkpoint)
    return tuple(name for name in named if name is not None)
