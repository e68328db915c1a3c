"""Whatever goes wrong at a host: the right exception, one billed submit at most, no key abroad, no picture lost."""

from __future__ import annotations

import pytest

from fluxkit import errors
from fluxkit.engines.hosted.fake_jobs import FAULTS

PAID = {
    "ok": None, "delayed": None, "early 404": None, "429 seconds": None, "429 date": None, "429 milliseconds": None,
    "429 bare": None, "foreign polling": None, "html on poll": None, "500 on poll": None, "429 on poll": None,
    "odd status": None, "expired once": None, "truncated once": None,
    "redirected poll": errors.RedirectRefused, "redirected picture": errors.RedirectRefused,
}  # fmt: skip
"""Faults after which the picture is there, at once or after one `resume`."""

LOST = {
    "request moderated": errors.Moderated, "content moderated": errors.Moderated, "error": errors.JobFailed,
    "expired": errors.ResultExpired, "truncated": errors.BadImage,
}  # fmt: skip
"""Faults after which there is no picture to have."""

UNKNOWN = ("reset", "silence", "500 after submit", "html on submit", "503 busy")
"""Faults whose outcome nobody can tell."""

REFUSED = {
    "400": errors.BadRequest, "401": errors.AuthError, "402": errors.InsufficientCredits, "403": errors.AuthError,
    "422": errors.ValidationFailed, "429 long": errors.RateLimited, "redirected submit": errors.RedirectRefused,
}  # fmt: skip
"""Faults that the host answers before it takes the job."""

HOSTS = ("bfl", "replicate", "fal")


def collect(frames):
    """The frames that came, and the error that ended them, if any."""
    made = []
    try:
        made.extend(frames)
    except errors.FluxkitError as error:
        return made, error
    return made, None


def no_key_left_home(fake):
    return not any(request.key for request in fake.seen if request.foreign)


def test_every_fault_of_the_fake_host_is_tested_here():
    assert {*PAID, *LOST, *UNKNOWN, *REFUSED, "never ready"} == set(FAULTS)


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("fault", PAID)
def test_a_paid_picture_arrives_after_at_most_one_resume(hosted, shots, fault, host):
    fake, engine = hosted(fault)
    frames, error = collect(engine.shoot(shots(host=host)))
    if PAID[fault] is None:
        assert error is None
    else:
        assert type(error) is PAID[fault]
        assert error.shot is not None
        frames += list(engine.resume())
    assert [frame.image.size for frame in frames] == [(256, 256)]
    assert fake.billed == 1
    assert no_key_left_home(fake)
    assert engine.jobs(waiting_only=True) == []


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("fault", LOST)
def test_a_job_without_a_picture_says_why_and_is_never_sent_again(hosted, shots, fault, host):
    fake, engine = hosted(fault)
    frames, error = collect(engine.shoot(shots(host=host)))
    assert (frames, type(error)) == ([], LOST[fault])
    assert error.job in str(error)
    collect(engine.resume())
    assert fake.billed == fake.posts == 1
    assert engine.jobs(waiting_only=True) == []


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("fault", UNKNOWN)
def test_a_lost_answer_is_an_unknown_outcome_and_the_request_is_never_repeated(hosted, shots, fault, host):
    fake, engine = hosted(fault)
    asked = shots(host=host)
    frames, error = collect(engine.shoot(asked))
    assert (frames, type(error)) == ([], errors.OutcomeUnknown)
    assert error.request.startswith("request1-")
    assert error.request in str(error)
    _, again = collect(engine.shoot(asked))
    assert type(again) is errors.OutcomeUnknown
    assert list(engine.resume()) == []
    assert fake.posts == 1
    assert engine.spent_usd == pytest.approx(0.04)


