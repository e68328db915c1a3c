"""`explore`: the interactive bench: a scene's form, controls for a sweep, the sheet, and what was shot before."""

from __future__ import annotations

import base64
import html
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import ipywidgets

from fluxkit import models
from fluxkit._base import record_type
from fluxkit.errors import FluxkitError, InputError, did_you_mean
from fluxkit.frames import Frame
from fluxkit.frames.thumbnail import jpeg
from fluxkit.scene.camera import Lens
from fluxkit.scene.light import Light
from fluxkit.scene.lighting import Lighting
from fluxkit.scene.noun import choices
from fluxkit.scene.scene import Scene
from fluxkit.scene.subject import Subject
from fluxkit.session import Job, Session
from fluxkit.sheets import ContactSheet
from fluxkit.sheets.live import LiveSheet
from fluxkit.shots import ShotPlan, Sweep, make_plan
from fluxkit.shots.labels import label
from fluxkit.widgets import SceneForm, bundle

FIRST_SCENE = Scene(
    subject=Subject(description="a woman", hair="short black hair"),
    lighting=Lighting(key=Light(direction="left", quality="soft")),
    lens=Lens(focal_length_mm=85, f_number=2.8),
)
"""What the bench opens with where no scene is given: a portrait that every model understands."""

_MOST_SEEDS = 200
_MOST_CHIPS = 16
_KEPT_SHOWN = 60
_CONTROLS = ("model", "seeds", "steps", "guidance", "vary", "values")


@dataclass
class _Past:
    """One sheet of the history, and what the form and the controls held when it was shot."""

    sheet: LiveSheet
    scene: Scene
    controls: dict[str, str]
    card: Any
    picture: Any


