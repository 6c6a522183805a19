"""The HTTP side: vendor prefixes, media, and the seams tests use. Standard library only."""

import json
import random
import socketserver
import sys
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, cast

from sora_portal.sandbox import media, scenarios
from sora_portal.sandbox.config import BadSetting
from sora_portal.sandbox.dialects.base import Ask
from sora_portal.sandbox.engine import Engine, dialect_named

_BODY_CAP = 2 * 1024 * 1024
_SLOW_ANSWER = 3  # seconds
_dice = random.Random()


class Server(ThreadingHTTPServer):
    """A thread per connection; the backlog is large because a thousand pollers may come at once."""

    daemon_threads = True
    request_queue_size = 1024

    def __init__(self, address: tuple[str, int], engine: Engine | None = None) -> None:
        self.engine = cast("Engine", engine)  # set by the caller before serving when the port must be known first
        super().__init__(address, Handler)

    def server_bind(self) -> None:
        """Bind without the reverse DNS look-up of HTTPServer, which can hang for seconds."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no news."""
        if not isinstance(sys.exc_info()[1], ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    """One connection, kept alive between requests."""

    protocol_version = "HTTP/1.1"
    server_version = "SandboxVendors/1"
    sys_version = ""
    disable_nagle_algorithm = True  # a kept-alive answer must not wait for the client's delayed ACK
    wbufsize = 64 * 1024  # head and body leave in one packet
    timeout = 75
    _clock = 0.0

    @property
    def engine(self) -> Engine:
        """The vendors behind this server."""
        return cast("Server", self.server).engine

    def do_GET(self) -> None:
        """Answer a GET."""
        self._answer()

    def do_HEAD(self) -> None:
        """Answer a HEAD: the head of the GET answer."""
        self._answer()

    def do_POST(self) -> None:
        """Answer a POST."""
        self._answer()

    def date_time_string(self, timestamp: float | None = None) -> str:
        """Return a date by this vendor's clock, which may be wrong."""
        return super().date_time_string(time.time() + self._clock if timestamp is None else timestamp)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it
        """Stay quiet: the memory says more than an access log."""

    def _answer(self) -> None:
        url = urllib.parse.urlsplit(self.path)
        first, _, rest = url.path.lstrip("/").partition("/")
        body = self._read_body()
        if body is None:
            return
        dialect = dialect_named(first)
        if dialect is not None:
            query = dict(urllib.parse.parse_qsl(url.query))
            ask = Ask(self.command, urllib.parse.unquote("/" + rest), query, body)
            self._vendor(first, ask)
        elif first == "media":
            self._media(rest)
        else:
            self._seam(first, body)

    def _read_body(self) -> bytes | None:
        length = self.headers.get("Content-Length", "0")
        if self.headers.get("Transfer-Encoding") or not length.isdigit() or int(length) > _BODY_CAP:
            self.close_connection = True
            self._send_json(413 if length.isdigit() else 411, {"error": "send a Content-Length of at most 2 MiB"})
            return None
        return self.rfile.read(int(length)) if length != "0" else b""

    def _vendor(self, name: str, ask: Ask) -> None:
        dialect = dialect_named(name)
        assert dialect is not None
        low, high = self.engine.knobs.latency
        if high:
            time.sleep(_dice.uniform(low, high))
        scheme, _, key = self.headers.get("Authorization", "").partition(" ")
        answer, call = self.engine.answer(dialect, ask, key.strip() if scheme.lower() == "bearer" else "")
        if call is not None and not call.answered:
            self.close_connection = True  # nothing was written: the client sees the connection end
            return
        self._clock = self.engine.knobs.clock
        if call is not None and scenarios.has(call.markers, "create-slow"):
            time.sleep(scenarios.number_of(call.markers, "create-slow") or _SLOW_ANSWER)
        try:
            payload = answer.raw if answer.raw is not None else json.dumps(answer.body, ensure_ascii=False).encode()
            self._send(answer.status, payload, answer.kind, answer.headers)
        except OSError:
            if call is not None:
                call.answered = False
                self.engine.memory.close_create(call)
            raise

    def _seam(self, name: str, body: bytes) -> None:
        key = (self.command, name)
        if key == ("GET", "_memory"):
            self._send_json(200, self.engine.remembered())
        elif key == ("POST", "_reset"):
            self.engine.reset()
            self._send_json(200, {"reset": True})
        elif key == ("GET", "_settings"):
            self._send_json(200, self.engine.knobs.as_json())
        elif key == ("POST", "_settings"):
            self._change_settings(body)
        elif key == ("GET", "_health"):
            self._send_json(200, {"ok": True, "tasks": len(self.engine.memory.tasks)})
        elif key == ("GET", ""):
            self._send_json(200, {"sandbox": ["/ruxa", "/apixo", "/sora2api"], "memory": "/_memory"})
        else:
            self._send_json(404, {"error": f"nothing at {self.command} {self.path}"})

    def _change_settings(self, body: bytes) -> None:
        try:
            news = json.loads(body or b"{}")
            if not isinstance(news, dict):
                raise BadSetting("settings must be a JSON object")
            self.engine.knobs = self.engine.knobs.changed(news)
        except ValueError as error:  # BadKnob is one
            self._send_json(400, {"error": str(error)})
        else:
            self._send_json(200, self.engine.knobs.as_json())

    def _media(self, name: str) -> None:
        path: Path = self.engine.media / name
        task = self.engine.memory.task_of_media(name) if media.is_media_name(name) else None
        if task is None or "gone" in task.markers or not path.is_file():
            self._send(404, b"Not found\n", "text/plain; charset=utf-8")
        elif "html" in task.markers:
            self._send(200, media.PAGE, "text/html; charset=utf-8")
        else:
            self._send_file(path, cut="truncated" in task.markers)

    def _send_file(self, path: Path, *, cut: bool) -> None:
        size = path.stat().st_size
        asked = media.asked_range(self.headers.get("Range"), size)
        if asked is None:
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{size}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        start, length = asked
        piece = media.Piece(path, start, length, length // 2 if cut else length)
        partial = length != size or self.headers.get("Range") is not None
        self.send_response(206 if partial else 200)
        self.send_header("Content-Type", "video/mp4")
        self.send_header("Content-Length", str(length))
        self.send_header("Accept-Ranges", "bytes")
        if partial:
            self.send_header("Content-Range", f"bytes {start}-{start + length - 1}/{size}")
        self.end_headers()
        if self.command != "HEAD":
            for chunk in piece.chunks():
                self.wfile.write(chunk)
        if cut:
            self.close_connection = True

    def _send_json(self, status: int, body: object, headers: Any = None) -> None:
        payload = json.dumps(body, ensure_ascii=False).encode()
        self._send(status, payload, "application/json; charset=utf-8", headers)

    def _send(self, status: int, payload: bytes, kind: str, headers: Any = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(payload)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(payload)
        self.wfile.flush()
