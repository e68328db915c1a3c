"""Questions to hosts that cost nothing: does it answer, does the key work, do its published schemas fit our tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from urllib.parse import quote

from pydantic import SecretStr

from fluxkit.engines.hosted import schema
from fluxkit.engines.hosted.client import Answer, Call, Client, Unreached
from fluxkit.engines.hosted.hosts import HOSTS, Host
from fluxkit.engines.hosted.origins import Server
from fluxkit.engines.hosted.tables import table
from fluxkit.engines.hosted.trainer_table import Trainer, trainers

_FAL_SCHEMAS = "https://fal.ai/api/openapi/queue"
"""Where fal publishes the OpenAPI document of each model; no key is needed."""


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
        asked = {"bfl": self._bfl, "replicate": self._replicate, "fal": self._fal}[self._adapter.name]
        return asked()

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
        return unread + schema.differences("replicate", published) + self._of_trainers(self._replicate_trainer)

    def _fal(self) -> list[str]:
        published: dict[str, Mapping[str, object] | None] = {}
        unread = []
        for model, row in table("fal").models.items():
            found = self._fal_inputs(row.path)
            if isinstance(found, str):
                unread.append(f"{model}: could not be read")
            else:
                published[model] = found
        return unread + schema.differences("fal", published) + self._of_trainers(lambda one: self._fal_inputs(one.path))

    def _fal_inputs(self, path: str) -> Mapping[str, object] | str | None:
        """What one model takes; None where fal does not list it, a text where it could not be asked."""
        base = self._server.base if self._server.is_loopback else _FAL_SCHEMAS
        call = Call("GET", f"{base}/openapi.json?endpoint_id={quote(path.lstrip('/'), safe='')}", keyless=True,
                    timeout_s=30)  # fmt: skip
        answer = self._ask(call)
        if not isinstance(answer, Answer) or answer.status not in (200, 404):
            return "could not be read"
        return schema.fal_inputs(answer.json(), path) if answer.status == 200 else None

    def _replicate_trainer(self, trainer: Trainer) -> Mapping[str, object] | str | None:
        answer = self._ask(Call("GET", self._server.base + trainer.path.partition("/versions/")[0], timeout_s=30))
        if not isinstance(answer, Answer) or answer.status not in (200, 404):
            return "could not be read"
        return schema.replicate_inputs(answer.json(), "TrainingInput") if answer.status == 200 else None

    def _of_trainers(self, read: Callable[[Trainer], Mapping[str, object] | str | None]) -> list[str]:
        told = []
        for trainer in trainers().values():
            if trainer.host == self._adapter.name:
                found = read(trainer)
                told += [f"{trainer.id}: {found}"] if isinstance(found, str) else (
                    schema.trainer_differences(trainer, found))  # fmt: skip
        return told

    def _ask(self, call: Call) -> Answer | str:
        try:
            return self._client.send(replace(call, keyless=call.keyless or self._key is None))
        except Unreached as failure:
            return str(failure)
