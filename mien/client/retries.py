"""When a request is sent again, and after how long.

Sending again is safe because every POST carries an ``Idempotency-Key`` that was drawn once: the
server gives the same answer for the same key, however often it is asked.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from mien.client.errors import Problem

AGAIN = (429, 502, 503, 504)
# Waiting does not bring what is not installed.
NEVER_AGAIN = ("engine_unavailable", "weights_unavailable")
# An earlier attempt, whose answer was lost, is still being worked on.
IN_PROGRESS = "idempotency_in_progress"


@dataclass(frozen=True, slots=True)
class Retries:
    """How patient the client is. ``attempts`` counts the first one; pauses are seconds.

    The pause doubles from ``first`` to at most ``longest`` and is shortened at random by up to a
    half, so that many clients do not come back together. A ``Retry-After`` longer than
    ``patience`` is not waited for: the refusal is raised and carries it.
    """

    attempts: int = 5
    first: float = 0.5
    longest: float = 8.0
    patience: float = 60.0

    def pause(self, attempt: int) -> float | None:
        """Return how long to wait after ``attempt`` (1 is the first) failed; None gives up."""
        if attempt >= self.attempts:
            return None
        return min(self.longest, self.first * 2 ** (attempt - 1)) * random.uniform(0.5, 1)

    def pause_after(self, attempt: int, problem: Problem) -> float | None:
        """Return how long to wait after the server refused; None where asking again is no use."""
        if problem.status not in AGAIN or problem.code in NEVER_AGAIN:
            return None
        pause = self.pause(attempt)
        asked = problem.retry_after
        if pause is None or asked is None:
            return pause
        return None if asked > self.patience else max(pause, asked)


def read_retry_after(value: str | None) -> float | None:
    """Return the seconds of a ``Retry-After`` header, which holds seconds or a date."""
    if value is None:
        return None
    if value.strip().isdigit():
        return float(value)
    try:
        then = parsedate_to_datetime(value)
    except ValueError:
        return None
    if then.tzinfo is None:
        then = then.replace(tzinfo=UTC)
    return max(0.0, (then - datetime.now(UTC)).total_seconds())
