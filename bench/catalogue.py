"""Benchmarks of files and catalogue against what they replace, in one process and run.

    python bench/catalogue.py [--frames 100000] [--pngs 1000]

Each number is a median; each ratio compares with the peer measured beside it, interleaved where that is possible.
Exits with 1 where a target of issue 7 is missed.
"""

from __future__ import annotations

import argparse
import io
import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from fluxkit.catalogue import Catalogue
from fluxkit.catalogue.query import query
from fluxkit.catalogue.writer import Writer
from fluxkit.frames import Frame, Provenance, metadata, png, png_chunks
from fluxkit.frames.record import FrameRecord, to_json
from fluxkit.scene import PORTRA_400, TRI_X_400, Atmosphere, Environment, Lens, Light, Lighting, Scene, Subject
from fluxkit.shots.shot import Shot

_WORDS = ("fog", "harbour", "window", "portrait", "kitchen", "market", "studio", "forest", "street", "rain", "copper",
          "linen", "velvet", "smoke", "glass")  # fmt: skip
_MODELS = ("flux.1-dev", "flux.1-schnell", "nano")
_ONE_BY_ONE = 2_000
"""So many of the last frames are added as a session adds them: one transaction each."""
_START = datetime(2026, 1, 1, tzinfo=UTC)


def milliseconds(work: Callable[[], Any], times: int = 21) -> float:
    """The median time of `work`."""
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken) * 1e3


def scenes(count: int, chance: random.Random) -> list[Scene]:
    """Scenes as people sweep them: many, with values that recur."""
    return [
        Scene(
            subject=Subject(description=f"a {chance.choice(_WORDS)} worker", age=str(chance.randrange(20, 80))),
            environment=Environment(place=f"a {chance.choice(_WORDS)} {number}"),
            lighting=Lighting(
                key=Light(
                    direction=chance.choice(["left", "right", "front", "above"]),
                    quality=chance.choice(["hard", "soft"]),
                )
            ),
            lens=Lens(
                focal_length_mm=chance.choice([24, 35, 50, 85, 135]), f_number=chance.choice([1.4, 1.8, 2.8, 5.6])
            ),
            film=chance.choice([PORTRA_400, TRI_X_400]),
            atmosphere=Atmosphere(textures=tuple(chance.sample(_WORDS, 2))),
        )
        for number in range(count)
    ]


