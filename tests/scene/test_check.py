"""Diagnostics: each rule speaks where it should, says why and what to do, and stays silent elsewhere."""

from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings

from fluxkit.errors import InputError, UnknownModelError
from fluxkit.scene import (
    Atmosphere,
    Camera,
    Colour,
    Composition,
    Environment,
    Lens,
    Light,
    Lighting,
    Scene,
    Subject,
    presets,
    rigs,
    stocks,
)
from fluxkit.scene.rules import RULES
from tests.scene.strategies import FEW_DRAWS, scenes

WOMAN = Subject(description="a woman")
LISBON = {"latitude_deg": 38.7, "longitude_deg": -9.1}


def lens(focal, stop, focus=None, **more):
    return Lens(focal_length_mm=focal, f_number=stop, focus_distance_m=focus, **more)


def lit(**key):
    return Lighting(key=Light(**key))


# Rule, a scene that breaks it, a word of the reason, and the nearest scene that does not break it.
CASES = [
    (
        "sharp-background",
        Scene(
            subject=WOMAN, lens=lens(85, 1.2, 1.5), environment=Environment(background="a sharp background of books")
        ),
        "blurs it over",
        ("lens", lens(24, 11, 3)),
    ),
    (
        "sharp-background",
        Scene(subject=WOMAN, lens=lens(85, 1.4, 1.5), avoid=["blurry background"]),
        "avoid.0 asks",
        ("avoid", ()),
    ),
    (
        "blur-out-of-reach",
        Scene(
            camera=Camera(format="phone 1/1.3"),
            lens=lens(6.9, 1.8, 1.5),
            atmosphere=Atmosphere(textures=["creamy bokeh"]),
        ),
        "looks sharp",
        ("lens", lens(85, 1.8, 1.5)),
    ),
    (
        "framing-distance",
        Scene(subject=WOMAN, lens=lens(85, 1.8, 8), composition=Composition(framing="close-up")),
        "Focus at about",
        ("lens.focus_distance_m", None),
    ),
    ("too-close", Scene(lens=lens(85, 2, 0.2)), "few lenses but macro", ("lens.character", "macro")),
    ("diffraction", Scene(lens=lens(50, 45)), "diffraction spreads", ("lens.f_number", 11)),
    (
        "group-depth",
        Scene(subject=WOMAN, others=[Subject(description="a man")], lens=lens(85, 1.4, 2)),
        "only one is sharp",
        ("lens", lens(35, 8, 3)),
    ),
    ("fast-lens", Scene(lens=lens(50, 0.7)), "No lens on sale", ("lens.f_number", 0.95)),
    (
        "character-stopped-down",
        Scene(lens=lens(28, 16, 3, character="swirly")),
        "out-of-focus discs",
        ("lens", lens(58, 2, 1.5, character="swirly")),
    ),
    (
        "exposure",
        Scene(
            lighting=lit(source="candle"),
            lens=lens(50, 16),
            camera=Camera(shutter_s=1 / 1000, iso=100),
            environment=Environment(place="in a cellar"),
        ),
        "14 stops too dark",
        ("camera.shutter_s", 16),
    ),
    (
        "slow-film",
        Scene(lens=lens(85, 2.8), film=stocks.VELVIA_50, environment=Environment(place="in a dim living room")),
        "Velvia 50",
        ("camera.support", "tripod"),
    ),
    (
        "handheld",
        Scene(lens=lens(200, 4), camera=Camera(shutter_s=1 / 15, support="handheld")),
        "by hand blurs",
        ("camera.support", "tripod"),
    ),
    (
        "iso-twice",
        Scene(film="Portra 400", camera=Camera(iso=1600)),
        "exposed at 400",
        ("film", stocks.PORTRA_400.push(2)),
    ),
    (
        "catchlight",
        Scene(
            subject=WOMAN,
            lighting=lit(direction="right"),
            atmosphere=Atmosphere(textures=["catchlight at the upper left"]),
        ),
        "10 o'clock is asked",
        ("lighting.key.direction", "upper left"),
    ),
    (
        "catchlight",
        Scene(subject=WOMAN, lighting=lit(direction="behind"), atmosphere=Atmosphere(textures=["bright catchlights"])),
        "behind",
        ("lighting.key.direction", "front left"),
    ),
    (
        "pattern-angles",
        Scene(lighting=Lighting(pattern="rembrandt", key=Light(azimuth_deg=-10, elevation_deg=5))),
        "40 to 60 degrees",
        ("lighting", rigs.REMBRANDT),
    ),
    (
        "pattern-angles",
        Scene(lighting=Lighting(pattern="butterfly", key=Light(direction="left"))),
        "in front of the face",
        ("lighting.key.direction", "front"),
    ),
    (
        "short-or-broad-side",
        Scene(subject=WOMAN.with_(yaw_deg=25), lighting=rigs.SHORT),
        "camera right",
        ("lighting", rigs.SHORT.mirrored()),
    ),
    (
        "softness",
        Scene(lighting=lit(modifier="large softbox", distance_m=12, quality="soft")),
        "degrees wide",
        ("lighting.key.distance_m", 1.5),
    ),
    ("softness", Scene(lighting=lit(source="sun", quality="soft")), "hard", ("lighting.key.quality", "hard")),
    (
        "source-kelvin",
        Scene(lighting=lit(source="candle", temperature_k=6500)),
        "1900 K",
        ("lighting.key.temperature_k", 2000),
    ),
    (
        "rim-in-front",
        Scene(lighting=Lighting(rim=Light(direction="front left"))),
        "from behind",
        ("lighting.rim.direction", "behind left"),
    ),
    ("ratio-mood", Scene(lighting=Lighting(ratio=8, mood="high-key")), "8:1", ("lighting.ratio", 1.5)),
    ("ratio-mood", Scene(lighting=Lighting(ratio=1.5, mood="low-key")), "1.5:1", ("lighting.ratio", 8)),
    (
        "noon-gold",
        Scene(environment=Environment(time_of_day="midday"), atmosphere=Atmosphere(mood="golden light")),
        "at midday",
        ("environment.time_of_day", "golden hour"),
    ),
    (
        "noon-gold",
        Scene(
            environment=Environment(clock=datetime(2026, 6, 21, 12, tzinfo=UTC), **LISBON),
            lighting=lit(source="sun", temperature_k=3200),
        ),
        "degrees high",
        ("environment.clock", datetime(2026, 6, 21, 19, 45, tzinfo=UTC)),
    ),
    (
        "clock-time",
        Scene(environment=Environment(time_of_day="night", clock=datetime(2026, 6, 21, 12, tzinfo=UTC), **LISBON)),
        "above the horizon",
        ("environment.time_of_day", "midday"),
    ),
    (
        "overcast-shadows",
        Scene(environment=Environment(weather="overcast"), lighting=lit(source="sun")),
        "spreads light",
        ("environment.weather", "clear"),
    ),
    (
        "sun-at-night",
        Scene(environment=Environment(time_of_day="night"), lighting=lit(source="sun")),
        "the sun, but it is night",
        ("lighting.key.source", "moon"),
    ),
    (
        "summer-snow",
        Scene(environment=Environment(weather="snow", season="summer")),
        "summer",
        ("environment.season", "winter"),
    ),
    (
        "monochrome-colour",
        Scene(film="Tri-X 400", colours=[Colour(name="brick red", of="the scarf")]),
        "black and white",
        ("film", "Portra 400"),
    ),
    (
        "monochrome-colour",
        Scene(film="HP5 Plus", lighting=lit(gel="red")),
        "shows no colour",
        ("lighting.key.gel", None),
    ),
    ("film-balance", Scene(film="CineStill 800T", lighting=lit(source="sun")), "blue cast", ("film", "Portra 400")),
    (
        "halation",
        Scene(film="Portra 400", atmosphere=Atmosphere(textures=["red halation round the lamps"])),
        "absorbs",
        ("film", "CineStill 800T"),
    ),
    (
        "white-background-blur",
        Scene(subject=WOMAN, environment=Environment(background="a plain white background"), lens=lens(85, 1.4, 1.2)),
        "blur the whole picture",
        ("lens", lens(85, 11, 2)),
    ),
    (
        "hex-colour",
        Scene(colours=[Colour(name="red", hex="#aa2222")]),
        "does not read",
        ("colours", [Colour(name="red")]),
    ),
    ("skin-guidance", Scene(subject=WOMAN), "plastic gloss", ("subject", Subject(description="a teapot"))),
    (
        "aspect-genre",
        Scene(composition=Composition(genre="landscape"), aspect_ratio="9:16"),
        "unusual for landscape",
        ("aspect_ratio", "3:2"),
    ),
    ("aspect-size", Scene(aspect_ratio="9.5:1"), "at best", ("aspect_ratio", "3:2")),
    ("empty-words", Scene(subject="a woman, RAW photo, 8K"), "names a quality", ("subject", WOMAN)),
    (
        "past-window",
        Scene(subject="a woman who tells a long story about the sea " * 60, film="Portra 400"),
        "film",
        ("subject", WOMAN),
    ),
    (
        "subject-past-clip",
        Scene(subject="a woman who tells a long story about the sea " * 12),
        "CLIP only sets the overall look",
        ("subject", WOMAN),
    ),
    ("prompt-weights", Scene(subject="a woman, (freckles:1.3)"), "prompt weight", ("subject", WOMAN)),
    ("negation", Scene(subject="a man without glasses"), "the thing that is denied", ("subject", "a man")),
    ("age-number", Scene(subject="an 80-year-old man"), "young face", ("subject.age", "deeply wrinkled")),
    (
        "whose-left",
        Scene(environment=Environment(place="a lamp to her left")),
        "camera",
        ("environment.place", "a lamp on the left"),
    ),
]


