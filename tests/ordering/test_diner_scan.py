"""From the card to a visit."""

import pytest

from ordering.models import Guest, Table, Visit, new_code
from pos_bridge.encryption import lookup_hash
from tests import factories
from tests.ordering.diner_phone import Phone, house, words

pytestmark = pytest.mark.django_db


@pytest.fixture
def table():
    return factories.table(house())


def test_it_gives_a_cookie_and_leads_to_an_address_without_the_code(table):
    """T28: the secret stays in no address; T18: the cookie is our own, and HttpOnly."""
    phone = Phone()
    answer = phone.scan(table)
    assert (answer.status_code, answer["Location"]) == (302, "/r/chez-alice/")
    assert set(answer.cookies) == {"tablee", "csrftoken"}
    cookie = answer.cookies["tablee"]
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")
    assert table.code not in phone.get(answer["Location"]).content.decode()


def test_it_writes_no_row_when_a_link_is_only_followed(table):
    """T17: scanners and previews of links follow the address too."""
    phone = Phone()
    phone.scan(table)
    phone.get("/r/chez-alice/")
    assert not Visit.objects.exists()
    assert not Guest.objects.exists()


def test_it_answers_unknown_renewed_and_disabled_codes_with_one_page(table):
    """P16, T01: nobody learns which of the three it is."""
    old = table.code
    disabled = factories.table(table.restaurant, 13, enabled=False)
    code = new_code()
    Table.objects.filter(pk=table.pk).update(code=code, code_hash=lookup_hash(code))
    answers = [Phone().get(f"/t/{code}/") for code in (old, disabled.code, "never-printed")]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1
    assert len({str(sorted(answer.headers.items())) for answer in answers}) == 1


def test_it_gives_another_cookie_at_each_scan(table):
    """T18: a cookie that was planted before the scan is worth nothing after it."""
    phone = Phone()
    values = set()
    for _ in range(3):
        phone.scan(table)
        values.add(phone.cookies["tablee"].value)
    assert len(values) == 3


def test_it_stays_the_same_guest_when_it_scans_again(table):
    phone = Phone().join(table)
    phone.scan(table)
    answer = phone.get("/r/chez-alice/")
    assert answer["Location"] == phone.visit
    assert phone.get(phone.visit).status_code == 200
    assert Guest.objects.count() == 1


def test_it_asks_for_the_covers_without_a_preset(table):
    """F18: unknown is not a default."""
    phone = Phone()
    phone.scan(table)
    answer = phone.get("/r/chez-alice/")
    assert "Combien de convives" in words(answer)
    assert "checked" not in answer.content.decode()


def test_it_opens_one_visit_and_lets_later_phones_join_it(table):
    """F18: the first answer holds, later phones see it."""
    first, second = Phone().join(table, 3), Phone()
    second.scan(table)
    assert "Rejoindre la tablée de 3" in words(second.get("/r/chez-alice/"))
    answer = second.post("/r/chez-alice/join/")
    assert (answer.status_code, answer["Location"]) == (303, first.visit)
    assert [(v.covers, v.guests.count()) for v in Visit.objects.all()] == [(3, 2)]


@pytest.mark.parametrize("covers", ["0", "500", "-1", "2.5", "deux", "١٢", "1e9", "", "31"])
def test_it_refuses_impossible_covers_in_words(table, covers):
    """F18: 0, 500, “two” are no covers."""
    phone = Phone()
    phone.scan(table)
    answer = phone.post("/r/chez-alice/join/", {"covers": covers})
    assert answer.status_code == 422
    assert "de 1 à" in words(answer)
    assert not Visit.objects.exists()


def test_it_steps_the_covers_without_a_script(table):
    """F06."""
    phone = Phone()
    phone.scan(table)
    answer = phone.post("/r/chez-alice/join/", {"covers": "7", "step": "1"})
    assert answer.status_code == 200
    assert 'name="covers" value="8"' in answer.content.decode()
    assert not Visit.objects.exists()


def test_it_shows_the_carte_to_a_phone_that_refuses_cookies(table):
    """F07: readable, with one clear sentence on how to order."""
    phone = Phone()
    phone.scan(table)
    phone.cookies.clear()
    answer = phone.get("/r/chez-alice/", follow=True)
    assert answer.redirect_chain == [("/r/chez-alice/carte/", 302)]
    assert "Pour commander, scannez le code posé sur votre table" in words(answer)
    assert "Soupe" in words(answer)


def test_it_forgets_a_card_that_was_switched_off(table):
    phone = Phone()
    phone.scan(table)
    Table.objects.update(enabled=False)
    assert phone.get("/r/chez-alice/")["Location"] == "/r/chez-alice/carte/"


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"ordering": False}, "L’équipe prend elle-même les commandes"),
        ({"hours": []}, "Fermé"),
    ],
)
def test_it_hangs_out_a_sign_when_nothing_can_be_ordered(table, change, sentence):
    """F17: and the carte can still be read."""
    for name, value in change.items():
        setattr(table.restaurant, name, value)
    table.restaurant.save(update_fields=list(change))
    phone = Phone()
    phone.scan(table)
    answer = phone.get("/r/chez-alice/")
    assert sentence in words(answer)
    assert 'href="/r/chez-alice/carte/"' in answer.content.decode()
    assert phone.post("/r/chez-alice/join/", {"covers": "2"})["Location"] == "/r/chez-alice/"
    assert not Visit.objects.exists()


def test_it_says_when_a_table_takes_no_orders(table):
    """F17."""
    Table.objects.update(ordering=False)
    phone = Phone()
    phone.scan(table)
    assert "On ne commande pas par téléphone à cette table" in words(phone.get("/r/chez-alice/"))


def test_it_says_when_orders_open_again(table):
    table.restaurant.hours = [{"days": [], "from": "12:00", "to": "14:00"}]
    table.restaurant.save(update_fields=["hours"])
    phone = Phone()
    phone.scan(table)
    assert "Fermé" in words(phone.get("/r/chez-alice/"))


@pytest.mark.parametrize(
    ("accepted", "path", "sentence"),
    [
        ("fr", "", "Combien de convives"),
        ("en-GB,en;q=0.9", "", "How many are you?"),
        ("de", "", "Combien de convives"),
        ("fr", "?lang=en", "How many are you?"),
    ],
)
def test_it_speaks_the_language_of_the_phone(table, accepted, path, sentence):
    phone = Phone(accepted)
    phone.scan(table)
    assert sentence in words(phone.get(f"/r/chez-alice/{path}"))


def test_it_remembers_the_language_that_was_chosen(table):
    phone = Phone("fr")
    phone.scan(table)
    phone.get("/r/chez-alice/?lang=en")
    assert "How many are you?" in words(phone.get("/r/chez-alice/"))


def test_it_tells_what_it_keeps(table):
    """P21: a notice, two cookies, no name."""
    phone = Phone()
    assert "Deux cookies" in words(phone.get("/r/chez-alice/data/"))
    phone.join(table)
    phone.get(phone.visit)
    assert set(phone.cookies) == {"tablee", "csrftoken"}
