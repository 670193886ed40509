"""The carte's page that a house's guests share: it is each guest's own page, and holds nothing of another one's."""

import contextlib
import gzip
import os
import pickle
import re
import zlib
from datetime import timedelta

import pytest
import time_machine
from django.core.cache import caches
from django.core.cache.backends import filebased
from django.utils import timezone

from ordering.diner import kept
from ordering.diner.shared_page import OWN
from ordering.models import (
    Restaurant,
)
from ordering.services import carte
from ordering.settings import DATA_DIR
from tests import factories
from tests.ordering.diner_phone import Phone, house

pytestmark = pytest.mark.django_db

TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


@pytest.fixture
def table():
    return factories.table(house(languages=["fr", "en"]))


@pytest.fixture
def phone(table):
    return Phone().join(table)


def read(phone, query="", encoding="identity"):
    answer = phone.get(f"{phone.visit}{query}", headers={"Accept-Encoding": encoding})
    assert answer.status_code == 200
    return answer


def page(phone, query=""):
    return read(phone, query).content.decode()


def drawn(phone, query=""):
    """The same, with nothing kept."""
    kept.forget()
    return page(phone, query)


def without_token(html):
    return TOKEN.sub("", html)


def test_no_mark_is_left_in_it(phone):
    assert not [mark for mark in OWN.values() if mark in page(phone)]


def test_it_is_the_page_that_is_drawn_for_one_phone_alone(table, phone, monkeypatch):
    """Drawn with this guest's own words at once, it is the same."""
    phone.add("soupe", quantity="2")
    shared = page(phone)
    monkeypatch.setattr("ordering.access.is_at_another_table", lambda *_: True)
    monkeypatch.setattr("ordering.diner.pages._news", lambda *_: None)
    alone = page(phone)
    assert without_token(shared) == without_token(alone)


def test_gzip_is_the_same_page(phone):
    phone.add("soupe")
    plain = page(phone)
    zipped = read(phone, encoding="gzip, deflate, br")
    assert zipped["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in zipped["Vary"]
    assert without_token(gzip.decompress(zipped.content).decode()) == without_token(plain)


@pytest.mark.parametrize("refused", ["gzip;q=0", "br, gzip ; q=0.000, *;q=0", "identity", ""])
def test_who_refuses_gzip_is_sent_none(phone, refused):
    assert "Content-Encoding" not in read(phone, encoding=refused)
    assert read(phone, encoding=f"{refused}, gzip;q=0.1")["Content-Encoding"] == "gzip"


def test_a_scan_gives_both_cookies_for_as_long(table, phone):
    """The carte's page does not renew the one that its forms need."""
    scanned = phone.scan(table)
    assert {each["max-age"] for each in scanned.cookies.values()} == {24 * 3600}
    assert set(scanned.cookies) == {"tablee", "csrftoken"}
    read(phone)  # which remembers its language
    assert not read(phone).cookies


def test_what_another_process_has_drawn_is_taken_from_it(phone, monkeypatch):
    first = page(phone)
    kept.pages.forget()
    monkeypatch.setattr("ordering.diner.pages.render_to_string", lambda *_: 1 / 0)
    assert without_token(page(phone)) == without_token(first)


@pytest.mark.parametrize("wrong", [OSError(28, "No space left on device"), EOFError()])
def test_a_disk_that_keeps_nothing_is_no_reason_for_no_page(phone, monkeypatch, wrong):
    """F23, F27."""

    def fail(*_args, **_options):
        raise wrong

    monkeypatch.setattr(caches["carte"], "get", fail)
    if isinstance(wrong, OSError):
        monkeypatch.setattr(caches["carte"], "set", fail)
    kept.pages.forget()
    assert "Soupe" in page(phone)


@pytest.fixture
def files(tmp_path):
    return kept.Files(str(tmp_path), {})


def test_a_file_that_was_changed_is_made_anew(phone):
    """F27: wherever a bad disk has changed a byte, or a power failure has cut it off."""
    page(phone)
    good = {path: path.read_bytes() for path in (DATA_DIR / "kept").iterdir()}
    assert good
    for change in (
        lambda held: held[:2] + bytes([held[2] ^ 1]) + held[3:],
        lambda held: held[:-1] + bytes([held[-1] ^ 0x80]),
        lambda held: held[:40],
        lambda held: held[:5],
        lambda _held: b"",
        lambda held: bytes(len(held)),
    ):
        for path, held in good.items():
            path.write_bytes(change(held))
        kept.pages.forget()
        assert "Soupe" in page(phone)


@pytest.mark.pure
def test_nothing_is_unpickled_of_a_file_but_what_was_pickled(files, tmp_path, monkeypatch):
    """F27: one wrong byte may ask for more memory than there is; wherever it is, it is found before."""
    files.set("carte", {"soupe": 650})
    (path,) = tmp_path.iterdir()
    held = path.read_bytes()
    unpickled = []
    monkeypatch.setattr(pickle, "loads", unpickled.append)
    monkeypatch.setattr(pickle, "load", unpickled.append)
    files.get("carte")
    (right,) = set(unpickled)
    taken = set()
    for place, byte in enumerate(held):
        for wrong in {0x00, 0x80, 0xFF, byte ^ 1, byte ^ 0x80} - {byte}:
            path.write_bytes(held[:place] + bytes([wrong]) + held[place + 1 :])
            with contextlib.suppress(kept.Damaged, zlib.error):
                files.get("carte")
                taken.add(place)
    assert min(taken) > kept.OLD_AT.size + kept.SUM.size
    assert set(unpickled) == {right}, "a bit that says nothing may be wrong"


@pytest.mark.pure
def test_a_file_is_kept_for_its_time(files, tmp_path):
    files.set("carte", 1, timeout=60)
    files.set("always", 2, timeout=None)
    with time_machine.travel(timezone.now() + timedelta(seconds=58)):
        assert files.get("carte") == 1
    with time_machine.travel(timezone.now() + timedelta(seconds=62)):
        assert (files.get("carte"), files.get("always")) == (None, 2)
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.pure
def test_what_a_killed_process_was_writing_is_swept(files, tmp_path, monkeypatch):
    """F27: but not what another one writes at this moment."""
    begun = tmp_path / "begun"
    # A kill comes before what is written has its name, and nothing is tidied up.
    monkeypatch.setattr(filebased, "file_move_safe", lambda new, *_, **__: begun.hardlink_to(new))
    files.set("carte", 1)
    monkeypatch.undo()
    (left,) = (each for each in tmp_path.iterdir() if each != begun)
    files.set("carte", 1)
    assert left.exists()
    os.utime(left, (0, 0))
    files.set("carte", 2)
    assert not left.exists()
    assert files.get("carte") == 2


def test_no_version_of_a_carte_comes_twice(table):
    """Last night's backup is restored, and then the carte is changed another way: what was kept is not taken for it."""
    carte.changed(restaurant_id=table.restaurant_id)
    lost = Restaurant.objects.get().carte_version
    Restaurant.objects.update(carte_version=1)
    with time_machine.travel(timezone.now() + timedelta(seconds=1)):
        carte.changed(restaurant_id=table.restaurant_id)
    assert Restaurant.objects.get().carte_version > lost
