"""The benchmarks that need a GPU: real sizes with random weights, each beside its peer in the same process.

    python bench/gpu.py [ceiling] [step] [table] [decode] [batch] [recompiles] [sweep] [memory]
    python bench/gpu.py --tiny      # every path of this file on a CPU with tiny models; its figures mean nothing

Random weights take as long as trained ones, but for caches over steps, which are not measured here. Every time is told
with the share of the card's own measured ceiling, so that an impossible figure shows itself. Targets are those of
docs/benchmarks.md for an H100; a missed one is named at the end and makes the status 1, except with `--tiny`.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

os.environ.setdefault("FLUXKIT_QUIET", "1")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import torch

import fluxkit as fk
from bench.flops import SHAPES, of_step
from fluxkit import models
from fluxkit.engines import silent
from fluxkit.engines.local import LocalEngine, denoise
from fluxkit.engines.local.device import quiet
from fluxkit.engines.local.embeds import Embeds
from fluxkit.engines.local.modulation import ModulationTable
from fluxkit.engines.local.parts import free_memory
from fluxkit.engines.local.speed import Speed
from fluxkit.engines.local.velocity import Velocity, noise
from fluxkit.models.forecast import forecast
from fluxkit.shots.shot import Shot
from tests import tiny

TINY = "--tiny" in sys.argv
KIND = "cpu" if TINY else "cuda"
DTYPE = torch.float32 if TINY else torch.bfloat16
SIDE = 64 if TINY else 1024
WORDS = ("a red cat", "a green dog", "a blue car", "a portrait of the woman")


@dataclass
class Report:
    """What is printed, the card's ceiling, and which targets were missed."""

    ceiling: float = 0.0
    missed: list[str] = field(default_factory=list)

    def row(self, name: str, value: str, against: str = "", *, holds: bool = True) -> None:
        """One line of a table."""
        print(f"| {name} | {value} | {against} | {'' if holds or TINY else 'missed'} |", flush=True)
        if not holds and not TINY:
            self.missed.append(name)

    def share(self, operations: float, seconds: float) -> str:
        """The work a second, and its share of the ceiling."""
        rate = operations / seconds
        return f"{rate / 1e12:.0f} TFLOP/s" + (f", {100 * rate / self.ceiling:.0f} %" if self.ceiling else "")


def ceiling(report: Report) -> None:
    """What the card reaches at all: a large product, and a large copy."""
    n = 256 if TINY else 8192
    left, right = (torch.randn(n, n, device=KIND, dtype=DTYPE) for _ in range(2))
    report.ceiling = 2 * n**3 / timed(lambda: left @ right)
    source = torch.empty(1 << (20 if TINY else 31), device=KIND, dtype=torch.uint8)
    copied = 2 * source.numel() / timed(source.clone)
    report.row("ceiling of products", f"{report.ceiling / 1e12:.0f} TFLOP/s")
    report.row("ceiling of copies", f"{copied / 1e12:.2f} TB/s")
    try:
        eight = [side.to(torch.float8_e4m3fn) for side in (left, right.t().contiguous())]
        one = torch.ones((), device=KIND)

        def product() -> Any:
            return torch._scaled_mm(eight[0], eight[1].t(), scale_a=one, scale_b=one, out_dtype=torch.bfloat16)

        report.row("ceiling of products in fp8", f"{2 * n**3 / timed(product) / 1e12:.0f} TFLOP/s")
    except (RuntimeError, NotImplementedError) as error:
        report.row("ceiling of products in fp8", f"not on this device: {str(error).splitlines()[0][:60]}")


def step(report: Report) -> None:
    """One step of FLUX.1-dev: fluxkit compiled, diffusers compiled, diffusers eager."""
    held, shot, latents, schedule = loaded("flux.1-dev")
    velocity = Velocity(held, schedule, [shot], [words_of(held)])
    plain = velocity._sides[0] | velocity._fixed | {"timestep": velocity._times[0]}
    transformer = held["transformer"]
    with torch.no_grad():
        eager = timed(lambda: transformer(hidden_states=latents, **plain))
        own_eager = timed(lambda: denoise.step(velocity, latents, schedule, 0))
        began = time.perf_counter()
        Speed(compile="eager" if TINY else True).prepare(transformer)
        denoise.step(velocity, latents, schedule, 0)
        synchronise()
        compiling = time.perf_counter() - began
        own = timed(lambda: denoise.step(velocity, latents, schedule, 0))
        peer = timed(lambda: transformer(hidden_states=latents, **plain))
    work = of_step(SHAPES["flux.1-dev"], SIDE, SIDE)
    report.row("FLUX.1-dev step, diffusers eager", milliseconds(eager), report.share(work, eager))
    report.row("FLUX.1-dev step, fluxkit eager", milliseconds(own_eager), f"{eager / own_eager:.2f} times eager")
    report.row("FLUX.1-dev step, diffusers' class compiled", milliseconds(peer), report.share(work, peer))
    report.row(
        "FLUX.1-dev step, fluxkit compiled", milliseconds(own),
        f"{report.share(work, own)}; {eager / own:.2f} times eager", holds=own <= 0.135 and eager / own >= 1.6,
    )  # fmt: skip
    report.row("compiling the blocks", f"{compiling:.1f} s", holds=compiling <= 15)


