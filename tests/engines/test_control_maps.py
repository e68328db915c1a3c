"""Control maps made from pictures: edges by OpenCV, depth by the user's own model."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from fluxkit.engines.local import LocalEngine, control
from fluxkit.errors import InputError, WeightsError
from fluxkit.shots.inputs import ControlMap, Inputs
from tests.engines.raw import a_shot, by_diffusers, equal, noise, shoot, spec_of
from tests.tiny.folders import Tiny


def test_depth_is_estimated_by_the_users_model(tiny: Tiny) -> None:
    """The map is the one that transformers' own pipeline makes with that model, and the picture follows it."""
    from transformers import pipeline

    picture, folder = noise(80, 64, seed=3), str(tiny("depth_model"))
    depth = pipeline("depth-estimation", model=folder)(picture)["depth"]
    found = control.made(ControlMap.depth(picture, estimator=folder), 64, 96)
    expected = depth.resize(picture.size).resize((64, 96), Image.Resampling.LANCZOS).convert("RGB")
    assert equal(np.asarray(found), np.asarray(expected))
    assert len(np.unique(np.asarray(found))) > 8, "a flat map would prove nothing"

    shot = a_shot(
        spec_of("flux.1-depth-dev", tiny("flux1", "FluxControlPipeline")),
        Inputs(control=ControlMap.depth(picture, estimator=folder)),
    )
    pixels = shoot(LocalEngine(device="cpu"), shot)
    assert equal(pixels, by_diffusers("FluxControlPipeline", shot, control_image=found))


def test_another_depth_model_makes_another_map(tiny: Tiny) -> None:
    picture = noise(80, 64, seed=3)
    first, second = (
        control.made(ControlMap.depth(picture, estimator=str(tiny("depth_model", seed=seed))), 64, 96)
        for seed in (0, 1)
    )
    assert not equal(np.asarray(first), np.asarray(second))


def test_a_folder_that_holds_no_depth_model_is_refused(tiny: Tiny) -> None:
    with pytest.raises(WeightsError, match=r"depth estimation model.*ControlMap\.given"):
        control.made(ControlMap.depth(noise(), estimator=str(tiny("flux1"))), 64, 96)


def test_edges_follow_the_thresholds() -> None:
    picture = Image.fromarray(np.tile(np.linspace(0, 255, 96, dtype=np.uint8), (64, 1))).convert("RGB")
    picture.paste("white", (20, 20, 40, 40))
    few, many = (
        np.asarray(control.made(ControlMap.canny(picture, low=low, high=high), 96, 64))
        for low, high in ((200, 255), (1, 5))
    )
    assert set(np.unique(many)) == {0, 255}
    assert many.sum() > few.sum() > 0


def test_a_sixteen_bit_depth_map_keeps_its_steps() -> None:
    deep = np.tile(np.linspace(0, 65535, 64).astype(np.uint16), (96, 1))
    kept = np.asarray(ControlMap.given(Image.fromarray(deep), kind="depth").picture.image)[0, :, 0]
    assert kept[0] == 0
    assert kept[-1] == 255
    assert len(np.unique(kept)) == 64, "cut off at 8 bits, nearly all would be white"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"kind": "depth", "ready": True, "low": 20}, "thresholds for finding edges"),
        ({"kind": "depth", "high": 20}, "thresholds for finding edges"),
        ({"kind": "canny", "estimator": "me/depth"}, "estimates depth"),
        ({"kind": "pose"}, "only depth and canny are"),
        ({"kind": "pose", "ready": True, "start": 0.6, "end": 0.4}, "starts before it ends"),
    ],
)
def test_what_a_map_would_ignore_is_refused(fields: dict[str, object], said: str) -> None:
    with pytest.raises(InputError, match=said):
        ControlMap(picture=ControlMap.given(noise(), kind="depth").picture, **fields)


def test_a_map_is_made_once_for_all_shots_that_follow_it(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[int] = []
    plain = control.edges
    monkeypatch.setattr(control, "edges", lambda *given: drawn.append(1) or plain(*given))
    picture = Image.effect_noise((96, 64), 90).convert("RGB")
    first = [control.made(ControlMap.canny(picture, low=50), 96, 64) for _ in range(3)]
    assert len(drawn) == 1 and first[0] == first[2]
    assert control.made(ControlMap.canny(picture, low=60), 96, 64).size == (96, 64)
    assert len(drawn) == 2
