"""Prompts of other tools read into scenes: only what is certain becomes a field, and the report says what did."""

from fluxkit.scene.reading.imported import Imported, Reading
from fluxkit.scene.reading.prompt import read_prompt

__all__ = ["Imported", "Reading", "read_prompt"]
