"""The number of an addition: positive, rising, unique for its register, never given twice. Pure."""

import logging
from datetime import UTC, datetime

logger = logging.getLogger(__name__)

EPOCH = datetime(2020, 1, 1, tzinfo=UTC)
# Registers keep it in 32 bits with a sign; some cut what is larger without a word (F61).
HIGHEST = 2**31 - 1
# With one addition a second since 2020 we are there in 2083: whoever is there earlier has a clock that is wrong.
ALARM_AT = 2_000_000_000


class NumbersExhausted(Exception):
    """No number below 2^31 is left for this register, or the clock is wrong by decades."""


def floor(now: datetime) -> int:
    """Whole seconds since 2020-01-01 UTC, at least 1.

    Numbers rise with the clock, so that after last night's backup is restored the next one is still fresh (F28).
    """
    return max(1, int((now - EPOCH).total_seconds()))


# No installation gave a number before 2026: what is lower in a register's list was given by other software.
FIRST = floor(datetime(2026, 1, 1, tzinfo=UTC))


def next_number(last: int, now: datetime) -> int:
    """The number after `last` (0: none yet). Raises NumbersExhausted."""
    number = max(last + 1, floor(now))
    if number > HIGHEST:
        raise NumbersExhausted(f"The number after {last} would be {number}, above {HIGHEST}.")
    return number


def alarm(number: int) -> None:
    """Say that the numbers end soon, for a person to look at the clock."""
    logger.error(
        "Number %d of an addition is close to 2^31: is this machine's clock right?", number
    )
