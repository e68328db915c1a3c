"""Teach nano an object that it never saw, from twelve pictures with a scene beside each, and shoot it in new light.

python examples/train_your_subject.py

Takes some minutes on two cores. Ctrl-C stops it; the same command goes on from there. With photographs of your own and
a GPU, change the folder and write model="flux.1-dev".
"""

from pathlib import Path

import fluxkit as fk
from fluxkit.session.training import checkpoint_sweep
from fluxkit.train import likeness

photographs = fk.TrainingSet.from_folder(Path(__file__).parent / "hourglass", trigger="zwirl")
print(photographs)
photographs.preview().save("photographs.png")

scene = fk.Scene(
    subject=fk.Subject(description="a red hourglass", trigger="zwirl"),
    environment=fk.Environment(place="oak table", background="library"),
    lighting=fk.Lighting(key=fk.Light(direction="left", quality="soft", temperature_k=5500)),
    lens=fk.Lens(focal_length_mm=85, f_number=2.8),
    film=fk.PORTRA_400,
)

with fk.Session("lesson-catalogue") as session:
    learned = session.train(photographs, model="nano", samples=[scene])
    choice = session.shoot(checkpoint_sweep(learned, scene, strengths=(0.6, 1.0), seeds=[1, 2, 3]))
    print(likeness(choice, photographs).by_lora())
    fk.ContactSheet(choice, rows="loras", columns="seed").save("checkpoints.png")

    new_light = fk.Sweep(scene, model="nano", loras=[learned.lora()], seed=4).over(
        **{
            "environment.background": ["grey studio", "cafe", "seaside"],
            "lighting.key.direction": ["left", "right", "behind"],
        }
    )
    frames = session.shoot(new_light)
    fk.ContactSheet(frames, rows="environment.background", columns="lighting.key.direction").save("new_light.png")

print("Look at photographs.png, checkpoints.png and new_light.png.")
