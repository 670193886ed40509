"""Tables by the range, the cards that are printed of them, and new codes for old ones."""

import io
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from django.contrib.admin.models import LogEntry
from django.db import IntegrityError, transaction
from django.urls import Resolver404, resolve, reverse
from PIL import Image
from playwright.sync_api import sync_playwright

from ordering.admin.tables import card_address
from ordering.models import Act, Table, Visit
from ordering.services import acts, tables, visits
from tests import factories
from tests.helpers import at_once
from tests.ordering.admin_cast import errors, person, send
from tests.system_tools import Machine, find_chromium

pytestmark = pytest.mark.django_db

STATIC = Path(__file__).parents[2] / "static"


@pytest.fixture
def house():
    return factories.restaurant()


@pytest.fixture(autouse=True)
def alice(house, client):
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    client.force_login(person("alice", manager=[house]))


def page(name, *args):
    return reverse(f"admin:ordering_table_{name}", args=args)


def act(client, action, chosen, **more):
    return client.post(
        page("changelist"),
        {"action": action, "_selected_action": [table.pk for table in chosen], **more},
    )


# --- One by one and as a range -------------------------------------------------------------------


def test_it_adds_a_table(house, client):
    assert send(client, page("add"), number="12", label="Fenêtre").status_code == 302
    assert house.tables.get().label == "Fenêtre"


@pytest.mark.parametrize("number", ["0", "90000", "-1", "1,5", "douze", ""])
def test_it_refuses_a_number_that_no_register_knows(client, number):
    """F58"""
    assert "number" in errors(send(client, page("add"), number=number))


@pytest.mark.parametrize("number", [0, 90_000])
def test_the_database_refuses_such_a_number_too(house, number):
    with pytest.raises(IntegrityError), transaction.atomic():
        factories.table(house, number)


def test_it_refuses_two_tables_with_one_number(house, client):
    factories.table(house, 12)
    assert "already" in errors(send(client, page("add"), number="12"))["number"]
    with pytest.raises(IntegrityError), transaction.atomic():
        factories.table(house, 12)
    other = factories.table(factories.restaurant("chez-charlie"), 12)
    assert other.number == 12


def test_it_refuses_an_id_that_the_register_cannot_have(house, client):
    factories.register(house)
    said = errors(send(client, page("add"), number="12", register_id="T12"))
    assert "T12" in said["register_id"]


def test_it_adds_a_range(house, client):
    assert 'name="first"' in client.get(page("add_range")).content.decode()
    response = client.post(
        page("add_range"), {"first": "1", "last": "20", "zone": "Salle", "seats": "4"}
    )
    assert response.status_code == 302
    made = house.tables.order_by("number")
    assert [table.number for table in made] == list(range(1, 21))
    assert {(table.zone, table.seats) for table in made} == {("Salle", 4)}
    assert len({table.code for table in made}) == 20
    assert [table.position for table in made] == list(range(20))
    assert LogEntry.objects.count() == 20


def test_it_adds_all_of_a_range_or_nothing(house, client):
    factories.table(house, 7)
    response = client.post(page("add_range"), {"first": "1", "last": "20"})
    assert "these tables already: 7" in response.content.decode()
    assert house.tables.count() == 1


@pytest.mark.parametrize(
    ("first", "last", "name"),
    [("0", "5", "first"), ("5", "1", "last"), ("1", "90000", "last"), ("1", "5000", "last"),
     ("", "5", "first"), ("1", "x", "last")],
)  # fmt: skip
def test_it_refuses_a_wrong_range_beside_the_field(house, client, first, last, name):
    response = client.post(page("add_range"), {"first": first, "last": last})
    assert name in response.context["form"].errors
    assert not house.tables.exists()


@pytest.mark.django_db(transaction=True)
def test_two_who_add_the_same_range_at_once_add_it_once(house):
    def add():
        return tables.add_range(restaurant=house, first=1, last=20)

    outcomes = at_once(add, add)
    assert {type(outcome) for outcome in outcomes} == {list, tables.NumbersTaken}
    assert house.tables.count() == 20


# --- New codes ------------------------------------------------------------------------------------


def test_it_asks_before_it_renews_a_code(house, client):
    table = factories.table(house)
    response = act(client, "renew_codes", [table])
    assert "lead nowhere" in response.content.decode()
    assert Table.objects.get().code == table.code


