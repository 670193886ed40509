"""What is measured: gunicorn as docs/system starts it, on a database that is thrown away, and simulated registers."""

import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from tests.torture.processes import ROOT, free_ports, wait_for

PRODUCTS = 120
TABLES = 16


@dataclass
class House:
    """`cards`: the addresses of the tables' cards, restaurant by restaurant."""

    directory: Path
    database: str
    environment: dict[str, str]
    port: int
    register_ports: list[int]
    cards: list[list[str]] = field(default_factory=list)
    web: "subprocess.Popen[bytes] | None" = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def manage(self, *words: str) -> str:
        """A command to its end; what it printed."""
        done = subprocess.run(
            [sys.executable, "manage.py", *words], cwd=ROOT, env=self.environment, check=True,
            stdout=subprocess.PIPE,
        )  # fmt: skip
        return done.stdout.decode()

    def call(self, function: str, **given: Any) -> Any:
        """What a function of tests.bench.inside returns, run in a process of the house."""
        done = subprocess.run(
            [sys.executable, "-m", "tests.bench.inside", function, json.dumps(given)],
            cwd=ROOT, env=self.environment, check=True, stdout=subprocess.PIPE,
        )  # fmt: skip
        return json.loads(done.stdout)

    def count(self, rows: str) -> int:
        """How many `table WHERE condition`, asked of the database itself."""
        sql = f"SELECT count(*) FROM {rows}"  # noqa: S608  (our own words)
        if self.database == "postgresql":
            with psycopg.connect(self.environment["DATABASE_URL"]) as connection:
                found = connection.execute(sql).fetchone()
        else:
            address = f"file:{self.directory / 'bench.sqlite3'}?mode=ro"
            with contextlib.closing(sqlite3.connect(address, uri=True, timeout=30)) as connection:
                found = connection.execute(sql).fetchone()
        return int(found[0]) if found else 0

    @contextlib.contextmanager
    def running(self, *words: str) -> Iterator["subprocess.Popen[bytes]"]:
        """A command beside us, until we are done."""
        process = subprocess.Popen(
            [sys.executable, *words], cwd=ROOT, env=self.environment,
            stdout=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


@contextlib.contextmanager
def house(
    database: str, *, restaurants: int = 1, registers: int = 1, delay: float = 0.0
) -> Iterator[House]:
    """A filled house with its web server. `delay`: seconds that a register takes for an answer."""
    with contextlib.ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tablee-bench-")))
        url = f"sqlite:///{directory / 'bench.sqlite3'}"
        if database == "postgresql":
            from tests.postgres import start

            url = stack.enter_context(start(durable=True))
        port, *register_ports = free_ports(1 + registers)
        made = House(directory, database, _environment(directory, url, port), port, register_ports)
        made.manage("migrate", "--verbosity", "0")
        made.manage("collectstatic", "--no-input", "--verbosity", "0")
        made.cards = made.call("fill", restaurants=restaurants, registers=register_ports)
        for register_port in register_ports:
            stack.enter_context(made.running(*_register(register_port, delay)))
        made.web = stack.enter_context(
            made.running(
                "-m", "gunicorn", "ordering.wsgi", "--worker-class", "gthread", "--workers", "2",
                "--threads", "4", "--bind", f"127.0.0.1:{port}", "--log-level", "error",
            )
        )  # fmt: skip
        wait_for(lambda: _answers(made.address), 60, "the web server")
        yield made


def _environment(directory: Path, url: str, port: int) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return {
        **kept,
        "DJANGO_SETTINGS_MODULE": "tests.bench.settings",
        "DATABASE_URL": url,
        "DATA_DIR": str(directory),
        "BENCH_DIR": str(directory),
        "BASE_URL": f"http://127.0.0.1:{port}",
        "PLAIN_STATIC": "0",
        "REGISTER_HOSTS_ALLOWED": "127.0.0.1",
    }


def _register(port: int, delay: float) -> list[str]:
    mode = f"ok_slow({delay})" if delay else "ok"
    return ["manage.py", "simulate_register", "leo2", "--port", str(port), "--mode", mode]


def _answers(address: str) -> bool:
    import requests

    try:
        return requests.get(f"{address}/admin/login/", timeout=2).status_code == 200
    except requests.RequestException:
        return False
