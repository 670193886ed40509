"""A judge that shares code with what it judges finds nothing."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import pos_bridge.simulator

pytestmark = pytest.mark.pure

FOLDER = Path(pos_bridge.simulator.__file__).parent
OURS = ("pos_bridge", "ordering")


def imported(path: Path) -> set[str]:
    """Full names of the modules that a file imports, anywhere in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name} has a relative import"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.py")), ids=lambda path: path.name)
def test_it_imports_nothing_of_the_project_but_itself(path: Path) -> None:
    foreign = {name for name in imported(path) if name.split(".")[0] in (*OURS, "django")}
    assert {name for name in foreign if not name.startswith("pos_bridge.simulator")} == set()


def test_it_needs_nothing_but_the_standard_library() -> None:
    import sys

    roots = {name.split(".")[0] for path in FOLDER.glob("*.py") for name in imported(path)}
    assert roots - set(sys.stdlib_module_names) - {"pos_bridge"} == set()
