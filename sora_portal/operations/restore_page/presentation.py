"""What an admin, and the command line, are shown of safe mode and of what a decision would do."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from django.core.cache import cache
from django.db.models import Sum

from sora_portal.accounts.models import User
from sora_portal.catalog.models import Connection
from sora_portal.generations.domain import State
from sora_portal.generations.models import Event, Generation
from sora_portal.generations.restored import differences
from sora_portal.installation import identity, journal, safe_mode
from sora_portal.installation.journal import Entry
from sora_portal.installation.models import Installation
from sora_portal.installation.safe_mode import SafeMode
from sora_portal.projects.models import Project

ASKED_KEY = "restored-asked"
SAID = {
    "finished": ("ok", "circle-check-big", "Finished, file there"),
    "failed": ("muted", "circle-x", "Failed there"),
    "working": ("working", "loader-circle", "Still working"),
    "unknown": ("warn", "circle-question-mark", "Does not know it"),
    "no answer": ("warn", "circle-question-mark", "Could not be asked"),
}


@dataclass(frozen=True)
class Row:
    """One try that the journal knows and the database does not."""

    sent_at: datetime | None
    who: str
    where: str
    task: str
    tone: str
    icon: str
    says: str
    becomes: str
    is_here: bool


@dataclass(frozen=True)
class End:
    """Where the database or the journal ends: the newest time in it, and its half of the identity."""

    at: datetime | None
    uid: str
    epoch: int | None


@dataclass(frozen=True)
class Findings:
    """Everything of it. `safe` is None while all is well; credits are in milli-credits."""

    safe: SafeMode | None
    database: End
    journal: End
    folder: str
    rows: list[Row]
    adopted: int
    doubtful: int
    settled: int
    queued_sent: int
    would_send: int
    would_send_milli: int
    vouches: bool
    keys: int

    @property
    def gap(self) -> str:
        """How long the journal goes on after the database, in words; empty when it does not."""
        if self.database.at is None or self.journal.at is None or self.journal.at <= self.database.at:
            return ""
        minutes = int((self.journal.at - self.database.at).total_seconds() // 60)
        hours, minutes = divmod(minutes, 60)
        days, hours = divmod(hours, 24)
        parts = [f"{days} d"] * bool(days) + [f"{hours} h"] * bool(hours or days) + [f"{minutes} min"]
        return " ".join(parts[:2])


def findings() -> Findings:
    """Return what the journal and the database say of one another now."""
    installation = Installation.objects.filter(pk=1).first()
    found = _identity()
    foreign = found is not None and installation is not None and found.uid != installation.uid
    entries = [] if foreign else differences.entries(installation)
    ids = {entry.public_id for entry in entries}
    here = set(Generation.objects.filter(public_id__in=ids).values_list("public_id", flat=True))
    queued = Generation.objects.filter(state=State.QUEUED.value)
    rest = queued.exclude(public_id__in=ids).aggregate(milli=Sum("price_milli"))["milli"] or 0
    asked = cache.get(ASKED_KEY) or {}
    labels = dict(Connection.objects.values_list("slug", "label"))
    names = {user.username: user.display_name for user in User.objects.filter(username__in=_said(entries, "author"))}
    names |= dict(Project.objects.filter(slug__in=_said(entries, "project")).values_list("slug", "name"))
    becomes = Counter(_becomes(entry) for entry in entries)
    safe = safe_mode.on()
    return Findings(
        safe=safe,
        database=End(
            _database_ends(safe),
            installation.uid if installation else "",
            installation.epoch if installation else None,
        ),
        journal=End(_journal_ends(), found.uid if found else "", found.epoch if found else None),
        folder=str(journal.folder()),
        rows=[_row(entry, entry.public_id in here, asked.get(entry.name, ""), labels, names) for entry in entries],
        adopted=becomes["Adopt"],
        doubtful=becomes["Hold in doubt"],
        settled=becomes["As answered"],
        queued_sent=queued.filter(public_id__in=ids).count(),
        would_send=queued.exclude(public_id__in=ids).count(),
        would_send_milli=rest,
        # A journal in its own place is complete: what it has not was not sent.
        vouches=bool(found and installation and not foreign and found.is_here),
        keys=sum(bool(row.key) for row in Connection.objects.all()),
    )


def _identity() -> identity.Identity | None:
    try:
        return identity.read()
    except identity.Unreadable:
        return None


def _said(entries: list[Entry], word: str) -> set[str]:
    return {str(entry.request.get(word, "")) for entry in entries}


def _database_ends(safe: SafeMode | None) -> datetime | None:
    """Return the newest time in the history; of what was found, so without what people did in safe mode since."""
    events = Event.objects.order_by("-pk")
    if safe and safe.since_at:
        events = events.filter(at__lt=safe.since_at)
    return events.values_list("at", flat=True).first()


def _journal_ends() -> datetime | None:
    times = [_time(journal.read(name).request.get("at")) for name in journal.names(20)[:50]]
    return max((at for at in times if at), default=None)


def _time(text: object) -> datetime | None:
    try:
        return datetime.fromisoformat(str(text))
    except ValueError:
        return None


def _becomes(entry: Entry) -> str:
    if entry.task_id:
        return "Adopt"
    verdict = (entry.answer or {}).get("verdict")
    return "As answered" if verdict and verdict != "ambiguous" else "Hold in doubt"


def _row(entry: Entry, is_here: bool, asked: str, labels: dict[str, str], names: dict[str, str]) -> Row:
    said = entry.request
    if asked in SAID:
        tone, icon, says = SAID[asked]
    elif entry.task_id:
        tone, icon, says = "muted", "check", "Took it; not asked yet"
    elif entry.answer and entry.answer.get("verdict") != "ambiguous":
        tone, icon, says = "muted", "circle-x", "Made nothing of it"
    else:
        tone, icon, says = "warn", "circle-question-mark", "No task id was seen"
    parts = [str(said.get(word) or "") for word in ("author", "project")]
    who = ", ".join(names.get(part, part) for part in parts if part)
    label = labels.get(str(said.get("connection")), str(said.get("connection") or "a vendor"))
    return Row(
        sent_at=_time(said.get("at")),
        who=who or f"Video {entry.public_id}",
        where=label,
        task=entry.task_id or ("no task" if entry.answer else "no answer"),
        tone=tone,
        icon=icon,
        says=says,
        becomes=_becomes(entry),
        is_here=is_here,
    )
