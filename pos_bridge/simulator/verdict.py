"""What a judge finds: which rule is broken, where, and how sure the rule is."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum


class Basis(Enum):
    """How sure a rule is; the word stands in the error."""

    DOCUMENTED = "documenté"
    OBSERVED = "observé"
    ASSUMED = "supposé"
    PROMISED = "promis par Tablée"


@dataclass(frozen=True)
class Breach:
    """One rule broken, at a path or a field of the body."""

    path: str
    text: str
    basis: Basis = Basis.DOCUMENTED

    def __str__(self) -> str:
        return f"{self.path} : {self.text} ({self.basis.value})"


@dataclass
class Verdict:
    """What is wrong (`breaches`) and what is only worth a look (`remarks`)."""

    breaches: list[Breach] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def wrong(self, path: str, text: str, basis: Basis = Basis.DOCUMENTED) -> None:
        self.breaches.append(Breach(path, text, basis))

    def remark(self, path: str, text: str) -> None:
        self.remarks.append(f"{path} : {text}")

    def told(self) -> dict[str, list[str]]:
        """As sentences for a delivery's row; what there is none of is left out."""
        found = {"breaches": [str(breach) for breach in self.breaches], "remarks": self.remarks}
        return {name: words for name, words in found.items() if words}
