"""A sheet as one HTML file that a client opens offline: zoom, rate, compare, and send the picks back."""

from __future__ import annotations

import base64
import hashlib
import html
import json
from collections.abc import Mapping, Sequence
from typing import Any

from fluxkit.frames import Frame
from fluxkit.frames.marks import Marks
from fluxkit.frames.thumbnail import shrunk
from fluxkit.sheets.blank import Blank
from fluxkit.sheets.cards import card_data, grid_data, jpeg, small_jpeg
from fluxkit.sheets.layout import Layout
from fluxkit.sheets.measures import Content
from fluxkit.sheets.table import SheetTable

_LARGEST_PX = 1600
_EXACT_PX = 320
_QUALITY = 84

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="generator" content="fluxkit">
<title>{title}</title>
<style>
html {{ background: {ground}; color-scheme: {scheme}; }}
body {{ margin: 0 auto; padding: 12px; max-width: 1500px; }}
details.fk-words {{ font: 13px/1.5 sans-serif; color: {quiet}; padding: 8px 22px 40px; }}
details.fk-words td, details.fk-words th {{ text-align: left; font-weight: 400; padding: 2px 18px 2px 0; }}
{css}
.fk-grid {{ max-height: none; }}
.fk-foot {{ position: sticky; bottom: 0; z-index: 4; padding-bottom: 12px; }}
.fk-loupe {{ position: fixed; height: 100dvh; max-height: none; border-radius: 0; }}
@media (min-width: 800px) {{ .fk-grid {{ max-height: max(360px, calc(100dvh - 250px)); }} }}
</style>
</head>
<body>
<main id="fk-sheet" class="fk {scheme_class}"><noscript><p>{alt}</p></noscript></main>
<details class="fk-words"><summary>All frames in words</summary>{table}</details>
<script type="application/json" id="fk-data">{data}</script>
<script type="module">{script}</script>
</body>
</html>
"""


def offline_page(
    content: Content,
    layout: Layout,
    table: SheetTable,
    *,
    dark: bool,
    sheet: str,
    alt: str,
    marks: Mapping[str, Marks],
) -> str:
    """The page as text. It asks the network for nothing, and a policy in it forbids that it ever does."""
    from fluxkit.widgets import bundle

    script = bundle.module("offline.js")
    # A script is allowed by its hash, so that nothing that a caption says can run.
    allowed = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return _PAGE.format(
        policy=f"default-src 'none'; img-src data: blob:; style-src 'unsafe-inline'; script-src 'sha256-{allowed}'",
        title=html.escape(content.title or "Contact sheet"),
        ground="#161616" if dark else "#fbfbf9",
        quiet="#a5a5a0" if dark else "#5f5f5a",
        scheme="dark" if dark else "light",
        scheme_class="fk-dark" if dark else "",
        css=bundle.text("sheet.css"),
        alt=html.escape(alt),
        table=table._repr_html_(),
        data=_json(_data(content, layout, sheet, marks)),
        script=script,
    )


def _data(content: Content, layout: Layout, sheet: str, marks: Mapping[str, Marks]) -> dict[str, Any]:
    frames: Sequence[Frame | Blank] = content.frames  # type: ignore[assignment]
    cards = [
        card_data(i, frame, layout, content.faults.get(i), content.badges.get(i)) for i, frame in enumerate(frames)
    ]
    pictures = {i: frame for i, frame in enumerate(frames) if isinstance(frame, Frame)}
    return {
        "title": content.title or "",
        "subtitle": content.subtitle,
        "sheet": sheet,
        "grid": grid_data(layout),
        "cards": cards,
        "marks": {name: {"rating": mark.rating, "pick": mark.pick} for name, mark in marks.items()},
        "thumbnails": [_url(small_jpeg(pictures[i])) if i in pictures else None for i in range(len(cards))],
        "originals": {frame.id: _original(frame) for frame in pictures.values()},
    }


def _original(frame: Frame) -> str:
    """The picture to zoom into: exact where it is small, a fine JPEG where it is large."""
    if max(frame.image.size) <= _EXACT_PX:
        return _url(frame.png(), "png")
    return _url(jpeg(shrunk(frame.image, _LARGEST_PX), _QUALITY, sharp=True))


def _url(data: bytes, kind: str = "jpeg") -> str:
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"


def _json(data: dict[str, Any]) -> str:
    """JSON that cannot end the element it stands in."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
