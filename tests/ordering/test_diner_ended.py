"""A meal that is over, on the phones that were at it, and the phone of the next party."""

from datetime import timedelta

import pytest
from django.utils import timezone

from ordering.models import CartLine, Guest, Order, Restaurant, Visit
from ordering.services import seating, visits
from pos_bridge.models import Addition
from tests import factories
from tests.ordering.diner_phone import HTMX, Phone, house, value_of, words

pytestmark = [pytest.mark.django_db, pytest.mark.once]

CLOSED = "This meal has been closed"


@pytest.fixture
def phone():
    """One that has ordered a soup, and has a tart in the cart."""
    phone = Phone("en").join(factories.table(house()), 3)
    phone.add("soupe")
    phone.order = phone.send()["Location"]
    Addition.objects.update(state="received")
    phone.add("tarte")
    return phone


def quiet(minutes):
    """The clock goes on."""
    moment = timezone.now() - timedelta(minutes=minutes)
    Visit.objects.update(touched_at=moment, opened_at=moment)


def settled():
    Addition.objects.update(state="settled")
    visits.end(visit=Visit.objects.get())


ENDS = {"settled": settled, "silent": lambda: quiet(90)}


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("path", ["", "cart/", "p/soupe/", "m/menu/", "orders/"])
def test_its_pages_can_only_be_read_p17_f12(phone, end, path):
    """Back, reload, a tab of yesterday: what was ordered is still there, and nothing to press."""
    ENDS[end]()
    answer = phone.get(phone.visit + path)
    page = answer.content.decode()
    assert answer.status_code == 410
    assert CLOSED in words(answer)
    assert "Please scan the code on your table again" in words(answer)
    assert f'href="{phone.order}"' in page
    assert 'href="/r/chez-alice/carte/?lang=en"' in page
    assert "Soupe (en)" in page
    assert "<form" not in page
    assert "<button" not in page


@pytest.mark.parametrize("end", ENDS)
def test_it_sends_nothing_p17_t03(phone, end):
    forms = {
        "send/": phone.form(),
        "add/": {"product": "soupe"},
        "covers/": {"covers": "9"},
        "cart/line/": {"remove": CartLine.objects.get().code},
        "again/": {"again": Order.objects.get().code},
    }
    ENDS[end]()
    for path, form in forms.items():
        answer = phone.post(phone.visit + path, form)
        assert answer.status_code == 410
        assert "Nothing was sent" in words(answer)
    assert Order.objects.count() == 1
    assert CartLine.objects.get().quantity == 1


@pytest.mark.parametrize("path", ["cart/", "live/?version=1", "live/?version=1&carte=1"])
def test_an_open_page_turns_without_being_loaded_again_p17(phone, path):
    """htmx: the whole page, whatever part was asked for."""
    quiet(90)
    answer = phone.get(phone.visit + path, headers=HTMX)
    assert (answer.status_code, answer["HX-Retarget"], answer["HX-Reswap"]) == (
        200, "body", "innerHTML",
    )  # fmt: skip
    assert CLOSED in words(answer)
    assert "<html" not in answer.content.decode()


def test_the_order_has_its_own_address_for_ever_p17(phone, django_assert_num_queries):
    """It says that the meal is over, also to a page that asks again and again."""
    Addition.objects.update(state="held")
    page = phone.get(phone.order).content.decode()
    address = page.partition('hx-get="')[2].partition('"')[0]
    with django_assert_num_queries(2):
        assert phone.get(address, headers=HTMX).status_code == 204
    visits.end(visit=Visit.objects.get())
    answer = phone.get(address, headers=HTMX)
    assert answer.status_code == 200
    Addition.objects.update(state="settled")
    answer = phone.get(phone.order)
    assert "Received by the till" in words(answer)
    assert CLOSED in words(answer)
    assert f'href="{phone.visit}"' not in answer.content.decode()


def test_a_scan_starts_fresh_and_shows_nothing_of_before_p17(phone):
    """Neither to the next party nor to this one's own phone."""
    settled()
    table = Visit.objects.get().table
    for who in (phone, Phone("en")):
        who.scan(table)
        page = words(who.get("/r/chez-alice/"))
        assert "How many are you?" in page
    old = phone.visit
    phone.join(table, 2)
    assert phone.visit != old
    assert "Soupe" not in phone.cart()
    assert phone.get(old).status_code == 403


