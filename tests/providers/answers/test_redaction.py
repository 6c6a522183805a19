"""Secrets leave no trace in texts."""

import pytest

from sora_portal.providers.http import redact

TOKEN = "3q9fXv7sKk2ZpL0aTt5uWw8yBb1nMm4cEe6rDd7gHhI"


@pytest.mark.parametrize(
    "text",
    [
        f"Authorization: Bearer {TOKEN}",
        f"'authorization': 'bearer {TOKEN}'",
        f"b'Bearer {TOKEN}'",
        f"Authorization: {TOKEN}",
        f"Incorrect API key provided: sk-{TOKEN}",
        f"https://portal.example/callbacks/{TOKEN}/",
        f'{{"callBackUrl":"https:\\/\\/portal.example\\/callbacks\\/{TOKEN}\\/"}}',
        f"callBackUrl=https%3A%2F%2Fportal.example%2Fcallbacks%2F{TOKEN}%2F",
        f"https://portal.example/r/{'0f' * 16}.1795435248.{TOKEN}/picture.jpg",
        f'{{"imageUrls":["https:\\/\\/portal.example\\/r\\/{"0f" * 16}.1795435248.{TOKEN}\\/picture.jpg"]}}',
        f"image=https%3A%2F%2Fportal.example%2Fr%2F{'0f' * 16}.1795435248.{TOKEN}%2Fpicture.jpg",
    ],
)
def test_known_shapes_of_secrets_are_masked(text: str) -> None:
    assert TOKEN not in redact(text)
    assert "[redacted]" in redact(text)


def test_given_secret_is_masked_in_plain_and_percent_encoded_form() -> None:
    assert redact("key a/b+c== and a%2Fb%2Bc%3D%3D", "a/b+c==") == "key [redacted] and [redacted]"


def test_longer_secret_is_masked_before_a_part_of_it() -> None:
    assert redact("secret-long", "secret", "secret-long") == "[redacted]"


def test_short_or_empty_secret_masks_nothing() -> None:
    assert redact("a plain sentence", "", "a") == "a plain sentence"


def test_plain_text_stays() -> None:
    text = "The bearer of news: callbacks are hints, task-1 failed"
    assert redact(text).startswith("The bearer ")
    assert redact("积分不足，需要 10.00 积分") == "积分不足，需要 10.00 积分"
