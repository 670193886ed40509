"""Leaves a register alone that does not answer: after five tries in a row it is only probed, and not by a POST.

The count stands on the register's row, so that all workers share it. A probe is a reading of its lists, or its
`check()` where it has none; one that succeeds lets one try through, and a try that fails shuts it again at once.
Only a try tells that it takes orders again, so it counts as silent until then: lists may be read of a register that
fails on every order.
"""

import random
from datetime import datetime
from typing import Any

from django.db.models import F, Q, Value
from django.db.models.functions import Coalesce, Least

from pos_bridge.errors import DeliveryError, NotSent, Rejected, Uncertain
from pos_bridge.models import Register
from pos_bridge.registers.base import Receipt
from pos_bridge.rows import change
from pos_bridge.times import SKEW, seconds

FAILURES = 5
HALF_OPEN = FAILURES - 1
# Seconds from probe to probe, and what is drawn on top: two in a minute at the most (P12).
PROBE, JITTER = 30.0, 5.0
# So long a register is silent before guests are told to order from the team (F64); seconds.
GUESTS_TOLD_AFTER = 60.0
# Tries that say nothing of the register: they ended here.
OUR_OWN = {"internal", "lease_short"}


def lets_through() -> Q:
    """Of registers: those that may be sent to."""
    return Q(failures__lt=FAILURES)


def is_probed() -> Q:
    """Of registers: those that are asked now and then whether they are there, also where nothing waits for them."""
    return Q(failures__gte=FAILURES) | Q(failures=HALF_OPEN, silent_since__isnull=False)


def fails() -> Q:
    """Of registers: those whose last tries were in vain, and none has been well since."""
    return Q(failures__gte=HALF_OPEN)


def silent(now: datetime) -> Q:
    """Of registers: those that have not answered for so long that nobody should order by phone."""
    long_ago = Q(silent_since__lte=now - seconds(GUESTS_TOLD_AFTER))
    return fails() & (long_ago | Q(silent_since__gt=now + SKEW))


def is_silent(register: Register, now: datetime) -> bool:
    """The same of one register that has been read."""
    since = register.silent_since
    return register.failures >= HALF_OPEN and since is not None and is_too_long(since, now)


def is_too_long(since: datetime, now: datetime) -> bool:
    """Of a register that fails, silent since then: for so long that nobody should order by phone. A moment to come is
    from before the clock was set back.
    """
    return since <= now - seconds(GUESTS_TOLD_AFTER) or since > now + SKEW


def after_try(outcome: Receipt | DeliveryError | None, now: datetime) -> dict[str, Any]:
    """What a try has to say of its register, as fields of the UPDATE that gives the register back."""
    if isinstance(outcome, Receipt | Rejected):
        return {"failures": 0, "silent_since": None}
    if isinstance(outcome, NotSent | Uncertain) and outcome.reason not in OUR_OWN:
        return {
            "failures": Least(F("failures") + 1, Value(FAILURES)),
            "silent_since": Coalesce("silent_since", Value(now)),
        }
    return {}


def probed(register_id: int) -> bool:
    """It has answered: the next try goes through, and alone decides. Whether it was left alone until now.

    A second answer is believed where no try has come in between: what waited has been held or dealt with.
    """
    open_one = Register.objects.filter(pk=register_id, failures__gte=FAILURES)
    if change(open_one, failures=HALF_OPEN):
        return True
    answers(register_id)
    return False


def answers(register_id: int) -> None:
    """Guests may order again: theirs is the try that decides."""
    half_open = Register.objects.filter(pk=register_id, failures=HALF_OPEN)
    change(half_open.exclude(silent_since=None), silent_since=None)


def was_left_alone(tried: Register) -> bool:
    """Whether this try was the one that was let through after a silence."""
    return tried.failures >= FAILURES - 1


def probe_later(register_id: int, now: datetime) -> None:
    """Where it is open now: when it is probed next."""
    wait = PROBE + random.random() * JITTER  # noqa: S311  (no secret)
    open_one = Register.objects.filter(pk=register_id, failures__gte=FAILURES)
    change(open_one, next_poll_at=now + seconds(wait))
