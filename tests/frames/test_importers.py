"""Pictures of other programs become a scene and a request, and what has no place is named."""

from __future__ import annotations

import json

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from fluxkit.errors import FrameError
from fluxkit.frames import exif, importers, jpeg_segments
from tests.frames.test_outside_readers import frame

PROMPT = "portrait of a fisherman, soft light from the left, 85mm f/1.8, Kodak Portra 400"


def png_with(path, **texts):
    """A PNG with texts as Pillow writes them, which is how these programs write theirs."""
    info = PngInfo()
    for key, text in texts.items():
        info.add_text(key, text)
    Image.new("RGB", (8, 8)).save(path, pnginfo=info)
    return path


def flux_graph():
    """ComfyUI's own example for FLUX.1 dev, in API form: guider, noise, sigmas and latents are nodes of their own."""
    nodes = {
        "6": ("CLIPTextEncode", {"text": PROMPT, "clip": ["11", 0]}),
        "8": ("VAEDecode", {"samples": ["13", 0], "vae": ["10", 0]}),
        "9": ("SaveImage", {"filename_prefix": "ComfyUI", "images": ["8", 0]}),
        "10": ("VAELoader", {"vae_name": "ae.safetensors"}),
        "11": ("DualCLIPLoader", {"clip_name1": "t5xxl_fp16.safetensors", "clip_name2": "clip_l.safetensors"}),
        "12": ("UNETLoader", {"unet_name": "flux1-dev.safetensors", "weight_dtype": "default"}),
        "13": (
            "SamplerCustomAdvanced",
            {
                "noise": ["25", 0], "guider": ["22", 0], "sampler": ["16", 0], "sigmas": ["17", 0],
                "latent_image": ["27", 0],
            },
        ),
        "16": ("KSamplerSelect", {"sampler_name": "euler"}),
        "17": ("BasicScheduler", {"scheduler": "simple", "steps": 20, "denoise": 1.0, "model": ["30", 0]}),
        "22": ("BasicGuider", {"model": ["30", 0], "conditioning": ["26", 0]}),
        "25": ("RandomNoise", {"noise_seed": 219670278747233}),
        "26": ("FluxGuidance", {"guidance": 3.5, "conditioning": ["6", 0]}),
        "27": ("EmptySD3LatentImage", {"width": 832, "height": 1216, "batch_size": 1}),
        "30": (
            "LoraLoaderModelOnly",
            {"lora_name": "/models/silk.safetensors", "strength_model": 0.8, "model": ["12", 0]},
        ),
    }  # fmt: skip
    return {name: {"class_type": kind, "inputs": inputs} for name, (kind, inputs) in nodes.items()}


def classic_graph():
    """The checkpoint workflow with a plain KSampler, and the seed from a primitive node."""
    nodes = {
        "3": (
            "KSampler",
            {
                "seed": ["40", 0], "steps": 28, "cfg": 2.5, "sampler_name": "euler", "scheduler": "simple",
                "denoise": 1, "model": ["4", 0], "positive": ["6", 0], "negative": ["7", 0], "latent_image": ["5", 0],
            },
        ),
        "4": ("CheckpointLoaderSimple", {"ckpt_name": "flux1-dev-fp8.safetensors"}),
        "5": ("EmptyLatentImage", {"width": 1024, "height": 768, "batch_size": 1}),
        "6": ("CLIPTextEncode", {"text": ["41", 0], "clip": ["4", 1]}),
        "7": ("CLIPTextEncode", {"text": "plastic skin, blur", "clip": ["4", 1]}),
        "40": ("PrimitiveInt", {"value": 77}),
        "41": ("PrimitiveString", {"value": PROMPT}),
    }  # fmt: skip
    return {name: {"class_type": kind, "inputs": inputs} for name, (kind, inputs) in nodes.items()}


def invoke_metadata(**changes):
    return {
        "app_version": "6.2.0", "generation_mode": "flux_txt2img", "positive_prompt": PROMPT, "negative_prompt": None,
        "seed": 7, "steps": 30, "guidance": 4.0, "cfg_scale": 1.0, "width": 1024, "height": 1024, "scheduler": "euler",
        "model": {"key": "a", "hash": "b", "name": "FLUX Dev (Quantized)", "base": "flux", "type": "main"},
        "loras": [{"model": {"name": "silk"}, "weight": 0.7}], **changes,
    }  # fmt: skip


