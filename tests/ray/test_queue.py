"""Which actor shoots what next: pure bookkeeping, without Ray."""

from __future__ import annotations

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from fluxkit.engines.ray.queue import TEXTS_AT_ONCE, ShotQueue
from fluxkit.shots import Shot


def shot(seed: int = 0, prompt: str = "A cat.", model: str = "flux.1-schnell") -> Shot:
    return Shot(model=model, prompt=prompt, width=256, height=256, steps=2, seed=seed)


def queue_of(*shots: Shot) -> ShotQueue:
    return ShotQueue([(each,) for each in shots])


def test_an_actor_goes_on_with_the_weights_that_it_holds():
    queue = queue_of(*(shot(seed, model=model) for seed in range(3) for model in ("flux.1-dev", "flux.1-schnell")))
    taken = [queue.take("a").shots[0].model for _ in range(6)]
    assert taken == [taken[0]] * 3 + [taken[3]] * 3


def test_two_actors_take_different_weights_where_there_are_two():
    queue = queue_of(*(shot(seed, model=model) for seed in range(9) for model in ("flux.1-dev", "flux.1-schnell")))
    first, second = queue.take("a"), queue.take("b")
    assert first.group != second.group


def test_nobody_loads_weights_for_less_work_than_loading_takes():
    queue = queue_of(*(shot(seed, model="flux.1-dev") for seed in range(4)), shot(model="flux.1-schnell"))
    dev = queue.take("a")
    queue.note_pace(dev, setup_s=60, shot_s=5)
    other = queue.take("b")
    assert other.group != dev.group
    assert queue.take("b") is None, "three shots of 5 s do not pay for 60 s of loading"
    queue.note_pace(dev, setup_s=0, shot_s=60)
    assert queue.take("a").group == dev.group


def test_much_work_is_worth_loading_for():
    queue = queue_of(*(shot(seed) for seed in range(100)))
    first = queue.take("a")
    queue.note_pace(first, setup_s=60, shot_s=5)
    assert queue.take("b").group == first.group


def test_each_text_is_encoded_by_one_actor_and_shared_evenly():
    queue = queue_of(*(shot(seed, prompt=f"Cat {text}.") for seed in range(3) for text in range(8)))
    encoded = Counter()
    for _ in range(12):
        for actor in ("a", "b"):
            bundle = queue.take(actor)
            encoded.update(str(each.prompt) for each in queue.texts_for(actor, bundle, actors=2))
    assert set(encoded.values()) == {1}
    assert len(encoded) == 8


def test_one_go_of_encoding_is_bounded():
    queue = queue_of(*(shot(prompt=f"Cat {text}.") for text in range(200)))
    assert len(queue.texts_for("a", queue.take("a"), actors=2)) == TEXTS_AT_ONCE


def test_what_a_lost_actor_was_to_encode_is_encoded_by_another():
    queue = queue_of(*(shot(seed) for seed in range(4)))
    lost = queue.take("a")
    assert queue.texts_for("a", lost, actors=2)
    queue.put_back(lost)
    queue.leave("a")
    again = queue.take("b")
    assert again is lost
    assert queue.texts_for("b", again, actors=2)


def test_a_bundle_is_not_given_again_to_an_actor_on_which_it_failed():
    queue = queue_of(shot(1), shot(2))
    failed = queue.take("a")
    failed.failed_on.add("a")
    queue.put_back(failed)
    assert queue.take("a").shots[0].seed == 2
    assert queue.take("a") is None
    assert queue.take("b") is failed, "another actor takes it although one holds the weights already"


@settings(max_examples=60, deadline=None)
@given(
    wanted=st.lists(st.tuples(st.sampled_from(["flux.1-dev", "flux.1-schnell"]), st.integers(0, 5)), max_size=40),
    events=st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["keep", "lose", "leave"])), max_size=80),
)
def test_every_shot_is_taken_exactly_once_whatever_happens(wanted, events):
    queue = ShotQueue([(shot(seed, f"Cat {text}.", model),) for seed, (model, text) in enumerate(wanted)])
    made: list[int] = []

    def work(actor: str, event: str) -> bool:
        bundle = queue.take(actor)
        if bundle is None:
            return False
        queue.texts_for(actor, bundle, actors=3)
        if event == "keep":
            made.append(bundle.shots[0].seed)
        else:
            queue.put_back(bundle)
        if event == "leave":
            queue.leave(actor)
        return True

    for actor, event in events:
        work(actor, event)
    while any(work(actor, "keep") for actor in "abc"):
        continue
    assert sorted(made) == list(range(len(wanted)))
    assert len(queue) == 0
