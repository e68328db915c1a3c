"""`SigningKey`: whose signature stands under a content credential; the user's own, or a made-up one that says so."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

from fluxkit.errors import FrameError, missing_extra
from fluxkit.frames.atomic import write_atomic

DEVELOPMENT = "fluxkit development signer (no identity)"
"""Who a development certificate says it is."""

_YEARS = 5


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A certificate chain with its private key, for ES256. The key shows in no repr."""

    chain: bytes = field(repr=False)
    """PEM certificates, the signer's first."""
    key: bytes = field(repr=False)
    """PEM private key (PKCS 8)."""
    algorithm: str = "es256"
    """What the key signs with: es256, es384, es512, ps256, ps384, ps512 or ed25519."""

    @classmethod
    def open(cls, chain: str | Path, key: str | Path, *, algorithm: str = "es256") -> Self:
        """The user's own certificate chain and key, from PEM files. A chain holds at least two certificates."""
        try:
            return cls(Path(chain).expanduser().read_bytes(), Path(key).expanduser().read_bytes(), algorithm)
        except OSError as error:
            raise FrameError(
                f"A signing key was to be opened, but a file of it cannot be read ({error.strerror}). Give the PEM "
                "files of the certificate chain and of the private key."
            ) from error

    @classmethod
    def development(cls, folder: str | Path | None = None) -> Self:
        """A signer for trying things out: it proves that a picture was not changed, and nothing about who made it.

        Made once and kept in `folder` (private to the user; `~/.config/fluxkit/signing` unless told). Readers show it
        as untrusted, by the name "fluxkit development signer (no identity)".
        """
        place = Path(folder or "~/.config/fluxkit/signing").expanduser()
        chain, key = place / "chain.pem", place / "key.pem"
        if not (chain.is_file() and key.is_file()):
            made_chain, made_key = _made_up()
            try:
                place.mkdir(parents=True, exist_ok=True, mode=0o700)
                write_atomic(key, made_key)
                with contextlib.suppress(OSError):
                    key.chmod(0o600)
                write_atomic(chain, made_chain)
            except OSError as error:
                raise FrameError(
                    f"A development signing key could not be kept ({error.strerror}). Give a folder that may be "
                    "written: SigningKey.development(folder)."
                ) from error
        return cls(chain.read_bytes(), key.read_bytes())

    @property
    def root(self) -> bytes:
        """The last certificate of the chain: give it to a reader as an anchor, and this signer is trusted there."""
        mark = b"-----BEGIN CERTIFICATE-----"
        return mark + self.chain.rpartition(mark)[2]


def _made_up() -> tuple[bytes, bytes]:
    """A chain of two certificates, the least that C2PA takes, and the signer's key."""
    try:
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives import serialization as pem
        from cryptography.hazmat.primitives.asymmetric import ec
        from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
    except ImportError as error:
        raise missing_extra("A development signing key", "provenance") from error

    def name(common: str) -> Any:
        organisation = x509.NameAttribute(NameOID.ORGANIZATION_NAME, "fluxkit development, not an identity")
        return x509.Name([organisation, x509.NameAttribute(NameOID.COMMON_NAME, common)])

    now = datetime.now(UTC)
    root_name, root_key = name("fluxkit development root (no identity)"), ec.generate_private_key(ec.SECP256R1())
    leaf_key = ec.generate_private_key(ec.SECP256R1())

    def certificate(subject: Any, public: Any, *, is_root: bool) -> Any:
        usage = x509.KeyUsage(not is_root, False, False, False, False, is_root, is_root, False, False)
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key())
        made = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(root_name)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=365 * _YEARS))
            .add_extension(x509.BasicConstraints(ca=is_root, path_length=None), True)
            .add_extension(usage, True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), False)
            .add_extension(issuer, False)
        )
        if not is_root:
            made = made.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), False)
        return made.sign(root_key, hashes.SHA256()).public_bytes(pem.Encoding.PEM)

    root = certificate(root_name, root_key.public_key(), is_root=True)
    leaf = certificate(name(DEVELOPMENT), leaf_key.public_key(), is_root=False)
    key = leaf_key.private_bytes(pem.Encoding.PEM, pem.PrivateFormat.PKCS8, pem.NoEncryption())
    return leaf + root, key
