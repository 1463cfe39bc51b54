"""C2PA content credentials: a signature in the file that vouches for what it says; needs `animatex[c2pa]`."""

from __future__ import annotations

import io
import json
import mmap
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from PIL import Image

from animatex import __version__
from animatex.errors import InputError, require
from animatex.limits import TEXT_BYTES, read_bytes
from animatex.provenance.marks import GENERATED, Marks

_MEDIA_TYPES = {".mp4": "video/mp4", ".mov": "video/quicktime", ".png": "image/png"}

# The C2PA's data lie in JUMBF boxes; the first begins with this in every format of file.
_SIGN_OF_LIFE = b"jumdc2pa"

# The library would fetch remote manifests and certificates' states if it were let.
_OFFLINE = {
    "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False},
    "builder": {"thumbnail": {"enabled": False}},
}

_CURVES = {"secp256r1": b"es256", "secp384r1": b"es384", "secp521r1": b"es512"}


@dataclass(frozen=True, slots=True)
class Credentials:
    """What files are signed with.

    Attributes:
        certificate: PEM file: the signer's certificate, then those of the authorities above it.
        key: PEM file: the signer's private key, without password.
        timestamp: Address of a timestamp authority, the one thing here that uses the network; None: none.
    """

    certificate: Path
    key: Path
    timestamp: str | None = None


@dataclass(frozen=True, slots=True)
class Signature:
    """What a file's content credentials say, and whether they hold.

    Attributes:
        state: "trusted": they hold, and an authority that is trusted vouches for the signer; "valid": they
            hold, and the signer may be anybody; "invalid": the file or the credentials were changed;
            "unchecked": they are there, and c2pa is not installed.
        signer: The name in the signer's certificate, and its organisation.
        tool: What made the file, as the signer says.
        source_type: How the file came about, as the signer says.
        problems: What does not hold, in the library's words.
    """

    state: Literal["trusted", "valid", "invalid", "unchecked"]
    signer: str | None
    tool: str | None
    source_type: str | None
    problems: tuple[str, ...]


def sign(path: Path, marks: Marks, credentials: Credentials) -> None:
    """Sign a file in place; its name should be a temporary one.

    Args:
        path: MP4, MOV or PNG file.
        marks: Its title and source type are signed.
        credentials: What to sign with.

    Raises:
        InputError: The credentials cannot be used, or the timestamp authority does not answer.
        MissingPackage: c2pa is not installed.
    """
    # In memory: the frames take a hundred times as much.
    path.write_bytes(_signed(path.read_bytes(), _MEDIA_TYPES[path.suffix.lower()], marks, credentials))


def check_credentials(credentials: Credentials) -> None:
    """Sign a picture of one pixel, so that whatever is wrong is known before hours of work; uses no network.

    Raises:
        InputError: The credentials cannot be used.
        MissingPackage: c2pa is not installed.
    """
    pixel = io.BytesIO()
    Image.new("L", (1, 1)).save(pixel, format="PNG")
    _signed(pixel.getvalue(), "image/png", GENERATED, replace(credentials, timestamp=None))


def is_signed(path: Path) -> bool:
    """Tell whether a file holds content credentials, true or false ones.

    Raises:
        InputError: It cannot be read.
    """
    try:
        with path.open("rb") as file:
            if file.seek(0, io.SEEK_END) == 0:
                return False
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
                return content.find(_SIGN_OF_LIFE) >= 0
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error


def read_signature(path: Path, trust: Path | None = None) -> Signature | None:
    """Read and verify a file's content credentials; None where it has none. Uses no network.

    Args:
        path: The file.
        trust: PEM file with the certificates of authorities that are trusted; None: none is.

    Raises:
        InputError: A file cannot be read.
        MissingPackage: c2pa is not installed.
    """
    c2pa = require("c2pa", for_="verifying content credentials")
    settings: dict[str, object] = dict(_OFFLINE)
    if trust is not None:
        settings["trust"] = {"user_anchors": _certificates(trust)}
    try:
        context = c2pa.Context(c2pa.Settings.from_dict(settings))
        # Without a name the library goes by what is in the file.
        with path.open("rb") as file:
            reader = c2pa.Reader.try_create(file, context=context)
            return None if reader is None else _signature(json.loads(reader.json()))
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error
    except c2pa.C2paError as error:
        return Signature("invalid", None, None, None, (_one_line(error),))


