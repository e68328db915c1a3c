import dataclasses

from PIL import Image

from fluxkit.frames import Frame, Frames, Provenance
from fluxkit.nano.render import render
from fluxkit.nano.scenes import scene_of
from fluxkit.nano.worlds import sample
from fluxkit.shots import Shot

WORLD = dataclasses.replace(
    sample(9_000_000, 4, kind="portrait"), film="digital", direction="left", azimuth_deg=-78.0, elevation_deg=14.0
)


def framed(seed, direction):
    scene = scene_of(WORLD).with_("lighting.key.direction", direction)
    shot = Shot(model="nano", scene=scene, prompt="a head", seed=seed, steps=4, width=128, height=128)
    return Frame(shot, Image.fromarray(render(WORLD)), provenance=Provenance(engine="test"))


def test_a_frame_is_measured_against_its_own_scene():
    assert framed(0, "left").measure()["key_light"].verdict == "shown"
    assert framed(0, "right").measure()["key_light"].verdict == "not shown"


def test_frames_say_which_wishes_were_met():
    table = Frames([framed(0, "left"), framed(1, "right")]).adherence()
    assert table.share("key_light") == 0.5 and len(table) == 2
    assert "left" in table.labels[0] and "right" in table.labels[1]
