"""Waiting: pauses that hosts ask for, places in a lane, and stopping."""

from __future__ import annotations

import email.utils
import itertools
import socket
import threading
import time

import pytest
from pydantic import SecretStr

from fluxkit.engines.base import Progress
from fluxkit.engines.hosted.client import Call, Client, Unreached
from fluxkit.engines.hosted.lanes import Lane, lane
from fluxkit.engines.hosted.origins import Server
from fluxkit.engines.hosted.pace import Pace, retry_after
from fluxkit.engines.hosted.tables import table
from fluxkit.errors import Cancelled, CatalogueError, OutcomeUnknown


@pytest.mark.parametrize(("headers", "seconds"), [
    ({"retry-after": "3"}, 3.0), ({"Retry-After": "0.5"}, 0.5), ({"retry-after-ms": "1500"}, 1.5),
    ({"retry-after": email.utils.formatdate(1_800_000_030, usegmt=True)}, 30.0),
    ({"retry-after": email.utils.formatdate(1_700_000_000, usegmt=True)}, 0.0),
    ({}, None), ({"retry-after": "soon"}, None), ({"retry-after": "nan"}, None), ({"retry-after": "inf"}, None),
    ({"retry-after": "-1"}, None),
])  # fmt: skip
def test_each_form_of_retry_after_is_understood(headers, seconds):
    assert retry_after(headers, now=1_800_000_000) == seconds


def test_polls_grow_rarer_up_to_a_limit():
    waits = list(itertools.islice(Pace(first=1, growth=2, most=5).waits(), 6))
    assert all(0.9 * full <= wait <= full for wait, full in zip(waits, [1, 2, 4, 5, 5, 5], strict=True))


def test_a_lane_lets_in_at_most_its_width_in_the_order_of_arrival():
    narrow, stop = Lane(1), threading.Event()
    order, threads = [], []

    def take(number):
        with narrow.held(stop):
            order.append(number)
            time.sleep(0.01)

    with narrow.held(stop):
        for number in range(8):
            threads.append(threading.Thread(target=take, args=(number,)))
            threads[-1].start()
            while len(narrow._waiting) <= number:
                time.sleep(0.001)
    for thread in threads:
        thread.join()
    assert order == list(range(8))


def test_who_waits_for_a_place_leaves_when_stopped():
    narrow, stop = Lane(1), threading.Event()
    with narrow.held(threading.Event()):
        stop.set()
        with narrow.held(stop) as entered:
            assert not entered
    with narrow.held(threading.Event()) as entered:
        assert entered


def test_lanes_are_shared_by_key_not_by_engine():
    assert lane("bfl", SecretStr("a"), 24) is lane("bfl", SecretStr("a"), 24)
    assert lane("bfl", SecretStr("a"), 24) is not lane("bfl", SecretStr("b"), 24)


def test_the_limits_are_the_hosts_own():
    # BFL's skills file, rate-limiting.md: 24 tasks, Kontext [max] 6.
    assert table("bfl").in_flight == 24
    assert table("bfl").models["flux-kontext-max"].in_flight == 6


@pytest.mark.parametrize(("model", "most"), [("flux-pro-1.1", 24), ("flux-kontext-max", 6)])
def test_no_more_jobs_are_in_flight_than_the_key_may_have(hosted, shots, model, most):
    fake, engine = hosted(seconds=0.3, budget_usd=10.0)
    options = {"options": {"aspect_ratio": "1:1"}} if "kontext" in model else {}
    count = 30 if most == 24 else 13
    highest = 0

    def watch(_):
        nonlocal highest
        waiting = [job for job in fake.jobs.values() if time.monotonic() - job.born < job.seconds]
        highest = max(highest, len(waiting))

    assert len(list(engine.shoot(shots(count, model=model, **options), watch))) == count
    assert highest <= most
    assert len([entry for entry in engine.jobs() if entry.state == "done"]) == count


