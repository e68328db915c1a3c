"""`TrainingSet`: the photographs that an adapter learns from, with their captions and what is wrong with them."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

from pydantic import Field

from fluxkit._base import Record
from fluxkit.errors import FluxkitError, InputError, did_you_mean
from fluxkit.scene import Scene, Subject
from fluxkit.shots.trained import with_trigger
from fluxkit.shots.upright import on_grey, upright
from fluxkit.train import sidecars
from fluxkit.train.looks import Look, look
from fluxkit.train.sidecars import Caption

if TYPE_CHECKING:
    from PIL.Image import Image

Kind = Literal["person", "thing", "place", "style"]
Captioner = Callable[["Image"], Caption]

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp")
SMALL = 512
"""Shorter sides below this teach FLUX too little detail; nano is content with 128."""

SOFT = 0.12
"""A `Look.sharpness` below this is told: scikit-image's photographs lie at 0.6 to 1.7, blurred by 2 px below 0.08."""


_CLEAR = 0.005
"""A larger transparent share than this is told: less is an edge that a program smoothed."""


class Consent(Record):
    """That a person agreed to be learned: who said so, to what, and when. Kept with the adapter, never in a picture."""

    by: str = Field(min_length=1)
    """The person, or who may speak for them."""
    scope: str = Field(min_length=1)
    """What they agreed to, such as "portraits for the spring catalogue, no advertising"."""
    on: str = Field(pattern=r"^\d{4}-\d{2}-\d{2}$")
    """The date, as 2026-11-23."""


class Finding(Record):
    """Something about a photograph, or about the set, that will show in the adapter."""

    severity: Literal["note", "warning", "error"]
    rule: str
    """`small`, `soft`, `transparent`, `duplicate`, `few`, `alike`, `no caption`, `unreadable`."""
    message: str
    cure: str


class Photograph(Record):
    """One photograph: where it lies, what it shows, and how it was looked at."""

    path: Path = Field(repr=False)
    name: str
    content: str
    """A hash of its pixels as they are learned: upright, in sRGB, cut-outs on grey."""
    width: int
    height: int
    caption: Caption | None = None
    """Words, or the scene that a photographer would write for it; None says no more than the trigger does."""
    look: Look = Field(repr=False)
    findings: tuple[Finding, ...] = ()

    @property
    def image(self) -> Image:
        """The pixels, upright, as 8-bit sRGB. Raises `InputError` where the file has changed since it was read."""
        found = opened(self.path)
        if _content(found) != self.content:
            raise InputError(
                f"The photograph {self.name!r} was read as {self.content}, but its file holds other pixels now. Read "
                f"the folder again with TrainingSet.from_folder."
            )
        return found


