"""Small rules of English: what to put before a photographer's own words so that they fit into a sentence."""

from __future__ import annotations

import re

_VOWEL_SOUND = re.compile(
    r"^(?:[aeio]|u(?!ni|se|su|ti|k|r[aeiou])|8|11\b|18\b|11-|18-|hour|honest|heir|f/|mm\b)", re.IGNORECASE
)
_DETERMINED = re.compile(
    r"^(?:a|an|the|one|two|three|four|five|six|seven|eight|nine|ten|dozens?|some|several|many|few|no|his|her|their|its|my"
    r"|your|our|this|that|these|those|each|every|another|both|\d+(?!-|mm|\s*mm))\b",
    re.IGNORECASE,
)
_PREPOSITION = re.compile(
    r"^(?:in|on|at|by|near|under|below|beneath|beside|besides|inside|outside|along|alongside|against|before|behind|above"
    r"|over|among|amid|amidst|between|through|throughout|across|around|within|atop|aboard|facing|next|close|overlooking"
    r"|opposite|towards?|up|down|off|from|to|with|without|surrounded|set|standing|sitting|seated|lying|leaning|walking"
    r"|outdoors|indoors|underwater|backstage|upstairs|downtown)\b",
    re.IGNORECASE,
)
_LOOKING = re.compile(r"^(?:look|gaz|star|glanc|eye|peer|fac|meet|watch|squint)", re.IGNORECASE)
_SKIN = re.compile(
    r"\b(?:skin|pores?|freckles|complexion|texture|wrinkles|lines|scars?|stubble|glow|blemish(?:es)?|moles?|sunburn|fur"
    r"|feathers|scales|patina|glaze)\b",
    re.IGNORECASE,
)
_HAIR = re.compile(
    r"hair|bun\b|braid|ponytail|curl|bob\b|bald|shave|fringe|bangs|locks|beard|afro|mohawk|plait|mane|fur|crop|moustache",
    re.IGNORECASE,
)
_NAMED = {"skin": _SKIN, "hair": _HAIR}
_WORN = re.compile(r"^(?:wearing|dressed|in|nude|naked|wrapped|clad|bare|shirtless)\b", re.IGNORECASE)
_POSTURE = re.compile(
    r"^(?:\w+ing|seated|perched|curled|stretched|posed|sprawled|slumped|bent|at rest|asleep)\b", re.IGNORECASE
)
_DEPTHS = {"foreground", "background", "middle ground", "midground", "distance", "middle distance"}
_SIDES = {"left", "right", "far left", "far right", "left side", "right side", "left edge", "right edge"}


def article(text: str) -> str:
    """The noun phrase with "a" or "an" before it, unless it already has a determiner.

    >>> article("elderly fisherman"), article("a vase"), article("28-year-old woman"), article("85mm lens")
    ('an elderly fisherman', 'a vase', 'a 28-year-old woman', 'an 85mm lens')
    """
    text = " ".join(str(text).split())
    if not text or _DETERMINED.match(text):
        return text
    return f"{'an' if _VOWEL_SOUND.match(text) else 'a'} {text}"


def without_article(text: str) -> str:
    """The phrase without a leading "a", "an" or "the"."""
    return re.sub(r"^(?:a|an|the)\s+", "", str(text), flags=re.IGNORECASE)


def placed(text: str) -> str:
    """A place with the preposition that it lacks.

    >>> placed("near a north-facing window"), placed("a Lisbon street"), placed("Lisbon"), placed("kitchen")
    ('near a north-facing window', 'in a Lisbon street', 'in Lisbon', 'in a kitchen')
    """
    text = str(text)
    if _PREPOSITION.match(text):
        return text
    return f"in {text}" if text[:1].isupper() or text.endswith("s") else f"in {article(text)}"


def manner(text: str) -> str:
    """How someone is or looks, as it follows a comma: a noun gets "with".

    >>> manner("a half-smile"), manner("looking slightly off-camera")
    ('with a half-smile', 'looking slightly off-camera')
    """
    text = str(text)
    return f"with {text}" if re.match(r"(?:a|an|the|his|her|their|no)\s", text, re.IGNORECASE) else text


def looking(text: str) -> str:
    """A gaze as it follows a comma.

    >>> looking("slightly off-camera"), looking("eyes closed")
    ('looking slightly off-camera', 'eyes closed')
    """
    text = str(text)
    return text if _LOOKING.match(text) else f"looking {text}"


def named(text: str, part: str) -> str:
    """Words about skin or hair that say which they are about.

    >>> named("freckled", "skin"), named("natural skin texture", "skin"), named("short silver", "hair")
    ('freckled skin', 'natural skin texture', 'short silver hair')
    """
    text = str(text)
    return text if _NAMED[part].search(text) else f"{text} {part}"


def wearing(text: str) -> str:
    """Clothes as they follow a comma.

    >>> wearing("a wool coat"), wearing("dressed for rain")
    ('wearing a wool coat', 'dressed for rain')
    """
    text = str(text)
    return text if _WORN.match(text) else f"wearing {text}"


def aged(text: str) -> str:
    """An age in words as it follows a comma.

    >>> aged("28"), aged("in her late sixties")
    ('28 years old', 'in her late sixties')
    """
    text = str(text)
    return f"{text} years old" if text.isdigit() else text


def is_posture(text: str | None) -> bool:
    """Whether a pose runs on into a place: "seated" does, "hands in his pockets, leaning back" needs a comma.

    >>> is_posture("leaning on the railing"), is_posture("wings folded")
    (True, False)
    """
    return bool(text) and "," not in str(text) and bool(_POSTURE.match(str(text)))


def framed_at(text: str) -> str:
    """A position in the picture.

    >>> framed_at("left third"), framed_at("foreground"), framed_at("left"), framed_at("in the lower corner")
    ('in the left third of the frame', 'in the foreground', 'on the left of the frame', 'in the lower corner')
    """
    text = str(text)
    if _PREPOSITION.match(text):
        return text
    bare = without_article(text)
    if re.match(r"cent(?:re|er)d\b", bare, re.IGNORECASE):
        return f"{bare} in the frame" if "frame" not in bare else bare
    where = "on" if bare.lower() in _SIDES else "in"
    whole = "" if bare.lower() in _DEPTHS or "frame" in bare or "picture" in bare else " of the frame"
    return f"{where} the {bare}{whole}"
