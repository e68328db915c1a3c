"""A plan on 1 to 1,000 GPUs, simulated: where the driver, the network or failures begin to cost.

    python bench/cluster_simulation.py [--plot docs/images/ray_scale.png]

A discrete-event simulation with SimPy of what `fluxkit.engines.ray` does: actors pull orders, hold two at a time, load
weights once and again after a failure; the driver sends orders and takes replies on one thread, and files frames on
another, with room for four in between. `ASSUMED` holds every figure, measured or cited; docs/ray.md discusses them.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace

import simpy


@dataclass(frozen=True)
class Assumptions:
    """Times in seconds."""

    shot_s: float = 3.78
    """FLUX.1-dev, 1024 x 1024, 28 steps at 135 ms on an H100: the target of issue 3's benchmarks, not yet measured."""
    load_s: float = 40.0
    """34 GB of weights from a local disk at 1 GB/s, and the process's start."""
    order_s: float = 0.0008
    """Dispatch and collection of one order: bench/ray_engine.py, `overhead`."""
    file_s: float = 0.041
    """Filing one 1024 x 1024 frame: bench/ray_engine.py, `driver`."""
    frame_bytes: float = 1.6e6
    """A PNG of that size."""
    network_bytes_s: float = 1.25e9
    """10 Gbit/s into the driver's machine."""
    mtbf_s: float = 50_700 * 3600.0
    """Time between failures of one GPU: 419 interruptions in 54 days of 16,384 GPUs (Llama 3 report, 2024)."""
    restart_s: float = 60.0
    """Ray's notice of a death (30 s of missed heartbeats) and a new actor's start, before it loads."""
    jitter: float = 0.03
    """Standard deviation of a shot's time, as a share of it."""
    ahead: int = 2
    waiting_room: int = 4


ASSUMED = Assumptions()
MODELS = {"klein 4B, 4 steps": 0.29, "schnell, 4 steps": 0.6, "dev, 28 steps": 3.78}
"""Seconds a picture at 1024 x 1024 on an H100: the targets of docs/benchmarks.md, not yet measured."""


@dataclass(frozen=True)
class Outcome:
    """How a plan went."""

    seconds: float
    frames: int
    repeated: int
    driver_busy: float
    filing_busy: float

    @property
    def per_second(self) -> float:
        """Frames a second."""
        return self.frames / self.seconds


class Cluster:
    """One plan on some GPUs."""

    def __init__(self, gpus: int, shots: int, given: Assumptions, seed: int = 0) -> None:
        self._given = given
        self._chance = random.Random(seed)
        self._clock = simpy.Environment()
        self._driver = simpy.Resource(self._clock)
        self._network = simpy.Resource(self._clock)
        self._room = simpy.Store(self._clock, capacity=given.waiting_room)
        self._left, self._wanted, self._filed, self._repeated = shots, shots, 0, 0
        self._busy = {"driver": 0.0, "filing": 0.0}
        self._finished = self._clock.event()
        self._clock.process(self._filing())
        for _ in range(gpus):
            self._clock.process(self._actor())

    def run(self) -> Outcome:
        """Simulate until every frame is filed."""
        self._clock.run(until=self._finished)
        took = self._clock.now
        return Outcome(took, self._filed, self._repeated, self._busy["driver"] / took, self._busy["filing"] / took)

    def _actor(self) -> Iterator[simpy.Event]:
        """Load, then shoot; orders lie ready, so that a reply's way to the driver does not hold the next shot up."""
        given = self._given
        yield self._clock.timeout(given.load_s)
        tokens = simpy.Container(self._clock, init=given.ahead, capacity=given.ahead)
        fails_at = self._clock.now + self._chance.expovariate(1 / given.mtbf_s)
        while self._left:
            yield tokens.get(1)
            if not self._left:
                return
            self._left -= 1
            yield self._clock.timeout(max(0.1, self._chance.gauss(1, given.jitter)) * given.shot_s)
            if self._clock.now >= fails_at:
                self._left += 1
                self._repeated += 1
                yield self._clock.timeout(given.restart_s + given.load_s)
                fails_at = self._clock.now + self._chance.expovariate(1 / given.mtbf_s)
                yield tokens.put(1)
                continue
            self._clock.process(self._reply(tokens))

    def _reply(self, tokens: simpy.Container) -> Iterator[simpy.Event]:
        given = self._given
        with self._network.request() as turn:
            yield turn
            yield self._clock.timeout(given.frame_bytes / given.network_bytes_s)
        with self._driver.request() as turn:
            yield turn
            yield self._clock.timeout(given.order_s)
            self._busy["driver"] += given.order_s
            yield self._room.put(1)  # a full room holds the driver's thread
        yield tokens.put(1)

    def _filing(self) -> Iterator[simpy.Event]:
        while self._filed < self._wanted:
            yield self._room.get()
            yield self._clock.timeout(self._given.file_s)
            self._busy["filing"] += self._given.file_s
            self._filed += 1
        self._finished.succeed()


