"""The look that the figures of studies and ablations share."""

from __future__ import annotations

from typing import Any

ACCENT, GREY, SOFT = "#c0582a", "#b6bac0", "#5f6670"
"""The colours of readings, of lines and doubts, and of small words."""


def plain(axes: Any) -> None:
    """Axes without a frame, with a quiet grid."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(GREY)
    axes.tick_params(colors=SOFT, labelsize=8)
    axes.grid(color="#e6e8eb", lw=0.7)
    axes.set_axisbelow(True)
