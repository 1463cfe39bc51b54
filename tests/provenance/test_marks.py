from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from animatex import __version__
from animatex.errors import InputError
from animatex.provenance.marks import (
    DRAWN,
    DRAWN_OVER,
    GENERATED,
    MAX_PACKET_BYTES,
    SIDE_BY_SIDE,
    Marks,
    read_packet,
    write_packet,
)

# What XML can write; the rest is replaced.
TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("\t\n\r"), min_size=1)

FOREIGN = """<?xpacket begin='' id='W5M0MpCehiHzreSzNTczkc9d'?>
<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>
<rdf:Description rdf:about='' xmlns:xmp='http://ns.adobe.com/xap/1.0/' xmp:CreatorTool='Paint 5'/>
<rdf:Description rdf:about='' xmlns:e='http://iptc.org/std/Iptc4xmpExt/2008-02-29/'>
<e:DigitalSourceType rdf:resource='http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture'/>
</rdf:Description></rdf:RDF></x:xmpmeta>
<?xpacket end='w'?>"""


@given(title=st.none() | TEXT, settings=st.none() | TEXT, content=st.none() | TEXT)
def test_what_is_written_is_read(title: str | None, settings: str | None, content: str | None) -> None:
    marks = Marks(GENERATED.source_type, GENERATED.tool, title, settings, content)
    assert read_packet(write_packet(marks), "out.mp4") == marks


@given(st.text())
def test_any_title_gives_a_packet_that_can_be_read(title: str) -> None:
    said = read_packet(write_packet(Marks(None, None, title)), "out.mp4").title
    assert len(said or "") == len(title)


def test_the_packet_is_what_the_iptc_asks_for() -> None:
    packet = write_packet(GENERATED).decode()
    assert packet.startswith("<?xpacket begin=") and packet.endswith("?>")
    assert 'xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"' in packet
    assert re.findall("<Iptc4xmpExt:DigitalSourceType>(.*)</", packet) == [
        "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
    ]
    assert re.findall("<xmp:CreatorTool>(.*)</", packet) == [f"animatex {__version__}"]
    assert re.findall("<Iptc4xmpExt:AISystemUsed>(.*)</", packet) == ["animatex"]


def test_only_what_a_model_made_names_an_ai_system() -> None:
    for marks in (DRAWN, DRAWN_OVER, SIDE_BY_SIDE):
        assert b"AISystem" not in write_packet(marks)


def test_packets_of_others_are_read() -> None:
    said = read_packet(FOREIGN.encode(), "photo.jpg")
    assert said == Marks("http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture", "Paint 5")


@given(st.binary(max_size=200))
def test_bytes_that_are_no_packet_are_refused_in_words(data: bytes) -> None:
    with pytest.raises(InputError, match=r"^a\.png has damaged XMP: "):
        read_packet(data, "a.png")


def test_entities_are_refused_before_they_grow() -> None:
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>' + FOREIGN.encode()
    with pytest.raises(InputError, match="damaged XMP: it declares a document type, which XMP has not"):
        read_packet(bomb, "a.png")


def test_a_packet_without_end_is_not_read() -> None:
    with pytest.raises(
        InputError, match=f"has {MAX_PACKET_BYTES + 1} bytes of XMP; at most {MAX_PACKET_BYTES}"
    ):
        read_packet(b" " * (MAX_PACKET_BYTES + 1), "a.png")
