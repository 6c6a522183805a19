"""What every answer tells browsers, and the cookies of a portal behind https."""

import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from tests import factories

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.django_db
@pytest.mark.parametrize("signed_in", [True, False])
@pytest.mark.parametrize(
    "path", ["/", "/library/", "/accounts/login/", "/accounts/logout/", "/nowhere/", "/healthz", "/admin/"]
)
def test_every_answer_has_the_headers(client: Client, path: str, signed_in: bool) -> None:
    if signed_in:
        client.force_login(factories.ada())
    answer = client.get(path)
    assert "no-store" in answer["Cache-Control"]
    assert "camera=()" in answer["Permissions-Policy"]
    assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer["Referrer-Policy"] == "same-origin"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "frame-ancestors 'none'" in answer["Content-Security-Policy"]


@pytest.mark.django_db
def test_a_toast_for_the_next_page_has_no_cookie_of_its_own(client: Client) -> None:
    client.force_login(factories.mo())
    client.post(reverse("accounts:role", args=[factories.ada().pk]), {"role": "reviewer"})
    assert set(client.cookies) <= {settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME}


@pytest.mark.parametrize(("https", "prefix"), [("1", "__Host-"), ("0", "")])
def test_cookies_of_a_portal_behind_https_belong_to_its_host_alone(https: str, prefix: str, tmp_path: Path) -> None:
    names = ["SESSION_COOKIE_NAME", "CSRF_COOKIE_NAME", "SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE"]
    shown = "; ".join(f"print(getattr(settings, {name!r}, 'default'))" for name in names)
    code = f"from sora_portal import settings; {shown}; print(getattr(settings, 'SESSION_COOKIE_DOMAIN', None))"
    environment = {"SORA_PORTAL_SECRET_KEY": "x" * 50, "SORA_PORTAL_FIELD_KEYS": "x", "SORA_PORTAL_HTTPS": https}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**environment, "SORA_PORTAL_DATA_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    session, csrf, *secure, domain = done.stdout.split()
    assert (session.startswith("__Host-"), csrf.startswith("__Host-")) == (bool(prefix), bool(prefix))
    assert (set(secure), domain) == ({str(https == "1")}, "None")
