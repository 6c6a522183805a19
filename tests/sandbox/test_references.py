"""Reference images, clips and characters: the vendor fetches what it is given, and says what it got."""

import io
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from PIL import Image

from tests.sandbox.vendors import Client, word
from tests.sandbox_server import Sandbox

FIELDS = {"ruxa": ("input_reference", str), "apixo": ("image_urls", list), "sora2api": ("imageUrls", list)}


def _picture(kind: str) -> bytes:
    raw = io.BytesIO()
    Image.new("RGB", (8, 8), "teal").save(raw, kind)
    return raw.getvalue()


@pytest.fixture
def host() -> Iterator[str]:
    """A web server with pictures, a clip and a page."""
    files = {f"/a.{kind}": _picture(kind) for kind in ("jpeg", "png", "webp")}
    files |= {"/page": b"<html>Sign in</html>", "/clip.mp4": b"\0\0\0\x18ftypisom" + bytes(64)}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = files.get(self.path)
            self.send_response(200 if body else 404)
            self.send_header("Content-Length", str(len(body or b"")))
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def _with_image(client: Client, vendor: str, url: str) -> str:
    name, kind = FIELDS[vendor]
    mode = {"mode": "image-to-video"} if vendor == "apixo" else {}
    return client.accepted(vendor, "a fox", **{name: url if kind is str else [url]}, **mode)


@pytest.mark.parametrize("vendor", FIELDS)
@pytest.mark.parametrize("kind", ["jpeg", "png", "webp"])
def test_reference_image_is_fetched_and_told(
    sandbox: Sandbox, client: Client, host: str, vendor: str, kind: str
) -> None:
    task_id = _with_image(client, vendor, f"{host}/a.{kind}")
    assert word(vendor, client.ended(vendor, task_id)) in ("success", 1)
    (row,) = sandbox.memory()["tasks"][0]["references"]
    assert (row["field"], row["url"], row["status"]) == (FIELDS[vendor][0], f"{host}/a.{kind}", 200)
    assert (row["content"], row["usable"], row["bytes"] > 50) == (kind, True, True)


@pytest.mark.parametrize("vendor", FIELDS)
@pytest.mark.parametrize("path", ["/page", "/gone.png", "/clip.mp4"])
def test_reference_that_is_no_picture_fails_the_task(
    sandbox: Sandbox, client: Client, host: str, vendor: str, path: str
) -> None:
    data = client.ended(vendor, _with_image(client, vendor, host + path))
    assert word(vendor, data) in ("fail", "failed", 2)
    assert "Cannot access" in str(data.get("failMsg") or data.get("errorMessage"))
    assert sandbox.memory()["tasks"][0]["references"][0]["usable"] is False


def test_only_loopback_is_fetched_unless_it_is_asked_for(sandbox: Sandbox, client: Client, host: str) -> None:
    task_id = _with_image(client, "apixo", "https://pictures.invalid/a.png")
    assert client.ended("apixo", task_id)["state"] == "success"
    sandbox.settings(references="none")
    assert client.ended("apixo", _with_image(client, "apixo", f"{host}/page"))["state"] == "success"
    assert [task["references"] for task in sandbox.memory()["tasks"]] == [[], []]


def test_character_clip_is_fetched_and_a_character_comes_with_the_result(
    sandbox: Sandbox, client: Client, host: str
) -> None:
    fields = {"character_url": f"{host}/clip.mp4", "character_timestamps": "1,3", "character_create": True}
    task_id = client.accepted("ruxa", "a fox", **fields)
    data = client.ended("ruxa", task_id)
    assert f'"character_id_list":["char_{task_id}"]' in data["resultJson"]
    (row,) = sandbox.memory()["tasks"][0]["references"]
    assert (row["field"], row["content"], row["usable"]) == ("character_url", "mp4", True)


def test_character_can_be_taken_from_a_finished_task_only(sandbox: Sandbox, client: Client) -> None:
    done = client.accepted("ruxa", "a fox")
    client.ended("ruxa", done)
    again = client.accepted("ruxa", "the fox runs", character_from_task=done)
    assert sandbox.memory()["tasks"][1]["from_task"] == done
    assert client.ended("ruxa", again)["state"] == "success"
    running = client.accepted("ruxa", "a cow [never]")
    for other in (running, "task_sora-2_0"):
        answer = client.create("ruxa", "the cow", character_from_task=other)
        assert (answer.status_code, answer.json()["code"]) == (404, 404)


@pytest.mark.parametrize(
    "fields",
    [
        {"character_timestamps": "0,4"},
        {"character_timestamps": "3,1"},
        {"character_timestamps": "one,two"},
        {"character_create": "true"},
        {"character_url": "clip.mp4"},
        {"character_from_task": 7},
        {"metadata": {"a": 1}},
    ],
)
def test_character_fields_of_a_wrong_form_are_refused(client: Client, fields: dict[str, object]) -> None:
    assert client.create("ruxa", "a fox", **fields).status_code == 422
