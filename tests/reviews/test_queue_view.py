"""`/review/`: what waits for this person's decision, and what has been decided."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from sora_portal.generations.domain import State
from sora_portal.reviews import queries
from sora_portal.reviews.models import Decision
from tests import factories
from tests.reviews import shots

pytestmark = pytest.mark.django_db
URL = "/review/"


def test_queue_sends_a_visitor_to_sign_in(client: Client) -> None:
    assert client.get(URL).headers["Location"] == f"/accounts/login/?next={URL}"


def test_queue_tells_a_member_who_reviews(client: Client) -> None:
    client.force_login(factories.ada())
    answer = client.get(URL)
    assert answer.status_code == 403
    assert "Only a reviewer can do that." in answer.text


def test_queue_takes_no_post(client: Client) -> None:
    client.force_login(factories.rae())
    assert client.post(URL).status_code == 405


def test_queue_shows_what_waits_oldest_first(client: Client) -> None:
    rows = [shots.video(prompt=prompt) for prompt in ("The first wave", "The second wave")]
    client.force_login(factories.rae())
    page = client.get(URL).text
    assert page.index("The first wave") < page.index("The second wave")
    for row in rows:
        assert f'id="generation-{row.public_id}"' in page
        assert f'href="/review/{row.public_id}/"' in page
        assert f"/videos/{row.public_id}/poster.webp" in page
    assert "Ada Moreau" in page
    assert rows[0].model.label in page


def test_queue_leaves_out_ones_own_and_what_is_not_ready(client: Client) -> None:
    shots.video(author=factories.rae(), prompt="My own")
    factories.generation(state=State.RUNNING, prompt="Still running")
    client.force_login(factories.rae())
    page = client.get(URL).text
    assert "My own" not in page
    assert "Still running" not in page
    assert "All caught up" in page


def test_queue_leaves_out_other_projects_except_for_admins(client: Client) -> None:
    elsewhere = factories.project("Secret", members=(factories.ada(),))
    shots.video(in_project=elsewhere, prompt="Under wraps")
    client.force_login(factories.rae())
    assert "Under wraps" not in client.get(URL).text
    client.force_login(factories.mo())
    assert "Under wraps" in client.get(URL).text


@pytest.mark.parametrize("tab", ["changes", "approved", "rejected"])
def test_tab_shows_its_own_newest_first(client: Client, tab: str) -> None:
    shots.video(prompt="Waiting one")
    shots.video(tab, prompt="An older one")
    shots.video(tab, prompt="A newer one", author=factories.rae())
    client.force_login(factories.rae())
    page = client.get(URL, {"show": tab}).text
    assert "Waiting one" not in page
    assert page.index("A newer one") < page.index("An older one")


def test_queue_goes_on_where_a_page_ended() -> None:
    rows = [shots.video(prompt=f"Wave {number}") for number in range(5)]
    rae, seen, after = factories.rae(), [], 0
    for _ in range(3):
        found, after = queries.page(rae, queries.TABS[""], after=after, size=2)
        seen += found
    assert seen == rows
    assert after == 0


@pytest.mark.parametrize("after", ["x", "-1", "٣", "9" * 30])
def test_queue_with_a_senseless_key_is_the_first_page(client: Client, after: str) -> None:
    shots.video(prompt="A wave")
    client.force_login(factories.rae())
    assert "A wave" in client.get(URL, {"after": after, "show": "nonsense"}).text


def test_queue_beyond_the_last_page_leads_back(client: Client) -> None:
    row = shots.video()
    client.force_login(factories.rae())
    page = client.get(URL, {"after": row.pk}).text
    assert "No more in this list" in page
    assert "All caught up" not in page


def test_poll_of_the_queue_is_the_list_alone(client: Client) -> None:
    shots.video(prompt="A wave")
    client.force_login(factories.rae())
    answer = client.get(URL, headers=shots.HTMX)
    assert "A wave" in answer.text
    assert "<html" not in answer.text


def test_poll_of_an_unchanged_queue_is_empty(client: Client) -> None:
    row = shots.video()
    client.force_login(factories.rae())
    tag = client.get(URL).headers["HX-PTag"]
    asked = {**shots.HTMX, "HX-PTag": tag}
    assert client.get(URL, headers=asked).status_code == 304
    shots.decide(row, by=factories.mo())
    assert "All caught up" in client.get(URL, headers=asked).text


def test_caught_up_says_how_many_were_decided_yesterday() -> None:
    rows = [shots.video() for _ in range(3)]
    noon = datetime(2026, 11, 20, 12, tzinfo=UTC)
    for row, days in zip(rows, (1, 1, 2), strict=True):
        Decision.objects.create(
            generation=row,
            number=1,
            sha256=row.sha256,
            verdict="approve",
            by=factories.rae(),
            author=row.author,
            at=noon - timedelta(days=days),
        )
    assert queries.decided_yesterday(factories.rae(), noon) == 2
    assert queries.decided_yesterday(factories.eve(), noon) == 0


def test_caught_up_sentence_is_on_the_page(client: Client) -> None:
    row = shots.video("approved")
    Decision.objects.create(
        generation=row,
        number=1,
        sha256=row.sha256,
        verdict="approve",
        by=factories.rae(),
        author=row.author,
        at=timezone.now() - timedelta(days=1),
    )
    client.force_login(factories.rae())
    assert "Yesterday 1 video was decided." in client.get(URL).text


def test_queue_asks_the_database_as_often_for_fifty_rows_as_for_one(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries.page, "__kwdefaults__", {"after": 0, "size": 60})
    client.force_login(factories.rae())
    counts = []
    for wanted in (1, 49):
        for _ in range(wanted):
            shots.video()
        with CaptureQueriesContext(
            connection,
        ) as asked:
            page = client.get(URL).text
        counts.append(len(asked))
    assert page.count('class="row"') == 50
    assert counts[0] == counts[1]


def test_queue_url_is_the_one_the_navigation_links() -> None:
    assert reverse("reviews:queue") == URL
