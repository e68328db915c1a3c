"""`RecordForm`: a form for any record, made from its Pydantic model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, get_args, get_origin

import ipywidgets

from fluxkit._base import Record, record_type
from fluxkit.widgets.fields import FieldControl, Look, complaint, labelled
from fluxkit.widgets.summary import summary

Errors = Mapping[tuple[str, ...], str]


class RecordForm:
    """A control for each field of a record; parts of it are forms within, lists of records grow and shrink."""

    def __init__(
        self,
        kind: type[Record],
        value: Record | None,
        on_change: Callable[[], None],
        *,
        look: Look | None = None,
        presets: Mapping[str, Record] | None = None,
        only: tuple[str, ...] | None = None,
    ) -> None:
        self.kind = kind
        self._on_change = on_change
        self._look = look or Look.new()
        self._presets = dict(presets or {})
        self._wrong: set[str] = set()
        self.note = ipywidgets.HTML(layout=self._look.note)
        self.preset = self._preset_box() if self._presets else None
        self.clear = self._look.order.take(
            ipywidgets.Button(description="Clear all of this part", layout={"width": "auto"})
        )
        self.clear.add_class("fk-form-clear")
        self.clear.on_click(lambda _button: self._clear())
        self.controls: dict[str, Any] = {
            name: self._control(name, field, None if value is None else getattr(value, name))
            for name, field in kind.model_fields.items()
            if only is None or name in only
        }
        self.parts = {name: control for name, control in self.controls.items() if not isinstance(control, FieldControl)}
        self._accordion = ipywidgets.Accordion([part.widget for part in self.parts.values()]) if self.parts else None
        self.widget = ipywidgets.VBox(self._children(), layout=self._look.note)
        self.head(value)

    def data(self) -> dict[str, Any] | None:
        """What is set, as plain values; None while nothing is."""
        found = {}
        for name, control in self.controls.items():
            value = control.value if isinstance(control, FieldControl) else control.data()
            if value is not None and value != [] and value != self._default(name):
                found[name] = value
        return found or None

    def fill(self, value: Record | Mapping[str, Any] | None) -> None:
        """Show another value, or what `data` once gave, without telling anybody."""
        for name, control in self.controls.items():
            given = value.get(name) if isinstance(value, Mapping) else getattr(value, name, None)
            part = self._default(name) if given is None else given
            if isinstance(control, FieldControl):
                control.value = part
            else:
                control.fill(part)
        self.head(value if isinstance(value, Record) else None)

    def complain(self, errors: Errors) -> None:
        """Show each message below the field at its path; one about the whole stands above the fields."""
        self.note.value = complaint(errors[()]) if () in errors else ""
        self._wrong = {path[0] for path in errors if path}
        for name, control in self.controls.items():
            inner = {path[1:]: message for path, message in errors.items() if path and path[0] == name}
            if isinstance(control, FieldControl):
                control.complain(next(iter(inner.values()), None))
            else:
                control.complain(inner)

    def head(self, value: Record | None) -> None:
        """Put what is set under each heading of a part, and a sign where something in it is wrong."""
        if self._accordion is None:
            return
        for index, (name, part) in enumerate(self.parts.items()):
            inner = None if value is None else getattr(value, name)
            if isinstance(part, RecordForm):
                part.head(inner)
            self._accordion.set_title(index, heading(name, inner, wrong=name in self._wrong))

    def _control(self, name: str, field: Any, value: Any) -> Any:
        item = _item(field.annotation)
        if item is not None:
            return ListForm(item, value or (), self._on_change, self._look)
        part = record_type(field.annotation)
        if part is not None:
            return RecordForm(part, value, self._on_change, look=self._look)
        return FieldControl(name, field, value, self._on_change, self._look)

    def _children(self) -> list[Any]:
        fields = [control.box for control in self.controls.values() if isinstance(control, FieldControl)]
        return [part for part in (self.preset, self.note, *fields, self._accordion, self.clear) if part is not None]

    def _preset_box(self) -> Any:
        box = ipywidgets.Dropdown(
            options=[("", None), *((titled(name), name) for name in self._presets)],
            description="Start from",
            style=self._look.style,
            layout=self._look.wide,
        )
        box.observe(self._take_preset, "value")
        return self._look.order.take(box)

    def _take_preset(self, change: Any) -> None:
        if change["new"] is not None:
            self.fill(self._presets[change["new"]])
            self._on_change()

    def _clear(self) -> None:
        if self.preset is not None:
            self.preset.value = None
        self.fill(None)
        self._on_change()

    def _default(self, name: str) -> Any:
        field = self.kind.model_fields[name]
        default = None if field.is_required() else field.get_default(call_default_factory=True)
        return list(default) if isinstance(default, tuple) else default


class ListForm:
    """Several records of one kind, with a button to add one and one to take each away."""

    def __init__(self, kind: type[Record], values: Any, on_change: Callable[[], None], look: Look) -> None:
        self._kind = kind
        self._on_change = on_change
        self._look = look
        self._forms: list[RecordForm] = []
        self._rows = ipywidgets.VBox(layout=look.note)
        add = look.order.take(
            ipywidgets.Button(description=f"Add {_said(kind)}", icon="plus", layout={"width": "auto"})
        )
        add.on_click(lambda _button: self._add(None))
        self.widget = ipywidgets.VBox([self._rows, add], layout=look.note)
        self.fill(values)

    def data(self) -> list[dict[str, Any]] | None:
        """The records as plain values; a row where nothing is set counts for nothing."""
        return [data for form in self._forms if (data := form.data())] or None

    def fill(self, values: Any) -> None:
        """Show other records."""
        self._forms = [self._form(value) for value in values or ()]
        self._draw()

    def complain(self, errors: Errors) -> None:
        """Show each message in the row it is about; rows where nothing is set have no number in the data."""
        filled = [form for form in self._forms if form.data()]
        for form in self._forms:
            index = str(filled.index(form)) if form in filled else ""
            form.complain({path[1:]: message for path, message in errors.items() if path and path[0] == index})

    def _form(self, value: Record | Mapping[str, Any] | None) -> RecordForm:
        form = RecordForm(self._kind, None, self._on_change, look=self._look)
        form.fill(value)
        form.clear.description = f"Remove this {_said(self._kind)}"
        form.clear.on_click(lambda _button: self._remove(form))
        return form

    def _add(self, value: Record | None) -> None:
        self._forms.append(self._form(value))
        self._draw()

    def _draw(self) -> None:
        self._rows.children = [self._row(form) for form in self._forms]

    def _row(self, form: RecordForm) -> Any:
        row = ipywidgets.VBox([form.widget], layout=self._look.note)
        row.add_class("fk-form-row")
        return row

    def _remove(self, form: RecordForm) -> None:
        if form in self._forms:
            self._forms.remove(form)
            self._draw()
            self._on_change()


def heading(name: str, value: Any, *, wrong: bool = False) -> str:
    """The heading of a part: its name, and in short what is set in it.

    >>> heading("avoid", ("noise",))
    'Avoid · noise'
    """
    said = summary(value)
    return f"{'⚠ ' if wrong else ''}{labelled(name)[0]}{f' · {said}' if said else ''}"


def titled(name: str) -> str:
    """The name of a constant as a person would write it."""
    return name.replace("_", " ").capitalize()


def _said(kind: type[Record]) -> str:
    return {"PictureText": "text"}.get(kind.__name__, kind.__name__.lower())


def _item(annotation: Any) -> type[Record] | None:
    return record_type(get_args(annotation)[0]) if get_origin(annotation) is tuple and get_args(annotation) else None
