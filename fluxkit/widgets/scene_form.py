"""`SceneForm`: a scene as a form, with its prompt, findings and optics beside it."""

from __future__ import annotations

import html
from collections.abc import Callable
from typing import Any

import ipywidgets
from pydantic import BaseModel, ValidationError

from fluxkit import models
from fluxkit._base import Record, record_type
from fluxkit.errors import InputError
from fluxkit.models import ModelSpec
from fluxkit.prompt import Prompt
from fluxkit.scene import lenses, presets, rigs, stocks
from fluxkit.scene.scene import Scene
from fluxkit.widgets import bundle
from fluxkit.widgets.fields import Look, labelled
from fluxkit.widgets.light_rig import LightRig
from fluxkit.widgets.record_form import RecordForm, heading, titled
from fluxkit.widgets.source import source_of
from fluxkit.widgets.summary import summary
from fluxkit.widgets.told import told_html

_LIMITS = {
    "greater_than": "more than",
    "greater_than_equal": "at least",
    "less_than": "less than",
    "less_than_equal": "at most",
}
"""Pydantic's names of broken limits, in words."""

_REST = "Others, colours, text, frame"


class SceneForm(ipywidgets.HBox):  # type: ignore[misc]  # ipywidgets has no types for mypy to follow
    """Every field of a scene as a control; `.scene` is the typed value, `.code()` the Python that makes it.

    What the model does not take is told beside the field, and `.scene` stays what it was last. `model` is the model
    for which prompt and findings are shown.
    """

    heading = "Prompt"
    """What the words are that the form tells."""

    def __init__(self, scene: Scene | None = None, model: str | ModelSpec = "flux.1-dev") -> None:
        self._scene = scene or Scene()
        self._spec = models.get(model)
        self._listeners: list[Callable[[Scene], None]] = []
        self._busy = False
        self.errors: dict[str, str] = {}
        """Dotted path -> what is wrong with the value in the form; empty while `.scene` is what is shown."""
        self._look = Look.new()
        self.order = self._look.order
        """Keeps apart what comes on several threads; `with form.order:` holds it off."""
        self._shown: Prompt | None = None
        self._parts = {name: self._part(name) for name in Scene.model_fields if _is_part(name)}
        self._rest = RecordForm(Scene, self._scene, self._changed, look=self._look, only=_plain_names())
        self.rig = self.order.take(LightRig(self._scene.lighting))
        self.rig.observe(self._rig_moved, "lights")
        self.told = ipywidgets.HTML(layout=self._look.note)
        """The prompt, the findings and the optics."""
        self.told.add_class("fk-told-box")
        self._sections = ipywidgets.Accordion(self._section_widgets(), selected_index=0)
        self.start = self._start_box()
        """A choice of ready scenes to start from."""
        self.fields = ipywidgets.VBox([ipywidgets.HTML(style()), self.order, self.start, self._sections])
        """The controls."""
        for name in ("fk-fields", "fk-form"):
            self.fields.add_class(name)
        super().__init__([self.fields, self.told])
        for name in ("fk-scene-form", "fk-form"):
            self.add_class(name)
        self.order.cover(self)
        self._tell()

    @property
    def scene(self) -> Scene:
        """The last value that the model took."""
        return self._scene

    @scene.setter
    def scene(self, scene: Scene) -> None:
        with self.order:
            self._busy = True
            try:
                for name, form in self._parts.items():
                    form.fill(getattr(scene, name))
                self._rest.fill(scene)
                self.rig.lighting = scene.lighting
            finally:
                self._busy = False
            self._complain({})
            self._take(scene)

    def typed(self) -> dict[str, Any]:
        """What stands in the controls as plain values, also what the model does not take; `restore` shows it again."""
        with self.order:
            return self._data()

    def restore(self, scene: Scene, typed: dict[str, Any]) -> None:
        """Show what `typed` once gave, with what is wrong with it; `scene` is `.scene` where it is no scene."""
        with self.order:
            self._busy = True
            try:
                self.start.value = None
                for name, form in self._parts.items():
                    if form.preset is not None:
                        form.preset.value = None
                    form.fill(typed.get(name))
                self._rest.fill(typed)
                self.rig.lighting = scene.lighting
            finally:
                self._busy = False
            self._scene, self._shown = scene, None
            self._tell()
            self._changed()

    def code(self) -> str:
        """The Python that makes the scene."""
        return f"scene = {source_of(self._scene)}\n"

    @property
    def model(self) -> ModelSpec:
        """The model for which prompt and findings are shown."""
        return self._spec

    @model.setter
    def model(self, model: str | ModelSpec) -> None:
        with self.order:
            self._spec, self._shown = models.get(model), None
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
        return {**data, "text/plain": repr(self), "text/html": self.still()}, metadata

    def still(self) -> str:
        """What stands for the form where no kernel runs: its fields as a table, and what it tells, as HTML."""
        rows = "".join(
            f"<tr><th>{html.escape(labelled(name)[0])}</th><td>{html.escape(said)}</td></tr>"
            for name in self._scene.canonical()
            if (said := summary(getattr(self._scene, name)))
        )
        table = f"<table><tbody>{rows}</tbody></table>" if rows else "<p>Nothing is set.</p>"
        return f"{table}{told_html(self._scene, self._spec)[0]}"

    def _worded(self) -> Scene:
        """The scene whose prompt is told."""
        return self._scene

    def _part(self, name: str) -> RecordForm:
        kind = record_type(Scene.model_fields[name].annotation)
        assert kind is not None
        made = RecordForm(kind, getattr(self._scene, name), self._changed, look=self._look, presets=_presets_of(kind))
        made.clear.description = f"Clear the {labelled(name)[0].lower()}"
        return made

    def _section_widgets(self) -> list[Any]:
        lighting = ipywidgets.VBox([self.rig, self._parts["lighting"].widget], layout=self._look.note)
        shown = [lighting if name == "lighting" else form.widget for name, form in self._parts.items()]
        return [*shown, self._rest.widget]

    def _start_box(self) -> Any:
        ready = _presets_of(Scene)
        box = ipywidgets.Dropdown(
            options=[("a scene of your own", None), *((titled(name), name) for name in ready)],
            index=0,
            description="Start from",
            style=self._look.style,
            layout=self._look.wide,
        )
        box.observe(lambda change: setattr(self, "scene", ready[change["new"]]) if change["new"] else None, "value")
        return self.order.take(box)

    def _head(self) -> None:
        """What is set, in short, beside the heading of each section."""
        for index, (name, form) in enumerate(self._parts.items()):
            value, wrong = getattr(self._scene, name), any(path.split(".")[0] == name for path in self.errors)
            form.head(value)
            self._sections.set_title(index, heading(name, value, wrong=wrong))
        self._rest.head(self._scene)
        said = summary(tuple(getattr(self._scene, name) for name in _plain_names()))
        self._sections.set_title(len(self._parts), f"{_REST}{f' · {said}' if said else ''}")

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
        self._head()

    def _tell(self) -> None:
        told, self._shown = told_html(self._worded(), self._spec, self._shown, self.heading)
        self.told.value = f'<div class="fk-told">{told}</div>'
        self._head()


