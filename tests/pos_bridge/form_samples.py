"""Samples of enregistreuse sales, one field a line and not encoded, as people type them."""

from pathlib import Path
from urllib.parse import quote_plus

GOLDEN = Path(__file__).parent / "golden" / "enregistreuse"
KEYS = [("idboutique", "SHOP1"), ("key", "KEY1")]
Pairs = list[tuple[str, str]]


def sample(name: str) -> Pairs:
    lines = (GOLDEN / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    return [(key, value) for key, _, value in (line.partition("=") for line in lines)]


def encoded(pairs: Pairs) -> bytes:
    """Encoded by hand, field by field."""
    return "&".join(f"{quote_plus(name)}={quote_plus(value)}" for name, value in pairs).encode()


def changed(pairs: Pairs, **changes: str | None) -> Pairs:
    """With these values instead, at the end where they are new; without those that are None."""
    kept = [(name, changes.get(name, value)) for name, value in pairs]
    added = [(name, value) for name, value in changes.items() if name not in dict(pairs)]
    return [(name, value) for name, value in (*kept, *added) if value is not None]
