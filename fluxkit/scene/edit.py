"""`Edit`: a change to a picture that exists."""

from __future__ import annotations

from fluxkit.scene.noun import Noun, Words


class Edit(Noun):
    """An instruction for an editing model: what changes, and what stays as it is."""

    change: Words
    """The change as an order: "turn the key light to the right"."""

    keep: tuple[Words, ...] = ()
    """What must stay: "her face", "the composition"."""
