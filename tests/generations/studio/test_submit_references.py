"""Submitting with pictures and characters: what is refused beside the field, and what is written down."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import ProtectedError
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from sora_portal.accounts.models import User
from sora_portal.catalog.models import Connection
from sora_portal.catalog.spec.domain import InvalidChoices
from sora_portal.generations import actions
from sora_portal.generations.models import Generation, ReferenceUse
from sora_portal.ledger.models import Hold
from sora_portal.references import actions as references
from sora_portal.references import using
from sora_portal.references.actions import Unusable
from sora_portal.references.domain import GONE_PICTURE
from sora_portal.references.models import ReferenceImage
from tests import factories
from tests.references import files, rows

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
PROMPT = "A horse taking flight over the sea"


@pytest.fixture(autouse=True)
def reachable(settings: Settings) -> None:
    """As with `make run`: the sandbox on this machine can fetch from the portal."""
    settings.SORA_PORTAL_PUBLIC_URL = "http://127.0.0.1:8000"


@pytest.fixture
def ada(client: Client) -> User:
    factories.money()
    client.force_login(factories.ada())
    return factories.ada()


def _form(slug: str = "ruxa-sora-2", **values: object) -> dict[str, object]:
    model = factories.offered_model(slug)
    chosen = {key: value for key, value in model.rules.defaults().items() if value}
    base = {"project": factories.project().pk, "model": model.pk, "prompt": PROMPT, "submit_key": "abc"}
    return {**base, **chosen, **values}


def _post(client: Client, **values: object) -> Any:
    return client.post("/submit/", _form(**values), headers=HTMX)  # type: ignore[arg-type]


def test_use_is_written_down_with_the_video_and_shares_the_picture(client: Client, ada: User) -> None:
    picture, character = rows.picture(), rows.from_clip()
    assert _post(client, image=picture.choice, character=character.choice).status_code == 200
    row = Generation.objects.get()
    assert {(use.image, use.character) for use in row.uses.all()} == {(picture, None), (None, character)}
    picture.refresh_from_db()
    assert picture.last_used_at is not None
    assert list(picture.projects.all()) == [factories.project()]
    assert picture in ReferenceImage.objects.visible_to(factories.rae())
    assert row.choices["image"] == picture.choice


def test_same_form_twice_is_one_use(client: Client, ada: User) -> None:
    picture = rows.picture()
    for _ in range(2):
        assert _post(client, image=picture.choice).status_code == 200
    assert ReferenceUse.objects.count() == 1


def test_same_picture_named_twice_is_one_use(client: Client, ada: User) -> None:
    picture = rows.picture()
    assert (
        _post(client, slug="apixo-kling-2-6", shape="", image=f"{picture.choice}\n{picture.choice}").status_code == 200
    )
    assert ReferenceUse.objects.count() == 1


@pytest.mark.parametrize("field", ["image", "character"])
def test_what_belongs_to_a_stranger_is_a_422_beside_the_field(client: Client, ada: User, field: str) -> None:
    theirs = rows.picture(factories.eve()) if field == "image" else rows.from_clip(factories.eve())
    answer = _post(client, **{field: theirs.choice})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert PROMPT in page
    if field == "image":
        assert "no longer here" in page
        assert f"/pictures/{theirs.public_id}/" not in page, "not even its address"
    else:
        assert "not in the register" in page
        assert theirs.name not in page  # type: ignore[union-attr]
    assert not Generation.objects.exists()
    assert not Hold.objects.exists()


@pytest.mark.parametrize(
    "value", ["ref:../../secret", "ref:' or 1=1 --", "chr:abc", "file:///etc/passwd", "http://a.example/x.jpg", "ref:"]
)
def test_forged_names_are_a_422(client: Client, ada: User, value: str) -> None:
    assert _post(client, image=value).status_code == 422
    assert not Generation.objects.exists()


def test_thousands_of_names_are_refused_without_thousands_of_pictures(client: Client, ada: User) -> None:
    answer = _post(client, image="\n".join(f"ref:{number:032x}" for number in range(20_000)))
    assert answer.status_code == 422
    assert answer.content.decode().count("data-line=") < 100
    assert not Generation.objects.exists()


def test_retired_character_is_a_422(client: Client, ada: User) -> None:
    row = rows.from_clip()
    references.set_retired(by=ada, character=row, retired=True, now=timezone.now())
    answer = _post(client, character=row.choice)
    assert answer.status_code == 422
    assert "Fox is retired" in answer.content.decode()


def test_character_retired_between_form_and_action_is_a_422(
    client: Client, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = rows.from_clip()
    real = actions.submit

    def late(**values: Any) -> Any:
        references.set_retired(by=ada, character=row, retired=True, now=timezone.now())
        return real(**values)

    monkeypatch.setattr(actions, "submit", late)
    answer = _post(client, character=row.choice)
    assert answer.status_code == 422
    assert "Fox is retired" in answer.content.decode()


def test_action_refuses_by_itself(ada: User) -> None:
    theirs = rows.picture(factories.eve())
    with pytest.raises(InvalidChoices) as refusal:
        factories.generation(image=theirs.choice)
    assert refusal.value.errors == {"image": GONE_PICTURE}


def test_draft_pruned_between_check_and_write_is_refused_and_costs_nothing(
    ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture = rows.picture()
    monkeypatch.setattr(using, "problems", lambda **_: {})
    ReferenceImage.objects.all().delete()
    with pytest.raises(Unusable, match="no longer here"):
        factories.generation(image=picture.choice)
    assert not Hold.objects.exists()


def test_used_picture_is_never_pruned_and_cannot_be_deleted(client: Client, ada: User) -> None:
    picture = rows.picture()
    _post(client, image=picture.choice)
    assert references.prune(now=timezone.now() + timedelta(days=400)) == 0
    with pytest.raises(ProtectedError):
        ReferenceImage.objects.all().delete()


def test_uploaded_picture_without_a_public_origin_is_refused_and_said_before(
    client: Client, ada: User, settings: Settings
) -> None:
    picture, _ = rows.picture(), factories.offered_model()
    Connection.objects.filter(slug="ruxa").update(secret_key="sk-test-key-0001")
    answer = _post(client, image=picture.choice)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Ruxa AI cannot fetch uploaded pictures" in page
    assert PROMPT in page
    composer = client.get("/").content.decode()
    assert "Ruxa AI cannot fetch uploaded pictures" in composer
    assert 'type="file"' not in composer
    assert _post(client, image="https://pictures.example.com/a.jpg").status_code == 200


# --- a browser without scripts -----------------------------------------------------------------------------------


def _file(data: bytes, name: str = "a.jpg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data, "image/jpeg")


def test_plain_file_input_goes_with_the_form(client: Client, ada: User) -> None:
    answer = client.post("/submit/", _form(image__files=_file(files.telling_jpeg())))
    assert answer.status_code == 302
    picture = ReferenceImage.objects.get()
    assert Generation.objects.get().choices["image"] == picture.choice


def test_files_come_after_the_addresses(client: Client, ada: User) -> None:
    values = {"shape": "", "image": "https://pictures.example.com/a.jpg", "image__files": _file(files.png(), "b.png")}
    assert client.post("/submit/", _form("apixo-kling-2-6", **values)).status_code == 302
    first, second = Generation.objects.get().choices["image"].split("\n")
    assert (first, second) == ("https://pictures.example.com/a.jpg", ReferenceImage.objects.get().choice)


@pytest.mark.parametrize("data", [files.SVG, files.jpeg()[:900], b"\0" * (12 * 1024 * 1024)])
def test_bad_file_is_a_422_that_keeps_everything_else(client: Client, ada: User, data: bytes) -> None:
    picture = rows.picture()
    answer = client.post("/submit/", _form(image=picture.choice, image__files=_file(data)))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert PROMPT in page
    assert picture.choice in page
    assert any(words in page for words in ("SVG", "damaged", "larger than 10 MB"))
    assert not Generation.objects.exists()


def test_good_file_beside_a_bad_setting_is_not_lost(client: Client, ada: User) -> None:
    answer = client.post("/submit/", _form(prompt=" ", image__files=_file(files.png())))
    assert answer.status_code == 422
    assert ReferenceImage.objects.get().choice in answer.content.decode()


@pytest.mark.parametrize("more", [False, True])
def test_picture_of_another_video_is_in_the_composer_again_and_in_sight(client: Client, ada: User, more: bool) -> None:
    picture = rows.picture()
    _post(client, image=picture.choice)
    model = Generation.objects.get().model
    next(field for field in model.spec["fields"] if field["key"] == "image")["more"] = more
    model.save()
    page = client.get(f"/?from={Generation.objects.get().public_id}").content.decode()
    assert f"/pictures/{picture.public_id}/thumb.jpg" in page
    assert ('<details class="more" id="composer-more" open>' in page) is more
