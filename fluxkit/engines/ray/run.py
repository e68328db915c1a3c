"""`Run`: one plan on a crew: orders out, frames in, until everything is made or one shot has failed."""

from __future__ import annotations

import itertools
import time
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fluxkit.engines.base import OnProgress, Progress, Stage
from fluxkit.engines.ray.crew import AHEAD, Crew, Member, Sent
from fluxkit.engines.ray.queue import Bundle, ShotQueue
from fluxkit.engines.ray.wire import EncodedFrame, Look, Order, Reply, as_error, opened, pack, pictures_of
from fluxkit.errors import Cancelled, EngineError
from fluxkit.frames.frame import Frame
from fluxkit.frames.png import encode as png
from fluxkit.shots.shot import Shot

if TYPE_CHECKING:
    from PIL.Image import Image

_LOOK_EVERY_S = 0.2
"""How often progress is told and a cancel is noticed while no frame arrives."""
_STOP_WITHIN_S = 60.0
"""An actor that has not stopped by then is killed."""
_ANSWER_WITHIN_S = 10.0
"""An actor that lost an order and does not answer by then counts as dead."""

_numbers = itertools.count(1)


@dataclass
class _Doubt:
    """A member that lost orders, asked whether it is there; meanwhile the others go on."""

    answers: list[Any]
    """What its actors answer, by reference."""
    until: float
    lost: list[Sent] = field(default_factory=list)

    def missing(self) -> list[Any]:
        """The answers that have not come yet."""
        import ray

        missing: list[Any] = ray.wait(self.answers, num_returns=len(self.answers), timeout=0)[1]
        return missing

    def is_alive(self) -> bool | None:
        """Whether every actor answered; None while that is not known."""
        import ray

        if self.missing():
            return False if time.monotonic() > self.until else None
        try:
            ray.get(self.answers)
        except ray.exceptions.RayError:
            return False
        return True


