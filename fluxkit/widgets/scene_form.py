"""`SceneForm`: a scene as a form, with its prompt, findings and optics beside it."""

from __future__ import annotations

import html
from collections.abc import Callable
from typing import Any

import ipywidgets
from pydantic import BaseModel, ValidationError

from fluxkit import models
from fluxkit._base import Record, record_type
from fluxkit.errors import FluxkitError, InputError
from fluxkit.models import ModelSpec
from fluxkit.scene import presets, rigs, stocks
from fluxkit.scene.scene import Scene
from fluxkit.widgets.fields import labelled
from fluxkit.widgets.light_rig import LightRig
from fluxkit.widgets.record_form import RecordForm
from fluxkit.widgets.source import source_of

_STYLE = """<style>
.fk-field-error { color: #b3261e; font-size: 12.5px; line-height: 1.35; padding: 0 0 4px 136px; white-space: normal; }
[data-jp-theme-light="false"] .fk-field-error { color: #f2a59c; }
.fk-told { font: 14px/1.5 "Helvetica Neue", "Segoe UI", "Liberation Sans", Arial, sans-serif; padding: 0 14px; }
.fk-told h4 { margin: 14px 0 4px; font-size: 12px; font-weight: 600; opacity: .72; }
.fk-told p { margin: 0 0 4px; }
.fk-told pre { font-size: 12px; line-height: 1.4; white-space: pre-wrap; }
</style>"""


class SceneForm(ipywidgets.HBox):  # type: ignore[misc]  # ipywidgets has no types for mypy to follow
    """Every field of a scene as a control; `.scene` is the typed value, `.code()` the Python that makes it.

    What the model does not take is told beside the field, and `.scene` stays what it was last. `model` is the model
    for which prompt and findings are shown.
    """

    def __init__(self, scene: Scene | None = None, model: str | ModelSpec = "flux.1-dev") -> None:
        self._scene = scene or Scene()
        self._spec = models.get(model)
        self._listeners: list[Callable[[Scene], None]] = []
        self._busy = False
        self.errors: dict[str, str] = {}
        """Dotted path -> what is wrong with the value in the form; empty while `.scene` is what is shown."""
        self._parts = {name: self._part(name) for name in Scene.model_fields if _is_part(name)}
        self._rest = RecordForm(Scene, self._scene, self._changed, only=_plain_names())
        self.rig = LightRig(self._scene.lighting)
        self.rig.observe(self._rig_moved, "lights")
        self.told = ipywidgets.HTML()
        """The prompt, the findings and the optics."""
        self.fields = self._left()
        """The controls."""
        super().__init__([self.fields, self.told], layout={"align_items": "flex-start"})
        self._tell()

    @property
    def scene(self) -> Scene:
        """The last value that the model took."""
        return self._scene

    @scene.setter
    def scene(self, scene: Scene) -> None:
        self._busy = True
        try:
            for name, form in self._parts.items():
                form.fill(getattr(scene, name))
            self._rest.fill(scene)
            self.rig.lighting = scene.lighting
        finally:
            self._busy = False
        self._take(scene)

    def code(self) -> str:
        """The Python that makes the scene."""
        return f"scene = {source_of(self._scene)}\n"

    @property
    def model(self) -> ModelSpec:
        """The model for which prompt and findings are shown."""
        return self._spec

    @model.setter
    def model(self, model: str | ModelSpec) -> None:
        self._spec = models.get(model)
        self._tell()

    def on_change(self, listener: Callable[[Scene], None]) -> None:
        """Call `listener(scene)` whenever the form holds another valid scene."""
        self._listeners.append(listener)

    def __repr__(self) -> str:
        given = ", ".join(name for name in self._scene.canonical())
        return f"SceneForm({given or 'nothing set'})"

    def _repr_mimebundle_(self, **options: Any) -> Any:
        bundle = super()._repr_mimebundle_(**options) or {}
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle, {})
        return {**data, "text/plain": repr(self)}, metadata

    def _part(self, name: str) -> RecordForm:
        kind = record_type(Scene.model_fields[name].annotation)
        assert kind is not None
        return RecordForm(kind, getattr(self._scene, name), self._changed, presets=_presets_of(kind))

    def _left(self) -> Any:
        lighting = ipywidgets.VBox([self.rig, self._parts["lighting"].widget])
        shown = {name: lighting if name == "lighting" else form.widget for name, form in self._parts.items()}
        rest = {name: self._rest.controls[name] for name in _plain_names()}
        fields = [getattr(control, "box", None) or control.widget for control in rest.values()]
        accordion = ipywidgets.Accordion(
            [*shown.values(), ipywidgets.VBox([self._rest.note, *fields])],
            titles=(*(labelled(name)[0] for name in shown), "Others, colours, text, frame"),
            selected_index=0,
        )
        return ipywidgets.VBox([ipywidgets.HTML(_STYLE), accordion], layout={"width": "470px", "flex": "0 0 auto"})

    def _data(self) -> dict[str, Any]:
        parts = {name: form.data() for name, form in self._parts.items()}
        rest = self._rest.data() or {}
        return {**{n: v for n, v in parts.items() if v}, **{n: rest[n] for n in _plain_names() if n in rest}}

    def _changed(self) -> None:
        if self._busy:
            return
        try:
            # Pydantic's own, for the path of each error; Record's turns them into one text.
            scene = BaseModel.model_validate.__func__(Scene, self._data())  # type: ignore[attr-defined]
        except (ValidationError, InputError) as error:
            self._complain(_messages(error))
            return
        self._complain({})
        self._busy = True
        try:
            self.rig.lighting = scene.lighting
        finally:
            self._busy = False
        self._take(scene)

    def _rig_moved(self, _change: Any) -> None:
        if not self._busy:
            self._parts["lighting"].fill(self.rig.lighting)
            self._changed()

    def _take(self, scene: Scene) -> None:
        self._scene = scene
        self._tell()
        for listener in tuple(self._listeners):
            listener(scene)

    def _complain(self, errors: dict[tuple[str, ...], str]) -> None:
        self.errors = {".".join(path): message for path, message in errors.items()}
        for name, form in self._parts.items():
            form.complain({path[1:]: message for path, message in errors.items() if path[:1] == (name,)})
        self._rest.complain({path: m for path, m in errors.items() if not path or path[0] in _plain_names()})

    def _tell(self) -> None:
        self.told.value = (
            f'<div class="fk-told">{_prompt_html(self._scene, self._spec)}{_optics_html(self._scene)}</div>'
        )


