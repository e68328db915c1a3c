"""Pictures of other programs, read into a scene and a request, with what could not be mapped.

Each program is one module with a function `read(notes)`, which gives a `Found` or None.
"""

from __future__ import annotations

from pathlib import Path

from fluxkit.errors import FrameError
from fluxkit.frames import metadata
from fluxkit.frames.importers import automatic1111, comfyui, invokeai, mflux
from fluxkit.frames.importers.found import ForeignPicture, Found, picture_of

__all__ = ["ForeignPicture", "Found", "read"]

_PROGRAMS = (invokeai, mflux, comfyui, automatic1111)


def read(path: str | Path) -> ForeignPicture:
    """What another program wrote into a picture: A1111 and its kin, ComfyUI, InvokeAI, mflux.

    Raises `FrameError` for a picture that holds nothing of theirs. Pictures of fluxkit open with `Frame.open`.
    """
    source = Path(path).expanduser()
    if not source.is_file():
        raise FrameError(f"A picture was to be read from {source.name!r}, but there is no such file.")
    notes = metadata.read_notes(source)
    if notes.record:
        raise FrameError(f"{source.name!r} was made by fluxkit. Open it with fk.Frame.open, which loses nothing.")
    for program in _PROGRAMS:
        found = program.read(notes)
        if found is not None:
            return picture_of(found)
    raise FrameError(
        f"{source.name!r} holds no prompt: nothing of A1111, ComfyUI, InvokeAI or mflux is in it. Sites and chat "
        "programs remove such texts; ask for the original file."
    )
