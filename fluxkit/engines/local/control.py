"""Control maps made from pictures: edges with OpenCV, depth with a depth model through transformers."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from fluxkit.engines.local.device import quiet
from fluxkit.errors import WeightsError, missing_extra
from fluxkit.shots.inputs import ControlMap

if TYPE_CHECKING:
    from PIL.Image import Image

ESTIMATOR = "depth-anything/Depth-Anything-V2-Small-hf"
"""The depth model where none is named: Apache-2.0, 25 million parameters, the one that BFL's own examples succeed."""


@lru_cache(maxsize=8)
def made(control: ControlMap, width: int, height: int) -> Image:
    """The control map as an RGB image of the size asked for, in pixels; the shots of a sweep share it."""
    from PIL import Image

    picture = control.picture.image
    if not control.ready:
        picture = edges(picture, control.low, control.high) if control.kind == "canny" else depth(picture, control)
    size = (width, height)
    resized = picture if picture.size == size else picture.resize(size, Image.Resampling.LANCZOS)
    return resized.convert("RGB")


def edges(picture: Image, low: int, high: int) -> Image:
    """White edges on black, by Canny's method between two gradient thresholds (0 to 255)."""
    try:
        import cv2
    except ImportError as error:
        raise missing_extra("Finding edges", "local") from error
    import numpy as np
    from PIL import Image

    return Image.fromarray(cv2.Canny(np.asarray(picture.convert("RGB")), low, high))


def depth(picture: Image, control: ControlMap) -> Image:
    """Grey by nearness (near is bright), as the depth model named in `control` sees it."""
    name = control.estimator or ESTIMATOR
    try:
        with quiet():
            found: Image = _estimator(name)(picture)["depth"]
    except Exception as error:
        raise WeightsError(
            f"A depth map was asked for from the model {name!r}, which cannot be used here ({type(error).__name__}). A "
            f"depth estimation model of transformers is allowed, by folder or hub id. Name one with "
            f"ControlMap.depth(picture, estimator=...), or give a map with ControlMap.given(image, kind='depth')."
        ) from error
    return found.resize(picture.size)


@lru_cache(maxsize=1)
def _estimator(name: str) -> Any:
    from transformers import pipeline

    return pipeline("depth-estimation", model=name, model_kwargs={"use_safetensors": True})
