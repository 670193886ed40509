"""The connection of one exchange: addresses judged before it opens (T25), cut from outside when its time is over."""

import contextlib
import socket
import threading
import time
from functools import partial
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

from pos_bridge.registers.network import Network, is_public, literal

CONNECT_TIMEOUT = 3.0  # seconds, divided by Network.divisor


class AddressRefused(NewConnectionError):
    """The name leads to an address that this installation does not speak to. Nothing was sent."""


class Line:
    """The connection of one exchange: opened by its thread, cut by the one that waits for it."""

    def __init__(self, network: Network, limit: float) -> None:
        self.network = network
        self._end = time.monotonic() + limit
        self.connect_timeout = CONNECT_TIMEOUT / network.divisor
        self._lock = threading.Lock()
        self._is_cut = False
        # A second handle: TLS takes the first one away from us, and shutdown works through any.
        self._handle: socket.socket | None = None

    def connect(self, host: str, port: int, *, secure: bool) -> socket.socket:
        """A connection to the first address of the name that answers. Raises OSError, and _Refused
        where it may not be spoken to.
        """
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = [address[:2] for *_, address in found]
        if not self._may(host, port, [str(address) for address, _ in addresses], secure):
            raise _Refused
        end = time.monotonic() + self.connect_timeout
        failure: OSError = OSError("no address")
        for family, kind, protocol, _, address in found:
            connection = socket.socket(family, kind, protocol)
            try:
                connection.settimeout(max(0.01, end - time.monotonic()))
                connection.connect(address)
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._keep(connection)
            except OSError as error:
                connection.close()
                failure = error
            else:
                return connection
        raise failure

    def _may(self, host: str, port: int, addresses: list[str], secure: bool) -> bool:
        name = f"[{host}]" if ":" in host else host
        if self.network.allows(name, port):
            return True
        found = [literal(address.partition("%")[0]) for address in addresses]
        in_public = self.network.production and secure
        return all(
            each is not None and (self.network.holds(each) or (in_public and is_public(each)))
            for each in found
        )

    def _keep(self, connection: socket.socket) -> None:
        with self._lock:
            if self._is_cut:
                raise OSError("out of time")
            self._handle = connection.dup()

    @property
    def is_late(self) -> bool:
        """Whoever waited has gone: this process has slept, and another one may be about to send."""
        return time.monotonic() > self._end

    @property
    def was_open(self) -> bool:
        """Whether there was a connection: bytes may have gone out."""
        return self._handle is not None

    def cut(self) -> bool:
        """End the connection; whether there was one. Without one none will come to be: nothing was sent."""
        with self._lock:
            self._is_cut = True
            if self._handle is None:
                return False
            with contextlib.suppress(OSError):  # the other end was faster
                self._handle.shutdown(socket.SHUT_RDWR)
            return True

    def forget(self) -> None:
        """Let go of the second handle; the exchange is over."""
        with self._lock:
            if self._handle is not None:
                self._handle.close()


class _Refused(Exception):
    """See AddressRefused, which needs the connection to be made."""


class _Vetted:
    """Connects where the line connects, by the addresses that the line has judged; TLS still checks the name."""

    def __init__(self, *args: Any, line: Line, **options: Any) -> None:
        super().__init__(*args, **options)
        self._line = line

    def connect(self: Any) -> None:
        """With TLS, to the end of its handshake; no byte of the request goes out before, and none too late."""
        super().connect()  # type: ignore[misc]
        if self._line.is_late:
            raise NewConnectionError(self, "late")

    def _new_conn(self: Any) -> socket.socket:
        try:
            connection: socket.socket = self._line.connect(
                self._dns_host.strip("[]"), self.port, secure=isinstance(self, HTTPSConnection)
            )
        except _Refused:
            raise AddressRefused(self, "refused") from None
        except socket.gaierror as error:
            raise NameResolutionError(self.host, self, error) from None
        except TimeoutError:
            raise ConnectTimeoutError(self, "timeout") from None
        except (OSError, UnicodeError) as error:
            raise NewConnectionError(self, type(error).__name__) from None
        return connection


class _PlainConnection(_Vetted, HTTPConnection):
    pass


class _SecureConnection(_Vetted, HTTPSConnection):
    pass


class Direct(HTTPAdapter):
    """Sends over one line, once."""

    def __init__(self, line: Line) -> None:
        self._line = line
        super().__init__(max_retries=0, pool_connections=1, pool_maxsize=1)

    def __enter__(self) -> "Direct":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = {
            "http": partial(self._pool, HTTPConnectionPool, _PlainConnection),
            "https": partial(self._pool, HTTPSConnectionPool, _SecureConnection),
        }

    def _pool(self, pool_class: Any, connection_class: Any, *args: Any, **options: Any) -> Any:
        pool = pool_class(*args, **options)
        pool.ConnectionCls = partial(connection_class, line=self._line)
        return pool
