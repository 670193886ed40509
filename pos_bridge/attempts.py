"""What is kept of a try: no secret, and nothing that a database cannot take."""

import hashlib
from datetime import datetime
from typing import Any

from django.db.models import Q

from pos_bridge.errors import DeliveryError
from pos_bridge.models import Addition, Attempt
from pos_bridge.prepared import PreparedInsert
from pos_bridge.registers.base import Receipt


def begin(addition: Addition, worker: str, now: datetime) -> int:
    """Write down that it is tried, for the so manieth time that it says. The attempt's key."""
    return _begun.insert(addition.pk, addition.tries, worker[:64], now)


_begun = PreparedInsert(
    lambda addition, number, worker, now: Attempt(
        addition_id=addition, number=number, worker=worker, started_at=now
    )
)


def told(outcome: Receipt | DeliveryError | None) -> dict[str, Any]:
    """What an attempt keeps of it: no secret, 500 characters (P26)."""
    if outcome is None:
        return {"outcome": "crashed", "reason": "internal"}
    name = outcome.state if isinstance(outcome, Receipt) else type(outcome).__name__
    answer = outcome.answer
    return {
        "outcome": name,
        "reason": "" if isinstance(outcome, Receipt) else outcome.reason[:50],
        "http_status": outcome.http_status,
        "answer": storable(answer, 500),
        "answer_sha256": _sha256(answer) if answer else "",
    }


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def storable(text: str, length: int) -> str:
    """What a database takes: PostgreSQL knows no NUL, and half a character is not UTF-8."""
    return text.replace("\0", "�").encode("utf-8", "replace").decode()[:length]


_SURELY_NOT = Q(outcome="NotSent") | Q(outcome="Misconfigured", http_status=None)
_NOT_BELIEVED = Q(outcome="Uncertain", reason="number_taken")


def may_have_booked(addition: Addition) -> bool:
    """Whether an earlier try of this addition may stand on the till. A try that nobody answered is judged by its
    outcome; one that is still open is the one that is being settled. “I have it already” that was not believed is
    somebody else's, however often it is said (F60).
    """
    told = Attempt.objects.filter(addition=addition).exclude(outcome="")
    return told.exclude(_SURELY_NOT | _NOT_BELIEVED).exists()


def was_never_sent(addition: Addition) -> bool:
    """Whether no try of it can have reached the register, one that is still open included."""
    return not Attempt.objects.filter(addition=addition).exclude(_SURELY_NOT).exists()
