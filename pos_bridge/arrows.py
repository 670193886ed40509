"""The states of an addition and the ways between them. They are walked in outbox.py, and only there."""

from collections.abc import Mapping

from pos_bridge.models import Addition, AdditionEvent

State = Addition.State

# Each arrow. `outbox._move` draws no other.
ARROWS: Mapping[State, frozenset[State]] = {
    # claim · hold_stale
    State.QUEUED: frozenset({State.SENDING, State.HELD}),
    # settle · recover
    State.SENDING: frozenset(
        {State.QUEUED, State.ACCEPTED, State.RECEIVED, State.REFUSED, State.UNCERTAIN, State.HELD}
    ),
    # follow
    State.ACCEPTED: frozenset({State.RECEIVED, State.SETTLED, State.REFUSED}),
    # follow: a till that has received an addition may still fail on it
    State.RECEIVED: frozenset({State.SETTLED, State.REFUSED}),
    # claim where doubles are dropped · follow · hold_stale
    State.UNCERTAIN: frozenset(
        {
            State.SENDING,
            State.ACCEPTED,
            State.RECEIVED,
            State.SETTLED,
            State.REFUSED,
            State.HELD,
        }
    ),
    # follow: a list may show what we gave up
    State.HELD: frozenset({State.ACCEPTED, State.RECEIVED, State.SETTLED, State.REFUSED}),
    # take_back · follow: a refusal may be wrong, and a later list wins
    State.REFUSED: frozenset({State.ACCEPTED, State.RECEIVED, State.SETTLED, State.HANDLED}),
    State.SETTLED: frozenset(),
    State.HANDLED: frozenset(),
}
# Events that must act once, by the state that they stand for.
EVENTS = {State.SETTLED: AdditionEvent.Kind.SETTLED, State.REFUSED: AdditionEvent.Kind.REFUSED}


class ForbiddenArrow(ValueError):
    """An arrow that is not in ARROWS: a mistake in outbox.py."""
