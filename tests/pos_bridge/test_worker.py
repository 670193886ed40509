"""From the outbox to the register over a real port, and back from its lists."""

import threading
from contextlib import suppress
from unittest.mock import Mock

import pytest
from django.db import OperationalError
from django.utils import timezone

from pos_bridge import delivery, outbox, retry
from pos_bridge.delivery import serve
from pos_bridge.models import Addition, Attempt, Register
from pos_bridge.registers.leo2 import Leo2
from pos_bridge.simulator.leo2 import Catalogue, Leo2Register
from pos_bridge.times import seconds
from pos_bridge.turns import Comparisons
from pos_bridge.waiting import LEASE
from pos_bridge.worker import Worker
from tests.helpers import eventually
from tests.pos_bridge.conftest import Restaurant

State = Addition.State

pytestmark = [pytest.mark.wire, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _quick(settings):
    """All waits a fiftieth: a deadline of 15 s is 0.3 s."""
    settings.TIME_DIVISOR = 50


@pytest.fixture
def working():
    """Workers in threads; they are stopped at the end."""
    started = []

    def start(**options):
        one = Worker(**options)
        thread = threading.Thread(target=one.run)
        thread.start()
        started.append((one, thread))
        return one

    yield start
    for one, _ in started:
        one.stop()
    for _, thread in started:
        thread.join(10)
        assert not thread.is_alive()


def deliver(restaurant):
    serve(restaurant.register.pk, worker="test", stopping=threading.Event())


def states(*additions):
    return {Addition.objects.get(pk=addition.pk).state for addition in additions}


def numbers_of(leo2):
    return [post["number"] for post in leo2.posts()]


def on_the_till(*additions):
    return lambda: states(*additions) == {State.RECEIVED}


def test_an_order_stands_on_the_till(chez_alice, leo2):
    addition = chez_alice.order(table=12)
    deliver(chez_alice)
    addition.refresh_from_db()
    assert addition.state == State.RECEIVED
    (entry,) = leo2.ledger()
    assert entry["number"] == addition.number
    assert entry["sha256"] == addition.body_sha256
    assert addition.attempts.get().outcome == "accepted"


def test_it_is_on_its_way_well_under_a_second_after_it_was_sent(chez_alice, leo2, working):
    working()
    chez_alice.order(table=1)
    eventually(lambda: len(leo2.ledger()) == 1)
    sent = timezone.now()
    addition = chez_alice.order(table=2)
    eventually(on_the_till(addition), timeout=5)
    addition.refresh_from_db()
    assert (addition.attempts.get().started_at - sent).total_seconds() < 0.5
    assert (addition.received_at - sent).total_seconds() < 1


AFTER_BOOKING = [
    "rst_after",
    "hangup_after",
    "late_after(60)",
    "http500_after",
    "html200_after",
    "warn_then_json_after",
    "half_json_after",
    "truncated_after",
    "bom_after",
    "wrong_type_after(string)",
    "empty_after",
    "huge_after",
    "gzip_bomb_after",
    "drip_body_after(3)",
    "drip_headers_after(3)",
    "503_retry_after_after(1)",
    "429_after(1)",
]
BEFORE_BOOKING = [
    "rst_before",
    "hangup_before",
    "late_before(60)",
    "http500_before",
    "html200_before",
    "drip_headers_before(3)",
    "503_retry_after_before(1)",
    "429_before(1)",
    "refuse_conn(30)",
]


@pytest.mark.parametrize("mode", AFTER_BOOKING + BEFORE_BOOKING)
def test_whatever_happens_to_the_answer_it_is_there_once_p2_p5(chez_alice, leo2, working, mode):
    """F45 to F53, F56: the same number and the same bytes again, until a list or an answer says that it is there."""
    leo2.script(mode)
    addition = chez_alice.order()
    working()
    eventually(on_the_till(addition), timeout=20)
    assert [entry["number"] for entry in leo2.ledger()] == [addition.number]
    assert {post["sha256"] for post in leo2.posts()} == {addition.body_sha256}
    assert {post["number"] for post in leo2.posts()} == {addition.number}
    assert leo2.max_posts_in_flight <= 1


def test_it_is_sent_again_where_the_lists_do_not_help_f46_f65(chez_alice, leo2, working):
    leo2.fail_always("ok", list="http500")
    leo2.script("rst_after", "rst_after")
    addition = chez_alice.order()
    working()
    eventually(lambda: states(addition) == {State.ACCEPTED}, timeout=20)
    assert len(leo2.posts()) == 3
    assert len(leo2.ledger()) == 1
    leo2.heal()
    eventually(on_the_till(addition), timeout=20)


def test_a_list_that_has_it_saves_the_second_post_f46(chez_alice, leo2, monkeypatch):
    """Also where the next try is due at once."""
    monkeypatch.setattr(retry, "CAPS", (0.0,))
    monkeypatch.setattr(outbox, "LOOK_FIRST", 0.0)
    leo2.script("hangup_after")
    addition = chez_alice.order()
    deliver(chez_alice)
    assert states(addition) == {State.RECEIVED}
    assert len(leo2.posts()) == 1


def test_a_refusal_is_not_sent_again_f49(chez_alice, leo2):
    leo2.script("json_error(Table fermée)")
    addition = chez_alice.order()
    deliver(chez_alice)
    deliver(chez_alice)
    addition.refresh_from_db()
    assert (addition.state, addition.reason) == (State.REFUSED, "refused")
    assert "Table fermée" in addition.detail
    assert addition.events.get().kind == "refused"
    assert len(leo2.posts()) == 1


def test_the_relay_is_not_the_till_f63(chez_alice, leo2):
    leo2.close_till()
    addition = chez_alice.order()
    deliver(chez_alice)
    assert states(addition) == {State.ACCEPTED}
    leo2.open_till()
    Register.objects.update(next_poll_at=None)
    deliver(chez_alice)
    assert states(addition) == {State.RECEIVED}


def test_a_table_that_has_paid_says_so_once_f67(chez_alice, leo2):
    addition = chez_alice.order()
    deliver(chez_alice)
    leo2.set_state(addition.number, 9)
    for _ in range(2):
        Register.objects.update(next_poll_at=None)
        deliver(chez_alice)
    assert states(addition) == {State.SETTLED}
    assert [event.kind for event in addition.events.all()] == ["settled"]


@pytest.mark.parametrize(
    "shape",
    ["list_object", "list_keyed(orders)", "list_strings", "list_foreign", "list_stale"],
)
def test_it_reads_the_lists_in_every_shape_f66(chez_alice, leo2, shape):
    if shape == "list_stale":
        leo2.script(list=[shape, shape])
    else:
        leo2.fail_always(list=shape)
    addition = chez_alice.order()
    deliver(chez_alice)
    Register.objects.update(next_poll_at=None)
    deliver(chez_alice)
    assert states(addition) == {State.RECEIVED}


@pytest.mark.parametrize(("mode", "reason"), [("401", "keys_refused"), ("302", "redirect")])
def test_a_register_that_nobody_can_pass_pauses_f54_f55(chez_alice, leo2, working, mode, reason):
    leo2.script(mode)
    first, second = chez_alice.order(table=1), chez_alice.order(table=2)
    working()
    eventually(lambda: Register.objects.get().paused_reason == reason)
    assert len(leo2.posts()) == 1
    # Whoever answered has read the first; the second was never tried.
    assert [states(first), states(second)] == [{State.UNCERTAIN}, {State.QUEUED}]
    outbox.resume(register=chez_alice.register)
    eventually(on_the_till(first, second))
    assert len(leo2.ledger()) == 2


def test_one_poison_order_stops_no_other_p7(chez_alice, leo2, working):
    poison, *others = [chez_alice.order(table=table) for table in (1, *range(1, 20))]
    real = leo2.use_of

    def use_of(request):
        if str(poison.number).encode() in request.body:
            leo2.script("http500_before")
        return real(request)

    leo2.use_of = use_of
    working()
    eventually(on_the_till(*others), timeout=60)
    assert states(poison) <= {State.UNCERTAIN, State.SENDING, State.HELD}


def test_a_register_that_another_worker_serves_is_left_to_it(chez_alice, leo2, monkeypatch):
    """Whoever has the lease reads the lists when it is done; two that take turns would read them after each order."""
    compared = Comparisons()
    compared.done(chez_alice.register.pk)
    chez_alice.order()
    read: list[int] = []

    def read_lists(register_id, *_, **__):
        read.append(register_id)
        return False

    monkeypatch.setattr(delivery, "read_lists", read_lists)
    left = Mock()
    for until, expected in ((LEASE, []), (-1, [chez_alice.register.pk])):
        end = timezone.now() + seconds(until)
        Register.objects.update(lease_owner="another", lease_until=end, paused_reason="redirect")
        serve(
            chez_alice.register.pk, worker="test", stopping=threading.Event(), compared=compared,
            leave=left,
        )  # fmt: skip
        assert read == expected
        left.assert_called_once_with()
    assert leo2.posts() == []


def test_a_register_that_hangs_delays_no_other(chez_alice, leo2, working, tmp_path):
    leo2.fail_always("late_before(1000)")
    with Leo2Register(Catalogue.of_everything(), ledger=tmp_path / "other.jsonl") as healthy:
        charlie = Restaurant(healthy.url, slug="chez-charlie")
        chez_alice.order()
        working(threads=2)
        eventually(lambda: leo2.posts())
        other = charlie.order()
        eventually(on_the_till(other), timeout=5)
        assert not leo2.ledger()


def test_several_workers_deliver_each_order_once_f32_p12(chez_alice, leo2, working):
    additions = [chez_alice.order(table=table) for table in range(1, 31)]
    for _ in range(3):
        working()
    eventually(on_the_till(*additions), timeout=30)
    # Thirty tables: each order once. Only one table's own orders keep their order.
    numbers = sorted(entry["number"] for entry in leo2.ledger())
    assert numbers == [each.number for each in additions]
    assert leo2.max_posts_in_flight == 1
    # A busy machine may find an answer late; then the same number goes out again, and is a try of its own.
    assert len(leo2.posts()) == Attempt.objects.exclude(outcome="NotSent").count()


def test_our_own_mistake_on_one_addition_ends_no_loop_f36(chez_alice, leo2, working, monkeypatch):
    poison, good = chez_alice.order(table=1), chez_alice.order(table=2)
    real = Leo2.send

    def send(self, number, body):
        if number == poison.number:
            raise ZeroDivisionError
        return real(self, number, body)

    monkeypatch.setattr("pos_bridge.registers.leo2.Leo2.send", send)
    working()
    eventually(on_the_till(good))
    eventually(lambda: states(poison) == {State.HELD})
    assert Addition.objects.get(pk=poison.pk).reason == "crashes"


def test_a_locked_database_loses_no_answer(chez_alice, leo2, monkeypatch):
    addition = chez_alice.order()
    real, failures = outbox.settle, iter([OperationalError("database is locked")] * 3)

    def settle(*args, **fields):
        for failure in failures:
            raise failure
        return real(*args, **fields)

    monkeypatch.setattr(outbox, "settle", settle)
    deliver(chez_alice)
    assert states(addition) == {State.RECEIVED}
    assert len(leo2.posts()) == 1


def test_a_queue_is_sent_in_order_and_claimed_once(chez_alice, leo2, monkeypatch):
    """Each next one is taken in the transaction that settles the one before."""
    additions = [chez_alice.order(table=table) for table in range(1, 5)]
    claims, real = [], outbox.claim

    def claim(*args, **given):
        claims.append(real(*args, **given))
        return claims[-1]

    monkeypatch.setattr(outbox, "claim", claim)
    deliver(chez_alice)
    assert numbers_of(leo2) == [addition.number for addition in additions]
    assert [claim.addition for claim in claims if claim] == [additions[0]]


def test_what_is_wrong_with_the_next_one_loses_no_answer(chez_alice, leo2, monkeypatch):
    additions = [chez_alice.order(table=table) for table in (1, 2)]
    real, failures = outbox._claimed, iter([ZeroDivisionError(), OperationalError("locked")])

    def claimed(addition, *rest):
        if addition.pk == additions[1].pk:
            for failure in failures:
                raise failure
        return real(addition, *rest)

    monkeypatch.setattr(outbox, "_claimed", claimed)
    for _ in range(2):
        with suppress(OperationalError):
            deliver(chez_alice)
    assert states(*additions) == {State.RECEIVED}
    assert numbers_of(leo2) == [addition.number for addition in additions]


def test_a_worker_that_stops_takes_no_next_one(chez_alice, leo2):
    chez_alice.order(table=1), chez_alice.order(table=2)
    stopping = threading.Event()
    real = leo2.use_of

    def use_of(request):
        stopping.set()
        return real(request)

    leo2.use_of = use_of
    serve(chez_alice.register.pk, worker="test", stopping=stopping)
    assert len(leo2.posts()) == 1
    assert not Addition.objects.filter(state=State.SENDING).exists()


def test_keys_that_cannot_be_decrypted_pause_the_register(chez_alice, settings):
    addition = chez_alice.order()
    settings.FIELD_KEYS = ["x3JTCiCSAOOaN6hIm4pWeEfp5Z0fE3a4sPUUH1uLQBg="]
    assert delivery.send_next(chez_alice.register.pk, worker="test")
    assert states(addition) == {State.QUEUED}
    paused = Register.objects.values_list("paused_reason", flat=True).get()
    assert paused == "keys_unreadable"


def test_it_sends_to_no_real_register_from_a_test_installation_t37(chez_alice, leo2, settings):
    settings.REGISTER_HOSTS_ALLOWED = ["192.168.1.20"]
    settings.HTTPS = False
    addition = chez_alice.order()
    deliver(chez_alice)
    assert states(addition) == {State.QUEUED}
    assert Register.objects.get().paused_reason == "not_in_production"
    assert leo2.posts() == []


def test_every_attempt_is_kept_p26(chez_alice, leo2, working):
    leo2.script("http500_before", "json_error(<b>non</b>)")
    addition = chez_alice.order()
    working()
    eventually(lambda: states(addition) == {State.HELD})
    told = [
        (each.number, each.outcome, each.reason, each.http_status, bool(each.answer_sha256))
        for each in addition.attempts.order_by("number")
    ]
    assert told == [
        (1, "Uncertain", "http_500", 500, True),
        (2, "Rejected", "refused", 200, True),
    ]
    assert all(each.duration_ms is not None for each in addition.attempts.all())


def test_it_stops_between_two_orders_when_it_is_told_to(chez_alice, leo2):
    for table in range(1, 6):
        chez_alice.order(table=table)
    stopping = threading.Event()
    stopping.set()
    serve(chez_alice.register.pk, worker="test", stopping=stopping)
    assert leo2.posts() == []