class TrainingSet:
    """Photographs of one subject, the word that will call it up, and what is wrong with them. It never changes.

    >>> from PIL import Image
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> Image.new("RGB", (640, 480), "teal").save(folder / "one.png")
    >>> photographs = TrainingSet.from_folder(folder, trigger="zwirl")
    >>> len(photographs), photographs[0].name
    (1, 'one.png')
    """

    def __init__(
        self,
        photographs: Iterable[Photograph],
        *,
        trigger: str,
        kind: Kind = "thing",
        consent: Consent | None = None,
        unreadable: Iterable[Finding] = (),
    ) -> None:
        """`trigger` is one word that means nothing yet. A person's likeness asks for a `consent`.

        Raises `InputError` for no photographs, for a trigger of several words, and for a person without consent.
        """
        self.photographs = tuple(photographs)
        """In the order of their names."""
        self.trigger = _checked(trigger)
        self.kind: Kind = kind
        self.consent = consent
        self.unreadable = tuple(unreadable)
        """Files that could not be read, and why."""
        if not self.photographs:
            raise InputError(
                f"A training set without a photograph was asked for; {len(self.unreadable)} files could not be read. "
                f"Pictures as {', '.join(SUFFIXES)} are allowed. Give a folder that holds some."
            )
        if kind == "person" and consent is None:
            raise InputError(
                "A training set of a person was asked for without their consent. A likeness is learned only with it. "
                "Give consent=Consent(by=..., scope=..., on='2026-11-23'), or kind='thing' for what is no person."
            )

    @classmethod
    def from_folder(
        cls,
        folder: str | Path,
        *,
        trigger: str,
        kind: Kind = "thing",
        consent: Consent | None = None,
        captioner: Captioner | None = None,
    ) -> Self:
        """Every picture in a folder, in the order of their names.

        A caption is read from beside the picture: `name.yaml` or `name.json` holds a Scene, `name.txt` words. What has
        neither is given to the `captioner`, a function from a Pillow image to words or a Scene, where there is one.
        Files that cannot be read are listed in `unreadable`. Raises `InputError` where the folder is none.
        """
        place = Path(folder).expanduser()
        if not place.is_dir():
            raise InputError(
                f"Photographs were to be read from {place.name!r}, which is no folder. Give a folder with pictures "
                f"({', '.join(SUFFIXES)})."
            )
        found, unreadable = [], []
        for path in sorted(path for path in place.iterdir() if path.suffix.lower() in SUFFIXES):
            try:
                found.append(_photograph(path, captioner))
            except FluxkitError as error:
                unreadable.append(Finding(severity="error", rule="unreadable", message=str(error), cure="Replace it."))
        return cls(_compared(found), trigger=trigger, kind=kind, consent=consent, unreadable=unreadable)

    def with_captions(self, captions: dict[str, Caption]) -> TrainingSet:
        """The same photographs, some with another caption: words or a Scene by file name.

        Raises `InputError` for a name that is not in the set.
        """
        self._refuse_strangers(captions, "A caption was given for")
        changed = [
            _captioned(photograph, captions[photograph.name]) if photograph.name in captions else photograph
            for photograph in self.photographs
        ]
        return self._of(changed)

    def save_captions(self, *names: str) -> list[Path]:
        """Write captions beside their pictures: a scene as `name.yaml`, words as `name.txt`; gives the files written.

        Of the photographs named, or of all that have a caption. What lies there already is not written again. Raises
        `InputError`, before anything is written, where two pictures would share a file, or where a scene that lies
        beside a picture would be read instead of its words.
        """
        self._refuse_strangers(names, "A caption was to be saved for")
        chosen = [photograph for photograph in self.photographs if not names or photograph.name in names]
        captions = {each.path: each.caption for each in chosen if each.caption is not None}
        return sidecars.write(captions, beside={each.path: each.caption for each in self.photographs})

    def without(self, *names: str) -> TrainingSet:
        """The set without some photographs, by file name; what was said about duplicates is looked at anew.

        Raises `InputError` for a name that is not in the set.
        """
        self._refuse_strangers(names, "The set was asked for without")
        return self._of(_compared([photograph for photograph in self.photographs if photograph.name not in names]))

    def check(self, *, resolution: int = SMALL) -> list[Finding]:
        """What is wrong with the set as a whole and, by name, with its photographs; worst first."""
        found = self.about()
        for photograph in self.photographs:
            own = self.about_one(photograph, resolution=resolution)
            found += [finding.with_(message=f"{photograph.name}: {finding.message}") for finding in own]
        return sorted(found, key=lambda finding: ("error", "warning", "note").index(finding.severity))

    def about(self) -> list[Finding]:
        """What is wrong with the set as a whole, and which files could not be read."""
        found = list(self.unreadable)
        count = len(self.photographs)
        if count < 5:
            found.append(
                Finding(
                    severity="warning",
                    rule="few",
                    message=f"There are {count} photographs; from fewer than 5 a model learns the background too.",
                    cure="Add some from other sides, in other light and places; 10 to 30 are usual.",
                )
            )
        if count > 1 and (alike := _mean_likeness(self.photographs)) > 0.8:
            found.append(
                Finding(
                    severity="warning",
                    rule="alike",
                    message=f"The photographs resemble each other ({alike:.2f} of 1): their place and light are "
                    f"learned with the subject.",
                    cure="Vary place, light and distance.",
                )
            )
        return found

    def about_one(self, photograph: Photograph, *, resolution: int = SMALL) -> list[Finding]:
        """What is wrong with one photograph, where it is to be learned at `resolution` pixels."""
        return [*photograph.findings, *_of_size(photograph, resolution)]

    @property
    def content(self) -> str:
        """A hash of what is learned: pixels, captions and trigger; the same set in another folder has the same."""
        told = [
            (p.content, p.caption.canonical_json() if isinstance(p.caption, Scene) else p.caption or "") for p in self
        ]
        text = repr((self.trigger, sorted(told)))
        return f"set1-{hashlib.sha256(text.encode()).hexdigest()[:16]}"

    def pairs(self, render: Callable[[Scene], Any]) -> list[tuple[Path, str]]:
        """Each photograph's file and its caption as words: what hosted trainers take. `render` words a scene."""
        return [(photograph.path, self.words(photograph, render)) for photograph in self.photographs]

    def words(self, photograph: Photograph, render: Callable[[Scene], Any]) -> str:
        """A photograph's caption with the trigger in it."""
        caption = photograph.caption
        if isinstance(caption, Scene):
            return str(render(triggered(caption, self.trigger)))
        if not caption:
            return f"{self.trigger}."
        return with_trigger(caption, self.trigger)

    def preview(self) -> Image:
        """All photographs small, each with its name, its caption's first words and what is wrong with it."""
        from fluxkit.train.preview import preview

        return preview(self)

    def _repr_png_(self) -> bytes:
        buffer = io.BytesIO()
        self.preview().save(buffer, "PNG")
        return buffer.getvalue()

    def _refuse_strangers(self, names: Iterable[str], asked: str) -> None:
        known = [photograph.name for photograph in self.photographs]
        for name in names:
            if name not in known:
                raise InputError(
                    f"{asked} {name!r}, which is not in the set.{did_you_mean(name, known)} It holds: "
                    f"{', '.join(known)}. Give one of these names."
                )

    def _of(self, photographs: Iterable[Photograph]) -> TrainingSet:
        return TrainingSet(
            photographs, trigger=self.trigger, kind=self.kind, consent=self.consent, unreadable=self.unreadable
        )

    def __len__(self) -> int:
        return len(self.photographs)

    def __iter__(self) -> Iterator[Photograph]:
        return iter(self.photographs)

    def __getitem__(self, index: int) -> Photograph:
        return self.photographs[index]

    def __repr__(self) -> str:
        wrong = f", {len(self.unreadable)} unreadable" if self.unreadable else ""
        return f"TrainingSet({len(self)} photographs of {self.trigger!r}, {self.kind}{wrong}, {self.content})"


