from __future__ import annotations

import io
import socket
import sys
import threading
from dataclasses import replace
from pathlib import Path

import c2pa
import numpy as np
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID
from PIL import Image

from animatex import __version__
from animatex.errors import InputError, MissingPackage
from animatex.provenance.boxes import media_sha256, read_xmp
from animatex.provenance.credentials import Credentials, check_credentials, is_signed, read_signature
from animatex.provenance.marks import DRAWN, GENERATED, read_packet
from animatex.video.frames import FrameSequence
from animatex.video.writer import write_video
from tests.provenance.chain import write_chain

FRAMES = FrameSequence(np.zeros((2, 32, 32, 3), np.uint8), 8.0)


PAINTED = {
    "claim_generator_info": [{"name": "Paint", "version": "5"}],
    "assertions": [
        {
            "label": "c2pa.actions.v2",
            "data": {
                "actions": [{"action": "c2pa.created", "digitalSourceType": "http://example.org/painted"}]
            },
        }
    ],
}
"""What another tool says of its work."""


def signer_of(credentials: Credentials) -> c2pa.Signer:
    """What another tool would sign with."""
    key, chain = credentials.key.read_bytes(), credentials.certificate.read_bytes()
    return c2pa.Signer.from_info(c2pa.C2paSignerInfo(b"es256", chain, key, None))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("credentials")


@pytest.fixture(scope="module")
def credentials(folder: Path) -> Credentials:
    return write_chain(folder)


@pytest.fixture(scope="module")
def signed(folder: Path, credentials: Credentials) -> Path:
    write_video(folder / "signed.mp4", FRAMES, marks=replace(GENERATED, title="x"), credentials=credentials)
    return folder / "signed.mp4"


@pytest.mark.parametrize("name", ["out.mp4", "out.mov", "out"])
def test_what_is_signed_verifies(name: str, tmp_path: Path, credentials: Credentials) -> None:
    write_video(tmp_path / name, FRAMES, credentials=credentials)
    files = [tmp_path / name] if "." in name else sorted((tmp_path / name).iterdir())
    assert len(files) in (1, 2) and [path.name for path in tmp_path.iterdir()] == [name]
    for path in files:
        found = read_signature(path)
        assert found is not None and is_signed(path)
        assert (found.state, found.signer, found.problems) == ("valid", "jane, Tests", ())
        assert found.source_type == GENERATED.source_type
        assert found.tool == f"animatex {__version__}"


def test_what_was_drawn_is_signed_as_drawn(tmp_path: Path, credentials: Credentials) -> None:
    write_video(tmp_path / "out.mp4", FRAMES, marks=DRAWN, credentials=credentials)
    found = read_signature(tmp_path / "out.mp4")
    assert found is not None and found.source_type == DRAWN.source_type


def test_signing_leaves_marks_and_pictures_as_they_are(signed: Path) -> None:
    packet = read_xmp(signed)
    assert packet is not None
    marks = read_packet(packet, "signed.mp4")
    assert marks.title == "x" and marks.content_sha256 == media_sha256(signed)


def test_a_signer_is_trusted_whose_authority_is(signed: Path, folder: Path) -> None:
    write_chain(folder, "mallory")
    assert read_signature(signed, folder / "jane-root.pem").state == "trusted"
    assert read_signature(signed, folder / "mallory-root.pem").state == "valid"


def test_what_a_file_is_called_does_not_matter(signed: Path, tmp_path: Path) -> None:
    (tmp_path / "renamed.txt").write_bytes(signed.read_bytes())
    found = read_signature(tmp_path / "renamed.txt")
    assert found is not None and found.state == "valid"