def simulate(gpus: int, shots: int, given: Assumptions = ASSUMED, seed: int = 0) -> Outcome:
    """One plan of `shots` frames on `gpus` GPUs."""
    return Cluster(gpus, shots, given, seed).run()


SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1000)


def table(frames_each: int = 60) -> dict[str, list[Outcome]]:
    """Each model on each number of GPUs, with so many frames a GPU; loading is left out to show the steady state."""
    return {
        name: [simulate(gpus, gpus * frames_each, replace(ASSUMED, shot_s=seconds, load_s=0)) for gpus in SIZES]
        for name, seconds in MODELS.items()
    }


def failures(gpus: int = 256, shots: int = 20_000) -> dict[str, Outcome]:
    """A long plan on quick-filing storage as GPUs fail more often; filing is made free so that only failures show."""
    given = replace(ASSUMED, file_s=0.0)
    ages = {"never": 1e12, "as Llama 3's": ASSUMED.mtbf_s, "one a day": 24 * 3600.0, "one an hour": 3600.0}
    return {name: simulate(gpus, shots, replace(given, mtbf_s=age)) for name, age in ages.items()}


def plot(found: dict[str, list[Outcome]], path: str) -> None:
    """Frames a second against GPUs, with the ideal beside."""
    import matplotlib.pyplot as plt

    figure, (speed, share) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
    for (name, outcomes), colour in zip(found.items(), ("#c2571a", "#2b6c8f", "#4b7f52"), strict=True):
        speed.plot(SIZES, [outcome.per_second for outcome in outcomes], "o-", color=colour, label=name, markersize=4)
        speed.plot(SIZES, [gpus / MODELS[name] for gpus in SIZES], ":", color=colour, linewidth=1)
        ideal = [gpus / MODELS[name] for gpus in SIZES]
        share.plot(
            SIZES,
            [100 * outcome.per_second / best for outcome, best in zip(outcomes, ideal, strict=True)],
            "o-",
            color=colour,
            markersize=4,
        )
    limit = 1 / ASSUMED.file_s
    speed.axhline(limit, color="#555", linewidth=0.8)
    speed.annotate(f"one driver files {limit:.0f} a second", (90, limit * 0.6), fontsize=8, color="#333")
    speed.set(xscale="log", yscale="log", xlabel="GPUs", ylabel="frames a second", title="Speed (dotted: ideal)")
    share.set(xscale="log", xlabel="GPUs", ylabel="% of the ideal", ylim=(0, 104), title="Use of the GPUs")
    speed.legend(frameon=False, fontsize=8)
    for axes in (speed, share):
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(alpha=0.2)
        axes.xaxis.set_major_formatter("{x:g}")
    figure.savefig(path, dpi=110)


def main() -> None:
    """Print the tables; draw them where a path is given."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--plot", metavar="PNG")
    asked = parser.parse_args()
    found = table()
    print("GPUs    " + "".join(f"{name:>26}" for name in found))
    for place, gpus in enumerate(SIZES):
        cells = (
            f"{outcomes[place].per_second:9.2f}/s {100 * outcomes[place].filing_busy:4.0f}% filing"
            for outcomes in found.values()
        )
        print(f"{gpus:<8}" + "".join(f"{cell:>26}" for cell in cells))
    print("\nfailures, 256 GPUs, 20,000 frames of dev:")
    for name, outcome in failures().items():
        print(f"{name:>14}: {outcome.seconds:7.0f} s, {outcome.repeated} shots repeated")
    if asked.plot:
        plot(found, asked.plot)


if __name__ == "__main__":
    main()
