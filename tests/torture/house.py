"""The house under torture: its processes, what is done to them, and who starts them again."""

import os
import signal
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from tests.torture import till
from tests.torture.clock import Offset
from tests.torture.database import Database, database_of
from tests.torture.log import STOP, Log
from tests.torture.plan import LEASE, Plan
from tests.torture.processes import Nursery, Web, free_ports, signalled, wait_for


@dataclass
class Slot:
    """A place for one process; whoever is killed is followed by another, from `not_before` on."""

    name: str
    wish: dict[str, Any]
    pid: int = 0
    not_before: float = 0.0
    stopped: bool = False  # by SIGSTOP


class House:
    """Everything that runs. Methods may be called from any thread."""

    def __init__(
        self, plan: Plan, prepare: str = "tests.torture.prepare:main", *, watch: bool = False
    ) -> None:
        """`watch`: with the process that raises alarms, ends visits, and lets cartes go live."""
        self.plan = plan
        self._prepare, self._watch = prepare, watch
        self.log = Log(plan.path, "house")
        self.kills = 0
        self.database: Database = database_of(plan)
        self.clock = Offset(plan.path)
        self._restarts = Random(f"{plan.seed} restarts")
        self._lock = threading.RLock()
        self._ending = threading.Event()
        plan.port, *plan.register_ports = free_ports(1 + plan.registers)
        plan.wall_minus_monotonic = time.time() - time.monotonic()
        plan.save()
        self._environment = self._make_environment()
        self.nursery = Nursery(self._environment)
        self.slots: dict[str, Slot] = {}
        self.web: Web | None = None
        self._web_not_before = 0.0
        self._supervisor = threading.Thread(target=self._supervise, name="supervisor")

    def _make_environment(self) -> dict[str, str]:
        plan = self.plan
        given = {
            "DJANGO_SETTINGS_MODULE": "tests.torture.settings",
            "DATABASE_URL": self.database.url,
            "TORTURE_DIR": plan.directory,
            "TORTURE_SABOTAGE": plan.sabotage,
            "TORTURE_PAUSES": str(plan.pauses),
            "DATA_DIR": plan.directory,
            "TIME_DIVISOR": str(plan.divisor),
            "SQLITE_TIMEOUT": str(plan.turn),
            "BASE_URL": plan.web,
            "PLAIN_STATIC": "1",
            "REGISTER_HOSTS_ALLOWED": "127.0.0.1",
            "PYTHONUNBUFFERED": "1",
        }
        kept = {
            name: os.environ[name]
            for name in ("PATH", "HOME", "LANG", "TMPDIR")
            if name in os.environ
        }
        return {**kept, **given}

    # --- The beginning and the end ---------------------------------------------------------------

    def open(self) -> None:
        """Fill the database and start everything."""
        self.nursery.run(120, call=self._prepare)
        filled = Plan.load(self.plan.directory)
        self.plan.cards, self.plan.arrows = filled.cards, filled.arrows
        for place, port in enumerate(self.plan.register_ports):
            self._add(f"register-{place}", command=self._register(place, port))
        for place in range(self.plan.workers):
            self._add(
                f"deliver-{place}", command=["deliver", "--threads", str(self.plan.registers * 2)]
            )
        if self._watch:
            self._add("watch-0", command=["watch"])
        self.web = self._new_web()
        wait_for(self.web.serves, 60, "the web server")
        self._add("staff-0", call="tests.torture.staff:main")
        self._add("recorder-0", call="tests.torture.recorder:main")
        self._supervisor.start()

    def close(self) -> None:
        """End everything that still runs, however it is."""
        self._ending.set()
        if self._supervisor.is_alive():
            self._supervisor.join()
        for slot in self.slots.values():
            signalled(slot.pid, signal.SIGKILL)
        if self.web is not None:
            self.web.kill_all()
        self.nursery.end()
        self.database.close()

    def _register(self, place: int, port: int) -> list[str]:
        plan = self.plan
        return [
            "simulate_register", plan.kind(place + 1), "--strict", "--port", str(port),
            "--ledger", str(plan.path / f"ledger-{place}.jsonl"),
            "--restaurant", str(plan.path / f"restaurant-{place}.json"),
            "--scale", str(1 / plan.divisor), "--seed", str(plan.seed * 1000 + place),
            "--faults", str(plan.faults), "--list-faults", str(plan.list_faults), "--mode", plan.mode,
            *(["--keep-doubles"] if plan.keep_doubles else []),
        ]  # fmt: skip

    def _add(self, name: str, **wish: Any) -> None:
        slot = Slot(name, wish)
        self.slots[name] = slot
        self._start(slot)

    def _start(self, slot: Slot) -> None:
        slot.pid, slot.stopped = self.nursery.start(**slot.wish), False
        self.log.write("started", name=slot.name, pid=slot.pid)

    def _new_web(self) -> Web:
        web = Web(self._environment, self.plan.path, self.plan.port)
        self.log.write("started", name="web", pid=web.pid)
        return web

    def _supervise(self) -> None:
        """What systemd does: start again what has ended."""
        while not self._ending.wait(0.03):
            with self._lock:
                now = time.monotonic()
                for slot in self.slots.values():
                    if self.nursery.has_ended(slot.pid) and now >= slot.not_before:
                        status = self.nursery.gone[slot.pid]
                        self.log.write("ended", name=slot.name, pid=slot.pid, status=status)
                        self._start(slot)
                if self.web and self.web.has_ended() and now >= self._web_not_before:
                    self.web = self._new_web()
            if self.plan.pauses:
                self._wake_who_paused()

    def _wake_who_paused(self) -> None:
        """A worker that stopped itself goes on when its lease has run out."""
        for slot in self.slots.values():
            if slot.name.startswith("deliver") and not slot.stopped and _is_stopped(slot.pid):
                slot.stopped = True
                self.log.write("stopped", name=slot.name, pid=slot.pid)
                after = 2 * self.plan.divided(LEASE)
                threading.Timer(after, self.go_on, (slot.name, slot.pid)).start()

    # --- What the nemesis does -------------------------------------------------------------------

    def kill(self, name: str, *, away_for: float | None = None) -> None:
        """kill -9; its successor starts a moment later, or after `away_for` seconds."""
        with self._lock:
            slot = self.slots[name]
            pause = self._restarts.random() * 0.4 if away_for is None else away_for
            slot.not_before = time.monotonic() + pause
            if signalled(slot.pid, signal.SIGKILL):
                self.kills += 1
                self.log.write("killed", name=name, pid=slot.pid, away_for=pause)

    def kill_web(self, place: int) -> None:
        """kill -9 of one of the web server's processes, or with -1 of the master alone."""
        with self._lock:
            if self.web is None:
                return
            children = self.web.children()
            if place < 0 or not children:
                self._web_not_before = time.monotonic() + self._restarts.random() * 0.4
                pid = self.web.pid
            else:
                pid = children[place % len(children)]
            if signalled(pid, signal.SIGKILL):
                self.kills += 1
                self.log.write(
                    "killed", name="web master" if pid == self.web.pid else "web child", pid=pid
                )

    def stop(self, name: str, seconds: float) -> None:
        """SIGSTOP, and SIGCONT after so many seconds."""
        with self._lock:
            slot = self.slots[name]
            pid = slot.pid
            if signalled(pid, signal.SIGSTOP):
                slot.stopped = True
                self.log.write("stopped", name=name, pid=pid)
                threading.Timer(seconds, self.go_on, (name, pid)).start()

    def go_on(self, name: str, pid: int) -> None:
        with self._lock:
            if signalled(pid, signal.SIGCONT):
                self.log.write("went on", name=name, pid=pid)
            if self.slots[name].pid == pid:
                self.slots[name].stopped = False

    def stop_web(self, place: int, seconds: float) -> None:
        with self._lock:
            children = self.web.children() if self.web else []
            if not children:
                return
            pid = children[place % len(children)]
            if signalled(pid, signal.SIGSTOP):
                self.log.write("stopped", name="web child", pid=pid)
                threading.Timer(seconds, self._web_goes_on, (pid,)).start()

    def _web_goes_on(self, pid: int) -> None:
        signalled(pid, signal.SIGCONT)
        self.log.write("went on", name="web child", pid=pid)

    def take_away_the_database(self, how: str, seconds: float) -> None:
        """In this thread, until it is back."""
        self.log.write("database", how=how, seconds=seconds)
        self.database.harm(how, seconds)
        self.log.write("database is back", how=how)

    def jump(self, seconds: float) -> None:
        """The product's clock from now on, ahead of the machine's."""
        before, self.clock.seconds = self.clock.seconds, seconds
        self.log.write("clock", before=before, after=seconds)

    def till(self, place: int, what: str) -> None:
        """ "closed" or "open"."""
        self.tell(place, {"till": what})
        self.log.write("till", register=place, till=what)

    def tell(self, place: int, wish: dict[str, Any], *, seconds: float = 30.0) -> None:
        """Tell a register, again and again while it is away."""
        end = time.monotonic() + seconds
        while True:
            try:
                till.tell(self.plan.register_ports[place], "/_script", wish)
            except till.Away:
                if time.monotonic() > end or self._ending.wait(0.1):
                    raise
            else:
                return

    def deploy(self) -> None:
        """A new version in the middle of the service: new processes beside the old, which then finish what they do."""
        self.log.write("deploy begins")
        with self._lock:
            new = self._new_web()
        # Not held: children die and are followed meanwhile, and so may the old server be.
        wait_for(lambda: new.serves() or new.has_ended(), 60, "the new web server")
        with self._lock:
            old, self.web = self.web, new
        if old is not None:
            self._wake(old)
            self.log.write("ended", name="web", pid=old.pid, status=old.stop(), told=True)
        for slot in [
            slot for slot in self.slots.values() if slot.name.startswith(("deliver", "watch"))
        ]:
            with self._lock:
                pid = slot.pid
                self._start(slot)
            signalled(pid, signal.SIGCONT)
            if signalled(pid, signal.SIGTERM):
                self._wait_for_the_end(pid, slot.name)
                self.log.write(
                    "ended", name=slot.name, pid=pid, status=self.nursery.gone[pid], told=True
                )
        self.log.write("deploy ends")

    def _wait_for_the_end(self, pid: int, name: str) -> None:
        wait_for(lambda: self.nursery.has_ended(pid), 30, f"{name} to end")

    def _wake(self, web: Web) -> None:
        for pid in web.children():
            signalled(pid, signal.SIGCONT)

    # --- The end of all harm ---------------------------------------------------------------------

    def heal(self) -> None:
        """Everything runs, the disk has room, the clock is right, the registers answer."""
        self.jump(0.0)
        with self._lock:
            for slot in self.slots.values():
                slot.not_before = 0.0
                if slot.stopped:
                    self.go_on(slot.name, slot.pid)
            self._web_not_before = 0.0
            if self.web:
                self._wake(self.web)
        self.database.heal()
        self.log.write("healed")
        for place in range(self.plan.registers):
            self.tell(place, {"heal": True, "till": "open"})

    def stop_recording(self) -> None:
        slots = [self.slots[name] for name in ("staff-0", "recorder-0")]
        with self._lock:
            for slot in slots:
                slot.not_before = float("inf")
        (self.plan.path / STOP).touch()
        for slot in slots:
            self._wait_for_the_end(slot.pid, slot.name)

    def collect(self) -> None:
        """What the database and the registers hold, into the folder."""
        self.nursery.run(120, call="tests.torture.recorder:dump")
        log = Log(self.plan.path, "registers")
        for place, port in enumerate(self.plan.register_ports):
            for entry in till.get(port, "/_ledger", timeout=60):
                known = {
                    name: entry[name]
                    for name in ("number", "sha256", "taken_at", "booked_at", "state")
                }
                log.write(
                    "booked", register=place + 1, **known, foreign=entry.get("foreign", False)
                )
            for post in till.get(port, "/_posts", timeout=60):
                log.write("post", register=place + 1, **post)
            log.write("status", register=place + 1, **till.get(port, "/_status"))


def _is_stopped(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return status.rpartition(")")[2].split()[0] == "T"
