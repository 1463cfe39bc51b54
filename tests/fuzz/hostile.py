"""Files that somebody made to do harm, and what each gets; `python -m tests.fuzz.hostile` writes the table.

The same table stands in docs/security.md.
"""

from __future__ import annotations

import io
import json
import os
import pickle
import re
import sqlite3
import struct
import tempfile
import textwrap
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from animatex.errors import AnimateXError
from animatex_cli.console import visible
from tests.fuzz.seeds import targets, write_small_video


@dataclass(frozen=True)
class Hostile:
    """One input.

    Attributes:
        what: What it is, for people.
        path: Where it lies.
        read: What is asked to read it.
    """

    what: str
    path: Path
    read: Callable[[Path], object]


@dataclass(frozen=True)
class Verdict:
    """What became of one input: a line, and the variable that would allow it, if there is one."""

    what: str
    message: str
    limit: str


class Runs:
    """Leaves a file where it is unpickled."""

    def __init__(self, trace: Path) -> None:
        self._trace = trace

    def __reduce__(self) -> tuple[object, ...]:
        return os.mknod, (str(self._trace),)


def verdicts(folder: Path) -> Iterator[Verdict]:
    """Show every input to its reader."""
    for number, make in enumerate((_pictures, _videos, _poses, _texts, _jobs, _weights, _others)):
        place = folder / str(number)
        place.mkdir()
        for each in make(place):
            yield _shown(each, place)
    if (folder / "trace").exists():
        raise AssertionError("something in a file was run")


def _shown(hostile: Hostile, place: Path) -> Verdict:
    try:
        hostile.read(hostile.path)
    except AnimateXError as error:
        message = visible(error.message.replace(f"{place}{os.sep}", ""))
        limit = re.search(r"ANIMATEX_MAX_\w+", error.hint or "")
        return Verdict(hostile.what, message, limit[0] if limit else "")
    raise AssertionError(f"{hostile.what} was read")


def table(folder: Path) -> str:
    """Write the verdicts as Markdown."""
    rows = [("input", "what it gets", "allowed by")]
    rows += [("---",) * 3]
    rows += [
        (
            verdict.what,
            f"`{textwrap.shorten(verdict.message, 140, placeholder=' …')}`",
            f"`{verdict.limit}`" if verdict.limit else "",
        )
        for verdict in verdicts(folder)
    ]
    return "".join(f"| {' | '.join(cell.replace('|', '&#124;') for cell in row)} |\n" for row in rows)


def _write(path: Path, content: bytes | str) -> Path:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def _pipe(path: Path) -> Path:
    os.mkfifo(path)
    return path


def _sparse(path: Path, start: bytes, size: int) -> Path:
    _write(path, start)
    os.truncate(path, size)
    return path


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, rows: bytes = b"", extra: bytes = b"") -> bytes:
    """Write a PNG file that claims any size."""
    header = _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    body = extra + _chunk(b"IDAT", zlib.compress(rows)) + _chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + header + body


def _pictures(folder: Path) -> Iterator[Hostile]:
    read = targets()["hero.png"].read
    yield Hostile(
        "a PNG of 100 bytes that claims 60000x60000 pixels",
        _write(folder / "bomb.png", png(60000, 60000)),
        read,
    )
    long = _write(folder / "long.png", png(100_000, 1, bytes(300_001)))
    yield Hostile("a picture of 100000x1 pixels", long, read)
    large = b"GIF89a" + struct.pack("<HHBBB", 8, 8, 0x80, 0, 0) + bytes(6) + b"!\xf9\4\x08" + bytes(4)
    large += b"," + struct.pack("<HHHHB", 0, 0, 60000, 60000, 0) + b"\2\2L\1\0;"
    yield Hostile(
        "a GIF of 60 bytes whose frame is larger than it", _write(folder / "frame.gif", large), read
    )
    text = _chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(8_000_000)))
    yield Hostile(
        "a PNG with a comment that unpacks to 8 MB",
        _write(folder / "text.png", png(4, 4, bytes(52), text)),
        read,
    )
    huge = _sparse(folder / "huge.webp", targets()["hero.webp"].content[:12], 2 * 2**30)
    yield Hostile("a WebP of 2 GiB, of which nearly all is a hole", huge, read)
    yield Hostile("an empty file", _write(folder / "empty.png", b""), read)
    (folder / "folder.png").mkdir()
    yield Hostile("a folder named like a picture", folder / "folder.png", read)
    yield Hostile("a pipe that nobody writes to", _pipe(folder / "pipe.png"), read)
    yield Hostile("a device that never ends", Path("/dev/zero"), read)
    yield Hostile("a name with a NUL in it", folder / "a\0b.png", read)