class Run:
    """One plan under way. Only `frames` is for others."""

    def __init__(
        self,
        crew: Crew,
        shots: Sequence[Shot],
        progress: OnProgress,
        *,
        retries: int,
        batch: int = 1,
        shared: bool = True,
    ) -> None:
        """`batch` is how many shots go in one call; with `shared` the actors share the embeddings of their texts."""
        self._crew = crew
        self._progress = progress
        self._retries = retries
        self._shared = shared
        self._wanted = {shot.id: shot for shot in shots}
        bundles = bundled(self._wanted.values(), batch)
        self._queue = ShotQueue(bundles)
        self._needing = Counter(_words(shots[0]) for shots in bundles)
        """How many bundles still need each text: embeddings that nobody needs are let go."""
        self._under_way: dict[Any, Sent] = {}
        self._seconds: dict[Any, Member] = {}
        """References of the others of a team: what they return is not read, but they tell of a death."""
        self._doubts: dict[Member, _Doubt] = {}
        self._embeds: dict[Hashable, tuple[Member, Any]] = {}
        self._pictures: dict[str, Any] = {}
        self._done = 0
        self._failure: EngineError | None = None
        self._looked = 0.0

    def frames(self) -> Iterator[Frame]:
        """The frames as they arrive; raises what stopped the run after those under way are in."""
        try:
            self._tell(Look(stage="load"))
            while self._under_way or self._doubts or (len(self._queue) and self._failure is None):
                self._crew.welcome()
                if self._failure is None:
                    self._send_out()
                yield from self._arrived()
                self._settle_doubts()
                self._watch()
            if self._failure is not None:
                raise self._failure
        finally:
            self._stop()

    def _send_out(self) -> None:
        """Give every member something to do, and one order more while there is plenty."""
        ready = [member for member in self._crew.ready if member not in self._doubts]
        for ahead in range(AHEAD):
            for member in ready:
                plenty = ahead == 0 or len(self._queue) > len(ready)
                if len(member.orders) <= ahead and plenty:
                    bundle = self._queue.take(member.name)
                    if bundle is not None:
                        self._send(member, bundle)

    def _send(self, member: Member, bundle: Bundle) -> None:
        embeds = self._embeds_for(member, bundle) if self._shared else []
        number = next(_numbers)
        sent = Sent(number, bundle, member)
        first, *others = member.call("shoot", self._order(number, bundle.shots), *embeds)
        member.orders.append(sent)
        self._under_way[first] = sent
        self._seconds.update(dict.fromkeys(others, member))

    def _embeds_for(self, member: Member, bundle: Bundle) -> list[Any]:
        """The reference to the bundle's embeddings; the actor is told to make them where nobody does."""
        lot = self._queue.texts_for(member.name, bundle, actors=max(1, len(self._crew.ready)))
        if lot:
            reference = member.call("encode", self._order(next(_numbers), lot))[0]
            self._embeds.update({_words(shot): (member, reference) for shot in lot})
        maker, reference = self._embeds.get(_words(bundle.shots[0]), (None, None))
        # Who encoded a text holds it already.
        return [] if reference is None or maker is member else [reference]

    def _order(self, number: int, shots: Sequence[Shot]) -> Order:
        import ray

        pictures = pictures_of(shots)
        for content, picture in pictures.items():
            if content not in self._pictures:
                self._pictures[content] = ray.put(png(picture.image))
        return Order(number, pack(shots), {content: self._pictures[content] for content in pictures})

    def _arrived(self) -> Iterator[Frame]:
        """Wait a little, and take what has arrived."""
        import ray

        answers = [reference for doubt in self._doubts.values() for reference in doubt.missing()]
        references = [*self._under_way, *self._seconds, *self._crew.greetings(), *answers]
        if self._doubts and not answers:
            return
        if not references:
            self._refuse_to_hang()
            return
        ready, _ = ray.wait(references, num_returns=1, timeout=_LOOK_EVERY_S)
        for reference in ready:
            if reference in self._seconds:
                self._note_second(reference)
            elif reference in self._under_way:
                yield from self._taken(reference)

    def _taken(self, reference: Any) -> Iterator[Frame]:
        import ray

        sent = self._under_way.pop(reference)
        try:
            reply: Reply = ray.get(reference)
        except ray.exceptions.RayTaskError as error:
            first = sent.bundle.shots[0]
            reply = Reply(failure=as_error(error.cause or error, first), failed=first.id)
        except ray.exceptions.RayError:
            self._doubt(sent)
            return
        sent.member.orders.remove(sent)
        self._note(sent, reply)
        for made in reply.made:
            self._done += 1
            yield EncodedFrame(self._wanted[made.shot_id], made)
        if reply.failure is not None:
            self._failed(sent, reply)

    def _failed(self, sent: Sent, reply: Reply) -> None:
        """Try elsewhere what failed on one actor only; what was not reached is shot again in any case."""
        bundle = sent.bundle
        bundle.shots = tuple(shot for shot in bundle.shots if shot.id not in {made.shot_id for made in reply.made})
        if isinstance(reply.failure, Cancelled):
            self._queue.put_back(bundle)
            return
        bundle.failed_on.add(sent.member.name)
        if any(member.name not in bundle.failed_on for member in self._crew.ready):
            self._queue.put_back(bundle)
            return
        failure = reply.failure or EngineError("")
        failure.shot = self._wanted.get(reply.failed, bundle.shots[0])
        self._failure = self._failure or failure

    def _doubt(self, sent: Sent) -> None:
        """An order came back without a reply: its actor died, or another whose embeddings it needed. Ask it which."""
        member = sent.member
        if member not in self._doubts:
            self._doubts[member] = _Doubt(member.call("look"), time.monotonic() + _ANSWER_WITHIN_S)
        self._doubts[member].lost.append(sent)
        self._under_way = {reference: other for reference, other in self._under_way.items() if other is not sent}

    def _settle_doubts(self) -> None:
        for member, doubt in list(self._doubts.items()):
            alive = doubt.is_alive()
            if alive is None:
                continue
            del self._doubts[member]
            if alive:
                self._forget_dead_embeds()
                for sent in doubt.lost:
                    self._take_back(sent)
            else:
                self._bury(member)

    def _bury(self, member: Member) -> None:
        """Shoot again what a dead member was to shoot, and let another take its place."""
        member.orders[0].bundle.deaths += 1
        for order in list(member.orders):
            self._take_back(order)
        self._seconds = {reference: other for reference, other in self._seconds.items() if other is not member}
        self._embeds = {text: held for text, held in self._embeds.items() if held[0] is not member}
        self._queue.leave(member.name)
        self._crew.dismiss(member)
        if self._failure is None:
            self._crew.muster()

    def _take_back(self, sent: Sent) -> None:
        sent.member.orders.remove(sent)
        self._under_way = {reference: other for reference, other in self._under_way.items() if other is not sent}
        bundle = sent.bundle
        if bundle.deaths <= self._retries:
            self._queue.put_back(bundle)
            return
        shot = bundle.shots[0]
        self._failure = self._failure or EngineError(
            f"{bundle.deaths} actors died while they shot {shot.model} at {shot.width} x {shot.height} with seed "
            f"{shot.seed}. At most {self._retries} deaths are borne for a shot. Its machine may lack memory: shoot it "
            f"smaller, or with another memory= lever.",
            shot=shot,
        )

    def _forget_dead_embeds(self) -> None:
        dead = [held[0] for held in self._embeds.values() if held[0] not in self._crew.members]
        for member in dead:
            self._queue.leave(member.name)
        self._embeds = {text: held for text, held in self._embeds.items() if held[0] in self._crew.members}

    def _note_second(self, reference: Any) -> None:
        import ray

        member = self._seconds.pop(reference)
        try:
            ray.get(reference)
        except ray.exceptions.RayError:
            if member.orders and member not in self._doubts:
                self._doubt(member.orders[0])

    def _note(self, sent: Sent, reply: Reply) -> None:
        """Learn the pace, and let go of embeddings that nobody needs any more."""
        if reply.failure is not None:
            return
        self._queue.note_pace(sent.bundle, setup_s=reply.setup_s, shot_s=reply.shot_s)
        words = _words(sent.bundle.shots[0])
        self._needing[words] -= 1
        if not self._needing[words]:
            self._embeds.pop(words, None)

    def _refuse_to_hang(self) -> None:
        raise EngineError(
            f"{len(self._queue)} shots are left, and no actor is there or on its way. Give the engine more actors, or "
            f"shoot the plan again: what was made is in the catalogue."
        )

    def _watch(self) -> None:
        """Tell how far the order stands that has been under way longest."""
        now = time.monotonic()
        if now - self._looked < _LOOK_EVERY_S:
            return
        self._looked = now
        busy = [member for member in self._crew.ready if member.orders and member not in self._doubts]
        self._tell(_look(busy[0]) if busy else Look(stage="load"), busy[0] if busy else None)

    def _tell(self, look: Look, member: Member | None = None) -> None:
        stage: Stage = look.stage  # type: ignore[assignment]
        self._progress(
            Progress(
                stage=stage,
                done=self._done,
                shots=len(self._wanted),
                step=look.step,
                steps=look.steps,
                shot=self._wanted.get(look.shot_id),
                preview=None if member is None else lambda: _preview(member),
            )
        )

    def _stop(self) -> None:
        """Stop what is under way, for instance after a cancel; actors that do not stop are killed."""
        import ray

        for member in self._doubts:
            member.orders.clear()
        self._doubts.clear()
        if not self._under_way:
            return
        last = max(sent.number for sent in self._under_way.values())
        members = {sent.member for sent in self._under_way.values()}
        for member in members:
            member.call("cancel", last)
        references = list(self._under_way)
        _, hanging = ray.wait(references, num_returns=len(references), timeout=_STOP_WITHIN_S)
        for reference in hanging:
            self._crew.dismiss(self._under_way[reference].member)
        for member in members:
            member.orders.clear()
        self._under_way.clear()


