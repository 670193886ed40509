"""Every change of an allergen declaration is kept: what, from what, to what, who, when and how (T34)."""

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from ordering import restaurant_file
from ordering.models import AllergenChange, Option, OptionGroup, Product
from ordering.services import declarations, prices
from ordering.services.transfer import AcceptanceNeeded, export_restaurant, import_restaurant
from tests import factories
from tests.ordering.admin_cast import errors, form_data, page, person, send
from tests.ordering.staff_cast import text

pytestmark = pytest.mark.django_db

MOMENT = "2026-11-20 19:30:00+00:00"


@pytest.fixture
def house():
    made = factories.restaurant()
    soup = factories.product(made, "soupe", allergens=["milk"])
    factories.option_group(soup, "pain", {"blanc": 0, "noir": 0})
    factories.table(made)
    return made


@pytest.fixture
def alice(house, client):
    user = person("alice", manager=[house])
    client.force_login(user)
    return user


def kept():
    """(key, before, after, how, who), the oldest first."""
    return [
        (each.key, each.before, each.after, each.how, each.user_name)
        for each in AllergenChange.objects.order_by("pk")
    ]


def test_it_keeps_who_changed_what_of_a_product_and_when(house, alice, client):
    """T34"""
    soup = Product.objects.get()
    with time_machine.travel(MOMENT, tick=False):
        send(
            client, page(Product, "change", soup.pk),
            allergens_state="contains", allergens_contains=["celery"],
        )  # fmt: skip
    assert kept() == [("soupe", ["milk"], ["celery"], "admin", "alice")]
    change = AllergenChange.objects.get()
    assert (change.product, change.option, change.name) == (soup, None, "Soupe")
    assert change.at.isoformat(" ") == MOMENT
    assert change.user == alice


@pytest.mark.parametrize(
    ("state", "after"), [("undeclared", None), ("none", [])], ids=["undeclared", "none"]
)
def test_it_tells_not_declared_from_none(house, alice, client, state, after):
    """P22, T34: on every database NULL and the empty list stay two things."""
    soup = Product.objects.get()
    send(client, page(Product, "change", soup.pk), allergens_state=state, allergens_contains=[])
    assert kept() == [("soupe", ["milk"], after, "admin", "alice")]


def test_it_keeps_nothing_where_nothing_was_declared_otherwise(house, alice, client):
    soup = Product.objects.get()
    send(client, page(Product, "change", soup.pk), price="9,00")
    send(client, page(Product, "change", soup.pk))
    assert kept() == []


def test_a_page_that_was_open_takes_back_no_declaration_p22(house, alice, client):
    """The kitchen declares nuts while somebody mends the name on a page that was opened before."""
    soup, group = Product.objects.get(), OptionGroup.objects.get()
    bread = group.options.get(key="blanc")
    pages = [page(Product, "change", soup.pk), page(OptionGroup, "change", group.pk)]
    opened = [form_data(client.get(address)) for address in pages]
    seen = 'name="initial-allergens" value="[&quot;milk&quot;]"'
    assert seen in client.get(pages[0]).content.decode()
    Product.objects.update(allergens=["milk", "nuts"], price=9_00)
    Option.objects.update(allergens=["gluten"])
    for address, data in zip(pages, opened, strict=True):
        data["name_en"] = data["options-0-name_en"] = "Another"
        assert client.post(address, data).status_code == 302
    for thing, declared in ((soup, ["milk", "nuts"]), (bread, ["gluten"])):
        thing.refresh_from_db()
        assert thing.name["en"] == "Another"
        assert thing.allergens == declared
    assert soup.price == 9_00
    assert kept() == []


def test_two_who_declare_at_once_are_told_p22(house, alice, client):
    """Whoever comes second has not seen the nuts, and would take them back."""
    soup, group = Product.objects.get(), OptionGroup.objects.get()
    pages = [page(Product, "change", soup.pk), page(OptionGroup, "change", group.pk)]
    opened = [form_data(client.get(address)) for address in pages]
    Product.objects.update(allergens=["milk", "nuts"])
    Option.objects.update(allergens=["nuts"])
    for address, data, name in zip(pages, opened, ("", "options-0-"), strict=True):
        data[f"{name}allergens_state"] = "contains"
        data.setlist(f"{name}allergens_contains", ["celery"])
        said = errors(client.post(address, data))[f"{name}allergens"]
        assert "n’est plus ce que vous avez vu" in said
    assert Product.objects.get().allergens == ["milk", "nuts"]
    assert list(Option.objects.values_list("allergens", flat=True)) == [["nuts"], ["nuts"]]
    assert kept() == []