def test_a_renewed_code_is_dead_at_once_and_ends_the_visit(house, client):
    """P16, P17"""
    table, other = factories.table(house, 1), factories.table(house, 2)
    guest = factories.guest(table)
    act(client, "renew_codes", [table], post="yes")
    new = Table.objects.get(pk=table.pk)
    assert new.code != table.code
    assert new.card_version == 2
    assert not Table.objects.filter(code_hash=table.code_hash).exists()
    assert Table.objects.get(pk=other.pk).code == other.code
    with pytest.raises(visits.VisitEnded):
        visits.lock(guest.visit)


# --- Cards ----------------------------------------------------------------------------------------


def test_it_prints_the_chosen_cards(house, client):
    window, bar = (
        factories.table(house, 12, label="Fenêtre", zone="Salle"),
        factories.table(house, 3),
    )
    found = act(client, "print_cards", [window]).content.decode()
    assert card_address(window) in found
    assert card_address(bar) not in found
    for text in (house.name, "12", "Fenêtre", "Salle", "Card 1"):
        assert text in found
    assert "No payment, no account asked for here" in found


def test_it_prints_all_valid_cards_and_writes_down_who_did(house, client):
    """T30"""
    table, gone = factories.table(house, 1), factories.table(house, 2, enabled=False)
    assert client.get(page("cards")).status_code == 404
    found = client.post(page("cards")).content.decode()
    assert card_address(table) in found
    assert card_address(gone) not in found
    assert LogEntry.objects.get().object_id == str(table.pk)


def test_the_address_of_a_card_is_never_taken_from_the_request(house, client, settings):
    """T27"""
    settings.ALLOWED_HOSTS = ["*"]
    settings.BASE_URL = "https://commande.example"
    table = factories.table(house)
    found = client.post(
        page("cards"), headers={"host": "evil.example", "x-forwarded-host": "evil.example"}
    ).content.decode()
    assert f"https://commande.example/t/{table.code}/" in found
    assert "evil" not in found


def test_the_cards_hold_nothing_that_the_csp_would_drop(house, client):
    factories.table(house, label="<script>alert(1)</script>")
    response = client.post(page("cards"))
    found = response.content.decode()
    assert "<script" not in found
    assert not re.search(r"\sstyle=|<style|\son\w+=|javascript:", found)
    assert "unsafe-inline" not in response["Content-Security-Policy"]
    assert 'href="http' not in found


def test_a_card_speaks_the_languages_of_its_restaurant(house, client):
    factories.table(house)
    found = client.post(page("cards")).content.decode()
    assert 'lang="fr"' in found
    assert 'lang="en"' in found
    house.languages = ["en", "de"]
    house.save()
    found = client.post(page("cards")).content.decode().partition("<main>")[2]
    assert 'lang="fr"' not in found


def test_the_address_of_a_card_leads_somewhere(house, client):
    table = factories.table(house)
    path = card_address(table).removeprefix("http://localhost:8000")
    try:
        resolve(path)
    except Resolver404:
        pytest.fail(f"{path} leads nowhere")
    assert client.get(path).status_code in {200, 302}


@pytest.mark.browser
@pytest.mark.parametrize("languages", [["fr", "en"], ["de", "es", "it", "fr", "en"]])
def test_a_printed_card_is_read_by_a_real_reader(house, client, tmp_path, languages):
    """The page as a browser prints it, and zbar on the picture: one code for each card, and no other."""
    house.languages = languages
    house.save()
    made = [factories.table(house, number, zone="Salle") for number in range(1, 10)]
    found = client.post(page("cards")).content.decode()
    css = (STATIC / "admin-tablee" / "cards.css").read_text()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find_chromium(Machine()), args=["--no-sandbox", "--disable-gpu"]
        )
        sheet = browser.new_page(viewport={"width": 794, "height": 1123}, device_scale_factor=2)
        sheet.route("**/*", lambda route: route.fulfill(body=css, content_type="text/css"))
        sheet.set_content(re.sub(r'href="/static/[^"]*"', 'href="http://x/cards.css"', found))
        sheet.emulate_media(media="print")
        cards = sheet.locator("article").all()
        codes = []
        for number, card in enumerate(cards):
            picture = tmp_path / f"{number}.png"
            Image.open(io.BytesIO(card.screenshot())).convert("L").save(picture)
            codes += read(picture)
        pages = sheet.pdf(format="A4", print_background=False, prefer_css_page_size=True)
        overflowing = sheet.evaluate(
            "[...document.querySelectorAll('article')].some(a => a.scrollHeight > a.clientHeight)"
        )
        browser.close()
    assert codes == [card_address(table) for table in made]
    assert not overflowing
    # Eight on a page.
    assert len(re.findall(rb"/Type\s*/Page\b", pages)) == 2


