"""`HostedEngine`: pictures from the hosts of the closed models, within a budget; none is paid twice, none is lost."""

from __future__ import annotations

import logging
import math
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

from pydantic import SecretStr

from fluxkit.engines.base import OnProgress, silent
from fluxkit.engines.hosted import cancelling, dataset
from fluxkit.engines.hosted.body import build_body
from fluxkit.engines.hosted.client import Client
from fluxkit.engines.hosted.courier import Courier, Direct
from fluxkit.engines.hosted.fake import FakeHost
from fluxkit.engines.hosted.hosts import HOSTS
from fluxkit.engines.hosted.hosts import host as host_named
from fluxkit.engines.hosted.journal import NAME, OPEN, Entry, Journal
from fluxkit.engines.hosted.keys import find_key
from fluxkit.engines.hosted.ledger import Ledger, checked
from fluxkit.engines.hosted.origins import Server
from fluxkit.engines.hosted.pace import Pace
from fluxkit.engines.hosted.pictures import inputs_of
from fluxkit.engines.hosted.run import Order, Run
from fluxkit.engines.hosted.training import HostedTraining, TrainedLoRA, ordered
from fluxkit.engines.hosted.training_run import TrainingRun
from fluxkit.errors import (
    BadLoRA,
    BudgetExceeded,
    ConfigError,
    HostedError,
    HostedForbidden,
    InputError,
    MissingKey,
    did_you_mean,
)
from fluxkit.frames.frame import Frame
from fluxkit.models import ModelSpec, prices
from fluxkit.shots.shot import Shot

_log = logging.getLogger(__name__)


