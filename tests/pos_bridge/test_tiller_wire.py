"""The Tiller adapter over real sockets, and from the outbox to the till: refused repeats, people, and no double."""

import json
import logging
import re
import socket
import threading
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.utils import timezone
from django.views.debug import ExceptionReporter

from pos_bridge import decisions, delivery, outbox
from pos_bridge.decisions import Decision
from pos_bridge.errors import DeliveryError, Misconfigured, NotSent, Rejected, Uncertain
from pos_bridge.models import Addition, Attempt, Register
from pos_bridge.registers import http
from pos_bridge.registers.base import Receipt
from pos_bridge.registers.network import Network
from pos_bridge.registers.tiller import Tiller
from pos_bridge.simulator.catalogue import Catalogue
from pos_bridge.simulator.modes import WRONG_TYPES
from pos_bridge.simulator.tiller import TillerRegister
from tests import factories
from tests.helpers import eventually
from tests.pos_bridge.conftest import Restaurant

pytestmark = pytest.mark.wire

State = Addition.State
# Both are canaries: no log, no row and no error may show them (P18).
TOKENS = {"restaurant_token": "canary-restaurant-5f1d", "provider_token": "canary-provider-9c02"}
CANARY = "canary"
NUMBER = 217_512_000


def register(**options):
    return TillerRegister(Catalogue.of_everything(), scale=0.02, **{**TOKENS, **options})


@pytest.fixture
def till():
    with register() as register_:
        yield register_


def adapter(url, divisor=5.0, **credentials):
    local = Network(allowed=frozenset({"127.0.0.1"}), divisor=divisor)
    return Tiller(url, {**TOKENS, **credentials}, {}, local)


def body(number=NUMBER):
    return Tiller.build(factories.ticket(), number, {}, uuid4())


def tried(url, frozen, **options) -> Any:
    """The receipt or the error."""
    try:
        return adapter(url, **options).send(NUMBER, frozen)
    except DeliveryError as error:
        return error


class FarEnd:
    """A server of raw sockets: answers each whole request with `answer(request)`, and hangs up."""

    def __init__(self, answer):
        self.answer, self.requests = answer, []
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listening.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listening.close()

    def _serve(self):
        while True:
            try:
                connection, _ = self.listening.accept()
            except OSError:
                return
            with connection:
                request = b""
                while not self._is_whole(request) and (piece := connection.recv(65536)):
                    request += piece
                self.requests.append(request.decode())
                connection.sendall(self.answer(request.decode()).encode())

    def _is_whole(self, request):
        head, end, body = request.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: (\d+)", head)
        return bool(end) and len(body) >= (int(length[1]) if length else 0)


def saying(text):
    return FarEnd(lambda request: text.replace("\n", "\r\n"))


# --- What a try ends in -------------------------------------------------------------------------


def test_what_was_frozen_is_what_arrives_p5(till):
    frozen = body()
    receipt = adapter(till.url).send(NUMBER, frozen)
    assert (receipt.state, receipt.till_state, receipt.repeat) == ("received", "id 1", False)
    (entry,) = till.ledger()
    assert entry["raw"] == frozen
    assert entry["number"] == NUMBER


# mode -> class, reason, whether it is booked
OUTCOMES: dict[str, tuple[Any, str, bool]] = {
    "ok": (Receipt, "", True),
    "ok_slow(1)": (Receipt, "", True),
    "rst_before": (Uncertain, "hung_up", False),
    "rst_after": (Uncertain, "hung_up", True),
    "hangup_before": (Uncertain, "hung_up", False),
    "hangup_after": (Uncertain, "hung_up", True),
    "late_after(300)": (Uncertain, "no_answer", True),
    "late_before(300)": (Uncertain, "no_answer", False),
    "http500": (Uncertain, "http_500", False),
    "http500_after(404)": (Uncertain, "http_404", True),
    "503_retry_after": (Uncertain, "http_503", False),
    "503_retry_after_after": (Uncertain, "http_503", True),
    "429": (Uncertain, "http_429", False),
    "429_after": (Uncertain, "http_429", True),
    "401": (Misconfigured, "keys_refused", False),
    "401_after(403)": (Misconfigured, "keys_refused", True),
    "302": (Misconfigured, "redirect", False),
    "html200_before": (Uncertain, "unreadable", False),
    "html200_after": (Uncertain, "unreadable", True),
    # With 200, an error in words is no refusal.
    "json_error(Table fermée)": (Uncertain, "unreadable", False),
    "json_error_after": (Uncertain, "unreadable", True),
    "warn_then_json": (Uncertain, "unreadable", True),
    "half_json": (Uncertain, "unreadable", True),
    "truncated": (Uncertain, "cut_short", True),
    "bom": (Uncertain, "unreadable", True),
    "empty": (Uncertain, "unreadable", True),
    "empty_after(204)": (Uncertain, "http_204", True),
    "huge": (Uncertain, "too_large", True),
    "gzip_bomb": (Uncertain, "encoded", True),
    "drip_body(30)": (Uncertain, "no_answer", True),
    "drip_headers_before(30)": (Uncertain, "no_answer", False),
    "blackhole(30)": (NotSent, "connect_timeout", False),
    "refuse_conn(30)": (NotSent, "no_connection", False),
    "dup_known": (Receipt, "", True),
    **{f"wrong_type({kind})": (Uncertain, "unreadable", True) for kind in WRONG_TYPES},
}


