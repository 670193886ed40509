"""Notes on a dish (F19, T13): the house's own in two languages, and what a guest may write, all the way to the till."""

import pytest

from ordering.models import Restaurant
from ordering.restaurant_file import RestaurantFileError
from ordering.services.transfer import export_restaurant, import_restaurant
from ordering.services.untranslated import untranslated
from tests import factories
from tests.ordering.admin_cast import errors, page, person, send
from tests.ordering.diner_phone import house

pytestmark = pytest.mark.django_db

ONION = {"key": "sans-oignon", "text": {"fr": "Sans oignon", "en": "No onion"}}
SAUCE = {"key": "sauce-a-part", "text": {"fr": "Sauce à part", "en": "Sauce apart"}}


@pytest.fixture
def alice():
    made = house(notes=[ONION, SAUCE], free_note=True)
    factories.table(made)
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


def test_a_note_that_is_reworded_in_its_place_keeps_its_key(alice, manager):
    send(manager, at(alice), notes="Sans oignons | No onions\nSauce à part | Sauce apart")
    alice.refresh_from_db()
    assert [(each["key"], each["text"]["fr"]) for each in alice.notes] == [
        ("sans-oignon", "Sans oignons"), ("sauce-a-part", "Sauce à part"),
    ]  # fmt: skip


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
