"""A person who works the staff's list: looks at the till, and decides as the buttons allow (pos_bridge.decisions)."""

import threading
import time
from random import Random

from django.db import Error, connection
from django.utils import timezone

from pos_bridge import decisions, outbox
from pos_bridge.decisions import Decision
from pos_bridge.models import Addition, Register
from pos_bridge.outbox import STRANGE_NUMBERS
from pos_bridge.undelivered import undelivered
from tests.torture import till
from tests.torture.log import STOP, Log
from tests.torture.plan import Plan

# Seconds from a line's appearance until somebody has come and looked; divided.
REACTS_WITHIN = (15.0, 60.0)
NOT_THERE = (Decision.SEND_AGAIN, Decision.SEND_AGAIN, Decision.BY_HAND, Decision.CANCELLED)


class Person:
    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._log = Log(plan.path, "staff")
        self._draw = Random(f"{plan.seed} staff")
        self._tills = [till.Ledger(port) for port in plan.register_ports]
        # Addition and what it was -> when somebody will have come.
        self._comes_at: dict[tuple[int, str, str], float] = {}
        # Register that pauses -> when somebody will have mended it.
        self._mended_at: dict[int, float] = {}

    def work(self) -> None:
        """Once through the list. Raises django.db.Error."""
        now = time.monotonic()
        listed = list(undelivered(timezone.now()))
        self._mend(now)
        seen = {(each.pk, each.state, each.reason) for each in listed}
        self._comes_at = {key: at for key, at in self._comes_at.items() if key in seen}
        for addition in listed:
            key = (addition.pk, addition.state, addition.reason)
            if self._comes_at.setdefault(key, now + self._some_time()) <= now:
                self._decide(addition)
        strange = Register.objects.filter(
            strange_numbers__settled_at=None, strange_numbers__isnull=False
        )
        for register in strange.distinct():
            self._log.write(
                "numbers accepted",
                register=register.pk,
                how_many=decisions.accept_numbers(register),
            )

    def _some_time(self) -> float:
        return self._plan.divided(self._draw.uniform(*REACTS_WITHIN))

    def _mend(self, now: float) -> None:
        """Save a register anew that a wrong answer has made pause; one with a list also comes back by itself."""
        paused = Register.objects.exclude(paused_reason__in=["", STRANGE_NUMBERS])
        waits = {register.pk: register for register in paused.defer("credentials")}
        self._mended_at = {pk: at for pk, at in self._mended_at.items() if pk in waits}
        for pk, register in waits.items():
            if self._mended_at.setdefault(pk, now + self._some_time()) <= now:
                self._log.write("mended", register=pk, why=register.paused_reason)
                outbox.resume(register=register)

    def _decide(self, addition: Addition) -> None:
        try:
            there = addition.number in self._tills[addition.register_id - 1].look()
        except till.Away:
            return  # whoever cannot look decides nothing
        possible = decisions.possible(addition)
        decision = self._choose(possible, there)
        if decision is None:
            return
        began = time.monotonic()
        decided = decisions.decide(addition, decision)
        self._log.write(
            "decided", t=began, until=time.monotonic(), addition=addition.pk, decision=decision.value, there=there,
            seen=addition.state, won=decided.won, state=decided.state.value,
        )  # fmt: skip

    def _choose(self, possible: list[Decision], there: bool) -> Decision | None:
        if Decision.SEEN in possible:
            return Decision.SEEN
        if there:
            return Decision.ON_TILL if Decision.ON_TILL in possible else None
        choices = [each for each in NOT_THERE if each in possible]
        return self._draw.choice(choices) if choices else None


def main() -> None:
    plan = Plan.of_this_process()
    person = Person(plan)
    while not (plan.path / STOP).exists():
        try:
            person.work()
        except Error:
            connection.close()
        threading.Event().wait(0.1)
