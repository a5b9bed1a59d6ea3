"""A reverse proxy that serves an app below a prefix and takes the prefix away, as notebook services and nginx do."""

from __future__ import annotations

import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

PREFIX = "/user/somebody/proxy/app"


@contextmanager
def stripping_proxy(address: str) -> Iterator[str]:
    """Serve the app at `address` below PREFIX; yields the address to open. All other paths are not found."""
    target = urlsplit(address)

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            head = b""
            while b"\r\n\r\n" not in head:
                got = self.request.recv(65_536)
                if not got:
                    return
                head += got
            head, rest = head.split(b"\r\n\r\n", 1)
            first, *fields = head.split(b"\r\n")
            method, path, version = first.split(b" ", 2)
            if not path.startswith(f"{PREFIX}/".encode()):
                self.request.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                return
            if not any(field.lower().startswith(b"upgrade:") for field in fields):
                # One request a connection: what follows it would come with the prefix.
                fields = [field for field in fields if not field.lower().startswith(b"connection:")] + [
                    b"Connection: close"
                ]
            asked = b" ".join([method, path[len(PREFIX) :], version])
            with socket.create_connection((str(target.hostname), int(target.port or 80))) as app:
                app.sendall(b"\r\n".join([asked, *fields]) + b"\r\n\r\n" + rest)
                back = threading.Thread(target=_pump, args=(app, self.request), daemon=True)
                back.start()
                _pump(self.request, app)
                back.join()

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        allow_reuse_address = True

    with Server(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}{PREFIX}"
        finally:
            server.shutdown()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while got := source.recv(65_536):
            sink.sendall(got)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
