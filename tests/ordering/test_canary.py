"""P18, T23, T24: no key in any output, after every fault, and after answers that repeat it however it is written."""

import html
import io
import json
import logging
import os
import re
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from urllib.parse import parse_qs, quote, unquote, urlsplit

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.core.management import CommandError, call_command
from django.db import connection
from django.urls import NoReverseMatch, reverse
from django.urls.resolvers import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from ordering.models import Order, Restaurant
from pos_bridge import hooks, outbox
from pos_bridge.models import Addition, Attempt, Register
from pos_bridge.simulator.leo2 import Catalogue, Leo2Register
from pos_bridge.simulator.modes import ANSWERS, MODES
from tests import factories
from tests.helpers import eventually
from tests.ordering.admin_cast import installer, person
from tests.pos_bridge.conftest import Restaurant as House
from tests.pos_bridge.test_deliver import ROOT, database_url

pytestmark = [pytest.mark.wire, pytest.mark.django_db(transaction=True)]

# In the middle of it is what every way of escaping leaves as it is.
CORE = "CANARY7f3a9cKEY"
KEY = f'é+/&"<{CORE}> x'
SHOP = "SHOP1"


# Every fault once: an answer before the booking and one after it are the same text.
FAULTS = [
    name
    for name in sorted(MODES)
    if not name.endswith(("_before", "_after")) or name.rpartition("_")[0] not in MODES
]
FEW = 3  # rows that are made alike
LIST_FAULTS = [name for name in FAULTS if name in ANSWERS]


def leaks(text):
    """The places where it stands, however it is written."""
    forms = [text, unquote(text), unquote(unquote(text)), html.unescape(text)]
    forms += [re.sub(r"\\u([0-9a-f]{4})", lambda unit: chr(int(unit[1], 16)), text)]
    return [form[max(0, at - 80) : at + 40] for form in forms if (at := form.find(CORE)) >= 0]


def assert_silent(name, text):
    assert not leaks(text), f"{name}: …{leaks(text)[0]}…"


def test_the_grep_finds_it_in_every_way_of_writing_it():
    everyway = "".join(f"%{byte:02x}" for byte in KEY.encode())
    entities = "".join(f"&#{ord(each)};" for each in KEY)
    units = "".join(f"\\u{ord(each):04x}" for each in KEY)
    for written in (KEY, quote(KEY), quote(quote(KEY)), html.escape(KEY), json.dumps(KEY),
                    everyway, entities, units):  # fmt: skip
        assert leaks(f"<p>{written}</p>"), written
    assert not leaks("<p>••••Y> x</p>")


class Parrot:
    """A register that has been broken into: it answers with what it was asked, its key in each way of writing it, with
    every status and type in turn, and sometimes in its headers.
    """

    STATUSES = (200, 201, 400, 422, 500, 503, 429, 403, 302, 200)
    TYPES = ("application/json", "text/html", "application/json")

    def __init__(self):
        turn = count()

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                number = next(turn)
                status = Parrot.STATUSES[number % len(Parrot.STATUSES)]
                body = Parrot.body(self.path, number).encode()
                self.send_response(status, "OK")
                self.send_header("Content-Type", Parrot.TYPES[number % len(Parrot.TYPES)])
                self.send_header("Content-Length", str(len(body)))
                self.send_header("X-Asked", quote(self.path))
                self.send_header("Location", self.path)
                self.send_header("Retry-After", quote(KEY))
                self.send_header("Connection", "close")
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = answer  # noqa: N815  (the library's own names)

            def log_message(self, *_):
                pass

        self.asked = turn
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    @staticmethod
    def body(path, number):
        key = parse_qs(urlsplit(path).query)["pub_key"][0]
        ways = [
            key, path, quote(key), html.escape(key), json.dumps(key)[1:-1],
            "".join(f"%{byte:02X}" for byte in key.encode()),
            "".join(f"&#{ord(each)};" for each in key),
            "".join(f"\\u{ord(each):04x}" for each in key),
        ]  # fmt: skip
        way = ways[number % len(ways)]
        long = "x" * (
            480 - len(way) // 2
        )  # cut in the middle of it, were it cut before it is hidden
        return [
            json.dumps({"error": f"clef {key} refusée"}),
            f"<h1>{way}</h1> {long}{way}",
            json.dumps([{"id": 1, "state": key}, {"id": 2, "state": way}]),
            f'{{"id": 217000000, "state": 4, "error": "{way}"}}',
        ][number % 4]

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def till():
    catalogue = Catalogue.of_everything()
    with Leo2Register(catalogue, shop=SHOP, pub_key=KEY, scale=0.01) as register:
        yield register


@pytest.fixture
def parrot():
    with Parrot() as server:
        yield server


@pytest.fixture
def logs(tmp_path):
    """A real `deliver` with every log open: ends it, and gives what it has written."""
    path = tmp_path / "deliver.log"
    with path.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "deliver"],
            cwd=ROOT,
            env={
                **os.environ,
                "DJANGO_SETTINGS_MODULE": "tests.settings_debug",
                "DATABASE_URL": database_url(),
                "TIME_DIVISOR": "20",
            },
            stdout=file,
            stderr=file,
        )

        def written():
            process.terminate()
            process.wait(30)
            return path.read_text(errors="replace")

        yield written
        written()


