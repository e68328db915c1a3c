"""`disclosure`: everything by which a picture file says that it is synthetic, layer by layer."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from fluxkit._base import Record
from fluxkit.errors import FluxkitError, FrameError, MissingExtraError
from fluxkit.frames import credentials, metadata, xmp
from fluxkit.frames.credentials import Credential
from fluxkit.frames.record import from_json


class Disclosure(Record):
    """The layers of a file. What is absent proves nothing: any program that re-saves a picture removes them."""

    record: Literal["present", "minimal", "unreadable", "absent"]
    """fluxkit's own record: the whole request, or only which model made it."""

    mark: str = ""
    """The IPTC digital source type in XMP, which platforms look for; empty where there is none."""

    parameters: bool = False
    """Whether prompt and settings stand in the `parameters` text."""

    credential: Credential | None = None
    """The content credential; None where the extra that reads it is not installed."""

    @property
    def is_marked(self) -> bool:
        """Whether the file says in a machine-readable way that it is synthetic, wholly or in part."""
        signed = self.credential is not None and self.credential.state in ("valid", "trusted")
        said = [self.mark, self.credential.source_type if self.credential is not None and signed else ""]
        return any(kind.endswith(("rainedAlgorithmicMedia", "algorithmicMedia")) for kind in said)

    def __repr__(self) -> str:
        credential = (
            "not checked: the extra `provenance` is not installed" if self.credential is None else self.credential
        )
        lines = [
            f"says that it is synthetic: {'yes' if self.is_marked else 'no'}",
            f"  fluxkit record:     {self.record}",
            f"  IPTC source type:   {self.mark or 'absent'}",
            f"  parameters text:    {'present' if self.parameters else 'absent'}",
            f"  content credential: {credential}",
        ]
        return "\n".join(lines)


def disclosure(picture: str | Path, *, anchors: bytes | None = None) -> Disclosure:
    """What a picture file says about its origin; `anchors` are PEM certificates whose credentials are trusted."""
    path = Path(picture).expanduser()
    if not path.is_file():
        raise FrameError(f"{path.name!r} was to be looked at, but there is no such file. Give the path of a picture.")
    found = metadata.read_notes(path)
    try:
        credential: Credential | None = credentials.check(path, anchors=anchors)
    except MissingExtraError:
        credential = None
    return Disclosure(
        record=_record_state(found.record, path.name),
        mark=xmp.read(found.xmp).source_type.rpartition("/")[2],
        parameters=bool(found.parameters),
        credential=credential,
    )


def _record_state(text: str, name: str) -> Literal["present", "minimal", "unreadable", "absent"]:
    if not text:
        return "absent"
    if '"privacy":"minimal"' in text:
        return "minimal"
    try:
        from_json(text, name)
    except FluxkitError:
        return "unreadable"
    return "present"
