"""The nouns of a scene: what they take, what they refuse, and how they are looked at."""

import copy
import inspect
import pickle

import pytest
from hypothesis import given, settings

from fluxkit.errors import InputError
from fluxkit.scene import (
    PORTRA_400,
    Atmosphere,
    Camera,
    Colour,
    Environment,
    FilmStock,
    Lens,
    Light,
    Lighting,
    PictureText,
    Scene,
    Subject,
    lenses,
    presets,
    rigs,
    stocks,
)
from fluxkit.scene.light import DIRECTIONS
from fluxkit.scene.lighting import PATTERNS
from tests.scene.strategies import FEW_DRAWS, scenes

SEED = Scene(
    subject=Subject(
        description="a 28-year-old woman", pose="seated", gaze="slightly off-camera", skin="natural skin texture"
    ),
    environment=Environment(place="near a north-facing window", time_of_day="morning", weather="overcast"),
    lighting=Lighting(key=Light(direction="left", quality="soft", temperature_k=6500)),
    lens=Lens(focal_length_mm=85, f_number=1.8, focus_distance_m=1.5),
    film=PORTRA_400,
)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Lens(focal_length_mm=85, f_number=0), r"Lens\.f_number was given 0\. .*from 0\.5 to 512"),
        (lambda: Lens(focal_length_mm=85, f_number=-1.4), r"f_number was given -1\.4"),
        (lambda: Lens(f_number=2), r"focal_length_mm was not given"),
        (lambda: Lens(focal_length_mm=85, focus_distance_m=0.05), r"within the focal length of 85 mm.*Focus beyond"),
        (lambda: Environment(weather="overcat"), r"Did you mean 'overcast'\?"),
        (lambda: Environment(time_of_day="tea time"), r"It takes: blue hour, dawn"),
        (lambda: Environment(latitude_deg=52), r"both latitude_deg and longitude_deg"),
        (lambda: Environment(clock="2026-06-21T12:00:00"), r"a time with its zone"),
        (lambda: Light(direction="left", azimuth_deg=45), r"stands for azimuth -90.*Give the name or the angles"),
        (lambda: Light(direction="above", elevation_deg=0), r"elevation 80"),
        (lambda: Light(temperature_k=50), r"temperature_k was given 50\. It takes a number from 1000 to 20000\. Give"),
        (lambda: Lens(focal_length_mm="85 mm"), r"a number above 0 and up to 5000\. .*without quotes or units"),
        (lambda: Lens(focal_length_mm=85, focus_distance_m=float("inf")), r"given inf\. It takes a number above 0\."),
        (lambda: Atmosphere(textures="pores"), r"Write \['pores'\]"),
        (lambda: Scene(lighting="rembrandt"), r"It takes Lighting\(\.\.\.\)"),
        (lambda: Scene(film="Portra 40"), r"is none that fluxkit knows.*Did you mean 'Kodak Portra 400'"),
        (lambda: setattr(SEED, "film", None), r"never changes\. Make a copy with \.with_\('film', None\)"),
        (lambda: Light(modifier="octobox"), r"Did you mean 'octabox'\?"),
        (lambda: Lighting(pattern="rembrand"), r"Did you mean 'rembrandt'\?"),
        (lambda: Lighting(ratio=0.5), r"ratio was given 0\.5"),
        (lambda: FilmStock(name="x", grain_figure=8), r"means nothing without its scale"),
        (lambda: Scene(film="Porta 400"), r"Did you mean 'Kodak Portra 400'\?"),
        (lambda: Scene(film="Portra"), r"3 stocks \(Kodak Portra 160"),
        (lambda: Scene(subjct="a vase"), r"Did you mean 'subject'\?"),
        (lambda: Scene(aspect_ratio="20:1"), r"between 1:10 and 10:1"),
        (lambda: Scene(aspect_ratio="3x2"), r"aspect_ratio was given '3x2'"),
        (lambda: Scene(lighting=Lighting(short_or_broad="short")), r"subject\.yaw_deg is None.*Set subject\.yaw_deg"),
        (lambda: Subject(description=" , "), r"description was given"),
        (lambda: Colour(name="red", hex="#12"), r"hex was given '#12'"),
        (lambda: Camera(format="full fram"), r"Did you mean 'full frame'\?"),
        (lambda: PictureText(text=""), r"text was given ''"),
        (lambda: SEED.with_("lens.f_number", 0), r"f_number was given 0"),
        (lambda: SEED.with_("lighting.key.directon", "left"), r"no field 'directon'\. Did you mean 'direction'\?"),
        (lambda: Scene().with_("lens.f_number", 2), r"Set lens first"),
    ],
)
def test_a_value_that_makes_no_sense_is_refused_with_the_cure(make, message):
    with pytest.raises(InputError, match=f"(?s){message}"):
        make()


