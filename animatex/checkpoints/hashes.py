"""What a weights file must be, bit for bit, and whether it is."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from animatex.checkpoints.catalogue import KnownFile
from animatex.errors import InputError
from animatex.files import replacing
from animatex.limits import TEXT_BYTES, read_bytes
from animatex.progress import Progress, silent

CHUNK = 2**20
_DIGEST = re.compile(rb"[0-9a-f]{40,64}\b")


class Megabytes:
    """Reports bytes as whole megabytes.

    Args:
        progress: Who is told.
        stage: What is done, as a user reads it.
        total: All bytes, None where nobody knows.
        done: Bytes that need not be done again.
    """

    def __init__(self, progress: Progress, stage: str, total: int | None, done: int = 0) -> None:
        self._progress = progress
        self._done = 0
        progress.start(f"{stage}, MB", None if total is None else total // CHUNK)
        self.advance(done)

    def advance(self, count: int) -> None:
        """Report that `count` more bytes are done."""
        before, self._done = self._done // CHUNK, self._done + count
        if self._done // CHUNK != before:
            self._progress.advance(self._done // CHUNK - before)


def digest_of(path: Path, *, git: bool = False, progress: Progress = silent, name: str | None = None) -> str:
    """Compute a file's hash.

    Args:
        path: The file.
        git: Git's name of the content, a SHA-1 with the size in front; else SHA-256.
        progress: Is told of every megabyte.
        name: What the file is called before people, if not by its own name.

    Returns:
        Hexadecimal: 40 digits for git, else 64.
    """
    size = path.stat().st_size
    digest = hashlib.sha256()
    if git:
        digest = hashlib.sha1(f"blob {size}\0".encode(), usedforsecurity=False)
    shown = Megabytes(progress, f"checking {name or path.name}", size)
    with path.open("rb") as file:
        while part := file.read(CHUNK):
            digest.update(part)
            shown.advance(len(part))
    progress.done()
    return digest.hexdigest()


def digest_like(path: Path, expected: str, progress: Progress = silent, name: str | None = None) -> str:
    """Compute a file's hash of the kind that `expected` is of, by its length; else as `digest_of`."""
    return digest_of(path, git=len(expected) == 40, progress=progress, name=name)


def noted_digest(path: Path) -> str | None:
    """Read the hash that was noted beside a file, in the form of sha256sum; None without a note."""
    note = _note(path)
    if not note.is_file():
        return None
    found = _DIGEST.match(read_bytes(note, TEXT_BYTES))
    if not found:
        raise InputError(f"{note} holds no hash", hint="remove it, and convert the file again.")
    return found[0].decode()


def note_digest(path: Path, digest: str) -> None:
    """Note a file's hash beside it, for a file whose hash is not in the catalogue."""
    with replacing(_note(path)) as beside:
        beside.write_text(_note_text(path, digest))


@contextmanager
def replacing_with_note(path: Path, progress: Progress = silent) -> Iterator[Path]:
    """As `replacing`, for a weights file that gets its hash noted beside it: there are both, or neither.

    Args:
        path: The file.
        progress: Is told when the hash is computed.

    Raises:
        InputError: One of the two cannot be written there.
    """
    with replacing(_note(path)) as note, replacing(path, within=True) as beside:
        yield beside
        note.write_text(_note_text(path, digest_of(beside, progress=progress, name=path.name)))


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of checking one installed file.

    Attributes:
        name: File name.
        path: Where it lies.
        expected: The hash it should have; None where none is known.
        found: The one it has.
    """

    name: str
    path: Path
    expected: str | None
    found: str

    @property
    def is_wrong(self) -> bool:
        """Whether it is another file than it should be."""
        return self.expected is not None and self.found != self.expected


def verify_folder(folder: Path, files: Sequence[KnownFile], progress: Progress = silent) -> list[Verdict]:
    """Compute the hash of every known file that lies in a weights folder, converted ones included.

    Args:
        folder: The weights folder.
        files: Those to look for.
        progress: Is told of every file.

    Raises:
        InputError: A file cannot be read.
    """
    wanted = [(file.name, file.digest) for file in files]
    wanted += [(file.converted, None) for file in files if file.converted is not None]
    verdicts = []
    for name, digest in wanted:
        path = folder / name
        if not path.is_file():
            continue
        try:
            expected = digest or noted_digest(path)
            found = (
                digest_of(path, progress=progress)
                if expected is None
                else digest_like(path, expected, progress)
            )
        except OSError as error:
            raise InputError(f"{path} cannot be read: {error.strerror or error}") from error
        verdicts.append(Verdict(name, path, expected, found))
    return verdicts


def _note_text(path: Path, digest: str) -> str:
    return f"{digest}  {path.name}\n"


def _note(path: Path) -> Path:
    return path.with_name(f"{path.name}.sha256")
