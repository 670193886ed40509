"""What a run has shown, for people: figures, and the history of every broken promise."""

from bisect import bisect_left
from collections import Counter, defaultdict
from statistics import quantiles

from tests.torture import catalogue
from tests.torture.checker import Broken
from tests.torture.history import Addition, History, Post
from tests.torture.plan import LEASE
from tests.torture.wire import in_time

SHOWN = 5  # of one promise, with their history


def report(
    history: History, broken: list[Broken], *, whole_catalogue: bool
) -> tuple[list[str], bool]:
    """The lines, the last of them the verdict, and whether all is well."""
    lines = [*_figures(history), "", *_faults(history)]
    kinds = history.plan.kinds if whole_catalogue else []
    missing = {kind: catalogue.missing(kind, history.fired.get(kind, {})) for kind in kinds}
    lines += [
        f"These modes fired no time at {kind}: "
        + ", ".join(f"{mode} ({use})" for use, mode in modes)
        for kind, modes in missing.items()
        if modes
    ]
    by_promise: dict[str, list[Broken]] = {}
    for each in broken:
        by_promise.setdefault(f"{each.promise} {each.kind}", []).append(each)
    for found in by_promise.values():
        for each in found[:SHOWN]:
            lines += ["", *story(history, each)]
        if len(found) > SHOWN:
            lines += ["", f"… and {len(found) - SHOWN} more of {found[0].promise}"]
    if by_promise:
        lines += [
            "",
            "Broken: " + ", ".join(f"{name} ×{len(found)}" for name, found in by_promise.items()),
        ]
    lines += ["", *(of_a_kind(history, broken, kind) for kind in history.plan.kinds)]
    return [*lines, verdict(history, broken)], not broken and not any(missing.values())


def of_a_kind(history: History, broken: list[Broken], kind: str) -> str:
    """What became of the orders for the registers of a kind, and how many that were unclear a person has settled."""
    plan = history.plan
    codes = {each.order for each in history.additions if plan.kind(each.register) == kind}
    acked = codes & {ack["code"] for ack in history.acks}
    counts = {
        what: len({each.order for each in broken if each.kind == what} & codes)
        for what in ("lost", "doubled", "calm")
    }
    unclear = [
        each.pk
        for each in history.additions
        if plan.kind(each.register) == kind
        and any(change.new == "uncertain" for change in history.changes_of.get(each.pk, []))
    ]
    by_people = sum(
        any(decision["won"] for decision in history.decided_of.get(pk, [])) for pk in unclear
    )
    return (
        f"{kind}: orders {len(acked)} lost {counts['lost']} doubled {counts['doubled']} "
        f"false calms {counts['calm']}, unclear {len(unclear)}, of which a person settled {by_people}"
    )


def verdict(history: History, broken: list[Broken]) -> str:
    orders = len({ack["code"] for ack in history.acks})
    kills = sum(event["what"] == "killed" for event in history.house)
    counts = {
        kind: len({each.order or each.text for each in broken if each.kind == kind})
        for kind in ("lost", "doubled", "calm")
    }
    return (
        f"torture: orders {orders} kills {kills} lost {counts['lost']} doubled {counts['doubled']} "
        f"false calms {counts['calm']}"
    )


def _figures(history: History) -> list[str]:
    plan = history.plan
    harms = Counter(
        window.what
        if window.what != "killed"
        else f"kill -9 of {window.facts['name'].partition('-')[0]}"
        for window in history.windows
    )
    states = Counter(
        f"{each.state} ({each.handled_as})" if each.handled_as else each.state
        for each in history.additions
    )
    waits = in_time(history)
    return [
        f"seed {plan.seed}, {plan.database}, seconds divided by {plan.divisor:g}",
        "harm: "
        + (", ".join(f"{what} {times}" for what, times in sorted(harms.items())) or "none"),
        "additions in the end: "
        + ", ".join(f"{state} {count}" for state, count in sorted(states.items())),
        f"deliveries {len(history.posts)}, of which {sum(post.mode == 'ok' for post in history.posts)} without a fault;"
        f" looks at the list {len(history.samples)}; decisions of staff {len(history.decisions)};"
        f" requests that failed {len(history.troubles)}",
        "time to take over after a kill: " + spread(waits, times=plan.divisor),
        "added latency, from the confirmation to the register: " + spread(latencies(history)),
    ]


def spread(seconds: list[float], *, times: float | None = None) -> str:
    if not seconds:
        return "none was measured"
    parts = quantiles(seconds, n=100) if len(seconds) > 1 else [seconds[0]] * 99
    text = f"p50 {parts[49]:.3f} s, p99 {parts[98]:.3f} s, highest {max(seconds):.3f} s, of {len(seconds)}"
    return f"{text} (undivided: highest {max(seconds) * times:.1f} s)" if times else text