@pytest.mark.parametrize("mode", OUTCOMES)
def test_each_outcome_is_named_for_what_the_register_may_have(till, caplog, mode):
    caplog.set_level(logging.DEBUG)
    till.script(mode)
    expected, reason, booked = OUTCOMES[mode]
    outcome = tried(till.url, body())
    assert type(outcome) is expected
    assert getattr(outcome, "reason", "") == reason
    assert len(till.ledger()) == booked
    assert till.redirects_followed == 0
    assert CANARY not in f"{outcome!r} {outcome.answer} {caplog.text}"


def test_a_refusal_says_why(till):
    till.set_table(12, locked=True)
    outcome = tried(till.url, body())
    assert isinstance(outcome, Rejected)
    assert (outcome.http_status, outcome.detail) == (400, "Table 12 verrouillée par un serveur")


@pytest.mark.parametrize("named", [False, True])
def test_a_repeat_that_is_refused_says_that_it_is_there(till, named):
    till.settings["doubles_named"] = named
    frozen = body()
    assert not tried(till.url, frozen).repeat
    again = tried(till.url, frozen)
    assert isinstance(again, Receipt)
    assert again.repeat
    assert len(till.ledger()) == 1


@pytest.mark.parametrize(
    "said",
    [
        "HTTP/1.1 409 Conflict\nContent-Type: text/html\n\n<h1>Conflict</h1>",
        "HTTP/1.1 409 Conflict\n\n",
        'HTTP/1.1 409 Conflict\nContent-Type: application/json\n\n["double"]',
        'HTTP/1.1 409 Conflict\nContent-Type: application/json\n\n{"error": "dou',
        "HTTP/1.1 409 Conflict\nContent-Type: application/json\nContent-Length: 99\n\n{}",
    ],
)
def test_a_409_of_whatever_stands_in_front_says_nothing(said):
    with saying(said) as server:
        outcome = tried(server.url, body())
    assert isinstance(outcome, Uncertain)
    assert outcome.reason in {"http_409", "cut_short"}


@pytest.mark.parametrize("token", TOKENS)
def test_a_token_that_has_expired_books_nothing_f55(till, token):
    outcome = tried(till.url, body(), **{token: "expired"})
    assert isinstance(outcome, Misconfigured)
    assert (outcome.reason, outcome.http_status) == ("keys_refused", 403)
    assert till.ledger() == []


# --- The connection, and what it may give away ----------------------------------------------------


def test_its_connection_can_be_tried_without_booking_anything(till):
    assert adapter(till.url).check() is None
    adapter(till.url).send(NUMBER, body())
    assert adapter(till.url).check() is None
    assert len(till.posts()) == len(till.ledger()) == 1


@pytest.mark.parametrize(
    ("mode", "error"),
    [
        ("html200", Uncertain),
        ("half_json", Uncertain),
        ("empty", Uncertain),
        ("http500", Uncertain),
        ("302", Misconfigured),
        ("401(403)", Misconfigured),
    ],
)
def test_a_check_tells_apart_what_a_person_can_mend(till, mode, error):
    adapter(till.url).send(NUMBER, body())
    till.fail_always(list=mode)
    with pytest.raises(error):
        adapter(till.url).check()


@pytest.mark.parametrize("said", ['{"error": "Token"}', '"OK"', "12", "null"])
def test_a_check_believes_a_list_and_nothing_less(said):
    head = "HTTP/1.1 200 OK\nContent-Type: application/json\n\n"
    with saying(head + said) as server, pytest.raises(Uncertain) as unclear:
        adapter(server.url).check()
    assert unclear.value.reason == "unreadable"


