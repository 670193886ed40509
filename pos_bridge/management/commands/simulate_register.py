"""Run a simulated register: a real HTTP server with a tape to look at, which can be told to fail."""

from __future__ import annotations

import signal
import sys
import threading
from argparse import ArgumentParser
from inspect import signature
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from pos_bridge.simulator import REGISTERS, Catalogue, register_class

# kind -> what --shop and --key are called there
KEYS = {"leo2": ("shop", "pub_key"), "tiller": ("restaurant_token", "provider_token")}
# What only some kinds of register can be told.
OF_SOME = ("running_orders_only", "covers_add_up", "doubles_named")


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
            register = register_class(options["kind"])(
                self._catalogue(options["restaurant"]),
                ledger=options["ledger"],
                host=options["host"],
                port=options["port"],
                **dict(zip(KEYS[options["kind"]], (options["shop"], options["key"]), strict=True)),
                strict=options["strict"],
                keep_doubles=options["keep_doubles"],
                till_delay=options["till_delay"],
                scale=options["scale"],
                seed=options["seed"],
                faults=options["faults"],
                list_faults=options["list_faults"],
                **self._of_this_kind(options),
                **{
                    name: options[name].split(",")
                    for name in ("fault_modes", "list_fault_modes")
                    if options[name] is not None
                },
            )
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

    def _of_this_kind(self, options: dict[str, Any]) -> dict[str, bool]:
        told = {name: True for name in OF_SOME if options[name]}
        foreign = told.keys() - signature(register_class(options["kind"])).parameters.keys()
        if foreign:
            flags = ", ".join(f"--{name.replace('_', '-')}" for name in sorted(foreign))
            raise CommandError(f"a simulated {options['kind']} register has no {flags}")
        return told

    def _catalogue(self, files: list[str]) -> Catalogue:
        if not files:
            return Catalogue.of_everything()
        try:
            return Catalogue.from_restaurant_file(*files)
        except OSError as error:
            raise CommandError(f"{error.filename}: {error.strerror}") from error
        except (KeyError, TypeError, ValueError, RecursionError) as error:
            raise CommandError(f"not a restaurant file: {type(error).__name__} {error}") from error
