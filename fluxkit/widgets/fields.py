"""One field of a record as one control: its label, help, unit, range and choices come from the Pydantic model."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from typing import Any, NamedTuple, get_args, get_origin

import ipywidgets
from ipywidgets.widgets.widget_string import TextStyle
from pydantic.fields import FieldInfo

from fluxkit.scene.noun import choices
from fluxkit.shots.labels import named
from fluxkit.widgets.order import Order


class Look(NamedTuple):
    """What the controls of one form share: style and layouts, each else a model of its own, and their order."""

    style: Any
    wide: Any
    note: Any
    order: Order

    @classmethod
    def new(cls) -> Look:
        """The look of one form."""
        return cls(
            TextStyle(description_width="118px"),
            ipywidgets.Layout(width="auto", margin="1px 0"),
            ipywidgets.Layout(margin="0"),
            Order(),
        )


class FieldControl:
    """A control for one leaf field, below it help or what is wrong; its value is None while nothing is set."""

    def __init__(self, name: str, field: FieldInfo, value: Any, on_change: Callable[[], None], look: Look) -> None:
        self.name = name
        self._field = field
        self._listed = _is_tuple(field.annotation)
        self._number = any(kind in _members(field.annotation) for kind in (float, int))
        self.control = look.order.take(self._control(look))
        self._help = _help(field.description)
        self.note = ipywidgets.HTML(self._help, layout=look.note)
        self.box = ipywidgets.VBox([self.control, self.note], layout=look.note)
        self.box.add_class("fk-form-field")
        self._silent = False
        self.value = value
        self._on_change = on_change
        self.control.observe(self._changed, "value")

    @property
    def value(self) -> Any:
        """What is set, as the model takes it: text for a number that does not parse, so that the model refuses it."""
        raw = self.control.value
        if raw is None or raw == "":
            return None
        if self._listed:
            return [part.strip() for part in str(raw).split(",") if part.strip()]
        if self._number and isinstance(raw, str):
            return _number(raw)
        return raw

    @value.setter
    def value(self, value: Any) -> None:
        self._silent = True
        try:
            self.control.value = self._shown(value)
        finally:
            self._silent = False

    def complain(self, message: str | None) -> None:
        """Show what is wrong below the field, or its help again."""
        self.note.value = complaint(message) if message else self._help

    def _shown(self, value: Any) -> Any:
        if isinstance(self.control, ipywidgets.Dropdown):
            return value
        if value is None:
            return ""
        if isinstance(value, tuple | list):
            return ", ".join(str(part) for part in value)
        if isinstance(value, float) and float(f"{value:g}") == value:
            return f"{value:g}"
        return str(value)

    def _changed(self, _change: Any) -> None:
        if not self._silent:
            self._on_change()

    def _control(self, look: Look) -> Any:
        label, unit = labelled(self.name)
        shared = {
            "description": f"{label} *" if self._field.is_required() else label,
            "tooltip": self._field.description or "",
            "style": look.style,
            "layout": look.wide,
        }
        offered = choices(self._field.annotation)
        if offered and not self._listed:
            return ipywidgets.Dropdown(options=[("", None), *((name, name) for name in offered)], **shared)
        hint = " ".join(part for part in (self._range(), unit) if part) or ("one, another" if self._listed else "")
        return ipywidgets.Text(placeholder=hint, **shared)

    def _range(self) -> str:
        limits = {type(limit).__name__: limit for limit in self._field.metadata}
        low = next((f"{getattr(limits[n], n.lower()):g}" for n in ("Ge", "Gt") if n in limits), "")
        high = next((f"{getattr(limits[n], n.lower()):g}" for n in ("Le", "Lt") if n in limits), "")
        return f"{low} to {high}" if low and high else f"above {low}" if low else ""


def complaint(message: str) -> str:
    """What is wrong, as it stands below a field or over a part."""
    return f'<div role="alert" class="fk-field-error">⚠ {html.escape(message, quote=False)}</div>'


def _help(description: str | None) -> str:
    """The field's docstring, shown while the field has the focus."""
    words = re.sub(r"`([^`]*)`", r"<code>\1</code>", html.escape(" ".join((description or "").split())))
    return f'<div class="fk-field-help">{words}</div>' if words else ""


def labelled(name: str) -> tuple[str, str]:
    """A field's name as it stands beside its control, and its unit.

    >>> labelled("focal_length_mm")
    ('Focal length', 'mm')
    """
    words, unit = named(name)
    return words.capitalize().replace("Iso", "ISO"), unit


def _members(annotation: Any) -> set[Any]:
    args = get_args(annotation)
    return {annotation} if not args else {member for part in args for member in _members(part)}


def _is_tuple(annotation: Any) -> bool:
    return get_origin(annotation) is tuple


def _number(text: str) -> Any:
    """A number, a fraction such as 1/250, or the text as it is."""
    above, slash, below = text.strip().partition("/")
    try:
        return float(above) / float(below) if slash else float(above)
    except (ValueError, ZeroDivisionError):
        return text
