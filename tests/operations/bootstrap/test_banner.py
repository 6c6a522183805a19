"""The address is printed when the portal really answers, and what is missing is said when it does not."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from sora_portal.operations.bootstrap import banner

Answer = tuple[int, bytes]


class Portal:
    """Gives the prepared answers to /readyz, the last one for ever."""

    def __init__(self) -> None:
        self.answers: list[Answer] = [(200, b"{}")]
        portal = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status, body = portal.answers.pop(0) if len(portal.answers) > 1 else portal.answers[0]
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def portal() -> Iterator[Portal]:
    portal = Portal()
    yield portal
    portal.server.shutdown()
    portal.server.server_close()


def announce(portal: Portal, lines: list[str]) -> None:
    banner.announce(portal.url, sign_ins=lambda: lines, data="/srv/portal")


def test_announcement_names_address_folder_and_sign_ins_one_a_line(
    portal: Portal, capsys: pytest.CaptureFixture[str]
) -> None:
    announce(portal, ["ada  secret  member", "mo  secret  admin"])
    lines = capsys.readouterr().out.splitlines()
    assert f"Sora Portal is running at {portal.url}" in lines
    assert "ada  secret  member" in lines
    assert "mo  secret  admin" in lines
    assert any("/srv/portal" in line for line in lines)


def test_announcement_without_a_demo_asks_nobody_to_sign_in(portal: Portal, capsys: pytest.CaptureFixture[str]) -> None:
    announce(portal, [])
    assert "Sign in" not in capsys.readouterr().out


def test_announcement_waits_for_readiness_and_says_what_is_missing(
    portal: Portal, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(banner, "PATIENCE", 0.0)
    portal.answers = [(503, b'{"problems": ["database: OperationalError"]}')] * 2 + [(200, b"{}")]
    announce(portal, [])
    output = capsys.readouterr().out
    assert output.count("database: OperationalError") == 1
    assert output.index("Still waiting") < output.index("is running at")


@pytest.mark.parametrize(
    ("answer", "word"),
    [((502, b"<html>"), "answers 502"), ((503, b"[]"), "answers 503"), ((404, b""), "answers 404")],
)
def test_announcement_understands_answers_that_are_not_the_portals(portal: Portal, answer: Answer, word: str) -> None:
    portal.answers = [answer]
    assert word in (banner.missing(portal.url) or "")


def test_announcement_says_that_nobody_answers(portal: Portal) -> None:
    portal.server.shutdown()
    portal.server.server_close()
    assert "does not answer" in (banner.missing(portal.url) or "")
