"""“Why can table 12 not order?”: one table of rules for the phone and for the team."""

from datetime import timedelta

import pytest
from django.utils import timezone

from ordering.diner import kept
from ordering.models import Act, Restaurant, Table, Visit
from ordering.services import house_rules, orders, pauses, presence
from ordering.services.house_rules import Effect, Where
from ordering.services.problems import Problem
from pos_bridge import breaker, outbox
from pos_bridge.models import Register
from tests import factories
from tests.ordering.admin_cast import installer, person
from tests.ordering.board_cast import press
from tests.ordering.diner_phone import Phone, house, words
from tests.ordering.staff_cast import text

pytestmark = pytest.mark.django_db

BOARD = "/board/chez-alice/"
WHY = f"{BOARD}tables/12/why/"


@pytest.fixture
def made():
    return house()


@pytest.fixture
def table(made):
    return factories.table(made, zone="Terrasse")


@pytest.fixture
def bob(made, client):
    user = person("bob", service=[made])
    client.force_login(user)
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    return user


def rules(**fields):
    Restaurant.objects.update(**fields)


def silent():
    since = timezone.now() - timedelta(minutes=2)
    Register.objects.update(failures=breaker.FAILURES, silent_since=since)


def paused(table):
    user = installer()
    pauses.pause(by=user, restaurant=table.restaurant, scope="house", minutes=15)


STOPS = {
    "ordering_off": lambda table: rules(ordering=False),
    "closed_today": lambda table: rules(closed_days=[{"from": "2000-01-01", "to": "2999-01-01"}]),
    "table_off": lambda table: Table.objects.update(ordering=False),
    "no_register": lambda table: Register.objects.update(current=False),
    "closed": lambda table: rules(hours=[]),
    "paused": paused,
    "register_silent": lambda table: silent(),
    "be_seated": lambda table: rules(seated_first=True),
}


def explained(table):
    found = Table.objects.select_related("restaurant").get(pk=table.pk)
    visit = Visit.objects.filter(table=table, ended_at=None).first()
    return house_rules.explain(found, visit, timezone.now())


def test_nothing_stops_a_table_that_can_order(table):
    assert house_rules.stopping(explained(table)) is None
    assert {each.rule.code for each in explained(table) if each.problem} == set()


@pytest.mark.parametrize("code", STOPS)
def test_it_names_the_rule_that_stops_a_table_as_the_phone_says_it(table, code):
    """The sentence of the team's page is the one that the guest reads."""
    STOPS[code](table)
    stopping = house_rules.stopping(explained(table))
    assert stopping is not None
    assert stopping.rule.code == code
    phone = Phone()
    phone.scan(table)
    page = words(phone.get("/r/chez-alice/"))
    said = "Fermé" if code in {"closed", "closed_today"} else str(stopping.problem)
    assert said in page
    assert str(stopping.rule.mend)


def test_every_rule_that_stops_is_tried_here():
    """`too_many_waiting` is bound in test_approval.py."""
    stops = {rule.code for rule in house_rules.RULES if rule.effect == Effect.STOPS}
    assert stops == {*STOPS, "too_many_waiting"}
    codes = [rule.code for rule in house_rules.RULES]
    assert len(codes) == len(set(codes))


def test_the_first_that_holds_is_the_one(table):
    for stop in reversed(STOPS.values()):
        stop(table)
    stopping = house_rules.stopping(explained(table))
    assert stopping is not None
    assert stopping.rule.code == "ordering_off"


def test_the_phone_s_own_question_is_the_same_table_and_costs_no_query(
    table, django_assert_num_queries
):
    table = Table.objects.select_related("restaurant").get()
    register = outbox.current_register(table.restaurant_id)
    with django_assert_num_queries(0):
        assert orders.ordering_problem(table, register, timezone.now()) is None
        assert orders.ordering_problem(table, None, timezone.now()) == Problem("no_register")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda: rules(approval="every"), "approval"),
        (lambda: rules(word_of_the_day="daily"), "say_word"),
        (lambda: rules(networks=["10.0.0.0/8"]), "say_word"),
        (lambda: Register.objects.update(paused_reason="keys_refused"), "register_paused"),
        (lambda: rules(limit_orders_per_hour=0), "too_many_orders"),
    ],
)
def test_what_asks_or_waits_is_shown_and_stops_nothing(table, change, code):
    change()
    verdicts = explained(table)
    assert house_rules.stopping(verdicts) is None
    assert [each.rule.code for each in verdicts if each.problem] == [code]


# --- The team's page ------------------------------------------------------------------------------


def test_the_page_says_what_stops_it_what_the_guest_sees_and_the_mend(table, bob, client):
    rules(seated_first=True)
    page = text(client.get(WHY))
    assert "This stops it" in page
    assert "Please ask the team to be seated." in page
    assert "Seat the party at this table on the board." in page
    assert f'href="{BOARD}tables/12/"' in client.get(WHY).content.decode()
    assert "Nothing can be ordered by phone here" in text(client.get(f"{BOARD}tables/12/"))
    rules(seated_first=False)
    assert "Nothing stops it" in text(client.get(WHY))
    assert "Orders by phone are possible here" in text(client.get(f"{BOARD}tables/12/"))


def test_service_is_led_to_no_setting_and_a_manager_is_t22(table, bob, client):
    """T22: what stands in the settings, a manager mends."""
    rules(ordering=False)
    page = client.get(WHY)
    assert "A manager can do it." in text(page)
    assert "/admin/" not in page.content.decode()
    client.force_login(person("alice", manager=[table.restaurant]))
    assert "/admin/ordering/restaurant/" in client.get(WHY).content.decode()


@pytest.mark.parametrize("where", Where)
def test_every_mend_leads_to_a_page(table, bob, client, where):
    from ordering.board import why

    client.force_login(installer())
    for _ in range(2):
        assert client.get(why._address(where, table)).status_code == 200, where
        Register.objects.update(current=False)


def test_the_team_says_on_it_that_a_party_is_here(table, bob, client):
    rules(word_of_the_day="daily")
    assert b"/vouch/" not in client.get(WHY).content
    guest = factories.guest(table)
    assert "I see the party" in text(client.get(WHY))
    assert "not asked any more" in text(press(client, f"{WHY}vouch/"))
    guest.visit.refresh_from_db()
    assert presence.problem(guest, "") is None
    assert Act.objects.get().what == "party_vouched"
    assert "Nothing changed." in text(press(client, f"{WHY}vouch/"))


# --- The register is silent -----------------------------------------------------------------------


def test_ordering_closes_by_itself_when_the_register_is_silent_f64(table, bob, client):
    """F64: on the phone, before anybody orders, and in the team's words; and it opens again by itself."""
    phone = Phone("en").join(table)
    phone.add("soupe")
    silent()
    kept.forget()
    said = "The till does not answer at the moment. Please order from the team."
    assert said in words(phone.get(phone.visit))
    page = text(client.get(WHY))
    assert said in page
    assert "Ordering opens again by itself when it answers" in page
    assert phone.send().status_code == 422
    Register.objects.update(failures=0, silent_since=None)
    assert "Nothing stops it" in text(client.get(WHY))
    assert phone.send().status_code == 303
