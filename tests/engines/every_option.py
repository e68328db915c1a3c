"""Every model of the table, every task it does, every option of a request: what becomes of each.

An option is honoured (it changes what reaches the pipeline, the host, or the picture), or refused before that is made,
or, with `strict=False`, reported in the plan's diagnostics. Anything else is a fault.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from fluxkit import models
from fluxkit.engines import silent
from fluxkit.engines.hosted.body import build_body
from fluxkit.engines.hosted.pictures import inputs_of
from fluxkit.engines.local import LocalEngine, loop, makers, pipelines
from fluxkit.errors import CapabilityError, InputError
from fluxkit.models import ModelSpec, SizeRule, registry
from fluxkit.models.spec import Method
from fluxkit.shots import Later, make_plan
from fluxkit.shots.inputs import ControlMap, Inputs, Mask, ReferenceImage
from fluxkit.shots.shot import LoRA, Shot
from tests.tiny.folders import Tiny

SIDE = 256
"""Pixels a side: the least that hosts take."""


def _noise(seed: int) -> ReferenceImage:
    pixels = np.random.default_rng(seed).integers(0, 256, (SIDE, SIDE, 3), np.uint8)
    return ReferenceImage.of(Image.fromarray(pixels))


PICTURE, OTHER, THIRD = (_noise(seed) for seed in range(3))
MASK, SMALLER = Mask.rectangle(SIDE, SIDE, right=0.5), Mask.rectangle(SIDE, SIDE, right=0.25)

Change = Callable[[Shot, "Bench"], dict[str, Any] | None]
"""The fields that an option changes in a shot; None where that says nothing about this shot."""


def _inputs(shot: Shot, **fields: Any) -> dict[str, Any]:
    return {"inputs": (shot.inputs or Inputs()).with_(**fields)}


def _control(shot: Shot, **fields: Any) -> dict[str, Any] | None:
    if shot.inputs is None or shot.inputs.control is None:
        return None
    return _inputs(shot, control=shot.inputs.control.with_(**fields))


def _map(shot: Shot, picture: ReferenceImage = THIRD) -> ControlMap:
    return ControlMap.given(picture, kind=(shot.spec.follows or ("depth",))[0])  # type: ignore[arg-type]


def _another_size(shot: Shot) -> dict[str, Any] | None:
    # Sizes of models that take a ratio or follow a picture are nominal; `framed` refuses a size asked for in pixels.
    return {"width": shot.width * 2} if shot.spec.sized_by == "pixels" else None


OPTIONS: dict[str, Change] = {
    "words": lambda _s, _b: {"prompt": "a green dog on a car"},
    "seed": lambda shot, _b: {"seed": shot.seed + 1},
    "steps": lambda shot, _b: {"steps": (shot.steps or 20) + 1},
    "guidance": lambda shot, _b: {"guidance": (shot.guidance or 2.0) + 1},
    "guidance far out": lambda _s, _b: {"guidance": 5000.0},
    "steps far out": lambda _s, _b: {"steps": 5000},
    "negative": lambda _s, _b: {"negative": "a green dog"},
    "true_cfg": lambda _s, _b: {"true_cfg": 3.0},
    "negative and true_cfg": lambda _s, _b: {"negative": "a green dog", "true_cfg": 3.0},
    "size": lambda shot, _b: _another_size(shot),
    "size of no multiple": lambda shot, _b: None if shot.spec.sized_by != "pixels" else {"width": shot.width + 3},
    "image": lambda shot, _b: _inputs(shot, image=OTHER),
    "mask": lambda shot, _b: _inputs(shot, mask=SMALLER),
    "mask all black": lambda shot, _b: (
        _inputs(shot, mask=Mask.of(Image.new("L", (SIDE, SIDE)))) if shot.spec.where == "local" else None
    ),
    "strength": lambda shot, _b: _inputs(shot, strength=0.5),
    "reference": lambda shot, _b: _inputs(shot, references=(*(shot.inputs or Inputs()).references, THIRD)),
    "many references": lambda shot, _b: _inputs(shot, references=tuple(_noise(seed) for seed in range(10, 24))),
    "reference weight": lambda shot, _b: (
        _inputs(shot, references=(shot.inputs.references[0].with_(weight=0.3), *shot.inputs.references[1:]))
        if shot.inputs and shot.inputs.references
        else None
    ),
    "control": lambda shot, _b: _inputs(shot, control=_map(shot)),
    "second control": lambda shot, _b: _control(shot) and _inputs(shot, more_controls=(_map(shot),)),
    "control strength": lambda shot, _b: _control(shot, strength=0.3),
    "control start": lambda shot, _b: _control(shot, start=0.4),
    "control end": lambda shot, _b: _control(shot, end=0.6),
    "control kind": lambda shot, _b: (
        _inputs(shot, control=ControlMap.given(OTHER, kind="tile")) if _control(shot) else None
    ),
    "lora": lambda shot, bench: {"loras": (bench.lora(shot.spec),)},
    "lora strength": lambda shot, bench: {"loras": (bench.lora(shot.spec).with_(strength=0.25),)},
    "two loras": lambda shot, bench: {"loras": (bench.lora(shot.spec), bench.lora(shot.spec))},
    "option raw": lambda shot, _b: {"options": {**shot.options, "raw": True}},
    "option output_format": lambda shot, _b: {"options": {**shot.options, "output_format": "jpeg"}},
    "option aspect_ratio": lambda shot, _b: {"options": {**shot.options, "aspect_ratio": "4:3"}},
    "option of no model": lambda shot, _b: {"options": {**shot.options, "sharpness": 3}},
    "later words": lambda _s, _b: {"later": (Later(step=1, words="a green dog on a car"),)},
    "later guidance": lambda shot, _b: {"later": (Later(step=1, guidance=(shot.guidance or 2.0) + 1),)},
}  # fmt: skip


@dataclass(frozen=True)
class Fate:
    """What became of one option on one model and method."""

    model: str
    method: Method
    option: str
    outcome: str
    """`honoured`, `refused`, `reported as well`, or, where something is wrong, `IGNORED` and the like."""
    told: str = ""


class Bench:
    """Makes a plain shot for each model and method, and finds what reaches the pipeline, the host or the picture."""

    def __init__(self, tiny: Tiny, folder: Path) -> None:
        self._tiny = tiny
        self._folder = folder
        self._engine = LocalEngine(device="cpu")
        self._reached: dict[str, Any] = {}

    def shots(self, spec: ModelSpec) -> Iterator[tuple[Method, Shot]]:
        """One plain shot for each method of a model; `outpaint` is `fill` on a larger canvas."""
        if spec.where == "local":
            # Small, and room for another size: the real limits are walked by the tests of the tables.
            small = SizeRule(min_side=64, max_side=256, default_width=64, default_height=64)
            spec = spec.with_(size=small)
        for method in spec.methods:
            if method == "outpaint" and spec.task != "expand":
                continue
            inputs = self._plain_inputs(spec, method)
            yield method, Shot(
                model=spec.id, spec=self._with_weights(spec, method), prompt="a red cat", seed=3, inputs=inputs,
                steps=None if spec.steps is None else max(2, spec.steps.low), guidance=spec.guidance.default,
                width=spec.size.default_width, height=spec.size.default_height, options=self._plain_options(spec),
                loras=(LoRA(weights="me/portrait"),) if spec.where == "hosted" and spec.loras else (),
            )  # fmt: skip

    def lora(self, spec: ModelSpec) -> LoRA:
        """An adapter that fits the model: a file on this machine, or an address that a host reads."""
        if spec.where == "hosted":
            return LoRA(weights="me/silk")
        file = self._folder / f"{spec.family}.safetensors"
        if not file.is_file():
            import torch
            from safetensors.torch import save_file

            torch.manual_seed(1)
            block = "single_transformer_blocks" if spec.family == "flux.3" else "transformer_blocks"
            name = f"transformer.{block}.0.attn.to_q"
            save_file({f"{name}.lora_A.weight": torch.randn(4, 32), f"{name}.lora_B.weight": torch.randn(32, 4)}, file)
        return LoRA(weights=str(file))

    def fates(self, spec: ModelSpec) -> Iterator[Fate]:
        """What becomes of every option on every method of a model."""
        for method, shot in self.shots(spec):
            make_plan(shot)
            plain = self.reached(shot)
            for option, change in OPTIONS.items():
                fields = change(shot, self)
                if fields is not None:
                    yield self._fate(Fate(spec.id, method, option, ""), shot.with_(**fields), plain)

    def _fate(self, fate: Fate, shot: Shot, plain: Any) -> Fate:
        try:
            make_plan(shot)
        except (CapabilityError, InputError) as error:
            return self._reported(replace(fate, outcome="refused", told=str(error)), shot)
        try:
            reached = self.reached(shot)
        except CapabilityError as error:  # a host's own table is narrower: told before anything is sent
            return replace(fate, outcome="refused", told=str(error))
        return replace(fate, outcome="IGNORED" if reached == plain else "honoured")

    def _reported(self, fate: Fate, shot: Shot) -> Fate:
        """A refusal that says too little, or is not reported where it was to be let go, is a fault too."""
        plan = make_plan(shot, strict=False)
        if len(fate.told) < 40 or fate.told.count(". ") < 1:
            return replace(fate, outcome="REFUSED WITHOUT A WORD")
        if not any(diagnostic.severity == "warning" for diagnostic in plan.diagnostics):
            return replace(fate, outcome="LET GO WITHOUT A REPORT")
        return fate

    def reached(self, shot: Shot) -> Any:
        """Everything that the shot decides of a call, or the picture itself where fluxkit's own loops make it."""
        key = f"{shot.spec.where}:{shot.id}"
        if key not in self._reached:
            self._reached[key] = self._hosted(shot) if shot.spec.where == "hosted" else self._local(shot)
        return self._reached[key]

    def _hosted(self, shot: Shot) -> Any:
        body = build_body(shot, shot.options.get("host", shot.spec.hosts[0]), inputs_of(shot))
        return json.dumps(body.fields, sort_keys=True, default=str), body.path, body.parcels.keys()

    def _local(self, shot: Shot) -> Any:
        method = "shoot" if shot.inputs is None else shot.inputs.method(shot.spec)
        if loop.makes(shot.spec, method) or shot.spec.family == "flux.3":
            return next(iter(self._engine.shoot([shot], silent))).fingerprint
        route = pipelines.route(shot.spec, method)
        assert route is not None
        guided = shot.spec.guidance.kind != "none"
        call = pipelines.common(shot) | route.arguments(shot, guided)
        call["generator"] = call["generator"].initial_seed()
        against = makers.negative_text(shot)
        beside = tuple(picture.weight for picture in shot.inputs.references) if shot.inputs else ()
        pair = (str(shot.prompt), against, shot.true_cfg if against is not None else None)
        return route.pipeline, pair, _plain(call), [lora.label for lora in shot.loras], beside

    def _with_weights(self, spec: ModelSpec, method: Method) -> ModelSpec:
        if spec.where == "hosted":
            return spec
        flux1 = ("flux1",) if spec.guidance.kind != "none" else ("flux1", "FluxPipeline")
        if spec.family == "flux.1" and spec.task in ("text", "redux"):
            options: dict[str, Any] = {} if spec.guidance.kind != "none" else {"guidance": False}
            base = str(self._tiny(*flux1, **options))
            if spec.holds == "prior":
                return spec.with_(weights=str(self._tiny("redux_prior")), base_weights=base)
            return spec.with_(weights=base)
        if spec.family == "flux.2" and loop.makes(spec, method):
            dev = bool(spec.windows.get("mistral"))
            return spec.with_(
                weights=str(self._tiny("flux2_dev") if dev else self._tiny("flux2_klein", distilled=spec.distilled))
            )
        return (
            spec.with_(weights=str(self._tiny("flux3", distilled=spec.distilled))) if spec.family == "flux.3" else spec
        )

    def _plain_inputs(self, spec: ModelSpec, method: Method) -> Inputs | None:
        # A host makes the map itself; on this machine a ready one saves the walk a depth model.
        ready = spec.where == "local"
        control = ControlMap(kind=spec.follows[0], picture=OTHER, ready=ready) if spec.follows else None  # type: ignore[arg-type]
        return {
            "shoot": None,
            "vary": Inputs(image=PICTURE, control=control),
            "outpaint": Inputs(image=PICTURE),
            "fill": Inputs(image=PICTURE, mask=MASK, control=control),
            "control": Inputs(control=control),
            "edit": Inputs(references=(PICTURE,)),
            "blend": Inputs(references=(PICTURE, OTHER)[: spec.references]),
        }[method]

    def _plain_options(self, spec: ModelSpec) -> dict[str, Any]:
        options: dict[str, Any] = {"finetune_id": "me-portrait"} if "finetune_id" in spec.options else {}
        ratio = spec.options.get("aspect_ratio")
        return options | ({"aspect_ratio": ratio.default} if ratio is not None and ratio.default else {})


def _plain(value: Any) -> Any:
    """Pictures by their content, so that two calls can be compared."""
    if isinstance(value, Image.Image):
        return value.mode, value.size, hash(value.tobytes())
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value


def everything() -> list[ModelSpec]:
    """Every model of fluxkit's own tables."""
    return [models.get(name) for name in models.ids() if registry.is_built_in(name)]
