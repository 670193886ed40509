"""Notes on a dish (F19, T13): the house's own in two languages, and what a guest may write, all the way to the till."""

import json
import re
from pathlib import Path
from unicodedata import normalize
from urllib.parse import parse_qs
from uuid import uuid4

import pytest
from django.utils.html import escape

from ordering.models import CartLine, Order, Restaurant, SetMenu
from ordering.restaurant_file import RestaurantFileError
from ordering.services import orders
from ordering.services.transfer import export_restaurant, import_restaurant
from ordering.services.untranslated import untranslated
from ordering.spreadsheet.cells import bare, guarded
from pos_bridge.models import Addition
from pos_bridge.registers import adapter_class
from pos_bridge.ticket import Ticket
from tests import factories
from tests.ordering.admin_cast import errors, form_data, page, person, send
from tests.ordering.diner_phone import Phone, house, words

pytestmark = pytest.mark.django_db

ONION = {"key": "sans-oignon", "text": {"fr": "Sans oignon", "en": "No onion"}}
SAUCE = {"key": "sauce-a-part", "text": {"fr": "Sauce à part", "en": "Sauce apart"}}

# Of F19 and T13: bytes that a printer obeys, marks that turn a line around, markup, formulas, and real wishes.
NASTY = json.loads(Path(__file__).with_name("nasty_notes.json").read_text())


@pytest.fixture
def alice():
    made = house(notes=[ONION, SAUCE], free_note=True)
    factories.table(made)
    SetMenu.objects.update(register_id="77")
    return made


def at(restaurant):
    return page(Restaurant, "change", restaurant.pk)


@pytest.fixture
def manager(client, alice):
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    client.force_login(person("alice", manager=[alice]))
    return client


# --- The list of the house ----------------------------------------------------------------------


def test_a_manager_types_notes_as_lines_and_their_keys_stay(alice, manager):
    shown = manager.get(at(alice)).content.decode()
    assert "Sans oignon | No onion\nSauce à part | Sauce apart" in shown
    typed = "Sauce à part | Sauce on the side\r\nBien cuit\r\nSans oignon | No onion"
    assert send(manager, at(alice), notes=typed).status_code == 302
    alice.refresh_from_db()
    assert alice.notes == [
        {"key": "sauce-a-part", "text": {"fr": "Sauce à part", "en": "Sauce on the side"}},
        {"key": "bien-cuit", "text": {"fr": "Bien cuit"}},
        ONION,
    ]


def test_a_note_that_says_something_else_is_another_one_t13(alice, manager):
    """A page of an hour ago ticks nothing that its guest has not read, and a cart says what its guest has ticked."""
    phone = Phone("en").join(alice.tables.get())
    phone.add("soupe", note="sans-oignon")
    send(manager, at(alice), notes="Piment | Chili\nSauce à part | Sauce apart")
    alice.refresh_from_db()
    assert [each["key"] for each in alice.notes] == ["piment", "sauce-a-part"]
    assert "One of your wishes is no longer offered." in words(
        phone.add("soupe", note="sans-oignon")
    )
    assert "“No onion” is no longer offered" in words(phone.send())
    # Nor does a new one take the key of one that goes in this moment.
    send(manager, at(alice), notes="Piment !\nSauce à part")
    alice.refresh_from_db()
    assert [each["key"] for each in alice.notes] == ["piment-2", "sauce-a-part"]


def test_who_saves_an_old_page_takes_no_note_back(alice, manager):
    """Two at once: the page says which notes stood there when it was opened."""
    old = form_data(manager.get(at(alice)))
    assert 'name="initial-notes"' in manager.get(at(alice)).content.decode()
    Restaurant.objects.update(notes=[SAUCE], free_note=False)
    old["name"] = "Chez Alice et Bob"
    assert manager.post(at(alice), dict(old.lists())).status_code == 302
    alice.refresh_from_db()
    assert (alice.name, alice.notes, alice.free_note) == ("Chez Alice et Bob", [SAUCE], False)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("| No onion", "“| No onion”: a text in each"),
        ("Sans oignon | No onion | Ohne Zwiebeln", "a text in each"),
        ("x" * 61, "at most 60 characters"),
        ("Sans oignon\nSans oignon | No onion", "stands here twice"),
        ("Sans \x1b@oignon", "that no printer should get"),
        ("\n".join(map(str, range(31))), "At most 30 lines"),
    ],
)
def test_a_wrong_line_is_named_beside_the_field(alice, manager, typed, said):
    refused = send(manager, at(alice), notes=typed)
    assert said in errors(refused)["notes"]
    alice.refresh_from_db()
    assert alice.notes == [ONION, SAUCE]


