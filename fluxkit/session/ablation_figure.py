"""How an ablation is drawn: pictures without each field, difference maps on one scale, and the effects as bars."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fluxkit.scene.drawing import paper
from fluxkit.scene.drawing.paper import ACCENTS, FAINT, GRID

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from fluxkit.session.ablation import Ablation


def drawn(found: Ablation, most: int) -> Figure:
    """The figure of an ablation; the maps share one scale, so that they compare."""
    shown = [effect for effect in found.effects if effect.worded][:most]
    tall = 0.7 + 0.24 * len(found.effects)
    with paper.page(1.35 * (len(shown) + 1), 3.2 + tall) as figure:
        figure.set_layout_engine("constrained")
        upper, lower = figure.subfigures(2, 1, height_ratios=(3.2, tall))
        grid = upper.add_gridspec(2, len(shown) + 1)
        _picture(upper.add_subplot(grid[0, 0]), found.full.image, "the whole scene")
        maps = [found.away(effect.path) for effect in shown]
        top = max((float(away.max()) for away in maps), default=1.0)
        for k, (effect, away) in enumerate(zip(shown, maps, strict=True), 1):
            _picture(upper.add_subplot(grid[0, k]), found.without(effect.path).image, f"no {_short(effect.path)}")
            axes = upper.add_subplot(grid[1, k])
            axes.imshow(away, cmap="magma", vmin=0, vmax=top)
            axes.axis("off")
        key = upper.add_subplot(grid[1, 0])
        key.axis("off")
        key.text(0.5, 0.5, "where it\nchanged\n(black: nowhere)", ha="center", va="center", fontsize=8, color=FAINT)
        _bars(lower.add_subplot(), found)
    done: Figure = figure
    return done


def _short(path: str) -> str:
    return path.rpartition(".")[2].replace("_", " ")


def _picture(axes: Any, image: Any, title: str) -> None:
    axes.imshow(image)
    axes.set_title(title, fontsize=8, fontweight="normal", loc="center", pad=4)
    axes.axis("off")


def _bars(axes: Any, found: Ablation) -> None:
    axes.grid(color=GRID, lw=0.7, axis="x")
    axes.set_axisbelow(True)
    names = [effect.path for effect in found.effects]
    colours = [ACCENTS[0] if effect.worded else FAINT for effect in found.effects]
    axes.barh(range(len(names)), [effect.difference for effect in found.effects], color=colours, height=0.6)
    for k, effect in enumerate(found.effects):
        if not effect.worded:
            axes.annotate("makes no words", (0, k), (4, -3), textcoords="offset points", fontsize=8, color=FAINT)
    axes.set_yticks(range(len(names)), names)
    axes.invert_yaxis()
    axes.set_xlabel("change of the picture when the field is left out (OKLab; black to white is 1)", fontsize=8)
