"""Judges what went to the registers and into the database. Pure."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from signal import SIGKILL, SIGTERM

from tests.torture.checker import BLUR, Broken
from tests.torture.history import Addition, Change, History, Post, Window
from tests.torture.plan import DEPLOY_503, FRESH, LEASE, STUCK_AFTER, TAKEN_OVER_AFTER

YOUNG = 5.0  # seconds; not divided: a start takes what it takes


def same_bytes(history: History) -> Iterator[Broken]:
    """P5: all tries of an addition carry one number and one text."""
    for addition in history.additions:
        for change in history.changes_of.get(addition.pk, []):
            renewed = change.old_number is not None and change.old_number != change.number
            if renewed or change.body_changed:
                yield _of(addition, "P5", "its number or its text was changed", change.at)
                break
        texts = {
            post.sha256 for post in history.posts_of.get((addition.register, addition.number), [])
        }
        if texts - {addition.sha256}:
            yield _of(addition, "P5", f"{len(texts)} texts were sent under its number")


def numbers_rise(history: History) -> Iterator[Broken]:
    """P6: no number is given twice, and each is above those before it."""
    last: dict[int, int] = defaultdict(int)
    seen: set[tuple[int, int]] = set()
    for addition in history.additions:
        place = (addition.register, addition.number)
        if place in seen:
            yield _of(addition, "P6", f"{addition.number} was given twice")
        seen.add(place)
        born = next(
            (change for change in history.changes_of.get(addition.pk, []) if not change.old), None
        )
        number = born.number if born else addition.number
        if number <= last[addition.register]:
            yield _of(addition, "P6", f"{number} came after {last[addition.register]}")
        last[addition.register] = max(last[addition.register], number)


def posts_have_a_try(history: History) -> Iterator[Broken]:
    """P26, rule 6: a try is written down before anything goes out."""
    for (register, number), posts in history.posts_of.items():
        owner = history.by_number.get((register, number))
        if owner is None:
            yield Broken(
                "P26", "other", f"register {register} was sent {number}, which no addition has"
            )
        elif len(owner.attempts) < len(posts):
            yield _of(
                owner, "P26", f"{len(posts)} deliveries, {len(owner.attempts)} tries written down"
            )


def one_in_flight(history: History) -> Iterator[Broken]:
    """P12: one delivery at a time for each register, but where a lease ran out because a process or a clock stood."""
    by_register: dict[int, list[Post]] = defaultdict(list)
    for post in history.posts:
        by_register[post.register].append(post)
    for register, posts in by_register.items():
        posts.sort(key=lambda post: post.at)
        flying: list[Post] = []
        for post in posts:
            flying = [each for each in flying if each.ended > post.at]
            for other in flying:
                if not _is_excused(history, other.at, post.at):
                    text = (
                        f"register {register}: {other.number} was in flight when {post.number} came"
                    )
                    yield Broken("P12", "other", text, addition=_pk(history, post), at=post.at)
            flying.append(post)


def _is_excused(history: History, began: float, until: float) -> bool:
    lease = history.plan.divided(LEASE)
    windows = history.during(began - lease, until, "stopped", "clock", "database", "stall")
    return any(True for _ in windows) or any(
        window.facts["name"].startswith("register")
        for window in history.during(began, until, "killed")
    )


def arrows(history: History) -> Iterator[Broken]:
    """Every change of a state is one of docs/states.md."""
    allowed = {old: set(targets) for old, targets in history.plan.arrows.items()}
    for change in history.changes:
        if not change.old:
            forbidden = change.new != "queued"
        else:
            forbidden = change.new != change.old and change.new not in allowed.get(
                change.old, set()
            )
        if forbidden:
            yield Broken(
                "arrow", "other", f"{change.old or 'nothing'} → {change.new}",
                order=_order(history, change), addition=change.addition, at=change.at,
            )  # fmt: skip


def nothing_stale(history: History) -> Iterator[Broken]:
    """P8: what is older than 20 minutes goes out only after a person's click."""
    fresh = history.plan.divided(FRESH)
    for addition in history.additions:
        changes = history.changes_of.get(addition.pk, [])
        if not changes:
            continue
        clicks = [
            decision["t"]
            for decision in history.decided_of.get(addition.pk, [])
            if decision["decision"] == "send_again" and decision["won"]
        ]
        for post in history.posts_of.get((addition.register, addition.number), []):
            since = max([changes[0].at, *(click for click in clicks if click < post.at)])
            # A deadline after the claim, and what was claimed just in time.
            if post.at - since > fresh + history.plan.divided(LEASE) and not _set_back(
                history, since, post.at
            ):
                yield _of(
                    addition, "P8", f"sent {post.at - since:.1f} s after it was ordered", post.at
                )


def _set_back(history: History, began: float, until: float) -> bool:
    return any(
        window.facts["before"] - window.facts["after"] > BLUR
        for window in history.during(began, until, "clock")
    )


def taken_over(history: History) -> Iterator[Broken]:
    """P11: what a killed worker was sending is in other hands within 40 s."""
    limit = history.plan.divided(TAKEN_OVER_AFTER)
    for addition, killed, after in take_overs(history):
        if after > limit and not _nobody_could(history, killed, killed + after):
            yield _of(
                addition, "P11", f"taken over {after:.2f} s after its worker was killed", killed
            )


