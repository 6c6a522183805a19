"""A gunicorn worker whose threads never wait for a client.

gunicorn keeps the processes: it starts, replaces and stops them. In each of them waitress keeps the connections
(`clients.py`) and gives whole requests to a few threads. Used as `--worker-class sora_portal.webserver.worker.Worker`.
"""

import contextlib
import logging
import os
import re
import resource
import socket
import sys
import time
from typing import Any

from gunicorn.workers import base
from waitress import wasyncore

from sora_portal.webserver import clients
from sora_portal.webserver.turns import Dispatcher


class Worker(base.Worker):  # type: ignore[misc]  # gunicorn ships no types
    """One process: a loop over its clients, and `threads` threads that answer."""

    def run(self) -> None:
        """Serve until gunicorn asks for the end, then finish what has begun, for as long as it grants."""
        # The loop needs Python for moments only, but many of them: it should not wait long for a thread that computes.
        sys.setswitchinterval(0.001)
        _allow_files(clients.CONNECTIONS * 3)
        dispatcher = Dispatcher(self.cfg.threads)
        dispatcher.queue_logger.disabled = True
        logging.getLogger("waitress").addFilter(_without_address)
        self._map: dict[int, Any] = {}
        self._servers = [self._listen(one.sock, dispatcher) for one in self.sockets]
        while self.alive and self.ppid == os.getppid():
            self._turn()
        for server in self._servers:
            server.del_channel()
        patience = time.monotonic() + self.cfg.graceful_timeout
        while self._busy() and time.monotonic() < patience:
            self._turn()

    def _listen(self, listener: socket.socket, dispatcher: Dispatcher) -> clients.TcpServer:
        kind = clients.UnixServer if listener.family == socket.AF_UNIX else clients.TcpServer
        return kind(
            self._answer,
            self._map,
            _sock=listener,
            dispatcher=dispatcher,
            adj=clients.settings(self.cfg.backlog),
            sockinfo=(listener.family, listener.type, listener.proto, listener.getsockname()),
            bind_socket=False,
        )

    def _answer(self, environ: dict[str, Any], start_response: Any) -> Any:
        self.nr += 1
        if self.nr >= self.max_requests:
            self.alive = False
        return self.wsgi(environ, start_response)

    def _turn(self) -> None:
        self.notify()
        wasyncore.poll2(1.0, self._map)
        for server in self._servers:
            server.make_room(time.monotonic())

    def _busy(self) -> bool:
        return any(
            client.requests or client.total_outbufs_len
            for server in self._servers
            for client in server.active_channels.values()
        )

    def handle_exit(self, sig: int, frame: object) -> None:
        """Begin to stop, at once."""
        super().handle_exit(sig, frame)
        for server in getattr(self, "_servers", []):
            server.pull_trigger()


def _without_address(record: logging.LogRecord) -> bool:
    """Take the address out of what waitress says of a request: that of a callback or a picture is a secret."""
    record.msg = re.sub(r"serving /.*", "serving a request", str(record.msg))
    return True


def _allow_files(wanted: int) -> None:
    """Let this process have `wanted` open files, as far as the system allows: each client may need a few."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < wanted:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (min(wanted, hard), hard))