def mflux_metadata():
    return {
        "mflux_version": "0.11.1", "model": "black-forest-labs/FLUX.1-dev", "base_model": "None", "seed": 7,
        "steps": 25, "guidance": 3.5, "precision": "mlx.core.bfloat16", "quantize": 8, "generation_time_seconds": 61.2,
        "lora_paths": ["/Users/ann/loras/silk.safetensors"], "lora_scales": [0.8], "image_path": None, "prompt": PROMPT,
    }  # fmt: skip


def is_our_fisherman(found):
    assert found.prompt == PROMPT
    scene = found.scene
    assert (scene.lens.focal_length_mm, scene.lens.f_number) == (85, 1.8)
    assert scene.lighting.key.direction == "left"
    assert "Portra" in scene.film.name


def test_comfyui_graphs_of_flux_are_followed_to_the_prompt(tmp_path):
    path = png_with(tmp_path / "a.png", prompt=json.dumps(flux_graph()), workflow="{}")
    found = importers.read(path)
    is_our_fisherman(found)
    assert (found.program, found.model) == ("ComfyUI", "flux1-dev.safetensors")
    assert found.request == {"seed": 219670278747233, "steps": 20, "width": 832, "height": 1216, "guidance": 3.5}
    assert (found.unmapped["sampler_name"], found.unmapped["scheduler"]) == ("euler", "simple")
    assert "silk.safetensors" in found.unmapped["loras"]
    assert "/models" not in repr(found)


@pytest.mark.parametrize("kind", ["webp", "jpg"])
@pytest.mark.parametrize("tag", [0x0110, 0x010F, 0x010E], ids=["model", "make", "description"])
def test_comfyuis_webp_and_jpeg_are_read_like_its_png(tmp_path, kind, tag):
    # ComfyUI, comfy_extras/nodes_images.py: `prompt:` in Model, `workflow:` in Make; other nodes use neighbouring tags.
    exif = Image.Exif()
    exif[tag] = "prompt:" + json.dumps(flux_graph())
    exif[0x0131] = "workflow:{}"
    Image.new("RGB", (8, 8)).save(tmp_path / f"a.{kind}", exif=exif)
    found = importers.read(tmp_path / f"a.{kind}")
    is_our_fisherman(found)
    assert (found.program, found.request["seed"]) == ("ComfyUI", 219670278747233)


@pytest.mark.parametrize("nested", [True, False], ids=["text", "object"])
def test_a_comfyui_graph_in_the_exif_comment_is_read(tmp_path, nested):
    graph = json.dumps(flux_graph()) if nested else flux_graph()
    note = json.dumps({"prompt": graph, "workflow": {}}).encode("utf-16-be")
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9286] = b"UNICODE\0" + note
    Image.new("RGB", (8, 8)).save(tmp_path / "a.webp", exif=exif)
    is_our_fisherman(importers.read(tmp_path / "a.webp"))


def test_an_animated_webp_of_comfyui_is_read(tmp_path):
    exif = Image.Exif()
    exif[0x0110] = "prompt:" + json.dumps(classic_graph())
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    frames[0].save(tmp_path / "a.webp", save_all=True, append_images=frames[1:], exif=exif, lossless=True)
    assert importers.read(tmp_path / "a.webp").request["seed"] == 77


def test_a_camera_whose_model_is_called_prompt_is_no_comfyui(tmp_path):
    exif = Image.Exif()
    exif[0x0110] = "Prompt: the camera"
    Image.new("RGB", (8, 8)).save(tmp_path / "a.jpg", exif=exif)
    with pytest.raises(FrameError, match="holds no prompt"):
        importers.read(tmp_path / "a.jpg")


def test_comfyui_graphs_with_links_for_values_are_followed_too(tmp_path):
    found = importers.read(png_with(tmp_path / "a.png", prompt=json.dumps(classic_graph())))
    is_our_fisherman(found)
    assert found.request == {"seed": 77, "steps": 28, "guidance": 2.5, "width": 1024, "height": 768}
    assert found.negative == "plastic skin, blur"
    assert found.scene.avoid == ("plastic skin", "blur")


def test_a_comfyui_graph_that_goes_round_in_circles_ends(tmp_path):
    graph = flux_graph()
    graph["26"]["inputs"]["conditioning"] = ["22", 0]
    found = importers.read(png_with(tmp_path / "a.png", prompt=json.dumps(graph)))
    assert found.prompt == PROMPT


