"""Several phones at one table: each other's lines, mine and all, ready, and what each had."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from ordering.models import CartLine, Guest, Order, OrderLine, Product, Restaurant, Visit
from ordering.services import carte, party
from pos_bridge.models import Addition
from tests import factories
from tests.helpers import at_once
from tests.ordering.diner_phone import HTMX, Phone, house, value_of, words

pytestmark = pytest.mark.django_db

State, Handled = Addition.State, Addition.Handled
FORM = ("submission_key", "seen", "seen_mine", "schema")


@pytest.fixture
def ann():
    return Phone("en").join(factories.table(house()), 3)


@pytest.fixture
def ben(ann):
    return Phone("en").join(Visit.objects.get().table)


def send(phone, whose, page=None, **options):
    page = page or phone.cart()
    form = {name: value_of(name, page) for name in FORM}
    return phone.post(f"{phone.visit}send/", {**form, "whose": whose}, **options)


def live(phone, page):
    """What the page's own poll gets."""
    address = re.search(r'id="live" hx-get="([^"]+)"', page)
    assert address
    return phone.get(address[1].replace("&amp;", "&"), headers=HTMX)


def carts():
    """Whose what is: {product: number of the guest}."""
    return dict(CartLine.objects.values_list("product__key", "guest__number"))


def quantities(order):
    return {line.product_key: (line.quantity, line.guest.number) for line in order.lines.all()}


# --- Who is who ---------------------------------------------------------------------------------


def test_each_line_stands_with_its_guest(ann, ben):
    """A colour, never alone: an initial or a number, and a word."""
    ann.add("soupe")
    ben.add("tarte")
    page = ben.cart()
    assert re.findall(r'data-guest="(\d)" aria-hidden="true">(\w)<', page) == [
        ("1", "1"), ("2", "2"),
    ]  # fmt: skip
    assert "1 First phone Soupe (en) €8.00" in words(ben.get(f"{ben.visit}cart/"))
    data = {"name": " Zoé\n\u202e ", "name_before": ""}
    assert ann.post(f"{ann.visit}cart/line/", data).status_code == 303
    text = words(ben.get(f"{ben.visit}cart/"))
    assert "Z Zoé Soupe (en)" in text
    assert "You Tarte (en)" in text
    assert "You (Zoé)" in words(ann.get(f"{ann.visit}cart/"))


@pytest.mark.pure
@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("  Zoé  B ", "Zoé B"),
        ("e\u0301", "é"),
        ("a\u202eb\u200bc\x00d", "abcd"),
        ("<b>", "<b>"),
        ("\n", ""),
    ],
)
def test_a_name_is_one_line_that_can_be_seen_p21(typed, name):
    assert party.cleaned(typed) == name


def test_a_name_is_escaped_and_short_p21(ann, ben):
    """T15; and nobody has to have one."""
    ann.add("soupe")
    ann.post(f"{ann.visit}cart/line/", {"name": "<script>1", "name_before": ""})
    page = ben.cart()
    assert "&lt;script&gt;1" in page
    assert "<script>1" not in page
    answer = ann.post(f"{ann.visit}cart/line/", {"name": "x" * 21, "name_before": ""})
    assert answer.status_code == 422
    assert "at most 20 letters" in words(answer)
    ann.post(f"{ann.visit}cart/line/", {"name": "", "name_before": "<script>1"})
    assert not Guest.objects.exclude(name="").exists()


def test_an_old_page_undoes_no_name_p21(ann, ben):
    ben.add("soupe")
    Guest.objects.filter(number=1).update(name="Zoé")
    ann.post(f"{ann.visit}cart/line/", {"name": "Old", "name_before": "Old"})
    assert Guest.objects.get(number=1).name == "Zoé"


# --- Live ---------------------------------------------------------------------------------------


def test_it_sees_what_the_others_do_without_loading_again(ann, ben, django_assert_num_queries):
    page = ann.cart()
    with django_assert_num_queries(1):
        assert live(ann, page).status_code == 204
    ben.add("tarte")
    answer = live(ann, page)
    assert "Second phone Tarte (en)" in words(answer)
    again = answer.content.decode()
    assert 'id="live" hx-get=' in again
    assert live(ann, again).status_code == 204


def test_the_carte_sees_the_cart_grow(ann, ben):
    page = ann.get(ann.visit).content.decode()
    assert live(ann, page).status_code == 204
    ben.add("tarte")
    assert "Cart 1 €7.50" in words(live(ann, page))


def test_it_keeps_the_key_of_an_order_that_may_be_on_its_way(ann, ben):
    """F01: what was tapped once, and again after a poll, is one order."""
    ann.add("soupe")
    page = ann.cart()
    key = value_of("submission_key", page)
    ben.add("tarte")
    answer = ann.get(f"{ann.visit}live/", {"version": "0", "submission_key": key}, headers=HTMX)
    assert value_of("submission_key", answer.content.decode()) == key