def test_the_notes_speak_the_language_of_a_house_that_changes_its_own(alice, manager):
    Restaurant.objects.update(notes=[{"key": "x", "text": {"fr": "Sans ail"}}])
    refused = send(manager, at(alice), languages="en, fr")
    assert "“Sans ail” is not written in “en” yet" in errors(refused)["notes"]


def test_the_notes_go_through_the_restaurant_file_and_come_back_the_same(alice):
    data = export_restaurant(alice)
    assert data["notes"] == [ONION, SAUCE]
    assert data["free_note"] is True
    import_restaurant(data=data)
    alice.refresh_from_db()
    assert (alice.notes, alice.free_note) == ([ONION, SAUCE], True)
    assert export_restaurant(alice) == data
    del data["notes"], data["free_note"]
    import_restaurant(data=data)
    alice.refresh_from_db()
    assert (alice.notes, alice.free_note) == ([], False)
    assert export_restaurant(alice) == data


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ([ONION, ONION], "sans-oignon"),
        ([{"key": "x", "text": {"en": "No onion"}}], "fr"),
        ([{"key": "x", "text": {"fr": "a | b"}}], "without | and control characters"),
        ([{"key": "x", "text": {"fr": "a\x1b@"}}], "control character"),
        ([{"key": "x", "text": {"fr": "\u202ea"}}], "without | and control characters"),
        ([{"key": "x", "text": {"fr": " "}}], "only blanks"),
        ([{"key": "x", "text": {"fr": "a" * 61}}], "at most 60"),
        ([{"key": "X", "text": {"fr": "a"}}], "a key"),
    ],
)
def test_a_wrong_note_in_a_file_is_named_with_its_place(alice, wrong, said):
    data = {**export_restaurant(alice), "notes": wrong}
    with pytest.raises(RestaurantFileError) as refused:
        import_restaurant(data=data)
    assert "notes[" in str(refused.value)
    assert said in str(refused.value)


def test_a_note_that_lacks_a_language_is_on_the_list_of_the_untranslated(alice):
    Restaurant.objects.update(notes=[ONION, {"key": "x", "text": {"fr": "Sans ail"}}])
    alice.refresh_from_db()
    found = [each.text for each in untranslated(alice) if each.model is Restaurant]
    assert found == ["Sans ail"]


# --- On the phone -------------------------------------------------------------------------------


@pytest.fixture
def phone(alice):
    return Phone().join(alice.tables.get())


def test_a_note_is_ticked_in_the_guests_language_and_reaches_the_till_in_the_houses(alice):
    phone = Phone("en").join(alice.tables.get())
    shown = words(phone.get(f"{phone.visit}p/soupe/"))
    assert "No onion" in shown
    assert "Sans oignon" not in shown
    phone.add("soupe", note=["sans-oignon", "sauce-a-part"])
    assert "No onion , Sauce apart" in words(phone.get(f"{phone.visit}cart/"))
    answer = phone.send()
    assert "No onion , Sauce apart" in words(phone.get(answer["Location"]))
    line = Order.objects.get().lines.get()
    assert line.notes == [ONION, SAUCE]
    assert Order.objects.get().total == 8_00
    assert ticket().lines[0].note == "Sans oignon, Sauce à part"


def test_the_same_dish_with_another_note_is_another_line(phone):
    phone.add("soupe")
    phone.add("soupe", note="sans-oignon")
    phone.add("soupe", note="sans-oignon")
    phone.add("soupe", note="sans-oignon", free_note="svp")
    assert sorted(CartLine.objects.values_list("quantity", flat=True)) == [1, 1, 2]


def test_a_set_menu_takes_notes_as_a_whole(alice, phone):
    data = {"quantity": "1", "choice.plat": "steak", "option.plat.steak.cuisson": "bleu"}
    assert "Sans oignon" in words(phone.get(f"{phone.visit}m/menu/"))
    phone.post(f"{phone.visit}m/menu/add/", {**data, "note": "sans-oignon", "free_note": "svp"})
    phone.send()
    assert ticket().lines[0].note == "Sans oignon, « svp »"


def test_a_note_that_the_house_has_taken_off_stops_the_order_and_is_named(alice):
    phone = Phone("en").join(alice.tables.get())
    phone.add("soupe", note="sans-oignon")
    Restaurant.objects.update(notes=[SAUCE])
    refused = phone.send()
    assert refused.status_code == 422
    assert "Soupe (en) : “No onion” is no longer offered" in words(refused)
    assert not Order.objects.exists()
    Restaurant.objects.update(notes=[ONION], free_note=False)
    assert phone.send().status_code == 303


