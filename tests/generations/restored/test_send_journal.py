"""The send journal: a try leaves once, and what is torn or refused there counts for what it is."""

import pytest

from sora_portal.generations.models import Generation
from sora_portal.generations.restored import check
from sora_portal.installation import journal, safe_mode
from tests.generations.restored.setting_back import live, queued, released, sent, set_back, started
from tests.sandbox_server import Sandbox

__all__ = ["live"]
pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("left", [0, 7, 200])
def test_torn_entry_means_sent_maybe(live: Sandbox, left: int) -> None:
    started()
    rows = queued(1)
    set_back(lambda: sent(rows))
    [file] = journal.folder().glob("sent/*/*.jsonl")
    file.write_bytes(file.read_bytes()[:left])
    assert released().taken_up == {"unconfirmed": 1}
    sent(rows)
    assert len(live.memory()["creates"]) == 1


def test_refusal_in_the_journal_is_a_refusal_again(live: Sandbox) -> None:
    started()
    [row] = queued(1)
    Generation.objects.update(prompt="[refuse] a fox")
    set_back(lambda: sent([row]))
    released()
    again = Generation.objects.get(pk=row.pk)
    assert (again.state, again.hold.state) == ("failed", "settled")


def test_try_that_the_journal_has_is_never_sent_whatever_the_look_found(live: Sandbox) -> None:
    started()
    rows = queued(1)
    set_back(lambda: sent(rows))
    safe_mode.leave()
    check._looked[journal.folder()] = float("inf")
    sent(rows)
    assert len(live.memory()["creates"]) == 1
    assert Generation.objects.get().state == "unconfirmed"


def test_nothing_is_sent_that_the_journal_does_not_take(live: Sandbox) -> None:
    started()
    rows = queued(1)
    (journal.folder() / "sent").write_text("no folder")
    sent(rows)
    assert (live.memory()["creates"], Generation.objects.get().state) == ([], "queued")
