"""Request bodies: every field from the host's table, within the host's own schema, and nothing dropped in silence."""

from __future__ import annotations

import base64
import io
import json

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from fluxkit import models
from fluxkit.engines.hosted import add_model, tables
from fluxkit.engines.hosted.body import build_body
from fluxkit.engines.hosted.pictures import inputs_of
from fluxkit.engines.hosted.tables import table
from fluxkit.errors import UnsupportedField
from fluxkit.models.hosted import HOSTED
from fluxkit.shots import ControlMap, Inputs, Mask, ReferenceImage
from fluxkit.shots.shot import LoRA, Shot
from tests.hosted.bfl_schema import BY_PATH, NOTES, schema_of

BFL = [spec for spec in HOSTED if "bfl" in spec.hosts]
REPLICATE = [spec for spec in HOSTED if "replicate" in spec.hosts]
FAL = [spec for spec in HOSTED if "fal" in spec.hosts]


def picture():
    buffer = io.BytesIO()
    Image.new("RGB", (256, 256), "grey").save(buffer, "PNG")
    return buffer.getvalue()


PICTURE = picture()
NEEDED = {
    "fill": ("image",),
    "expand": ("image",),
    "depth": ("control",),
    "canny": ("control",),
    "edit": (),
    "text": (),
}
OPTIONAL = {"fill": ("mask",), "text": ("image",), "edit": ("reference.0", "reference.1"), "depth": (), "canny": ()}


def shot_of(spec, *, everything=False, options=None, **fields):
    chosen = {"finetune_id": "org/lora"} if "finetune_id" in spec.options else {}
    if spec.sized_by == "aspect_ratio" and spec.task == "text":
        chosen["aspect_ratio"] = "3:2"
    if everything:
        chosen |= {name: some_value(rule) for name, rule in spec.options.items()}
    size = {"width": spec.size.default_width, "height": spec.size.default_height}
    settings = {"steps": spec.steps.default if spec.steps else None, "guidance": spec.guidance.default}
    return Shot(model=spec.id, prompt="A pear.", seed=7, options=chosen | (options or {}), **(settings | size | fields))


def some_value(rule):
    if rule.choices:
        return rule.choices[0]
    return {"bool": True, "int": 1, "float": 1.0, "text": "org/lora", "ratio": "3:2"}[rule.kind]


def inputs_for(spec, *, everything=False):
    names = NEEDED[spec.task] + (OPTIONAL.get(spec.task, ()) if everything else ())
    if spec.task == "text" and "vary" not in spec.methods:
        names = tuple(f"reference.{n}" for n in range(spec.references if everything else 0))
    return dict.fromkeys(names, PICTURE)


@pytest.mark.parametrize("everything", [False, True], ids=["least", "most"])
@pytest.mark.parametrize("spec", BFL, ids=lambda spec: spec.id)
def test_every_bfl_body_validates_against_the_notes_of_its_api(spec, everything):
    body = build_body(shot_of(spec, everything=everything), "bfl", inputs_for(spec, everything=everything))
    jsonschema.validate(body.fields, schema_of(body.path))


@settings(deadline=None)  # a busy machine is no failure
@given(seed=st.integers(0, 2**31 - 1), width=st.integers(8, 45), height=st.integers(8, 45),
       safety=st.integers(0, 6), kind=st.sampled_from(["jpeg", "png"]))  # fmt: skip
def test_any_size_the_table_allows_makes_a_valid_body(seed, width, height, safety, kind):
    spec = models.get("flux-pro-1.1")
    shot = Shot(model=spec.id, prompt="A pear.", seed=seed, width=width * 32, height=height * 32,
                options={"safety_tolerance": safety, "output_format": kind})  # fmt: skip
    body = build_body(shot, "bfl")
    jsonschema.validate(body.fields, schema_of(body.path))


