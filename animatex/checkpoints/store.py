"""Weights files of our own: safetensors that say in their header what they are and which sizes they have."""

from __future__ import annotations

import json
import os
import pickle  # nosec B403 # for the name of its error
import re
import stat
import struct
import warnings
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor

from animatex.checkpoints.history import completed_unet
from animatex.config.section import Section
from animatex.errors import CheckpointMismatch, InputError, brief
from animatex.files import replacing
from animatex.limits import HEADER_BYTES, check_bytes, check_file

Kind = Literal["unet", "rig", "retarget", "clip", "vae"]
Writing = Callable[[Path], AbstractContextManager[Path]]
_REPLACING: Writing = partial(replacing, within=True)
"""Writers of safetensors begin files of their own beside theirs."""

VERSION = 1

AT_ONCE = 32
"""Tensors that are mapped by one opening of a file; the largest of the published network has 59 MB."""

_ZIP, _PICKLE = b"PK\x03\x04", b"\x80"
"""How the two formats of torch.save begin."""

_BROKEN_STREAM = (
    RuntimeError,
    EOFError,
    LookupError,
    ValueError,
    TypeError,
    AssertionError,
    AttributeError,
    struct.error,
    OverflowError,
    MemoryError,
)
"""What PyTorch's reader raises, depending on where a stream breaks."""

_SHOWN_DIFFERENCES = 20

_NAMES = {
    "unet": "a UNet",
    "rig": "a rig network",
    "retarget": "a retargeting network",
    "clip": "a CLIP encoder",
    "vae": "an autoencoder",
}


@dataclass(frozen=True, slots=True)
class Header:
    """What a weights file says about itself.

    Attributes:
        kind: Which network it is for.
        config: The network's section of a preset, as plain values.
        source: SHA-256 of the file it was converted from; None for weights trained here.
    """

    kind: str
    config: Mapping[str, object]
    source: str | None


def save_weights(
    path: Path,
    tensors: Mapping[str, Tensor],
    *,
    kind: Kind,
    config: Section,
    source: str | None = None,
    writing: Writing = _REPLACING,
) -> None:
    """Write a weights file: beside its place first, then in one move, so that no half file is ever seen.

    Args:
        path: Ends in .safetensors.
        tensors: Name → value, as from `state_dict()`.
        kind: Which network they are for.
        config: Its section of the preset.
        source: SHA-256 of the file they were converted from, if any.
        writing: Gives a name to write under first; `replacing_with_note` notes the file's hash too.

    Raises:
        InputError: The folder does not exist or cannot be written.
    """
    if not path.parent.is_dir():
        raise InputError(f"{path} cannot be written: its folder does not exist")
    metadata = {
        "format": f"animatex-{kind}/{VERSION}",
        # JSON is YAML, so the header reads as a section of a preset.
        "config": json.dumps(config.model_dump(mode="json")),
    }
    if source is not None:
        metadata["source_sha256"] = source
    with writing(path) as beside:
        save_tensors(beside, {name: t.detach().contiguous().cpu() for name, t in tensors.items()}, metadata)


def save_tensors(
    path: Path, tensors: Mapping[str, Tensor], metadata: Mapping[str, str] | None = None
) -> None:
    """Write tensors as safetensors, as they are.

    Args:
        path: File to write; a process that is killed leaves another beside it.
        tensors: Name → value: contiguous, in main memory, no two sharing it.
        metadata: What the header says besides.

    Raises:
        OSError: The system refuses it.
    """
    from safetensors import SafetensorError
    from safetensors.torch import save_file

    # Whom the file is for says the umask; safetensors would keep it from everybody else.
    path.touch()
    mode = stat.S_IMODE(path.stat().st_mode)
    try:
        save_file(dict(tensors), path, dict(metadata or {}) or None)
        path.chmod(mode)
    except SafetensorError as error:
        # Its own class for what the system says: "I/O error: No space left on device (os error 28)".
        found = re.search(r"\(os error (\d+)\)", str(error))
        said = (int(found[1]), os.strerror(int(found[1]))) if found else (str(error),)
        raise OSError(*said) from error


