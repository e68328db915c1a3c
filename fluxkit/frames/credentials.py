"""C2PA content credentials: signing a finished picture, and reading what a signature says. Extra `provenance`.

A credential proves that the file was not changed since it was signed, and by which certificate. It is put in last:
any later change, even of a caption, makes the file read as tampered with. A file that carries one is therefore never
rewritten in place; its credential lives on as an ingredient of the file that is made from it.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from fluxkit._base import Record, __version__
from fluxkit.errors import FrameError, missing_extra
from fluxkit.frames import jpeg_segments, metadata, png_chunks, webp_chunks, xmp
from fluxkit.frames.atomic import write_atomic
from fluxkit.frames.ingredients import Ingredient, files_as_ingredients
from fluxkit.frames.record import FrameRecord
from fluxkit.frames.signing import DEVELOPMENT, SigningKey

ASSERTION = "org.fluxkit.frame"

_UNTRUSTED = "signingCredential.untrusted"


class Credential(Record):
    """What a reader of content credentials finds in a file. It never says that a picture is real."""

    state: Literal["absent", "valid", "trusted", "invalid"]
    """`valid`: unchanged since signing, by a certificate that this reader does not know. `trusted`: by one it knows.
    `invalid`: changed since, or wrongly signed. `absent` proves nothing: re-saving removes a credential."""

    signer: str = ""
    """The name in the certificate. Anyone can write any name into a certificate that is not trusted."""

    development: bool = False
    """Whether the certificate is one that fluxkit made up for trying things out."""

    source_type: str = ""
    """IPTC digital source type, such as `trainedAlgorithmicMedia`."""

    generator: str = ""
    """The program that wrote the credential."""

    actions: tuple[str, ...] = ()
    """What was done, such as `c2pa.created`."""

    ingredients: tuple[str, ...] = ()
    """The pictures it was made from, each with whether it carried a credential itself."""

    problems: tuple[str, ...] = ()
    """C2PA's codes for what is wrong, such as `assertion.dataHash.mismatch`."""

    def __str__(self) -> str:
        said = {
            "absent": "no content credential (which proves nothing)",
            "valid": f"unchanged since it was signed, by a certificate nobody vouches for: {self.signer}",
            "trusted": f"unchanged since it was signed by {self.signer}",
            "invalid": f"changed since it was signed, or wrongly signed ({', '.join(self.problems)})",
        }
        return said[self.state]


def sign(
    picture: str | Path, to: str | Path, key: SigningKey, *, ingredients: Sequence[Path | Ingredient] = ()
) -> Path:
    """Write a signed copy of a picture file to `to`; returns that path.

    The pixels and the texts stay as they are. Where the picture carries a credential already, that becomes the
    parent of the new one. `ingredients` are files that it was made from; the first is taken for its parent.

    Raises `FrameError` where `to` is an existing file with a credential: such a file is never rewritten in place.
    """
    source, target = Path(picture).expanduser(), Path(to).expanduser()
    refuse_rewriting(target)
    data = source.read_bytes()
    found = metadata.read_notes(source)
    given = list(ingredients)
    parts = [part for part in given if isinstance(part, Ingredient)]
    parts += files_as_ingredients([part for part in given if not isinstance(part, Ingredient)])
    if found.signed:
        parts = [Ingredient(data), *(Ingredient(part.data, "reference") for part in parts)]
    record = metadata.read(source) if found.record and '"request"' in found.record else None
    source_type = xmp.read(found.xmp).source_type or xmp.TRAINED
    write_atomic(target, signed(data, key, record=record, source_type=source_type, ingredients=parts))
    return target


def signed(
    data: bytes,
    key: SigningKey,
    *,
    record: FrameRecord | None = None,
    source_type: str = xmp.TRAINED,
    ingredients: Sequence[Ingredient] = (),
) -> bytes:
    """The picture's bytes with a credential inside."""
    c2pa = _c2pa()
    # A thumbnail in the manifest would add up to 900 kB to a WebP and shows what the picture shows.
    settings = c2pa.Settings.from_dict({"builder": {"thumbnail": {"enabled": False}}})
    builder = c2pa.Builder(_manifest(data, record, source_type, ingredients), context=c2pa.Context(settings))
    out = io.BytesIO()
    try:
        for number, part in enumerate(ingredients):
            described = {
                "title": f"ingredient {number + 1}",
                "relationship": "parentOf" if part.role == "parent" else "componentOf",
                "label": _label(number),
                "instance_id": _label(number),
            }
            builder.add_ingredient(described, mime_of(part.data), io.BytesIO(part.data))
        info = c2pa.C2paSignerInfo(key.algorithm.encode(), key.chain, key.key, None)
        builder.sign(c2pa.Signer.from_info(info), mime_of(data), io.BytesIO(data), out)
    except c2pa.C2paError as error:
        raise FrameError(
            f"The picture could not be signed: {error}. C2PA takes a chain of two or more certificates, with the key "
            "usage 'digital signature' and an extended usage; SigningKey.development() makes one for trying things out."
        ) from error
    return out.getvalue()


