"""Imports point one way: views, services, models; services, outbox; worker, registers, ticket."""

import ast
from pathlib import Path

import pytest

pytestmark = pytest.mark.pure

ROOT = Path(__file__).parent.parent

# (files, may not import these)
RULES = {
    "pos_bridge never calls ordering": ("pos_bridge/**/*.py", ["ordering"]),
    "adapters know no model and no Django": (
        "pos_bridge/registers/*.py",
        [
            "django.db",
            "django.http",
            "django.conf",
            "pos_bridge.models",
            "pos_bridge.outbox",
            "pos_bridge.worker",
        ],
    ),
    "the ticket knows nothing": ("pos_bridge/ticket.py", ["django", "pos_bridge"]),
    "what is pure stays pure": ("pos_bridge/retry.py", ["django.db", "pos_bridge.models"]),
    "the judge shares no code with the adapters": (
        "pos_bridge/simulator/*.py",
        [
            "pos_bridge.registers",
            "pos_bridge.ticket",
            "pos_bridge.money",
            "pos_bridge.models",
            "ordering",
        ],
    ),
    "services know no request": (
        "ordering/services/*.py",
        ["django.http", "ordering.diner", "ordering.admin", "ordering.access"],
    ),
    "models know no service": (
        "ordering/models/*.py",
        ["ordering.services", "ordering.diner", "ordering.admin"],
    ),
    "views reach rows through access.py": ("ordering/diner/views.py", ["ordering.models"]),
    "the phone never reads the staff's session": ("ordering/diner/*.py", ["django.contrib.auth"]),
}


def imports_of(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


@pytest.mark.parametrize("rule", RULES)
def test_it_points_one_way(rule):
    files, forbidden = RULES[rule]
    paths = [path for path in ROOT.glob(files) if "migrations" not in path.parts]
    assert paths, f"{files}: no such file"
    for path in paths:
        for name in imports_of(path):
            assert not any(name == bad or name.startswith(f"{bad}.") for bad in forbidden), (
                f"{path}: imports {name}"
            )


def test_requests_is_used_in_one_place():
    users = {
        path.relative_to(ROOT).as_posix()
        for folder in ("ordering", "pos_bridge")
        for path in (ROOT / folder).rglob("*.py")
        if any(name.split(".")[0] in {"requests", "urllib3", "http"} for name in imports_of(path))
    }
    assert {user for user in users if not user.startswith("pos_bridge/simulator/")} <= {
        "pos_bridge/registers/http.py",
        "pos_bridge/registers/line.py",
    }
