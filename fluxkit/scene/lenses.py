"""Lens presets by the job that photographers use them for, all stated for full frame.

They are classes of lenses, not products; the fastest aperture is the usual one of its class.
"""

from __future__ import annotations

from fluxkit.scene.camera import Lens

ULTRA_WIDE_16 = Lens(focal_length_mm=16, f_number=8)
"""Interiors and skies."""

WIDE_24 = Lens(focal_length_mm=24, f_number=8)
"""Landscape, front to back."""

REPORTAGE_28 = Lens(focal_length_mm=28, f_number=5.6)
"""Street from within the crowd."""

STREET_35 = Lens(focal_length_mm=35, f_number=8)
"""Street and story."""

NORMAL_50 = Lens(focal_length_mm=50, f_number=2.8)
"""The view without comment."""

PORTRAIT_85 = Lens(focal_length_mm=85, f_number=1.8)
"""Head and shoulders with the background gone."""

HEADSHOT_105 = Lens(focal_length_mm=105, f_number=4)
"""A face sharp from nose to ear."""

PORTRAIT_135 = Lens(focal_length_mm=135, f_number=2)
"""Portraits that lift off the background."""

TELE_200 = Lens(focal_length_mm=200, f_number=2.8)
"""Stage, sport, compressed distance."""

WILDLIFE_500 = Lens(focal_length_mm=500, f_number=5.6)
"""Animals that must not notice."""

MACRO_100 = Lens(focal_length_mm=100, f_number=8, focus_distance_m=0.31, character="macro")
"""Half life size with room for a light."""

TILT_SHIFT_24 = Lens(focal_length_mm=24, f_number=11, character="tilt-shift")
"""Buildings with upright walls."""

SWIRLY_58 = Lens(focal_length_mm=58, f_number=2, character="swirly")
"""Cat-eye discs that turn round the centre."""

VINTAGE_50 = Lens(focal_length_mm=50, f_number=2, character="vintage")
"""Low contrast, soap-bubble rims, flare."""

ANAMORPHIC_40 = Lens(focal_length_mm=40, f_number=2.8, character="anamorphic")
"""Oval discs and horizontal streaks of the wide screen."""

SOFT_FOCUS_85 = Lens(focal_length_mm=85, f_number=2.8, character="soft focus")
"""A glow over a sharp core."""
