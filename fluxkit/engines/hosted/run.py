"""One call of the engine: many jobs at once, one thread each, their frames in the order they become ready."""

from __future__ import annotations

import io
import json
import queue
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import PurePath
from typing import Any

from pydantic import SecretStr

from fluxkit._base import __version__
from fluxkit.engines.base import OnProgress, Progress
from fluxkit.engines.hosted import cancelling, follow
from fluxkit.engines.hosted.answers import revived
from fluxkit.engines.hosted.body import Body
from fluxkit.engines.hosted.client import Client
from fluxkit.engines.hosted.courier import Courier, Direct
from fluxkit.engines.hosted.hosts import host
from fluxkit.engines.hosted.journal import AT_HOST, OPEN, Entry, Journal
from fluxkit.engines.hosted.lanes import lane
from fluxkit.engines.hosted.ledger import Ledger
from fluxkit.engines.hosted.origins import Server
from fluxkit.engines.hosted.pace import Pace
from fluxkit.engines.hosted.submit import Ticket, unknown
from fluxkit.engines.hosted.tables import table
from fluxkit.engines.hosted.uploads import Uploads, placed
from fluxkit.errors import (
    APIError,
    BadRequest,
    Cancelled,
    ConfigError,
    ConnectionFailed,
    HostedError,
    JobError,
    ValidationFailed,
)
from fluxkit.frames.frame import Frame
from fluxkit.frames.provenance import Provenance
from fluxkit.shots.shot import Shot

_TICK = 0.1
"""Seconds between progress reports while nothing happens, so that a cancel is seen soon."""


@dataclass
class Order:
    """One shot to be made at a host: either a request to send, or an entry that the journal already has."""

    shot: Shot
    host: str
    server: str
    key: SecretStr
    forecast_usd: float
    body: Body | None = field(default=None, repr=False)
    entry: Entry | None = None
    seen: int = 0
    """The latest job of this shot in the journal when the order was made."""
    sent: bool = False
    """Whether this run sent it: only such jobs are cancelled when the user stops."""
    started: float | None = None
    """When this run sent it."""

    def receipt(self, entry: Entry) -> dict[str, Any]:
        """What it cost: money, by the host's reply or else the forecast, and the time from here to its file."""
        usd = entry.cost_usd if entry.cost_usd is not None else entry.forecast_usd
        money = {} if usd is None else {"usd": usd}
        return money if self.started is None else money | {"seconds": round(time.monotonic() - self.started, 3)}

    @property
    def what(self) -> str:
        """Names the request in messages."""
        request = self.body.hash if self.body else self.entry.request if self.entry else ""
        return f"A picture ({self.shot.model}, seed {self.shot.seed}, {request})"


