"""What a try can end in, told apart on real sockets: only what surely sent nothing is NotSent."""

import datetime
import ipaddress
import socket
import ssl
import threading
import time
from typing import Any

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from urllib3.exceptions import (
    ConnectTimeoutError,
    MaxRetryError,
    NameResolutionError,
    NewConnectionError,
    ProtocolError,
    ReadTimeoutError,
)
from urllib3.exceptions import SSLError as Urllib3SSLError

from pos_bridge.errors import Misconfigured, NotSent, Uncertain
from pos_bridge.registers import http, line
from pos_bridge.registers.http import Answer, OutOfTime, exchange, judge
from pos_bridge.registers.network import Network
from pos_bridge.registers.secret import Secret
from tests.pos_bridge import far_end
from tests.pos_bridge.far_end import answering, dripping, silent

KEY = "canary-5f1d9c"
LOCAL = Network(allowed=frozenset({"127.0.0.1"}), divisor=10)
BODY = '{"id":217512000,"state":0,"products":[]}'
NUMBER = 217_512_000


# --- The one function, as a table ---------------------------------------------------------------


NOBODY: Any = None  # the pool or the connection that an error names; none of ours looks at it


def wrapped(reason):
    return requests.exceptions.ConnectionError(MaxRetryError(NOBODY, f"/?pub_key={KEY}", reason))


CERTIFICATE = ssl.SSLCertVerificationError(1, "certificate verify failed")
HAPPENED = [
    (wrapped(NewConnectionError(NOBODY, "refused")), NotSent, "no_connection"),
    (
        wrapped(NameResolutionError("host", NOBODY, socket.gaierror(-2, "unknown"))),
        NotSent,
        "unknown_host",
    ),
    (
        requests.exceptions.ConnectTimeout(MaxRetryError(NOBODY, "/", ConnectTimeoutError("slow"))),
        NotSent,
        "connect_timeout",
    ),
    (OutOfTime(connected=False), NotSent, "connect_timeout"),
    (OutOfTime(connected=True), Uncertain, "no_answer"),
    (requests.exceptions.ConnectionError(ProtocolError("closed")), Uncertain, "hung_up"),
    (requests.exceptions.ConnectionError(ConnectionResetError(104, "reset")), Uncertain, "hung_up"),
    (
        requests.exceptions.ReadTimeout(ReadTimeoutError(NOBODY, f"/?pub_key={KEY}", "silence")),
        Uncertain,
        "no_answer",
    ),
    (requests.exceptions.ChunkedEncodingError("cut"), Uncertain, "hung_up"),
    (ProtocolError("IncompleteRead"), Uncertain, "cut_short"),
    (
        requests.exceptions.SSLError(MaxRetryError(NOBODY, "/", Urllib3SSLError(CERTIFICATE))),
        Misconfigured,
        "certificate",
    ),
    (
        requests.exceptions.SSLError(
            MaxRetryError(NOBODY, "/", Urllib3SSLError(ssl.SSLError(1, "bad record")))
        ),
        Uncertain,
        "tls",
    ),
    (http.AddressInvalid(), Misconfigured, "address_invalid"),
    (requests.exceptions.InvalidHeader("x"), Uncertain, "unreadable"),
    (wrapped(line.AddressRefused(NOBODY, "refused")), Misconfigured, "address_refused"),
    (KeyError("a mistake of ours"), Uncertain, "cut_short"),
    (Answer(200), None, ""),
    (Answer(201), None, ""),
    (Answer(400), None, ""),
    (Answer(422), None, ""),
    (Answer(200, whole=False), Uncertain, "too_large"),
    (Answer(200, encoded=True), Uncertain, "encoded"),
    (Answer(204), Uncertain, "http_204"),
    (Answer(301), Misconfigured, "redirect"),
    (Answer(302), Misconfigured, "redirect"),
    (Answer(307), Misconfigured, "redirect"),
    (Answer(401), Misconfigured, "keys_refused"),
    (Answer(403), Misconfigured, "keys_refused"),
    (Answer(404), Uncertain, "http_404"),
    (Answer(429, retry_after=7.0), Uncertain, "http_429"),
    (Answer(500), Uncertain, "http_500"),
    (Answer(503, retry_after=7.0), Uncertain, "http_503"),
]


@pytest.mark.pure
@pytest.mark.parametrize(("happened", "error", "reason"), HAPPENED)
def test_it_names_what_the_register_may_have(happened, error, reason):
    judged = judge(happened)
    assert (type(judged) if judged else None) is error
    if judged is not None:
        assert judged.reason == reason
        assert KEY not in f"{judged!r} {judged.detail}"
        assert judged.retry_after == getattr(happened, "retry_after", None)


