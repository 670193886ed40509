"""The states of an addition and the ways between them. They are walked in outbox.py, and only there."""

from collections.abc import Mapping

from pos_bridge.models import Addition, AdditionEvent

State = Addition.State

# Each arrow. `outbox.move` draws no other; docs/states.md shows them.
ARROWS: Mapping[State, frozenset[State]] = {
    # claim · hold · a person
    State.QUEUED: frozenset({State.SENDING, State.HELD, State.HANDLED}),
    # settle · recover; nobody else touches what is in flight
    State.SENDING: frozenset(
        {State.QUEUED, State.ACCEPTED, State.RECEIVED, State.REFUSED, State.UNCERTAIN, State.HELD}
    ),
    # follow · a person, where the till stays off
    State.ACCEPTED: frozenset({State.RECEIVED, State.SETTLED, State.REFUSED, State.HANDLED}),
    # follow: a till that has received an addition may still fail on it
    State.RECEIVED: frozenset({State.SETTLED, State.REFUSED}),
    # claim where doubles are dropped · follow, look-up · hold · a person
    State.UNCERTAIN: frozenset(
        {
            State.QUEUED,
            State.SENDING,
            State.ACCEPTED,
            State.RECEIVED,
            State.SETTLED,
            State.REFUSED,
            State.HELD,
            State.HANDLED,
        }
    ),
    # a person · follow: a list may show what we gave up
    State.HELD: frozenset(
        {
            State.QUEUED,
            State.UNCERTAIN,
            State.ACCEPTED,
            State.RECEIVED,
            State.SETTLED,
            State.REFUSED,
            State.HANDLED,
        }
    ),
    # take_back, a person · follow: a refusal may be wrong, and a later list wins
    State.REFUSED: frozenset({State.ACCEPTED, State.RECEIVED, State.SETTLED, State.HANDLED}),
    State.SETTLED: frozenset(),
    State.HANDLED: frozenset(),
}
# Events that must act once, by the state that they stand for.
EVENTS = {State.SETTLED: AdditionEvent.Kind.SETTLED, State.REFUSED: AdditionEvent.Kind.REFUSED}


class ForbiddenArrow(ValueError):
    """An arrow that is not in ARROWS: a mistake in outbox.py."""
