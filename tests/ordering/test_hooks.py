"""A register's call moves an addition forward only, and nothing else in it is believed (T11, T26)."""

import json
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from pos_bridge import hooks
from pos_bridge.models import Addition, AdditionEvent, Hook, Register
from tests import factories
from tests.ordering.admin_cast import installer, person

pytestmark = pytest.mark.django_db

State = Addition.State
KIND = "enregistreuse"
KEYS = {"idboutique": "7", "key": "KEY-of-the-register"}


def house(slug):
    restaurant = factories.restaurant(slug)
    return factories.register(restaurant, kind=KIND, credentials=KEYS)


@pytest.fixture
def register():
    return house("chez-alice")


@pytest.fixture
def hook(register):
    return hooks.renew(register)


def addition(register, state="accepted", till_state="4711", table=12, **fields):
    at = register.restaurant.tables.filter(number=table).first()
    order = factories.order(factories.guest(at or factories.table(register.restaurant, table)))
    number = Addition.objects.count() + 1
    return Addition.objects.create(
        order=order, register=register, number=number, ticket={}, body="{}", state=state,
        till_state=till_state, **fields,
    )  # fmt: skip


@pytest.fixture
def phone():
    return Client(enforce_csrf_checks=True)


def address(hook):
    return reverse("hook", args=[hook.secret])


def call(phone, hook, **fields):
    fields = {"type": "validated", "orderID": "4711", "orderInternalID": "9", **fields}
    return phone.post(address(hook), fields)


def state(addition):
    addition.refresh_from_db()
    return addition.state


# --- Forward ------------------------------------------------------------------------------------


def test_it_moves_an_addition_forward_by_the_number_that_the_register_answered(
    phone, hook, register
):
    waiting = addition(register)
    other = addition(register, till_state="4712")
    assert call(phone, hook).status_code == 204
    assert state(waiting) == State.RECEIVED
    assert waiting.received_at is not None
    assert waiting.till_state == "4711"
    assert call(phone, hook, type="terminated").status_code == 204
    assert state(waiting) == State.SETTLED
    assert state(other) == State.ACCEPTED
    assert AdditionEvent.objects.filter(addition=waiting, kind="settled").count() == 1


@pytest.mark.parametrize("content", ["form", "multipart", "json"])
def test_it_reads_a_form_and_json(phone, hook, register, content):
    waiting = addition(register)
    fields = {"type": "terminated", "orderID": 4711, "price": 12.5, "isRefund": "false"}
    if content == "json":
        phone.post(address(hook), json.dumps(fields), content_type="application/json")
    elif content == "form":
        said = "type=terminated&orderID=4711&price=12.50&items=%5B%5D"
        phone.post(address(hook), said, content_type="application/x-www-form-urlencoded")
    else:
        phone.post(address(hook), fields)
    assert state(waiting) == State.SETTLED


def test_it_never_moves_an_addition_back(phone, hook, register):
    paid = addition(register, state="settled")
    refused = addition(register, state="refused")
    by_hand = addition(register, state="handled", handled_as="by_hand")
    on_till = addition(register, state="received")
    before = {each: state(each) for each in (paid, refused, by_hand, on_till)}
    assert call(phone, hook).status_code == 204
    assert {each: state(each) for each in before} == before
    call(phone, hook, type="terminated")
    assert state(on_till) == State.SETTLED
    del before[on_till]
    assert {each: state(each) for each in before} == before


def test_a_call_that_comes_again_changes_nothing(phone, hook, register):
    waiting = addition(register)
    for word in ("validated", "terminated"):
        for _ in range(3):
            assert call(phone, hook, type=word).status_code == 204
    # The register's calls may come in any order, too.
    assert call(phone, hook, type="validated").status_code == 204
    assert state(waiting) == State.SETTLED
    assert AdditionEvent.objects.count() == 1


@pytest.mark.parametrize("in_flight", ["queued", "sending", "uncertain", "held"])
def test_what_we_have_no_answer_for_is_never_moved_by_a_call(phone, hook, register, in_flight):
    """Its number on the till is not known, whatever the call says; a look-up or a person decides."""
    waiting = addition(register, state=in_flight)
    for word in ("validated", "terminated"):
        call(phone, hook, type=word, orderInternalID=waiting.number, orderID=waiting.number)
        call(phone, hook, type=word)
    assert state(waiting) == in_flight


def test_the_internal_number_is_not_believed(phone, hook, register):
    waiting = addition(register)
    call(phone, hook, orderID="1", orderInternalID="4711")
    assert state(waiting) == State.ACCEPTED


