"""A real web server on the test's own database, and somebody who is signed in there."""

import http.client
import socket
import urllib.error
import urllib.request
from urllib.parse import urlencode, urlsplit

from django.test import Client

from sora_portal import webserver
from tests import factories
from tests.crashes.conftest import Crew
from tests.operations.installation import free_ports

TOKEN = "c" * 32  # a CSRF cookie and the field that matches it


class Web:
    """The web server, whose worker processes come back when they are killed, and ada's session."""

    def __init__(self, crew: Crew, *, workers: int = 1) -> None:
        self.origin = f"http://127.0.0.1:{free_ports()}"
        crew.public = self.origin
        command = webserver.command(urlsplit(self.origin).netloc)[1:]
        self.process = crew.start(*command, "--workers", str(workers))
        client = Client()
        client.force_login(factories.ada())
        self._cookies = f"sessionid={client.cookies['sessionid'].value}; csrftoken={TOKEN}"
        crew.wait(self._listens)

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", urlsplit(self.origin).port)) == 0

    def post(self, path: str, body: bytes, **headers: str) -> int:
        """Return the status of a POST; 0 when whoever was to answer it died."""
        request = urllib.request.Request(self.origin + path, body, {"Cookie": self._cookies, **headers})
        try:
            with urllib.request.urlopen(request, timeout=90) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code
        except (urllib.error.URLError, http.client.HTTPException, ConnectionError):
            return 0

    def form(self, key: str) -> bytes:
        """Return ada's form with this submit key."""
        model = factories.offered_model()
        fields = {
            "project": factories.project().pk,
            "model": model.pk,
            "prompt": f"a fox called {key}",
            "submit_key": key,
            "csrfmiddlewaretoken": TOKEN,
            **{name: value for name, value in model.rules.defaults().items() if value},
        }
        return urlencode(fields).encode()

    def submit(self, key: str) -> int:
        """Send ada's form with this submit key; return the status."""
        return self.send(self.form(key))

    def send(self, form: bytes) -> int:
        """Send a form as the composer does; return the status."""
        return self.post("/submit/", form, **{"HX-Request": "true"})

    def close(self) -> None:
        """Stop it in good order."""
        self.process.terminate()
        self.process.join(30)
