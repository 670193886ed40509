"""The judge itself: it has nothing to say of an evening in which all is well, and finds each breach that is made up."""

import re
from dataclasses import replace

import pytest

from tests.evening.guests import ASKS, NAME, WAITING
from tests.evening.judge import Evening, judge, told, verdict
from tests.torture.history import History
from tests.torture.plan import Plan
from tests.torture.processes import ROOT
from tests.torture.test_checker import ARROWS
from tests.torture.test_checker import evening as order

pytestmark = pytest.mark.pure

PLAN = Plan(directory="", divisor=1.0, seconds=200.0, tables=1, phones=2, waiters=1, arrows=ARROWS)


def meal(number, at):
    """A party of two at the one table, as guests.py writes it down: seated at this second, left 60 s later."""
    party, names = f"Gast0x{number}", [f"Gast0x{number}x0", f"Gast0x{number}x1"]
    return [
        {"what": "seated", "t": at, "table": 0, "party": party, "phones": 2},
        {"what": "called", "t": at + 10, "name": names[1], "kind": "waiter"},
        {"what": "answered", "t": at + 15, "name": names[1], "kind": "waiter", "after": 5.0},
        {"what": "pressed", "t": at + 20, "party": party, "codes": [f"order-{number}"] * 2},
        {"what": "called", "t": at + 40, "name": names[0], "kind": "bill"},
        {"what": "answered", "t": at + 45, "name": names[0], "kind": "bill", "after": 5.0},
        {"what": "left", "t": at + 60, "table": 0, "party": party},
        {"what": "sent after the end", "t": at + 61, "name": names[1], "status": 410, "to": ""},
    ]


def an_evening(*more, without=lambda event: False, service=(), plan=PLAN):
    guests = [*meal(1, 0.0), *meal(2, 65.0), *meal(3, 130.0)]
    guests = [event for event in guests if not without(event)]
    guests += [
        {"what": "seated", "t": 195.0, "table": 0, "party": "Gast0x4", "phones": 2},
        *more,
        {"what": "closing", "t": 300.0},
        {"what": "took", "t": 310.0, "seconds": [0.01, 0.2]},
    ]
    did = [
        {"what": "answered", "t": 14.0, "by": "waiter-0", "answer": "coming"},
        {"what": "answered", "t": 15.0, "by": "waiter-0", "answer": "done"},
        {"what": "answered", "t": 44.0, "by": "waiter-0", "answer": "coming"},
        {"what": "answered", "t": 59.0, "by": "waiter-0", "answer": "done"},
        {"what": "freed", "t": 59.0, "by": "waiter-0", "table": 0, "party": "7"},
        {"what": "settled", "t": 120.0, "by": "waiter-0", "table": 0, "party": 100},
        {"what": "took", "t": 120.0, "seconds": 0.1},
    ]
    orders: dict = {}
    for number in (1, 2):
        at = number / 10
        made = order(
            pk=number, number=99 + number, posts=((0.2 + at, 0.25 + at),), booked=(0.22 + at,)
        )
        for name, value in made.items():
            orders[name] = value if name == "samples" else orders.get(name, []) + value
    return Evening(History(plan=plan, **orders), guests, [*did, *service])


def broken(*more, **others):
    return [(each.promise, each.text) for each in judge(an_evening(*more, **others))]


def promises(*more, **others):
    return {promise for promise, _ in broken(*more, **others)}


def test_it_has_nothing_to_say_of_an_evening_in_which_all_is_well():
    found = an_evening()
    assert judge(found) == []
    assert verdict(found, []) == (
        "evening: parties 4 orders 2 calls 6 lost 0 doubled 0 false calms 0 other 0"
    )
    assert "1 freed on the board, 1 settled on the till" in told(found, [])[1]


def test_it_judges_every_order_as_the_torture_does_p1():
    """P1: an order that is confirmed and on no till is lost, however pleasant the evening was."""
    found = an_evening()
    found.history.booked_of.clear()
    assert "lost" in {each.kind for each in judge(found)}
    assert "lost 2" in verdict(found, judge(found))


def test_a_name_of_another_party_is_found_p17():
    seen = {"what": "stranger", "t": 70.0, "name": "Gast0x2x0", "seen": ["Gast0x1x1"]}
    assert ("P17", "Gast0x2x0 has seen Gast0x1x1") in broken(seen)


@pytest.mark.parametrize(
    ("status", "to"), [(303, "/v/x/orders/y/"), (200, ""), (422, ""), (410, "/v/x/orders/y/")]
)
def test_what_is_sent_after_the_end_is_found_t03(status, to):
    """P17, T03: nothing but “this meal has been closed” is an answer."""
    late = {
        "what": "sent after the end",
        "t": 62.0,
        "name": "Gast0x1x0",
        "status": status,
        "to": to,
    }
    assert promises(late) - promises() == {"P17"}


def test_a_party_that_does_not_see_itself_is_found_p13():
    unseen = {"what": "unseen", "t": 18.0, "name": "Gast0x1x0", "unseen": ["Gast0x1x1"]}
    assert promises(unseen) - promises() == {"P13"}


