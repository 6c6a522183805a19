"""Serving the file and its picture: who gets it, and in which pieces."""

import pytest
from django.http import HttpResponseBase
from django.test import Client
from django.urls import reverse

from sora_portal.generations.models import Generation
from sora_portal.outputs.media import storage
from sora_portal.outputs.models import Output
from sora_portal.outputs.presentation import file_name
from tests import factories
from tests.outputs import clips

pytestmark = pytest.mark.django_db

BODY = bytes(range(200)) * 5
SIZE = len(BODY)


@pytest.fixture
def video() -> Generation:
    """A finished video of ada's."""
    return clips.finished(BODY, prompt="Ocean waves: 100% “real”\r\nX-Evil: 1")


@pytest.fixture
def ada(client: Client) -> Client:
    """A browser in which ada is signed in."""
    client.force_login(factories.ada())
    return client


def url(video: Generation, name: str = "file.mp4") -> str:
    """Return the address of the video's file or picture."""
    return f"/videos/{video.public_id}/{name}"


def body(response: HttpResponseBase) -> bytes:
    """Return all that the answer carries."""
    return b"".join(response)  # type: ignore[arg-type]


def test_file_comes_whole_with_private_headers(ada: Client, video: Generation) -> None:
    response = ada.get(url(video))

    assert (response.status_code, body(response)) == (200, BODY)
    assert response["Content-Type"] == "video/mp4"
    assert response["Content-Length"] == str(SIZE)
    assert response["Accept-Ranges"] == "bytes"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "private" in response["Cache-Control"]
    assert "Cookie" in response["Vary"]
    assert response["ETag"] == f'"{video.sha256}"'


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-1", 0, 1),
        ("bytes=0-0", 0, 0),
        ("bytes=10-", 10, SIZE - 1),
        ("bytes=10-99999", 10, SIZE - 1),
        ("bytes=-5", SIZE - 5, SIZE - 1),
        ("bytes=-99999", 0, SIZE - 1),
        (f"bytes={SIZE - 1}-", SIZE - 1, SIZE - 1),
    ],
)
def test_file_comes_in_the_range_that_was_asked_for(
    asked: str, start: int, end: int, ada: Client, video: Generation
) -> None:
    response = ada.get(url(video), headers={"Range": asked})

    assert (response.status_code, body(response)) == (206, BODY[start : end + 1])
    assert response["Content-Range"] == f"bytes {start}-{end}/{SIZE}"
    assert response["Content-Length"] == str(end - start + 1)


@pytest.mark.parametrize("asked", [f"bytes={SIZE}-", "bytes=99999-100000", "bytes=-0"])
def test_file_has_no_such_range(asked: str, ada: Client, video: Generation) -> None:
    response = ada.get(url(video), headers={"Range": asked})

    assert (response.status_code, body(response)) == (416, b"")
    assert response["Content-Range"] == f"bytes */{SIZE}"


@pytest.mark.parametrize("asked", ["bytes=0-1,5-6", "lines=1-2", "bytes=x-y", "bytes"])
def test_file_comes_whole_when_the_range_is_not_understood(asked: str, ada: Client, video: Generation) -> None:
    assert body(ada.get(url(video), headers={"Range": asked})) == BODY


def test_file_of_another_version_is_not_continued(ada: Client, video: Generation) -> None:
    same = ada.get(url(video), headers={"Range": "bytes=5-9", "If-Range": f'"{video.sha256}"'})
    other = ada.get(url(video), headers={"Range": "bytes=5-9", "If-Range": '"something else"'})

    assert (same.status_code, body(same)) == (206, BODY[5:10])
    assert (other.status_code, body(other)) == (200, BODY)


def test_file_answers_head_without_a_body(ada: Client, video: Generation) -> None:
    whole = ada.head(url(video))
    part = ada.head(url(video), headers={"Range": "bytes=0-99"})

    assert (whole.status_code, whole["Content-Length"], body(whole)) == (200, str(SIZE), b"")
    assert (part.status_code, part["Content-Length"], body(part)) == (206, "100", b"")


def test_file_that_the_browser_has_is_not_sent_again(ada: Client, video: Generation) -> None:
    etag = ada.head(url(video))["ETag"]

    response = ada.get(url(video), headers={"If-None-Match": etag})

    assert (response.status_code, body(response)) == (304, b"")


def test_file_is_shown_or_saved_under_a_plain_name(ada: Client, video: Generation) -> None:
    name = f"ocean-waves-100-real-x-evil-1-{video.public_id[-6:]}.mp4"

    assert ada.head(url(video))["Content-Disposition"] == f'inline; filename="{name}"'
    assert ada.head(url(video) + "?download=1")["Content-Disposition"] == f'attachment; filename="{name}"'


def test_file_name_of_a_prompt_without_latin_letters_is_still_one() -> None:
    assert file_name("海浪", "0123456789", "video/webm") == "video-456789.webm"


def test_poster_comes_as_a_picture(ada: Client, video: Generation) -> None:
    response = ada.get(url(video, "poster.webp"))

    assert (response.status_code, response["Content-Type"]) == (200, "image/webp")
    assert body(response) == b"RIFF....WEBP"
    assert response["ETag"] != ada.head(url(video))["ETag"]


@pytest.mark.parametrize("name", ["file.mp4", "poster.webp"])
@pytest.mark.parametrize("person", ["ada", "rae", "mo"])
def test_file_is_given_to_everybody_in_the_project(person: str, name: str, client: Client, video: Generation) -> None:
    client.force_login(getattr(factories, person)())

    assert client.head(url(video, name)).status_code == 200


@pytest.mark.parametrize("name", ["file.mp4", "poster.webp"])
def test_file_is_not_there_for_a_stranger(name: str, client: Client, video: Generation) -> None:
    client.force_login(factories.eve())

    assert client.get(url(video, name)).status_code == 404
    assert client.get(url(video, name), headers={"Range": "bytes=0-1"}).status_code == 404


@pytest.mark.parametrize("name", ["file.mp4", "poster.webp"])
def test_file_sends_anonymous_to_the_sign_in(name: str, client: Client, video: Generation) -> None:
    response = client.get(url(video, name))

    assert response.status_code == 302
    assert response["Location"].startswith("/accounts/login/")


def test_file_cannot_be_posted_to(ada: Client, video: Generation) -> None:
    assert ada.post(url(video)).status_code == 405


def test_file_of_an_unfinished_video_is_not_there(ada: Client) -> None:
    assert ada.get(url(factories.generation())).status_code == 404


def test_file_that_is_missing_on_the_disk_is_gone(
    ada: Client, video: Generation, caplog: pytest.LogCaptureFixture
) -> None:
    storage.video_path(video.sha256, "video/mp4").unlink()

    assert ada.get(url(video)).status_code == 410
    assert "the file is missing" in caplog.text


def test_preview_is_served_like_the_file_and_only_where_there_is_one(client: Client) -> None:
    row = clips.finished()
    client.force_login(factories.ada())
    url = reverse("outputs:preview", args=[row.public_id])
    assert client.get(url).status_code == 404

    Output.objects.filter(generation=row).update(has_preview=True)
    storage.preview_path(row.sha256).write_bytes(b"0123456789")
    answer = client.get(url, headers={"Range": "bytes=2-5"})
    assert (answer.status_code, b"".join(answer.streaming_content)) == (206, b"2345")  # type: ignore[arg-type]
    client.force_login(factories.eve())
    assert client.get(url).status_code == 404
