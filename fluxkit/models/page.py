"""The documentation page of every model, written from the tables: `python -m fluxkit.models.page docs/models.md`."""

from __future__ import annotations

import sys
from pathlib import Path

from fluxkit.models import registry
from fluxkit.models.spec import ModelSpec

_HEAD = """# Models

Every model id that fluxkit knows, with what it takes. This page is written from the tables in `fluxkit/models/` by
`python -m fluxkit.models.page docs/models.md`; a test holds it to them. In a notebook `fk.models.table()` shows the
same.

For a fine-tune, or weights in a folder of your own: `fk.models.get("flux.1-dev").with_(weights="folder or hub id")`.
Prices are the hosts' own as last read, and change; a plan's `.cost()` says what it assumes.
"""
_NEGATIVES = {
    "true_cfg": "read when `true_cfg` is above 1; twice the time a step",
    "embeds": "read; it takes the place of the empty one that guidance works against",
    "none": "not taken: `avoid` is said as what is seen instead",
}


def page() -> str:
    """The whole page as Markdown, ending in a newline."""
    specs = [registry.get(name) for name in registry.ids() if registry.is_built_in(name)]
    parts = [_HEAD]
    for where, title in (("local", "## On your own machine"), ("hosted", "## At a host")):
        chosen = [spec for spec in specs if spec.where == where]
        parts += [title, "", _overview(chosen), ""]
        parts += [section for spec in chosen for section in (_section(spec), "")]
    return "\n".join(parts).rstrip() + "\n"


def _overview(specs: list[ModelSpec]) -> str:
    head = "| id | does | steps | guidance | references | licence |\n|---|---|---|---|---|---|"
    rows = [
        f"| [`{spec.id}`](#{_anchor(spec)}) | {', '.join(spec.methods)} | {_steps(spec)} | {_guidance(spec)} "
        f"| {spec.references or '-'} | {spec.licence} |"
        for spec in specs
    ]
    return "\n".join([head, *rows])


def _section(spec: ModelSpec) -> str:
    facts = {
        "Name": spec.title,
        "Weights": None if spec.where == "hosted" or spec.id.startswith("nano") else f"`{spec.weights}`",
        "Runs on the parts of": spec.base and f"`{spec.base}`",
        "Hosts": ", ".join(spec.hosts),
        "Licence": f"[{spec.licence}]({spec.licence_url})" if spec.licence_url else spec.licence,
        "Does": ", ".join(f"`session.{method}`" for method in spec.methods),
        "Steps": _steps(spec),
        "Guidance": _guidance(spec),
        "Negative prompt": _NEGATIVES[spec.negative],
        "Sizes": _sizes(spec),
        "Reads": ", ".join(f"{count} tokens ({name})" for name, count in spec.windows.items()),
        "References": f"up to {spec.references} pictures" if spec.references else "",
        "Control maps": _maps(spec),
        "Strength": f"{spec.strength:g} unless asked" if spec.strength else "",
        "LoRAs": "" if spec.loras else "none",
        "Options": ", ".join(f"`{name}`" for name in spec.options),
        "Parameters": f"{spec.parameters:g} billion" if spec.parameters else "",
        "Unverified": "" if spec.verified else "no current source lists it",
        "Source": spec.source,
        "Note": spec.note,
    }
    lines = [f"- {name}: {value}" for name, value in facts.items() if value]
    # Fenced as text: these lines stand for pictures of the reader's own, and are not run as they are.
    return "\n".join([f"### {spec.id}", "", *lines, "", "```text", *_calls(spec), "```"])


def _maps(spec: ModelSpec) -> str:
    if not spec.follows:
        return ""
    several = f", up to {spec.max_controls} at once" if spec.max_controls > 1 else ""
    strength = f"; strength {spec.control_strength:g} unless asked" if spec.control_strength else ""
    return f"{', '.join(spec.follows)}{several}{strength}"


def _calls(spec: ModelSpec) -> list[str]:
    """One line of code for each thing that a session does with the model."""
    model = f"model={spec.id!r}".replace("'", '"')
    kind = spec.follows[0] if spec.follows else ""
    ready = f'fk.ControlMap.given(image, kind="{kind}")'
    one_map = f"fk.ControlMap.{kind}(frame)" if kind in ("depth", "canny") else ready
    beside = f", control={one_map}" if spec.follows else ""
    references = f", references=[{'second, ' * (spec.references > 1)}...]" if spec.references > 1 else ""
    maps = f"[{one_map}, ...]" if spec.max_controls > 1 else one_map
    paid = ", budget_usd=5" if spec.where == "hosted" else ""
    calls = {
        "shoot": f"session.shoot(scene, {model}, seed=7)",
        "vary": f"session.vary(frame, strength=0.5{beside}, {model})",
        "fill": f'session.fill(frame, mask=mask, prompt="a red scarf"{beside}, {model})',
        "outpaint": f'session.outpaint(frame, left=256, prompt="a field"{beside}, {model})',
        "edit": f'session.edit(frame, "turn the key light to the right"{references}, {model})',
        "control": f"session.control(scene, {maps}, {model})",
        "blend": f"session.blend([first{', second' * (spec.references > 1)}], prompt=scene, {model})",
    }
    opened = f"with fk.Session({paid.removeprefix(', ')}) as session:"
    return [opened, *(f"    {calls[method]}" for method in spec.methods)]


def _anchor(spec: ModelSpec) -> str:
    """The heading's anchor, as GitHub makes it."""
    return spec.id.replace(".", "")


def _steps(spec: ModelSpec) -> str:
    return "the host's" if spec.steps is None else f"{spec.steps.default} ({spec.steps.low} to {spec.steps.high})"


def _guidance(spec: ModelSpec) -> str:
    kind, default = spec.guidance.kind, spec.guidance.default
    if kind == "none" or default is None:
        return "none" if kind == "none" else kind
    return f"{default:g} ({spec.guidance.low:g} to {spec.guidance.high:g}, {kind})"


def _sizes(spec: ModelSpec) -> str:
    if spec.sized_by != "pixels":
        return f"set by the {spec.sized_by.replace('_', ' ')}"
    size = spec.size
    return (
        f"sides in multiples of {size.multiple} from {size.min_side} to {size.max_side}, at most "
        f"{size.max_pixels / 1e6:.2g} megapixels; {size.default_width} x {size.default_height} unless asked"
    )


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page(), encoding="utf-8")