def rules_of(scene, **options):
    return [finding.rule for finding in scene.check("flux.1-dev", **{"guidance": 4.5, **options})]


@pytest.mark.parametrize(
    ("rule", "scene", "word", "mended"), CASES, ids=[f"{case[0]}-{i}" for i, case in enumerate(CASES)]
)
def test_a_rule_speaks_where_it_should_and_its_cure_silences_it(rule, scene, word, mended):
    finding = next(item for item in scene.check("flux.1-dev", guidance=4.5) if item.rule == rule)
    assert word in f"{finding.message} {finding.cure}"
    assert finding.severity in {"note", "warning"}
    assert finding.cure
    scene.get(finding.path) if finding.path not in {"", "guidance"} else None
    assert rule not in rules_of(scene.with_(*mended))
    assert rule not in rules_of(scene, silence=[rule])


def test_every_rule_has_a_case_a_title_and_a_reason():
    assert {case[0] for case in CASES} == set(RULES)
    for rule in RULES.values():
        assert len(rule.title) > 10
        assert len(rule.reason) > 10


def test_an_empty_scene_has_no_findings():
    assert Scene().check() == ()
    assert repr(Scene().check("flux.1-dev")) == "No findings."


@pytest.mark.parametrize("name", [name for name in vars(presets) if name.isupper()])
def test_presets_have_no_findings_on_any_family(name):
    for model in (None, "flux.1-dev", "flux.1-schnell"):
        assert getattr(presets, name).check(model) == ()