class Run:
    """Makes orders; `errors` holds those that failed, by shot id."""

    def __init__(
        self, orders: list[Order], *, journal: Journal, courier: Courier | Direct, ledger: Ledger, pace: Pace,
        resuming: bool = False, renew: Callable[[Shot, int], Order] | None = None,
    ) -> None:  # fmt: skip
        self.orders = orders
        self.errors: dict[str, HostedError] = {}
        self._journal = journal
        self._courier = courier
        self._ledger = ledger
        self._pace = pace
        self._resuming = resuming
        self._renew = renew
        self._uploads = Uploads(pace)
        self._stop = threading.Event()
        self._no_more = threading.Event()
        self._events: queue.SimpleQueue[tuple[Order, Any]] = queue.SimpleQueue()
        self._clients: dict[tuple[str, str], Client] = {}
        self._lock = threading.Lock()

    def frames(self, progress: OnProgress, duplicates: Mapping[str, int] | None = None) -> Iterator[Frame]:
        """Each order's frame as soon as its picture is on disk. Whatever ends this early leaves the jobs resumable."""
        threads = [threading.Thread(target=self._make, args=(order,), daemon=True) for order in self.orders]
        for thread in threads:
            thread.start()
        try:
            for order, frame in self._results(progress):
                for _ in range((duplicates or {}).get(order.shot.id, 1)):
                    yield frame
                self._finish(order)
        except Cancelled as stopped:
            raise Cancelled(f"{stopped} {self._told_open()}".strip(), shot=stopped.shot) from None
        except KeyboardInterrupt as interrupt:
            interrupt.add_note(self._told_open())
            raise
        finally:
            self._stop.set()
            with self._lock:  # threads that wind down may still open one
                clients = list(self._clients.values())
            for client in clients:
                client.close()

    def _results(self, progress: OnProgress) -> Iterator[tuple[Order, Frame]]:
        """Wait for the threads, keep the caller informed, and pass on what they bring."""
        done, count = 0, len(self.orders)
        latest = Progress(stage="wait", done=0, shots=count)
        while done < count:
            progress(latest)
            try:
                order, event = self._events.get(timeout=_TICK)
            except queue.Empty:
                continue
            percent = int(event * 100) if isinstance(event, float) else 100
            latest = Progress(stage="wait", done=done, shots=count, step=percent, steps=100, shot=order.shot)
            if isinstance(event, float):
                continue
            progress(replace(latest, stage="store"))
            if isinstance(event, BaseException):
                self._failed(order, event)
            elif event is not None:
                yield order, event
            done += 1
            latest = replace(latest, done=min(done, count - 1))

    def _make(self, order: Order) -> None:
        """The life of one order, on its own thread."""
        try:
            self._events.put((order, self._made(order)))
        except follow.CancelledByUser:
            self._make_anew(order)
        except follow.Stopped:
            self._events.put((order, None))
        except BaseException as error:
            self._events.put((order, error))

    def _make_anew(self, order: Order) -> None:
        """The job of an earlier run was cancelled, as the user wanted then; who shoots the shot now wants it made."""
        if self._resuming or self._renew is None or order.entry is None:
            self._events.put((order, None))
            return
        try:
            fresh = self._renew(order.shot, order.entry.id)
            order.entry, order.body, order.seen = None, fresh.body, fresh.seen
            order.key, order.server, order.forecast_usd = fresh.key, fresh.server, fresh.forecast_usd
        except BaseException as error:
            self._events.put((order, error))
            return
        self._make(order)

    def _made(self, order: Order) -> Frame:
        if order.entry is not None and order.entry.state == "stored":
            return self._frame(order, self._kept(order, order.entry))
        with self._places(order) as entered:
            if not entered:
                raise follow.Stopped
            reservation = None if order.entry else self._reserve(order)
            try:
                entry = self._submitted(order)
                fetched = self._followed(order, entry)
            except BaseException as error:
                self._account(reservation, error, order)
                raise
            if reservation is not None:
                self._ledger.settle(reservation, fetched.entry.cost_usd)
        return self._frame(order, fetched)

    def _places(self, order: Order) -> _Places:
        """A place in the lane of the model, where it has one, and of the key. Unpaid waiting takes none."""
        host_table = table(order.host)
        row = host_table.models.get(order.shot.model)
        lanes = [lane(order.host, order.key, host_table.in_flight)]
        if row is not None and row.in_flight:
            lanes.insert(0, lane(order.host, order.key, row.in_flight, order.shot.model))
        return _Places(lanes, self._stop)

    def _reserve(self, order: Order) -> int:
        if self._no_more.is_set():
            raise follow.Stopped
        return self._ledger.reserve(order.forecast_usd)

    def _submitted(self, order: Order) -> Entry:
        """The entry of a job that the host has; sends the request where the journal has none yet."""
        entry = order.entry or self._sent(order)
        if entry.state == "sending":
            entry = self._settled(entry)
        if entry.state == "withdrawn" and not self._stop.is_set():
            entry = self._taken_over(order)
        if entry.state in ("refused", "unknown"):
            values = entry.error or unknown(order.what, order.host, "its sender ended")
            raise revived(values, shot=order.shot, host=order.host, request=entry.request)
        if entry.state in ("intent", "withdrawn"):
            raise follow.Stopped
        return entry

    def _sent(self, order: Order) -> Entry:
        body = order.body
        assert body is not None
        fields = self._with_files(order, body)
        job = self._journal.intend(
            shot_id=order.shot.id, seen=order.seen, shot=written(order.shot),
            host=order.host, server=order.server,
            model=order.shot.model, request=body.hash, forecast_usd=order.forecast_usd, recorded=body.recorded,
        )  # fmt: skip
        if job is None:
            return self._taken_over(order)
        order.sent, order.started = True, time.monotonic()
        ticket = Ticket(job=job, host=order.host, server=order.server, path=body.path, fields=fields,
                        key=order.key, what=order.what, pace=self._pace)  # fmt: skip
        order.entry = self._journal.entry(job)
        self._courier.send(ticket, self._stop)
        order.entry = self._journal.entry(job)
        if order.entry.state == "intent" and self._journal.move(job, "intent", "withdrawn"):
            if self._stop.is_set():
                raise follow.Stopped
            raise ConnectionFailed(
                f"{order.what} could not be sent: the sending process ended. Nothing was made or billed. "
                f"Shoot again, or use HostedEngine(detached=False).",
                shot=order.shot, host=order.host, request=body.hash,
            )  # fmt: skip
        order.entry = self._journal.entry(job)
        return order.entry

    def _with_files(self, order: Order, body: Body) -> dict[str, Any]:
        """The fields as the host reads them: files are handed to its storage first, which costs nothing."""
        if not body.parcels:
            return body.fields
        adapter = host(order.host)
        server = Server(order.server, adapter.domains)
        client = self._client(order)
        addresses = self._uploads.addresses(
            body.parcels, client=client, adapter=adapter, server=server, what=order.what
        )
        sent: dict[str, Any] = placed(body.fields, addresses)
        return sent

    def _taken_over(self, order: Order) -> Entry:
        """The entry of another process that asks for the same shot at the same time; it is followed from here too."""
        latest = next(iter(self._journal.of_shot(order.shot.id)), None)
        while latest is not None and latest.state == "intent":
            if self._stop.wait(0.1):
                raise follow.Stopped
            latest = next(iter(self._journal.of_shot(order.shot.id)))
        if latest is not None and latest.state == "withdrawn" and not self._stop.is_set():
            order.entry = latest  # it was never sent, and nobody will send it: this run makes a job of its own
            raise follow.CancelledByUser
        if latest is None or latest.state not in (*OPEN, "unknown", "done"):
            raise follow.Stopped
        order.entry = self._settled(latest)
        return order.entry

    def _settled(self, entry: Entry) -> Entry:
        return follow.settled(self._journal, entry, self._stop, what=f"A picture ({entry.model}, {entry.request})")

    def _kept(self, order: Order, entry: Entry) -> follow.Fetched:
        """A picture that was fetched earlier and lies beside the journal."""
        try:
            return follow.Fetched(entry, (self._journal.folder / (entry.picture or "")).read_bytes())
        except FileNotFoundError:
            raise JobError(
                f"{order.what} was fetched by another process, which has put it into the catalogue meanwhile. "
                f"Shoot the same plan again: it comes from there.",
                shot=order.shot, host=entry.host, request=entry.request, job=entry.remote_id or "",
            ) from None  # fmt: skip

    def _followed(self, order: Order, entry: Entry) -> follow.Fetched:
        if entry.state in ("stored", "done"):
            return self._kept(order, entry)
        follower = follow.Follower(
            self._journal, self._client(order), self._pace, self._stop, last_chance=self._resuming
        )
        try:
            return follower.follow(entry, lambda part: self._events.put((order, float(part or 0.0))))
        except follow.Ended as ended:
            self._journal.move(entry.id, AT_HOST, ended.state, error=ended.values)
            if ended.state == "cancelled" and entry.state == "cancelling":
                raise follow.CancelledByUser from None
            failure = follow.revive(ended, entry, order.shot)
        raise failure

    def _client(self, order: Order) -> Client:
        """One client for each server, shared by the threads that poll it."""
        with self._lock:
            found = self._clients.get((order.host, order.server))
            if found is None:
                adapter = host(order.host)
                found = Client(Server(order.server, adapter.domains), adapter.credential(order.key))
                self._clients[order.host, order.server] = found
            return found

    def _account(self, reservation: int | None, error: BaseException, order: Order) -> None:
        """What a failure costs: nothing where the host refused the request, else what was forecast."""
        if reservation is None:
            return
        entry = order.entry
        if entry is None or self._journal.entry(entry.id).state in ("refused", "withdrawn", "intent"):
            self._ledger.release(reservation)
        else:
            self._ledger.settle(reservation, self._journal.entry(entry.id).cost_usd)

    def _failed(self, order: Order, error: BaseException) -> None:
        """Note a failure; one of the account, the key, the budget or the way there stops further requests."""
        if not isinstance(error, HostedError):
            raise error
        error.shot = error.shot or order.shot
        self.errors[order.shot.id] = error
        single = isinstance(error, ValidationFailed | BadRequest)
        if isinstance(error, ConfigError | ConnectionFailed) or (isinstance(error, APIError) and not single):
            self._no_more.set()

    def _frame(self, order: Order, fetched: follow.Fetched) -> Frame:
        from PIL import Image

        entry = fetched.entry
        extra = dict(entry.recorded)
        with Image.open(io.BytesIO(fetched.data)) as image:
            picture = image.convert("RGB")
        if order.shot.spec.sized_by == "pixels" and picture.size != (order.shot.width, order.shot.height):
            extra["size_returned"] = f"{picture.width} x {picture.height}"
        if entry.cost_usd is not None:
            extra["cost_usd"] = f"{entry.cost_usd:g}"
        provenance = Provenance(engine="hosted", fluxkit=__version__, host=entry.host, extra=extra)
        return Frame(order.shot, picture, provenance=provenance, receipt=order.receipt(entry))

    def _finish(self, order: Order) -> None:
        """The caller has the frame and came back for more, so it is kept elsewhere: the copy here may go."""
        for entry in self._journal.of_shot(order.shot.id):
            if self._journal.move(entry.id, "stored", "done") and entry.picture:
                for left in self._journal.folder.glob(f"{entry.picture}*"):  # and what a killed process began
                    left.unlink(missing_ok=True)

    def _told_open(self) -> str:
        """Stop what can be stopped; what goes on at the hosts all the same, and how to get it back."""
        self._stop.set()
        sent = [self._journal.entry(order.entry.id) for order in self.orders if order.entry is not None and order.sent]
        cancelling.cancel_all(sent, self._journal, self._client_of)
        ids = [order.entry.id for order in self.orders if order.entry is not None]
        return cancelling.told([self._journal.entry(id) for id in ids])

    def _client_of(self, entry: Entry) -> Client:
        return self._client(next(order for order in self.orders if order.entry and order.entry.id == entry.id))


def written(shot: Shot) -> str:
    """A shot as the journal holds it: whole, but for where on this machine its LoRAs lie."""
    values = shot.model_dump(mode="json")
    for lora in values["loras"]:
        if lora.get("content"):
            lora["weights"] = PurePath(lora["weights"]).name
    return json.dumps(values, ensure_ascii=False)


class _Places:
    """Places in several lanes, narrowest first, held together."""

    def __init__(self, lanes: list[Any], stop: threading.Event) -> None:
        self._held = [found.held(stop) for found in lanes]
        self._entered: list[Any] = []

    def __enter__(self) -> bool:
        for place in self._held:
            self._entered.append(place)
            if not place.__enter__():
                return False
        return True

    def __exit__(self, *error: object) -> None:
        for place in reversed(self._entered):
            place.__exit__(None, None, None)
