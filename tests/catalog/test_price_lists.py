"""Price lists: what a model costs, from when, and for whom a change counts."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from sora_portal.accounts.models import User
from sora_portal.catalog import actions
from sora_portal.catalog.models import PriceList, VideoModel
from sora_portal.catalog.prices import all_prices, prices_of
from sora_portal.catalog.spec.domain import SpecError
from sora_portal.errors import NotAllowed
from sora_portal.generations import actions as generations
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def model(db: None) -> VideoModel:
    return factories.offered_model("ruxa-sora-2")


def _set(model: VideoModel, mo: User, credits: float, valid_from: datetime, now: datetime) -> PriceList:
    return actions.set_prices(
        by=mo, model=model, prices=[{"credits": credits}], valid_from=valid_from, note="", now=now
    )


def _price(model: VideoModel, now: datetime) -> int:
    return model.priced(now).price(model.rules.defaults())


def test_a_list_holds_from_its_moment_on(model: VideoModel, mo: User) -> None:
    now = timezone.now()
    shipped = _price(model, now)
    _set(model, mo, 12.5, now + timedelta(days=3), now)
    assert _price(model, now + timedelta(days=2)) == shipped
    assert _price(model, now + timedelta(days=3)) == 12_500


def test_of_two_lists_from_one_moment_the_later_one_counts(model: VideoModel, mo: User) -> None:
    now = timezone.now()
    _set(model, mo, 99, now, now)
    _set(model, mo, 45, now, now)
    assert _price(model, now) == 45_000


@pytest.mark.parametrize(
    "prices",
    [
        [],
        [{"credits": -1}],
        [{"when": {"seconds": "10"}, "credits": 5}],
        [{"when": {"no_such": "1"}, "credits": 5}, {"credits": 4}],
        [{"credits": "many"}],
    ],
    ids=["empty", "negative", "does not cover all", "unknown setting", "no number"],
)
def test_rules_that_do_not_fit_the_model_are_refused(model: VideoModel, mo: User, prices: Any) -> None:
    now = timezone.now()
    with pytest.raises(SpecError):
        actions.set_prices(by=mo, model=model, prices=prices, valid_from=now, note="", now=now)
    assert not PriceList.objects.exists()


def test_the_past_cannot_be_priced_again(model: VideoModel, mo: User) -> None:
    now = timezone.now()
    with pytest.raises(actions.BeganAlready):
        _set(model, mo, 1, now - timedelta(seconds=1), now)


def test_only_an_admin_sets_prices(model: VideoModel) -> None:
    now = timezone.now()
    with pytest.raises(NotAllowed):
        _set(model, factories.rae(), 1, now, now)


def test_a_change_leaves_what_is_reserved_alone_and_asks_a_stale_form_again(model: VideoModel, mo: User) -> None:
    now = timezone.now()
    held = factories.generation(model=model)
    _set(model, mo, 77, now, now)
    held.refresh_from_db()
    assert (held.price_milli, held.hold.amount) == (40_000, 40_000)
    asked: dict[str, Any] = {
        "by": factories.ada(),
        "project": factories.project(),
        "model": model,
        "prompt": "Paper boats",
        "choices": model.rules.defaults(),
        "submit_key": "stale",
        "now": now,
    }
    with pytest.raises(generations.PriceChanged, match="from 40 to 77 credits"):
        generations.submit(**asked, quoted_milli=40_000)
    assert generations.submit(**asked, quoted_milli=77_000).generation.hold.amount == 77_000


def test_a_model_cannot_lose_a_setting_that_a_price_names(model: VideoModel, mo: User) -> None:
    now = timezone.now()
    rules = [{"when": {"seconds": "15"}, "credits": 70}, {"credits": 50}]
    actions.set_prices(by=mo, model=model, prices=rules, valid_from=now, note="", now=now)
    model.spec = {"prompt": {"wire": "prompt"}, "prices": [{"credits": 40}]}
    with pytest.raises(ValidationError, match="names a field that is not there"):
        model.clean()


def test_prices_are_listed_newest_first_and_say_which_holds(model: VideoModel, mo: User) -> None:
    now = timezone.now()
    for credits, days in ((30, 0), (31, 1), (32, 5)):
        _set(model, mo, credits, now + timedelta(days=days), now)
    prices = prices_of(model, now + timedelta(days=2))
    assert prices is not None
    assert [(listed.stage, listed.lines[0]) for listed in prices.lists[:3]] == [
        ("later", "32 credits a video"),
        ("now", "31 credits a video"),
        ("before", "30 credits a video"),
    ]
    assert (prices.lists[3].stage, prices.lists[3].begins) == ("before", None)
    assert prices.latest.prices[0].milli == 32_000, "a change starts from the list that comes last"


def test_prices_take_as_many_queries_for_ten_lists_as_for_none(
    model: VideoModel, mo: User, django_assert_num_queries: Any
) -> None:
    now = timezone.now()
    with django_assert_num_queries(3):
        all_prices(now)
    for days in range(10):
        _set(model, mo, 30, now + timedelta(days=days), now)
    with django_assert_num_queries(3):
        all_prices(now)
