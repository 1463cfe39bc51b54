from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from animatex.checkpoints.catalogue import HubSource, KnownFile
from animatex.checkpoints.hashes import (
    CHUNK,
    Megabytes,
    digest_like,
    digest_of,
    note_digest,
    noted_digest,
    verify_folder,
)
from animatex.errors import InputError


class Counting:
    """Counts the steps it is told of."""

    def __init__(self) -> None:
        self.steps = 0
        self.started: tuple[str, int | None] | None = None

    def start(self, stage: str, total: int | None = None) -> None:
        self.started = stage, total

    def advance(self, n: int = 1) -> None:
        self.steps += n

    def done(self) -> None:
        pass


def known(name: str, digest: str | None, converted: str | None = None) -> KnownFile:
    return KnownFile(
        name=name, holds="a network", source=HubSource("a/b"), digest=digest, converted=converted
    )


def test_hashes_are_sha256(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"abc")
    expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert digest_of(tmp_path / "x") == digest_like(tmp_path / "x", "0" * 64) == expected


def test_the_other_kind_is_what_git_calls_the_content(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"abc")
    said = subprocess.run(["git", "hash-object", tmp_path / "x"], capture_output=True, text=True, check=True)
    assert digest_like(tmp_path / "x", "0" * 40) == said.stdout.strip()


@given(st.lists(st.integers(0, 3 * CHUNK), max_size=8), st.integers(0, 5 * CHUNK))
def test_megabytes_add_up_however_the_bytes_come(parts: list[int], done: int) -> None:
    progress = Counting()
    shown = Megabytes(progress, "fetching x", 10 * CHUNK, done)
    for part in parts:
        shown.advance(part)
    assert progress.started == ("fetching x, MB", 10)
    assert progress.steps == (done + sum(parts)) // CHUNK


def test_a_note_reads_as_sha256sum_writes_it(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"abc")
    assert noted_digest(tmp_path / "x") is None
    digest = digest_of(tmp_path / "x")
    note_digest(tmp_path / "x", digest)
    assert noted_digest(tmp_path / "x") == digest
    assert (tmp_path / "x.sha256").read_text() == f"{digest}  x\n"


def test_each_installed_file_gets_a_verdict(tmp_path: Path) -> None:
    for name in ("good", "wrong", "noted", "changed", "unknown", "made"):
        (tmp_path / name).write_bytes(name.encode())
    digests = {name: hashlib.sha256(name.encode()).hexdigest() for name in ("good", "noted")}
    note_digest(tmp_path / "noted", digests["noted"])
    note_digest(tmp_path / "changed", "0" * 64)
    note_digest(tmp_path / "made", "0" * 64)
    files = [
        known("good", digests["good"]),
        known("wrong", "0" * 40),
        known("noted", None),
        known("changed", None),
        known("unknown", None),
        known("absent", "0" * 64, converted="made"),
    ]
    verdicts = {verdict.name: verdict for verdict in verify_folder(tmp_path, files)}
    assert [name for name, verdict in verdicts.items() if verdict.is_wrong] == ["wrong", "changed", "made"]
    assert verdicts["unknown"].expected is None
    assert verdicts["good"].found == digests["good"]
    assert "absent" not in verdicts


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(path: Path, **_: object) -> str:
        raise OSError(5, "Input/output error")

    (tmp_path / "x").touch()
    monkeypatch.setattr("animatex.checkpoints.hashes.digest_of", broken)
    with pytest.raises(InputError) as caught:
        verify_folder(tmp_path, [known("x", "0" * 64)])
    assert caught.value.message == f"{tmp_path / 'x'} cannot be read: Input/output error"
