"""What stands at the address may be anything: it learns no more than it must, and is never believed, nor waited for."""

import json
import time

import pytest
from django.views.debug import ExceptionReporter

from pos_bridge.errors import DeliveryError, Misconfigured, Rejected, Uncertain
from pos_bridge.registers.network import Network
from tests.pos_bridge.contract.hooks import CANARY, NUMBER, Hooks, tried
from tests.pos_bridge.contract.tickets import TICKETS
from tests.pos_bridge.far_end import Server, answering, dripping, silent

BODY = TICKETS["options"]
HEAD = "HTTP/1.1 200 OK\nContent-Type: application/json\n"
GARBAGE = {
    "nothing": "",
    "another protocol": "SSH-2.0-OpenSSH_9\n",
    "noise": "\x00\x01\x02\u0416" * 500,
    "no body": f"{HEAD}\n",
    "deep": f"{HEAD}\n" + "[" * 60_000,
    "deep objects": f"{HEAD}\n" + '{"a":' * 12_000,
    "long number": f'{HEAD}\n{{"id": {"9" * 60_000}}}',
    "not a number": f"{HEAD}\nNaN",
    "an odd text": f'{HEAD}\n"OK"',
    "true": f"{HEAD}\ntrue",
    "a list": f"{HEAD}\n[]",
    "an object": f"{HEAD}\n{{}}",
    "endless": f"{HEAD}\n" + " " * 1_200_000,
    "two lengths": f"{HEAD}Content-Length: 2\nContent-Length: 99\n\n{{}}",
    "a bomb": f"{HEAD}Content-Encoding: gzip\n\n\x1f",
    "many heads": "HTTP/1.1 200 OK\n" + "X: y\n" * 200 + "\n{}",
    "half": f"{HEAD}Content-Length: 400\n\n{{",
}


def echo(status):
    """Repeats the whole request, as a debug page does."""

    def behave(connection, server):
        request = server.requests[-1].decode("latin-1")
        head = f"HTTP/1.1 {status} No\r\nContent-Type: application/json\r\n\r\n"
        said = json.dumps({"id": NUMBER, "error": request, "errorMessage": request})
        connection.sendall(f"{head}{said}\n{request}".encode())

    return behave


class Hostile(Hooks):
    def asked(self, adapter):
        """All that the adapter can ask."""
        body = self.build(BODY)
        yield lambda: adapter.send(NUMBER, body)
        yield adapter.check
        if adapter.can_list_states:
            yield adapter.list_states
        if adapter.can_look_up:
            yield lambda: adapter.look_up(NUMBER)

    @pytest.mark.wire
    @pytest.mark.pure
    @pytest.mark.parametrize("garbage", GARBAGE)
    def test_garbage_is_never_a_success_p9_p19_f52(self, garbage):
        with Server(answering(GARBAGE[garbage])) as server:
            result = tried(self.adapter_at(server.base_url), self.build(BODY))
        assert type(result) is Uncertain, f"{result!r}"

    @pytest.mark.wire
    @pytest.mark.pure
    @pytest.mark.parametrize("behave", [silent, dripping(HEAD * 30), dripping(HEAD + " " * 900)])
    def test_every_question_has_a_deadline_that_the_divisor_divides_f46_f53(self, behave):
        with Server(behave) as server:
            for divisor in (15.0, 60.0):
                adapter = self.adapter_at(server.base_url, divisor=divisor)
                for ask in self.asked(adapter):
                    started = time.monotonic()
                    with pytest.raises(Uncertain) as failed:
                        ask()
                    assert failed.value.reason == "no_answer"
                    assert 4 / divisor < time.monotonic() - started < 17 / divisor + 1

    @pytest.mark.wire
    @pytest.mark.pure
    @pytest.mark.parametrize("status", [200, 400, 500, 401])
    def test_whoever_repeats_our_request_does_not_make_us_keep_the_key_p18(self, status):
        keys = self.with_canary()
        with Server(echo(status)) as server:
            for ask in self.asked(self.adapter_at(server.base_url, credentials=keys)):
                with pytest.raises(DeliveryError) as failed:
                    ask()
                error = failed.value
                assert isinstance(error, Uncertain | Rejected | Misconfigured)
                assert CANARY not in f"{error!r} {error.detail} {error.answer} {error.args}"
            assert len(server.requests) > 1

    @pytest.mark.wire
    @pytest.mark.pure
    @pytest.mark.parametrize("behave", [lambda *_: None, silent, echo(500), echo(200)])
    def test_no_local_variable_shows_a_key_in_an_error_mail_p18_t24(self, behave):
        """Django's error mails show the local variables of every frame."""
        keys = self.with_canary()
        with Server(behave) as server:
            adapter = self.adapter_at(server.base_url, divisor=30.0, credentials=keys)
            for ask in self.asked(adapter):
                with pytest.raises(DeliveryError) as failed:
                    ask()
                error = failed.value
                reporter = ExceptionReporter(None, type(error), error, error.__traceback__)
                frames = [
                    frame
                    for frame in reporter.get_traceback_frames()
                    if "pos_bridge/registers" in frame["filename"] or "toy" in frame["filename"]
                ]
                assert frames
                assert CANARY not in str([frame["vars"] for frame in frames])

    @pytest.mark.pure
    def test_nothing_of_it_prints_a_key_p18(self):
        adapter = self.adapter_at("https://caisse.example.fr", credentials=self.with_canary())
        assert CANARY not in f"{adapter!r} {adapter}"

    @pytest.mark.pure
    def test_a_short_name_of_a_shop_stays_readable(self):
        adapter = self.adapter_at("https://caisse.example.fr")
        public = set(adapter.credential_names) - set(adapter.secret_names)
        for name in public:
            assert adapter.scrub(f"{name}={self.credentials[name]}").endswith(
                self.credentials[name]
            )

    @pytest.mark.pure
    def test_it_speaks_to_nobody_it_may_not_speak_to_t25_t37(self):
        for base_url, network, reason in [
            ("https://caisse.example.fr", Network(production=False), "not_in_production"),
            ("http://127.0.0.1:9500", Network(), "address_refused"),
            ("http://good@bad.example", Network(), "address_invalid"),
        ]:
            adapter = self.adapter_class(base_url, self.credentials, self.options, network)
            for ask in self.asked(adapter):
                with pytest.raises(Misconfigured) as wrong:
                    ask()
                assert wrong.value.reason == reason