class Studio(ipywidgets.VBox):  # type: ignore[misc]  # ipywidgets has no types for mypy to follow
    """Form on the left; prompt, controls and the sheet on the right; every sheet shot here stays in the history below.

    `.scene` is the scene in the form, `.sweep()` what the controls ask for, `.sheet` the newest live sheet. Shooting
    runs on the session's own thread: the form, the sheets and Cancel answer meanwhile.
    """

    def __init__(self, scene: Scene | None = None, session: Session | None = None, model: str = "nano") -> None:
        self.session = session or Session()
        self.form = SceneForm(FIRST_SCENE if scene is None else scene, model=model)
        self._order = self.form.order
        self._past: list[_Past] = []
        self._make_controls(model)
        self._said = ipywidgets.HTML()
        self._stage = _box(ipywidgets.VBox, "fk-bench-stage")
        self._history = _box(ipywidgets.HBox, "fk-bench-past")
        columns = ipywidgets.HBox([self._left(), self._right()])
        super().__init__([ipywidgets.HTML(f"<style>{bundle.text('bench.css')}</style>"), columns])
        self.add_class("fk-bench")
        self._order.cover(self)
        self.form.on_change(lambda _scene: self._forecast())
        for name in _CONTROLS:
            self._order.take(getattr(self, name)).observe(self._control_changed, "value")
        self._forecast()
        self._offer_kept()

    def _make_controls(self, model: str) -> None:
        self.model = ipywidgets.Dropdown(options=list(models.ids()), value=model, description="Model")
        self.seeds = ipywidgets.Text(value="0-3", description="Seeds", tooltip="such as 0-3 or 1, 7, 12")
        self.steps = ipywidgets.Text(description="Steps", tooltip="one or several")
        self.guidance = ipywidgets.Text(description="Guidance", tooltip="one or several")
        self.vary = ipywidgets.Combobox(
            placeholder="a field of the scene", options=list(Scene.paths()), description="Vary"
        )
        self.values = ipywidgets.Text(placeholder="one, another", description="Values", tooltip="one, another")
        self.values.add_class("fk-wide")
        self.chips = _box(ipywidgets.HBox, "fk-bench-chips")
        self.shoot = self._order.take(ipywidgets.Button(description="Shoot", button_style="primary", icon="camera"))
        self.shoot.on_click(lambda _button: self.start())
        self.take = self._order.take(
            ipywidgets.Button(
                description="Take the chosen frame's scene",
                tooltip="Puts its scene and seed into the form",
                disabled=True,
            )
        )
        self.take.add_class("fk-quiet-button")
        self.take.on_click(lambda _button: self.take_chosen())
        self._hint()

    @property
    def scene(self) -> Scene:
        """The scene in the form."""
        return self.form.scene

    @property
    def sheets(self) -> list[LiveSheet]:
        """Every sheet that was shot here, oldest first."""
        return [past.sheet for past in self._past]

    @property
    def sheet(self) -> LiveSheet | None:
        """The newest sheet; None before the first shot."""
        return self._past[-1].sheet if self._past else None

    def sweep(self) -> Sweep:
        """What the controls ask for; raises `InputError` or `PlanError` for what they cannot mean."""
        axes: dict[str, Any] = {"seed": seeds_of(self.seeds.value)}
        for name, control in (("steps", self.steps), ("guidance", self.guidance)):
            if control.value.strip():
                axes[name] = [_number(part, name) for part in _parts(control.value)]
        if self.vary.value.strip():
            axes[self.vary.value.strip()] = self._varied(self.vary.value.strip())
        return Sweep(self.scene, model=self.model.value).over(**axes)

    def _varied(self, path: str) -> list[Any]:
        values = [_value(part) for part in _parts(self.values.value)]
        if values:
            return values
        known = Scene.paths()
        if path not in known:
            raise InputError(
                f"{path!r} was asked to vary, which is no field of a scene.{did_you_mean(path, known)} Fields are "
                "offered as you type. Choose one of them."
            )
        names = choices_at(path)
        takes = f"It takes: {', '.join(names)}." if names else f"Its value now is {label(self.scene.get(path))}."
        raise InputError(f"{path} is to vary, but over no values. {takes} Write some under Values: one, another.")

    def plan(self) -> ShotPlan:
        """The plan of the sweep, checked."""
        return self.session.plan(self.sweep())

    def start(self) -> LiveSheet | None:
        """Shoot what the controls ask for; what cannot be shot is told beside the button, and nothing is started."""
        try:
            plan = self.plan()
            job = self.session.submit(plan, on_error="continue")
        except FluxkitError as error:
            self._say(str(error), alert=True)
            return None
        several = [path for path, values in plan.axes.items() if path != "seed" and len(values) > 1]
        live = LiveSheet(job, rows=several or None, columns="seed" if several else None, title=_title(plan))
        self._past.append(self._remembered(live, plan))
        self._history.children = [*self._history.children, self._past[-1].card]
        self.show(len(self._past) - 1)
        told = dict.fromkeys(f"{found.message} {found.cure}" for found in plan.diagnostics if found.severity != "note")
        self._say(" ".join(told) or self._words(plan))
        job.watch(self._follow)
        self._follow(job)
        return live

    def show(self, index: int) -> None:
        """Put an earlier sheet on the stage."""
        self._stage.children = [self._past[index].sheet.view]
        self.take.disabled = False
        for i, past in enumerate(self._past):
            (past.card.add_class if i == index else past.card.remove_class)("fk-bench-on")

    def again(self, index: int) -> None:
        """Put the scene and the controls of an earlier sheet back, and show it."""
        past = self._past[index]
        with self._order:
            self.form.scene = past.scene
            for name, value in past.controls.items():
                getattr(self, name).value = value
            self.show(index)

    def take_chosen(self) -> Frame | None:
        """Put the scene and the seed of the frame that is chosen on the sheet into the form and the controls."""
        frame = self._chosen()
        if frame is None or frame.shot.scene is None:
            self._say("No frame is chosen on the sheet. Choose one with Space, then take its scene.", alert=True)
            return None
        with self._order:
            self.vary.value = self.values.value = ""
            self.form.scene = frame.shot.scene
            self.seeds.value = str(frame.shot.seed)
        return frame

    def __repr__(self) -> str:
        count = len(self._past)
        return f"Studio({self.model.value}, {count} sheet{'s' * (count != 1)})"

    def _repr_mimebundle_(self, **options: Any) -> Any:
        bundle = super()._repr_mimebundle_(**options) or {}
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle, {})
        return {**data, "text/plain": repr(self), "text/html": self.form.still()}, metadata

    # ---- the two columns

    def _left(self) -> Any:
        left = ipywidgets.VBox([self.form.fields])
        left.add_class("fk-bench-left")
        return left

    def _right(self) -> Any:
        controls = _box(ipywidgets.Box, "fk-bench-controls")
        controls.children = [self.model, self.seeds, self.steps, self.guidance, self.vary, self.values]
        going = _box(ipywidgets.HBox, "fk-bench-go")
        going.children = [self.shoot, self.take]
        right = _box(ipywidgets.VBox, "fk-bench-right")
        right.add_class("fk-form")
        right.children = [self.form.told, controls, self.chips, going, self._said, self._stage, self._history]
        return right

    def _control_changed(self, change: Any) -> None:
        if change["owner"] is self.model:
            self.form.model = change["new"]
            self._hint()
        if change["owner"] is self.vary:
            self._offer_choices()
        self._forecast()

    def _hint(self) -> None:
        """What the model does where a control is left empty."""
        spec = models.get(self.model.value)
        self.steps.placeholder = f"{spec.steps.default}" if spec.steps else "the model's own"
        own = spec.guidance_for(None)
        self.guidance.placeholder = "takes none" if own is None else f"{own:g}"

    def _offer_choices(self) -> None:
        """Buttons for the names that the varied field takes, where it takes names."""
        names = choices_at(self.vary.value.strip())
        chosen = _parts(self.values.value)
        chips = [
            self._order.take(ipywidgets.ToggleButton(description=name, value=name in chosen))
            for name in names[:_MOST_CHIPS]
        ]
        for chip in chips:
            chip.observe(lambda _change: self._chips_pressed(), "value")
        self.chips.children = chips

    def _chips_pressed(self) -> None:
        self.values.value = ", ".join(chip.description for chip in self.chips.children if chip.value)

    # ---- what is told

    def _forecast(self) -> None:
        """How many frames the controls ask for and what they cost, or why they cannot be shot; nothing is loaded."""
        try:
            plan = make_plan(self.sweep(), strict=True)
        except FluxkitError as error:
            self.shoot.description = "Shoot"
            self._say(str(error), alert=True)
            return
        count = len(plan)
        self.shoot.description = f"Shoot {count} frame{'s' * (count != 1)}"
        self._say(self._words(plan))

    def _words(self, plan: ShotPlan) -> str:
        first, cost = plan[0], plan.cost()
        kept = sum(self.session.catalogue.get(shot.id) is not None for shot in plan) if len(plan) <= _MOST_SEEDS else 0
        said = [f"{first.width} × {first.height}"]
        if first.steps:
            said.append(f"{first.steps} steps each")
        said.append(str(cost) if cost.pictures else "on this machine")
        if kept:
            said.append(f"{kept} of them kept already")
        return " · ".join(said)

    def _say(self, text: str, *, alert: bool = False) -> None:
        kind = ' role="alert" class="fk-field-error"' if alert else ' class="fk-forecast"'
        self._said.value = f"<div{kind}>{html.escape(text)}</div>" if text else ""

    def _follow(self, job: Job) -> None:
        """Called on the session's threads: what a job leaves goes into the history; why it failed is told."""
        if not job.done:
            return
        past = next(past for past in self._past if past.sheet.job is job)
        frames = job.frames
        if frames:
            past.picture.value = _mosaic(frames[:4], past.card.children[1].description)
        try:
            job.result(0)
        except Exception as error:  # whatever ended the job: it is told here, and must not end the thread
            if job.status == "failed":
                self._say(str(error) or type(error).__name__, alert=True)

    # ---- the history

    def _remembered(self, live: LiveSheet, plan: ShotPlan) -> _Past:
        index = len(self._past)
        axes = ", ".join(f"{path.rpartition('.')[2]} × {len(values)}" for path, values in plan.axes.items())
        words = f"{index + 1}. {plan[0].model}, {axes or label(plan[0].seed)}"
        picture = ipywidgets.HTML('<div class="fk-bench-empty"></div>')
        shown = ipywidgets.Button(description=words, tooltip=f"Show this sheet again: {words}")
        again = ipywidgets.Button(description="Use its settings", tooltip="Put its scene and controls back")
        for button in (shown, again):
            self._order.take(button)
        again.add_class("fk-again")
        shown.on_click(lambda _button: self.show(index))
        again.on_click(lambda _button: self.again(index))
        card = _box(ipywidgets.VBox, "fk-bench-card")
        card.children = [picture, shown, again]
        controls = {name: getattr(self, name).value for name in _CONTROLS}
        return _Past(sheet=live, scene=self.scene, controls=controls, card=card, picture=picture)

    def _offer_kept(self) -> None:
        """A card for what the catalogue holds from before."""
        count = len(self.session.catalogue)
        if not count:
            return
        newest = self.session.catalogue.search(limit=_KEPT_SHOWN)
        picture = ipywidgets.HTML(_mosaic(newest[:4], "The newest frames of the catalogue"))
        shown = self._order.take(
            ipywidgets.Button(description=f"{count} kept before", tooltip="Show the newest frames of the catalogue")
        )
        shown.on_click(lambda _button: self._show_kept())
        card = _box(ipywidgets.VBox, "fk-bench-card")
        card.children = [picture, shown]
        self._history.children = [card]

    def _show_kept(self) -> None:
        newest = self.session.catalogue.search(limit=_KEPT_SHOWN)
        self._stage.children = [ContactSheet(newest, title="Kept before").explore()]

    def _chosen(self) -> Frame | None:
        shown = self._stage.children[0] if self._stage.children else None
        ids = list(shown.chosen) if shown is not None else []
        jobs = (past.sheet.job for past in self._past if past.sheet.view is shown)
        return next((frame for job in jobs for frame in job.frames if frame.id in ids[-1:]), None)


