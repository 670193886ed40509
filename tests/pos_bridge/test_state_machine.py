"""Orders, workers that die, lists that lie, clocks that jump and people who decide, in any order that Hypothesis thinks
of; after each step the promises must hold.

The far end is a relay with a till behind it, which drops doubles by number. Outcomes are what a socket could have
given: the worker's own steps (claim, POST, settle) are apart, so that anything may happen in between.
"""

import hashlib
import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from unittest.mock import patch

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from pos_bridge import decisions, following, outbox, waiting
from pos_bridge.arrows import ARROWS
from pos_bridge.decisions import Decision
from pos_bridge.errors import DeliveryError, Misconfigured, NotSent, Rejected, Uncertain
from pos_bridge.models import Addition, Attempt, Register
from pos_bridge.registers.base import Receipt, TillState
from pos_bridge.registers.http import POST_DEADLINE
from pos_bridge.ticket import Ticket
from pos_bridge.undelivered import undelivered
from pos_bridge.words import Word, told
from tests import factories
from tests.pos_bridge.steps import ACCEPTED, State

BEGIN = datetime(2026, 11, 22, 19, 0, tzinfo=UTC)
TEXTS = {"accepted": "0", "received": "1", "settled": "9", "refused": "4"}
OUTCOMES = {
    # name -> whether the relay has it then (None: it is as the relay answers), and what the worker is told
    "accepted": (True, ACCEPTED),
    "refused connection": (False, NotSent("no_connection")),
    "lost answer": (True, Uncertain("no_answer")),
    "lost question": (False, Uncertain("hung_up")),
    "an error that says nothing": (False, Rejected("refused")),
    "keys refused": (False, Misconfigured("keys_refused", http_status=401)),
    "a redirect after all": (True, Misconfigured("redirect", http_status=302)),
    "certificate": (False, Misconfigured("certificate")),
    "our own mistake": (False, None),
    "our own mistake afterwards": (True, None),
}
VISIBLE = {Word.NOT_CONFIRMED, Word.REFUSED}


@dataclass
class Relay:
    """What one register has: number -> what came under it, and where it is by now."""

    states: dict = field(default_factory=dict)
    bytes_of: dict = field(default_factory=dict)
    orders: dict = field(default_factory=dict)
    snapshots: list = field(default_factory=list)

    def post(self, number, body, order):
        text = hashlib.sha256(body.encode()).hexdigest()
        assert self.bytes_of.setdefault(number, text) == text, "P5: other bytes under one number"
        self.states.setdefault(number, "accepted")
        self.orders[number] = order

    def has(self, number):
        return self.states.get(number, "refused") != "refused"

    def on_till(self, number):
        return self.states.get(number) in {"received", "settled"}


@dataclass
class Try:
    claim: outbox.Claim
    posted: bool = False
    outcome: Receipt | DeliveryError | None = None


