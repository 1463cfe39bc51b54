"""What a file says of itself, and whether that holds."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from animatex.config.document import parse_document
from animatex.errors import ConfigError, InputError, MissingPackage
from animatex.limits import check_file
from animatex.provenance.boxes import is_boxed, media_sha256, read_xmp
from animatex.provenance.credentials import Signature, is_signed, read_signature
from animatex.provenance.marks import Marks, picture_sha256, read_comment, read_packet, source_term
from animatex.record import Record, read_record
from animatex.video import reader
from animatex.video.image import is_image, read_image, read_packet_of

_MADE_BY_MODELS = ("trainedAlgorithmicMedia", "compositeWithTrainedAlgorithmicMedia", "compositeSynthetic")


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found in a file, or in a folder of pictures.

    Attributes:
        path: The file or folder.
        marks: What it says of itself; of a folder, what its pictures say, `content_sha256` left out.
        seed: That of the settings in it, where it has them.
        record: What else these say.
        content: "intact": its pictures are those that the marks were written for; "changed": others;
            "unknown": the marks do not say.
        content_sha256: Hash of the pictures as they are; None where the kind of file is not known.
        signature: Its content credentials; None where it has none.
        problems: What is wrong, a sentence each.
    """

    path: Path
    marks: Marks | None
    seed: int | None
    record: Record | None
    content: Literal["intact", "changed", "unknown"]
    content_sha256: str | None
    signature: Signature | None
    problems: tuple[str, ...]

    @property
    def source_type(self) -> str | None:
        """How it came about: what was signed, where it was, counts for more than what was not."""
        signed = self.signature.source_type if self.signature else None
        return signed or (self.marks.source_type if self.marks else None)

    @property
    def is_generated(self) -> bool | None:
        """Whether a trained model made it, or a part of it; None where it does not say."""
        if self.source_type is None:
            return None
        return source_term(self.source_type) in _MADE_BY_MODELS

    @property
    def holds(self) -> bool:
        """Whether it says something, and nothing speaks against it."""
        return (self.marks is not None or self.signature is not None) and not self.problems


def inspect(path: Path, trust: Path | None = None) -> Findings:
    """Read what a file says of itself and verify it. Uses no network.

    Args:
        path: A picture, a video, or a folder of PNG files, which are taken together.
        trust: PEM file with the certificates of authorities whose signatures are trusted.

    Raises:
        InputError: It is missing or cannot be read.
        MissingPackage: `trust` is given, and c2pa is not installed.
    """
    if not path.is_dir():
        return _inspect_file(path, trust)
    pictures = reader.list_pictures(path)
    if not pictures:
        raise InputError(f"{path} holds no pictures")
    return _together(path, [_inspect_file(picture, trust) for picture in pictures])


def _inspect_file(path: Path, trust: Path | None) -> Findings:
    check_file(path)
    problems: list[str] = []
    try:
        marks, sha256 = _read(path)
    except InputError as error:
        marks, sha256 = None, None
        problems.append(error.message)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error
    said = marks.content_sha256 if marks else None
    content: Literal["intact", "changed", "unknown"] = "unknown"
    if said is not None and sha256 is not None:
        content = "intact" if said == sha256 else "changed"
    if content == "changed":
        problems.append("its pictures are not those that it was written with")
    signature = _signature(path, trust)
    if signature is not None and signature.state == "invalid":
        problems.extend(f"its content credentials do not hold: {problem}" for problem in signature.problems)
    settings = marks.settings if marks else None
    try:
        seed = None if settings is None else _seed(settings)
    except ConfigError as error:
        seed, settings = None, None
        problems.append(f"its settings cannot be read: {error.message}")
    record = None if settings is None else read_record(settings)
    return Findings(path, marks, seed, record, content, sha256, signature, tuple(problems))


def _read(path: Path) -> tuple[Marks | None, str | None]:
    """Give a file's marks and the hash of its pictures."""
    if is_boxed(path):
        packet = read_xmp(path)
        marks = _of_comment(path) if packet is None else read_packet(packet, str(path))
        return marks, media_sha256(path)
    if is_image(path):
        packet = read_packet_of(path)
        marks = None if packet is None else read_packet(packet, str(path))
        return marks, picture_sha256(read_image(path).rgb)
    return _of_comment(path), None


def _of_comment(path: Path) -> Marks | None:
    """Give the marks that outlive a change of container."""
    try:
        comment = reader.read_comment(path)
    except InputError:
        # Nothing that plays; it may be signed all the same.
        return None
    return None if comment is None else read_comment(comment)


def _signature(path: Path, trust: Path | None) -> Signature | None:
    if not is_signed(path):
        return None
    try:
        return read_signature(path, trust)
    except MissingPackage as error:
        if trust is not None:
            raise
        return Signature("unchecked", None, None, None, (error.message,))


def _seed(settings: str) -> int | None:
    node = parse_document(settings, "settings", Path())
    data = node.data()
    seed = data.get("seed") if isinstance(data, dict) else None
    return seed if isinstance(seed, int) else None


def _together(folder: Path, found: Sequence[Findings]) -> Findings:
    """Make one of what was found in the pictures of a folder."""
    first = found[0]
    spoken = [each.marks and replace(each.marks, content_sha256=None) for each in found]
    problems = [f"{each.path.name}: {problem}" for each in found for problem in each.problems]
    other = next((each for each, marks in zip(found, spoken, strict=True) if marks != spoken[0]), None)
    if other is not None:
        problems.append(f"{other.path.name} says something else than {first.path.name}")
    states = {each.content for each in found}
    hashes = "".join(f"{each.content_sha256}\n" for each in found)
    worst = next((e.signature for e in found if e.signature and e.signature.state == "invalid"), None)
    return replace(
        first,
        path=folder,
        marks=spoken[0],
        content=first.content if len(states) == 1 else "changed" if "changed" in states else "unknown",
        content_sha256=hashlib.sha256(hashes.encode()).hexdigest(),
        signature=worst or (first.signature if all(each.signature for each in found) else None),
        problems=tuple(problems),
    )
