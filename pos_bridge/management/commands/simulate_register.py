"""Run a simulated register: a real HTTP server with a tape to look at, which can be told to fail."""

from __future__ import annotations

import signal
import sys
import threading
from argparse import ArgumentParser
from inspect import signature
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from pos_bridge.simulator import REGISTERS, Catalogue, SimulatedRegister, register_class

# What every kind takes, and what only some do: nothing is said of these where they are left out.
COMMON = ("ledger", "host", "port", "strict", "scale", "seed", "faults", "list_faults")
MODES = ("fault_modes", "list_fault_modes")
OWN = (
    *("keep_doubles", "till_delay", "running_orders_only", "covers_add_up"),
    *("hook", "answer", "failure", "doubles_named"),
)
# kind -> what --shop and --key are called there
KEYS = {
    "leo2": ("shop", "pub_key"),
    "enregistreuse": ("shop", "key"),
    "tiller": ("restaurant_token", "provider_token"),
}


class Command(BaseCommand):
    help = "Run a simulated register until it is interrupted. Its address answers with the tape as a web page."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("kind", choices=sorted(REGISTERS))
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, required=True, help="0: any free port")
        parser.add_argument(
            "--strict", action="store_true", help="refuse what breaks a rule, and name it"
        )
        parser.add_argument(
            "--keep-doubles", action="store_true", help="book a number that is known again"
        )
        parser.add_argument(
            "--ledger", metavar="FILE", help="what the till holds; without it, forgotten at the end"
        )
        parser.add_argument(
            "--restaurant", metavar="FILE", nargs="+", default=[],
            help="restaurant files that the till knows; without one it knows every table and article",
        )  # fmt: skip
        parser.add_argument("--shop", default="SHOP1", help="tiller: the restaurant's token")
        parser.add_argument("--key", default="KEY1", help="tiller: the provider's token")
        parser.add_argument(
            "--till-delay", type=float, default=0.0, metavar="SECONDS", help="from relay to till"
        )
        parser.add_argument(
            "--scale", type=float, default=1.0, metavar="S",
            help="what every wait of a mode is multiplied by: with 0.05, late_after(20) waits 1 s",
        )  # fmt: skip
        parser.add_argument(
            "--running-orders-only", action="store_true",
            help="refuse an addition for a table that has no running order",
        )  # fmt: skip
        parser.add_argument(
            "--covers-add-up", action="store_true", help="add an addition's covers to the table's"
        )
        parser.add_argument(
            "--doubles-named", action="store_true",
            help="refuse a repeat with an error that names its id, not with 409",
        )  # fmt: skip
        parser.add_argument(
            "--mode", default="ok", help='a fault for every delivery, such as "late_after(20)"'
        )
        parser.add_argument(
            "--hook", metavar="URL", help="an address to call for each sale validated or terminated"
        )
        parser.add_argument(
            "--answer", help="the shape of its answers to a sale: success, result or digits"
        )
        parser.add_argument("--failure", help="of its refusals: success, message or text")
        drawn = parser.add_argument_group("faults drawn at random")
        drawn.add_argument(
            "--seed", type=int, default=0, help="the same seed and requests, the same faults"
        )
        drawn.add_argument(
            "--faults", type=float, default=0.0, metavar="RATE", help="for each delivery, 0 to 1"
        )
        drawn.add_argument(
            "--fault-modes", metavar="A,B,C", help="of these alone, half of them losing the answer"
        )
        drawn.add_argument(
            "--list-faults", type=float, default=0.0, metavar="RATE", help="for each list read"
        )
        drawn.add_argument("--list-fault-modes", metavar="A,B,C", help="of these alone")

    def handle(self, *args: Any, **options: Any) -> None:
        ended = threading.Event()
        for each in (signal.SIGTERM, signal.SIGINT):
            signal.signal(each, lambda *_: ended.set())
        try:
            register = self._register(options)
        except (OSError, ValueError) as error:
            raise CommandError(str(error)) from error
        with register:
            try:
                register.fail_always(options["mode"])
            except ValueError as error:
                raise CommandError(str(error)) from error
            kind = "strict" if options["strict"] else "lenient"
            self.stdout.write(f"Simulated {options['kind']} register, {kind}, at {register.url}/")
            sys.stdout.flush()
            ended.wait()
        self.stdout.write("Simulated register stopped.")

    def _register(self, options: dict[str, Any]) -> SimulatedRegister:
        """Raises OSError or ValueError in words."""
        kind = register_class(options["kind"])
        takes = set(signature(kind).parameters)
        own = {name: options[name] for name in OWN if options[name]}
        if foreign := own.keys() - takes:
            raise ValueError(
                f"{options['kind']} knows no --{', --'.join(sorted(foreign)).replace('_', '-')}"
            )
        return kind(
            self._catalogue(options["restaurant"]),
            **dict(zip(KEYS[options["kind"]], (options["shop"], options["key"]), strict=True)),
            **{name: options[name] for name in COMMON},
            **{name: options[name].split(",") for name in MODES if options[name] is not None},
            **own,
        )

    def _catalogue(self, files: list[str]) -> Catalogue:
        if not files:
            return Catalogue.of_everything()
        try:
            return Catalogue.from_restaurant_file(*files)
        except OSError as error:
            raise CommandError(f"{error.filename}: {error.strerror}") from error
        except (KeyError, TypeError, ValueError, RecursionError) as error:
            raise CommandError(f"not a restaurant file: {type(error).__name__} {error}") from error
