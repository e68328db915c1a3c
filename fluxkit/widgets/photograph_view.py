"""`PhotographView`: photographs one after the other, each with what is wrong with it and whether it has a caption."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import traitlets

from fluxkit.errors import FluxkitError
from fluxkit.frames.thumbnail import jpeg
from fluxkit.widgets import bundle
from fluxkit.widgets.base import View

if TYPE_CHECKING:
    from PIL.Image import Image

    from fluxkit.train import Finding, Photograph, TrainingSet

_SMALL_PX = 112
_LARGE_PX = 720


class PhotographView(View):
    """The photographs of a training set, one large and all of them small on a strip; it changes none of them."""

    _esm = bundle.module("photographs.js")
    _css = bundle.text("sheet.css") + bundle.text("photographs.css")

    photographs: Any = traitlets.List().tag(sync=True)
    """A photograph's name, size, small picture and findings."""
    about: Any = traitlets.List().tag(sync=True)
    """What is wrong with the set as a whole."""
    marks: Any = traitlets.List().tag(sync=True)
    """For each photograph: `none`, `captioned`, `unsaved` or `wrong`."""
    picture = traitlets.Unicode().tag(sync=True)
    """The large picture as a data URL; empty where its file cannot be read any more."""
    index = traitlets.Int(0).tag(sync=True)
    """The photograph that is asked for, from 0."""
    beside = traitlets.Unicode().tag(sync=True)
    """The id of the box of controls in which a photograph's caption is typed; empty where there is none."""
    shown = traitlets.Int(-1).tag(sync=True)
    """The photograph that everything around the view shows by now."""

    def __init__(self, photographs: TrainingSet, resolution: int = 512, **options: Any) -> None:
        """`resolution` is what is to be trained at, in pixels: smaller photographs are told."""
        super().__init__(**options)
        self._set = photographs
        self.photographs = [_described(photographs, each, resolution) for each in photographs]
        self.about = [_told(finding) for finding in photographs.about()]
        self.marks = ["none"] * len(photographs)

    def show(self, index: int) -> None:
        """Show a photograph, once what stands beside the view is that photograph's too."""
        photograph = self._set[index]
        with self.hold_sync():
            self.picture = _url(_read(photograph, _LARGE_PX), _LARGE_PX)
            self.index = self.shown = index

    def describe(self) -> str:
        """One line: how many photographs there are."""
        return f"PhotographView({len(self.photographs)} photographs)"


def _described(photographs: TrainingSet, photograph: Photograph, resolution: int) -> dict[str, Any]:
    wrong = photographs.about_one(photograph, resolution=resolution)
    found = [finding for finding in wrong if finding.rule != "no caption"]
    return {
        "name": photograph.name,
        "size": f"{photograph.width} × {photograph.height}",
        "small": _url(_read(photograph, _SMALL_PX), _SMALL_PX),
        "findings": [_told(finding) for finding in found],
    }


def _told(finding: Finding) -> dict[str, str]:
    return {"severity": finding.severity, "rule": finding.rule, "words": f"{_sentence(finding.message)} {finding.cure}"}


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:]


def _read(photograph: Photograph, side_px: int) -> Image | None:
    from fluxkit.train.photographs import opened

    try:
        return opened(photograph.path, about=side_px)
    except FluxkitError:  # its file was moved away meanwhile: its caption can still be written
        return None


def _url(picture: Image | None, side_px: int) -> str:
    if picture is None:
        return ""
    return f"data:image/jpeg;base64,{base64.b64encode(jpeg(picture, side_px)).decode()}"