def test_it_keeps_what_was_declared_of_options_in_their_group_and_alone(house, alice, client):
    """T34"""
    group = OptionGroup.objects.get()
    send(
        client, page(OptionGroup, "change", group.pk),
        options__0__allergens_state="none", options__0__allergens_contains=[],
    )  # fmt: skip
    white = Option.objects.get(key="blanc")
    send(
        client, page(Option, "change", white.pk),
        allergens_state="contains", allergens_contains=["gluten"],
    )  # fmt: skip
    assert kept() == [
        ("pain/blanc", None, [], "admin", "alice"),
        ("pain/blanc", [], ["gluten"], "admin", "alice"),
    ]
    assert set(AllergenChange.objects.values_list("option", flat=True)) == {white.pk}
    send(client, page(OptionGroup, "change", group.pk), options__0__DELETE="on")
    last = AllergenChange.objects.first()
    assert last is not None
    assert (last.key, last.before, last.after, last.deleted) == (
        "pain/blanc",
        ["gluten"],
        None,
        True,
    )


def test_it_keeps_what_was_declared_of_what_is_new_and_of_what_is_gone(house, alice, client):
    """T34: what is deleted takes its declaration along, and the list still says which it was."""
    send(
        client, page(Product, "add"), name_fr="Tarte", price="7,00", vat="10",
        allergens_state="contains", allergens_contains=["eggs"],
    )  # fmt: skip
    soup, tart = Product.objects.get(key="soupe"), Product.objects.get(key="tarte")
    client.post(page(Product, "delete", soup.pk), {"post": "yes"})
    client.post(
        page(Product, "changelist"),
        {"action": "delete_selected", "_selected_action": [tart.pk], "post": "yes"},
    )
    Option.objects.filter(key="noir").update(allergens=["gluten"])
    client.post(page(OptionGroup, "delete", OptionGroup.objects.get().pk), {"post": "yes"})
    assert not Product.objects.exists()
    assert not Option.objects.exists()
    assert kept() == [
        ("tarte", None, ["eggs"], "admin", "alice"),
        ("soupe", ["milk"], None, "admin", "alice"),
        ("tarte", ["eggs"], None, "admin", "alice"),
        ("pain/noir", ["gluten"], None, "admin", "alice"),
    ]
    gone = AllergenChange.objects.filter(deleted=True)
    assert gone.count() == 3
    assert not gone.exclude(product=None, option=None).exists()


def imported(house, change, **options):
    data = export_restaurant(house)
    change(data)
    return import_restaurant(data=data, **options)


def test_an_import_keeps_what_it_declares(house):
    """T34: adding needs no leave, and is written down all the same."""

    def add(data):
        data["products"][0]["allergens"] = ["milk", "celery"]
        data["option_groups"][0]["options"][1]["allergens"] = ["gluten"]
        data["products"].append(
            {"key": "riz", "name": {"fr": "Riz"}, "price": "4.00", "vat": "10", "allergens": []}
        )

    imported(house, add)
    assert kept() == [
        ("soupe", ["milk"], ["milk", "celery"], "import", ""),
        ("pain/noir", None, ["gluten"], "import", ""),
        ("riz", None, [], "import", ""),
    ]
    imported(house, lambda data: None)
    assert len(kept()) == 3


def test_an_import_loses_none_silently_and_keeps_what_was_accepted(house):
    """T34: the list of changes is shown, nothing is written; then it is accepted, by whom, and kept."""
    alice = person("alice", manager=[house])

    def drop(data):
        data["products"][0]["allergens"] = None

    with pytest.raises(AcceptanceNeeded) as needed:
        imported(house, drop, by=prices.Hand(prices.Way.FILE, alice))
    assert needed.value.changes == [
        'product "soupe": it contains milk, and would not be declared any more'
    ]
    assert kept() == []
    assert Product.objects.get().allergens == ["milk"]
    imported(house, drop, by=prices.Hand(prices.Way.FILE, alice), accept=needed.value.fingerprint)
    assert kept() == [("soupe", ["milk"], None, "import", "alice")]


