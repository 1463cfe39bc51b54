"""Certificates as C2PA wants them, and some as it does not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from animatex.provenance.credentials import Credentials

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

SIGNING = x509.KeyUsage(True, *[False] * 8)
AUTHORITY = x509.KeyUsage(*[False] * 5, True, True, *[False] * 2)


def write_chain(
    folder: Path,
    name: str = "jane",
    *,
    days: tuple[int, int] = (-1, 30),
    usage: x509.ObjectIdentifier = ExtendedKeyUsageOID.EMAIL_PROTECTION,
    key: Key | None = None,
    password: bytes | None = None,
) -> Credentials:
    """Write NAME.pem and NAME.key, and the authority's certificate to NAME-root.pem.

    Args:
        folder: Where to.
        name: Of the signer.
        days: From when to when the signer's certificate holds, counted from now.
        usage: What it may be used for.
        key: The signer's; None: a new one of P-256.
        password: Protects the key.
    """
    root_key, key = ec.generate_private_key(ec.SECP256R1()), key or ec.generate_private_key(ec.SECP256R1())
    root = _certificate("root", root_key, "root", root_key, (-99, 99), AUTHORITY, None)
    leaf = _certificate(name, key, "root", root_key, days, SIGNING, usage)
    (folder / f"{name}-root.pem").write_bytes(_pem(root))
    (folder / f"{name}.pem").write_bytes(_pem(leaf) + _pem(root))
    protection = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    (folder / f"{name}.key").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, protection)
    )
    return Credentials(folder / f"{name}.pem", folder / f"{name}.key")


def _certificate(
    subject: str,
    key: Key,
    issuer: str,
    issuer_key: Key,
    days: tuple[int, int],
    usage: x509.KeyUsage,
    purpose: x509.ObjectIdentifier | None,
) -> x509.Certificate:
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(_named(subject))
        .issuer_name(_named(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + timedelta(days=days[0]))
        .not_valid_after(now + timedelta(days=days[1]))
        .add_extension(x509.BasicConstraints(purpose is None, None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False
        )
    )
    if purpose is not None:
        builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
    return builder.sign(issuer_key, hashes.SHA256())


def _named(name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Tests"),
            x509.NameAttribute(NameOID.COMMON_NAME, name),
        ]
    )


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)
