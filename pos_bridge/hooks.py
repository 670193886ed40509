"""What a register's call does: it moves forward an addition that has the called order's number by the register's own
answer, and has the unclear ones looked up soon. Nothing else in a call is believed, and nothing depends on one.
"""

import secrets
from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from pos_bridge import following, waiting, wake
from pos_bridge.encryption import lookup_hash
from pos_bridge.models import Addition, Hook, Register
from pos_bridge.registers import kinds_that_look_up
from pos_bridge.registers.base import TillState
from pos_bridge.registers.calls import Call
from pos_bridge.times import seconds

State = Addition.State

# Seconds until what a call may be about is asked for: it may come before the answer to our own POST, and however many
# come in, the register is asked once in this time.
ASKED_AFTER = 1.0


def renew(register: Register) -> Hook:
    """Give the register a new address to call, 128 random bits; the one of before is dead at once."""
    secret = secrets.token_urlsafe(16)
    hook, _ = Hook.objects.update_or_create(
        register=register,
        defaults={
            "secret": secret,
            "secret_hash": lookup_hash(secret),
            "created_at": timezone.now(),
            "called_at": None,
        },
    )
    return hook


def called(hook: Hook, call: Call | None, *, now: datetime) -> int:
    """Act on a call of the register; how many additions it moved."""
    register = hook.register_id
    with transaction.atomic():
        Hook.objects.filter(pk=hook.pk).update(called_at=now)
        if call is None:
            return 0
        moved = sum(
            _moved(addition, call, now) for addition in _known_as(call.order, register, now)
        )
        if not moved:
            _ask_soon(register, now)
            transaction.on_commit(wake.ring)
    return moved


def _known_as(order: str, register: int, now: datetime) -> list[Addition]:
    """What the register has taken from us under this number. Unclear ones have none: they are looked up."""
    taken = waiting.followed(register, now).filter(
        state__in=[State.ACCEPTED, State.RECEIVED], till_state=order
    )
    return list(taken)


def _moved(addition: Addition, call: Call, now: datetime) -> bool:
    if call.state is None:
        return False
    # Its number on the till stays known: the table is called for again when it has paid.
    return following.found(addition, TillState(call.state, addition.till_state), now=now)


def _ask_soon(register: int, now: datetime) -> None:
    soon = now + seconds(ASKED_AFTER)
    unclear = waiting.followed(register, now).filter(
        state=State.UNCERTAIN, register__kind__in=kinds_that_look_up()
    )
    later = Q(next_try_at__isnull=True) | Q(next_try_at__gt=soon)
    unclear.filter(later).update(next_try_at=soon)
    Register.objects.filter(pk=register, next_poll_at__gt=soon).update(next_poll_at=soon)
