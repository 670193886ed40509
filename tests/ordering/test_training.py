"""`rehearse --send`: one real order with every kind of line, delivered by the ordinary road and found again."""

import io
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import timezone, translation

from ordering.models import Choice, Course, Order, SetMenu, Table, Visit
from ordering.services import training
from ordering.services.findings import Level
from pos_bridge import heartbeat
from pos_bridge.errors import Unsupported
from pos_bridge.models import Addition, Attempt, Heartbeat
from pos_bridge.registers import adapter_class
from pos_bridge.registers.base import TillState
from pos_bridge.simulator.leo2 import Catalogue, Leo2Register
from tests import factories
from tests.helpers import eventually
from tests.ordering import toy_register
from tests.ordering.admin_cast import person
from tests.ordering.toy_register import Toy
from tests.pos_bridge.test_deliver import ROOT, database_url

pytestmark = [pytest.mark.wire, pytest.mark.django_db(transaction=True)]

State = Addition.State


@pytest.fixture(autouse=True)
def _english(settings):
    settings.TIME_DIVISOR = 20
    with translation.override("en"):
        yield
    adapter_class.cache_clear()


@pytest.fixture
def till():
    with Leo2Register(Catalogue.of_everything(), strict=True, scale=0.02) as register:
        yield register


@pytest.fixture
def house(till, transactional_db):
    made = factories.restaurant()
    factories.register(made, base_url=till.url)
    soup = factories.product(made, "soupe")
    factories.product(made, "encore-une-soupe", price=9_00)
    factories.product(made, "vin", price=5_00, vat=Decimal(20))
    steak = factories.product(made, "bavette", price=20_00)
    factories.option_group(steak, "cuisson", {"bleu": 0, "saignant": 0}, min=1, max=1)
    factories.option_group(steak, "extras", {"frites": 1_50, "sans-beurre": -50}, max=None)
    factories.option_group(steak, "emballage", {"boite": 20}, kind="automatic")
    menu = SetMenu.objects.create(
        restaurant=made, key="menu", register_id="3001", name={"fr": "Menu"}, price=25_00,
        vat=Decimal(10),
    )  # fmt: skip
    course = Course.objects.create(set_menu=menu, key="plat", name={"fr": "Plat"})
    Choice.objects.create(course=course, product=soup)
    Choice.objects.create(course=course, product=steak, supplement=3_00)
    factories.table(made, 99, register_id="199")
    return made


def sent(house, table=99, *, fails=False):
    out = io.StringIO()
    try:
        call_command("rehearse", house.slug, "--send", str(table), stdout=out, no_color=True)
    except CommandError:
        assert fails, out.getvalue()
    else:
        assert not fails, out.getvalue()
    return out.getvalue()


def test_it_delivers_by_itself_where_nobody_does_and_finds_it_again(house, till):
    printed = sent(house)
    assert "this command delivers by itself" in printed
    assert "good   Order for table 99: asked again, the register names it" in printed
    assert "Cancel it on the till" in printed
    addition = Addition.objects.get()
    assert addition.state == State.RECEIVED
    [entry] = till.ledger()
    assert entry["number"] == addition.number
    assert entry["body"]["table"] == 199


def test_it_holds_every_kind_of_line_and_is_a_whole_order(house):
    factories.product(house, "plat-sans-numero", register_id="", vat=Decimal("5.5"))
    addition = training.place(restaurant=house, table_number=99)
    lines = addition.ticket["lines"]
    assert lines[0]["note"] == training.NOTE
    assert lines[0]["quantity"] == 2
    assert {line["vat"] for line in lines} == {"10.00", "20.00"}
    prices = {option["price"] for line in lines for option in line["options"]}
    assert prices >= {0, 20, -50}
    menus = [line for line in lines if line["choices"]]
    assert {choice["supplement"] for menu in menus for choice in menu["choices"]} == {0, 3_00}
    # Nothing that says the same twice, nothing that cannot be ordered.
    names = [line["name"] for line in lines]
    assert "Plat-sans-numero" not in names
    assert "Encore-une-soupe" not in names
    order = Order.objects.get()
    assert order.submission_key.startswith(training.MARK)
    assert order.lines.count() == len(lines)
    assert order.total == sum(line.total for line in order.lines.all())
    assert order.number == 1


def test_nobody_can_join_its_visit_and_the_table_is_free_at_once(house):
    training.place(restaurant=house, table_number=99)
    assert Visit.objects.get().ended_at is not None
    training.place(restaurant=house, table_number=99)
    assert sorted(Order.objects.values_list("number", flat=True)) == [1, 2]