class Service(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.true = 0.0  # seconds that have passed
        self.offset = 0.0  # how wrong the clock is
        self.set_back = False
        self._clock = patch("django.utils.timezone.now", self.now)
        self._clock.start()
        self._atomic = transaction.atomic()
        self._atomic.__enter__()
        random.seed(0)
        self.relays = {}
        self.tries = []
        self.placed = {}  # order -> true time of its last ack or release
        self.created = {}  # addition -> true time
        self.by_person = set()  # orders that a person entered or replaced after a warning
        self.first_bytes = {}
        self.last_states = {}
        self.numbers = {}

    def teardown(self):
        transaction.set_rollback(True)
        self._atomic.__exit__(None, None, None)
        self._clock.stop()

    def now(self):
        return BEGIN + timedelta(seconds=self.true + self.offset)

    @property
    def current(self):
        return Register.objects.get(current=True)

    @initialize()
    def begin(self):
        self.house = factories.restaurant("chez-alice")
        self._register()
        self.guests = {
            number: factories.guest(factories.table(self.house, number)) for number in (1, 2)
        }
        self.order(1)
        self.order(1)

    def _register(self):
        number = len(self.relays)
        made = factories.register(self.house, base_url=f"https://caisse{number}.example.fr")
        self.relays[made.pk] = Relay()

    # --- Guests -----------------------------------------------------------------------------------

    @rule(table=st.sampled_from([1, 2]))
    def order(self, table):
        order = factories.order(self.guests[table])
        ticket = factories.ticket(table=table, order=order.number)
        self._enqueue(order.pk, ticket)

    def _enqueue(self, order, ticket):
        register = self.current
        addition = outbox.enqueue(order_id=order, register=register, ticket=ticket)
        assert addition.number > self.numbers.get(register.pk, 0), "P6: numbers rise"
        self.numbers[register.pk] = addition.number
        self.placed[order] = self.created[addition.pk] = self.true

    @rule(pick=st.randoms(use_true_random=False))
    def take_back(self, pick):
        addition = self._some(pick, State.REFUSED)
        if addition and outbox.take_back(addition=addition):
            there = self.relays[addition.register_id].has(addition.number)
            assert not there, "P2: back in the cart, and on the till"

    # --- Workers ----------------------------------------------------------------------------------

    @rule(data=st.data())
    def claim(self, data):
        outbox.hold(self.now())
        register = data.draw(st.sampled_from(sorted(self.relays)))
        outbox.recover(register, self.now())
        claim = outbox.claim(register, worker="one", now=self.now())
        if claim:
            self.tries.append(Try(claim))
            self._check_age(claim.addition)

    def _check_age(self, addition):
        age = self.true - self.placed[addition.order_id]
        assert age <= waiting.FRESH + 60, f"P8: {age} s old, and nobody let it go"

    @rule(name=st.sampled_from(sorted(OUTCOMES)), waits=st.booleans(), settles=st.booleans())
    def a_whole_try(self, name, waits, settles):
        """What mostly happens; the worker may die before it has written down what it was told."""
        if waits:
            self.tick(46.0)
        pk = self.current.pk
        outbox.recover(pk, self.now())
        self._look()
        claim = outbox.claim(pk, worker="two", now=self.now())
        if claim is None:
            return
        self._look()
        self._check_age(claim.addition)
        one = Try(claim)
        self._post(one, name)
        if settles:
            outbox.settle(claim, one.outcome, now=self.now(), duration=0.1)
            self._look()
        else:
            self.tries.append(one)

    @rule(
        first=st.sampled_from(["lost answer", "our own mistake afterwards", "lost question"]),
        second=st.sampled_from(["an error that says nothing", "accepted", "refused connection"]),
        killed=st.booleans(),
    )
    def unclear_and_again(self, first, second, killed):
        """The same addition, where nothing else is in turn before it."""
        self.a_whole_try(first, False, not killed)
        if killed and self.tries:
            self.tries.pop()
        self._look()
        self.a_whole_try(second, True, True)

    @rule(name=st.sampled_from(sorted(OUTCOMES)))
    def a_zombie_wakes(self, name):
        """It slept through its lease, another worker has taken its addition, and then it writes what it was told."""
        if not self.tries:
            self.a_whole_try(name, True, False)
        if not self.tries:
            return
        zombie = self.tries[0]
        if not zombie.posted:
            self._post(zombie, name)
        self.tick(46.0)
        pk = zombie.claim.addition.register_id
        outbox.recover(pk, self.now())
        self._look()
        if claim := outbox.claim(pk, worker="two", now=self.now()):
            self._check_age(claim.addition)
            self.tries.append(Try(claim))
        self._look()
        self._settle(zombie)

    @precondition(lambda self: any(not each.posted for each in self.tries))
    @rule(name=st.sampled_from(sorted(OUTCOMES)))
    def post(self, name):
        self._post(next(each for each in self.tries if not each.posted), name)

    def _post(self, one, name):
        one.posted = True
        if one.claim.until - self.now() < timedelta(seconds=POST_DEADLINE):
            one.outcome = NotSent("lease_short")
            return
        booked, one.outcome = OUTCOMES[name]
        addition = one.claim.addition
        if booked:
            self.relays[addition.register_id].post(
                addition.number, addition.body, addition.order_id
            )

    @precondition(lambda self: any(each.posted for each in self.tries))
    @rule(last=st.booleans(), goes_on=st.booleans())
    def settle(self, last, goes_on):
        posted = [each for each in self.tries if each.posted]
        self._settle(posted[-1 if last else 0], goes_on)

    def _settle(self, one, goes_on=False):
        self.tries.remove(one)
        held = Addition.objects.filter(lease_owner=one.claim.owner).exists()
        given = {"now": self.now(), "duration": 0.1}
        if goes_on and isinstance(one.outcome, Receipt):
            moved, claim = outbox.settle_and_claim(one.claim, one.outcome, worker="one", **given)
            if claim:
                self.tries.append(Try(claim))
                self._check_age(claim.addition)
        else:
            moved = outbox.settle(one.claim, one.outcome, **given)
        assert moved == held, "F35: a zombie changes nothing"

    @precondition(lambda self: self.tries)
    @rule()
    def kill(self):
        self.tries.pop()

    # --- The far end --------------------------------------------------------------------------------

    @rule(data=st.data(), to=st.sampled_from(["received", "received", "refused", "settled"]))
    def till(self, data, to):
        relay = self.relays[data.draw(st.sampled_from(sorted(self.relays)))]
        source = "received" if to == "settled" else "accepted"
        ready = [number for number, state in relay.states.items() if state == source]
        for number in ready[:2]:
            relay.states[number] = to

    @rule(data=st.data(), how=st.sampled_from(["fresh", "fresh", "stale", "missing", "none"]))
    def read(self, data, how):
        pk = data.draw(st.sampled_from(sorted(self.relays)))
        relay = self.relays[pk]
        relay.snapshots.append(dict(relay.states))
        if how == "none":
            following.end_poll(pk, now=self.now(), failed=True)
            return
        shown = relay.snapshots[-1]
        if how == "stale":
            shown = data.draw(st.sampled_from(relay.snapshots))
        elif how == "missing":
            shown = dict(list(shown.items())[::2])
        states = {number: TillState(state, TEXTS[state]) for number, state in shown.items()}
        assert following.compare_numbers(pk, states, now=self.now()) == [], "all were given here"
        following.follow(pk, states, now=self.now())
        following.end_poll(pk, now=self.now(), failed=False)

    @rule(ahead=st.integers(1, 50))
    def stranger(self, ahead):
        """Another installation: its number is in the list that is read before the next POST."""
        register = self.current
        number = max(register.last_number, 200_000_000) + ahead
        states = {number: TillState("received", "1")}
        assert following.compare_numbers(register.pk, states, now=self.now()) == [number]
        assert outbox.claim(register.pk, worker="one", now=self.now()) is None, "it pauses"
        self.numbers[register.pk] = number
        decisions.accept_numbers(register)

    # --- Time ---------------------------------------------------------------------------------------

    @rule(passed=st.sampled_from([1.0, 5.0, 26.0, 46.0, 91.0, 400.0, 1300.0]))
    def tick(self, passed):
        """A worker looks all the while."""
        while passed > 0:
            step = min(passed, 60.0)
            self.true, passed = self.true + step, passed - step
            outbox.hold(self.now())

    @rule(by=st.sampled_from([-3600.0, 3600.0, -4.0, 4.0]))
    def jump(self, by):
        self.offset += by
        self.set_back = self.set_back or by < -10
        outbox.hold(self.now())

    # --- People -------------------------------------------------------------------------------------

    @rule(pick=st.randoms(use_true_random=False), prefer=st.sampled_from(sorted(Decision)))
    def decide(self, pick, prefer):
        addition = self._some(pick)
        if addition is None:
            return
        buttons = decisions.possible(addition)
        if not buttons:
            return
        decision = prefer if prefer in buttons else buttons[0]
        if decision == Decision.REPLACE:
            self._replace(addition)
            return
        decided = decisions.decide(addition, decision, wait=0)
        if not decided.won:
            return
        if decision == Decision.SEND_AGAIN:
            self.placed[addition.order_id] = self.true
        elif decision == Decision.BY_HAND:
            self.by_person.add(addition.order_id)

    def _replace(self, addition):
        if decisions.replaced(addition, self.now()):
            self.by_person.add(addition.order_id)
            self._enqueue(addition.order_id, Ticket.from_json(addition.ticket))

    @precondition(lambda self: len(self.relays) < 3)
    @rule(back=st.booleans())
    def change_register(self, back):
        """And perhaps back again, to the record of before."""
        before = self.current
        Register.objects.filter(pk=before.pk).update(current=False)
        self._register()
        outbox.hold(self.now())
        if back:
            Register.objects.filter(current=True).update(current=False)
            Register.objects.filter(pk=before.pk).update(current=True)

    @rule()
    def office(self):
        """Saves the register, and has looked at strange numbers."""
        outbox.resume(register=self.current)
        decisions.accept_numbers(self.current)

    def _some(self, pick, *states):
        additions = Addition.objects.select_related("register").order_by("pk")
        if states:
            additions = additions.filter(state__in=states)
        found = list(additions.exclude(state=State.SETTLED))
        return pick.choice(found) if found else None

    # --- The promises -------------------------------------------------------------------------------

    @invariant()
    def the_promises_hold(self):
        now = self.now()
        additions = list(Addition.objects.select_related("register").order_by("position"))
        listed = set(undelivered(now).values_list("pk", flat=True))
        latest = {}
        there = Counter(
            order
            for relay in self.relays.values()
            for number, order in relay.orders.items()
            if relay.has(number)
        )
        for addition in additions:
            latest[addition.order_id] = addition
            self._check_arrow(addition)
            text = (addition.number, addition.body_sha256)
            assert self.first_bytes.setdefault(addition.pk, text) == text, "P5"
            said = told(addition, now).word
            if said == Word.ON_TILL:
                on_till = self.relays[addition.register_id].on_till(addition.number)
                assert on_till, "P9: told that it is on the till, and it is not"
            there_too = self.relays[addition.register_id].has(addition.number)
            if said == Word.REFUSED and not self.set_back:
                assert not there_too, "P2: refused for the diner, and on the till"
            wanted = said in VISIBLE or addition.reason == "on_till_too"
            assert (addition.pk in listed) == wanted, "P9, P10: phone and list differ"
        for order, count in there.items():
            assert count <= 1 or order in self.by_person, "P2: twice on the till"
        for addition in latest.values():
            self._check_calm(addition, addition.pk in listed, now)
        self._check_leases(additions, now)

    def _look(self):
        """Between two steps of one rule: each must be an arrow."""
        for addition in Addition.objects.all():
            self._check_arrow(addition)

    def _check_arrow(self, addition):
        before = self.last_states.get(addition.pk, addition.state)
        after = State(addition.state)
        assert after == before or after in ARROWS[before], f"{before} -> {after} is no arrow"
        self.last_states[addition.pk] = after

    def _check_calm(self, addition, is_listed, now):
        """P1: by then it is on the till, in front of a person, or a person has dealt with it."""
        age = (now - addition.created_at).total_seconds()
        # A clock that was set back by seconds is believed; one that was set back by more is not.
        set_back = self.true - self.created[addition.pk] - age
        if set_back > 0 and addition.created_at > now:
            age = 0 if set_back <= 10 else 90
        over = State(addition.state) in {State.RECEIVED, State.SETTLED, State.HANDLED}
        if age >= 90 or (age >= 45 and addition.state != State.ACCEPTED):
            assert over or is_listed, f"P1: calm after {age} s"

    def _check_leases(self, additions, now):
        running = [
            each.register_id
            for each in additions
            if each.state == State.SENDING and each.lease_until > now
        ]
        once = len(running) == len(set(running))
        assert once or self.set_back, "P12: two POSTs in flight to one register"
        tries = {each.pk: each.tries for each in additions}
        for pk, number in Attempt.objects.values_list("addition", "number"):
            assert number <= tries[pk], "P26"


@pytest.mark.django_db
def test_the_promises_hold_whatever_happens_p1_p2_p5_p6_p8_p9_p12():
    run_state_machine_as_test(
        Service,
        settings=settings(
            max_examples=60,
            derandomize=True,
            phases=[Phase.generate],  # a case is told as it was found: shrinking takes minutes
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
