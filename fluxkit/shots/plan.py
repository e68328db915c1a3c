"""`ShotPlan`: every shot of a request, rendered and checked before anything is loaded."""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, overload

from fluxkit import models
from fluxkit.errors import CapabilityError, InputError, PlanError
from fluxkit.models import ModelSpec, prices
from fluxkit.models.forecast import MemoryForecast, forecast
from fluxkit.models.options import framed
from fluxkit.prompt import Diagnostic, Prompt, PromptRenderer
from fluxkit.scene import Scene
from fluxkit.shots.checks import findings
from fluxkit.shots.inputs import Inputs
from fluxkit.shots.labels import label
from fluxkit.shots.later import Later, given
from fluxkit.shots.shot import Shot, weights_of
from fluxkit.shots.sweep import Sweep

CONFIRM_ABOVE = 1000
"""A plan of more shots than this is made only with `confirm=True`."""

Tokenizers = Callable[[ModelSpec], Mapping[str, Any]]
"""The tokenizers of a model's encoders, where they are at hand: tokens are then counted exactly."""

Request = Scene | Sweep | Shot | Iterable[Shot]


class ShotPlan(Sequence[Shot]):
    """Shots in plan order, with the axes they differ along and what was found about them."""

    def __init__(
        self,
        shots: Iterable[Shot],
        *,
        axes: Mapping[str, tuple[Any, ...]] | None = None,
        diagnostics: Iterable[Diagnostic] = (),
    ) -> None:
        self._shots = tuple(shots)
        self._axes = dict(axes or {})
        self._diagnostics = tuple(diagnostics)

    @overload
    def __getitem__(self, index: int) -> Shot: ...
    @overload
    def __getitem__(self, index: slice) -> ShotPlan: ...
    def __getitem__(self, index: int | slice) -> Shot | ShotPlan:
        if isinstance(index, slice):
            return ShotPlan(self._shots[index], axes=self._axes, diagnostics=self._diagnostics)
        return self._shots[index]

    def __len__(self) -> int:
        return len(self._shots)

    def __iter__(self) -> Iterator[Shot]:
        return iter(self._shots)

    @property
    def axes(self) -> dict[str, tuple[Any, ...]]:
        """The values of each axis, slowest axis first."""
        return dict(self._axes)

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """What was found: notes, warnings, and, with `strict=False`, every change that was made."""
        return self._diagnostics

    @property
    def models(self) -> tuple[ModelSpec, ...]:
        """The models that the shots need, each once."""
        return tuple({(shot.model, shot.weights): shot.spec for shot in self._shots}.values())

    def cost(self) -> prices.Cost:
        """What the plan will cost at the hosts' listed prices; local models cost nothing."""
        distinct = {shot.id: shot for shot in self._shots}.values()
        return prices.total(
            prices.forecast(shot.spec, shot.width, shot.height, shot.options, input_pixels=_input_pixels(shot))
            for shot in distinct
        )

    def memory(self, *, bytes_per_number: float = 2) -> tuple[MemoryForecast, ...]:
        """What each local model takes at the plan's largest size, by stage and lever; nothing is loaded.

        `bytes_per_number` is 2 for bfloat16 (a GPU's default here) and 4 for float32 (a CPU's).
        """
        largest: dict[ModelSpec, Shot] = {}
        for shot in self._shots:
            kept = largest.get(shot.spec)
            if shot.spec.where == "local" and (kept is None or shot.width * shot.height > kept.width * kept.height):
                largest[shot.spec] = shot
        return tuple(
            forecast(spec, shot.width, shot.height, bytes_per_number=bytes_per_number) for spec, shot in largest.items()
        )

    def __repr__(self) -> str:
        made = Counter(shot.model for shot in self._shots)
        lines = [
            ", ".join(f"{count} shot{'s' * (count != 1)} on {model}" for model, count in made.items()) or "no shots"
        ]
        lines += [f"  {path}: {', '.join(label(value) for value in values)}" for path, values in self._axes.items()]
        lines += [f"  {diagnostic}" for diagnostic in self._diagnostics]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        first, *rest = repr(self).split("\n")
        items = "".join(f"<li>{html.escape(line.strip())}</li>" for line in rest)
        return f"<p><strong>{html.escape(first)}</strong></p><ul>{items}</ul>"


