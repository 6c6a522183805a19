"""/pictures/add/: one picture in, its name out, or a sentence."""

import io
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.urls import reverse

from sora_portal.references import actions, storage
from sora_portal.references.models import ReferenceImage
from sora_portal.web import uploads
from tests import factories
from tests.references import files, rows

URL = "/pictures/add/"
pytestmark = pytest.mark.django_db


@pytest.fixture
def ada(client: Client) -> Client:
    """A browser in which ada is signed in."""
    client.force_login(factories.ada())
    return client


def _send(client: Client, data: bytes, name: str = "photo.jpg", kind: str = "image/jpeg") -> Any:
    return client.post(URL, {"picture": SimpleUploadedFile(name, data, kind)})


def test_upload_stores_the_picture_made_anew_and_names_it(ada: Client) -> None:
    answer = _send(ada, files.telling_jpeg())
    row = ReferenceImage.objects.get()
    assert answer.status_code == 201
    assert answer.json() == {
        "choice": f"ref:{row.public_id}",
        "thumb": reverse("references:thumb", args=[row.public_id]),
        "text": "200 × 320",
    }
    stored = storage.picture_path(row.public_id).read_bytes()
    assert b"SECRET" not in stored
    assert (row.owner, row.size, row.source_format) == (factories.ada(), len(stored), "JPEG")
    assert sorted(path.name for path in storage.root().iterdir()) == [
        f"{row.public_id}.jpg",
        f"{row.public_id}.thumb.jpg",
    ]


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "..\\evil.jpg", "a" * 300 + ".jpg", "x\0y.jpg", "<img src=x>.svg"]
)
def test_name_and_type_of_the_file_mean_nothing(ada: Client, name: str) -> None:
    answer = _send(ada, files.png(), name, "text/html")
    assert answer.status_code == 201
    assert {path.parent for path in storage.root().rglob("*.jpg")} == {storage.root()}
    assert "evil" not in "".join(path.name for path in storage.root().iterdir())


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (files.SVG, "SVG"),
        (files.HTML, "not a JPG"),
        (files.jpeg()[:500], "damaged"),
        (files.jpeg(1, 1), "1 × 1"),
        (b"", "empty"),
    ],
)
def test_bad_file_is_a_422_with_a_sentence_and_leaves_nothing(ada: Client, data: bytes, words: str) -> None:
    answer = _send(ada, data)
    assert answer.status_code == 422
    assert words in answer.json()["error"]
    assert not ReferenceImage.objects.exists()
    assert not storage.root().exists()


def test_no_file_is_a_422(ada: Client) -> None:
    assert ada.post(URL).status_code == 422
    assert ada.post(URL, {"picture": "not a file"}).status_code == 422


def test_file_over_the_limit_is_refused_whether_or_not_it_was_read_to_its_end(ada: Client) -> None:
    for size in (files.BYTES_MOST + 1, uploads.LIMIT + 70_000):
        answer = _send(ada, files.jpeg() + b"\0" * (size - len(files.jpeg())))
        assert answer.status_code == 422
        assert "larger than 10 MB" in answer.json()["error"]


def test_same_picture_of_the_same_person_is_one_row(ada: Client) -> None:
    first = _send(ada, files.png()).json()
    second = _send(ada, files.png()).json()
    assert first == second
    assert ReferenceImage.objects.count() == 1
    other = rows.picture(factories.eve(), files.png())
    assert f"ref:{other.public_id}" != first["choice"]


def test_same_picture_again_brings_back_a_lost_file(ada: Client) -> None:
    row = rows.picture()
    storage.discard(row.public_id)
    assert rows.picture().pk == row.pk
    assert storage.picture_path(row.public_id).exists()


def test_two_uploads_of_one_picture_at_the_same_moment_leave_one_row(monkeypatch: pytest.MonkeyPatch) -> None:
    earlier = actions._earlier
    calls = []

    def late(*args: Any) -> ReferenceImage | None:
        calls.append(1)
        if len(calls) == 1:
            monkeypatch.setattr(actions, "_earlier", earlier)
            rows.picture()
            monkeypatch.setattr(actions, "_earlier", late)
            return None
        return earlier(*args)

    monkeypatch.setattr(actions, "_earlier", late)
    row = rows.picture()
    assert ReferenceImage.objects.get() == row
    assert len(list(storage.root().iterdir())) == 2
    assert not connection.needs_rollback


def test_drafts_have_a_limit(ada: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions, "UNUSED_MOST", 2)
    rows.picture(data=files.png(100, 100))
    rows.picture(data=files.png(101, 100))
    answer = _send(ada, files.png(102, 100))
    assert answer.status_code == 422
    assert "no video uses" in answer.json()["error"]
    assert _send(ada, files.png(101, 100)).status_code == 201


def test_upload_is_a_post_of_somebody_signed_in(client: Client) -> None:
    assert _send(client, files.jpeg())["Location"].startswith("/accounts/login/")
    assert not ReferenceImage.objects.exists()
    client.force_login(factories.ada())
    assert client.get(URL).status_code == 405


def test_upload_wants_the_csrf_token() -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(factories.ada())
    assert client.post(URL, {"picture": io.BytesIO(files.jpeg())}).status_code == 403
