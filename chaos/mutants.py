"""Wrong ways to build the portal. Each is here because the chaos run has to notice it; none is in the product.

`patch` changes the code of every process of the run, `schema` the run's database before anybody works.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from django.utils import timezone

from sora_portal.generations import domain
from sora_portal.generations.callbacks import inbox
from sora_portal.generations.dispatch import claim, journal
from sora_portal.generations.domain import CreateOutcome, Phase, State
from sora_portal.generations.ids import new_token
from sora_portal.generations.models import CallbackInbox, Generation
from sora_portal.generations.restored import check
from sora_portal.generations.vendor import status_result
from sora_portal.operations.reconciliation import checks
from sora_portal.providers import naming, taxonomy, verdicts
from sora_portal.providers.base import Call, Created, ErrorKind, Job, JobState, NoReply, Reply, Verdict
from sora_portal.providers.reading import Envelope
from sora_portal.providers.registry import provider


def _nothing() -> None:
    pass


@dataclass(frozen=True)
class Mutant:
    """One wrong way."""

    text: str
    patch: Callable[[], None] = _nothing
    schema: str = ""


DROP = "DROP INDEX generations_one_live_attempt"


def _begin_anew() -> None:
    """A lease that is over means to begin anew, instead of asking how far the dead worker came."""

    def reclaim(generation: Generation, now: datetime) -> claim.Claim:
        lease = claim._lease(now)
        values = {"fence": generation.fence + 1, "due_at": lease, "held_until": lease}
        Generation.objects.filter(pk=generation.pk).update(**values)
        generation.refresh_from_db()
        token = new_token()
        choices = dict(generation.choices)
        attempt = claim._prepare(generation, generation.connection, choices, token, now)
        return claim.Claim(generation, attempt, token)

    claim._reclaim = reclaim


def _begin_anew_unseen() -> None:
    """The same, and nobody looks whether the database still refuses what it should: what would happen then?"""
    _begin_anew()
    checks.missing_constraints = lambda: iter(())


def _retry() -> None:
    """No usable answer means to send it again, as any HTTP client's retry does."""
    table = domain.ON_CREATE
    assert isinstance(table, dict)
    table[Verdict.AMBIGUOUS] = CreateOutcome(Phase.REJECTED, State.QUEUED)


def _trust() -> None:
    """What a callback says is what happened."""
    handle = inbox.handle

    def trusting(inbox_id: int) -> None:
        row = CallbackInbox.objects.select_related("attempt__connection").filter(pk=inbox_id).first()
        if row is not None and row.attempt.phase == Phase.ACCEPTED:
            news = provider(row.attempt.connection.vendor).read_callback(bytes(row.body))
            if news.state is JobState.FAILED:
                status_result.record(attempt_id=row.attempt_id, job=Job(JobState.FAILED), now=timezone.now())
        handle(inbox_id)

    inbox.handle = trusting


def _no_journal() -> None:
    """Nothing is known outside the database: what it says is queued is sent."""
    journal.begin = lambda held, now: True
    journal.learn = lambda held, created, now: None
    check.look = lambda now, newest=None: []


def _text_decides() -> None:
    """A sentence that speaks of an empty account or a paused model says that nothing was made, under any code."""
    judge = verdicts.created

    def believing(
        answer: Reply | NoReply, envelope: Envelope, task_id: str, fail_word: str = "", call: Call | None = None
    ) -> Created:
        created = judge(answer, envelope, task_id, fail_word, call)
        words = taxonomy.kind_of_text(created.message)
        if created.verdict is Verdict.AMBIGUOUS and words in (ErrorKind.NO_BALANCE, ErrorKind.MODEL_UNAVAILABLE):
            return replace(created, verdict=Verdict.VENDOR_TROUBLE, coded_kind=words, named=())
        return created

    verdicts.created = believing


def _task_id_ignored() -> None:
    """Take a refusal for one although the answer names a task."""
    naming.named = lambda answer, call=None: naming.Named()


MUTANTS = {
    "index-dropped": Mutant("the live-attempt index dropped, the code as it is", schema=DROP),
    "begin-anew": Mutant("a lease that is over means to begin anew; the index is there", _begin_anew),
    "begin-anew-without-index": Mutant(
        "the same with the live-attempt index dropped, and nobody looks whether it is there",
        _begin_anew_unseen,
        schema=DROP,
    ),
    "retry": Mutant("no usable answer means to send again", _retry),
    "no-journal": Mutant("no send journal and no look at the identity, and an older backup is restored", _no_journal),
    "text-decides": Mutant("a sentence may say that nothing was made", _text_decides),
    "task-id-ignored": Mutant("a refusal that names a task is a refusal", _task_id_ignored),
    "trust": Mutant("what a callback says is what happened", _trust),
}
