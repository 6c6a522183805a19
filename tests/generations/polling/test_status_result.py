"""What a status answer does to a row."""

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from sora_portal.generations.domain import State
from sora_portal.generations.models import Generation
from sora_portal.generations.vendor.status_result import record, says_something
from sora_portal.ledger.models import Hold
from sora_portal.providers.addresses import LIKELY, POSSIBLE
from sora_portal.providers.base import Address, ErrorKind, Job, JobState
from tests import factories
from tests.generations.resolution import doubt

pytestmark = pytest.mark.django_db

RUNNING = Job(state=JobState.RUNNING)
DONE = Job(state=JobState.SUCCEEDED, urls=("http://127.0.0.1/a.mp4",))


def _told(row: Generation, job: Job, *, after: float = 0) -> Generation:
    record(attempt_id=row.attempts.get().pk, job=job, now=timezone.now() + timedelta(seconds=after))
    return Generation.objects.for_rows().get(pk=row.pk)


def test_success_goes_to_fetching_and_keeps_the_addresses() -> None:
    row = _told(factories.generation(state=State.RUNNING), DONE)
    assert (row.state, row.attempts.get().result_urls) == ("fetching", ["http://127.0.0.1/a.mp4"])
    assert Hold.objects.get().state == "held", "credits are captured when the file is here"


def test_failure_releases_the_credits_and_says_why() -> None:
    row = _told(factories.generation(state=State.RUNNING), Job(state=JobState.FAILED, kind=ErrorKind.CONTENT_POLICY))
    assert (row.state, row.failure_kind, Hold.objects.get().released) == ("failed", "content_policy", 40_000)


def test_an_unknown_word_never_ends_a_task() -> None:
    row = factories.generation(state=State.RUNNING)
    told = _told(row, Job(state=None, vendor_state="marinating"))
    assert told.state == "running"


def test_an_unusable_answer_counts_and_waits_longer() -> None:
    row = factories.generation(state=State.RUNNING)
    told = _told(row, Job(usable=False, kind=ErrorKind.RATE_LIMITED, retry_after=120))
    assert told.state == "running"
    assert told.due_at is not None
    assert told.due_at > timezone.now() + timedelta(seconds=110)
    assert told.attempts.get().errors == 1
    assert _told(told, RUNNING).attempts.get().errors == 0


def test_success_without_an_address_asks_a_person_after_ten_minutes_and_never_ends_the_video() -> None:
    row = factories.generation(state=State.RUNNING)
    empty = Job(state=JobState.SUCCEEDED)
    assert {_told(row, empty, after=second).state for second in range(5)} == {"running"}, "many looks within seconds"
    assert _told(row, empty, after=700).state == "needs_decision"
    assert {_told(row, empty, after=day * 86_400).state for day in range(1, 4)} == {"needs_decision"}
    assert Hold.objects.get().state == "held", "the vendor has the paid video"
    assert _told(row, DONE, after=900).state == "fetching", "an address that comes late is taken"


def test_an_address_that_may_be_none_is_tried_before_a_person_is_asked() -> None:
    row = factories.generation(state=State.RUNNING)
    odd = Job(state=JobState.SUCCEEDED, addresses=(Address("https://cdn.example/x", POSSIBLE),))
    assert [_told(row, odd, after=after).state for after in (0, 1, 2, 700)] == ["running"] * 3 + ["fetching"]


@pytest.mark.parametrize("given", ["https://ours.example/cat.mp4", "http://ours.example/cat.mp4/?", "PORTAL/x.mp4"])
def test_an_address_that_we_gave_the_vendor_is_never_taken_for_the_video(settings: Settings, given: str) -> None:
    settings.SORA_PORTAL_PUBLIC_URL = "https://portal.example"
    row = factories.generation(state=State.RUNNING)
    row.attempts.update(request={"fields": {"image_urls": ["https://ours.example/cat.mp4?"]}, "top": {}})
    urls = (given.replace("PORTAL", "https://portal.example"), "https://cdn.example/a.mp4")
    told = _told(row, Job(state=JobState.SUCCEEDED, addresses=tuple(Address(url, LIKELY) for url in urls)))
    assert told.attempts.get().result_urls == ["https://cdn.example/a.mp4"]