def read(picture):
    zbarimg = shutil.which("zbarimg")
    assert zbarimg, "python3 tests/system_tools.py zbar"
    done = subprocess.run(
        [zbarimg, "--raw", "-q", picture], capture_output=True, text=True, check=True
    )
    return done.stdout.split()


# --- A whole house's cards ------------------------------------------------------------------------


def test_one_click_and_one_confirmation_renew_all_codes_of_a_house_t30(house, client):
    """T04, T30: whoever has left with the sheet has nothing any more; another house keeps its cards."""
    mine = [factories.table(house, number) for number in (1, 2)]
    other = factories.table(factories.restaurant("chez-charlie"), 1)
    before = {table.pk: table.code for table in [*mine, other]}
    address = page("renew_all", house.pk)
    assert f'action="{address}"' in client.get(page("changelist")).content.decode()
    asked = client.post(address)
    assert "Renew the codes of these tables?" in asked.content.decode()
    assert {table.pk: table.code for table in Table.objects.all()} == before
    client.post(address, {"post": "yes"})
    after = {table.pk: table.code for table in Table.objects.all()}
    assert [after[table.pk] != before[table.pk] for table in [*mine, other]] == [True, True, False]
    assert client.get(f"/t/{before[mine[0].pk]}/").status_code == 404
    act = Act.objects.get()
    assert (str(act.person), acts.sentence(act)) == ("alice", "renewed the codes of tables: 2")
    assert LogEntry.objects.count() == 2


def test_nobody_renews_all_codes_by_a_link_or_of_another_house_t30(house, client):
    table = factories.table(house, 1)
    other = factories.table(factories.restaurant("chez-charlie"), 1)
    assert client.get(page("renew_all", house.pk)).status_code == 404
    assert client.post(page("renew_all", other.restaurant_id), {"post": "yes"}).status_code == 404
    client.force_login(person("bob", service=[house]))
    assert client.post(page("renew_all", house.pk), {"post": "yes"}).status_code == 404
    assert "renew" not in client.get(page("changelist")).content.decode()
    assert {table.code, other.code} == {each.code for each in Table.objects.all()}


def test_it_keeps_who_printed_which_cards_t30(house, client):
    factories.table(house, 1)
    client.post(page("cards"))
    act = Act.objects.get()
    assert (str(act.person), acts.sentence(act)) == ("alice", "printed the cards of tables: 1")
    client.force_login(person("bob", service=[house]))
    assert client.post(page("cards")).status_code == 403
    assert Act.objects.count() == 1


def test_it_shows_when_each_table_was_last_used_t04(house, client, django_assert_max_num_queries):
    """A card that nobody uses may have another stuck on it. A scan alone writes nothing (T17): the visit says it."""
    used = factories.table(house, 1)
    for number in range(2, 30):
        factories.table(house, number)
    factories.guest(used)
    Visit.objects.update(opened_at="2026-03-04T19:41:00Z", ended_at="2026-03-04T21:00:00Z")
    visit = factories.guest(used).visit
    Visit.objects.filter(pk=visit.pk).update(opened_at="2026-03-05T19:41:00Z")
    with django_assert_max_num_queries(20):
        shown = client.get(page("changelist")).content.decode()
    assert shown.count("March 5, 2026, 8:41 p.m.") == 1
    assert "March 4" not in shown


def test_what_cannot_be_deleted_says_what_to_do_instead(house, client):
    """A dead end else: an order hangs on the table and on the register."""
    table = factories.table(house, 7)
    register = factories.register(house)
    order = factories.order(factories.guest(table))
    order.additions.create(register=register, number=5_000, ticket={}, body="{}")
    for address, mend in (
        (page("delete", table.pk), "untick “takes orders” and “card is valid”"),
        (
            reverse("admin:pos_bridge_register_delete", args=[register.pk]),
            "change kind, address or keys",
        ),
    ):
        found = client.get(address).content.decode()
        assert mend in found
        assert 'type="submit" value="Yes' not in found
