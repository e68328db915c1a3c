"""A LoRA file that came back from a host: unpacked, checked to be safetensors of a LoRA, and named by its content.

Nothing in it is executed: only the header is read, and pickles are refused by not being safetensors.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import struct
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_WIDTHS = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "F8_E4M3": 1, "F8_E5M2": 1, "I8": 1, "U8": 1}
_LONGEST_HEADER = 64 * 1024 * 1024
_DOWN = ("lora_a", "lora_down")
"""Ends of the names of the matrices that project down, whose first side is the rank."""


@dataclass(frozen=True)
class LoRAFacts:
    """What a LoRA file holds."""

    tensors: int
    rank: int
    """The rank of most of its matrices; 0 where their names do not tell."""
    content: str
    """SHA-256 of the file."""


class NotALoRA(Exception):
    """Why a file is no LoRA, in a few words."""


def unpacked(path: Path) -> Path:
    """The safetensors file itself: taken out of a tar where the host hands one out."""
    if not tarfile.is_tarfile(path):
        return path
    target = path.with_suffix(".unpacked")
    with tarfile.open(path) as archive:
        inside = [member for member in archive if member.isfile() and member.name.endswith(".safetensors")]
        if not inside:
            raise NotALoRA("an archive without a safetensors file")
        # Names inside the archive decide nothing: only the bytes are copied, to a name of ours.
        chosen = max(inside, key=lambda member: (member.name.endswith("/lora.safetensors"), member.size))
        stream = archive.extractfile(chosen)
        assert stream is not None
        with stream, target.open("wb") as file:
            shutil.copyfileobj(stream, file, 1 << 20)
    return target


def facts(path: Path) -> LoRAFacts:
    """What a safetensors file holds; raises `NotALoRA` for one that is cut short, malformed, or no LoRA.

    The format: eight bytes with the header's length, a JSON header with each tensor's type, shape and place, the data.
    """
    size = path.stat().st_size
    with path.open("rb") as stream:
        start = stream.read(8)
        length = struct.unpack("<Q", start)[0] if len(start) == 8 else 0
        if not 2 <= length <= min(_LONGEST_HEADER, size - 8):
            page = start.lstrip().lower().startswith((b"<!doc", b"<html"))
            raise NotALoRA("a web page" if page else "no safetensors file")
        try:
            header = json.loads(stream.read(length))
        except ValueError:
            raise NotALoRA("a safetensors file with a broken header") from None
    if not isinstance(header, dict):
        raise NotALoRA("a safetensors file with a broken header")
    tensors = {name: tensor for name, tensor in header.items() if name != "__metadata__"}
    _require_whole(tensors, size - 8 - length)
    if not any("lora" in name.lower() for name in tensors):
        raise NotALoRA("a safetensors file without LoRA matrices")
    with path.open("rb") as stream:
        content = hashlib.file_digest(stream, "sha256").hexdigest()
    return LoRAFacts(tensors=len(tensors), rank=_rank(tensors), content=content)


def _require_whole(tensors: dict[str, Any], room: int) -> None:
    """Every tensor has as many bytes as its shape says, one after another, and the file ends with the last."""
    try:
        places = sorted((tuple(tensor["data_offsets"]), tensor) for tensor in tensors.values() if tensor)
        at = 0
        for (first, last), tensor in places:
            count = 1
            for side in tensor["shape"]:
                count *= int(side)
            if first != at or last - first != count * _WIDTHS[tensor["dtype"]]:
                raise NotALoRA("a safetensors file whose tensors do not fit their places")
            at = last
    except (KeyError, TypeError, ValueError, AttributeError):
        raise NotALoRA("a safetensors file with a broken header") from None
    if at != room:
        raise NotALoRA(
            f"a safetensors file cut short ({room:,} of {at:,} bytes)" if room < at else "more than its header says"
        )


def _rank(tensors: dict[str, Any]) -> int:
    ranks = [
        int(tensor["shape"][0])
        for name, tensor in tensors.items()
        if any(part in name.lower() for part in _DOWN) and len(tensor["shape"]) == 2
    ]
    return max(set(ranks), key=ranks.count) if ranks else 0
