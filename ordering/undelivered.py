"""What was not delivered, as staff are shown it: in admin and on the board."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from ordering.models import Act, Visit
from ordering.services import deciding, serving
from ordering.services.problems import Refused
from ordering.templatetags.diner import clock
from pos_bridge import attempts, decisions, staff_words, words
from pos_bridge.decisions import Decision
from pos_bridge.models import Addition, Attempt

State = Addition.State
RELATED = [
    "register",
    "order__restaurant",
    "order__table",
    "order__visit__table",
    "order__visit__moved_to__table",
]


@dataclass(frozen=True)
class Button:
    """`confirm`: the sentence that must be ticked before it does anything."""

    decision: Decision
    confirm: str = ""

    @property
    def label(self) -> str:
        return str(staff_words.BUTTONS[self.decision])

    @property
    def explained(self) -> str:
        return str(staff_words.EXPLAINED[self.decision])


@dataclass(frozen=True)
class Row:
    """An addition as the list shows it."""

    addition: Any
    age: str
    state: str
    reason: str
    phone: str
    visit: str
    buttons: Sequence[Button]

    @property
    def colour(self) -> str:
        """What is surely not on the till is one thing, what may be there is another; the word stands beside it."""
        return "bad" if self.addition.state == State.REFUSED else "warn"


class DecisionForm(forms.Form):
    """A button that was pressed, with the state and the tries that the person saw."""

    decision = forms.ChoiceField(choices=[(each.value, each.value) for each in Decision])
    state = forms.ChoiceField(choices=[(each.value, each.value) for each in State])
    tries = forms.IntegerField(min_value=0)
    confirmed = forms.BooleanField(required=False)


@dataclass(frozen=True)
class Pressed:
    """What came of a button, in words."""

    won: bool
    said: str


def press(
    addition: Addition, data: Mapping[str, Any], *, by: AbstractBaseUser | AnonymousUser
) -> Pressed | None:
    """Carry out a button of the form that a person has sent, with the state and the tries that they saw; the addition
    is then as it is now. None: no form of ours.
    """
    form = DecisionForm(data)
    if not form.is_valid():
        return None
    decision = Decision(form.cleaned_data["decision"])
    # As the person saw it: what it has become since decides who wins.
    addition.state = form.cleaned_data["state"]
    addition.tries = form.cleaned_data["tries"]
    never_sent = attempts.was_never_sent(addition)
    confirm = staff_words.to_confirm(addition, decision, never_sent=never_sent)
    if confirm and not form.cleaned_data["confirmed"]:
        said = _("Nothing was changed. To do that, tick the sentence first: “%(sentence)s”")
        return Pressed(False, said % {"sentence": confirm})
    try:
        decided = deciding.carry_out(addition=addition, decision=decision, by=by)
    except Refused as refused:
        said = _("Nothing was changed. %(why)s")
        return Pressed(False, said % {"why": refused.problems[0]})
    addition.refresh_from_db()
    zone, at = addition.order.restaurant.timezone, addition.received_at
    said = staff_words.came_of_it(decided, decision, addition, clock(at, zone) if at else "")
    act = None if decided.won else deciding.last_act(addition)
    return Pressed(decided.won, f"{said} {by_whom(act, zone)}" if act else said)


def named(addition: Addition, said: str) -> str:
    """The sentence, with the order and the table that it is about."""
    values = {"order": addition.order, "table": addition.order.table.number, "said": said}
    return _("%(order)s, table %(table)s: %(said)s") % values


def gone(addition: Addition) -> str:
    """For whoever comes too late to decide anything."""
    said = _("%(order)s at table %(table)s is on this list no more: %(state)s.")
    values = {"order": addition.order, "table": addition.order.table.number}
    return said % {**values, "state": state_words(addition)}


def task(addition: Any, now: datetime) -> dict[str, Any]:
    """For the page of one of them: what to look for, and the buttons with what must be ticked first."""
    never_sent = attempts.was_never_sent(addition)
    order = addition.order
    lines = list(order.lines.order_by("position"))
    return {
        "row": row(addition, now, never_sent=never_sent),
        "advice": staff_words.advice(addition, never_sent=never_sent),
        "order": order,
        "lines": lines,
        "house_serving": serving.in_house_words(
            order.serving, serving.of_order_lines(lines), order.restaurant.house_language
        ),
    }


def by_whom(act: Act, zone: str) -> str:
    """Who was faster, for whoever came second."""
    said = _("It was %(person)s, at %(time)s.")
    return said % {"person": act.person or _("somebody"), "time": clock(act.at, zone)}


def for_rows(additions: QuerySet[Addition]) -> QuerySet[Addition]:
    """With the last try, and who sits at its table now."""
    tries = Attempt.objects.filter(addition=OuterRef("pk")).order_by("-number")
    others = Visit.objects.filter(table=OuterRef("order__table"), ended_at=None)
    paid = Addition.objects.filter(order__visit=OuterRef("order__visit"), state=State.SETTLED)
    return additions.annotate(
        last_try=Subquery(tries.values("started_at")[:1]),
        others_sit=Exists(others.exclude(pk=OuterRef("order__visit"))),
        has_paid=Exists(paid),
    ).defer("register__credentials", "body", "ticket")


def row(addition: Any, now: datetime, *, never_sent: bool | None = None) -> Row:
    """`never_sent`: attempts.was_never_sent, where its buttons are there to be pressed."""
    told = words.told(addition, now)
    return Row(
        addition=addition,
        age=staff_words.age(addition.created_at, now),
        state=state_words(addition),
        reason=words.reason(addition.reason) if addition.reason else "",
        phone=render_to_string("diner/_state_title.html", {"word": told.word.value}).strip(),
        visit=_visit_words(addition),
        buttons=[
            Button(
                decision,
                ""
                if never_sent is None
                else staff_words.to_confirm(addition, decision, never_sent=never_sent),
            )
            for decision in sorted(
                decisions.possible(addition), key=list(staff_words.BUTTONS).index
            )
        ],
    )


def state_words(addition: Addition) -> str:
    """Its state in a few words."""
    if addition.state == State.HANDLED and addition.reason != words.ON_TILL_TOO:
        return addition.get_handled_as_display()
    return str(staff_words.STATES[State(addition.state)])


def _visit_words(addition: Any) -> str:
    """The table's state: whether those who ordered are still there (P8), or where they sit now."""
    order = addition.order
    visit = order.visit.moved_to or order.visit
    ended = visit.ended_at
    if ended is None and not addition.has_paid and visit.table_id != order.table_id:
        return _("the party sits at table %(number)s now") % {"number": visit.table.number}
    if ended is None and addition.has_paid:
        return _("the table has paid")
    if ended is None:
        return _("the party is still at the table")
    left = _("the party has left at %(time)s") % {"time": clock(ended, order.restaurant.timezone)}
    return (
        _("%(left)s, another one sits there now") % {"left": left} if addition.others_sit else left
    )
