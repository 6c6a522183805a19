"""What members read of a model's life: in the composer, in a refusal, and above the studio for admins."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from sora_portal.catalog import actions as catalog
from sora_portal.catalog.models import Connection, VideoModel
from sora_portal.generations import actions
from tests import factories
from tests.generations.reassignment.waiting import queued, retire

pytestmark = pytest.mark.django_db


def _page(client: Client, address: str = "/") -> str:
    client.force_login(factories.ada())
    return client.get(address).content.decode()


def _end(days: int) -> VideoModel:
    follows = factories.offered_model("apixo-kling-2-6")
    rows = VideoModel.objects.filter(slug="ruxa-sora-2")
    rows.update(retires_on=timezone.localdate() + timedelta(days=days), successor=follows)
    return factories.offered_model()


def test_the_composer_announces_an_end_with_what_follows(client: Client) -> None:
    factories.project()
    model = _end(days=30)
    assert model.news[0] in _page(client)
    assert "; Kling 2.6 follows it." in model.news[0]


def test_the_composer_shows_why_a_model_is_degraded(client: Client) -> None:
    factories.project()
    factories.offered_model()
    VideoModel.objects.filter(slug="ruxa-sora-2").update(lifecycle="degraded", lifecycle_note="slow <today>")
    assert "Sora 2 is not at its best: slow &lt;today&gt;" in _page(client)


def test_on_its_day_a_model_is_no_longer_offered_and_its_videos_stay(client: Client) -> None:
    made = factories.generation(state=factories.State.SUCCEEDED)
    _end(days=0)
    page = _page(client)
    assert ">Sora 2 · Ruxa AI</option>" not in page
    assert f"generation-{made.public_id}" in page


def test_using_an_ended_models_video_again_proposes_what_follows(client: Client) -> None:
    made = factories.generation(state=factories.State.SUCCEEDED)
    follows = _end(days=0).successor
    assert follows is not None
    assert f'<option value="{follows.pk}" selected>' in _page(client, f"/?from={made.public_id}")


def test_a_form_that_was_open_when_the_model_ended_is_refused_with_what_to_do() -> None:
    model = _end(days=0)
    with pytest.raises(actions.ModelNotOffered, match=r"Sora 2 has ended\. Kling 2\.6 follows it\."):
        actions.submit(
            by=factories.ada(),
            project=factories.project(),
            model=model,
            prompt="A fox",
            choices=model.rules.defaults(),
            submit_key="k",
            now=timezone.now(),
        )


def test_members_never_read_what_the_vendor_said_when_it_paused_a_model(client: Client) -> None:
    factories.project()
    model = factories.offered_model()
    catalog.latch_model(model=model, reason="it does not serve this model (未找到支持模型)")
    assert "未找到" not in _page(client)
    assert "未找到" not in factories.offered_model().closed_text


def test_an_admin_reads_what_to_decide_and_that_a_balance_is_low(client: Client) -> None:
    queued(1)
    retire()
    Connection.objects.filter(slug="apixo").update(balance_milli=1_500, balance_unit="USD")
    ada = _page(client)
    assert "has ended, and videos still wait" not in ada
    assert "1.50 USD" not in ada
    client.force_login(factories.mo())
    page = client.get("/").content.decode()
    assert "Sora 2 (Ruxa AI) has ended, and videos still wait for it." in page
    assert 'href="/team/models/ruxa-sora-2/waiting/"' in page
    assert "Only 1.50 USD is left on our account at APIXO." in page
