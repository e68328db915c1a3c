"""`CaptionForm`: captions for the photographs of a training set, one photograph after the other."""

from __future__ import annotations

import html
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import ipywidgets

from fluxkit import models
from fluxkit.errors import FluxkitError
from fluxkit.models import ModelSpec
from fluxkit.scene.scene import Scene
from fluxkit.widgets import bundle
from fluxkit.widgets.photograph_view import PhotographView
from fluxkit.widgets.scene_form import SceneForm

if TYPE_CHECKING:
    from fluxkit.train import Photograph, TrainingSet

_FIELDS, _WORDS = "In fields", "In words"
_USUAL_PX = 512
_MORE = 3
"""So many photographs are named where some cannot be saved; the others are counted."""


@dataclass
class _Draft:
    """What was typed for one photograph, whether it makes a caption or not."""

    given: str | Scene | None
    """The caption that the photograph came with."""
    kept: str | Scene | None
    """What lies beside its picture."""
    in_words: bool
    words: str = ""
    scene: Scene = field(default_factory=Scene)
    """The last scene that the fields made."""
    typed: dict[str, Any] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    """Dotted path -> what is wrong with what stands in the fields."""

    @classmethod
    def of(cls, given: str | Scene | None, kept: str | Scene | None) -> _Draft:
        if isinstance(given, Scene):
            return cls(given, kept, in_words=False, scene=given, typed=given.canonical())
        return cls(given, kept, in_words=given is not None, words=given or "")

    @property
    def caption(self) -> str | Scene | None:
        """What the photograph's caption is now; where one was taken away, an empty one."""
        if self.in_words:
            return self.words.strip() or (None if self.given is None else "")
        return self.scene if self.scene != Scene() or self.given is not None else None

    @property
    def empty(self) -> bool:
        """Whether the caption says nothing."""
        return self.caption in (None, "", Scene())

    @property
    def wrong(self) -> bool:
        return bool(self.errors) and not self.in_words

    @property
    def unsaved(self) -> bool:
        return not self.wrong and self.caption is not None and self.caption != self.kept

    @property
    def mark(self) -> Literal["none", "captioned", "unsaved", "wrong"]:
        if self.wrong:
            return "wrong"
        return "none" if self.empty else "unsaved" if self.unsaved else "captioned"


