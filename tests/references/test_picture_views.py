"""Pictures going out: to those who may use them, and for a while to whoever holds a signed address."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core import signing
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from sora_portal.accounts.models import User
from sora_portal.references import actions, links, storage
from sora_portal.references.models import ReferenceImage
from tests import factories
from tests.references import files, rows

ORIGIN = "https://portal.example"
pytestmark = pytest.mark.django_db


def _path(row: ReferenceImage, now: datetime | None = None) -> str:
    """Return the public address of `row` without its origin, made `now`."""
    address = links.address(row.public_id, origin=ORIGIN, now=now or timezone.now())
    assert address.startswith(ORIGIN + "/r/")
    return address.removeprefix(ORIGIN)


def _token(path: str) -> str:
    return path.split("/")[2]


def _status(client: Client, path: str) -> int:
    """Return the status of a GET, read to its end."""
    answer = client.get(path)
    b"".join(answer)
    return answer.status_code


def _bytes(answer: Any) -> bytes:
    return b"".join(answer.streaming_content)


# --- for people --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("view", ["picture", "thumb"])
def test_picture_is_for_its_owner_and_admins_until_it_is_used(client: Client, view: str) -> None:
    factories.project()
    row = rows.picture()
    url = reverse(f"references:{view}", args=[row.public_id])

    def status(person: Callable[[], User]) -> int:
        client.force_login(person())
        return _status(client, url)

    assert [status(each) for each in (factories.ada, factories.mo, factories.rae, factories.eve)] == [
        200,
        200,
        404,
        404,
    ]
    actions.mark_used(images=[row], project=factories.project(), now=timezone.now())
    assert [status(each) for each in (factories.ada, factories.mo, factories.rae, factories.eve)] == [
        200,
        200,
        200,
        404,
    ]


@pytest.mark.parametrize("view", ["picture", "thumb"])
def test_picture_is_served_as_what_it_is_and_kept_from_others_caches(client: Client, view: str) -> None:
    client.force_login(factories.ada())
    answer = client.get(reverse(f"references:{view}", args=[rows.picture().public_id]))
    assert _bytes(answer).startswith(b"\xff\xd8\xff")
    assert answer["Content-Type"] == "image/jpeg"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Cache-Control"].startswith("private")
    assert "Cookie" in answer["Vary"]


def test_picture_whose_file_is_lost_is_a_404(client: Client) -> None:
    row = rows.picture()
    storage.discard(row.public_id)
    client.force_login(factories.ada())
    assert _status(client, reverse("references:thumb", args=[row.public_id])) == 404
    assert _status(client, _path(row)) == 404


# --- for vendors -------------------------------------------------------------------------------------------------


def test_address_gives_the_picture_to_anybody_without_a_cookie(client: Client) -> None:
    row = rows.picture(data=files.telling_jpeg())
    answer = client.get(_path(row))
    assert answer.status_code == 200
    assert _bytes(answer) == storage.picture_path(row.public_id).read_bytes()
    assert answer["Content-Type"] == "image/jpeg"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Disposition"] == 'inline; filename="picture.jpg"'
    assert answer["Cache-Control"] == "private, no-store"
    assert not answer.cookies
    assert not answer.has_header("Vary")
    head = client.head(_path(row))
    assert b"".join(head) == b""
    assert head.status_code == 200
    assert client.post(_path(row)).status_code == 405


def test_address_ends_after_its_time(client: Client, settings: Settings) -> None:
    row = rows.picture()
    now = timezone.now()
    hours = timedelta(hours=settings.SORA_PORTAL_PICTURE_HOURS)
    assert _status(client, _path(row, now - hours + timedelta(minutes=1))) == 200
    answer = client.get(_path(row, now - hours - timedelta(seconds=1)))
    assert (answer.status_code, answer.content) == (404, b"not found\n")
    settings.SORA_PORTAL_PICTURE_HOURS = 1
    assert _status(client, _path(row, now - timedelta(minutes=61))) == 404


def test_address_cannot_be_extended_or_moved_to_another_picture(client: Client) -> None:
    mine, other = rows.picture(), rows.picture(factories.eve(), files.png(200, 100))
    token = _token(_path(mine, timezone.now() - timedelta(days=9)))
    public_id, expires, signature = token.split(".")
    later = str(int(expires) + 10**6)
    fresh = _token(_path(mine)).split(".")
    forged = [
        f"{public_id}.{later}.{signature}",
        f"{public_id}.{later}.{fresh[2]}",
        f"{other.public_id}.{fresh[1]}.{fresh[2]}",
        f"{fresh[0]}.{fresh[1]}0.{fresh[2]}",
        f"{fresh[0]}.{fresh[1]}.{fresh[2][:-1]}",
        f"{fresh[0]}.{fresh[1]}.{fresh[2]}A",
        f"{fresh[0]}.{fresh[1]}.",
        f"{fresh[0]}.{fresh[1]}",
        fresh[0],
        signing.Signer(sep=".").sign(f"{mine.public_id}.{later}"),
        signing.Signer(salt="sora_portal.references.links", sep=".", key="guess").sign(f"{mine.public_id}.{later}"),
    ]
    for each in forged:
        answer = client.get(f"/r/{each}/picture.jpg")
        assert (each, answer.status_code) == (each, 404)
        assert answer.content == b"not found\n"


@pytest.mark.parametrize(
    "path",
    [
        "/r/../../etc/passwd/picture.jpg",
        "/r/..%2f..%2fetc%2fpasswd/picture.jpg",
        "/r/%2e%2e/picture.jpg",
        "/r/x/../picture.jpg",
        "/r/%00/picture.jpg",
        "/r/ﬀ.1.é/picture.jpg",
        "/r/" + "a" * 5000 + "/picture.jpg",
        "/r/{token}/thumb.jpg",
        "/r/{token}/../picture.jpg",
        "/r/{token}/picture.jpg/",
        "/r/{token}/picture.jpg%00.png",
    ],
)
def test_no_path_leads_elsewhere(client: Client, path: str) -> None:
    token = _token(_path(rows.picture()))
    assert _status(client, path.replace("{token}", token)) == 404


def test_token_of_ours_that_names_a_file_instead_of_a_row_is_a_404(client: Client) -> None:
    """Even a valid signature reaches only what a row names."""
    (storage.root()).mkdir(parents=True)
    (storage.root().parent / "secret.jpg").write_bytes(b"secret")
    path = links.address("..%5csecret", origin="", now=timezone.now())
    assert _status(client, path) == 404
    token = links._signer.sign("secret.9999999999")
    assert _status(client, f"/r/{token}/picture.jpg") == 404


def test_guessing_costs_no_query(client: Client, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    row = rows.picture()
    guess = f"{row.public_id}.9999999999.{'A' * 43}"
    with django_assert_num_queries(0):
        assert _status(client, f"/r/{guess}/picture.jpg") == 404


def test_address_of_a_removed_picture_is_a_404(client: Client) -> None:
    row = rows.picture()
    path = _path(row)
    ReferenceImage.objects.all().delete()
    assert _status(client, path) == 404