def triggered(scene: Scene, trigger: str) -> Scene:
    """The scene with the trigger at its subject, so that every model's template writes it where it belongs.

    A caption need not name the subject: where it does not, the trigger alone stands for it.
    """
    if scene.subject is None:
        return scene.with_(subject=Subject(description=trigger))
    return scene if scene.subject.trigger == trigger else scene.with_("subject.trigger", trigger)


def opened(path: Path, *, about: int | None = None) -> Image:
    """A picture file upright, in 8-bit sRGB, on neutral grey where it is transparent.

    With `about`, a JPEG may come smaller, but not below so many pixels. Raises `InputError` for what is no picture, or
    is damaged.
    """
    return _seen(path, about)[0]


def _seen(path: Path, about: int | None = None) -> tuple[Image, float]:
    """The picture, and the share of it that was transparent."""
    from PIL import Image

    try:
        with Image.open(path) as picture:
            if about:
                picture.draft(None, (about, about))
            picture.load()
            return on_grey(upright(picture))
    except InputError as error:
        raise InputError(f"The photograph {path.name!r} cannot be learned from. {error}") from error
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise InputError(
            f"The photograph {path.name!r} cannot be read ({type(error).__name__}). Whole pictures as "
            f"{', '.join(SUFFIXES)} are allowed. Export it again."
        ) from error


