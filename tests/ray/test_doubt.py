"""An actor that lost an order is asked whether it is there, and nobody waits for its answer."""

from __future__ import annotations

import pytest

from fluxkit.engines import silent
from fluxkit.engines.ray import run as running
from fluxkit.engines.ray.crew import Crew, Member
from fluxkit.engines.ray.wire import Hello, Look, Made, Reply, unpack
from fluxkit.errors import Cancelled
from fluxkit.frames import Provenance
from fluxkit.frames.png import encode
from fluxkit.shots import Shot

ray = pytest.importorskip("ray")


class Reference:
    """What an actor will return: a value, an error, or nothing ever."""

    def __init__(self, value=None):
        self.value = value


class Stand(Member):
    """A member without processes; `sick` ones lose their first order, and say what `answer` says when asked."""

    sick = False
    answer = Reference()

    def call(self, method, *arguments):
        if method == "look":
            return [self.answer]
        if method == "shoot":
            if self.sick:
                self.sick = self.answer.value is None
                return [Reference(ray.exceptions.ObjectLostError("order", "nobody", "nowhere"))]
            return [Reference(Reply(made=tuple(map(made, unpack(arguments[0].shots)))))]
        return [Reference(None)]


class Stands(Crew):
    def __init__(self, *members):
        super().__init__(lambda: None, size=len(members), gpus=0, cpus=0)
        self.members = list(members)
        self.dismissed = []

    def dismiss(self, member):
        self.members.remove(member)
        self.dismissed.append(member.name)

    def muster(self):
        pass


def made(shot):
    from PIL import Image

    png = encode(Image.new("RGB", (shot.width, shot.height)))
    return Made(shot.id, png, Provenance(engine="stand"), {})


def member(name, *, sick=False, answer=None):
    found = Stand(name, [], [], hello=Hello("here", "cpu", {}))
    found.sick, found.answer = sick, Reference(answer)
    return found


@pytest.fixture
def shots():
    return [Shot(model="nano", prompt="a pear", seed=seed, width=64, height=64) for seed in range(4)]


@pytest.fixture(autouse=True)
def no_ray(monkeypatch):
    def wait(references, num_returns=1, timeout=None):
        ready = [each for each in references if each.value is not None][:num_returns]
        return ready, [each for each in references if each not in ready]

    def get(reference, timeout=None):
        if isinstance(reference, list):
            return [get(each) for each in reference]
        if reference.value is None:
            raise ray.exceptions.GetTimeoutError
        if isinstance(reference.value, Exception):
            raise reference.value
        return reference.value

    monkeypatch.setattr(ray, "wait", wait)
    monkeypatch.setattr(ray, "get", get)
    monkeypatch.setattr(running, "_ANSWER_WITHIN_S", 0.3)


def test_the_others_go_on_while_one_is_silent_which_counts_as_dead_in_the_end(shots):
    crew = Stands(member("sick", sick=True), member("well"))
    run = running.Run(crew, shots, silent, retries=1, shared=False)
    dismissed = {frame.shot.seed: list(crew.dismissed) for frame in run.frames()}
    assert sorted(dismissed) == [0, 1, 2, 3]
    assert next(iter(dismissed.values())) == [], "a frame of the well one came while the other was asked"
    assert crew.dismissed == ["sick"]


def test_one_that_answers_stays_and_shoots_again_what_it_lost(shots):
    crew = Stands(member("sick", sick=True, answer=Look()))
    assert len(list(running.Run(crew, shots, silent, retries=0, shared=False).frames())) == 4
    assert crew.dismissed == []


def test_who_shoots_can_cancel_while_one_is_asked(shots):
    def stop(_progress):
        if run._doubts:
            raise Cancelled("Stopped.")

    sick = member("sick", sick=True)
    run = running.Run(Stands(sick), shots, stop, retries=1, shared=False)
    with pytest.raises(Cancelled):
        list(run.frames())
    assert not sick.orders
    assert not run._doubts
