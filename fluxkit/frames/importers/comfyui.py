"""ComfyUI's `prompt` graph: the sampler is found, and what feeds it is followed back through the links."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fluxkit.frames.importers.found import Found, parsed
from fluxkit.frames.metadata import Notes

Node = dict[str, Any]

_WORDS = ("text", "t5xxl", "clip_l", "prompt", "string", "value", "positive")
"""Inputs of a node that hold words, in the order in which they are trusted."""
_MODELS = ("unet_name", "ckpt_name", "model_name")
_DEEPEST = 64


def read(notes: Notes) -> Found | None:
    """The request in the graph that made the picture; None where there is none."""
    content = parsed(notes.texts.get("prompt", "")) or _in_comment(notes.parameters)
    if not isinstance(content, dict):
        return None
    nodes = {str(name): node for name, node in content.items() if isinstance(node, dict) and "class_type" in node}
    if not nodes:
        return None
    graph = Graph(nodes)
    sampler = graph.sampler()
    found = Found("ComfyUI", "", model=graph.first(_MODELS))
    if sampler is not None:
        found.prompt = graph.words(sampler, "positive") or graph.words(sampler, "conditioning")
        found.negative = graph.words(sampler, "negative")
        found.request = {
            "seed": graph.value(sampler, ("noise_seed", "seed")),
            "steps": graph.value(sampler, ("steps",)),
            "width": graph.value(sampler, ("width",)),
            "height": graph.value(sampler, ("height",)),
            "guidance": graph.setting("FluxGuidance", "guidance") or graph.setting("CLIPTextEncodeFlux", "guidance"),
        }
        scale = graph.value(sampler, ("cfg",))
        if found.request["guidance"] is None:
            found.request["guidance"] = scale
        elif isinstance(scale, int | float) and scale > 1:
            found.request["true_cfg"] = scale
        found.rest = {name: graph.value(sampler, (name,)) for name in ("sampler_name", "scheduler", "denoise")}
    if not found.prompt:
        found.prompt = max((text for node in nodes.values() for text in _texts(node)), key=len, default="")
    found.rest["loras"] = [
        {"name": node["inputs"].get("lora_name"), "strength": node["inputs"].get("strength_model")}
        for node in nodes.values()
        if "lora_name" in node.get("inputs", {})
    ]
    return found


def _in_comment(comment: str) -> Any:
    """The graph in a JPEG's or WebP's comment, where some saving nodes put `prompt` and `workflow` as one JSON."""
    both = parsed(comment)
    graph = both.get("prompt") if isinstance(both, dict) else None
    return parsed(graph) if isinstance(graph, str) else graph


class Graph:
    """The nodes of a workflow and the links between them."""

    def __init__(self, nodes: dict[str, Node]) -> None:
        self._nodes = nodes

    def sampler(self) -> Node | None:
        """The node that denoises: the one with the most of what a sampler is given."""
        given = ("noise_seed", "seed", "noise", "guider", "sigmas", "positive", "negative", "latent_image", "steps")
        scored = [(sum(name in node.get("inputs", {}) for name in given), node) for node in self._nodes.values()]
        best = max(scored, key=lambda pair: pair[0], default=(0, None))
        return best[1] if best[0] >= 2 else None

    def value(self, start: Node, names: tuple[str, ...]) -> Any:
        """The first plain value under one of the names, from a node or what feeds it."""
        for node in self._upstream(start):
            for name in names:
                value = node.get("inputs", {}).get(name)
                if isinstance(value, str | int | float) and not isinstance(value, bool):
                    return value
                if _is_link(value):
                    linked = self._nodes.get(str(value[0]), {}).get("inputs", {})
                    plain = next((linked[key] for key in (*names, "value", "seed", "int") if key in linked), None)
                    if isinstance(plain, int | float):
                        return plain
        return None

    def words(self, start: Node, role: str) -> str:
        """The words that feed an input of a node: `positive`, `negative` or `conditioning`."""
        for node in self._upstream(start):
            link = node.get("inputs", {}).get(role)
            if isinstance(link, str) and link:
                return link
            if _is_link(link) and str(link[0]) in self._nodes:
                for feeding in self._upstream(self._nodes[str(link[0])]):
                    text = next(_texts(feeding), "")
                    if text:
                        return text
        return ""

    def setting(self, kind: str, name: str) -> Any:
        """A plain input of the first node of a kind."""
        nodes = [node for node in self._nodes.values() if node["class_type"] == kind]
        values = (node.get("inputs", {}).get(name) for node in nodes)
        return next((value for value in values if isinstance(value, int | float)), None)

    def first(self, names: tuple[str, ...]) -> str:
        """The first text under one of the names, anywhere."""
        inputs = [node.get("inputs", {}) for node in self._nodes.values()]
        return next((str(given[name]) for name in names for given in inputs if isinstance(given.get(name), str)), "")

    def _upstream(self, start: Node) -> Iterator[Node]:
        """A node and everything that feeds it, nearest first; loops and very deep graphs end the walk."""
        seen: set[int] = set()
        layer = [start]
        for _depth in range(_DEEPEST):
            following: list[Node] = []
            for node in layer:
                if id(node) in seen:
                    continue
                seen.add(id(node))
                yield node
                links = [value for value in node.get("inputs", {}).values() if _is_link(value)]
                following += [self._nodes[str(link[0])] for link in links if str(link[0]) in self._nodes]
            layer = following


def _is_link(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and isinstance(value[1], int)


def _texts(node: Node) -> Iterator[str]:
    inputs = node.get("inputs", {})
    yield from (inputs[name] for name in _WORDS if isinstance(inputs.get(name), str) and inputs[name].strip())