def _photograph(path: Path, captioner: Captioner | None) -> Photograph:
    image, clear = _seen(path)
    caption = sidecars.read(path)
    if caption is None and captioner is not None:
        caption = captioner(image)
    seen = look(image)
    return Photograph(
        path=path,
        name=path.name,
        content=_content(image),
        width=image.width,
        height=image.height,
        caption=caption,
        look=seen,
        findings=(*_of_ground(clear), *_of_look(seen, caption)),
    )


def _content(image: Image) -> str:
    digest = hashlib.sha256(f"{image.width}x{image.height}:".encode() + image.tobytes()).hexdigest()
    return f"photograph1-{digest[:16]}"


def _captioned(photograph: Photograph, caption: Caption) -> Photograph:
    """The photograph with another caption; what is said of its look and its twins stays."""
    others = [finding for finding in photograph.findings if finding.rule != "no caption"]
    missing = [finding for finding in _of_look(photograph.look, caption) if finding.rule == "no caption"]
    return photograph.with_(caption=caption, findings=(*others, *missing))


def _of_ground(clear: float) -> Iterator[Finding]:
    if clear > _CLEAR:
        yield Finding(
            severity="warning",
            rule="transparent",
            message=f"it is transparent over {clear:.0%} of its surface, which is learned as plain grey.",
            cure="Put it on a place of its own, or say in its caption that the ground is grey; grey in all of them is "
            "learned with the subject.",
        )


def _of_look(seen: Look, caption: Caption | None) -> Iterator[Finding]:
    if seen.sharpness < SOFT:
        yield Finding(
            severity="warning",
            rule="soft",
            message=f"it is soft: its finest detail is {seen.sharpness:.2f} of what clean edges hold.",
            cure="Leave it out, or it teaches softness.",
        )
    if caption is None or caption == "":
        yield Finding(
            severity="note",
            rule="no caption",
            message="it has no caption, so all that it shows is learned as the trigger's.",
            cure="Say what is not the subject: a name.txt with words, or a name.yaml with a Scene.",
        )


def _of_size(photograph: Photograph, resolution: int) -> Iterator[Finding]:
    short = min(photograph.width, photograph.height)
    if short < resolution:
        yield Finding(
            severity="warning",
            rule="small",
            message=f"its shorter side is {short} pixels, below the {resolution} that are trained at.",
            cure="Give a larger file, or train at a lower resolution.",
        )


def _compared(photographs: list[Photograph]) -> list[Photograph]:
    """The photographs with duplicates named."""
    found: list[Photograph] = []
    for photograph in photographs:
        twin = next((other for other in found if photograph.look.is_twin_of(other.look)), None)
        kept = tuple(finding for finding in photograph.findings if finding.rule != "duplicate")
        if twin is not None:
            named = Finding(
                severity="warning",
                rule="duplicate",
                message=f"it shows the same as {twin.name}.",
                cure="Leave one out, or the picture counts twice.",
            )
            kept = (*kept, named)
        found.append(photograph.with_(findings=kept))
    return found


def _mean_likeness(photographs: tuple[Photograph, ...]) -> float:
    pairs = [(one, other) for place, one in enumerate(photographs) for other in photographs[place + 1 :]]
    return sum(one.look.likeness(other.look) for one, other in pairs) / len(pairs)


def _checked(trigger: str) -> str:
    if not trigger.strip() or len(trigger.split()) != 1:
        raise InputError(
            f"The trigger {trigger!r} was asked for. One word is allowed, best one that means nothing yet, such as "
            f"'zwirl'. Choose one."
        )
    return trigger.strip()
