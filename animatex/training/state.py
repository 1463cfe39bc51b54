"""What a training run is at one moment, on disk: written whole or not at all, resumed bit by bit."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor, nn

from animatex.checkpoints.store import read_pickled, read_tensors, save_tensors
from animatex.errors import CheckpointMismatch, ConfigError, brief
from animatex.files import in_words, reach_the_disk
from animatex.limits import TEXT_BYTES, read_bytes
from animatex.training.ema import Average

FORMAT = "animatex-training/1"
Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]

_FOLDER = re.compile(r"step-(\d{6,})")
_STATE = "state.json"
_ELSEWHERE = "train into another folder (out)."


@dataclass(slots=True, eq=False)
class TrainState:
    """The one mutable value of the project.

    Random streams are not in it: each is a function of the seed and a batch's number.

    Attributes:
        network: What trains, unwrapped.
        average: Its averaged weights.
        optimizer: AdamW.
        scaler: Scales the loss in float16; does nothing otherwise.
        step: Optimizer steps done.
        seconds: Training time they took.
    """

    network: nn.Module
    average: Average
    optimizer: torch.optim.Optimizer
    scaler: torch.amp.GradScaler
    step: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Identity:
    """What a run must have in common with the checkpoint it resumes.

    Attributes:
        stage: Name of the stage, for messages.
        settings: Everything that decides what the run computes, as JSON.
    """

    stage: str
    settings: Mapping[str, Json]

    @property
    def sha256(self) -> str:
        """Hash of the settings."""
        return hashlib.sha256(json.dumps(self.settings, sort_keys=True).encode()).hexdigest()


def write_state(folder: Path, state: TrainState, identity: Identity, keep: int) -> Path:
    """Write a checkpoint and, when it is on the disk, remove the oldest beyond `keep`.

    What killed runs have left of others goes; no other run may be writing there.

    Args:
        folder: The stage's folder; the checkpoint is `step-001000` in it.
        state: What is written.
        identity: Of the run.
        keep: Checkpoints that stay, at least 1.

    Returns:
        The checkpoint's folder.

    Raises:
        InputError: It cannot be written; the earlier ones stay.
    """
    final = folder / f"step-{state.step:06d}"
    partial = folder / f".{final.name}.partial"
    record = {
        "format": FORMAT,
        "step": state.step,
        "seconds": state.seconds,
        "sha256": identity.sha256,
        "settings": dict(identity.settings),
    }
    with in_words(final):
        for left in folder.glob(".step-*.partial"):
            shutil.rmtree(left, ignore_errors=True)
        try:
            partial.mkdir(parents=True)
            save_tensors(partial / "network.safetensors", on_cpu(state.network.state_dict()))
            save_tensors(partial / "ema.safetensors", on_cpu(state.average.weights))
            _save_optimizer(partial / "optimizer.pt", state)
            (partial / _STATE).write_text(json.dumps(record, indent=1) + "\n")
            for written in (*partial.iterdir(), partial):
                reach_the_disk(written)
            shutil.rmtree(final, ignore_errors=True)
            partial.replace(final)
            reach_the_disk(folder)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
        for old in _checkpoints(folder)[:-keep]:
            shutil.rmtree(old)
    return final


def _save_optimizer(path: Path, state: TrainState) -> None:
    saved = {"optimizer": state.optimizer.state_dict(), "scaler": state.scaler.state_dict()}
    try:
        with path.open("wb") as file:
            torch.save(saved, file)
    except RuntimeError as error:
        # PyTorch's writer hides what the system said behind a complaint of its own.
        if isinstance(error.__context__, OSError):
            raise error.__context__ from error
        raise


def newest(folder: Path) -> Path | None:
    """Find the last complete checkpoint of a stage."""
    found = _checkpoints(folder)
    return found[-1] if found else None


def saved_step(checkpoint: Path, identity: Identity) -> int:
    """Read how many steps a checkpoint has behind it.

    Raises:
        ConfigError: It comes from other settings; the message names each.
        CheckpointMismatch: It is of another format.
    """
    record = _record(checkpoint)
    if record["sha256"] != identity.sha256:
        changes = differences(record["settings"], identity.settings)
        raise ConfigError(
            f"stage '{identity.stage}' was begun with other settings in {checkpoint}: {'; '.join(changes)}",
            hint="set them back, train into another folder (out), or remove this stage's to begin again.",
        )
    return int(record["step"])


def read_state(checkpoint: Path, state: TrainState) -> None:
    """Fill a fresh state from a checkpoint of the same settings.

    Raises:
        CheckpointMismatch: The weights do not fit the network, or a part of the checkpoint is damaged.
        InputError: A file cannot be read.
    """
    record = _record(checkpoint)
    weights, averages = (read_tensors(checkpoint / f"{name}.safetensors") for name in ("network", "ema"))
    saved = read_pickled(checkpoint / "optimizer.pt")
    for each in (weights, averages):
        _check_fit(checkpoint, each, state.network.state_dict())
    state.network.load_state_dict(weights)
    state.average.load(averages)
    try:
        if not isinstance(saved, dict):
            raise TypeError(f"it holds a {type(saved).__name__}")
        state.optimizer.load_state_dict(saved["optimizer"])
        if state.scaler.is_enabled() and saved["scaler"]:
            state.scaler.load_state_dict(saved["scaler"])
        _let_go(state.optimizer)
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise CheckpointMismatch(
            f"{checkpoint / 'optimizer.pt'} is not this optimizer's: {brief(error)}", hint=_ELSEWHERE
        ) from error
    state.step, state.seconds = int(record["step"]), float(record["seconds"])


def _let_go(optimizer: torch.optim.Optimizer) -> None:
    """Copy what is still mapped from the checkpoint, which will be removed; what went to a GPU is not."""
    for held in optimizer.state.values():
        mapped = {name: value for name, value in held.items() if torch.is_tensor(value) and value.is_cpu}
        held.update({name: value.clone() for name, value in mapped.items()})


def differences(before: Json | Mapping[str, Json], now: Json | Mapping[str, Json]) -> list[str]:
    """Name the settings that differ, as `optimizer.clip_norm was 1.0, is 2.0`."""
    old, new = dict(_leaves(before)), dict(_leaves(now))
    names = [*old, *(name for name in new if name not in old)]
    return [
        f"{name} was {_shown(old, name)}, is {_shown(new, name)}"
        for name in names
        if name not in old or name not in new or old[name] != new[name]
    ]


def on_cpu(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Copy weights to main memory in the form safetensors wants: contiguous, no two sharing memory."""
    copied: dict[str, Tensor] = {}
    seen: set[int] = set()
    for name, tensor in weights.items():
        held = tensor.detach().cpu().contiguous()
        place = held.untyped_storage().data_ptr()
        copied[name] = held.clone() if place in seen else held
        seen.add(place)
    return copied


