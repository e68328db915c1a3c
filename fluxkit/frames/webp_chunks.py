"""WebP files as chunks: reading and replacing what stands beside the pixels without decoding them.

Source: WebP container specification (RIFF; extended format with its VP8X flags).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from fluxkit.errors import FrameError

_EXIF_FLAG, _XMP_FLAG, _ALPHA_FLAG = 0x08, 0x04, 0x10
_PIXELS = (b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF", b"ICCP")


def is_webp(data: bytes) -> bool:
    """Whether these bytes begin a WebP file."""
    return data[:4] == b"RIFF" and data[8:12] == b"WEBP"


def read(data: bytes, name: str) -> tuple[bytes, str, bool]:
    """The Exif block, the XMP packet (empty where there is none), and whether a content credential is carried."""
    found = {kind: body for kind, body in _chunks(data, name) if kind in (b"EXIF", b"XMP ", b"C2PA")}
    return found.get(b"EXIF", b""), found.get(b"XMP ", b"").decode("utf-8", "replace"), b"C2PA" in found


def dressed(data: bytes, *, size: tuple[int, int], exif: bytes | None, xmp: str | None) -> bytes:
    """The same picture with its Exif block and XMP packet replaced; empty removes one, None keeps it."""
    chunks = list(_chunks(data, "a WebP"))
    packet = None if xmp is None else xmp.encode()
    for kind, body in ((b"EXIF", exif), (b"XMP ", packet)):
        if body is not None:
            chunks = [chunk for chunk in chunks if chunk[0] != kind]
            chunks += [(kind, body)] if body else []
    chunks = [(b"VP8X", _extended(chunks, size)), *(chunk for chunk in chunks if chunk[0] != b"VP8X")]
    content = b"WEBP" + b"".join(_chunk(kind, body) for kind, body in chunks)
    return b"RIFF" + struct.pack("<I", len(content)) + content


def picture_bytes(data: bytes) -> bytes:
    """The compressed pixels alone, to tell whether an edit left them as they were."""
    return b"".join(kind + body for kind, body in _chunks(data, "a WebP") if kind in _PIXELS)


def _extended(chunks: list[tuple[bytes, bytes]], size: tuple[int, int]) -> bytes:
    held = dict(chunks)
    old = held.get(b"VP8X")
    flags = old[0] & ~(_EXIF_FLAG | _XMP_FLAG) if old else (_ALPHA_FLAG if b"ALPH" in held else 0)
    flags |= (_EXIF_FLAG if b"EXIF" in held else 0) | (_XMP_FLAG if b"XMP " in held else 0)
    if old:
        return bytes([flags]) + old[1:]
    width, height = size
    return bytes([flags, 0, 0, 0]) + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")


def _chunk(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)


def _chunks(data: bytes, name: str) -> Iterator[tuple[bytes, bytes]]:
    if not is_webp(data):
        raise FrameError(f"{name} was read as a WebP, but it is none.")
    end = 8 + int(struct.unpack_from("<I", data, 4)[0])
    if end > len(data):
        raise FrameError(f"{name} ends in the middle of a chunk: the file was cut short. Use another copy.")
    position = 12
    while position + 8 <= end:
        kind, length = struct.unpack_from("<4sI", data, position)
        yield kind, data[position + 8 : position + 8 + length]
        position += 8 + length + length % 2
