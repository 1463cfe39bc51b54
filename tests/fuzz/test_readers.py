from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from animatex.errors import AnimateXError
from tests.fuzz.bounds import bounded
from tests.fuzz.mutations import changed
from tests.fuzz.seeds import targets

NAMES = (
    *("hero.png", "hero.jpeg", "hero.webp", "hero.bmp", "hero.tiff", "hero.gif", "hero.ppm"),
    *("dance.mp4", "dance.mov", "dance.mkv", "dance.webm", "dance.avi", "dance.gif", "dance.ts"),
    *("poses.npz", "poses.jsonl", "poses.json", "poses0.pkl", "poses2.pkl", "poses4.pkl", "poses5.pkl"),
    *("preset.yaml", "jobs.yaml", "jobs.csv", "jobs.jsonl", "suite.yaml", "index.jsonl"),
    *("scores.json", "run.json", "state.json", "w.safetensors.sha256"),
    *("w.safetensors", "new.pth", "old.ckpt"),
    *("marked.png", "marked.mp4", "signed.png", "batch.ledger", "n.onnx"),
)
"""What `targets` gives; written out, so that nothing is made to find out which tests there are."""

ONE_FOLDER = (HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large)


def read_changed(name: str, folder: Path, data: st.DataObject) -> None:
    target = targets()[name]
    path = folder / target.file
    path.write_bytes(data.draw(changed(target.content)))
    with bounded(), contextlib.suppress(AnimateXError):
        target.read(path)


def test_every_reader_has_its_turn() -> None:
    assert tuple(targets()) == NAMES


@pytest.mark.parametrize("name", NAMES)
@given(data=st.data())
@settings(max_examples=40, suppress_health_check=ONE_FOLDER)
def test_a_changed_file_is_read_or_refused_in_words(name: str, tmp_path: Path, data: st.DataObject) -> None:
    read_changed(name, tmp_path, data)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
@given(data=st.data())
@settings(max_examples=2000, derandomize=False, print_blob=True, suppress_health_check=ONE_FOLDER)
def test_thousands_of_changed_files_are_read_or_refused_in_words(
    name: str, tmp_path: Path, data: st.DataObject
) -> None:
    read_changed(name, tmp_path, data)