def check(picture: str | Path, *, anchors: bytes | None = None) -> Credential:
    """Read and verify the credential of a picture file. `anchors` are PEM certificates whose signers are trusted."""
    path = Path(picture).expanduser()
    if not metadata.read_notes(path).signed:
        return Credential(state="absent")
    c2pa = _c2pa()
    trust: dict[str, Any] = {"verify": {"verify_trust": True, "remote_manifest_fetch": False}}
    if anchors is not None:
        trust["trust"] = {"user_anchors": anchors.decode()}
    data = path.read_bytes()
    try:
        reader = c2pa.Reader(mime_of(data), io.BytesIO(data), context=c2pa.Context(c2pa.Settings.from_dict(trust)))
        return _credential(json.loads(reader.json()))
    except c2pa.C2paError as error:
        return Credential(state="invalid", problems=(str(error).partition(":")[0] or "unreadable",))


def refuse_rewriting(target: Path) -> None:
    """Raise `FrameError` where a file with a credential would be overwritten."""
    if not target.is_file():
        return
    try:
        carries = metadata.read_notes(target).signed
    except FrameError:
        return
    if carries:
        raise FrameError(
            f"{target.name!r} carries a content credential, and such a file is never rewritten in place. "
            "Choose another name, or delete the file first."
        )


def mime_of(data: bytes) -> str:
    """The media type of a picture's bytes; `FrameError` for what C2PA is not used on here."""
    if data.startswith(png_chunks.SIGNATURE):
        return "image/png"
    if data.startswith(jpeg_segments.SIGNATURE):
        return "image/jpeg"
    if webp_chunks.is_webp(data):
        return "image/webp"
    raise FrameError("Only PNG, JPEG and WebP pictures are signed or used as ingredients. Convert the picture first.")


def _manifest(
    data: bytes, record: FrameRecord | None, source_type: str, ingredients: Sequence[Ingredient]
) -> dict[str, Any]:
    agent = {"name": f"fluxkit {__version__}" if record is None else record.shot.spec.title}
    used = {"parameters": {"ingredientIds": [_label(n) for n, part in enumerate(ingredients) if part.role != "parent"]}}
    parents = [_label(number) for number, part in enumerate(ingredients) if part.role == "parent"]
    if parents:
        actions: list[dict[str, Any]] = [{"action": "c2pa.opened", "parameters": {"ingredientIds": parents}}]
        actions.append({"action": "c2pa.edited", "digitalSourceType": source_type, "softwareAgent": agent})
    else:
        actions = [{"action": "c2pa.created", "digitalSourceType": source_type, "softwareAgent": agent}]
    if used["parameters"]["ingredientIds"]:
        actions.append({"action": "c2pa.placed", **used})
    frame: dict[str, Any] = {"picture": hashlib.sha256(data).hexdigest()}
    if record is not None:
        # The request itself is in the file, under the signature, as far as the privacy switch let it in.
        frame |= {"id": record.shot.id, "take": record.take, "model": record.shot.model}
    return {
        "claim_generator_info": [{"name": "fluxkit", "version": __version__}],
        "title": "picture" if record is None else f"{record.shot.id}, take {record.take}",
        "assertions": [
            {"label": "c2pa.actions.v2", "data": {"actions": actions}},
            {"label": ASSERTION, "data": frame},
        ],
    }


def _label(number: int) -> str:
    return f"fluxkit:ingredient:{number + 1}"


def _credential(found: dict[str, Any]) -> Credential:
    manifest = found["manifests"][found["active_manifest"]]
    problems = tuple(status["code"] for status in found.get("validation_status", []) if status["code"] != _UNTRUSTED)
    state = str(found.get("validation_state", "Invalid")).lower()
    actions = [
        action
        for assertion in manifest.get("assertions", [])
        if assertion["label"].startswith("c2pa.actions")
        for action in assertion["data"]["actions"]
    ]
    kind = next((action["digitalSourceType"] for action in actions if "digitalSourceType" in action), "")
    signer = manifest.get("signature_info", {})
    generator = (manifest.get("claim_generator_info") or [{}])[0]
    return Credential(
        state="valid" if state == "valid" else "trusted" if state == "trusted" else "invalid",
        signer=signer.get("common_name") or signer.get("issuer") or "",
        development=signer.get("common_name") == DEVELOPMENT,
        source_type=kind.rpartition("/")[2],
        generator=f"{generator.get('name', '')} {generator.get('version', '')}".strip(),
        actions=tuple(action["action"] for action in actions),
        ingredients=tuple(_ingredient(part) for part in manifest.get("ingredients", [])),
        problems=problems,
    )


def _ingredient(part: dict[str, Any]) -> str:
    role = "parent" if part.get("relationship") == "parentOf" else "component"
    return f"{role}, {'with' if part.get('active_manifest') else 'without'} a credential of its own"


def _c2pa() -> Any:
    try:
        import c2pa
    except ImportError as error:
        raise missing_extra("Signing and checking content credentials", "provenance") from error
    return c2pa
