"""Shots on two actors: the same frames, sooner, and nothing lost when actors die."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from uuid import uuid4

import pytest
import torch
from PIL import Image

import fluxkit as fk
from fluxkit.engines.function import FunctionEngine
from fluxkit.engines.local import LocalEngine
from fluxkit.engines.ray import RayEngine, actor, run
from fluxkit.errors import Cancelled, EngineError, InputError, OutOfMemoryError, PlanError
from fluxkit.shots import Inputs, ReferenceImage, Shot

pytestmark = pytest.mark.usefixtures("two_gpus")


def shots(count: int, **fields) -> list[Shot]:
    given = {"model": "flux.1-schnell", "prompt": "A cat.", "width": 256, "height": 256, "steps": 2, **fields}
    return [Shot(seed=seed, **given) for seed in range(count)]


def coloured(shot: Shot) -> Image.Image:
    return Image.new("RGB", (shot.width, shot.height), (shot.seed % 256, 100, 50))


def slow(shot: Shot) -> Image.Image:
    time.sleep(0.1)
    return coloured(shot)


def mortal(folder: str, deadly: tuple[int, ...], shot: Shot) -> Image.Image:
    """Kills its process on some seeds, each time that it has not done so before."""
    mark = Path(folder) / str(shot.seed)
    if shot.seed in deadly and not mark.exists():
        mark.touch()
        os._exit(1)
    return coloured(shot)


def always_deadly(seed: int, shot: Shot) -> Image.Image:
    if shot.seed == seed:
        os._exit(1)
    return coloured(shot)


def failing(seed: int, shot: Shot) -> Image.Image:
    if shot.seed == seed:
        raise ValueError("this shot is poisoned")
    return coloured(shot)


def cramped(folder: str, shot: Shot) -> Image.Image:
    """Runs out of memory in the first process that comes by, and in no other."""
    mark = Path(folder) / "cramped"
    if not mark.exists():
        mark.write_text(str(os.getpid()))
    time.sleep(0.05)
    if mark.read_text() == str(os.getpid()):
        raise OutOfMemoryError("this card is too small", shot=shot)
    return coloured(shot)


class Stepping(FunctionEngine):
    """Waits in its steps, so that a cancel between them is noticed."""

    def shoot(self, shots, progress):
        def waiting(report):
            time.sleep(0.05)
            progress(report)

        return super().shoot(shots, waiting)


class Previewing(FunctionEngine):
    """Takes its time, and shows a picture of what it is at."""

    def shoot(self, shots, progress):
        def showing(report):
            time.sleep(0.05)
            progress(replace(report, preview=lambda: Image.new("RGB", (8, 8), (1, 2, 3))))

        return super().shoot(shots, showing)


@pytest.fixture
def engine():
    made = []

    def make(function=coloured, kind=FunctionEngine, **options):
        made.append(RayEngine(engine=partial(kind, function), **options))
        return made[-1]

    yield make
    for each in made:
        each.close()


def test_two_actors_take_half_the_time_of_one(engine):
    crew = engine(slow)
    while len(crew.ready) < 2:
        list(crew.shoot(shots(4)))
    start = time.perf_counter()
    serial = list(FunctionEngine(slow).shoot(shots(40)))
    alone = time.perf_counter() - start
    best = alone
    for _ in range(3):  # other work on the machine can only make it slower
        start = time.perf_counter()
        frames = list(crew.shoot(shots(40)))
        best = min(best, time.perf_counter() - start)
        if best < alone / 1.7:
            break
    assert best < alone / 1.7
    assert {frame.id for frame in frames} == {frame.id for frame in serial}


def test_nano_gives_the_pixels_of_the_local_run(tmp_path):
    sweep = fk.Sweep(fk.Scene(subject=fk.Subject(description="a woman")), model="nano", steps=2).over(seed=range(40))
    ray_engine = RayEngine(device="cpu")
    with fk.Session(tmp_path / "here", engine=LocalEngine(device="cpu")) as session:
        local = session.shoot(sweep)
    with fk.Session(tmp_path / "there", engine=ray_engine) as session:
        frames = session.shoot(sweep)
    assert [frame.fingerprint for frame in frames] == [frame.fingerprint for frame in local]
    assert frames[0].provenance.extra["node"]
    assert frames[0].provenance.device == local[0].provenance.device
    assert frames[0].provenance.threads == local[0].provenance.threads == torch.get_num_threads()
    assert frames[0].provenance.engine == "local"


def counting(folder: str) -> LocalEngine:
    """A local engine that leaves a file for every text that it encodes itself."""
    made = LocalEngine(device="cpu")
    get = made.embeds.get

    def counted(key, encode):
        def noted():
            Path(folder, uuid4().hex).touch()
            return encode()

        return get(key, noted)

    made.embeds.get = counted
    return made


def test_each_text_is_encoded_once_for_all_actors(tmp_path):
    words = [f"A portrait of a {who}." for who in ("woman", "man", "girl", "boy")]
    asked = [shot.with_(prompt=text) for text in words for shot in shots(4, model="nano", width=128, height=128)]
    crew = RayEngine(engine=partial(counting, str(tmp_path)))
    frames = list(crew.shoot(asked))
    crew.close()
    assert len(frames) == 16
    assert len(list(tmp_path.iterdir())) == 4


def test_a_dead_actor_is_replaced_and_its_shots_are_shot_again(engine, tmp_path):
    crew = engine(partial(mortal, str(tmp_path), (5, 13)))
    frames = list(crew.shoot(shots(24)))
    assert sorted(frame.shot.seed for frame in frames) == list(range(24))
    assert len(list(tmp_path.iterdir())) == 2, "both deaths happened"


def test_a_shot_that_kills_every_actor_is_given_up_and_the_rest_goes_on(engine, tmp_path):
    with fk.Session(tmp_path, engine=engine(partial(always_deadly, 3), retries=1)) as session:
        job = session.submit(shots(8), on_error="continue")
        frames = job.result()
    assert sorted(frame.shot.seed for frame in frames) == [0, 1, 2, 4, 5, 6, 7]
    (error,) = job.errors.values()
    assert error.shot.seed == 3
    assert "2 actors died" in str(error)


def test_a_shot_that_fails_everywhere_is_reported_and_the_rest_goes_on(engine, tmp_path):
    with fk.Session(tmp_path, engine=engine(partial(failing, 2))) as session:
        job = session.submit(shots(6), on_error="continue")
        frames = job.result()
    assert sorted(frame.shot.seed for frame in frames) == [0, 1, 3, 4, 5]
    (error,) = job.errors.values()
    assert error.shot.seed == 2
    assert "poisoned" in str(error)


def test_what_one_card_has_no_memory_for_goes_to_another(engine, tmp_path):
    crew = engine(partial(cramped, str(tmp_path)))
    while len(crew.ready) < 2:
        with suppress(OutOfMemoryError):  # the first card may be alone at first
            list(crew.shoot(shots(2)))
    frames = list(crew.shoot(shots(12)))
    assert sorted(frame.shot.seed for frame in frames) == list(range(12))


def test_an_order_that_no_actor_can_read_is_reported(engine, monkeypatch):
    monkeypatch.setattr(run, "pack", lambda shots: b"no pickle")
    with pytest.raises(EngineError, match="UnpicklingError") as caught:
        list(engine().shoot(shots(2)))
    assert caught.value.shot in shots(2)


def test_a_preview_comes_from_the_actor(engine):
    crew = engine(coloured, Previewing)
    list(crew.shoot(shots(1)))
    seen = []

    def progress(report):
        if report.stage == "denoise" and not seen:
            seen.append(report.preview())

    list(crew.shoot(shots(1, steps=100), progress))
    assert seen[0].getpixel((1, 1)) == (1, 2, 3)


def test_a_failure_stops_the_plan_after_what_is_under_way(engine):
    made = []
    with pytest.raises(EngineError, match="poisoned") as caught:
        made.extend(frame.shot.seed for frame in engine(partial(failing, 4)).shoot(shots(40)))
    assert caught.value.shot.seed == 4


def test_cancel_stops_within_a_step_and_the_engine_stays_usable(engine):
    crew = engine(coloured, Stepping)
    list(crew.shoot(shots(2)))
    calls = []

    def progress(report):
        calls.append(report)
        if report.stage == "denoise":
            raise Cancelled("enough")

    start = time.perf_counter()
    with pytest.raises(Cancelled, match="enough"):
        list(crew.shoot(shots(4, steps=400), progress))
    assert time.perf_counter() - start < 5, "a shot alone takes 20 s"
    assert calls[-1].shot is not None
    assert len(list(crew.shoot(shots(3)))) == 3


def test_input_pictures_travel_with_their_shots(engine):
    pictures = [Image.new("RGB", (64, 64), (shade, 0, 0)) for shade in (10, 200)]
    asked = [
        Shot(
            model="flux.1-dev",
            prompt="A cat.",
            width=256,
            height=256,
            inputs=Inputs(image=ReferenceImage.of(picture), strength=0.5),
        )
        for picture in pictures
    ]
    frames = engine(lambda shot: shot.inputs.image.image.resize((shot.width, shot.height))).shoot(asked)
    assert sorted(frame.image.getpixel((9, 9))[0] for frame in frames) == [10, 200]


def test_an_actor_with_other_versions_is_refused_with_the_difference(engine, monkeypatch):
    monkeypatch.setattr(actor, "__version__", "99.0")
    with pytest.raises(EngineError, match=r"fluxkit \S+ there, 99\.0 here"):
        list(engine().shoot(shots(1)))


def test_an_engine_that_cannot_be_made_is_told_with_its_reason():
    def broken():
        raise RuntimeError("no such card")

    made = RayEngine(engine=broken)
    made._like = FunctionEngine(coloured)
    with pytest.raises(EngineError, match="died before it was up"):
        list(made.shoot(shots(1)))
    made.close()


def test_options_are_checked_before_anything_starts():
    with pytest.raises(InputError, match="Did you mean 'memory'"):
        RayEngine(memroy="fp8")
    with pytest.raises(InputError, match="gpus_per_actor=2"):
        RayEngine(gpus_per_actor=2)
    with pytest.raises(InputError, match="actors=0"):
        RayEngine(actors=0)


def test_parallel_is_refused_where_there_are_too_few_gpus():
    with pytest.raises(PlanError, match=r"parallel=3.*The cluster has 2"):
        list(RayEngine(parallel=3).shoot(shots(1)))


def test_without_ray_the_cure_is_one_line():
    code = (
        "import sys; sys.modules['ray'] = None\n"
        "import fluxkit as fk\n"
        "engine = fk.RayEngine()\n"
        "assert not [name for name in sys.modules if name.startswith('ray.')]\n"
        "from fluxkit.shots import Shot\n"
        "try: list(engine.shoot([Shot(model='nano', prompt='A cat.', width=128, height=128)]))\n"
        "except fk.errors.MissingExtraError as error: print(error)\n"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "pip install" in told
    assert "[ray]" in told
