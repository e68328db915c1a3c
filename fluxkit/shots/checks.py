"""What a model cannot do, found before anything is loaded: one small function a rule.

Each rule looks at one shot and yields findings. A finding refuses the plan, or, where the user asked for
`strict=False`, its `change` is applied to the shot and the finding is reported.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fluxkit import models
from fluxkit.models.options import READ_LORA_FILES, refusals
from fluxkit.models.spec import Method, ModelSpec
from fluxkit.models.weights import HUB_ID, file_tag, said_family
from fluxkit.prompt import Diagnostic
from fluxkit.shots.inputs import Mask, ReferenceImage
from fluxkit.shots.later import finding as later_finding
from fluxkit.shots.shot import LoRA, Shot


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
    spec, method = shot.spec, method_of(shot)
    kind = spec.negative_in(method)
    if shot.true_cfg is not None and kind != "true_cfg":
        yield _finding(
            "true_cfg", "true-cfg-ignored",
            f"true_cfg={shot.true_cfg:g} was asked for, but {spec.id} runs no second, negative pass"
            f"{'' if kind == spec.negative else f' in {method}'}.",
            "Drop it; `avoid` is turned into positive words for this model.", {"true_cfg": None, "negative": None},
        )  # fmt: skip
    elif shot.true_cfg is not None and shot.true_cfg > 1 and shot.negative is None:
        yield _finding(
            "true_cfg", "true-cfg-without-negative",
            f"true_cfg={shot.true_cfg:g} was asked for without a negative prompt, and acts only against one.",
            "Give the scene something to avoid, or negative='' (twice the time a step), or drop it.",
            {"true_cfg": None},
        )  # fmt: skip
    elif shot.negative is not None and not _reads_negative(shot, kind):
        need = "guidance" if kind == "embeds" else "true_cfg"
        yield _finding(
            "negative", "negative-ignored",
            f"A negative prompt {shot.negative!r} was given, but {spec.id} reads it only with {need} above 1."
            if kind != "none" else
            f"A negative prompt {shot.negative!r} was given, but {spec.id} reads none"
            f"{'' if kind == spec.negative else f' in {method}'}.",
            f"Set {need} (about 4, twice the time a step), or leave the negative prompt out."
            if kind != "none" else "Leave it out.", {"negative": None},
        )  # fmt: skip


def _reads_negative(shot: Shot, kind: str) -> bool:
    scale = {"true_cfg": shot.true_cfg, "embeds": shot.guidance}.get(kind)
    return scale is not None and scale > 1


def method_of(shot: Shot) -> Method:
    """Which of a session's methods a shot belongs to."""
    return "shoot" if shot.inputs is None else shot.inputs.method(shot.spec)


def _task(shot: Shot) -> Iterator[Finding]:
    spec, method = shot.spec, method_of(shot)
    if method in spec.methods:
        return
    if shot.inputs is None:
        yield _finding(
            "model", "input-missing", f"{spec.id} works on a picture ({spec.task}), and none was given.",
            f"Use session.{spec.methods[0]}, or a model that works from words alone.", {},
        )  # fmt: skip
    else:
        able = [name for name in models.ids() if method in models.get(name).methods]
        given = ", ".join(shot.inputs.pictures()) or "no picture"
        yield _finding(
            "model", "method-unknown", f"{spec.id} was asked to {method} with {given}; "
            f"it does: {', '.join(spec.methods)}.", f"Use one of: {', '.join(able)}.", {},
        )  # fmt: skip


def _pictures(shot: Shot) -> Iterator[Finding]:
    spec, inputs = shot.spec, shot.inputs
    if inputs is None:
        return
    count, method = len(inputs.references), method_of(shot)
    takes = spec.references_in(method)
    if count > takes:
        yield _finding(
            "inputs.references", "too-many-references", f"{count} reference pictures were given; {spec.id} takes "
            f"{takes or 'none'}{'' if takes == spec.references else f' in {method}'}.",
            "Give fewer, or use a model that takes more.",
            {"inputs": inputs.with_(references=inputs.references[:takes])} if takes or inputs.image else {},
        )  # fmt: skip
    if spec.family == "flux.2" and spec.where == "local":
        yield from _reference_sizes(inputs.references)
    pictures = (*inputs.references, *((inputs.image,) if inputs.image else ()))
    if any(picture.weight is not None for picture in pictures) and not (spec.weighs_references and count):
        plain = inputs.with_(
            references=tuple(picture.with_(weight=None) for picture in inputs.references),
            image=inputs.image and inputs.image.with_(weight=None),
        )
        yield _finding(
            "inputs.references", "weight-ignored", f"A picture was given with a weight of its own; {spec.id} sees all "
            f"alike.", "Leave the weight out, or use flux.1-redux-dev.", {"inputs": plain},
        )  # fmt: skip
    if inputs.mask is not None and inputs.image is None:
        yield _finding(
            "inputs.image", "image-missing", "A mask was given without the picture that it belongs to.",
            "Give the picture too.", {},
        )  # fmt: skip
    if inputs.mask is not None and inputs.image is not None:
        yield from _mask(shot, inputs.image, inputs.mask)


