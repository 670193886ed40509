"""T32: what we run on is pinned to the byte, looked through for known weaknesses, and nothing comes from elsewhere."""

import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.pure

ROOT = Path(__file__).parent.parent
PINNED = ["requirements.txt", "requirements-dev.txt"]


def pins(name):
    """Each requirement with its hashes: “django==5.2.19 --hash=sha256:…”."""
    text = (ROOT / name).read_text().replace("\\\n", " ")
    return [line for line in text.splitlines() if line.strip()]


@pytest.mark.parametrize("name", PINNED)
def test_it_installs_exactly_what_was_looked_at_t32(name):
    assert len(pins(name)) > 10
    for line in pins(name):
        assert re.match(r"[a-z0-9._-]+(\[[a-z0-9,-]+\])?==[^ ;]+", line), line
        assert re.search(r"--hash=sha256:[0-9a-f]{64}\b", line), line
        assert "://" not in line


def test_it_refuses_what_has_another_hash_t32():
    makefile = (ROOT / "Makefile").read_text()
    assert "--require-hashes" in makefile.partition("PIP_INSTALL :=")[2].splitlines()[0]


def test_ci_looks_for_known_weaknesses_t32():
    assert re.search(r"^make audit\b", (ROOT / ".ci" / "run").read_text(), re.MULTILINE)
    audit = (ROOT / "Makefile").read_text().partition("\naudit:")[2].partition("\n\n")[0]
    assert "pip-audit --require-hashes --requirement requirements.txt" in audit


def test_pages_load_nothing_from_another_host_t32():
    """No CDN: htmx comes with the package that is pinned, and is served by us."""
    loads = re.compile(r"""(?:src|href|action)=["'](?:https?:)?//""")
    for page in (ROOT / "templates").rglob("*.html"):
        assert not loads.search(page.read_text()), page
    for style in (ROOT / "static").rglob("*.css"):
        assert not re.search(r"url\(\s*[\"']?(?:https?:)?//", style.read_text()), style
