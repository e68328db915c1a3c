"""LoRA training at a host: one paid request, followed to a safetensors file that is kept by its content.

The journal, the budget, the sending process and the error tree are those of pictures, so the same holds here: nothing
is sent twice, and a training that was paid for is fetched, also after a killed kernel.
"""

from __future__ import annotations

import contextlib
import tarfile
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from fluxkit.engines.base import OnProgress, Progress
from fluxkit.engines.hosted import cancelling, follow
from fluxkit.engines.hosted.answers import revived
from fluxkit.engines.hosted.client import Answer, Call, Client, Unreached
from fluxkit.engines.hosted.courier import Courier, Direct
from fluxkit.engines.hosted.hosts import host
from fluxkit.engines.hosted.journal import AT_HOST, OPEN, Entry, Journal
from fluxkit.engines.hosted.lanes import lane
from fluxkit.engines.hosted.ledger import Ledger
from fluxkit.engines.hosted.lora_file import LoRAFacts, NotALoRA, facts, unpacked
from fluxkit.engines.hosted.origins import Server
from fluxkit.engines.hosted.pace import Pace
from fluxkit.engines.hosted.submit import Ticket, unknown
from fluxkit.engines.hosted.tables import table
from fluxkit.engines.hosted.trainer_table import Trainer
from fluxkit.engines.hosted.training import TrainedLoRA, TrainingOrder, TrainingRequest
from fluxkit.engines.hosted.uploads import placed, upload
from fluxkit.errors import BadLoRA, BadRequest, Cancelled, ConfigError, ConnectionFailed, HostedError, JobError

_MOST_BYTES = 4 * 1024**3
_TICK = 0.1


class LoRAFiles:
    """LoRA files: fetched to the disk, checked, and kept under their content's hash."""

    noun = "LoRA"
    broken = "BadLoRA"

    def __init__(self, folder: Path, entry: Entry) -> None:
        self._folder = folder
        self._part = folder / f".{entry.request}-{entry.id}.part"
        self._file = self._part
        self.facts: LoRAFacts | None = None

    def get(self, client: Client, link: str) -> Answer:
        """Into a file: LoRAs have hundreds of megabytes."""
        self._folder.mkdir(parents=True, exist_ok=True)
        call = Call("GET", link, keyless=True, timeout_s=3600)
        return client.send(call, into=self._part, most_bytes=_MOST_BYTES)

    def flaw(self, answer: Answer) -> str | None:
        """Its header is read and its tensors are counted against the file's length."""
        try:
            self._file = unpacked(self._part)
            self.facts = facts(self._file)
        except NotALoRA as reason:
            self.clear()
            return str(reason)
        except (OSError, EOFError, tarfile.TarError) as error:
            self.clear()
            return f"a broken archive ({type(error).__name__})"
        return None

    def keep(self, entry: Entry, answer: Answer) -> tuple[str, str]:
        """Under its hash; what lies there already is the same file."""
        assert self.facts is not None
        name = f"{self.facts.content}.safetensors"
        self._file.replace(self._folder / name)
        self.clear()
        return "done", name

    def clear(self) -> None:
        """Remove what is unfinished."""
        for left in {self._part, self._part.with_suffix(".unpacked")}:
            left.unlink(missing_ok=True)


