"""Each outcome of a try: what it is called, and what the till really has."""

import logging

import pytest

from pos_bridge.errors import DeliveryError, Misconfigured, NotSent, Rejected, Uncertain
from pos_bridge.registers import http
from pos_bridge.registers.base import Receipt
from pos_bridge.simulator.modes import Mode
from tests.pos_bridge.contract.hooks import NUMBER, PATIENT, QUICK, Hooks, Outcome, tried
from tests.pos_bridge.contract.tickets import TICKETS

OK = Outcome(None, "", True)
BODY = TICKETS["options"]

# name -> the error and its reason; each comes before and after the booking.
BOTH_SIDES: dict[str, tuple[type[DeliveryError], str]] = {
    "rst": (Uncertain, "hung_up"),
    "hangup": (Uncertain, "hung_up"),
    "late": (Uncertain, "no_answer"),
    "http500": (Uncertain, "http_500"),
    "503_retry_after": (Uncertain, "http_503"),
    "429": (Uncertain, "http_429"),
    "401": (Misconfigured, "keys_refused"),
    "302": (Misconfigured, "redirect"),
    "html200": (Uncertain, "unreadable"),
    "json_error": (Rejected, "refused"),
    "warn_then_json": (Uncertain, "unreadable"),
    "half_json": (Uncertain, "unreadable"),
    "truncated": (Uncertain, "cut_short"),
    "bom": (Uncertain, "unreadable"),
    "wrong_type": (Uncertain, "unreadable"),
    "empty": (Uncertain, "unreadable"),
    "huge": (Uncertain, "too_large"),
    "gzip_bomb": (Uncertain, "encoded"),
    "drip_body": (Uncertain, "no_answer"),
    "drip_headers": (Uncertain, "no_answer"),
}
# Long enough to outlast a deadline: seconds, times the simulator's scale.
SLOW = {"late": "(90)", "drip_body": "(5)", "drip_headers": "(5)"}

COMMON: dict[str, Outcome] = {
    "ok": OK,
    "ok_slow(1)": OK,
    "refuse_conn(500)": Outcome(NotSent, "no_connection", False),
    "blackhole(500)": Outcome(NotSent, "connect_timeout", False),
    "302_before(307)": Outcome(Misconfigured, "redirect", False),
    "empty_after(204)": Outcome(Uncertain, "http_204", True),
    **{
        f"{name}_{side}{SLOW.get(name, '')}": Outcome(error, reason, side == "after")
        for name, (error, reason) in BOTH_SIDES.items()
        for side in ("before", "after")
    },
}


def _name(mode: str) -> str:
    return mode.partition("(")[0]


class Trying(Hooks):
    @classmethod
    def all_outcomes(cls) -> dict[str, Outcome]:
        wrong = {
            f"wrong_type_after({kind})": Outcome(Uncertain, "unreadable", True)
            for kind in cls.wrong_types
        }
        return {**COMMON, **wrong, **cls.outcomes}

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        if "mode" in metafunc.fixturenames:
            metafunc.parametrize("mode", self.all_outcomes())

    @pytest.mark.wire
    @pytest.mark.pure
    def test_it_tells_the_register_s_ways_to_fail_apart(self, register, caplog, mode):
        """F42, F43, F45 to F57, as docs/promises.md names them; and no log, at any level, holds a key (P18, T24)."""
        expected = self.all_outcomes()[mode]
        for name in ("", "django", *http.LOGGERS):
            caplog.set_level(logging.DEBUG, logger=name)
        waits = _name(mode).startswith(("late", "drip", "blackhole"))
        adapter = self.adapter_at(register.url, divisor=QUICK if waits else PATIENT)
        self.teach(register, BODY)
        body = self.build(BODY)
        register.script(mode)
        result = tried(adapter, body)
        secrets = [self.credentials[name] for name in self.adapter_class.secret_names]
        if isinstance(result, DeliveryError):
            assert result.__cause__ is None
            assert result.__context__ is None
            shown = f"{result!r} {result.detail} {result.answer}"
            assert not any(secret in shown for secret in secrets)
            assert (type(result), result.reason) == (expected.error, expected.reason)
        else:
            assert isinstance(result, Receipt)
            assert expected.error is None
            assert result.state == self.success
        assert not any(secret in caplog.text for secret in secrets)
        register.heal()
        assert len(self.ours(register)) == expected.booked
        assert register.redirects_followed == 0

    def ours(self, register):
        return [entry for entry in register.ledger() if not entry.get("foreign")]

    def test_every_mode_of_the_simulated_register_has_its_outcome(self, register):
        modes: dict[str, Mode] = register._script.modes
        deliveries = {name for name, mode in modes.items() if mode.place != "list"}
        named = {_name(mode) for mode in self.all_outcomes()}
        # Without a suffix a mode is one of the two with it.
        aliases = {each for each in deliveries if {f"{each}_before", f"{each}_after"} & deliveries}
        assert deliveries - aliases - named == set()

    @pytest.mark.wire
    @pytest.mark.pure
    def test_a_refusal_in_the_register_s_own_words_is_read_f49_f57(self, register, adapter):
        """A strict register names the rule that is broken, which is what a person is shown."""
        self.teach(register, BODY)
        refused = tried(adapter, self.spoilt(self.build(BODY)))
        assert isinstance(refused, Rejected), f"{refused!r}"
        assert refused.detail
        assert register.ledger() == []

    @pytest.mark.wire
    @pytest.mark.pure
    def test_a_second_try_does_what_the_adapter_says_of_doubles_f59(self, register, adapter):
        """`drops_doubles` is what the machine relies on when it sends again (P2)."""
        self.teach(register, BODY)
        body = self.build(BODY)
        assert isinstance(tried(adapter, body), Receipt)
        again = tried(adapter, body)
        expected = 1 if self.adapter_class.drops_doubles else (self.doubles_on_till or 2)
        assert len(register.ledger()) == expected
        if self.adapter_class.drops_doubles:
            assert isinstance(again, Receipt)
        if expected > 1:
            assert not self.adapter_class.drops_doubles

    @pytest.mark.wire
    @pytest.mark.pure
    def test_two_orders_are_two_on_the_till(self, register, adapter):
        self.teach(register, BODY)
        for number in (NUMBER, NUMBER + 1):
            assert isinstance(tried(adapter, self.build(BODY, number), number), Receipt)
        assert len(register.ledger()) == 2

    @pytest.mark.wire
    @pytest.mark.pure
    def test_a_key_that_the_register_does_not_know_books_nothing_f55(self, register):
        for name in self.adapter_class.credential_names:
            other = self.adapter_at(
                register.url, credentials={**self.credentials, name: "another-7c2e"}
            )
            assert type(tried(other, self.build(BODY))) is self.wrong_key
        assert register.ledger() == []
