"""JPEG files as segments: reading and replacing what stands beside the pixels without decoding them.

Sources: ITU-T T.81 annex B; Exif 2.32; XMP specification part 3; C2PA 2.x (manifests in APP11).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from fluxkit.errors import FrameError

SIGNATURE = b"\xff\xd8\xff"
EXIF = b"Exif\0\0"
XMP = b"http://ns.adobe.com/xap/1.0/\0"

_APP1, _APP11, _SCAN, _END = 0xE1, 0xEB, 0xDA, 0xD9
_LONGEST = 65_533
"""Most bytes that one segment holds."""


def read(data: bytes, name: str) -> tuple[bytes, str, bool]:
    """The Exif block, the XMP packet (empty where there is none), and whether a content credential is carried."""
    exif, xmp, signed = b"", "", False
    for kind, body in _segments(data, name):
        if kind == _APP1 and body.startswith(EXIF):
            exif = body[len(EXIF) :]
        elif kind == _APP1 and body.startswith(XMP):
            xmp = body[len(XMP) :].decode("utf-8", "replace")
        signed = signed or (kind == _APP11 and body.startswith(b"JP"))
    return exif, xmp, signed


def dressed(data: bytes, *, exif: bytes | None, xmp: str | None, name: str = "a JPEG") -> bytes:
    """The same picture with its Exif block and XMP packet replaced; empty removes one, None keeps it."""
    kept = [b"\xff\xd8"]
    fresh = [_app1(EXIF, exif)] if exif else []
    fresh += [_app1(XMP, xmp.encode())] if xmp else []
    position = 2
    for kind, body in _segments(data, name):
        end = position + 4 + len(body)
        replaced = kind == _APP1 and (
            (exif is not None and body.startswith(EXIF)) or (xmp is not None and body.startswith(XMP))
        )
        if kind != 0xE0 and fresh:
            # After JFIF's own segment, before everything else: where readers look first.
            kept += fresh
            fresh = []
        if not replaced:
            kept.append(data[position:end])
        position = end
    return b"".join([*kept, *fresh, data[position:]])


def picture_bytes(data: bytes) -> bytes:
    """Everything that decides the pixels, to tell whether an edit left it as it was."""
    parts = [bytes([kind]) + body for kind, body in _segments(data, "a JPEG") if kind not in (_APP1, _APP11)]
    return b"".join(parts) + data[data.index(b"\xff\xda") :]


def _app1(head: bytes, body: bytes) -> bytes:
    if len(head) + len(body) > _LONGEST:
        raise FrameError(
            f"A record of {len(body):,} bytes does not fit into a JPEG, whose longest segment holds {_LONGEST:,}. "
            "Save as .png, or with privacy='minimal'."
        )
    return b"\xff\xe1" + struct.pack(">H", len(head) + len(body) + 2) + head + body


def _segments(data: bytes, name: str) -> Iterator[tuple[int, bytes]]:
    if not data.startswith(SIGNATURE):
        raise FrameError(f"{name} was read as a JPEG, but it is none.")
    position = 2
    while position + 4 <= len(data):
        marker, kind, length = struct.unpack_from(">BBH", data, position)
        if marker != 0xFF or position + 2 + length > len(data):
            break
        if kind in (_SCAN, _END):
            return
        yield kind, data[position + 4 : position + 2 + length]
        position += 2 + length
    raise FrameError(f"{name} ends in the middle of a segment: the file was cut short. Use another copy.")
