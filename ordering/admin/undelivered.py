"""What was not delivered, and what a person does about it. It asks the database alone: it is true with every worker
dead (P10, F31). Whoever serves may decide.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from ordering.admin.base import HouseAdmin, is_installer, roles
from ordering.admin.paths import narrow
from ordering.models import Visit
from ordering.services import orders, serving, stock
from ordering.services.problems import Refused
from ordering.templatetags.diner import clock
from pos_bridge import attempts, decisions, staff_words, words
from pos_bridge.decisions import Decided, Decision
from pos_bridge.models import Addition, Attempt
from pos_bridge.undelivered import undelivered

DECIDE = "decide"
# Names of its pages.
LIST, TASK = "pos_bridge_addition_undelivered", "pos_bridge_addition_decide"
# Seconds until the list shows itself anew.
REFRESH = 7
SHOWN = 100

State = Addition.State


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


def of_person(request: HttpRequest, now: datetime) -> QuerySet[Addition]:
    """What this person must look at: of their own restaurants, the installer of all."""
    additions = undelivered(now)
    return additions if is_installer(request) else narrow(additions, roles(request))


class DecisionForm(forms.Form):
    """A button that was pressed, with the state and the tries that the person saw."""

    decision = forms.ChoiceField(choices=[(each.value, each.value) for each in Decision])
    state = forms.ChoiceField(choices=[(each.value, each.value) for each in State])
    tries = forms.IntegerField(min_value=0)
    confirmed = forms.BooleanField(required=False)


class UndeliveredPages(HouseAdmin):
    """The list of what was not delivered, and a page for each of it: one task for a person."""

    def get_urls(self) -> list[Any]:
        wrap = self.admin_site.admin_view
        own = [
            path("undelivered/", wrap(self.undelivered_view), name=LIST),
            path("undelivered/<int:pk>/", wrap(self.decide_view), name=TASK),
        ]
        return [*own, *super().get_urls()]

    def undelivered_view(self, request: HttpRequest) -> HttpResponse:
        """The oldest first. Its buttons lead to the addition's own page: here a row may move up under the finger."""
        if not self.may(request, DECIDE):
            raise PermissionDenied
        now = timezone.now()
        open_ones = self._open(request, now)
        rows = [_row(addition, now) for addition in _for_rows(open_ones)[:SHOWN]]
        several = is_installer(request) or len(roles(request)) > 1
        more = open_ones.count() - SHOWN if len(rows) == SHOWN else 0
        context = {"title": _("Undelivered orders"), "rows": rows, "several": several}
        return self._page(request, "undelivered", {**context, "refresh": REFRESH, "more": more})

    def decide_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What to look for, and the buttons. A POST carries one of them out and says what came of it."""
        additions = self.allowed(request, Addition.objects.all(), DECIDE)
        addition = _for_rows(additions.select_related(*RELATED)).filter(pk=pk).first()
        if addition is None:
            raise Http404
        if request.method == "POST":
            self._decide(request, addition)
            return HttpResponseRedirect(reverse(f"admin:{LIST}"))
        now = timezone.now()
        if not of_person(request, now).filter(pk=pk).exists():
            said = _("%(order)s at table %(table)s is on this list no more: %(state)s.")
            values = {
                "order": addition.order,
                "table": addition.order.table.number,
                "state": _state_words(addition),
            }
            self.message_user(request, said % values, messages.SUCCESS)
            return HttpResponseRedirect(reverse(f"admin:{LIST}"))
        never_sent = attempts.was_never_sent(addition)
        lines = list(addition.order.lines.order_by("position"))
        context = {
            "title": _("%(order)s, table %(table)s")
            % {"order": addition.order, "table": addition.order.table.number},
            "row": _row(addition, now, never_sent=never_sent),
            "advice": staff_words.advice(addition, never_sent=never_sent),
            "order": addition.order,
            "lines": lines,
            "house_serving": serving.in_house_words(
                addition.order.serving,
                serving.of_order_lines(lines),
                addition.order.restaurant.house_language,
            ),
            "restaurant": addition.order.restaurant,
            "raw": is_installer(request),
        }
        return self._page(request, "decide", context)

    def _decide(self, request: HttpRequest, addition: Addition) -> None:
        form = DecisionForm(request.POST)
        if not form.is_valid():
            raise Http404
        decision = Decision(form.cleaned_data["decision"])
        # As the person saw it: what it has become since decides who wins.
        addition.state = form.cleaned_data["state"]
        addition.tries = form.cleaned_data["tries"]
        never_sent = attempts.was_never_sent(addition)
        confirm = staff_words.to_confirm(addition, decision, never_sent=never_sent)
        if confirm and not form.cleaned_data["confirmed"]:
            said = _("Nothing was changed. To do that, tick the sentence first: “%(sentence)s”")
            self.message_user(request, said % {"sentence": confirm}, messages.WARNING)
            return
        try:
            decided = _carried_out(addition, decision)
        except Refused as refused:
            said = _("Nothing was changed. %(why)s")
            self.message_user(request, said % {"why": refused.problems[0]}, messages.ERROR)
            return
        # As it is now, for the words and the history.
        addition.refresh_from_db()
        at = addition.received_at
        time = clock(at, addition.order.restaurant.timezone) if at else ""
        said = staff_words.came_of_it(decided, decision, addition, time)
        if decided.won:
            self.log_change(request, addition, said)
        told = _("%(order)s, table %(table)s: %(said)s") % {
            "order": addition.order, "table": addition.order.table.number, "said": said,
        }  # fmt: skip
        self.message_user(request, told, messages.SUCCESS if decided.won else messages.WARNING)

    def _open(self, request: HttpRequest, now: datetime) -> QuerySet[Addition]:
        return self.allowed(request, undelivered(now), DECIDE)

    def _page(self, request: HttpRequest, name: str, context: dict[str, Any]) -> HttpResponse:
        shared = {**self.admin_site.each_context(request), "opts": self.opts}
        # A waiter's phone has no room for it.
        shared["is_nav_sidebar_enabled"] = False
        return TemplateResponse(
            request, f"admin/tablee/{name}.html", {**shared, "media": self.media, **context}
        )


RELATED = ["register", "order__restaurant", "order__table", "order__visit"]


def _for_rows(additions: QuerySet[Addition]) -> QuerySet[Addition]:
    """With the last try, and who sits at its table now."""
    tries = Attempt.objects.filter(addition=OuterRef("pk")).order_by("-number")
    others = Visit.objects.filter(table=OuterRef("order__table"), ended_at=None)
    paid = Addition.objects.filter(order__visit=OuterRef("order__visit"), state=State.SETTLED)
    return additions.annotate(
        last_try=Subquery(tries.values("started_at")[:1]),
        others_sit=Exists(others.exclude(pk=OuterRef("order__visit"))),
        has_paid=Exists(paid),
    ).defer("register__credentials", "body", "ticket")


def _row(addition: Any, now: datetime, *, never_sent: bool | None = None) -> Row:
    told = words.told(addition, now)
    return Row(
        addition=addition,
        age=staff_words.age(addition.created_at, now),
        state=_state_words(addition),
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


def _state_words(addition: Addition) -> str:
    if addition.state == State.HANDLED and addition.reason != words.ON_TILL_TOO:
        return addition.get_handled_as_display()
    return str(staff_words.STATES[State(addition.state)])


def _visit_words(addition: Any) -> str:
    """The table's state: whether those who ordered are still there (P8)."""
    ended = addition.order.visit.ended_at
    if ended is None and addition.has_paid:
        return _("the table has paid")
    if ended is None:
        return _("the party is still at the table")
    left = _("the party has left at %(time)s") % {
        "time": clock(ended, addition.order.restaurant.timezone)
    }
    return (
        _("%(left)s, another one sits there now") % {"left": left} if addition.others_sit else left
    )


def _carried_out(addition: Addition, decision: Decision) -> Decided:
    if decision != Decision.REPLACE:
        # In no transaction: it may wait for what is in flight, and SQLite's one lock would keep that from ending.
        decided = decisions.decide(addition, decision)
        # Nobody tries it any more. Only what the till surely does not have is not being cooked.
        if decided.won and decision == Decision.CANCELLED and _is_not_there(addition):
            stock.give_back(order_id=addition.order_id)
        return decided
    won = orders.replace(addition=addition) is not None
    return Decided(won, State(Addition.objects.values_list("state", flat=True).get(pk=addition.pk)))


def _is_not_there(addition: Addition) -> bool:
    """`addition.state` as it was decided about."""
    others = Addition.objects.filter(order=addition.order_id).exclude(pk=addition.pk)
    refused = addition.state == State.REFUSED
    return (refused or attempts.was_never_sent(addition)) and not others.exists()
