"""What can be wrong with a scene: one small function a rule, each with its reason."""

from fluxkit.scene.rules import exposure, focus, light, sky, style, wording
from fluxkit.scene.rules.registry import RULES, Findings, Rule, check

__all__ = ["RULES", "Findings", "Rule", "check", "exposure", "focus", "light", "sky", "style", "wording"]
