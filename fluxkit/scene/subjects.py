"""What a subject is, as far as its own words say it: a person or not, and how much of them a framing shows."""

from __future__ import annotations

import re
from functools import lru_cache

from fluxkit.optics import Format
from fluxkit.scene.composition import Composition, Framing
from fluxkit.scene.subject import Subject

_PERSON = re.compile(
    r"\b(wom[ae]n|m[ae]n|girls?|boys?|person|people|child(ren)?|toddler|baby|teenager|youth|lady|gentleman|couple|bride|groom"
    r"|mother|father|(grand)?(son|daughter|mother|father)|sister|brother|friends?|portrait|face|model|musician|singer|guitarist"
    r"|pianist|violinist|drummer|dancer|ballerina|actor|actress|artist|painter|sculptor|potter|ceramicist|writer|poet"
    r"|fisherm[ae]n|farmer|fisher|carpenter|blacksmith|baker|chef|cook|barista|waiter|waitress|vendor|worker|mechanic"
    r"|engineer|scientist|doctor|nurse|surgeon|teacher|student|pupil|athlete|runner|boxer|swimmer|cyclist|climber|surfer"
    r"|skater|soldier|pilot|sailor|captain|monk|nun|priest|shepherd|watchmaker|tailor|architect|photographer|director"
    r"|executive|founder|businesswoman|businessman|designer|gardener|beekeeper|luthier|elder|pensioner|figure|pedestrian"
    r"|commuter|passer-by|she|he|her|his)\b",
    re.IGNORECASE,
)

FRAMED_HEIGHT_M: dict[Framing, float] = {
    "extreme close-up": 0.15,
    "close-up": 0.32,
    "head and shoulders": 0.60,
    "medium": 1.0,
    "full length": 2.0,
    "environmental": 2.8,
    "wide": 5.0,
}
"""How much height of the scene each framing of a person shows, in metres: the shot sizes of film practice
(Bowen and Thompson, "Grammar of the Shot") for a standing adult of 1.70 m."""

PERSON_GENRES = frozenset({"portrait", "headshot", "environmental portrait", "editorial", "fashion"})
"""Genres whose framing words always speak of a person."""


@lru_cache(maxsize=8192)
def is_person(subject: Subject | None) -> bool:
    """Whether the subject's own words name a person.

    >>> is_person(Subject(description="a 28-year-old woman")), is_person(Subject(description="a ceramic teapot"))
    (True, False)
    """
    if subject is None:
        return False
    worn = (subject.expression, subject.gaze, subject.wardrobe, subject.skin, subject.hair, subject.hands)
    return any(worn) or bool(_PERSON.search(subject.description))


def framed_height_m(composition: Composition, subject: Subject | None) -> float | None:
    """Height of the scene in the frame, in metres, for a framing of a person; None for anything else."""
    if composition.framing is None or not (composition.genre in PERSON_GENRES or is_person(subject)):
        return None
    return FRAMED_HEIGHT_M[composition.framing]


def picture_height_mm(picture: Format, aspect_ratio: str | None) -> float:
    """Height of the picture on the sensor once it is cropped to the aspect ratio, turned upright for a tall one."""
    long, short = max(picture[:2]), min(picture[:2])
    if aspect_ratio is None:
        return short
    width, height = (float(part) for part in aspect_ratio.split(":"))
    if width < height:
        return min(long, short * height / width)
    return min(short, long * height / width)
