"""The first sheet's sweep on every GPU of a Ray cluster; on one machine without any, two actors share its cores.

python examples/ray_sweep.py [address]          # "auto" where `ray start` ran, ray://head:10001 from far away
"""

import sys

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
    seed=range(8),
)


def main(address: str | None = None) -> None:
    """Shoot the sweep, say where each frame was made, and save the sheet."""
    engine = fk.RayEngine(address, actors=None if address else 2)
    with fk.Session("fluxkit-catalogue", engine=engine) as session:
        frames = session.shoot(sweep)
        print("\n".join(engine.ready))
    places = sorted({frame.provenance.extra.get("node", "here, earlier") for frame in frames})
    sheet = fk.ContactSheet(frames, rows="lighting.key.direction", columns="seed")
    print(f"{len(frames)} frames from {', '.join(places)}: {sheet.save('ray_sweep.png')}")


if __name__ == "__main__":
    main(*sys.argv[1:2])
