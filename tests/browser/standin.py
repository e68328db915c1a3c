"""A page with one of fluxkit's widgets and a stand-in for the kernel's model, for tests that need no notebook."""

from __future__ import annotations

import base64
import json
from typing import Any

from fluxkit.widgets import bundle

_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>
<style>body {{ margin: 0 }} {css}</style><main id="root"></main>
<script type="module">
{module}
const state = {state};
const handlers = {{}};
const tell = (name, ...said) => (handlers[name] ?? []).forEach((handler) => handler(...said));
window.sent = [];
window.state = state;
window.toView = (message, ...texts) =>
  tell("msg:custom", message, texts.map((text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0))));
const model = {{
  get: (name) => state[name],
  set: (name, value) => {{ state[name] = value; tell(`change:${{name}}`); }},
  save_changes: () => window.sent.push({{ state: {{ ...state }} }}),
  on: (name, handler) => (handlers[name] ??= []).push(handler),
  off: () => {{}},
  send: (message, _callbacks, buffers) =>
    window.sent.push({{ message, bytes: buffers ? btoa(String.fromCharCode(...new Uint8Array(buffers[0]))) : null }}),
}};
window.unmount = widget.render({{ model, el: document.getElementById("root") }});
</script></html>"""


def page_of(module: str, view: Any) -> str:
    """The page of a widget, whose traits are what the Python side would send."""
    state = view.get_state()
    plain = {name: value for name, value in state.items() if name[0] != "_" and name not in ("layout", "tooltip")}
    return _PAGE.format(title=type(view).__name__, css=view._css, module=bundle.script(module), state=json.dumps(plain))


def to_view(page: Any, message: dict[str, Any], *buffers: bytes) -> None:
    """A message from Python, with its buffers."""
    page.evaluate(
        "([message, texts]) => window.toView(message, ...texts)",
        [message, [base64.b64encode(buffer).decode() for buffer in buffers]],
    )
