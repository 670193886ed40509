"""The checker itself: it has nothing to say of a history in which all is well, and finds each promise broken once."""

import re

import pytest

from tests.torture import catalogue
from tests.torture.checker import check
from tests.torture.history import (
    Addition,
    Booked,
    Change,
    History,
    Post,
    Sample,
    Window,
    stalls,
    windows,
)
from tests.torture.plan import Plan
from tests.torture.processes import ROOT
from tests.torture.report import report, verdict

pytestmark = pytest.mark.pure

ARROWS = {
    "queued": ["sending", "held", "handled"],
    "sending": ["queued", "accepted", "uncertain", "held", "refused", "received"],
    "accepted": ["received", "handled"],
    "uncertain": ["sending", "received", "held", "handled"],
    "received": ["settled"],
    "held": ["received", "handled"],
}
# An order that goes well: state and when it came to be so.
WELL = (("queued", 0.0), ("sending", 0.2), ("accepted", 0.4), ("received", 1.0))


def evening(
    *, states=WELL, pk=1, number=100, booked=(0.3,), posts=((0.25, 0.35),), ack=0.1, **others
):
    """One order of a history, undivided: a second is a second. The register is 1, the list is looked at each second."""
    changes = [
        Change(pk, before, state, at, number, number if before else None)
        for (state, at), before in zip(states, ["", *(state for state, _ in states)], strict=False)
    ]
    code = f"order-{pk}"
    facts = {
        "acks": [] if ack is None else [{"code": code, "key": f"key-{pk}", "t": ack}],
        "told": [
            {"code": code, "began": 1.4, "t": 1.5, "status": 200, "word": "on_till", "n": pk}
        ],
        "samples": [Sample(float(second), second + 0.01, frozenset()) for second in range(300)],
        "changes": changes,
        "additions": [
            Addition(pk, code, 1, number, "same", states[-1][0], key=f"key-{pk}", n=pk,
                     attempts=[[place + 1, "host-7", "accepted", ""] for place in range(len(posts))])
        ],
        "posts": [Post(1, number, "same", began, ended) for began, ended in posts],
        "booked": [Booked(1, number, at, "same") for at in booked],
    }  # fmt: skip
    return {**facts, **others}


def history(*evenings, kinds=("leo2",), **others):
    facts: dict = {}
    for each in evenings:
        for name, value in each.items():
            if isinstance(value, list) and name != "samples":
                facts[name] = facts.get(name, []) + value
            else:
                facts[name] = value
    plan = Plan(directory="", divisor=1.0, arrows=ARROWS, kinds=list(kinds))
    return History(plan=plan, **{**facts, **others})


def broken(*evenings, **others):
    return {(each.promise, each.kind) for each in check(history(*evenings, **others))}


def listed(from_second, until_second, pk=1):
    return [
        Sample(float(second), second + 0.01, frozenset({pk} if from_second <= second < until_second else ()))
        for second in range(300)
    ]  # fmt: skip


def test_it_has_nothing_to_say_of_an_evening_that_went_well():
    assert (
        broken(evening(), evening(pk=2, number=101, posts=((0.5, 0.6),), booked=(0.55,))) == set()
    )


# --- Lost, doubled


def test_it_finds_an_order_that_is_nowhere():
    stuck = evening(states=WELL[:1], booked=(), posts=(), told=[], samples=listed(45, 300))
    assert ("P1", "lost") in broken(stuck)


def test_it_finds_a_confirmation_without_a_row_p3():
    assert ("P3", "lost") in broken(evening(additions=[], changes=[]))


def test_it_finds_a_page_that_is_not_there_after_its_confirmation_p3():
    told = [{"code": "order-1", "began": 0.2, "t": 0.3, "status": 404}]
    assert broken(evening(told=told)) == {("P3", "other")}


def test_it_finds_what_was_confirmed_before_it_was_written_p3():
    assert ("P3", "other") in broken(evening(ack=-1.0))


def test_what_a_person_has_dealt_with_is_not_lost():
    states = (("queued", 0.0), ("handled", 40.0))
    assert broken(evening(states=states, booked=(), posts=(), told=[])) == set()


def test_what_is_on_the_list_in_the_end_is_not_lost():
    stuck = evening(states=WELL[:1], booked=(), posts=(), told=[], samples=listed(45, 300))
    assert broken(stuck, listed_at_the_end=frozenset({1})) == set()


