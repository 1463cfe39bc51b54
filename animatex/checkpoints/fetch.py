"""Fetching weights files: whole and with the right hash under their own name, or not at all.

The one place of the package that uses the network, and only when `weights pull` asks for it. What an
interruption leaves is a hidden `.part` file beside the place, named after the hash of the whole; the next
call goes on there.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import BinaryIO

from animatex.checkpoints.catalogue import HandSource, HubSource, KnownFile, WebSource, show_size
from animatex.checkpoints.hashes import (
    Megabytes,
    digest_like,
    digest_of,
    note_digest,
    noted_digest,
)
from animatex.errors import InputError, InUse, require
from animatex.files import locked, replacing
from animatex.progress import Progress, silent

TIMEOUT = 30.0
"""Seconds of silence after which a server counts as gone."""

PARTIAL, NOTHING_LEFT = 206, 416
"""What a server answers that goes on where it was told to, and one that has nothing there."""

AS_IT_IS = {"Accept-Encoding": "identity"}
"""Asks a server not to compress, so that sizes and places in the file are its own."""

_AGAIN = "the same command goes on where it stopped."


@dataclass(frozen=True, slots=True)
class Remote:
    """A file as its server describes it.

    Attributes:
        url: Where it lies.
        size: Bytes; None if the server does not say.
        digest: Hash of the whole, as in the catalogue.
        on_hub: Whether it is the hub's, where the user's access token may be shown.
    """

    url: str
    size: int | None
    digest: str
    on_hub: bool


@dataclass(frozen=True, slots=True)
class PullPlan:
    """What a pull will do.

    Attributes:
        folder: Where files go; it exists and can be written.
        present: Good files that are there already.
        damaged: Files that are there, but are others than they should be; they are replaced.
        taken: Files that the user has elsewhere, with their places.
        fetched: Files to be fetched, with their servers' descriptions.
        by_hand: Files that nobody serves reliably.
    """

    folder: Path
    present: tuple[KnownFile, ...]
    damaged: tuple[KnownFile, ...]
    taken: tuple[tuple[KnownFile, Path], ...]
    fetched: tuple[tuple[KnownFile, Remote], ...]
    by_hand: tuple[KnownFile, ...]

    @property
    def bytes_to_fetch(self) -> int:
        """Bytes that will come over the network; what an interrupted call left counts as there."""
        return sum(_missing_bytes(file, remote, self.folder) for file, remote in self.fetched)

    @property
    def bytes_to_write(self) -> int:
        """Bytes of disk that are needed; files on the folder's own disk are linked, not copied."""
        copied = (path for _, path in self.taken if not _same_disk(path, self.folder))
        return self.bytes_to_fetch + sum(path.stat().st_size for path in copied)


def plan_pull(
    files: Sequence[KnownFile], folder: Path, given: Path | None = None, progress: Progress = silent
) -> PullPlan:
    """Find out what is there, what the user has, and what the servers say of the rest.

    Args:
        files: What is wanted; files of the package are passed over.
        folder: Where it goes; made if it does not exist.
        given: Folder with files that the user has already.
        progress: Is told of every file whose hash is computed.

    Raises:
        InputError: The folder cannot be written, a given file is another one, a server cannot be reached or
            has another file, or the disk is too full.
        MissingPackage: huggingface_hub is not installed.
    """
    _require_writable(folder)
    if given is not None and not given.is_dir():
        raise InputError(f"{given} is not a folder", hint="--from DIR names the folder with your files.")
    present, damaged, taken, fetched, by_hand = [], [], [], [], []
    for file in files:
        if file.is_embedded:
            continue
        if (folder / file.name).is_file():
            if _is_good(file, folder / file.name, progress):
                present.append(file)
                continue
            damaged.append(file)
        path = _given(file, given, progress)
        if path is not None:
            taken.append((file, path))
        elif isinstance(file.source, HandSource):
            by_hand.append(file)
        else:
            fetched.append((file, look_up(file)))
    plan = PullPlan(folder, tuple(present), tuple(damaged), tuple(taken), tuple(fetched), tuple(by_hand))
    _require_space(plan)
    return plan


def pull(plan: PullPlan, progress: Progress = silent) -> list[Path]:
    """Do what was planned, file by file.

    Returns:
        The files that were taken or fetched.

    Raises:
        InputError: The connection or the disk failed, or a file came that is another one.
        InUse: Another call is fetching the same file.
    """
    paths = [_take(file, source, plan.folder) for file, source in plan.taken]
    return paths + [_fetch(file, remote, plan.folder, progress) for file, remote in plan.fetched]