def test_a_phone_that_changes_tables_starts_there_t20(phone):
    """Its old table's pages are no longer its own."""
    old = phone.visit
    phone.join(factories.table(Restaurant.objects.get(), 13), 2)
    assert phone.get(phone.visit).status_code == 200
    assert phone.get(old).status_code == 403
    assert Guest.objects.count() == 2


def test_who_only_tries_a_card_seats_nobody_t02():
    """A waiter, or a photo of the card: nothing is written before the covers are answered."""
    table = factories.table(house())
    waiter = Phone("en")
    waiter.scan(table)
    assert "How many are you?" in words(waiter.get("/r/chez-alice/"))
    assert not Visit.objects.exists()


# --- The next party -----------------------------------------------------------------------------


@pytest.fixture
def next_one(phone):
    """A phone that has scanned the table's card when its party has been quiet for 20 minutes."""
    Guest.objects.update(name="Zoé")
    quiet(20)
    other = Phone("en")
    other.scan(Visit.objects.get().table)
    return other


def join(phone, party="", seated="", **data):
    return phone.post("/r/chez-alice/join/", {"party": party, "seated": seated, **data})


def seated(phone):
    return value_of("seated", phone.get("/r/chez-alice/").content.decode())


def test_it_is_asked_and_shown_nothing_before_p17(next_one):
    """No covers, no cart, no name, no address."""
    at = timezone.localtime(Visit.objects.get().opened_at)
    answer = next_one.get("/r/chez-alice/")
    text, page = words(answer), answer.content.decode()
    assert f"Are you with the party seated at {at:%H:%M}?" in text
    for secret in ("party of", "Zoé", "Soupe", "Tarte", Visit.objects.get().code):
        assert secret not in page
    # A form of before the question, or one that is made up, is asked too.
    for form in ({"covers": "2"}, {"party": "no", "seated": "x", "covers": "2"}, {"party": "yes"}):
        assert "Are you with the party" in words(join(next_one, **form))
    assert (Visit.objects.count(), Guest.objects.count()) == (1, 1)


def test_yes_joins_the_party_p17(next_one, phone):
    answer = join(next_one, "yes", seated(next_one))
    assert (answer.status_code, answer["Location"]) == (303, phone.visit)


def test_no_asks_for_the_covers_and_opens_a_new_visit_p17(next_one, phone):
    page = next_one.get("/r/chez-alice/").content.decode()
    (no,) = [link for link in page.split('href="') if link.startswith("/r/chez-alice/?seated=")]
    answer = next_one.get(no.partition('"')[0])
    assert "How many are you?" in words(answer)
    asked = answer.content.decode()
    assert value_of("party", asked) == "no"
    answer = join(next_one, "no", value_of("seated", asked), covers="4")
    assert answer.status_code == 303
    assert answer["Location"] != phone.visit
    assert phone.get(phone.visit).status_code == 410
    old = Visit.objects.earliest("pk")
    assert list(seating.left_behind(Restaurant.objects.get())) == [old]
    new = Visit.objects.latest("pk")
    assert (new.covers, new.cart_lines.count()) == (4, 0)


def test_no_with_wrong_covers_goes_on_asking_p17_f18(next_one):
    """And by − and +, where no script runs."""
    moment = seated(next_one)
    for data in ({"covers": "0"}, {"covers": "31"}, {}, {"covers": "7", "step": "1"}):
        page = join(next_one, "no", moment, **data).content.decode()
        assert value_of("party", page) == "no"
        assert value_of("seated", page) == moment
    assert Visit.objects.count() == 1


def test_a_party_that_is_at_it_again_is_not_sent_away_p17(next_one, phone):
    moment = seated(next_one)
    phone.add("soupe")
    answer = join(next_one, "no", moment, covers="2")
    assert answer.status_code == 422
    assert "Somebody is ordering at this table" in words(answer)
    assert phone.get(phone.visit).status_code == 200


def test_at_a_shared_table_each_phone_is_asked_for_its_covers():
    table = factories.table(house(), shared=True)
    phones = [Phone("en").join(table, covers) for covers in (1, 2)]
    assert phones[0].visit != phones[1].visit
    third = Phone("en")
    third.scan(table)
    page = words(third.get("/r/chez-alice/"))
    assert "How many are you?" in page
    assert "your phone orders for you alone" in page
    phones[0].scan(table)  # who scans again stays where they are
    assert phones[0].get("/r/chez-alice/")["Location"] == phones[0].visit
