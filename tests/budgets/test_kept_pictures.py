"""A video that waits for budget keeps what it needs, and whatever comes in its way is a sentence."""

from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from sora_portal.budgets.models import Ask, RequestState
from sora_portal.budgets.requests import actions
from sora_portal.catalog import actions as catalog
from sora_portal.catalog.models import VideoModel
from sora_portal.ledger.models import Scope
from sora_portal.projects.models import Membership
from sora_portal.references import actions as references
from sora_portal.references.models import ReferenceImage, ReferenceNeed
from tests import factories
from tests.budgets.asked import once
from tests.references import rows

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def waiting(short: Scope, settings: Settings) -> Ask:
    """A request whose video names an uploaded picture."""
    settings.SORA_PORTAL_PUBLIC_URL = "http://127.0.0.1:8000"
    model = VideoModel.objects.get(slug="apixo-sora-2")
    picture = rows.picture()
    choices = {**model.rules.defaults(), "mode": "image", "image": picture.choice}
    return _ask(model, choices, timezone.now())


def _ask(model: VideoModel, choices: dict[str, str], now: datetime) -> Ask:
    known = {entry.key for entry in model.rules.shown()}
    return actions.request_budget(
        by=factories.ada(),
        project=factories.project(),
        model=model,
        prompt="Paper boats",
        choices={key: value for key, value in choices.items() if key in known},
        submit_key="wish",
        amount=None,
        reason="For Friday",
        now=now,
    )


def test_a_picture_that_a_kept_video_needs_stays_until_it_is_put_away(waiting: Ask) -> None:
    later = timezone.now() + timedelta(days=30)
    assert references.prune(now=later) == 0
    actions.withdraw(by=factories.ada(), ask=waiting)
    assert references.prune(now=later) == 1


def test_a_granted_video_goes_out_with_its_picture_after_a_fortnight(waiting: Ask) -> None:
    references.prune(now=timezone.now() + timedelta(days=13))
    row = actions.grant(by=factories.mo(), ask=waiting, answer=once(waiting), now=timezone.now())
    assert row.state == RequestState.SUBMITTED
    assert ReferenceImage.objects.get().last_used_at is not None
    assert not ReferenceNeed.objects.exists()


def _lose_picture(ask: Ask) -> None:
    ReferenceNeed.objects.all().delete()
    ReferenceImage.objects.all().delete()


def _lose_project(ask: Ask) -> None:
    Membership.objects.filter(user=ask.author).delete()


def _lose_model(ask: Ask) -> None:
    VideoModel.objects.filter(pk=ask.model_id).update(lifecycle="retired")


def _lose_setting(ask: Ask) -> None:
    Ask.objects.filter(pk=ask.pk).update(choices={**ask.choices, "seconds": "7"})


LOSSES = [
    (_lose_picture, "no longer here"),
    (_lose_project, "can make no videos in"),
    (_lose_model, "has ended"),
    (_lose_setting, "with this model"),
]


@pytest.mark.parametrize(("lose", "sentence"), LOSSES)
def test_what_is_in_the_way_is_a_sentence_on_the_card_and_the_button(
    client: Client, waiting: Ask, lose: object, sentence: str
) -> None:
    lose(waiting)  # type: ignore[operator]
    client.force_login(factories.ada())
    card = client.get("/asks/", headers=HTMX).content.decode()
    assert sentence in card
    assert "Try now" not in card
    for headers in ({}, HTMX):
        answer = client.post(f"/asks/{waiting.pk}/resume/", {"quoted": "40000"}, headers=headers)
        assert answer.status_code == 409
    granted = actions.grant(by=factories.mo(), ask=Ask.objects.get(), answer=once(waiting), now=timezone.now())
    assert granted.state == RequestState.GRANTED
    assert sentence in granted.trouble


@pytest.mark.parametrize("quoted", ["", "abc", "9" * 30, "-1", "\u0664"])
def test_a_price_that_is_none_is_no_fault(client: Client, waiting: Ask, quoted: str) -> None:
    client.force_login(factories.ada())
    assert client.post(f"/asks/{waiting.pk}/resume/", {"quoted": quoted}, headers=HTMX).status_code == 409


def test_a_grant_while_the_vendor_is_paused_says_that_the_video_waits(client: Client, waiting: Ask) -> None:
    catalog.pause_connection(by=factories.mo(), connection=waiting.model.connection, reason="repairs")
    client.force_login(factories.mo())
    form = {"amount": "40", "way": "once", "version": "0"}
    answer = client.post(f"/team/requests/{waiting.pk}/grant/", form, headers=HTMX)
    assert "is paused" in answer["HX-Trigger"]
    assert "on its way" not in answer["HX-Trigger"]