def _signed(data: bytes, media_type: str, marks: Marks, credentials: Credentials) -> bytes:
    c2pa = require("c2pa", for_="signing")
    certificate = read_bytes(credentials.certificate, TEXT_BYTES)
    algorithm, key = _algorithm_and_key(credentials.key)
    timestamp = credentials.timestamp.encode() if credentials.timestamp else None
    signed = io.BytesIO()
    try:
        signer = c2pa.Signer.from_info(c2pa.C2paSignerInfo(algorithm, certificate, key, timestamp))
        context = c2pa.Context(c2pa.Settings.from_dict(_OFFLINE))
        c2pa.Builder(_manifest(marks), context).sign(signer, media_type, io.BytesIO(data), signed)
    except c2pa.C2paError as error:
        raise InputError(
            f"{credentials.certificate} and {credentials.key} cannot sign: {_one_line(error)}",
            hint="docs/provenance.md says what certificate and key have to be.",
        ) from error
    return signed.getvalue()


def _manifest(marks: Marks) -> dict[str, object]:
    tool = {"name": "animatex", "version": __version__}
    created = {
        "action": "c2pa.created",
        "digitalSourceType": marks.source_type,
        "softwareAgent": tool,
    }
    return {
        "title": marks.title or "untitled",
        "claim_generator_info": [tool],
        "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": [created]}}],
    }


def _algorithm_and_key(path: Path) -> tuple[bytes, bytes]:
    """Name the algorithm of a private key, and write the key as the library wants it."""
    # c2pa brings this package along.
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    try:
        key = serialization.load_pem_private_key(read_bytes(path, TEXT_BYTES), password=None)
    except TypeError as error:
        raise InputError(
            f"{path} is protected by a password",
            hint="openssl pkey writes a copy without; let nobody else read that.",
        ) from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise InputError(f"{path} holds no private key", hint="a PEM file is needed.") from error
    algorithm = None
    if isinstance(key, ec.EllipticCurvePrivateKey):
        algorithm = _CURVES.get(key.curve.name)
    elif isinstance(key, rsa.RSAPrivateKey):
        algorithm = b"ps256"
    elif isinstance(key, ed25519.Ed25519PrivateKey):
        algorithm = b"ed25519"
    if algorithm is None:
        raise InputError(f"{path} holds a key of a kind that C2PA does not know", hint="P-256 is usual.")
    plain = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return algorithm, plain


def _certificates(path: Path) -> str:
    from cryptography import x509

    content = read_bytes(path, TEXT_BYTES)
    try:
        x509.load_pem_x509_certificates(content)
    except ValueError as error:
        raise InputError(f"{path} holds no certificates", hint="a PEM file is needed.") from error
    return content.decode("ascii", "replace")


def _signature(document: dict[str, Any]) -> Signature:
    manifest = document.get("manifests", {}).get(document.get("active_manifest"), {})
    signer = manifest.get("signature_info", {})
    names = [signer[key] for key in ("common_name", "issuer") if signer.get(key)]
    tools = [
        f"{each.get('name', '')} {each.get('version', '')}".strip()
        for each in manifest.get("claim_generator_info", ())
    ]
    states: dict[str, Literal["trusted", "valid"]] = {"Trusted": "trusted", "Valid": "valid"}
    return Signature(
        state=states.get(document.get("validation_state", ""), "invalid"),
        signer=", ".join(names) or None,
        tool=", ".join(tools) or manifest.get("claim_generator"),
        source_type=_source_type(manifest),
        problems=tuple(
            each.get("explanation") or each["code"]
            for each in document.get("validation_status", ())
            # The state says so already.
            if each["code"] != "signingCredential.untrusted"
        ),
    )


def _source_type(manifest: dict[str, Any]) -> str | None:
    """Give the source type of the action that says how the file began."""
    for assertion in manifest.get("assertions", ()):
        if assertion.get("label", "").startswith("c2pa.actions"):
            for action in assertion["data"].get("actions", ()):
                if "digitalSourceType" in action:
                    return str(action["digitalSourceType"])
    return None


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
