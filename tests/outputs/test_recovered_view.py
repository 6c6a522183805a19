"""A recovered video on the pages: played, reviewed, and said to be not charged."""

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from sora_portal.generations.models import Generation
from sora_portal.reviews import actions as reviews
from sora_portal.reviews.domain import Verdict
from tests import factories
from tests.outputs import clips
from tests.outputs.fetching import late

pytestmark = pytest.mark.django_db


def test_author_plays_it_and_reads_that_nobody_paid(client: Client) -> None:
    row = late.recovered()
    client.force_login(factories.ada())
    page = client.get(f"/videos/{row.public_id}/").content.decode()
    assert "Recovered, not charged" in page
    assert f"/videos/{row.public_id}/file.mp4" in page
    assert "· not charged" in page, "the history says so too"
    answer = client.get(f"/videos/{row.public_id}/file.mp4")
    assert b"".join(answer) == clips.clip()  # type: ignore[arg-type]


def test_stranger_gets_neither_page_nor_file(client: Client) -> None:
    row = late.recovered()
    client.force_login(factories.eve())
    assert client.get(f"/videos/{row.public_id}/").status_code == 404
    assert client.get(f"/videos/{row.public_id}/file.mp4").status_code == 404


@pytest.mark.parametrize("address", ["/", "/library/", "/library/?show=review"])
def test_lists_show_it_with_its_picture_and_review(client: Client, address: str) -> None:
    row = late.recovered()
    client.force_login(factories.ada())
    page = client.get(address).content.decode()
    assert f"/videos/{row.public_id}/poster" in page
    assert "To review" in page


@pytest.mark.parametrize("address", ["/?show=failed", "/library/?show=failed"])
def test_lists_of_what_failed_leave_it_out(client: Client, address: str) -> None:
    row = late.recovered()
    client.force_login(factories.ada())
    assert row.public_id not in client.get(address).content.decode()


def test_reviewer_approves_it_and_no_credits_move(client: Client) -> None:
    row = late.recovered()
    client.force_login(factories.rae())
    assert client.get(f"/review/{row.public_id}/").status_code == 200
    seen = reviews.sight_of(row)
    reviews.decide(
        by=factories.rae(), generation=row, verdict=Verdict.APPROVE, reason="", seen=seen, now=timezone.now()
    )
    row.refresh_from_db()
    assert (row.review, row.state, row.hold.captured) == ("approved", "failed", 0)


def test_video_without_a_file_cannot_be_marked_as_recovered_or_reviewed() -> None:
    row = factories.generation(state=factories.State.FAILED)
    for values in ({"recovered_at": timezone.now()}, {"review": "to_review"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Generation.objects.filter(pk=row.pk).update(**values)


def test_finished_video_cannot_be_marked_as_recovered() -> None:
    row = clips.finished()
    with pytest.raises(IntegrityError), transaction.atomic():
        Generation.objects.filter(pk=row.pk).update(recovered_at=timezone.now())
