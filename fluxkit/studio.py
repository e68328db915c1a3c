"""`explore`: the interactive bench: a scene's form, controls for a sweep, the sheet, and what was shot before."""

from __future__ import annotations

import html
from typing import Any

import ipywidgets

from fluxkit import models
from fluxkit.errors import FluxkitError, InputError
from fluxkit.scene.scene import Scene
from fluxkit.session import Session
from fluxkit.sheets.live import LiveSheet
from fluxkit.shots import ShotPlan, Sweep
from fluxkit.shots.labels import label
from fluxkit.widgets import SceneForm

_MOST_SEEDS = 200


class Studio(ipywidgets.VBox):  # type: ignore[misc]  # ipywidgets has no types for mypy to follow
    """Form on the left; model, seeds, guidance and one axis to vary, and the sheet on the right; history below.

    `.scene` is the scene in the form, `.sweep()` what the controls ask for, `.sheet` the newest live sheet.
    """

    def __init__(self, scene: Scene | None = None, session: Session | None = None, model: str = "nano") -> None:
        self.session = session or Session()
        self.form = SceneForm(scene, model=model)
        self.sheets: list[LiveSheet] = []
        """Every sheet that was shot here, oldest first."""
        self.model = ipywidgets.Dropdown(options=list(models.ids()), value=model, description="Model")
        self.seeds = ipywidgets.Text(value="0-3", description="Seeds", tooltip="such as 0-3 or 1, 7, 12")
        self.guidance = ipywidgets.Text(placeholder="the model's own", description="Guidance", tooltip="one or several")
        self.vary = ipywidgets.Combobox(
            placeholder="nothing", options=list(Scene.paths()), description="Vary", tooltip="a field of the scene"
        )
        self.values = ipywidgets.Text(placeholder="left, right", description="Values", tooltip="one, another")
        self.shoot = ipywidgets.Button(description="Shoot", button_style="primary", icon="camera")
        self._said = ipywidgets.HTML()
        self._stage = ipywidgets.VBox()
        self._history = ipywidgets.HBox(layout={"flex_flow": "row wrap"})
        self.model.observe(self._model_changed, "value")
        self.shoot.on_click(lambda _button: self.start())
        super().__init__([ipywidgets.HBox([self._left(), self._right()], layout={"align_items": "flex-start"})])

    @property
    def scene(self) -> Scene:
        """The scene in the form."""
        return self.form.scene

    @property
    def sheet(self) -> LiveSheet | None:
        """The newest sheet; None before the first shot."""
        return self.sheets[-1] if self.sheets else None

    def sweep(self) -> Sweep:
        """What the controls ask for; raises `InputError` or `PlanError` for what they cannot mean."""
        axes: dict[str, Any] = {"seed": seeds_of(self.seeds.value)}
        if self.guidance.value.strip():
            axes["guidance"] = [_number(part) for part in _parts(self.guidance.value)]
        if self.vary.value.strip():
            axes[self.vary.value.strip()] = [_value(part) for part in _parts(self.values.value)]
        return Sweep(self.scene, model=self.model.value).over(**axes)

    def plan(self) -> ShotPlan:
        """The plan of the sweep, checked."""
        return self.session.plan(self.sweep())

    def start(self) -> LiveSheet | None:
        """Shoot what the controls ask for; what cannot be shot is told beside the button, and nothing is started."""
        try:
            plan = self.plan()
        except FluxkitError as error:
            self._say(str(error), alert=True)
            return None
        rows = self.vary.value.strip() or ("guidance" if len(_parts(self.guidance.value)) > 1 else None)
        live = LiveSheet(self.session.submit(plan, on_error="continue"), rows=rows, columns="seed" if rows else None)
        self.sheets.append(live)
        self._say("; ".join(str(found) for found in plan.diagnostics))
        self._stage.children = [live.view]
        self._history.children = [*self._history.children, self._past(len(self.sheets) - 1, plan)]
        return live

    def show(self, index: int) -> None:
        """Put an earlier sheet on the stage."""
        self._stage.children = [self.sheets[index].view]

    def __repr__(self) -> str:
        return f"Studio({self.model.value}, {len(self.sheets)} sheets)"

    def _repr_mimebundle_(self, **options: Any) -> Any:
        bundle = super()._repr_mimebundle_(**options) or {}
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle, {})
        return {**data, "text/plain": repr(self)}, metadata

    def _left(self) -> Any:
        return ipywidgets.VBox([self.form.fields], layout={"flex": "0 0 480px"})

    def _right(self) -> Any:
        controls = ipywidgets.HBox(
            [self.model, self.seeds, self.guidance, self.vary, self.values, self.shoot],
            layout={"flex_flow": "row wrap"},
        )
        return ipywidgets.VBox(
            [self.form.told, controls, self._said, self._stage, self._history],
            layout={"flex": "1 1 auto", "min_width": "420px"},
        )

    def _model_changed(self, change: Any) -> None:
        self.form.model = change["new"]

    def _past(self, index: int, plan: ShotPlan) -> Any:
        axes = ", ".join(f"{path.rpartition('.')[2]} {len(values)}" for path, values in plan.axes.items())
        words = f"{index + 1}: {plan[0].model}, {axes or label(plan[0].seed)}"
        button = ipywidgets.Button(description=words, layout={"width": "auto"}, tooltip="Show this sheet again")
        button.on_click(lambda _button: self.show(index))
        return button

    def _say(self, text: str, *, alert: bool = False) -> None:
        role = ' role="alert" class="fk-field-error" style="padding-left:0"' if alert else ""
        self._said.value = f"<div{role}>{html.escape(text)}</div>" if text else ""


def explore(scene: Scene | None = None, session: Session | None = None, model: str = "nano") -> Studio:
    """The interactive bench for a scene; a session is opened in `./fluxkit-catalogue` where none is given."""
    return Studio(scene, session, model)


def seeds_of(text: str) -> list[int]:
    """Seeds from text such as `0-3, 7`.

    >>> seeds_of("0-2, 7")
    [0, 1, 2, 7]
    """
    found: list[int] = []
    for part in _parts(text):
        low, dash, high = part.partition("-")
        try:
            ends = (int(low), int(high) if dash else int(low))
        except ValueError:
            raise InputError(f"Seeds of {text!r} were asked for. Write whole numbers and ranges: 0-3, 7.") from None
        if not 0 <= ends[1] - ends[0] < _MOST_SEEDS:
            raise InputError(
                f"Seeds from {low} to {high} were asked for; a range rises and holds at most {_MOST_SEEDS}."
            )
        found += range(ends[0], ends[1] + 1)
    if not found:
        raise InputError("No seeds were asked for. Give at least one, such as 0 or 0-3.")
    return list(dict.fromkeys(found))


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise InputError(f"A guidance of {text!r} was asked for. Write numbers: 2.5, 3.5.") from None


def _value(text: str) -> Any:
    try:
        return float(text)
    except ValueError:
        return text