def latencies(history: History) -> list[float]:
    """Seconds from a confirmation to the first delivery's arrival, where the register was idle and nothing was harmed.
    Below zero is possible: a worker may be faster than the answer's way to the phone; that is none.
    """
    found = []
    acked = {ack["code"]: ack["t"] for ack in reversed(history.acks)}
    posts_at: dict[int, list[Post]] = defaultdict(list)
    for post in sorted(history.posts, key=lambda post: post.at):
        posts_at[post.register].append(post)
    for addition in history.additions:
        own = history.posts_of.get((addition.register, addition.number), [])
        at = acked.get(addition.order)
        if at is None or not own:
            continue
        first = min(own, key=lambda post: post.at)
        posts = posts_at[addition.register]
        # No delivery waits for its answer longer than its deadline.
        since = bisect_left(posts, at - 2.0 - history.plan.divided(LEASE), key=lambda post: post.at)
        before = posts[since : bisect_left(posts, first.at, key=lambda post: post.at)]
        idle = all(post.ended <= at - 0.1 for post in before)
        well = all(post.mode == "ok" for post in before if post.at > at - 2.0)
        if idle and well and not harmed(history, at - 2.0, first.at):
            found.append(max(0.0, first.at - at))
    return found


def harmed(history: History, began: float, until: float) -> bool:
    return any(window.what != "till closed" for window in history.during(began, until))


def _faults(history: History) -> list[str]:
    lines = []
    names = {"post": "deliveries", "list": "readings of a list"}
    for kind, fired in history.fired.items():
        for use, modes in sorted(fired.items()):
            shown = ", ".join(f"{mode} {times}" for mode, times in sorted(modes.items()))
            lines.append(f"{kind}, {names[use]}: {shown}")
    reasons = [f"  {mode}: {why}" for mode, why in catalogue.CANNOT_FIRE_HERE.items()]
    return [*lines, "modes that cannot fire here, or mean nothing:", *reasons]


def story(history: History, broken: Broken) -> list[str]:
    """Everything that is known about an order, in the order in which it happened."""
    additions = history.by_order.get(broken.order, [])
    if not additions and broken.addition in history.by_pk:
        additions = [history.by_pk[broken.addition]]
    told: list[tuple[float, str]] = []
    for ack in history.acks:
        if ack["code"] == broken.order:
            told.append((ack["t"], "the diner has the confirmation"))
    word = ""
    for each in history.told:
        if each["code"] == broken.order and (each.get("word") or each["status"]) != word:
            word = each.get("word") or each["status"]
            told.append((each["t"], f"the phone says: {word}"))
    for addition in additions:
        told += _of_addition(history, addition)
    told.sort()
    begins = told[0][0] if told else broken.at
    ends = max(told[-1][0] if told else broken.at, broken.at)
    for window in history.windows:
        if window.touches(begins - 1.0, ends):
            name = (
                window.facts.get("name") or window.facts.get("how") or window.facts.get("after", "")
            )
            told.append(
                (window.began, f"[{window.what} {name}, {window.until - window.began:.2f} s]")
            )
    head = f"{broken.promise}: {broken.text} — order {broken.order or '?'}, additions " + ", ".join(
        f"{each.pk} (number {each.number}, register {each.register}, {each.state}"
        f"{' ' + each.reason if each.reason else ''})"
        for each in additions
    )
    marks = sorted([*told, (broken.at, "<-- here")] if broken.at else told)
    return [head, *(f"    {at - begins:+9.3f}  {text}" for at, text in marks[:80])]


def _of_addition(history: History, addition: Addition) -> list[tuple[float, str]]:
    place = (addition.register, addition.number)
    found = [
        (change.at, f"addition {addition.pk}: {change.old or 'born'} → {change.new}")
        for change in history.changes_of.get(addition.pk, [])
    ]
    for post in history.posts_of.get(place, []):
        found.append(
            (post.at, f"POST at the register: {post.mode}, {post.outcome or 'not worked on'}")
        )
        found.append((post.ended, "  that POST is over"))
    found += [(entry.at, "in the till's ledger") for entry in history.booked_of.get(place, [])]
    for decision in history.decided_of.get(addition.pk, []):
        won = "wins" if decision["won"] else "loses"
        found.append(
            (decision["until"], f"staff: {decision['decision']} {won}, it is {decision['state']}")
        )
    listed = False
    for sample in history.samples:
        if (addition.pk in sample.listed) != listed:
            listed = not listed
            found.append(
                (sample.began, "on the staff's list" if listed else "off the staff's list")
            )
    return found
