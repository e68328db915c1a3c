"""What came back: frames, how they were made, and the files that hold them."""

from fluxkit.frames.disclosure import Disclosure, disclosure
from fluxkit.frames.frame import Frame
from fluxkit.frames.frames import Frames
from fluxkit.frames.provenance import Provenance
from fluxkit.frames.signing import SigningKey
from fluxkit.frames.taste import Likings, Taste

__all__ = ["Disclosure", "Frame", "Frames", "Likings", "Provenance", "SigningKey", "Taste", "disclosure"]
