"""PicassoIA: a host without a public interface. Its pictures can be imported; they cannot be asked for."""

from __future__ import annotations

from typing import Any, ClassVar, NoReturn

from pydantic import SecretStr

from fluxkit.engines.hosted.origins import Server
from fluxkit.errors import NoPublicAPI
from fluxkit.models.options import WITHOUT_API


def _refuse() -> NoReturn:
    raise NoPublicAPI(WITHOUT_API["picassoia"], host="picassoia")


class PicassoIA:
    """Answers everything with `NoPublicAPI`."""

    name = "picassoia"
    servers: ClassVar[dict[str, str]] = {}
    domains: tuple[str, ...] = ()

    def credential(self, key: SecretStr) -> NoReturn:
        """Refused."""
        _refuse()

    def submission(self, server: Server, path: str, fields: dict[str, Any]) -> NoReturn:
        """Refused."""
        _refuse()

    def accepted(self, server: Server, body: Any) -> NoReturn:
        """Refused."""
        _refuse()

    def question(self, polling_url: str) -> NoReturn:
        """Refused."""
        _refuse()

    def standing(self, status: int, body: Any) -> NoReturn:
        """Refused."""
        _refuse()

    def result(self, body: Any) -> NoReturn:
        """Refused."""
        _refuse()

    def cancellation(self, cancel_url: str) -> NoReturn:
        """Refused."""
        _refuse()

    def cancelled(self, status: int, body: Any) -> NoReturn:
        """Refused."""
        _refuse()

    def deposit(self, server: Server, parcel: Any) -> NoReturn:
        """Refused."""
        _refuse()

    def deposited(self, body: Any, parcel: Any) -> NoReturn:
        """Refused."""
        _refuse()

    def probe(self, server: Server) -> None:
        """There is nothing to ask."""
        return