def make_plan(
    request: Request | ShotPlan,
    *,
    strict: bool = True,
    confirm: bool = False,
    tokenizers: Tokenizers = lambda _spec: {},
    **settings: Any,
) -> ShotPlan:
    """Every shot that a request stands for, checked; nothing is loaded and no network is used.

    `settings` (`model`, `seed`, `steps`, `guidance`, `size`, ...) go with a scene; a sweep carries its own.
    `tokenizers` gives a model's own, so that words past its window are told exactly instead of by an upper bound.
    With `strict=False` what a model cannot do is changed and reported instead of refused.
    Raises `CapabilityError`, `PlanError`, or the `InputError` of a field.
    """
    if isinstance(request, ShotPlan):
        return request
    if isinstance(request, Scene):
        request = _sweep_of(request, settings)
    elif settings:
        raise PlanError(
            f"{', '.join(sorted(settings))} were given beside a {type(request).__name__}, which carries its own. "
            f"Set them on the sweep or the shot."
        )
    if isinstance(request, Sweep):
        refuse_unconfirmed(request.crossed, confirm)
        shots, axes = list(_shots_of(request, tokenizers)), _axes_of(request)
    else:
        shots, axes = [request] if isinstance(request, Shot) else _listed(request), {}
        refuse_unconfirmed(len(shots), confirm)
    checked, diagnostics = _checked(shots, strict)
    _refuse_equal_cells(checked, axes, strict, diagnostics)
    return ShotPlan(checked, axes=axes, diagnostics=diagnostics.values())


def _input_pixels(shot: Shot) -> int:
    pictures = shot.inputs.pictures().values() if shot.inputs else ()
    return sum(picture.width * picture.height for picture in pictures)


def _listed(request: Any) -> list[Shot]:
    shots = [] if isinstance(request, str) or not isinstance(request, Iterable) else list(request)
    if not shots or not all(isinstance(shot, Shot) for shot in shots):
        raise PlanError(
            f"A plan was asked for of {request!r}; it takes a Scene, a Sweep, a Shot or a list of shots. "
            f"Write Scene.from_prompt(text) to start from words."
        )
    return shots


def _sweep_of(scene: Scene, settings: dict[str, Any]) -> Sweep:
    if "control" in settings:
        settings = {**settings, "inputs": Inputs(control=settings["control"])}
        del settings["control"]
    try:
        return Sweep(scene, **settings)
    except TypeError:
        known = [name for name in Sweep.__dataclass_fields__ if name not in ("scene", "axes", "skips")]
        unknown = sorted(set(settings) - set(known))
        raise PlanError(f"{', '.join(unknown)} cannot be set for a shot. Settings are: {', '.join(known)}.") from None


def refuse_unconfirmed(count: int, confirm: bool) -> None:
    """Raise `PlanError` for more shots than are planned without `confirm=True`."""
    if count > CONFIRM_ABOVE and not confirm:
        raise PlanError(
            f"{count:,} shots were asked for; more than {CONFIRM_ABOVE:,} are planned only when you say so. "
            f"Pass confirm=True, or use fewer values on an axis."
        )


def _shots_of(sweep: Sweep, tokenizers: Tokenizers) -> Iterator[Shot]:
    """Render each distinct scene once for each model, then cross with seeds and the other settings."""
    cells = list(sweep.cells())
    scenes = [_scene_key(cell) for cell in cells]
    varied: dict[Any, Scene] = {}
    parts: dict[Any, Any] = {}
    for key, cell in zip(scenes, cells, strict=True):
        if key not in varied:
            varied[key] = _varied(sweep.scene, {path: cell[path] for path, _ in key}, parts)
    prompts = _prompts(sweep, cells, scenes, varied, tokenizers)
    tags: dict[ModelSpec, str] = {}
    for cell, key, prompt in zip(cells, scenes, prompts, strict=True):
        spec = models.get(cell.get("model", sweep.model))
        if spec not in tags:
            tags[spec] = weights_of(spec)
        yield _shot(sweep, cell, spec=spec, scene=varied[key], prompt=prompt, tag=tags[spec])


def _prompts(
    sweep: Sweep, cells: list[dict[str, Any]], keys: list[Any], varied: dict[Any, Scene], tokenizers: Tokenizers
) -> list[Prompt]:
    wanted: dict[tuple[ModelSpec, str | None, bool], dict[Any, None]] = {}
    asked = []
    for cell, key in zip(cells, keys, strict=True):
        spec = models.get(cell.get("model", sweep.model))
        negative = spec.negative == "true_cfg" and (cell.get("true_cfg", sweep.true_cfg) or 1) > 1
        group = (spec, cell.get("template", sweep.template), negative)
        wanted.setdefault(group, {})[key] = None
        asked.append((group, key))
    made = {
        (group, key): prompt
        for group, group_keys in wanted.items()
        for key, prompt in zip(
            group_keys,
            PromptRenderer(
                group[0], template=group[1], negative=group[2], tokenizers=dict(tokenizers(group[0]))
            ).render_many([varied[k] for k in group_keys]),
            strict=True,
        )
    }
    return [made[pair] for pair in asked]