def test_an_order_of_long_ago_is_not_moved(phone, hook, register):
    """Numbers of orders may begin anew."""
    old = addition(register)
    Addition.objects.update(created_at=timezone.now() - timedelta(days=2))
    call(phone, hook, type="terminated")
    assert state(old) == State.ACCEPTED


def test_a_refund_settles_nothing(phone, hook, register):
    waiting = addition(register)
    for said in ("true", "1", "True", "yes"):
        call(phone, hook, type="terminated", isRefund=said)
    assert state(waiting) == State.ACCEPTED


def test_it_moves_nothing_of_another_restaurant(phone, hook, register):
    theirs = addition(house("chez-bob"))
    call(phone, hook, type="terminated")
    assert state(theirs) == State.ACCEPTED


# --- Looked up ----------------------------------------------------------------------------------


def test_it_has_unclear_additions_looked_up_soon_and_not_more_often(phone, hook, register):
    now = timezone.now()
    later = now + timedelta(minutes=5)
    unclear = addition(register, state="uncertain", till_state="", next_try_at=later)
    forgotten = addition(register, state="uncertain", till_state="", table=13)
    theirs = addition(house("b"), state="uncertain", till_state="", next_try_at=later)
    queued = addition(register, state="queued", till_state="", next_try_at=later, table=14)
    call(phone, hook, orderID="1")
    asked = [unclear, forgotten]
    for each in (*asked, theirs, queued):
        each.refresh_from_db()
    assert all(now < each.next_try_at < now + timedelta(seconds=10) for each in asked)
    assert theirs.next_try_at == queued.next_try_at == later
    before = [each.next_try_at for each in asked]
    for _ in range(5):
        call(phone, hook, orderID="1")
    assert [Addition.objects.get(pk=each.pk).next_try_at for each in asked] == before


def test_it_says_when_it_was_last_called(phone, hook):
    assert hook.called_at is None
    call(phone, hook)
    hook.refresh_from_db()
    assert hook.called_at is not None


# --- Hostile ------------------------------------------------------------------------------------


def test_an_unknown_secret_is_an_unknown_address(phone, hook, register, settings):
    settings.UNKNOWN_CODES_PER_MINUTE = 10**6
    waiting = addition(register)
    guess = "A" * len(hook.secret)
    answers = [
        phone.post(reverse("hook", args=[guess]), {"type": "validated", "orderID": "4711"}),
        phone.get(reverse("hook", args=[guess])),
        phone.get("/nowhere/"),
        phone.get(f"/t/{guess}/"),
        phone.post("/hooks/1/"),
    ]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1
    assert state(waiting) == State.ACCEPTED
    assert phone.get(address(hook)).status_code == 405


def test_whoever_tries_secrets_has_to_wait(phone, settings, caplog):
    """T01: the same counter as for the codes of tables."""
    settings.UNKNOWN_CODES_PER_MINUTE = 3
    settings.UNKNOWN_CODE_DELAY = 0
    for number in range(5):
        phone.post(reverse("hook", args=[f"{number:022}"]))
    assert "tries codes that no card has" in caplog.text


HOSTILE = [
    ("application/json", "["),
    ("application/json", "[]"),
    ("application/json", "null"),
    ("application/json", "[" * 20_000),
    ("application/json", '{"a":' * 10_000),
    ("application/json", '{"type": {"$ne": ""}, "orderID": ["4711"]}'),
    ("application/json", '{"type": "terminated", "orderID": true}'),
    ("application/json", '{"type": "terminated", "orderID": 4711.0}'),
    ("application/json", '{"type": "terminated", "orderID": "4711 OR 1=1"}'),
    ("application/json", '{"type": "terminated", "orderID": "４７１１"}'),
    ("application/json", '{"type": "terminated", "orderID": 1e400}'),
    ("application/json", '{"type": "terminated", "orderID": NaN}'),
    ("application/json", '{"type": "terminated", "orderID": "\\u0000"}'),
    ("application/json", '{"type": ["terminated"], "orderID": "4711"}'),
    ("application/json", '{"type": "refused", "orderID": "4711"}'),
    ("application/json", '{"orderID": "%s"}' % ("9" * 5_000)),
    ("application/json", '{"orderID": %s}' % ("9" * 5_000)),
    ("application/json", b"\xff\xfe"),
    ("application/json", b"\x00" * 100),
    ("application/x-www-form-urlencoded", "orderID=4711_&type=terminated&payment=2&client[nom]=x"),
    ("application/x-www-form-urlencoded", "&".join(f"a{n}=1" for n in range(5_000))),
    ("application/x-www-form-urlencoded", b"\xff=\xff&orderID=%00"),
    ("application/x-www-form-urlencoded; charset=utf-7", "orderID=4711&type=terminated"),
    ("multipart/form-data", "no boundary"),
    ("multipart/form-data; boundary=x", "--x\r\nnonsense"),
    ("text/html", "<b>terminated</b>"),
    ("", ""),
    ("application/json", " " * 65_537),
]


