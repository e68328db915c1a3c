"""PNG files as chunks: reading and replacing what stands beside the pixels without decoding them.

Source of the layout: PNG specification, third edition (W3C), sections 5 and 11.3.3.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from fluxkit.errors import FrameError
from fluxkit.frames import exif

SIGNATURE = b"\x89PNG\r\n\x1a\n"
XMP_KEY = "XML:com.adobe.xmp"
EXIF_KEY = "eXIf"
"""Under which `read_texts` gives the comment of an Exif block."""
CREDENTIAL = b"caBX"
"""The chunk that holds a C2PA manifest."""

_MAX_TEXT = 64 * 1024 * 1024
"""Longest text that is unpacked, in bytes: a small file must not be able to fill the memory."""


def chunk(kind: bytes, data: bytes) -> bytes:
    """One chunk, with its length and checksum."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def text_chunk(key: str, text: str, *, compress: bool = False) -> bytes:
    """A text chunk: `tEXt` where plain Latin-1 holds the text (what most readers look for), `iTXt` otherwise."""
    name = key.encode("latin-1")
    if not compress and _is_latin1(text):
        return chunk(b"tEXt", name + b"\0" + text.encode("latin-1"))
    body = text.encode()
    packed = zlib.compress(body, 6) if compress else body
    return chunk(b"iTXt", name + b"\0" + (b"\1\0" if compress else b"\0\0") + b"\0\0" + packed)


def read_texts(path: Path) -> tuple[dict[str, str], bool]:
    """Every text of a PNG by key, and whether it carries a content credential. The pixels are skipped, not read."""
    texts: dict[str, str] = {}
    signed = False
    with path.open("rb") as file:
        for kind, length in _walk(file, path.name):
            if kind in _TEXTS:
                key, text = _TEXTS[kind](_read(file, length, path.name), path.name)
                texts.setdefault(key, text)
                file.seek(4, 1)
            elif kind == b"eXIf":
                comment = exif.read_comment(_read(file, length, path.name))
                if comment:
                    texts.setdefault(EXIF_KEY, comment)
                file.seek(4, 1)
            else:
                signed = signed or kind == CREDENTIAL
                file.seek(length + 4, 1)
    return texts, signed


def replace_texts(data: bytes, texts: dict[str, bytes]) -> bytes:
    """A PNG with the text chunks of these keys replaced (empty bytes remove one); every other byte stays as it was."""
    head, kept = data[:8], []
    for kind, start, end in _spans(data):
        if kind == b"IHDR":
            kept.append(data[start:end])
            kept += [new for new in texts.values() if new]
        elif kind not in _TEXTS or _key(data[start + 8 : end - 4]) not in texts:
            kept.append(data[start:end])
    return head + b"".join(kept)


def picture_bytes(data: bytes) -> bytes:
    """The compressed pixels alone, to tell whether an edit left them as they were."""
    return b"".join(data[start + 8 : end - 4] for kind, start, end in _spans(data) if kind == b"IDAT")


def _is_latin1(text: str) -> bool:
    # Line feeds are the only control characters that tEXt allows.
    return all(" " <= c <= "~" or (c >= "\xa0" and c <= "\xff") or c == "\n" for c in text)


def _walk(file: BinaryIO, name: str) -> Iterator[tuple[bytes, int]]:
    if file.read(8) != SIGNATURE:
        raise FrameError(f"{name!r} was read as a PNG, but it is none. Give a file that fluxkit wrote.")
    while head := file.read(8):
        if len(head) < 8:
            raise _cut_short(name)
        length, kind = struct.unpack(">I4s", head)
        yield kind, length
        if kind == b"IEND":
            return


def _read(file: BinaryIO, length: int, name: str) -> bytes:
    body = file.read(length)
    if len(body) < length:
        raise _cut_short(name)
    return body


def _cut_short(name: str) -> FrameError:
    return FrameError(f"{name!r} ends in the middle of a chunk: the file was cut short. Use another copy.")


def _spans(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    start = 8
    while start + 12 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, start)
        end = start + 12 + length
        if end > len(data):
            break
        yield kind, start, end
        start = end
        if kind == b"IEND":
            return
    raise FrameError("A PNG ends in the middle of a chunk: the file was cut short. Use another copy.")


def _key(body: bytes) -> str:
    return body.partition(b"\0")[0].decode("latin-1")


def _plain(body: bytes, _name: str) -> tuple[str, str]:
    key, _, text = body.partition(b"\0")
    return key.decode("latin-1"), text.decode("latin-1")


def _compressed(body: bytes, name: str) -> tuple[str, str]:
    key, _, rest = body.partition(b"\0")
    return key.decode("latin-1"), _unpacked(rest[1:], name).decode("latin-1")


def _international(body: bytes, name: str) -> tuple[str, str]:
    key, _, rest = body.partition(b"\0")
    packed, text = rest[:1] == b"\1", rest[2:].partition(b"\0")[2].partition(b"\0")[2]
    return key.decode("latin-1"), (_unpacked(text, name) if packed else text).decode("utf-8", "replace")


def _unpacked(data: bytes, name: str) -> bytes:
    unpacker = zlib.decompressobj()
    try:
        text = unpacker.decompress(data, _MAX_TEXT)
    except zlib.error as error:
        raise FrameError(f"A text inside {name!r} is damaged ({error}). Use another copy of the file.") from None
    if unpacker.unconsumed_tail:
        raise FrameError(f"A text inside {name!r} is longer than {_MAX_TEXT:,} bytes, which no picture of ours has.")
    return text


_TEXTS = {b"tEXt": _plain, b"zTXt": _compressed, b"iTXt": _international}
