"""What the fake host keeps beside pictures: files that were handed in, models of the account, LoRA files."""

from __future__ import annotations

import email.parser
import email.policy
import io
import json
import struct
import tarfile
from dataclasses import dataclass, field
from typing import Any

VERSION = "f" * 64
"""The version that every fake trainer has."""


@dataclass
class FakeStorage:
    """Files by name, and the models that the fake account owns."""

    files: dict[str, bytes] = field(default_factory=dict, repr=False)
    models: set[str] = field(default_factory=set)

    def take(self, content_type: str, body: bytes) -> str:
        """Keep the file of a form with a field `content`; its name."""
        message = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(
            f"content-type: {content_type}\r\n\r\n".encode() + body
        )
        part = next(part for part in message.walk() if part.get_filename())
        name = str(part.get_filename())
        self.files[name] = bytes(part.get_payload(decode=True) or b"")
        return name


def file_reply(base: str, name: str, size: int) -> dict[str, Any]:
    """Replicate's reply to an upload."""
    return {"id": name, "name": name, "size": size, "urls": {"get": f"{base}/v1/files/{name}"}}


def initiate_reply(base: str, name: str) -> dict[str, Any]:
    """fal's reply to the first half of an upload."""
    return {"upload_url": f"{base}/storage/{name}?sig=put", "file_url": f"{base}/files/{name}"}


def lora_file(trigger: str) -> bytes:
    """A tiny LoRA of FLUX's layout as safetensors, different for each trigger word; no model was trained."""
    seed = sum(trigger.encode()) % 7 + 1
    layers = {
        f"transformer.transformer_blocks.0.attn.to_q.lora_{side}.weight": shape
        for side, shape in (("A", [4, 8]), ("B", [8, 4]))
    }
    header: dict[str, Any] = {"__metadata__": {"trigger": trigger, "made by": "a fake host"}}
    data = b""
    for name, shape in layers.items():
        part = struct.pack("<32f", *[seed / 10] * 32)
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [len(data), len(data) + len(part)]}
        data += part
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def lora_archive(trigger: str) -> bytes:
    """The same as Replicate's trainer hands it out: in a tar, among the trainer's other files."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, data in (("output/config.yaml", b"job: custom_job\n"),
                           ("output/flux_train_replicate/lora.safetensors", lora_file(trigger))):  # fmt: skip
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
        end = archive.offset
    return buffer.getvalue()[: end + 1024]  # without the padding, so that half of it is no whole archive