def _record(checkpoint: Path) -> dict[str, Any]:
    """Read what a checkpoint says about itself."""
    path = checkpoint / _STATE
    try:
        record = json.loads(read_bytes(path, TEXT_BYTES))
    except (ValueError, RecursionError) as error:
        raise CheckpointMismatch(f"{path} is not JSON: {brief(error)}", hint=_ELSEWHERE) from error
    found = record.get("format") if isinstance(record, dict) else None
    if found != FORMAT:
        raise CheckpointMismatch(
            f"{checkpoint} has format {brief(found)}; this version reads {FORMAT!r}", hint=_ELSEWHERE
        )
    wanted = {"step": int, "seconds": int | float, "sha256": str, "settings": dict}
    for key, kind in wanted.items():
        if not isinstance(record.get(key), kind):
            raise CheckpointMismatch(f"{path}: {key} is {brief(record.get(key))}", hint=_ELSEWHERE)
    return cast(dict[str, Any], record)


def _checkpoints(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    steps = {
        int(match[1]): entry
        for entry in folder.iterdir()
        if (match := _FOLDER.fullmatch(entry.name)) and (entry / _STATE).is_file()
    }
    return [steps[step] for step in sorted(steps)]


def _check_fit(checkpoint: Path, weights: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> None:
    missing = [name for name in wanted if name not in weights]
    unused = [name for name in weights if name not in wanted]
    shapes = [name for name in wanted if name in weights and weights[name].shape != wanted[name].shape]
    if missing or unused or shapes:
        first = (missing or unused or shapes)[0]
        raise CheckpointMismatch(
            f"{checkpoint} does not fit the network: {len(missing)} names missing, {len(unused)} unused, "
            f"{len(shapes)} of another shape (first: {first})",
            hint=f"it was trained with another version; {_ELSEWHERE}",
        )


def _leaves(value: Json | Mapping[str, Json], path: str = "") -> list[tuple[str, Json]]:
    if isinstance(value, Mapping):
        return [
            leaf for key, item in value.items() for leaf in _leaves(item, f"{path}.{key}" if path else key)
        ]
    return [(path, value)]


def _shown(settings: Mapping[str, Json], name: str) -> str:
    return json.dumps(settings[name]) if name in settings else "absent"