def _messages(error: ValidationError | InputError) -> dict[tuple[str, ...], str]:
    if isinstance(error, InputError):
        return {(): str(error)}
    found = {}
    for item in error.errors(include_url=False):
        path = tuple(str(part) for part in item["loc"])
        message = _plain_words(item)
        named = "=" in message.partition(" ")[0]
        found[path] = message if named else message[0].upper() + message[1:]
    return found


def style() -> str:
    """The form's style sheet as an element: plain ipywidgets bring none of their own."""
    return f"<style>{bundle.text('form.css')}</style>"


def _plain_words(item: Any) -> str:
    """One of Pydantic's findings as a sentence for somebody who fills in a form: what was given, what is allowed."""
    if item["type"] == "missing":
        return "needed, as something else of this part is set"
    for kind, words in _LIMITS.items():
        if item["type"] == kind:
            limit = next(iter(item["ctx"].values()))
            return f"{item['input']:g} was given; {words} {limit:g} is allowed. Change it, or leave the field empty"
    if item["type"] in ("float_parsing", "float_type", "int_parsing", "int_type"):
        return f"{str(item['input'])!r} was given; a number is needed. Write one, such as 2.5 or 1/250"
    return str(item["msg"]).removeprefix("Value error, ")


def _is_part(name: str) -> bool:
    return record_type(Scene.model_fields[name].annotation) is not None


def _plain_names() -> tuple[str, ...]:
    return tuple(name for name in Scene.model_fields if not _is_part(name))


def _presets_of(kind: type[Record]) -> dict[str, Record]:
    modules = (stocks, lenses, rigs, presets)
    return {
        name: value
        for module in modules
        for name, value in vars(module).items()
        if name.isupper() and type(value) is kind
    }
