"""How a party is served: everything together or in courses, said on the phone, told to the till in the house's words;
and options that are chosen one by one.
"""

import json
from urllib.parse import parse_qs
from uuid import uuid4

import pytest
from django.urls import reverse

from ordering.models import CartLine, Order, Product, SetMenu, Visit
from ordering.services import orders, pricing, tickets
from pos_bridge.models import Addition
from pos_bridge.registers import adapter_class
from pos_bridge.ticket import Ticket
from tests import factories
from tests.ordering.admin_cast import installer
from tests.ordering.diner_phone import HTMX, Phone, house, words

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice():
    made = house(languages=["en", "fr"])
    factories.table(made)
    for key, course in (("soupe", 1), ("steak", 2), ("tarte", 3)):
        Product.objects.filter(key=key).update(course=course)
    SetMenu.objects.update(register_id="77")
    return made


@pytest.fixture
def phone(alice):
    return Phone("en").join(alice.tables.get())


def ask(phone, wish, before="", **options):
    data = {"serving": wish, "serving_before": before}
    return phone.post(f"{phone.visit}cart/line/", data, **options)


def ticket():
    return Ticket.from_json(Addition.objects.get().ticket)


def built(kind, said):
    adapter = adapter_class(kind)
    assert adapter is not None
    return adapter.build(said, 217000001, {}, uuid4())


def test_it_is_asked_where_there_is_more_than_one_course(phone):
    phone.add("soupe")
    phone.add("biere")  # in no course
    assert "How shall we bring it?" not in phone.cart()
    phone.add("tarte")
    shown = phone.cart()
    assert "How shall we bring it?" in shown
    assert "In courses: starters first" in shown
    assert 'name="serving" value="" checked' in shown


def test_the_choices_of_a_set_menu_are_of_their_courses(phone):
    phone.add("tarte")
    data = {"quantity": "1", "choice.plat": "steak", "option.plat.steak.cuisson": "bleu"}
    phone.post(f"{phone.visit}m/menu/add/", data)
    shown = phone.cart()
    assert "In courses<" in shown  # there is no starter
    assert "starters first" not in shown


def test_the_wish_is_kept_on_the_order_and_frozen_in_its_ticket_in_the_houses_words(alice):
    phone = Phone("fr").join(alice.tables.get())
    phone.add("soupe")
    phone.add("tarte")
    assert ask(phone, "together").status_code == 303
    total = pricing.priced(Visit.objects.get()).total
    answer = phone.send()
    order = Order.objects.get()
    assert (order.serving, order.total) == ("together", total)
    said = ticket()
    assert (said.serving, said.serving_words) == ("together", "Everything together")
    assert '<p class="soft">' in phone.get(answer["Location"]).content.decode()
    # The next round is asked again.
    assert Visit.objects.get().serving == ""


def test_an_order_that_is_sent_anew_says_notes_and_wish_again(alice, phone):
    alice.notes = [{"key": "x", "text": {"en": "No onion", "fr": "Sans oignon"}}]
    alice.free_note = True
    alice.save()
    phone.add("soupe", note="x", free_note="well done")
    phone.add("tarte")
    ask(phone, "courses")
    phone.send()
    again = tickets.of_order(Order.objects.get())
    assert again == ticket()
    assert again.lines[0].note == "No onion, « well done »"
    assert again.serving_words == "In courses: starters first"


def test_the_order_page_says_the_wish(phone):
    phone.add("soupe")
    phone.add("tarte")
    ask(phone, "courses")
    answer = phone.send()
    assert "In courses: starters first" in words(phone.get(answer["Location"]))


def test_where_it_must_be_typed_in_by_hand_notes_and_wish_stand_there(alice, phone, client):
    alice.notes = [{"key": "x", "text": {"en": "No onion", "fr": "Sans oignon"}}]
    alice.free_note = True
    alice.save()
    phone.add("soupe", note="x", free_note="well done")
    phone.add("tarte")
    ask(phone, "together")
    phone.send()
    Addition.objects.update(state=Addition.State.REFUSED)
    client.force_login(installer())
    addition = Addition.objects.get()
    shown = words(client.get(reverse("admin:pos_bridge_addition_decide", args=[addition.pk])))
    assert "No onion" in shown
    assert "« well done »" in shown
    assert "Everything together" in shown
    order = reverse("admin:ordering_order_change", args=[addition.order_id])
    shown = words(client.get(order))
    assert "No onion, « well done »" in shown


def test_a_wish_of_another_phone_is_seen_before_it_is_sent_p13(alice, phone):
    phone.add("soupe")
    phone.add("tarte")
    form = phone.form()
    other = Phone("en").join(alice.tables.get())
    ask(other, "together")
    refused = phone.send({**form, "serving": "", "serving_before": ""})
    assert refused.status_code == 422
    assert 'value="together" checked' in refused.content.decode()
    assert not Order.objects.exists()


def test_what_is_said_with_the_order_itself_is_confirmed_once_more(phone):
    phone.add("soupe")
    phone.add("tarte")
    refused = phone.send({**phone.form(), "serving": "courses", "serving_before": ""})
    assert refused.status_code == 422
    assert phone.send().status_code == 303
    assert Order.objects.get().serving == "courses"