def test_two_engines_with_one_key_share_the_places(hosted, shots, tmp_path):
    fake, first = hosted(seconds=0.2)
    second = type(first)(tmp_path / "other", budget_usd=5.0, server=fake, detached=False)
    highest, done = 0, threading.Event()

    def watch():
        nonlocal highest
        while not done.is_set():
            now = time.monotonic()
            highest = max(highest, sum(now - job.born < 0.2 for job in tuple(fake.jobs.values())))
            time.sleep(0.005)

    both = [threading.Thread(target=lambda e=e: list(e.shoot(shots(20)))) for e in (first, second)]
    watcher = threading.Thread(target=watch)
    for thread in (watcher, *both):
        thread.start()
    for thread in both:
        thread.join()
    done.set()
    watcher.join()
    assert fake.billed == 40
    assert highest <= 24


def test_a_cancel_says_what_goes_on_and_resume_brings_it(hosted, shots):
    fake, engine = hosted(seconds=0.4)

    def stop(_: Progress):
        if fake.billed == 3:
            raise Cancelled("Stopped by the test.")

    with pytest.raises(Cancelled) as stopped:
        list(engine.shoot(shots(3), stop))
    assert "Stopped by the test." in str(stopped.value)
    assert "3 jobs at bfl go on and are billed; session.resume() fetches the pictures." in str(stopped.value)
    assert len(list(engine.resume())) == 3
    assert fake.posts == 3


@pytest.mark.parametrize(("host", "cancels", "told", "fetched"), [
    ("replicate", "at once", "3 jobs at replicate were cancelled; what had begun may be billed.", 0),
    ("replicate", "later", "3 jobs at replicate were asked to stop; what had begun may be billed.", 0),
    ("replicate", "too late", "3 jobs at replicate go on and are billed; session.resume() fetches the pictures.", 3),
    ("fal", "at once", "3 jobs at fal were asked to stop; what had begun may be billed.", 0),
    ("fal", "too late", "3 jobs at fal go on and are billed; session.resume() fetches the pictures.", 3),
    ("bfl", "at once", "3 jobs at bfl go on and are billed; session.resume() fetches the pictures.", 3),
])  # fmt: skip
def test_a_stop_cancels_what_a_host_can_cancel_and_says_what_goes_on(hosted, shots, host, cancels, told, fetched):
    fake, engine = hosted(seconds=0.5)
    fake.cancels = cancels
    asked = shots(3, host=host)

    def stop(_: Progress):
        if len(engine.jobs()) == 3 and {entry.state for entry in engine.jobs()} == {"submitted"}:
            raise Cancelled("Stopped by the test.")

    with pytest.raises(Cancelled) as stopped:
        list(engine.shoot(asked, stop))
    assert told in str(stopped.value)
    assert len(list(engine.resume())) == fetched
    assert fake.posts == 3
    fake.seconds = 0
    assert len(list(engine.shoot(asked))) == 3, "shot again, they are made: a cancelled job was never a picture"


def test_a_cancelled_job_that_was_only_asked_for_is_made_anew_without_a_resume_between(hosted, shots):
    fake, engine = hosted(seconds=0.5)
    fake.cancels = "later"
    asked = shots(2, host="replicate")

    def stop(_: Progress):
        if [entry.state for entry in engine.jobs()] == ["submitted"] * 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as stopped:
        list(engine.shoot(asked, stop))
    assert "2 jobs at replicate were asked to stop" in stopped.value.__notes__[0]
    fake.seconds = 0
    assert len(list(engine.shoot(asked))) == 2
    assert fake.posts == 4


