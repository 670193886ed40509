"""Without a network: what the worker is given to keep can send nothing and says nothing of a guest (P21, T29)."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
import time_machine
from django.conf import settings
from django.contrib.staticfiles import finders
from django.test import Client

from ordering.diner import offline
from ordering.restaurant_file.photos import PhotoFile
from ordering.services import logos
from tests import factories
from tests.ordering.diner_phone import Phone, house
from tests.ordering.test_matrix import World, addresses
from tests.ordering.test_photos import picture

pytestmark = pytest.mark.django_db


@pytest.fixture
def table():
    return factories.table(house(colour="#7b1e32"))


def test_the_worker_stands_at_the_root_and_is_asked_for_anew_each_time(table):
    """A deploy replaces it: the names of its files, which a release changes, are in it."""
    answer = Client().get("/worker.js")
    assert answer["Content-Type"] == "text/javascript; charset=utf-8"
    assert answer["Cache-Control"] == "no-cache"
    script = answer.content.decode()
    assert "{version}" not in script
    assert all(finders.find(name) for name in offline.FILES)
    policy = answer["Content-Security-Policy"]
    assert "worker-src 'self'" in policy
    assert "manifest-src 'self'" in policy


def test_the_worker_keeps_every_file_that_a_page_of_the_phone_loads():
    """F04: read from whatever each address shows the party, the party before it and nobody; and no file beside."""
    world, found = World(), set()
    loaded = re.compile(rf'(?:src|href)="{re.escape(settings.STATIC_URL)}([^"?]+)')
    for name, pattern in addresses().items():
        if name.startswith("diner:"):
            address = world.address(name, pattern, world.ours)
            for phone in (world.own, world.before, Client()):
                found.update(loaded.findall(phone.get(address).content.decode(errors="replace")))
    assert found == set(offline.FILES)
    # Nothing that a page loads loads anything more.
    look = (Path(settings.BASE_DIR) / "static" / "look.css").read_text()
    assert not [word for word in ("url(", "@import") if word in look]


def test_another_file_is_another_worker(table, monkeypatch):
    before = Client().get("/worker.js").content
    monkeypatch.setattr(offline, "static", lambda name: f"/static/{name}?2")
    assert Client().get("/worker.js").content != before


def test_what_is_kept_holds_no_form_no_token_and_no_cookie(table):
    """P21, T29: asked for without cookies, as the worker does; the page of the visit names nothing else."""
    small = PhotoFile(picture("PNG"), "image/png", 40, 30)
    logos.put_up(restaurant=table.restaurant, logo=small)
    logos.draw_all()
    phone = Phone().join(table)
    page = phone.get(phone.visit).content.decode()
    kept = page.partition('data-keep="')[2].partition('"')[0].split()
    slug = table.restaurant.slug
    assert [each.partition("?")[0] for each in kept[:2]] == [
        f"/r/{slug}/carte/",
        f"/r/{slug}/offline/",
    ]
    assert "/brand." in kept[2]
    assert kept[3] == f"/r/{slug}/photo/{small.sha256}/logo.webp"
    assert Client().get(kept[3])["Content-Type"] == "image/webp"
    for address in kept[:3]:
        answer = Client().get(address)
        text = answer.content.decode()
        assert (answer.status_code, dict(answer.cookies)) == (200, {})
        assert not [word for word in ("post", "csrf", "/v/") if word in text], address
    assert "Soupe" in Client().get(kept[0]).content.decode()


@pytest.mark.parametrize(
    ("language", "said"),
    [("fr", "19\N{NO-BREAK SPACE}h\N{NO-BREAK SPACE}42"), ("en", "7:42\N{NO-BREAK SPACE}pm")],
)
def test_a_carte_that_is_kept_says_from_when_it_is(table, language, said):
    """F04, P22: by the clock of the house, in words that the worker shows. What a network has brought hides them,
    and a page of the visit has none.
    """
    with time_machine.travel(datetime(2026, 7, 3, 17, 42, tzinfo=UTC)):
        address = f"/r/{table.restaurant.slug}/carte/?lang={language}"
        page = Client().get(address).content.decode()
    assert re.search(rf" hidden data-kept>[^<]*\b{said}[. ]", page)
    worker = Client().get("/worker.js").content.decode()
    assert '.replace(" hidden data-kept", " data-kept")' in worker
    phone = Phone().join(table)
    assert b"data-kept" not in phone.get(phone.visit).content


def test_who_only_reads_is_given_no_worker(table):
    """P21: nothing would tell it that the meal is over."""
    assert b"data-worker" not in Client().get(f"/r/{table.restaurant.slug}/carte/").content


def test_it_can_be_installed_as_the_house(table):
    answer = Client().get(f"/r/{table.restaurant.slug}/manifest.webmanifest?lang=fr")
    assert answer["Content-Type"] == "application/manifest+json"
    said = json.loads(answer.content)
    assert (said["name"], said["lang"]) == (table.restaurant.name, "fr")
    assert said["theme_color"] == "#7b1e32"
    assert [icon["purpose"] for icon in said["icons"]] == ["any", "any", "maskable"]
    assert all(finders.find(icon["src"].rpartition("/")[2]) for icon in said["icons"])
    assert Client().get("/r/nowhere/manifest.webmanifest").status_code == 404
