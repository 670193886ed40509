"""What an addition's state means for people: one table, so that phone and board turn in the same second (P9).

The sentences are the templates' own.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from pos_bridge.models import Addition
from pos_bridge.registers import adapter_class

# Seconds after which a person is told to look, both counted from the order; divided by settings.TIME_DIVISOR.
NOT_ACCEPTED_AFTER = 45.0
NOT_RECEIVED_AFTER = 90.0


class Word(StrEnum):
    """What the phone says."""

    SENDING = "sending"
    ON_TILL = "on_till"
    PASSED_ON = "passed_on"  # a register without a list: its answer is all that there is
    REFUSED = "refused"
    NOT_CONFIRMED = "not_confirmed"  # show it to a member of staff, and do not order it again
    HANDLED_ON_TILL = "handled_on_till"
    HANDLED_BY_HAND = "handled_by_hand"
    CANCELLED = "cancelled"
    REPLACED = "replaced"
    TAKEN_BACK = "taken_back"


@dataclass(frozen=True)
class Told:
    """`received_at`: since when it is on the till, where it is. `final`: nothing will change it, so nobody asks
    again.
    """

    word: Word
    received_at: datetime | None = None
    final: bool = False


State = Addition.State
Handled = Addition.Handled

# state, whether it holds for this addition -> what is said at once, and from when on NOT_CONFIRMED instead.
_Row = tuple[State, Callable[[Addition], bool], Word, float | None]


def _always(_addition: Addition) -> bool:
    return True


def _has_list(addition: Addition) -> bool:
    adapter = adapter_class(addition.register.kind)
    return adapter is not None and adapter.can_list_states


def _drops_doubles(addition: Addition) -> bool:
    adapter = adapter_class(addition.register.kind)
    return adapter is not None and adapter.drops_doubles


def _as(handled: Handled) -> Callable[[Addition], bool]:
    return lambda addition: addition.handled_as == handled


# The first row that holds.
TABLE: tuple[_Row, ...] = (
    (State.QUEUED, _always, Word.SENDING, NOT_ACCEPTED_AFTER),
    (State.SENDING, _always, Word.SENDING, NOT_ACCEPTED_AFTER),
    # Where doubles are dropped, unclear is a matter of seconds: it is sent again.
    (State.UNCERTAIN, _drops_doubles, Word.SENDING, NOT_ACCEPTED_AFTER),
    (State.UNCERTAIN, _always, Word.NOT_CONFIRMED, None),
    (State.ACCEPTED, _always, Word.SENDING, NOT_RECEIVED_AFTER),
    (State.RECEIVED, _has_list, Word.ON_TILL, None),
    (State.RECEIVED, _always, Word.PASSED_ON, None),
    (State.SETTLED, _always, Word.ON_TILL, None),
    (State.REFUSED, _always, Word.REFUSED, None),
    (State.HELD, _always, Word.NOT_CONFIRMED, None),
    (State.HANDLED, _as(Handled.ON_TILL), Word.HANDLED_ON_TILL, None),
    (State.HANDLED, _as(Handled.BY_HAND), Word.HANDLED_BY_HAND, None),
    (State.HANDLED, _as(Handled.CANCELLED), Word.CANCELLED, None),
    (State.HANDLED, _as(Handled.REPLACED), Word.REPLACED, None),
    (State.HANDLED, _as(Handled.TAKEN_BACK), Word.TAKEN_BACK, None),
    (State.HANDLED, _always, Word.NOT_CONFIRMED, None),
)

_FINAL = {State.SETTLED, State.HANDLED}


def told(addition: Addition, now: datetime) -> Told:
    """What the phone says of an addition. Reads its register: select_related("register") where there are many."""
    state = State(addition.state)
    for of, holds, word, limit in TABLE:
        if of == state and holds(addition):
            late = limit is not None and _age(addition, now) >= limit / settings.TIME_DIVISOR
            return Told(
                Word.NOT_CONFIRMED if late else word,
                received_at=addition.received_at,
                final=state in _FINAL,
            )
    raise ValueError(f"no words for {state}")


def _age(addition: Addition, now: datetime) -> float:
    return (now - addition.created_at).total_seconds()


# Why an addition is not where it should be, or a register pauses: for staff, who see no raw answer.
REASONS = {
    "address_invalid": _("the register's address is not an address"),
    "address_refused": _("the register's address is not allowed"),
    "certificate": _("the register's certificate is not valid"),
    "connect_timeout": _("the register does not answer"),
    "crashes": _("our own software failed on it three times"),
    "hung_up": _("the register hung up"),
    "internal": _("our own software failed"),
    "keys_refused": _("the register refuses its keys"),
    "no_adapter": _("this kind of register is not spoken yet"),
    "keys_unreadable": _("its keys cannot be decrypted: FIELD_KEYS has changed"),
    "no_answer": _("the register took too long to answer"),
    "no_connection": _("the register cannot be reached"),
    "not_in_production": _("this installation is not in production and may not speak to it"),
    "redirect": _("the register's address leads elsewhere"),
    "refused": _("the register refused it"),
    "refused_late": _("the register refused it after an unclear try: look on the till first"),
    "lease_short": _("our delivery was interrupted"),
    "stale": _("it is too old to be sent by itself"),
    "unknown_host": _("the register's name is not known"),
    "unreadable": _("the register's answer cannot be read"),
    "worker_lost": _("our delivery was interrupted"),
}


def reason(code: str) -> str:
    """The words for a reason; an HTTP status and whatever else has none is shown as it is."""
    return str(REASONS.get(code, code))