@pytest.mark.parametrize("codes", [["a", "b"], ["a", ""], [""]])
def test_two_orders_of_one_press_and_one_that_nobody_is_shown_are_found_f09(codes):
    pressed = {"what": "pressed", "t": 20.0, "party": "Gast0x1", "codes": codes}
    assert promises(pressed) - promises() == {"F09"}


def test_a_call_that_nobody_answers_in_a_minute_is_found_f72():
    """F72; also where it is answered too late, and not where the house closes or the party leaves before."""

    def call(name, at):
        return {"what": "called", "t": at, "name": name, "kind": "waiter"}

    def answer(after):
        return {"what": "answered", "t": 0.0, "name": "Gast0x9x0", "kind": "waiter", "after": after}

    assert promises(call("Gast0x9x0", 200.0)) - promises() == {"F72"}
    assert promises(call("Gast0x9x0", 200.0), answer(66.0)) - promises() == {"F72"}
    assert promises(call("Gast0x9x0", 200.0), answer(59.0)) == promises()
    assert promises(call("Gast0x9x0", 241.0)) == promises()
    assert promises(call("Gast0x1x0", 5.0)) == promises()


def test_a_party_that_has_paid_and_stays_on_is_found_f67():
    """P17, F67: the third one's pages are never closed."""
    stays = lambda event: event["what"] == "left" and event["party"] == "Gast0x3"  # noqa: E731
    assert ("P17", "Gast0x3 has paid, and its pages stay open for inf s") in broken(without=stays)


@pytest.mark.parametrize("what", ["freed", "settled"])
def test_a_page_that_stays_open_after_the_waiter_s_tap_is_found_p17(what):
    """Not where another waiter was faster, or the house closes before."""

    def tap(at):
        return {"what": what, "t": at, "by": "waiter-0", "table": 0, "party": "9"}

    said = ("P17", f"table 0 is {what}, and its pages stay open")
    assert said in broken(service=[tap(230.0)])
    assert said not in broken(service=[tap(192.0)])
    assert said not in broken(service=[tap(275.0)])


def test_a_table_at_which_nobody_can_sit_down_any_more_is_found_p17():
    gone = lambda event: event.get("party") == "Gast0x3" and event["what"] == "seated"  # noqa: E731
    assert ("P17", "nobody could sit down after Gast0x2") in broken(without=gone)


@pytest.mark.parametrize(
    "event",
    [
        {"what": "trouble", "t": 5.0, "began": 4.9, "status": 500},
        {"what": "no answer", "t": 5.0, "began": 2.0, "why": "ReadTimeout"},
    ],
)
def test_an_answer_that_is_lost_is_found_whoever_asked_f20(event):
    assert promises(event) - promises() == {"F20"}
    assert promises(service=[event]) - promises() == {"F20"}


def test_an_evening_in_which_nothing_happens_has_failed():
    plan = Plan(directory="", divisor=1.0, seconds=600.0, tables=10, phones=30, waiters=2)
    found = judge(Evening(History(plan=plan)))
    assert [each.text for each in found] == [
        "only 0 parties have sat down, and not 10",
        "only 0 parties have left, and not 62",
        "only 0 orders were sent, and not 67",
        "only 0 answers were given by waiters, and not 129",
        "only 0 tables were freed by a waiter, and not 21",
        "only 0 tables were settled on the till, and not 21",
        "the guests did not get up after closing time",
        "2 waiters have done nothing",
    ]


def test_a_lazy_evening_has_failed_and_a_slow_machine_has_not():
    """The same few parties: of a house that answers at once, and of one that takes half a second for each page."""
    plan = replace(PLAN, seconds=300.0)

    def said(seconds):
        found = an_evening({"what": "took", "t": 310.0, "seconds": [seconds] * 9}, plan=plan)
        return {each.text for each in judge(found) if each.promise == "evening"}

    assert said(0.01) == {
        "only 2 orders were sent, and not 3",
        "only 4 answers were given by waiters, and not 6",
    }
    assert said(1.0) == set()


def test_who_of_ours_falls_over_is_found():
    crashed = {"what": "crashed", "t": 5.0, "why": "KeyError('done')"}
    assert promises(crashed) == promises(service=[crashed]) == {"evening"}


def test_every_promise_that_it_names_is_one():
    source = (ROOT / "tests" / "evening" / "judge.py").read_text()
    known = (ROOT / "docs" / "promises.md").read_text()
    named = set(re.findall(r'_broken\(\s*"([A-Z][0-9]+)"', source))
    assert named == {"P13", "P17", "F09", "F20", "F72"}
    assert all(f"| {each} |" in known for each in named)


def test_the_phones_know_our_pages():
    """What they look for stands in our templates; a page that is rewritten makes no evening of silent phones."""
    diner = ROOT / "templates" / "diner"
    live, calls = (diner / "_live.html").read_text(), (diner / "_call_words.html").read_text()
    assert ASKS.search(re.sub(r"{%.*?%}|{{.*?}}", "4", live))
    assert all(words in calls for words in WAITING)
    assert NAME.findall("You (Gast1x2x0), Gast11x2x0") == ["Gast1x2x0", "Gast11x2x0"]