def _shot(sweep: Sweep, cell: dict[str, Any], *, spec: ModelSpec, scene: Scene, prompt: Prompt, tag: str) -> Shot:
    options = dict(sweep.options or {}) | {
        path.partition(".")[2]: value for path, value in cell.items() if path.startswith("options.")
    }
    options, width, height = framed(spec, options, scene.aspect_ratio, cell.get("size", sweep.size))
    return Shot(
        model=spec.id,
        weights=tag,
        prompt=prompt,
        negative=prompt.negative,
        scene=scene,
        seed=cell.get("seed", sweep.seed),
        steps=spec.steps_for(cell.get("steps", sweep.steps)),
        guidance=spec.guidance_for(cell.get("guidance", sweep.guidance)),
        true_cfg=cell.get("true_cfg", sweep.true_cfg),
        width=width,
        height=height,
        loras=cell.get("loras", sweep.loras),
        later=_later(sweep, cell, spec, scene),
        inputs=sweep.inputs,
        options=options,
        spec=spec,
    )


def _later(sweep: Sweep, cell: dict[str, Any], spec: ModelSpec, scene: Scene) -> tuple[Later, ...]:
    template = cell.get("template", sweep.template)
    changes = given(cell.get("later", sweep.later))
    return tuple(change.worded(scene, PromptRenderer(spec, template=template).render) for change in changes)


def _scene_key(cell: dict[str, Any]) -> tuple[tuple[str, int], ...]:
    """Tells scenes of a sweep apart by the identity of the axis values, which the sweep keeps alive."""
    return tuple((path, id(value)) for path, value in cell.items() if path.partition(".")[0] in Scene.model_fields)


def _varied(scene: Scene, changes: dict[str, Any], parts: dict[Any, Any]) -> Scene:
    """The scene with its axes set. A part (`lighting`, `lens`) is made once for all scenes that agree in it."""
    heads: dict[str, list[tuple[str, Any]]] = {}
    for path, value in changes.items():
        heads.setdefault(path.partition(".")[0], []).append((path, value))
    try:
        for head, inner in heads.items():
            key = (head, tuple((path, id(value)) for path, value in inner))
            if key not in parts:
                parts[key] = getattr(_set(scene, inner), head)
        return scene.with_(
            **{head: parts[head, tuple((path, id(value)) for path, value in inner)] for head, inner in heads.items()}
        )
    except InputError:  # parts may be valid only together, in the order of the axes
        return _set(scene, list(changes.items()))


def _set(scene: Scene, changes: list[tuple[str, Any]]) -> Scene:
    for path, value in changes:
        scene = scene.with_(path, value)
    return scene


def _axes_of(sweep: Sweep) -> dict[str, tuple[Any, ...]]:
    return {
        path: tuple(row[index] for row in axis.values) for axis in sweep.axes for index, path in enumerate(axis.paths)
    }


def _checked(shots: list[Shot], strict: bool) -> tuple[list[Shot], dict[str, Diagnostic]]:
    diagnostics: dict[str, Diagnostic] = {}
    checked = []
    for shot in shots:
        for diagnostic in shot.prompt.diagnostics:
            if diagnostic.severity != "error":
                diagnostics.setdefault(str(diagnostic), diagnostic)
        checked.append(_settled(shot, strict, diagnostics))
    return checked, diagnostics


def _settled(shot: Shot, strict: bool, diagnostics: dict[str, Diagnostic]) -> Shot:
    """The shot without what its model cannot do. One change at a time, for a change can raise or settle another."""
    told: set[str] = set()
    while (finding := next((found for found in findings(shot) if str(found.diagnostic) not in told), None)) is not None:
        found = finding.diagnostic
        if strict:
            raise CapabilityError(f"{found.message} {found.cure}", shot=shot)
        told.add(str(found))
        reported = found.with_(severity="warning", cure="Changed." if finding.change else "Left as it is.")
        diagnostics.setdefault(str(reported), reported)
        shot = shot.with_(**finding.change) if finding.change else shot
    return shot


def _refuse_equal_cells(
    shots: list[Shot], axes: dict[str, tuple[Any, ...]], strict: bool, diagnostics: dict[str, Diagnostic]
) -> None:
    """An axis that a model ignores is a false result: two cells with one request are refused, or reported."""
    seen: dict[str, Shot] = {}
    for shot in shots:
        first = seen.setdefault(shot.id, shot)
        if first is shot or not axes:
            continue
        ignored = [path for path in axes if first.value(path) != shot.value(path)]
        told = ", ".join(f"{path} ({label(first.value(path))} or {label(shot.value(path))})" for path in ignored)
        found = Diagnostic(
            severity="error" if strict else "warning",
            path=ignored[0] if ignored else "",
            rule="axis-ignored",
            message=f"{shot.model} would make the same picture whatever the value of {told}.",
            cure="Leave that axis out, or choose values or a model that tell them apart.",
        )
        if strict:
            raise PlanError(f"{found.message} {found.cure}")
        diagnostics.setdefault(f"axis-ignored:{ignored}", found)
