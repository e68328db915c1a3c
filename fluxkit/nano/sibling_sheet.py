"""The siblings' part of `docs/nano.md`: their scores, and a sheet that shows each of them at work."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from fluxkit.nano.changes import turned
from fluxkit.nano.conditions import edges
from fluxkit.nano.evaluate import SIZE
from fluxkit.nano.export import FOLDERS
from fluxkit.nano.masks import subject_mask
from fluxkit.nano.measures import Image
from fluxkit.nano.render import World, render
from fluxkit.nano.render.depth import depth
from fluxkit.nano.scenes import caption
from fluxkit.nano.sibling_scores import SEED, Ask, asker, edit_scores, fill_score, follow_scores, heads
from fluxkit.nano.worlds import sample

SHEET = "nano_siblings.jpg"

_INTRO = f"""## The siblings

Three more plain diffusers folders, for what starts from a picture. `nano-fill` paints what a mask hides, in the light
of the rest; `nano-depth` and `nano-canny` are one set of weights that follows a depth map or the edges of a picture;
`nano-kontext` changes a picture by an order. In a session they are models like any other:

```python
import fluxkit as fk

with fk.Session() as session:
    frame = session.shoot(fk.Scene(subject=fk.Subject(description="woman")), model="nano")
    session.edit(frame, fk.Edit(change="turn the light to the right"), model="nano-kontext")
```

`nano-kontext` was taught orders about light (direction, softness, temperature), aperture, film, place, hair and
clothes, in the words of the table below; `fk.Edit` finds them in a sentence and names what it cannot do. Orders given
as plain text go to the model as they are.

![nano-fill, nano-depth, nano-canny and nano-kontext at work](images/{SHEET})

Rows: two pictures, each with its mask and filled anew ("man, short black hair", "green apple"); twice a picture, its
depth map and four lights on it, then its edges and the same four; two pictures and five orders (light from the left,
from the right, from above, f/1.4, black and white).

"""


def section(docs: Path, count: int) -> str:
    """The text of the section; its sheet is written beside it."""
    from fluxkit.nano.report import save_sheet, score_rows

    fill, control, kontext = (asker(FOLDERS[name]) for name in ("nano-fill", "nano-control", "nano-kontext"))
    save_sheet(docs / "images" / SHEET, sheet(fill, control, kontext))
    scores = [fill_score(fill, count), *follow_scores(control, count), *edit_scores(kontext, count)]
    return _INTRO + "\n".join([*score_rows(scores), ""])


def sheet(fill: Ask, control: Ask, kontext: Ask) -> list[list[Image]]:
    """Rows of six pictures."""
    head, other = heads(6)[1], heads(6)[3]
    thing = sample(SEED, 3, kind="still life", held_out=True)
    rows = [[*_filled(fill, head, "man, short black hair."), *_filled(fill, thing, "green apple.")]]
    for world in (head, thing):
        for drawn in (depth(world, SIZE), edges(render(world, SIZE))):
            lit = [caption(turned(world, name)) for name in ("left", "right", "behind left", "front")]
            made = [control(words, 31 + i, control_image=drawn) for i, words in enumerate(lit)]
            rows.append([render(world, SIZE), drawn, *made])
    orders = ("Light from the left.", "Light from the right.", "Light from above.", "F/1.4.", "Black and white.")
    for world in (replace(other, film="digital"), replace(thing, film="digital", f_number=8.0)):
        before = render(world, SIZE)
        given = {"image": before, "max_area": SIZE * SIZE, "_auto_resize": False}
        rows.append([before, *(kontext(order, 41 + i, **given) for i, order in enumerate(orders))])
    return rows


def _filled(fill: Ask, world: World, words: str) -> list[Image]:
    """The picture, what is left of it under the mask, and the mask filled."""
    before, hidden = render(world, SIZE), subject_mask(world, SIZE)
    hole = np.asarray(hidden * 255, np.uint8)
    made = fill(words, 21, image=before, mask_image=hole)
    left = np.where(hidden[..., None], 128, before).astype(np.uint8)
    return [before, left, np.where(hidden[..., None], made, before)]
