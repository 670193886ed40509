"""T02: a phone proves that it is in the house, by its network, by the word of the day, or by the team's."""

from datetime import UTC, date, datetime

import pytest
import time_machine

from ordering.models import Guest, Order, Restaurant, Table, Visit
from ordering.services import presence, visits
from ordering.services.problems import Refused
from pos_bridge.models import Addition
from tests import factories
from tests.ordering.admin_cast import person
from tests.ordering.diner_phone import HTMX, Phone, house, value_of, words

pytestmark = pytest.mark.django_db

ASKED = "Please give the word of the day that you see in the restaurant."


@pytest.fixture
def made():
    return house()


def phone_at(made, number=12, **options):
    phone = Phone("en", **options).join(factories.table(made, number))
    phone.add("soupe")
    return phone


def rules(**fields):
    Restaurant.objects.update(**fields)
    return Restaurant.objects.get()


def test_the_word_is_asked_once_in_a_visit_t02(made):
    """T02: without it nothing is written; accents, capitals and spaces are no mistake."""
    made = rules(word_of_the_day="daily")
    phone = phone_at(made)
    for options in ({}, {"headers": HTMX}):
        answer = phone.send(**options)
        assert answer.status_code == 422
        assert ASKED in words(answer)
    assert not Order.objects.exists()
    assert 'name="word"' in phone.cart()
    word = presence.word_now(made).upper().replace("E", "É").replace(" ", "")
    assert phone.send({**phone.form(), "word": f"  {word} "}).status_code == 303
    assert 'name="word"' not in phone.cart()
    Order.objects.update(created_at=datetime(2020, 1, 1, tzinfo=UTC))
    phone.add("soupe")
    assert phone.send().status_code == 303


def test_wrong_words_are_limited_and_the_team_can_vouch(made):
    made = rules(word_of_the_day="daily")
    phone = phone_at(made)
    for _ in range(presence.TRIES):
        answer = phone.send({**phone.form(), "word": "fenouil 11"})
        assert "This is not the word of the day." in words(answer)
    right = {**phone.form(), "word": presence.word_now(made)}
    assert "too often" in words(phone.send(right))
    assert "too often" in words(phone.get(f"{phone.visit}cart/"))
    assert not Guest.objects.exclude(word_at=None).exists()
    visit = Visit.objects.get()
    bob = person("bob", service=[made])
    assert presence.vouch(by=bob, visit=visit)
    assert not presence.vouch(by=bob, visit=visit)
    assert phone.send().status_code == 303


def test_a_stranger_s_wrong_words_are_held_against_nobody_else_t02(made):
    """T02: and who comes with one phone after the other has no tries without end."""
    made = rules(word_of_the_day="daily")
    first = factories.guest(factories.table(made))
    table, tried = first.visit.table, 0
    for number in range(4):
        stranger = visits.join(table=table, secret=f"stranger-{number}", covers=1)
        for _ in range(presence.TRIES + 2):
            with pytest.raises(Refused) as refused:
                presence.say(guest=stranger, said="fenouil 11")
            tried += refused.value.problems[0].code == "word_wrong"
        if not number:
            assert tried == presence.TRIES
            first.refresh_from_db()
            presence.say(guest=first, said=presence.word_now(made))
            assert Guest.objects.get(pk=first.pk).word_tries == 0
    assert tried == presence.PARTY_TRIES
    stranger.refresh_from_db()
    left = presence.problem(stranger, "")
    assert left is not None
    assert left.code == "word_tries"


def test_a_table_that_strangers_share_gives_no_tries_without_end_t02(made):
    """T02: there each phone is a party of its own."""
    made = rules(word_of_the_day="daily")
    table = factories.table(made, 30, shared=True)
    tried = 0
    for number in range(6):
        stranger = visits.join(table=table, secret=f"stranger-{number}", covers=1)
        for _ in range(presence.TRIES):
            with pytest.raises(Refused) as refused:
                presence.say(guest=stranger, said="fenouil 11")
            tried += refused.value.problems[0].code == "word_wrong"
    assert tried == presence.SHARED_TRIES
    with pytest.raises(Refused):
        presence.say(guest=stranger, said=presence.word_now(made))


def test_a_right_word_is_no_try(made):
    made = rules(word_of_the_day="daily")
    guest = factories.guest(factories.table(made))
    presence.say(guest=guest, said=presence.word_now(made))
    assert Visit.objects.get().word_tries == 0
    with pytest.raises(Refused):
        presence.say(guest=guest, said="")
    assert Visit.objects.get().word_tries == 1


def test_each_phone_of_a_party_gives_it(made):
    made = rules(word_of_the_day="kept")
    phone = phone_at(made)
    phone.send({**phone.form(), "word": presence.word_now(made)})
    second = Phone("en").join(Table.objects.get())
    second.add("tarte")
    assert ASKED in words(second.send())


def test_it_is_another_word_each_day_for_each_house_and_after_a_renewal(made):
    daily = rules(word_of_the_day="daily")
    days = {presence.word(daily, date(2026, 11, day)) for day in range(1, 29)}
    assert len(days) > 20
    bob = person("bob", service=[daily])
    today = presence.word_now(daily)
    assert presence.renew(by=bob, restaurant=daily) == presence.word_now(daily) != today
    kept = rules(word_of_the_day="kept")
    assert presence.word(kept, date(2026, 11, 1)) == presence.word(kept, date(2026, 12, 1))
    assert presence.word_now(rules(word_of_the_day="off")) == ""
    other = factories.restaurant("chez-charlie", word_of_the_day="kept")
    assert presence.word_now(other) != presence.word_now(kept)


