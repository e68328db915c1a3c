"""The live sheet in Python: what it sends, what it takes, and the traps of widgets."""

from __future__ import annotations

import contextvars
import gc
import json
import shutil
import subprocess
import threading
import time
import weakref
from pathlib import Path
from types import SimpleNamespace

import pytest
from PIL import Image

import fluxkit as fk
from fluxkit.engines import FunctionEngine
from fluxkit.errors import BadPictureError, Cancelled, EngineError, SheetError
from fluxkit.frames.marks import Marks
from fluxkit.scene import Light, Lighting, Scene, Subject
from fluxkit.session import Session
from fluxkit.sheets import ContactSheet
from fluxkit.shots import Sweep
from fluxkit.train import LoRATraining, TrainingProgress
from fluxkit.widgets import Card, SheetView, bundle

STATIC = Path(bundle.__file__).parent / "static"


class Sent(list):
    """What a widget sends to the browser."""

    def __call__(self, message, buffers=None):
        self.append((message, buffers or []))


def listening(view):
    sent = Sent()
    view.send = sent
    return sent


def receive(view, **message):
    view._answer(view, message, [])


@pytest.fixture
def session(tmp_path):
    def paint(shot):
        return Image.new("RGB", (64, 64), (20 * shot.seed % 255, 90, 140))

    with Session(tmp_path / "catalogue", engine=FunctionEngine(paint)) as opened:
        yield opened


@pytest.fixture
def sweep():
    scene = Scene(subject=Subject(description="a pear"), lighting=Lighting(key=Light(direction="left")))
    return Sweep(scene, model="flux.1-schnell").over(seed=range(4), **{"lighting.key.direction": ["left", "right"]})


@pytest.fixture
def sheet(session, sweep):
    return ContactSheet(session.shoot(sweep), rows="lighting.key.direction", columns="seed", title="Pears")


def test_one_widget_shows_a_whole_sheet_and_its_text_holds_no_address(sheet):
    view = sheet.explore()
    assert repr(view) == "SheetView(8 frames, 0 picked)"
    assert sheet.explore() is view


def test_the_notebook_keeps_a_picture_and_a_text_for_places_without_a_kernel(sheet):
    data, metadata = sheet.explore()._repr_mimebundle_()
    assert data["image/png"].startswith(b"\x89PNG") or isinstance(data["image/png"], str)
    assert data["text/plain"] == repr(sheet.explore())
    assert metadata["image/png"]["alt"]
    assert "application/vnd.jupyter.widget-view+json" in data


def test_unknown_options_are_refused_with_a_close_match():
    with pytest.raises(TypeError, match="Did you mean 'title'"):
        SheetView([], original=lambda _id: b"", titel="x")


def test_the_module_is_text_without_imports_so_that_closed_widgets_are_freed(sheet):
    view = sheet.explore()
    assert isinstance(view._esm, str)
    assert "\nimport " not in view._esm
    assert "http" not in view._esm.replace("http://www.w3.org", "")
    view.close()
    reference = weakref.ref(view)
    sheet._view = None
    del view
    gc.collect()
    assert reference() is None


def test_lab_leaves_the_keys_to_the_sheet():
    assert "data-lm-suppress-shortcuts" in bundle.module("sheet.js")


def test_thumbnails_travel_once_in_binary_when_the_view_is_ready(sheet):
    view = sheet.explore()
    sent = listening(view)
    receive(view, kind="ready")
    (message, buffers) = sent[0]
    assert len(sent) == 1
    assert message["kind"] == "cards"
    assert len(message["cards"]) == len(buffers) == 8
    assert all(buffer.startswith(b"\xff\xd8") for buffer in buffers)
    assert "image" not in json.dumps(message)
    assert len(json.dumps(view.get_state(["marks", "chosen", "grid", "title"]))) < 3000


def test_an_original_is_fetched_when_it_is_looked_at(sheet):
    view = sheet.explore()
    sent = listening(view)
    receive(view, kind="original", id=sheet.frames[3].id)
    assert sent[0][0] == {"kind": "original", "id": sheet.frames[3].id}
    assert sent[0][1][0].startswith(b"\x89PNG")


def test_marks_made_in_the_browser_reach_the_sheet_and_the_catalogue(sheet, session):
    view = sheet.explore()
    name = sheet.frames[5].id
    view.marks = {name: {"rating": 4, "pick": "pick"}}
    assert sheet.marks == {name: Marks(rating=4, pick="pick")}
    assert [frame.id for frame in sheet.picks] == [name]
    assert session.catalogue.marks(name).rating == 4
    view.marks = {}
    assert not sheet.marks
    assert session.catalogue.marks(name).rating == 0