def table(report: Report) -> None:
    """The modulation table: equality, time, memory."""
    held, shot, latents, schedule = loaded("flux.1-dev")
    embeds = words_of(held)
    plain = Velocity(held, schedule, [shot], [embeds])
    wanted, before = denoise.step(plain, latents, schedule, 0)[2], allocated()
    slow = timed(lambda: denoise.step(plain, latents, schedule, 0))
    held.table = ModulationTable(held["transformer"])
    tabled = Velocity(held, schedule, [shot], [embeds])
    made = denoise.step(tabled, latents, schedule, 0)[2]
    fast = timed(lambda: denoise.step(tabled, latents, schedule, 0))
    restart()
    denoise.step(tabled, latents, schedule, 0)
    equal, freed, peak = torch.equal(made, wanted), before - allocated(), highest()
    report.row("modulation table", f"{freed / 1e9:.2f} GB freed, {'equal' if equal else 'NOT EQUAL'}", holds=equal)
    report.row("step with the table", milliseconds(fast), f"{milliseconds(slow)} without", holds=fast <= slow)
    report.row("peak of the transformer's stage", f"{peak / 1e9:.2f} GB", holds=TINY or peak <= 18.5e9)


def decode(report: Report) -> None:
    """The VAE: eager, and compiled with channels last."""
    vae = parts_of("flux.1-dev")["vae"]
    latents = torch.randn(1, 16, SIDE // 8, SIDE // 8, device=KIND, dtype=DTYPE)
    with torch.no_grad():
        eager = timed(lambda: vae.decode(latents, return_dict=False))
        vae.to(memory_format=torch.channels_last)
        vae.decoder.compile(backend="eager" if TINY else "inductor")
        fast = timed(lambda: vae.decode(latents, return_dict=False))
    report.row("decode, eager", milliseconds(eager))
    held = fast <= 0.020 and eager / fast >= 1.5
    report.row("decode, compiled, channels last", milliseconds(fast), f"{eager / fast:.2f} times", holds=held)


def batch(report: Report) -> None:
    """What several pictures at once gain a picture, and how far a step then lies from that of one."""
    held, shot, _latents, schedule = loaded("flux.1-dev")
    embeds, single = words_of(held), 0.0
    one = None
    for count in (1, 2) if TINY else (1, 2, 4, 8):
        shots = [shot.with_(seed=seed) for seed in range(count)]
        latents = noise(shots, held["transformer"].config.in_channels, DTYPE, KIND)
        velocity = Velocity(held, schedule, shots, [embeds] * count)
        each = timed(lambda v=velocity, x=latents: denoise.step(v, x, schedule, 0), repeats=3) / count
        after = denoise.step(velocity, latents, schedule, 0)[1][:1].float()
        one, single = (after, each) if one is None else (one, single)
        apart = float((after - one).norm() / one.norm())
        gained = f"{single / each:.2f} times; {apart:.1e} apart"
        report.row(f"batch of {count}, a picture's step", milliseconds(each), gained, holds=apart <= 5e-3)


def recompiles(report: Report) -> None:
    """How often blocks are compiled again over seeds, guidances, prompts, five sizes, and LoRAs of three ranks."""
    from torch._dynamo.utils import counters

    torch._dynamo.reset()
    counters.clear()
    engine, spec = planted("flux.1-dev", compile="eager" if TINY else True)
    sizes = [(SIDE, SIDE), (SIDE + 32, SIDE), (SIDE, SIDE + 32), (SIDE + 64, SIDE - 32), (SIDE - 32, SIDE + 64)]
    list(engine.shoot([shot_of(spec, width=w, height=h, steps=1) for w, h in sizes[:2]], silent))
    before = counters["stats"]["unique_graphs"]
    asked = [shot_of(spec, prompt=words, seed=seed, guidance=2.0 + seed, steps=2) for seed, words in enumerate(WORDS)]
    list(engine.shoot(asked, silent))
    again = counters["stats"]["unique_graphs"] - before
    list(engine.shoot([shot_of(spec, width=w, height=h, steps=1) for w, h in sizes[2:]], silent))
    sized = counters["stats"]["unique_graphs"] - before - again
    held = again == sized == 0
    report.row("graphs compiled again: seeds, guidances, prompts; sizes", f"{again}; {sized}", holds=held)
    with tempfile.TemporaryDirectory() as folder:
        files = [lora_of(engine._model.parts["transformer"], Path(folder) / f"{rank}", rank) for rank in (8, 16, 4)]
        loras = [fk.LoRA(weights=str(file), strength=strength) for strength in (1.0, 0.5) for file in files]
        rest = engine.shoot([shot_of(spec, seed=seed, steps=1, loras=lora) for seed, lora in enumerate(loras)], silent)
        next(rest)
        before = counters["stats"]["unique_graphs"]
        taken = elapsed(partial(list, rest))
        again = counters["stats"]["unique_graphs"] - before
    report.row(
        "graphs compiled again: 5 switches of LoRAs", f"{again}", f"{taken / 5:.2f} s a picture", holds=again == 0
    )
    engine.close()


def sweep(report: Report) -> None:
    """16 pictures by schnell and 64 by klein, files on disk, against a loop over the pipeline with `image.save`."""
    for name, seeds, target in (("flux.1-schnell", 4, 2.0), ("flux.2-klein-4b", 16, 2.7)):
        asked = [(words, seed) for words in WORDS[: 1 if TINY else 4] for seed in range(2 if TINY else seeds)]
        with tempfile.TemporaryDirectory() as folder, quiet():
            shots = [shot_of(models.get(name), prompt=words, seed=seed) for words, seed in asked]
            pipeline = pipeline_of(name)
            naive(pipeline, shots[:1], Path(folder))
            peer = elapsed(partial(naive, pipeline, shots, Path(folder)))
            del pipeline  # two copies of the text encoder need not fit
            free_memory()
            engine, spec = planted(name, compile="eager" if TINY else True)
            shots = [shot_of(spec, prompt=words, seed=seed) for words, seed in asked]
            with fk.Session(Path(folder) / "catalogue", engine=engine) as session:
                list(engine.shoot([shots[0].with_(seed=99)], silent))
                own = elapsed(partial(session.shoot, fk.ShotPlan(shots)))
        row = f"{name}, {len(shots)} pictures on disk"
        report.row(row, f"{own:.1f} s", f"{peer:.1f} s naive; {peer / own:.2f} times", holds=peer / own >= target)


def memory(report: Report) -> None:
    """The highest use after the words are encoded, by lever, beside the forecast: at most a tenth apart."""
    for lever in ("table", "nf4") if TINY else ("offload", "table", "fp8", "int8", "nf4"):
        engine, spec = planted("flux.1-dev", memory=lever)
        restart()
        frame = next(iter(engine.shoot([shot_of(spec, steps=2)], silent)))
        told = forecast(models.get("flux.1-dev"), SIDE, SIDE).during_shots(lever)
        measured = frame.receipt.get("peak_bytes", 0)
        apart = abs(measured - told) / told
        report.row(f"peak, {lever}", f"{measured / 1e9:.2f} GB", f"{told / 1e9:.2f} GB forecast", holds=apart <= 0.1)
        engine.close()


class Held(dict[str, Any]):
    """Parts that are in memory already."""

    def __init__(self, parts: dict[str, Any], engine: LocalEngine) -> None:
        super().__init__(parts)
        self.device = engine.device
        self.table: Any = None


def loaded(name: str) -> tuple[Held, Shot, Any, denoise.Schedule]:
    """A model's transformer and scheduler, a shot, its noise and its schedule."""
    held = Held(parts_of(name), engine_of())
    shot = shot_of(models.get(name), guidance=3.5, steps=2)
    latents = noise([shot], held["transformer"].config.in_channels, DTYPE, KIND)
    return held, shot, latents, denoise.make_schedule(held["scheduler"], 2, latents.shape[1], KIND)


def parts_of(name: str) -> dict[str, Any]:
    """Every part of a model in full size with random weights on the device; tiny ones with `--tiny`."""
    made = tiny.flux2_klein() if name in SHAPES and "klein" in name else tiny.flux1(guidance="dev" in name)
    parts = dict(made.components)
    if not TINY:
        parts |= full(name, parts)
    return {key: part.to(KIND, DTYPE) if hasattr(part, "parameters") else part for key, part in parts.items()}


def full(name: str, parts: dict[str, Any]) -> dict[str, Any]:
    """The networks of a model in full size, made on the device; the tiny models' tokenizers read for them."""
    from diffusers import AutoencoderKL, AutoencoderKLFlux2, Flux2Transformer2DModel, FluxTransformer2DModel
    from transformers import CLIPTextConfig, CLIPTextModel, Qwen3Config, Qwen3ForCausalLM, T5Config, T5EncoderModel

    shape = SHAPES[name]
    torch.set_default_dtype(DTYPE)
    try:
        with torch.device(KIND):
            if shape.shared_modulation:
                words = Qwen3Config(
                    vocab_size=len(parts["tokenizer"]), hidden_size=2560, intermediate_size=9728, num_hidden_layers=36,
                    num_attention_heads=32, num_key_value_heads=8, head_dim=128,
                )  # fmt: skip
                made = {
                    "transformer": Flux2Transformer2DModel(
                        num_layers=shape.double, num_single_layers=shape.single,
                        num_attention_heads=shape.width // 128, joint_attention_dim=shape.words, guidance_embeds=False,
                    ),
                    "vae": AutoencoderKLFlux2(),
                    "text_encoder": Qwen3ForCausalLM(words),
                }  # fmt: skip
            else:
                clip = parts["text_encoder"].config.to_dict() | {
                    "hidden_size": 768, "intermediate_size": 3072, "num_attention_heads": 12, "num_hidden_layers": 12,
                    "projection_dim": 768,
                }  # fmt: skip
                made = {
                    "transformer": FluxTransformer2DModel(guidance_embeds=shape.guided),
                    "vae": AutoencoderKL(
                        latent_channels=16, block_out_channels=(128, 256, 512, 512), layers_per_block=2,
                        down_block_types=("DownEncoderBlock2D",) * 4, up_block_types=("UpDecoderBlock2D",) * 4,
                        use_quant_conv=False, use_post_quant_conv=False, shift_factor=0.1159, scaling_factor=0.3611,
                    ),
                    "text_encoder": CLIPTextModel(CLIPTextConfig(**clip)),
                    "text_encoder_2": T5EncoderModel(T5Config(
                        d_model=4096, d_kv=64, d_ff=10240, num_layers=24, num_heads=64,
                        feed_forward_proj="gated-gelu", is_encoder_decoder=False,
                    )),
                }  # fmt: skip
    finally:
        torch.set_default_dtype(torch.float32)
    return {key: part.eval().requires_grad_(False) for key, part in made.items()}


def engine_of(**options: Any) -> LocalEngine:
    """A local engine on the device of this run."""
    return LocalEngine(device=KIND, dtype=str(DTYPE).removeprefix("torch."), **options)


def planted(name: str, **options: Any) -> tuple[LocalEngine, Any]:
    """An engine that holds a model's parts in full size, under the name of a tiny folder with the same tokenizers."""
    from fluxkit.engines.local import levers

    engine = engine_of(**options)
    made = tiny.flux2_klein() if "klein" in name else tiny.flux1(guidance="dev" in name)
    folder = tiny.saved(made, Path(tempfile.mkdtemp()) / "tiny")
    spec = models.get(name).with_(weights=str(folder))
    engine._load(shot_of(spec))
    parts = engine._model.parts
    if parts.lever == "resident" or not TINY:
        for key, part in parts_of(name).items():
            if key == "transformer" and parts.lever == "table":
                parts.table = ModulationTable(part)
            placed = levers.placed(part, key, parts.lever, engine.device)
            if key == "transformer":
                parts.speed.prepare(placed)
            parts._loaded[key] = placed
    return engine, spec


def pipeline_of(name: str) -> Any:
    """diffusers' own pipeline with parts of its own, as users call it."""
    from diffusers import Flux2KleinPipeline, FluxPipeline

    parts = parts_of(name)
    made = Flux2KleinPipeline(**parts, is_distilled=True) if "klein" in name else FluxPipeline(
        **{key: parts.get(key) for key in ("scheduler", "vae", "text_encoder", "tokenizer", "text_encoder_2",
                                           "tokenizer_2", "transformer")}
    )  # fmt: skip
    made.set_progress_bar_config(disable=True)
    return made


def naive(pipeline: Any, shots: list[Shot], folder: Path) -> None:
    """The loop that fluxkit replaces."""
    for index, shot in enumerate(shots):
        given = {"guidance_scale": shot.guidance} if shot.guidance is not None else {}
        if hasattr(pipeline.config, "is_distilled"):
            depth = pipeline.text_encoder.config.num_hidden_layers
            given |= {"text_encoder_out_layers": tuple(depth * part // 4 for part in (1, 2, 3)), "guidance_scale": 1.0}
        pipeline(
            prompt=str(shot.prompt), num_inference_steps=shot.steps, width=shot.width, height=shot.height,
            generator=torch.Generator("cpu").manual_seed(shot.seed), **given,
        ).images[0].save(folder / f"{index}.png")  # fmt: skip


def shot_of(spec: Any, **request: Any) -> Shot:
    """A shot of this run's size."""
    steps = 1 if TINY else spec.steps.default
    given = {"prompt": WORDS[0], "seed": 1, "steps": steps, "width": SIDE, "height": SIDE, **request}
    return Shot(model=spec.id, spec=spec, **given)


def lora_of(transformer: Any, path: Path, rank: int) -> Path:
    """A random LoRA of a transformer's attention, as a file."""
    from safetensors.torch import save_file

    layers = {name: part for name, part in transformer.named_modules() if name.endswith(("to_q", "to_k", "to_v"))}
    tensors = {}
    for name, layer in layers.items():
        tensors[f"transformer.{name}.lora_A.weight"] = torch.randn(rank, layer.in_features, dtype=DTYPE) * 0.02
        tensors[f"transformer.{name}.lora_B.weight"] = torch.randn(layer.out_features, rank, dtype=DTYPE) * 0.02
    save_file(tensors, path.with_suffix(".safetensors"))
    return path.with_suffix(".safetensors")


def words_of(held: Held) -> Embeds:
    """Random words of the transformer's own width."""
    config = held["transformer"].config
    tokens = torch.randn(1, 512, config.joint_attention_dim, device=KIND, dtype=DTYPE)
    return Embeds(tokens, torch.randn(1, config.pooled_projection_dim, device=KIND, dtype=DTYPE))


def timed(work: Callable[[], Any], repeats: int = 7) -> float:
    """Seconds of the quickest of several runs, after two that warm up."""
    for _ in range(2):
        work()
    return min(elapsed(work) for _ in range(2 if TINY else repeats))


def elapsed(work: Callable[[], Any]) -> float:
    """Seconds until the device has done the work."""
    synchronise()
    began = time.perf_counter()
    work()
    synchronise()
    return time.perf_counter() - began


def synchronise() -> None:
    """Wait for the device."""
    if not TINY:
        torch.cuda.synchronize()


def allocated() -> int:
    """Bytes in use on the device; 0 on a CPU, which does not count."""
    return 0 if TINY else int(torch.cuda.memory_allocated())


def restart() -> None:
    """Count the highest use anew."""
    if not TINY:
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()


def highest() -> int:
    """The highest use since `restart`."""
    return 0 if TINY else int(torch.cuda.max_memory_allocated())


def milliseconds(seconds: float) -> str:
    """A time as text."""
    return f"{seconds * 1e3:.1f} ms"


BENCHES: dict[str, Callable[[Report], None]] = {
    "ceiling": ceiling, "step": step, "table": table, "decode": decode, "batch": batch, "recompiles": recompiles,
    "sweep": sweep, "memory": memory,
}  # fmt: skip


def main(asked: list[str]) -> int:
    """Run the benchmarks that are named, or all; returns the exit status."""
    if not TINY and not torch.cuda.is_available():
        print("There is no CUDA device here. `python bench/gpu.py --tiny` tries every path on the CPU.")
        return 2
    print(f"| on {'a CPU, tiny models' if TINY else torch.cuda.get_device_name()} | | | |")
    report = Report()
    for name in asked or list(BENCHES):
        with quiet():
            BENCHES[name](report)
        if not TINY:
            torch.cuda.empty_cache()
    if report.missed:
        print(f"missed: {', '.join(report.missed)}")
    return 1 if report.missed else 0


if __name__ == "__main__":
    sys.exit(main([name for name in sys.argv[1:] if not name.startswith("-")]))
