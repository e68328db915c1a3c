"""Looking at frames: contact sheets as pictures, documents and live views."""

from fluxkit.sheets.layout import Layout, Section, lay_out
from fluxkit.sheets.sheet import ContactSheet
from fluxkit.sheets.table import SheetTable
from fluxkit.sheets.words import axis_title, value_label

__all__ = ["ContactSheet", "Layout", "Section", "SheetTable", "axis_title", "lay_out", "value_label"]