def test_an_unknown_outcome_is_sent_again_only_when_the_user_says_so(hosted, shots):
    fake, engine = hosted("reset")
    asked = shots()
    collect(engine.shoot(asked))
    engine.release(asked[0])
    assert len(list(engine.shoot(asked))) == 1
    assert fake.posts == 2


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("fault", REFUSED)
def test_a_refusal_bills_nothing_and_can_be_asked_again(hosted, shots, fault, host):
    fake, engine = hosted(fault)
    asked = shots(host=host)
    frames, error = collect(engine.shoot(asked))
    assert (frames, type(error)) == ([], REFUSED[fault])
    assert fake.billed == 0
    assert engine.spent_usd == 0
    assert no_key_left_home(fake)
    assert len(list(engine.shoot(asked))) == 1


@pytest.mark.parametrize("fault", ["never ready", "expired", "truncated"])
def test_a_picture_that_comes_good_later_is_fetched_by_resume(hosted, shots, fault):
    fake, engine = hosted(fault)
    engine._pace = type(engine._pace)(first=0.02, most=0.05, deadline=2.0)
    frames, error = collect(engine.shoot(shots()))
    assert frames == []
    assert type(error) in (errors.JobTimeout, errors.ResultExpired, errors.BadImage)
    next(iter(fake.jobs.values())).fault = "ok"
    assert len(list(engine.resume())) == 1
    assert fake.posts == 1


def test_moderation_names_its_stage_and_the_hosts_words(hosted, shots):
    _, engine = hosted("request moderated", "content moderated")
    first, second = shots(2)
    _, request = collect(engine.shoot([first]))
    _, content = collect(engine.shoot([second]))
    assert (request.stage, content.stage) == ("request", "content")
    assert "a scripted fault" in request.details
    assert "safety_tolerance" in str(request)


def test_a_422_names_the_fields(hosted, shots):
    _, engine = hosted("422")
    _, error = collect(engine.shoot(shots()))
    assert error.fields == (("width", "must be a multiple of 32"),)
    assert error.status == 422


def test_a_pause_that_is_too_long_is_reported_not_slept(hosted, shots):
    _, engine = hosted("429 long")
    _, error = collect(engine.shoot(shots()))
    assert error.retry_after == 86400


def test_an_unknown_status_is_told_verbatim_when_the_deadline_passes(hosted, shots):
    _, engine = hosted("odd status")
    engine._pace = type(engine._pace)(first=0.2, deadline=0.1)
    _, error = collect(engine.shoot(shots()))
    assert type(error) is errors.JobTimeout
    assert "Paused for thought" in str(error)
    assert engine.jobs(waiting_only=True)[0].request in str(error)


def test_one_failure_does_not_take_the_other_pictures_along(hosted, shots):
    fake, engine = hosted("ok", "content moderated", "error", "ok")
    frames, error = collect(engine.shoot(shots(4)))
    assert len(frames) == 2
    assert isinstance(error, errors.JobError)
    assert fake.billed == 4


def test_a_session_that_goes_on_after_failures_hears_of_each_and_pays_for_none_twice(hosted, shots):
    fake, engine = hosted("error", "content moderated", "ok")
    left = {shot.id: shot for shot in shots(3)}
    heard = []
    while left:
        frames, error = collect(engine.shoot(list(left.values())))
        for frame in frames:
            del left[frame.shot.id]
        if error is not None:
            heard.append(error)
            del left[error.shot.id]
    assert {type(error) for error in heard} == {errors.JobFailed, errors.Moderated}
    assert fake.posts == 3


def test_trouble_with_the_account_stops_further_requests(hosted, shots):
    fake, engine = hosted(*["402"] * 60)
    _, error = collect(engine.shoot(shots(60)))
    assert type(error) is errors.InsufficientCredits
    assert fake.posts < 60


def test_a_host_that_is_not_there_is_no_unknown_outcome(hosted, shots):
    fake, engine = hosted()
    engine._pace = type(engine._pace)(first=0.01, patience=0.2)
    url = fake.url()
    fake.stop()
    fake.url = lambda host="bfl": url
    _, error = collect(engine.shoot(shots()))
    assert type(error) is errors.ConnectionFailed
    assert engine.spent_usd == 0
