"""Writes the tables of docs/scene.md and docs/optics.md from the code, so that no field, stock or rule is missing.

Run it after a change: `python docs/tables.py`. A test fails while a page is out of date.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, get_args, get_origin

DOCS = Path(__file__).parent
sys.path.insert(0, str(DOCS.parent))

from fluxkit import optics, scene  # noqa: E402 - the checkout's own package, also where none is installed
from fluxkit._base import Record, record_type  # noqa: E402
from fluxkit.scene import lenses, presets, rigs, stocks  # noqa: E402
from fluxkit.scene.light import DIRECTIONS  # noqa: E402
from fluxkit.scene.lighting import PATTERNS  # noqa: E402
from fluxkit.scene.noun import choices  # noqa: E402
from fluxkit.scene.rules import RULES  # noqa: E402
from fluxkit.scene.sources import MODIFIER_SIZE_M, SOURCE_KELVIN  # noqa: E402

_BLOCK = re.compile(r"(<!-- table: (?P<name>[a-z_]+) -->\n).*?(<!-- end -->)", re.DOTALL)
Row = tuple[Any, ...]


def table(head: Row, rows: Iterator[Row]) -> str:
    """A Markdown table."""
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(_cell(cell) for cell in line)} |" for line in lines)


def fields() -> str:
    """Every field of every noun, in the order of the scene."""
    parts = []
    for noun in _nouns():
        rows = (
            (f"`{name}`", _kind(field), _default(field), field.description) for name, field in noun.model_fields.items()
        )
        summary = inspect.getdoc(noun).splitlines()[0]
        parts.append(f"### {noun.__name__}\n\n{summary}\n\n{table(('field', 'takes', 'unset', 'meaning'), rows)}")
    return "\n\n".join(parts)


def film_stocks() -> str:
    """Every stock with its data and source."""

    def rows() -> Iterator[Row]:
        for name, stock in stocks.stocks().items():
            figure = f"{stock.grain_scale} {stock.grain_figure:g}" if stock.grain_figure else "none published"
            balance = f"{stock.balance_k:g}" if stock.balance_k else ""
            yield f"`{name}`", stock.name, f"{stock.iso:g}", stock.kind, balance, stock.grain, figure, stock.source

    return table(("constant", "film", "ISO", "kind", "balance K", "grain", "figure", "source"), rows())


def lens_presets() -> str:
    """Every lens preset."""
    return table(("constant", "for", "states"), _constants(lenses, _stated))


def lighting_rigs() -> str:
    """Every rig with the angles of its key."""

    def angles(rig: scene.Lighting) -> str:
        azimuth, elevation = rig.key_angles or (0.0, 0.0)
        return f"azimuth {azimuth:g}°, elevation {elevation:g}°; {rig.key.softness}; ratio {rig.ratio:g}:1"

    return table(("constant", "what it does", "key"), _constants(rigs, angles))


def scene_presets() -> str:
    """Every preset scene."""
    return table(("constant", "what it is", "subject"), _constants(presets, lambda preset: preset.subject.description))


def patterns() -> str:
    """Every portrait pattern with its angles."""
    rows = (
        (f"`{name}`", f"{rule.azimuth_deg:g}°", f"{rule.elevation_deg:g}°", _span(rule.azimuth_range),
         _span(rule.elevation_range), rule.sign)
        for name, rule in PATTERNS.items()
    )  # fmt: skip
    return table(("pattern", "azimuth (either side)", "elevation", "azimuth range", "elevation range", "sign"), rows)


def directions() -> str:
    """Every named direction with its angles."""
    return table(
        ("direction", "azimuth", "elevation"), ((f"`{n}`", f"{a:g}°", f"{e:g}°") for n, (a, e) in DIRECTIONS.items())
    )


def sources() -> str:
    """Every named source with its colour temperature."""
    rows = (
        (f"`{name}`", f"{kelvin:g} K" if kelvin else "a colour, no temperature")
        for name, kelvin in SOURCE_KELVIN.items()
    )
    return table(("source", "colour temperature"), rows)


def modifiers() -> str:
    """Every modifier with its usual size and its softness near and far."""
    rows = (
        (f"`{name}`", f"{size:g} m", *(optics.softness(optics.source_angle_deg(size, d)) for d in (1, 2, 5)))
        for name, size in MODIFIER_SIZE_M.items()
    )
    return table(("modifier", "usual size", "at 1 m", "at 2 m", "at 5 m"), rows)


def rules() -> str:
    """Every rule of `check`."""
    rows = ((f"`{rule.id}`", rule.severity, rule.title, rule.reason) for rule in RULES.values())
    return table(("rule", "severity", "finds", "why"), rows)


def formats() -> str:
    """Every sensor and film format."""
    rows = (
        (
            f"`{name}`",
            f"{p.width_mm:g} × {p.height_mm:g}",
            f"{p.crop_factor:.2f}",
            f"{optics.circle_of_confusion_mm(p):.3f}",
        )
        for name, p in optics.FORMATS.items()
    )
    return table(("format", "mm", "crop", "circle of confusion, mm"), rows)


def functions() -> str:
    """Every public function of `fluxkit.optics`."""
    found = (getattr(optics, name) for name in optics.__all__)
    rows = (
        (f"`{item.__name__}`", _module(item), " ".join(inspect.getdoc(item).split("\n\n")[0].split()))
        for item in found
        if inspect.isfunction(item)
    )
    return table(("function", "in", "gives"), rows)


TABLES: dict[str, Callable[[], str]] = {
    make.__name__: make
    for make in (
        fields,
        film_stocks, lens_presets, lighting_rigs, scene_presets, patterns, directions, sources, modifiers, rules,
        formats, functions,
    )
}  # fmt: skip


def written(page: Path) -> str:
    """The page with its tables made anew."""

    def made(block: re.Match[str]) -> str:
        return f"{block[1]}\n{TABLES[block['name']]()}\n\n{block[3]}"

    return _BLOCK.sub(made, page.read_text(encoding="utf-8"))


def _nouns() -> list[type[Record]]:
    """Scene and every record inside it, each once, in the order of the fields."""
    found: list[type[Record]] = []

    def visit(kind: type[Record]) -> None:
        if kind in found:
            return
        found.append(kind)
        for field in kind.model_fields.values():
            items = get_args(field.annotation) if get_origin(field.annotation) is tuple else ()
            for inner in (record_type(field.annotation), *(record_type(item) for item in items)):
                if inner is not None:
                    visit(inner)

    visit(scene.Scene)
    return [*found, scene.Edit]


def _kind(field: Any) -> str:
    """What a field takes, in words."""
    names = choices(field.annotation)
    if names:
        return ", ".join(f"`{name}`" for name in names)
    shown = re.sub(r"typing\.|fluxkit\.[\w.]*\.|<class '|'>", "", str(field.annotation))
    several = shown.startswith("tuple")
    inner = record_type(field.annotation) or next((record_type(a) for a in get_args(field.annotation)), None)
    if inner is not None:
        return f"{'several ' if several else ''}[{inner.__name__}](#{inner.__name__.lower()})"
    if "float" in shown:
        return f"number {_limits(field)}".strip()
    if "datetime" in shown.lower() or "Aware" in shown:
        return "date and time with a zone"
    return "several texts" if several else "text"


def _limits(field: Any) -> str:
    limits = {type(item).__name__.lower(): getattr(item, type(item).__name__.lower()) for item in field.metadata}
    signs = (("gt", "above"), ("ge", "from"), ("lt", "below"), ("le", "to"))
    return " ".join(f"{word} {limits[sign]:g}" for sign, word in signs if sign in limits)


def _default(field: Any) -> str:
    if field.is_required():
        return "**required**"
    default = field.get_default(call_default_factory=True)
    return "" if default in (None, ()) else f"{default:g}" if isinstance(default, float) else str(default)


def _constants(module: Any, stated: Callable[[Any], str]) -> Iterator[Row]:
    """The constants of a module with the text that documents each in its source."""
    source = inspect.getsource(module)
    for name in (name for name in vars(module) if name.isupper()):
        text = re.search(rf'^{name} = .*?\n"""(.*?)"""$', source, re.DOTALL | re.MULTILINE)
        yield f"`{name}`", " ".join(text[1].split()) if text else "", stated(getattr(module, name))


def _stated(lens: scene.Lens) -> str:
    near = f", focused at {lens.focus_distance_m:g} m" if lens.focus_distance_m else ""
    return f"{lens.focal_length_mm:g} mm f/{lens.f_number:g}{f', {lens.character}' if lens.character else ''}{near}"


def _module(item: Any) -> str:
    return f"`{item.__module__.removeprefix('fluxkit.')}`"


def _span(limits: tuple[float, float]) -> str:
    return f"{limits[0]:g}° to {limits[1]:g}°"


def _cell(value: Any) -> str:
    return " ".join(str(value).split()).replace("|", "\\|")


if __name__ == "__main__":
    for page in (DOCS / "scene.md", DOCS / "optics.md"):
        page.write_text(written(page), encoding="utf-8")
