from __future__ import annotations

import pytest
from PIL import Image

from fluxkit.engines import FunctionEngine
from fluxkit.errors import BadPictureError, EngineError
from fluxkit.shots.shot import Shot
from tests.engines.contract import EngineContract


def picture(shot: Shot) -> Image.Image:
    return Image.new("RGB", (shot.width, shot.height), (shot.seed * 40, 90, 120))


def a_shot(**changes: object) -> Shot:
    return Shot(**{"model": "flux.1-schnell", "prompt": "A cat.", "width": 256, "height": 256, "steps": 3, **changes})


class TestFunctionEngine(EngineContract):
    @pytest.fixture
    def engine(self) -> FunctionEngine:
        return FunctionEngine(picture)

    @pytest.fixture
    def shots(self) -> list[Shot]:
        return [a_shot(seed=seed) for seed in range(3)]


def test_a_function_that_fails_is_told_with_its_shot() -> None:
    shot = a_shot()
    with pytest.raises(EngineError, match="ZeroDivisionError") as told:
        list(FunctionEngine(lambda _: 1 / 0).shoot([shot]))
    assert told.value.shot == shot


def test_a_function_that_returns_no_picture_is_refused() -> None:
    with pytest.raises(BadPictureError, match="returned str"):
        list(FunctionEngine(lambda _: "picture").shoot([a_shot()]))


def test_calls_are_counted() -> None:
    engine = FunctionEngine(picture)
    list(engine.shoot([a_shot(seed=1), a_shot(seed=2)]))
    assert engine.calls == 2
