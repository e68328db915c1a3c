"""What a model cannot do, found before anything is loaded: one small function a rule.

Each rule looks at one shot and yields findings. A finding refuses the plan, or, where the user asked for
`strict=False`, its `change` is applied to the shot and the finding is reported.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from fluxkit import models
from fluxkit.models.options import refusals
from fluxkit.prompt import Diagnostic
from fluxkit.shots.shot import Shot


@dataclass(frozen=True)
class Finding:
    """Something that a model would drop or refuse, and the change to the shot that avoids it."""

    diagnostic: Diagnostic
    change: dict[str, Any]


Rule = Callable[[Shot], Iterator[Finding]]


def findings(shot: Shot) -> Iterator[Finding]:
    """Every finding about one shot, in the order of the rules."""
    for rule in _RULES:
        yield from rule(shot)


def _guidance(shot: Shot) -> Iterator[Finding]:
    spec, asked = shot.spec, shot.guidance
    if asked is None:
        return
    if spec.guidance.kind == "none":
        takers = [name for name in models.ids() if models.get(name).guidance.kind != "none"]
        yield _finding(
            "guidance", "guidance-ignored", f"{spec.id} takes no guidance, but guidance={asked:g} was asked for.",
            f"Drop it, or use one of: {', '.join(takers)}.", {"guidance": None},
        )  # fmt: skip
    elif not spec.guidance.low <= asked <= spec.guidance.high:
        near = min(max(asked, spec.guidance.low), spec.guidance.high)
        yield _finding(
            "guidance", "guidance-range",
            f"guidance={asked:g} was asked for; {spec.id} takes {spec.guidance.low:g} to {spec.guidance.high:g}.",
            f"Use {near:g}.", {"guidance": near},
        )  # fmt: skip


def _steps(shot: Shot) -> Iterator[Finding]:
    spec, asked = shot.spec, shot.steps
    if asked is None:
        return
    if spec.steps is None:
        yield _finding(
            "steps", "steps-ignored", f"{spec.id} chooses its own steps, but steps={asked} was asked for.",
            "Drop it.", {"steps": None},
        )  # fmt: skip
    elif not spec.steps.low <= asked <= spec.steps.high:
        near = min(max(asked, spec.steps.low), spec.steps.high)
        yield _finding(
            "steps", "steps-range",
            f"steps={asked} was asked for; {spec.id} takes {spec.steps.low} to {spec.steps.high}.",
            f"Use {near}.", {"steps": near},
        )  # fmt: skip


def _size(shot: Shot) -> Iterator[Finding]:
    if shot.spec.sized_by != "pixels":
        return
    refusal = shot.spec.size.refusal(shot.width, shot.height)
    if refusal:
        width, height = shot.spec.size.nearest(shot.width, shot.height)
        yield _finding(
            "size", "size", f"{shot.spec.id}: {refusal}.", f"Use size=({width}, {height}).",
            {"width": width, "height": height},
        )  # fmt: skip


def _negative(shot: Shot) -> Iterator[Finding]:
    spec = shot.spec
    takes_one = spec.negative == "true_cfg"
    if shot.true_cfg is not None and not takes_one:
        yield _finding(
            "true_cfg", "true-cfg-ignored",
            f"true_cfg={shot.true_cfg:g} was asked for, but {spec.id} runs no second, negative pass.",
            "Drop it; `avoid` is turned into positive words for this model.", {"true_cfg": None, "negative": None},
        )  # fmt: skip
    elif shot.negative is not None and not _reads_negative(shot):
        need = "guidance" if spec.negative == "embeds" else "true_cfg"
        yield _finding(
            "negative", "negative-ignored",
            f"A negative prompt {shot.negative!r} was given, but {spec.id} reads it only with {need} above 1."
            if spec.negative != "none" else
            f"A negative prompt {shot.negative!r} was given, but {spec.id} reads none.",
            f"Set {need} (about 4, twice the time a step), or leave the negative prompt out."
            if spec.negative != "none" else "Leave it out.", {"negative": None},
        )  # fmt: skip


def _reads_negative(shot: Shot) -> bool:
    scale = {"true_cfg": shot.true_cfg, "embeds": shot.guidance}.get(shot.spec.negative)
    return scale is not None and scale > 1


def _task(shot: Shot) -> Iterator[Finding]:
    spec = shot.spec
    method = "shoot" if shot.inputs is None else shot.inputs.method(spec)
    if method in spec.methods:
        return
    if shot.inputs is None:
        yield _finding(
            "model", "input-missing", f"{spec.id} works on a picture ({spec.task}), and none was given.",
            f"Use session.{spec.methods[0]}, or a model that works from words alone.", {},
        )  # fmt: skip
    else:
        able = [name for name in models.ids() if method in models.get(name).methods]
        yield _finding(
            "model", "method-unknown", f"{spec.id} was asked to {method} with {', '.join(shot.inputs.pictures())}; "
            f"it does: {', '.join(spec.methods)}.", f"Use one of: {', '.join(able)}.", {},
        )  # fmt: skip


def _inputs(shot: Shot) -> Iterator[Finding]:
    spec, inputs = shot.spec, shot.inputs
    if inputs is None:
        return
    count = len(inputs.references)
    if count > spec.references:
        yield _finding(
            "inputs.references", "too-many-references", f"{count} reference pictures were given; {spec.id} takes "
            f"{spec.references or 'none'}.", "Give fewer, or use a model that takes more.", {},
        )  # fmt: skip
    if inputs.control is not None and spec.task in ("depth", "canny") and inputs.control.kind != spec.task:
        yield _finding(
            "inputs.control", "control-kind", f"A {inputs.control.kind} map was given; {spec.id} follows {spec.task}.",
            f"Use ControlMap.{spec.task}(...), or flux.1-{inputs.control.kind}-dev.", {},
        )  # fmt: skip
    if inputs.mask is not None and inputs.image is None:
        yield _finding(
            "inputs.image", "image-missing", "A mask was given without the picture that it belongs to.",
            "Give the picture too.", {},
        )  # fmt: skip
    if inputs.strength is not None and spec.strength is None:
        yield _finding(
            "inputs.strength", "strength-ignored",
            f"strength={inputs.strength:g} was asked for, but {spec.id} always starts from noise.", "Drop it.",
            {"inputs": inputs.with_(strength=None)},
        )  # fmt: skip


def _words(shot: Shot) -> Iterator[Finding]:
    for diagnostic in shot.prompt.diagnostics:
        if diagnostic.severity == "error":
            yield Finding(diagnostic, {})


def _options(shot: Shot) -> Iterator[Finding]:
    if shot.spec.where == "hosted":
        for refused in refusals(shot.spec, shot.options):
            kept = {name: value for name, value in shot.options.items() if name != refused.name}
            changed = kept if refused.replacement is None else {**shot.options, refused.name: refused.replacement}
            path = f"options.{refused.name}"
            yield _finding(path, "option-refused", refused.message, refused.cure, {"options": changed})
    elif shot.options:
        yield _finding(
            "options", "options-ignored",
            f"options {sorted(shot.options)} were given, but {shot.spec.id} runs locally and takes none.",
            "Drop them.", {"options": {}},
        )  # fmt: skip


def _finding(path: str, rule: str, message: str, cure: str, change: dict[str, Any]) -> Finding:
    return Finding(Diagnostic(severity="error", path=path, rule=rule, message=message, cure=cure), change)


_RULES: tuple[Rule, ...] = (_task, _inputs, _size, _steps, _guidance, _negative, _words, _options)
