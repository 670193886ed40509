"""Tables that call for somebody: on the board's list, with what is answered."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ordering.board import access, pages
from ordering.board.access import Role, for_staff
from ordering.board.need import Button, Need
from ordering.diner.pages import is_htmx, takes_a_form
from ordering.models import Call, Restaurant
from ordering.services import calls

DONE = "done"


def needs(restaurant: Restaurant, now: datetime) -> list[Need]:
    return [_need(call, restaurant) for call in calls.of_house(restaurant, now)]


@takes_a_form
@for_staff
def answer(request: HttpRequest, restaurant: Restaurant, role: Role) -> HttpResponse:
    """Tell the table, or say that somebody was there. Whoever was slower is told."""
    call = access.call_of(restaurant, request.POST.get("call", ""))
    wanted = request.POST.get("answer", "")
    if call is None or wanted not in {*Call.Answer.values, DONE}:
        return pages.done(
            request, _back(request, restaurant), _("There is no such call."), ok=False
        )
    if wanted == DONE:
        won, said = calls.done(call=call, by=request.user), _("Table %(number)s: dealt with.")
    else:
        call.answer = request.POST.get("seen", "")  # as it was when the person decided
        won = calls.answer(call=call, by=request.user, answer=Call.Answer(wanted))
        said = {
            Call.Answer.COMING: _("Table %(number)s is told that someone is coming."),
            Call.Answer.MINUTES: _("Table %(number)s is told: in a few minutes."),
        }[Call.Answer(wanted)]
    if not won:
        said = _("Meanwhile somebody else has answered table %(number)s. Nothing was changed.")
    return pages.done(
        request, _back(request, restaurant), said % {"number": call.place.number}, ok=won
    )


def _need(call: Call, restaurant: Restaurant) -> Need:
    answers = [
        (Call.Answer.COMING.value, _("Someone is coming")),
        (Call.Answer.MINUTES.value, _("In a few minutes")),
        (DONE, _("Done, somebody was there")),
    ]
    address = f"{pages.board(restaurant)}call/"
    return Need(
        kind="call",
        key=call.code,
        at=call.at,
        table=call.place,
        title=_title(call),
        word=call.get_answer_display() if call.answer else _("calls"),
        reason=_reason(call, restaurant),
        buttons=[
            Button(
                label,
                address,
                {"call": call.code, "answer": value, "seen": call.answer},
                main=value == (DONE if call.answer else Call.Answer.COMING),
            )
            for value, label in answers
            if value != call.answer
        ],
        colour="wait",
        loud=not call.answer,
    )


def _title(call: Call) -> str:
    if call.order is not None:
        return _("They have changed their mind about order %(number)s") % {
            "number": call.order.number
        }
    said = [capfirst(call.get_kind_display())]
    if call.pay:
        said.append(call.get_pay_display())
    if call.kind == Call.Kind.BILL and call.parts > 1:
        said.append(
            ngettext("%(count)s part", "%(count)s parts", call.parts) % {"count": call.parts}
        )
    return ", ".join(said)


def _reason(call: Call, restaurant: Restaurant) -> list[str]:
    said = []
    if call.order is not None:
        said.append(_("Nothing is cancelled: what they want otherwise is changed on the till."))
        if call.order.table_id != call.place.pk:
            said.append(
                _("On the till it is on table %(number)s.") % {"number": call.order.table.number}
            )
    if call.visit is None:
        said.append(_("A phone that has scanned the card and joined no party."))
    if call.answered_at is not None and call.answered_by is not None:
        clock = call.answered_at.astimezone(ZoneInfo(restaurant.timezone))
        said.append(
            _("Answered by %(person)s at %(time)s")
            % {"person": call.answered_by.get_username(), "time": f"{clock:%H:%M}"}
        )
    return said


def _back(request: HttpRequest, restaurant: Restaurant) -> str:
    """The page of the board on which it was pressed."""
    board = pages.board(restaurant)
    here = request.htmx.current_url_abs_path if is_htmx(request) else None  # type: ignore[attr-defined]
    return here if here and here.startswith(board) else board