def test_it_has_a_link_where_no_script_runs(ann):
    assert re.search(rf'<noscript>.*href="{ann.visit}cart/"', ann.cart())
    assert ann.get(f"{ann.visit}live/")["Location"] == f"{ann.visit}cart/"


# --- Mine and all -------------------------------------------------------------------------------


def test_one_guest_has_one_button(ann, ben):
    ann.add("soupe")
    assert 'id="order-mine"' not in ann.cart()
    assert 'id="order-mine"' not in ben.cart()
    ben.add("tarte")
    for phone, total in ((ann, "€8.00"), (ben, "€7.50")):
        text = words(phone.get(f"{phone.visit}cart/"))
        assert "All — pay at the restaurant" in text
        assert f"Mine — pay at the restaurant {total}" in text


def test_it_sends_mine_and_leaves_the_others_p13(ann, ben):
    """What the others change meanwhile is nothing that I confirm."""
    ann.add("soupe")
    ben.add("tarte")
    page = ann.cart()
    ben.add("tarte")
    assert send(ann, "mine", page).status_code == 303
    order = Order.objects.get()
    assert (order.total, quantities(order)) == (8_00, {"soupe": (1, 1)})
    assert carts() == {"tarte": 2}


def test_mine_asks_again_when_mine_has_changed_p13(ann, ben):
    ann.add("soupe")
    ben.add("tarte")
    page = ann.cart()
    Product.objects.filter(key="soupe").update(price=9_00)
    answer = send(ann, "mine", page)
    assert answer.status_code == 422
    assert "Soupe (en) €8.00 → €9.00" in words(answer)
    assert not Order.objects.exists()


def test_the_fingerprint_of_all_does_not_send_mine_p13(ann, ben):
    ann.add("soupe")
    page = ann.cart()
    form = {name: value_of(name, page) for name in FORM}
    form["seen_mine"] = form["seen"]
    assert ann.post(f"{ann.visit}send/", {**form, "whose": "mine"}).status_code == 422


def test_how_it_is_brought_is_kept_for_those_who_send_later_p13(ann, ben):
    """“Only mine” asks the others nothing again; the last of the round takes the wish along."""
    Product.objects.filter(key="soupe").update(course=1)
    Product.objects.filter(key="tarte").update(course=3)
    for phone in (ann, ben):
        phone.add("soupe")
        phone.add("tarte")
    ann.post(f"{ann.visit}cart/line/", {"serving": "courses", "serving_before": ""})
    page = ben.cart()
    assert send(ann, "mine").status_code == 303
    assert Visit.objects.get().serving == "courses"
    assert send(ben, "mine", page).status_code == 303
    assert {order.serving for order in Order.objects.all()} == {"courses"}
    assert Visit.objects.get().serving == ""


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("whose", "orders"), [("mine", 2), ("all", 1)])
def test_two_that_send_in_the_same_second_f09(ann, ben, whose, orders):
    """F09: “mine” from two phones is two orders, “all” from two is one, and both are shown it."""
    ann.add("soupe")
    ben.add("tarte")
    pages = [ann.cart(), ben.cart()]
    answers = at_once(
        lambda: send(ann, whose, pages[0]),
        lambda: send(ben, whose, pages[1]),
    )
    assert [answer.status_code for answer in answers] == [303, 303]
    assert len({answer["Location"] for answer in answers}) == orders
    assert Order.objects.count() == orders
    assert sum(order.total for order in Order.objects.all()) == 15_50
    for phone in (ann, ben):
        assert words(phone.get(f"{phone.visit}cart/")).count("Order no.") == orders


def test_who_sends_all_a_moment_too_late_is_shown_what_was_sent_f10(ann, ben):
    """F10: something is new in the cart, so it is asked again; but the order that went is said."""
    ann.add("soupe")
    ben.add("tarte")
    page = ben.cart()
    send(ann, "all")
    ann.add("soupe")
    answer = send(ben, "all", page)
    assert answer.status_code == 422
    assert f"sent a moment ago: order no. {Order.objects.get().number}" in words(answer)
    assert Order.objects.count() == 1


def test_mine_that_another_has_just_sent_is_shown_f09(ann, ben):
    ann.add("soupe")
    ben.add("tarte")
    page = ben.cart()
    sent = send(ann, "all")["Location"]
    assert send(ben, "mine", page)["Location"] == sent


# --- Ready --------------------------------------------------------------------------------------


