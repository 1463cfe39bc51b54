"""Changed files that ended in a traceback once, one test for each."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from animatex.errors import AnimateXError
from animatex.pose.io import read_poses
from tests.fuzz.seeds import targets


def refused(path: Path, content: bytes, read: Callable[[Path], object]) -> str:
    path.write_bytes(content)
    with pytest.raises(AnimateXError) as caught:
        read(path)
    assert "\n" not in caught.value.message
    return caught.value.message.replace(f"{path.parent}/", "")


def test_a_video_of_a_codec_that_nobody_knows(tmp_path: Path) -> None:
    avi = targets()["dance.avi"]
    message = refused(tmp_path / "dance.avi", avi.content[:168] + avi.content[169:], avi.read)
    assert message == "dance.avi has a video stream of an unknown kind"


def test_one_array_that_is_called_an_archive(tmp_path: Path) -> None:
    stream = io.BytesIO()
    np.save(stream, np.zeros(3))
    message = refused(tmp_path / "poses.npz", stream.getvalue(), read_poses)
    assert message == "poses.npz cannot be read as .npz: File is not a zip file"


def test_weights_with_settings_that_are_no_section(tmp_path: Path) -> None:
    weights = targets()["w.safetensors"]
    (length,) = struct.unpack("<Q", weights.content[:8])
    header = weights.content[8 : 8 + length]
    start = header.index(b'"config":"') + len(b'"config":"')
    end = header.index(b'}"', start) + 1
    changed = header[:start] + b"[" * (end - start) + header[end:]
    content = weights.content[:8] + changed + weights.content[8 + length :]
    message = refused(tmp_path / "w.safetensors", content, weights.read)
    assert message.startswith("w.safetensors is damaged or cut short: Expecting value")


def test_a_training_state_of_other_fields(tmp_path: Path) -> None:
    state = targets()["state.json"]
    message = refused(tmp_path / "state.json", state.content.replace(b"settings", b"setting5"), state.read)
    assert message == "state.json: settings is None"
    assert "has format None" in refused(tmp_path / "state.json", b"[]", state.read)
    assert "is not JSON" in refused(tmp_path / "state.json", b"{", state.read)


def test_a_noted_hash_that_is_none(tmp_path: Path) -> None:
    note = targets()["w.safetensors.sha256"]
    for content in (b"", b" \n", b"\xff\xfe"):
        assert refused(tmp_path / note.file, content, note.read) == f"{note.file} holds no hash"


@pytest.mark.parametrize(
    ("name", "good", "bad"), [("jobs.csv", b"b.mp4", b"b\0.mp4"), ("jobs.jsonl", b"a.png", b"a\\u0000.png")]
)
def test_a_job_whose_input_has_a_nul_in_its_name(tmp_path: Path, name: str, good: bytes, bad: bytes) -> None:
    jobs = targets()[name]
    message = refused(tmp_path / name, jobs.content.replace(good, bad), jobs.read)
    assert "no file's name has a NUL in it" in message


def test_a_ledger_whose_table_is_no_text(tmp_path: Path) -> None:
    ledger = targets()["batch.ledger"]
    content = ledger.content.replace(b"preset TEXT NOT NULL", b"preset T\xffXT NOT NULL")
    assert content != ledger.content
    message = refused(tmp_path / "batch.ledger", content, ledger.read)
    assert message.startswith("the ledger batch.ledger cannot be used: ")


def test_a_network_of_operators_that_are_no_text(tmp_path: Path) -> None:
    network = targets()["n.onnx"]
    message = refused(tmp_path / "n.onnx", network.content.replace(b"Identity", b"Ident\xffty"), network.read)
    assert message.startswith("n.onnx is not a network that ONNX Runtime ")
