"""A socket on 127.0.0.1 that answers with given bytes, for what no server library would send."""

import socket
import ssl
import threading
from collections.abc import Callable
from typing import Any

NOT_FOUND = (
    b"HTTP/1.1 404 No\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}"
)


def response(status: int, body: str, kind: str = "text/html", **headers: str) -> bytes:
    """An answer with that body; names of headers are written with `_` instead of `-`."""
    raw = body.encode()
    more = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    head = f"HTTP/1.1 {status} Scripted\r\nconnection: close\r\ncontent-type: {kind}\r\n{more}content-length: {len(raw)}\r\n\r\n"
    return head.encode() + raw


class RawServer:
    """Answers each request to `/v1/messages` with the same bytes and closes; every other with 404.

    Parameters
    ----------
    answer
        The bytes, or a function that is called with the connection and sends them.
    tls
        A context with the server's certificate: the server then speaks TLS.
    """

    def __init__(
        self, answer: bytes | Callable[[socket.socket], None], tls: ssl.SSLContext | None = None
    ) -> None:
        self.answer, self.tls = answer, tls
        self.posts = 0
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http{'s' if tls else ''}://127.0.0.1:{self.socket.getsockname()[1]}"
        self.thread = threading.Thread(target=self._listen)

    def __enter__(self) -> "RawServer":
        self.thread.start()
        return self

    def __exit__(self, *reason: object) -> None:
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self.thread.join()

    def _listen(self) -> None:
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:  # closed
                return
            with connection:
                try:
                    self._serve(connection)
                except (ConnectionError, ssl.SSLError):
                    continue  # the client closed the connection or refused the certificate

    def _serve(self, plain: socket.socket) -> None:
        connection: Any = self.tls.wrap_socket(plain, server_side=True) if self.tls else plain
        with connection, connection.makefile("rb") as stream:
            line = stream.readline()
            length = 0
            while (header := stream.readline()).strip():
                name, _, value = header.partition(b":")
                length = int(value) if name.lower() == b"content-length" else length
            stream.read(length)
            if not line.startswith(b"POST /v1/messages "):
                connection.sendall(NOT_FOUND)
                return
            self.posts += 1
            if callable(self.answer):
                self.answer(connection)
            else:
                connection.sendall(self.answer)