def echo(status):
    """Repeats the whole request in an answer that can be read, as a debug page does."""
    head = f"HTTP/1.1 {status} No\r\nContent-Type: application/json\r\n\r\n"
    return FarEnd(lambda request: head + json.dumps({"error": request}))


def shown(error):
    reporter = ExceptionReporter(None, type(error), error, error.__traceback__)
    frames = reporter.get_traceback_frames()
    ours = [each["vars"] for each in frames if "registers" in each["filename"]]
    assert ours
    return f"{error!r} {error.detail} {error.answer} {ours}"


@pytest.mark.parametrize("status", [200, 400, 403, 409, 500])
def test_whoever_repeats_our_request_is_not_believed_and_no_token_is_kept_p18_t24(status):
    """It names our externalId, and says nothing of it."""
    with echo(status) as server:
        asked = adapter(server.url)
        frozen = body()
        for ask in (lambda: asked.send(NUMBER, frozen), asked.check):
            with pytest.raises(Misconfigured if status == 403 else Uncertain) as failed:
                ask()
            told = shown(failed.value)
            assert "POST /api/orders" in told or "maxResults" in told
            assert CANARY not in told
        assert all(token in each for each in server.requests for token in TOKENS.values())


def test_no_token_is_in_an_error_where_nobody_answers_p18_t24():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        frozen = body()
        for ask in (
            lambda: adapter(url, 30).send(NUMBER, frozen),
            adapter(url, 30).check,
        ):
            with pytest.raises(Uncertain) as failed:
                ask()
            assert CANARY not in shown(failed.value)


# --- From the outbox to the till -------------------------------------------------------------------

database = pytest.mark.django_db(transaction=True)


@pytest.fixture
def quick(settings):
    settings.TIME_DIVISOR = 10


@pytest.fixture
def house(till, quick, transactional_db):
    return Restaurant(till.url, kind="tiller", credentials=TOKENS)


def deliver(house):
    delivery.serve(house.register.pk, worker="test", stopping=threading.Event())


def serve_for_long(house, times=5):
    """All waiting times are over, again and again."""
    for _ in range(times):
        Addition.objects.exclude(next_try_at=None).update(next_try_at=timezone.now())
        Register.objects.update(next_poll_at=None)
        deliver(house)


def decide(addition, decision):
    addition.refresh_from_db()
    assert decision in decisions.possible(addition)
    assert decisions.decide(addition, decision).won
    Addition.objects.filter(pk=addition.pk).update(next_try_at=timezone.now())


@database
def test_an_order_stands_on_the_till_once_p2(house, till):
    addition = house.order(table=12)
    deliver(house)
    addition.refresh_from_db()
    assert addition.state == State.RECEIVED
    assert addition.till_state == "id 1"
    (entry,) = till.ledger()
    assert UUID(entry["external_id"]) == addition.uuid
    assert addition.uuid.version == 4
    assert entry["sha256"] == addition.body_sha256
    assert CANARY not in addition.body
    assert addition.attempts.get().outcome == "received"


@database
def test_each_addition_has_a_uuid_of_its_own_and_other_kinds_have_none_p6(house):
    first, second = house.order(), house.order()
    assert first.uuid != second.uuid
    other = Restaurant("http://127.0.0.1:9500", slug="chez-bob")
    assert other.order().uuid is None


LOST = ["rst_after", "http500_after", "half_json_after", "late_after(300)", "wrong_type_after"]
NEVER = ["rst_before", "http500_before", "empty_before"]


@database
@pytest.mark.once
@pytest.mark.parametrize("mode", LOST + NEVER)
@pytest.mark.parametrize("named", [False, True])
def test_an_unclear_outcome_is_a_person_s_and_sent_again_it_is_there_once_p2_f47(
    house, till, mode, named
):
    till.settings["doubles_named"] = named
    till.script(mode)
    addition = house.order()
    serve_for_long(house)
    addition.refresh_from_db()
    assert addition.state == State.UNCERTAIN
    assert len(till.posts()) == 1  # nothing is sent again by itself
    assert len(till.ledger()) == (mode in LOST)
    decide(addition, Decision.SEND_AGAIN)
    deliver(house)
    addition.refresh_from_db()
    assert (addition.state, addition.reason) == (State.RECEIVED, "")
    assert addition.received_at is not None
    assert len(till.ledger()) == 1
    assert len({post["sha256"] for post in till.posts()}) == 1


