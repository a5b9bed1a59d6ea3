"""Answers leave the server at once.

asyncio switches Nagle's algorithm off for connections of sockets that were made with the protocol number of TCP; Streamlit makes
its listening socket without one. An answer of two parts, head and body, then waits for the browser's delayed
acknowledgement between them: 40 ms for each script, picture and sound that is small.
"""

from __future__ import annotations

import contextlib
import gc
import socket


def send_at_once() -> None:
    """Switch Nagle's algorithm off for all connections that this process will accept: they inherit it from what listens."""
    for found in gc.get_objects():
        if type(found) is not socket.socket or found.family not in (socket.AF_INET, socket.AF_INET6):
            continue
        with contextlib.suppress(OSError):  # closed, or of another kind
            if found.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
                found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
