"""Pages while one member, and then eight, send pictures that cost seconds each. `python -m bench.pictures`"""

import http.client
import io
import re
import shlex
import threading
import time
from pathlib import Path
from typing import Any

from bench import common
from bench.poller import free_port

SENDERS = 8
SECONDS = 12.0
SIDE = 6000  # pixels; the most that a PNG may have are 36 million


def costly(number: int) -> bytes:
    """Return a small PNG with as many pixels as may be, another one for each `number`."""
    from PIL import Image, ImageDraw

    image = Image.new("RGB", (SIDE, SIDE), (number, 40, 200))
    for line in range(0, SIDE, 97):
        ImageDraw.Draw(image).line((0, line, SIDE, SIDE - line), fill=(line % 255, 90, number), width=3)
    out = io.BytesIO()
    image.save(out, "PNG", compress_level=6)
    return out.getvalue()


def web(port: int) -> list[str]:
    """Return the Procfile's web command for this port, for Python to run."""
    line = next(line for line in (common.ROOT / "Procfile").read_text().splitlines() if line.startswith("web:"))
    values = {"HOST": "127.0.0.1", "PORT": str(port)}
    words = shlex.split(re.sub(r"\$\{(\w+):-[^}]*\}", lambda found: values[found[1]], line.removeprefix("web:")))
    return words[1:] if words[0] == "python" else ["-m", *words]


def send(port: int, cookies: tuple[str, str], body: bytes) -> int:
    """Post one picture as the page does; return the status."""
    session, token = cookies
    form = (
        b'--x\r\nContent-Disposition: form-data; name="picture"; filename="a.png"\r\nContent-Type: image/png\r\n\r\n'
        + body
        + b"\r\n--x--\r\n"
    )
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    headers = {
        "Cookie": f"sessionid={session}; csrftoken={token}",
        "X-CSRFToken": token,
        "Content-Type": "multipart/form-data; boundary=x",
    }
    connection.request("POST", "/pictures/add/", body=form, headers=headers)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status


def attack(port: int, people: list[tuple[str, str]], bodies: list[bytes]) -> tuple[list[float], dict[int, int]]:
    """Let SENDERS send as fast as they are answered; return how long /healthz took meanwhile, and what was answered."""
    end = time.monotonic() + SECONDS
    statuses: list[int] = []
    times: list[float] = []

    def sender(number: int) -> None:
        while time.monotonic() < end:
            status = send(port, people[number % len(people)], bodies[number])
            statuses.append(status)
            if status == 429:
                time.sleep(0.2)

    threads = [threading.Thread(target=sender, args=(number,)) for number in range(SENDERS)]
    for thread in threads:
        thread.start()
    while time.monotonic() < end:
        began = time.monotonic()
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.request("GET", "/healthz")
        connection.getresponse().read()
        connection.close()
        times.append(time.monotonic() - began)
        time.sleep(0.05)
    for thread in threads:
        thread.join()
    return times, {status: statuses.count(status) for status in sorted(set(statuses))}


def sign_in(number: int) -> tuple[str, str]:
    """Return the session and the CSRF token of a member of their own."""
    from django.test import Client

    from tests import factories

    browser: Any = Client()
    person = factories.ada() if number == 0 else factories.user(f"p{number}")
    browser.force_login(person)
    browser.get("/")
    return browser.cookies["sessionid"].value, browser.cookies["csrftoken"].value


def main() -> None:
    """Measure both attacks and print what /healthz took."""
    folder: Path = common.prepare()
    from django.conf import settings
    from django.core.management import call_command

    call_command("collectstatic", verbosity=0, interactive=False)
    settings.ALLOWED_HOSTS.append("testserver")
    (folder / "run").mkdir(exist_ok=True)
    bodies = [costly(number) for number in range(SENDERS)]
    people = [sign_in(number) for number in range(SENDERS)]
    port = free_port()
    with common.process(*web(port), ready=4.0):
        for name, senders in (("one_member", people[:1]), ("eight_members", people)):
            times, statuses = attack(port, senders, bodies)
            common.report(f"pictures.{name}.healthz_p95", common.percentile(times, 0.95), "s", answers=statuses)


if __name__ == "__main__":
    main()
