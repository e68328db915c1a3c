"""What a form tells beside its fields: the prompt with its tokens, the findings, and what the optics come to."""

from __future__ import annotations

import html
import math
from collections.abc import Iterable, Iterator

from fluxkit.errors import FluxkitError
from fluxkit.models import ModelSpec
from fluxkit.prompt import Diagnostic, Prompt
from fluxkit.scene.optical import Optics
from fluxkit.scene.scene import Scene

_SIGNS = {"note": "i", "warning": "!", "error": "✕"}
_NEAREST_M, _FURTHEST_M = 0.3, 100.0


def told_html(
    scene: Scene, spec: ModelSpec, before: Prompt | None = None, heading: str = "Prompt"
) -> tuple[str, Prompt | None]:
    """The whole column as HTML, and the prompt in it; words that `before` did not have are marked."""
    try:
        prompt = scene.prompt(spec)
        findings = [*scene.check(spec), *prompt.diagnostics]
    except FluxkitError as error:
        return f'<p role="alert">{html.escape(str(error))}</p>', before
    parts = [
        f"<h4>{heading} for {html.escape(spec.id)}</h4>",
        f'<p class="fk-words">{_words(prompt, before) or "<em>Nothing is said yet.</em>"}</p>',
        _tokens(prompt),
        _findings(findings),
        _optics(scene),
    ]
    return "".join(parts), prompt


def _words(prompt: Prompt, before: Prompt | None) -> str:
    """The prompt, each field's words with the field's path as their title."""
    known = {_span_key(before, start, end, path) for start, end, path in _runs(before)} if before else None
    shown, at = [], 0
    for start, end, path in _runs(prompt):
        shown.append(html.escape(prompt.text[at:start]))
        fresh = known is not None and _span_key(prompt, start, end, path) not in known
        words = html.escape(prompt.text[start:end])
        shown.append(f'<span title="{html.escape(path)}">{f"<mark>{words}</mark>" if fresh else words}</span>')
        at = end
    return "".join(shown) + html.escape(prompt.text[at:])


def _runs(prompt: Prompt) -> Iterator[tuple[int, int, str]]:
    return ((span.start, span.end, span.path) for span in prompt.spans)


def _span_key(prompt: Prompt, start: int, end: int, path: str) -> tuple[str, str]:
    return path, prompt.text[start:end]


def _tokens(prompt: Prompt) -> str:
    """A bar for each encoder: how full its window is."""
    bars = []
    for name, count in prompt.token_counts.items():
        full = min(1.0, count.count / count.window)
        over = ' class="fk-over"' if count.count > count.window else ""
        bars.append(
            f'<li{over}><span>{html.escape(name)}</span><i style="--fk-full:{full:.0%}"></i>'
            f"<span>{html.escape(str(count))} tokens</span></li>"
        )
    return f'<ul class="fk-tokens">{"".join(bars)}</ul>' if bars else ""


def _findings(findings: Iterable[Diagnostic]) -> str:
    distinct = list({str(one): one for one in findings}.values())
    items = "".join(
        f'<li class="fk-{one.severity}"><b title="{one.severity}: {html.escape(one.rule)}">{_SIGNS[one.severity]}</b>'
        f"<span>{html.escape(one.message)} {html.escape(one.cure)}</span></li>"
        for one in distinct
    )
    if not items:
        return ""
    grave = sum(one.severity != "note" for one in distinct)
    notes = len(distinct) - grave
    counts = ((grave, "warning"), (notes, "note"))
    heading = ", ".join(f"{count} {name}{'s' * (count != 1)}" for count, name in counts if count)
    return (
        f'<details{" open" if grave else ""}><summary>{heading}</summary><ul class="fk-findings">{items}</ul></details>'
    )


def _optics(scene: Scene) -> str:
    if scene.lens is None and scene.camera is None:
        return ""
    try:
        optics = scene.optics()
    except FluxkitError as error:
        return f"<h4>Optics</h4><p>{html.escape(str(error))}</p>"
    figures = "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in _figures(optics))
    ruler = _ruler(optics) if optics.near_limit_m is not None and optics.far_limit_m is not None else ""
    return f'<h4>Optics</h4><dl class="fk-figures">{figures}</dl>{ruler}' if figures else ""


def _figures(optics: Optics) -> Iterator[tuple[str, str]]:
    if optics.angle_of_view_deg is not None:
        yield "angle of view", f"{optics.angle_of_view_deg:.0f}°"
    if optics.near_limit_m is not None and optics.far_limit_m is not None:
        yield "sharp", f"{metres(optics.near_limit_m)} to {metres(optics.far_limit_m)}"
    if optics.hyperfocal_m is not None:
        yield "hyperfocal", metres(optics.hyperfocal_m)
    if optics.background_blur is not None:
        yield "background blur", f"{optics.background_blur:.1%} of the short side"
    if optics.ev is not None:
        yield "exposure", f"EV {optics.ev:.1f}"
    if optics.overexposure_stops is not None:
        yield "against the light to expect", f"{optics.overexposure_stops:+.1f} stops"


def metres(distance: float) -> str:
    """A distance as it is engraved on a lens.

    >>> metres(0.452), metres(2.139), metres(68.4), metres(float("inf"))
    ('45 cm', '2.14 m', '68 m', '∞')
    """
    if math.isinf(distance):
        return "∞"
    if distance < 1:
        return f"{distance * 100:.0f} cm"
    return f"{distance:.2f} m" if distance < 10 else f"{distance:.0f} m"


def _ruler(optics: Optics) -> str:
    """Where the picture is sharp, on a ruler of distance."""
    near, far = _share(optics.near_limit_m or _NEAREST_M), _share(optics.far_limit_m or _FURTHEST_M)
    focus = f'<b style="left:{_share(optics.focus_distance_m):.1%}"></b>' if optics.focus_distance_m else ""
    marks = "".join(f'<span style="left:{_share(tick):.1%}">{tick:g}</span>' for tick in (0.5, 1, 2, 5, 10, 20, 50))
    return (
        f'<div class="fk-ruler" role="img" aria-label="Sharp from {metres(optics.near_limit_m or 0)} to '
        f'{metres(optics.far_limit_m or 0)}"><i style="left:{near:.1%};width:{max(far - near, 0.004):.1%}"></i>{focus}'
        f"{marks}<em>m</em></div>"
    )


def _share(distance: float) -> float:
    inside = min(_FURTHEST_M, max(_NEAREST_M, distance))
    return math.log(inside / _NEAREST_M) / math.log(_FURTHEST_M / _NEAREST_M)