def test_it_finds_an_addition_that_is_booked_twice_p2():
    assert broken(evening(booked=(0.3, 7.0))) == {("P2", "doubled")}


def test_it_finds_an_order_that_is_booked_under_two_numbers_p2_p5():
    renewed = evening()
    renewed["changes"].append(Change(1, "received", "received", 2.0, 200, 100))
    renewed["booked"].append(Booked(1, 200, 2.1))
    assert broken(renewed) == {("P2", "doubled"), ("P5", "other")}


def test_it_finds_two_additions_of_one_order_that_nobody_asked_for_p2():
    again = evening(pk=2, number=101, posts=((0.5, 0.6),), booked=(0.55,), acks=[], told=[])
    again["additions"][0].order = "order-1"
    assert broken(evening(), again) == {("P2", "doubled")}
    asked = [{"addition": 1, "decision": "replace", "won": True, "t": 0.4}]
    assert broken(evening(), again, decisions=asked) == set()


def test_it_finds_what_a_register_holds_and_nobody_knows_p2():
    assert broken(evening(), booked=[Booked(1, 100, 0.3), Booked(1, 999, 3.0)]) == {
        ("P2", "doubled")
    }


# --- False calms


def test_it_finds_an_order_that_is_late_and_not_listed_p1():
    states = (("queued", 0.0), ("sending", 60.0), ("received", 61.0))
    late = evening(states=states, booked=(60.5,), posts=((60.2, 60.6),), told=[])
    assert broken(late) == {("P1", "calm")}
    assert broken({**late, "samples": listed(45, 62)}) == set()


def test_an_accepted_one_has_ninety_seconds_p1():
    states = (("queued", 0.0), ("sending", 0.2), ("accepted", 0.4), ("received", 200.0))
    waits = evening(states=states, booked=(199.0,), told=[])
    assert broken({**waits, "samples": listed(90, 201)}) == set()
    assert broken({**waits, "samples": listed(95, 201)}) == {("P1", "calm")}


def test_it_finds_an_order_that_is_on_the_till_and_said_to_be_on_its_way_p1():
    states = (("queued", 0.0), ("sending", 0.2), ("uncertain", 0.4), ("received", 100.0))
    assert broken(evening(states=states, told=[])) == {("P1", "calm")}


def test_a_clock_that_was_set_back_a_little_makes_the_list_late_by_as_much_p1_f38():
    states = (("queued", 0.0), ("sending", 50.0), ("received", 51.0))
    late = evening(
        states=states, booked=(50.5,), posts=((50.2, 50.6),), told=[], samples=listed(49, 52)
    )
    assert broken(late) == {("P1", "calm")}
    for at in (
        10.0,
        0.05,
    ):  # the list goes by the row's age, which is a moment more than the confirmation's
        step = Window("clock", at, at, {"before": 3.0, "after": 0.0})
        assert broken({**late, "acks": [{**late["acks"][0], "t": 0.3}]}, windows=[step]) == set()


def test_it_finds_received_on_the_phone_before_it_is_true_p9():
    told = [{"code": "order-1", "began": 0.9, "t": 1.0, "status": 200, "word": "on_till", "n": 1}]
    assert broken(evening(told=told, booked=(1.5,))) == {("P9", "calm")}


@pytest.mark.parametrize("status", [200, 204])
def test_it_finds_being_sent_on_the_phone_for_too_long_p9(status):
    told = [{"code": "order-1", "began": 50.0, "t": 50.1, "status": status, "word": "sending"}]
    assert broken(evening(told=told)) == {("P9", "calm")}


def test_it_finds_words_that_nobody_knows_p9():
    told = [{"code": "order-1", "began": 1.4, "t": 1.5, "status": 200, "word": "?In the kitchen"}]
    assert broken(evening(told=told)) == {("P9", "other")}


def test_it_finds_a_false_alarm_that_stays_p1():
    healed = [{"what": "healed", "t": 10.0}]
    stays = evening(samples=listed(5, 300))
    assert broken(stays, house=healed) == {("P1", "other")}
    assert broken(evening(samples=listed(5, 69)), house=healed) == set()


# --- Forms, numbers, bytes


def test_it_finds_one_form_that_became_two_orders_p4():
    acks = [{"code": "order-2", "key": "key-1", "t": 0.6}]
    second = evening(pk=2, number=101, posts=((0.5, 0.6),), booked=(0.55,), told=[], acks=acks)
    assert broken(evening(), second) == {("P4", "doubled")}


