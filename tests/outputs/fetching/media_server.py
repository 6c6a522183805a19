"""A real HTTP server on loopback that plays a vendor's media host, well or badly behaved."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Asked(BaseHTTPRequestHandler):
    """One request; `self.server.routes` says what answers it."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer as the route for this path does; 404 without one."""
        server: MediaServer = self.server  # type: ignore[assignment]
        server.asked.append(self)
        route = server.routes.get(self.path)
        self.close_connection = True
        try:
            if route is None:
                self.send_error(404)
            else:
                route(self)
        except OSError:
            pass  # the portal hung up, which is often the point

    def send_body(self, body: bytes, *, kind: str = "video/mp4", declared: int | None = None, **headers: str) -> None:
        """Answer 200 with `body`; `declared` lies about its length, 0 leaves the length out."""
        self.send_response(200)
        self.send_header("Content-Type", kind)
        length = len(body) if declared is None else declared
        if length:
            self.send_header("Content-Length", str(length))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def redirect(self, where: str) -> None:
        """Answer 302 with a cookie that must not come back."""
        self.send_response(302)
        self.send_header("Location", where)
        self.send_header("Set-Cookie", "trail=1; Path=/")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Stay quiet."""


class MediaServer(ThreadingHTTPServer):
    """Holds the routes and what was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Asked)
        self.routes: dict[str, Callable[[Asked], None]] = {}
        self.asked: list[Asked] = []

    def handle_error(self, *args: object) -> None:
        """Stay quiet: a portal that hangs up is what many tests want."""

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self.server_address[1])

    def at(self, path: str, host: str = "127.0.0.1") -> str:
        """Return the address of `path`."""
        return f"http://{host}:{self.port}{path}"

    def serve(self, path: str, body: bytes, **how: object) -> str:
        """Answer `path` with `body` and return its address."""
        self.routes[path] = lambda asked: asked.send_body(body, **how)  # type: ignore[arg-type]
        return self.at(path)


@contextmanager
def running() -> Iterator[MediaServer]:
    """Run the server until the block ends."""
    server = MediaServer()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
