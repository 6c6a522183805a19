"""Rows of pictures: what the database keeps out, and how drafts go."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks

from sora_portal.references import actions, storage
from sora_portal.references.models import ReferenceImage
from tests import factories
from tests.references import files, rows

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("wrong", [{"size": 0}, {"width": 0}, {"height": 0}, {"sha256": ""}, {"public_id": ""}])
def test_picture_without_content_is_refused(wrong: dict[str, Any]) -> None:
    row = rows.picture()
    with pytest.raises(IntegrityError), transaction.atomic():
        ReferenceImage.objects.filter(pk=row.pk).update(**wrong)


def test_one_person_has_a_picture_once() -> None:
    row = rows.picture()
    values = {name: getattr(row, name) for name in ("owner", "sha256", "size", "width", "height", "created_at")}
    with pytest.raises(IntegrityError), transaction.atomic():
        ReferenceImage.objects.create(public_id="other", source_format="PNG", **values)


def _age(row: ReferenceImage, **age: int) -> None:
    ReferenceImage.objects.filter(pk=row.pk).update(created_at=timezone.now() - timedelta(**age))


def test_drafts_go_after_a_week_with_their_files(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    old, young, used = (rows.picture(data=files.png(100 + n, 100)) for n in range(3))
    _age(old, days=8)
    _age(young, days=6)
    _age(used, days=80)
    actions.mark_used(images=[used], project=factories.project(), now=timezone.now())
    with django_capture_on_commit_callbacks(execute=True):
        assert actions.prune(now=timezone.now()) == 1
    assert set(ReferenceImage.objects.all()) == {young, used}
    assert not storage.picture_path(old.public_id).exists()
    assert not storage.thumb_path(old.public_id).exists()
    assert storage.picture_path(used.public_id).exists()


def test_next_upload_removes_old_drafts(django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks) -> None:
    old = rows.picture(factories.eve(), files.png(100, 100))
    _age(old, days=8)
    with django_capture_on_commit_callbacks(execute=True):
        rows.picture()
    assert not ReferenceImage.objects.filter(pk=old.pk).exists()


def test_adding_an_old_draft_again_keeps_it() -> None:
    row = rows.picture()
    _age(row, days=6, hours=23)
    rows.picture()
    assert actions.prune(now=timezone.now() + timedelta(days=6)) == 0