@pytest.mark.parametrize("number", range(len(HOSTILE)))
def test_it_survives_whatever_comes_in_and_moves_nothing(phone, hook, register, number):
    waiting = addition(register, state="accepted")
    unclear = addition(register, state="uncertain", till_state="", table=13)
    content_type, body = HOSTILE[number]
    answer = phone.generic("POST", address(hook), body, content_type=content_type)
    assert answer.status_code in {204, 400, 413}, answer.status_code
    assert (state(waiting), state(unclear)) == (State.ACCEPTED, State.UNCERTAIN)


def test_a_body_of_more_than_64_kb_is_not_read(phone, hook, register):
    waiting = addition(register)
    body = json.dumps({"type": "terminated", "orderID": "4711", "items": "x" * 65_536})
    answer = phone.generic("POST", address(hook), body, content_type="application/json")
    assert answer.status_code == 413
    assert state(waiting) == State.ACCEPTED


def test_a_register_that_calls_nobody_is_not_believed(phone, register):
    other = factories.register(factories.restaurant("leo"))
    waiting = addition(other)
    call(phone, hooks.renew(other), type="terminated")
    assert state(waiting) == State.ACCEPTED


# --- Its page -----------------------------------------------------------------------------------


def page(register):
    return reverse("register_hook", args=[register.pk])


def test_the_manager_makes_an_address_and_a_new_one(client, register, settings):
    settings.BASE_URL = "https://carte.example.fr"
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    client.force_login(person("alice", manager=[register.restaurant]))
    link = reverse("admin:pos_bridge_register_change", args=[register.pk])
    assert page(register) in client.get(link).content.decode()
    assert "There is none yet" in client.get(page(register)).content.decode()
    assert not Hook.objects.exists()
    client.post(page(register))
    first = Hook.objects.get()
    found = client.get(page(register)).content.decode()
    assert f"https://carte.example.fr/hooks/{first.secret}/" in found
    assert "It has not been called yet" in found
    client.post(page(register))
    second = Hook.objects.get()
    assert second.secret != first.secret
    assert client.post(address(first)).status_code == 404
    assert client.post(address(second), {"type": "validated"}).status_code == 204
    assert "Last called on" in client.get(page(register)).content.decode()


def test_nobody_else_sees_it_or_makes_it(client, register):
    other = factories.restaurant("chez-bob")
    hook = hooks.renew(register)
    people = [
        person("bob", manager=[other]),
        person("serves", service=[register.restaurant]),
        person("nobody"),
    ]
    for user in people:
        client.force_login(user)
        for response in (client.get(page(register)), client.post(page(register))):
            assert response.status_code == 404
            assert hook.secret not in response.content.decode()
    client.logout()
    assert client.get(page(register)).status_code == 302
    client.post(page(register))
    assert Hook.objects.get().secret == hook.secret
    client.force_login(installer())
    assert hook.secret in client.get(page(register)).content.decode()


def test_a_kind_that_does_not_call_and_one_of_before_have_no_page(client, register):
    client.force_login(installer())
    Register.objects.filter(pk=register.pk).update(current=False)
    assert client.get(page(register)).status_code == 404
    leo2 = factories.register(factories.restaurant("leo"))
    assert client.get(page(leo2)).status_code == 404
    link = reverse("admin:pos_bridge_register_change", args=[leo2.pk])
    assert page(leo2) not in client.get(link).content.decode()


def test_the_log_does_not_hold_the_secret(hook):
    from tests.ordering.test_logs import line

    assert hook.secret not in line("Not Found: %s", address(hook))


def test_a_register_whose_keys_cannot_be_read_may_call(phone, hook, register):
    """A call decrypts nothing."""
    waiting = addition(register)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE pos_bridge_register SET credentials = 'spoiled'")
        cursor.execute("UPDATE pos_bridge_hook SET secret = 'spoiled'")
    assert call(phone, hook).status_code == 204
    assert state(waiting) == State.RECEIVED
