"""Drawings for photographers: depth of field, light plans from above, the sun's day, warmth, film curves, and a plate
that shows a whole scene on a page.

Each function returns a Matplotlib figure, which a notebook shows. Matplotlib is loaded when the first one is drawn.
"""

from fluxkit.scene.drawing.depth import blur_against_distance, depth_of_field
from fluxkit.scene.drawing.film import film_curves
from fluxkit.scene.drawing.light import kelvin_scale, light_plan
from fluxkit.scene.drawing.plate import plate
from fluxkit.scene.drawing.sun import sun_day

__all__ = ["blur_against_distance", "depth_of_field", "film_curves", "kelvin_scale", "light_plan", "plate", "sun_day"]