def test_a_client_s_picks_show_in_the_open_widget(sheet):
    view = sheet.explore()
    name = sheet.frames[0].id
    sheet.merge_picks({"format": "fluxkit-picks-1", "marks": {name: {"rating": 3, "pick": ""}}})
    assert view.marks[name]["rating"] == 3


def test_code_is_made_for_what_is_chosen(sheet):
    view = sheet.explore()
    sent = listening(view)
    receive(view, kind="code", chosen=[sheet.frames[2].id])
    assert "session.shoot(" in sent[0][0]["code"]
    assert "seed=1" in sent[0][0]["code"]


def test_a_live_sheet_fills_in_place_and_ends_as_a_sheet(session, sweep):
    gate = threading.Event()
    job = session.submit(sweep, on_progress=lambda _job: gate.wait(20))
    live = ContactSheet.live(job, rows="lighting.key.direction", columns="seed", title="Pears")
    sent = listening(live.view)
    receive(live.view, kind="ready")
    assert [card["picture"] for card in sent[0][0]["cards"]] == [False] * 8
    gate.set()
    finished = live.result(60)
    filled = {m["start"]: m["cards"][0] for m, _ in sent[1:] if m["kind"] == "cards"}
    assert sorted(filled) == list(range(8))
    assert all(card["picture"] for card in filled.values())
    told = [m["text"] for m, _ in sent if m["kind"] == "progress"]
    assert told[-1] == "Done: 8 of 8 frames"
    assert repr(finished) == "ContactSheet(8 frames; lighting.key.direction (2) x seed (4))"
    assert "0x" not in repr(live)


@pytest.fixture
def learning(tmp_path, monkeypatch):
    """Submits a training whose steps are only counted, and whose samples are black; each step waits for a token."""
    Image.new("RGB", (128, 128), "purple").save(tmp_path / "one.png")
    photographs = fk.TrainingSet.from_folder(tmp_path, trigger="zwirl")
    recipe = fk.LoRARecipe(steps=5, checkpoint_every=2, resolution=128, held_out=0)
    scenes = [fk.Scene(environment=fk.Environment(place=place)) for place in ("oak table", "beach")]
    tokens = threading.Semaphore(0)

    def run(self, progress, *, on_sample):
        done = max((step for step in self.checkpoint_steps if self._file(step).exists()), default=0)
        for step in range(done + 1, 6):
            assert tokens.acquire(timeout=20)
            if step in self.checkpoint_steps:
                self._file(step).parent.mkdir(parents=True, exist_ok=True)
                self._file(step).write_bytes(bytes([step]))
                for shot in self.sampled(step):
                    on_sample(fk.Frame(shot, Image.new("RGB", (128, 128)), provenance=fk.Provenance(engine="test")))
            progress(TrainingProgress("learn", step, 5, 0.25 / step, 90.0 * (5 - step)))
        return SimpleNamespace(canonical_json=lambda: "{}")

    monkeypatch.setattr(LoRATraining, "run", run)

    def submit(session, samples=scenes):
        return session.submit_training(photographs, model="nano", recipe=recipe, samples=samples, device="cpu")

    return submit, tokens


def test_the_samples_of_a_training_fill_a_sheet_checkpoint_by_checkpoint(learning, session):
    submit, tokens = learning
    live = ContactSheet.live(submit(session))
    assert (live._sheet.layout.rows, live._sheet.layout.columns) == (("environment.place",), ("loras",))
    assert [values[0][0].name for values in live._sheet.layout.sections[0].columns] == [
        "zwirl step 2", "zwirl step 4", "zwirl step 5",
    ]  # fmt: skip
    assert repr(live) == "LiveSheet(6 shots on nano)"
    sent = listening(live.view)
    receive(live.view, kind="ready")
    tokens.release(2)
    while live.job.made < 2 or live.job.progress is None or live.job.progress.step < 2:
        time.sleep(0.01)
    live.view.report(live.job.told, share=live.job.share)
    filled = [(m["start"], m["cards"][0]["picture"]) for m, _ in sent[1:] if m["kind"] == "cards"]
    assert filled == [(0, True), (1, True)]
    told = [m for m, _ in sent if m["kind"] == "progress"][-1]
    assert told["text"] == "step 2 of 5 · loss 0.1250 · about 4 min left · 2 of 6 samples"
    assert told["share"] == 0.4
    receive(live.view, kind="cancel")
    tokens.release()
    with pytest.raises(Cancelled):
        live.result(20)
    assert live.view._last[0]["text"] == "Cancelled: step 3 of 5 · 2 of 6 samples"
    assert len(live.sheet().frames) == 2


