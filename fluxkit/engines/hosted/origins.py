"""Which addresses may see a key, and which may be asked at all.

A key goes to the provider's own hosts over https, and nowhere else. The one exception is a server on this machine's
loopback that the caller named, for tests and tutorials: it gets the key that was given for it, at exactly that origin.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from fluxkit.errors import InputError

_LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True)
class Server:
    """Where a host's interface answers: a base address, and the domains that belong to the provider."""

    base: str
    domains: tuple[str, ...]
    """Names whose own host and subdomains may see the key, such as `bfl.ai`."""

    def __post_init__(self) -> None:
        if not (self.is_loopback or self._is_own(urlsplit(self.base))):
            raise InputError(
                f"A server {_shown(self.base)} was given, but a key goes only to the provider's own hosts over https "
                f"({', '.join(self.domains)}) or to a test server on loopback. Give one of those."
            )

    @property
    def is_loopback(self) -> bool:
        """Whether this is a test server on this machine."""
        return _is_loopback(urlsplit(self.base))

    def may_see_key(self, url: str) -> bool:
        """Whether a request to `url` may carry the key."""
        parts = urlsplit(url)
        if parts.username or parts.password:
            return False
        if self.is_loopback:
            return _origin(parts) == _origin(urlsplit(self.base))
        return self._is_own(parts)

    def may_be_asked(self, url: str) -> bool:
        """Whether `url` may be fetched without a key: public https, or loopback where the server itself is there."""
        parts = urlsplit(url)
        if parts.username or parts.password or not parts.hostname:
            return False
        if self.is_loopback:
            return _is_loopback(parts)
        return parts.scheme == "https" and _is_public(parts.hostname)

    def _is_own(self, parts: SplitResult) -> bool:
        host = (parts.hostname or "").lower()
        ours = any(host == name or host.endswith(f".{name}") for name in self.domains)
        return parts.scheme == "https" and ours and parts.port in (None, 443)


def _origin(parts: SplitResult) -> tuple[str, str, int]:
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return parts.scheme, (parts.hostname or "").lower(), port


def _is_loopback(parts: SplitResult) -> bool:
    host = (parts.hostname or "").lower()
    return parts.scheme in ("http", "https") and (host in _LOOPBACK or host.startswith("127."))


def _is_public(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        return "." in host and not host.endswith((".local", ".internal", ".localhost"))


def _shown(url: str) -> str:
    """An address without what may be secret in it: user, path and query are left out."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname or ''}" + (f":{parts.port}" if parts.port else "")
