"""Making a backup while the portal runs, and bringing one back.

The order is the point: the database first, so that every file it names is there when the files are copied; the journal
last, so that it knows more than the database and never less. No secret is in it: keys are encrypted under
SORA_PORTAL_FIELD_KEYS, which are in the environment and stay there.
"""

import shutil
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings

from sora_portal.generations.domain import TERMINAL
from sora_portal.generations.ids import public_id
from sora_portal.generations.models import Generation
from sora_portal.installation import identity, journal
from sora_portal.installation.media import MARKER
from sora_portal.installation.models import Installation
from sora_portal.operations.backups import databases
from sora_portal.operations.backups.manifest import VERSION, Damaged, Manifest, digest, everything, verify

# A queued video older than a day is not sent, and no vendor keeps a file as long: what is older no backup needs.
JOURNAL_KEPT = timedelta(days=90)
MEDIA, JOURNAL = "media", "journal"


def back_up(folder: Path, now: datetime) -> Manifest:
    """Make a checked backup in `folder`, which must be new or empty, and prune the journal; raises Damaged, OSError."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise Damaged(f"{folder} is not empty. Give each backup a folder of its own.")
    databases.dump(folder)
    _copy(Path(settings.MEDIA_ROOT), folder / MEDIA)
    _copy(journal.folder() / "sent", folder / JOURNAL)
    row = Installation.objects.filter(pk=1).first()
    files = {name: digest(folder / name) for name in everything(folder)}
    uid, epoch = (row.uid, row.epoch) if row else ("", 0)
    Manifest(VERSION, now.isoformat(), databases.engine(), uid, epoch, files).write(folder)
    made = verify(folder)
    prune(now)
    return made


def prune(now: datetime) -> int:
    """Forget journal entries of videos that ended and are older than JOURNAL_KEPT; return how many.

    Called after a backup alone, so nothing goes from the journal before a newer backup has it all.
    """
    old = list(journal.prunable(public_id(now - JOURNAL_KEPT)))
    ended = set(
        Generation.objects.filter(
            state__in=TERMINAL, public_id__in={name.rpartition("-")[0] for name in old}
        ).values_list("public_id", flat=True)
    )
    gone = [name for name in old if name.rpartition("-")[0] in ended]
    journal.forget(gone)
    return len(gone)


def _copy(source: Path, target: Path) -> None:
    """Copy the finished files of a folder; those that are hidden or only begun are left out."""
    for path in sorted(source.rglob("*")) if source.exists() else ():
        inside = path.relative_to(source)
        if path.is_file() and not any(part.startswith(".") for part in inside.parts) and path.suffix != ".part":
            (target / inside).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            shutil.copyfile(path, target / inside)
            (target / inside).chmod(0o600)


def what_is_here() -> list[str]:
    """Return what a restore would write over or beside, in words; empty where nothing is."""
    found = [] if databases.is_empty() else ["a database with tables"]
    if any(path.is_file() for path in Path(settings.MEDIA_ROOT).rglob("*")):
        found.append("media files")
    if journal.names(1) or identity.file().exists():
        found.append("a send journal")
    return found


def bring_back(folder: Path) -> Manifest:
    """Put a checked backup in place: the database is replaced, media and journal are only added to.

    What is sent since the backup stays in the journal, and no identity is written: so the portal finds itself restored
    and asks for a decision. Raises Damaged, databases.Failed, OSError.
    """
    found = verify(folder)
    if found.engine != databases.engine():
        raise Damaged(f"This backup is of {found.engine}, and DATABASE_URL names {databases.engine()}.")
    databases.check(folder / databases.FILES[found.engine])
    _add(folder / MEDIA, Path(settings.MEDIA_ROOT))
    # All that the restored database names is there now, so the folder is that database's.
    if (folder / MEDIA / MARKER).exists():
        shutil.copyfile(folder / MEDIA / MARKER, Path(settings.MEDIA_ROOT) / MARKER)
    _add(folder / JOURNAL, journal.folder() / "sent")
    databases.load(folder)
    return found


def _add(source: Path, target: Path) -> None:
    """Copy the files that `target` lacks, each in one step."""
    for path in sorted(source.rglob("*")) if source.exists() else ():
        place = target / path.relative_to(source)
        if path.is_file() and not place.exists():
            place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            part = place.with_name(f".{place.name}.part")
            shutil.copyfile(path, part)
            part.replace(place)