def test_an_address_without_its_host_is_one_at_the_vendor() -> None:
    row = factories.generation(state=State.RUNNING)
    row.attempts.update(base_url="https://api.vendor.example/v1")
    told = _told(row, Job(state=JobState.SUCCEEDED, addresses=(Address("/files/a.mp4", LIKELY),)))
    assert told.attempts.get().result_urls == ["https://api.vendor.example/files/a.mp4"]


def test_not_found_is_believed_after_ten_minutes_only() -> None:
    row = factories.generation(state=State.RUNNING)
    gone = Job(found=False)
    assert [_told(row, gone, after=minute * 60).state for minute in (0, 1, 2)] == ["running"] * 3
    assert _told(row, gone, after=700).state == "needs_decision"
    assert Hold.objects.get().state == "held", "a person decides about the money"


def test_two_hours_without_an_end_ask_a_person_and_a_late_success_is_still_fetched() -> None:
    row = factories.generation(state=State.RUNNING, now=timezone.now() - timedelta(hours=3))
    assert _told(row, RUNNING).state == "needs_decision"
    assert _told(row, DONE).state == "fetching"


def test_a_settled_row_ignores_every_later_answer() -> None:
    row = factories.generation(state=State.FAILED)
    events = row.events.count()
    for job in (DONE, RUNNING, Job(state=JobState.FAILED), Job(found=False), Job(usable=False)):
        assert _told(row, job).state == "failed"
    assert row.events.count() == events


def test_a_look_that_finds_nothing_new_costs_no_query(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    row = factories.generation(state=State.RUNNING)
    attempt = row.attempts.select_related("generation__model").get()
    with django_assert_num_queries(0):
        assert not says_something(attempt, attempt.generation, RUNNING, timezone.now())


def test_a_file_that_cannot_be_had_stays_with_people_while_the_vendor_names_the_same_address() -> None:
    row = doubt.undownloadable()
    same = Job(state=JobState.SUCCEEDED, urls=("https://media.example/a.mp4",))
    assert _told(row, same).state == "needs_decision"
    assert _told(row, Job(state=JobState.SUCCEEDED, urls=("https://media.example/b.mp4",))).state == "fetching"


def test_the_same_address_is_tried_again_after_a_day() -> None:
    row = doubt.undownloadable()
    same = Job(state=JobState.SUCCEEDED, urls=("https://media.example/a.mp4",))
    assert _told(row, same, after=25 * 3600).state == "fetching"


def test_a_failure_whose_sentence_quotes_the_prompt_pauses_nothing() -> None:
    said = "could not draw: a poster that says insufficient balance"
    job = Job(state=JobState.FAILED, kind=ErrorKind.NO_BALANCE, code="501", message=said)
    row = _told(factories.generation(state=State.RUNNING), job)
    row.connection.refresh_from_db()
    assert (row.state, row.connection.paused_at) == ("failed", None)


def test_a_task_that_failed_for_the_vendors_empty_account_pauses_the_connection_and_tells_no_member_to_wait() -> None:
    job = Job(state=JobState.FAILED, kind=ErrorKind.NO_BALANCE, code="INSUFFICIENT_CREDITS")
    row = _told(factories.generation(state=State.RUNNING), job)
    assert (row.state, Hold.objects.get().released) == ("failed", 40_000)
    assert row.failure_text == "Our account at the vendor ran empty. Ask an admin to top it up, then try again."
    row.connection.refresh_from_db()
    assert row.connection.paused_at is not None


def test_a_failed_task_that_blames_the_image_says_so() -> None:
    job = Job(state=JobState.FAILED, kind=ErrorKind.INVALID_REQUEST, code="INVALID_IMAGE_URL")
    row = _told(factories.generation(state=State.RUNNING), job)
    assert "could not use the image" in row.failure_text
    row.connection.refresh_from_db()
    assert row.connection.paused_at is None


def test_an_answer_about_another_task_settles_nothing() -> None:
    row = factories.generation(state=State.RUNNING, task_id="ours")
    for job in (
        Job(state=JobState.SUCCEEDED, urls=("http://127.0.0.1/b.mp4",), task_id="theirs"),
        Job(state=JobState.FAILED, kind=ErrorKind.CONTENT_POLICY, task_id="theirs"),
    ):
        assert says_something(row.attempts.get(), row, job, timezone.now())
        assert _told(row, job).state == "running"
    assert (row.attempts.get().errors, Hold.objects.get().state) == (2, "held")
    assert _told(row, Job(state=JobState.SUCCEEDED, urls=DONE.urls, task_id="ours")).state == "fetching"
