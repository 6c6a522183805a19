"""Rows of characters: what the database keeps out, and who may see and change them."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from sora_portal.errors import NotAllowed
from sora_portal.projects.models import Project
from sora_portal.references import actions
from sora_portal.references.actions import AlreadyThere, BadCharacter
from sora_portal.references.domain import CONSENT
from sora_portal.references.models import Character
from tests import factories
from tests.references import rows

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "wrong",
    [
        {"clip_url": ""},
        {"clip_start": None},
        {"clip_end": None},
        {"vendor_task_id": "task-1"},
        {"from_video": "01abc"},
        {"clip_start": 3},
        {"clip_end": 4},
        {"consent": ""},
    ],
)
def test_clip_that_is_not_whole_is_refused(wrong: dict[str, Any]) -> None:
    row = rows.from_clip()
    with pytest.raises(IntegrityError), transaction.atomic():
        Character.objects.filter(pk=row.pk).update(**wrong)


@pytest.mark.parametrize(
    "wrong", [{"connection": None}, {"vendor_task_id": ""}, {"clip_url": rows.CLIP}, {"clip_start": 0}]
)
def test_task_that_is_not_whole_is_refused(wrong: dict[str, Any]) -> None:
    row = rows.from_task()
    with pytest.raises(IntegrityError), transaction.atomic():
        Character.objects.filter(pk=row.pk).update(**wrong)


def test_task_is_in_the_register_once() -> None:
    rows.from_task()
    with pytest.raises(AlreadyThere):
        rows.from_task(factories.rae(), name="Second")
    other = factories.offered_model("apixo-sora-2").connection
    assert rows.from_task(connection=other)


@pytest.mark.parametrize(
    "wrong",
    [
        {"consent": False},
        {"clip_url": "http://clips.example.com/fox.mp4"},
        {"clip_url": "https://user:pass@clips.example.com/fox.mp4"},
        {"clip_url": "https://localhost/fox.mp4"},
        {"clip_url": "javascript:alert(1)"},
        {"clip_url": "https://clips.example.com/a b.mp4"},
        {"start": 2, "end": 2},
        {"start": 3, "end": 1},
        {"start": 0, "end": 4},
        {"start": -1, "end": 1},
    ],
)
def test_clip_that_will_not_do_is_refused_with_a_sentence(wrong: dict[str, Any]) -> None:
    with pytest.raises(BadCharacter) as refusal:
        rows.from_clip(**wrong)
    assert str(refusal.value).endswith(".")
    assert not Character.objects.exists()


def test_consent_is_kept_with_who_and_when() -> None:
    now = timezone.now()
    row = rows.from_clip(factories.rae(), now=now)
    assert (row.consent, row.consent_by, row.consent_at) == (CONSENT, factories.rae(), now)


def test_character_is_seen_by_its_owner_its_projects_and_admins() -> None:
    row = rows.from_clip(factories.ada(), factories.project())
    alone = rows.from_clip(factories.ada())

    def seen(user: Any) -> set[Character]:
        return set(Character.objects.visible_to(user))

    assert seen(factories.ada()) == seen(factories.mo()) == {row, alone}
    assert seen(factories.rae()) == {row}
    assert seen(factories.eve()) == set()


def test_character_is_shared_only_with_projects_of_the_person() -> None:
    theirs = factories.project("Others", members=(factories.eve(),))
    row = rows.from_clip(factories.ada(), theirs, factories.project())
    assert list(row.projects.all()) == [factories.project()]


def test_change_keeps_the_projects_that_the_person_does_not_see() -> None:
    theirs, ours = factories.project("Others", members=(factories.eve(),)), factories.project()
    row = rows.from_clip(factories.ada(), ours)
    row.projects.add(theirs)
    actions.change_character(by=factories.ada(), character=row, name="Vixen", projects=[])
    row.refresh_from_db()
    assert row.name == "Vixen"
    assert list(row.projects.all()) == [theirs]
    assert Project.objects.count() == 2


def test_only_owner_and_admin_change_a_character() -> None:
    row = rows.from_clip(factories.ada(), factories.project())
    for person in (factories.rae(), factories.eve()):
        with pytest.raises(NotAllowed, match="Ada Moreau or an admin"):
            actions.change_character(by=person, character=row, name="Mine", projects=[])
        with pytest.raises(NotAllowed):
            actions.set_retired(by=person, character=row, retired=True, now=timezone.now())
    row.refresh_from_db()
    assert (row.name, row.retired_at) == ("Fox", None)
    actions.set_retired(by=factories.mo(), character=row, retired=True, now=timezone.now())
    row.refresh_from_db()
    assert row.retired_by == factories.mo()
    actions.set_retired(by=factories.ada(), character=row, retired=False, now=timezone.now())
    row.refresh_from_db()
    assert (row.retired_at, row.retired_by) == (None, None)
