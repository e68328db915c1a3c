"""Learning: only the adapter changes, the loss is the flow's own, a killed run ends as an unbroken one."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import textwrap

import diffusers
import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

import fluxkit as fk
from fluxkit.engines.local.embeds import Embeds
from fluxkit.errors import Cancelled, CapabilityError, EngineError, InputError, PlanError
from fluxkit.shots import Shot, make_plan
from fluxkit.train import LoRARecipe, LoRATraining, TrainingSet, adapter, latents
from fluxkit.train import forecast as forecasts
from fluxkit.train.examples import Example, Examples, Kept, bucket, fitted
from fluxkit.train.learner import Learner, hash_of
from fluxkit.train.photographs import triggered
from tests.engines.raw import OUT_LAYERS


def learner_of(run, transformer, learned):
    return Learner(transformer, learned, spec=run.spec, recipe=run.recipe, unspoken=run.unspoken)


BASES = ("flux.1-dev", "flux.2-klein-base-4b", "flux.2-dev")


@pytest.mark.parametrize("model", BASES)
def test_one_step_changes_only_the_adapter(training, bases, model):
    run = training(model)
    examples, _, _ = run._examples()
    transformer = run._ready_transformer()
    before = {name: weight.clone() for name, weight in transformer.state_dict().items()}
    learned = adapter.add(transformer, family=run.spec.family, rank=2, alpha=2, targets="attention", seed=0)
    first = {name: weight.detach().clone() for name, weight in learned.items()}
    learner = learner_of(run, transformer, learned)
    learner.step(run._state, examples, Examples([]))
    assert any(not torch.equal(weight, first[name]) for name, weight in learned.items())
    adapter.remove(transformer)
    after = transformer.state_dict()
    assert before.keys() == after.keys()
    assert all(torch.equal(weight, after[name]) for name, weight in before.items())


@pytest.mark.parametrize("model", BASES)
def test_the_loss_is_the_flows_own(training, model):
    """Computed again by hand, with the transformer called as diffusers' own pipeline calls it."""
    run = training(model)
    examples, _, _ = run._examples()
    one = next(iter(examples))
    transformer = run._ready_transformer()
    learned = adapter.add(transformer, family=run.spec.family, rank=2, alpha=2, targets="attention", seed=0)
    ours = float(
        learner_of(run, transformer, learned)._loss([one], torch.Generator().manual_seed(5), dropout=0.0).detach()
    )

    chance = torch.Generator().manual_seed(5)
    noise = torch.randn(one.latents.shape, generator=chance)
    level = torch.sigmoid(torch.randn(1, generator=chance))
    noisy = (1 - level) * one.latents + level * noise
    rows, columns = one.size[1] // 16, one.size[0] // 16
    asked = {
        "hidden_states": noisy,
        "timestep": level,
        "encoder_hidden_states": one.words.tokens,
        "return_dict": False,
    }
    if model == "flux.1-dev":
        asked |= {
            "pooled_projections": one.words.pooled,
            "guidance": torch.tensor([1.0]),
            "txt_ids": torch.zeros(one.words.tokens.shape[1], 3),
            "img_ids": diffusers.FluxPipeline._prepare_latent_image_ids(1, rows, columns, "cpu", torch.float32),
        }
    else:
        maker = diffusers.Flux2KleinPipeline if "klein" in model else diffusers.Flux2Pipeline
        asked |= {
            "guidance": torch.tensor([1.0]) if transformer.config.guidance_embeds else None,
            "txt_ids": maker._prepare_text_ids(one.words.tokens),
            "img_ids": maker._prepare_latent_ids(torch.zeros(1, 1, rows, columns)),
        }
    with torch.no_grad():
        said = transformer(**asked)[0]
    assert ours == pytest.approx(float(((said - (noise - one.latents)) ** 2).mean()), rel=1e-5)


