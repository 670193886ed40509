"""Draws docs/states.md from the code: `python -m tests.states_page`. A test fails where the page is not current."""

import os
import sys
from pathlib import Path

PAGE = Path(__file__).parent.parent / "docs" / "states.md"


def page() -> str:
    from pos_bridge.arrows import ARROWS, MOVED_BY, State, diagram
    from pos_bridge.words import TABLE, Row

    def said(row: Row) -> str:
        words = f"`{row.word.value}`"
        if row.turns_after is not None:
            words += f", from {row.turns_after:g} s after the order `not_confirmed`"
        if row.kinds is not None:
            words += f" (kinds: {row.kinds.__name__.removeprefix('kinds_that_').replace('_', ' ')})"
        if row.reasons is not None:
            words += f" (reasons: {', '.join(row.reasons)}; on the staff's list from {row.forgotten_after:g} s on)"
        if row.handled is not None:
            words += f" (handled as {row.handled.value})"
        return words

    rows = [
        f"| `{state.value}` | {MOVED_BY[state]} | "
        + "; ".join(said(row) for row in TABLE if row.state == state)
        + " |"
        for state in State
    ]
    count = sum(len(targets) for targets in ARROWS.values())
    return "\n".join(
        [
            "# The states of an addition",
            "",
            "Drawn from `pos_bridge/arrows.py` and `pos_bridge/words.py` by `python -m tests.states_page`.",
            f"Each of the {count} arrows is one guarded UPDATE; a test walks every one and tries every other.",
            "",
            "```mermaid",
            diagram(),
            "```",
            "",
            "| state | who moves it on | what the phone says |",
            "|---|---|---|",
            *rows,
            "",
            "Where a cell has several words, the first whose brackets fit holds. The staff's list shows an addition",
            "while the phone says `not_confirmed` or `refused`, to the second, and one that a person had dealt with",
            "and that stands on the till all the same.",
            "",
        ]
    )


if __name__ == "__main__":
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()
    PAGE.write_text(page())
    sys.stdout.write(f"{PAGE} is current.\n")
