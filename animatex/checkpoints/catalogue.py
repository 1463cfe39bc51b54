"""Weights files by name: which are known, where they come from, and where they lie."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from animatex.config.run import AnimateConfig
from animatex.errors import ConfigError, InputError


@dataclass(frozen=True, slots=True)
class HubSource:
    """A file of a repository on the Hugging Face hub, or on a mirror of it."""

    repo: str
    revision: str = "main"

    @property
    def page(self) -> str:
        """Web page of the repository."""
        return f"https://huggingface.co/{self.repo}"


@dataclass(frozen=True, slots=True)
class WebSource:
    """A file at an address of its own."""

    url: str

    @property
    def page(self) -> str:
        """The address."""
        return self.url


@dataclass(frozen=True, slots=True)
class HandSource:
    """A file without an address that can be relied on; people fetch it themselves."""

    page: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownFile:
    """A weights file that a preset or a metric may name.

    Attributes:
        name: File name, as presets write it.
        holds: What is in it, for people.
        source: Where it is fetched; None for a file that ships in the package.
        licence: Terms it was published under; None for a file that ships in the package.
        size: Bytes, where they are known beforehand; animate-x_ckpt.pth's to 10 MB.
        digest: SHA-256 (64 digits), or git's blob hash (40 digits) for a file out of a git repository.
        aliases: Other names under which people have it.
        converted: What `weights convert` makes of it; stands in for it where it is not installed itself.
    """

    name: str
    holds: str
    source: HubSource | WebSource | HandSource | None = None
    licence: str | None = None
    size: int | None = None
    digest: str | None = None
    aliases: tuple[str, ...] = ()
    converted: str | None = None

    @property
    def is_embedded(self) -> bool:
        """Whether it ships in the package."""
        return self.source is None


@dataclass(frozen=True, slots=True)
class Group:
    """Files that are fetched together.

    Attributes:
        name: What `weights pull` calls it.
        purpose: What they are for, for people.
        files: Names of known files.
    """

    name: str
    purpose: str
    files: tuple[str, ...]


_NOTHING_STATED = "none stated"

KNOWN_FILES = (
    KnownFile(name="mini-unet.safetensors", holds="the embedded 3D-UNet"),
    KnownFile(name="mini-clip.safetensors", holds="the embedded CLIP"),
    KnownFile(name="mini-rig.safetensors", holds="the embedded rig network"),
    KnownFile(name="mini-retarget.safetensors", holds="the embedded retargeting network"),
    KnownFile(
        name="animate-x_ckpt.pth",
        holds="Animate-X's 3D-UNet, as released",
        source=HubSource("Shuaishuai0219/Animate-X"),
        licence="Apache-2.0, as its code's repository says",
        size=7_270_000_000,
        digest="e3bfb656bafe603132a28f43f758c6a86f424152858187efc7f854ef1169c630",
        aliases=("animate-x.pth",),
        converted="animate-x.safetensors",
    ),
    KnownFile(
        name="open_clip_pytorch_model.bin",
        holds="CLIP ViT-H/14",
        source=HubSource("laion/CLIP-ViT-H-14-laion2B-s32B-b79K"),
        licence="MIT",
        size=3_944_692_325,
        digest="9a78ef8e8c73fd0df621682e7a8e8eb36c6916cb3c16b291a082ecd52ab79cc4",
        converted="clip-vit-h-14.safetensors",
    ),
    KnownFile(
        # Stability AI has taken its own repositories of Stable Diffusion 2 down; this is the same file.
        name="v2-1_512-ema-pruned.ckpt",
        holds="Stable Diffusion 2.1, of which the autoencoder is used",
        source=HubSource("Shuaishuai0219/Animate-X"),
        licence="CreativeML Open RAIL++-M",
        size=5_214_865_159,
        digest="88ecb782561455673c4b78d05093494b9c539fc6bfc08f3a9a4a0dd7b0b10f36",
        converted="sd-2-1-vae.safetensors",
    ),
    KnownFile(
        name="dw-ll_ucoco_384.onnx",
        holds="DWPose's pose network",
        source=HubSource("yzd-v/DWPose"),
        licence="Apache-2.0",
        size=134_399_116,
        digest="724f4ff2439ed61afb86fb8a1951ec39c6220682803b4a8bd4f598cd913b1843",
    ),
    KnownFile(
        name="yolox_l.onnx",
        holds="DWPose's person detector",
        source=HubSource("yzd-v/DWPose"),
        licence="Apache-2.0",
        size=216_746_733,
        digest="7860ae79de6c89a3c1eb72ae9a2756c0ccfbe04b7791bb5880afabd97855a411",
    ),
    KnownFile(
        # The authors publish it on ModelScope as iic/unianimate; this is a copy.
        name="unianimate_16f_32f_non_ema_223000.pth",
        holds="UniAnimate's 3D-UNet, as released",
        source=HubSource("camenduru/unianimate"),
        licence=f"{_NOTHING_STATED}; its authors say: for academic research",
        converted="unianimate.safetensors",
    ),
    KnownFile(
        name="pt_inception-2015-12-05-6726825d.pth",
        holds="Inception-v3, for FID",
        source=WebSource(
            "https://github.com/mseitzer/pytorch-fid/releases/download/fid_weights/"
            "pt_inception-2015-12-05-6726825d.pth"
        ),
        licence="Apache-2.0",
        size=95_628_359,
        digest="6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2",
    ),
    KnownFile(
        name="vgg16-397923af.pth",
        holds="VGG-16, for LPIPS",
        source=WebSource("https://download.pytorch.org/models/vgg16-397923af.pth"),
        licence="BSD-3-Clause, torchvision's",
        size=553_433_881,
        digest="397923af8e79cdbb6a7127f12361acd7a2f83e06b05044ddf496e83de57a5bf0",
    ),
    KnownFile(
        name="lpips-vgg.pth",
        holds="LPIPS's weights of VGG-16's layers, version 0.1",
        source=WebSource(
            "https://raw.githubusercontent.com/richzhang/PerceptualSimilarity/"
            "082bb24f84c091ea94de2867d34c4544f68e0963/lpips/weights/v0.1/vgg.pth"
        ),
        licence="BSD-2-Clause",
        size=7_289,
        digest="a78928a0af1e5f0fcb1f3b9e8f8c3a2a5a3de244d830ad5c1feddc79b8432868",
        aliases=("vgg.pth",),
    ),
    KnownFile(
        name="i3d_pretrained_400.pt",
        holds="I3D, for FVD",
        source=WebSource(
            "https://raw.githubusercontent.com/JunyaoHu/common_metrics_on_video_quality/"
            "5f751734ce9cef4cd2dddb235726b75dff62a387/fvd/videogpt/i3d_pretrained_400.pt"
        ),
        licence=_NOTHING_STATED,
        digest="a867b87ac3a9097d200598b1d48a1b890d8ec744",
    ),
    KnownFile(
        name="resnet-50-kinetics.pth",
        holds="3D ResNet-50, for FID-VID",
        source=HandSource("https://github.com/kenshohara/video-classification-3d-cnn-pytorch"),
        licence=_NOTHING_STATED,
    ),
)

_DWPOSE = ("dw-ll_ucoco_384.onnx", "yolox_l.onnx")
_BESIDE_THE_UNET = ("open_clip_pytorch_model.bin", "v2-1_512-ema-pruned.ckpt", *_DWPOSE)

GROUPS = (
    Group("animate-x", "the presets animate-x and animate-x-long", ("animate-x_ckpt.pth", *_BESIDE_THE_UNET)),
    Group("unianimate", "UniAnimate", ("unianimate_16f_32f_non_ema_223000.pth", *_BESIDE_THE_UNET)),
    Group("dwpose", "DWPose as the pose estimator of any preset", _DWPOSE),
    Group(
        "metrics",
        "FID, LPIPS, FVD and FID-VID",
        (
            "pt_inception-2015-12-05-6726825d.pth",
            "vgg16-397923af.pth",
            "lpips-vgg.pth",
            "i3d_pretrained_400.pt",
            "resnet-50-kinetics.pth",
        ),
    ),
)

EMBEDDED_FOLDER = Path(__file__).resolve().parents[1] / "weights"


def default_folder() -> Path:
    """Give the weights folder of this user where none is named: the platform's cache."""
    return Path(platformdirs.user_cache_dir("animatex", appauthor=False)) / "weights"


