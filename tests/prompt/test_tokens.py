from __future__ import annotations

import json
from pathlib import Path

import pytest

from fluxkit import models
from fluxkit.prompt import PromptRenderer, tokens
from fluxkit.prompt.tokens import Budget
from fluxkit.scene import presets
from tests.prompt.scenes import EDIT, FULL, SEED

ORACLE = json.loads(Path(__file__).with_name("token_oracle.json").read_text(encoding="utf-8"))
"""Texts with what the models' own tokenizers make of them; written by bench/token_counts.py --oracle."""


@pytest.mark.parametrize("encoder", ["clip", "t5", "qwen", "mistral"])
def test_the_estimate_is_never_low(encoder):
    low = [row["text"] for row in ORACLE if tokens.bound(encoder, row["text"]) < row[encoder]]
    assert low == []


@pytest.mark.parametrize(("encoder", "slack"), [("clip", 1.1), ("t5", 1.2), ("qwen", 1.35), ("mistral", 1.35)])
def test_the_estimate_is_close_on_our_own_prompts(encoder, slack):
    ours = [row for row in ORACLE if row["prompt"]]
    assert sum(tokens.bound(encoder, row["text"]) for row in ours) <= slack * sum(row[encoder] for row in ours)


@pytest.mark.parametrize(
    "text", ["", "ﷺ" * 3, "½ № 5", "e\u0301\u0302", "a\u00adb", "\t\n  x", "👩‍👩‍👧", '{\n  "a": 1\n}']
)
def test_odd_text_is_bounded_by_its_bytes_and_letters(text):
    assert tokens.bound("clip", text) >= 2
    assert tokens.bound("t5", text) >= 1 + len(text.split())
    assert tokens.bound("qwen", text) >= tokens.MARKERS["qwen"] + len(text.split())


def test_encoders_are_known_by_how_their_name_begins():
    assert tokens.bound("qwen3-vl", "a fox") == tokens.bound("qwen", "a fox")
    assert tokens.bound("something-new", "a fox") >= len("a fox")


def test_a_text_that_fits_has_no_cut():
    assert Budget({"clip": 77}, {}).cut("clip", "a fox").at is None


def test_a_tokenizer_may_return_a_list_or_a_mapping():
    for tokenizer in (lambda text: text.split(), lambda text: {"input_ids": text.split()}):
        cut = Budget({"t5": 3}, {"t5": tokenizer}).cut("t5", "one two three four five")
        assert (cut.total, cut.exact, cut.at) == (5, True, 14)


def test_a_taught_model_counts_its_words():
    transformers = pytest.importorskip("transformers")
    spec = models.get("nano")
    for scene in (SEED, FULL, presets.STREET, presets.MACRO):
        prompt = scene.prompt("nano")
        for encoder, folder in (("clip", "tokenizer"), ("t5", "tokenizer_2")):
            real = transformers.AutoTokenizer.from_pretrained(Path(spec.weights) / folder)
            count = prompt.token_counts[encoder]
            assert (count.count, count.exact) == (len(real(prompt.text)["input_ids"]), True)


def test_every_model_has_a_template_and_encoders_that_can_be_bounded():
    for name in models.ids():
        spec = models.get(name)
        PromptRenderer(spec).render(EDIT if spec.template.endswith("kontext") else SEED)
        assert all(encoder.startswith(tuple(tokens.MARKERS)) for encoder in spec.windows)