def records(count: int) -> Iterator[FrameRecord]:
    """Frames of sweeps with eight seeds a scene."""
    chance = random.Random(7)
    for scene in scenes(count // 8 + 1, chance):
        model, guidance = chance.choice(_MODELS), chance.choice([2.0, 3.5, 5.0])
        words = " ".join(chance.sample(_WORDS, 6))
        for seed in range(8):
            shot = Shot(
                model=model, prompt=f"{scene.subject.description}, {scene.environment.place}, {words}, 85 mm f/1.8",
                scene=scene, seed=seed, steps=28, guidance=guidance, width=1024, height=1024,
            )  # fmt: skip
            yield FrameRecord(shot, Provenance(engine="local", dtype="bfloat16"), fingerprint=f"{seed:012x}")


def fill(catalogue: Catalogue, count: int, sidecars: Path) -> list[float]:
    """Index `count` frames and write the sidecars of the peer; times in ms of the last, which go one by one."""
    chance, taken = random.Random(8), []
    ledger = catalogue._ledger
    batch: list[Callable[[Writer], None]] = []
    for number, record in zip(range(count), records(count), strict=False):
        made = _START + timedelta(minutes=3 * number)
        file = f"{number:064x}.png"
        rating = chance.choices([0, 1, 2, 3, 4, 5], [60, 5, 10, 15, 8, 2])[0]

        name = f"frame1-{record.shot.id.partition('-')[2]}-0"

        def insert(
            writer: Writer, record: FrameRecord = record, file: str = file, made: datetime = made, name: str = name
        ) -> None:
            ledger.note_down([{"op": "add", "file": file, "frame": name}])
            writer.add(record, file, made.timestamp())

        def rate(writer: Writer, name: str = name, rating: int = rating) -> None:
            writer.mark([name], {"rating": rating})

        batch += [insert, rate] if rating else [insert]
        if number >= count - _ONE_BY_ONE:
            start = time.perf_counter()
            ledger.write(insert)
            taken.append((time.perf_counter() - start) * 1e3)
            batch = [rate] if rating else []
        if len(batch) > 400 or number >= count - _ONE_BY_ONE - 1:
            ledger.write(lambda writer, batch=batch: [work(writer) for work in batch])
            batch = []
        beside = {**json.loads(to_json(record)), "rating": rating, "made": made.isoformat()}
        folder = sidecars / f"{number // 1000:03d}"
        folder.mkdir(exist_ok=True)
        (folder / f"{number}.json").write_text(json.dumps(beside))
    return taken


def scan(folder: Path, wanted: Callable[[dict[str, Any]], bool]) -> int:
    """The peer: read every sidecar."""
    return sum(wanted(json.loads(path.read_bytes())) for path in folder.glob("*/*.json"))


def queries(catalogue: Catalogue) -> dict[str, Callable[[], Any]]:
    """The common questions of a working day."""
    newest = catalogue.frames()[-1].id if len(catalogue) < 1000 else None
    since = (_START + timedelta(days=30)).date()
    return {
        "one shot by id": lambda: catalogue.find(newest or f"frame1-{_some_shot(catalogue)}-0"),
        "newest 50": lambda: catalogue.search(limit=50),
        "model, guidance, rating >= 4, newest 50": lambda: catalogue.search(
            model="flux.1-dev", guidance=3.5, rating=">=4", limit=50
        ),
        "scene: key light left, 85 mm, newest 50": lambda: catalogue.search(
            {"lighting.key.direction": "left", "lens.focal_length_mm": 85}, limit=50
        ),
        "one sweep (8 seeds of a scene)": lambda: catalogue.search({"environment.place": "a fog 77"}),
        "film and seed, newest 50": lambda: catalogue.search(film=TRI_X_400, seed=3, limit=50),
        "words, newest 50": lambda: catalogue.search("harbour copper", limit=50),
        "words, rating 5, newest 50": lambda: catalogue.search("harbour", rating=5, limit=50),
        "one day": lambda: catalogue.search(since=since, until=since, limit=50),
        "model until an old day, newest 50": lambda: catalogue.search(model="nano", until="2026-01-10", limit=50),
        "five stars since a day, newest 50": lambda: catalogue.search(rating=5, since=since, limit=50),
    }


def counts(catalogue: Catalogue) -> dict[str, Callable[[], Any]]:
    """Questions whose answer is a number."""
    return {
        "count by model": lambda: catalogue.values("model"),
        "count by rating": lambda: catalogue.values("rating"),
        "count all": catalogue.count,
        "count of rating >= 4": lambda: catalogue.count(rating=">=4"),
        "count of model and five stars": lambda: catalogue.count(model="nano", rating=5),
    }


def _some_shot(catalogue: Catalogue) -> str:
    rows = catalogue._ledger.ask(lambda index: index.rows("SELECT shot_id FROM frames WHERE seq = 500"))
    return str(rows[0][0]).partition("-")[2]


def bench_catalogue(folder: Path, count: int) -> bool:
    """The catalogue at scale against scanning sidecars."""
    sidecars = folder / "sidecars"
    sidecars.mkdir()
    with Catalogue(folder / "shoot") as catalogue:
        taken = fill(catalogue, count, sidecars)
        insert = statistics.median(taken)
        size = sum(path.stat().st_size for path in (folder / "shoot").glob("index.sqlite*")) / 1e6
        say("insert and commit, median of the last", insert, "ms", "<= 1", insert <= 1)
        tenth = sorted(taken)[int(len(taken) * 0.99)]
        say("insert and commit, 99th in 100", tenth, "ms")
        say(f"index of {count:,} frames", size, "MB")
        scanned = milliseconds(lambda: scan(sidecars, lambda beside: beside["rating"] == 5), 3)
        say("peer: scan of all sidecars", scanned, "ms")
        good = insert <= 1
        for table, limit in ((queries(catalogue), 2.0), (counts(catalogue), 10.0)):
            for name, ask in table.items():
                ask()
                taken_ms = milliseconds(ask)
                fine = taken_ms <= limit and scanned / taken_ms >= 20
                good = good and fine
                say(name, taken_ms, "ms", f"<= {limit:g}", fine, scanned / taken_ms)
        sql, _values = query_sql(catalogue)
        assert "postings" in sql
    return good


def query_sql(catalogue: Catalogue) -> tuple[str, list[Any]]:
    """The statement of a common search, to show that it reads postings."""
    return catalogue._ledger.ask(lambda index: [query(index, "", {"model": "nano"}).sql("f.seq", limit=50)])[0]


def photograph(side: int, seed: int = 0) -> Image.Image:
    """Smooth shapes with grain: what a PNG encoder meets in practice."""
    chance = np.random.default_rng(seed)
    shapes = Image.fromarray(chance.integers(0, 256, (16, 16, 3), np.uint8)).resize(
        (side, side), Image.Resampling.BICUBIC
    )
    grain = chance.normal(0, 3, (side, side, 3))
    return Image.fromarray(np.clip(np.asarray(shapes) + grain, 0, 255).astype(np.uint8))


def bench_files(folder: Path, count: int) -> bool:
    """Reading and editing what stands in PNGs, against Pillow."""
    shot = Shot(model="flux.1-dev", prompt="a woman at a window " * 12, scene=scenes(1, random.Random(1))[0],
                seed=7, steps=28, width=1024, height=1024)  # fmt: skip
    data = Frame(shot, photograph(1024), provenance=Provenance(engine="local")).save(folder / "0.png").read_bytes()
    paths = [folder / f"{number}.png" for number in range(count)]
    for path in paths:
        path.write_bytes(data)
    few = paths[: max(3, count // 100)]
    peer = statistics.median(milliseconds(lambda path=path: Image.open(path).text, 1) for path in few)
    ours = statistics.median(milliseconds(lambda path=path: png_chunks.read_texts(path), 1) for path in paths)
    whole = statistics.median(milliseconds(lambda path=path: metadata.read(path), 1) for path in paths)
    say(f"texts of a 1024 px PNG, median of {count:,}", ours, "ms", ">= 300 x", peer / ours >= 300, peer / ours)
    say("peer: Pillow's Image.open(path).text", peer, "ms")
    say("whole record: Shot, Scene, Provenance", whole, "ms", "", None, peer / whole)
    edit = milliseconds(lambda: metadata.edit(paths[0], rating=4), 11)
    load_save = milliseconds(lambda: Image.open(paths[1]).save(folder / "again.png"), 3)
    say("edit of the rating, synced to disk", edit, "ms", "", None, load_save / edit)
    return peer / ours >= 300


def bench_encoder() -> bool:
    """Pixels into PNG, against Pillow."""
    picture = photograph(1024)
    ours, theirs, buffer = [], [], io.BytesIO()
    for _ in range(5):
        ours.append(milliseconds(lambda: png.encode(picture), 3))
        theirs.append(milliseconds(lambda: picture.save(io.BytesIO(), "PNG"), 1))
    picture.save(buffer, "PNG")
    data = png.encode(picture)
    same = Image.open(io.BytesIO(data)).tobytes() == picture.tobytes()
    ratio, larger = statistics.median(theirs) / statistics.median(ours), len(data) / buffer.tell()
    say("encode 1024 x 1024 RGB", statistics.median(ours), "ms", ">= 15 x", ratio >= 15 and same, ratio)
    say("peer: Pillow's PNG, default", statistics.median(theirs), "ms")
    say("size against Pillow's", larger, "x")
    return ratio >= 15 and same


def say(
    name: str, value: float, unit: str, target: str = "", fine: bool | None = None, ratio: float | None = None
) -> None:
    """One line of the report."""
    verdict = "" if fine is None else ("ok" if fine else "MISSED")
    times = "" if ratio is None else f"{ratio:,.0f} x"
    sys.stdout.write(f"{name:<48}{value:>12,.3f} {unit:<4}{times:>12}  {target:<9}{verdict}\n")
    sys.stdout.flush()


def main() -> int:
    """Run everything; 0 where every target is met."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--frames", type=int, default=100_000)
    asked.add_argument("--pngs", type=int, default=1_000)
    given = asked.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        good = [bench_encoder(), bench_files(folder, given.pngs), bench_catalogue(folder, given.frames)]
    return 0 if all(good) else 1


if __name__ == "__main__":
    raise SystemExit(main())
