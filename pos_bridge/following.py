"""What a register's lists say: they move an addition on, forward only, and show numbers that are not ours.

An addition that surely was never sent and whose number stands in a list has a number that somebody else took
(F60). A number of our range that we never gave was given by the same software elsewhere: a second installation,
ourselves before a backup was restored, a clock that was wrong (F28). Then the register pauses until a person has
looked, and our numbers go on above it.
"""

import logging
import random
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Max, Q, QuerySet, Value
from django.db.models.functions import Coalesce

from pos_bridge import attempts, breaker, numbers, outbox, waiting
from pos_bridge.arrows import ARROWS
from pos_bridge.models import Addition, Register, StrangeNumber
from pos_bridge.registers import kinds_that_list_states
from pos_bridge.registers.base import TillState
from pos_bridge.rows import change
from pos_bridge.times import seconds
from pos_bridge.words import ON_TILL_TOO

State = Addition.State
Handled = Addition.Handled
States = Mapping[int, TillState]

# Pauses that a readable list ends: a login page in between, keys that were blocked for a while.
OVER_WITH_A_LIST = ("redirect", "keys_refused", "certificate")
AT_ONCE = 500  # numbers in one query
VALIDATED = "2"  # the till's word after which it fails on an addition no more


def begin_poll(register_id: int, *, now: datetime, lasts: float, anyway: bool = False) -> bool:
    """Take the register's turn to read its lists, or to be probed; `lasts`: seconds until another worker may. False:
    it is not due. `anyway`: it is, whatever was read before.
    """
    register = Register.objects.filter(pk=register_id)
    if not anyway:
        register = register.filter(waiting.poll_is_due(now))
        listed = waiting.followed(register_id, now)
        if not listed.filter(register__kind__in=kinds_that_list_states()).exists():
            register = register.filter(breaker.is_probed())
    return bool(change(register, next_poll_at=now + seconds(lasts)))


def end_poll(register_id: int, *, now: datetime, failed: bool) -> None:
    """Say when the lists are read next: soon after an order, then ever slower; after a failure not at once.

    A register that pauses or is silent goes on telling what it has. Where it paused because of an answer, a list
    that can be read shows that it has come back, and no order had to try it.
    """
    register = Register.objects.filter(pk=register_id)
    if not failed:
        change(register.filter(paused_reason__in=OVER_WITH_A_LIST), paused_reason="")
        if breaker.probed(register_id):
            outbox.hasten(register_id, now, first_only=True)
            if not waiting.resent().filter(register=register_id).exists():
                breaker.answers(register_id)  # nothing is left that could be tried
    newest = (
        waiting.followed(register_id, now)
        .exclude(state__in=[State.RECEIVED, State.HELD])
        .aggregate(newest=Max("created_at"))["newest"]
    )
    wait = 30.0  # all are on the till: only "settled" is still to come
    if newest is not None:
        age = (now - newest).total_seconds() * settings.TIME_DIVISOR
        wait = min(max(0.5, age / 20), 30.0)
    wait = max(wait, 5.0) * (1 + random.random() / 5) if failed else wait  # noqa: S311
    register.update(next_poll_at=now + seconds(wait))
    breaker.probe_later(register_id, now)


def follow(register_id: int, states: States, *, now: datetime) -> int:
    """Move on what the register's lists name, forward only; numbers of others are none of ours (F66). How many
    moved.
    """
    moved = 0
    # What a list does not name it says nothing of: absence proves nothing.
    for addition in _listed(waiting.followed(register_id, now), states):
        till = states[addition.number]
        if addition.state == State.HELD and attempts.was_never_sent(addition):
            _is_taken(addition, now)
        else:
            moved += found(addition, till, now=now)
    for addition in _never_sent(register_id, states):
        _is_taken(addition, now)
    _note_on_till_too(register_id, states, now)
    change(waiting.for_a_list(register_id), next_try_at=now)
    return moved


def found(addition: Addition, till: TillState, *, now: datetime) -> bool:
    """Move an addition on to what the register says of it. False: it says nothing new, or somebody was faster."""
    source = State(addition.state)
    text = attempts.storable(till.text, 50)
    target = State(till.state) if till.state else source
    if target in ARROWS[source] and not _is_backward(addition, target):
        return outbox.move(addition.pk, source, target, now, **_seen(target, text, now))
    later = source == target == State.RECEIVED and text == VALIDATED
    if (till.state is None or later) and text != addition.till_state:
        same = Addition.objects.filter(pk=addition.pk, state=source)
        same.update(till_state=text, changed_at=now)
    return False