def test_the_tap_of_the_last_one_sends_for_everyone(ann, ben):
    """Said in words before; who has chosen nothing keeps nobody waiting."""
    Phone().join(Visit.objects.get().table)
    ann.add("soupe")
    ben.add("tarte")
    before = words(ann.get(f"{ann.visit}cart/"))
    assert "0 of 2 are ready. The tap of the last one sends for everyone." in before
    page = ben.cart()
    assert send(ann, "ready")["Location"] == f"{ann.visit}cart/"
    assert not Order.objects.exists()
    assert "1 of 2 are ready" in words(ann.get(f"{ann.visit}cart/"))
    assert "All the others are ready." in words(ben.get(f"{ben.visit}cart/"))
    answer = send(ben, "ready", page)
    order = Order.objects.get()
    assert answer["Location"] == f"{ben.visit}orders/{order.code}/"
    assert (order.total, CartLine.objects.count()) == (15_50, 0)
    assert not Guest.objects.filter(ready=True).exists()


def test_the_last_one_sends_nothing_that_was_not_shown_p13(ann, ben):
    ann.add("soupe")
    ben.add("tarte")
    page = ben.cart()
    send(ann, "ready")
    Product.objects.filter(key="soupe").update(price=9_00)
    assert send(ben, "ready", page).status_code == 422
    assert not Order.objects.exists()


@pytest.mark.parametrize("how", ["adds", "changes", "removes", "says so"])
def test_who_goes_on_choosing_is_not_ready(ann, ben, how):
    ann.add("soupe")
    ben.add("tarte")
    send(ann, "ready", headers=HTMX)
    line = CartLine.objects.get(product__key="soupe")
    if how == "adds":
        ann.add("tarte")
    elif how == "changes":
        ann.post(f"{ann.visit}cart/line/", {f"quantity.{line.code}": "2"})
    elif how == "removes":
        ann.post(f"{ann.visit}cart/line/", {"remove": line.code})
    else:
        send(ann, "wait")
    assert not Guest.objects.filter(ready=True).exists()


@pytest.mark.django_db(transaction=True)
def test_two_that_are_ready_in_the_same_second_make_one_order(ann, ben):
    ann.add("soupe")
    ben.add("tarte")
    pages = [ann.cart(), ben.cart()]
    answers = at_once(lambda: send(ann, "ready", pages[0]), lambda: send(ben, "ready", pages[1]))
    assert [answer.status_code for answer in answers] == [303, 303]
    assert Order.objects.get().total == 15_50


# --- What was ordered ---------------------------------------------------------------------------


def becomes(order, state, handled_as=""):
    Addition.objects.filter(order=order).update(state=state, handled_as=handled_as)


def test_it_shows_all_rounds_and_what_each_guest_had(ann, ben, django_assert_max_num_queries):
    ann.add("soupe", quantity="2")
    ben.add("tarte")
    send(ann, "all")
    first = Order.objects.get()
    becomes(first, State.RECEIVED)
    ben.add("soupe")
    send(ben, "mine")
    Guest.objects.filter(number=2).update(name="Ben")
    with django_assert_max_num_queries(5):
        answer = ann.get(f"{ann.visit}orders/")
    text = words(answer)
    assert f"Order no. {first.number}, " in text
    assert "Received by the till" in text
    assert "Being sent" in text
    assert "1 You €16.00 B Ben €15.50" in text
    assert "Total, tax included €31.50" in text
    assert "The bill that counts is the till’s." in text


@pytest.mark.parametrize(
    ("state", "handled_as", "total"),
    [
        (State.SENDING, "", 16_00),
        (State.HELD, "", 16_00),
        (State.SETTLED, "", 16_00),
        (State.HANDLED, Handled.ON_TILL, 16_00),
        (State.HANDLED, Handled.BY_HAND, 16_00),
        (State.REFUSED, "", 8_00),
        (State.HANDLED, Handled.CANCELLED, 8_00),
        (State.HANDLED, Handled.TAKEN_BACK, 8_00),
    ],
)
def test_the_total_is_what_is_or_will_be_on_the_till(ann, state, handled_as, total):
    for _ in range(2):
        ann.add("soupe")
        Order.objects.update(created_at=timezone.now() - timedelta(minutes=1))
        send(ann, "all")
    first, second = Order.objects.order_by("pk")
    becomes(first, State.RECEIVED)
    becomes(second, state, handled_as)
    found = party.ordered(Visit.objects.get())
    assert (found.total, found.uncertain) == (total, 8_00 if state == State.HELD else 0)
    assert [amount for _, amount in found.shares] == [total]


