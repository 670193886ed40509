"""`make demo`: a filled restaurant, the web server, the delivery worker, the watch and a simulated register, in one
terminal.
"""

import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import BaseCommand, CommandError, call_command

from ordering import qr
from ordering.models import Restaurant, Table
from ordering.services import registers
from pos_bridge.encryption import Credentials
from pos_bridge.models import Register
from pos_bridge.registers import maker

CARTE = Path(__file__).parents[2] / "demo" / "bistrot-colette.json"
STARTED = "TABLEE_DEMO"  # set once the environment is the demo's
STOP_WITHIN = 20  # seconds: longer than the worker needs to finish what it is sending


class Simulated(NamedTuple):
    """How the demo sets up a kind of register, and what it tells the one that it simulates."""

    keys: dict[str, str]
    options: dict[str, Any] = {}
    flags: tuple[str, ...] = ()


# The keys are those that `simulate_register` expects when it is told none.
SIMULATED = {
    "leo2": Simulated({"shop": "SHOP1", "pub_key": "KEY1"}, flags=("--till-delay", "2")),
    "enregistreuse": Simulated(
        {"idboutique": "SHOP1", "key": "KEY1"},
        # Departments by rate of VAT, for what has no id of its own.
        options={"free_lines": {"5.5": 1, "10": 2, "20": 3}},
    ),
    "tiller": Simulated({"restaurant_token": "SHOP1", "provider_token": "KEY1"}),
}


class Command(BaseCommand):
    help = "Run the demo: LAN=1, PORT=, REGISTER=, REGISTER_PORT=, RESTAURANT=file, RESET=1 in the environment."
    requires_system_checks: list[str] = []

    def handle(self, *_args: Any, **_options: Any) -> None:
        if STARTED not in os.environ:
            start_again_with(environment())
        host, port, register_port = (
            os.environ["HOST"],
            os.environ["PORT"],
            os.environ["REGISTER_PORT"],
        )
        for wanted, name in ((port, "PORT"), (register_port, "REGISTER_PORT")):
            refuse_used_port(int(wanted), name)
        self.stdout.write("Preparing the database and the files …")
        call_command("migrate", verbosity=0)
        call_command("collectstatic", interactive=False, verbosity=0)
        restaurant = filled_restaurant()
        kind = simulated_register(restaurant, f"http://127.0.0.1:{register_port}")
        login, password = administrator()
        catalogue = settings.DATA_DIR / f"{restaurant.slug}.json"
        call_command(
            "export_restaurant",
            restaurant.slug,
            "--with-secrets",
            "--output",
            str(catalogue),
            verbosity=0,
        )
        processes = {
            "register": manage("simulate_register", kind, "--strict", "--port", register_port, *SIMULATED[kind].flags,
                               "--ledger", str(settings.DATA_DIR / f"{kind}.jsonl"), "--restaurant", str(catalogue)),
            "deliver": manage("deliver"),
            "watch": manage("watch"),
            "web": [sys.executable, "-m", "gunicorn", "ordering.wsgi", "--worker-class", "gthread", "--workers", "2",
                    "--threads", "4", "--no-control-socket", *binds(host, port)],
        }  # fmt: skip
        with running(processes) as children:
            wait_for(int(port), children)
            self.announce(restaurant, login, password, kind)
            self.stdout.write(watch(children))

    def announce(self, restaurant: Restaurant, login: str, password: str, kind: str) -> None:
        table = restaurant.tables.filter(enabled=True, ordering=True).order_by("number").first()
        if table is None:
            raise CommandError(f"{restaurant} has no table that takes orders.")
        address = table_address(table)
        self.stdout.write(
            f"\n{qr.text(address)}\n"
            f"{restaurant}, table {table.number}: scan it, or open\n\n"
            f"  phone page   {address}\n"
            f"  board        {settings.BASE_URL}/board/{restaurant.slug}/   (the staff's page; login as below)\n"
            f"  admin        {settings.BASE_URL}/admin/   (login {login}, password {password})\n"
            f"  the till     http://127.0.0.1:{os.environ['REGISTER_PORT']}/   (a simulated register, "
            f"{maker(kind).label}: its tape)\n\n"
            f"Other tables: DATA_DIR={settings.DATA_DIR} BASE_URL={settings.BASE_URL} "
            f".venv/bin/python manage.py table_links {restaurant.slug}\n"
            f"Logs: {settings.DATA_DIR}/logs\n"
            "Ctrl-C ends all of it; a second start keeps the data, RESET=1 starts anew.\n"
        )
        self.stdout.flush()


def environment() -> dict[str, str]:
    """The demo's settings: its own data, this machine alone or, with LAN=1, its own network."""
    if (kind := os.environ.get("REGISTER") or "leo2") not in SIMULATED:
        raise CommandError(f"REGISTER={kind}: there are {', '.join(SIMULATED)}.")
    lan = os.environ.get("LAN", "") not in {"", "0"}
    host, port = (own_address() if lan else "127.0.0.1"), os.environ.get("PORT") or "8000"
    register_port = os.environ.get("REGISTER_PORT") or "9500"
    data = Path(os.environ.get("DATA_DIR") or settings.BASE_DIR / "var" / "demo")
    if os.environ.get("RESET", "") not in {"", "0"}:
        shutil.rmtree(data, ignore_errors=True)
    return {
        STARTED: "1",
        "HOST": host,
        "PORT": port,
        "REGISTER_PORT": register_port,
        "DATA_DIR": str(data),
        "BASE_URL": f"http://{host if lan else 'localhost'}:{port}",
        "ALLOWED_HOSTS": f"localhost,127.0.0.1,{host}",
        "REGISTER_HOSTS_ALLOWED": "127.0.0.1",
        "DEBUG": "0",
        "PLAIN_STATIC": "0",
        "PYTHONUNBUFFERED": "1",
    }