def test_what_depends_on_the_model_needs_the_model():
    coloured = Scene(colours=[Colour(name="red", hex="#aa2222")], aspect_ratio="9.5:1")
    assert coloured.check() == ()
    assert {"hex-colour", "aspect-size"} <= {finding.rule for finding in coloured.check("flux.1-dev")}


def test_the_models_default_guidance_is_no_reason_for_a_warning():
    assert "skin-guidance" not in [finding.rule for finding in Scene(subject=WOMAN).check("flux.1-dev")]
    assert "skin-guidance" not in rules_of(Scene(subject=WOMAN), guidance=3.5)


def test_warnings_come_before_notes():
    scene = Scene(subject="a woman, (8K:1.4), without glasses", lighting=lit(source="sun", quality="soft"))
    graveness = [finding.severity for finding in scene.check()]
    assert graveness == sorted(graveness, key=["error", "warning", "note"].index)
    assert "warning" in graveness
    assert "note" in graveness


def test_findings_show_as_a_list_and_as_a_table():
    findings = Scene(subject="a woman, <b>8K</b>").check()
    assert "[empty-words]" in repr(findings)
    assert "&lt;b&gt;" in findings._repr_html_() or "<b>" not in findings._repr_html_()


def test_silencing_a_rule_that_does_not_exist_is_refused():
    with pytest.raises(InputError, match="Did you mean 'catchlight'"):
        Scene().check(silence=["catchlights"])


def test_an_unknown_model_is_refused():
    with pytest.raises(UnknownModelError):
        Scene().check("flux.9")


@given(scenes)
@settings(max_examples=FEW_DRAWS // 2, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_scene_can_be_checked_and_every_finding_names_a_field(scene):
    for finding in scene.check("flux.1-dev"):
        if finding.path != "guidance":
            scene.get(finding.path)
        assert "None" not in finding.message
        assert "nan" not in finding.message
