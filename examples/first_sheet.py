"""The main job without Jupyter: state a photograph, sweep its light, look at the contact sheet.

python examples/first_sheet.py [sheet.png]
"""

import sys
from pathlib import Path

import fluxkit as fk

scene = fk.Scene(
    subject=fk.Subject(description="a woman", hair="long brown hair", skin="fair skin", wardrobe="a navy sweater"),
    environment=fk.Environment(place="grey studio"),
    lighting=fk.Lighting(key=fk.Light(direction="left", quality="soft", temperature_k=5500)),
    lens=fk.Lens(focal_length_mm=85, f_number=1.8, focus_distance_m=1.5),
    film=fk.PORTRA_400,
)

sweep = fk.Sweep(scene, model="nano").over(
    **{"lighting.key.direction": ["left", "right", "above"]},
    seed=range(4),
)

with fk.Session("fluxkit-catalogue") as session:
    frames = session.shoot(sweep)

sheet = fk.ContactSheet(frames, rows="lighting.key.direction", columns="seed", title="Where does the light come from?")
path = sheet.save(Path(sys.argv[1] if len(sys.argv) > 1 else "first_sheet.png"))

print(frames[0].shot.prompt)
print(sheet)
print(f"The contact sheet is {path.resolve()}")
