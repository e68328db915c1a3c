"""A picture made again comes out the same, or the reason is named."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from PIL import Image

import fluxkit as fk
from fluxkit import engines
from fluxkit.engines.local import LocalEngine, repeat
from fluxkit.errors import FrameError, InputError
from fluxkit.frames.provenance import Source
from fluxkit.session.comparison import compare_pixels, compare_records
from fluxkit.session.reproduction import reproduce

SCENE = fk.Scene(subject=fk.Subject(description="a hare"))


def drawn(shot, dtype="float32"):
    """A picture that follows from the seed, and, as on real devices, a little from the number type."""
    noise = np.random.default_rng(shot.seed).integers(8, 248, (shot.height, shot.width, 3))
    return Image.fromarray((noise + (noise % 5 if dtype == "bfloat16" else 0)).astype(np.uint8))


class TypedEngine(fk.FunctionEngine):
    """Draws with a number type, and writes it down."""

    def __init__(self, dtype="float32", device="cpu", version="1"):
        super().__init__(lambda shot: drawn(shot, dtype), name="typed")
        self._made = {"dtype": dtype, "device": device, "versions": {"torch": version}}

    def shoot(self, shots, progress=lambda _p: None):
        for frame in super().shoot(shots, progress):
            yield fk.Frame(frame.shot, frame.image, provenance=frame.provenance.with_(**self._made))


@pytest.fixture(autouse=True)
def registered(monkeypatch):
    monkeypatch.setitem(engines.registry._makers, "typed", TypedEngine)


def shot_with(folder, engine):
    with fk.Session(folder, engine=engine) as session:
        return session.shoot(SCENE, model="flux.1-schnell", seed=3, size=(256, 256))


def test_the_same_engine_gives_every_pixel_again_and_keeps_nothing(tmp_path):
    engine = TypedEngine()
    with fk.Session(tmp_path / "shoot", engine=engine) as session:
        frame = session.shoot(SCENE, model="flux.1-schnell", seed=3, size=(256, 256))
        again = reproduce(frame, session)
        assert (again.verdict, again.largest, again.differences, bool(again)) == ("identical", 0, (), True)
        assert repr(again) == "identical: every pixel is the same"
        assert (engine.calls, len(session.catalogue)) == (2, 1)


@pytest.mark.parametrize("kind", ["png", "jpg", "webp"])
def test_a_file_alone_is_enough(tmp_path, kind):
    path = shot_with(tmp_path / "shoot", TypedEngine()).save(tmp_path / f"sent.{kind}")
    with fk.Session(tmp_path / "elsewhere", engine=TypedEngine()) as session:
        again = reproduce(path, session, tolerance_db=8)  # noise is the worst picture for a lossy format
    assert again.verdict == ("identical" if kind == "png" else "within tolerance")
    assert not (tmp_path / "elsewhere").exists()


def test_another_number_type_is_within_tolerance_and_named(tmp_path):
    frame = shot_with(tmp_path / "shoot", TypedEngine())
    with fk.Session(tmp_path / "now", engine=TypedEngine("bfloat16", version="2")) as session:
        again = reproduce(frame, session)
        assert again.verdict == "within tolerance"
        assert 40 <= again.psnr_db < 50
        assert (again.largest, 1 < again.mean < 3) == (4, True)
        assert [str(d) for d in again.differences] == [
            "dtype: was float32, now bfloat16",
            "torch: was 1, now 2",
        ]
        assert (again.cause, again.tried) == ("", ())
        found = reproduce(frame, session, find_cause=True)
        assert (found.cause, found.tried, found.fixed) == ("dtype", ("dtype",), ("torch",))
        assert "explained by dtype: put back as it was" in repr(found)
        strict = reproduce(frame, session, tolerance_db=60)
        assert (strict.verdict, bool(strict)) == ("drifted", False)


def test_a_drift_that_no_single_difference_explains_is_said_to_be_unexplained(tmp_path):
    frame = shot_with(tmp_path / "shoot", TypedEngine("float16"))
    other = fk.FunctionEngine(lambda shot: drawn(shot.with_("seed", 99)), name="typed")
    with fk.Session(tmp_path / "now", engine=other) as session:
        frame_of_another = fk.Frame(frame.shot, drawn(frame.shot.with_("seed", 5)), provenance=frame.provenance)
        again = reproduce(frame_of_another, session, find_cause=True)
    assert again.verdict == "drifted"
    assert again.cause == ""
    assert again.tried == ("dtype", "device", "dtype and device")
    assert "not explained by any of" in repr(again)


NOW = {"dtype": "bfloat16", "device": "cpu", "memory": "resident", "batch": 1, "attention": "", "compile": False,
       "step_cache": "", "threads": 2}  # fmt: skip
THEN = {"dtype": "float32", "device": "cuda", "memory": "table", "batch": 4, "attention": "flash", "compile": True,
        "step_cache": "first-block 0.08", "threads": 8}  # fmt: skip


class LeveredEngine(fk.FunctionEngine):
    """Draws a picture that follows from the seed and from those of its choices that are said to matter."""

    culprits = ()

    def __init__(self, **options):
        super().__init__(self._drawn, name="levered")
        self.options = NOW | options

    def _drawn(self, shot):
        return drawn(shot.with_("seed", sum(ord(c) for name in self.culprits for c in str(self.options[name]))))

    def shoot(self, shots, progress=lambda _p: None):
        made = self.options
        said = [made["memory"] if made["memory"] != "resident" else "", "compile" if made["compile"] else "",
                f"attention {made['attention']}" if made["attention"] else "", made["step_cache"]]  # fmt: skip
        record = {"levers": tuple(filter(None, said)), "batch": made["batch"], "dtype": made["dtype"],
                  "device": made["device"], "threads": made["threads"], "versions": {"torch": "2"}}  # fmt: skip
        for frame in super().shoot(shots, progress):
            yield fk.Frame(frame.shot, frame.image, provenance=frame.provenance.with_(**record))

    def options_of(self, provenance):
        return repeat.options_of(provenance)

    def alike(self, options):
        return type(self)(**(self.options | options))


def found_with(tmp_path, monkeypatch, *culprits):
    monkeypatch.setattr(LeveredEngine, "culprits", culprits)
    frame = shot_with(tmp_path / "then", LeveredEngine(**THEN))
    with fk.Session(tmp_path / "now", engine=LeveredEngine()) as session:
        return reproduce(frame, session, find_cause=True)


@pytest.mark.parametrize("culprit", NOW)
def test_among_everything_that_differs_the_one_choice_that_explains_the_drift_is_named(tmp_path, monkeypatch, culprit):
    found = found_with(tmp_path, monkeypatch, culprit)
    assert {difference.name for difference in found.differences} == set(NOW)
    assert (found.verdict, found.cause) == ("drifted", culprit)
    assert found.tried[-1] == culprit
    assert f"explained by {culprit}: put back as it was" in repr(found)


def test_choices_that_explain_it_only_together_are_named_together(tmp_path, monkeypatch):
    found = found_with(tmp_path, monkeypatch, "dtype", "attention")
    assert set(found.cause.split(" and ")) == set(NOW)
    assert len(found.tried) == len(NOW) + 1
    assert "together: put back as it was" in repr(found)


def test_what_cannot_be_put_back_is_said_where_nothing_else_explains_the_drift(tmp_path):
    frame = shot_with(tmp_path / "then", TypedEngine())
    other = fk.Frame(frame.shot, drawn(frame.shot.with_("seed", 5)), provenance=frame.provenance.with_(
        weights="other-weights", versions={"torch": "1.0"}))  # fmt: skip
    with fk.Session(tmp_path / "now", engine=TypedEngine()) as session:
        found = reproduce(other, session, find_cause=True)
    assert (found.cause, found.tried) == ("", ())
    assert found.fixed == ("weights", "torch")
    assert "cannot be put back here: weights, torch" in repr(found)


def test_an_engine_that_does_not_repeat_itself_is_found_out(tmp_path):
    calls = iter(range(99))
    frame = shot_with(tmp_path / "then", TypedEngine())
    dice = TypedEngine()
    dice._function = lambda shot: drawn(shot.with_("seed", 1000 + next(calls)))
    with fk.Session(tmp_path / "now", engine=dice) as session:
        found = reproduce(frame, session, find_cause=True)
    assert found.cause == "chance"
    assert "made twice with today's settings" in repr(found)


def test_an_engine_whose_last_bits_wander_is_found_out_too(tmp_path):
    frame = shot_with(tmp_path / "then", TypedEngine())
    kinds = itertools.cycle(["bfloat16", "float32"])
    dice = TypedEngine()
    dice._function = lambda shot: drawn(shot, next(kinds))
    with fk.Session(tmp_path / "now", engine=dice) as session:
        found = reproduce(frame, session, find_cause=True)
    assert (found.verdict, found.cause) == ("within tolerance", "chance")


def test_finding_the_cause_at_a_host_costs_no_further_picture(tmp_path):
    with fk.FakeHost() as fake:
        engine = fk.HostedEngine(server=fake, detached=False)
        with fk.Session(tmp_path, engine=engine, budget_usd=1.0) as session:
            frame = session.shoot(SCENE, model="flux-pro-1.1", seed=3, size=(256, 256))
            other = fk.Frame(frame.shot, drawn(frame.shot), provenance=frame.provenance)
            found = reproduce(other, session, find_cause=True)
        assert (found.verdict, found.cause, found.tried) == ("drifted", "", ())
        assert fake.billed == 2


def test_the_local_engine_finds_its_own_number_type(tmp_path, tiny):
    spec = fk.models.get("flux.1-schnell").with_(weights=str(tiny("flux1", guidance=False)))
    asked = {"model": spec.with_("size.min_side", 64), "seed": 3, "size": (64, 64), "steps": 2}
    with fk.Session(tmp_path / "then", engine=LocalEngine(dtype="float32", batch=2, memory="table")) as session:
        frame = session.shoot(SCENE, **asked)
    assert (frame.provenance.batch, frame.provenance.levers) == (2, ("table",))
    with fk.Session(tmp_path / "now", engine=LocalEngine(dtype="bfloat16")) as session:
        found = reproduce(frame, session, find_cause=True, tolerance_db=90)
    assert {difference.name for difference in found.differences} == {"dtype", "batch", "memory"}
    assert found.cause == "dtype"


def test_the_threads_of_a_cpu_are_written_down_and_put_back(tmp_path, tiny):
    spec = fk.models.get("flux.1-schnell").with_(weights=str(tiny("flux1", guidance=False)))
    asked = {"model": spec.with_("size.min_side", 64), "seed": 3, "size": (64, 64), "steps": 1}
    usual = torch.get_num_threads()
    with fk.Session(tmp_path / "then", engine=LocalEngine(device="cpu", threads=usual + 1)) as session:
        frame = session.shoot(SCENE, **asked)
    assert frame.provenance.threads == usual + 1
    assert torch.get_num_threads() == usual
    engine = LocalEngine(device="cpu")
    with fk.Session(tmp_path / "now", engine=engine) as session:
        again = reproduce(frame, session)
        # Whether last bits differ depends on the machine; what differs in the records, and what undoes it, does not.
        assert f"threads: was {usual + 1}, now {usual}" in [str(found) for found in again.differences]
        like = engine.alike({"threads": engine.options_of(frame.provenance)["threads"]})
        then = next(iter(like.shoot([frame.shot])))
    assert (then.provenance.threads, then.fingerprint) == (usual + 1, frame.fingerprint)


def test_a_record_from_before_threads_were_told_is_read_and_blames_nothing():
    old = fk.Provenance.model_validate({"engine": "local", "device": "cpu", "dtype": "float32"})
    assert old.threads is None
    assert "threads" not in old.canonical()
    assert compare_records(old, old.with_(threads=4)) == ()
    assert "threads" not in repeat.options_of(old)


def test_a_scaled_file_is_refused_with_the_reason(tmp_path):
    frame = shot_with(tmp_path / "shoot", TypedEngine())
    small = fk.Frame(frame.shot, frame.image.resize((128, 128)), provenance=frame.provenance)
    with (
        fk.Session(tmp_path / "now", engine=TypedEngine()) as session,
        pytest.raises(FrameError, match="scaled or cropped"),
    ):
        reproduce(small, session)


def test_a_frame_that_was_developed_afterwards_sends_to_its_source(tmp_path):
    frame = shot_with(tmp_path / "shoot", TypedEngine())
    made = frame.provenance.with_(sources=(Source(role="develop", of=frame.id),))
    developed = fk.Frame(frame.shot, frame.image, provenance=made)
    with fk.Session(tmp_path / "now", engine=TypedEngine()) as session, pytest.raises(FrameError, match="developed"):
        reproduce(developed, session)


def test_records_and_pixels_are_compared_by_name():
    was = fk.Provenance(engine="local", batch=1, levers=("offload",), versions={"torch": "2.11"})
    now = fk.Provenance(engine="local", batch=4, versions={"torch": "2.13", "diffusers": "0.42"})
    assert [difference.name for difference in compare_records(was, now)] == ["batch", "memory", "torch", "diffusers"]
    grey = Image.new("RGB", (8, 8), (100, 100, 100))
    brighter = Image.new("RGB", (8, 8), (101, 100, 100))
    assert compare_pixels(grey, grey)[0] == "identical"
    verdict, psnr, largest, mean = compare_pixels(grey, brighter)
    assert (verdict, largest, round(mean, 3), round(psnr, 1)) == ("within tolerance", 1, 0.333, 52.9)


@pytest.mark.parametrize("tolerance_db", [0, -3, float("nan")])
def test_a_tolerance_that_is_none_is_refused(tmp_path, tolerance_db):
    frame = shot_with(tmp_path / "shoot", TypedEngine())
    with fk.Session(tmp_path / "now", engine=TypedEngine()) as session, pytest.raises(InputError, match="tolerance_db"):
        reproduce(frame, session, tolerance_db=tolerance_db)
