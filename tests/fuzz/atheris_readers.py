"""Readers under atheris, which looks for inputs that reach new code; run by hand, for as long as one likes.

    pip install atheris
    python -m tests.fuzz.atheris_readers poses.npz -max_total_time=300

The first argument is one of the files of `tests.fuzz.seeds`; the others are libFuzzer's. What it finds is
left as `crash-...` in the current folder: make a case of it in `tests/fuzz/test_found.py`.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["animatex"]):
    from animatex.errors import AnimateXError
    from tests.fuzz.seeds import targets


def main() -> None:
    name, *options = sys.argv[1:]
    target = targets()[name]
    with tempfile.TemporaryDirectory(prefix="animatex-fuzz-") as place:
        corpus = Path(place, "corpus")
        corpus.mkdir()
        (corpus / "good").write_bytes(target.content)
        path = Path(place, target.file)

        def read(content: bytes) -> None:
            path.write_bytes(content)
            try:
                target.read(path)
            except AnimateXError:
                pass

        limits = ["-timeout=60", "-rss_limit_mb=6000", "-max_len=65536"]
        atheris.Setup([sys.argv[0], str(corpus), *limits, *options], read)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