_LEAST_SIDE, _MOST_ASPECT = 64, 8
"""What diffusers 0.42 takes as a reference of FLUX.2 (Flux2ImageProcessor.check_image_input)."""


def _reference_sizes(references: tuple[ReferenceImage, ...]) -> Iterator[Finding]:
    for picture in references:
        sides = sorted((picture.width, picture.height))
        if sides[0] < _LEAST_SIDE or sides[1] > _MOST_ASPECT * sides[0]:
            yield _finding(
                "inputs.references", "reference-size", f"A reference of {picture.width} x {picture.height} was given; "
                f"FLUX.2 takes sides of at least {_LEAST_SIDE} pixels, the longer at most {_MOST_ASPECT} times the "
                f"shorter.", "Resize or crop it.", {},
            )  # fmt: skip


def _mask(shot: Shot, image: ReferenceImage, mask: Mask) -> Iterator[Finding]:
    if (mask.width, mask.height) != (image.width, image.height):
        yield _finding(
            "inputs.mask", "mask-size", f"A mask of {mask.width} x {mask.height} was given for a picture of "
            f"{image.width} x {image.height}; the two are of one size.", "Draw the mask at the picture's size.", {},
        )  # fmt: skip
    elif shot.spec.where == "local" and mask.image.getbbox() is None:
        yield _finding(
            "inputs.mask", "mask-empty", "A mask that is black all over was given, so nothing would change.",
            "Make white what is to change; ~mask exchanges black and white.", {},
        )  # fmt: skip


def _strength(shot: Shot) -> Iterator[Finding]:
    spec, inputs = shot.spec, shot.inputs
    if inputs is None or inputs.strength is None:
        return
    if spec.strength is None or inputs.image is None:
        yield _finding(
            "inputs.strength", "strength-ignored",
            f"strength={inputs.strength:g} was asked for, but {spec.id} always starts from noise"
            f"{'' if spec.strength is None else ' where no picture to start from is given'}.", "Drop it.",
            {"inputs": inputs.with_(strength=None)},
        )  # fmt: skip
    elif (
        spec.where == "local"
        and inputs.strength < 1
        and shot.steps
        and not int(shot.steps - shot.steps * inputs.strength)
    ):
        most = 1 - 1 / shot.steps
        yield _finding(
            "inputs.strength", "strength-too-fine", f"strength={inputs.strength:g} of {shot.steps} steps was asked "
            f"for; a model skips whole steps, and this skips none: it would be the same as 1.",
            f"Use {most:.2g} or less, or more steps.", {"inputs": inputs.with_(strength=1.0)},
        )  # fmt: skip


def _control(shot: Shot) -> Iterator[Finding]:
    spec, maps = shot.spec, () if shot.inputs is None else shot.inputs.controls
    follows = spec.follows
    if not maps:
        if follows and method_of(shot) in ("vary", "fill", "outpaint"):
            yield _finding(
                "inputs.control", "control-missing", f"{spec.id} follows a map ({', '.join(follows)}), and none was "
                f"given.", f"Give control=ControlMap.{follows[0]}(picture), or use flux.1-dev.", {},
            )  # fmt: skip
        return
    if not follows:
        # Without another picture there is nothing else to do: `_task` has refused that already.
        if method_of(shot) != "control" and shot.inputs is not None:
            yield _finding(
                "inputs.control", "control-ignored", f"A {maps[0].kind} map was given; {spec.id} follows none.",
                f"Leave it out, or use one of: {', '.join(_followers(maps[0].kind))}.",
                {"inputs": shot.inputs.with_(control=None, more_controls=())},
            )  # fmt: skip
        return
    if len(maps) > spec.max_controls:
        yield _finding(
            "inputs.control", "too-many-controls", f"{len(maps)} control maps were given; {spec.id} takes "
            f"{spec.max_controls}.", "Give fewer, or use flux.1-dev-controlnet-union.", {},
        )  # fmt: skip
    for given in maps:
        if given.kind not in follows:
            yield _finding(
                "inputs.control", "control-kind", f"A {given.kind} map was given; {spec.id} follows "
                f"{', '.join(follows)}.", f"Use one of: {', '.join(_followers(given.kind))}.", {},
            )  # fmt: skip
        said = {name: value for name in _CONTROLNET_ONLY if (value := getattr(given, name)) is not None}
        if said and spec.control_strength is None:
            yield _finding(
                "inputs.control", "control-strength-ignored", f"A {given.kind} map with "
                f"{', '.join(f'{name}={value:g}' for name, value in said.items())} was given, but {spec.id} follows "
                f"it fully all the way.", "Leave that out, or use a ControlNet such as flux.1-dev-controlnet-union.",
                {"inputs": shot.inputs and shot.inputs.with_(control=given.with_(**dict.fromkeys(said)))},
            )  # fmt: skip


