"""`PromptRenderer`: a record and a model's template into a `Prompt`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from fluxkit._base import Record
from fluxkit.errors import CapabilityError
from fluxkit.models import ModelSpec
from fluxkit.prompt.avoid import positives
from fluxkit.prompt.program import Program, program
from fluxkit.prompt.prompt import Prompt, Rendered
from fluxkit.prompt.tokens import Budget, Tokenizer


class PromptRenderer:
    """Words a record for one model.

    >>> from fluxkit import models
    >>> from fluxkit.scene import Scene
    >>> print(PromptRenderer(models.get("flux.1-dev")).render(Scene(subject="a vase")))
    A vase.
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
        self.budget = Budget(spec.windows, tokenizers or {})
        self._program: Program = program(template, spec.template, Path(folder) if folder else None)

    @property
    def template(self) -> str:
        """Name of the template in use."""
        return self._program.name

    def render(self, record: Record) -> Prompt:
        """The prompt for one record. Raises `TemplateError` with the template's name and line when it fails."""
        avoid: tuple[str, ...] = getattr(record, "avoid", ())
        wanted, findings = (
            ((), ()) if self.negative or self.spec.vocabulary else positives(avoid, self.spec.negative == "true_cfg")
        )
        pieces = self._program.run(record, {"wanted": wanted, "model": self.spec.id})
        rendered = Rendered(record, pieces, findings, self.budget, self.spec)
        return Prompt.of(rendered, self._program.name, ", ".join(avoid) if self.negative and avoid else None)

    def render_many(self, records: Iterable[Record]) -> list[Prompt]:
        """The prompts for many records, in order; parts that repeat are worded once."""
        return [self.render(record) for record in records]