def test_it_finds_one_order_with_two_numbers_for_people_p4():
    told = [
        {"code": "order-1", "began": 1.4, "t": 1.5, "status": 200, "word": "on_till", "n": n}
        for n in (1, 2)
    ]
    assert broken(evening(told=told)) == {("P4", "other")}


def test_it_finds_other_bytes_under_the_same_number_p5():
    posts = [Post(1, 100, "same", 0.25, 0.35), Post(1, 100, "other", 0.5, 0.6)]
    attempts = evening(posts=((0.25, 0.35), (0.5, 0.6)))
    assert broken({**attempts, "posts": posts}) == {("P5", "other")}


def test_it_finds_a_number_that_does_not_rise_p6():
    second = evening(pk=2, number=99, posts=((0.5, 0.6),), booked=(0.55,))
    assert broken(evening(), second) == {("P6", "other")}


def test_it_finds_a_number_that_is_given_twice_p6():
    second = evening(pk=2, number=100, posts=(), booked=())
    assert ("P6", "other") in broken(evening(), second)


def test_it_finds_a_delivery_without_a_try_p26():
    silent = evening()
    silent["additions"][0].attempts = []
    assert broken(silent) == {("P26", "other")}


# --- Processes


def test_it_finds_two_deliveries_in_flight_p12():
    second = evening(pk=2, number=101, posts=((0.3, 0.4),), booked=(0.35,))
    assert broken(evening(), second) == {("P12", "other")}
    stopped = Window("stopped", 0.1, 0.2, {"name": "deliver-0"})
    assert broken(evening(), second, windows=[stopped]) == set()


def test_it_finds_a_forbidden_arrow():
    states = (*WELL, ("queued", 2.0), ("sending", 2.1), ("accepted", 2.2), ("received", 2.3))
    assert broken(evening(states=states)) == {("arrow", "other")}


def test_it_finds_an_old_order_that_goes_out_by_itself_p8():
    states = (("queued", 0.0), ("sending", 1300.0), ("accepted", 1300.2), ("received", 1300.5))
    old = evening(states=states, booked=(1300.2,), posts=((1300.1, 1300.3),), told=[], samples=[])
    assert broken(old) == {("P8", "other")}
    click = [{"addition": 1, "decision": "send_again", "won": True, "t": 1290.0}]
    assert broken(old, decisions=click) == set()


def test_it_finds_a_take_over_that_takes_too_long_p11():
    states = (("queued", 0.0), ("sending", 0.2), ("uncertain", 60.0), ("received", 61.0))
    left = evening(states=states, told=[], samples=listed(45, 62))
    left["additions"][0].attempts = [[1, "host-7", "lost", ""]]
    killed = [{"what": "killed", "name": "deliver-0", "pid": 7, "t": 0.3}]
    assert broken(left, house=killed) == {("P11", "other")}
    away = Window("database", 20.0, 40.0, {})
    assert broken(left, house=killed, windows=[away]) == set()


def test_it_finds_a_deploy_that_turns_people_away_p24_f76():
    troubles = [{"t": at, "status": 503} for at in (10.0, 13.0, 16.0)]
    deploy = Window("deploy", 9.0, 20.0)
    assert broken(evening(), windows=[deploy], troubles=troubles) == {("P24", "other")}
    assert broken(evening(), windows=[deploy], troubles=troubles[:2]) == set()
    # Others order meanwhile: no door is shut. One that is, is so although others come in.
    between = evening(pk=2, number=101, ack=14.0, posts=((0.5, 0.6),), booked=(0.55,), told=[])
    busy = history(evening(), between, windows=[deploy], troubles=troubles)
    assert not [each for each in check(busy) if each.promise == "P24"]
    shut = [{"t": each["t"], "refused": True} for each in troubles]
    busy = history(evening(), between, windows=[deploy], troubles=shut)
    assert [each for each in check(busy) if each.promise == "P24"]


def test_it_finds_a_process_that_does_not_end_well_f41():
    ended = {"what": "ended", "name": "deliver-0", "pid": 7, "status": 1, "told": True, "t": 90.0}
    assert broken(evening(), house=[ended]) == {("F41", "other")}
    assert broken(evening(), house=[{**ended, "status": -15}]) == {("F41", "other")}
    started = {"what": "started", "name": "deliver-0", "pid": 7, "t": 88.0}
    assert broken(evening(), house=[started, {**ended, "status": -15}]) == set()


# --- What is read and said


