"""Credits that an admin moves to themselves: named in the ledger, shown to the other admins until they put it away."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from sora_portal.accounts.models import User
from sora_portal.ledger import actions as credits
from sora_portal.ledger import forecast
from sora_portal.ledger.periods import MONTHLY, ONCE, Terms
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def mo() -> User:
    """An admin with a budget."""
    person = factories.mo()
    limit(person, by=ana())
    return person


def ana() -> User:
    return factories.user("ana", "admin", name="Ana Admin")


def limit(person: User, *, by: User) -> None:
    credits.set_quota(by=by, scope=credits.scope_for_member(person), monthly=100_000, now=timezone.now())


def grant(by: User, to: User, amount: int = 500_000, key: str = "k1") -> None:
    scope = credits.scope_for_member(to)
    credits.grant(by=by, scope=scope, amount=amount, reason="For the launch", key=key, now=timezone.now())


def adjust(mo: User) -> None:
    scope = credits.scope_for_member(mo)
    credits.adjust(by=mo, scope=scope, amount=5_000, reason="Counted once more", key="k", now=timezone.now())


def grant_until(mo: User) -> None:
    scope, today = credits.scope_for_member(mo), timezone.localdate()
    credits.grant_until(by=mo, scope=scope, amount=5_000, last=today, reason="x", key="k", now=timezone.now())


def terms(mo: User, terms: Terms) -> None:
    credits.set_budget(by=mo, scope=credits.scope_for_member(mo), terms=terms, now=timezone.now())


def refund(mo: User) -> None:
    generation = factories.generation(author=mo)
    credits.capture(ref=generation.hold.ref, now=timezone.now())
    ref = generation.hold.ref
    credits.refund(by=mo, ref=ref, amount=1_000, reason="It came out grey", key="k", now=timezone.now())


OWN: dict[str, Callable[[User], object]] = {
    "grant": lambda mo: grant(mo, mo),
    "correction": adjust,
    "grant until": grant_until,
    "quota": lambda mo: terms(mo, Terms(MONTHLY, 900_000)),
    "no limit": lambda mo: terms(mo, Terms(MONTHLY, None)),
    "another rhythm": lambda mo: terms(mo, Terms(ONCE, 900_000)),
    "refund": refund,
}


def told(person: User) -> list[str]:
    return [alert.text for alert in forecast.alerts_for(person, timezone.now()) if "their own credits" in alert.text]


@pytest.mark.parametrize("kind", OWN)
def test_every_way_is_named_in_the_ledger_and_told_to_other_admins(client: Client, mo: User, kind: str) -> None:
    OWN[kind](mo)
    assert [text for text in told(ana()) if "Mo Lindqvist" in text]
    assert told(mo) == told(factories.ada()) == []
    client.force_login(ana())
    address = credits.scope_for_member(mo).address
    for page in (f"{reverse('credits:ledger')}?scope={address}", f"{reverse('credits:ledger_csv')}?scope={address}"):
        answer = client.get(page)
        text = b"".join(answer).decode() if answer.streaming else answer.content.decode()  # type: ignore[call-overload]
        assert "Mo Lindqvist, for themselves" in text


def test_what_is_for_others_or_in_the_course_of_work_is_not_named(mo: User) -> None:
    limit(factories.ada(), by=mo)
    grant(mo, factories.ada())
    factories.generation(author=mo)
    assert told(ana()) == []


def test_the_notice_says_how_much_and_why_and_stays_until_it_is_put_away(client: Client, mo: User) -> None:
    for number in range(4):
        grant(mo, mo, key=f"k{number}")
    client.force_login(ana())
    assert "Mo Lindqvist granted +500 (“For the launch”)" in client.get("/").content.decode()
    [notice] = forecast.alerts_for(ana(), timezone.now())
    assert notice.text.endswith("; and 1 more.")
    assert client.post(notice.put_away, headers={"HX-Request": "true"}).status_code == 200
    assert told(ana()) == []
    grant(mo, mo, key="later")
    assert len(told(ana())) == 1
    client.post(notice.put_away)
    assert len(told(ana())) == 1, "an old notice that is put away again hides nothing new"


def test_only_an_admin_puts_it_away(client: Client, mo: User) -> None:
    grant(mo, mo)
    [notice] = forecast.alerts_for(ana(), timezone.now())
    assert client.post(notice.put_away)["Location"].startswith(reverse("account_login"))
    client.force_login(factories.ada())
    assert client.post(notice.put_away).status_code == 403
    assert client.get(notice.put_away).status_code == 405