def bundled(shots: Iterable[Shot], batch: int = 1) -> list[tuple[Shot, ...]]:
    """The shots in bundles for one call each: those that share their first steps, or a batch of equal sizes."""
    from fluxkit.engines.local.prefix import root

    bundles: dict[Hashable, list[Shot]] = {}
    counts: Counter[Hashable] = Counter()
    for shot in shots:
        alike: Hashable = root(shot) if shot.later else shot.id
        if batch > 1:
            kind = (shot.model, shot.spec.weights, shot.loras, shot.width, shot.height, shot.steps)
            alike = (kind, counts[kind] // batch)
            counts[kind] += 1
        bundles.setdefault(alike, []).append(shot)
    return [tuple(bundle) for bundle in bundles.values()]


def _words(shot: Shot) -> Hashable:
    return (shot.model, shot.spec.weights, shot.loras, str(shot.prompt), shot.negative)


def _look(member: Member) -> Look:
    import ray

    try:
        look: Look = ray.get(member.call("look")[0], timeout=1)
    except ray.exceptions.RayError:
        return Look()
    return look


def _preview(member: Member) -> Image:
    import ray
    from PIL import Image

    data = ray.get(member.call("preview")[0], timeout=5)
    return opened(data) if data else Image.new("RGB", (64, 64), "grey")
