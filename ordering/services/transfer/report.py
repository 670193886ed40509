"""What an import did, for the person who started it."""

from collections import defaultdict
from dataclasses import dataclass, field

# As a heading would put it; the order is the file's.
KINDS = (
    "restaurant", "register", "tables", "categories", "products", "option groups", "options",
    "set menus", "courses", "photos",
)  # fmt: skip


@dataclass
class Counts:
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    deleted: int = 0

    @property
    def changed(self) -> int:
        return self.created + self.updated + self.deleted

    def __str__(self) -> str:
        said = [
            f"{number} {word}"
            for number, word in (
                (self.created, "created"),
                (self.updated, "updated"),
                (self.unchanged, "unchanged"),
                (self.deleted, "deleted"),
            )
            if number
        ]
        return ", ".join(said)


@dataclass
class Report:
    """Counts by kind of thing, and what deserves to be read."""

    counts: defaultdict[str, Counts] = field(default_factory=lambda: defaultdict(Counts))
    warnings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def changed(self) -> bool:
        return any(counts.changed for counts in self.counts.values())

    @property
    def deleted(self) -> int:
        return sum(counts.deleted for counts in self.counts.values())

    def lines(self) -> list[str]:
        """ "products: 3 created, 80 unchanged", kind by kind."""
        return [f"{kind}: {self.counts[kind]}" for kind in KINDS if str(self.counts[kind])]
