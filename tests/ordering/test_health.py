"""/healthz: ok or not ok to the world; with a token, what is the matter."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import connection
from django.utils import timezone

from pos_bridge.models import Addition, Heartbeat, Register
from tests.helpers import eventually
from tests.pos_bridge.conftest import Restaurant

State = Addition.State
TOKEN = "a-token-of-more-than-twenty-characters"

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice(db):
    return Restaurant("http://127.0.0.1:9")


@pytest.fixture(autouse=True)
def _token(settings):
    settings.HEALTH_TOKEN = TOKEN


def beat(kind, ago=0.0, **fields):
    at = timezone.now() - timedelta(seconds=ago)
    fields |= {"started_at": at, "beat_at": at}
    Heartbeat.objects.update_or_create(kind=kind, name="made-1", defaults=fields)


def asked(client, **headers):
    cache.clear()
    answer = client.get("/healthz", headers=headers)
    assert answer["Cache-Control"] == "no-store"
    assert not answer.cookies
    return answer


def told(client):
    return asked(client, authorization=f"Bearer {TOKEN}")


def test_the_world_hears_one_word_and_nothing_else(client, alice):
    beat("deliver")
    well = asked(client)
    assert (well.status_code, well.content) == (200, b"ok")
    beat("deliver", ago=16)
    ill = asked(client)
    assert (ill.status_code, ill.content) == (503, b"not ok")


def test_it_is_red_where_the_worker_was_never_started_f31(client):
    assert asked(client).status_code == 503


def test_a_watch_is_missed_where_somebody_counts_on_it(client, settings):
    beat("deliver")
    assert asked(client).status_code == 200
    settings.ALARM_URLS = ["json://127.0.0.1"]
    assert asked(client).status_code == 503
    beat("watch")
    assert asked(client).status_code == 200
    settings.ALARM_URLS = []
    beat("watch", ago=16)
    assert asked(client).status_code == 503


def test_it_is_red_where_the_database_does_not_answer(client):
    beat("deliver")
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {Heartbeat._meta.db_table} RENAME TO gone")
    assert asked(client).status_code == 503
    answer = told(client)
    assert answer.status_code == 503
    assert answer.json()["ok"] is False


@pytest.mark.parametrize("host", ["10.1.2.3:8000", "unheard-of.example", "_"])
def test_it_answers_to_whatever_name_a_load_balancer_uses_t27(client, settings, host):
    settings.ALLOWED_HOSTS = ["tablee.example"]
    settings.SECURE_SSL_REDIRECT = True
    beat("deliver")
    assert asked(client, host=host).status_code == 200
    assert client.get("/carte", headers={"host": host}).status_code in {301, 400}


def test_it_is_only_asked_and_told_nothing(client):
    beat("deliver")
    head = client.head("/healthz")
    assert (head.status_code, head.content) == (200, b"")
    for method in ("post", "put", "delete", "options"):
        assert getattr(client, method)("/healthz").status_code == 405


def test_whoever_asks_all_the_time_does_not_keep_the_database_busy(
    client, django_assert_num_queries
):
    beat("deliver")
    assert asked(client).status_code == 200
    with django_assert_num_queries(0):
        assert client.get("/healthz").status_code == 200
    beat("deliver", ago=16)
    eventually(lambda: client.get("/healthz").status_code == 503, timeout=3)


@pytest.mark.parametrize(
    "shown", ["", TOKEN, f"Basic {TOKEN}", "Bearer", "Bearer ", f"Bearer {TOKEN}x", "Bearer é"]
)
def test_without_the_token_nothing_more_is_told(client, shown):
    beat("deliver")
    assert asked(client, authorization=shown).content == b"ok"


def test_without_a_token_in_the_settings_none_is_right(client, settings):
    settings.HEALTH_TOKEN = ""
    beat("deliver")
    assert asked(client, authorization="Bearer ").content == b"ok"


def test_with_the_token_it_tells_each_state(client, alice):
    now = timezone.now()
    beat("deliver", ago=4, jumped_at=now, jumped_by=3600.0)
    beat("watch", ago=20)
    bob = Restaurant("http://127.0.0.1:9", slug="chez-bob")
    Register.objects.filter(pk=bob.register.pk).update(
        failures=5, silent_since=now, paused_reason="certificate"
    )
    waits = alice.order(table=1)
    Addition.objects.filter(pk=waits.pk).update(created_at=now - timedelta(seconds=50))
    for table, ago in ((2, 30), (3, 59), (4, 61)):
        done = alice.order(table=table)
        Addition.objects.filter(pk=done.pk).update(
            state=State.RECEIVED, received_at=now - timedelta(seconds=ago)
        )
    answer = told(client)
    assert answer.status_code == 503
    found = answer.json()
    assert found["ok"] is False
    assert found["database"] is None
    assert found["deliver"]["alive"]
    assert 4 <= found["deliver"]["last_beat_age"] < 10
    assert not found["watch"]["alive"]
    assert found["undelivered"] == 1
    assert found["clock_jumped_by"] == 3600.0
    one, two = found["registers"]
    assert 50 <= one.pop("oldest_age") < 60
    assert one == {
        "restaurant": "chez-alice",
        "kind": "leo2",
        "paused": None,
        "silent_since": None,
        "waiting": 1,
        "delivered_last_minute": 2,
    }
    assert (two["paused"], two["waiting"], two["oldest_age"]) == ("certificate", 0, None)
    assert two["silent_since"]


def test_it_tells_no_key_no_address_and_no_code(client, alice):
    addition = alice.order()
    beat("deliver")
    said = told(client).content.decode()
    for secret in ("SHOP1", "KEY1", "127.0.0.1", addition.order.table.code, addition.order.code):
        assert secret not in said


def test_it_asks_the_same_for_forty_registers_as_for_one(client, django_assert_max_num_queries):
    for number in range(40):
        Restaurant("http://127.0.0.1:9", slug=f"chez-{number}").order()
    beat("deliver")
    beat("watch")
    with django_assert_max_num_queries(10):
        assert len(told(client).json()["registers"]) == 40
