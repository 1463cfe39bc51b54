"""What a file says of itself: an XMP packet with the IPTC's digital source type."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.etree import ElementTree  # nosec B405 # document types, which attacks need, are refused
from xml.sax.saxutils import escape  # nosec B406 # writes

from animatex import __version__
from animatex.errors import InputError

if TYPE_CHECKING:
    import numpy as np

MAX_PACKET_BYTES = 1 << 20
"""Longer packets are not read; a run's settings take four kilobytes."""

SOURCE_TYPES = "http://cv.iptc.org/newscodes/digitalsourcetype/"
"""Where the terms of the IPTC's vocabulary are defined."""

PNG_KEYWORD = "XML:com.adobe.xmp"
"""The text chunk of a PNG file that holds the packet (XMP specification, part 3)."""

_TOOL = f"animatex {__version__}"
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_DC = "http://purl.org/dc/elements/1.1/"
_XMP = "http://ns.adobe.com/xap/1.0/"
_IPTC = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
_OURS = "urn:animatex:provenance:1/"

# XML 1.0 has no way of writing these; file names can have them.
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# No packet of XMP has a document type, and entities are how a short text becomes an endless one.
_FORBIDDEN = re.compile(rb"<!\s*(DOCTYPE|ENTITY)", re.IGNORECASE)

_PACKET = """\
<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <rdf:RDF xmlns:rdf="{rdf}">
  <rdf:Description rdf:about=""
    xmlns:dc="{dc}"
    xmlns:xmp="{xmp}"
    xmlns:Iptc4xmpExt="{iptc}"
    xmlns:animatex="{ours}">
{properties}
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="w"?>"""


@dataclass(frozen=True, slots=True)
class Marks:
    """What a file says of itself; None where it is silent.

    Attributes:
        source_type: How it came about: the address of a term of the IPTC's vocabulary.
        tool: What made it, with its version.
        title: Its name.
        settings: The record of the run, a preset with comments.
        content_sha256: Hash of the pictures as they were when this was written, see `picture_sha256` and
            `animatex.provenance.boxes.media_sha256`.
    """

    source_type: str | None
    tool: str | None
    title: str | None = None
    settings: str | None = None
    content_sha256: str | None = None


GENERATED = Marks(f"{SOURCE_TYPES}trainedAlgorithmicMedia", _TOOL)
"""A trained model made it."""

DRAWN = Marks(f"{SOURCE_TYPES}algorithmicMedia", _TOOL)
"""A program drew it: skeletons, the characters of the procedural world."""

DRAWN_OVER = Marks(f"{SOURCE_TYPES}composite", _TOOL)
"""A program drew over somebody's pictures."""

SIDE_BY_SIDE = Marks(f"{SOURCE_TYPES}compositeSynthetic", _TOOL)
"""Some of its parts were made by a trained model."""


def source_term(source_type: str) -> str:
    """Give the term of an address, however it is written: with "https:", bare, with a slash behind."""
    return source_type.strip().rstrip("/").rpartition("/")[2]


def write_packet(marks: Marks) -> bytes:
    """Write marks as an XMP packet; the same marks give the same bytes."""
    system, _, version = (marks.tool or "").rpartition(" ")
    by_model = marks.source_type == GENERATED.source_type
    properties = [
        ("Iptc4xmpExt:DigitalSourceType", marks.source_type),
        ("Iptc4xmpExt:AISystemUsed", system if by_model else None),
        ("Iptc4xmpExt:AISystemVersionUsed", version if by_model else None),
        ("xmp:CreatorTool", marks.tool),
        ("animatex:ContentSHA256", marks.content_sha256),
        ("animatex:Settings", marks.settings),
    ]
    lines = [f"   <{name}>{_escaped(value)}</{name}>" for name, value in properties if value]
    if marks.title:
        title = f'<rdf:Alt><rdf:li xml:lang="x-default">{_escaped(marks.title)}</rdf:li></rdf:Alt>'
        lines.append(f"   <dc:title>{title}</dc:title>")
    return _PACKET.format(
        rdf=_RDF, dc=_DC, xmp=_XMP, iptc=_IPTC, ours=_OURS, properties="\n".join(lines)
    ).encode()


def read_packet(packet: bytes, name: str) -> Marks:
    """Read marks out of anybody's XMP packet; what it does not say is None.

    Args:
        packet: The packet.
        name: What messages call the file.

    Raises:
        InputError: It is damaged or too long.
    """
    if len(packet) > MAX_PACKET_BYTES:
        raise InputError(f"{name} has {len(packet)} bytes of XMP; at most {MAX_PACKET_BYTES} are read")
    # Without NULs, so that UTF-16 hides nothing.
    if _FORBIDDEN.search(packet.replace(b"\0", b"")):
        raise InputError(f"{name} has damaged XMP: it declares a document type, which XMP has not")
    try:
        root = ElementTree.fromstring(packet.strip(b"\0 \t\r\n"))  # nosec B314 # see its import
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise InputError(f"{name} has damaged XMP: {error}") from error
    found = list(root.iter(f"{{{_RDF}}}Description"))

    def said(namespace: str, key: str) -> str | None:
        return next(filter(None, (_value(each, f"{{{namespace}}}{key}") for each in found)), None)

    return Marks(
        source_type=said(_IPTC, "DigitalSourceType"),
        tool=said(_XMP, "CreatorTool"),
        title=said(_DC, "title"),
        settings=said(_OURS, "Settings"),
        content_sha256=said(_OURS, "ContentSHA256"),
    )


def write_comment(marks: Marks) -> str:
    """Write marks as a sentence: players show it, and it outlives a change of container."""
    return f"made with {marks.tool}; digital source type: {marks.source_type}"


def read_comment(comment: str) -> Marks | None:
    """Read what `write_comment` wrote; None if it is something else."""
    found = re.fullmatch(r"made with (.+); digital source type: (\S+)", comment)
    return Marks(source_type=found[2], tool=found[1]) if found else None


def picture_sha256(rgb: np.ndarray) -> str:
    """Hash a picture's pixels; uint8 [H, W, 3]."""
    height, width = rgb.shape[:2]
    return hashlib.sha256(f"{width}x{height} RGB\n".encode() + rgb.tobytes()).hexdigest()


def _escaped(text: str) -> str:
    return escape(_NOT_XML.sub("\ufffd", text), {"\r": "&#13;"})


def _value(description: ElementTree.Element, key: str) -> str | None:
    """Give a property in any of the ways in which XMP may write it."""
    if key in description.attrib:
        return description.attrib[key]
    element = description.find(key)
    if element is None:
        return None
    item = element.find(f".//{{{_RDF}}}li")
    return (element if item is None else item).text or element.get(f"{{{_RDF}}}resource")
