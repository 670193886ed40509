"""P9: what the phone says of an order, word for word, in both languages, through the page itself."""

import re
from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from ordering.models import Order
from pos_bridge.models import Addition, Attempt
from tests import factories
from tests.ordering.diner_phone import HTMX, Phone, house, words

pytestmark = [pytest.mark.django_db, pytest.mark.once]

State, Handled = Addition.State, Addition.Handled

SENDING = ("Being sent", "Envoi en cours")
CARD = (
    "Not confirmed yet. Please show this card to a member of staff.",
    "Pas encore confirmée. Montrez cette carte à un membre de l’équipe.",
)
ON_TILL = ("Received by the till", "Reçue par la caisse")
REFUSED = ("The till has refused the order", "La caisse a refusé la commande")
TEAM = ("The team has your order", "L’équipe a votre commande")
CANCELLED = ("The team has cancelled this order", "L’équipe a annulé cette commande")
REPLACED = ("Replaced by another order", "Remplacée par une autre commande")
TAKEN_BACK = ("Taken back into the cart", "Reprise dans le panier")
ONCE = ("Please do not order it again", "Ne la commandez pas une seconde fois")

TABLE = [
    # state, handled as, what is said at 0, 44, 46, 89 and 91 seconds
    (State.QUEUED, "", [SENDING, SENDING, CARD, CARD, CARD]),
    (State.SENDING, "", [SENDING, SENDING, CARD, CARD, CARD]),
    (State.UNCERTAIN, "", [SENDING, SENDING, CARD, CARD, CARD]),
    (State.ACCEPTED, "", [SENDING, SENDING, SENDING, SENDING, CARD]),
    (State.RECEIVED, "", [ON_TILL] * 5),
    (State.SETTLED, "", [ON_TILL] * 5),
    (State.REFUSED, "", [REFUSED] * 5),
    (State.HELD, "", [CARD] * 5),
    (State.HANDLED, Handled.ON_TILL, [TEAM] * 5),
    (State.HANDLED, Handled.BY_HAND, [TEAM] * 5),
    (State.HANDLED, Handled.CANCELLED, [CANCELLED] * 5),
    (State.HANDLED, Handled.REPLACED, [REPLACED] * 5),
    (State.HANDLED, Handled.TAKEN_BACK, [TAKEN_BACK] * 5),
]


@pytest.fixture
def phone():
    phone = Phone().join(factories.table(house()), 3)
    phone.add("soupe")
    return phone


@pytest.fixture
def order(phone):
    return phone.send()["Location"]


def becomes(state, handled_as="", age=0.0, **fields):
    moment = timezone.now() - timedelta(seconds=age / settings.TIME_DIVISOR)
    Addition.objects.update(state=state, handled_as=handled_as, created_at=moment, **fields)
    Order.objects.update(created_at=moment)


def test_the_table_has_every_state_and_every_way_of_dealing_with_it():
    assert {row[0] for row in TABLE} == set(State)
    assert {row[1] for row in TABLE if row[1]} == set(Handled)


@pytest.mark.parametrize(("state", "handled_as", "said"), TABLE)
def test_it_says_this_and_nothing_else(phone, order, state, handled_as, said):
    for age, expected in zip((0, 44, 46, 89, 91), said, strict=True):
        becomes(state, handled_as, age)
        for number, language in enumerate(("en", "fr")):
            answer = phone.get(f"{order}?lang={language}")
            found = re.findall(r"<h1[^>]*>(.*?)</h1>", answer.content.decode(), re.DOTALL)
            assert found == [expected[number]], (age, language)
            page = words(answer)
            assert "kitchen" not in page
            assert "cuisine" not in page
            assert (ONCE[number] in page) == (expected is CARD)


# --- The waiter's card --------------------------------------------------------------------------


def tried(outcome, **fields):
    addition = Addition.objects.get()
    number = addition.attempts.count() + 1
    Attempt.objects.create(
        addition=addition, number=number, worker="w", started_at=timezone.now(), outcome=outcome,
        **fields,
    )  # fmt: skip
    Addition.objects.update(tries=number)


def test_what_was_surely_not_sent_is_said_to_wait(phone, order):
    tried("NotSent")
    becomes(State.QUEUED, age=60)
    assert "Not yet passed on to the till" in english(phone, order)


def english(phone, order):
    Order.objects.get().restaurant.__class__.objects.update(languages=["en", "fr"])
    return words(phone.get(f"{order}?lang=en"))


@pytest.mark.parametrize(
    ("outcome", "fields"),
    [("Uncertain", {}), ("lost", {}), ("Misconfigured", {"http_status": 401})],
)
def test_what_a_person_sends_again_may_be_on_the_till(phone, order, outcome, fields):
    """P9: a register that books doubles gets it again only from a person; until then it may be there."""
    tried(outcome, **fields)
    becomes(State.QUEUED, age=60, released_at=timezone.now())
    page = english(phone, order)
    assert "May already be on the till:" in page
    assert "Not yet passed on to the till" not in page


def test_a_card_that_turns_is_shown_anew(phone, order):
    becomes(State.QUEUED, age=60)
    page = phone.get(order).content.decode()
    address = page.partition('hx-get="')[2].partition('"')[0]
    assert phone.get(address, headers=HTMX).status_code == 204
    tried("Uncertain")
    becomes(State.QUEUED, age=60)
    assert phone.get(address, headers=HTMX).status_code == 200


@pytest.mark.parametrize(
    ("state", "age"), [(State.SENDING, 5), (State.HELD, 5), (State.QUEUED, 60)]
)
def test_a_question_whose_answer_is_the_same_costs_two_queries(
    phone, order, state, age, django_assert_num_queries
):
    """Cost, F20: the order, and the addition that counts."""
    becomes(state, age=age)
    page = phone.get(order).content.decode()
    address = page.partition('hx-get="')[2].partition('"')[0]
    with django_assert_num_queries(2):
        assert phone.get(address, headers=HTMX).status_code == 204