def explore(scene: Scene | None = None, session: Session | None = None, model: str = "nano") -> Studio:
    """The interactive bench for a scene: form, controls, live sheet and history.

    Without a scene it opens with a simple portrait; without a session one is opened in `./fluxkit-catalogue`.
    """
    return Studio(scene, session, model)


def choices_at(path: str) -> tuple[str, ...]:
    """The names that the field of a scene at a dotted path takes; empty for other fields and for no field.

    >>> choices_at("lighting.key.quality")
    ('hard', 'crisp', 'semi-soft', 'soft', 'shadowless')
    """
    kind: Any = Scene
    *parts, last = path.split(".")
    for name in parts:
        field = getattr(kind, "model_fields", {}).get(name)
        if field is None:
            return ()
        kind = record_type(field.annotation)
    field = getattr(kind, "model_fields", {}).get(last)
    return () if field is None else choices(field.annotation)


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
            raise InputError(
                f"Seeds of {text!r} were asked for. They are whole numbers from 0 and ranges of them. Write 0-3, 7."
            ) from None
        if not 0 <= ends[1] - ends[0] < _MOST_SEEDS:
            raise InputError(
                f"Seeds from {low} to {high} were asked for; a range rises and holds at most {_MOST_SEEDS}. "
                "Write a shorter one."
            )
        found += range(ends[0], ends[1] + 1)
    if not found:
        raise InputError("No seeds were asked for. At least one is needed. Write one such as 0, or 0-3.")
    return list(dict.fromkeys(found))


