"""What this process needs before it may take requests, and whether it has it."""

import logging
import secrets
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.core.cache import cache
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.models import F

from sora_portal.catalog.credentials import KeyState
from sora_portal.catalog.models import Connection
from sora_portal.installation import media as where
from sora_portal.ledger import reconciliation

logger = logging.getLogger(__name__)


class NotReady(Exception):
    """Something is missing; the message is fit for the person on duty and holds no secret."""


def database() -> None:
    """Raise unless a transaction can write: a full disk and a read-only replica answer SELECT without complaint."""
    with transaction.atomic():
        # No such row, so nothing changes and nothing is locked for long.
        ContentType.objects.filter(pk=-1).update(model=F("model"))


def migrations() -> None:
    """Raise if the database is behind the code."""
    executor = MigrationExecutor(connection)
    waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if waiting:
        raise NotReady(f"{len(waiting)} migrations have not been applied (manage.py migrate)")


def shared_cache() -> None:
    """Raise unless the cache gives back what was put into it."""
    key, token = f"readyz-{secrets.token_hex(8)}", secrets.token_hex(8)
    cache.set(key, token, timeout=10)
    found = cache.get(key)
    cache.delete(key)
    if found != token:
        raise NotReady("what is put into it does not come back (manage.py createcachetable)")


def media() -> None:
    """Raise unless the media folder can be written and has room for one video of the largest size."""
    folder = Path(settings.MEDIA_ROOT)
    with tempfile.TemporaryFile(dir=folder, prefix=".readyz-"):
        pass
    try:
        where.require()
    except where.MediaElsewhere as missing:
        raise NotReady(str(missing)) from missing
    free = shutil.disk_usage(folder).free
    if free < settings.SORA_PORTAL_MEDIA_MAX_BYTES:
        raise NotReady(
            f"{free // 2**20} MiB free, and one video may take {settings.SORA_PORTAL_MEDIA_MAX_BYTES // 2**20}"
        )


def ledger() -> None:
    """Raise if the last reconciliation found that the credits do not add up."""
    row = reconciliation.last()
    if row is not None and row.differences:
        raise NotReady(f"{len(row.differences)} differences, so no new videos are taken (manage.py ledger_verify)")


def vendor_keys() -> None:
    """Raise if a vendor's key is stored and cannot be read or used: its connection is closed until that is mended."""
    wrong = [row for row in Connection.objects.all() if row.is_closed and row.key_state is not KeyState.NONE]
    if wrong:
        raise NotReady(" ".join(f"{row.label} ({row.slug}): {row.remedy_text}" for row in wrong))


CHECKS: dict[str, Callable[[], None]] = {
    "database": database,
    "migrations": migrations,
    "cache": shared_cache,
    "media": media,
    "ledger": ledger,
    "vendor keys": vendor_keys,
}
# Migrations that are applied stay applied for as long as this code runs, and looking costs more than all the rest.
_SETTLED = frozenset({"migrations"})
_settled: set[str] = set()


def problems() -> list[str]:
    """Return what is wrong, one sentence each; empty when this process can serve."""
    found = []
    for name, check in CHECKS.items():
        if name in _settled:
            continue
        try:
            check()
        except NotReady as missing:
            found.append(f"{name}: {missing}")
        except (
            Exception
        ) as error:  # a driver's or the system's; its text may hold addresses, so it goes to the log only
            logger.warning("Readiness: %s fails", name, exc_info=True)
            found.append(f"{name}: {type(error).__name__}")
        else:
            _settled.update(_SETTLED & {name})
    return found
