"""Where a host's key comes from: argument, environment, keyring, and a Colab secret when asked."""

from __future__ import annotations

import os
from collections.abc import Mapping

from pydantic import SecretStr

from fluxkit.errors import MissingKey

SERVICE = "fluxkit"
"""The name under which keys lie in the system's keyring: `python -m keyring set fluxkit bfl`."""

VARIABLES = {"bfl": "BFL_API_KEY", "replicate": "REPLICATE_API_TOKEN", "fal": "FAL_KEY"}
"""The environment variable of each host, as the host itself names it."""


def find_key(host: str, given: Mapping[str, str | SecretStr] | None = None) -> SecretStr:
    """The key of a host; raises `MissingKey` that says where one may be put."""
    key, _ = locate_key(host, given)
    if key is None:
        variable = VARIABLES.get(host, "")
        raise MissingKey(
            f"A picture was asked of {host}, but there is no key for it. A key comes from the argument "
            f"keys={{{host!r}: ...}}, the environment variable {variable}, or the keyring. "
            f"Set one, for instance with: python -m keyring set {SERVICE} {host}",
            host=host,
        )
    return key


def locate_key(host: str, given: Mapping[str, str | SecretStr] | None = None) -> tuple[SecretStr | None, str]:
    """The key of a host and where it was found (`argument`, `environment`, `keyring`); never raises."""
    if given and host in given:
        return _secret(given[host]), "argument"
    if value := os.environ.get(VARIABLES.get(host, ""), "").strip():
        return SecretStr(value), "environment"
    if (found := _from_keyring(host)) is not None:
        return found, "keyring"
    return None, ""


def colab_key(host: str) -> SecretStr:
    """The Colab secret that is named like the host's environment variable; Colab asks before it gives it away.

    `HostedEngine(keys={"bfl": colab_key("bfl")})`. Raises `MissingKey` outside Colab and where access is not granted.
    """
    try:
        from google.colab import userdata

        value = userdata.get(VARIABLES[host])
    except Exception:  # Colab raises its own kinds for a missing secret and for access not granted
        value = None
    if not value:
        raise MissingKey(
            f"A Colab secret {VARIABLES.get(host, host)!r} was asked for, and there is none that this notebook may "
            f"read. Add it under the key symbol on the left, and allow access.",
            host=host,
        )
    return SecretStr(value)


def _secret(key: str | SecretStr) -> SecretStr:
    return key if isinstance(key, SecretStr) else SecretStr(key)


def _from_keyring(host: str) -> SecretStr | None:
    """The keyring's entry; None where there is no keyring, which is common on servers and no error."""
    try:
        import keyring
        from keyring.errors import KeyringError
    except ImportError:
        return None
    try:
        value = keyring.get_password(SERVICE, host)
    except (KeyringError, RuntimeError, OSError):
        return None
    return SecretStr(value) if value else None