def test_it_knows_what_lasted():
    log = [
        {"what": "killed", "t": 1.0, "name": "deliver-0", "pid": 7},
        {"what": "stopped", "t": 2.0, "name": "deliver-1", "pid": 8},
        {"what": "started", "t": 3.0, "name": "deliver-0", "pid": 9},
        {"what": "went on", "t": 4.0, "name": "deliver-1", "pid": 8},
        {"what": "till", "t": 5.0, "register": 0, "till": "closed"},
        {"what": "stopped", "t": 5.5, "name": "deliver-1", "pid": 8},
        {"what": "killed", "t": 5.7, "name": "deliver-1", "pid": 8},
        {"what": "healed", "t": 6.0},
    ]
    found = [(each.what, each.began, each.until) for each in windows(log, 9.0)]
    assert found == [
        ("killed", 1.0, 3.0), ("stopped", 2.0, 4.0), ("till closed", 5.0, 6.0), ("stopped", 5.5, 5.7),
        ("killed", 5.7, 6.0),
    ]  # fmt: skip


def test_it_knows_when_the_machine_had_no_time():
    looks = [{"what": "list", "t": at, "until": at + 0.01} for at in (0.0, 0.1, 0.2, 2.0)]
    assert [(each.began, each.until) for each in stalls(looks, 0.1)] == [(0.2, 2.01)]


def test_it_ends_with_the_verdict():
    found = history(evening(), evening(pk=2, number=101, booked=(0.6, 7.0), posts=((0.5, 0.6),)))
    assert (
        verdict(found, check(found)) == "torture: orders 2 kills 0 lost 0 doubled 1 false calms 0"
    )
    lines, well = report(found, check(found), whole_catalogue=False)
    assert not well
    assert any("holds 101 2 times" in line for line in lines)


def test_a_mode_that_fired_no_time_is_a_failure():
    modes_of = catalogue.MUST_FIRE["leo2"]
    fired = {"leo2": {use: dict.fromkeys(modes, 1) for use, modes in modes_of.items()}}
    found = history(evening(), fired=fired)
    assert report(found, [], whole_catalogue=True)[1]
    del fired["leo2"]["post"]["late_after"]
    lines, well = report(found, [], whole_catalogue=True)
    assert not well
    assert "These modes fired no time at leo2: late_after (post)" in lines


@pytest.mark.parametrize("kind", catalogue.DRAWN)
def test_what_is_drawn_of_a_kind_must_fire(kind):
    for use, modes in catalogue.MUST_FIRE[kind].items():
        drawn = {text.partition("(")[0] for text in catalogue.DRAWN[kind][use]} | {"ok"}
        assert set(modes) == drawn - set(catalogue.CANNOT_FIRE_HERE)


def test_each_kind_has_a_line_with_what_a_person_settled():
    tiller = evening(
        pk=2,
        number=101,
        states=(("queued", 0.0), ("sending", 0.2), ("uncertain", 0.4), ("handled", 9.0)),
        told=[],
        decisions=[
            {
                "addition": 2,
                "t": 9.0,
                "until": 9.1,
                "won": True,
                "decision": "on_till",
                "state": "handled",
            }
        ],
    )
    tiller["additions"][0].register = tiller["posts"][0].register = 2
    tiller["booked"][0].register = 2
    found = history(evening(), tiller, kinds=["leo2", "tiller"])
    lines, well = report(found, check(found), whole_catalogue=False)
    assert well, lines
    assert lines[-3:-1] == [
        "leo2: orders 1 lost 0 doubled 0 false calms 0, unclear 0, of which a person settled 0",
        "tiller: orders 1 lost 0 doubled 0 false calms 0, unclear 1, of which a person settled 1",
    ]


def test_the_catalogue_is_whole():
    """Every mode that docs/promises.md names is drawn, or it is said why not."""
    text = (ROOT / "docs" / "promises.md").read_text()
    block = text.partition("scripted per request): `")[2].partition("`.")[0]
    names = [re.sub(r" ?\(.*", "", name) for name in re.split(r"\s*·\s*", block)]
    assert len(names) > 30
    drawn = {
        mode
        for of_a_kind in catalogue.MUST_FIRE.values()
        for modes in of_a_kind.values()
        for mode in modes
    }
    known = drawn | set(catalogue.CANNOT_FIRE_HERE)
    found = [name for name in names if not {name, f"{name}_before", f"{name}_missing"} & known]
    assert found == []