@pytest.mark.parametrize("model", BASES)
def test_latents_are_those_of_the_models_own_pipeline(training, bases, model):
    """Decoding what was encoded gives the VAE's own reconstruction."""
    run = training(model)
    examples, _, _ = run._examples()
    one = next(iter(examples))
    vae = run._model.parts["vae"]
    picture = fitted(run.photographs[0].image, one.size)
    values = torch.from_numpy(np.array(picture)).float().permute(2, 0, 1)[None] / 127.5 - 1
    with torch.no_grad():
        direct = vae.decode(vae.encode(values).latent_dist.mode()).sample
    shot = run._plan_of_one.with_(width=one.size[0], height=one.size[1])
    ours = run._model.develop(shot, one.latents)
    assert torch.allclose(ours, direct, atol=2e-3)


@pytest.mark.parametrize("model", BASES)
def test_the_file_loads_in_plain_diffusers_and_acts(training, bases, model, tmp_path):
    made = training(model, learning_rate=0.3, steps=3, alpha=4.0).run()
    names = {"flux.1-dev": "FluxPipeline", "flux.2-klein-base-4b": "Flux2KleinPipeline", "flux.2-dev": "Flux2Pipeline"}
    pipeline = getattr(diffusers, names[model]).from_pretrained(bases[model].weights, local_files_only=True)
    keys = load_file(made.file).keys()
    assert all(key.startswith("transformer.") and key.endswith((".lora_A.weight", ".lora_B.weight")) for key in keys)
    asked = {"prompt": "zwirl", "height": 256, "width": 256, "num_inference_steps": 2, "output_type": "pt"}
    if model != "flux.1-dev":
        asked |= {"max_sequence_length": 32, "text_encoder_out_layers": OUT_LAYERS}
    plain = pipeline(**asked, generator=torch.Generator().manual_seed(0)).images
    pipeline.load_lora_weights(str(made.file))
    with_it = pipeline(**asked, generator=torch.Generator().manual_seed(0)).images
    assert not torch.allclose(torch.as_tensor(plain), torch.as_tensor(with_it), atol=1e-3)


def test_alpha_is_multiplied_in(training, tmp_path):
    learned = {f"blocks.0.attn.to_q.lora_{side}.{adapter.NAME}.weight": torch.ones(2, 2) for side in "AB"}
    file = adapter.save(tmp_path / "a.safetensors", learned, fk.models.get("flux.1-dev"), scale=0.5, told={})
    kept = load_file(file)
    assert float(kept["transformer.blocks.0.attn.to_q.lora_A.weight"][0, 0]) == 1.0
    assert float(kept["transformer.blocks.0.attn.to_q.lora_B.weight"][0, 0]) == 0.5


def test_a_cancelled_run_goes_on_to_the_weights_of_an_unbroken_one(training, tmp_path):
    whole = training(folder=tmp_path / "whole", steps=6, prior=2, batch=2, average=0.9).run()

    def stop(progress):
        if progress.stage == "learn" and progress.step == 3:
            raise Cancelled("enough")

    broken = training(folder=tmp_path / "broken", steps=6, prior=2, batch=2, average=0.9)
    with pytest.raises(Cancelled):
        broken.run(stop)
    steps = []
    resumed = training(folder=tmp_path / "broken", steps=6, prior=2, batch=2, average=0.9).run(
        lambda progress: steps.append(progress.step) if progress.stage == "learn" else None
    )
    assert steps == [4, 5, 6], "nothing is learned twice"
    assert resumed.file.read_bytes() == whole.file.read_bytes()


