"""A process that is stuck for good in something that no deadline ends is ended by its watchdog (F40)."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pos_bridge.models import Addition, Heartbeat
from tests.helpers import eventually
from tests.pos_bridge.conftest import Restaurant
from tests.pos_bridge.test_deliver import database_url

pytestmark = [pytest.mark.wire, pytest.mark.django_db(transaction=True)]

ROOT = Path(__file__).parents[2]
# Settings of a process in which something never comes back, as a library in C may.
FOR_EVER = "import threading\nfrom tests.settings import *\nstuck = lambda *a, **k: threading.Event().wait()\n"
STUCK = {
    "a register's thread": "from pos_bridge.registers.leo2 import Leo2\nLeo2.send = stuck\n",
    "the main loop": "from pos_bridge import wake\nwake.Bell.wait = stuck\n",
    "the watch": """
class Router:
    def db_for_write(self, model, **_):
        return stuck() if model.__name__ == "Heartbeat" else None

DATABASE_ROUTERS = ["stuck_watch.Router"]
""",
}


@pytest.fixture
def start(tmp_path):
    processes = []

    def begun(name, text, command="deliver"):
        (tmp_path / f"{name}.py").write_text(FOR_EVER + text)
        process = subprocess.Popen(
            [sys.executable, "manage.py", command],
            cwd=ROOT,
            env={
                **os.environ,
                "DATABASE_URL": database_url(),
                "DJANGO_SETTINGS_MODULE": name,
                "PYTHONPATH": str(tmp_path),
                "TIME_DIVISOR": "20",
            },
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        processes.append(process)
        return process

    yield begun
    for process in processes:
        process.kill()
        process.communicate()


def test_what_is_stuck_ends_by_itself_and_says_where_f40(start):
    """F40: deliver and watch, a thread and the main loop; one that is well goes on."""
    addition = Restaurant("http://127.0.0.1:9").order()
    thread = start("stuck_thread", STUCK["a register's thread"])
    eventually(lambda: Addition.objects.get(pk=addition.pk).state == "sending", timeout=30)
    loop = start("stuck_loop", STUCK["the main loop"])
    watch = start("stuck_watch", STUCK["the watch"], "watch")
    well = start("well", "", "watch")
    eventually(lambda: Heartbeat.objects.filter(kind="watch").exists(), timeout=30)
    for process in (thread, loop, watch):
        _, said = process.communicate(timeout=60)
        assert process.returncode == 1
        assert b"Timeout" in said
        assert b"stuck_" in said
    with pytest.raises(subprocess.TimeoutExpired):
        well.wait(3)
