"""Messages of a form that come on two threads at once: each is handled whole, and none is lost."""

from __future__ import annotations

import threading

import pytest
from PIL import Image

import fluxkit as fk
from fluxkit.scene import Scene
from fluxkit.widgets import CaptionForm, MaskPainter, SceneForm, light_rig


def send(control, **state):
    """What the browser sends where a control was changed there."""
    control.comm.handle_msg({"content": {"data": {"method": "update", "state": state}}, "buffers": []})


def press(button):
    data = {"method": "custom", "content": {"event": "click"}}
    button.comm.handle_msg({"content": {"data": data}, "buffers": []})


class Slow:
    """Stops the first call of a method half way, until the messages that came meanwhile had their time."""

    def __init__(self, monkeypatch, kind, name):
        self.reached, self.go_on = threading.Event(), threading.Event()
        method = getattr(kind, name)

        def slowly(*arguments, **options):
            if not self.reached.is_set():
                self.reached.set()
                self.go_on.wait(10)
            return method(*arguments, **options)

        monkeypatch.setattr(kind, name, slowly)

    def meanwhile(self, first, then):
        """Do `first` on a thread, `then` on another while the first stands half way, and wait for both."""
        threads = [threading.Thread(target=work) for work in (first, then)]
        threads[0].start()
        assert self.reached.wait(10), "the first never came to the slow place"
        threads[1].start()
        threads[1].join(0.3)
        self.go_on.set()
        for thread in threads:
            thread.join(10)
            assert not thread.is_alive()


@pytest.fixture
def form(tmp_path):
    for number in range(2):
        Image.effect_noise((96, 96), 90).convert("RGB").save(tmp_path / f"{number}.png")
    return CaptionForm(fk.TrainingSet.from_folder(tmp_path, trigger="zwirl"))


def control(form, part, name):
    return form._parts[part].controls[name].control


def test_two_fields_typed_at_the_same_time_are_both_taken(monkeypatch):
    form = SceneForm(Scene())
    slow = Slow(monkeypatch, light_rig, "_places")  # the form sets the rig while it takes a field
    place, season = control(form, "environment", "place"), control(form, "environment", "season")
    slow.meanwhile(lambda: send(place, value="on a plinth"), lambda: send(season, index=1))
    assert form.scene.environment.place == "on a plinth"
    assert form.scene.environment.season is not None


def test_a_turn_waits_until_what_was_typed_is_in_its_own_caption(form, monkeypatch):
    place = control(form.form, "environment", "place")
    slow = Slow(monkeypatch, SceneForm, "_complain")  # the words have come, the photograph has not got them yet
    slow.meanwhile(lambda: send(place, value="on a plinth"), lambda: send(form.viewer, index=1))
    first, second = form.training_set
    assert first.caption.environment.place == "on a plinth"
    assert second.caption is None
    assert form.index == 1
    assert place.value == ""


def test_save_writes_what_another_thread_is_taking(form, monkeypatch, tmp_path):
    place = control(form.form, "environment", "place")
    slow = Slow(monkeypatch, SceneForm, "_complain")
    slow.meanwhile(lambda: send(place, value="on a plinth"), lambda: press(form.keep))
    assert fk.TrainingSet.from_folder(tmp_path, trigger="zwirl")[0].caption.environment.place == "on a plinth"


def test_an_older_mask_that_comes_late_does_not_replace_a_newer_one():
    painter = MaskPainter(Image.new("RGB", (32, 32)))
    half, full = Image.new("L", (32, 32)), Image.new("L", (32, 32), 255)
    half.paste(255, (0, 0, 16, 32))

    def paint(step, mask, page="one"):
        buffers = [_png(mask)]
        painter._answer(painter, {"kind": "mask", "step": step, "page": page}, buffers)

    paint(2, full)
    paint(1, half)
    assert painter.share == 1
    paint(3, half)
    assert painter.share == 0.5
    paint(1, full, page="two")
    assert painter.share == 1, "a page that is opened anew counts from one again"


def _png(mask):
    from fluxkit.frames import png

    return png.encode(mask)
