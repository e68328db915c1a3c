"""The tasks that start from a picture: vary, fill, outpaint, edit, control, blend."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from typing import Any

from fluxkit import models
from fluxkit.errors import InputError
from fluxkit.frames import Frame
from fluxkit.models import ModelSpec
from fluxkit.prompt import Prompt, PromptRenderer
from fluxkit.scene import Edit, Scene
from fluxkit.shots import ControlMap, Inputs, Mask, ReferenceImage, Shot
from fluxkit.shots.shot import weights_of

Model = str | ModelSpec
Words = str | Scene | Edit | None
Control = ControlMap | Sequence[ControlMap] | None


class PictureMethods:
    """What a session does with pictures. Each method makes one frame; the catalogue knows what it came from.

    `settings` are those of a shot: `seed`, `steps`, `guidance`, `size`, `true_cfg`, `negative`, `loras`, `options`, and
    `template` for a scene's words. The size is the picture's own where the model makes it, and has to be given where it
    does not: the picture is then resized. Words are a text, a `Scene` or an `Edit`. A `control` map, or several, goes
    beside a picture where the model follows one.
    """

    @abstractmethod
    def shoot(self, request: Any, **settings: Any) -> Any:
        """Make the pictures of a request."""

    def vary(
        self, picture: Any, *, strength: float | None = None, prompt: Words = None, model: Model | None = None,
        control: Control = None, **settings: Any,
    ) -> Frame:  # fmt: skip
        """The picture again, otherwise: `strength` above 0 to 1 says how far it may move from its start.

        Model and words are the frame's own unless given.
        """
        spec = self._spec(model, picture)
        inputs = Inputs(image=ReferenceImage.of(picture), strength=strength, **_maps(control))
        return self._made(spec, _asked(prompt, picture), inputs, settings)

    def fill(
        self, picture: Any, *, mask: Any, prompt: Words = None, model: Model = "flux.1-fill-dev",
        strength: float | None = None, control: Control = None, references: Iterable[Any] = (), **settings: Any,
    ) -> Frame:  # fmt: skip
        """The picture with what is white in the mask made anew; what is black stays as it is, to the last bit.

        `mask` is a `Mask`, an image or an array as large as the picture. `references` show what is to appear, to models
        that take them there (Kontext and FLUX.2 [klein], one each). Raises `InputError` where the sizes differ.
        """
        start, hole = ReferenceImage.of(picture), Mask.of(mask)
        if (start.width, start.height) != (hole.width, hole.height):
            raise InputError(
                f"A mask of {hole.width} x {hole.height} was given for a picture of {start.width} x {start.height}. "
                f"The two are of one size. Draw the mask at the picture's size."
            )
        shown = tuple(ReferenceImage.of(reference) for reference in references)
        inputs = Inputs(image=start, mask=hole, strength=strength, references=shown, **_maps(control))
        return self._made(models.get(model), _asked(prompt, picture), inputs, settings)

    def outpaint(  # noqa: PLR0913 (each side is a word of its own)
        self, picture: Any, *, left: int = 0, right: int = 0, top: int = 0, bottom: int = 0, prompt: Words = None,
        model: Model = "flux.1-fill-dev", strength: float | None = None, control: Control = None, **settings: Any,
    ) -> Frame:  # fmt: skip
        """The picture with more around it: so many pixels on each side. The picture itself stays, to the last bit."""
        sides = (left, right, top, bottom)
        if not all(isinstance(side, int) and side >= 0 for side in sides) or not any(sides):
            raise InputError(
                f"left={left}, right={right}, top={top}, bottom={bottom} were asked for. Sides are 0 or more whole "
                f"pixels, one of them more. Say on which side the picture grows."
            )
        spec, start = models.get(model), ReferenceImage.of(picture)
        if spec.task == "expand":  # it is told the sides, and keeps the picture by its own means
            settings["options"] = {**settings.get("options", {}), "left": left, "right": right, "top": top,
                                   "bottom": bottom}  # fmt: skip
            beside = Inputs(image=start, strength=strength, **_maps(control))  # the plan refuses what it does not take
            return self._made(spec, _asked(prompt, picture), beside, settings)
        canvas, hole = _extended(start.image, left, right, top, bottom)
        inputs = Inputs(image=canvas, mask=hole, strength=strength, **_maps(control))
        return self._made(spec, _asked(prompt, picture), inputs, settings)

    def edit(
        self, picture: Any, change: Words, *, references: Iterable[Any] = (), model: Model = "flux.1-kontext-dev",
        **settings: Any,
    ) -> Frame:  # fmt: skip
        """The picture after a change that is said in words; `references` are further pictures that the words name."""
        spec = models.get(model)
        inputs = Inputs(references=tuple(ReferenceImage.of(source) for source in (picture, *references)))
        first = inputs.references[0]
        settings.setdefault("size", _size_near(spec, first.width, first.height))
        return self._made(spec, change, inputs, settings)

    def control(self, prompt: Words, control: Control, *, model: Model | None = None, **settings: Any) -> Frame:
        """A new picture whose shapes follow a control map, or several.

        The model is FLUX.1's own for a depth map or edges unless given, and a ControlNet for other kinds and for
        several.
        """
        inputs = Inputs(**_maps(control))
        if not inputs.controls:
            raise InputError(
                f"A picture that follows control={control!r} was asked for. A ControlMap, or a list of them, is "
                f"allowed. Make one with ControlMap.depth(picture), .canny(picture) or .given(image, kind=...)."
            )
        first = inputs.controls[0]
        alone = len(inputs.controls) == 1 and first.kind in ("depth", "canny")
        spec = models.get(model or (f"flux.1-{first.kind}-dev" if alone else "flux.1-dev-controlnet-union"))
        settings.setdefault("size", _size_near(spec, first.picture.width, first.picture.height))
        return self._made(spec, prompt, inputs, settings)

    def blend(
        self, pictures: Sequence[Any], *, weights: Sequence[float] | None = None, prompt: Words = "",
        model: Model = "flux.1-redux-dev", **settings: Any,
    ) -> Frame:  # fmt: skip
        """A new picture in the manner of several; `weights` say how much each counts, equally unless given."""
        if isinstance(pictures, str) or not isinstance(pictures, Sequence) or not pictures:
            raise InputError(
                f"A blend of {type(pictures).__name__} was asked for. A list of one or more pictures is allowed. Write "
                f"blend([first, second])."
            )
        if weights is not None and len(weights) != len(pictures):
            raise InputError(
                f"{len(weights)} weights were given for {len(pictures)} pictures. One a picture is allowed. Give as "
                f"many."
            )
        shares = weights if weights is not None else [None] * len(pictures)
        spec = models.get(model)
        references = tuple(
            ReferenceImage.of(picture).with_(weight=share) for picture, share in zip(pictures, shares, strict=True)
        )
        settings.setdefault("size", (spec.size.default_width, spec.size.default_height))
        return self._made(spec, prompt, Inputs(references=references), settings)

    def _made(self, spec: ModelSpec, asked: Words, inputs: Inputs, settings: dict[str, Any]) -> Frame:
        prompt, scene = _words(asked, spec, inputs, settings)
        first = next(iter(inputs.pictures().values()))
        width, height = settings.pop("size", None) or (first.width, first.height)
        steps = spec.steps_for(settings.pop("steps", None))
        guidance = spec.guidance_for(settings.pop("guidance", None))
        shot = Shot(
            model=spec.id, spec=spec, weights=weights_of(spec), prompt=prompt, scene=scene, inputs=inputs,
            width=width, height=height, steps=steps, guidance=guidance, **settings,
        )  # fmt: skip
        frame: Frame = self.shoot(shot)
        return frame

    def _spec(self, model: Model | None, picture: Any) -> ModelSpec:
        if model is None and not isinstance(picture, Frame):
            raise InputError(
                f"A variation of {type(picture).__name__} was asked for without a model. A frame brings its own; other "
                f"pictures do not. Give model=..."
            )
        return models.get(model) if model is not None else picture.shot.spec


def _maps(control: Control) -> dict[str, Any]:
    if control is None or isinstance(control, ControlMap):
        return {"control": control}
    first, *more = control if isinstance(control, Sequence) else (control,)
    return {"control": first, "more_controls": tuple(more)}


def _asked(asked: Words, picture: Any) -> Words:
    """The words given, or those that a frame was made with."""
    if asked is None and isinstance(picture, Frame):
        return picture.shot.scene if picture.shot.scene is not None else str(picture.shot.prompt)
    return asked


def _words(
    asked: Words, spec: ModelSpec, inputs: Inputs, settings: dict[str, Any]
) -> tuple[Prompt | str, Scene | None]:
    """The prompt for a model, and the scene that it stands for where there is one; what to avoid goes into settings."""
    template = settings.pop("template", None)
    if asked is None:
        raise InputError(
            "A picture was asked for without words. A text, a Scene or an Edit is allowed; a frame brings its own "
            "scene. Give prompt=..."
        )
    if isinstance(asked, str):
        if template is not None:
            raise InputError(
                f"template={template!r} was given beside a text. A template words a Scene or an Edit. Leave it out."
            )
        return asked, None
    against = spec.negative_in(inputs.method(spec)) == "true_cfg" and (settings.get("true_cfg") or 1) > 1
    prompt = PromptRenderer(spec, template=template, negative=against).render(asked)
    if prompt.negative is not None:
        settings.setdefault("negative", prompt.negative)
    return prompt, asked if isinstance(asked, Scene) else None


def _size_near(spec: ModelSpec, width: int, height: int) -> tuple[int, int]:
    return (width, height) if spec.size.allows(width, height) else spec.size.for_aspect(width / height)


def _extended(picture: Any, left: int, right: int, top: int, bottom: int) -> tuple[ReferenceImage, Mask]:
    """A larger canvas with the picture in its place, and a mask of what is new."""
    from PIL import Image

    size = (picture.width + left + right, picture.height + top + bottom)
    canvas, hole = Image.new("RGB", size, "grey"), Image.new("L", size, 255)
    canvas.paste(picture, (left, top))
    hole.paste(0, (left, top, left + picture.width, top + picture.height))
    return ReferenceImage.of(canvas), Mask.of(hole)
