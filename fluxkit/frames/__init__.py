"""What came back: frames, how they were made, and the files that hold them."""

from fluxkit.frames.frame import Frame
from fluxkit.frames.frames import Frames
from fluxkit.frames.provenance import Provenance

__all__ = ["Frame", "Frames", "Provenance"]
