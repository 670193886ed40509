"""Who may order, as one ordered table of rules: the first that holds is what the guest reads, and what the team's page
“Why can table 12 not order?” names, with where it is mended.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ordering.models import Order, Table, Visit
from ordering.models.house_rules import Approval, WordOfTheDay
from ordering.services import pauses
from ordering.services.days import closed_on, service_day
from ordering.services.limits import WAITING_AT_MOST
from ordering.services.problems import Problem
from ordering.slots import is_open
from pos_bridge import approvals, breaker, outbox
from pos_bridge.models import Register


class Effect(StrEnum):
    STOPS = "stops"  # nothing can be ordered
    ASKS = "asks"  # a phone must do something first
    WAITS = "waits"  # what is sent waits for the team


class Where(StrEnum):
    """The page on which a rule is mended; board/why.py knows their addresses."""

    RESTAURANT = "restaurant"
    TABLE = "table"
    REGISTER = "register"
    PAUSES = "pauses"
    APPROVALS = "approvals"
    BOARD_TABLE = "board_table"


@dataclass(frozen=True)
class Asked:
    """A table at a moment. `in_time`: what was open then is no reason (see orders.in_time)."""

    table: Table
    register: Register | None
    now: datetime
    in_time: datetime | None = None
    visit: Visit | None = None


@dataclass(frozen=True)
class Rule:
    """`check` returns what the guest reads, or None where the rule is no reason. `everywhere`: it is asked for every
    page of a phone, so it costs no query; the others are asked where they can be broken, and by `explain`.
    """

    code: str
    title: str | Promise
    check: Callable[[Asked], Problem | None]
    mend: str | Promise
    where: Where
    effect: Effect = Effect.STOPS
    everywhere: bool = False


@dataclass(frozen=True)
class Verdict:
    """A rule as it stands for one table; `problem`: what the guest sees, None where nothing is in the way."""

    rule: Rule
    problem: Problem | None


def _is_open(asked: Asked) -> bool:
    restaurant = asked.table.restaurant
    zone = ZoneInfo(restaurant.timezone)
    moments = [asked.now] if asked.in_time is None else [asked.now, asked.in_time]
    return any(is_open(restaurant.hours, moment.astimezone(zone)) for moment in moments)


def _closed_today(asked: Asked) -> bool:
    restaurant = asked.table.restaurant
    return closed_on(restaurant, service_day(restaurant, asked.now)) is not None


def _paused(asked: Asked) -> Problem | None:
    pause = pauses.of_table(asked.table, asked.now)
    return pause.problem(asked.table.restaurant, asked.now) if pause else None


def _register_paused(asked: Asked) -> bool:
    return asked.register is not None and bool(asked.register.paused_reason)


def _many_orders(asked: Asked) -> bool:
    orders = Order.objects.filter(table=asked.table, created_at__gt=asked.now - timedelta(hours=1))
    return orders.count() >= asked.table.restaurant.limit_orders_per_hour


def _many_waiting(asked: Asked) -> bool:
    waiting = approvals.waiting(table=asked.table.pk).order_by()
    return waiting.count() >= WAITING_AT_MOST


def _proof_asked(asked: Asked) -> Problem | None:
    restaurant = asked.table.restaurant
    if asked.visit is not None and asked.visit.vouched_at is not None:
        return None
    if restaurant.word_of_the_day != WordOfTheDay.OFF:
        return Problem("say_word")
    return Problem("not_in_house") if restaurant.networks else None


def _when(code: str, holds: Callable[[Asked], bool]) -> Callable[[Asked], Problem | None]:
    return lambda asked: Problem(code) if holds(asked) else None


RULES: tuple[Rule, ...] = (
    Rule(
        "ordering_off",
        _("The house takes orders by phone"),
        _when("ordering_off", lambda asked: not asked.table.restaurant.ordering),
        _("Switch “takes orders” on in the restaurant’s settings."),
        Where.RESTAURANT,
        everywhere=True,
    ),
    Rule(
        "closed_today",
        _("Today is no day on which the house is closed"),
        _when("closed_today", _closed_today),
        _("Take today out of the days closed, in the restaurant’s settings."),
        Where.RESTAURANT,
        everywhere=True,
    ),
    Rule(
        "table_off",
        _("The table takes orders, and its card is valid"),
        _when("table_off", lambda asked: not (asked.table.ordering and asked.table.enabled)),
        _("Switch “takes orders” and “card is valid” on in the table’s settings."),
        Where.TABLE,
        everywhere=True,
    ),
    Rule(
        "no_register",
        _("A register is set up"),
        _when("no_register", lambda asked: asked.register is None),
        _("Set up the register and put it in use."),
        Where.REGISTER,
        everywhere=True,
    ),
    Rule(
        "closed",
        _("It is within the ordering hours"),
        _when("closed", lambda asked: not _is_open(asked)),
        _("Change the ordering hours in the restaurant’s settings."),
        Where.RESTAURANT,
        everywhere=True,
    ),
    Rule(
        "paused",
        _("Neither the house nor the zone is paused"),
        _paused,
        _("End the pause; it also ends by itself."),
        Where.PAUSES,
        everywhere=True,
    ),
    Rule(
        "register_silent",
        _("The register answers"),
        _when(
            "register_silent",
            lambda asked: (
                asked.register is not None and breaker.is_silent(asked.register, asked.now)
            ),
        ),
        _(
            "Look whether the register and its network are on. Ordering opens again by itself when it answers; until "
            "then the team takes orders by hand."
        ),
        Where.REGISTER,
        everywhere=True,
    ),
    Rule(
        "be_seated",
        _("A phone may begin at a free table, or the party is seated"),
        _when(
            "be_seated",
            lambda asked: asked.visit is None and may_open(asked.table) is not None,
        ),
        _("Seat the party at this table on the board."),
        Where.BOARD_TABLE,
    ),
    Rule(
        "too_many_waiting",
        _("Not too many orders of the table wait for the team"),
        _when("too_many_waiting", _many_waiting),
        _("Say OK to what waits, or refuse it."),
        Where.APPROVALS,
    ),
    Rule(
        "say_word",
        _("No proof is asked that a phone is in the house"),
        _proof_asked,
        _(
            "Tell the party the word of the day or the house’s Wi-Fi, or say on this page that they are here; the rule "
            "itself stands in the restaurant’s settings."
        ),
        Where.PAUSES,
        Effect.ASKS,
    ),
    Rule(
        "register_paused",
        _("The register takes what is sent"),
        _when("register_waits", _register_paused),
        _("The register is set up wrongly or waits for somebody to look: see its page."),
        Where.REGISTER,
        Effect.WAITS,
    ),
    Rule(
        "approval",
        _("Orders go to the register without a tap of the team"),
        _when("waits_for_ok", lambda asked: asked.table.restaurant.approval != Approval.NEVER),
        _("Say OK on the board; the rule itself stands in the restaurant’s settings."),
        Where.APPROVALS,
        Effect.WAITS,
    ),
    Rule(
        "too_many_orders",
        _("The table has not sent more orders in an hour than the limit"),
        _when("waits_for_ok", _many_orders),
        _("Say OK on the board, or raise the limit in the restaurant’s settings."),
        Where.APPROVALS,
        Effect.WAITS,
    ),
)


def first_problem(asked: Asked) -> Problem | None:
    """Why nothing can be ordered at this table, whatever it is. No query."""
    return next((found for rule in RULES if rule.everywhere and (found := rule.check(asked))), None)


def may_open(table: Table) -> Problem | None:
    """Why a phone may not begin at a free table. It may join a party that is seated."""
    # At a table that strangers share, each phone is a party of its own, which nobody seats.
    return Problem("be_seated") if table.restaurant.seated_first and not table.shared else None


def explain(table: Table, visit: Visit | None, now: datetime) -> list[Verdict]:
    """Every rule as it stands for this table, in their order. What stops it is the first STOPS with a problem."""
    asked = Asked(table, outbox.current_register(table.restaurant_id), now, visit=visit)
    return [Verdict(rule, rule.check(asked)) for rule in RULES]


def stopping(verdicts: list[Verdict]) -> Verdict | None:
    """The one that stops the table; None where it can order."""
    stops = (each for each in verdicts if each.problem and each.rule.effect == Effect.STOPS)
    return next(stops, None)
