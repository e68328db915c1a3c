"""`RecordForm`: a form for any record, made from its Pydantic model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, get_args, get_origin

import ipywidgets

from fluxkit._base import Record, record_type
from fluxkit.widgets.fields import FieldControl, labelled

Errors = Mapping[tuple[str, ...], str]
Control = "FieldControl | RecordForm | ListForm"

_NOTE = '<div role="alert" class="fk-field-error">⚠ {}</div>'


class RecordForm:
    """A control for each field of a record; parts of it are forms within, lists of records grow and shrink."""

    def __init__(
        self,
        kind: type[Record],
        value: Record | None,
        on_change: Callable[[], None],
        *,
        presets: Mapping[str, Record] | None = None,
        only: tuple[str, ...] | None = None,
    ) -> None:
        self.kind = kind
        self._on_change = on_change
        self._presets = dict(presets or {})
        self._silent = False
        self.note = ipywidgets.HTML()
        self.controls: dict[str, Any] = {
            name: self._control(name, field, None if value is None else getattr(value, name))
            for name, field in kind.model_fields.items()
            if only is None or name in only
        }
        self.widget = ipywidgets.VBox(self._children(), layout={"padding": "4px 0 8px 0"})

    def data(self) -> dict[str, Any] | None:
        """What is set, as plain values; None while nothing is."""
        found = {}
        for name, control in self.controls.items():
            value = control.value if isinstance(control, FieldControl) else control.data()
            if value is not None and value != [] and value != self._default(name):
                found[name] = value
        return found or None

    def fill(self, value: Record | None) -> None:
        """Show another value, without telling anybody."""
        for name, control in self.controls.items():
            part = self._default(name) if value is None else getattr(value, name)
            if isinstance(control, FieldControl):
                control.value = part
            else:
                control.fill(part)

    def complain(self, errors: Errors) -> None:
        """Show each message beside the field at its path; one about the whole stands above the fields."""
        self.note.value = _NOTE.format(_escaped(errors[()])) if () in errors else ""
        for name, control in self.controls.items():
            inner = {path[1:]: message for path, message in errors.items() if path and path[0] == name}
            if isinstance(control, FieldControl):
                control.complain(next(iter(inner.values()), None))
            else:
                control.complain(inner)

    def _control(self, name: str, field: Any, value: Any) -> Any:
        item = _item(field.annotation)
        if item is not None:
            return ListForm(item, value or (), self._on_change)
        part = record_type(field.annotation)
        if part is not None:
            return RecordForm(part, value, self._on_change)
        return FieldControl(name, field, value, self._on_change)

    def _children(self) -> list[Any]:
        made: list[Any] = [self._preset_box()] if self._presets else []
        made.append(self.note)
        made += [control.box for control in self.controls.values() if isinstance(control, FieldControl)]
        parts = {name: control for name, control in self.controls.items() if not isinstance(control, FieldControl)}
        if parts:
            titles = tuple(labelled(name)[0] for name in parts)
            made.append(ipywidgets.Accordion([part.widget for part in parts.values()], titles=titles))
        return made

    def _preset_box(self) -> Any:
        box = ipywidgets.Dropdown(
            options=[("choose…", None), *((name.replace("_", " ").capitalize(), name) for name in self._presets)],
            description="Preset",
            style={"description_width": "130px"},
            layout={"width": "auto"},
        )
        box.observe(self._take_preset, "value")
        return box

    def _take_preset(self, change: Any) -> None:
        if change["new"] is not None:
            self.fill(self._presets[change["new"]])
            self._on_change()

    def _default(self, name: str) -> Any:
        field = self.kind.model_fields[name]
        default = None if field.is_required() else field.get_default(call_default_factory=True)
        return list(default) if isinstance(default, tuple) else default


class ListForm:
    """Several records of one kind, with a button to add one and one to take each away."""

    def __init__(self, kind: type[Record], values: Any, on_change: Callable[[], None]) -> None:
        self._kind = kind
        self._on_change = on_change
        self._forms: list[RecordForm] = []
        self._rows = ipywidgets.VBox()
        add = ipywidgets.Button(description=f"Add {kind.__name__.lower()}", icon="plus", layout={"width": "auto"})
        add.on_click(lambda _button: self._add(None))
        self.widget = ipywidgets.VBox([self._rows, add])
        self.fill(values)

    def data(self) -> list[dict[str, Any]] | None:
        """The records as plain values; a row where nothing is set counts for nothing."""
        return [data for form in self._forms if (data := form.data())] or None

    def fill(self, values: Any) -> None:
        """Show other records."""
        self._forms = [RecordForm(self._kind, value, self._on_change) for value in values or ()]
        self._draw()

    def complain(self, errors: Errors) -> None:
        """Show each message in the row it is about."""
        for index, form in enumerate(self._forms):
            form.complain({path[1:]: message for path, message in errors.items() if path and path[0] == str(index)})

    def _add(self, value: Record | None) -> None:
        self._forms.append(RecordForm(self._kind, value, self._on_change))
        self._draw()

    def _draw(self) -> None:
        self._rows.children = [self._row(form) for form in self._forms]

    def _row(self, form: RecordForm) -> Any:
        away = ipywidgets.Button(description="Remove", layout={"width": "auto"})
        away.on_click(lambda _button: self._remove(form))
        return ipywidgets.VBox([form.widget, away], layout={"border_left": "2px solid #8886", "padding": "0 0 0 8px"})

    def _remove(self, form: RecordForm) -> None:
        self._forms.remove(form)
        self._draw()
        self._on_change()


def _item(annotation: Any) -> type[Record] | None:
    return record_type(get_args(annotation)[0]) if get_origin(annotation) is tuple and get_args(annotation) else None


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")