def look_up(file: KnownFile) -> Remote:
    """Ask a file's server for its size and hash.

    Args:
        file: One with an address.

    Raises:
        InputError: The server cannot be reached, does not have the file, or has another one.
    """
    if isinstance(file.source, WebSource):
        assert file.digest is not None
        with _explained(file, file.source.url):
            response = (
                _hub()
                .get_session()
                .head(file.source.url, headers=AS_IT_IS, follow_redirects=True, timeout=TIMEOUT)
            )
            response.raise_for_status()
        length = response.headers.get("Content-Length")
        size = file.size if length is None else int(length)
        return Remote(file.source.url, size, file.digest, on_hub=False)
    assert isinstance(file.source, HubSource)
    hub = _hub()
    url = hub.hf_hub_url(file.source.repo, file.name, revision=file.source.revision)
    with _explained(file, url):
        described = hub.get_hf_file_metadata(url, timeout=TIMEOUT)
    said = described.etag if len(described.etag or "") in (40, 64) else None
    digest = file.digest or said
    if digest is None:
        raise InputError(f"{url} says nothing of the file's hash", hint="without HF_ENDPOINT it will.")
    if said is not None and len(said) == len(digest) and said != digest:
        raise InputError(
            f"{url} is another file than the published {file.name}: {_hashes(said, digest)}",
            hint="look at its page; a mirror named by HF_ENDPOINT may be at fault.",
        )
    return Remote(url, described.size, digest, on_hub=True)


def _hub() -> ModuleType:
    return require("huggingface_hub", for_="fetching weights")


def _is_good(file: KnownFile, path: Path, progress: Progress) -> bool:
    expected = file.digest or noted_digest(path)
    return expected is None or digest_like(path, expected, progress) == expected


def _given(file: KnownFile, given: Path | None, progress: Progress) -> Path | None:
    """Find a file in the user's folder and make sure that it is the published one."""
    if given is None:
        return None
    path = next((given / name for name in (file.name, *file.aliases) if (given / name).is_file()), None)
    if path is not None and file.digest is not None:
        found = digest_like(path, file.digest, progress)
        if found != file.digest:
            raise InputError(
                f"{path} is another file than the published {file.name}: {_hashes(found, file.digest)}",
                hint="it may be cut short; without it in that folder it is fetched.",
            )
    return path


def _require_writable(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"the weights folder {folder} cannot be made: {error.strerror}", hint="--weights DIR for another."
        ) from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise InputError(f"the weights folder {folder} cannot be written", hint="--weights DIR for another.")


def _require_space(plan: PullPlan) -> None:
    free = shutil.disk_usage(plan.folder).free
    if plan.bytes_to_write > free:
        raise InputError(
            f"{plan.folder} has {show_size(free)} free; {show_size(plan.bytes_to_write)} are needed",
            hint="make room, or --weights DIR for a folder on another disk.",
        )


def _missing_bytes(file: KnownFile, remote: Remote, folder: Path) -> int:
    part = _part(file, remote, folder)
    have = part.stat().st_size if part.is_file() else 0
    return max((remote.size or 0) - have, 0)


def _part(file: KnownFile, remote: Remote, folder: Path) -> Path:
    return folder / f".{file.name}.{remote.digest[:12]}.part"


def _same_disk(path: Path, folder: Path) -> bool:
    return path.stat().st_dev == folder.stat().st_dev


def _take(file: KnownFile, source: Path, folder: Path) -> Path:
    """Link a file into the folder, or copy it where disks differ."""
    target = folder / file.name
    with replacing(target) as beside:
        try:
            beside.hardlink_to(source.resolve())
        except OSError:
            shutil.copyfile(source, beside)
    if file.digest is None:
        note_digest(target, digest_of(target))
    return target


def _fetch(file: KnownFile, remote: Remote, folder: Path, progress: Progress) -> Path:
    """Fetch one file, from where an earlier call stopped, unless another call has just done so."""
    target = folder / file.name
    with _alone(target):
        if not target.is_file() or digest_like(target, remote.digest, progress) != remote.digest:
            _download(file, remote, folder, progress)
        if file.digest is None:
            note_digest(target, remote.digest)
    return target


@contextmanager
def _alone(target: Path) -> Iterator[None]:
    """Keep other calls from fetching a file at the same time.

    Raises:
        InUse: Another one is at it.
    """
    with ExitStack() as stack:
        try:
            stack.enter_context(locked(target))
        except InUse as error:
            raise InUse(error.message, hint="the same command, when that has ended.") from error
        yield