def _videos(folder: Path) -> Iterator[Hostile]:
    read = targets()["dance.mp4"].read
    good = targets()["dance.mp4"].content

    def patched(name: str, box: bytes, offset: int, value: int) -> Path:
        at = good.index(box) + 4 + offset
        return _write(folder / name, good[:at] + struct.pack(">I", value) + good[at + 4 :])

    yield Hostile(
        "an MP4 whose header claims 1000000000 frames", patched("many.mp4", b"stts", 8, 10**9), read
    )
    yield Hostile(
        "an MP4 that claims 10240 frames a second", patched("fast.mp4", b"stts", 12, 2**32 - 1), read
    )
    yield Hostile("an MP4 with a time scale of 0", patched("never.mp4", b"mdhd", 12, 0), read)
    write_small_video(folder / "raw.avi", "rawvideo")
    large = (folder / "raw.avi").read_bytes()
    at = large.index(b"strf") + 12
    large = large[:at] + struct.pack("<II", 12000, 12000) + large[at + 8 :]
    yield Hostile(
        "an AVI that claims frames of 12000x12000 pixels", _write(folder / "large.avi", large), read
    )
    for name, size in (("a.ts", (64, 48)), ("b.ts", (320, 240))):
        write_small_video(folder / name, "mpeg2video", size)
    joined = (folder / "a.ts").read_bytes() + (folder / "b.ts").read_bytes()
    yield Hostile("a stream whose frames change their size", _write(folder / "joined.ts", joined), read)
    playlist = f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{folder / 'a.ts'}\n#EXT-X-ENDLIST\n"
    yield Hostile("a playlist that names other files", _write(folder / "list.m3u8", playlist), read)
    yield Hostile("half of an MP4", _write(folder / "half.mp4", good[: len(good) // 2]), read)
    yield Hostile("a device as a video", Path("/dev/zero"), read)
    yield Hostile("a pipe as a video", _pipe(folder / "pipe.mp4"), read)


def _poses(folder: Path) -> Iterator[Hostile]:
    read = targets()["poses.npz"].read
    code = pickle.dumps({"bodies": Runs(folder.parent / "trace")})
    yield Hostile("a pickle that calls a function", _write(folder / "code.pkl", code), read)
    nested = b"(K\x01t" + b"".join(b"q%c0h%ch%c\x86" % (i, i, i) for i in range(60))
    year = b"\x80\x02}" + nested + b"K\x00s."
    yield Hostile("a pickle whose key takes a year to hash", _write(folder / "year.pkl", year), read)
    yield Hostile(
        "a pickle of a million empty lists", _write(folder / "lists.pkl", b"]" * 10**6 + b"."), read
    )
    yield Hostile("poses with Python objects in them", _archive(folder / "objects.npz", objects=True), read)
    yield Hostile("poses that unpack to 1 GiB", _archive(folder / "bomb.npz", unpacked=2**30), read)
    yield Hostile(
        "poses whose header claims 10^15 frames", _archive(folder / "shape.npz", frames=10**15), read
    )
    frame = '{"format": "animatex-poses", "version": 1, "frames": 1, "fps": 24, "height": %s, "width": 8}\n'
    points = json.dumps({"frame": 0, "keypoints": [1.0] * 402}) + "\n"
    yield Hostile(
        "poses for pictures 900000000 pixels high",
        _write(folder / "high.jsonl", frame % "900000000" + points),
        read,
    )
    yield Hostile(
        "a number of 10000 digits", _write(folder / "digits.jsonl", frame % ("9" * 10_000) + points), read
    )
    nan = points.replace("1.0", "NaN", 1)
    yield Hostile("NaN among the key points", _write(folder / "nan.jsonl", frame % "8" + nan), read)
    yield Hostile("JSON of 100000 brackets", _write(folder / "deep.json", "[" * 100_000), read)
    empty = "[" + ", ".join(['{"people": []}'] * 200_000) + "]"
    yield Hostile(
        "OpenPose's JSON of 200000 frames without people", _write(folder / "empty.json", empty), read
    )
    flat = "[" + "[], " * 4_000_000 + "1]"
    yield Hostile("OpenPose's JSON of 4000000 empty lists", _write(folder / "lists.json", flat), read)
    yield Hostile("OpenPose's JSON of 300 MB", _sparse(folder / "long.json", b"[", 300 * 10**6), read)


def _archive(path: Path, *, objects: bool = False, unpacked: int = 0, frames: int = 2) -> Path:
    """Write a pose file that lies about its key points."""
    with zipfile.ZipFile(io.BytesIO(targets()["poses.npz"].content)) as good:
        parts = {name: good.read(name) for name in good.namelist()}
    keypoints = parts["keypoints.npy"]
    if frames != 2:
        parts["keypoints.npy"] = keypoints.replace(b"(2, 134, 2), }" + b" " * 15, b"(%d, 134, 2), }" % frames)
    if objects:
        stream = io.BytesIO()
        np.save(stream, np.array([Runs(path.parent.parent / "trace")], object), allow_pickle=True)
        parts["keypoints.npy"] = stream.getvalue()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    if unpacked:
        # Where the table of contents says how large the first array is: nobody needs to pack it.
        content = path.read_bytes()
        at = content.index(b"PK\x01\x02", 0) + 24
        path.write_bytes(content[:at] + struct.pack("<I", unpacked) + content[at + 4 :])
    return path


def _texts(folder: Path) -> Iterator[Hostile]:
    read = targets()["preset.yaml"].read
    laughs = "a: &a [ha, ha]\n" + "".join(
        f"{new}: &{new} [*{old}, *{old}, *{old}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
    )
    yield Hostile("a preset with anchors that explode", _write(folder / "laughs.yaml", laughs), read)
    yield Hostile("a preset of 5000 brackets", _write(folder / "deep.yaml", "a: " + "[" * 5000), read)
    call = "a: !!python/object/apply:os.mknod [trace]\n"
    flat = _write(folder / "flat.yaml", "a: [" + "1, " * 250_000 + "1]")
    yield Hostile("a preset of 250000 numbers", flat, read)
    yield Hostile("a preset that names a Python function", _write(folder / "call.yaml", call), read)
    yield Hostile("a preset of 2 MB", _write(folder / "long.yaml", "#" * 2_000_000), read)
    yield Hostile("a preset of bytes that are no text", _write(folder / "bytes.yaml", b"seed: \xff\n"), read)
    yield Hostile("a device as a preset", Path("/dev/zero"), read)
    read = targets()["scores.json"].read
    yield Hostile("scores of 100000 brackets", _write(folder / "deep.json", "[" * 100_000), read)
    yield Hostile("a pipe as scores", _pipe(folder / "pipe.json"), read)


def _jobs(folder: Path) -> Iterator[Hostile]:
    read = targets()["jobs.jsonl"].read
    (folder / "out").mkdir()
    (folder / "out" / "link").symlink_to(folder)
    for what, name in (
        ("a job that writes above the output folder", "../x.mp4"),
        ("a job that writes to an absolute path", "/elsewhere/x.mp4"),
        ("a job that leaves the output folder by a link", "link/x.mp4"),
        ("a job whose result has a line break in its name", "a\nb.mp4"),
        ("a job whose result looks like an option", "-rf.mp4"),
        ("a job whose result has a NUL in its name", "a\0b.mp4"),
    ):
        line = json.dumps({"reference": "a.png", "driving": "b.mp4", "out": name})
        yield Hostile(what, _write(folder / "jobs.jsonl", line), read)
    line = '{"reference": "a.png", "driving": "b.mp4"}\n'
    yield Hostile("a manifest of 10001 jobs", _write(folder / "jobs.jsonl", line * 10_001), read)
    brief = _write(folder / "brief.jsonl", "1\n" * 4_000_000)
    yield Hostile("a manifest of 4000000 jobs of one digit", brief, read)
    yield Hostile("a manifest of 9 MB", _sparse(folder / "long.jsonl", b"{", 9 * 10**6), read)
    yield Hostile("a device as a manifest", Path("/dev/zero"), read)


def _weights(folder: Path) -> Iterator[Hostile]:
    read = targets()["w.safetensors"].read
    good = targets()["w.safetensors"].content
    (length,) = struct.unpack("<Q", good[:8])
    header = json.loads(good[8 : 8 + length])

    def lying(name: str, **first: object) -> Path:
        changed = json.dumps({**header, "a.weight": {**header["a.weight"], **first}}).encode()
        return _write(folder / name, struct.pack("<Q", len(changed)) + changed + good[8 + length :])

    beyond = _write(folder / "beyond.safetensors", struct.pack("<Q", 10**12) + good[8:])
    yield Hostile("safetensors whose header is longer than the file", beyond, read)
    listed = _sparse(folder / "listed.safetensors", struct.pack("<Q", 10**8) + b"{", 2 * 10**8)
    yield Hostile("safetensors with a header of 100 MB", listed, read)
    yield Hostile("safetensors with a huge shape", lying("shape.safetensors", shape=[10**9, 10**9]), read)
    yield Hostile(
        "safetensors whose tensors overlap", lying("overlap.safetensors", data_offsets=[0, 28]), read
    )
    yield Hostile("safetensors without places", lying("places.safetensors", data_offsets=None), read)
    code = pickle.dumps({"a": Runs(folder.parent / "trace")}, protocol=2)
    yield Hostile("a .ckpt that calls a function", _write(folder / "code.ckpt", code), read)
    with zipfile.ZipFile(folder / "code.pth", "w") as archive:
        archive.writestr("archive/data.pkl", code)
        archive.writestr("archive/version", "3\n")
    yield Hostile("a .pth that calls a function", folder / "code.pth", read)
    with zipfile.ZipFile(folder / "bomb.bin", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", bytes(2**20))
    yield Hostile("a .bin that is compressed", folder / "bomb.bin", read)
    yield Hostile("a web page saved as weights", _write(folder / "page.pth", "<html>"), read)
    yield Hostile("a device as weights", Path("/dev/zero"), read)


def _others(folder: Path) -> Iterator[Hostile]:
    read = targets()["batch.ledger"].read
    ledger = _write(folder / "batch.ledger", targets()["batch.ledger"].content)
    base = sqlite3.connect(ledger)
    base.execute("CREATE TRIGGER t AFTER UPDATE ON job BEGIN DELETE FROM job; END")
    base.commit()
    base.close()
    yield Hostile("a ledger with a trigger in it", ledger, read)
    yield Hostile("text as a ledger", _write(folder / "text.ledger", "x" * 200), read)
    yield Hostile("a device as a ledger", Path("/dev/zero"), read)
    yield Hostile("text as a network", _write(folder / "n.onnx", "x" * 200), targets()["n.onnx"].read)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        print(table(Path(name)), end="")  # noqa: T201