@pytest.mark.pure
@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7),
        (" 120 ", 120),
        ("-1", None),
        ("nan", None),
        ("1e9", None),
        ("٧", None),
        ("", None),
        ("soon", None),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0),
        ("315360000", 315_360_000),
    ],
)
def test_it_reads_how_long_the_register_asks_us_to_wait_f56(header, seconds):
    assert http._retry_after(header) == seconds


@pytest.mark.pure
def test_it_reads_a_date_to_wait_for_f56():
    later = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=60)
    seconds = http._retry_after(later.strftime("%a, %d %b %Y %H:%M:%S GMT"))
    assert seconds is not None
    assert 50 < seconds <= 60


# --- On a socket ----------------------------------------------------------------------------------

wire = pytest.mark.wire


class Server(far_end.Server):
    def url(self, scheme="http", host="127.0.0.1"):
        return Secret(f"{scheme}://{host}:{self.port}/api.php?pub_key={KEY}")


def reset(connection, _):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")


def post(url, network=LOCAL, deadline=http.POST_DEADLINE):
    return exchange(
        "POST", url, network, deadline=deadline, body=BODY.encode(), content_type="application/json"
    )


OK = "HTTP/1.1 200 OK\nContent-Type: application/json\nContent-Length: 2\n\n{}"
LOGIN = "HTTP/1.1 302 Found\nLocation: /login\nContent-Length: 0\n\n"


@wire
def test_it_posts_the_very_bytes_and_asks_for_no_compression():
    with Server(answering(OK)) as server:
        assert post(server.url()) == Answer(200, b"{}", "application/json")
    (request,) = server.requests
    head, _, body = request.partition(b"\r\n\r\n")
    assert body == BODY.encode()
    lines = head.decode().split("\r\n")
    assert lines[0] == f"POST /api.php?pub_key={KEY} HTTP/1.1"
    headers = dict(line.split(": ", 1) for line in lines[1:])
    assert headers == {
        "Host": f"127.0.0.1:{server.port}",
        "Accept-Encoding": "identity",
        "Connection": "close",
        "Content-Length": str(len(BODY)),
        "Content-Type": "application/json",
        "User-Agent": "Tablee",
    }


@wire
@pytest.mark.parametrize(
    ("behave", "reason"),
    [
        (lambda connection, _: None, "hung_up"),
        (reset, "hung_up"),
        (answering("SSH-2.0-OpenSSH_9\n"), "hung_up"),
        (answering("HTTP/1.1 200 OK\nContent-Length: 40\n\n{"), "cut_short"),
        (answering("HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n5\n{"), "cut_short"),
        (answering("HTTP/1.1 500 No\nContent-Length: 0\n\n"), "http_500"),
        (answering("HTTP/1.1 200 OK\nContent-Encoding: gzip\n\n{}"), "encoded"),
        (answering("HTTP/1.1 200 OK\n\n" + " " * 70_000), "too_large"),
        (answering("HTTP/1.1 200 OK\n" + "X: y\n" * 200 + "\n{}"), "hung_up"),
    ],
)
def test_whatever_happens_after_the_request_may_be_a_success_f45_f47(behave, reason):
    with Server(behave) as server, pytest.raises(Uncertain) as unclear:
        post(server.url())
    assert unclear.value.reason == reason


@wire
@pytest.mark.parametrize("behave", [silent, dripping(OK * 30), dripping(OK[:80] + " " * 900)])
def test_the_deadline_holds_against_silence_and_against_a_server_that_drips_f46_f53(behave):
    started = time.monotonic()
    with Server(behave) as server, pytest.raises(Uncertain) as unclear:
        post(server.url(), deadline=4)
    assert 0.3 < time.monotonic() - started < 1.5
    assert unclear.value.reason == "no_answer"


@wire
def test_the_thread_of_an_exchange_that_was_cut_comes_to_its_end():
    with Server(silent) as server:
        with pytest.raises(Uncertain):
            post(server.url(), deadline=2)
        for thread in threading.enumerate():
            if thread.name == "exchange":
                thread.join(2)
                assert not thread.is_alive()


@wire
def test_a_port_where_nobody_listens_got_nothing_f42():
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(NotSent) as not_sent:
        post(Secret(f"http://127.0.0.1:{port}/"))
    assert not_sent.value.reason == "no_connection"


@wire
def test_a_name_that_nobody_knows_got_nothing_f42():
    with pytest.raises(NotSent) as not_sent:
        post(Secret("https://no-such-host.invalid/"))
    assert not_sent.value.reason in {"unknown_host", "connect_timeout"}


@wire
def test_a_resolver_that_hangs_got_nothing_and_nothing_follows_f40(monkeypatch):
    with Server(answering(OK)) as server:
        real, waited = socket.getaddrinfo, threading.Event()

        def slow(*args, **options):
            waited.wait(10)
            return real(*args, **options)

        monkeypatch.setattr(socket, "getaddrinfo", slow)
        with pytest.raises(NotSent):
            post(server.url(), deadline=2)
        waited.set()
        for thread in threading.enumerate():
            if thread.name == "exchange":
                thread.join(5)
        assert server.requests == []