def compare_numbers(register_id: int, states: States, *, now: datetime) -> list[int]:
    """Go above the highest number that the register lists; the numbers of our range in it that we never gave, which
    make the register pause until `decisions.accept_numbers`.
    """
    ours = sorted(number for number in states if number >= numbers.FIRST)
    if not ours:
        return []
    till = Register.objects.filter(pk=register_id).values_list("till", flat=True).first() or ""
    rows = Register.objects.filter(Q(pk=register_id) | Q(till=till, till__gt=""))
    if ours[-1] < numbers.ALARM_AT:
        change(rows.filter(last_number__lt=ours[-1]), last_number=ours[-1])
    given: set[int] = set()
    # Given to the restaurant's registers of before too: the same till may have had another address.
    houses = list(rows.values_list("restaurant", flat=True))
    sent = Addition.objects.filter(register__restaurant__in=houses)
    named = StrangeNumber.objects.filter(register__in=rows)
    for start in range(0, len(ours), AT_ONCE):
        some = ours[start : start + AT_ONCE]
        given.update(sent.filter(number__in=some).values_list("number", flat=True))
        given.update(named.filter(number__in=some).values_list("number", flat=True))
    forgotten = Register.objects.filter(restaurant__in=houses).aggregate(to=Max("forgotten_to"))
    lowest = forgotten["to"] or 0
    strange = [number for number in ours if number not in given and number > lowest]
    if strange:
        logging.getLogger(__name__).error(
            "Register %d lists %d numbers that were never given here, such as %d",
            register_id, len(strange), strange[-1],
        )  # fmt: skip
        with transaction.atomic():
            StrangeNumber.objects.bulk_create(
                [
                    StrangeNumber(
                        register_id=register_id,
                        number=number,
                        till_state=attempts.storable(states[number].text, 50),
                        seen_at=now,
                    )
                    for number in strange
                ],
                ignore_conflicts=True,
            )
            outbox.pause(register_id, outbox.STRANGE_NUMBERS)
    return strange


def forget(given: Iterable[tuple[int, int]]) -> None:
    """Remember of (register, number) that are about to be deleted that we gave them, in the caller's transaction."""
    highest: dict[int, int] = {}
    for register_id, number in given:
        highest[register_id] = max(number, highest.get(register_id, 0))
    for register_id, number in highest.items():
        register = Register.objects.filter(pk=register_id, forgotten_to__lt=number)
        register.update(forgotten_to=number)


def _is_backward(addition: Addition, target: State) -> bool:
    """A till does not refuse what it has validated, nor take what a list has called refused: that list is old."""
    if addition.state == State.REFUSED:
        return addition.till_state != ""
    refused_late = addition.state == State.RECEIVED and target == State.REFUSED
    return refused_late and addition.till_state == VALIDATED


def _seen(target: State, text: str, now: datetime) -> dict[str, Any]:
    fields: dict[str, Any] = {"till_state": text, "next_try_at": None, "reason": "", "detail": ""}
    if target == State.REFUSED:
        return {**fields, "reason": "refused"}
    fields["accepted_at"] = Coalesce("accepted_at", Value(now))
    if target in {State.RECEIVED, State.SETTLED}:
        fields["received_at"] = Coalesce("received_at", Value(now))
    return fields


def _listed(additions: QuerySet[Addition], states: States) -> list[Addition]:
    """Those of them that the list names, without their long texts: an evening's orders are read after each new one."""
    found: list[Addition] = []
    given = sorted(states)
    for start in range(0, len(given), AT_ONCE):
        some = additions.filter(number__in=given[start : start + AT_ONCE])
        found += some.defer("ticket", "body", "detail").order_by("number")
    return found


def _never_sent(register_id: int, states: States) -> list[Addition]:
    """What waits, was surely never sent, and stands in the register's list by its number all the same."""
    queued = waiting.resent().filter(register=register_id, state=State.QUEUED)
    return [each for each in _listed(queued, states) if attempts.was_never_sent(each)]


def _is_taken(addition: Addition, now: datetime) -> None:
    """Sent under its number it would be dropped as a double, and its diner told that it is there."""
    if addition.state == State.HELD:
        same = Addition.objects.filter(pk=addition.pk, state=State.HELD)
        same.exclude(reason="number_taken").update(reason="number_taken", changed_at=now)
        return
    outbox.move(
        addition.pk, State.QUEUED, State.HELD, now, {"tries": addition.tries},
        reason="number_taken", next_try_at=None,
    )  # fmt: skip


def _note_on_till_too(register_id: int, states: States, now: datetime) -> None:
    """What a person has dealt with elsewise and what the till has printed since: it may be served twice."""
    numbers_there = {
        number for number, till in states.items() if till.state in {"received", "settled"}
    }
    if not numbers_there:
        return
    handled = Addition.objects.filter(
        register=register_id,
        number__gte=min(numbers_there),
        state=State.HANDLED,
        received_at=None,
        created_at__gt=now - seconds(waiting.FOLLOWED_FOR),
    ).exclude(handled_as=Handled.ON_TILL)
    for addition in handled:
        if addition.number in numbers_there:
            same = Addition.objects.filter(pk=addition.pk, received_at=None)
            same.update(received_at=now, reason=ON_TILL_TOO, changed_at=now)
