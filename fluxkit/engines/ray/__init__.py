"""Shots on many GPUs and hosts, with Ray: one actor a GPU, each with a local engine of its own.

Ray is imported when an engine starts, never before.
"""

from fluxkit.engines.ray.engine import RayEngine

__all__ = ["RayEngine"]
