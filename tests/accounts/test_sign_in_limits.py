"""Attempts to sign in: counted by person and by client, and as costly for a name that there is not."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from sora_portal.accounts.models import User
from tests import factories

pytestmark = pytest.mark.django_db

ADDRESS = "ada@northwind.example"


@pytest.fixture(autouse=True)
def ada(settings: Settings) -> User:
    """A member with an address, where attempts are limited as in production."""
    settings.ACCOUNT_RATE_LIMITS = {}
    return factories.user("ada", name="Ada Moreau", email=ADDRESS)


def _try(login: str, password: str = "wrong", *, client_at: str = "192.0.2.1", **headers: str) -> str:
    answer = Client().post(
        reverse("account_login"), {"login": login, "password": password}, headers=headers, REMOTE_ADDR=client_at
    )
    if answer.status_code == 302:
        return str(answer["Location"])
    text = answer.content.decode()
    return next(word for word in ("Too fast", "Too many failed", "not correct") if word in text)


def _elsewhere(number: int) -> str:
    return f"192.0.2.{number + 1}"


@pytest.mark.parametrize(
    "login",
    [
        lambda number: "ada",
        lambda number: ("ada", ADDRESS)[number % 2],
        lambda number: ("ada", "ADA", "Ada", " ada ", "aDa")[number % 5],
        lambda number: (ADDRESS, ADDRESS.upper(), f" {ADDRESS}")[number % 3],
        lambda number: ("nina", "NINA", "ｎｉｎａ", " nina", "Nina")[number % 5],
    ],
    ids=["same", "name and address", "case", "case of the address", "unknown"],
)
def test_five_wrong_passwords_close_a_name_however_it_is_typed_and_wherever_they_come_from(
    login: Callable[[int], str], settings: Settings
) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    tries = [_try(login(n), client_at=_elsewhere(n), host=f"h{n}.example") for n in range(5)]
    assert tries == ["not correct"] * 5
    assert _try(login(5), factories.PASSWORD, client_at=_elsewhere(9)) == "Too many failed"
    assert _try("rae", client_at=_elsewhere(9)) == "not correct"


@pytest.mark.parametrize(
    ("proxies", "spoofed", "stopped"),
    [
        (0, lambda n: f"198.51.100.{n}", True),
        (1, lambda n: f"198.51.100.{n}, 203.0.113.7", True),
        (2, lambda n: f"198.51.100.{n}, 203.0.113.7, 10.0.0.1", True),
        (1, lambda n: f"203.0.113.7, 198.51.100.{n}", False),
        (2, lambda n: f"198.51.100.{n}", True),
        (1, lambda n: "", True),
    ],
)
def test_ten_a_minute_from_one_client_are_enough_whatever_it_says_it_is(
    proxies: int, spoofed: Callable[[int], str], stopped: bool, settings: Settings
) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = proxies
    for number in range(10):
        assert _try(f"name{number}", **{"x-forwarded-for": spoofed(number)}) == "not correct"
    assert (_try("name10", **{"x-forwarded-for": spoofed(10)}) == "Too many failed") is stopped


def test_the_right_password_does_not_bring_back_used_attempts_of_others() -> None:
    for number in range(4):
        _try("ada", client_at=_elsewhere(number))
    assert _try("ada", factories.PASSWORD) == "/"
    assert _try("ada", client_at=_elsewhere(7)) == "not correct"
    assert _try("ada", factories.PASSWORD) == "Too many failed"


@pytest.fixture
def hashes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was hashed since."""
    done: list[str] = []
    real: Any = MD5PasswordHasher.encode

    def encode(self: MD5PasswordHasher, password: str, *args: Any, **kwargs: Any) -> str:
        done.append(password)
        return str(real(self, password, *args, **kwargs))

    monkeypatch.setattr(MD5PasswordHasher, "encode", encode)
    return done


def _names() -> dict[str, str]:
    factories.user("off", email="off@northwind.example", is_active=False)
    empty = factories.user("empty")
    empty.set_unusable_password()
    empty.save()
    # Made in the back office: a user name that reads like an address, and the same address.
    factories.user("kim@northwind.example", email="kim@northwind.example")
    return {
        "unknown": "nina",
        "unknown address": "nina@northwind.example",
        "known": "ada",
        "known address": ADDRESS,
        "closed": "off",
        "without a password": "empty",
        "name and address": "kim@northwind.example",
    }


def test_one_hash_for_every_name(hashes: list[str]) -> None:
    found = {}
    for number, (kind, login) in enumerate(_names().items()):
        hashes.clear()
        _try(login, client_at=_elsewhere(number))
        found[kind] = len(hashes)
    assert set(found.values()) == {1}, found


def test_no_hash_once_attempts_are_used_up_for_a_name_that_is_there_and_one_that_is_not(hashes: list[str]) -> None:
    for login in ("ada", "nina"):
        for number in range(5):
            _try(login, client_at=_elsewhere(number))
        hashes.clear()
        assert _try(login, client_at=_elsewhere(8)) == "Too many failed"
        assert hashes == []


def test_made_up_names_do_not_throw_out_the_counts() -> None:
    for number in range(5):
        _try("ada", client_at=_elsewhere(number))
    for number in range(400):
        cache.set(f"made-up-{number}", [1.0], 300)
    assert _try("ada", factories.PASSWORD, client_at=_elsewhere(9)) == "Too many failed"