@pytest.mark.parametrize(
    "text", ["", "hello", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
)
def test_trust_is_in_certificates(text: str, signed: Path, tmp_path: Path) -> None:
    (tmp_path / "trust.pem").write_text(text)
    with pytest.raises(InputError, match=r"trust\.pem holds no certificates"):
        read_signature(signed, tmp_path / "trust.pem")
    with pytest.raises(InputError, match="nowhere.mp4 cannot be read: No such file or directory"):
        read_signature(tmp_path / "nowhere.mp4")


@pytest.mark.parametrize("what", [b"mdat", b"AISystemUsed", b"c2pa.created", b"jane"], ids=str)
def test_one_changed_byte_is_seen(what: bytes, signed: Path, tmp_path: Path) -> None:
    data = bytearray(signed.read_bytes())
    data[data.index(what) + len(what) + (8 if what == b"mdat" else -1)] ^= 1
    (tmp_path / "changed.mp4").write_bytes(data)
    found = read_signature(tmp_path / "changed.mp4")
    assert found is not None and found.state == "invalid" and found.problems


def test_a_file_without_credentials_has_none(tmp_path: Path) -> None:
    write_video(tmp_path / "out.mp4", FRAMES)
    assert read_signature(tmp_path / "out.mp4") is None
    (tmp_path / "empty.mp4").touch()
    assert not is_signed(tmp_path / "out.mp4") and not is_signed(tmp_path / "empty.mp4")


def test_other_formats_of_other_tools_are_verified(tmp_path: Path, credentials: Credentials) -> None:
    Image.new("RGB", (16, 16)).save(tmp_path / "plain.jpg")
    signer = signer_of(credentials)
    c2pa.Builder(PAINTED).sign_file(tmp_path / "plain.jpg", tmp_path / "signed.jpg", signer)
    found = read_signature(tmp_path / "signed.jpg")
    assert is_signed(tmp_path / "signed.jpg")
    assert (found.state, found.tool, found.source_type) == ("valid", "Paint 5", "http://example.org/painted")


@pytest.mark.parametrize("kind", ["P-384", "RSA"])
def test_other_keys_sign_too(kind: str, tmp_path: Path) -> None:
    key = (
        ec.generate_private_key(ec.SECP384R1()) if kind == "P-384" else rsa.generate_private_key(65537, 2048)
    )
    check_credentials(write_chain(tmp_path, key=key))


def refusal(credentials: Credentials) -> InputError:
    with pytest.raises(InputError) as caught:
        check_credentials(credentials)
    assert "\n" not in caught.value.message and "PRIVATE" not in caught.value.message
    return caught.value


def test_a_key_of_another_certificate_is_refused(folder: Path, credentials: Credentials) -> None:
    other = write_chain(folder, "mallory")
    error = refusal(replace(credentials, key=other.key))
    assert "jane.pem and " in error.message
    assert error.message.endswith(
        "mallory.key cannot sign: Signature: the signature does not match the provided data or public key"
    )
    assert error.hint == "docs/provenance.md says what certificate and key have to be."


@pytest.mark.parametrize("days", [(-9, -1), (1, 9)])
def test_a_certificate_counts_in_its_time_alone(days: tuple[int, int], tmp_path: Path) -> None:
    assert (
        "the certificate was not valid at time of signing"
        in refusal(write_chain(tmp_path, days=days)).message
    )


def test_a_certificate_for_something_else_is_refused(tmp_path: Path) -> None:
    credentials = write_chain(tmp_path, usage=ExtendedKeyUsageOID.SERVER_AUTH)
    assert "the certificate is invalid" in refusal(credentials).message


def test_a_key_with_a_password_is_refused(tmp_path: Path) -> None:
    error = refusal(write_chain(tmp_path, password=b"secret"))
    assert error.message.endswith("jane.key is protected by a password")
    assert error.hint == "openssl pkey writes a copy without; let nobody else read that."


def test_files_that_are_something_else_are_refused(tmp_path: Path, credentials: Credentials) -> None:
    (tmp_path / "text").write_text("hello")
    assert refusal(replace(credentials, key=tmp_path / "text")).message.endswith("text holds no private key")
    assert "text and " in refusal(replace(credentials, certificate=tmp_path / "text")).message
    missing = tmp_path / "missing"
    for changed in (replace(credentials, key=missing), replace(credentials, certificate=missing)):
        assert refusal(changed).message.endswith("missing does not exist")


def test_a_key_of_another_kind_is_refused(tmp_path: Path, credentials: Credentials) -> None:
    old = dsa.generate_private_key(1024).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (tmp_path / "old.key").write_bytes(old)
    message = refusal(replace(credentials, key=tmp_path / "old.key")).message
    assert message.endswith("old.key holds a key of a kind that C2PA does not know")


def test_nothing_is_left_where_signing_fails(tmp_path: Path, credentials: Credentials) -> None:
    with pytest.raises(InputError, match="missing does not exist"):
        write_video(tmp_path / "out.mp4", FRAMES, credentials=replace(credentials, key=tmp_path / "missing"))
    assert not list(tmp_path.iterdir())


def test_without_the_package_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, signed: Path, credentials: Credentials
) -> None:
    monkeypatch.setitem(sys.modules, "c2pa", None)
    for use in (lambda: check_credentials(credentials), lambda: read_signature(signed)):
        with pytest.raises(MissingPackage, match="needs the package c2pa") as caught:
            use()
        assert caught.value.hint == "pip install 'animatex[c2pa]'"


@pytest.fixture
def server() -> tuple[str, list[bytes]]:
    """An address that answers nothing, and what it was asked."""
    asked: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                with connection:
                    asked.append(connection.recv(4096))

        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/here", asked
        listening.shutdown(socket.SHUT_RDWR)


def test_credentials_that_lie_elsewhere_are_not_fetched(
    server: tuple[str, list[bytes]], tmp_path: Path, credentials: Credentials
) -> None:
    address, asked = server
    write_video(tmp_path / "out.mp4", FRAMES)
    builder = c2pa.Builder(PAINTED)
    builder.set_no_embed()
    builder.set_remote_url(address)
    with (tmp_path / "out.mp4").open("rb") as source:
        remote = io.BytesIO()
        builder.sign(signer_of(credentials), "video/mp4", source, remote)
    (tmp_path / "remote.mp4").write_bytes(remote.getvalue())
    found = read_signature(tmp_path / "remote.mp4")
    assert found is None or found.state == "invalid"
    assert address.encode() in remote.getvalue() and asked == []


def test_a_timestamp_is_asked_for_only_where_it_is_wanted(
    server: tuple[str, list[bytes]], tmp_path: Path, credentials: Credentials
) -> None:
    address, asked = server
    with_time = replace(credentials, timestamp=address)
    check_credentials(with_time)
    assert asked == []
    with pytest.raises(InputError, match="cannot sign: "):
        write_video(tmp_path / "out.mp4", FRAMES, credentials=with_time)
    assert asked and asked[0].startswith(b"POST /here")