def known_file(name: str) -> KnownFile | None:
    """Give the entry of a file name; None for a name that is not in the catalogue."""
    return next((file for file in KNOWN_FILES if file.name == name), None)


def files_of(name: str) -> tuple[KnownFile, ...]:
    """Give the files of a group, or the one of that name.

    Raises:
        ConfigError: There is no such group or file.
    """
    group = next((group.files for group in GROUPS if group.name == name), (name,))
    files = tuple(file for file in KNOWN_FILES if file.name in group)
    if not files:
        groups = ", ".join(group.name for group in GROUPS)
        raise ConfigError(
            f"no group of weights and no file is called {name!r}",
            hint=f"groups are {groups}; animatex weights list shows the files.",
        )
    return files


def locate_weights(name: str, folder: Path | None = None, embedded: Path = EMBEDDED_FOLDER) -> Path | None:
    """Look for a weights file; None where it is not installed.

    Args:
        name: As a preset writes it: a file name in the weights folder or the package; with a folder in it, a
            path from the current folder.
        folder: The weights folder; None: `default_folder()`.
        embedded: Where the package's own weights lie.

    Returns:
        The file, or what `weights convert` made of it if only that is there.
    """
    return next((path for path in _places(name, folder, embedded) if path.is_file()), None)


def find_weights(name: str, folder: Path | None = None, embedded: Path = EMBEDDED_FOLDER) -> Path:
    """Find a weights file; arguments as for `locate_weights`.

    Raises:
        InputError: It is not installed; the message says how to get it.
    """
    return find_all_weights([name], folder, embedded)[0]


