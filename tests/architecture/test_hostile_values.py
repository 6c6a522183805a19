"""No value in a form field or an address makes a page fail: each form is sent with one bad field at a time."""

import itertools
import os
import re
from collections.abc import Iterator
from html.parser import HTMLParser

import pytest
from django.test import Client
from django.utils import timezone

from sora_portal.accounts.models import User
from sora_portal.budgets.requests import actions as budgets
from sora_portal.generations.domain import State
from sora_portal.ledger import actions as credits
from tests import factories
from tests.references import rows

pytestmark = pytest.mark.django_db
HOSTILE = [
    "9" * 19, "-1", "9999-12-31", "0001-01-01", "a\0b", "\ud800", "NaN", "1e400", "٣", "²", "\u200b", "x" * 6000,
    "9" * 5000, "9223372036854775808", "2026-02-30", "' OR 1=1 --", "<b>", "",
]  # fmt: skip
# How many of them each field and each address meets, in turn; `make properties` makes it all of them for every field.
# The suite looks at every twelfth field: which ones changes with every field that is added.
EACH = int(os.environ.get("HOSTILE", "1"))
STEP = 12 if EACH == 1 else 1
PARAMETERS = [
    "show", "before", "after", "q", "person", "project", "from", "to", "by", "who", "scope", "kind", "first", "last",
    "video", "feed", "model", "seconds", "quoted", "onto", "leftover", "next", "download",
]  # fmt: skip
PAGES = ("/", "/library/", "/usage/", "/usage/movements.csv", "/review/", "/characters/", "/team/credits/",
         "/team/credits/ledger.csv", "/compose/", "/compose/price/", "/feed/", "/team/requests/", "/team/prices/",
         "/team/people/", "/team/projects/", "/team/providers/", "/accounts/login/")  # fmt: skip
NOT_SENT = re.compile(r"^/(static|admin|accounts)/|/deactivate/|/archive/|/role/|/password/|/restore/|/safe")


class _Forms(HTMLParser):
    """Collects the forms of a page: where each goes, and what stands in its fields."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self.select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        own = {name: value or "" for name, value in attrs}
        if tag == "form" and own.get("method", "").lower() == "post":
            self.found.append((own.get("action", ""), {}))
        if not self.found:
            return
        fields = self.found[-1][1]
        name = own.get("name", "")
        if tag == "select":
            self.select = name
        elif tag == "option" and self.select and (self.select not in fields or "selected" in own):
            fields[self.select] = own.get("value", "")
        elif name and tag == "textarea":
            fields[name] = "Some words that are long enough"
        elif name and tag == "input" and (own.get("type") not in ("file", "checkbox", "radio") or "checked" in own):
            fields[name] = own.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self.select = ""


@pytest.fixture
def house(client: Client) -> Client:
    """A browser in which mo is signed in, in a house with one of everything."""
    now = timezone.now()
    factories.money()
    for state in (State.QUEUED, State.UNCONFIRMED, State.NEEDS_DECISION, State.SUCCEEDED):
        factories.generation(state=state)
    rows.from_clip()
    scope = credits.scope_for_member(factories.ada())
    credits.set_quota(by=factories.mo(), scope=scope, monthly=1000, now=now)
    model = factories.offered_model()
    budgets.request_budget(
        by=factories.ada(), project=factories.project(), model=model, prompt="Boats", choices=model.rules.defaults(),
        submit_key="k", amount=None, reason="For Friday", now=now,
    )  # fmt: skip
    client.force_login(User.objects.get(username="mo"))
    client.raise_request_exception = False
    return client


def _forms_of(client: Client) -> Iterator[tuple[str, dict[str, str]]]:
    pages = ["/", "/characters/", "/team/credits/", "/team/requests/", "/team/prices/", "/team/people/",
             "/team/projects/", "/team/providers/", "/team/credits/?scope=member-1"]  # fmt: skip
    text = client.get("/").text + client.get("/review/").text
    pages += sorted(set(re.findall(r'href="(/(?:videos|review)/[0-9a-z]{26}/)"', text)))
    seen = set()
    for page in pages:
        reader = _Forms()
        reader.feed(client.get(page).text)
        for action, fields in reader.found:
            shape = re.sub(r"[0-9a-z]{20,}|\d+", "*", action)
            if action and shape not in seen and not NOT_SENT.search(action):
                seen.add(shape)
                yield action, fields


def test_no_value_in_a_form_makes_a_page_fail(house: Client) -> None:
    turn, count = itertools.cycle(HOSTILE), itertools.count()
    failed, sent = [], 0
    for action, fields in list(_forms_of(house)):
        for name in [name for name in fields if name != "csrfmiddlewaretoken" and next(count) % STEP == 0]:
            for value in itertools.islice(turn, EACH):
                answer = house.post(action, {**fields, name: value.encode("utf-8", "surrogatepass")})
                sent += 1
                if answer.status_code >= 500:
                    failed.append((action, name, value[:20]))
    assert sent > 15
    assert failed == []


def test_no_value_in_an_address_makes_a_page_fail(house: Client) -> None:
    turn = itertools.cycle(HOSTILE)
    failed = []
    for page in PAGES:
        for value in itertools.islice(turn, 3 * EACH):
            query = {name: value.encode("utf-8", "surrogatepass") for name in PARAMETERS}
            answer = house.get(page, query)
            if answer.streaming:
                b"".join(answer.streaming_content)  # type: ignore[attr-defined]
            if answer.status_code >= 500:
                failed.append((page, value[:20]))
    assert failed == []