def test_named_choices_forgive_case_hyphens_and_underscores():
    assert Environment(time_of_day="Golden_Hour", weather="OVERCAST").time_of_day == "golden hour"
    assert Lighting(pattern="Rembrandt").pattern == "rembrandt"
    assert Light(quality="Semi soft").quality == "semi-soft"


def test_several_changes_are_made_at_once_and_only_their_result_must_be_valid():
    turned = Scene(subject="a man").with_(
        **{"lighting.short_or_broad": "short", "subject.yaw_deg": 20, "lighting.ratio": 4, "avoid": ["x"]}
    )
    assert (turned.key_angles, turned.lighting.ratio, turned.avoid) == ((40, 28), 4, ("x",))
    moved = Light(azimuth_deg=-60).with_(direction="right", azimuth_deg=80)
    assert moved.angles == (80, 15)
    pushed = Scene().with_(**{"film": "Portra 400", "film.push_stops": 1})
    assert pushed.film.exposure_index == 800
    pair = Scene(others=["a dog", "a cat"]).with_(**{"others.0.pose": "sitting", "others.1.pose": "asleep"})
    assert [other.pose for other in pair.others] == ["sitting", "asleep"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"lens.f_number": 2, "avoid": ["x"]}, "Set lens first"),
        ({"avoid": ["x"], "lighting.kye.direction": "left"}, "no field 'kye'"),
        ({"avoid": ["x"], "nothing.here": 1}, "no field 'nothing'"),
        ({"aspect_ratio": "3:2", "avoid.x": 1}, "no field 'x'"),
        ({"avoid": ["x"], "aspect_ratio.x": 1}, "cannot be made|holds no fields"),
    ],
)
def test_one_bad_change_among_several_is_refused(changes, message):
    with pytest.raises(InputError, match=message):
        Scene().with_(**changes)


def test_words_are_folded_and_lose_the_punctuation_that_templates_set():
    assert Subject(description="  a woman,\n seated. ").description == "a woman, seated"
    assert PictureText(text=" OPEN. ").text == " OPEN. "


def test_strings_stand_for_the_obvious():
    scene = Scene(subject="a vase", film="tri-x 400", colours=["brick red"], text=["OPEN"])
    assert scene.subject == Subject(description="a vase")
    assert scene.film == stocks.TRI_X_400
    assert scene.colours == (Colour(name="brick red"),)
    assert scene.text[0].text == "OPEN"


@pytest.mark.parametrize("name", DIRECTIONS)
def test_every_direction_has_angles_and_a_mirror(name):
    light = Light(direction=name)
    azimuth, elevation = light.angles
    assert (azimuth < 0) == ("left" in name)
    assert light.mirrored().angles == (azimuth if azimuth == 180 else -azimuth, elevation)
    assert light.mirrored().mirrored() == light


def test_explicit_angles_win_over_a_name_that_agrees():
    assert Light(direction="left", azimuth_deg=-60).angles == (-60, 15)
    assert Light(azimuth_deg=30).angles == (30, 20)
    assert Light().angles is None


def test_kelvin_comes_from_number_source_and_gel():
    assert Light(source="tungsten").kelvin == 3200
    assert Light(source="tungsten", temperature_k=3000).kelvin == 3000
    assert Light(source="flash", gel="full CTO").kelvin == pytest.approx(2962, abs=5)
    assert Light(source="flash", gel="red").kelvin is None
    assert Light(source="neon").kelvin is None
    assert Light().kelvin is None


def test_softness_follows_from_size_and_distance_unless_it_is_stated():
    assert Light(modifier="softbox", distance_m=1.2).softness == "soft"
    assert Light(modifier="softbox", distance_m=8).softness == "crisp"
    assert Light(modifier="softbox").softness is None
    assert Light(source="sun").softness == "hard"
    assert Light(source="overcast sky").softness == "shadowless"
    assert Light(source="sun", modifier="scrim", distance_m=1.5).softness == "soft"
    assert Light(source="sun", quality="soft").softness == "soft"


@pytest.mark.parametrize("name", [name for name in vars(rigs) if name.isupper()])
def test_every_rig_stands_where_its_pattern_says_and_mirrors(name):
    rig = getattr(rigs, name)
    if rig.pattern:
        rule = PATTERNS[rig.pattern]
        azimuth, elevation = rig.key_angles
        assert abs(azimuth) == rule.azimuth_deg
        assert elevation == rule.elevation_deg
        assert rule.azimuth_range[0] <= abs(azimuth) <= rule.azimuth_range[1]
    assert rig.mirrored().key_angles == (-rig.key_angles[0] + 0.0, rig.key_angles[1])
    yaw = 25 if rig.short_or_broad == "broad" else -25
    scene = Scene(subject=Subject(description="a woman", yaw_deg=yaw), lighting=rig)
    assert [finding for finding in scene.check() if finding.path.startswith("lighting")] == []