class CaptionForm(ipywidgets.VBox):  # type: ignore[misc]  # ipywidgets has no types for mypy to follow
    """Photographs one after the other, each with its caption as a form; `.training_set` is the set with the captions.

    A caption is a scene, field by field, or words. Page Up and Page Down step through the photographs from any field,
    and the same field stays under the cursor. What a field does not take stays as it was typed, and is told; the
    photograph keeps the caption it had. Nothing is written before `save`, which is also a button: it puts `name.yaml`
    or `name.txt` beside each picture whose caption changed. `model` is the model in whose words the caption is shown.
    """

    def __init__(self, training_set: TrainingSet, model: str | ModelSpec = "flux.1-dev") -> None:
        self._given = training_set
        self._drafts = [_Draft.of(each.caption, _kept(each)) for each in training_set]
        self._index = -1
        self._turning = False
        self.form = _CaptionFields(training_set.trigger, self._edited, model)
        self._order = self.form.order
        self.viewer = self._order.take(PhotographView(training_set, _resolution(models.get(model))))
        """The photographs; `.index` is the one that is shown."""
        self._make_controls()
        left = _box("fk-captions-left", [self.viewer, self._foot, self.form.told])
        self._right = _box("fk-captions-fields", [self._top, self.words, self.form.fields])
        columns = ipywidgets.Box([left, self._right])
        columns.add_class("fk-captions-columns")
        super().__init__([ipywidgets.HTML(f"<style>{bundle.text('captions.css')}</style>"), columns])
        for name in ("fk-captions", "fk-form"):
            self.add_class(name)
        self._order.cover(self)
        self.viewer.beside = self.model_id
        self.viewer.observe(lambda change: self._turn(change["new"]), "index")
        self._turn(0)

    def _make_controls(self) -> None:
        word = html.escape(self._given.trigger)
        trigger = ipywidgets.HTML(f'<p class="fk-captions-trigger">Trigger word <b>{word}</b></p>')
        self.kind = self._order.take(ipywidgets.ToggleButtons(options=[_FIELDS, _WORDS]))
        """Whether the caption is stated in fields or in words."""
        self.kind.observe(lambda _change: self._chosen(), "value")
        self.words = self._order.take(
            ipywidgets.Textarea(
                placeholder="What the photograph shows beside its subject: the place, the light, the lens",
                description="Words",
                layout={"width": "auto", "height": "150px"},
            )
        )
        self.words.observe(lambda _change: self._edited(), "value")
        self._top = _box("fk-captions-top", [trigger, self.kind])
        self.take = self._order.take(ipywidgets.Button(description="Fill in from the one before"))
        """A button: what is unset here becomes what the photograph before this one says."""
        self.take.on_click(lambda _button: self.fill_from_before())
        self.keep = self._order.take(ipywidgets.Button(button_style="primary"))
        """A button: `save`."""
        self.keep.on_click(lambda _button: self._save_and_tell())
        self.said = ipywidgets.HTML()
        """What the last save did, or why it did not."""
        self._foot = ipywidgets.HBox([self.keep, self.take, self.said])
        self._foot.add_class("fk-captions-foot")

    @property
    def training_set(self) -> TrainingSet:
        """The photographs with the captions of the form, saved or not; those with a bad value keep what they had."""
        changed = {
            photograph.name: draft.caption
            for photograph, draft in zip(self._given, self._drafts, strict=True)
            if draft.caption is not None and draft.caption != photograph.caption
        }
        return self._given.with_captions(changed)

    @property
    def index(self) -> int:
        """The photograph that is shown, from 0; set it to step to another."""
        return self._index

    @index.setter
    def index(self, index: int) -> None:
        with self._order:
            self.viewer.index = range(len(self._drafts))[index]

    def save(self) -> list[Path]:
        """Write every changed caption beside its picture and give the files; those with a bad value are left out.

        Raises `InputError`, before anything is written, for what `TrainingSet.save_captions` refuses.
        """
        with self._order:
            unsaved = [(p.name, draft) for p, draft in zip(self._given, self._drafts, strict=True) if draft.unsaved]
            written = self.training_set.save_captions(*(name for name, _ in unsaved)) if unsaved else []
            for _, draft in unsaved:
                draft.kept = draft.given = draft.caption
            self._mark()
            return written

    def fill_from_before(self) -> None:
        """Give the photograph what the one before it says, where nothing is set yet."""
        if self._index == 0:
            return
        with self._order:
            before, draft = self._drafts[self._index - 1], self._drafts[self._index]
            draft.words = draft.words or before.words
            draft.typed = {**before.typed, **draft.typed}
            draft.in_words = draft.in_words if draft.caption else before.in_words
            self._show(draft)

    def still(self) -> str:
        """What stands for the form where no kernel runs: the photographs with their captions and findings, as HTML."""
        found, size = self.training_set, _resolution(self.form.model)
        rows = "".join(
            f"<tr><td>{html.escape(each.name)}</td><td>{html.escape(self._worded(each))}</td>"
            f"<td>{html.escape('; '.join(wrong.rule for wrong in found.about_one(each, resolution=size)))}</td></tr>"
            for each in found
        )
        head = "<tr><th>Photograph</th><th>Caption</th><th>Findings</th></tr>"
        return f"<table><thead>{head}</thead><tbody>{rows}</tbody></table>"

    def __repr__(self) -> str:
        captioned = sum(not draft.empty for draft in self._drafts)
        return f"CaptionForm({len(self._drafts)} photographs of {self._given.trigger!r}, {captioned} captioned)"

    def _repr_mimebundle_(self, **options: Any) -> Any:
        bundle = super()._repr_mimebundle_(**options) or {}
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle, {})
        return {**data, "text/plain": repr(self), "text/html": self.still()}, metadata

    def _turn(self, index: int) -> None:
        """Show another photograph; what stood in the form was taken into its draft as it was typed."""
        self._index = index
        self._show(self._drafts[index])
        self.take.disabled = index == 0
        self.viewer.show(index)

    def _show(self, draft: _Draft) -> None:
        self._turning = True
        try:
            self.kind.value = _WORDS if draft.in_words else _FIELDS
            self.words.value = draft.words
            self.form.restore(draft.scene, draft.typed)
        finally:
            self._turning = False
        self._edited()

    def _edited(self) -> None:
        """Take what stands in the form into the draft of its photograph."""
        if self._turning:
            return
        draft, form = self._drafts[self._index], self.form
        draft.in_words, draft.words = self.kind.value == _WORDS, self.words.value
        draft.scene, draft.typed, draft.errors = form.scene, form.typed(), dict(form.errors)
        self.words.layout.display = None if draft.in_words else "none"
        form.fields.layout.display = "none" if draft.in_words else None
        form.tell(self._worded(self.training_set[self._index]) if draft.in_words else None)
        self._mark()

    def _chosen(self) -> None:
        """Words that are to become fields are read into them, where no field is set yet."""
        draft = self._drafts[self._index]
        if not self._turning and self.kind.value == _FIELDS and draft.words.strip() and not draft.typed:
            draft.scene = Scene.from_prompt(draft.words).scene
            draft.typed, draft.in_words = draft.scene.canonical(), False
            self._show(draft)
            return
        self._edited()

    def _mark(self) -> None:
        self.viewer.marks = [draft.mark for draft in self._drafts]
        count = sum(draft.unsaved for draft in self._drafts)
        self.keep.description = f"Save {count} caption{'s' * (count != 1)}" if count else "All saved"
        self.keep.disabled = not count

    def _save_and_tell(self) -> None:
        try:
            written = self.save()
        except (FluxkitError, OSError) as error:
            self._say(str(error), alert=True)
            return
        wrong = [p.name for p, draft in zip(self._given, self._drafts, strict=True) if draft.wrong]
        more = f" and {len(wrong) - _MORE} more" * (len(wrong) > _MORE)
        left = f" Not saved, as a value is not taken: {', '.join(wrong[:_MORE])}{more}." if wrong else ""
        names = f"{len(written)} file{'s' * (len(written) != 1)} written beside the pictures."
        self._say(f"{names}{left}", alert=bool(wrong))

    def _say(self, text: str, *, alert: bool) -> None:
        kind = ' role="alert" class="fk-field-error"' if alert else ' role="status" class="fk-captions-said"'
        self.said.value = f"<div{kind}>{html.escape(text)}</div>"

    def _worded(self, photograph: Photograph) -> str:
        return self._given.words(photograph, lambda scene: scene.prompt(self.form.model))


