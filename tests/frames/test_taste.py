from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

import fluxkit as fk
from fluxkit import FunctionEngine, Session, Sweep, Taste
from fluxkit.errors import InputError
from fluxkit.measure.bradley_terry import worths
from fluxkit.scene import Light, Lighting, Scene, Subject


def voter(true, rng):
    """A person who chooses by the odds of Bradley and Terry."""
    return lambda i, j: (i, j) if rng.random() < 1 / (1 + np.exp(true[j] - true[i])) else (j, i)


def test_worths_come_back_from_simulated_votes_within_their_intervals():
    inside = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        true = rng.normal(0, 1.2, 6)
        true -= true.mean()
        choose = voter(true, rng)
        pairs = [(*choose(*rng.choice(6, 2, replace=False)), 1.0) for _ in range(60)]
        found = worths(6, pairs)
        inside += list(np.abs(found.mean - true) < 1.96 * found.deviation)
    assert 0.90 < np.mean(inside) < 0.99


def test_asking_for_the_telling_pair_finds_the_best_and_stops_there():
    right, asked = [], []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        true = dict(zip("abcdef", rng.permutation([2.4, 0.8, 0.2, 0, -0.6, -1.2]), strict=True))
        taste = Taste([("a", "b")]) if true["a"] > true["b"] else Taste([("b", "a")])
        for name in "cdef":
            taste = taste.with_vote("a", name) if true["a"] > true[name] else taste.with_vote(name, "a")
        while not taste.settled and len(taste.votes) < 120:
            i, j = taste.next_pair()
            taste = (
                taste.with_vote(i, j) if rng.random() < 1 / (1 + np.exp(true[j] - true[i])) else taste.with_vote(j, i)
            )
        right.append(taste.ranking[0].frame == max(true, key=true.get))
        asked.append(len(taste.votes))
    assert np.mean(right) >= 0.8 and np.median(asked) < 60


def test_frames_that_are_liked_alike_stop_the_asking_too():
    taste = Taste([], ties=[("a", "b")] * 200)
    assert taste.settled and "alike" in taste.verdict


def test_one_vote_settles_nothing():
    taste = Taste([("a", "b")])
    assert not taste.settled and "go on" in taste.verdict
    assert taste.ranking[0].frame == "a" and taste.ranking[0].low < 0 < taste.ranking[0].high


@pytest.fixture(scope="module")
def frames(tmp_path_factory):
    from PIL import Image

    engine = FunctionEngine(lambda shot: Image.new("RGB", (16, 16), (shot.seed, 0, 0)))
    scene = Scene(subject=Subject(description="a pear"), lighting=Lighting(key=Light(direction="left")))
    with Session(tmp_path_factory.mktemp("taste"), engine=engine) as session:
        sweep = Sweep(scene, model="nano").over(
            seed=range(4), **{"lighting.key.direction": ["left", "right"], "lighting.key.quality": ["soft", "hard"]}
        )
        return session.shoot(sweep)


def test_a_liking_for_light_from_the_left_is_found_and_nothing_else(frames):
    rng = np.random.default_rng(3)
    votes = []
    for _ in range(90):
        one, other = rng.choice(len(frames), 2, replace=False)
        worth = [1.3 * (frames[int(k)].value("lighting.key.direction") == "left") for k in (one, other)]
        pair = (frames[int(one)], frames[int(other)])
        votes.append(pair if rng.random() < 1 / (1 + np.exp(worth[1] - worth[0])) else pair[::-1])
    taste = Taste.of(SimpleNamespace(votes=votes, ties=(), frames=frames))
    effects = taste.effects()
    left = effects.of("lighting.key.direction")["left"]
    assert left.sure and left.low < 0.65 < left.high
    assert not any(row.sure for row in effects.of("lighting.key.quality").values())
    assert "lighting.key.direction" in repr(effects) and "<table>" in effects._repr_html_()
    assert len(taste.figure().axes) == len(effects.figure().axes) == 1


def test_effects_need_frames_that_share_fields():
    with pytest.raises(InputError, match="sweep over scene fields"):
        Taste([("a", "b")]).effects()


@pytest.mark.parametrize("votes", [[], [("a", "a"), ("a", "b")]])
def test_votes_that_say_nothing_are_refused(votes):
    with pytest.raises(InputError):
        Taste(votes)


def test_taste_is_a_public_name():
    assert fk.Taste is Taste


def test_many_frames_are_looked_over_once_and_not_for_each_row(monkeypatch):
    scene = Scene(subject=Subject(description="a vase"))
    shots = [fk.Shot(model="nano", prompt="p", scene=scene, seed=seed, width=64, height=64) for seed in range(40)]
    frames = [fk.Frame(shot, Image.new("RGB", (64, 64)), provenance=fk.Provenance(engine="test")) for shot in shots]
    looked, plain = [], fk.Frames.axes
    monkeypatch.setattr(fk.Frames, "axes", lambda self: looked.append(1) or plain(self))
    taste = Taste([(frames[0], frames[1])], frames=frames)
    assert "0" in repr(taste).splitlines()[1] and len(repr(taste).splitlines()) == 42
    assert len(looked) == 1
