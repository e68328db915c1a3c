"""The look that all drawings share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

INK, FAINT, GRID, PAPER = "#2b2b2b", "#8a8a85", "#e4e2dc", "#fbfaf7"
ACCENTS = ("#c4622d", "#2f6f8f", "#7a8b3c", "#8c4a6b", "#b8962e", "#4a5568")
"""Warm and cool inks in turn, told apart in grey as well."""

DPI = 110
"""Resolution of every drawing."""

_STYLE = {
    "figure.facecolor": PAPER,
    "axes.facecolor": PAPER,
    "savefig.facecolor": PAPER,
    "axes.edgecolor": FAINT,
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "axes.titlesize": 12,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titlepad": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": False,
    "grid.color": GRID,
    "xtick.color": FAINT,
    "ytick.color": INK,
    "text.color": INK,
    "font.size": 9.5,
    "figure.dpi": DPI,
    "savefig.dpi": DPI,
}


@contextmanager
def sheet(width: float, height: float, *, rows: int = 1, columns: int = 1, **more: Any) -> Iterator[tuple[Any, Any]]:
    """A figure with its axes in the shared style; it is closed for pyplot, so that a notebook shows it once."""
    import matplotlib.pyplot as plt

    with plt.rc_context(_STYLE):
        figure, axes = plt.subplots(rows, columns, figsize=(width, height), layout="constrained", **more)
        try:
            yield figure, axes
        finally:
            plt.close(figure)


@contextmanager
def page(width: float, height: float) -> Iterator[Any]:
    """An empty figure in the shared style, for axes that are placed by hand; closed for pyplot likewise."""
    import matplotlib.pyplot as plt
    from matplotlib.patches import Rectangle

    with plt.rc_context(_STYLE):
        figure = plt.figure(figsize=(width, height), dpi=DPI)
        figure.add_artist(Rectangle((0, 0), 1, 1, alpha=0))  # keeps the margins where a notebook trims pictures
        try:
            yield figure
        finally:
            plt.close(figure)


def metres(value: float) -> str:
    """A distance on an axis: 50 cm, 2 m, 100 m."""
    return f"{100 * value:g} cm" if value < 1 else f"{value:g} m"