def test_a_killed_run_goes_on_to_the_weights_of_an_unbroken_one(training, bases, photographs, tmp_path):
    code = textwrap.dedent("""
        import sys, os, signal
        from fluxkit import models
        from fluxkit.train import LoRARecipe, LoRATraining, TrainingSet
        photographs, weights, folder, kill_at = sys.argv[1:]
        def told(progress):
            if progress.stage == "learn" and progress.step == int(kill_at):
                os.kill(os.getpid(), signal.SIGKILL)
        made = LoRATraining(
            TrainingSet.from_folder(photographs, trigger="zwirl"),
            model=models.get("flux.1-dev").with_(weights=weights), folder=folder, device="cpu",
            recipe=LoRARecipe(rank=2, steps=6, resolution=256, checkpoint_every=2, warmup=0),
        ).run(told)
        print(made.file.name)
    """)

    def child(folder, kill_at):
        return subprocess.run(
            [sys.executable, "-c", code, str(photographs), bases["flux.1-dev"].weights, str(folder), str(kill_at)],
            capture_output=True,
            text=True,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            check=False,
        )

    assert child(tmp_path / "killed", 5).returncode == -signal.SIGKILL
    assert sorted(path.name for path in (tmp_path / "killed").glob("zwirl-*")) == [
        "zwirl-000002.safetensors",
        "zwirl-000004.safetensors",
    ]
    second = child(tmp_path / "killed", 99)
    assert second.returncode == 0, second.stderr[-2000:]
    whole = child(tmp_path / "whole", 99)
    name = whole.stdout.strip()
    assert (tmp_path / "killed" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_a_loss_that_is_no_number_goes_back_and_at_last_gives_up(training, monkeypatch):
    run = training(steps=6)
    real, calls = Learner.step, []

    def sometimes(self, now, examples, priors):
        calls.append((now.step, now.salt))
        return float("nan") if now.step == 3 and now.salt == 0 else real(self, now, examples, priors)

    monkeypatch.setattr(Learner, "step", sometimes)
    made = run.run()
    assert made.request.steps == 6
    assert calls[3:5] == [(3, 0), (2, 1)], "back to the checkpoint, with other examples"
    monkeypatch.setattr(Learner, "step", lambda *_: float("nan"))
    with pytest.raises(EngineError, match="learning rate"):
        training(folder=run.folder.parent / "nan").run()


def test_early_stop_and_the_pictures_held_out(training):
    made = training(steps=40, learning_rate=0.5, checkpoint_every=1, held_out=1, patience=2).run()
    assert made.request.steps < 40
    assert all(checkpoint.held_out is not None for checkpoint in made.checkpoints)


def test_checkpoints_and_samples_are_shots_of_their_own(training):
    frames = []
    run = training(samples=["zwirl on a table"], learning_rate=0.1, average=0.9)
    made = run.run(on_sample=frames.append)
    assert [checkpoint.step for checkpoint in made.checkpoints] == [2, 4]
    assert len({frame.shot.id for frame in frames}) == 2
    assert frames[0].shot.loras[0].weights == str(made.checkpoints[0].file)
    with fk.Session(run.folder / "catalogue") as session:
        again = session.shoot(frames[0].shot)
    near = torch.tensor(list(again.image.tobytes())).float() - torch.tensor(list(frames[0].image.tobytes())).float()
    assert float(near.abs().max()) <= 1, "a sample is what the file that it names makes"
    assert frames[0].provenance.extra["loras"] == again.provenance.extra["loras"]
    assert made.at(2).lora().content == made.checkpoints[0].lora().content
    with pytest.raises(InputError, match=r"step 3 .* There are: 2, 4\. Take one of them"):
        made.at(3)


def test_a_sample_is_the_shot_that_a_user_would_ask_for(training, bases):
    """Steps, guidance and weights are said, so that the same request finds it, also when a default has changed."""
    frames = []
    scene = fk.Scene(subject=fk.Subject(description="a vase"))
    run = training(samples=[scene])
    made = run.run(on_sample=frames.append)
    sample = frames[-1].shot
    spec = bases["flux.1-dev"]
    assert (sample.steps, sample.guidance) == (spec.steps.default, spec.guidance.default)
    asked = fk.Sweep(triggered(scene, "zwirl"), model=spec, seed=run.recipe.seed, size=(256, 256), loras=(made.lora(),))
    assert make_plan(asked)[0].id == sample.id
    back = Shot.model_validate(sample.model_dump(mode="json"))
    assert back.spec.weights == spec.weights, "from a file it is not taken for a shot of the table's weights"


def test_words_and_latents_are_made_once(training, monkeypatch, tmp_path):
    training(folder=tmp_path / "one", steps=2).run()
    again = training(folder=tmp_path / "one", steps=4)
    monkeypatch.setattr(latents, "encode", lambda *_: pytest.fail("a picture was encoded again"))
    again.run()


def test_what_cannot_be_trained_is_refused(training, photographs):
    found = TrainingSet.from_folder(photographs, trigger="zwirl")
    for model in ("flux.1-schnell", "flux-pro-1.1", "flux.1-fill-dev", "flux.2-klein-4b"):
        with pytest.raises(CapabilityError, match="Train on one of them"):
            LoRATraining(found, model=model, folder="x")
    with pytest.raises(InputError, match="held_out=6"):
        training(held_out=6)
    with pytest.raises(InputError, match="patience"):
        LoRARecipe(patience=2)
    with pytest.raises(InputError, match="bitsandbytes"):
        training(optimiser="adamw8bit").run()


OTHERS = {
    "rank": ({"rank": 4}, "rank=4"),
    "learning rate": ({"learning_rate": 0.5}, r"learning_rate=0\.5"),
    "targets": ({"targets": "all"}, "targets='all'"),
    "average": ({"average": 0.9}, r"average=0\.9"),
    "prior": ({"prior": 1}, "prior=1"),
    "weights": ({"model": "flux.2-dev"}, "weights="),
}


@pytest.fixture
def begun(training, tmp_path, monkeypatch):
    """A folder with a training of two steps; no weights are loaded from now on."""
    made = training(folder=tmp_path / "one", steps=2).run()
    monkeypatch.setattr(LoRATraining, "_ready_transformer", lambda _run: pytest.fail("weights were loaded"))
    return made.file.parent


@pytest.mark.parametrize("other", OTHERS)
def test_another_training_in_the_same_folder_is_refused_and_nothing_is_lost(training, begun, other):
    changes, told = OTHERS[other]
    kept = {path: path.read_bytes() for path in begun.glob("*.safetensors")}
    with pytest.raises(InputError, match=rf"{told}.* was asked for .*now at step 2.* or give another folder"):
        training(**{"folder": begun, "steps": 4, **changes}).run()
    assert {path: path.read_bytes() for path in begun.glob("*.safetensors")} == kept


def test_other_photographs_in_the_same_folder_are_refused(training, begun, photographs):
    fewer = TrainingSet.from_folder(photographs, trigger="zwirl").without("5.png")
    with pytest.raises(InputError, match="photographs='set1-"):
        training(folder=begun, steps=4, found=fewer).run()


def test_other_prior_scenes_in_the_same_folder_are_refused(training, tmp_path):
    training(folder=tmp_path / "one", steps=2, prior=1, prior_of=["a dog"]).run()
    with pytest.raises(InputError, match="prior scenes="):
        training(folder=tmp_path / "one", steps=4, prior=1, prior_of=["a cat"]).run()


def test_a_training_that_is_done_comes_back_without_weights(training, begun):
    told = []
    again = training(folder=begun, steps=2, checkpoint_every=1, checkpointing=False).run(told.append)
    assert [checkpoint.step for checkpoint in again.checkpoints] == [2]
    assert [(progress.stage, progress.step) for progress in told] == [("store", 2)]


def test_fewer_steps_than_were_learned_are_refused(training, begun):
    with pytest.raises(InputError, match=r"steps=1 was asked for .* at step 2\. .*steps=2 .*\.at\(step\): 2"):
        training(folder=begun, steps=1).run()


def test_weights_that_were_moved_are_the_same_and_others_in_their_place_are_not(training, bases, begun, tmp_path):
    moved = tmp_path / "renamed"
    shutil.copytree(bases["flux.1-dev"].weights, moved)
    spec = bases["flux.1-dev"].with_(weights=str(moved))
    assert training(model=spec, folder=begun, steps=2).run().request.steps == 2
    file = next((moved / "vae").glob("*.safetensors"))
    file.write_bytes(file.read_bytes()[:-1] + b"\x7f")
    with pytest.raises(InputError, match="weights="):
        training(model=spec, folder=begun, steps=2).run()


def test_a_state_that_does_not_say_what_it_was_begun_with_goes_on_and_is_told(training, tmp_path, caplog):
    made = training(folder=tmp_path / "one", steps=2).run()
    file = made.file.parent / "state.safetensors"
    with safe_open(str(file), "pt") as opened:
        told = json.loads(opened.metadata()["state"])
        tensors = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118 (no mapping)
    assert told.pop("asked")["rank"] == 2
    save_file(tensors, file, {"state": json.dumps(told)})
    with pytest.raises(InputError, match="differ in name or shape"):
        training(folder=tmp_path / "one", steps=3, rank=4).run()
    assert training(folder=tmp_path / "one", steps=3).run().request.steps == 3
    assert "did not note its photographs and recipe" in caplog.records[0].message
    with pytest.raises(InputError, match="rank=4"):
        training(folder=tmp_path / "one", steps=4, rank=4).run()


def test_a_checkpoint_that_was_deleted_is_written_again(training, tmp_path):
    made = training(folder=tmp_path / "one", steps=3, checkpoint_every=1).run()
    kept = made.file.read_bytes()
    made.file.unlink()
    made.at(1).file.unlink()
    again = training(folder=tmp_path / "one", steps=3, checkpoint_every=1).run()
    assert again.file.read_bytes() == kept
    assert [checkpoint.step for checkpoint in again.checkpoints] == [2, 3]


def test_a_training_that_was_stopped_between_checkpoints_can_end_there(training, tmp_path):
    def stop(progress):
        if progress.stage == "learn" and progress.step == 1:
            raise Cancelled("enough")

    with pytest.raises(Cancelled):
        training(folder=tmp_path / "one", steps=4).run(stop)
    made = training(folder=tmp_path / "one", steps=1).run()
    assert [checkpoint.step for checkpoint in made.checkpoints] == [1]
    assert made.checkpoints[0].loss > 0


def test_the_forecast_counts_the_adapter_and_refuses_what_does_not_fit(training):
    run = training()
    found = run.forecast()
    transformer = run._ready_transformer()
    learned = adapter.add(transformer, family="flux.1", rank=2, alpha=2, targets="attention", seed=0)
    assert found.adapter_parameters == sum(weight.numel() for weight in learned.values())
    with pytest.raises(PlanError, match=r"base='nf4'"):
        forecasts.refuse(found, run.recipe, run.spec, 1000)


def test_quantised_bases_learn_too(training, tmp_path):
    for base in ("int8", "nf4"):
        made = training(folder=tmp_path / base, base=base, steps=2).run()
        assert made.request.steps == 2


@pytest.mark.parametrize("size", [(3000, 2000), (2000, 3000), (1000, 1000), (5000, 1000)])
def test_buckets_keep_shape_and_area(size):
    width, height = bucket(*size, fk.models.get("flux.1-dev"), 512)
    assert width % 16 == height % 16 == 0
    assert width / height == pytest.approx(size[0] / size[1], rel=0.15)


def test_steps_draw_the_same_for_the_same_seed():
    examples = Examples([Example(torch.zeros(1, 1, 1), Embeds(torch.zeros(1)), (16, 16)) for _ in range(5)])
    draw = [examples.drawn(3, torch.Generator().manual_seed(hash_of(0, 0, step))) for step in (1, 1, 2)]
    assert [id(each) for each in draw[0]] == [id(each) for each in draw[1]]


def test_kept_tensors_are_read_back(tmp_path):
    kept = Kept(tmp_path)
    first = kept.get("key", lambda: {"x": torch.arange(3)})
    again = kept.get("key", lambda: pytest.fail("made twice"))
    assert torch.equal(first["x"], again["x"])
