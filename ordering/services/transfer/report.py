"""What an import did, for the person who started it."""

from collections import defaultdict
from dataclasses import dataclass, field

from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_noop as _

from ordering.restaurant_file.sentences import Sentence

# As a heading would put it; the order is the file's.
KINDS = (
    _("restaurant"), _("register"), _("tables"), _("categories"), _("products"), _("option groups"), _("options"),
    _("set menus"), _("courses"), _("photos"),
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

    @property
    def said(self) -> str:
        """In the reader's language."""
        return ", ".join(
            text % {"count": number}
            for number, text in (
                (self.created, ngettext("%(count)s created", "%(count)s created", self.created)),
                (self.updated, ngettext("%(count)s updated", "%(count)s updated", self.updated)),
                (self.unchanged, gettext("%(count)s unchanged")),
                (self.deleted, ngettext("%(count)s deleted", "%(count)s deleted", self.deleted)),
            )
            if number
        )


@dataclass
class Report:
    """Counts by kind of thing, and what deserves to be read."""

    counts: defaultdict[str, Counts] = field(default_factory=lambda: defaultdict(Counts))
    warnings: list[Sentence] = field(default_factory=list)
    notes: list[Sentence] = field(default_factory=list)

    @property
    def changed(self) -> bool:
        return any(counts.changed for counts in self.counts.values())

    @property
    def deleted(self) -> int:
        return sum(counts.deleted for counts in self.counts.values())

    def lines(self) -> list[str]:
        """ "products: 3 created, 80 unchanged", kind by kind."""
        return [f"{kind}: {self.counts[kind]}" for kind in KINDS if str(self.counts[kind])]

    @property
    def said(self) -> list[str]:
        """The same in the reader's language, and then whatever deserves to be read."""
        return [
            gettext("%(thing)s: %(words)s") % {"thing": gettext(kind), "words": counts.said}
            for kind in KINDS
            if (counts := self.counts[kind]).said
        ] + [sentence.said for sentence in (*self.notes, *self.warnings)]