class _CaptionFields(SceneForm):
    """The fields of a caption: the prompt that is told has the trigger word, and the field for it is not asked."""

    heading = "Caption"

    def __init__(self, trigger: str, on_edit: Callable[[], None], model: str | ModelSpec) -> None:
        self._trigger = trigger
        self._on_edit: Callable[[], None] = lambda: None
        super().__init__(Scene(), model)
        for control in (self._parts["subject"].controls["trigger"].box, self.start):
            control.layout = ipywidgets.Layout(display="none")
        self._sections.selected_index = list(self._parts).index("environment")
        self.on_change(lambda _scene: self._on_edit())
        self._on_edit = on_edit

    def tell(self, words: str | None) -> None:
        """Tell words in place of what the fields say; None tells the fields."""
        if words is None:
            self._tell()
        else:
            heading = f"<h4>{self.heading} for {html.escape(self.model.id)}</h4>"
            self.told.value = f'<div class="fk-told">{heading}<p class="fk-words">{html.escape(words)}</p></div>'

    def _worded(self) -> Scene:
        from fluxkit.train.photographs import triggered

        return triggered(self._scene, self._trigger)

    def _complain(self, errors: dict[tuple[str, ...], str]) -> None:
        super()._complain(errors)
        if errors:  # what the fields take is told by `on_change`
            self._on_edit()


def _resolution(spec: ModelSpec) -> int:
    """The pixels that a photograph should have at least for this model: its own size, or what is usual for a LoRA."""
    return min(_USUAL_PX, spec.size.default_width)


def _box(name: str, children: list[Any]) -> Any:
    made = ipywidgets.VBox(children)
    made.add_class(name)
    return made


def _kept(photograph: Photograph) -> str | Scene | None:
    from fluxkit.train import sidecars

    try:
        return sidecars.read(photograph.path)
    except FluxkitError:
        return None
