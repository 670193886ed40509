"""A server of raw sockets: what a library would be too polite to do."""

import re
import socket
import threading


class Server:
    """Answers each connection with `behave(connection, server)`; `requests` is what it has read, whole."""

    def __init__(self, behave, context=None):
        self.behave, self.context, self.requests = behave, context, []
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port = self.listening.getsockname()[1]
        self.over = threading.Event()
        threading.Thread(target=self._serve, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.over.set()
        self.listening.close()

    @property
    def base_url(self):
        return f"http://127.0.0.1:{self.port}"

    def _serve(self):
        while True:
            try:
                connection, _ = self.listening.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection):
        try:
            with connection:
                if self.context:
                    connection = self.context.wrap_socket(connection, server_side=True)
                request = b""
                while not _is_whole(request):
                    piece = connection.recv(65536)
                    if not piece:
                        return
                    request += piece
                self.requests.append(request)
                self.behave(connection, self)
        except OSError:
            pass


def _is_whole(request):
    head, end, body = request.partition(b"\r\n\r\n")
    length = re.search(rb"\r\ncontent-length: ([0-9]+)", head, re.IGNORECASE)
    return bool(end) and len(body) >= int(length[1] if length else 0)


def answering(text):
    return lambda connection, _: connection.sendall(text.replace("\n", "\r\n").encode())


def dripping(text):
    def behave(connection, server):
        for byte in text.replace("\n", "\r\n").encode():
            connection.sendall(bytes([byte]))
            if server.over.wait(0.1):
                return

    return behave


def silent(connection, server):
    server.over.wait(30)