@pytest.mark.parametrize("spec", BFL, ids=lambda spec: spec.id)
def test_the_blackforest_package_takes_the_bodies_it_knows(spec):
    registry = pytest.importorskip("blackforest.resources.mapping.model_input_registry").MODEL_INPUT_REGISTRY
    name = spec.id if spec.id in registry else None
    if name is None:
        pytest.skip(f"blackforest 0.1.3 does not know {spec.id}")
    body = build_body(shot_of(spec, everything=True), "bfl", inputs_for(spec))
    taken = registry[name](**body.fields).model_dump(mode="json")
    assert {field: taken[field] for field in body.fields} == body.fields


def test_every_path_of_the_bfl_table_is_one_that_bfl_listed():
    paths = {row.path: row.verified for row in table("bfl").models.values()}
    listed, delisted = set(NOTES["x-paths"]["listed-2026-08"]), set(NOTES["x-paths"]["delisted"])
    assert set(paths) == set(BY_PATH)
    assert {path for path, verified in paths.items() if verified} <= listed
    assert set(paths) - listed <= delisted
    assert not any(paths[path] for path in set(paths) & delisted)


@pytest.mark.parametrize(("host", "specs"), [("bfl", BFL), ("replicate", REPLICATE), ("fal", FAL)])
def test_hosts_of_the_models_and_models_of_the_hosts_agree(host, specs):
    assert {spec.id for spec in specs} == set(table(host).models)


@pytest.mark.parametrize("spec", [spec for spec in REPLICATE if spec.id != "flux-dev-lora"], ids=lambda spec: spec.id)
def test_replicate_bodies_hold_what_was_asked(spec):
    body = build_body(shot_of(spec), "replicate", inputs_for(spec))
    assert body.fields["prompt"] == "A pear."
    assert body.fields["seed"] == 7
    assert body.fields["output_format"] == "png"
    assert all(
        str(value).startswith("data:image/png;base64,") for name, value in body.fields.items() if "image" in name
    )


def test_replicate_calls_jpeg_jpg_and_wants_a_custom_shape_for_a_size():
    body = build_body(shot_of(models.get("flux-pro-1.1"), options={"output_format": "jpeg"}), "replicate")
    assert body.fields["output_format"] == "jpg"
    assert (body.fields["aspect_ratio"], body.fields["width"], body.fields["height"]) == ("custom", 1024, 768)


def test_fal_nests_the_size_and_writes_the_safety_tolerance_as_text():
    body = build_body(shot_of(models.get("flux-pro-1.1"), options={"safety_tolerance": 3}), "fal")
    assert body.fields["image_size"] == {"width": 1024, "height": 768}
    assert body.fields["safety_tolerance"] == "3"
    assert body.fields["num_images"] == 1


def test_loras_go_to_each_host_in_its_own_way():
    spec = models.get("flux-dev-lora")
    loras = (LoRA(weights="me/portrait", strength=0.8), LoRA(weights="me/film", strength=0.5))
    replicate = build_body(shot_of(spec, loras=loras), "replicate").fields
    fal = build_body(shot_of(spec, loras=loras), "fal").fields
    assert (replicate["lora_weights"], replicate["lora_scale"], replicate["extra_lora"]) == (
        "me/portrait",
        0.8,
        "me/film",
    )
    assert fal["loras"] == [{"path": "me/portrait", "scale": 0.8}, {"path": "me/film", "scale": 0.5}]
    with pytest.raises(UnsupportedField, match="weights is needed"):
        build_body(shot_of(spec), "replicate")


def grey(side=256):
    return Image.new("RGB", (side, side), "grey")


def test_a_shots_own_pictures_go_to_the_fields_of_its_task():
    mask, picture = Mask.rectangle(256, 256, right=0.5), ReferenceImage.of(grey())
    fill = shot_of(models.get("flux-pro-1.0-fill"), inputs=Inputs(image=picture, mask=mask))
    assert {"image", "mask"} <= set(build_body(fill, "bfl", inputs_of(fill)).fields)
    vary = shot_of(models.get("flux-pro-1.1"), inputs=Inputs(image=picture))
    assert "image_prompt" in build_body(vary, "bfl", inputs_of(vary)).fields
    edit = shot_of(models.get("flux-2-pro"), inputs=Inputs(references=(picture, picture)))
    assert {"input_image", "input_image_2"} <= set(build_body(edit, "bfl", inputs_of(edit)).fields)
    assert len(build_body(edit, "replicate", inputs_of(edit)).fields["input_images"]) == 2


