"""fluxkit: photographs stated in typed terms, shot on any FLUX model, compared on contact sheets."""

__version__ = "0.1.0"