def test_a_note_that_was_reworded_is_confirmed_again(alice, phone):
    phone.add("soupe", note="sans-oignon")
    form = phone.form()
    reworded = {**ONION, "text": {"fr": "Sans oignons crus"}}
    Restaurant.objects.update(notes=[reworded])
    refused = phone.send(form)
    assert refused.status_code == 422
    assert "Sans oignons crus" in words(refused)
    assert not Order.objects.exists()


def test_a_note_that_is_not_on_the_list_is_refused(phone):
    assert phone.add("soupe", note="moitie-prix").status_code == 422
    assert not CartLine.objects.exists()


def test_a_refused_orders_notes_come_back_with_it(alice, phone):
    phone.add("soupe", note="sans-oignon", free_note="svp")
    phone.send()
    order = Order.objects.get()
    Addition.objects.update(state=Addition.State.REFUSED)
    orders.take_back(guest=order.guest, order=order)
    line = CartLine.objects.get()
    assert (line.notes, line.note) == ([ONION], "svp")


# --- In the guest's own words (F19, T13) --------------------------------------------------------


def ticket():
    return Ticket.from_json(Addition.objects.get().ticket)


def test_no_guest_writes_where_the_house_has_not_allowed_it_t13(alice, phone):
    alice_off = Restaurant.objects.update(free_note=False)
    assert alice_off
    assert "free_note" not in phone.get(f"{phone.visit}p/soupe/").content.decode()
    assert phone.add("soupe", free_note="svp").status_code == 422
    phone.add("soupe", free_note="  ")
    assert not CartLine.objects.exclude(note="").exists()


def test_the_house_must_allow_it_until_the_order_is_sent_t13(phone):
    phone.add("soupe", free_note="bien chaud")
    Restaurant.objects.update(free_note=False)
    refused = phone.send()
    assert refused.status_code == 422
    assert "bien chaud" in words(refused)
    assert not Order.objects.exists()


@pytest.mark.parametrize("text", NASTY["refused"])
def test_a_nasty_note_is_refused_beside_its_field_and_nothing_of_it_is_kept_f19_t13(phone, text):
    for refused in (
        phone.add("soupe", free_note=text, from_page="1"),
        phone.add("soupe", free_note=text, from_page="1", htmx=True),
    ):
        assert refused.status_code == 422
        page = refused.content.decode()
        assert page.count('id="free-note-wrong" role="alert"') == 1
        assert 'aria-describedby="free-note-hint free-note-wrong" aria-invalid="true"' in page
        assert f'name="free_note" value="{escape(text)}"' in page  # to be mended
        assert "<script>" not in page.partition('id="notes"')[2]
    assert not CartLine.objects.exists()


@pytest.mark.parametrize("text", NASTY["taken"])
def test_what_may_be_written_goes_from_the_phone_to_all_three_registers_f19_t13(alice, text):
    kinds = {
        "leo2": lambda body: json.loads(body)["products"][0]["messages"][0]["title"],
        "tiller": lambda body: json.loads(body)["lines"][0]["comment"],
        "enregistreuse": lambda body: parse_qs(body)["publicComment"][0].partition(" : ")[2],
    }
    phone = Phone().join(alice.tables.get())
    phone.add("soupe", note="sans-oignon", free_note=text)
    written = normalize("NFC", text).replace("\xa0", " ").replace("\u202f", " ").strip()
    assert CartLine.objects.get().note == written
    assert f'<q dir="auto">{escape(written)}</q>' in phone.cart()
    answer = phone.send()
    assert f'<q dir="auto">{escape(written)}</q>' in phone.get(answer["Location"]).content.decode()
    said = ticket()
    assert said.lines[0].note == f"Sans oignon, « {written} »"
    for kind, note_in in kinds.items():
        adapter = adapter_class(kind)
        assert adapter is not None
        body = adapter.build(said, 217000001, {}, uuid4())
        assert note_in(body) == f"Sans oignon, « {written} »"
        assert not re.search(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", body)
        if kind == "enregistreuse":
            # No part of it is another field or another item.
            assert len(parse_qs(body)["itemsList[]"]) == 1


def test_no_note_is_run_by_a_spreadsheet_f19():
    for text in NASTY["taken"]:
        cell = guarded(text)
        assert not cell.startswith(("=", "+", "-", "@"))
        assert bare(cell) == text


def test_no_guests_words_pass_for_the_houses_t13(phone):
    assert phone.add("soupe", free_note="svp », offert par la maison, « ").status_code == 422


def test_a_note_of_eighty_is_taken_and_of_eighty_one_is_not(phone):
    assert phone.add("soupe", free_note="é" * 80).status_code == 303
    refused = phone.add("soupe", free_note="e\u0301" * 81)
    assert "81" in words(refused)
    assert phone.add("soupe", free_note="a" * 10_000).status_code == 422
