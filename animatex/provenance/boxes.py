"""The boxes of MP4 and MOV files: where XMP lies in them, and what of them are pictures and sound."""

from __future__ import annotations

import hashlib
import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from animatex.errors import InputError
from animatex.provenance.marks import MAX_PACKET_BYTES

# XMP specification, part 3: a top-level box of this type in MP4, an item of the user data in QuickTime files.
_XMP_UUID = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
_XMP_PATH = (b"moov", b"udta", b"XMP_")

_MAX_BOXES = 100_000
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Box:
    """One box of a file.

    Attributes:
        kind: Its four letters.
        start: Where its content begins, in bytes from the beginning of the file.
        end: Where it ends.
    """

    kind: bytes
    start: int
    end: int


def is_boxed(path: Path) -> bool:
    """Tell by its first bytes whether a file is made of boxes."""
    with path.open("rb") as file:
        return file.read(12)[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip")


def append_xmp(path: Path, packet: bytes) -> None:
    """Put a packet behind everything else, where it moves nothing that the file points to."""
    with path.open("ab") as file:
        file.write(struct.pack(">I4s16s", 24 + len(packet), b"uuid", _XMP_UUID) + packet)


def read_xmp(path: Path) -> bytes | None:
    """Give a file's packet; None where it has none.

    Raises:
        InputError: The file is cut off or damaged, or the packet too long.
    """
    with path.open("rb") as file:
        for box in _boxes(path, file, 0, _length(file)):
            if box.kind == b"uuid" and _content(path, file, box, 16) == _XMP_UUID:
                return _content(path, file, Box(box.kind, box.start + 16, box.end))
        box = Box(b"", 0, _length(file))
        for kind in _XMP_PATH:
            inside = (each for each in _boxes(path, file, box.start, box.end) if each.kind == kind)
            found = next(inside, None)
            if found is None:
                return None
            box = found
        return _content(path, file, box)


def media_sha256(path: Path) -> str:
    """Hash the coded pictures and sound of a file, which metadata around them do not change.

    Raises:
        InputError: The file is cut off or damaged.
    """
    digest = hashlib.sha256()
    with path.open("rb") as file:
        for box in _boxes(path, file, 0, _length(file)):
            if box.kind == b"mdat":
                file.seek(box.start)
                left = box.end - box.start
                while left and (chunk := file.read(min(_CHUNK, left))):
                    digest.update(chunk)
                    left -= len(chunk)
    return digest.hexdigest()


def _length(file: BinaryIO) -> int:
    return os.fstat(file.fileno()).st_size


def _boxes(path: Path, file: BinaryIO, start: int, end: int) -> Iterator[Box]:
    """Go over the boxes between two places of a file."""
    for _ in range(_MAX_BOXES):
        # QuickTime ends user data with four zeros.
        if end - start < 8:
            return
        file.seek(start)
        header = file.read(16)
        size, kind = struct.unpack(">I4s", header[:8])
        length = 8
        if size == 1 and len(header) == 16:
            size, length = struct.unpack(">Q", header[8:])[0], 16
        elif size == 0:
            size = end - start
        if size < length or start + size > end:
            raise InputError(f"{path} is damaged: a box of {size} bytes at byte {start} of {end}")
        yield Box(kind, start + length, start + size)
        start += size
    raise InputError(f"{path} is damaged: it has more than {_MAX_BOXES} boxes")


def _content(path: Path, file: BinaryIO, box: Box, first: int | None = None) -> bytes:
    """Read a box, or its first bytes."""
    size = box.end - box.start if first is None else min(first, box.end - box.start)
    if size > MAX_PACKET_BYTES:
        raise InputError(f"{path} has {size} bytes of XMP; at most {MAX_PACKET_BYTES} are read")
    file.seek(box.start)
    return file.read(size)
