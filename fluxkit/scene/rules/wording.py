"""Rules about the user's own words: what FLUX reads otherwise than it is meant."""

from __future__ import annotations

import re
from collections.abc import Iterator

from fluxkit.prompt.diagnostic import Diagnostic
from fluxkit.scene.rules.registry import Case, Found, rule

_MAGIC = re.compile(
    r"\b(\d{1,2}k|uhd|hdr|raw photo|best quality|high(est)? quality|masterpiece|award[- ]winning"
    r"|ultra[- ]?(hd|detailed|realistic)"
    r"|hyper[- ]?(detailed|realistic)|photo[- ]?realistic|highly detailed|trending on \w+|octane render|unreal engine"
    r"|professional photo(graph)?)\b",
    re.IGNORECASE,
)
_WEIGHTED = re.compile(r"\([^()]*:\s*\d+(\.\d+)?\s*\)|\(\(+[^()]+\)\)+|\[\[+|<lora:[^>]*>|::\s*-?\d", re.IGNORECASE)
_NEGATED = re.compile(
    r"\b(no|without|not|never|isn't|doesn't|don't|lacking|free of)\b(?! (longer|doubt|idea))", re.IGNORECASE
)
_AGE = re.compile(r"\b([5-9]\d)[- ]?(year[- ]?old|years[- ]old|yo\b)", re.IGNORECASE)
_AGED = re.compile(
    r"\b(wrinkl\w*|weathered|lined|lines|crow's feet|grey|gray|silver|white[- ]haired|aged|elderly|old)\b",
    re.IGNORECASE,
)
_SIDED = re.compile(r"\b(his|her|their|subject's|own) (left|right)\b", re.IGNORECASE)


@rule(
    "empty-words",
    "note",
    reason="Black Forest Labs' prompting guide: name camera, lens and film; tags such as 8k are weak.",
)
def empty_words(case: Case) -> Iterator[Found]:
    """Words such as "8K" promise quality and say nothing that can be seen."""
    for path, text in case.texts():
        said = _MAGIC.search(text)
        if said:
            yield Found(
                path,
                f"{said[0]!r} names a quality, not something to be seen; FLUX follows lens, light and film instead.",
                "Drop it, or say what makes it so: 'visible pores', 'crisp eyelashes', a film, a lens.",
            )


@rule("past-window", "warning", reason="A text encoder reads so many tokens and no more; the rest has no effect.")
def past_window(case: Case) -> Iterator[Found]:
    """Words fall past what the model's text encoders read."""
    for finding in _findings_of_the_prompt(case, "past-window"):
        yield Found(finding.path, finding.message, finding.cure)


@rule("subject-past-clip", "note", reason="CLIP reads 77 tokens and sets the overall look; T5 reads on.")
def subject_past_clip(case: Case) -> Iterator[Found]:
    """The subject itself falls past what CLIP reads."""
    for finding in _findings_of_the_prompt(case, "past-clip-window"):
        if finding.path.split(".")[0] in {"subject", "others"}:
            yield Found(finding.path, finding.message, "Shorten the subject, so that place and light are seen too.")


def _findings_of_the_prompt(case: Case, rule: str) -> Iterator[Diagnostic]:
    """What the rendered words lead to on the model; nothing where none is named or it takes an order to edit."""
    if case.model is None or case.model.task == "edit" or not case.model.windows:
        return
    yield from (finding for finding in case.scene.prompt(case.model).diagnostics if finding.rule == rule)


@rule(
    "prompt-weights",
    "warning",
    reason="T5 and the language-model encoders of FLUX read weights as plain text (SwarmUI docs).",
)
def prompt_weights(case: Case) -> Iterator[Found]:
    """Prompt weights such as (word:1.3) do nothing on FLUX."""
    for path, text in case.texts():
        said = _WEIGHTED.search(text)
        if said:
            yield Found(
                path,
                f"{said[0]!r} is a prompt weight of other models; FLUX reads it as letters.",
                "Drop it; put what matters first, and say it in a full phrase.",
            )


@rule(
    "negation",
    "note",
    reason="'A person without glasses' makes the model think of glasses (Black Forest Labs' prompting guide).",
)
def negation(case: Case) -> Iterator[Found]:
    """A negation in the scene's words draws what it denies."""
    for path, text in case.texts():
        said = _NEGATED.search(text)
        if said:
            yield Found(
                path,
                f"{said[0]!r} in {text!r}: FLUX hears the thing that is denied.",
                "Say what is there instead ('an empty street' for 'no people'), or put it into avoid.",
            )


@rule(
    "age-number",
    "note",
    reason="github.com/black-forest-labs/flux issue 179: faces come out young whatever the number.",
)
def age_number(case: Case) -> Iterator[Found]:
    """An age in figures alone gives a young face."""
    subject = case.scene.subject
    if subject is None:
        return
    said = " ".join(text for _, text in subject.texts())
    number = _AGE.search(said)
    if number and not _AGED.search(said.replace(number[0], "")):
        yield Found(
            "subject.age",
            f"{number[0]!r} alone tends to give a young face.",
            "Say what age looks like: subject.age='weathered face, wrinkles around the eyes', hair='silver hair'.",
        )


@rule("whose-left", "note", reason="Left and right are always the camera's in fluxkit; 'her left' is the other one.")
def whose_left(case: Case) -> Iterator[Found]:
    """A side is given from the subject's point of view."""
    for path, text in case.texts():
        said = _SIDED.search(text)
        if said and not re.search(
            r"hand|arm|eye|ear|leg|foot|cheek|shoulder|knee|side of (his|her)", text, re.IGNORECASE
        ):
            yield Found(
                path,
                f"{said[0]!r} may be read from either side of the camera.",
                "Say 'camera left' or 'camera right', or 'the left of the frame'.",
            )
