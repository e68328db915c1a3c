from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from fluxkit import models
from fluxkit.engines.local import tokenizers
from fluxkit.prompt import PromptRenderer
from tests.tiny.folders import Tiny


def test_tokens_are_counted_with_their_markers(tiny: Tiny) -> None:
    read = tokenizers.load(models.get("flux.1-dev").with_(weights=str(tiny("flux1"))))
    assert len(read["clip"]("a red cat")) == 5
    assert len(read["t5"]("a red cat")) == 4


def test_a_renderer_counts_exactly_with_them(tiny: Tiny) -> None:
    from fluxkit.scene import Scene

    spec = models.get("flux.1-dev").with_(weights=str(tiny("flux1")))
    counts = PromptRenderer(spec, tokenizers=tokenizers.load(spec)).render(Scene(subject="cat")).token_counts
    assert counts["t5"].exact
    assert counts["clip"].exact


def test_chat_models_count_their_template(tiny: Tiny) -> None:
    reader = tokenizers.read_folder(tiny("flux2_klein"), ("qwen3",))["qwen3"]
    assert len(reader("cat")) > 30
    assert reader.unread_from("cat " * 10, 512) is None


def test_the_first_unread_character_is_found(tiny: Tiny) -> None:
    reader = tokenizers.read_folder(tiny("flux1"), ("t5",))["t5"]
    text = "a red cat on street"
    assert reader.unread_from(text, 4) == len("a red cat")
    assert reader.unread_from(text, 6) is None


def test_they_count_as_transformers_does(tiny: Tiny) -> None:
    from transformers import AutoTokenizer

    texts = ["a red cat", "A  portrait, 85mm f/1.8: it's \u00e9t\u00e9!", "", "cat " * 90]
    for folder, name, part in ((tiny("flux1"), "clip", "tokenizer"), (tiny("flux1"), "t5", "tokenizer_2")):
        theirs = AutoTokenizer.from_pretrained(folder / part)
        ours = tokenizers.read_folder(folder, (name,))[name]
        assert [ours(text) for text in texts] == [theirs(text)["input_ids"] for text in texts]


def test_clip_is_read_from_its_two_files_as_well(tiny: Tiny, tmp_path: Path) -> None:
    """FLUX.1's own folders hold vocab.json and merges.txt, and no tokenizer.json."""
    whole = json.loads((tiny("flux1") / "tokenizer" / "tokenizer.json").read_text())
    (tmp_path / "tokenizer").mkdir()
    (tmp_path / "tokenizer" / "vocab.json").write_text(json.dumps(whole["model"]["vocab"]))
    merges = [" ".join(pair) for pair in whole["model"]["merges"]]
    (tmp_path / "tokenizer" / "merges.txt").write_text("\n".join(["#version: 0.2", *merges]))
    both = (tokenizers.read_folder(folder, ("clip",))["clip"] for folder in (tiny("flux1"), tmp_path))
    texts = ["a red cat", "A  portrait, 85mm f/1.8: it's \u00e9t\u00e9!", ""]
    first, second = ([reader(text) for text in texts] for reader in both)
    assert first == second


def test_chat_tokens_are_those_that_the_pipelines_make(tiny: Tiny) -> None:
    from transformers import AutoTokenizer

    theirs = AutoTokenizer.from_pretrained(tiny("flux2_klein") / "tokenizer")
    message = [{"role": "user", "content": "a red cat"}]
    text = theirs.apply_chat_template(message, tokenize=False, add_generation_prompt=True, enable_thinking=False)
    assert tokenizers.read_folder(tiny("flux2_klein"), ("qwen3",))["qwen3"]("a red cat") == theirs(text)["input_ids"]

    from diffusers.pipelines.flux2.pipeline_flux2 import format_input

    theirs = AutoTokenizer.from_pretrained(tiny("flux2_dev") / "tokenizer")
    made = theirs.apply_chat_template(format_input(["a red cat"]), tokenize=True, return_dict=True)
    assert [tokenizers.read_folder(tiny("flux2_dev"), ("mistral",))["mistral"]("a red cat")] == made["input_ids"]


def test_weights_that_are_not_here_give_no_tokenizers() -> None:
    assert tokenizers.load(models.get("flux.1-dev").with_(weights="nobody/not-here")) == {}


def test_reading_tokenizers_loads_no_torch(tiny: Tiny) -> None:
    code = (
        "import sys; from pathlib import Path; from fluxkit.engines.local import tokenizers;"
        f"read = tokenizers.read_folder(Path({str(tiny('flux1'))!r}), ('t5',));"
        "print(len(read['t5']('a cat')), 'torch' in sys.modules)"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.split() == ["3", "False"]