def start_again_with(demo: dict[str, str]) -> None:
    # The settings were read with the environment of before; a new process reads the demo's.
    sys.stdout.flush()
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "demo"]
    os.execve(sys.executable, command, {**os.environ, **demo})  # noqa: S606  (ourselves)


def own_address() -> str:
    """This machine's address on its network. Nothing is sent: a UDP socket only picks its route."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError as error:
            raise CommandError("LAN=1: this machine is on no network.") from error
        return str(probe.getsockname()[0])


def refuse_used_port(port: int, name: str) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((os.environ["HOST"] if name == "PORT" else "127.0.0.1", port))
        except OSError as error:
            raise CommandError(
                f"Port {port} is in use. Stop what runs there, or choose another: make demo {name}={port + 1}"
            ) from error


def filled_restaurant() -> Restaurant:
    """The demo's restaurant, imported once; what was changed in admin since then is kept."""
    carte = Path(os.environ.get("RESTAURANT") or CARTE)
    try:
        slug = json.loads(carte.read_text())["slug"]
    except (OSError, ValueError, KeyError, TypeError):
        slug = ""  # the import says what is wrong with it
    restaurant = Restaurant.objects.filter(slug=slug).first()
    if restaurant is None:
        call_command("import_restaurant", str(carte))
        restaurant = Restaurant.objects.get(slug=slug)
    return restaurant


def simulated_register(restaurant: Restaurant, url: str) -> str:
    """Its kind: what REGISTER wishes, or the restaurant's own. It is the one in use now, at this address."""
    in_use = Register.objects.filter(restaurant=restaurant, current=True).first()
    kind = os.environ.get("REGISTER") or (in_use.kind if in_use else "leo2")
    simulated = SIMULATED[kind]
    if in_use is not None and in_use.kind == kind:
        Register.objects.filter(pk=in_use.pk).update(
            base_url=url, credentials=Credentials(simulated.keys)
        )
    else:
        registers.configure(
            restaurant=restaurant,
            kind=kind,
            base_url=url,
            credentials=simulated.keys,
            options=simulated.options,
        )
    return kind


def administrator() -> tuple[str, str]:
    """The login of the demo's admin, made once and kept with its data."""
    path = settings.DATA_DIR / "login.json"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(json.dumps({"login": "demo", "password": secrets.token_urlsafe(9)}))
    login = json.loads(path.read_text())
    people = get_user_model().objects
    if not people.filter(username=login["login"]).exists():
        people.create_superuser(login["login"], password=login["password"])
    return login["login"], login["password"]


def table_address(table: Table) -> str:
    return f"{settings.BASE_URL}/t/{table.code}/"


def manage(*arguments: str) -> list[str]:
    return [sys.executable, str(settings.BASE_DIR / "manage.py"), *arguments]


def binds(host: str, port: str) -> list[str]:
    return [
        part for address in sorted({"127.0.0.1", host}) for part in ("--bind", f"{address}:{port}")
    ]


class running:  # noqa: N801  (reads as a word of the `with` statement)
    """The processes, each with its log, all ended together."""

    def __init__(self, commands: dict[str, list[str]]) -> None:
        self.commands = commands
        self.children: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> dict[str, subprocess.Popen[bytes]]:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        logs = settings.DATA_DIR / "logs"
        logs.mkdir(parents=True, exist_ok=True)
        for name, command in self.commands.items():
            with (logs / f"{name}.log").open("ab") as log:
                # A session of their own: Ctrl-C reaches only this process, which ends them in order.
                self.children[name] = subprocess.Popen(  # noqa: S603
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    cwd=settings.BASE_DIR,
                    start_new_session=True,
                )
        return self.children

    def __exit__(self, kind: type[BaseException] | None, *_rest: object) -> bool:
        for child in reversed(self.children.values()):
            child.terminate()
        for child in self.children.values():
            try:
                child.wait(STOP_WITHIN)
            except subprocess.TimeoutExpired:
                child.kill()
        return kind is KeyboardInterrupt


def wait_for(port: int, children: dict[str, subprocess.Popen[bytes]]) -> None:
    for _ in range(300):
        if ended := [name for name, child in children.items() if child.poll() is not None]:
            raise CommandError(obituary(ended[0]))
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise CommandError(f"The web server does not answer. See {settings.DATA_DIR}/logs/web.log")


def watch(children: dict[str, subprocess.Popen[bytes]]) -> str:
    """Wait until one of them ends, which none does by itself."""
    while True:
        for name, child in children.items():
            if child.poll() is not None:
                raise CommandError(obituary(name))
        time.sleep(0.5)


def obituary(name: str) -> str:
    log = settings.DATA_DIR / "logs" / f"{name}.log"
    tail = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
    return f"“{name}” has ended, so the demo ends too. The end of {log}:\n{tail}"