def test_a_running_deliver_brings_it(house, till):
    heartbeat.Pulse(Heartbeat.Kind.DELIVER, "deliver-of-the-test").beat(timezone.now())
    process = subprocess.Popen(
        [sys.executable, "manage.py", "deliver"],
        cwd=Path(ROOT),
        env={**os.environ, "DATABASE_URL": database_url(), "TIME_DIVISOR": "20"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        eventually(
            lambda: Heartbeat.objects.exclude(name="deliver-of-the-test").exists(), timeout=30
        )
        printed = sent(house)
    finally:
        process.terminate()
        process.wait(20)
    assert "this command delivers" not in printed
    assert "asked again, the register names it" in printed
    assert Attempt.objects.get().worker != heartbeat.process_name()
    assert len(till.ledger()) == 1


def test_it_is_booked_once_where_the_answer_is_lost(house, till):
    """The ordinary road, with its ordinary care."""
    till.script("rst_after")
    assert "asked again, the register names it" in sent(house)
    assert len(till.ledger()) == 1


@pytest.mark.parametrize(
    ("mode", "words"),
    [
        ("json_error", "the register refused it"),
        ("401", "the register refuses its keys"),
        ("blackhole", "it was not sent in time: the register does not answer"),
        ("rst_after", "it may be on the till: the register hung up"),
    ],
)
def test_it_says_what_has_become_of_it_instead(house, till, mode, words):
    till.fail_always(mode, list="http500")
    printed = sent(house, fails=True)
    assert "WRONG  Order for table 99: " in printed
    assert words in printed
    assert "asked again" not in printed


def test_a_till_that_is_off_is_said(house, till):
    till.close_till(shown=0)
    printed = sent(house, fails=True)
    assert "the relay has it, and the till has not taken it in time" in printed


def test_it_refuses_in_words(house):
    def refused(table, words):
        printed = sent(house, table, fails=True)
        assert f"WRONG  Order for table {table}: {words}" in printed
        assert not Addition.objects.exists()

    refused(98, "the restaurant has no such table")
    other = factories.table(factories.restaurant("chez-bob"), 97)
    refused(97, "the restaurant has no such table")
    assert not Visit.objects.filter(table=other).exists()
    factories.guest(Table.objects.get(number=99))
    refused(99, "somebody sits at this table")
    Visit.objects.all().delete()
    house.products.update(register_id="")
    house.set_menus.update(register_id="")
    refused(99, "nothing of the carte can be sent")
    house.registers.update(current=False)
    refused(99, "no register is in use")


class NoNotes(Toy):
    """Takes no notes, and is asked for one addition."""

    known: dict[int, TillState] = {}

    @classmethod
    def build(cls, ticket, number, options, *more):
        if any(line.note for line in ticket.lines):
            raise Unsupported("no notes")
        return super().build(ticket, number, options, *more)

    def look_up(self, number):
        return self.known.get(number)


def test_a_register_that_takes_no_notes_and_looks_up_is_tried_as_well(house, till, monkeypatch):
    toy_register.use(monkeypatch, "leo2", NoNotes)
    addition = training.place(restaurant=house, table_number=99)
    assert addition.ticket["lines"][0]["note"] == ""
    Addition.objects.update(state=State.RECEIVED)
    known = training._found_again("Order", addition)
    assert known.level == Level.BAD
    monkeypatch.setattr(NoNotes, "known", {addition.number: TillState("received", "1")})
    assert training._found_again("Order", addition).level == Level.GOOD


def test_its_page_sends_it(house, till, client):
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    client.force_login(person("alice", manager=[house]))
    trial = reverse("admin:ordering_restaurant_trial", args=[house.pk])
    theirs = factories.table(factories.restaurant("chez-bob"), 97)
    found = client.post(trial, {"table": theirs.pk}, follow=True).content.decode()
    assert "Choose a table" in found
    assert not Order.objects.exists()
    table = Table.objects.get(number=99)
    response = client.post(trial, {"table": table.pk}, follow=True)
    order = Order.objects.get()
    assert response.request["PATH_INFO"] == reverse("admin:ordering_order_change", args=[order.pk])
    assert "on its way to Table 99" in response.content.decode()
    assert client.get(trial).status_code == 404
    factories.guest(table)
    found = client.post(trial, {"table": table.pk}, follow=True).content.decode()
    assert "somebody sits at this table" in found
    assert Order.objects.count() == 1
