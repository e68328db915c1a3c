"""The budget holds before every submit, and what was spent is what the host said."""

from __future__ import annotations

import threading

import pytest

from fluxkit import models
from fluxkit.engines.hosted import FakeHost, HostedEngine
from fluxkit.engines.hosted.ledger import Ledger
from fluxkit.errors import BudgetExceeded, HostedForbidden, JobTimeout, MissingKey
from fluxkit.models.hosted import HOSTED
from fluxkit.models.prices import PRICES, forecast, price, total
from fluxkit.shots.shot import Shot


def test_hosted_pictures_need_a_budget(hosted, shots):
    fake, engine = hosted(budget_usd=None)
    with pytest.raises(BudgetExceeded, match="no budget was given"):
        list(engine.shoot(shots()))
    assert fake.seen == []


def test_a_plan_beyond_the_budget_is_refused_whole_before_anything_is_sent(hosted, shots):
    fake, engine = hosted(budget_usd=0.10)
    with pytest.raises(BudgetExceeded, match=r"3 hosted pictures for about \$0.120"):
        list(engine.shoot(shots(3)))
    assert fake.seen == []
    assert len(list(engine.shoot(shots(2)))) == 2


def test_pictures_in_flight_count_against_the_budget(hosted, shots):
    _, engine = hosted(budget_usd=0.08, seconds=0.5)
    running = engine.shoot(shots(2))
    first = threading.Thread(target=lambda: list(running))
    first.start()
    while engine._ledger.in_flight_usd < 0.08:
        assert first.is_alive()
    with pytest.raises(BudgetExceeded, match=r"\$0.080 is spent or in flight"):
        list(engine.shoot(shots()))
    first.join()


def test_the_hosts_own_figure_is_what_counts(hosted, shots):
    fake, engine = hosted(budget_usd=1.0)
    fake.credits = 4.0
    frames = list(engine.shoot(shots(model="flux-2-max", width=512, height=512)))
    assert frames[0].provenance.extra["cost_usd"] == "0.04"
    assert engine.jobs()[0].forecast_usd == pytest.approx(0.07)
    assert engine.spent_usd == pytest.approx(0.04)


def test_a_job_that_is_known_already_costs_no_budget(hosted, shots, tmp_path):
    fake, engine = hosted("never ready", budget_usd=0.04)
    engine._pace = type(engine._pace)(first=0.02, deadline=0.1)
    asked = shots()
    with pytest.raises(JobTimeout, match="not ready"):
        list(engine.shoot(asked))
    next(iter(fake.jobs.values())).fault = "ok"
    later = HostedEngine(tmp_path / "catalogue", server=fake, detached=False)
    assert len(list(later.shoot(asked))) == 1
    assert later.spent_usd == 0


def test_a_model_without_a_price_needs_one(hosted, shots, tmp_path):
    fake, _ = hosted()
    spec = models.get("flux-pro-1.1").with_(id="flux-unpriced")
    from fluxkit.engines.hosted import add_model

    add_model("bfl", spec.id, path="/v1/flux-unpriced", fields={
        name: {"from": name} for name in ("prompt", "seed", "width", "height")})  # fmt: skip
    shot = Shot(model=spec.id, spec=spec, prompt="A pear.", width=256, height=256)
    with pytest.raises(BudgetExceeded, match="no price is known"):
        list(HostedEngine(tmp_path, server=fake, budget_usd=1.0).shoot([shot]))
    HostedEngine(tmp_path, server=fake, budget_usd=1.0, prices={spec.id: 0.2}).check([shot])


def test_the_switch_forbids_paid_requests_and_leaves_the_fake_host_alone(monkeypatch, shots, tmp_path):
    monkeypatch.setenv("FLUXKIT_HOSTED", "0")
    with FakeHost() as fake:
        real = HostedEngine(
            tmp_path, budget_usd=1.0, keys={"bfl": fake.key}, server={"bfl": fake.url()}, detached=False
        )
        with pytest.raises(HostedForbidden, match="FLUXKIT_HOSTED=0"):
            list(real.shoot(shots()))
        assert fake.seen == []
        HostedEngine(tmp_path, budget_usd=1.0, server=fake).check(shots())
        monkeypatch.setenv("FLUXKIT_HOSTED", "1")
        assert len(list(real.shoot(shots()))) == 1


def test_a_missing_key_is_told_before_anything_else(monkeypatch, shots, tmp_path):
    monkeypatch.delenv("BFL_API_KEY", raising=False)
    monkeypatch.setattr("fluxkit.engines.hosted.keys._from_keyring", lambda host: None)
    with pytest.raises(MissingKey, match="BFL_API_KEY"):
        HostedEngine(tmp_path, budget_usd=1.0).check(shots())


def test_check_refuses_without_the_network(hosted, shots):
    fake, engine = hosted(budget_usd=0.01)
    with pytest.raises(BudgetExceeded):
        engine.check(shots())
    assert fake.seen == []


def test_the_ledger_frees_what_was_refused_and_keeps_what_was_billed():
    ledger = Ledger(0.10)
    first, second = ledger.reserve(0.05), ledger.reserve(0.05)
    with pytest.raises(BudgetExceeded):
        ledger.reserve(0.01)
    ledger.release(first)
    ledger.settle(second, 0.06)
    assert (ledger.spent_usd, ledger.in_flight_usd) == (0.06, 0.0)
    ledger.reserve(0.04)


def test_many_threads_never_reserve_more_than_the_budget():
    ledger, got = Ledger(1.0), []

    def reserve():
        for _ in range(20):
            try:
                got.append(ledger.reserve(0.01))
            except BudgetExceeded:
                return

    threads = [threading.Thread(target=reserve) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 100


@pytest.mark.parametrize("spec", HOSTED, ids=lambda spec: spec.id)
def test_every_hosted_model_has_a_price_at_each_of_its_hosts(spec):
    for host in spec.hosts:
        found = price(spec.id, host)
        assert found is not None
        assert found.source


def test_no_price_is_for_a_host_that_does_not_run_the_model():
    assert {pair for pair in PRICES if pair[1] not in models.get(pair[0]).hosts} == set()


@pytest.mark.parametrize(("model", "size", "pictures", "usd"), [
    ("flux-2-pro", (1024, 1024), 0, 0.0307), ("flux-2-pro", (2048, 2048), 0, 0.0779),
    ("flux-2-max", (1000, 1000), 2, 0.13),
    ("flux-2-flex", (1000, 1000), 0, 0.05), ("flux-pro-1.1-ultra", (2752, 1536), 0, 0.06),
])  # fmt: skip
def test_forecasts_follow_the_published_formula(model, size, pictures, usd):
    # (first + (out_mp - 1) * mp) + in_mp * mp, docs.bfl.ai/quick_start/pricing
    assert forecast(models.get(model), *size, input_pixels=pictures * 1_000_000).usd == pytest.approx(usd, abs=1e-4)


def test_a_local_model_costs_nothing_and_an_unknown_price_stays_unknown():
    assert forecast(models.get("flux.1-dev"), 1024, 1024).usd == 0
    unpriced = models.get("flux-pro-1.1").with_(id="unpriced")
    both = total([forecast(models.get("flux-pro-1.1"), 1024, 768), forecast(unpriced, 1024, 768)])
    assert both.usd is None
    assert both.unknown == ("unpriced",)
    assert "no price known: unpriced" in str(both)


def test_unconfirmed_prices_say_so():
    cost = forecast(models.get("flux-pro-1.1"), 1024, 768, {"host": "replicate"})
    assert cost.unconfirmed == ("flux-pro-1.1",)
    assert "unconfirmed" in str(cost)
