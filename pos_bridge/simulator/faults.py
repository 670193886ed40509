"""Faults drawn at random, so that the same seed and the same requests give the same faults.

Modes are dealt like cards: each comes once before one comes again, so that a short run has them all. Half of the faults
lose the answer to something that was booked, for those are the ones that people forget.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from random import Random

from pos_bridge.simulator.modes import Mode, Scripted, parse_for

# name -> argument when it is drawn. The slow ones pass a deadline of 15 s (times the register's scale), and a shut door
# is soon open again.
BOTH_SIDES = {
    "rst": "", "hangup": "", "late": "(20)", "http500": "", "503_retry_after": "(2)", "429": "(2)", "401": "",
    "302": "", "html200": "", "json_error": "", "warn_then_json": "", "half_json": "", "truncated": "", "bom": "",
    "wrong_type": "", "empty": "", "huge": "(0.2)", "gzip_bomb": "(5)", "drip_body": "(1)", "drip_headers": "",
}  # fmt: skip

# Every mode of the wire that a delivery can meet, before and after the booking.
DELIVERY = (
    *(f"{name}_{side}{given}" for name, given in BOTH_SIDES.items() for side in ("before", "after")),
    *("ok_slow(2)", "refuse_conn(1)", "blackhole(4)"),
)  # fmt: skip

# A list that is read books nothing. 401 and 302 are left to deliveries: they stop a register until a person comes.
READING = (
    *("ok_slow(2)", "rst_before", "hangup_before", "late_before(20)", "http500", "503_retry_after(2)", "429(2)"),
    *("html200", "warn_then_json", "half_json", "truncated", "bom", "wrong_type", "empty", "huge(0.2)"),
    *("gzip_bomb(5)", "drip_body(1)", "drip_headers"),
)  # fmt: skip


class Dealer:
    """Draws for one use, from generators of its own; not thread-safe.

    `rate`: the probability of a fault, 0 to 1. Whether a request fails hangs on its place alone, and which mode it
    gets on how many were dealt before, so a register that starts again can go on where it was.
    """

    def __init__(self, seed: str, rate: float, modes: Sequence[Scripted]) -> None:
        self._chance = Random(f"{seed} chance")  # noqa: S311  (a schedule, not a secret)
        self._cards = Random(f"{seed} cards")  # noqa: S311
        groups = ([each for each in modes if each.mode.loses is loses] for loses in (True, False))
        self._groups = [group for group in groups if group]
        self._decks: list[list[Scripted]] = [[] for _ in self._groups]
        self.rate = 0.0
        self.set_rate(rate)

    def set_rate(self, rate: float) -> None:
        """Raise ValueError for what is no probability, or where there is nothing to deal."""
        if not 0 <= rate <= 1:
            raise ValueError(f"a rate is a number from 0 to 1, not {rate!r}")
        if rate and not self._groups:
            raise ValueError("there is no mode to draw")
        self.rate = rate

    def resume(self, requests: int, dealt: int) -> None:
        """Go on after this many requests, of which `dealt` got a mode from here."""
        for _ in range(requests):
            self._chance.random()
        for _ in range(dealt):
            self.deal()

    def falls(self) -> bool:
        """Whether the next request fails; asked once for each, whatever else was scripted for it."""
        return self._chance.random() < self.rate

    def deal(self) -> Scripted:
        place = self._cards.randrange(len(self._groups))
        if not self._decks[place]:
            self._decks[place] = self._cards.sample(self._groups[place], len(self._groups[place]))
        return self._decks[place].pop()


def dealer(
    seed: int, use: str, rate: float, modes: Sequence[str], known: dict[str, Mode]
) -> Dealer:
    """The dealer for deliveries ("post") or readings of a list ("list"); raise UnknownMode in words."""
    drawn = [replace(parse_for(text, use, known), drawn=True) for text in modes]
    return Dealer(f"{seed} {use}", rate, drawn)
