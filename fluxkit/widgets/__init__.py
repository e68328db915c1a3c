"""Live views for notebooks over plain data: one widget a file, with its JavaScript beside it."""

from fluxkit.widgets.caption_form import CaptionForm
from fluxkit.widgets.light_rig import LightRig
from fluxkit.widgets.mask_painter import MaskPainter
from fluxkit.widgets.scene_form import SceneForm
from fluxkit.widgets.sheet_view import Card, SheetView

__all__ = ["CaptionForm", "Card", "LightRig", "MaskPainter", "SceneForm", "SheetView"]
