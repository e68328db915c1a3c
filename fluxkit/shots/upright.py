"""A picture as it is meant to be seen: turned as its camera noted, in 8 bits, in sRGB's colours, on a ground."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from fluxkit.errors import InputError

if TYPE_CHECKING:
    from PIL.Image import Image


def upright(image: Image) -> Image:
    """The picture turned as its camera noted, and 16 bits of grey scaled to 8 rather than cut off.

    Raises `InputError` for values that are no brightness: below 0, above 65535, or fractions.
    """
    import PIL.Image
    from PIL import ImageOps

    if not image.mode.startswith(("I", "F")):
        return ImageOps.exif_transpose(image)
    low, high = (float(value) for value in image.getextrema() if not isinstance(value, tuple))
    if image.mode.startswith("F") or low < 0 or high > 65535:
        raise InputError(
            f"A picture of mode {image.mode} with values from {low:g} to {high:g} was given. Whole numbers from 0 "
            f"to 255, or to 65535, are allowed. Scale it, and convert it to mode L."
        )
    scale = 1 if high <= 255 and image.mode == "I" else 1 / 257
    scaled = PIL.Image.fromarray(((_numbers(image) * scale).round()).astype("uint8"))
    scaled.info = dict(image.info)
    return scaled


def in_srgb(image: Image) -> Image:
    """The picture with the colours that its profile means, as sRGB numbers; as it is where it has none.

    Phones write Display P3 and cameras Adobe RGB: taken for sRGB, their colours are too dull. Opacity stays. A profile
    that cannot be read is passed over, as programs do that show the picture.
    """
    profile = image.info.get("icc_profile")
    plain = image.convert("RGB") if image.mode == "RGBA" else image
    if not profile or plain.mode not in ("RGB", "L", "CMYK"):
        return image
    from PIL import ImageCms

    try:
        meant = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if "srgb" in ImageCms.getProfileDescription(meant).lower():
            return image
        made = ImageCms.profileToProfile(plain, meant, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, ImportError, OSError, ValueError):
        return image
    if made is None:
        return image
    made.info.pop("icc_profile", None)
    if image.mode == "RGBA":
        made.putalpha(image.getchannel("A"))
    return made


GREY = (119, 119, 119)
"""The grey card in sRGB (18 % of the light): the ground that a cut-out is put on, which favours no colour."""


def on_grey(image: Image) -> tuple[Image, float]:
    """The picture without transparency, on neutral grey, and the share of it that can be seen through (0 to 1).

    Colours are those of `in_srgb`. What lies behind transparent parts is arbitrary: most programs leave black there.

    >>> from PIL import Image
    >>> on_grey(Image.new("RGBA", (2, 1), (255, 0, 0, 0)))[0].getpixel((0, 0))
    (119, 119, 119)
    """
    import PIL.Image

    if not image.has_transparency_data:
        return in_srgb(image).convert("RGB"), 0.0
    seen = in_srgb(image.convert("RGBA"))
    opacity = _numbers(seen.getchannel("A"))
    ground = PIL.Image.new("RGBA", seen.size, (*GREY, 255))
    return PIL.Image.alpha_composite(ground, seen).convert("RGB"), 1 - float(opacity.mean()) / 255


def _numbers(image: Image) -> Any:
    import numpy as np

    return np.asarray(image, dtype=np.float64)
