"""Days when a house is closed: nothing is ordered on them, and guests are told a week before."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone, translation

from ordering.admin.closed_days import closed_days_text, parse_closed_days, with_texts
from ordering.models import Order, Restaurant, Visit
from ordering.restaurant_file import RestaurantFileError
from ordering.services import days
from ordering.services.transfer import export_restaurant, import_restaurant
from tests import factories
from tests.ordering.admin_cast import page, person, send
from tests.ordering.diner_phone import Phone, house, words

pytestmark = pytest.mark.django_db

CHRISTMAS = {"from": "2026-12-24", "to": "2026-12-26", "text": {"fr": "Noël", "en": "Christmas"}}
NEW_YEAR = {"from": "2027-01-01"}


@pytest.fixture
def at(monkeypatch):
    """Set the clock to this moment of Paris."""

    def set_to(year, month, day, hour=20, minute=0):
        moment = datetime(year, month, day, hour, minute, tzinfo=ZoneInfo("Europe/Paris"))
        monkeypatch.setattr("django.utils.timezone.now", lambda: moment.astimezone(UTC))

    return set_to


@pytest.fixture
def alice():
    return house(closed_days=[CHRISTMAS, NEW_YEAR])


@pytest.mark.parametrize(
    ("moment", "closed"),
    [
        ((2026, 12, 23), False),
        ((2026, 12, 24, 4, 59), False),  # the evening before has not ended
        ((2026, 12, 24, 5, 0), True),
        ((2026, 12, 26), True),
        ((2026, 12, 27, 4, 59), True),
        ((2026, 12, 27, 5, 0), False),
        ((2027, 1, 1), True),
        ((2027, 1, 2), False),
    ],
)
def test_nothing_is_ordered_on_a_day_that_is_closed(alice, at, moment, closed):
    Restaurant.objects.update(silence_minutes=30_000)  # or the party would have left meanwhile
    table = factories.table(alice)
    at(2026, 12, 23)
    phone = Phone().join(table)
    phone.add("soupe")
    form = phone.form()
    at(*moment)
    # A visit of the day before has ended meanwhile, and a new one is not opened on a closed day; one that is open is
    # told.
    Visit.objects.update(opened_at=timezone.now(), touched_at=timezone.now())
    answer = phone.send(form)
    if closed:
        assert "fermés aujourd’hui" in words(answer)
        assert not Order.objects.exists()
        assert "Fermé" in words(Phone().get(f"/t/{table.code}/", follow=True))
    else:
        assert "fermés aujourd’hui" not in words(answer)


def test_the_sign_says_when_it_opens_again_and_why(alice, at):
    at(2026, 12, 24)
    table = factories.table(alice)
    sign = words(Phone().get(f"/t/{table.code}/", follow=True))
    assert "Fermé du 24 décembre 2026 au 26 décembre 2026 . Noël" in sign
    assert "dimanche à 5 h" in sign
    assert "Closed from Dec. 24, 2026 to Dec. 26, 2026" in words(
        Phone("en").get(f"/t/{table.code}/?lang=en", follow=True)
    )


@pytest.mark.parametrize(("day", "told"), [(16, False), (17, True), (23, True)])
def test_it_is_announced_a_week_ahead_on_the_carte(alice, at, client, day, told):
    at(2026, 12, day)
    for page_of in (
        client.get(f"/r/{alice.slug}/carte/"),
        (phone := Phone().join(factories.table(alice))).get(phone.visit),
    ):
        assert ("Fermé du 24 décembre" in words(page_of)) is told


def test_the_next_opening_goes_over_days_that_are_closed(alice):
    alice.hours = [{"days": ["thu", "sun"], "from": "19:00", "to": "23:00"}]
    before = datetime(2026, 12, 23, 12, tzinfo=ZoneInfo("Europe/Paris"))
    # Thursday is Christmas Eve.
    assert days.next_opening(alice, before) == datetime(
        2026, 12, 27, 19, tzinfo=ZoneInfo("Europe/Paris")
    )
    alice.closed_days = [{"from": f"2026-12-{day}"} for day in range(20, 28)]
    found = days.next_opening(alice, before)
    assert found is not None
    assert found.date() == date(2026, 12, 31)


# --- By hand, and in a file -----------------------------------------------------------------------


def test_lines_are_read_as_they_are_written():
    with translation.override("en"):
        text = closed_days_text([CHRISTMAS, NEW_YEAR])
        assert text == "2026-12-24 – 2026-12-26: Noël\n2027-01-01"
        found = parse_closed_days(text)
    assert with_texts(found, [CHRISTMAS, NEW_YEAR], "fr") == [CHRISTMAS, NEW_YEAR]
    with translation.override("fr"):
        again = parse_closed_days(closed_days_text([CHRISTMAS, NEW_YEAR]))
    assert with_texts(again, [CHRISTMAS, NEW_YEAR], "fr") == [CHRISTMAS, NEW_YEAR]
    assert parse_closed_days("1/1/2027\n24.12.2026 au 26.12.2026 : Fermé : famille\n") == [
        {"from": "2026-12-24", "to": "2026-12-26", "text": "Fermé : famille"},
        {"from": "2027-01-01"},
    ]
    changed = with_texts(parse_closed_days("2026-12-24 – 2026-12-26: Fêtes"), [CHRISTMAS], "fr")
    assert changed[0]["text"] == {"fr": "Fêtes"}


@pytest.mark.parametrize(
    "line", ["Christmas", "2026-13-01", "2026-12-26 – 2026-12-24", "31/02/2027"]
)
def test_a_line_that_is_no_day_is_quoted(line):
    with pytest.raises(ValidationError, match=line[:10]):
        parse_closed_days(f"2027-01-01\n{line}")


def test_a_manager_types_it_and_guests_read_it(alice, client):
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "fr"
    client.force_login(person("alice", manager=[alice]))
    where = page(Restaurant, "change", alice.pk)
    typed = "24/12/2026 – 26/12/2026: Noël\n14/07/2027: Fête nationale"
    assert send(client, where, closed_days=typed).status_code == 302
    alice.refresh_from_db()
    assert alice.closed_days == [
        CHRISTMAS,
        {"from": "2027-07-14", "text": {"fr": "Fête nationale"}},
    ]
    refused = send(client, where, closed_days="demain")
    assert "demain" in refused.content.decode()
    alice.refresh_from_db()
    assert len(alice.closed_days) == 2


def test_a_file_brings_them_and_takes_them_along(alice):
    factories.table(alice)
    data = export_restaurant(alice)
    assert data["closed_days"] == [CHRISTMAS, NEW_YEAR]
    data["closed_days"].append({"from": "2026-11-01"})
    import_restaurant(data=data)
    alice.refresh_from_db()
    assert [each["from"] for each in alice.closed_days] == [
        "2026-11-01",
        "2026-12-24",
        "2027-01-01",
    ]


@pytest.mark.parametrize(
    ("closed", "said"),
    [
        ({"from": "2026-02-30"}, "no day of the calendar"),
        ({"from": "2026-12-24", "to": "2026-12-23"}, "2026-12-23 is before 2026-12-24"),
        ({"from": "tomorrow"}, "write year, month and day"),
        ({"to": "2026-12-24"}, "from"),
    ],
)
def test_a_file_with_a_day_that_is_none_is_refused_with_its_place(alice, closed, said):
    data = {**export_restaurant(alice), "closed_days": [closed]}
    with pytest.raises(RestaurantFileError) as refused:
        import_restaurant(data=data)
    assert said in str(refused.value)
    assert "closed_days" in str(refused.value)