def test_the_sheet_of_a_training_that_goes_on_shows_what_it_made_before(learning, session):
    submit, tokens = learning
    first = submit(session)
    tokens.release(2)
    while first.made < 2:
        time.sleep(0.01)
    first.cancel()
    tokens.release()
    with pytest.raises(Cancelled):
        first.result(20)
    tokens.release(3)
    live = ContactSheet.live(submit(session))
    made = live.result(20)
    assert repr(made) == "ContactSheet(6 frames; environment.place (2) x loras (3))"
    assert live.view._last[0]["text"] == "Done: step 5 of 5 · 6 of 6 samples"
    assert [frame.shot.loras[0].name for frame in live.job.frames] == [
        f"zwirl step {step}" for step in (2, 2, 4, 4, 5, 5)
    ]
    assert len(session.catalogue) == 6


def test_a_training_without_samples_has_no_sheet(learning, session):
    submit, tokens = learning
    tokens.release(5)
    with pytest.raises(SheetError, match="samples="):
        ContactSheet.live(submit(session, samples=()))


def test_the_frames_of_a_live_sheet_can_be_looked_at_while_it_fills(session, sweep):
    live = ContactSheet.live(session.submit(sweep))
    live.result(60)
    sent = listening(live.view)
    receive(live.view, kind="original", id=live.job.frames[2].id)
    assert sent[0][1][0].startswith(b"\x89PNG")


def test_what_goes_wrong_in_python_is_said_on_the_page(sheet):
    sent = listening(sheet.explore())
    receive(sheet.explore(), kind="original", id="frame1-0000000000000000-0")
    assert sent[0][0]["kind"] == "trouble"
    assert "not on this sheet" in sent[0][0]["text"]
    assert "trouble" in bundle.module("sheet.js")


def test_a_thumbnail_is_made_once_when_a_frame_is_kept(sheet):
    frame = sheet.frames[0]
    sent = listening(sheet.explore())
    receive(sheet.explore(), kind="ready")
    assert bytes(sent[0][1][0]) == frame.catalogue.store.thumbnail_path(frame.file).read_bytes()


def test_votes_of_blind_pairs_reach_the_sheet_and_the_catalogue(sheet, session):
    view = sheet.explore()
    a, b, c = (frame.id for frame in sheet.frames[:3])
    view.votes = [[a, b]]
    view.votes = [[a, b], [c, b]]
    view.ties = [[a, c]]
    assert sheet.votes == ((a, b), (c, b))
    assert sheet.ties == ((a, c),)
    assert session.catalogue.votes() == (((a, b), (c, b)), ((a, c),))


def test_votes_of_a_page_that_was_opened_again_are_not_lost(sheet):
    view = sheet.explore()
    a, b, c = (frame.id for frame in sheet.frames[:3])
    before = sheet.votes
    view.votes = [[a, b], [a, c], [b, c]]
    view.votes = [[c, a]]
    assert sheet.votes == (*before, (a, b), (a, c), (b, c), (c, a))


def test_the_finished_sheet_of_a_live_one_keeps_marks_and_votes(session):
    sweep = Sweep(Scene(subject="a pear"), model="flux.1-schnell", size=(256, 256)).over(seed=[71, 72, 73])
    live = ContactSheet.live(session.submit(sweep))
    live.job.result(60)
    a, b, _c = (frame.id for frame in live.job.frames)
    live.view.marks = {a: {"rating": 4, "pick": ""}}
    live.view.votes = [[a, b]]
    made = live.sheet()
    assert made.votes == ((a, b),) and made.marks[a].rating == 4
    assert session.catalogue.votes()[0].count((a, b)) == 1


def test_a_mark_on_a_frame_that_was_never_made_does_not_cost_the_sheet(tmp_path):
    def paint_one(shot):
        if shot.seed == 1:
            raise RuntimeError("no")
        return Image.new("RGB", (shot.width, shot.height))

    with Session(tmp_path, engine=FunctionEngine(paint_one)) as session:
        sweep = Sweep(Scene(subject="a pear"), model="flux.1-schnell", size=(256, 256)).over(seed=[0, 1, 2])
        live = ContactSheet.live(session.submit(sweep))
        with pytest.raises(EngineError):
            live.job.result(60)
        never = live._sheet._frames[2].id
        live.view.marks = {never: {"rating": 5, "pick": "pick"}}
        assert len(live.sheet().frames) == 1 and not live.sheet().marks


