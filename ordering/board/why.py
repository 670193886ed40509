"""“Why can table 12 not order?”: every rule that could stop it, what the guest sees, and where it is mended."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from ordering.board import access, pages
from ordering.board.access import Role, for_staff
from ordering.board.part import Part
from ordering.diner.pages import takes_a_form
from ordering.models import Restaurant, Table, Visit
from ordering.services import house_rules, presence, visits
from ordering.services.house_rules import Effect, Verdict, Where
from pos_bridge import outbox

# Where managers alone can mend something.
MANAGERS = {Where.RESTAURANT, Where.TABLE, Where.REGISTER}


def part(table: Table, visit: Visit | None, now: datetime) -> Part:
    """On the table's page: whether it can order, in a line."""
    verdicts = house_rules.explain(table, visit, now)
    return Part("board/_why.html", {"table": table, "stopping": house_rules.stopping(verdicts)})


@for_staff
def page(request: HttpRequest, restaurant: Restaurant, role: Role, number: int) -> HttpResponse:
    table = access.table_of(restaurant, number)
    visit = visits.open_visit(table)
    verdicts = house_rules.explain(table, visit, timezone.now())
    proof_asked = any(each.rule.code == "say_word" and each.problem for each in verdicts)
    return pages.show(
        request, restaurant, role, "board/why.html", every=pages.EVERY,
        table=table, stopping=house_rules.stopping(verdicts),
        rows=[_row(each, table, role) for each in verdicts],
        may_vouch=visit is not None and proof_asked,
    )  # fmt: skip


@takes_a_form
@for_staff
def vouch(request: HttpRequest, restaurant: Restaurant, role: Role, number: int) -> HttpResponse:
    """The team has seen the party: its phones are asked for no proof."""
    table = access.table_of(restaurant, number)
    visit = visits.open_visit(table)
    won = visit is not None and presence.vouch(by=request.user, visit=visit)
    said = _("Done: this party’s phones are not asked any more.") if won else _("Nothing changed.")
    return pages.done(request, reverse("board:why", args=[restaurant.slug, number]), said, ok=won)


def _row(verdict: Verdict, table: Table, role: Role) -> dict[str, Any]:
    rule = verdict.rule
    for_managers = rule.where in MANAGERS and role != Role.MANAGER
    return {
        "rule": rule,
        "problem": verdict.problem,
        "stops": rule.effect == Effect.STOPS,
        "address": "" if for_managers else _address(rule.where, table),
        "for_managers": for_managers,
    }


def _address(where: Where, table: Table) -> str:
    restaurant = table.restaurant
    register = outbox.current_register(restaurant.pk) if where == Where.REGISTER else None
    match where:
        case Where.RESTAURANT:
            return reverse("admin:ordering_restaurant_change", args=[restaurant.pk])
        case Where.TABLE:
            return reverse("admin:ordering_table_change", args=[table.pk])
        case Where.REGISTER:
            if register is None:
                return reverse("admin:pos_bridge_register_changelist")
            return reverse("admin:pos_bridge_register_change", args=[register.pk])
        case Where.PAUSES:
            return reverse("board:pauses", args=[restaurant.slug])
        case Where.APPROVALS:
            return pages.board(restaurant)
        case Where.BOARD_TABLE:
            return reverse("board:table", args=[restaurant.slug, table.number])