def _box(kind: Any, name: str) -> Any:
    made = kind([])
    made.add_class(name)
    return made


def _title(plan: ShotPlan) -> str:
    scene = plan[0].scene
    words = scene.subject.description if scene is not None and scene.subject is not None else plan[0].model
    return words[0].upper() + words[1:]


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _number(text: str, name: str) -> float | int:
    try:
        return int(text) if name == "steps" else float(text)
    except ValueError:
        example = "12, 28" if name == "steps" else "2.5, 3.5"
        raise InputError(f"{name}={text!r} was asked for. It takes numbers. Write them as {example}.") from None


def _value(text: str) -> Any:
    try:
        return float(text)
    except ValueError:
        return text


def _mosaic(frames: Iterable[Frame], alt: str) -> str:
    """The first frames side by side, as one small picture in HTML."""
    from PIL import Image, ImageOps

    pictures = [ImageOps.fit(frame.thumbnail().convert("RGB"), (111, 150)) for frame in frames]
    made = Image.new("RGB", (111 * max(2, len(pictures)), 150), "#808080")
    for i, picture in enumerate(pictures):
        made.paste(picture, (111 * i, 0))
    data = base64.b64encode(jpeg(made)).decode()
    return f'<img alt="{html.escape(alt)}" src="data:image/jpeg;base64,{data}">'
