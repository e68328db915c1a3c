"""Questions to hosts that cost nothing: does it answer, does the key work, do its published schemas fit our tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from pydantic import SecretStr

from fluxkit.engines.hosted import schema
from fluxkit.engines.hosted.client import Answer, Call, Client, Unreached
from fluxkit.engines.hosted.hosts import HOSTS, Host
from fluxkit.engines.hosted.origins import Server
from fluxkit.engines.hosted.tables import table


@dataclass(frozen=True)
class Reply:
    """What a host said to a free question: `state` is ok, failed or unknown."""

    host: str
    state: str
    told: str


class Prober:
    """Asks one host."""

    def __init__(self, name: str, base: str, key: SecretStr | None) -> None:
        self._adapter: Host = HOSTS[name]
        self._server = Server(base, self._adapter.domains)
        self._key = key
        self._client = Client(self._server, self._adapter.credential(key) if key else None)

    def reaches(self) -> Reply:
        """Whether the host answers at all; no key is sent."""
        answer = self._ask(Call("GET", f"{self._server.base}/", keyless=True, timeout_s=10))
        if isinstance(answer, str):
            return Reply(self._adapter.name, "failed", f"does not answer ({answer})")
        return Reply(self._adapter.name, "ok", "answers")

    def accepts(self) -> Reply:
        """Whether the key works, by a request that costs nothing."""
        name = self._adapter.name
        if self._key is None:
            return Reply(name, "unknown", "no key to try")
        call = self._adapter.probe(self._server)
        if call is None:
            return Reply(name, "unknown", "the host has no free request to try a key with")
        answer = self._ask(call)
        if isinstance(answer, str):
            return Reply(name, "failed", f"does not answer ({answer})")
        if answer.status == 200:
            return Reply(name, "ok", "the key works")
        return Reply(name, "failed", f"the key was refused (HTTP {answer.status})")

    def differs(self) -> list[str]:
        """What the host publishes otherwise than its table says; one sentence each."""
        asked = {"bfl": self._bfl, "replicate": self._replicate}.get(self._adapter.name)
        return asked() if asked else ["no published schema is read for this host; see its pages"]

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _bfl(self) -> list[str]:
        answer = self._ask(Call("GET", f"{self._server.base}/openapi.json", keyless=True, timeout_s=30))
        document = answer.json() if isinstance(answer, Answer) and answer.status == 200 else None
        if document is None:
            return ["openapi.json could not be read"]
        return schema.differences("bfl", schema.bfl_inputs(document))

    def _replicate(self) -> list[str]:
        if self._key is None:
            return ["a key is needed to read the models' schemas"]
        published: dict[str, Mapping[str, object] | None] = {}
        unread = []
        for model, row in table("replicate").models.items():
            call = Call("GET", self._server.base + row.path.removesuffix("/predictions"), timeout_s=30)
            answer = self._ask(call)
            if isinstance(answer, Answer) and answer.status in (200, 404):
                published[model] = schema.replicate_inputs(answer.json()) if answer.status == 200 else None
            else:
                unread.append(f"{model}: could not be read")
        return unread + schema.differences("replicate", published)

    def _ask(self, call: Call) -> Answer | str:
        try:
            return self._client.send(replace(call, keyless=call.keyless or self._key is None))
        except Unreached as failure:
            return str(failure)
