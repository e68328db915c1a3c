"""The Exif block of JPEG and WebP files: who made the picture, and the `parameters` text where its readers look."""

from __future__ import annotations

import contextlib
import re
import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import Image

_LABELLED = re.compile(r"\s*(prompt|workflow)\s*:\s*(\{.*)", re.IGNORECASE | re.DOTALL)
_SOFTWARE, _EXIF_IFD, _USER_COMMENT = 0x0131, 0x8769, 0x9286
_UNICODE, _ASCII = b"UNICODE\0", b"ASCII\0\0\0"


def write(software: str, comment: str) -> bytes:
    """A TIFF block with the Software and UserComment tags; a comment is UTF-16, as its readers expect."""
    name = software.encode("ascii", "replace") + b"\0"
    note = _UNICODE + comment.encode("utf-16-be") if comment else b""
    # Two directories: the main one (software, pointer) and the Exif one (comment), each followed by its values.
    main_at, entries = 8, 2 if note else 1
    values_at = main_at + 2 + 12 * entries + 4
    exif_at = values_at + len(name) + len(name) % 2
    main = _entry(_SOFTWARE, 2, len(name), name, values_at)
    if note:
        main += _entry(_EXIF_IFD, 4, 1, struct.pack(">I", exif_at), 0)
    block = b"MM\0*" + struct.pack(">IH", main_at, entries) + main + b"\0\0\0\0"
    block += (name if len(name) > 4 else b"") + b"\0" * (len(name) % 2)
    if note:
        inner = _entry(_USER_COMMENT, 7, len(note), note, exif_at + 2 + 12 + 4)
        block = block.ljust(exif_at, b"\0") + struct.pack(">H", 1) + inner + b"\0\0\0\0" + note
    return block


def read_labelled(block: bytes) -> dict[str, str]:
    """Texts that were put into tags of cameras under a word of their own: `prompt:{...}` in Model, as ComfyUI does.

    Source: ComfyUI, comfy_extras/nodes_images.py (WebP) and the saving nodes that follow it.
    """
    return {
        found[1].lower(): found[2]
        for value in _loaded(block).values()
        if isinstance(value, str) and (found := _LABELLED.match(value.rstrip("\0")))
    }


def read_comment(block: bytes) -> str:
    """The UserComment of an Exif block, whoever wrote it; empty where there is none."""
    try:
        note = _loaded(block).get_ifd(_EXIF_IFD).get(_USER_COMMENT, b"")
    except (OSError, SyntaxError, ValueError, struct.error):
        return ""
    if isinstance(note, str):
        return note
    if note.startswith(_UNICODE):
        wide = bytes(note[8:])
        # Writers disagree on the byte order; text has its zero bytes where the order says.
        order = "utf-16-le" if wide[1::2].count(0) > wide[::2].count(0) else "utf-16-be"
        return wide.decode(order, "replace").rstrip("\0")
    return bytes(note).removeprefix(_ASCII).decode("utf-8", "replace").rstrip("\0")


def _loaded(block: bytes) -> Image.Exif:
    """The tags of a block; none where it is damaged."""
    from PIL import Image

    exif = Image.Exif()
    with contextlib.suppress(OSError, SyntaxError, ValueError, struct.error):
        exif.load(b"Exif\0\0" + block.removeprefix(b"Exif\0\0"))
    return exif


def _entry(tag: int, kind: int, count: int, value: bytes, at: int) -> bytes:
    inline = value if len(value) <= 4 and tag != _SOFTWARE else struct.pack(">I", at)
    return struct.pack(">HHI", tag, kind, count) + inline.ljust(4, b"\0")