def test_a_control_map_that_is_ready_goes_to_its_own_field():
    spec = models.get("flux-pro-1.0-canny")
    found = shot_of(spec, inputs=Inputs(control=ControlMap.canny(grey(), low=60, high=180)))
    fields = build_body(found, "bfl", inputs_of(found)).fields
    assert (fields["canny_low_threshold"], fields["canny_high_threshold"]) == (60, 180)
    assert "control_image" in fields
    given = shot_of(spec, inputs=Inputs(control=ControlMap.given(grey(), kind="canny")))
    fields = build_body(given, "bfl", inputs_of(given)).fields
    assert "preprocessed_image" in fields
    assert "canny_low_threshold" not in fields
    with pytest.raises(UnsupportedField, match="canny_low_threshold=60"):
        build_body(found, "replicate", inputs_of(found))
    plain = shot_of(spec, inputs=Inputs(control=ControlMap.canny(grey())))
    assert "control_image" in build_body(plain, "replicate", inputs_of(plain)).fields
    depth = ControlMap.depth(grey(), estimator="some/model")
    with pytest.raises(UnsupportedField, match="estimator='some/model'"):
        build_body(shot_of(models.get("flux-pro-1.0-depth"), inputs=Inputs(control=depth)), "bfl", {"control": PICTURE})


@pytest.mark.parametrize("side", [128, 5000])
def test_pictures_that_no_host_takes_are_refused_before_they_are_sent(side):
    shot = shot_of(models.get("flux-pro-1.0-fill"), inputs=Inputs(image=ReferenceImage.of(grey(side))))
    with pytest.raises(UnsupportedField, match=f"{side} x {side}"):
        inputs_of(shot)


def test_pictures_go_to_bfl_as_bare_base64():
    body = build_body(shot_of(models.get("flux-pro-1.0-fill")), "bfl", {"image": PICTURE})
    assert base64.b64decode(body.fields["image"], validate=True) == PICTURE


def test_kontext_without_a_picture_goes_to_fals_address_for_words():
    spec = models.get("flux-kontext-max")
    assert build_body(shot_of(spec), "fal").path.endswith("/kontext/max/text-to-image")
    assert build_body(shot_of(spec), "fal", {"reference.0": PICTURE}).path.endswith("/kontext/max/multi")


@pytest.mark.parametrize("model", ["flux-pro-1.1", "flux-pro-1.1-ultra", "flux-2-flex", "flux-kontext-pro"])
def test_prompt_upsampling_is_off_unless_asked_for_and_recorded(model):
    spec = models.get(model)
    body = build_body(shot_of(spec), "bfl")
    assert body.fields["prompt_upsampling"] is False
    assert body.recorded["prompt_upsampling"] == "off"
    asked = build_body(shot_of(spec, options={"prompt_upsampling": True}), "bfl")
    assert asked.fields["prompt_upsampling"] is True
    assert asked.recorded["prompt_upsampling"] == "on"


@pytest.mark.parametrize("model", ["flux-2-pro", "flux-2-max"])
def test_flux_2_says_the_opposite_for_upsampling(model):
    spec = models.get(model)
    assert build_body(shot_of(spec), "bfl").fields["disable_pup"] is True
    assert build_body(shot_of(spec, options={"prompt_upsampling": True}), "bfl").fields["disable_pup"] is False


