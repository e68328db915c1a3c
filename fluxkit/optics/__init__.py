"""Photographic optics: pure functions, each with its unit in its name and its source in its docstring."""

from fluxkit.optics.formats import FORMATS, Format, FormatName

__all__ = ["FORMATS", "Format", "FormatName"]
