"""One picture made by two processes together: diffusers' context parallel, over gloo on a CPU."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

import fluxkit as fk
from fluxkit.engines.local import parallel
from fluxkit.engines.ray import RayEngine
from fluxkit.errors import Cancelled, CapabilityError, PlanError
from fluxkit.shots import Shot
from tests.tiny.pipelines import flux1, saved

pytestmark = pytest.mark.usefixtures("two_gpus")


def pretending_to_be_two_gpus():
    """diffusers counts accelerators, and there is none here: the CPU is passed off as two."""
    import torch

    import fluxkit as fk

    torch._C._get_accelerator = lambda: torch.device("cpu")
    torch.accelerator.device_count = lambda: 2
    return fk.LocalEngine(device="cpu", parallel=2)


@pytest.fixture(scope="module")
def shots(tmp_path_factory):
    folder = saved(flux1(), tmp_path_factory.mktemp("weights") / "tiny")
    spec = fk.models.get("flux.1-dev").with_(weights=str(folder))
    shot = partial(Shot, model="flux.1-dev", spec=spec, prompt="A cat.", width=256, height=304)
    return [shot(steps=2, seed=seed) for seed in range(2)] + [shot(steps=300, seed=9)]


def test_two_processes_give_the_picture_of_one(shots):
    alone = {frame.shot.seed: frame for frame in fk.LocalEngine(device="cpu").shoot(shots[:2])}
    team = RayEngine(engine=pretending_to_be_two_gpus, parallel=2)
    try:
        frames = list(team.shoot(shots[:2]))
        assert len(frames) == 2
        for frame in frames:
            near = np.abs(np.asarray(frame.image, int) - np.asarray(alone[frame.shot.seed].image, int))
            assert near.max() <= 1, "the sums are in another order, so the last level may differ"
            assert frame.provenance.levers == ("parallel 2",)

        def enough(progress):
            if progress.stage == "denoise":
                raise Cancelled("enough")

        with pytest.raises(Cancelled):
            list(team.shoot(shots[2:], enough))
        assert len(list(team.shoot(shots[:1]))) == 1, "both stopped at the same step, and work on"
    finally:
        team.close()


def test_a_split_model_needs_its_process_group(shots):
    with pytest.raises(PlanError, match="RayEngine"):
        list(fk.LocalEngine(device="cpu", parallel=2).shoot(shots[:1]))


def test_levers_that_move_weights_are_refused():
    with pytest.raises(CapabilityError, match="offload"):
        parallel.check(2, "offload")
    parallel.check(1, "offload")
