"""Readers under atheris, which looks for inputs that reach new code; run by hand, for as long as one likes.

    pip install atheris
    python -m tests.fuzz.atheris_readers poses.npz -max_total_time=300

The first argument is one of the files of `tests.fuzz.seeds`; the others are libFuzzer's. What it finds is
left as `crash-...` in the current folder: make a case of it in `tests/fuzz/test_found.py`.
"""

from __future__ import annotations

import io
import sys
import tempfile
import zipfile
from pathlib import Path

import atheris

_SEEN = ("animatex", "PIL", "yaml")
"""Packages whose branches count as code that is reached; what is written in C is not seen into."""

with atheris.instrument_imports(include=list(_SEEN)):
    from PIL import PngImagePlugin

    from animatex.errors import AnimateXError
    from tests.fuzz.mutations import TELLING
    from tests.fuzz.seeds import targets


def main() -> None:
    name, *options = sys.argv[1:]
    target = targets()[name]
    _believe_checksums()
    with tempfile.TemporaryDirectory(prefix="animatex-fuzz-") as place:
        corpus, words, path = Path(place, "corpus"), Path(place, "words"), Path(place, target.file)
        corpus.mkdir()
        (corpus / "good").write_bytes(_unpacked(target.content))
        words.write_text("".join(f'"{_escaped(word)}"\n' for word in TELLING))

        def read(content: bytes) -> None:
            path.write_bytes(content)
            try:
                target.read(path)
            except AnimateXError as error:
                assert max(map(len, error.message.split("\n"))) < 1000, error.message[:2000]

        limits = ["-timeout=60", "-rss_limit_mb=6000", "-max_len=65536", f"-dict={words}"]
        atheris.Setup([sys.argv[0], str(corpus), *limits, *options], read)
        atheris.Fuzz()


def _believe_checksums() -> None:
    """Let changes through that whoever makes a file would hide by a new checksum."""
    zipfile.ZipExtFile._update_crc = lambda self, content: None  # type: ignore[attr-defined]
    PngImagePlugin.ChunkStream.crc = PngImagePlugin.ChunkStream.crc_skip  # type: ignore[method-assign]


def _escaped(word: bytes) -> str:
    return "".join(f"\\x{byte:02x}" for byte in word)


def _unpacked(content: bytes) -> bytes:
    """Store an archive's files as they are, so that a changed byte is a changed byte of theirs."""
    if not content.startswith(b"PK"):
        return content
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as packed, zipfile.ZipFile(stream, "w") as stored:
        for entry in packed.namelist():
            stored.writestr(entry, packed.read(entry))
    return stream.getvalue()


if __name__ == "__main__":
    main()