_CONTROLNET_ONLY = ("strength", "start", "end")


def _followers(kind: str) -> list[str]:
    return [name for name in models.ids() if kind in models.get(name).follows]


def _loras(shot: Shot) -> Iterator[Finding]:
    spec = shot.spec
    if shot.loras and not spec.loras:
        yield _finding(
            "loras", "loras-ignored", f"The LoRA {shot.loras[0].label} was asked for, but {spec.id} takes none.",
            "Leave it out, or use the open model on your own machine.", {"loras": ()},
        )  # fmt: skip
        return
    seen = [lora.content or lora.weights for lora in shot.loras]
    for lora, key in zip(shot.loras, seen, strict=True):
        if seen.count(key) > 1:
            yield _finding("loras", "lora-twice", f"The LoRA {lora.label} was given twice for one shot.",
                           "Give it once, with the strengths added.", {})  # fmt: skip
            return
        yield from _lora(shot, lora)


def _lora(shot: Shot, lora: LoRA) -> Iterator[Finding]:
    spec = shot.spec
    if spec.where == "hosted":
        host = shot.options.get("host") or next(iter(spec.hosts), "")
        if lora.content is not None and host not in READ_LORA_FILES:
            yield _finding(
                "loras", "lora-not-hosted",
                f"The LoRA {lora.label} is a file on this machine, which {host} cannot read.",
                "Give a hub id or an https address, or choose a host that takes files: options={'host': 'fal'}.", {},
            )  # fmt: skip
        return
    if lora.file is None and (lora.content is not None or not HUB_ID.fullmatch(lora.weights)):
        yield _finding(
            "loras", "lora-missing", f"The LoRA {lora.label} was asked for from {Path(lora.weights).name!r}, which is "
            f"no file, folder or hub id here.", "Give LoRA(weights=...) where the file lies now.", {},
        )  # fmt: skip
    elif lora.file is not None and file_tag(lora.file) != lora.content:
        yield _finding(
            "loras", "lora-changed", f"The LoRA {lora.label} was asked for as it was ({lora.content}), but "
            f"{lora.file.name!r} holds another one now.",
            "Bring the file back, or make the shot anew with LoRA(weights=...).", {},
        )  # fmt: skip
    elif lora.file is not None and (said := said_family(lora.file)) not in (None, spec.family):
        able = [name for name in models.ids() if models.get(name).family == said and models.get(name).where == "local"]
        yield _finding(
            "loras", "lora-family", f"The LoRA {lora.label} says that it was trained for {said}, but {spec.id} is of "
            f"family {spec.family}.", f"Use it with one of: {', '.join(able)}.", {},
        )  # fmt: skip


def _words(shot: Shot) -> Iterator[Finding]:
    for diagnostic in shot.prompt.diagnostics:
        if diagnostic.severity == "error":
            yield Finding(diagnostic, {})


def _step_by_step(spec: ModelSpec, method: Method) -> bool:
    """Whether fluxkit's own loop makes the picture; `engines.local.loop.makes` says the same, and a test compares."""
    if spec.where != "local":
        return False
    if spec.family == "flux.1":
        return (spec.task, method) in (("text", "shoot"), ("redux", "blend"))
    return spec.family == "flux.2" and method == "shoot" and not spec.id.endswith("-kv")


def _later(shot: Shot) -> Iterator[Finding]:
    """Only where fluxkit's own loop makes the picture can anything change on the way."""
    if not shot.later:
        return
    spec = shot.spec
    if not _step_by_step(spec, method_of(shot)):
        yield _finding(
            "later", "later-ignored",
            f"changes on the way were asked for (later, {len(shot.later)}), but {spec.id} makes this picture in one "
            f"go.", "Drop them, or shoot from words on a local FLUX.1 or FLUX.2 model.", {"later": ()},
        )  # fmt: skip
        return
    found = later_finding(shot.later, shot.steps)
    if found is not None:
        yield Finding(found, {"later": ()})
    for change in shot.later:
        if change.guidance is not None:
            for finding in _guidance(shot.with_(guidance=change.guidance, later=())):
                yield Finding(finding.diagnostic, {"later": ()})


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


_RULES: tuple[Rule, ...] = (
    _task, _pictures, _control, _strength, _size, _steps, _guidance, _negative, _loras, _later, _words, _options,
)  # fmt: skip