@dataclass
class TrainingRun:
    """Takes one training from a request to a file; everything it needs comes from the engine."""

    journal: Journal
    courier: Courier | Direct
    ledger: Ledger
    pace: Pace
    key: SecretStr
    server: str
    progress: OnProgress
    prices: Mapping[str, float] = field(default_factory=dict)
    """US dollars for a training with a trainer, where the user knows better than the table."""
    resuming: bool = False

    def start(self, order: TrainingOrder) -> TrainedLoRA:
        """Send the request, if it was not sent before, and wait for the LoRA."""
        request = order.request
        known = self.known(request.id)
        found = self.finished(known) if known is not None else None
        if found is not None:
            return found
        if known is not None:
            return self.follow(known)
        latest = next(iter(self.journal.of_shot(request.id)), None)
        with self._stopping(lambda: self.journal.of_shot(request.id)):
            return self._sent(order, seen=latest.id if latest else 0)

    def known(self, id: str) -> Entry | None:
        """The job of a training that is not to be sent: under way, of unknown outcome, or done with its file here."""
        latest = next(iter(self.journal.of_shot(id)), None)
        if latest is None or latest.state == "intent":
            return None
        if latest.state == "done":
            return latest if self.finished(latest) is not None else None
        return latest if latest.state in (*OPEN, "unknown") else None

    def follow(self, entry: Entry) -> TrainedLoRA:
        """Wait for a training that the host has, and fetch it."""
        with self._stopping(lambda: [self.journal.entry(entry.id)]):
            return self._followed(self._settled(entry))

    def finished(self, entry: Entry) -> TrainedLoRA | None:
        """The LoRA of a training that was fetched; None where its file is gone.

        Raises `BadLoRA` where the file is damaged: it was paid for, and is not paid again without a word.
        """
        file = self.folder / (entry.picture or "")
        if not entry.picture or not file.is_file():
            return None
        request = TrainingRequest.model_validate_json(entry.shot)
        return TrainedLoRA(
            file=file.resolve(), content=file.stem, rank=self._whole(file, entry).rank, request=request,
            cost_usd=entry.cost_usd, reference=entry.recorded.get("version", ""),
        )  # fmt: skip

    def _whole(self, file: Path, entry: Entry) -> LoRAFacts:
        """What the file holds, where it still is what came from the host."""
        try:
            found = facts(file)
            flaw = "" if found.content == file.stem else "its content is not what came from the host"
        except (NotALoRA, OSError) as reason:
            flaw = f"it is {reason}" if isinstance(reason, NotALoRA) else f"it cannot be read ({reason.strerror})"
        if flaw:
            raise BadLoRA(
                f"The LoRA of a training ({entry.model}, {entry.request}) was asked for, but its file in "
                f"{self.folder.name}/ is damaged: {flaw}. The whole file, as it was fetched, is needed: "
                f"{file.name}. Put it back from a copy; or delete it and ask again, which trains, and costs, anew.",
                host=entry.host,
                request=entry.request,
            )
        return found

    @property
    def folder(self) -> Path:
        """Where LoRAs lie."""
        return self.journal.path.parent / "loras"

    def _sent(self, order: TrainingOrder, *, seen: int) -> TrainedLoRA:
        request, trainer = order.request, order.trainer
        what = f"A training ({trainer.id}, {request.id})"
        forecast = order.forecast_usd(self.prices)
        self._tell(0.0)
        with lane(request.host, self.key, table(request.host).in_flight).held(self._watch):
            reservation = self.ledger.reserve(forecast)
            try:
                sent = self._with_files(order, what)
                path = trainer.path.format(version=self._version(trainer, what) if "{version}" in trainer.path else "")
                job = self.journal.intend(
                    shot_id=request.id, seen=seen, shot=request.model_dump_json(), host=request.host,
                    server=self.server, model=trainer.id, request=request.id, forecast_usd=forecast, recorded={},
                    kind="training",
                )  # fmt: skip
                if job is None:
                    raise JobError(f"{what} was begun by another process meanwhile. Ask again: it is followed then.")
                entry = self._carried(Ticket(job=job, host=request.host, server=self.server, path=path, fields=sent,
                                             key=self.key, what=what, pace=self.pace))  # fmt: skip
                made = self._followed(entry)
            except BaseException:
                self._account(reservation, request.id)
                raise
            self.ledger.settle(reservation, made.cost_usd)
        return made

    def _carried(self, ticket: Ticket) -> Entry:
        self.courier.send(ticket, self._watch)
        if self.journal.move(ticket.job, "intent", "withdrawn"):
            raise ConnectionFailed(
                f"{ticket.what} could not be sent: the sending process ended. Nothing was made or billed. Ask again.",
                host=ticket.host,
            )
        return self._settled(self.journal.entry(ticket.job))

    def _settled(self, entry: Entry) -> Entry:
        settled = follow.settled(self.journal, entry, self._watch, what=f"A training ({entry.model}, {entry.request})")
        if settled.state in ("refused", "unknown"):
            values = settled.error or unknown(f"A training ({entry.request})", entry.host, "its sender ended")
            raise revived(values, shot=None, host=entry.host, request=entry.request)
        return settled

    def _followed(self, entry: Entry) -> TrainedLoRA:
        goods = LoRAFiles(self.folder, entry)
        client = self._client(entry.host)
        follower = follow.Follower(
            self.journal, client, self.pace, self._watch, last_chance=self.resuming, goods=goods
        )  # fmt: skip
        try:
            fetched = follower.follow(entry, lambda part: self._tell(part or 0.0))
        except follow.Ended as ended:
            goods.clear()
            self.journal.move(entry.id, AT_HOST, ended.state, error=ended.values)
            failure: HostedError = follow.revive(ended, entry, None)
        else:
            made = self.finished(fetched.entry)
            assert made is not None
            return made
        finally:
            client.close()
        raise failure

    def _with_files(self, order: TrainingOrder, what: str) -> dict[str, Any]:
        """The fields with the address under which the host reads the pictures; handing them over costs nothing."""
        name = order.trainer.host
        client = self._client(name)
        try:
            self._ready_destination(client, order.fields.get("destination"), what)
            address = upload(client, host(name), self._server(name), order.parcel, pace=self.pace, what=what)
        finally:
            client.close()
        sent: dict[str, Any] = placed(order.fields, {order.mark: address})
        return sent

    def _ready_destination(self, client: Client, destination: Any, what: str) -> None:
        """The model of the account that will hold the LoRA; made, private, where it is not there. It costs nothing."""
        if destination is None:
            return
        owner, _, name = str(destination).partition("/")
        answer = self._asked(client, Call("GET", f"{self.server}/v1/models/{owner}/{name}", timeout_s=30), what)
        if answer.status == 404:
            body = {"owner": owner, "name": name, "visibility": "private", "hardware": "gpu-t4",
                    "description": "Trained with fluxkit."}  # fmt: skip
            answer = self._asked(client, Call("POST", f"{self.server}/v1/models", body=body, timeout_s=30), what)
        if answer.status >= 300:
            raise BadRequest(
                f"{what}: its destination {destination!r} cannot be used (HTTP {answer.status}: {answer.excerpt(99)}). "
                "It is the name of a model of your own account, as in 'me/my-lora'. Nothing was billed; give another.",
                status=answer.status, body=answer.excerpt(), host="replicate",
            )  # fmt: skip

    def _version(self, trainer: Trainer, what: str) -> str:
        """The trainer's latest version, as the host says today."""
        client = self._client(trainer.host)
        try:
            place = trainer.path.partition("/versions/")[0]
            answer = self._asked(client, Call("GET", self.server + place, timeout_s=30), what)
        finally:
            client.close()
        body = answer.json()
        latest = body.get("latest_version") if isinstance(body, dict) else None
        if not isinstance(latest, dict) or not isinstance(latest.get("id"), str):
            raise ConfigError(
                f"{what}: {trainer.host} does not say which version {trainer.id} has (HTTP {answer.status}). Nothing "
                "was sent. Look whether the trainer is still offered, or choose another.",
                host=trainer.host,
            )
        return str(latest["id"])

    def _asked(self, client: Client, call: Call, what: str) -> Answer:
        try:
            return client.send(call)
        except Unreached as failure:
            raise ConnectionFailed(
                f"{what} could not be prepared ({failure}). A connection to the host's own address is needed. Nothing "
                "was billed; check the network and ask again."
            ) from None

    def _client(self, name: str) -> Client:
        return Client(self._server(name), host(name).credential(self.key))

    def _server(self, name: str) -> Server:
        return Server(self.server, host(name).domains)

    def _account(self, reservation: int, id: str) -> None:
        """What a failure costs: nothing where the host refused the request, else what was forecast."""
        entry = next(iter(self.journal.of_shot(id)), None)
        if entry is None or entry.state in ("refused", "withdrawn", "intent"):
            self.ledger.release(reservation)
        else:
            self.ledger.settle(reservation, entry.cost_usd)

    @contextlib.contextmanager
    def _stopping(self, entries: Callable[[], list[Entry]]) -> Iterator[None]:
        """What a stop leaves behind is told. A training is not cancelled by it: that would throw hours away."""
        try:
            yield
        except Cancelled as stopped:
            raise Cancelled(f"{stopped} {self._told(entries())}".strip()) from None
        except KeyboardInterrupt as interrupt:
            interrupt.add_note(self._told(entries()))
            raise

    def _told(self, entries: list[Entry]) -> str:
        told = cancelling.told(entries[:1], fetch="engine.resume_trainings() fetches")
        cancel = " engine.cancel(job) stops it." if any(entry.cancel_url for entry in entries[:1]) else ""
        return told + cancel

    def __post_init__(self) -> None:
        self._watch = _Ticking(lambda: self._tell(self._part))
        self._part = 0.0

    def _tell(self, part: float) -> None:
        self._part = part
        self.progress(Progress(stage="wait", done=0, shots=1, step=int(part * 100), steps=100))


class _Ticking(threading.Event):
    """An event that is never set, and reports progress while it is waited for; a report may raise `Cancelled`."""

    def __init__(self, tick: Callable[[], None]) -> None:
        super().__init__()
        self._tick = tick

    def wait(self, timeout: float | None = None) -> bool:
        left = timeout or 0.0
        while left > 0:
            self._tick()
            super().wait(min(_TICK, left))
            left -= _TICK
        return False
