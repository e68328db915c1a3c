"""The budget of a session: what was spent, what is in flight, and whether the next picture fits."""

from __future__ import annotations

import math
import threading

from fluxkit.errors import BudgetExceeded, InputError


class Ledger:
    """Counts money in US dollars; safe across threads. Requests of unknown outcome count as spent."""

    def __init__(self, budget_usd: float | None) -> None:
        self.budget_usd = checked(budget_usd)
        self._spent = 0.0
        self._in_flight: dict[int, float] = {}
        self._next = 0
        self._lock = threading.Lock()

    @property
    def spent_usd(self) -> float:
        """What finished pictures cost, by the host's reply where it told, else by the price table."""
        return round(self._spent, 6)

    @property
    def in_flight_usd(self) -> float:
        """What the jobs in flight are expected to cost."""
        return round(sum(self._in_flight.values()), 6)

    def check(self, usd: float, pictures: int = 1, *, noun: str = "picture") -> None:
        """Raise `BudgetExceeded` where so much more does not fit."""
        with self._lock:
            self._check(usd, pictures, noun)

    def reserve(self, usd: float) -> int:
        """Count a picture as in flight, if it fits; returns the reservation."""
        with self._lock:
            self._check(usd, 1)
            self._next += 1
            self._in_flight[self._next] = usd
            return self._next

    def settle(self, reservation: int, usd: float | None = None) -> None:
        """The picture is billed: at `usd` where the host told, else at the forecast."""
        with self._lock:
            forecast = self._in_flight.pop(reservation, 0.0)
            self._spent += forecast if usd is None else usd

    def release(self, reservation: int) -> None:
        """The host refused the request: nothing is billed."""
        with self._lock:
            self._in_flight.pop(reservation, None)

    def _check(self, usd: float, pictures: int, noun: str = "picture") -> None:
        many = pictures != 1
        asked = f"{pictures} hosted {noun}{'s' * many} for about ${usd:.3f} {'were' if many else 'was'} asked for"
        if self.budget_usd is None:
            raise BudgetExceeded(
                f"{asked}, but no budget was given. Hosted {noun}s cost money and are made only within a budget. "
                f"Set budget_usd=... on the session or the engine."
            )
        committed = self._spent + sum(self._in_flight.values())
        if committed + usd > self.budget_usd + 1e-9:
            raise BudgetExceeded(
                f"{asked}, but of the budget of ${self.budget_usd:.2f}, ${committed:.3f} is spent or in flight. "
                f"Raise budget_usd, or ask for fewer or cheaper pictures."
            )


def checked(budget_usd: float | None) -> float | None:
    """The budget, if it is one; raises `InputError` for what is no amount."""
    if budget_usd is None or (isinstance(budget_usd, int | float) and 0 <= budget_usd < math.inf):
        return budget_usd
    raise InputError(f"budget_usd={budget_usd!r} was given. It is US dollars, 0 or more. Give an amount, such as 5.00.")
