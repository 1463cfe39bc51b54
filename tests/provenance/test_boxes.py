from __future__ import annotations

import hashlib
import struct
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from animatex.errors import InputError
from animatex.provenance.boxes import append_xmp, is_boxed, media_sha256, read_xmp


def box(kind: bytes, content: bytes = b"") -> bytes:
    return struct.pack(">I4s", 8 + len(content), kind) + content


def large_box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I4sQ", 1, kind, 16 + len(content)) + content


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.mp4"


def test_a_packet_is_appended_and_found(path: Path) -> None:
    file = box(b"ftyp", b"isom") + box(b"mdat", b"pictures")
    path.write_bytes(file)
    assert is_boxed(path) and read_xmp(path) is None
    append_xmp(path, b"<packet/>")
    assert read_xmp(path) == b"<packet/>"
    assert path.read_bytes().startswith(file)


def test_the_packet_of_a_quicktime_file_is_found(path: Path) -> None:
    user_data = box(b"udta", box(b"name", b"x") + box(b"XMP_", b"<packet/>") + bytes(4))
    path.write_bytes(box(b"ftyp", b"qt  ") + box(b"moov", box(b"mvhd") + user_data))
    assert read_xmp(path) == b"<packet/>"


def test_other_boxes_of_users_are_no_packet(path: Path) -> None:
    path.write_bytes(box(b"ftyp") + box(b"uuid", bytes(16) + b"other") + box(b"uuid", b"short"))
    assert read_xmp(path) is None


def test_pictures_are_hashed_without_what_surrounds_them(path: Path) -> None:
    digest = hashlib.sha256(b"onetwothree").hexdigest()
    last = struct.pack(">I4s", 0, b"mdat") + b"three"
    path.write_bytes(box(b"mdat", b"one") + box(b"free", b"x" * 9) + large_box(b"mdat", b"two") + last)
    assert media_sha256(path) == digest


def test_a_file_that_was_cut_off_is_refused(path: Path) -> None:
    path.write_bytes(box(b"ftyp", b"isom") + box(b"mdat", b"pictures")[:-1])
    with pytest.raises(InputError, match=r"a\.mp4 is damaged: a box of 16 bytes at byte 12 of 27"):
        read_xmp(path)


def test_a_packet_without_end_is_not_read(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(16 << 20)
    append_xmp(path, b"")
    with path.open("r+b") as file:
        file.write(struct.pack(">I4s", 16 << 20, b"uuid") + bytes.fromhex("be7acfcb97a942e89c71999491e3afac"))
    with pytest.raises(InputError, match="a.mp4 has 16777192 bytes of XMP; at most 1048576 are read"):
        read_xmp(path)


@given(st.binary(max_size=100))
@example(struct.pack(">I4sQ", 1, b"mdat", 2**64 - 1))
@example(struct.pack(">I4s", 1, b"mdat"))
def test_bytes_that_are_no_boxes_are_refused_in_words(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    path = tmp_path_factory.mktemp("boxes") / "a.mp4"
    path.write_bytes(data)
    for read in (read_xmp, media_sha256):
        try:
            read(path)
        except InputError as error:
            assert "is damaged: a box of " in error.message


def test_a_file_of_nothing_but_small_boxes_is_not_read_to_its_end(path: Path) -> None:
    path.write_bytes(box(b"free") * 100_001)
    with pytest.raises(InputError, match="is damaged: it has more than 100000 boxes"):
        read_xmp(path)