def _prompt_html(scene: Scene, spec: ModelSpec) -> str:
    try:
        prompt = scene.prompt(spec)
        findings = list(scene.check(spec))
    except FluxkitError as error:
        return f'<p role="alert">{html.escape(str(error))}</p>'
    counts = ", ".join(f"{name} {count}" for name, count in prompt.token_counts.items())
    told = "".join(f"<li>{html.escape(str(one))}</li>" for one in findings)
    return (
        f"<h4>Prompt for {html.escape(spec.id)}</h4><p>{html.escape(str(prompt)) or '<em>nothing said yet</em>'}</p>"
        f"<p><small>{html.escape(counts)}</small></p>{f'<h4>Findings</h4><ul>{told}</ul>' if told else ''}"
    )


def _optics_html(scene: Scene) -> str:
    if scene.lens is None:
        return ""
    try:
        optics = scene.optics()
    except FluxkitError as error:
        return f"<h4>Optics</h4><p>{html.escape(str(error))}</p>"
    said = [f"angle of view {optics.angle_of_view_deg:.0f}°"]
    if optics.near_limit_m is not None and optics.far_limit_m is not None:
        far = "infinity" if optics.far_limit_m == float("inf") else f"{optics.far_limit_m:.3g} m"
        said.append(f"sharp from {optics.near_limit_m:.3g} m to {far}")
    return f"<h4>Optics</h4><p>{'; '.join(said)}</p>"


def _messages(error: ValidationError | InputError) -> dict[tuple[str, ...], str]:
    if isinstance(error, InputError):
        return {(): str(error)}
    found = {}
    for item in error.errors(include_url=False):
        path = tuple(str(part) for part in item["loc"])
        message = item["msg"].removeprefix("Value error, ")
        if item["type"] == "missing":
            message = "needed, as something else of this part is set"
        named = "=" in message.partition(" ")[0]
        found[path] = message if named else message[0].upper() + message[1:]
    return found


def _is_part(name: str) -> bool:
    return record_type(Scene.model_fields[name].annotation) is not None


def _plain_names() -> tuple[str, ...]:
    return tuple(name for name in Scene.model_fields if not _is_part(name))


def _presets_of(kind: type[Record]) -> dict[str, Record]:
    modules = (stocks, rigs, presets)
    return {
        name: value
        for module in modules
        for name, value in vars(module).items()
        if name.isupper() and type(value) is kind
    }
