"""Checkpoints on disk: whole or not at all, and what is said of those that do not fit."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file
from torch import nn

from animatex.errors import CheckpointMismatch, InputError
from animatex.training.ema import Average
from animatex.training.optimizer import make_optimizer
from animatex.training.state import (
    Identity,
    TrainState,
    differences,
    newest,
    on_cpu,
    read_state,
    saved_step,
    write_state,
)
from tests.crowding import files_of_at_most
from tests.training.toys import ToyNetwork, toy_optimizer

MAPS = Path("/proc/self/maps")
IDENTITY = Identity("toy", {"width": 16})


def fresh(network: nn.Module | None = None, step: int = 0) -> TrainState:
    network = network or ToyNetwork()
    scaler = torch.amp.GradScaler("cpu", enabled=False)
    return TrainState(network, Average(network, 0.9), make_optimizer(network, toy_optimizer()), scaler, step)


def test_a_half_written_checkpoint_is_not_found(tmp_path: Path) -> None:
    write_state(tmp_path, fresh(step=10), IDENTITY, keep=3)
    (tmp_path / ".step-000020.partial").mkdir()
    (tmp_path / "step-000030").mkdir()  # without state.json
    assert newest(tmp_path) == tmp_path / "step-000010"


def test_a_half_written_checkpoint_is_written_over(tmp_path: Path) -> None:
    partial = tmp_path / ".step-000010.partial"
    partial.mkdir()
    (partial / "rubbish").write_text("x")
    checkpoint = write_state(tmp_path, fresh(step=10), IDENTITY, keep=3)
    assert not partial.exists()
    assert sorted(path.name for path in checkpoint.iterdir()) == [
        "ema.safetensors",
        "network.safetensors",
        "optimizer.pt",
        "state.json",
    ]


@pytest.mark.skipif(not MAPS.exists(), reason="where the system does not say which files are mapped")
def test_a_checkpoint_that_has_been_read_holds_no_file(tmp_path: Path) -> None:
    trained = fresh(step=10)
    trained.network(torch.randn(8, 4)).sum().backward()
    trained.optimizer.step()
    checkpoint, state = write_state(tmp_path, trained, IDENTITY, keep=1), fresh()
    read_state(checkpoint, state)
    assert state.optimizer.state
    assert str(tmp_path) not in MAPS.read_text()


def test_what_killed_runs_have_left_does_not_pile_up(tmp_path: Path) -> None:
    (tmp_path / ".step-000007.partial").mkdir()
    checkpoint = write_state(tmp_path, fresh(step=10), IDENTITY, keep=3)
    assert list(tmp_path.iterdir()) == [checkpoint]


@pytest.mark.skipif(os.name != "posix", reason="elsewhere the system decides")
def test_a_checkpoint_is_on_the_disk_before_an_older_one_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = write_state(tmp_path, fresh(step=10), IDENTITY, keep=1)
    events: list[int | str] = []
    replace, remove = Path.replace, shutil.rmtree

    def note_replace(path: Path, target: Path) -> Path:
        events.append(target.name)
        return replace(path, target)

    def note_removal(path: Path, **options: bool) -> None:
        events.append(f"{path.name} goes")
        remove(path, **options)

    monkeypatch.setattr(os, "fsync", lambda opened: events.append(os.fstat(opened).st_ino))
    monkeypatch.setattr(Path, "replace", note_replace)
    monkeypatch.setattr(shutil, "rmtree", note_removal)
    new = write_state(tmp_path, fresh(step=20), IDENTITY, keep=1)
    moved, gone = events.index(new.name), events.index(f"{old.name} goes")
    assert {path.stat().st_ino for path in (*new.iterdir(), new)} <= set(events[:moved])
    assert tmp_path.stat().st_ino in events[moved:gone]


@pytest.mark.parametrize("too_large", ["network.safetensors", "optimizer.pt"])
def test_a_checkpoint_for_which_there_is_no_room_leaves_nothing_and_the_earlier_ones(
    too_large: str, tmp_path: Path
) -> None:
    last = write_state(tmp_path, fresh(step=10), IDENTITY, keep=1)
    before = {path.name: path.read_bytes() for path in last.iterdir()}
    with files_of_at_most(len(before[too_large]) - 1):
        with pytest.raises(InputError, match=r"step-000020 cannot be written: File too large"):
            write_state(tmp_path, fresh(step=20), IDENTITY, keep=1)
    assert list(tmp_path.iterdir()) == [last]
    assert {path.name: path.read_bytes() for path in last.iterdir()} == before


def test_the_newest_is_the_one_with_most_steps_however_many_digits(tmp_path: Path) -> None:
    for step in (999_999, 1_000_000, 5):
        write_state(tmp_path, fresh(step=step), IDENTITY, keep=9)
    assert newest(tmp_path) == tmp_path / "step-1000000"
    assert newest(tmp_path / "nowhere") is None


def test_a_state_comes_back_as_it_was(tmp_path: Path) -> None:
    written = fresh(step=12)
    written.seconds = 3.5
    checkpoint = write_state(tmp_path, written, IDENTITY, keep=1)
    read = fresh()
    read_state(checkpoint, read)
    assert (read.step, read.seconds) == (12, 3.5)
    for name, tensor in written.network.state_dict().items():
        assert torch.equal(read.network.state_dict()[name], tensor)
        assert torch.equal(read.average.weights[name], written.average.weights[name])
    assert saved_step(checkpoint, IDENTITY) == 12


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    checkpoint = write_state(tmp_path, fresh(step=1), IDENTITY, keep=1)
    with pytest.raises(CheckpointMismatch) as caught:
        read_state(checkpoint, fresh(nn.Linear(3, 2)))
    assert "2 names missing, 9 unused, 0 of another shape (first: weight)" in caught.value.message

    wider = load_file(checkpoint / "network.safetensors")
    wider["outer.bias"] = torch.zeros(2)
    save_file(wider, checkpoint / "network.safetensors")
    with pytest.raises(CheckpointMismatch, match=r"1 of another shape \(first: outer.bias\)"):
        read_state(checkpoint, fresh())


def test_a_checkpoint_of_another_format_is_refused(tmp_path: Path) -> None:
    checkpoint = write_state(tmp_path, fresh(step=1), IDENTITY, keep=1)
    record = json.loads((checkpoint / "state.json").read_text())
    (checkpoint / "state.json").write_text(json.dumps(record | {"format": "animatex-training/9"}))
    with pytest.raises(CheckpointMismatch, match=r"has format animatex-training/9; this version reads"):
        saved_step(checkpoint, IDENTITY)


def test_settings_that_came_or_went_are_named() -> None:
    before = {"data": {"seed": 1, "old": True}, "widths": [8, 16]}
    now = {"data": {"seed": 2, "new": None}, "widths": [8, 16]}
    assert differences(before, now) == [
        "data.seed was 1, is 2",
        "data.old was true, is absent",
        "data.new was absent, is null",
    ]


settings = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.dictionaries(st.text("abc", min_size=1, max_size=2), inner, max_size=3),
)


@given(settings)
def test_nothing_differs_from_itself(value: object) -> None:
    assert differences(value, json.loads(json.dumps(value))) == []


def test_tied_weights_are_saved_once_each(tmp_path: Path) -> None:
    shared = torch.arange(6.0).reshape(2, 3)
    save_file(on_cpu({"a": shared, "b": shared, "c": shared.t()}), tmp_path / "tied.safetensors")
    loaded = load_file(tmp_path / "tied.safetensors")
    assert torch.equal(loaded["a"], loaded["b"])
    assert torch.equal(loaded["c"], shared.t())