def pages():
    """Every page of admin that has no argument, whoever adds it; of what a try leaves behind the page of every row; and
    every page of a few rows of each table.
    """

    def names(patterns, space=""):
        for each in patterns:
            if isinstance(each, URLResolver):
                yield from names(
                    each.url_patterns, f"{space}{each.namespace}:" if each.namespace else space
                )
            elif isinstance(each, URLPattern) and each.name:
                yield f"{space}{each.name}"

    for name in sorted(set(names(get_resolver().url_patterns))):
        if name not in {"admin:logout", "admin:jsi18n"}:
            try:
                yield reverse(name)
            except NoReverseMatch:
                continue
    for model in admin.site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        tried = model is Order or model._meta.app_label == "pos_bridge"
        for place, thing in enumerate(model._default_manager.order_by("-pk")[:60]):
            kinds = ("change", "history", "delete") if place < FEW else ("change",) * tried
            for kind in kinds:
                yield reverse(f"{name}_{kind}", args=[thing.pk])
    for restaurant in Restaurant.objects.all():
        for kind in ("export", "import", "rehearse"):
            yield reverse(f"admin:ordering_restaurant_{kind}", args=[restaurant.pk])
    for register in Register.objects.all():
        yield reverse("register_hook", args=[register.pk])


def commands():
    """What each prints, or says when it fails."""
    for slug in Restaurant.objects.values_list("slug", flat=True):
        for name in ("export_restaurant", "rehearse", "table_links"):
            out, err = io.StringIO(), io.StringIO()
            try:
                call_command(name, slug, stdout=out, stderr=err)
            except CommandError as error:
                err.write(f"{error!r} {error.__cause__!r} {error.__context__!r}")
            yield f"{name} {slug}", out.getvalue() + err.getvalue()
    for name in ("dumpdata", "rotate_keys"):
        out = io.StringIO()
        call_command(name, stdout=out)
        yield name, out.getvalue()


def database():
    """Every row as it is stored, and the files themselves where there are files."""
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            cursor.execute(f'SELECT * FROM "{table}"')  # noqa: S608  (the database's own names)
            yield table, "\n".join(map(repr, cursor.fetchall()))
    if connection.vendor == "sqlite":
        name = Path(connection.settings_dict["NAME"])
        for path in name.parent.glob(f"{name.name}*"):
            # By another process: whoever closes a file loses all locks that its process has on it, SQLite's too.
            yield path.name, subprocess.check_output(["cat", path]).decode("latin-1")


def assert_nowhere(client, house, caplog, logs):
    assert_silent("the log of deliver", logs())
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    for user in (person("alice", manager=[house.restaurant]), installer()):
        client.force_login(user)
        # Both databases keep the same rows, which are looked at below; what pages make of them is looked at once.
        for address in pages() if connection.vendor == "sqlite" else ():
            assert_silent(address, client.get(address, follow=True).content.decode())
        for name in ("ordering_restaurant_rehearse", "pos_bridge_register_check"):
            thing = house.restaurant if "restaurant" in name else house.register
            address = reverse(f"admin:{name}", args=[thing.pk])
            assert_silent(address, client.post(address, follow=True).content.decode())
    for addition in Addition.objects.select_related("order__visit"):
        order = addition.order
        address = reverse("diner:order", args=[order.visit.code, order.code])
        assert_silent(address, client.get(address).content.decode())
        assert_silent("repr", f"{addition!r} {addition.register!r} {vars(addition)!r}")
    for name, said in commands():
        assert_silent(name, said)
    for name, said in database():
        assert_silent(name, said)
    assert_silent("history", json.dumps(list(LogEntry.objects.values()), default=str))
    assert_silent("the log of the tests", caplog.text)


@pytest.fixture(autouse=True)
def _everything_is_logged(caplog, settings):
    caplog.set_level(logging.DEBUG)
    for name in ("requests", "urllib3", "urllib3.connectionpool"):
        caplog.set_level(logging.DEBUG, logger=name)
    settings.TIME_DIVISOR = 20


def house_at(url):
    house = House(url, credentials={"shop": SHOP, "pub_key": KEY})
    factories.product(house.restaurant, "soupe")
    hooks.renew(house.register)
    return house


def hurry(house):
    """A person who mends and saves the register again and again: no fault waits for the pause of the one before."""
    Register.objects.update(paused_reason="", failures=0, silent_since=None)
    outbox.hasten(house.register.pk, timezone.now())


def test_no_key_is_in_any_output_after_every_fault(transactional_db, till, logs, client, caplog):
    house = house_at(till.url)
    till.script(*FAULTS, f"json_error({KEY})", f"json_error({quote(KEY)})", list=LIST_FAULTS)
    for table in range(1, 41):
        house.order(table=table)

    def all_have_come():
        hurry(house)
        return till.status()["script"] == {"post": [], "list": []}

    eventually(all_have_come, timeout=90)
    assert Attempt.objects.exclude(answer="").exists()
    assert_nowhere(client, house, caplog, logs)


def test_no_key_is_in_any_output_after_answers_that_repeat_it(
    transactional_db, parrot, logs, client, caplog
):
    house = house_at(parrot.url)
    for table in range(1, 13):
        house.order(table=table)

    def enough_was_tried():
        hurry(house)
        return Attempt.objects.exclude(outcome="").count() >= 12

    eventually(enough_was_tried, timeout=60)
    told = list(Attempt.objects.exclude(answer="").values_list("answer", flat=True))
    assert any("••••" in answer for answer in told), "the answers repeated it, and dots were kept"
    assert_nowhere(client, house, caplog, logs)