def test_invokeai_is_read(tmp_path):
    found = importers.read(png_with(tmp_path / "a.png", invokeai_metadata=json.dumps(invoke_metadata())))
    is_our_fisherman(found)
    assert found.request == {"seed": 7, "steps": 30, "guidance": 4.0, "width": 1024, "height": 1024}
    assert (found.program, found.model) == ("InvokeAI", "FLUX Dev (Quantized)")
    assert {"loras", "scheduler", "app_version"} <= set(found.unmapped)
    old = invoke_metadata(guidance=None, cfg_scale=7.5, model={"model_name": "sdxl"}, negative_prompt="blur")
    found = importers.read(png_with(tmp_path / "b.png", invokeai_metadata=json.dumps(old)))
    assert (found.request["guidance"], found.model, found.scene.avoid) == (7.5, "sdxl", ("blur",))


@pytest.mark.parametrize("kind", ["png", "jpg"])
def test_mflux_is_read_from_the_exif_comment(tmp_path, kind):
    path = tmp_path / f"a.{kind}"
    # As mflux writes it: UTF-8 JSON, without the code that Exif wants before a comment.
    tags = Image.Exif()
    tags.get_ifd(0x8769)[0x9286] = json.dumps(mflux_metadata()).encode()
    Image.new("RGB", (8, 8)).save(path, exif=tags.tobytes())
    found = importers.read(path)
    is_our_fisherman(found)
    assert (found.program, found.model) == ("mflux", "black-forest-labs/FLUX.1-dev")
    assert found.request == {"seed": 7, "steps": 25, "guidance": 3.5}
    assert found.unmapped["quantize"] == "8"
    assert "ann" not in repr(found)
    assert "silk.safetensors" in found.unmapped["lora_paths"]


@pytest.mark.parametrize("kind", ["png", "jpg"])
def test_a1111_and_forge_are_read(tmp_path, kind):
    text = (
        f"{PROMPT}\nNegative prompt: plastic skin, blur\n"
        "Steps: 20, Sampler: Euler, Schedule type: Simple, CFG scale: 1, "
        "Distilled CFG Scale: 3.5, Seed: 4088619803, Size: 896x1152, Model hash: 2e6a2d2d3a, Model: flux1-dev, "
        'Lora hashes: "silk: 1a2b, film: 3c4d", Version: f2.0.1v1.10.1'
    )
    path = tmp_path / f"a.{kind}"
    if kind == "png":
        png_with(path, parameters=text)
    else:
        Image.new("RGB", (8, 8)).save(path)
        path.write_bytes(jpeg_segments.dressed(path.read_bytes(), exif=exif.write("Forge", text), xmp=None))
    found = importers.read(path)
    is_our_fisherman(found)
    assert found.request == {"steps": 20, "guidance": 3.5, "seed": 4088619803, "width": 896, "height": 1152}
    assert (found.program, found.model, found.negative) == ("A1111", "flux1-dev", "plastic skin, blur")
    assert found.unmapped["Lora hashes"] == "silk: 1a2b, film: 3c4d"


def test_what_was_read_makes_a_shot(tmp_path):
    from fluxkit.shots.shot import Shot

    found = importers.read(png_with(tmp_path / "a.png", prompt=json.dumps(flux_graph())))
    shot = Shot(model="flux.1-dev", prompt=found.prompt, scene=found.scene, **found.request)
    assert (shot.seed, shot.width, shot.guidance) == (219670278747233, 832, 3.5)


@pytest.mark.parametrize(
    "texts",
    [
        {},
        {"Comment": "a holiday"},
        {"prompt": "{"},
        {"prompt": "[]"},
        {"prompt": "{}"},
        {"invokeai_metadata": "[1]"},
        {"parameters": "words without settings"},
        {"prompt": json.dumps({"1": {"class_type": "SaveImage"}}), "parameters": "x"},
    ],
)
def test_pictures_without_a_prompt_are_refused_or_read_as_empty_but_never_crash(tmp_path, texts):
    path = png_with(tmp_path / "a.png", **texts)
    try:
        assert importers.read(path).prompt == ""
    except FrameError as error:
        assert "no prompt" in str(error)


def test_our_own_pictures_are_sent_to_frame_open(tmp_path):
    path = frame().save(tmp_path / "a.png")
    with pytest.raises(FrameError, match=r"fk\.Frame\.open"):
        importers.read(path)
    with pytest.raises(FrameError, match="no such file"):
        importers.read(tmp_path / "none.png")
