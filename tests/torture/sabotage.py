"""Ways to break the product in a run's processes, each the mistake that its rule forbids. The checker must find it."""

import signal
import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

State = Any


def number_renewed() -> None:
    """A new number at each try: what the register drops as a double, it no longer knows."""
    from pos_bridge import outbox, taking
    from pos_bridge.models import Addition, Register
    from pos_bridge.registers import adapter_class
    from pos_bridge.ticket import Ticket

    def anew(claimed: outbox.Claim) -> None:
        if claimed.addition.tries == 1:
            return
        addition = claimed.addition
        with transaction.atomic():
            register = Register.objects.get(pk=addition.register_id)
            number = taking.take(register, timezone.now())
            adapter = adapter_class(register.kind)
            assert adapter is not None
            ticket = Ticket.from_json(addition.ticket)
            body = adapter.build(ticket, number, register.options, addition.uuid)
            Addition.objects.filter(pk=addition.pk).update(number=number, body=body)
        addition.number, addition.body = number, body

    _after_each_claim(anew)


def told_before_commit() -> None:
    """The diner has the page of the order while its transaction is still open."""
    from ordering.services import orders

    place = orders.place
    commits_after = 0.2

    def place_and_commit_later(**given: Any) -> Any:
        done = threading.Event()
        result: list[Any] = []

        def run() -> None:
            try:
                with transaction.atomic():
                    try:
                        result.append(place(**given))
                    except Exception as error:
                        result.append(error)
                        raise
                    finally:
                        done.set()
                    threading.Event().wait(commits_after)
            except Exception:  # noqa: BLE001  (handed on)
                done.set()
            finally:
                connection.close()

        threading.Thread(target=run).start()
        done.wait()
        if isinstance(result[0], Exception):
            raise result[0]
        return result[0]

    orders.place = place_and_commit_later


def unguarded_claim() -> None:
    """Whoever finds an addition takes it, whatever the leases and its state say meanwhile."""
    from pos_bridge import waiting

    def always(now: datetime) -> Q:
        # With what is given in it, which prepared SQL insists on.
        return Q(lease_until__lte=now) | Q(pk__isnull=False)

    waiting.lease_is_free = always
    _unguard(lambda source, target: target == "sending")


def unguarded_settle() -> None:
    """Whoever comes back from a try writes what came of it, whether the lease is still theirs or not."""
    _unguard(lambda source, target: source == "sending")


def _unguard(which: Callable[[str, str], bool]) -> None:
    from pos_bridge import outbox
    from pos_bridge.models import Addition

    move = outbox.move

    def move_unguarded(
        pk: int, source: Any, target: Any, now: datetime, guard: Any = outbox.NONE, **fields: Any
    ) -> bool:
        if not which(source, target):
            return move(pk, source, target, now, guard, **fields)
        row = Addition.objects.filter(pk=pk)
        return bool(row.update(state=target, changed_at=now, **fields))

    outbox.move = move_unguarded


SABOTAGES: dict[str, Callable[[], None]] = {
    "number_renewed": number_renewed,
    "told_before_commit": told_before_commit,
    "unguarded_claim": unguarded_claim,
    "unguarded_settle": unguarded_settle,
}


def pause_after_claim(every: int) -> None:
    """No sabotage: the machine pauses this process at each so manieth order, between claim and POST, for longer than
    the lease (F35). The house wakes it up. For registers that keep doubles, where no pause after the POST may be.

    At an order's first try only: whoever takes it over sends it while the first one sleeps, so that the first one
    comes back to an order that is another's, every time and not by luck.
    """

    def pause(claimed: Any) -> None:
        if claimed.addition.tries == 1 and claimed.addition.number % every == 0:
            # To this thread, which then goes not one step further; another one might be slow to hear of it.
            signal.pthread_kill(threading.get_ident(), signal.SIGSTOP)

    _after_each_claim(pause)


def _after_each_claim(what: Callable[[Any], None]) -> None:
    """Done with each claim, once it is committed, whichever way the worker has come to it."""
    from pos_bridge import outbox

    claim, settle_and_claim = outbox.claim, outbox.settle_and_claim

    def claimed_alone(register_id: int, **given: Any) -> Any:
        claimed = claim(register_id, **given)
        if claimed:
            what(claimed)
        return claimed

    def claimed_after_another(*given: Any, **named: Any) -> Any:
        settled, claimed = settle_and_claim(*given, **named)
        if claimed:
            what(claimed)
        return settled, claimed

    outbox.claim, outbox.settle_and_claim = claimed_alone, claimed_after_another
