"""Changed files that ended in a traceback once, one test for each."""

from __future__ import annotations

import io
import pickle
import re
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from animatex.errors import AnimateXError
from animatex.pose.io import read_poses
from tests.fuzz.bounds import bounded
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


def packed(**changed: bytes) -> bytes:
    """Our pose file with other arrays in it."""
    stream = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(targets()["poses.npz"].content)) as good,
        zipfile.ZipFile(stream, "w") as archive,
    ):
        for name in good.namelist():
            archive.writestr(name, changed.get(name.removesuffix(".npy"), good.read(name)))
    return stream.getvalue()


def written(array: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


NO_TEXT = written(np.array("animatex-poses")).replace(b"a\0\0\0n", b"\xff\xff\xff\xffn")
"""Characters beyond Unicode, which numpy keeps and Python's text cannot have."""


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"format": b"animatex"}, "poses.npz cannot be read as .npz: "),
        ({"fps": written(np.array(24.0)).replace(b"}", b"(")}, "poses.npz cannot be read as .npz: "),
        ({"format": NO_TEXT}, "poses.npz is not one of our pose files: its format is not animatex-poses"),
        ({"version": NO_TEXT}, "poses.npz is a pose file of version None"),
        ({"canvas": NO_TEXT}, "poses.npz: canvas and fps are <U14 [] and float64 []; needs two integers"),
    ],
)
def test_arrays_that_are_something_else(tmp_path: Path, changed: dict[str, bytes], says: str) -> None:
    assert refused(tmp_path / "poses.npz", packed(**changed), read_poses).startswith(says)


def test_the_array_that_was_measured_is_the_one_that_is_read(tmp_path: Path) -> None:
    path = tmp_path / "poses.npz"
    path.write_bytes(packed())
    good = read_poses(path)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("keypoints", written(np.ones((9, 134, 2), np.float32)))
    assert np.array_equal(read_poses(path).keypoints, good.keypoints, equal_nan=True)


CLIP = {"bodies": np.zeros((2, 18, 2)), "body_indices": np.zeros((2, 18)), "faces": np.zeros((2, 68, 2))}
LONG = b"\x8b" + struct.pack("<i", 2_000_000) + b"\x7f" * 2_000_000
"""An integer of five million digits."""


def test_a_clip_of_pictures_of_impossible_size(tmp_path: Path) -> None:
    whole = CLIP | {"hands": np.zeros((2, 2, 21, 2)), "size": (10**400, 10**400, 3), "fps": 24}
    message = refused(tmp_path / "poses.pkl", pickle.dumps(whole), read_poses)
    assert message.startswith("poses.pkl: 'size' is (1000") and len(message) < 300


def test_a_point_that_is_too_far_away_for_pixels(tmp_path: Path) -> None:
    far = CLIP | {"bodies": np.full((2, 18, 2), 1e300), "hands": np.zeros((2, 2, 21, 2))}
    whole = far | {"size": (64, 64, 3), "fps": 24}
    message = refused(tmp_path / "poses.pkl", pickle.dumps(whole), read_poses)
    assert message == "poses.pkl: frame 0, nose is at [inf, inf] with a score above 0."


def test_an_array_whose_size_takes_hours_to_multiply(tmp_path: Path) -> None:
    good = pickle.dumps({"bodies": np.zeros(1, "f4")}, protocol=2)
    shape = good.index(b"(K\x01K\x01\x85") + 3
    content = good[:shape] + b"(" + LONG + b"q\xff" + b"h\xff" * 20 + b"t" + good[shape + 3 :]
    with bounded(seconds=20):
        message = refused(tmp_path / "poses.pkl", content, read_poses)
    assert message == "poses.pkl: 'bodies': an array has the shape tuple"


def test_bytes_that_are_asked_for_ten_thousand_times(tmp_path: Path) -> None:
    text = b"X" + struct.pack("<I", 10**6) + b"a" * 10**6 + b"q\x01"
    calls = b"h\x00h\x01\x85R" * 10_000
    content = b"\x80\x02](c_codecs\nencode\nq\x00" + text + calls + b"e."
    with bounded(gigabytes=2):
        message = refused(tmp_path / "poses.pkl", content, read_poses)
    assert message == "poses.pkl is not a DWPose pickle: it has no 'bodies', only list"


def test_a_function_with_an_endless_name(tmp_path: Path) -> None:
    content = b"c" + b"a" * 10_000 + b"\nb\n."
    assert len(refused(tmp_path / "poses.pkl", content, read_poses)) < 400


@pytest.mark.parametrize("end", [b"1e999", b"NaN", b"9" * 4000])
def test_a_tensor_that_ends_nowhere(tmp_path: Path, end: bytes) -> None:
    weights = targets()["w.safetensors"]
    (length,) = struct.unpack("<Q", weights.content[:8])
    header = re.sub(rb"(offsets\":\[\d+,)\d+", rb"\g<1>" + end, weights.content[8 : 8 + length], count=1)
    content = struct.pack("<Q", len(header)) + header + weights.content[8 + length :]
    message = refused(tmp_path / "w.safetensors", content, weights.read)
    assert message.startswith("w.safetensors is damaged or cut short: ") and len(message) < 300


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


@pytest.mark.parametrize("name", ["jobs.csv", "jobs.jsonl", "jobs.yaml"])
def test_a_manifest_in_which_every_job_is_wrong(tmp_path: Path, name: str) -> None:
    lines = {"jobs.csv": "driving\n", "jobs.jsonl": "", "jobs.yaml": "jobs:\n"}
    line = {"jobs.csv": "b.mp4\n", "jobs.jsonl": "{}\n", "jobs.yaml": "- {}\n"}
    path = tmp_path / name
    path.write_text(lines[name] + line[name] * 500)
    with pytest.raises(AnimateXError) as caught:
        targets()[name].read(path)
    shown = caught.value.message.splitlines()
    assert "problems)" in shown[0] and shown[-1].startswith("  and ") and len(shown) == 52
