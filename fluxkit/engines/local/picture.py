"""From the VAE's tensor to a Pillow image, and the refusal of pictures that hold nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fluxkit.engines.local import pipelines
from fluxkit.errors import BadPictureError
from fluxkit.shots.shot import Shot

if TYPE_CHECKING:
    from PIL.Image import Image


def to_image(tensor: Any, shot: Any = None) -> Image:
    """A tensor (1, 3, height, width) of about -1 to 1 as an 8-bit RGB image, rounded as diffusers rounds.

    Raises `BadPictureError` for values that are not numbers and for a picture that is black all over.
    """
    import torch
    from PIL import Image

    # Rounding on the device moves a quarter of the bytes to the CPU, and gives the same ones.
    values = (tensor[0] * 0.5 + 0.5).clamp(0, 1).permute(1, 2, 0).float()
    pixels = values.nan_to_num().mul(255).round().to(torch.uint8).cpu()
    if not torch.isfinite(tensor).all():
        raise bad_picture("values that are not numbers", shot)
    if not pixels.any():
        raise bad_picture("black all over", shot)
    return Image.fromarray(pixels.numpy())


def pasted_back(image: Image, shot: Shot) -> Image:
    """The picture with everything outside the shot's mask as it was in the shot's own picture, to the last bit.

    The models change it a little: it goes through the VAE and back.
    """
    from PIL import Image

    start, mask = pipelines.start_of(shot), pipelines.mask_of(shot)
    return image if start is None or mask is None else Image.composite(image, start, mask)


def bad_picture(what: str, shot: Any) -> BadPictureError:
    """The error for a picture that holds no image, with the usual reason."""
    asked = f"A picture by {shot.model} with seed {shot.seed}" if shot is not None else "A picture"
    return BadPictureError(
        f"{asked} came back with {what}. A picture with content is expected. Usual reasons are float16 overflow (use "
        f"dtype='bfloat16' or 'float32'), guidance far out of range, or damaged weights.",
        shot=shot,
    )