@pytest.mark.parametrize(("model", "host", "change", "told"), [
    ("flux-pro-1.1", "bfl", {"steps": 30}, "steps=30 was asked for, and it has no such field"),
    ("flux-pro-1.1", "bfl", {"guidance": 3.0}, "guidance=3.0"),
    ("flux-pro-1.1", "bfl", {"width": 1000}, "width=1000 was asked for; it takes 256 to 1440 in steps of 32"),
    ("flux-pro-1.1", "bfl", {"negative": "blur"}, "negative='blur'"),
    ("flux-pro-1.1", "bfl", {"options": {"raw": True}}, "raw=True"),
    ("flux-pro-1.1", "replicate", {"options": {"safety_tolerance": 0}}, "safety_tolerance=0"),
    ("flux-2-pro", "bfl", {"options": {"safety_tolerance": 6}}, "it takes 0 to 5"),
    ("flux-2-pro", "replicate", {"options": {"prompt_upsampling": True}}, "prompt_upsampling=True"),
    ("flux-pro-1.1-ultra", "bfl", {"options": {"aspect_ratio": "22:9"}}, "it takes 9:21 to 21:9"),
    ("flux-pro-1.1-ultra", "bfl", {"options": {"raw": "yes"}}, "raw='yes'"),
    ("flux-dev", "replicate", {"width": 1024, "height": 1000}, "a size of 1024 x 1000"),
    ("flux-pro-1.1", "bfl", {"options": {"extra": {"when": object()}}}, "no JSON"),
])  # fmt: skip
def test_what_a_host_would_drop_or_refuse_is_refused_here(model, host, change, told):
    with pytest.raises(UnsupportedField) as refused:
        build_body(shot_of(models.get(model), **change), host)
    assert told in str(refused.value)
    assert refused.value.shot is not None


def test_kontext_holds_the_safety_tolerance_at_two_when_a_picture_goes_in():
    shot = shot_of(models.get("flux-kontext-pro"), options={"safety_tolerance": 4})
    assert build_body(shot, "bfl").fields["safety_tolerance"] == 4
    with pytest.raises(UnsupportedField, match="it takes 0 to 2"):
        build_body(shot, "bfl", {"reference.0": PICTURE})


def test_an_unused_picture_is_refused_without_showing_it():
    with pytest.raises(UnsupportedField) as refused:
        build_body(shot_of(models.get("flux-pro-1.1")), "bfl", {"mask": PICTURE})
    assert "mask=a picture" in str(refused.value)


def test_extra_fields_pass_through_untouched_and_are_recorded_but_for_secrets():
    extra = {"webhook_url": "https://example.org/hook", "webhook_secret": "s3cret"}
    body = build_body(shot_of(models.get("flux-pro-1.1"), options={"extra": extra}), "bfl")
    assert body.fields["webhook_secret"] == "s3cret"
    assert json.loads(body.recorded["extra"]) == {
        "webhook_url": extra["webhook_url"],
        "webhook_secret": "(not recorded)",
    }


def test_a_model_that_no_table_knows_can_be_added(monkeypatch):
    monkeypatch.setattr(tables, "_added", {})
    add_model(
        "bfl", "flux-9-pro", path="/v1/flux-9-pro", fields={"prompt": {"from": "prompt"}, "seed": {"from": "seed"}}
    )
    spec = models.get("flux-kontext-pro").with_(id="flux-9-pro")
    body = build_body(Shot(model="flux-9-pro", prompt="A pear.", width=1024, height=1024, spec=spec), "bfl")
    assert (body.path, body.fields) == ("/v1/flux-9-pro", {"prompt": "A pear.", "seed": 0})
    assert "unverified" in body.recorded


def test_the_hash_of_a_request_follows_its_content():
    one, same = (build_body(shot_of(models.get("flux-pro-1.1")), "bfl") for _ in range(2))
    other = build_body(shot_of(models.get("flux-pro-1.1"), width=512), "bfl")
    assert one.hash == same.hash != other.hash


def test_tables_say_when_they_were_read_and_rows_without_a_source_say_so():
    for host in ("bfl", "replicate", "fal"):
        assert table(host).read.startswith("202")
        assert all(row.verified or row.source for row in table(host).models.values())