def find_all_weights(
    names: Sequence[str], folder: Path | None = None, embedded: Path = EMBEDDED_FOLDER
) -> list[Path]:
    """Find weights files; arguments as for `locate_weights`.

    Raises:
        InputError: Some are not installed; the message names them all, says how large they are, which command
            fetches them and where they go.
    """
    paths = {name: locate_weights(name, folder, embedded) for name in names}
    missing = [name for name, path in paths.items() if path is None]
    if missing:
        listed = ", ".join(map(_with_size, missing))
        places = dict.fromkeys(place.parent for name in missing for place in _places(name, folder, embedded))
        raise InputError(
            f"weights {listed} are not installed: looked in {' and '.join(map(str, places))}",
            hint=_remedy(missing, folder),
        )
    return [path for path in paths.values() if path is not None]


def pull_command(names: Sequence[str], folder: Path | None) -> str | None:
    """Say which one command fetches these files; None if no group has them all.

    Args:
        names: File names.
        folder: The weights folder; None: `default_folder()`.
    """
    groups = [group for group in GROUPS if set(names) <= set(group.files)]
    if not groups:
        return None
    where = "" if folder in (None, default_folder()) else f" --weights '{folder}'"
    return f"animatex weights pull {min(groups, key=lambda group: len(group.files)).name}{where}"


def show_size(size: int) -> str:
    """Write a number of bytes for people: 5.21 GB, 217 MB, 7 kB."""
    for unit, factor in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if size >= factor:
            return f"{size / factor:.2f} GB" if unit == "GB" else f"{size / factor:.0f} {unit}"
    return f"{size} bytes"


def _places(name: str, folder: Path | None, embedded: Path) -> tuple[Path, ...]:
    if len(Path(name).parts) > 1:
        return (Path(name),)
    folder = folder or default_folder()
    known = known_file(name)
    converted = () if known is None or known.converted is None else (folder / known.converted,)
    return (folder / name, embedded / name, *converted)


def _with_size(name: str) -> str:
    known = known_file(name)
    return name if known is None or known.size is None else f"{name} ({show_size(known.size)})"


def _remedy(missing: Sequence[str], folder: Path | None) -> str:
    into = folder or default_folder()
    command = pull_command(missing, folder)
    if command is not None:
        return f"{command} fetches what is missing into {into}."
    known = [known_file(name) for name in missing]
    if any(file is not None and file.is_embedded for file in known):
        return "they ship with animatex: install it again, or train them with presets/mini-train.yaml."
    return f"put them into {into}, or name their folder with --weights."


def weights_of(config: AnimateConfig) -> tuple[str, ...]:
    """List the weights files that a preset's networks need; the pose estimator falls back without its own."""
    named = (config.checkpoint, config.clip_checkpoint, config.codec.checkpoint, config.retarget.weights)
    return tuple(name for name in named if name is not None)
