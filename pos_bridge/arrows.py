"""The states of an addition and the ways between them. They are walked in outbox.py, and only there; docs/states.md
is drawn from here (tests/states_page.py).
"""

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
# As what an addition begins: held, where a person must say yes first (approvals.py).
BORN = (State.QUEUED, State.HELD)
# Who walks on from each.
MOVED_BY: Mapping[State, str] = {
    State.QUEUED: "a worker that claims it; a person; time, where it is too old or its register has changed",
    State.SENDING: "the worker that sends it; another one when the lease has run out",
    State.ACCEPTED: "the register's lists; a person, where the till stays off",
    State.RECEIVED: "the register's lists, when the table has paid or the till fails on it",
    State.UNCERTAIN: "the register's lists; a look-up; a worker, where doubles are dropped; a person; time",
    State.HELD: "a person; the register's lists, where they show it",
    State.REFUSED: "the guest, by taking it back; a person; the register's lists, where they contradict",
    State.SETTLED: "nobody: the end",
    State.HANDLED: "nobody: the end",
}
# Events that must act once, by the state that they stand for.
EVENTS = {State.SETTLED: AdditionEvent.Kind.SETTLED, State.REFUSED: AdditionEvent.Kind.REFUSED}


class ForbiddenArrow(ValueError):
    """An arrow that is not in ARROWS: a mistake in outbox.py."""


def diagram() -> str:
    """The states and arrows as a Mermaid diagram."""
    ends = [state for state in State if not ARROWS[state]]
    lines = ["stateDiagram-v2", *(f"    [*] --> {state.value}" for state in BORN)]
    lines += [
        f"    {source.value} --> {target.value}"
        for source in State
        for target in State
        if target in ARROWS[source]
    ]
    return "\n".join([*lines, *(f"    {end.value} --> [*]" for end in ends)])
