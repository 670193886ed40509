"""How long to wait before the next try. Pure; the only layer that retries, for retries of two layers multiply."""

import random
from collections.abc import Callable

# Seconds at most before try 1, 2, 3, …; then always the last.
CAPS = (0.0, 2.0, 5.0, 10.0, 20.0, 30.0)
# Longer than this nobody may make us wait: the order would be stale before anyone looks (F56).
RETRY_AFTER_CAP = 120.0
# A due time later than this from now was written by another clock (F38).
LONGEST = RETRY_AFTER_CAP + CAPS[-1]


def delay(
    tries: int,
    *,
    retry_after: float | None = None,
    draw: Callable[[], float] = random.random,
) -> float:
    """Seconds until the next try after `tries` tries: draw() x cap, full jitter, on top of what the register asks for.

    `draw` gives 0 <= x < 1. Without jitter all orders of an outage would come back in the same second.
    """
    asked = min(max(retry_after or 0.0, 0.0), RETRY_AFTER_CAP)
    return asked + draw() * CAPS[min(max(tries, 0), len(CAPS) - 1)]
