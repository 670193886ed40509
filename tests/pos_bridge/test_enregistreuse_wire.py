"""From the outbox to an enregistreuse register over a real port: each outcome, and what is looked up afterwards."""

import logging
import threading
from datetime import timedelta

import pytest
from django.utils import timezone

from pos_bridge import outbox, waiting, words
from pos_bridge.delivery import serve
from pos_bridge.errors import DeliveryError, Rejected, Uncertain
from pos_bridge.models import Addition, Attempt, Register
from pos_bridge.registers import adapter_for, http
from pos_bridge.registers.base import TillState
from pos_bridge.registers.enregistreuse import Enregistreuse
from pos_bridge.simulator.enregistreuse import DELIVERY, Catalogue, EnregistreuseRegister
from pos_bridge.worker import Worker
from tests.helpers import eventually
from tests.pos_bridge.conftest import Restaurant

State = Addition.State

pytestmark = [pytest.mark.wire, pytest.mark.django_db(transaction=True)]

KEYS = {"idboutique": "SHOP1", "key": "KEY1"}


@pytest.fixture(autouse=True)
def _quick(settings):
    """All waits a fiftieth: a deadline of 15 s is 0.3 s."""
    settings.TIME_DIVISOR = 50


@pytest.fixture
def till(tmp_path):
    """A strict register that knows every article; it judges, and keeps each sale."""
    everything = Catalogue.of_everything()
    with EnregistreuseRegister(everything, ledger=tmp_path / "ledger", scale=0.02) as register:
        yield register


@pytest.fixture
def alice(till, db):
    return Restaurant(till.url, kind="enregistreuse", credentials=KEYS)


@pytest.fixture
def working():
    """Workers in threads; they are stopped at the end."""
    started = []

    def start():
        one = Worker()
        thread = threading.Thread(target=one.run)
        thread.start()
        started.append((one, thread))

    yield start
    for one, thread in started:
        one.stop()
        thread.join(10)
        assert not thread.is_alive()


def deliver(restaurant):
    serve(restaurant.register.pk, worker="test", stopping=threading.Event())


def adapter_of(restaurant):
    found = adapter_for(restaurant.register)
    assert isinstance(found, Enregistreuse)
    return found


def state(addition):
    return Addition.objects.get(pk=addition.pk).state


def test_an_order_stands_on_the_till_once(alice, till):
    addition = alice.order(table=12)
    deliver(alice)
    deliver(alice)
    addition.refresh_from_db()
    (entry,) = till.ledger()
    assert entry["number"] == addition.number
    # What was sent is what was frozen; the keys joined it on the way, and stand nowhere.
    assert entry["sha256"] == addition.body_sha256
    assert entry["body"]["idtable"] == "12"
    assert (addition.state, addition.till_state) == (State.RECEIVED, str(entry["order_id"]))
    assert addition.attempts.get().outcome == "received"
    told = words.told(addition, timezone.now())
    assert told.word == words.Word.PASSED_ON


@pytest.mark.parametrize("shape", ["success", "result", "digits"])
def test_each_shape_of_success_is_read(alice, till, shape):
    till.script(f"answer({shape})")
    addition = alice.order()
    deliver(alice)
    assert state(addition) == State.RECEIVED
    assert len(till.posts()) == 1


@pytest.mark.parametrize("mode", ["refuse(success)", "refuse(message)", "json_error(Table fermée)"])
def test_a_refusal_is_not_sent_again_f49(alice, till, mode):
    till.script(mode)
    addition = alice.order()
    deliver(alice)
    deliver(alice)
    addition.refresh_from_db()
    assert (addition.state, addition.reason) == (State.REFUSED, "refused")
    assert "fermée" in addition.detail
    assert len(till.posts()) == 1
    assert till.ledger() == []


def test_a_wrong_key_is_refused_in_the_till_s_words(till, db):
    alice = Restaurant(till.url, kind="enregistreuse", credentials={**KEYS, "key": "KEY2"})
    addition = alice.order()
    deliver(alice)
    addition.refresh_from_db()
    assert addition.state == State.REFUSED
    assert "clef inconnue" in addition.detail
    with pytest.raises(Rejected):
        adapter_of(alice).check()


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
    "wrong_type_after(failed_id)",
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
    "half_json_before",
    "wrong_type_before(no_id)",
    "drip_headers_before(3)",
    "503_retry_after_before(1)",
    "429_before(1)",
    "refuse(text)",
]


