"""What is being typed is kept for its author, on the server, until it is sent."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from sora_portal.accounts.models import User
from sora_portal.drafts import actions
from sora_portal.drafts.form_fields import showing
from sora_portal.drafts.models import Draft
from sora_portal.generations.domain import State
from sora_portal.generations.models import Generation
from sora_portal.references import actions as references
from tests import factories
from tests.references import rows

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def ada(client: Client) -> User:
    factories.money()
    factories.offered_model()
    factories.project()
    client.force_login(factories.ada())
    return factories.ada()


def _url(page: str, which: str = "composer") -> str:
    form = page[page.index(f'id="{which}"' if which != "note-form" else 'class="note-form"') :]
    found = re.search(r'data-draft="([^"]+)"', form)
    assert found
    return found[1]


def _token(page: str) -> str:
    found = re.search(r'name="draft" value="([^"]+)"', page)
    assert found
    return found[1]


def _form(**values: str) -> dict[str, str]:
    model = factories.offered_model("ruxa-sora-2")
    chosen = {key: value for key, value in model.rules.defaults().items() if value}
    project = factories.project()
    return {"prompt": "An owl", "model": str(model.pk), "project": str(project.pk), **chosen, **values}


def test_prompt_model_and_settings_are_there_after_a_reload(client: Client, ada: User) -> None:
    other = factories.offered_model("apixo-sora-2")
    typed = _form(model=str(other.pk), options_of=str(other.pk), seconds="15", submit_key="used")
    assert client.post(_url(client.get("/").text), typed).status_code == 204
    page = Client()
    page.force_login(ada)
    shown = page.get("/").text
    assert "An owl</textarea>" in shown
    assert f'<option value="{other.pk}" selected' in shown
    assert re.search(r'value="15"[^>]*checked', shown)
    assert 'value="used"' not in shown


def test_what_is_typed_after_the_session_has_ended_is_kept_too(client: Client, ada: User) -> None:
    address = _url(client.get("/").text)
    client.logout()
    assert client.post(address, _form()).status_code == 204
    client.force_login(ada)
    assert "An owl" in client.get("/").text


def test_the_next_person_in_this_browser_reads_nothing_of_it(client: Client, ada: User) -> None:
    address = _url(client.get("/").text)
    client.post(address, _form())
    client.logout()
    client.force_login(factories.rae())
    assert "An owl" not in client.get("/").text
    assert client.get(address).status_code == 405


@pytest.mark.parametrize("token", ["x", "a:b:c", "%00"])
def test_an_address_that_is_not_ours_keeps_nothing(client: Client, token: str) -> None:
    assert client.post(f"/drafts/{token}/", {"prompt": "x"}).status_code == 404
    assert not Draft.objects.exists()


def test_somebody_without_an_account_keeps_nothing(client: Client, ada: User) -> None:
    address = _url(client.get("/").text)
    User.objects.filter(pk=ada.pk).update(is_active=False)
    assert client.post(address, _form()).status_code == 404


def test_a_text_beyond_all_measure_is_not_kept(client: Client, ada: User) -> None:
    assert client.post(_url(client.get("/").text), _form(prompt="x" * 70_000)).status_code == 413


def test_a_sent_form_leaves_no_draft_even_if_it_saves_on_its_way_out(client: Client, ada: User) -> None:
    page = client.get("/").text
    client.post(_url(page), _form())
    assert client.post("/submit/", _form(draft=_token(page), submit_key="k"), headers=HTMX).status_code == 200
    assert client.post(_url(page), _form()).status_code == 204
    assert "An owl</textarea>" not in client.get("/").text
    # the next form of the same place keeps again
    client.post(_url(client.get("/").text), _form(prompt="A heron"))
    assert "A heron</textarea>" in client.get("/").text


def test_use_again_never_takes_the_place_of_what_is_being_typed(client: Client, ada: User) -> None:
    video = factories.generation(prompt="Waves")
    client.post(_url(client.get("/").text), _form())
    again = client.get(f"/?from={video.public_id}").text
    assert "Waves</textarea>" in again
    assert "Kept, not sent: <bdi>“An owl”" in again
    client.post(_url(again), _form(prompt="Waves at night"))
    plain = client.get("/").text
    assert "An owl</textarea>" in plain
    assert f'href="/?from={video.public_id}"' in plain
    assert "Waves at night</textarea>" in client.get(f"/?from={video.public_id}").text
    sent = client.post("/submit/", _form(prompt="Waves at night", draft=_token(again), submit_key="k"), headers=HTMX)
    assert "An owl</textarea>" in sent.text
    assert Generation.objects.filter(prompt="Waves at night").exists()


def test_a_draft_of_anothers_video_is_not_offered(client: Client, ada: User) -> None:
    hidden = factories.generation(author=factories.eve(), in_project=factories.project("Else", (factories.eve(),)))
    assert "again:" not in client.get(f"/?from={hidden.public_id}").text


def test_pictures_of_a_draft_stay(ada: User, settings: Settings) -> None:
    picture = rows.picture()
    shown = showing(ada, "studio")
    actions.keep(shown=shown, values={"image": picture.choice}, now=timezone.now())
    assert references.prune(now=timezone.now() + timedelta(days=20)) == 0
    actions.done(shown=shown, now=timezone.now())
    assert references.prune(now=timezone.now() + timedelta(days=20)) == 1


def test_drafts_go_after_a_month(ada: User) -> None:
    actions.keep(shown=showing(ada, "studio"), values={"prompt": "x"}, now=timezone.now() - timedelta(days=31))
    actions.keep(shown=showing(ada, "note:1"), values={"note-text": "x"}, now=timezone.now())
    assert [draft.place for draft in Draft.objects.all()] == ["note:1"]


def test_a_reviewers_note_and_reason_are_there_after_signing_in_again(client: Client) -> None:
    video = factories.generation(state=State.SUCCEEDED)
    rae = factories.rae()
    client.force_login(rae)
    address = f"/review/{video.public_id}/"
    page = client.get(address).text
    client.logout()
    client.post(_url(page, "note-form"), {"note-text": "Too dark", "note-at": "00:01:03"})
    client.post(_url(page, "decision"), {"reason": "The sky is wrong"})
    client.force_login(rae)
    again = client.get(address).text
    assert "Too dark</textarea>" in again
    assert 'value="00:01:03"' in again
    assert "The sky is wrong</textarea>" in again
    client.force_login(factories.mo())
    assert "Too dark" not in client.get(address).text
