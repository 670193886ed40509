"""What an addition's state means for people: one table, so that phone, board and alarm turn in the same second (P9).

The phone's sentences are the templates' own; the staff's stand in staff_words.py.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from pos_bridge.models import Addition
from pos_bridge.registers import kinds_that_drop_doubles, kinds_that_list_states
from pos_bridge.times import SKEW, seconds

# Seconds after which a person is told to look, both counted from the order; divided by settings.TIME_DIVISOR.
NOT_ACCEPTED_AFTER = 45.0
NOT_RECEIVED_AFTER = 90.0
# So long an order may wait for the team's OK before it is on the list of what was not delivered, and alarms.
NOT_APPROVED_AFTER = 300.0
# Reasons of what is held until a person lets it go for the first time: by rule, or for its size.
FOR_OK = ("approval", "limits")


class Word(StrEnum):
    """What the phone says."""

    SENDING = "sending"
    WAITS_FOR_OK = "waits_for_ok"  # surely not sent: a member of the team looks at it first
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


@dataclass(frozen=True)
class Row:
    """A state, perhaps of some kinds of register, for some reasons or of one way of having been handled: what the phone
    says at once, and from how many seconds on it says NOT_CONFIRMED instead. `forgotten_after`: from then on the staff
    are told, while the phone goes on saying the same.
    """

    state: State
    word: Word
    turns_after: float | None = None
    kinds: Callable[[], list[str]] | None = None
    handled: Handled | None = None
    reasons: tuple[str, ...] | None = None
    forgotten_after: float | None = None

    def holds(self, addition: Addition) -> bool:
        """Whether this row is about the addition; the first that holds counts."""
        return (
            addition.state == self.state
            and (self.kinds is None or addition.register.kind in self.kinds())
            and (self.handled is None or addition.handled_as == self.handled)
            and (self.reasons is None or addition.reason in self.reasons)
        )

    @property
    def asks_for_a_person(self) -> bool:
        """At once, or after a while."""
        loud = self.word in {Word.NOT_CONFIRMED, Word.REFUSED}
        return loud or self.staff_told_after is not None

    @property
    def staff_told_after(self) -> float | None:
        """Seconds after the order; None: at once or never, by the word."""
        return self.forgotten_after if self.turns_after is None else self.turns_after


# The first row that holds.
TABLE: tuple[Row, ...] = (
    Row(State.QUEUED, Word.SENDING, NOT_ACCEPTED_AFTER),
    Row(State.SENDING, Word.SENDING, NOT_ACCEPTED_AFTER),
    # Where doubles are dropped, unclear is a matter of seconds: it is sent again.
    Row(State.UNCERTAIN, Word.SENDING, NOT_ACCEPTED_AFTER, kinds=kinds_that_drop_doubles),
    Row(State.UNCERTAIN, Word.NOT_CONFIRMED),
    Row(State.ACCEPTED, Word.SENDING, NOT_RECEIVED_AFTER),
    Row(State.RECEIVED, Word.ON_TILL, kinds=kinds_that_list_states),
    Row(State.RECEIVED, Word.PASSED_ON),
    Row(State.SETTLED, Word.ON_TILL),
    Row(State.REFUSED, Word.REFUSED),
    Row(State.HELD, Word.WAITS_FOR_OK, reasons=FOR_OK, forgotten_after=NOT_APPROVED_AFTER),
    Row(State.HELD, Word.NOT_CONFIRMED),
    Row(State.HANDLED, Word.HANDLED_ON_TILL, handled=Handled.ON_TILL),
    Row(State.HANDLED, Word.HANDLED_BY_HAND, handled=Handled.BY_HAND),
    Row(State.HANDLED, Word.CANCELLED, handled=Handled.CANCELLED),
    Row(State.HANDLED, Word.REPLACED, handled=Handled.REPLACED),
    Row(State.HANDLED, Word.TAKEN_BACK, handled=Handled.TAKEN_BACK),
    Row(State.HANDLED, Word.NOT_CONFIRMED),
)

_FINAL = {State.SETTLED, State.HANDLED}
# What a person had dealt with and what came to stand on the till all the same: it may be there twice.
ON_TILL_TOO = "on_till_too"


def told(addition: Addition, now: datetime) -> Told:
    """What the phone says of an addition. Reads its register: select_related("register") where there are many."""
    for row in TABLE:
        if row.holds(addition):
            late = row.turns_after is not None and _is_late(addition, row.turns_after, now)
            return Told(
                Word.NOT_CONFIRMED if late else row.word,
                received_at=addition.received_at,
                final=row.state in _FINAL,
            )
    raise ValueError(f"no words for {addition.state}")


def needs_person(now: datetime) -> Q:
    """The same table as a condition: what the staff's list shows and an alarm is raised for. It asks the database
    alone, so it is true with every worker dead (P10).
    """
    found = Q(state=State.HANDLED, reason=ON_TILL_TOO)
    seen: dict[State, list[str]] = {}
    told_apart: dict[State, tuple[str, ...]] = {}
    for row in TABLE:
        if not row.asks_for_a_person or row.state in _FINAL:
            continue
        holds = Q(state=row.state) & ~Q(register__kind__in=seen.get(row.state, []))
        holds &= ~Q(reason__in=told_apart.get(row.state, ()))
        if row.reasons is not None:
            holds &= Q(reason__in=row.reasons)
            told_apart[row.state] = row.reasons
        if row.kinds is not None:
            holds &= Q(register__kind__in=row.kinds())
            seen.setdefault(row.state, []).extend(row.kinds())
        if row.staff_told_after is not None:
            long_ago = now - seconds(row.staff_told_after)
            # What was approved is older than that, so that the first half finds it by its index.
            since = (
                Q(approved_at=None) | Q(approved_at__lte=long_ago) | Q(approved_at__gt=now + SKEW)
            )
            holds &= Q(created_at__lte=long_ago) & since | Q(created_at__gt=now + SKEW)
        found |= holds
    return found


def _is_late(addition: Addition, limit: float, now: datetime) -> bool:
    """Counted from the order, or from when a person let it go."""
    since = addition.approved_at or addition.created_at
    return since <= now - seconds(limit) or max(since, addition.created_at) > now + SKEW


# Why an addition is not where it should be, or a register pauses: for staff, who see no raw answer.
REASONS = {
    "address_invalid": _("the register's address is not an address"),
    "approval": _("it waits for the team’s OK"),
    "address_refused": _("the register's address is not allowed"),
    "certificate": _("the register's certificate is not valid"),
    "declined": _("the team did not accept it"),
    "clock": _("this machine's clock has jumped"),
    "connect_timeout": _("the register does not answer"),
    "crashes": _("our own software failed on it three times"),
    "cut_short": _("the register's answer broke off"),
    "encoded": _("the register's answer cannot be read"),
    "hung_up": _("the register hung up"),
    "internal": _("our own software failed"),
    "keys_refused": _("the register refuses its keys"),
    "no_adapter": _("this kind of register is not spoken yet"),
    "keys_unreadable": _("its keys cannot be decrypted: FIELD_KEYS has changed"),
    "no_answer": _("the register took too long to answer"),
    "no_connection": _("the register cannot be reached"),
    "not_accepted": _("it has not reached the register yet"),
    "not_received": _(
        "it waits in the till's queue: do not enter it again without cancelling it there"
    ),
    "not_in_production": _("this installation is not in production and may not speak to it"),
    "number_taken": _("its number stands on the register for something else"),
    "numbers_end": _("the numbers of its orders end soon: is this machine's clock right?"),
    "on_till_too": _("it stands on the till although it was dealt with: it may be there twice"),
    "redirect": _("the register's address leads elsewhere"),
    "refused": _("the register refused it"),
    "refused_late": _("the register refused it after an unclear try: look on the till first"),
    "register_changed": _("it was meant for the register of before"),
    "limits": _("it is beyond the limits, and waits for the team’s OK"),
    "lease_short": _("our delivery was interrupted"),
    "silent": _("the register has not answered for a while"),
    "stale": _("it is too old to be sent by itself"),
    "strange_numbers": _("the register has orders under numbers that were never given here"),
    "tls": _("the encryption with the register failed"),
    "too_large": _("the register's answer cannot be read"),
    "unknown_host": _("the register's name is not known"),
    "unreadable": _("the register's answer cannot be read"),
    "worker_dead": _("orders are not being delivered: manage.py deliver does not run"),
    "worker_lost": _("our delivery was interrupted"),
}
# With the whole minutes behind it, "late:372": how late it came onto the till (F63).
LATE = "late:"


HTTP = "http_"  # and the status, as registers/http.py writes it


def reason(code: str) -> str:
    """The words for a reason; whatever has none is shown as it is."""
    if code.startswith(LATE):
        return _came_late(int(code.removeprefix(LATE)))
    if code.startswith(HTTP):
        return gettext("the register answers with an error (HTTP %(status)s)") % {
            "status": code.removeprefix(HTTP)
        }
    return str(REASONS.get(code, code))


def _came_late(minutes: int) -> str:
    hours, rest = divmod(minutes, 60)
    delay = f"{hours} h {rest:02} min" if hours else f"{rest} min"
    return gettext("it came onto the till only %(delay)s after it was ordered") % {"delay": delay}