def take_overs(history: History) -> Iterator[tuple[Addition, float, float]]:
    """(addition, when its worker was killed, seconds until somebody else had it) for each that a kill left behind."""
    sending: dict[str, list[Addition]] = defaultdict(list)
    for addition in history.additions:
        for pid in {worker.rpartition("-")[2] for _, worker, _, _ in addition.attempts}:
            sending[pid].append(addition)
    for event in history.house:
        if event["what"] != "killed" or not event["name"].startswith("deliver"):
            continue
        for addition in sending.get(str(event["pid"]), []):
            left = _left_sending(history, addition, event["t"])
            if left is not None:
                yield addition, event["t"], left - event["t"]


def _left_sending(history: History, addition: Addition, at: float) -> float | None:
    """When an addition that was being sent at this moment was so no longer. None: it was not, or was given back."""
    changes = history.changes_of.get(addition.pk, [])
    for change, following in zip(changes, [*changes[1:], None], strict=True):
        until = following.at if following else float("inf")
        if change.new == "sending" and change.at < at < until:
            recovered = following is not None and following.new in {"uncertain", "held"}
            lost = any(outcome == "lost" for _, _, outcome, _ in addition.attempts)
            return until if recovered and lost and following else None
    return None


def in_time(history: History) -> list[float]:
    """Seconds of the take-overs that nothing else hindered."""
    return [
        after
        for _, killed, after in take_overs(history)
        if not _nobody_could(history, killed, killed + after)
    ]


def _nobody_could(history: History, began: float, until: float) -> list[Window]:
    """Why nobody could have taken it: the database was away, no worker ran, a clock that leases hang on stood back."""
    # On SQLite a process that is stopped in the middle of a transaction stops every other writer.
    stopped = ("stopped", "web stopped") if history.plan.database == "sqlite" else ("stopped",)
    lease = history.plan.divided(LEASE)
    return history.during(began - lease, until, "database", "clock", "stall", *stopped) + [
        window
        for window in history.during(began, until, "killed")
        if window.facts["name"].startswith(("deliver", "register"))
        and window.facts.get("away_for", 0) > 0.5
    ]


def deploys(history: History) -> Iterator[Broken]:
    """P24, F76: at a deploy the door is shut to nobody, and no order turned away, for longer than 5 s."""
    for window in history.windows:
        if window.what != "deploy":
            continue
        refused = [each["t"] for each in history.troubles if each.get("refused")]
        busy = [each["t"] for each in history.troubles if each.get("status") == 503]
        # Now and then somebody is told to try again while others order, deploy or not; a door that is shut is not that.
        others = [ack["t"] for ack in history.acks]
        longest = max(_longest(window, refused, ()), _longest(window, busy, others))
        if longest > DEPLOY_503 and not history.during(
            window.began, window.until, "database", "stopped"
        ):
            text = f"turned away for {longest:.1f} s at a deploy"
            yield Broken("P24", "other", text, at=window.began)


def _longest(window: Window, troubles: Iterable[float], ends: Iterable[float]) -> float:
    """Seconds from the first of troubles to the last one, within a window and with none of `ends` in between."""
    longest, began = 0.0, None
    marked = [(at, True) for at in troubles] + [(at, False) for at in ends]
    for at, is_trouble in sorted(marked):
        if not window.touches(at, at):
            continue
        if not is_trouble:
            began = None
            continue
        began = at if began is None else began
        longest = max(longest, at - began)
    return longest


def told_to_end(history: History) -> Iterator[Broken]:
    """F41: whoever is told to end finishes what it does, and ends well."""
    started = {event["pid"]: event["t"] for event in history.house if event["what"] == "started"}
    for event in history.house:
        if event["what"] != "ended" or not event.get("told") or event["status"] in {0, -SIGKILL}:
            continue
        # Before it listens to signals it has nothing to finish.
        young = (
            event["status"] == -SIGTERM and event["t"] - started.get(event.get("pid"), 0.0) < YOUNG
        )
        # The watchdog ends a worker that got on no more (F40), as one that had no time to looks like.
        since = event["t"] - 2 * history.plan.divided(STUCK_AFTER)
        stuck = event["status"] == 1 and history.during(
            since, event["t"], "stopped", "web stopped", "database", "stall"
        )
        if not young and not stuck:
            text = f"{event['name']} was told to end, and ended with {event['status']}"
            yield Broken("F41", "other", text, at=event["t"])


def _of(addition: Addition, promise: str, text: str, at: float = 0.0) -> Broken:
    return Broken(promise, "other", text, order=addition.order, addition=addition.pk, at=at)


def _pk(history: History, post: Post) -> int:
    addition = history.by_number.get((post.register, post.number))
    return addition.pk if addition else 0


def _order(history: History, change: Change) -> str:
    addition = history.by_pk.get(change.addition)
    return addition.order if addition else ""


RULES: list[Callable[[History], Iterator[Broken]]] = [
    same_bytes,
    numbers_rise,
    posts_have_a_try,
    one_in_flight,
    arrows,
    nothing_stale,
    taken_over,
    deploys,
    told_to_end,
]
