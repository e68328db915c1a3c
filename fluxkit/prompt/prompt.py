"""`Prompt`: the words for one model, with the fields that made them and what they cost in tokens."""

from __future__ import annotations

from functools import cached_property
from typing import NamedTuple, Self

from pydantic import Field, PrivateAttr

from fluxkit._base import Record
from fluxkit.models import ModelSpec
from fluxkit.prompt.assembly import Pieces, joined
from fluxkit.prompt.diagnostic import Diagnostic
from fluxkit.prompt.findings import findings
from fluxkit.prompt.taught import untaught
from fluxkit.prompt.tokens import Budget


class Span(Record):
    """Which field made the characters `start` to `end` of a prompt."""

    start: int = Field(ge=0)
    """Index of the first character."""

    end: int = Field(ge=0)
    """Index after the last character."""

    path: str
    """Dotted path of the field, such as `lighting.key.direction`."""


class TokenCount(Record):
    """How many tokens a text encoder is given, end markers included."""

    count: int = Field(ge=0)
    """Number of tokens; an upper bound where `exact` is False."""

    window: int = Field(gt=0)
    """How many tokens the encoder reads; what lies behind is not seen."""

    exact: bool = False
    """True where the model's own tokenizer counted; False for an estimate, which is never too low."""

    cut: int | None = None
    """Index of the first character that the encoder does not read; None where it reads everything."""

    def __str__(self) -> str:
        return f"{'' if self.exact else 'at most '}{self.count} of {self.window}"


class Making(NamedTuple):
    """What all prompts of one renderer share."""

    spec: ModelSpec
    budget: Budget
    template: str


class Rendered(NamedTuple):
    """What is known of one prompt beyond its text; worked out only when it is asked for."""

    making: Making
    record: Record
    pieces: Pieces
    findings: tuple[Diagnostic, ...]

    def spans(self) -> tuple[Span, ...]:
        """Which field made which characters."""
        return tuple(Span(start=run.start, end=run.end, path=run.path) for run in joined(self.pieces).runs)

    def token_counts(self, text: str) -> dict[str, TokenCount]:
        """Tokens for each encoder of the model."""
        budget = self.making.budget
        cuts = {name: budget.cut(name, text) for name in budget.windows}
        return {
            name: TokenCount(count=cut.total, window=budget.windows[name], exact=cut.exact, cut=cut.at)
            for name, cut in cuts.items()
        }

    def diagnostics(self, prompt: Prompt) -> tuple[Diagnostic, ...]:
        """What the words could not say, and which of them the model does not read."""
        spec = self.making.spec
        said = {run.path: part.text[run.start : run.end] for _, part in self.pieces for run in part.runs}
        left_out = untaught(self.record, said, spec.id) if spec.vocabulary else ()
        return (*self.findings, *left_out, *findings(prompt))


class Prompt(Record):
    """What a model is given; `str(prompt)` is that text, to the character."""

    text: str
    """The text given to the model."""

    negative: str | None = None
    """A real negative prompt, for the models that have one; None otherwise."""

    template: str = ""
    """Name of the template that chose the words, such as `flux.1/prose`; empty for words given as text."""

    model: str = ""
    """Id of the model that the words are for."""

    _rendered: Rendered | None = PrivateAttr(default=None)

    @classmethod
    def of(cls, rendered: Rendered, text: str, negative: str | None) -> Self:
        """The prompt of what a renderer made.

        It is put together without validation, which its typed parts do not need: a sweep makes ten thousand.
        """
        prompt = cls.__new__(cls)
        making = rendered.making
        fields = {"text": text, "negative": negative, "template": making.template, "model": making.spec.id}
        _put(prompt, "__dict__", fields)
        _put(prompt, "__pydantic_fields_set__", _FIELDS)
        _put(prompt, "__pydantic_extra__", None)
        _put(prompt, "__pydantic_private__", {"_rendered": rendered})
        return prompt

    @cached_property
    def spans(self) -> tuple[Span, ...]:
        """Which field made which characters, in order and without overlap; empty for words given as text."""
        return self._rendered.spans() if self._rendered else ()

    @cached_property
    def token_counts(self) -> dict[str, TokenCount]:
        """Tokens by text encoder, such as `clip` and `t5`; empty for words given as text."""
        return self._rendered.token_counts(self.text) if self._rendered else {}

    @cached_property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """What the words could not say, or say differently from what was asked."""
        return self._rendered.diagnostics(self) if self._rendered else ()

    def explain(self) -> str:
        """What Jupyter shows in colour, as plain text: numbered fields, the cuts, token counts and findings."""
        from fluxkit.prompt import show

        return show.plain(self)

    def _repr_html_(self) -> str:
        from fluxkit.prompt import show

        return show.as_html(self)

    def words_of(self, path: str) -> tuple[str, ...]:
        """The words that a field, or the fields below it, made; empty where it made none."""
        return tuple(
            self.text[span.start : span.end]
            for span in self.spans
            if span.path == path or span.path.startswith(f"{path}.")
        )

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return self.text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Prompt) and self._identity() == other._identity()

    def __hash__(self) -> int:
        return hash(self._identity())

    def _identity(self) -> tuple[str | None, ...]:
        return (self.text, self.negative, self.template, self.model)


_put = object.__setattr__
_FIELDS = set(Prompt.model_fields)