@pytest.mark.once
@pytest.mark.parametrize("mode", AFTER_BOOKING)
def test_a_lost_answer_is_found_by_looking_up_and_nothing_is_sent_twice_p2(
    alice, till, working, mode
):
    """F45 to F53, F56."""
    till.script(mode)
    addition = alice.order()
    working()
    eventually(lambda: state(addition) == State.RECEIVED, timeout=20)
    assert [entry["number"] for entry in till.ledger()] == [addition.number]
    assert len(till.posts()) == 1
    addition.refresh_from_db()
    assert addition.till_state == str(till.ledger()[0]["order_id"])


@pytest.mark.once
@pytest.mark.parametrize("mode", BEFORE_BOOKING)
def test_what_is_not_found_waits_for_a_person_and_is_not_sent_again_p2(alice, till, working, mode):
    till.script(mode)
    addition = alice.order()
    working()
    eventually(lambda: state(addition) == State.UNCERTAIN)
    looked = till.fired()["list"]
    # It is looked up again and again, and stays what it is.
    eventually(lambda: till.fired()["list"].get("ok", 0) >= looked.get("ok", 0) + 4)
    assert state(addition) == State.UNCERTAIN
    assert len(till.posts()) == 1
    assert till.ledger() == []
    told = words.told(Addition.objects.get(pk=addition.pk), timezone.now())
    assert told.word == words.Word.NOT_CONFIRMED
    assert Addition.objects.filter(words.needs_person(timezone.now())).exists()


def test_what_waits_for_a_person_stops_no_other(alice, till):
    till.script("http500_before")
    unclear, other = alice.order(table=1), alice.order(table=2)
    deliver(alice)
    assert (state(unclear), state(other)) == (State.UNCERTAIN, State.RECEIVED)


def test_what_surely_was_not_sent_is_sent_f42(alice, till, working):
    till.script("refuse_conn(20)")
    addition = alice.order()
    working()
    eventually(lambda: state(addition) == State.RECEIVED, timeout=20)
    assert [entry["number"] for entry in till.ledger()] == [addition.number]


def test_a_list_that_cannot_be_read_proves_nothing_f65(alice, till):
    till.script("hangup_after")
    till.fail_always(list="list_error")
    addition = alice.order()
    deliver(alice)
    for mode in ("html200", "list_error", "empty"):
        till.fail_always(list=mode)
        Addition.objects.update(next_try_at=timezone.now())
        deliver(alice)
        assert state(addition) == State.UNCERTAIN
    till.heal()
    Addition.objects.update(next_try_at=timezone.now())
    deliver(alice)
    assert state(addition) == State.RECEIVED
    assert len(till.posts()) == 1


def test_a_sale_that_was_paid_meanwhile_is_found_among_the_orders(alice, till):
    till.script("hangup_after")
    addition = alice.order()
    assert outbox.claim(alice.register.pk, worker="test", now=timezone.now())
    outbox.recover(alice.register.pk, timezone.now() + timedelta(seconds=60))
    assert state(addition) == State.UNCERTAIN
    with pytest.raises(Uncertain):
        adapter_of(alice).send(addition.number, addition.body)
    till.set_state(addition.number, 9)
    deliver(alice)
    assert state(addition) == State.RECEIVED
    assert len(till.posts()) == 1


def test_two_posts_would_be_two_sales_so_there_is_only_one(alice, till):
    """The simulator keeps doubles, and the look-up names both."""
    addition = alice.order()
    adapter = adapter_of(alice)
    for _ in range(2):
        adapter.send(addition.number, addition.body)
    assert adapter.look_up(addition.number) == TillState("received", "1001, 1002")
    assert not waiting.resent().filter(state=State.UNCERTAIN).exists()


def test_several_workers_send_each_order_once_f32_p12(alice, till, working):
    additions = [alice.order(table=table) for table in range(1, 16)]
    for _ in range(3):
        working()
    eventually(lambda: {state(each) for each in additions} == {State.RECEIVED}, timeout=30)
    assert len(till.posts()) == len(till.ledger()) == 15
    assert till.max_posts_in_flight == 1


# Without those that pause the register until a person comes.
DRAWN = [mode for mode in DELIVERY if not mode.startswith(("401", "302"))]


