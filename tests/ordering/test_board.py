"""The board: who comes in, and how it keeps itself up to date."""

import pytest
from django.test import Client

from ordering.board import needs as board_needs
from ordering.board.need import Button, Need
from tests import factories
from tests.ordering.admin_cast import installer, person
from tests.ordering.staff_cast import order, text

pytestmark = pytest.mark.django_db

BOARD = "/board/chez-alice/"
HTMX = {"HX-Request": "true", "HX-Current-URL": f"http://testserver{BOARD}"}


@pytest.fixture
def bob(a, client):
    user = person("bob", service=[a])
    client.force_login(user)
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    return user


def test_it_opens_to_the_house_s_people_and_to_the_installer(a, client):
    for user in (person("alice", manager=[a]), person("bob", service=[a]), installer()):
        client.force_login(user)
        assert client.get(BOARD).status_code == 200, user
        assert client.get(f"{BOARD}tables/12/").status_code == 200, user


def test_it_leads_a_stranger_to_the_login_whether_the_house_exists_or_not(a):
    for address in (BOARD, "/board/chez-nobody/", f"{BOARD}tables/12/"):
        answer = Client().get(address)
        assert answer.status_code == 302
        assert answer["Location"] == f"/admin/login/?next={address}"


def test_it_does_not_exist_for_the_people_of_another_house(a, client):
    b = factories.restaurant("chez-charlie")
    factories.table(b, 7)
    client.force_login(person("charlie", manager=[b]))
    nowhere = client.get("/board/chez-nobody/")
    assert nowhere.status_code == 404
    for address in (BOARD, f"{BOARD}tables/12/"):
        assert client.get(address).content == nowhere.content
    assert client.get("/board/chez-charlie/tables/12/").status_code == 404


def test_it_does_not_read_the_phone_s_cookie_nor_the_phone_the_session(a, bob, client):
    """T19: a phone's cookie opens no board, and who is logged in is no guest."""
    table = a.tables.get()
    phone = Client()
    phone.get(f"/t/{table.code}/")
    assert phone.get(BOARD).status_code == 302
    visit = factories.guest(table).visit
    assert client.get(f"/v/{visit.code}/").status_code == 403


def test_a_page_left_open_all_night_is_led_to_the_login(a):
    answer = Client().get(BOARD, headers=HTMX)
    assert answer["HX-Refresh"] == "true"


def test_it_sends_nothing_where_nothing_has_changed(a, bob, client):
    """F20."""
    page = client.get(BOARD)
    assert "Nothing needs you" in text(page)
    part = client.get(BOARD, headers=HTMX)
    assert b"<html" not in part.content
    again = client.get(BOARD, headers={**HTMX, "X-Seen": part["X-Seen"]})
    assert (again.status_code, again.content) == (204, b"")
    assert again["X-As-Of"]
    table = f"{BOARD}tables/12/"
    there = {**HTMX, "HX-Current-URL": f"http://testserver{table}"}
    seen = client.get(table, headers=there)
    assert b"csrfmiddlewaretoken" in seen.content  # which is another one each time
    assert client.get(table, headers={**there, "X-Seen": seen["X-Seen"]}).status_code == 204
    order(a)
    changed = client.get(BOARD, headers={**HTMX, "X-Seen": part["X-Seen"]})
    assert changed.status_code == 200
    assert "<title>(1) Service" in changed.content.decode()


def test_a_page_whose_token_is_old_comes_anew_though_nothing_else_has_changed(a, bob):
    """T17: after a night asleep or a login in another tab, each tap would be refused."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(bob)
    table = f"{BOARD}tables/12/"
    there = {**HTMX, "HX-Current-URL": f"http://testserver{table}"}
    client.get(table)
    seen = client.get(table, headers=there)
    assert client.get(table, headers={**there, "X-Seen": seen["X-Seen"]}).status_code == 204
    del client.cookies["csrftoken"]
    anew = client.get(table, headers={**there, "X-Seen": seen["X-Seen"]})
    field = anew.content.decode().partition('csrfmiddlewaretoken" value="')[2]
    token = field.partition('"')[0]
    done = client.post(
        f"{table}ordering/", {"on": "0", "csrfmiddlewaretoken": token}, headers=there
    )
    assert done.status_code < 400


def test_without_a_script_the_whole_page_comes_again(a, bob, client):
    page = client.get(BOARD).content.decode()
    assert '<noscript><meta http-equiv="refresh" content="15"></noscript>' in page
    still = client.get(f"{BOARD}carte/").content.decode()
    assert "http-equiv" not in still  # there people type


def test_admin_leads_to_it(a, bob, client):
    factories.restaurant("chez-charlie")
    page = client.get("/admin/").content.decode()
    assert f'href="{BOARD}"' in page
    assert "/board/chez-charlie/" not in page


def test_a_click_that_leads_to_another_page_loads_that_page(a, bob, client):
    elsewhere = {**HTMX, "HX-Current-URL": f"http://testserver{BOARD}tables/12/"}
    assert client.get(BOARD, headers=elsewhere)["HX-Redirect"] == BOARD


def test_it_lists_what_calls_for_a_person_the_oldest_first(a, bob, client, monkeypatch):
    old, new = order(a, age=2000), order(a, age=60)

    def calls(restaurant, now):
        return [
            Need(
                "call", "7", new.created_at, a.tables.get(), "An allergy", "calls", colour="wait",
                buttons=[Button("Done", "/somewhere/", {"seen": "1"})],
            )
        ]  # fmt: skip

    monkeypatch.setattr(board_needs, "PROVIDERS", [*board_needs.PROVIDERS, calls])
    page = client.get(BOARD)
    assert "3 things need a person" in text(page)
    html = page.content.decode()
    places = [html.index(f'id="need-{key}"') for key in (f"undelivered-{old.pk}", "call-7")]
    assert places == sorted(places)
    assert '<input type="hidden" name="seen" value="1">' in html
    assert html.count("An allergy") == 1
    assert "An allergy" in client.get(f"{BOARD}tables/12/").content.decode()


def test_it_lets_no_cache_keep_it_and_writes_in_the_staff_s_language(a, bob, client):
    page = client.get(BOARD, headers={"accept-language": "de, fr;q=0.5"})
    assert page["Cache-Control"] == "no-store"
    assert '<html lang="fr">' in page.content.decode()
