"""`Meter`: what a picture took, beside what was forecast; the session keeps it in the catalogue as a receipt."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from fluxkit.models.forecast import MemoryForecast, forecast
from fluxkit.shots.shot import Shot

if TYPE_CHECKING:
    from fluxkit.engines.local.model import LoadedModel


class Meter:
    """Reads the card's own counters; on a CPU, which has none, a receipt tells time and the forecast alone."""

    def __init__(self, model: LoadedModel) -> None:
        self._model = model
        self._forecasts: dict[tuple[int, int, int], MemoryForecast] = {}

    def start(self) -> float:
        """Begin to measure; returns the time."""
        restart_peak(self._model.device.kind)
        return time.perf_counter()

    def read(self, shot: Shot, batch: int, seconds: float) -> dict[str, Any]:
        """The receipt of a picture that was denoised with `batch - 1` others in so many seconds."""
        receipt: dict[str, Any] = {
            "seconds": round(seconds / batch, 4),
            "denoise_seconds": round(seconds / batch, 4),
            "memory": self._model.parts.lever,
            "forecast_bytes": self._forecast(shot, batch).during_shots(self._model.parts.lever),
        }
        peak = peak_bytes(self._model.device.kind)
        return receipt if peak is None else receipt | {"peak_bytes": peak}

    def added(self, receipt: dict[str, Any], *, decode_seconds: float) -> dict[str, Any]:
        """The receipt with what developing took; a card's counters then hold that too."""
        peak = peak_bytes(self._model.device.kind)
        more: dict[str, Any] = {} if peak is None else {"peak_bytes": peak}
        seconds = round(receipt["seconds"] + decode_seconds, 4)
        return receipt | more | {"seconds": seconds, "decode_seconds": round(decode_seconds, 4)}

    def has_room_beside(self) -> bool:
        """Whether a picture can be developed while the next is exposed: on a card that needs memory for both."""
        from fluxkit.engines.local.levers import free_bytes

        free = free_bytes(self._model.device)
        if free is None:
            return True
        largest = self._model.largest
        found = self._forecast(largest, self._model.speed.batch)
        return free > found.beside() + found.peak(self._model.parts.lever)

    def _forecast(self, shot: Shot, batch: int) -> MemoryForecast:
        key = (shot.width, shot.height, batch)
        if key not in self._forecasts:
            size = 4 if self._model.device.dtype == "float32" else 2
            self._forecasts[key] = forecast(
                self._model.spec, shot.width, shot.height, bytes_per_number=size, batch=batch
            )
        return self._forecasts[key]


def restart_peak(kind: str) -> None:
    """Let a card's counter of the highest use begin anew."""
    if kind.startswith("cuda"):
        import torch

        torch.cuda.reset_peak_memory_stats(kind)


def peak_bytes(kind: str) -> int | None:
    """The highest use since `restart_peak`; None where nothing counts."""
    if not kind.startswith("cuda"):
        return None
    import torch

    return int(torch.cuda.max_memory_allocated(kind))