def test_whatever_is_drawn_nothing_is_doubled_and_no_calm_is_false_p2_p9(db, tmp_path, working):
    """What stands on the till stands there once, and is found; what does not, nobody was told of."""
    with EnregistreuseRegister(
        Catalogue.of_everything(), ledger=tmp_path / "drawn", scale=0.02, seed=4,
        faults=0.5, fault_modes=DRAWN, list_faults=0.2,
    ) as till:  # fmt: skip
        alice = Restaurant(till.url, kind="enregistreuse", credentials=KEYS)
        additions = [alice.order(table=table) for table in range(1, 31)]
        numbers = {each.pk: each.number for each in additions}
        working()

        def told_right():
            states = dict(Addition.objects.values_list("pk", "state"))
            # After the states, so that it is never behind them.
            booked = [entry["number"] for entry in till.ledger()]
            assert len(booked) == len(set(booked))
            received = {numbers[pk] for pk, each in states.items() if each == State.RECEIVED}
            assert received <= set(booked)
            at_rest = {State.RECEIVED, State.REFUSED, State.UNCERTAIN}
            return set(states.values()) <= at_rest and received == set(booked)

        eventually(told_right, timeout=60)
        assert till.ledger()
        assert len(till.fired()["post"]) > 8
        assert any(post["booked"] for post in till.posts() if post["mode"].endswith("_after"))


def test_a_register_that_pauses_took_nothing_f55(alice, till):
    till.script("401_before")
    first, second = alice.order(table=1), alice.order(table=2)
    deliver(alice)
    assert Register.objects.get().paused_reason == "keys_refused"
    assert len(till.posts()) == 1
    assert State.RECEIVED not in {state(first), state(second)}


def test_it_is_looked_up_while_its_register_pauses(alice, till):
    till.fail_always(list="http500")
    till.script("hangup_after")
    addition = alice.order()
    deliver(alice)
    assert state(addition) == State.UNCERTAIN
    till.heal()
    Register.objects.update(paused_reason="keys_refused")
    Addition.objects.update(next_try_at=timezone.now())
    assert alice.register.pk in waiting.registers_to_serve(timezone.now())
    deliver(alice)
    assert state(addition) == State.RECEIVED


def test_the_connection_can_be_tried_without_booking_anything(alice, till):
    adapter = adapter_of(alice)
    adapter.check()
    for mode in ("html200", "list_error", "empty", "rst_before"):
        till.script(list=mode)
        with pytest.raises(DeliveryError):
            adapter.check()
    assert till.posts() == []


def test_its_lists_are_read_in_other_shapes_f66(alice, till):
    addition = alice.order()
    deliver(alice)
    adapter = adapter_of(alice)
    for mode, found in (
        ("list_keyed(sales)", True),
        ("list_strings", True),
        ("list_missing", False),
        ("list_bare", False),
    ):
        till.script(list=mode)
        assert (adapter.look_up(addition.number) is not None) == found


def test_each_post_has_a_connection_of_its_own(alice, till):
    """What the server has closed meanwhile would be an unknown outcome."""
    connections = []
    real = till.serve

    def serve_one(request, connection):
        connections.extend([connection] if request.method == "POST" else [])
        return real(request, connection)

    till.serve = serve_one
    for table in (1, 2, 3):
        alice.order(table=table)
    deliver(alice)
    assert len(till.ledger()) == len(set(connections)) == 3


@pytest.mark.once
@pytest.mark.parametrize("mode", ["ok", *AFTER_BOOKING[:6], "401", "302", "json_error", "refuse"])
def test_no_key_in_any_log_or_row_p18_t24(till, caplog, mode):
    """The canary: the register's key is nowhere, at any level, whatever happens."""
    canary = "canary-7c2e"
    till._keys["key"] = canary
    for name in ("", "django", *http.LOGGERS):
        caplog.set_level(logging.DEBUG, logger=name)
    logging.getLogger("django.db.backends").setLevel(logging.INFO)
    alice = Restaurant(till.url, kind="enregistreuse", credentials={**KEYS, "key": canary})
    till.script(mode)
    addition = alice.order()
    deliver(alice)
    assert till.posts()
    assert canary not in caplog.text
    rows = [Addition.objects.values().get(pk=addition.pk), *Attempt.objects.values()]
    assert canary not in str(rows)
    assert canary not in f"{till.ledger()}{till.posts()}"