@wire
def test_no_byte_goes_out_when_whoever_waited_has_gone_f35():
    """A process that slept while it connected, and runs on before the one that should have cut its line."""
    with Server(answering(OK)) as server:
        cable = line.Line(LOCAL, 0)
        with pytest.raises(requests.exceptions.ConnectionError) as late:
            http._speak("POST", server.url(), cable, 1, BODY.encode(), "application/json", 100)
        cable.cut()
        judged = judge(late.value)
    assert isinstance(judged, NotSent)
    assert server.requests in ([], [b""])


@wire
def test_a_redirect_is_not_followed_f54():
    with Server(answering(LOGIN)) as server, pytest.raises(Misconfigured) as wrong:
        post(server.url())
    assert wrong.value.reason == "redirect"
    assert len(server.requests) == 1


@wire
def test_proxies_of_the_environment_are_not_asked_f75(monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with Server(answering(OK)) as server:
        assert post(server.url()).status == 200


# --- TLS ----------------------------------------------------------------------------------------


@pytest.fixture
def certificate(tmp_path):
    """A server's TLS context with a certificate for caisse.test that nobody has signed, and its file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "caisse.test")])
    now = datetime.datetime.now(datetime.UTC)
    names = [x509.DNSName("caisse.test"), x509.IPAddress(ipaddress.ip_address("127.0.0.2"))]
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path / "certificate.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + signed.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context, file


@wire
def test_a_certificate_that_nobody_signed_pauses_the_register_f44(certificate):
    context, _ = certificate
    with Server(answering(OK), context) as server, pytest.raises(Misconfigured) as wrong:
        post(server.url("https"))
    assert wrong.value.reason == "certificate"
    assert server.requests == []


@wire
def test_it_connects_to_the_address_it_judged_and_checks_the_name_f74(certificate, monkeypatch):
    context, file = certificate
    monkeypatch.setattr("requests.adapters.DEFAULT_CA_BUNDLE_PATH", str(file))
    real = socket.getaddrinfo
    with Server(answering(OK), context) as server:
        monkeypatch.setattr(
            socket, "getaddrinfo", lambda host, *rest, **more: real("127.0.0.1", *rest, **more)
        )
        named = Network(allowed=frozenset({"caisse.test", "other.test"}), divisor=10)
        assert post(server.url("https", "caisse.test"), named).status == 200
        with pytest.raises(Misconfigured) as wrong:
            post(server.url("https", "other.test"), named)
    assert wrong.value.reason == "certificate"
    assert len(server.requests) == 1


@wire
def test_a_deadline_cuts_tls_too(certificate, monkeypatch):
    context, file = certificate
    monkeypatch.setattr("requests.adapters.DEFAULT_CA_BUNDLE_PATH", str(file))
    real = socket.getaddrinfo
    with Server(silent, context) as server:
        monkeypatch.setattr(
            socket, "getaddrinfo", lambda host, *rest, **more: real("127.0.0.1", *rest, **more)
        )
        named = Network(allowed=frozenset({"caisse.test"}), divisor=10)
        with pytest.raises(Uncertain) as unclear:
            post(server.url("https", "caisse.test"), named, deadline=3)
    assert unclear.value.reason == "no_answer"


# --- Whom it speaks to --------------------------------------------------------------------------


@wire
@pytest.mark.parametrize(
    "resolved",
    [
        ["127.0.0.1"],
        ["10.0.0.5"],
        ["169.254.169.254"],
        ["::1"],
        ["8.8.8.8", "127.0.0.1"],
        ["::ffff:127.0.0.1"],
    ],
)
def test_a_name_that_leads_into_our_own_network_is_refused_t25(resolved, monkeypatch):
    """A name that changes between the save and the request (rebinding) is judged by what it is now."""

    def found(host, port, **_):
        family = {True: socket.AF_INET6, False: socket.AF_INET}
        return [(family[":" in each], socket.SOCK_STREAM, 6, "", (each, port)) for each in resolved]

    monkeypatch.setattr(socket, "getaddrinfo", found)
    with Server(answering(OK)) as server:
        with pytest.raises(Misconfigured) as wrong:
            post(server.url("https", "caisse.example.fr"), Network(divisor=10))
        assert server.requests == []
    assert wrong.value.reason == "address_refused"


@wire
def test_it_asks_for_the_address_once_t25(monkeypatch):
    asked = []
    real = socket.getaddrinfo

    def found(host, *rest, **more):
        asked.append(host)
        return real("127.0.0.1", *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", found)
    with Server(answering(OK)) as server:
        named = Network(allowed=frozenset({"caisse.test"}), divisor=10)
        post(server.url(host="caisse.test"), named)
    assert asked == ["caisse.test"]