@database
def test_where_a_repeat_is_booked_again_only_a_person_can_make_one_p2(till, quick):
    with register(keep_doubles=True) as careless:
        house = Restaurant(careless.url, kind="tiller", credentials=TOKENS)
        careless.script("rst_after")
        addition = house.order()
        serve_for_long(house)
        assert len(careless.ledger()) == 1
        addition.refresh_from_db()
        assert addition.state == State.UNCERTAIN


@database
def test_a_repeat_is_not_believed_before_the_first_try_p9(house, till):
    """Nothing of ours can be there: whoever says so means something else, and no diner is told that it is there."""
    till.script("dup_unknown")
    addition = house.order()
    serve_for_long(house)
    addition.refresh_from_db()
    assert (addition.state, addition.reason) == (State.UNCERTAIN, "number_taken")
    assert addition.received_at is None
    assert till.ledger() == []
    assert len(till.posts()) == 1
    # Under another UUID, since this one is refused.
    assert Decision.REPLACE in decisions.possible(addition)
    assert Decision.SEND_AGAIN not in decisions.possible(addition)


@database
def test_a_repeat_after_a_try_that_sent_nothing_is_not_believed_p9(house, till):
    addition = house.order()
    claim = outbox.claim(house.register.pk, worker="one", now=timezone.now())
    assert claim is not None
    outbox.settle(claim, NotSent("no_connection"), now=timezone.now(), duration=0)
    till.script("dup_unknown")
    serve_for_long(house)
    addition.refresh_from_db()
    assert (addition.state, addition.reason) == (State.UNCERTAIN, "number_taken")


@database
def test_what_surely_was_not_sent_is_sent_again_by_itself_p1(house, till):
    till.fail_always("refuse_conn")
    addition = house.order()
    deliver(house)
    till.heal()

    def there():
        serve_for_long(house, 1)
        addition.refresh_from_db()
        return addition.state == State.RECEIVED

    eventually(there, timeout=20)
    assert len(till.ledger()) == 1


@database
def test_a_worker_that_was_lost_leaves_it_to_a_person_f34(house, till):
    addition = house.order()
    claim = outbox.claim(house.register.pk, worker="lost", now=timezone.now())
    assert claim is not None
    adapter(till.url).send(addition.number, addition.body)
    long_ago = timezone.now() - timedelta(hours=1)
    Addition.objects.update(lease_until=long_ago)
    Register.objects.update(lease_until=long_ago)
    serve_for_long(house)
    addition.refresh_from_db()
    assert addition.state == State.UNCERTAIN
    decide(addition, Decision.SEND_AGAIN)
    deliver(house)
    addition.refresh_from_db()
    assert addition.state == State.RECEIVED
    assert len(till.ledger()) == 1


@database
def test_expired_tokens_pause_the_register_until_somebody_has_changed_them_f55(house, till):
    """The one that was refused has been read, and a person sends it again; those behind it go by themselves."""
    till.settings["tokens_expired"] = True
    refused, behind = house.order(table=1), house.order(table=2)
    deliver(house)
    assert Register.objects.get().paused_reason == "keys_refused"
    serve_for_long(house)
    assert len(till.posts()) == 1
    assert till.ledger() == []
    till.settings["tokens_expired"] = False
    outbox.resume(register=house.register)
    serve_for_long(house)
    behind.refresh_from_db()
    refused.refresh_from_db()
    assert (behind.state, refused.state) == (State.RECEIVED, State.UNCERTAIN)
    decide(refused, Decision.SEND_AGAIN)
    deliver(house)
    assert len(till.ledger()) == 2


@database
@pytest.mark.once
@pytest.mark.parametrize("fault", ["ok", "http500_after", "401", "302", "json_error", "half_json"])
def test_no_token_in_any_log_or_row_p18_t23_t24(house, till, caplog, fault):
    for name in ("", "django", *http.LOGGERS):
        caplog.set_level(logging.DEBUG, logger=name)
    logging.getLogger("django.db.backends").setLevel(logging.INFO)
    addition = house.order()
    till.script(fault)
    deliver(house)
    assert till.posts()
    assert CANARY not in caplog.text
    rows = [Addition.objects.values().get(pk=addition.pk), *Attempt.objects.values()]
    assert CANARY not in str(rows)
    assert CANARY not in repr(Register.objects.get().credentials)
