"""XMP packets: what photo software reads about a picture, the mark that it is synthetic among it.

Sources: XMP specification part 1; IPTC Photo Metadata Standard 2025.1 (Digital Source Type, the AI properties);
IPTC NewsCodes `digitalsourcetype`.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from xml.sax.saxutils import escape

SOURCE_TYPES = "http://cv.iptc.org/newscodes/digitalsourcetype/"
TRAINED = f"{SOURCE_TYPES}trainedAlgorithmicMedia"
COMPOSITE = f"{SOURCE_TYPES}compositeWithTrainedAlgorithmicMedia"

_SPACES = {
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "dc": "http://purl.org/dc/elements/1.1/",
    "xmp": "http://ns.adobe.com/xap/1.0/",
    "Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
    "fluxkit": "urn:fluxkit:1.0#",
}
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Packet:
    """What is said in XMP; an empty field is left out."""

    source_type: str = ""
    creator_tool: str = ""
    created: str = ""
    """ISO date and time."""
    system: str = ""
    """The model, for IPTC's `AISystemUsed`."""
    prompt: str = ""
    """For IPTC's `AIPromptInformation`."""
    caption: str = ""
    keywords: tuple[str, ...] = ()
    rating: int = 0
    """1 to 5 stars; -1 is XMP's word for rejected; 0 is left out."""
    record: str = ""
    """Our own JSON, where the file has no better place for it."""


def write(packet: Packet) -> str:
    """The packet as XMP text, ready to be put into a file."""
    single = {
        "xmp:CreatorTool": packet.creator_tool,
        "xmp:CreateDate": packet.created,
        "xmp:Rating": str(packet.rating) if packet.rating else "",
        "Iptc4xmpExt:DigitalSourceType": packet.source_type,
        "Iptc4xmpExt:AISystemUsed": packet.system,
        "Iptc4xmpExt:AIPromptInformation": packet.prompt,
        "fluxkit:record": packet.record,
    }
    lines = [f"<{name}>{_text(value)}</{name}>" for name, value in single.items() if value]
    if packet.caption:
        item = f'<rdf:li xml:lang="x-default">{_text(packet.caption)}</rdf:li>'
        lines.append(f"<dc:description><rdf:Alt>{item}</rdf:Alt></dc:description>")
    if packet.keywords:
        items = "".join(f"<rdf:li>{_text(word)}</rdf:li>" for word in packet.keywords)
        lines.append(f"<dc:subject><rdf:Bag>{items}</rdf:Bag></dc:subject>")
    spaces = " ".join(f'xmlns:{name}="{address}"' for name, address in _SPACES.items() if name != "rdf")
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{_SPACES["rdf"]}">'
        f'<rdf:Description rdf:about="" {spaces}>{"".join(lines)}</rdf:Description>'
        '</rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
    )


def read(text: str) -> Packet:
    """The packet inside an XMP text, whoever wrote it; an empty one for text that is no XMP."""
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        return Packet()  # XMP has no document types; what has one is out to harm the reader
    root = _parsed(text)
    if root is None:
        return Packet()
    rating = _one(root, "xmp", "Rating")
    return Packet(
        source_type=_one(root, "Iptc4xmpExt", "DigitalSourceType"),
        creator_tool=_one(root, "xmp", "CreatorTool"),
        created=_one(root, "xmp", "CreateDate"),
        system=_one(root, "Iptc4xmpExt", "AISystemUsed"),
        prompt=_one(root, "Iptc4xmpExt", "AIPromptInformation"),
        caption=next(iter(_items(root, "dc", "description")), ""),
        keywords=tuple(_items(root, "dc", "subject")),
        rating=int(float(rating)) if re.fullmatch(r"-?\d(\.\d+)?", rating) else 0,
        record=_one(root, "fluxkit", "record"),
    )


def changed(
    text: str, *, rating: int | None = None, caption: str | None = None, keywords: tuple[str, ...] | None = None
) -> str:
    """The XMP text with these properties replaced (None keeps one); whatever else any program wrote there stays."""
    root = None if "<!DOCTYPE" in text or "<!ENTITY" in text else _parsed(text)
    description = None if root is None else next(root.iter(_name("rdf", "Description")), None)
    if root is None or description is None:
        return write(Packet(rating=rating or 0, caption=caption or "", keywords=keywords or ()))
    for prefix, address in re.findall(r'xmlns:([A-Za-z][\w.-]*)="([^"]+)"', text):
        if not re.fullmatch(r"ns\d+", prefix):
            ET.register_namespace(prefix, address)
    for name, new in (
        (_name("xmp", "Rating"), None if rating is None else _simple(str(rating) if rating else "")),
        (_name("dc", "description"), None if caption is None else _list("Alt", (caption,) if caption else ())),
        (_name("dc", "subject"), None if keywords is None else _list("Bag", keywords)),
    ):
        if new is not None:
            _replace(root, description, name, new)
    body = ET.tostring(root, encoding="unicode")
    return f'<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>{body}<?xpacket end="w"?>'


def _parsed(text: str) -> ET.Element | None:
    try:
        return ET.fromstring(text.strip().lstrip("\ufeff"))
    except ET.ParseError:
        return None


def _simple(value: str) -> ET.Element:
    element = ET.Element("new")
    element.text = value
    return element


def _list(kind: str, values: tuple[str, ...]) -> ET.Element:
    element = ET.Element("new")
    if values:
        inner = ET.SubElement(element, _name("rdf", kind))
        for value in values:
            extra = {"{http://www.w3.org/XML/1998/namespace}lang": "x-default"} if kind == "Alt" else {}
            ET.SubElement(inner, _name("rdf", "li"), extra).text = _NOT_XML.sub(" ", value)
    return element


def _replace(root: ET.Element, description: ET.Element, name: str, new: ET.Element) -> None:
    for place in root.iter(_name("rdf", "Description")):
        place.attrib.pop(name, None)
        for old in place.findall(name):
            place.remove(old)
    new.tag = name
    if new.text or len(new):
        description.append(new)


def _text(value: str) -> str:
    return escape(_NOT_XML.sub(" ", value))


def _name(space: str, local: str) -> str:
    return f"{{{_SPACES[space]}}}{local}"


def _one(root: ET.Element, space: str, local: str) -> str:
    """A simple property: an element, or, as other programs write it, an attribute of the description."""
    name = _name(space, local)
    for description in root.iter(_name("rdf", "Description")):
        element = description.find(name)
        if element is not None:
            return (element.text or element.get(_name("rdf", "resource")) or "").strip()
        if description.get(name) is not None:
            return str(description.get(name)).strip()
    return ""


def _items(root: ET.Element, space: str, local: str) -> list[str]:
    return [item.text or "" for element in root.iter(_name(space, local)) for item in element.iter(_name("rdf", "li"))]