def test_the_same_again_at_todays_price(ann, ben):
    """One line, or a round; a deposit is added again by itself, and what was chosen is chosen again."""
    Restaurant.objects.update(free_note=True)
    ann.add("steak", free_note="pas trop", **{"option.cuisson": "bleu", "option.sauce": "poivre"})
    ann.add("biere", quantity="2")
    send(ann, "all")
    Product.objects.filter(key="biere").update(price=6_00)
    code = Order.objects.get().code
    answer = ben.post(f"{ben.visit}again/", {"again": f"{code}.1"})
    assert (answer.status_code, answer["Location"]) == (303, f"{ben.visit}cart/")
    line = CartLine.objects.get()
    assert (line.quantity, line.shown_price) == (2, 7_00)
    assert carts() == {"biere": 2}
    ann.post(f"{ann.visit}again/", {"again": code})
    steak = CartLine.objects.get(product__key="steak")
    assert steak.chosen == [["cuisson", "bleu"], ["sauce", "poivre"]]
    assert steak.note == "pas trop"


def test_what_has_left_the_carte_is_said_by_name(ann):
    ann.add("soupe")
    ann.add("tarte")
    send(ann, "all")
    Product.objects.filter(key="soupe").update(sold_out=True)
    carte.changed(restaurant_id=Visit.objects.get().table.restaurant_id)
    answer = ann.post(f"{ann.visit}again/", {"again": Order.objects.get().code})
    page = words(ann.get(answer["Location"]))
    assert "were left out: Soupe" in page
    assert carts() == {"tarte": 1}


@pytest.mark.parametrize("what", ["", "\0", ".0", "A" * 22 + ".x"])
def test_again_has_an_answer_for_what_is_no_order_f14(ann, what):
    answer = ann.post(f"{ann.visit}again/", {"again": what})
    assert answer["Location"] == f"{ann.visit}orders/"


def test_it_orders_nothing_of_another_table_again_t20(ann):
    ann.add("soupe")
    send(ann, "all")
    other = Phone().join(factories.table(Visit.objects.get().table.restaurant, 13))
    code = Order.objects.get().code
    assert other.post(f"{other.visit}again/", {"again": code}).status_code == 404
    assert other.get(f"{other.visit}cart/", {"of": code, "missing": "0"}).status_code == 404
    assert other.get(f"{ann.visit}orders/").status_code == 403


def test_what_a_refused_order_held_goes_back_to_who_chose_it(ann, ben):
    ann.add("soupe")
    ben.add("tarte")
    send(ann, "all")
    order = Order.objects.get()
    becomes(order, State.REFUSED)
    ann.post(f"{ann.visit}orders/{order.code}/take-back/")
    assert carts() == {"soupe": 1, "tarte": 2}


def test_an_order_of_before_has_the_guest_who_sent_it(ann, ben):
    """Lines of the releases before know no guest."""
    ann.add("soupe")
    send(ann, "all")
    OrderLine.objects.update(guest=None)
    assert "1 First phone: 1 Soupe" in words(ben.get(f"{ben.visit}orders/"))


def test_who_has_ordered_everything_is_not_told_whose_each_line_is(ann, ben):
    ann.add("soupe")
    send(ann, "all")
    assert "You:" not in words(ann.get(f"{ann.visit}orders/"))
    ben.add("tarte")
    send(ben, "all")
    assert "1 You: 1 Soupe" in words(ann.get(f"{ann.visit}orders/"))


# --- One page, and more than one order ----------------------------------------------------------


def polled(phone, page):
    """What the page is after its poll, which takes the form's key along."""
    data = {"version": "0", "submission_key": value_of("submission_key", page)}
    return phone.get(f"{phone.visit}live/", data, headers=HTMX).content.decode()


def a_while_ago():
    Order.objects.update(created_at=timezone.now() - timedelta(minutes=1))


@pytest.mark.parametrize("first", ["all", "mine"])
def test_a_page_whose_order_was_sent_sends_the_next_one_f02(ann, ben, first):
    """The answer was lost, or the page was gone back to. Its key is an order already, and must not swallow another."""
    ann.add("soupe")
    ben.add("tarte")
    page = ann.cart()
    send(ann, first, page)
    if first == "all":
        ben.add("tarte")
    a_while_ago()
    send(ann, "all", polled(ann, page))
    assert Order.objects.count() == 2
    sent = sorted(OrderLine.objects.values_list("product_key", flat=True))
    assert sent == (["soupe", "tarte", "tarte"] if first == "all" else ["soupe", "tarte"])
    assert not CartLine.objects.exists()


def test_it_says_that_all_are_ready_and_nobody_has_sent(ann, ben):
    """The last one who chose has sent only their own: nobody's tap is to come."""
    carl = Phone("en").join(Visit.objects.get().table)
    for phone in (ann, ben, carl):
        phone.add("soupe")
    send(ann, "ready")
    send(ben, "ready")
    assert "2 of 3 are ready. The tap of the last one" in words(ann.get(f"{ann.visit}cart/"))
    send(carl, "mine")
    text = words(ann.get(f"{ann.visit}cart/"))
    assert "All are ready, and nothing has been sent yet: one of you sends for everyone." in text
    assert "The tap of the last one" not in text
