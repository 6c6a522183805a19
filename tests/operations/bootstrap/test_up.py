"""`manage.py up`, the whole house, as `make run` starts it."""

import os
import re
import signal
import socket
import subprocess
from pathlib import Path

import httpx
import pytest

from tests.operations.installation import Installation
from tests.operations.supervision.processes import ours, wait_until

PASSWORD = "bodoka-rimena-tusopi-42"
SIGN_INS = f"ada  {PASSWORD}  member\nrae  {PASSWORD}  reviewer\nmo  {PASSWORD}  admin\n"
# The first start compresses the static files, on a machine that is busy with other tests.
START = 120.0


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    return Installation(tmp_path_factory.mktemp("house"))


def start(house: Installation) -> "subprocess.Popen[bytes]":
    """Start everything and return when the sign-ins are printed."""
    (house.folder / "log").unlink(missing_ok=True)
    up = house.start("up")
    wait_until(
        lambda: SIGN_INS in house.log or up.poll() is not None,
        seconds=START,
        what=f"the sign-ins; so far:\n{house.log[-3000:]}",
    )
    assert up.poll() is None, house.log[-3000:]
    return up


def require_all_gone(house: Installation) -> None:
    wait_until(lambda: not ours(house.marker), seconds=20, what=f"the end of {ours(house.marker)}")


def sign_in(client: httpx.Client) -> httpx.Response:
    form = client.get("/accounts/login/")
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form.text)
    assert token
    return client.post(
        "/accounts/login/",
        data={"csrfmiddlewaretoken": token[1], "login": "ada", "password": PASSWORD},
        headers={"Referer": str(form.url)},
        follow_redirects=True,
    )


@pytest.mark.timeout(300)
def test_up_serves_signs_in_keeps_its_data_and_leaves_nothing_behind(house: Installation) -> None:
    up = start(house)
    origin = f"http://127.0.0.1:{house.port}"
    assert f"Sora Portal is running at {origin}\n" in house.log
    with httpx.Client(base_url=origin, trust_env=False, timeout=20) as client:
        assert client.get("/healthz").text == "ok\n"
        page = sign_in(client)
        assert (page.status_code, page.url.path) == (200, "/")
        assert "Ada Moreau" in page.text
    assert httpx.get(f"http://127.0.0.1:{house.port + 1}/_memory", trust_env=False).status_code == 200
    commands = " ".join(ours(house.marker).values())
    assert all(part in commands for part in ("gunicorn", "cluster work", "cluster sweep", "sandbox", "qcluster"))

    os.kill(up.pid, signal.SIGINT)
    assert up.wait(25) == 0, house.log[-3000:]
    require_all_gone(house)

    database = (house.folder / "portal.sqlite3").stat().st_ino
    up = start(house)
    assert (house.folder / "portal.sqlite3").stat().st_ino == database
    assert "static files" not in house.log, "nothing changed, so nothing is collected"
    up.kill()
    up.wait(5)
    require_all_gone(house)


def test_up_names_a_taken_port_and_starts_nothing(house: Installation, tmp_path: Path) -> None:
    other = Installation(tmp_path)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", other.port))
        taken.listen()
        up = other.start("up")
        assert up.wait(60) == 1
    assert f"Port {other.port}, wanted for the portal on 127.0.0.1, cannot be used" in other.log
    assert f"PORT={other.port + 10} make run" in other.log
    assert not (tmp_path / "portal.sqlite3").exists()
    assert ours(other.marker) == {}
