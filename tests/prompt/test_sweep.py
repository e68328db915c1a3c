from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor

from fluxkit import models
from fluxkit._base import Record
from fluxkit.prompt import PromptRenderer
from fluxkit.prompt.program import Program
from tests.prompt.scenes import FULL, SEED

SPEC = models.get("flux.1-dev")


def swept(base=SEED):
    axes = (("left", "right", "behind"), ("soft", "hard"), (1.4, 5.6), ("overcast", "rain"))
    for direction, quality, f_number, weather in itertools.product(*axes):
        changes = {
            "lighting.key.direction": direction, "lighting.key.quality": quality, "lens.f_number": f_number,
            "environment.weather": weather,
        }  # fmt: skip
        yield base.with_(**changes)


def fresh(scene, template):
    """One prompt from a template that has said nothing before (a text is a template of its own)."""
    source = (f"{{# {scene.fingerprint()} #}}" + _source(template)) if template else None
    return PromptRenderer(SPEC, template=source).render(scene)


def _source(template):
    from fluxkit.prompt.loader import built_in

    return (built_in() / f"{template}.j2").read_text(encoding="utf-8")


def test_a_sweep_says_what_each_scene_says_alone():
    for template in ("flux.1/prose", "flux.2/json", "flux.3/prose", "control/prose"):
        scenes = list(swept())
        together = PromptRenderer(SPEC, template=template).render_many(scenes)
        for scene, prompt in zip(scenes, together, strict=True):
            alone = fresh(scene, template)
            assert prompt.text == alone.text
            assert prompt.spans == alone.spans


def test_scenes_that_differ_in_anything_that_is_said_never_share_words():
    scenes = [FULL, FULL.with_("subject.hair", "long red"), FULL.with_("film", None), FULL.with_("camera.iso", 400)]
    texts = {str(prompt) for prompt in PromptRenderer(SPEC).render_many([*scenes, *scenes])}
    assert len(texts) == len(scenes)


def test_a_statement_runs_once_for_each_set_of_values_that_it_reads(monkeypatch):
    runs = []
    rendered = Program._rendered
    monkeypatch.setattr(Program, "_rendered", lambda self, *given: runs.append(1) or rendered(self, *given))
    renderer = PromptRenderer(SPEC, template="{# counted #}" + _source("flux.1/prose"))
    scenes = list(swept())
    renderer.render_many(scenes)
    first = len(runs)
    assert first < len(scenes)
    renderer.render_many(scenes)
    renderer.render_many([type(scene).model_validate_json(scene.model_dump_json()) for scene in scenes])
    assert len(runs) == first


def test_what_is_kept_is_bounded(monkeypatch):
    from fluxkit.prompt import memo

    monkeypatch.setattr(memo, "MAX_RECORDS", 50)
    renderer = PromptRenderer(SPEC, template="{# bounded #}" + _source("flux.1/prose"))
    scenes = list(swept())
    assert [str(prompt) for prompt in renderer.render_many(scenes)] == [str(scene.prompt()) for scene in scenes]
    assert len(renderer._program._memo.kept) < 50 + 10


def test_scenes_of_a_sweep_share_the_parts_in_which_they_agree():
    from fluxkit import Sweep
    from fluxkit.shots import make_plan

    sweep = Sweep(SEED, model="flux.1-dev").over(
        **{
            "lighting.key.direction": ["left", "right"],
            "lighting.key.quality": ["soft", "hard"],
            "lens.f_number": [2, 4],
        }
    )
    scenes = [shot.scene for shot in make_plan(sweep)]
    assert len({id(scene.lighting) for scene in scenes}) == 4
    assert len({id(scene.lens) for scene in scenes}) == 2
    one_by_one = [
        SEED.with_("lighting.key.direction", d).with_("lighting.key.quality", q).with_("lens.f_number", f)
        for d, q, f in itertools.product(["left", "right"], ["soft", "hard"], [2, 4])
    ]
    assert scenes == one_by_one


def test_threads_share_a_template_without_sharing_words():
    renderer = PromptRenderer(SPEC, template="{# threads #}" + _source("flux.1/prose"))
    scenes = list(swept(FULL.with_("lighting", SEED.lighting)))
    expected = [str(scene.prompt()) for scene in scenes]
    with ThreadPoolExecutor(8) as pool:
        for found in pool.map(lambda i: [str(p) for p in renderer.render_many(scenes[i:] + scenes[:i])], range(16)):
            assert sorted(found) == sorted(expected)


def test_a_property_that_looks_further_later_is_not_taken_for_equal():
    """The words of `sum_words` depend on `b` only where `a` is set; the first record does not show that."""

    class Pair(Record):
        a: int = 0
        b: int = 0

        @property
        def sum_words(self) -> str:
            return f"{self.a + self.b} in all" if self.a else "nothing"

    renderer = PromptRenderer(SPEC, template="{{ sum_words }}")
    pairs = [Pair(a=a, b=b) for a in (0, 1) for b in (1, 2, 3)]
    expected = [pair.sum_words for pair in pairs]
    assert [str(prompt) for prompt in renderer.render_many(pairs)] == expected
    assert [str(renderer.render(pair)) for pair in reversed(pairs)] == expected[::-1]


def test_a_property_that_asks_for_more_than_fields_is_worked_out_every_time():
    class Whole(Record):
        a: int = 0

        @property
        def dump_words(self) -> str:
            return str(self.model_dump()["a"])

    renderer = PromptRenderer(SPEC, template="{{ dump_words }}")
    assert [str(prompt) for prompt in renderer.render_many([Whole(a=i % 3) for i in range(9)])] == list("012012012")
