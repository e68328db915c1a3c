"""A record into words: templates by model family, with the field behind every word and the cost in tokens."""

from fluxkit.prompt.diagnostic import Diagnostic, Severity
from fluxkit.prompt.prompt import Prompt, Span, TokenCount
from fluxkit.prompt.renderer import PromptRenderer

__all__ = ["Diagnostic", "Prompt", "PromptRenderer", "Severity", "Span", "TokenCount"]