def _download(file: KnownFile, remote: Remote, folder: Path, progress: Progress) -> None:
    part, target = _part(file, remote, folder), folder / file.name
    with _explained(file, remote.url), _disk_explained(part), part.open("ab") as out:
        _receive(file, remote, out, progress)
    size = part.stat().st_size
    if remote.size is not None and size < remote.size:
        raise InputError(
            f"{file.name} broke off after {size} of {remote.size} bytes: {remote.url} sends no more",
            hint=_AGAIN,
        )
    found = digest_like(part, remote.digest, progress, file.name)
    if found != remote.digest:
        part.unlink()
        raise InputError(
            f"{file.name} came with the wrong content from {remote.url} and was removed: "
            f"{size} bytes, {_hashes(found, remote.digest)}",
            hint="try again; a proxy or a mirror (HF_ENDPOINT) may be at fault.",
        )
    with _disk_explained(part):
        part.replace(target)


def _receive(file: KnownFile, remote: Remote, out: BinaryIO, progress: Progress) -> None:
    """Append what is missing; a connection that is cut is taken up again as long as anything comes."""
    if remote.size is None or out.tell() > remote.size:
        _empty(out)
    shown = Megabytes(progress, f"fetching {file.name}", remote.size, out.tell())
    while remote.size is None or out.tell() < remote.size:
        before = out.tell()
        try:
            _stream(remote, out, shown)
        except _http_error() as error:
            status = _status(error)
            if status == NOTHING_LEFT:
                break
            if status is not None or out.tell() <= before:
                raise
            continue
        if remote.size is None or out.tell() <= before:
            break
    progress.done()


def _stream(remote: Remote, out: BinaryIO, shown: Megabytes) -> None:
    hub = _hub()
    headers = hub.utils.build_hf_headers(token=None if remote.on_hub else False) | AS_IT_IS
    if out.tell():
        headers["Range"] = f"bytes={out.tell()}-"
    session = hub.get_session()
    with session.stream(
        "GET", remote.url, headers=headers, follow_redirects=True, timeout=TIMEOUT
    ) as response:
        response.raise_for_status()
        if response.status_code != PARTIAL and out.tell():
            shown.advance(-out.tell())
            _empty(out)
        # In pieces as they come: what is held back for larger ones would be lost with the connection.
        for part in response.iter_bytes():
            out.write(part)
            shown.advance(len(part))
            if remote.size is not None and out.tell() > remote.size:
                return


def _empty(out: BinaryIO) -> None:
    out.seek(0)
    out.truncate()


@contextmanager
def _explained(file: KnownFile, url: str) -> Iterator[None]:
    """Say in words what a server or the way to it refused."""
    try:
        yield
    except (_http_error(), ConnectionError) as error:
        status = _status(error)
        if status is None:
            raise InputError(
                f"{file.name} cannot be fetched: {url} cannot be reached: {error or type(error).__name__}",
                hint=f"check the connection; {_AGAIN} --from DIR takes files that you have already.",
            ) from error
        page = file.source.page if file.source is not None else url
        raise InputError(
            f"{file.name} cannot be fetched: {url} answers {status}", hint=_remedy(status, page)
        ) from error


def _http_error() -> type[Exception]:
    """Give the class of everything that the hub's library raises about connections and answers."""
    error: type[Exception] = require("huggingface_hub.errors", for_="fetching weights").HTTPError
    return error


def _status(error: Exception) -> int | None:
    """Give the status that a server answered with; None if it did not answer."""
    response = getattr(error, "response", None)
    return None if response is None else int(response.status_code)


def _remedy(status: int, page: str) -> str:
    if status in (401, 403):
        return f"accept the terms on {page}, then log in with: hf auth login"
    if status == 404:
        return f"it may have moved: look at {page}, and give the file with --from DIR."
    return f"the server has a problem; {_AGAIN}"


@contextmanager
def _disk_explained(part: Path) -> Iterator[None]:
    """Say in words what the disk refused; the hub's library's errors are of the same class."""
    try:
        yield
    except OSError as error:
        if isinstance(error, (_http_error(), ConnectionError)):
            raise
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        raise InputError(
            f"{part} cannot be written: {error.strerror}",
            hint=f"make room; {_AGAIN}" if full else "--weights DIR for another folder.",
        ) from error


def _hashes(found: str, expected: str) -> str:
    return f"hash {found[:12]}… instead of {expected[:12]}…"