class HostedEngine:
    """Runs hosted models at BFL, Replicate or fal.

    Every paid request is in a journal (`hosted.sqlite` beside the catalogue) before it is sent, and is sent at most
    once. `budget_usd` is needed, and holds for the life of the engine. `server` names where hosts answer: a `FakeHost`,
    a region (`{"bfl": "eu"}`), or a test server on loopback. `prices` gives US dollars a picture for models without a
    price in the tables. `FLUXKIT_HOSTED=0` in the environment forbids every request that could cost money.

    >>> HostedEngine(budget_usd=1.0)
    HostedEngine(budget $1.00)
    """

    name = "hosted"

    def __init__(
        self,
        folder: str | Path | None = None,
        *,
        budget_usd: float | None = None,
        host: str | None = None,
        server: FakeHost | Mapping[str, str] | None = None,
        keys: Mapping[str, str | SecretStr] | None = None,
        pace: Pace | None = None,
        prices: Mapping[str, float] | None = None,
        detached: bool = True,
    ) -> None:
        given = dict(server) if isinstance(server, Mapping) else {}
        _require_hosts("keys", keys or {})
        _require_hosts("server", given)
        _require_prices(prices or {})
        self._folder = Path(folder).expanduser() if folder is not None else None
        self._given_budget = budget_usd is not None
        self._ledger = Ledger(budget_usd)
        self._host = host_named(host).name if host else None
        self._fake = server if isinstance(server, FakeHost) else None
        self._servers = given
        self._keys = {name: _secret(key) for name, key in (keys or {}).items()}
        self._paced = pace is not None
        self._pace = pace or (self._fake.pace if self._fake else Pace())
        self._prices = dict(prices or {})
        self._detached = detached
        self._courier: Courier | Direct | None = None
        self._journal: Journal | None = None
        self._left: tuple[frozenset[str], dict[str, HostedError]] = (frozenset(), {})

    def runs(self, spec: ModelSpec) -> bool:
        """Every model that is hosted."""
        return spec.where == "hosted"

    def keep_in(self, folder: Path) -> None:
        """Keep the journal in this folder, unless the engine was given another."""
        if self._folder is None:
            self._folder = Path(folder)

    def budget(self, usd: float | None) -> None:
        """Spend at most so many US dollars, unless the engine was given a budget of its own."""
        if not self._given_budget:
            self._ledger.budget_usd = checked(usd)

    def check(self, shots: Sequence[Shot]) -> None:
        """Refuse, before anything is sent, what cannot be submitted: hosts, fields, keys, permission, budget."""
        self._check([self._order(shot) for shot in self._unsent(shots)])

    def shoot(self, shots: Sequence[Shot], progress: OnProgress = silent) -> Iterator[Frame]:
        """Make every shot, up to 24 at a time a key, and yield each frame when it is there.

        A shot whose job is already known to the journal is fetched, not sent again. A shot that fails does not stop
        the others; the first failure is raised when they are done, and what goes wrong with the account or the
        budget stops further requests. Raises `OutcomeUnknown` for a shot whose earlier request had no clear outcome.
        """
        wanted = {shot.id: shot for shot in shots}
        if (told := self._told_before(wanted)) is not None:
            raise told
        run = self._run([self._order(shot) for shot in wanted.values()])
        self._check([order for order in run.orders if order.entry is None])
        left = set(wanted)
        for frame in run.frames(progress, duplicates=_duplicates(shots)):
            left.discard(frame.shot.id)
            yield frame
        if run.errors:
            self._raise_first(left, run.errors)

    def resume(self, progress: OnProgress = silent) -> Iterator[Frame]:
        """Fetch the pictures of jobs that were submitted earlier and never fetched; nothing is sent, nothing spent.

        Raises, after the last frame, the first error of a job that ended without a picture.
        """
        journal = self._opened()
        entries = journal.entries(OPEN, kind="picture")
        orders = [self._known(entry) for entry in entries if entry.state != "intent"]
        run = self._run(orders, resuming=True)
        yield from run.frames(progress)
        if run.errors:
            raise _first(run.errors)

    def train_lora(
        self, pictures: str | Path | Iterable[Any], *, progress: OnProgress = silent, **settings: Any
    ) -> TrainedLoRA:
        """Train a LoRA at a host, and return it when its file is on this machine, checked, in `<catalogue>/loras`.

        `pictures` is a list of pictures, each alone or in a pair with its caption, which are sent without metadata; or
        a zip (`a.jpg` with `a.txt`), which is sent as it is, with all that its files say of place and owner. `settings`
        are those of `HostedTraining`: `trigger` (the word that calls it up), `trainer`, `steps`, `rank`, ... What a
        trainer does not take is refused.

        A training that was asked for before, to the letter, is followed or given back, not paid again; another `take`
        pays for another. Raises `BudgetExceeded` before anything is sent, and what `shoot` raises afterwards.

            engine.train_lora([("1.jpg", "a portrait"), ...], trigger="MAREIKE", steps=1000)
        """
        asked = HostedTraining(**settings)
        packed = dataset.pack(pictures, asked.trigger, self._opened().folder)
        order = ordered(asked, packed)
        run = self._training(order.request.host, progress)
        if run.known(order.request.id) is None:
            self._require_permission("1 hosted LoRA training was")
            self._ledger.check(order.forecast_usd(self._prices), 1, noun="LoRA training")
        made = run.start(order)
        if packed.path.parent == self._opened().folder:
            packed.path.unlink(missing_ok=True)
        return made

    def trainings(self) -> list[TrainedLoRA]:
        """Every LoRA that was trained from this catalogue and whose file is there, oldest first.

        One whose file is damaged is left out and told in the log.
        """
        made: list[TrainedLoRA] = []
        for entry in self._opened().entries(("done",), kind="training"):
            try:
                lora = self._training(entry.host, silent, keyless=True).finished(entry)
            except BadLoRA as error:
                _log.warning("%s", error)
            else:
                made += [] if lora is None else [lora]
        return made

    def resume_trainings(self, progress: OnProgress = silent) -> list[TrainedLoRA]:
        """Wait for trainings that were sent earlier and never fetched; nothing is sent, nothing spent.

        Raises, after the last, the first error of a training that ended without a LoRA.
        """
        made: list[TrainedLoRA] = []
        failed: list[HostedError] = []
        for entry in self._opened().entries(OPEN, kind="training"):
            if entry.state == "intent":
                continue
            run = self._training(entry.host, progress, server=entry.server, resuming=True)
            try:
                made.append(run.follow(entry))
            except HostedError as error:
                failed.append(error)
        if failed:
            raise failed[0]
        return made

    def cancel(self, job: Entry) -> str:
        """Ask a host to stop a job of `jobs()`; how it then stands.

        `cancelled`, `cancelling` (the host will try), or as before where the host cannot (BFL never can).
        """
        server = Server(job.server, host_named(job.host).domains)
        client = Client(server, host_named(job.host).credential(self._key(job.host)))
        try:
            return cancelling.cancel(job, self._opened(), client)
        finally:
            client.close()

    def jobs(self, *, waiting_only: bool = False) -> list[Entry]:
        """What the journal holds: every paid request and how it stands, oldest first."""
        return self._opened().entries(OPEN if waiting_only else None)

    def release(self, shot: Shot) -> None:
        """Allow a shot whose request had an unknown outcome to be sent again; it may then be billed twice."""
        journal = self._opened()
        for entry in journal.of_shot(shot.id):
            journal.move(entry.id, "unknown", "released")

    @property
    def spent_usd(self) -> float:
        """What this engine's pictures cost so far, by the hosts' replies where they told."""
        return self._ledger.spent_usd

    def place(self, host: str) -> tuple[str, SecretStr | None]:
        """Where a host answers, and the key for it; None where there is none."""
        try:
            return self._server(host), self._key(host)
        except MissingKey:
            return self._server(host), None

    def close(self) -> None:
        """End the sending process once it has nothing left to receive; the engine may be used again."""
        if self._courier is not None:
            self._courier.close()
            self._courier = None

    def __repr__(self) -> str:
        budget = self._ledger.budget_usd
        return f"HostedEngine({'no budget' if budget is None else f'budget ${budget:.2f}'})"

    def _order(self, shot: Shot) -> Order:
        """A shot with the job that the journal knows for it, or with the request that would be sent."""
        known = next(iter(self._opened().of_shot(shot.id)), None)
        if known is not None and known.state in (*OPEN, "unknown") and known.state != "intent":
            return self._known(known, shot)
        return self._new(shot, seen=known.id if known is not None else 0)

    def _new(self, shot: Shot, seen: int) -> Order:
        name = shot.options.get("host") or self._host or next(iter(shot.spec.hosts), "bfl")
        adapter = host_named(name)
        if not adapter.servers:
            adapter.credential(SecretStr(""))  # a host without an interface says so here
        body = build_body(shot, name, inputs_of(shot))
        return Order(shot=shot, host=name, server=self._server(name), key=self._key(name), body=body,
                     forecast_usd=self._forecast(shot, name), seen=seen)  # fmt: skip

    def _known(self, entry: Entry, shot: Shot | None = None) -> Order:
        shot = shot or Shot.model_validate_json(entry.shot)
        key = SecretStr("") if entry.state in ("stored", "unknown") else self._key(entry.host)
        return Order(shot=shot, host=entry.host, server=entry.server, key=key, entry=entry,
                     forecast_usd=entry.forecast_usd or 0.0)  # fmt: skip

    def _run(self, orders: list[Order], *, resuming: bool = False) -> Run:
        if self._courier is None:
            self._courier = Courier(self._opened()) if self._detached else Direct(self._opened())
        return Run(orders, journal=self._opened(), courier=self._courier, ledger=self._ledger, pace=self._pace,
                   resuming=resuming, renew=self._new)  # fmt: skip

    def _check(self, orders: list[Order]) -> None:
        if not orders:
            return
        many = len(orders) != 1
        self._require_permission(
            f"{len(orders)} hosted picture{'s' * many} {'were' if many else 'was'}", orders[0].shot
        )
        self._ledger.check(sum(order.forecast_usd for order in orders), len(orders))

    def _require_permission(self, what: str, shot: Shot | None = None) -> None:
        if os.environ.get("FLUXKIT_HOSTED") == "0" and self._fake is None:
            raise HostedForbidden(
                f"{what} asked for, but FLUXKIT_HOSTED=0 is set, which forbids every request that could cost money. "
                "Unset it, or use a FakeHost.",
                shot=shot,
            )

    def _training(
        self, name: str, progress: OnProgress, *, server: str = "", resuming: bool = False, keyless: bool = False
    ) -> TrainingRun:
        if self._courier is None:
            self._courier = Courier(self._opened()) if self._detached else Direct(self._opened())
        pace = self._pace if self._fake or self._paced else replace(self._pace, most=15.0, deadline=4 * 3600.0)
        return TrainingRun(
            self._opened(), self._courier, self._ledger, pace, SecretStr("") if keyless else self._key(name),
            server or self._server(name), progress, prices=self._prices, resuming=resuming,
        )  # fmt: skip

    def _unsent(self, shots: Sequence[Shot]) -> list[Shot]:
        """The shots that would be sent: those without a job that the journal still looks after."""
        return [shot for shot in {shot.id: shot for shot in shots}.values() if self._order(shot).entry is None]

    def _server(self, name: str) -> str:
        if self._fake is not None:
            return self._fake.url(name)
        adapter = host_named(name)
        asked = self._servers.get(name, next(iter(adapter.servers)))
        if "://" not in asked and asked not in adapter.servers:
            raise InputError(
                f"The server {asked!r} was asked for at {name}.{did_you_mean(asked, adapter.servers)} Its regions are: "
                f"{', '.join(adapter.servers)}. Name one of those."
            )
        base = adapter.servers.get(asked, asked).rstrip("/")
        return Server(base, adapter.domains).base

    def _key(self, name: str) -> SecretStr:
        if self._fake is not None and name not in self._keys:
            return SecretStr(self._fake.key)
        return find_key(name, self._keys)

    def _forecast(self, shot: Shot, name: str) -> float:
        if shot.model in self._prices:
            return self._prices[shot.model]
        pictures = shot.inputs.pictures().values() if shot.inputs is not None else ()
        given = sum(picture.width * picture.height for picture in pictures)
        cost = prices.forecast(shot.spec, shot.width, shot.height, {"host": name}, input_pixels=given)
        if cost.usd is None:
            raise BudgetExceeded(
                f"{shot.model} at {name} was asked for, but no price is known for it, so no budget can be kept. "
                f"Give one in US dollars a picture: HostedEngine(prices={{{shot.model!r}: 0.05}}).",
                shot=shot, host=name,
            )  # fmt: skip
        return cost.usd

    def _opened(self) -> Journal:
        if self._journal is None:
            self._journal = Journal((self._folder or Path("fluxkit-catalogue")) / NAME)
            self._journal.sweep()
        return self._journal

    def _told_before(self, wanted: Mapping[str, Shot]) -> HostedError | None:
        """The next failure of the last call, where this one asks for exactly the shots that it left.

        That is how a session goes on after a failure, and a shot that has failed then must not be paid for again.
        """
        left, errors = self._left
        self._left = (frozenset(), {})
        if not errors or frozenset(wanted) != left:
            return None
        return self._set_aside(set(left), errors)

    def _raise_first(self, left: set[str], errors: dict[str, HostedError]) -> NoReturn:
        first = self._set_aside(left, errors)
        for error in list(self._left[1].values())[:5]:
            first.add_note(f"Also: {error}")
        raise first

    def _set_aside(self, left: set[str], errors: Mapping[str, HostedError]) -> HostedError:
        """The failure to raise now; the others wait for the next call."""
        first = _first(errors)
        rest = {id: error for id, error in errors.items() if error is not first}
        self._left = (frozenset(left - {first.shot.id}), rest)
        return first


def _first(errors: Mapping[str, HostedError]) -> HostedError:
    """The failure to raise: one of the account or the budget before one of a single picture."""
    return next((error for error in errors.values() if isinstance(error, ConfigError)), next(iter(errors.values())))


def _duplicates(shots: Sequence[Shot]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for shot in shots:
        counts[shot.id] = counts.get(shot.id, 0) + 1
    return counts


def _require_hosts(what: str, given: Mapping[str, Any]) -> None:
    """Refuse names of no host: a key under a wrong name would be missed later, or never."""
    known = [name for name, adapter in HOSTS.items() if adapter.servers]
    for name in given:
        if name not in known:
            raise InputError(
                f"{what} for a host {name!r} was given.{did_you_mean(name, known)} Hosts are: {', '.join(known)}. "
                "Use their names."
            )


def _require_prices(given: Mapping[str, float]) -> None:
    for name, usd in given.items():
        if not (isinstance(usd, int | float) and 0 <= usd < math.inf):
            raise InputError(
                f"A price of {usd!r} was given for {name}. It is US dollars a piece, 0 or more. Correct it."
            )


def _secret(key: Any) -> SecretStr:
    return key if isinstance(key, SecretStr) else SecretStr(key)