def test_a_rig_is_moved_by_naming_a_direction():
    right = Scene(lighting=rigs.REMBRANDT).with_("lighting.key.direction", "right")
    assert right.key_angles == (47, 42)


@pytest.mark.parametrize(
    ("kind", "yaw", "azimuth"), [("short", 20, 40), ("short", -20, -40), ("broad", 20, -40), ("broad", -20, 40)]
)
def test_short_and_broad_light_follow_the_turn_of_the_head(kind, yaw, azimuth):
    scene = Scene(subject=Subject(description="a man", yaw_deg=yaw), lighting=Lighting(short_or_broad=kind))
    assert scene.key_angles == (azimuth, 28)


def test_there_are_at_least_twenty_real_stocks_and_each_says_where_its_figures_come_from():
    found = stocks.stocks()
    assert len([stock for stock in found.values() if stock.kind != "digital"]) >= 20
    for stock in found.values():
        assert stock.source
        assert stock.iso
        assert stock.kind
        assert stock.words
        assert (stock.balance_k is None) == (stock.kind == "black and white")
    assert len({stock.name for stock in found.values()}) == len(found)


@pytest.mark.parametrize("name", list(stocks.stocks()))
def test_every_stock_is_found_by_its_constant_and_its_name(name):
    stock = getattr(stocks, name)
    assert stocks.find(name) == stock
    assert stocks.find(stock.name.upper()) == stock


def test_pushing_a_film_raises_its_index_and_its_grain():
    pushed = stocks.TRI_X_400.push(2)
    assert (pushed.exposure_index, pushed.apparent_grain, pushed.push_words) == (1600, "coarse", "pushed two stops")
    assert pushed.pull(2) == stocks.TRI_X_400
    assert stocks.INSTAX.push(1).apparent_grain == "none"


@pytest.mark.parametrize("module", [lenses, presets, rigs])
def test_presets_are_documented(module):
    names = [name for name in vars(module) if name.isupper()]
    source = inspect.getsource(module)
    assert len(names) >= 9
    for name in names:
        assert f"\n{name} = " in source
    assert source.count('\n"""') >= len(names)


@given(scenes)
@settings(max_examples=FEW_DRAWS // 4, deadline=None)
def test_equal_scenes_have_equal_hashes_and_survive_pickling_and_copying(scene):
    again = pickle.loads(pickle.dumps(scene))
    rebuilt = Scene(**{name: getattr(scene, name) for name in Scene.model_fields})
    for other in (again, rebuilt, copy.deepcopy(scene), copy.copy(scene)):
        assert other == scene
        assert hash(other) == hash(scene)
        assert other.fingerprint() == scene.fingerprint()


def test_a_kept_hash_does_not_travel_in_a_pickle():
    scene = Scene(subject="a vase")
    hash(scene)
    assert "_hash_once" in scene.__dict__
    assert "_hash_once" not in pickle.loads(pickle.dumps(scene)).__dict__


def test_completion_offers_fields_and_paths_without_pydantics_machinery():
    offered = dir(SEED)
    assert {"subject", "lighting", "with_", "diff", "check", "optics", "paths"} <= set(offered)
    assert not [name for name in offered if name.startswith("model_")]
    assert "lighting.key.direction" in SEED._ipython_key_completions_()
    assert "others.0.pose" in Scene.paths()
    assert {"subject", "lens", "film"} <= set(inspect.signature(SEED.with_).parameters)
    assert SEED["lighting.key.direction"] == "left"


def test_every_path_can_be_read():
    for path in Scene.paths():
        if ".0" not in path:
            SEED.get(path)


def test_a_repr_is_code_that_makes_the_scene_again():
    import fluxkit.scene as names

    assert eval(repr(SEED), dict(vars(names))) == SEED


def test_every_field_is_documented():
    def records(kind, seen):
        from fluxkit._base import record_type
        from fluxkit.scene.noun import _item_type

        if kind not in seen:
            seen.add(kind)
            for field in kind.model_fields.values():
                for found in (record_type(field.annotation), _item_type(field.annotation)):
                    if found:
                        records(found, seen)
        return seen

    for kind in records(Scene, set()):
        for name, field in kind.model_fields.items():
            assert field.description, f"{kind.__name__}.{name} has no docstring"
