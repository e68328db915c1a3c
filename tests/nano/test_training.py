"""Training on a toy: a step learns, a stop costs nothing, the two stages fit together."""

import copy

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from fluxkit.nano import dit, text, vae  # noqa: E402
from fluxkit.nano.captions import slots_of  # noqa: E402
from fluxkit.nano.model import Nano, draw, pack, unpack  # noqa: E402
from fluxkit.nano.progress import cosine, load, save  # noqa: E402

SLOTS = [slots_of("Woman, grey studio, light from the left, f/2."), slots_of("Pear, oak table, light from the right.")]


@pytest.fixture(scope="module")
def examples():
    words = text.vocabulary(SLOTS)
    latents = torch.randn(1, 2, 16, 64, generator=torch.Generator().manual_seed(0)).bfloat16()
    return dit.Examples(latents, SLOTS, words)


def fresh():
    torch.manual_seed(3)
    return Nano(len(text.vocabulary(SLOTS)))


def weights_of(model):
    return torch.cat([weight.detach().flatten() for weight in model.parameters()])


def test_a_stopped_run_ends_where_an_unbroken_one_does(examples, tmp_path, monkeypatch):
    recipe = dit.Recipe(steps=4, batch=2, save_every=1)
    whole = dit.train(tmp_path / "a", "flow", fresh(), examples, recipe)
    learn, calls = dit._learn, []

    def stop_at_three(*args):
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return learn(*args)

    monkeypatch.setattr(dit, "_learn", stop_at_three)
    with pytest.raises(KeyboardInterrupt):
        dit.train(tmp_path / "b", "flow", fresh(), examples, recipe)
    monkeypatch.setattr(dit, "_learn", learn)
    resumed = dit.train(tmp_path / "b", "flow", fresh(), examples, recipe)
    assert torch.equal(weights_of(whole), weights_of(resumed))


def test_steps_lower_the_loss_of_what_they_saw(examples, tmp_path):
    nano = fresh()
    batch = examples.batch(dit.Recipe(steps=1, batch=16), 0)
    sample = draw(batch.latents, torch.Generator().manual_seed(1))

    def error(model):
        with torch.no_grad():
            answer = model(sample.noisy, sample.time, torch.ones(16), model.read(text.windows(batch.rows)))
        return float((answer - sample.velocity).square().mean())

    before = error(nano)
    dit.train(tmp_path, "flow", nano, examples, dit.Recipe(steps=12, batch=4, rate=3e-3))
    assert error(nano) < 0.97 * before


def test_the_guided_target_at_strength_one_is_the_teacher_and_grows_with_strength(examples):
    teacher = fresh()
    with torch.no_grad():
        for weight in teacher.parameters():
            weight.add_(0.02 * torch.randn(weight.shape, generator=torch.Generator().manual_seed(2)))
    latents = examples.batch(dit.Recipe(steps=1, batch=2), 0).latents
    sample, ids = draw(latents, torch.Generator().manual_seed(1)), text.windows([[5, 6, 7], [8, 9]])
    target = dit.guided_target(copy.deepcopy(teacher))
    one, three, five = (target(sample, torch.full((2,), w), ids, None) for w in (1.0, 3.0, 5.0))
    plain = teacher(sample.noisy, sample.time, torch.ones(2), teacher.read(ids))
    assert torch.allclose(one, plain, atol=1e-4)
    assert torch.allclose(five - one, 2 * (three - one), atol=1e-3)
    assert float((three - one).abs().mean()) > 0


def test_packing_is_undone_by_unpacking():
    latents = torch.randn(2, 16, 16, 16)
    assert torch.equal(unpack(pack(latents)), latents)


def test_the_autoencoder_learns_and_resumes(tmp_path):
    data = np.random.default_rng(0).integers(0, 255, (4, 32, 32, 3), dtype=np.uint8)
    recipe = vae.Recipe(steps=2, size=32, crop=16, crops=2, wholes=1)
    vae.train(tmp_path, data, recipe)
    assert load(tmp_path / "vae.pt")["step"] == 2
    first = weights_of(dit.trained_vae(tmp_path))
    vae.train(tmp_path, data, vae.Recipe(steps=3, size=32, crop=16, crops=2, wholes=1))
    assert not torch.equal(first, weights_of(dit.trained_vae(tmp_path)))


def test_a_checkpoint_is_whole_or_absent(tmp_path, monkeypatch):
    save(tmp_path / "x.pt", {"step": 1})
    monkeypatch.setattr(torch, "save", lambda *a, **k: (_ for _ in ()).throw(OSError("full disk")))
    with pytest.raises(OSError, match="full disk"):
        save(tmp_path / "x.pt", {"step": 2})
    assert load(tmp_path / "x.pt")["step"] == 1
    assert load(tmp_path / "absent.pt") is None


def test_the_rate_rises_then_falls():
    rates = [cosine(step, 1000) for step in (0, 99, 500, 999)]
    assert rates[0] < rates[1] > rates[2] > rates[3] > 0
