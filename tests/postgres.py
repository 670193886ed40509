"""A PostgreSQL to throw away: `start` for a fixture, or around a command.

    python tests/postgres.py COMMAND…

runs COMMAND with DATABASE_URL naming the server. It is the one of TEST_DATABASE_URL, else one that
is made in a temporary folder on a free port of loopback, and that goes with this process, however
it ends.
"""

import contextlib
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

if not __package__:  # run by its path
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.system_tools import Machine, find_postgresql

USER = "tablee"
DATABASE = "postgres"  # always there; Django makes its test database beside it
SECONDS_TO_START = 60
PORTS_TO_TRY = 5

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "max_connections": "100",
}
# Where nothing outlives the run, nothing needs to reach the disk.
FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}

# Waits for a line from us or the end of the pipe, which also a kill -9 of us is, then clears up.
GUARD = 'read -r _; "$1" stop --silent --wait --mode immediate --pgdata "$2/data"; rm -rf "$2"'


class PostgresError(Exception):
    """The server could not be made; the message says why in the server's own words."""


@contextlib.contextmanager
def start(*, durable: bool = False) -> Iterator[str]:
    """Give the DATABASE_URL of a server in which databases may be created; `durable`: it waits for its disk, as one in
    service does.
    """
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        yield given
        return
    programs = find_postgresql(Machine())
    if not programs:
        raise PostgresError(
            "PostgreSQL is not installed here. Run `python tests/system_tools.py postgresql`, "
            "or set TEST_DATABASE_URL to a server in which databases may be created."
        )
    folder, user = _folder_and_user(programs)
    guard = subprocess.Popen(
        ["sh", "-c", GUARD, "guard", f"{programs}/pg_ctl", str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        **_as(user, folder),
    )
    server: subprocess.Popen[bytes] | None = None
    try:
        password = secrets.token_urlsafe(24)
        _initdb(programs, folder, user, password)
        server, port = _serve(programs, folder, user, SETTINGS if durable else SETTINGS | FORGETFUL)
        yield f"postgresql://{USER}:{password}@127.0.0.1:{port}/{DATABASE}"
    finally:
        guard.communicate(b"stop\n")
        if server is not None:
            server.wait()


def _folder_and_user(programs: str) -> tuple[Path, str | None]:
    """A folder of our own and, since PostgreSQL refuses root, a user who may work in it."""
    # A socket's path may have about a hundred characters, more than some TMPDIRs leave.
    tops = [tempfile.gettempdir(), "/tmp"]  # noqa: S108  (mkdtemp makes the name and the mode safe)
    tops = [top for top in tops if len(top) < 60]
    if os.geteuid() != 0:
        return Path(tempfile.mkdtemp(prefix="tablee-postgres-", dir=tops[0])), None
    known = {entry.pw_name for entry in pwd.getpwall()}
    users = [user for user in ("postgres", "nobody", "daemon") if user in known]
    for top in tops:
        folder = Path(tempfile.mkdtemp(prefix="tablee-postgres-", dir=top))
        for user in users:
            shutil.chown(folder, user)
            able = f'test -w "{folder}" && test -x "{programs}/initdb"'
            if subprocess.run(["sh", "-c", able], check=False, **_as(user, folder)).returncode == 0:
                return folder, user
        folder.rmdir()
    raise PostgresError(f"None of the users {users} may run PostgreSQL in any of {tops}.")


def _as(user: str | None, folder: Path) -> dict[str, Any]:
    """How to run a process as that user, away from our terminal's Ctrl-C and our folder."""
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(folder),
        "LC_ALL": "C",
        "TZ": "UTC",
    }
    options: dict[str, Any] = {"cwd": "/", "env": environment, "start_new_session": True}
    if user:
        group = pwd.getpwnam(user).pw_gid
        options |= {"user": user, "group": group, "extra_groups": []}
    return options


def _initdb(programs: str, folder: Path, user: str | None, password: str) -> None:
    secret = folder / "password"
    secret.touch(mode=0o600)
    if user:
        shutil.chown(secret, user)
    secret.write_text(password)
    # Other people of this machine can reach the port too, hence a password.
    made = subprocess.run(
        [
            f"{programs}/initdb",
            f"--pgdata={folder / 'data'}",
            f"--username={USER}",
            f"--pwfile={secret}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            f"--locale={'C.UTF-8' if sys.platform == 'linux' else 'en_US.UTF-8'}",
            "--no-sync",
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        **_as(user, folder),
    )
    secret.unlink()
    if made.returncode != 0:
        raise PostgresError(f"initdb failed:\n{made.stdout}")


def _serve(
    programs: str, folder: Path, user: str | None, given: dict[str, str]
) -> tuple[subprocess.Popen[bytes], int]:
    log = folder / "log"
    for _ in range(PORTS_TO_TRY):
        port = _free_port()
        settings = {**given, "port": str(port), "unix_socket_directories": str(folder)}
        with log.open("wb") as output:
            server = subprocess.Popen(
                [
                    f"{programs}/postgres",
                    f"-D{folder / 'data'}",
                    *(f"-c{name}={value}" for name, value in settings.items()),
                ],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                **_as(user, folder),
            )
        if _ready(server, folder):
            return server, port
        # Another process may have taken the port between our look and the server's start.
        server.kill()
        server.wait()
    raise PostgresError(f"The server does not start:\n{log.read_text(errors='replace')}")


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def _ready(server: subprocess.Popen[bytes], folder: Path) -> bool:
    """The server writes its state as the eighth line of its pid file; pg_ctl reads it there too."""
    end = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < end and server.poll() is None:
        with contextlib.suppress(OSError, IndexError):
            lines = (folder / "data" / "postmaster.pid").read_text().splitlines()
            if lines[7].strip() == "ready":
                return True
        time.sleep(0.05)
    return False


def main(command: Sequence[str]) -> int:
    if not command:
        print("usage: python tests/postgres.py COMMAND…")
        return 2
    # Leave by the way that stops the server; Ctrl-C is the command's own to answer.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    signal.signal(signal.SIGHUP, lambda *_: sys.exit(128 + signal.SIGHUP))
    signal.signal(signal.SIGINT, lambda *_: None)
    try:
        with start() as url:
            status = subprocess.run(
                command, env={**os.environ, "DATABASE_URL": url}, check=False
            ).returncode
    except (PostgresError, FileNotFoundError) as error:
        print(error, file=sys.stderr)
        return 1
    return status if status >= 0 else 128 - status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
