"""What staff are told of an addition that needs them: its state, what to look for, and what came of a click.

Sentences with an amount or a dish in them are the templates' own.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from pos_bridge.decisions import Decided, Decision
from pos_bridge.models import Addition
from pos_bridge.registers import kinds_that_drop_doubles
from pos_bridge.times import SKEW

State = Addition.State
Handled = Addition.Handled

STATES = {
    State.QUEUED: _("waits to be sent"),
    State.SENDING: _("is being sent this very moment"),
    State.ACCEPTED: _("in the till’s queue, not on the till"),
    State.RECEIVED: _("on the till"),
    State.SETTLED: _("on the till, and paid"),
    State.REFUSED: _("refused: it is not on the till"),
    State.UNCERTAIN: _("may be on the till"),
    State.HELD: _("waits for you"),
    State.HANDLED: _("dealt with, and on the till all the same"),
}

# In the order in which they stand on the page.
BUTTONS = {
    Decision.ON_TILL: _("It is there"),
    Decision.SEND_AGAIN: _("Send it again"),
    Decision.REPLACE: _("Send it anew"),
    Decision.BY_HAND: _("I have entered it by hand"),
    Decision.CANCELLED: _("Nobody wants it any more"),
    Decision.SEEN: _("I have seen to it"),
}

# What each button does, beside it.
EXPLAINED = {
    Decision.ON_TILL: _("You have looked, and it stands on the till. The diner is told so."),
    Decision.BY_HAND: _("You have typed it on the till. It is not sent any more."),
    Decision.CANCELLED: _(
        "It is not sent any more. The diner is told that nothing of it will be served or charged."
    ),
    Decision.SEND_AGAIN: _("The same order under the same number, at once, however old it is."),
    Decision.REPLACE: _(
        "The same order under a new number, to the register in use, with the ids of today."
    ),
    Decision.SEEN: _("One of the two is cancelled, or both were wanted."),
}

DONE = {
    Decision.ON_TILL: _("Done: it is noted as being on the till."),
    Decision.BY_HAND: _("Done: it is noted as entered by hand, and is not sent any more."),
    Decision.CANCELLED: _("Done: it is cancelled, and is not sent any more."),
    Decision.SEND_AGAIN: _("Done: it is sent again now. Look here again in a minute."),
    Decision.REPLACE: _("Done: it is sent anew now. Look here again in a minute."),
    Decision.SEEN: _("Done: it is off this list."),
}

_LOOK_FIRST = _("It may be on the till already: look there before you do anything.")
_WAS_NEVER_SENT = _("It was surely never sent: it is not on the till.")
# Why it waits for a person, and what to do.
_HELD: Mapping[str, object] = {
    "approval": _(
        "Look at it on the board: say OK, or refuse it with a reason that the guests read."
    ),
    "limits": _(
        "Look at it on the board: say OK, or refuse it with a reason that the guests read."
    ),
    "stale": _("Ask the table whether it is still wanted: they may have left, or ordered anew."),
    "number_taken": _(
        "Its number stands on the till for another order. Under this number it would be dropped there; it is to be "
        "sent anew, under a number of its own."
    ),
    "register_changed": _(
        "It was meant for a register that is no longer in use, and is not sent to another one by itself."
    ),
    "refused_late": _(
        "The register has refused it, after a try of which nobody knows what became of it."
    ),
}


def age(moment: datetime, now: datetime) -> str:
    """ "42 s", "12 min", "3 h 05 min"; in words where the clock was set back since."""
    if moment > now + SKEW:
        return gettext("unknown: the clock was changed")
    seconds = max(0, int((now - moment) / timedelta(seconds=1)))
    minutes, hours = seconds // 60, seconds // 3600
    if minutes < 1:
        return f"{seconds} s"
    return f"{minutes} min" if hours < 1 else f"{hours} h {minutes % 60:02} min"


def advice(addition: Addition, *, never_sent: bool) -> list[str]:
    """What to look for and to do, sentence by sentence. `never_sent`: attempts.was_never_sent. Reads its register."""
    state = State(addition.state)
    said: list[object] = []
    if state == State.SENDING:
        said = [_("A button waits a few seconds until that is over.")]
    elif state == State.QUEUED:
        said = [
            _WAS_NEVER_SENT if never_sent else _LOOK_FIRST,
            _("It goes on being sent by itself until you say that it is dealt with."),
        ]
    elif state == State.ACCEPTED:
        said = [
            _("It is in the till’s queue: do not enter it again without cancelling it there."),
            _("It is printed by itself as soon as the till takes it."),
        ]
    elif state == State.UNCERTAIN:
        said = [_LOOK_FIRST, _of_the_unclear(addition)]
    elif state == State.REFUSED:
        said = [
            _("The till has refused it, and the diner was told."),
            _("Their phone can take it back into the cart; or enter it by hand."),
        ]
    elif state == State.HANDLED:
        how = Handled(addition.handled_as).label if addition.handled_as else ""
        dealt_with = gettext(
            "Somebody has dealt with it (%(how)s), and it stands on the till all the same."
        )
        said = [
            dealt_with % {"how": how},
            _("It may be served twice: look on the till, and cancel one of the two."),
        ]
    else:
        said = [_HELD.get(addition.reason, ""), _WAS_NEVER_SENT if never_sent else _LOOK_FIRST]
    return [str(sentence) for sentence in said if sentence]


def to_confirm(addition: Addition, decision: Decision, *, never_sent: bool) -> str:
    """What a person must tick before this decision is carried out; nothing where it can do no harm."""
    state = State(addition.state)
    if never_sent or state in {State.REFUSED, State.HANDLED}:
        return ""
    if (
        decision == Decision.SEND_AGAIN
        and state == State.UNCERTAIN
        and addition.register.kind in kinds_that_drop_doubles()
    ):
        return ""  # the machine does so by itself, and the till books it once
    if decision in {Decision.SEND_AGAIN, Decision.REPLACE}:
        return gettext("I have looked on the till: it is not there. Else it would be served twice.")
    if state == State.ACCEPTED and decision in {Decision.BY_HAND, Decision.CANCELLED}:
        return gettext("I have cancelled it in the till’s queue. Else it would still be printed.")
    if decision == Decision.CANCELLED:
        return gettext("It is not on the till, or I have cancelled it there.")
    return ""


def came_of_it(decided: Decided, decision: Decision, addition: Addition, clock: str) -> str:
    """What a person is told after a click. `addition` as it is now, `clock`: when the till had it."""
    if decided.won:
        return str(DONE[decision])
    if decided.in_flight:
        return gettext(
            "It is being sent this very moment; wait a few seconds and look again. Nothing was changed."
        )
    if addition.state == State.RECEIVED and clock:
        return gettext(
            "Meanwhile it has been received by the till at %(time)s; nothing was changed."
        ) % {"time": clock}
    if addition.state == State.HANDLED:
        how = Handled(addition.handled_as).label if addition.handled_as else ""
        said = gettext("Meanwhile somebody has dealt with it (%(how)s); nothing was changed.")
        return said % {"how": how}
    now = STATES[State(addition.state)]
    return gettext("Meanwhile it is another: %(state)s. Nothing was changed.") % {"state": now}


def _of_the_unclear(addition: Addition) -> object:
    if addition.register.kind in kinds_that_drop_doubles():
        return _(
            "It goes on being sent by itself under its number, which the till books only once."
        )
    return _("This register would book it twice, so it is not sent again by itself.")