def test_an_import_that_deletes_keeps_what_was_declared(house):
    """T34"""
    factories.product(house, "tarte", allergens=[])

    def drop(data):
        data["products"] = data["products"][:1]
        data["categories"][0]["items"] = ["soupe"]

    imported(house, drop, prune=True, accept=True)
    assert kept() == [("tarte", [], None, "import", "")]
    assert AllergenChange.objects.get().deleted


def test_an_import_in_the_browser_is_kept_with_the_person(house, alice, client):
    """T34: first the page lists what would change, then the box is ticked."""
    data = export_restaurant(house)
    data["products"][0]["allergens"] = []

    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"

    def upload(**more):
        file = SimpleUploadedFile("a.json", restaurant_file.write(data).encode())
        address = reverse("admin:ordering_restaurant_import", args=[house.pk])
        return client.post(address, {"file": file, **more})

    shown = upload()
    assert "it would no longer be declared to contain milk" in text(shown)
    assert kept() == []
    upload(accept="on", seen=shown.context["seen"])
    assert kept() == [("soupe", ["milk"], [], "import", "alice")]


def test_a_change_that_fails_is_not_kept(house, monkeypatch):
    """T34: the change and its record are one transaction."""

    def fail(**_):
        raise IntegrityError

    monkeypatch.setattr("ordering.services.transfer.importing.carte.changed", fail)
    with pytest.raises(IntegrityError):
        imported(house, lambda data: data["products"][0].update(allergens=["milk", "fish"]))
    assert kept() == []
    assert Product.objects.get().allergens == ["milk"]


# --- Where it is read -----------------------------------------------------------------------------


def test_the_page_of_a_product_and_of_an_option_shows_its_changes(house, alice, client):
    """T34: for whoever serves, too."""
    soup, white = Product.objects.get(), Option.objects.get(key="blanc")
    for thing in (soup, white):
        before = declarations.of(thing)
        thing.allergens = ["gluten"]
        thing.save()
        declarations.keep(
            [
                declarations.changed(
                    restaurant_id=house.pk, before=before, after=declarations.of(thing),
                    how="admin", user=alice,
                )
            ]
        )  # fmt: skip
    client.force_login(person("bob", service=[house]))
    shown = text(client.get(page(Product, "change", soup.pk), headers={"accept-language": "en"}))
    assert "contains: milk contains: gluten alice, by hand" in shown
    shown = text(client.get(page(Option, "change", white.pk), headers={"accept-language": "en"}))
    assert "not declared contains: gluten alice, by hand" in shown


def test_the_list_is_read_and_never_changed(house, alice, client):
    """T34"""
    imported(house, lambda data: data["products"][0].update(allergens=["milk", "fish"]))
    change = AllergenChange.objects.get()
    listed = client.get(page(AllergenChange, "changelist"), headers={"accept-language": "en"})
    assert "Soupe contains: milk contains: milk, fish by an import" in text(listed)
    assert client.get(page(AllergenChange, "add")).status_code == 403
    assert (
        client.post(page(AllergenChange, "delete", change.pk), {"post": "yes"}).status_code == 403
    )
    assert client.post(page(AllergenChange, "change", change.pk), {"key": "x"}).status_code == 403
    assert AllergenChange.objects.get().key == "soupe"


def test_watching_a_whole_carte_costs_four_queries_and_one_for_what_changed(house):
    """Cost: two before and two after, however many products."""
    for number in range(30):
        factories.product(house, f"plat-{number}")
    with (
        CaptureQueriesContext(connection) as queries,
        declarations.watched(restaurant_id=house.pk, how="import"),
    ):
        Product.objects.update(allergens=[])
    assert len(queries) <= 6 + 1  # bulk_create has a savepoint
    assert AllergenChange.objects.count() == 31
