"""Liveness: the process answers."""

import pytest
from django.test import Client
from pytest_django import Settings


def test_healthz_answers_without_a_database(client: Client) -> None:
    # No `db` fixture: a query would fail the test.
    answer = client.get("/healthz")
    assert (answer.status_code, answer.content) == (200, b"ok\n")


def test_healthz_makes_no_session_and_is_not_cached(client: Client) -> None:
    answer = client.get("/healthz")
    assert not answer.cookies
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_health_refuses_to_be_posted_to(client: Client, path: str) -> None:
    assert client.post(path).status_code == 405


def test_healthz_answers_plain_http_when_the_portal_wants_https(client: Client, settings: Settings) -> None:
    settings.SECURE_SSL_REDIRECT = True
    assert client.get("/healthz").status_code == 200
    assert client.get("/accounts/login/").status_code == 301


@pytest.mark.parametrize("host", ["10.0.0.7", "pod-7.internal:8000", "a_b", ""])
def test_probe_is_answered_under_any_host(client: Client, host: str, settings: Settings) -> None:
    settings.ALLOWED_HOSTS = ["portal.example"]
    assert client.get("/healthz", headers={"Host": host}).status_code == 200
    assert client.get("/accounts/login/", headers={"Host": host or "x"}).status_code == 400
