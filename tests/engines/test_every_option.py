"""Nothing is silently ignored: generated from the whole model table and every option of a request."""

from __future__ import annotations

from collections import defaultdict

import pytest

from fluxkit import models
from fluxkit.models import ModelSpec
from fluxkit.shots import checks
from tests.engines.every_option import OPTIONS, Bench, Fate, everything
from tests.tiny.folders import Tiny


@pytest.fixture(scope="module")
def bench(tiny: Tiny, tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return Bench(tiny, tmp_path_factory.mktemp("loras"))


SEEN: dict[str, list[Fate]] = defaultdict(list)
"""What the walk found, by option, for the tests that look at all of it."""


@pytest.mark.parametrize("spec", everything(), ids=lambda spec: spec.id)
def test_every_option_is_honoured_refused_or_reported(bench: Bench, spec: ModelSpec) -> None:
    fates = list(bench.fates(spec))
    for fate in fates:
        SEEN[fate.option].append(fate)
    assert not [fate for fate in fates if fate.outcome.isupper()]
    assert len(fates) >= len(spec.methods)


@pytest.mark.parametrize("spec", everything(), ids=lambda spec: spec.id)
def test_the_plan_knows_which_pictures_are_made_step_by_step(spec: ModelSpec) -> None:
    from fluxkit.engines.local import loop

    for method in spec.methods if spec.where == "local" else ():
        assert checks._step_by_step(spec, method) == loop.makes(spec, method)


def test_the_walk_met_both_fates_of_nearly_every_option() -> None:
    """A walk in which an option is never honoured, or never refused, has not tried it."""
    if sum(len(fates) for fates in SEEN.values()) < 1000:
        pytest.skip("only a part of the table was walked")
    outcomes = {option: {fate.outcome for fate in fates} for option, fates in SEEN.items()}
    assert outcomes.keys() == OPTIONS.keys()
    never_refused = {option for option, found in outcomes.items() if "refused" not in found}
    never_honoured = {option for option, found in outcomes.items() if "honoured" not in found}
    assert never_refused == {"words", "seed"}
    assert never_honoured == {
        "guidance far out", "steps far out", "size of no multiple", "true_cfg", "mask all black", "two loras",
        "option of no model", "many references", "control kind",
    }  # fmt: skip


@pytest.mark.parametrize(
    "rule", [rule for rule in checks._RULES if rule.__name__ != "_words"], ids=lambda r: r.__name__
)
def test_the_walk_notices_when_a_rule_is_missing(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, rule: checks.Rule
) -> None:
    """Without the rule something would be ignored, or fail only when the picture is made."""
    monkeypatch.setattr(checks, "_RULES", tuple(kept for kept in checks._RULES if kept is not rule))
    watched = ("flux.1-kontext-dev", "flux.1-depth-dev", "flux.2-klein-4b", "flux-2-pro", "flux-pro-1.0-fill")
    before = {(fate.model, fate.method, fate.option): fate.outcome for fates in SEEN.values() for fate in fates}
    found = set()
    for name in watched:
        spec = models.get(name)
        for method, shot in bench.shots(spec):
            for option, change in OPTIONS.items():
                fields = change(shot, bench)
                if fields is None:
                    continue
                try:
                    checks_passed = not list(checks.findings(shot.with_(**fields)))
                except Exception:
                    checks_passed = False
                if checks_passed and before.get((name, method, option)) == "refused":
                    found.add((name, method, option))
    assert found, f"no option of {', '.join(watched)} needs {rule.__name__}"