def halved(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Store in bfloat16 what was trained in float32: an average over thousands of steps needs no more."""
    return {name: tensor.to(torch.bfloat16) for name, tensor in tensors.items()}


def read_header(path: Path) -> Header | None:
    """Read what a weights file says about itself, without its weights.

    Returns:
        None for a file that is not one of ours, of whatever kind.

    Raises:
        InputError: There is no such file, or it is one of ours in a version this program does not know.
    """
    metadata = _metadata(path)
    if metadata is None or not metadata.get("format", "").startswith("animatex-"):
        return None
    kind, _, version = metadata["format"].removeprefix("animatex-").partition("/")
    if version != str(VERSION):
        found = brief(metadata["format"])
        raise InputError(
            f"{path.name} is in format {found}; this version of animatex reads /{VERSION}",
            hint="update animatex, or take weights made with this version.",
        )
    try:
        config: Mapping[str, object] = json.loads(metadata.get("config", "{}"))
    except (ValueError, RecursionError) as error:
        raise _damaged(path, brief(error)) from error
    if not isinstance(config, dict):
        raise _damaged(path, "its settings are no section of a preset")
    if kind == "unet":
        config = completed_unet(config)
    return Header(kind, config, metadata.get("source_sha256"))


def read_weights(
    path: Path, *, kind: Kind, config: Section, dtype: torch.dtype | None = None
) -> dict[str, Tensor]:
    """Read a weights file of ours, if it is for this network.

    Args:
        path: A file that `save_weights` wrote.
        kind: Which network is wanted.
        config: Its section of the preset in use.
        dtype: What is wanted; None: what is stored.

    Returns:
        Name → value on the CPU; where its dtype is the stored one, mapped from the file rather than read.

    Raises:
        CheckpointMismatch: It is for another network or other sizes; the message lists what differs.
        InputError: There is no such file, or it is not one of ours.
    """
    from safetensors import safe_open

    header = read_header(path)
    if header is None:
        raise InputError(
            f"{path.name} is not a weights file of animatex",
            hint="animatex weights list shows which files are known.",
        )
    if header.kind != kind:
        raise CheckpointMismatch(
            f"{path.name} holds {_NAMES.get(header.kind, brief(header.kind))}; {_NAMES[kind]} is needed here"
        )
    wanted = config.model_dump(mode="json")
    differing = sorted(_differences(wanted, header.config))
    if differing:
        if len(differing) > _SHOWN_DIFFERENCES:
            differing[_SHOWN_DIFFERENCES:] = [f"  and {len(differing) - _SHOWN_DIFFERENCES} more"]
        raise CheckpointMismatch(
            "\n".join(
                [f"{path.name} was made for other sizes of {_NAMES[kind].split(' ', 1)[1]}", *differing]
            ),
            hint="take the preset that belongs to the file, or the file that belongs to the preset.",
        )
    with _broken_explained(path), safe_open(path, framework="pt") as whole:
        names = list(whole.keys())
    tensors = {}
    for start in range(0, len(names), AT_ONCE):
        # What is cast is no longer needed in the file's own dtype: its pages go when this opening is closed.
        with _broken_explained(path), safe_open(path, framework="pt") as part:
            for name in names[start : start + AT_ONCE]:
                tensor: Tensor = part.get_tensor(name)
                tensors[name] = tensor.to(dtype or tensor.dtype)
    return tensors


def read_foreign(path: Path) -> dict[str, Tensor]:
    """Read the tensors of somebody else's checkpoint; never runs code that it may contain.

    Training states are unwrapped (`state_dict`), and the prefix of data-parallel training is removed.

    Args:
        path: A .pth, .ckpt, .bin or .safetensors file.

    Raises:
        InputError: There is no such file, it is cut short, or it holds more than tensors and plain values.
    """
    loaded: object = read_tensors(path) if _metadata(path) is not None else read_pickled(path)
    for wrapper in ("state_dict", "model"):
        if isinstance(loaded, dict) and isinstance(loaded.get(wrapper), dict):
            loaded = loaded[wrapper]
    if not isinstance(loaded, dict):
        raise InputError(f"{path.name} holds a {type(loaded).__name__}; needs named tensors")
    tensors = {str(name): value for name, value in loaded.items() if isinstance(value, Tensor)}
    if not tensors:
        raise InputError(f"{path.name} holds no tensors")
    if all(name.startswith("module.") for name in tensors):
        tensors = {name.removeprefix("module."): value for name, value in tensors.items()}
    return tensors


def read_tensors(path: Path) -> dict[str, Tensor]:
    """Read the tensors of a safetensors file, whoever wrote it.

    Raises:
        InputError: It is damaged.
    """
    from safetensors.torch import load_file

    with _broken_explained(path):
        tensors: dict[str, Tensor] = load_file(path)
    return tensors


def read_pickled(path: Path) -> object:
    """Read what torch.save wrote, if it is tensors and plain values.

    Raises:
        InputError: It is damaged, or holds more than that; nothing in it is run.
    """
    check_file(path)
    with path.open("rb") as file:
        start = file.read(4)
    if start != _ZIP and start[:1] != _PICKLE:
        raise InputError(f"{path.name} is not a checkpoint", hint="a web page saved in its place, perhaps.")
    if start == _ZIP:
        _check_archive(path)
    try:
        with warnings.catch_warnings():
            # What it finds odd in a damaged file it says to its own developers, then fails.
            warnings.simplefilter("ignore", UserWarning)
            loaded: object = torch.load(path, map_location="cpu", weights_only=True, mmap=start == _ZIP)
    except pickle.UnpicklingError as error:
        wanted = re.search(r"GLOBAL (\w[\w.]*\.\w+)", str(error))
        if wanted is None:
            raise _damaged(path) from error
        raise InputError(
            f"{path.name} wants to run code when it is read, which a checkpoint has no need to: "
            f"{brief(wanted[1])}",
            hint="do not open it with other tools either, unless you trust where it comes from.",
        ) from error
    except _BROKEN_STREAM as error:
        raise _damaged(path) from error
    return loaded


def _check_archive(path: Path) -> None:
    """Refuse archives that torch.load would warn of, or unpack without end."""
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, OSError, *_BROKEN_STREAM) as error:
        raise _damaged(path) from error
    if any(entry.filename.endswith("/constants.pkl") for entry in entries):
        raise InputError(
            f"{path.name} is a program in TorchScript, not named tensors; its code is not run",
            hint="take the file with the weights alone.",
        )
    if any(entry.compress_type != zipfile.ZIP_STORED for entry in entries):
        raise InputError(
            f"{path.name} is a compressed archive, which torch.save does not write",
            hint="download it again, or unpack it first.",
        )
    described = sum(entry.file_size for entry in entries if entry.filename.endswith("/data.pkl"))
    check_bytes(path, described, HEADER_BYTES, "lists its tensors in")


@contextmanager
def _broken_explained(path: Path) -> Iterator[None]:
    from safetensors import SafetensorError

    try:
        yield
    except (SafetensorError, OSError, *_BROKEN_STREAM) as error:
        raise _damaged(path, brief(error)) from error


def _damaged(path: Path, why: str = "") -> InputError:
    said = f": {why}" if why else ""
    return InputError(f"{path.name} is damaged or cut short{said}", hint="download it again.")


def _metadata(path: Path) -> dict[str, str] | None:
    """Read a safetensors file's metadata; None for a file of another type."""
    if not path.exists():
        raise InputError(f"{path} does not exist", hint="animatex weights list shows what is installed.")
    size = check_file(path)
    with path.open("rb") as file:
        start = file.read(9)
        if len(start) < 9 or start[8:9] != b"{":
            return None
        (length,) = struct.unpack("<Q", start[:8])
        if length > size - 8:
            return None
        check_bytes(path, length, HEADER_BYTES, "lists its tensors in")
        try:
            header = json.loads(b"{" + file.read(length - 1))
        except (ValueError, RecursionError):
            return None
    metadata = header.pop("__metadata__", {})
    try:
        data = max((int(entry["data_offsets"][1]) for entry in header.values()), default=0)
    except (TypeError, ValueError, LookupError, OverflowError) as error:
        raise _damaged(path, "its list of tensors is none") from error
    if size != 8 + length + data:
        raise _damaged(path, f"{size} of {brief(8 + length + data)} bytes")
    if not isinstance(metadata, dict) or not all(isinstance(text, str) for text in metadata.values()):
        raise _damaged(path, "what it says about itself is no text")
    return metadata


def _differences(wanted: Mapping[str, object], found: Mapping[str, object], prefix: str = "") -> list[str]:
    lines = []
    for key in sorted({*wanted, *found}):
        ours, theirs = wanted.get(key), found.get(key)
        if isinstance(ours, Mapping) and isinstance(theirs, Mapping):
            lines += _differences(ours, theirs, f"{prefix}{key}.")
        elif ours != theirs:
            lines.append(f"  {prefix}{brief(key)}: the file has {brief(theirs)}; the preset has {ours}")
    return lines
