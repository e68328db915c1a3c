"""Training from a session: kept in its catalogue, taken up again, chosen from, and named in provenance."""

from __future__ import annotations

import shutil
import time

import pytest

import fluxkit as fk
from fluxkit.errors import Cancelled, InputError
from fluxkit.session.training import checkpoint_sweep, kept_loras
from fluxkit.train import LoRARecipe, LoRATraining, TrainingSet, likeness

RECIPE = LoRARecipe(rank=2, steps=6, resolution=256, checkpoint_every=3, warmup=0, learning_rate=0.05)


@pytest.fixture
def subject(photographs):
    return TrainingSet.from_folder(photographs, trigger="zwirl")


def test_a_session_trains_keeps_and_finds_again(subject, bases, tmp_path, monkeypatch):
    with fk.Session(tmp_path / "catalogue") as session:
        job = session.submit_training(
            subject, model=bases["flux.1-dev"], recipe=RECIPE, samples=["zwirl on grass"], device="cpu"
        )
        live = fk.ContactSheet.live(job)
        assert repr(live.result(200)) == "ContactSheet(2 frames; loras (2))"
        made = job.result()
        assert [checkpoint.step for checkpoint in made.checkpoints] == [3, 6]
        assert len(session.catalogue.frames()) == 2, "the samples"
        assert made.licence == "FLUX.1 [dev] Non-Commercial"
        monkeypatch.setattr(session, "_make_room", lambda: pytest.fail("the session's engines gave way to nothing"))
        monkeypatch.setattr(LoRATraining, "_ready_transformer", lambda _run: pytest.fail("weights were loaded"))
        moved = tmp_path / "base moved"
        shutil.copytree(bases["flux.1-dev"].weights, moved)
        for spec in (bases["flux.1-dev"], bases["flux.1-dev"].with_(weights=str(moved))):
            again = session.train(subject, model=spec, recipe=RECIPE, samples=["zwirl on grass"], device="cpu")
            assert again.file == made.file
        assert [lora.content for lora in session.loras] == [made.content]
        assert len(session.catalogue.frames()) == 2
    (tmp_path / "catalogue").rename(tmp_path / "moved")
    with fk.Session(tmp_path / "moved") as session:
        (found,) = session.loras
        assert found.file.is_file()
        frame = session.shoot(
            fk.Scene(subject=fk.Subject(description="a vase")),
            model=bases["flux.1-dev"],
            loras=[found.lora(0.8)],
            size=(256, 256),
            steps=2,
        )
        assert "zwirl" in frame.provenance.extra["loras"]


def test_a_damaged_record_is_told_and_hides_no_other(tmp_path, caplog):
    (tmp_path / "training" / "zwirl-1").mkdir(parents=True)
    (tmp_path / "training" / "zwirl-1" / "training.json").write_text('{"trigger": ')
    assert kept_loras(tmp_path) == []
    assert "'zwirl-1'" in caplog.records[0].message


def test_a_cancelled_training_goes_on(subject, bases, tmp_path):
    long = RECIPE.with_(steps=4000, checkpoint_every=1000)
    with fk.Session(tmp_path) as session:
        job = session.submit_training(subject, model=bases["flux.1-dev"], recipe=long, device="cpu")
        while job.progress is None or job.progress.step < 2:
            assert not job.done
            time.sleep(0.01)
        start = time.perf_counter()
        job.cancel()
        with pytest.raises(Cancelled, match="to go on"):
            job.result(60)
        assert time.perf_counter() - start < 10
        reached = job.progress.step
        again = session.submit_training(subject, model=bases["flux.1-dev"], recipe=long, device="cpu")
        while again.progress is None or again.progress.stage != "learn":
            time.sleep(0.01)
        assert again.progress.step > reached
        again.cancel()


def test_checkpoints_are_chosen_from_a_sheet_and_a_table(subject, bases, tmp_path):
    scene = fk.Scene(subject=fk.Subject(description="a vase"))
    with fk.Session(tmp_path) as session:
        made = session.train(subject, model=bases["flux.1-dev"], recipe=RECIPE, device="cpu")
        sweep = checkpoint_sweep(
            made, scene, strengths=(0.5, 1.0), seeds=[1], model=bases["flux.1-dev"], size=(256, 256), steps=1
        )
        frames = session.shoot(sweep)
        assert len(frames) == 4
        assert fk.ContactSheet(frames, rows="loras")._repr_png_()
        with pytest.raises(InputError, match=r"step 4 .* There are: 3, 6"):
            checkpoint_sweep(made, scene, checkpoints=[4])
    table = likeness(frames, subject)
    assert len(table) == 4
    assert len(table.by_lora()) == 4
    assert table[0].subject >= table[3].subject
    assert "likeness" in repr(table)


def test_likeness_knows_a_photograph_and_a_stranger(subject):
    from PIL import Image

    from fluxkit.frames import Frame, Provenance
    from fluxkit.shots import Shot

    shot = Shot(model="flux.1-dev", prompt="zwirl", width=640, height=480)
    own = Frame(shot, subject[2].image, provenance=Provenance(engine="test"))
    stranger = Frame(shot.with_(seed=5), Image.new("RGB", (640, 480), "white"), provenance=Provenance(engine="test"))
    first, last = likeness([stranger, own], subject)
    assert first.frame is own
    assert first.recites
    assert last.subject < 0.5 * first.subject
