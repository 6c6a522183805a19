"""`check --deploy` refuses an installation that still wears the clothes of a test."""

import pytest
from cryptography.fernet import Fernet
from django.core import checks
from pytest_django import Settings


def found() -> list[str]:
    messages = checks.run_checks(tags=["security"], include_deployment_checks=True)
    return sorted(str(message.id) for message in messages if str(message.id).startswith("operations."))


def production(settings: Settings) -> None:
    settings.SORA_PORTAL_TEST_MODE = False
    settings.SORA_PORTAL_TIME_SCALE = 1.0
    settings.SORA_PORTAL_FIELD_KEYS = [Fernet.generate_key().decode()]


def test_deploy_check_finds_nothing_in_production_settings(settings: Settings) -> None:
    production(settings)
    assert found() == []


def test_deploy_check_refuses_test_mode(settings: Settings) -> None:
    production(settings)
    settings.SORA_PORTAL_TEST_MODE = True
    assert found() == ["operations.E001"]


def test_deploy_check_warns_of_a_scaled_clock(settings: Settings) -> None:
    production(settings)
    settings.SORA_PORTAL_TIME_SCALE = 0.05
    assert found() == ["operations.W001"]


def test_deploy_check_names_the_key_that_cannot_encrypt_but_does_not_print_it(settings: Settings) -> None:
    production(settings)
    settings.SORA_PORTAL_FIELD_KEYS = [Fernet.generate_key().decode(), "mistyped"]
    [message] = [one for one in checks.run_checks(include_deployment_checks=True) if one.id == "operations.E002"]
    assert "Key 2" in message.msg
    assert "mistyped" not in f"{message.msg}{message.hint}"


def test_test_mode_alone_is_no_fault_outside_deployment_checks(settings: Settings) -> None:
    production(settings)
    settings.SORA_PORTAL_TEST_MODE = True
    assert [one for one in checks.run_checks() if str(one.id).startswith("operations.")] == []


SMTP = "django.core.mail.backends.smtp.EmailBackend"


def _mail(
    settings: Settings, backend: str = SMTP, sender: str = "a@portal.example", url: str = "https://a.example"
) -> None:
    production(settings)
    settings.EMAIL_BACKEND = backend
    settings.SORA_PORTAL_MAIL_FROM = sender
    settings.SORA_PORTAL_PUBLIC_URL = url


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, []),
        ({"sender": ""}, ["operations.E004"]),
        ({"url": ""}, ["operations.W002"]),
        ({"backend": SMTP.replace("smtp", "console")}, ["operations.E003"]),
        ({"backend": SMTP.replace("smtp", "filebased")}, ["operations.E003"]),
        ({"backend": SMTP.replace("smtp", "dummy"), "sender": "", "url": ""}, ["operations.I001"]),
    ],
)
def test_deploy_check_looks_at_mail(settings: Settings, values: dict[str, str], expected: list[str]) -> None:
    _mail(settings, **values)
    assert found() == expected


def test_deploy_check_refuses_a_portal_under_any_name(settings: Settings) -> None:
    production(settings)
    settings.ALLOWED_HOSTS = ["portal.example", "*"]
    assert found() == ["operations.E005"]
