"""Text of people runs in its own direction wherever it stands: each page is walked, and each place looked at."""

import re
from html.parser import HTMLParser

import pytest
from django.test import Client
from django.utils import timezone

from sora_portal.accounts.models import User
from sora_portal.budgets.requests import actions as budgets
from sora_portal.catalog import actions as catalog
from sora_portal.generations.domain import State
from sora_portal.generations.models import Generation
from sora_portal.generations.resolution import actions
from sora_portal.ledger import actions as credits
from sora_portal.projects.models import Project
from sora_portal.reviews import actions as reviews
from sora_portal.reviews.domain import Verdict
from tests import factories
from tests.references import rows

pytestmark = pytest.mark.django_db
# What somebody writes from right to left. Each text of the test holds it.
MARK = "שלום"
CHANGES = Verdict.REQUEST_CHANGES
VOID = {"input", "img", "br", "link", "meta", "use", "source", "hr", "path", "rect", "line", "circle", "col", "wbr"}


class _Looking(HTMLParser):
    """Collects the places where the mark stands and nothing says that it has a direction of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[tuple[str, bool]] = []
        self.wrong: list[str] = []
        self.seen = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        own = dict(attrs)
        free = own.get("dir") == "auto" or tag == "bdi"
        typed = tag == "input" and own.get("type", "text") in ("text", "search") and MARK in (own.get("value") or "")
        if typed:
            self.seen += 1
            if not free:
                self.wrong.append(f"input {own.get('name')}")
        if tag not in VOID:
            self.open.append((tag, free))

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        # An option cannot have markup, and a browser lays each out on its own.
        if MARK not in data or any(tag in ("title", "script", "option") for tag, _ in self.open):
            return
        self.seen += 1
        if not any(free for _, free in self.open):
            path = " ".join(tag for tag, _ in self.open[-4:])
            self.wrong.append(f"{path}: {' '.join(data.split())[:70]}")


def _house() -> None:
    """Make one of everything that people can write, each with the mark in it."""
    now = timezone.now()
    for person in (factories.ada(), factories.rae(), factories.mo()):
        User.objects.filter(pk=person.pk).update(name=f"{MARK} {person.username}")
    ada, rae, mo = (User.objects.get(username=name) for name in ("ada", "rae", "mo"))
    project = factories.project(f"{MARK} launch")
    model = factories.offered_model()
    factories.money()
    for state in State:
        factories.generation(state=state, in_project=project, prompt=f"{MARK} and waves {state.value}")
    done = Generation.objects.get(state="succeeded")
    seen = reviews.sight_of(done)
    reviews.add_note(by=rae, generation=done, frame=3, fps=30.0, text=f"{MARK} too dark", now=now)
    reviews.decide(by=rae, generation=done, verdict=CHANGES, reason=f"{MARK} darker", seen=seen, now=now)
    factories.generation(state=State.SUCCEEDED, in_project=project, prompt=f"{MARK} to review")
    lost = Generation.objects.get(state="unconfirmed")
    actions.write_off(by=mo, generation=lost, reason=f"{MARK} given up for good", now=now)
    rows.from_clip(ada, project, name=f"{MARK} fox")
    scope = credits.scope_for_member(ada)
    credits.set_quota(by=mo, scope=scope, monthly=500_000, now=now)
    for subject in (credits.scope_for_project(project), scope):
        credits.set_quota(by=mo, scope=subject, monthly=500_000, now=now)
        credits.grant(by=mo, scope=subject, amount=1000, reason=f"{MARK} for good work", key=f"k{subject.pk}", now=now)
    credits.set_quota(by=mo, scope=scope, monthly=1000, now=now)
    for key in ("one", "two"):
        ask = budgets.request_budget(
            by=ada, project=project, model=model, prompt=f"{MARK} boats", choices=model.rules.defaults(),
            submit_key=key, amount=None, reason=f"{MARK} for Friday", now=now,
        )  # fmt: skip
    budgets.decline(by=mo, ask=ask, version=0, reason=f"{MARK} not now", now=now)
    catalog.pause_connection(by=mo, connection=model.connection, reason=f"{MARK} repairs")
    Project.objects.filter(pk=project.pk).update(name=f"{MARK} launch")


def _links(page: str) -> list[str]:
    found = re.findall(r'(?:href|hx-get)="([^"#]+)', page)
    return [link.replace("&amp;", "&") for link in found if link.startswith("/") and not link.startswith("//")]


def test_peoples_text_has_a_direction_of_its_own_on_every_page(client: Client) -> None:
    _house()
    # What a member sees is on the first pages; an admin sees all others as well.
    for name, most in (("ada", 5), ("mo", 50)):
        client.force_login(User.objects.get(username=name))
        _walk(client, most)


def _walk(client: Client, most: int) -> None:
    done = Generation.objects.exclude(review="").order_by("pk")[0]
    begin = ["/", f"/library/?q={MARK}", "/asks/", f"/review/{done.public_id}/", f"/videos/{done.public_id}/"]
    waiting, known, wrong, seen = begin, set[str](), list[str](), 0
    while waiting and len(known) < most:
        address = waiting.pop(0)
        shape = re.sub(r"[0-9a-z]{20,}|\d+|=[^&]*", "*", address)
        if (
            shape in known
            or address.startswith(("/static/", "/admin/"))
            or re.search(r"\.(mp4|webp|csv|jpg)|/file", address)
        ):
            continue
        known.add(shape)
        answer = client.get(address)
        if answer.status_code != 200 or "html" not in answer.headers.get("Content-Type", ""):
            continue
        looking = _Looking()
        looking.feed(answer.text)
        wrong += [f"{address}: {place}" for place in looking.wrong]
        seen += looking.seen
        waiting += _links(answer.text)
    assert seen > 10
    assert "\n".join(sorted(set(wrong))) == ""
