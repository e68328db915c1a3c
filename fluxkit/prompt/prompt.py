"""`Prompt`: the words for one model, with the fields that made them and what they cost in tokens."""

from __future__ import annotations

from pydantic import Field

from fluxkit._base import Record
from fluxkit.prompt.diagnostic import Diagnostic


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


class Prompt(Record):
    """What a model is given; `str(prompt)` is that text, to the character."""

    text: str
    """The text given to the model."""

    negative: str | None = None
    """A real negative prompt, for the models that have one; None otherwise."""

    template: str = ""
    """Name of the template that chose the words, such as `flux.1/prose`."""

    model: str = ""
    """Id of the model that the words are for."""

    token_counts: dict[str, TokenCount] = Field(default_factory=dict)
    """Tokens by text encoder, such as `clip` and `t5`."""

    diagnostics: tuple[Diagnostic, ...] = ()
    """What the words could not say, or say differently from what was asked."""

    spans: tuple[Span, ...] = ()
    """Which field made which characters, in order and without overlap."""

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return self.text

    def words_of(self, path: str) -> tuple[str, ...]:
        """The words that a field, or the fields below it, made; empty where it made none.

        >>> prompt = Prompt(text="A woman, seated.", spans=(Span(start=9, end=15, path="subject.pose"),))
        >>> prompt.words_of("subject")
        ('seated',)
        """
        return tuple(
            self.text[span.start : span.end]
            for span in self.spans
            if span.path == path or span.path.startswith(f"{path}.")
        )
