from __future__ import annotations

from pathlib import Path

import pytest

import animatex.pose.backends
import animatex.pose.dwpose
from animatex.errors import BackendError, MissingPackage
from animatex.pose.backends import resolve_estimator
from animatex.pose.mediapipe import MediaPipe
from animatex.runtime import Resolved
from tests.pose.test_extract import config


def install(folder: Path) -> None:
    for name in ("d.onnx", "m.onnx"):
        (folder / name).write_bytes(b"")


def test_without_dwpose_mediapipe_works_offline(tmp_path: Path):
    chosen = resolve_estimator(config(), tmp_path, still=True)
    assert chosen.name == "mediapipe"
    assert isinstance(chosen.value, MediaPipe)
    assert (
        chosen.reason == f"DWPose is not installed: there is no file {tmp_path / 'd.onnx'}; runs on the CPU"
    )


def test_dwpose_is_preferred_where_it_is_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    install(tmp_path)
    loaded = []

    def load(detector: Path, model: Path, device: str) -> Resolved:
        loaded.append((detector.name, model.name, device))
        return Resolved("CPUExecutionProvider", "runs on the CPU", "the estimator")

    monkeypatch.setattr(animatex.pose.dwpose, "load_dwpose", load)
    chosen = resolve_estimator(config(), tmp_path, "cpu")
    assert (chosen.name, chosen.value) == ("dwpose", "the estimator")
    assert chosen.reason == "its two files are installed; runs on the CPU"
    assert loaded == [("d.onnx", "m.onnx", "cpu")]
    assert resolve_estimator(config(estimator="mediapipe"), tmp_path, still=True).name == "mediapipe"


def test_dwpose_by_name_needs_its_files(tmp_path: Path):
    with pytest.raises(BackendError) as error:
        resolve_estimator(config(estimator="dwpose"), tmp_path)
    assert (
        error.value.message
        == f"pose estimator 'dwpose' does not work here: there is no file {tmp_path / 'd.onnx'}"
    )
    assert error.value.hint == "put d.onnx and m.onnx there, or set pose.estimator=mediapipe."


def test_without_any_estimator_the_install_line_is_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(animatex.pose.backends.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingPackage, match="needs the package mediapipe") as error:
        resolve_estimator(config(), tmp_path)
    assert "mediapipe==0.10.14" in error.value.hint


def test_a_mediapipe_without_models_is_refused(monkeypatch: pytest.MonkeyPatch):
    class Newer:
        __version__ = "0.10.35"

    monkeypatch.setattr("animatex.pose.mediapipe.require", lambda package, for_: Newer)
    with pytest.raises(BackendError, match=r"mediapipe 0\.10\.35 comes without models"):
        MediaPipe(still=True)
