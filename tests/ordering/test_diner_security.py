"""What holds for every address of the diner."""

import re
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.urls import reverse

from ordering.diner import urls
from ordering.models import Order, Product, Visit
from pos_bridge.models import Addition
from tests import factories
from tests.ordering.diner_phone import Phone, house

pytestmark = [pytest.mark.django_db, pytest.mark.once]

POLICY = {
    "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data:", "connect-src 'self'",
    "font-src 'self'", "manifest-src 'self'", "worker-src 'self'", "form-action 'self'", "base-uri 'none'",
    "frame-ancestors 'none'",
}  # fmt: skip


@pytest.fixture
def phone():
    phone = Phone().join(factories.table(house(colour="#7b1e32")))
    phone.add("soupe")
    phone.order = phone.send()["Location"]
    phone.add("tarte")
    return phone


@pytest.fixture
def addresses(phone):
    """Every address of the phone, by the name of its view."""
    visit, order = Visit.objects.get(), Order.objects.get()
    values = {
        "code": visit.table.code,
        "slug": "chez-alice",
        "visit_code": visit.code,
        "order_code": order.code,
        "key": "soupe",
        "sha256": "0" * 64,
        "size": "card.jpg",
        "version": "01234567",
    }
    found = {}
    for pattern in urls.urlpatterns:
        wanted = {
            name: values[name] for name in re.findall(r"(?::|P<)(\w+)>", str(pattern.pattern))
        }
        if "menu" in str(pattern.name):
            wanted["key"] = "menu"
        found[pattern.name] = reverse(f"diner:{pattern.name}", kwargs=wanted)
    return found


def rows():
    """Everything in the database."""
    return {
        model._meta.label: list(model._default_manager.order_by("pk").values())
        for model in apps.get_models()
    }


POSTED = {
    "join", "add", "add_menu", "line", "covers", "send", "take_back", "again", "ask", "call",
    "withdraw",
}  # fmt: skip


def test_it_sends_the_policy_and_no_frames_with_every_answer(phone, addresses):
    """T15, T16: on errors too."""
    answers = [phone.get(address) for address in addresses.values()]
    answers += [phone.get("/nowhere/"), phone.get("/t/unknown/"), Phone().get(phone.visit)]
    answers += [phone.post(addresses[name]) for name in POSTED]
    for answer in answers:
        policy = answer["Content-Security-Policy"]
        assert {part.strip() for part in policy.split(";") if part.strip()} == POLICY
        assert answer["X-Frame-Options"] == "DENY"
        assert answer["Referrer-Policy"] == "same-origin"  # T28


def test_it_writes_nothing_when_it_is_asked_by_get(phone, addresses):
    """T17: every address, also those that only take a form."""
    before = rows()
    for name, address in addresses.items():
        for lang in ("", "?lang=en"):
            for htmx in ({}, {"HX-Request": "true"}):
                answer = phone.get(address + lang, headers=htmx)
                assert (answer.headers.get("Location") == "../") == (name in POSTED), name
    assert rows() == before


def test_it_takes_no_form_from_another_site(phone, addresses):
    """T17: token, and origin."""
    strict = Phone(enforce_csrf_checks=True)
    strict.cookies = phone.cookies
    before = rows()
    for name in POSTED:
        answer = strict.post(addresses[name], {}, headers={"Origin": "https://evil.example"})
        assert answer.status_code == 403
    assert rows() == before


def test_it_lets_no_cache_keep_what_is_a_guest_s(phone, addresses):
    """T29."""
    for name, address in addresses.items():
        answer = phone.post(address) if name in POSTED else phone.get(address)
        if address.startswith("/v/") or name in {"scan", "welcome", "join"}:
            assert answer["Cache-Control"] == "no-store", name
            assert {"HX-Request", "Cookie"} <= set(answer["Vary"].split(", ")), name
    for name in ("read", "offline", "manifest"):
        read = Phone().get(addresses[name])
        assert read["Cache-Control"] == "public, max-age=60"
        assert "Cookie" in read["Vary"], name
        assert not read.cookies
        assert phone.get(addresses[name])["Cache-Control"] == "no-store", name


def test_it_shows_no_number_that_counts_up(phone, addresses):
    """P16: codes of 128 bits in addresses, forms and cookies; the order's number is only read."""
    for model in (Visit, Order, Product, Addition):
        assert model.objects.exists()
    for name in ("carte", "cart", "product", "order", "read"):
        page = phone.get(addresses[name]).content.decode()
        for value in re.findall(r'(?:href|action|hx-get|hx-post|value)="([^"]*)"', page):
            assert not re.search(r"(?:^|/)\d{3,}(?:/|$)", value), value
            assert len(value) < 3 or not value.isdigit(), value
    for address in addresses.values():
        for part in address.split("/"):
            assert not part.isdigit() or len(part) == 64
    assert all(len(code) >= 22 for code in (Visit.objects.get().code, Order.objects.get().code))


def test_it_keeps_two_cookies(phone, addresses):
    """P21, T19: and neither opens the admin."""
    for address in addresses.values():
        phone.get(address)
    assert set(phone.cookies) == {"tablee", "csrftoken"}
    assert phone.get("/admin/")["Location"].startswith("/admin/login/")


def test_it_configures_htmx_for_hostile_names(phone):
    """T15."""
    page = phone.get(phone.visit).content.decode()
    for setting in (
        '"allowEval":false',
        '"allowScriptTags":false',
        '"selfRequestsOnly":true',
        '"historyCacheSize":0',
        '"includeIndicatorStyles":false',
        '"timeout":10000',
    ):
        assert setting in page


def test_it_asks_robots_to_stay_away(phone):
    assert phone.get("/robots.txt").content == b"User-agent: *\nDisallow: /\n"


@pytest.mark.parametrize(
    "path",
    sorted(Path(settings.BASE_DIR, "templates", "diner").rglob("*.html"), key=str),
    ids=lambda path: path.name,
)
def test_its_templates_trust_nothing_and_load_nothing_from_elsewhere(path):
    """T14, T15: no inline code or style, no eval of htmx, no other host."""
    text = path.read_text()
    for bad in (
        "|safe",
        "mark_safe",
        "autoescape off",
        "style=",
        "<style",
        "hx-on",
        "js:",
        "hx-vals",
    ):
        assert bad not in text
    assert not re.search(r"\son\w+=", text)
    assert not re.search(r"<script(?![^>]*\ssrc=)", text)
    assert not re.search(r"https?://", text)
    assert not re.search(r'hx-trigger="[^"]*\[', text)
