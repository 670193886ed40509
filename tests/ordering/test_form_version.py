"""A page that was opened before a deploy still sends; one that means something else is shown and asked again."""

from datetime import datetime, timedelta
from urllib.parse import parse_qs
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.conf import settings

from ordering import access
from ordering.models import CartLine, Order
from tests import factories
from tests.ordering.diner_phone import HTMX, Phone, house, value_of, words

pytestmark = pytest.mark.django_db

EVENING = datetime(2026, 5, 22, 19, 0, tzinfo=ZoneInfo("Europe/Paris"))
# What a browser sent from the cart page of commit ea3741a, one line in the cart; the values are the visit's own.
FIRST_RELEASE = (
    "csrfmiddlewaretoken={token}&submission_key={submission_key}&seen={seen}&covers_before=3"
    "&quantity.{line}=2&covers=3"
)


class Opened(Phone):
    """With what stood in the fields of the cart page that it had opened."""

    opened: dict[str, str]
    schema = ""


@pytest.fixture
def phone():
    """One whose cart page was opened at 19:00."""
    with time_machine.travel(EVENING, tick=False):
        phone = Opened(enforce_csrf_checks=True)
        table = factories.table(house(silence_minutes=300))
        phone.scan(table)
        welcome = phone.get(f"/r/{table.restaurant.slug}/").content.decode()
        token = value_of("csrfmiddlewaretoken", welcome)
        answer = phone.post(
            f"/r/{table.restaurant.slug}/join/", {"covers": "3", "csrfmiddlewaretoken": token}
        )
        phone.visit = answer["Location"]
        phone.add("soupe", quantity="2", csrfmiddlewaretoken=token)
        page = phone.cart()
        phone.opened = {
            "token": value_of("csrfmiddlewaretoken", page),
            "submission_key": value_of("submission_key", page),
            "seen": value_of("seen", page),
            "line": CartLine.objects.get().code,
        }
        phone.schema = value_of("schema", page)
    return phone


def old_form(phone):
    body = parse_qs(FIRST_RELEASE.format(**phone.opened), strict_parsing=True)
    return {name: value for name, (value,) in body.items()}


@pytest.mark.parametrize("schema", [None, "of this page"])
def test_a_page_of_four_hours_ago_still_sends_f11_p24(phone, schema):
    """F11, P24: of the release before, and of this one."""
    form = old_form(phone) | ({"schema": phone.schema} if schema else {})
    with time_machine.travel(EVENING + timedelta(hours=3, minutes=59), tick=False):
        assert phone.send(form).status_code == 303
        assert phone.send(form).status_code == 303
    assert Order.objects.get().total == 16_00


def test_the_cookies_outlive_such_a_page_f11():
    assert min(settings.CSRF_COOKIE_AGE, access.COOKIE_SECONDS) > 4 * 3600


@pytest.mark.parametrize("options", [{}, {"headers": HTMX}], ids=["page", "htmx"])
def test_a_form_that_is_not_understood_is_shown_again_f11(phone, options):
    """F11: nothing is sent and nothing lost; what is shown is sent by the next tap, under the same key."""
    form = old_form(phone) | {"schema": "9", "covers": "9"}
    with time_machine.travel(EVENING + timedelta(minutes=5), tick=False):
        answer = phone.send(form, **options)
        page = answer.content.decode()
        assert answer.status_code == 422
        assert "rien n’a été envoyé" in words(answer)
        assert not Order.objects.exists()
        line = CartLine.objects.get()
        assert (line.quantity, line.visit.covers) == (2, 3)
        again = {name: value_of(name, page) for name in ("submission_key", "seen", "schema")}
        assert again["submission_key"] == form["submission_key"]
        again["csrfmiddlewaretoken"] = phone.opened["token"]
        assert phone.send(again).status_code == 303
    assert Order.objects.get().total == 16_00


def test_what_such_a_form_has_sent_is_not_asked_again_f11_f02(phone):
    """F02: sent by the newer release, its answer lost, and the release taken back meanwhile."""
    form = old_form(phone)
    with time_machine.travel(EVENING + timedelta(minutes=5), tick=False):
        sent = phone.send(form)["Location"]
        answer = phone.send({**form, "schema": "9"})
    assert (answer.status_code, answer["Location"]) == (303, sent)
    assert Order.objects.count() == 1
