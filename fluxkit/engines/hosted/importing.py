"""Bringing in a picture that was made elsewhere, with what is known of how."""

from __future__ import annotations

from pathlib import Path

from fluxkit import models
from fluxkit._base import __version__
from fluxkit.engines.hosted.pictures import flaw
from fluxkit.errors import FrameError
from fluxkit.frames.frame import Frame
from fluxkit.frames.provenance import Provenance
from fluxkit.models import ModelSpec
from fluxkit.scene import Scene
from fluxkit.shots.shot import Shot


def import_picture(
    path: str | Path,
    *,
    model: str | ModelSpec,
    prompt: str,
    seed: int = 0,
    host: str = "picassoia",
    scene: Scene | None = None,
) -> Frame:
    """A frame of a picture file that a host's website made, ready for `session.catalogue.add`.

    What is said about it (`model`, `prompt`, `seed`, `host`) is taken as told, and its provenance says `imported`.
    Raises `FrameError` for a file that is no picture.
    """
    from PIL import Image

    source = Path(path).expanduser()
    wrong = flaw(source.read_bytes()) if source.is_file() else "not there"
    if wrong is not None:
        raise FrameError(
            f"A picture was to be imported from {source.name!r}, but it is {wrong}. Give a JPEG or PNG file."
        )
    with Image.open(source) as opened:
        image = opened.convert("RGB")
    spec = models.get(model)
    shot = Shot(model=spec.id, prompt=prompt, scene=scene, seed=seed, width=image.width, height=image.height, spec=spec)
    return Frame(shot, image, provenance=Provenance(engine="imported", fluxkit=__version__, host=host))