def test_the_day_s_word_changes_at_five_in_the_morning(made):
    daily = rules(word_of_the_day="daily")
    with time_machine.travel(datetime(2026, 11, 21, 3, 59, tzinfo=UTC), tick=False) as clock:
        night = presence.word_now(daily)
        assert night == presence.word(daily, date(2026, 11, 20))
        clock.shift(60)
        assert presence.word_now(daily) == presence.word(daily, date(2026, 11, 21)) != night


def test_a_phone_from_outside_the_house_s_network_sends_nothing_t02(made):
    rules(networks=["203.0.113.0/24", "2001:db8::/32"])
    inside = phone_at(made, REMOTE_ADDR="203.0.113.9")
    assert inside.send().status_code == 303
    outside = phone_at(made, 7, REMOTE_ADDR="198.51.100.7")
    answer = outside.send()
    assert answer.status_code == 422
    assert "please connect to the restaurant’s Wi-Fi" in words(answer)
    assert "please connect" in words(outside.get(f"{outside.visit}cart/"))
    assert Addition.objects.count() == 1


def test_the_network_or_the_word_is_enough(made):
    made = rules(networks=["203.0.113.0/24"], word_of_the_day="daily")
    assert phone_at(made, REMOTE_ADDR="203.0.113.9").send().status_code == 303
    outside = phone_at(made, 7, REMOTE_ADDR="198.51.100.7")
    assert ASKED in words(outside.send())
    assert outside.send({**outside.form(), "word": presence.word_now(made)}).status_code == 303


@pytest.mark.parametrize(
    ("address", "inside"),
    [
        ("203.0.113.9", True), ("::ffff:203.0.113.9", True), ("2001:db8:1::1", True),
        ("198.51.100.7", False), ("", False), ("203.0.113.9, 198.51.100.7", False),
    ],
)  # fmt: skip
def test_it_reads_addresses_of_both_kinds(made, address, inside):
    house = rules(networks=["203.0.113.0/24", "2001:db8::/32"])
    assert presence.in_house(house, address) is inside


def test_a_header_of_the_phone_is_not_believed_t27(made, settings):
    """T27: without a proxy of ours no header is read; behind one, only what it says itself."""
    rules(networks=["203.0.113.0/24"])
    phone = phone_at(made, REMOTE_ADDR="198.51.100.7")
    assert phone.send(headers={"X-Forwarded-For": "203.0.113.9"}).status_code == 422
    settings.PROXIES = 1
    assert phone.send(headers={"X-Forwarded-For": "203.0.113.9, 198.51.100.7"}).status_code == 422
    assert phone.send(headers={"X-Forwarded-For": "198.51.100.7, 203.0.113.9"}).status_code == 303


def test_a_party_that_is_not_seated_is_asked_to_be_t02(made):
    """T02: a phone cannot begin at a free table; it joins once the party is seated."""
    rules(seated_first=True)
    table = factories.table(made)
    phone = Phone("en")
    phone.scan(table)
    said = "Please ask the team to be seated. Your phone joins once you are."
    assert said in words(phone.get("/r/chez-alice/"))
    answer = phone.post("/r/chez-alice/join/", {"covers": "2"})
    assert answer.status_code == 422
    assert not Visit.objects.exists()
    factories.visit(table)
    assert "Join the party of 2?" in words(phone.get("/r/chez-alice/"))
    assert phone.post("/r/chez-alice/join/", {}).status_code == 303


def test_no_field_of_the_form_lets_an_order_through(made):
    """T08: what a phone sends beside the form's own fields changes nothing."""
    rules(approval="every")
    phone = phone_at(made)
    more = {
        "total": "1", "state": "queued", "approved_at": "2026-01-01", "waits_for": "", "reason": "",
        "vouched_at": "2026-01-01", "covers_before": "2", "word_at": "2026-01-01", "number": "1",
    }  # fmt: skip
    page = phone.cart()
    form = {**more, **{name: value_of(name, page) for name in ("submission_key", "seen")}}
    assert phone.send(form).status_code == 303
    addition = Addition.objects.get()
    assert (addition.state, addition.approved_at) == ("held", None)
    assert Order.objects.get().total == 8_00
    assert Visit.objects.get().vouched_at is None


def test_eighty_sessions_behind_one_address_pass_t07(made):
    """T07: the house's Wi-Fi is one address; limits are those of table and guest."""
    factories.product(made, "eau", price=2_00)
    statuses = []
    for number in range(100, 180):
        phone = Phone("en", REMOTE_ADDR="203.0.113.9").join(factories.table(made, number))
        if number % 8 == 0:  # each writes; some send
            phone.add("eau")
            statuses.append(phone.send().status_code)
        else:
            statuses.append(phone.get(phone.visit).status_code)
    assert set(statuses) == {200, 303}
    assert Visit.objects.count() == 80
    assert set(Addition.objects.values_list("state", flat=True)) == {"queued"}
