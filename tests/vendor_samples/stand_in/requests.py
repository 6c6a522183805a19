"""A stand-in for the `requests` package: what the vendor's Python sample uses of it, over urllib."""

import json as _json
import urllib.error
import urllib.request
from typing import Any


class Response:
    """`ok` and `json()`, as in requests."""

    def __init__(self, status: int, body: bytes) -> None:
        self.status_code = status
        self.content = body

    @property
    def ok(self) -> bool:
        """True below 400."""
        return self.status_code < 400

    def json(self) -> Any:
        """The body as JSON."""
        return _json.loads(self.content)


def _send(method: str, url: str, headers: dict[str, str], body: bytes | None) -> Response:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(urllib.request.Request(url, body, headers, method=method), timeout=60) as answer:
            return Response(answer.status, answer.read())
    except urllib.error.HTTPError as error:
        return Response(error.code, error.read())


def post(url: str, headers: dict[str, str], json: Any) -> Response:
    """POST JSON."""
    return _send("POST", url, headers, _json.dumps(json).encode())


def get(url: str, headers: dict[str, str]) -> Response:
    """GET."""
    return _send("GET", url, headers, None)