def test_a_job_of_another_kernel_is_not_cancelled_by_who_only_waits_for_it(hosted, shots, tmp_path):
    fake, first = hosted(seconds=1.0)
    second = type(first)(tmp_path / "catalogue", budget_usd=5.0, server=fake, detached=False)
    asked, got = shots(host="replicate"), []
    sender = threading.Thread(target=lambda: got.extend(first.shoot(asked)))
    sender.start()
    while [entry.state for entry in first.jobs()] != ["submitted"]:
        time.sleep(0.005)

    def stop(_: Progress):
        raise Cancelled("Stopped.")

    with pytest.raises(Cancelled, match="1 job at replicate goes on"):
        list(second.shoot(asked, stop))
    sender.join()
    assert len(got) == 1


def test_a_journal_of_an_older_fluxkit_is_taken_over(tmp_path, hosted, shots):
    import sqlite3

    from fluxkit.engines.hosted import journal

    (tmp_path / "catalogue").mkdir()
    with sqlite3.connect(tmp_path / "catalogue" / journal.NAME) as old:
        old.executescript(journal._STEPS[0] + "PRAGMA user_version = 1;")
        old.execute("INSERT INTO job (shot_id, shot, host, server, model, request, state) VALUES "
                    "('shot1-0', '{}', 'bfl', '', 'flux-pro-1.1', 'request1-0', 'done')")  # fmt: skip
    _, engine = hosted()
    assert [(entry.kind, entry.cancel_url) for entry in engine.jobs()] == [("picture", None)]
    assert len(list(engine.shoot(shots()))) == 1
    with sqlite3.connect(tmp_path / "catalogue" / journal.NAME) as newer:
        newer.execute("PRAGMA user_version = 99")
    with pytest.raises(CatalogueError, match="version 99"):
        journal.Journal(tmp_path / "catalogue" / journal.NAME)


def test_an_answer_that_trickles_for_ever_ends_at_its_deadline():
    with socket.create_server(("127.0.0.1", 0)) as server:
        stop = threading.Event()

        def trickle():
            connection, _ = server.accept()
            connection.recv(4096)
            connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n")
            while not stop.wait(0.02):
                try:
                    connection.sendall(b".")
                except OSError:
                    break
            connection.close()

        thread = threading.Thread(target=trickle, daemon=True)
        thread.start()
        base = f"http://127.0.0.1:{server.getsockname()[1]}"
        with pytest.raises(Unreached, match="too slow or too long") as late:
            Client(Server(base, ("bfl.ai",)), None).send(Call("GET", f"{base}/x", timeout_s=0.3))
        stop.set()
        thread.join()
    assert late.value.delivered


def test_a_request_is_dated_before_it_is_sent(hosted, shots):
    fake, engine = hosted("reset")
    before = time.time()
    with pytest.raises(OutcomeUnknown):
        list(engine.shoot(shots()))
    assert before <= engine.jobs()[0].sent_at <= time.time()
    assert fake.posts == 1


def test_an_interrupt_passes_with_the_same_note(hosted, shots):
    fake, engine = hosted(seconds=0.4)

    def interrupt(_: Progress):
        if fake.billed:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as stopped:
        list(engine.shoot(shots(1), interrupt))
    assert "1 job at bfl goes on and is billed" in stopped.value.__notes__[0]


def test_a_stop_before_anything_was_sent_sends_nothing(hosted, shots):
    fake, engine = hosted()

    def stop(_: Progress):
        raise Cancelled("Stopped.")

    with pytest.raises(Cancelled):
        list(engine.shoot(shots(40), stop))
    time.sleep(0.3)
    billed = fake.billed
    assert billed <= 24
    assert len(list(engine.resume())) <= billed
    assert fake.posts == billed


def test_progress_tells_each_job(hosted, shots):
    _, engine = hosted("delayed", "delayed")
    asked, seen = shots(2), []
    list(engine.shoot(asked, seen.append))
    assert {p.shot for p in seen if p.shot is not None} == set(asked)
    assert all(0 <= p.done < p.shots == 2 for p in seen)
    assert any(0 < p.step < 100 for p in seen)
    assert {p.stage for p in seen} == {"wait", "store"}
