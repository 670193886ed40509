"""Judges a history: which promises were broken, to whom, and when. Pure: it reads a History and nothing else.

What diners and staff were told is judged here; what went over the wire and into the database in wire.py.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tests.torture.history import Addition, History
from tests.torture.plan import (
    CLEARED_AFTER,
    NOT_ACCEPTED_AFTER,
    NOT_RECEIVED_AFTER,
    SKEW,
)

# Two clocks of one machine, read one after the other, and a commit after its statement; seconds.
BLUR = 0.15
ON_TILL = {"received", "settled"}
DEALT_WITH = {"on_till", "by_hand", "cancelled", "replace"}


@dataclass(frozen=True)
class Broken:
    """A promise that was not kept. `kind`: lost, doubled, calm, or other."""

    promise: str
    kind: str
    text: str
    order: str = ""
    addition: int = 0
    at: float = 0.0


def check(history: History) -> list[Broken]:
    from tests.torture import watched, wire

    rules: list[Callable[[History], Iterator[Broken]]] = [
        lost,
        doubled,
        calm_list,
        calm_phone,
        false_alarms_stay,
        acks_without_a_row,
        one_form_one_order,
        *wire.RULES,
        *watched.RULES,
    ]
    return [broken for rule in rules for broken in rule(history)]


# --- Lost, doubled ------------------------------------------------------------------------------


def lost(history: History) -> Iterator[Broken]:
    """P1, P3: what was confirmed is in a ledger, on the list, or was dealt with by a person."""
    for code in sorted({ack["code"] for ack in history.acks}):
        additions = history.by_order.get(code, [])
        if not any(_is_accounted_for(history, addition) for addition in additions):
            yield Broken("P1", "lost", "confirmed, and in the end nowhere", order=code)


def _is_accounted_for(history: History, addition: Addition) -> bool:
    return bool(
        history.booked_of.get((addition.register, addition.number))
        or addition.pk in history.listed_at_the_end
        or addition.state == "handled"
    )


def doubled(history: History) -> Iterator[Broken]:
    """P2: no order is in a ledger twice, but where a person decided to have it sent anew."""
    numbers_of = _numbers_ever(history)
    known = {number for numbers in numbers_of.values() for number in numbers}
    for (register, number), entries in history.booked_of.items():
        if (register, number) not in known:
            yield Broken(
                "P2", "doubled", f"register {register} holds {number}, which no addition has"
            )
        elif len(entries) > 1:
            addition = next(
                pk for pk, numbers in numbers_of.items() if (register, number) in numbers
            )
            yield Broken(
                "P2", "doubled", f"register {register} holds {number} {len(entries)} times",
                order=_order_of(history, addition), addition=addition,
            )  # fmt: skip
    for code, additions in history.by_order.items():
        there = [
            (addition.pk, place)
            for addition in additions
            for place in numbers_of[addition.pk]
            if history.booked_of.get(place)
        ]
        anew = sum(
            decision["won"] and decision["decision"] == "replace"
            for addition in additions
            for decision in history.decided_of.get(addition.pk, [])
        )
        if len(there) > 1 + anew:
            yield Broken(
                "P2",
                "doubled",
                f"booked {len(there)} times: {[place for _, place in there]}",
                order=code,
            )


def _numbers_ever(history: History) -> dict[int, set[tuple[int, int]]]:
    """Addition -> (register, number) that it had at any time."""
    found: dict[int, set[tuple[int, int]]] = defaultdict(set)
    for addition in history.additions:
        found[addition.pk].add((addition.register, addition.number))
        for change in history.changes_of.get(addition.pk, []):
            found[addition.pk].add((addition.register, change.number))
    return found


def _order_of(history: History, pk: int) -> str:
    addition = history.by_pk.get(pk)
    return addition.order if addition else ""


# --- False calms --------------------------------------------------------------------------------


def calm_list(history: History) -> Iterator[Broken]:
    """P1: from 45 s after the confirmation (90 s where accepted) an order is on the till and said to be, or listed."""
    plan = history.plan
    acked = _first_acks(history)
    for code, at in acked.items():
        additions = history.by_order.get(code, [])
        early = at + plan.divided(NOT_ACCEPTED_AFTER) + plan.sampling + BLUR
        until = _calm_from(history, additions)
        if until <= early:
            continue
        pks = {addition.pk for addition in additions}
        for sample in history.samples_between(early, until):
            if sample.listed & pks:
                continue
            accepted = any(
                "accepted" in states_between(history, pk, sample.began - BLUR, sample.until + BLUR)
                for pk in pks
            )
            after = plan.divided(NOT_RECEIVED_AFTER if accepted else NOT_ACCEPTED_AFTER)
            limit = at + after + plan.sampling + BLUR + _set_back(history, additions, sample.until)
            if sample.began > limit and not _is_rightly_calm(
                history, additions, sample.began, sample.until
            ):
                yield Broken(
                    "P1", "calm", f"{sample.began - at:.2f} s after its confirmation neither on the till nor listed",
                    order=code, at=sample.began,
                )  # fmt: skip
                break


def _first_acks(history: History) -> dict[str, float]:
    found: dict[str, float] = {}
    for ack in history.acks:
        found.setdefault(ack["code"], ack["t"])
    return found


def _calm_from(history: History, additions: list[Addition]) -> float:
    """From when on nothing needs to be listed: the last change to a state that is calm, if it is the last of all."""
    return max((_settled_at(history, addition) for addition in additions), default=float("inf"))


def _settled_at(history: History, addition: Addition) -> float:
    changes = history.changes_of.get(addition.pk, [])
    if not changes or changes[-1].new not in ON_TILL | {"handled"}:
        return float("inf")
    place = (addition.register, addition.number)
    if changes[-1].new == "handled":
        return changes[-1].at
    booked = history.booked_of.get(place)
    return max(changes[-1].at, booked[0].at) if booked else float("inf")


def states_between(history: History, pk: int, began: float, until: float) -> set[str]:
    """Every state that an addition was in at some moment between the two."""
    found: set[str] = set()
    state = ""
    for change in history.changes_of.get(pk, []):
        if change.at > until:
            break
        if change.at >= began and state:
            found.add(state)
        state = change.new
        if change.at >= began:
            found.add(state)
    return found | ({state} if state else set())


def _is_rightly_calm(
    history: History, additions: list[Addition], began: float, until: float
) -> bool:
    """Whether every addition of an order was on the till and said to be, or dealt with, at some moment of a look."""
    for addition in additions:
        states = states_between(history, addition.pk, began - BLUR, until + BLUR)
        if "handled" in states or not states:
            continue
        booked = history.booked_of.get((addition.register, addition.number))
        if not (states & ON_TILL and booked and booked[0].at <= until + BLUR):
            return False
    return True


def _set_back(history: History, additions: list[Addition], until: float) -> float:
    """Seconds by which small steps of the clock have made an order younger. Large ones turn the list at once (F38)."""
    # From its birth on: it is the row's own age that the list goes by, not the confirmation's.
    born = [
        history.changes_of[each.pk][0].at for each in additions if history.changes_of.get(each.pk)
    ]
    began = min(born, default=until)
    return sum(
        window.facts["before"] - window.facts["after"]
        for window in history.during(began - BLUR, until, "clock")
        if 0 < window.facts["before"] - window.facts["after"] <= SKEW
    )


def calm_phone(history: History) -> Iterator[Broken]:
    """P9: the phone says “received” only of what is in the ledger, and “being sent” no longer than promised."""
    plan = history.plan
    acked = _first_acks(history)
    for told in history.told:
        code, word = told["code"], told.get("word")
        at = acked.get(code)
        if word is None or at is None:
            continue
        additions = history.by_order.get(code, [])
        if word.startswith("?"):
            yield Broken(
                "P9", "other", f"words that nobody knows: {word}", order=code, at=told["t"]
            )
        if word in {"on_till", "passed_on"}:
            last = additions[-1] if additions else None
            booked = history.booked_of.get((last.register, last.number)) if last else None
            if not booked or booked[0].at > told["t"] + BLUR:
                yield Broken(
                    "P9",
                    "calm",
                    "“received” on the phone, and not on the till",
                    order=code,
                    at=told["t"],
                )
        if word == "sending" and told["status"] in {200, 204}:
            accepted = any(
                "accepted"
                in states_between(history, each.pk, told["began"] - BLUR, told["t"] + BLUR)
                for each in additions
            )
            limit = plan.divided(NOT_RECEIVED_AFTER if accepted else NOT_ACCEPTED_AFTER)
            limit += BLUR + _set_back(history, additions, told["t"])
            if told["began"] - at > limit:
                age = told["began"] - at
                yield Broken(
                    "P9",
                    "calm",
                    f"“being sent” {age:.2f} s after its confirmation",
                    order=code,
                    at=told["t"],
                )


def false_alarms_stay(history: History) -> Iterator[Broken]:
    """P1: once all registers answer, what is on the till goes from the list within 60 s."""
    healed = [event["t"] for event in history.house if event["what"] == "healed"]
    if not healed or not history.samples:
        return
    since = healed[-1] + history.plan.divided(CLEARED_AFTER) + history.plan.sampling + BLUR
    last = history.samples[-1]
    if last.began < since:
        return
    for pk in sorted(last.listed):
        addition = history.by_pk.get(pk)
        if addition is None or addition.state == "handled":
            continue  # a person was told that it came all the same, and has not looked yet
        booked = history.booked_of.get((addition.register, addition.number))
        if booked and booked[0].at < healed[-1]:
            yield Broken(
                "P1", "other", "on the till, all is well again, and still on the list",
                order=addition.order, addition=pk, at=last.began,
            )  # fmt: skip


# --- Confirmations ------------------------------------------------------------------------------


def acks_without_a_row(history: History) -> Iterator[Broken]:
    """P3: what was confirmed is in the database, from before the answer until the end."""
    born = {pk: changes[0].at for pk, changes in history.changes_of.items()}
    for code, at in _first_acks(history).items():
        additions = history.by_order.get(code, [])
        if not additions:
            yield Broken("P3", "lost", "confirmed, and not in the database", order=code, at=at)
        elif min(born.get(each.pk, 0.0) for each in additions) > at + BLUR:
            yield Broken("P3", "other", "confirmed before it was written", order=code, at=at)
    acked = _first_acks(history)
    for told in history.told:
        if told["status"] in {404, 410} and told["began"] > acked.get(told["code"], float("inf")):
            text = f"confirmed, and its page answers {told['status']}"
            yield Broken("P3", "other", text, order=told["code"], at=told["t"])


def one_form_one_order(history: History) -> Iterator[Broken]:
    """P4: one form is one order with one number, however often it is sent."""
    codes: dict[str, set[str]] = defaultdict(set)
    for ack in history.acks:
        codes[ack["key"]].add(ack["code"])
    for addition in history.additions:
        if addition.key:
            codes[addition.key].add(addition.order)
    for _key, found in codes.items():
        if len(found) > 1:
            yield Broken(
                "P4", "doubled", f"one form, {len(found)} orders: {sorted(found)}", order=min(found)
            )
    numbers: dict[str, set[int]] = defaultdict(set)
    for told in history.told:
        if told.get("n") is not None:
            numbers[told["code"]].add(told["n"])
    for code, shown in numbers.items():
        if len(shown) > 1:
            yield Broken("P4", "other", f"one order, shown as {sorted(shown)}", order=code)