def test_a_wish_that_no_longer_makes_a_difference_is_not_sent(phone):
    phone.add("soupe")
    phone.add("tarte")
    ask(phone, "together")
    CartLine.objects.filter(product__key="tarte").delete()
    phone.send()
    assert Order.objects.get().serving == ""
    assert Visit.objects.get().serving == ""


def test_a_refused_order_brings_its_wish_back(phone):
    phone.add("soupe")
    phone.add("tarte")
    ask(phone, "together")
    phone.send()
    Addition.objects.update(state=Addition.State.REFUSED)
    order = Order.objects.get()
    orders.take_back(guest=order.guest, order=order)
    assert Visit.objects.get().serving == "together"


def test_no_other_wish_is_taken(phone):
    assert ask(phone, "now!").status_code == 422
    assert Visit.objects.get().serving == ""


def test_changing_the_wish_stays_within_the_carts_budget(
    phone, django_assert_max_num_queries, client
):
    phone.add("soupe")
    phone.add("tarte")
    with django_assert_max_num_queries(12):
        answer = ask(phone, "together", headers=HTMX)
    assert 'id="serving" hx-swap-oob="true"' in answer.content.decode()


# --- To each register ---------------------------------------------------------------------------


def ordered(phone, wish):
    phone.add("soupe")
    phone.add("biere")
    phone.add("tarte")
    ask(phone, wish)
    phone.send()
    return ticket()


def test_leo2_reads_it_on_each_line_that_has_a_course(phone):
    products = json.loads(built("leo2", ordered(phone, "courses")))["products"]
    said = [[each["title"] for each in line.get("messages", [])] for line in products]
    words = "In courses: starters first"
    assert said == [[words], ["BOUTEILLE"], [words]]


def test_tiller_gets_one_sending_for_what_comes_together(phone):
    lines = json.loads(built("tiller", ordered(phone, "together")))["lines"]
    assert [line.get("sending") for line in lines] == [0, None, 0]


def test_tiller_gets_the_course_of_each_line_otherwise(phone):
    lines = json.loads(built("tiller", ordered(phone, "courses")))["lines"]
    assert [line.get("sending") for line in lines] == [0, None, 2]


def test_enregistreuse_reads_it_in_the_comment(phone):
    body = parse_qs(built("enregistreuse", ordered(phone, "together")))
    assert body["publicComment"][0].endswith(". Everything together")


# --- One by one ---------------------------------------------------------------------------------


def one(phone, cooking, quantity, **data):
    return phone.add(
        "steak", quantity=quantity, each="1", **{"option.cuisson": cooking}, from_page="1", **data
    )


def test_three_steaks_are_cooked_in_three_ways_one_after_the_other(phone):
    answer = one(phone, "bleu", "3")
    assert answer["Location"].endswith("/p/steak/?left=2")
    shown = phone.get(answer["Location"])
    assert "It is in the cart. 2 more to choose." in words(shown)
    assert 'name="quantity" value="2"' in shown.content.decode()
    answer = one(phone, "saignant", "2")
    assert answer["Location"].endswith("/p/steak/?left=1")
    assert "Now choose the next one." in words(phone.get(answer["Location"]))
    last = {"option.cuisson": "bleu", "option.sauce": "poivre"}
    answer = phone.add("steak", quantity="1", from_page="1", **last)
    assert "/p/steak/" not in answer["Location"]
    lines = CartLine.objects.values_list("quantity", "chosen")
    assert sorted(lines) == [
        (1, [["cuisson", "bleu"]]),
        (1, [["cuisson", "bleu"], ["sauce", "poivre"]]),
        (1, [["cuisson", "saignant"]]),
    ]


def test_what_is_missing_is_asked_for_before_the_next_one(phone):
    refused = one(phone, "", "3")
    assert refused.status_code == 422
    assert 'name="quantity" value="3"' in refused.content.decode()
    assert not CartLine.objects.exists()


def test_htmx_leads_to_the_next_one_too(phone):
    answer = one(phone, "bleu", "2", htmx=True)
    assert answer["HX-Redirect"].endswith("/p/steak/?left=1")


def test_two_set_menus_are_composed_one_after_the_other(phone):
    data = {"quantity": "2", "choice.plat": "steak", "option.plat.steak.cuisson": "bleu"}
    answer = phone.post(f"{phone.visit}m/menu/add/", {**data, "each": "1"})
    assert answer["Location"].endswith("/m/menu/?left=1")
    assert "Now choose the next one." in words(phone.get(answer["Location"]))
    assert CartLine.objects.get().quantity == 1


def test_a_dish_without_choices_is_not_asked_for_one_by_one(phone):
    assert 'id="each"' not in phone.get(f"{phone.visit}p/soupe/").content.decode()
    assert 'id="each"' in phone.get(f"{phone.visit}p/steak/").content.decode()


@pytest.mark.parametrize("left", ["-1", "x", "1e3", "٣", "99999"])
def test_whatever_stands_in_the_address_harms_nothing(phone, left):
    shown = phone.get(f"{phone.visit}p/steak/?left={left}")
    assert 'name="quantity" value="1"' in shown.content.decode()