def test_a_message_from_another_thread_goes_with_the_cell_that_made_the_widget(monkeypatch):
    """As ipykernel 7.0 does it: the parent of a message is a context variable of the cell's own thread."""
    parent = contextvars.ContextVar("parent")
    sent = []

    def send(_self, message, buffers=None):
        sent.append((parent.get(), message["content"]["kind"]))

    parent.set("cell 3")
    view = SheetView([], original=lambda _id: b"")
    monkeypatch.setattr("anywidget.AnyWidget._send", send)
    worker = threading.Thread(target=view.report, args=("1 of 2 frames",))
    worker.start()
    worker.join()
    assert sent == [("cell 3", "progress")]


def test_cancel_stops_the_job_from_the_widget(session, sweep):
    started = threading.Event()

    def slow(_job):
        started.set()
        time.sleep(0.05)

    job = session.submit(sweep, on_progress=slow)
    live = ContactSheet.live(job)
    started.wait(20)
    begun = time.monotonic()
    receive(live.view, kind="cancel")
    with pytest.raises(Exception, match="cancelled"):
        job.result(20)
    assert time.monotonic() - begun < 2
    while live.view._last[0]["running"] and time.monotonic() - begun < 5:
        time.sleep(0.01)
    assert live.view._last[0]["text"].startswith("Cancelled")
    assert live.view._last[0]["running"] is False


def test_a_shot_that_fails_says_why_on_the_live_sheet(tmp_path, sweep):
    def paint(shot):
        if shot.seed == 2:
            raise BadPictureError("The picture came out black.", shot=shot)
        return Image.new("RGB", (64, 64))

    with Session(tmp_path / "c", engine=FunctionEngine(paint)) as session:
        live = ContactSheet.live(session.submit(sweep, on_error="continue"))
        finished = live.result(60)
    faults = [card.data["fault"] for card in live.view._cards if card.data["fault"]]
    assert len(faults) == 2
    assert "black" in faults[0]
    assert "2 failed" in repr(finished)


def test_appending_a_frame_costs_at_most_two_milliseconds_in_python():
    thumbnail = b"\xff\xd8" + bytes(16_000)
    cards = [Card({"id": str(i), "values": [], "alt": ""}) for i in range(1000)]
    view = SheetView(cards, original=lambda _id: b"")
    receive(view, kind="ready")
    times = []
    for i in range(1000):
        start = time.perf_counter()
        view.append(i, Card(cards[i].data, lambda: thumbnail))
        times.append(time.perf_counter() - start)
    assert sorted(times)[500] < 0.002


def test_a_thousand_thumbnails_are_sent_in_batches_under_20_megabytes():
    thumbnail = bytes(17_000)
    cards = [
        Card(
            {"id": str(i), "number": i, "values": [{"path": "seed", "title": "seed", "label": f"Seed {i}"}]},
            lambda: thumbnail,
        )
        for i in range(1000)
    ]
    view = SheetView(cards, original=lambda _id: b"")
    sent = listening(view)
    receive(view, kind="ready")
    size = sum(len(json.dumps(message)) + sum(map(len, buffers)) for message, buffers in sent)
    assert [message["kind"] for message, _ in sent] == ["cards", *["pictures"] * 20]
    assert [index for message, _ in sent[1:] for index in message["at"]] == list(range(1000))
    assert size < 20_000_000


def test_the_wheel_holds_every_module_that_another_imports():
    for path in STATIC.glob("*.js"):
        bundle.module(path.name)
    assert {path.name for path in STATIC.glob("*.js")} >= {"sheet.js", "board.js", "culling.js", "loupe.js"}


@pytest.mark.skipif(
    shutil.which("node") is None, reason="node is not installed: the JavaScript logic is not tested here"
)
def test_the_javascript_logic_passes_its_own_tests():
    folder = Path(__file__).parent
    tests = sorted(str(path) for path in folder.glob("*.test.mjs"))
    done = subprocess.run(["node", "--test", *tests], capture_output=True, text=True, cwd=folder, check=False)
    assert done.returncode == 0, done.stdout[-3000:]


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed: the bundles are not parsed here")
@pytest.mark.parametrize("name", ["sheet.js", "offline.js"])
def test_each_bundle_is_one_valid_module(name, tmp_path):
    path = tmp_path / "bundle.mjs"
    path.write_text(bundle.module(name))
    subprocess.run(["node", "--check", str(path)], check=True, capture_output=True)
