"""`PromptRenderer`: a record and a model's template into a `Prompt`."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from pathlib import Path
from typing import Any

from fluxkit._base import Record
from fluxkit.errors import CapabilityError
from fluxkit.models import ModelSpec
from fluxkit.prompt.assembly import text_of
from fluxkit.prompt.avoid import positives, unplaced
from fluxkit.prompt.diagnostic import Diagnostic
from fluxkit.prompt.program import Program, program
from fluxkit.prompt.prompt import Making, Prompt, Rendered
from fluxkit.prompt.tokens import Budget, Tokenizer, by_word

_Beside = tuple[tuple[Any, ...], tuple[Diagnostic, ...], str | None]


class PromptRenderer:
    """Words a record for one model.

    >>> from fluxkit import models
    >>> from fluxkit.scene import Scene
    >>> print(PromptRenderer(models.get("flux.1-dev")).render(Scene(subject="a vase")))
    A photograph of a vase.
    """

    def __init__(
        self,
        spec: ModelSpec,
        template: str | None = None,
        *,
        folder: str | Path | None = None,
        tokenizers: dict[str, Tokenizer] | None = None,
        negative: bool = False,
    ) -> None:
        """`template` is a name (`json`, `flux.2/json`) or a template itself; `folder` is searched before all others.

        `tokenizers` maps an encoder to the model's own tokenizer, so that tokens are counted exactly. `negative` asks
        for a real negative prompt. Raises `CapabilityError` where the model has none, `TemplateError` for an unknown
        or faulty template.
        """
        if negative and spec.negative != "true_cfg":
            raise CapabilityError(
                f"A negative prompt was asked for, but {spec.id} takes none. Leave it out: what the scene avoids is "
                "then said as what is seen instead."
            )
        self.spec = spec
        self.negative = negative
        self._program: Program = program(template, spec.template, Path(folder) if folder else None)
        self._known: dict[tuple[str, ...], _Beside] = {}
        if spec.vocabulary:
            tokenizers = {name: by_word(name) for name in spec.windows} | dict(tokenizers or {})
        self._making = Making(spec, Budget(spec.windows, tokenizers or {}), self._program.name)

    @property
    def template(self) -> str:
        """Name of the template in use."""
        return self._making.template

    def render(self, record: Record) -> Prompt:
        """The prompt for one record. Raises `TemplateError` with the template's name and line when it fails."""
        extra, findings, negative = self._beside(record)
        pieces = self._program.run(record, extra)
        return Prompt.of(Rendered(self._making, record, pieces, findings), text_of(pieces), negative)

    def render_many(self, records: Iterable[Record]) -> list[Prompt]:
        """The prompts for many records, in order; what repeats is worded once, so a sweep is best rendered whole."""
        prompts: list[Prompt] = []
        for _, group in groupby(records, key=type):
            same = list(group)
            beside = [self._beside(record) for record in same]
            words = self._program.run_many(same, [extra for extra, _, _ in beside])
            prompts += [
                Prompt.of(Rendered(self._making, record, pieces, findings), text_of(pieces), negative)
                for record, pieces, (_, findings, negative) in zip(same, words, beside, strict=True)
            ]
        return prompts

    def _beside(self, record: Record) -> _Beside:
        """What the template reads beside the record's fields, the findings so far, and a real negative prompt."""
        avoid: tuple[str, ...] = getattr(record, "avoid", ())
        known = self._known.get(avoid)
        if known is None:
            wanted, findings = self._instead(avoid)
            values = {"model": self.spec.id, "wanted": wanted}
            extra = tuple(values[name] for name in self._program.extras)
            known = self._known[avoid] = (extra, findings, ", ".join(avoid) if self.negative and avoid else None)
        return known

    def _instead(self, avoid: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[Diagnostic, ...]]:
        """What is said in place of what must not be seen, and the findings about it."""
        if self.negative or self.spec.vocabulary:  # a taught model reports for itself what it leaves out
            return (), ()
        if "wanted" not in self._program.extras:
            return (), unplaced(avoid, self.template)
        return positives(avoid, self.spec.negative == "true_cfg")
